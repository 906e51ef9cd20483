"""All messages of a transcript, one below the other: which row belongs to which, and what is laid out."""

from __future__ import annotations

from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Iterable
from itertools import accumulate
from time import perf_counter

from meshtui.ui.widgets.transcript_entry import EntryView
from meshtui.ui.widgets.transcript_values import Entry

_KEPT = 500_000
"""Characters of text whose rows are kept; rows of messages not seen for the longest time go first."""

_FIRST_ORDER = 1 << 32
"""Orders below are for entries that are put before the first."""


class TranscriptDocument:
    """The entries of a transcript and their heights, measured or guessed."""

    def __init__(self) -> None:
        self.views: list[EntryView] = []
        self.width = 0
        self._by_key: dict[str, EntryView] = {}
        self._index: dict[str, int] = {}
        self._starts: list[int] = [0]
        self._next_order = _FIRST_ORDER
        self._laid_out: OrderedDict[str, int] = OrderedDict()
        self._kept = 0
        self._queue: list[str] | None = None

    def __len__(self) -> int:
        return len(self.views)

    def get(self, key: str) -> EntryView | None:
        """Return the entry of a key."""
        return self._by_key.get(key)

    def index(self, key: str) -> int:
        """Return the place of an entry among the others, or -1."""
        return self._index.get(key, -1)

    def show(self, entries: Iterable[Entry]) -> None:
        """Replace all entries."""
        self.views = []
        self._by_key.clear()
        self._index.clear()
        self._starts = [0]
        self._laid_out.clear()
        self._kept = 0
        self._queue = None
        for entry in entries:
            self.add(entry)

    def add(self, entry: Entry) -> EntryView:
        """Add an entry at the end."""
        view = EntryView(entry, self._next_order)
        self._next_order += 1
        self._index[entry.key] = len(self.views)
        self._by_key[entry.key] = view
        self.views.append(view)
        if self.width:
            view.height = view.estimate(self.width)
        if self._queue is not None:
            self._queue.append(entry.key)
        return view

    def prepend(self, entries: Iterable[Entry]) -> int:
        """Put entries before the first, in their order; return how many."""
        entries = list(entries)
        first = self.views[0].order if self.views else self._next_order
        views = [EntryView(entry, first - len(entries) + place) for place, entry in enumerate(entries)]
        for view in views:
            self._by_key[view.entry.key] = view
            if self.width:
                view.height = view.estimate(self.width)
        self.views = views + self.views
        self._index = {view.entry.key: place for place, view in enumerate(self.views)}
        self._starts = [0]
        self._queue = None
        return len(views)

    def remove(self, key: str) -> None:
        """Take an entry away."""
        view = self._by_key.pop(key, None)
        if view is None:
            return
        index = self._index.pop(key)
        del self.views[index]
        for later in self.views[index:]:
            self._index[later.entry.key] -= 1
        self._kept -= self._laid_out.pop(key, 0)
        del self._starts[index + 1 :]

    def set_width(self, width: int) -> None:
        """Set the cells that text has. Everything is guessed anew, and measured when it comes into view."""
        if width == self.width:
            return
        before, self.width = self.width, width
        for view in self.views:
            if not before or not view.width:
                view.height = view.estimate(width)
            elif view.height > 3:  # what was measured tells more than a guess, where mostly prose is broken
                view.height = max(view.height * before // width, 3) if before > width else view.height
        self._starts = [0]
        self._queue = None

    def changed(self, index: int) -> None:
        """Note that the height of an entry may have changed."""
        del self._starts[index + 1 :]
        if self._queue is not None and self._is_stale(self.views[index]):
            self._queue.append(self.views[index].entry.key)

    def measure(self, index: int, until: float = 0.0) -> bool:
        """Lay out an entry, where it is not; return whether its height changed."""
        view = self.views[index]
        if view.width == self.width and view.is_laid_out and view.is_complete:
            self._laid_out.move_to_end(view.entry.key)
            return False
        return self.measure_again(index, until)

    def measure_again(self, index: int, until: float = 0.0) -> bool:
        """Lay out an entry that changed; return whether its height changed."""
        view = self.views[index]
        before = view.height
        height = view.measure(self.width, until)
        size, key = view.size, view.entry.key
        self._kept += size - self._laid_out.get(key, 0)
        self._laid_out[key] = size
        self._laid_out.move_to_end(key)
        if height != before:
            del self._starts[index + 1 :]
        if self._queue is not None and not view.is_complete and self._queue[-1:] != [key]:
            self._queue.append(key)  # the rest of it is read when idle
        return height != before

    def release_far(self, keep: range) -> None:
        """Drop rows of the entries that were not seen for the longest time, beyond what is kept."""
        if self._kept <= _KEPT:
            return
        for key in list(self._laid_out):
            if self._kept <= _KEPT:
                return
            index = self._index[key]
            if index in keep or not self.views[index].is_complete or index == len(self.views) - 1:
                continue
            self.views[index].release()
            self._kept -= self._laid_out.pop(key)

    def _fill_starts(self) -> list[int]:
        starts = self._starts
        if len(starts) <= len(self.views):
            at = starts.pop()
            starts.extend(accumulate((view.height for view in self.views[len(starts) :]), initial=at))
        return starts

    def start(self, index: int) -> int:
        """Return the first row of an entry."""
        return self._fill_starts()[index]

    def total(self) -> int:
        """Return the number of rows."""
        starts = self._fill_starts()
        return max(starts[-1] - 1, 0)

    def at(self, row: int) -> tuple[int, int]:
        """Return the entry that a row belongs to, and the row in it."""
        starts = self._fill_starts()
        index = min(max(bisect_right(starts, row) - 1, 0), max(len(self.views) - 1, 0))
        return index, row - starts[index]

    def by_order(self, order: int) -> int:
        """Return the place of the entry with this order, or of the one after it."""
        low, high = 0, len(self.views)
        while low < high:
            middle = (low + high) // 2
            if self.views[middle].order < order:
                low = middle + 1
            else:
                high = middle
        return low

    @property
    def is_settled(self) -> bool:
        """Whether all heights are known."""
        return not self.views or (self._queue is not None and not self._queue)

    def measure_some(self, near: int, seconds: float) -> bool:
        """Measure guessed heights for so long, those near an entry first; return whether some are left."""
        until = perf_counter() + seconds
        if self._queue is None:
            stale = [index for index, view in enumerate(self.views) if self._is_stale(view)]
            stale.sort(key=lambda index: -abs(index - near))
            self._queue = [self.views[index].entry.key for index in stale]
        queue = self._queue
        while queue and perf_counter() < until:
            index = self.index(queue[-1])
            if index >= 0 and self._is_stale(self.views[index]):
                self.measure(index, until)
            if index < 0 or not self._is_stale(self.views[index]):
                queue.pop()
            self.release_far(range(near - 50, near + 50))
        return bool(queue)

    def _is_stale(self, view: EntryView) -> bool:
        return view.width != self.width or not view.is_complete
