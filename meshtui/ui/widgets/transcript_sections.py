"""The parts of a laid out message: which there are, in which order, and what in them a cursor can stand on."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from meshtui.ui.widgets.markdown_code import Code
from meshtui.ui.widgets.markdown_leaves import Leaf
from meshtui.ui.widgets.markdown_lines import Rows
from meshtui.ui.widgets.transcript_calls import CallsLeaf
from meshtui.ui.widgets.transcript_drawn import attachment, card, footer
from meshtui.ui.widgets.transcript_values import Entry

HEADER, REASONING_LINE, REASONING, BODY, TAIL = 0, 1, 2, 3, 4
"""Numbers of sections: they grow downward and stay the same while an entry changes."""


class Section:
    """Some rows of an entry, with the blank rows before them."""

    __slots__ = ("gap", "muted", "number", "rows", "start")

    def __init__(self, number: int, rows: Rows, gap: int = 0, muted: bool = False) -> None:
        self.number = number
        self.rows = rows
        self.gap = gap
        self.muted = muted
        self.start = 0


@dataclass(frozen=True, slots=True)
class Block:
    """Something in an entry that the cursor can stand on."""

    kind: str
    """message, reasoning, code, tool, file or card."""
    section: int
    leaf: int
    """Of a tool call its place among the calls."""
    name: str = ""


def leaves_as_rows(*leaves: Leaf) -> Rows:
    """Return leaves as rows."""
    rows = Rows()
    rows.leaves.extend(leaves)
    return rows


def tail_of(entry: Entry, calls: CallsLeaf, has_text: bool) -> Iterator[Section]:
    """Make the sections below the text: tool calls, files, card, footer."""
    number = TAIL
    if entry.tool_calls:
        yield Section(number, leaves_as_rows(calls), gap=1 if has_text or entry.role == "assistant" else 0)
        number += 1
    if entry.attachments:
        rows = leaves_as_rows(*(attachment(file) for file in entry.attachments))
        yield Section(number, rows, gap=1 if has_text else 0)
        number += 1
    if entry.card is not None:
        yield Section(number, leaves_as_rows(card(entry.card)), gap=1 if has_text else 0)
        number += 1
    if entry.footer:
        yield Section(number, leaves_as_rows(footer(entry.footer)))


def blocks_of(sections: Iterable[Section], entry: Entry) -> list[Block]:
    """Return what the cursor can stand on in these sections, from top to bottom; first the message itself."""
    found = [Block("message", HEADER, 0)]
    for section in sections:
        if section.number == REASONING_LINE:
            found.append(Block("reasoning", REASONING_LINE, 0, "reasoning"))
        elif section.number in (REASONING, BODY):
            found += [
                Block("code", section.number, index)
                for index, leaf in enumerate(section.rows.leaves)
                if isinstance(leaf, Code)
            ]
        elif section.number >= TAIL:
            found += _tail_blocks(section.number, entry)
    return found


def _tail_blocks(number: int, entry: Entry) -> list[Block]:
    index = number - TAIL
    if entry.tool_calls:
        if index == 0:
            return [Block("tool", number, place, call.key) for place, call in enumerate(entry.tool_calls)]
        index -= 1
    if entry.attachments:
        if index == 0:
            return [Block("file", number, place, file.path) for place, file in enumerate(entry.attachments)]
        index -= 1
    return [Block("card", number, 0)] if entry.card is not None and index == 0 else []
