"""Taking an API key: hidden while it is typed, checked live, kept only when the gateway accepts it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Button, Input, Static

from meshtui.core.text import clean


class KeyEntry(ModalScreen[str | None]):
    """Returns `key` once a key was accepted, `demo` where the user wants the demo, or None.

    `accept` checks and keeps a key; it returns a sentence where the key cannot be used.
    """

    BINDINGS = [Binding("escape", "dismiss(None)", "Close")]

    def __init__(self, base_url: str, why: str, accept: Callable[[str], Awaitable[str | None]], first: bool) -> None:
        super().__init__()
        self._base_url, self._why, self._accept, self._first = base_url, why, accept, first

    def compose(self) -> ComposeResult:
        """Three lines that explain, a line for the key, and the way into the demo."""
        with Vertical(classes="dialog"):
            yield Static(Content("Welcome to meshtui" if self._first else "API key"), classes="title")
            yield Static(
                Content(
                    f"{clean(self._why)}\nIt is sent to {clean(self._base_url)} only, checked with one cheap call,\n"
                    "and kept in a file that only you can read."
                )
            )
            yield Input(password=True, placeholder="rsk_…", id="key")
            yield Static("", id="verdict", markup=False)
            with Horizontal(classes="buttons"):
                yield Button(Content("Check and keep"), variant="primary", id="accept")
                if self._first:
                    yield Button(Content("Open the demo"), id="demo")
                yield Button(Content("Not now"), id="close")

    @on(Input.Submitted)
    @on(Button.Pressed, "#accept")
    def _check(self) -> None:
        self.run_worker(self._try_key(), group="dialog", exclusive=True, exit_on_error=False, description="check a key")

    @on(Button.Pressed, "#demo")
    def _demo(self) -> None:
        self.dismiss("demo")

    @on(Button.Pressed, "#close")
    def _close(self) -> None:
        self.dismiss(None)

    async def _try_key(self) -> None:
        verdict = self.query_one("#verdict", Static)
        key = self.query_one("#key", Input).value.strip()
        if not key:
            verdict.update("Paste the key first.")
            return
        verdict.update("Checking …")
        refusal = await self._accept(key)
        if refusal is None:
            self.dismiss("key")
        else:
            verdict.update(Content(clean(refusal)))
