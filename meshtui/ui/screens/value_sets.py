"""The value sets of a template: take one, keep the values in the slots as one, paste or load many."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Input, OptionList, Static, TextArea
from textual.widgets.option_list import Option

from meshtui.core.slot_values import Parsed, ValueSet, parse_values
from meshtui.core.text import one_line
from meshtui.session import ConfigError, Templates
from meshtui.ui.commands import Where, bindings
from meshtui.ui.keyed import keyed
from meshtui.ui.screens.question import Question
from meshtui.ui.widgets.hints import Hint, hints_content

HINTS: tuple[Hint, ...] = (
    ("⏎", "takes a set", "take"),
    ("sets.keep", "keeps the slots as a set"),
    ("sets.delete", "deletes"),
    ("sets.pasted", "takes what is pasted"),
    ("sets.close", "closes"),
)
PASTE = "paste JSON, CSV, TOML or .env here, or type @file"
NAME = "the name of the set"


class ValueSets(ModalScreen[ValueSet | None]):
    """Returns the values to put into the slots, with the name of their set; None for none."""

    PLACES: ClassVar[tuple[Where, ...]] = ("sets",)
    BINDINGS = bindings("sets")

    def __init__(self, templates: Templates, path: Path, values: Mapping[str, str], current: str) -> None:
        super().__init__()
        self._templates, self._path, self._values, self._current = templates, path, values, current
        self._sets: list[ValueSet] = []
        self._parsed: Parsed | None = None

    def compose(self) -> ComposeResult:
        """The sets, a line for a name, a place to paste."""
        with Vertical(classes="dialog -wide"):
            yield Static("Sets of values", classes="title", markup=False)
            yield OptionList(markup=False)
            yield Input(placeholder=NAME, id="set-name")
            paste = TextArea(id="paste", placeholder=PASTE)
            paste.styles.height = 6
            yield paste
            yield Static(hints_content(self.app, HINTS), classes="note", markup=False)

    def on_mount(self) -> None:
        """Show the sets, the one in use under the cursor."""
        self.query_one("#set-name", Input).display = False
        self._show()
        self.query_one(OptionList if self._sets else "#paste").focus()

    def _show(self, note: str = "") -> None:
        try:
            self._sets = list(self._templates.files.sets(self._path))
        except ConfigError as error:
            self._sets, note = [], str(error)
        options = self.query_one(OptionList)
        options.clear_options()
        options.add_options([Option(_row(row, row.name == self._current)) for row in self._sets])
        names = [row.name for row in self._sets]
        options.highlighted = names.index(self._current) if self._current in names else 0 if names else None
        self._note(note)

    def _note(self, words: str) -> None:
        hints = hints_content(self.app, HINTS[-1:] if words else HINTS)
        self.query_one(".note", Static).update(Content.assemble(one_line(words, 300), "  " if words else "", hints))

    @on(OptionList.OptionSelected)
    def _take(self, event: OptionList.OptionSelected) -> None:
        self.dismiss(self._sets[event.option_index])

    def action_keep(self) -> None:
        """Ask for the name under which the values in the slots are kept."""
        line = self.query_one("#set-name", Input)
        line.display = True
        line.value = self._current or f"set {len(self._sets) + 1}"
        line.focus()
        self._note("enter keeps the values in the slots under this name")

    @on(Input.Submitted)
    def _named(self, event: Input.Submitted) -> None:
        name = event.value.strip()
        if name and self._save(ValueSet(name, self._values)):
            self._current = name
            event.input.display = False
            self._show(f"kept as {name}")
            self.query_one(OptionList).focus()

    def _save(self, row: ValueSet) -> bool:
        try:
            self._templates.files.save_set(self._path, row.name, dict(row.values))
        except ConfigError as error:
            self._note(str(error))
            return False
        return True

    def action_delete(self) -> None:
        """Delete the set under the cursor, when the user says so."""
        place = self.query_one(OptionList).highlighted
        if place is None or place >= len(self._sets):
            return
        name = self._sets[place].name

        def answered(yes: bool | None) -> None:
            if yes:
                self._delete(name)

        text = "Its values go; nothing brings them back."
        self.app.push_screen(Question(f"Delete the set {one_line(name, 40)}?", text, "Delete", "Keep"), answered)

    def _delete(self, name: str) -> None:
        try:
            self._templates.files.save_set(self._path, name, None)
        except ConfigError as error:
            self._note(str(error))
            return
        self._show(f"{name} deleted")

    @on(TextArea.Changed)
    def _pasted(self, event: TextArea.Changed) -> None:
        text = event.text_area.text
        self._parsed = None
        if not text.strip():
            self._note("")
            return
        try:
            self._parsed = parse_values(*self._read(text))
        except ValueError as error:
            self._note(str(error))
            return
        rows = self._parsed.sets
        one, many = "one set: {sets.pasted} puts it into the slots", f"{len(rows)} sets: {{sets.pasted}} keeps them"
        self._note(f"{self._parsed.format}, {keyed(self, many if len(rows) > 1 else one)}")

    def _read(self, text: str) -> tuple[str, str]:
        """Return the text and its format: what was pasted, or what the named file holds."""
        if not text.startswith("@") or "\n" in text.strip():
            return text, ""
        path = Path(text[1:].strip()).expanduser()
        try:
            return path.read_text(encoding="utf-8-sig"), path.suffix if path.suffix != ".txt" else ""
        except (OSError, UnicodeDecodeError) as error:
            raise ValueError(f"{path} cannot be read: {error}") from None

    def action_take(self) -> None:
        """Take the set under the cursor."""
        place = self.query_one(OptionList).highlighted
        if place is not None and place < len(self._sets):
            self.dismiss(self._sets[place])

    def action_take_pasted(self) -> None:
        """Put one pasted set into the slots; keep several."""
        if self._parsed is not None:
            rows = self._parsed.sets
            if len(rows) == 1:
                self.dismiss(rows[0])
            elif all(self._save(ValueSet(row.name or f"set {n}", row.values)) for n, row in enumerate(rows, 1)):
                with self.prevent(TextArea.Changed):
                    self.query_one("#paste", TextArea).load_text("")
                self._show(f"{len(rows)} sets kept")
                self.query_one(OptionList).focus()


def _row(row: ValueSet, current: bool) -> Content:
    values = " · ".join(f"{name} {one_line(value, 24)}" for name, value in row.values.items())
    mark = "● " if current else "  "
    return Content.assemble(mark, (f"{one_line(row.name, 24):<24} ", "bold"), (one_line(values, 80), "$text-muted"))
