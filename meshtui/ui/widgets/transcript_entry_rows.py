"""One message of a transcript as it grows, laid out: sections of rows one below the other."""

from __future__ import annotations

from bisect import bisect_right
from collections import deque
from time import perf_counter

from textual.strip import Strip

from meshtui.ui.widgets.markdown_leaves import Leaf
from meshtui.ui.widgets.markdown_lines import MarkdownLines, Rows
from meshtui.ui.widgets.markdown_paragraph import Plain
from meshtui.ui.widgets.markdown_styles import Row, S
from meshtui.ui.widgets.transcript_call import CallView
from meshtui.ui.widgets.transcript_calls import CallsLeaf, size_of_calls
from meshtui.ui.widgets.transcript_drawn import header, reasoning_line
from meshtui.ui.widgets.transcript_sections import (
    BODY,
    HEADER,
    REASONING,
    REASONING_LINE,
    TAIL,
    Section,
    leaves_as_rows,
    tail_of,
)
from meshtui.ui.widgets.transcript_values import Entry

_PIECE = 8_192
"""Characters that are read at a time, so that a long text does not hold up the keys."""
_MOST_STRIPS = 1_500


class EntryRows:
    """An entry with its text so far and, while it is near the viewport, its rows."""

    def __init__(self, entry: Entry, order: int) -> None:
        self.entry = entry
        self.order = order
        """Its place among all entries ever shown; grows downward."""
        self.height = 0
        """Rows, the blank one after it counted; an estimate where `width` is 0."""
        self.width = 0
        self.first_changed = 1 << 40
        self.unfolded: set[str] = set()
        self.strips: dict[tuple[int, bool], Strip] = {}
        self.size = len(entry.text or "") + len(entry.reasoning or "") + size_of_calls(entry)
        """Characters of text, reasoning and calls."""
        self._text = [entry.text] if entry.text else []
        self._reasoning = [entry.reasoning] if entry.reasoning else []
        self._words = len(entry.reasoning.split()) if entry.reasoning else 0
        self._sections: list[Section] | None = None
        self._unread: deque[str] = deque()
        self._calls = CallsLeaf()
        self._call_views: dict[str, CallView] = {}

    # Text ---------------------------------------------------------------------------------------------

    @property
    def text(self) -> str:
        """The text of the message as it came."""
        return _whole(self._text)

    @property
    def reasoning(self) -> str:
        """The reasoning as it came."""
        return _whole(self._reasoning)

    def append_text(self, text: str) -> None:
        """Add to the text of the message."""
        self._text.append(text)
        self.size += len(text)
        if self._sections is None:
            self.width = 0
            return
        body = self._section(BODY)
        if body is None or self.entry.role != "assistant":
            self.forget()
        elif self._unread or len(text) > _PIECE:
            self._queue(text)
        else:
            body.rows.append(text)

    def append_reasoning(self, text: str) -> None:
        """Add to the reasoning."""
        before = self._reasoning[-1][-1:] if self._reasoning else " "
        self._reasoning.append(text)
        self.size += len(text)
        pieces = len(text.split())
        self._words += pieces - (1 if pieces and not before.isspace() and not text[:1].isspace() else 0)
        if self._sections is None:
            self.width = 0
            return
        if "reasoning" in self.unfolded and (unfolded := self._section(REASONING)) is not None:
            unfolded.rows.append(text)
        line = self._section(REASONING_LINE)
        if line is None:
            self.forget()
            return
        line.rows.leaves[0] = self._reasoning_leaf()
        line.rows.forget_rows(0)

    def update(self, entry: Entry) -> None:
        """Take over what changed in the values of the entry."""
        text = entry.text if entry.text is not None and entry.text != self.text else None
        reasoning = entry.reasoning if entry.reasoning is not None else None
        if text is not None:
            self._text = [text]
        if reasoning is not None and reasoning != self.reasoning:
            self._reasoning, self._words = [reasoning], len(reasoning.split())
            text = text or ""
        self.entry = entry
        self.size = sum(map(len, self._text)) + sum(map(len, self._reasoning)) + size_of_calls(entry)
        if text is not None or self._sections is None:
            self.forget()
            return
        kept = [section for section in self._sections if section.number in (REASONING, BODY)]
        self._renew(kept)

    def refold(self) -> None:
        """Take over which parts are unfolded."""
        self._renew([section for section in self._sections or () if section.number == BODY])

    def _renew(self, kept: list[Section]) -> None:
        if self._sections is not None:
            self._sections = self._assemble({section.number: section for section in kept})
        self.strips.clear()
        self.width = 0

    def take_changed(self) -> int:
        """Return the first row that may differ since this was last asked."""
        changed, self.first_changed = self.first_changed, 1 << 40
        return changed

    def forget(self) -> None:
        """Drop all rows; they are made again from the text when needed. The height stays as an estimate."""
        self._sections = None
        self._call_views.clear()
        self._unread.clear()
        self.strips.clear()
        self.width = 0

    def release(self) -> None:
        """Drop all rows to save memory, but keep the height, which stays right."""
        width = self.width
        self.forget()
        self.width = width

    @property
    def is_laid_out(self) -> bool:
        """Tell whether it has rows now."""
        return self._sections is not None and self.width > 0

    @property
    def is_complete(self) -> bool:
        """Tell whether all of its text is read."""
        return not self._unread and (self._sections is None or self._calls.is_complete)

    def _queue(self, text: str) -> None:
        self._unread.extend(text[at : at + _PIECE] for at in range(0, len(text), _PIECE))

    # Layout -------------------------------------------------------------------------------------------

    def estimate(self, width: int) -> int:
        """Guess the height without reading the text."""
        rows = 2
        for part in self._text:
            rows += part.count("\n") + 1 + len(part) // max(width, 1)
        entry = self.entry
        rows += 5 * len(entry.tool_calls) + len(entry.attachments) + (1 if self._reasoning else 0)
        if entry.card is not None:
            rows += 4 + len(entry.card.facts)
        return rows + (1 if entry.footer else 0)

    def measure(self, width: int, until: float = 0.0) -> int:
        """Lay out for `width`, reading on until the time `until` (0: one piece); return the height.

        Strips of rows that changed are dropped.
        """
        if self._sections is None:
            self._sections = self._assemble({})
        while self._unread:
            body = self._section(BODY)
            if body is None:
                break
            body.rows.append(self._unread.popleft())
            if perf_counter() >= until:
                break
        if not self._unread and not self._calls.is_complete and (calls := self._section(TAIL)) is not None:
            self._calls.read_on(lambda: perf_counter() >= until)
            calls.rows.forget_rows(0)
        first = 0 if width != self.width else 1 << 40
        at = 0
        for section in self._sections:
            if section.start != at:
                first = min(first, section.start, at)
            section.start = at
            count = section.rows.count(width)
            changed = section.rows.take_changed()
            if count and changed < count:
                first = min(first, at + section.gap + changed)
            at += section.gap + count if count else 0
        if self.height != at + 1:
            first = min(first, self.height - 1, at)
        self.width = width
        self.first_changed = min(self.first_changed, max(first, 0))
        self._drop_strips(first, max(self.height, at + 1))
        self.height = at + 1
        if self._unread:
            unread = sum(map(len, self._unread))
            self.height += unread // max(width, 1) + unread // 60
        return self.height

    def _drop_strips(self, first: int, before: int) -> None:
        """Drop the strips of the rows from `first` on; `before` is how many rows there were."""
        strips = self.strips
        if first <= 0 or before - first > len(strips) or len(strips) > _MOST_STRIPS:
            strips.clear()
            return
        for row in range(first, before):
            strips.pop((row, False), None)
            strips.pop((row, True), None)

    def _assemble(self, kept: dict[int, Section]) -> list[Section]:
        sections = [Section(HEADER, leaves_as_rows(header(self.entry)))]
        if self._reasoning:
            sections.append(Section(REASONING_LINE, leaves_as_rows(self._reasoning_leaf())))
            if "reasoning" in self.unfolded:
                sections.append(kept.get(REASONING) or self._unfolded_reasoning())
        sections.append(kept.get(BODY) or self._body())
        self._take_calls()
        sections += tail_of(self.entry, self._calls, bool(self._text))
        return sections

    def _take_calls(self) -> None:
        """Bring the views of the calls up to date; a call keeps what is laid out of it."""
        views: dict[str, CallView] = {}
        for call in self.entry.tool_calls:
            view = self._call_views.get(call.key)
            if view is None:
                view = CallView(call, call.key in self.unfolded)
            else:
                view.update(call, call.key in self.unfolded)
            views[call.key] = view
        self._call_views = views
        self._calls.views = list(views.values())

    def _reasoning_leaf(self) -> Leaf:
        return reasoning_line(self._words, self.entry.reasoning_label, "reasoning" in self.unfolded)

    def _unfolded_reasoning(self) -> Section:
        lines = MarkdownLines(self.reasoning, edge=(("┊ ", S["muted"]),))
        return Section(REASONING, lines, muted=True)

    def _body(self) -> Section:
        if self.entry.role == "assistant":
            self._unread.clear()
            text = self.text
            body = MarkdownLines(text[:_PIECE])
            self._queue(text[_PIECE:])
            return Section(BODY, body)
        return Section(BODY, leaves_as_rows(Plain(self.text)) if self._text else Rows())

    def _section(self, number: int) -> Section | None:
        for section in self._sections or ():
            if section.number == number:
                return section
        return None

    # Rows -----------------------------------------------------------------------------------------------

    def _at(self, row: int) -> tuple[Section | None, int]:
        """Return the section of a row, and the row in it: negative in the gap before it."""
        sections = self._sections or []
        index = bisect_right(sections, row, key=lambda section: section.start) - 1
        if index >= 0:
            section = sections[index]
            within = row - section.start - section.gap
            if within < section.rows.count(self.width):
                return section, within
        return None, -1

    def row(self, row: int) -> tuple[int, int, Row]:
        """Return section, leaf and content of a row of the entry."""
        section, within = self._at(row)
        if section is None or within < 0:
            return -1, -1, _NOTHING
        leaf, content = section.rows.row(within)
        if section.muted:
            parts = [(t, style if style >= 256 else S["muted"] | style, at) for t, style, at in content.parts]
            content = Row(parts, content.fill)
        return section.number, leaf, content


_NOTHING = Row(())


def _whole(parts: list[str]) -> str:
    """Return the parts joined, and keep them joined."""
    if len(parts) > 1:
        parts[:] = ["".join(parts)]
    return parts[0] if parts else ""
