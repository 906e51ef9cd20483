"""One line of input over everything: a path to attach, a text to find among earlier prompts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from meshtui.core.text import one_line
from meshtui.ui.commands import Where, bindings
from meshtui.ui.widgets.hints import Hint, hints_content

HINTS: tuple[Hint, ...] = (("⏎", "takes it", ""), ("ask.close", "leaves"))


class Ask(ModalScreen[str | None]):
    """Returns the text of the line, or the choice from the list that `offer` makes for it; None when closed.

    `accept` takes the text and returns nothing, or a sentence why it cannot be: then the line stays, with the sentence.
    """

    DEFAULT_CSS = """
    Ask .refusal { height: auto; max-height: 5; margin-bottom: 1; color: $text-error; display: none; }
    Ask .refusal.-any { display: block; }
    """
    PLACES: ClassVar[tuple[Where, ...]] = ("ask",)
    BINDINGS = bindings("ask")

    def __init__(
        self,
        title: str,
        placeholder: str,
        offer: Callable[[str], Sequence[str]] | None = None,
        accept: Callable[[str], str | None] | None = None,
    ) -> None:
        super().__init__()
        self._title, self._placeholder, self._offer, self._accept = title, placeholder, offer, accept
        self._offered: Sequence[str] = ()

    def compose(self) -> ComposeResult:
        """The line, why its text was refused, and the list where there is one."""
        with Vertical(classes="dialog -wide" if self._offer is None else "dialog -wide -list"):
            yield Static(Content(self._title), classes="title")
            yield Input(placeholder=self._placeholder)
            yield Static("", classes="refusal", markup=False)
            if self._offer is not None:
                yield OptionList(markup=False)
            yield Static(hints_content(self.app, HINTS), classes="note", markup=False)

    def on_mount(self) -> None:
        """Offer everything."""
        self._show("")

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        self._say("")
        self._show(event.value)

    def _say(self, words: str) -> None:
        """Say why the text was not taken; of other text that no longer holds."""
        line = self.query_one(".refusal", Static)
        line.update(Content(one_line(words, 600)))
        line.set_class(bool(words), "-any")

    def _show(self, text: str) -> None:
        if self._offer is None:
            return
        self._offered = self._offer(text)
        options = self.query_one(OptionList)
        options.clear_options()
        options.add_options([Option(Content(one_line(offered, 200))) for offered in self._offered])
        options.highlighted = 0 if self._offered else None

    def action_move(self, rows: int) -> None:
        """Move the cursor of the list while the focus stays in the line."""
        if self._offered:
            options = self.query_one(OptionList)
            options.highlighted = max(0, min((options.highlighted or 0) + rows, len(self._offered) - 1))

    @on(Input.Submitted)
    def _entered(self, event: Input.Submitted) -> None:
        place = self.query_one(OptionList).highlighted if self._offer is not None else None
        if place is not None and self._offered:
            self._take(self._offered[place])
        elif event.value.strip() and self._offer is None:
            self._take(event.value.strip())

    @on(OptionList.OptionSelected)
    def _clicked(self, event: OptionList.OptionSelected) -> None:
        self._take(self._offered[event.option_index])

    def _take(self, text: str) -> None:
        if self.app.screen is not self:
            return  # two enters came in one: the first was taken
        refusal = self._accept(text) if self._accept is not None else None
        if refusal is None:
            self.dismiss(text)
            return
        self._say(refusal)
        self.query_one(Input).focus()
