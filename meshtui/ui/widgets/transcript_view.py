"""The scrolling half of the transcript: rows of entries in a viewport.

What is near the viewport is laid out at once, the rest while idle, a slice at a time. While something streams
only the rows that changed are made anew, and the screen is not laid out.
"""

from __future__ import annotations

from collections.abc import Iterable
from time import perf_counter

from textual import events
from textual.geometry import Region
from textual.timer import Timer

from meshtui.ui.compat import after, set_scroll_state
from meshtui.ui.widgets.markdown_code import warm_up
from meshtui.ui.widgets.transcript_rows import GUTTER, TranscriptRows
from meshtui.ui.widgets.transcript_values import Entry

_SLICE = 0.006
"""Seconds of laying out at a time while idle."""
_PAUSE = 0.03
"""Seconds between two such slices, for the keys."""
_FRAME = 0.015
"""Seconds after a layout in which more text waits for the next one."""


class TranscriptView(TranscriptRows, can_focus=True):
    """Entries as rows that scroll. All text given to it may be foreign; it is made safe here."""

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self._follow = True
        self._top = (0, 0)
        """Entry and row of it at the upper edge, where the view does not follow the end."""
        self._touched: set[str] = set()
        self._flush_due = False
        self._flushed = 0.0
        self._idle: Timer | None = None
        self._setting_scroll = False
        self._warm = False

    # What is shown --------------------------------------------------------------------------------------

    def show(self, entries: Iterable[Entry]) -> None:
        """Replace everything, and go to the end."""
        self._document.show(entries)
        self._touched.clear()
        self._set_follow(True)
        self._lay_out()

    def prepend(self, entries: Iterable[Entry]) -> None:
        """Put entries before the first; what is seen stays where it is."""
        self._keep_top()
        self._top = self._top[0] + self._document.prepend(entries), self._top[1]
        self._lay_out()

    def clear(self) -> None:
        """Take everything away."""
        self.show(())

    def add(self, entry: Entry) -> None:
        """Add an entry at the end; one of the same key is updated."""
        if self._document.get(entry.key) is not None:
            self.update(entry)
            return
        self._document.add(entry)
        self._newer = self._newer or not self._follow
        self._touch(entry.key)

    def update(self, entry: Entry) -> None:
        """Take over header, card, tool calls, files and footer of a known entry; text where it is not None."""
        view = self._document.get(entry.key)
        if view is None:
            self.add(entry)
            return
        view.update(entry)
        self._touch(entry.key)

    def append_text(self, key: str, text: str) -> None:
        """Add streamed text to an entry; cheap enough to be called for each token."""
        view = self._document.get(key)
        if view is not None and text:
            self._warm_up()
            view.append_text(text)
            self._newer = self._newer or not self._follow
            self._touch(key)

    def append_reasoning(self, key: str, text: str) -> None:
        """Add streamed reasoning to an entry."""
        view = self._document.get(key)
        if view is not None and text:
            view.append_reasoning(text)
            self._touch(key)

    def _warm_up(self) -> None:
        """Import what code blocks need, in a thread, while the first words arrive."""
        if not self._warm and self.is_attached:
            self._warm = True
            self.run_worker(warm_up, thread=True, group="warm-up", exit_on_error=False, description="import pygments")

    def remove_entry(self, key: str) -> None:
        """Take an entry away."""
        self._keep_top()
        if 0 <= self._document.index(key) < self._top[0]:
            self._top = self._top[0] - 1, self._top[1]
        self._document.remove(key)
        self._touched.discard(key)
        self._lay_out()

    def text_of(self, key: str) -> str:
        """Return the text of an entry as it came."""
        view = self._document.get(key)
        return view.text if view is not None else ""

    @property
    def keys(self) -> list[str]:
        """The keys of the entries, in order."""
        return [view.entry.key for view in self._document.views]

    @property
    def at_end(self) -> bool:
        """Whether the view stays at the end while text arrives."""
        return self._follow

    @property
    def is_busy(self) -> bool:
        """Whether something is still to be laid out, measured or searched."""
        waits_for_size = bool(self._document.views) and not self._document.width
        return self._flush_due or self._idle is not None or waits_for_size

    def _touch(self, key: str) -> None:
        """Lay out what changed: at once, or where that was done just now, together with what follows."""
        self._touched.add(key)
        if self._flush_due or not self.is_attached:
            return
        if perf_counter() - self._flushed > _FRAME:
            self._flush()
        else:
            self._flush_due = True
            self.call_later(self._flush)

    def _flush(self) -> None:
        self._flush_due = False
        if not self._document.width:
            return
        document = self._document
        touched, self._touched = self._touched, set()
        first = 1 << 40
        for key in touched:
            index = document.index(key)
            if index < 0:
                continue
            view = document.views[index]
            if not view.is_laid_out and not self._is_near(index):
                document.changed(index)
                continue
            document.measure_again(index)
            first = min(first, document.start(index) + view.take_changed())
        self._entries_changed(touched)
        self._lay_out(first)
        self._flushed = perf_counter()

    def _entries_changed(self, keys: set[str]) -> None:
        """Take note of changed entries."""

    def _is_near(self, index: int) -> bool:
        if self._follow and index >= len(self._document) - 2:
            return True
        top = self.scroll_offset.y
        start = self._document.start(index)
        return start <= top + 2 * self.size.height and start + self._document.views[index].height >= top

    # Layout ---------------------------------------------------------------------------------------------

    def _keep_top(self) -> None:
        if self._document.views:
            self._top = self._document.at(self.scroll_offset.y)

    def _lay_out(self, first: int = 0) -> None:
        """Lay out what is visible, set the scroll position, and repaint from row `first` on."""
        if not self.size or not self.is_attached:
            return
        document = self._document
        document.set_width(max(self.size.width - GUTTER - 1, 1))
        height = self.size.height
        y = self._lay_out_end(height) if self._follow else self._lay_out_from_top(height)
        self._set_scroll(y, first)
        if document.views:
            here = self._top[0]
            document.release_far(range(here - 50, here + 50))
        self._work_when_idle()

    def _lay_out_end(self, height: int) -> int:
        document = self._document
        filled, index = 0, len(document) - 1
        while index >= 0 and filled <= height:
            document.measure(index)
            filled += document.views[index].height
            index -= 1
        return max(document.total() - height, 0)

    def _lay_out_from_top(self, height: int) -> int:
        document = self._document
        if not document.views:
            return 0
        index = min(self._top[0], len(document) - 1)
        row = self._measured_row(index, self._top[1])
        self._top = index, row
        filled, later = document.views[index].height - row, index + 1
        while later < len(document) and filled <= height:
            document.measure(later)
            filled += document.views[later].height
            later += 1
        y, limit = document.start(index) + row, max(document.total() - height, 0)
        if y <= limit:
            return y
        before, self._top = index, document.at(limit)
        return self._lay_out_from_top(height) if self._top[0] < before else limit

    def _measured_row(self, index: int, row: int) -> int:
        """Lay out an entry and return where its row `row` went; from its end, where it was nearer to that."""
        document = self._document
        view = document.views[index]
        before, width = view.height, view.width
        document.measure(index)
        if width != document.width and row > before // 2:
            row += view.height - before
        return min(max(row, 0), view.height - 1)

    def _set_scroll(self, y: int, first: int = 0) -> None:
        before, height = self.scroll_offset.y, self.size.height
        document = self._document
        if document.total() <= height:
            self._set_follow(True)
        self._setting_scroll = True
        set_scroll_state(self, document.total(), y)
        self._setting_scroll = False
        self._top = document.at(y) if document.views else (0, 0)
        if y != before or first <= y:
            self.refresh(self.size.region)
        elif first < y + height:
            self.refresh(Region(0, first - y, self.size.width, height - (first - y)))
        elif self._newer:
            self.refresh(Region(0, height - 1, self.size.width, 1))

    def _set_follow(self, follow: bool) -> None:
        if follow:
            self._newer = False
        self._follow = follow

    def _work_when_idle(self) -> None:
        if self._idle is None and self.is_attached and self._has_work():
            self._idle = after(self, _PAUSE, self._idle_step)

    def _has_work(self) -> bool:
        return not self._document.is_settled

    def _work(self, seconds: float) -> None:
        """Measure messages out of sight for so long."""
        self._document.measure_some(self._top[0], seconds)

    def _idle_step(self) -> None:
        self._idle = None
        document = self._document
        if not document.views or not self.size:
            return
        index, row = self._top
        self._work(_SLICE)
        if document.total() != self.virtual_size.height:
            row = min(row, document.views[index].height - 1)
            y = document.total() - self.size.height if self._follow else document.start(index) + row
            self._set_scroll(max(min(y, document.total() - self.size.height), 0))
        self._work_when_idle()

    # Scrolling ------------------------------------------------------------------------------------------

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Follow the scrollbar and Textual's own ways of scrolling."""
        super().watch_scroll_y(old_value, new_value)
        if not self._setting_scroll and round(old_value) != round(new_value) and self.size:
            self._scroll_to_row(round(new_value))

    def _scroll_to_row(self, row: int) -> None:
        document = self._document
        if not document.views or not self.size:
            return
        limit = max(document.total() - self.size.height, 0)
        row = min(max(row, 0), limit)
        self._set_follow(row >= limit)
        self._top = document.at(row)
        self._lay_out()

    def action_scroll(self, rows: int) -> None:
        """Scroll by so many rows."""
        self._scroll_to_row(self.scroll_offset.y + rows)

    def action_page(self, pages: int) -> None:
        """Scroll by so many pages, a row kept for orientation."""
        self._scroll_to_row(self.scroll_offset.y + pages * max(self.size.height - 1, 1))

    def action_top(self) -> None:
        """Go to the beginning."""
        self._scroll_to_row(0)

    def action_bottom(self) -> None:
        """Go to the end, and stay there while text arrives."""
        self._set_follow(True)
        self._lay_out()

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """Scroll by three rows."""
        event.stop()
        event.prevent_default()
        self.action_scroll(3)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """Scroll by three rows."""
        event.stop()
        event.prevent_default()
        self.action_scroll(-3)

    def on_resize(self, event: events.Resize) -> None:
        """Lay out anew for the new size: what is visible at once, the rest when idle."""
        self._lay_out()

    def jump_to(self, key: str) -> None:
        """Show the beginning of an entry at the upper edge."""
        index = self._document.index(key)
        if index >= 0:
            self._show_row(index, 0, at_top=True)

    def _show_row(self, index: int, row: int, end: int | None = None, at_top: bool = False) -> None:
        """Scroll so far that rows `row` to `end` of an entry are visible."""
        document, height = self._document, self.size.height
        document.measure(index)
        y = document.start(index) + row
        stop = y + 1 if end is None else document.start(index) + end
        top = self.scroll_offset.y
        if not at_top and top <= y and stop <= top + height:
            self._lay_out()
            return
        if not at_top and y > top and stop - y <= height:
            y = stop - height
        limit = max(document.total() - height, 0)
        self._set_follow(y >= limit and index == len(document) - 1)
        self._top = document.at(max(y, 0))
        self._lay_out()
