"""Search in a transcript: all hits, found a slice at a time, and the one that one stands on."""

from __future__ import annotations

import re
from dataclasses import dataclass
from time import perf_counter

from meshtui.ui.widgets.markdown_lines import Hit
from meshtui.ui.widgets.markdown_styles import Overlay
from meshtui.ui.widgets.transcript_document import TranscriptDocument
from meshtui.ui.widgets.transcript_entry import EntryView

_MARKUP = str.maketrans("", "", "*_`~\\")


@dataclass(frozen=True, slots=True)
class Found:
    """A hit: entry, section, and the place in it."""

    key: str
    section: int
    hit: Hit


class Search:
    """The hits of one query. Entries are looked through near the viewport first, then the others."""

    def __init__(self, document: TranscriptDocument) -> None:
        self._document = document
        self._pattern: re.Pattern[str] | None = None
        self._hits: dict[str, list[Found]] = {}
        self._queue: list[str] = []
        self._current: Found | None = None
        self.total = 0

    @property
    def is_active(self) -> bool:
        """Whether there is a query."""
        return self._pattern is not None

    @property
    def is_done(self) -> bool:
        """Whether everything was looked through."""
        return not self._queue

    @property
    def number(self) -> int:
        """The place of the current hit among all, counted from 1; 0 where there is none."""
        if self._current is None:
            return 0
        before = 0
        for view in self._document.views:
            hits = self._hits.get(view.entry.key, ())
            if view.entry.key == self._current.key:
                return before + (hits.index(self._current) + 1 if self._current in hits else 0)
            before += len(hits)
        return 0

    def clear(self) -> None:
        """End the search."""
        self.begin(None, 0)

    def begin(self, pattern: re.Pattern[str] | None, near: int) -> None:
        """Begin anew, with the entries around place `near` first."""
        self._pattern = pattern
        self._hits.clear()
        self._current = None
        self.total = 0
        views = self._document.views
        order = sorted(range(len(views)), key=lambda index: -abs(index - near)) if pattern is not None else []
        self._queue = [views[index].entry.key for index in order]

    def note_changed(self, keys: set[str]) -> None:
        """Look through entries again that changed."""
        if self._pattern is not None:
            for key in keys:
                self.forget(key)
                self._queue.append(key)

    def forget(self, key: str) -> None:
        """Forget the hits in an entry."""
        self.total -= len(self._hits.pop(key, ()))

    def step(self, seconds: float) -> bool:
        """Search for so long; return whether anything was looked through."""
        if self._pattern is None or not self._queue:
            return False
        until = perf_counter() + seconds
        while self._queue:
            self._look(self._queue.pop())
            if perf_counter() >= until:
                break
        return True

    def _look(self, key: str) -> None:
        document, pattern = self._document, self._pattern
        index = document.index(key)
        if index < 0 or pattern is None:
            return
        view = document.views[index]
        if not view.is_laid_out and not self._may_match(view, pattern):
            return
        document.measure(index)
        self.forget(key)
        found = [Found(key, section, hit) for section, rows in view.searched() for hit in rows.find(pattern)]
        if found:
            self._hits[key] = found
            self.total += len(found)
        document.release_far(range(index, index + 1))

    @staticmethod
    def _may_match(view: EntryView, pattern: re.Pattern[str]) -> bool:
        """Tell cheaply whether an entry that is not laid out can have a hit."""
        entry = view.entry
        if entry.card is not None or entry.tool_calls or entry.attachments or entry.footer:
            return True
        text = view.text
        return bool(pattern.search(text) or pattern.search(" ".join(text.translate(_MARKUP).split())))

    def move(self, steps: int, near: int) -> Found | None:
        """Go to the next or previous hit; the first one is that nearest below entry `near`."""
        ordered = [hit for view in self._document.views for hit in self._hits.get(view.entry.key, ())]
        if not ordered:
            self._current = None
            return None
        if self._current in ordered:
            place = (ordered.index(self._current) + steps) % len(ordered)
        else:
            below = [number for number, found in enumerate(ordered) if self._document.index(found.key) >= near]
            place = below[0] if below else 0
        self._current = ordered[place]
        return self._current

    def overlays(self, view: EntryView, section: int, leaf: int) -> list[Overlay]:
        """Return the hits in a leaf as overlays."""
        if self._pattern is None:
            return []
        current = self._current
        return [
            Overlay(found.hit.start, found.hit.end, "match-now" if found == current else "match")
            for found in self._hits.get(view.entry.key, ())
            if found.section == section and found.hit.leaf == leaf
        ]
