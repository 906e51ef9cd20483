"""Choosing what the lanes of one template differ in: its versions and its sets of values, marked in a list."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from meshtui.core.text import one_line
from meshtui.session import Choice, MissingValues, TemplateComparison
from meshtui.ui.commands import Where, bindings
from meshtui.ui.widgets.hints import hints_content


class LaneChoice(ModalScreen[Sequence[Choice] | None]):
    """Returns the marked choices, which make `least` to `most` lanes; None for none. What they cost is said."""

    PLACES: ClassVar[tuple[Where, ...]] = ("lane-choice",)
    BINDINGS = bindings("lane-choice")

    def __init__(self, comparison: TemplateComparison, least: int, most: int) -> None:
        super().__init__()
        self.comparison, self._least, self._most = comparison, least, most
        self._choices = comparison.choices()
        self._marked: list[Choice] = []
        self._room = ""

    def compose(self) -> ComposeResult:
        """The list over what the marked lines make, and the keys."""
        with Vertical(classes="dialog -wide -list"):
            yield Static(f"Compare {self.comparison.run_now.template.name}", classes="title", markup=False)
            yield OptionList(*(Option(self._row(one)) for one in self._choices), markup=False)
            with Vertical(classes="note"):
                yield Static("", id="lanes-price", markup=False)
                yield Static("", id="lanes-keys", markup=False)

    def on_mount(self) -> None:
        """Begin at the first."""
        self.query_one(OptionList).highlighted = 0
        self.query_one(OptionList).focus()

    def say_room(self, room: int) -> None:
        """Say how many requests are left of the minute."""
        self._room = f"{room} requests left this minute"
        if self.is_mounted:
            self._show()

    @property
    def _here(self) -> Choice | None:
        place = self.query_one(OptionList).highlighted
        return self._choices[place] if place is not None else None

    @property
    def _taken(self) -> list[Choice]:
        """What enter takes: what is marked, in the order of the list, else the line under the cursor."""
        here = self._here
        marked = [one for one in self._choices if one in self._marked]
        return marked or ([here] if here is not None else [])

    @on(OptionList.OptionHighlighted)
    def _show(self) -> None:
        """Say what enter would do now."""
        taken = self._taken
        count = len(self.comparison.runs(taken))
        try:
            price = self.comparison.price(taken)
        except MissingValues as error:
            price = str(error)
        words = [f"{count} lane{'s' if count > 1 else ''}", price, self._room]
        self.query_one("#lanes-price", Static).update(Content(one_line(" · ".join(filter(None, words)), 300)))
        hints = (("lane-choice.mark", "marks"), ("lane-choice.take", "compares"), ("lane-choice.close", "closes"))
        self.query_one("#lanes-keys", Static).update(hints_content(self.app, hints))

    def action_mark(self) -> None:
        """Mark the line under the cursor, or take its mark away, and go on to the next."""
        rows, here = self.query_one(OptionList), self._here
        if here is None or rows.highlighted is None:
            return
        self._toggle(rows.highlighted)
        if rows.highlighted < len(self._choices) - 1:
            rows.action_cursor_down()

    @on(OptionList.OptionSelected)
    def _clicked(self, event: OptionList.OptionSelected) -> None:
        self._toggle(event.option_index)

    def _toggle(self, place: int) -> None:
        choice = self._choices[place]
        if choice in self._marked:
            self._marked.remove(choice)
        else:
            self._marked.append(choice)
        self.query_one(OptionList).replace_option_prompt_at_index(place, self._row(choice))
        self._show()

    def action_take(self) -> None:
        """Return what is marked, where it makes as many lanes as can be."""
        taken = self._taken
        count = len(self.comparison.runs(taken))
        if self._least <= count <= self._most:
            self.dismiss(taken)
            return
        least = f"{self._least} to " if self._least < self._most else ""
        words = f"These make {count}: mark with space what makes {least}{self._most} lanes; versions go with every set."
        self.query_one("#lanes-keys", Static).update(Content(words))

    def _row(self, choice: Choice) -> Content:
        what = "version" if choice.template is not None else "set"
        return Content.assemble(
            "◆ " if choice in self._marked else "  ",
            (f"{what:<8}", "$text-muted"),
            (f"{one_line(choice.name, 24):<24} ", "bold"),
            (one_line(choice.about, 80), "$text-muted"),
        )
