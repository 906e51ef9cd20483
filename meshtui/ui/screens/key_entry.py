"""Taking an API key: hidden while it is typed, checked live, kept only when the gateway takes it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Button, Input, Static

from meshtui.core.problem import Problem
from meshtui.core.text import clean, one_line
from meshtui.ui.commands import Where, bindings


class KeyEntry(ModalScreen[str | None]):
    """Returns `key` once a key was taken, `demo` where the user wants the demo, or None.

    `accept` checks and keeps a key, or the lack of one; it returns a sentence where that cannot be. `open_gateway`
    says that the gateway may do without a key; `first`, that this is how the program begins.
    """

    DEFAULT_CSS = """
    KeyEntry .dialog { width: 76; }
    KeyEntry #verdict { height: auto; max-height: 6; margin-bottom: 0; }
    KeyEntry #verdict.-bad { color: $text-error; }
    KeyEntry #key { margin: 1 0 0 0; }
    KeyEntry Button { min-width: 10; margin-right: 1; }
    """
    PLACES: ClassVar[tuple[Where, ...]] = ("key",)
    BINDINGS = bindings("key")

    def __init__(
        self,
        base_url: str,
        why: str,
        accept: Callable[[str], Awaitable[str | None]],
        first: bool,
        open_gateway: bool = False,
    ) -> None:
        super().__init__()
        self._base_url, self._why, self._accept = base_url, why, accept
        self._first, self._open = first, open_gateway

    def compose(self) -> ComposeResult:
        """Three lines that explain, a line for the key, what came of it, and the other ways on."""
        with Vertical(classes="dialog"):
            yield Static(Content("Welcome to meshtui" if self._first else "API key"), classes="title")
            yield Static(Content("\n".join(self._lines())))
            yield Input(password=True, placeholder="paste the key here, it stays hidden", id="key")
            yield Static("", id="verdict", markup=False)
            with Horizontal(classes="buttons"):
                yield Button(Content("Check and keep"), variant="primary", id="accept")
                if self._open:
                    yield Button(Content("Go without a key"), id="without")
                if self._first:
                    yield Button(Content("Open the demo"), id="demo")
                yield Button(Content("Not now"), id="close")

    def _lines(self) -> list[str]:
        return [
            clean(self._why),
            f"It goes to {one_line(self._base_url, 30)} only; one free call checks it.",
            "It is kept in a file that only you can read; the demo needs none."
            if self._first
            else "It is kept in a file that only you can read.",
        ]

    @on(Input.Changed)
    def _typed(self) -> None:
        """What was said of the last key does not hold for another."""
        self._say("")

    @on(Input.Submitted)
    @on(Button.Pressed, "#accept")
    def _check(self) -> None:
        key = self.query_one("#key", Input).value.strip()
        if key:
            self._try(key)
        else:
            self._say("Paste the key first, then press enter.", bad=True)
            self.query_one("#key").focus()

    @on(Button.Pressed, "#without")
    def _without(self) -> None:
        self._try("")

    @on(Button.Pressed, "#demo")
    def _demo(self) -> None:
        self.dismiss("demo")

    @on(Button.Pressed, "#close")
    def _close(self) -> None:
        self.dismiss(None)

    def on_key(self, event: events.Key) -> None:
        """Move between the buttons by arrows as well."""
        if isinstance(self.focused, Button) and event.key in ("left", "right"):
            event.stop()
            self.focus_previous(Button) if event.key == "left" else self.focus_next(Button)

    def _say(self, sentence: str, *, bad: bool = False) -> None:
        verdict = self.query_one("#verdict", Static)
        verdict.set_class(bad, "-bad")
        verdict.update(Content(clean(sentence)))

    def _try(self, key: str) -> None:
        self._say("Checking …")
        self.run_worker(
            self._find_out(key), group="dialog", exclusive=True, exit_on_error=False, description="check a key"
        )

    async def _find_out(self, key: str) -> None:
        line = self.query_one("#key", Input)
        try:
            refusal = await self._accept(key)
        except Exception as error:
            self._say(Problem.bug(error).sentence, bad=True)
            raise
        if refusal is None:
            self.dismiss("key")
            return
        self._say(refusal, bad=True)
        line.focus()
        line.select_all()
