"""The list of what is wrong with a text, or doubtful: each line goes to its place."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from textual import on
from textual.content import Content
from textual.message import Message
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from meshtui.core.text import one_line
from meshtui.core.tools.finding import Finding
from meshtui.ui.keyed import keyed

SHOWN = 100


@dataclass(frozen=True, slots=True)
class FindingRow:
    """One line of the list: what is wrong, where in which section, and the words of the fix that one key does."""

    section: Literal["definition", "result", "responder"]
    message: str
    is_error: bool = True
    finding: Finding | None = None
    line: int | None = None
    column: int | None = None
    fix: str = ""


class Findings(OptionList):
    """Lists findings, errors with ✗ and warnings with !; takes no room where there are none."""

    DEFAULT_CSS = """
    Findings, Findings:focus {
        height: auto; max-height: 6; border: none; padding: 0; background: $surface; display: none;
        text-wrap: nowrap; text-overflow: ellipsis;
    }
    Findings.-any { display: block; }
    """

    class Chosen(Message):
        """A finding was chosen, to be gone to."""

        def __init__(self, row: FindingRow) -> None:
            super().__init__()
            self.row = row

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id, markup=False)
        self.rows: Sequence[FindingRow] = ()
        self._drawn: list[Content] = []

    def show(self, rows: Sequence[FindingRow]) -> None:
        """Show these; the cursor stays where it was as far as there are as many."""
        before, self.rows = self._drawn, tuple(rows[:SHOWN])
        key = keyed(self, "{tool.fix}")
        self._drawn = [_row(row, key) for row in self.rows]
        if len(before) == len(self._drawn):
            for place, (old, new) in enumerate(zip(before, self._drawn, strict=True)):
                if not new.is_same(old):
                    self.replace_option_prompt_at_index(place, new)
            return
        here = self.highlighted
        self.set_options([Option(words) for words in self._drawn])
        self.set_class(bool(self.rows), "-any")
        if self.rows:
            self.highlighted = min(here or 0, len(self.rows) - 1)

    @property
    def chosen(self) -> FindingRow | None:
        """The finding under the cursor."""
        return self.rows[self.highlighted] if self.highlighted is not None and self.rows else None

    def step(self) -> FindingRow | None:
        """Go to the next finding, round the end; the first where the cursor was never moved."""
        if not self.rows:
            return None
        self.highlighted = 0 if self.highlighted is None else (self.highlighted + 1) % len(self.rows)
        return self.rows[self.highlighted]

    @on(OptionList.OptionSelected)
    def _selected(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        self.post_message(self.Chosen(self.rows[event.option_index]))


def _row(row: FindingRow, key: str) -> Content:
    mark = ("✗ ", "bold $text-error") if row.is_error else ("! ", "bold $text-warning")
    place = f"{row.line}:{row.column} " if row.line is not None else ""
    by = (f"[{key}] ", "$text-accent") if row.fix else ""
    fix = (f"  ▸ {one_line(row.fix, 60)}", "$text-accent") if row.fix else ""
    where = "" if row.section == "definition" else f"{row.section}: "
    return Content.assemble(mark, (place, "$text-muted"), by, where, one_line(row.message, 200), fix)
