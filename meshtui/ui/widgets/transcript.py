"""The transcript: one view that draws the whole conversation, line by line.

It knows nothing of sessions. It shows `Entry` values, takes text as it streams, and posts what the user wants.
No message and no block has a widget of its own, so that cost does not grow with the conversation.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Offset, Region
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.selection import Selection
from textual.strip import Strip
from textual.timer import Timer

from meshtui.ui.compat import set_scroll_state
from meshtui.ui.widgets.markdown_styles import COMPONENTS, RULES, Overlay, Palette, Row, S
from meshtui.ui.widgets.transcript_document import TranscriptDocument
from meshtui.ui.widgets.transcript_entry import Block, EntryView
from meshtui.ui.widgets.transcript_search import Search
from meshtui.ui.widgets.transcript_values import Action, Entry

GUTTER = 2
"""Columns left of the text, where the cursor is drawn."""
_SLICE = 0.006
"""Seconds of laying out at a time while idle."""
_NEWER = " ↓ new text below "


class Transcript(ScrollView, can_focus=True):
    """The conversation as one scrollable view. All text given to it may be foreign; it is made safe here."""

    COMPONENT_CLASSES: ClassVar[set[str]] = COMPONENTS
    DEFAULT_CSS = (
        "Transcript { overflow-x: hidden; overflow-y: scroll; scrollbar-size-vertical: 1; height: 1fr;" + RULES + "}"
    )
    BINDING_GROUP_TITLE = "Conversation"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("alt+up,k", "move(-1)", "Previous block", show=False, id="transcript.previous"),
        Binding("alt+down,j", "move(1)", "Next block", show=False, id="transcript.next"),
        Binding("y", "copy", "Copy", id="transcript.copy"),
        Binding("enter,space", "fold", "Fold", show=False, id="transcript.fold"),
        Binding("o", "links", "Links", show=False, id="transcript.links"),
        Binding("up", "scroll(-1)", "Up", show=False, id="transcript.up"),
        Binding("down", "scroll(1)", "Down", show=False, id="transcript.down"),
        Binding("pageup", "page(-1)", "Page up", show=False, id="transcript.page-up"),
        Binding("pagedown", "page(1)", "Page down", show=False, id="transcript.page-down"),
        Binding("home,ctrl+home", "top", "First", show=False, id="transcript.home"),
        Binding("end,ctrl+end", "bottom", "Last", show=False, id="transcript.end"),
    ]

    class ActionChosen(Message):
        """An action of a card was chosen, by key or click."""

        def __init__(self, key: str, action: str) -> None:
            super().__init__()
            self.key = key
            """Of the entry."""
            self.action = action
            """Its `name`."""

    class CursorMoved(Message):
        """The cursor stands on another block, or on none."""

        def __init__(self, key: str | None, kind: str) -> None:
            super().__init__()
            self.key = key
            self.kind = kind

    class LinkChosen(Message):
        """A link or file was chosen. Nothing was opened."""

        def __init__(self, target: str) -> None:
            super().__init__()
            self.target = target

    class LinksAsked(Message):
        """The links of a message are wanted, as (text, target)."""

        def __init__(self, key: str, links: list[tuple[str, str]]) -> None:
            super().__init__()
            self.key = key
            self.links = links

    class CopyRequested(Message):
        """A text is to be copied; `what` says what it is, such as "message" or "code"."""

        def __init__(self, text: str, what: str) -> None:
            super().__init__()
            self.text = text
            self.what = what

    class AtEndChanged(Message):
        """The view reached the end, or left it."""

        def __init__(self, at_end: bool) -> None:
            super().__init__()
            self.at_end = at_end

    class FindChanged(Message):
        """A search found more, or its current hit moved. `current` counts from 1; 0 is none."""

        def __init__(self, current: int, total: int, done: bool) -> None:
            super().__init__()
            self.current = current
            self.total = total
            self.done = done

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self._document = TranscriptDocument()
        self._palette: Palette | None = None
        self._follow = True
        self._newer = False
        self._top = (0, 0)
        """Entry and row of it at the upper edge, where the view does not follow the end."""
        self._cursor: tuple[str, Block] | None = None
        self._touched: set[str] = set()
        self._flush_due = False
        self._idle: Timer | None = None
        self._search = Search(self._document)
        self._setting_scroll = False

    # What is shown --------------------------------------------------------------------------------------

    def show(self, entries: Iterable[Entry]) -> None:
        """Replace everything, and go to the end."""
        self._document.show(entries)
        self._touched.clear()
        self._cursor = None
        self._search.clear()
        self._set_follow(True)
        self._newer = False
        self._lay_out()

    def add(self, entry: Entry) -> None:
        """Add an entry at the end; one of the same key is updated."""
        if self._document.get(entry.key) is not None:
            self.update(entry)
            return
        self._document.add(entry)
        self._newer = self._newer or not self._follow
        self._schedule_flush()

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
        if view is not None:
            view.append_text(text)
            self._newer = self._newer or not self._follow
            self._touch(key)

    def append_reasoning(self, key: str, text: str) -> None:
        """Add streamed reasoning to an entry."""
        view = self._document.get(key)
        if view is not None:
            view.append_reasoning(text)
            self._touch(key)

    def remove_entry(self, key: str) -> None:
        """Take an entry away."""
        if self._cursor is not None and self._cursor[0] == key:
            self._move_to(None)
        self._keep_top()
        self._document.remove(key)
        self._touched.discard(key)
        self._search.forget(key)
        self._lay_out()

    def clear(self) -> None:
        """Take everything away."""
        self.show(())

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
        self._touched.add(key)
        self._schedule_flush()

    def _schedule_flush(self) -> None:
        if not self._flush_due and self.is_attached:
            self._flush_due = True
            self.call_next(self._flush)

    def _flush(self) -> None:
        """Lay out what changed since the last time, all in one."""
        self._flush_due = False
        if not self.size or not self._document.width:
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
            row = document.start(index) + view.first_changed
            document.measure_again(index)
            row = min(row, document.start(index) + view.take_changed())
            first = min(first, row)
        self._search.note_changed(touched)
        self._lay_out(first)

    def _is_near(self, index: int) -> bool:
        top = self.scroll_offset.y
        start = self._document.start(index)
        return start <= top + 2 * self.size.height and start + self._document.views[index].height >= top

    # Layout ---------------------------------------------------------------------------------------------

    @property
    def _width(self) -> int:
        return max(self.size.width - GUTTER - 1, 1)

    def _keep_top(self) -> None:
        if self._document.views:
            self._top = self._document.at(self.scroll_offset.y)

    def _lay_out(self, first: int = 0) -> None:
        """Lay out what is visible, set the scroll position, and repaint from row `first` on."""
        if not self.size or not self.is_attached:
            return
        document = self._document
        document.set_width(self._width)
        height = self.size.height
        y = self._lay_out_end(height) if self._follow else self._lay_out_from_top(height)
        self._set_scroll(y, first)
        if document.views:
            here = document.at(y)[0]
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
        index, row = self._top
        index = min(index, len(document) - 1)
        before = document.views[index].height
        from_end = document.views[index].width != document.width and row > before // 2
        document.measure(index)
        after = document.views[index].height
        if from_end:
            row = max(row + after - before, 0)
        row = min(row, after - 1)
        self._top = index, row
        filled, later = after - row, index + 1
        while later < len(document) and filled <= height:
            document.measure(later)
            filled += document.views[later].height
            later += 1
        y = document.start(index) + row
        limit = max(document.total() - height, 0)
        if y > limit:
            self._top = document.at(limit)
            return self._lay_out_from_top(height) if self._top[0] < index else limit
        return y

    def _set_scroll(self, y: int, first: int = 0) -> None:
        before = self.scroll_offset.y
        total = self._document.total()
        self._setting_scroll = True
        set_scroll_state(self, total, y)
        self._setting_scroll = False
        self._top = self._document.at(y) if self._document.views else (0, 0)
        if y != before or first <= y or self._newer:
            self.refresh(self.size.region)
        elif first < y + self.size.height:
            self.refresh(Region(0, first - y, self.size.width, self.size.height - (first - y)))

    def _set_follow(self, follow: bool) -> None:
        if follow:
            self._newer = False
        if follow != self._follow:
            self._follow = follow
            self.post_message(self.AtEndChanged(follow))

    def _work_when_idle(self) -> None:
        if self._idle is None and self.is_attached:
            self._idle = self.set_timer(0.03, self._idle_step)

    def _idle_step(self) -> None:
        """Measure messages out of sight, and search on, a slice at a time; then rest."""
        self._idle = None
        document = self._document
        if not document.views or not self.size:
            return
        index, row = document.at(self.scroll_offset.y)
        more = document.measure_some(index, _SLICE)
        if self._search.step(_SLICE / 2):
            more = True
            self._post_found()
        if document.total() != self.virtual_size.height:
            self._top = index, min(row, document.views[index].height - 1)
            y = self._lay_out_end(self.size.height) if self._follow else document.start(index) + self._top[1]
            self._set_scroll(min(y, max(document.total() - self.size.height, 0)))
        if more:
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
        self._set_follow(False)
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
        self._search.forget_overlays()
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

    # Drawing --------------------------------------------------------------------------------------------

    def notify_style_update(self) -> None:
        """Take new colours: rows stay, strips are made again."""
        super().notify_style_update()
        self._palette = None
        for view in self._document.views:
            view.strips.clear()

    def _colours(self) -> Palette:
        if self._palette is None:
            _, background = self.background_colors
            self._palette = Palette(
                lambda name, partial: self.get_visual_style(name, partial=partial),
                self.get_line_filters(),
                background,
            )
        return self._palette

    def render_lines(self, crop: Region) -> list[Strip]:
        """Return the strips of the visible rows, past Textual's own cache."""
        if self.styles.gutter.totals != (0, 0) or self.styles.opacity < 1:
            return super().render_lines(crop)
        width = self.outer_size.width
        strips = [self._strip(y, width) for y in range(crop.y, crop.bottom)]
        if crop.x or crop.right < width:
            strips = [strip.crop(crop.x, crop.right) for strip in strips]
        return strips

    def render_line(self, y: int) -> Strip:
        """Return a row with the places in the text that it shows; Textual's selection asks for them."""
        place = self._place(y)
        if place is None:
            return self._colours().strip(Row(()), self.size.width)
        view, row = place
        section, leaf, content = view.row(row)
        order = (view.order << 40) | (max(section, 0) << 32) | max(leaf, 0)
        parts = [(" " * GUTTER, 0, -1), *content.parts]
        if section < 0 or all(part[2] < 0 for part in content.parts):
            parts.append(("", 0, -1))
        if self.styles.gutter.totals != (0, 0):
            return self._strip(y, self.size.width)
        return self._colours().strip_with_offsets(Row(parts), self.size.width, order)

    def _place(self, y: int) -> tuple[EntryView, int] | None:
        document = self._document
        number = self.scroll_offset.y + y
        if not document.views or number >= document.total():
            return None
        index, row = document.at(number)
        return document.views[index], row

    def _strip(self, y: int, width: int) -> Strip:
        place = self._place(y)
        if self._newer and y == self.size.height - 1:
            return self._with_newer(place, width)
        if place is None:
            return self._colours().strip(Row(()), width)
        view, row = place
        if view.width != self._document.width or not view.is_laid_out:
            self._document.measure(self._document.index(view.entry.key))
        bar = self._has_cursor(view, row)
        key = row, bar
        strip = view.strips.get(key)
        if strip is not None and strip.cell_length == width and not self._is_overlaid(view):
            return strip
        section, leaf, content = view.row(row)
        parts = [("▌ " if bar else "  ", S["cursor"] if bar else 0, -1), *content.parts]
        overlays = self._overlays(view, section, leaf)
        drawn = Row(parts, content.fill)
        text_width = self.size.width
        strip = self._colours().strip(drawn, text_width, overlays).adjust_cell_length(width, self._colours().rich(0))
        if not overlays:
            view.strips[key] = strip
        return strip

    def _with_newer(self, place: tuple[EntryView, int] | None, width: int) -> Strip:
        parts = list(place[0].row(place[1])[2].parts) if place is not None else []
        left = max(self.size.width - len(_NEWER) - 1, 0)
        palette = self._colours()
        base = palette.strip(Row([("  ", 0, -1), *parts]), self.size.width).crop(0, left)
        mark = palette.strip(Row([(_NEWER, S["newer"], -1)]), len(_NEWER))
        return Strip.join([base, mark]).adjust_cell_length(width, palette.rich(0))

    def _has_cursor(self, view: EntryView, row: int) -> bool:
        if self._cursor is None or self._cursor[0] != view.entry.key:
            return False
        start, end = view.rows_of(self._cursor[1])
        return start <= row < end

    # Selection ------------------------------------------------------------------------------------------

    def _is_overlaid(self, view: EntryView) -> bool:
        return self.text_selection is not None or self._search.is_active

    def _overlays(self, view: EntryView, section: int, leaf: int) -> list[Overlay]:
        overlays = self._search.overlays(view, section, leaf)
        selection = self.text_selection
        if selection is not None and section >= 0:
            order = (view.order << 40) | (section << 32) | leaf
            span = selection.get_span(order)
            if span is not None:
                overlays.append(Overlay(span[0], None if span[1] < 0 else span[1], "selected"))
        return overlays

    def selection_updated(self, selection: Selection | None) -> None:
        """Show the new selection."""
        self.refresh(self.size.region)

    def get_selection(self, selection: Selection) -> tuple[str, str] | None:
        """Return the selected text: without wraps, borders and indentation."""
        document = self._document
        if not document.views:
            return None
        start, end = selection
        first = document.by_order(start.y >> 40) if start is not None else 0
        last = document.by_order(end.y >> 40) if end is not None else len(document) - 1
        pieces: list[str] = []
        for index in range(first, min(last, len(document) - 1) + 1):
            view = document.views[index]
            document.measure(index)
            begin = _split(start) if start is not None and start.y >> 40 == view.order else None
            stop = _split(end) if end is not None and end.y >> 40 == view.order else None
            if piece := view.copy(begin, stop):
                pieces.append(piece)
        return ("\n\n".join(pieces), "\n") if pieces else None

    def text_select_all(self) -> None:
        """Select the message under the cursor, or everything where there is none."""
        if self._cursor is None:
            super().text_select_all()
            return
        view = self._document.get(self._cursor[0])
        if view is not None:
            start, end = Offset(0, view.order << 40), Offset(0, (view.order + 1) << 40)
            self.screen.selections = {self: Selection(start, end)}

    # The cursor -----------------------------------------------------------------------------------------

    @property
    def cursor(self) -> tuple[str, str] | None:
        """Key of the entry and kind of the block that the cursor stands on."""
        return (self._cursor[0], self._cursor[1].kind) if self._cursor is not None else None

    def set_cursor(self, key: str | None, kind: str = "message") -> None:
        """Put the cursor on the first block of a kind of an entry, or take it away."""
        index = self._document.index(key) if key is not None else -1
        if index < 0:
            self._move_to(None)
            return
        self._document.measure(index)
        view = self._document.views[index]
        blocks = [block for block in view.blocks() if block.kind == kind]
        if blocks:
            self._move_to((view.entry.key, blocks[0]))

    def action_move(self, steps: int) -> None:
        """Move the cursor to the next or the previous block."""
        document = self._document
        if not document.views:
            return
        if self._cursor is None or document.index(self._cursor[0]) < 0:
            self._enter(steps)
            return
        key, block = self._cursor
        index = document.index(key)
        document.measure(index)
        blocks = document.views[index].blocks()
        place = (blocks.index(block) if block in blocks else 0) + steps
        if 0 <= place < len(blocks):
            self._move_to((key, blocks[place]))
            return
        index += 1 if steps > 0 else -1
        if 0 <= index < len(document):
            document.measure(index)
            view = document.views[index]
            self._move_to((view.entry.key, view.blocks()[0 if steps > 0 else -1]))
        elif steps > 0:
            self.action_bottom()

    def _enter(self, steps: int) -> None:
        """Put the cursor on what is visible: moving up from the lower edge, moving down from the upper."""
        document, top = self._document, self.scroll_offset.y
        row = min(top + self.size.height - 1, max(document.total() - 1, 0)) if steps < 0 else top
        index, within = document.at(row)
        document.measure(index)
        view = document.views[index]
        blocks = view.blocks()
        fitting = [block for block in blocks if view.rows_of(block)[0] <= within]
        self._move_to((view.entry.key, (fitting or blocks)[-1] if steps < 0 else blocks[0]))

    def _move_to(self, cursor: tuple[str, Block] | None) -> None:
        if cursor == self._cursor:
            return
        self._cursor = cursor
        if cursor is not None:
            index = self._document.index(cursor[0])
            self._document.measure(index)
            start, end = self._document.views[index].rows_of(cursor[1])
            self._show_row(index, start, min(end, start + self.size.height))
        self.refresh(self.size.region)
        self.post_message(self.CursorMoved(*((cursor[0], cursor[1].kind) if cursor else (None, ""))))

    def action_copy(self) -> None:
        """Ask for a copy of the block under the cursor; without a cursor, of the last answer."""
        text, what = self.current()
        if text:
            self.post_message(self.CopyRequested(text, what))

    def current(self) -> tuple[str, str]:
        """Return the text under the cursor as it came, and what it is; without a cursor, the last answer."""
        document = self._document
        if self._cursor is None:
            answers = [view for view in document.views if view.entry.role == "assistant" and view.text]
            return (answers[-1].text, "last answer") if answers else ("", "")
        view = document.get(self._cursor[0])
        if view is None:
            return "", ""
        block = self._cursor[1]
        if block.kind == "tool":
            return next((call.arguments for call in view.entry.tool_calls if call.key == block.name), ""), "arguments"
        if block.kind == "card" and view.entry.card is not None:
            request_id = view.entry.card.request_id
            return request_id or view.entry.card.headline, "request id" if request_id else "headline"
        texts = {"message": view.text, "code": view.code(block), "reasoning": view.reasoning}
        return (texts[block.kind], block.kind) if block.kind in texts else (block.name, "path")

    def action_fold(self) -> None:
        """Fold or unfold what the cursor stands on; a file is chosen."""
        if self._cursor is None:
            return
        key, block = self._cursor
        if block.kind == "file":
            self.post_message(self.LinkChosen(block.name))
            return
        view = self._document.get(key)
        if block.kind in ("reasoning", "tool"):
            self.fold(key, block.name)
        elif view is not None and view.reasoning and block.kind == "message":
            self.fold(key, "reasoning")

    def fold(self, key: str, name: str = "reasoning", unfolded: bool | None = None) -> None:
        """Fold or unfold the reasoning or a tool call (by its key) of an entry; None turns it over."""
        view = self._document.get(key)
        if view is None:
            return
        wanted = name not in view.unfolded if unfolded is None else unfolded
        if wanted == (name in view.unfolded):
            return
        self._keep_top()
        view.unfolded ^= {name}
        view.refold()
        self._document.changed(self._document.index(key))
        self._lay_out()

    def action_links(self) -> None:
        """Ask for the links of the message under the cursor."""
        view = self._document.get(self._cursor[0]) if self._cursor is not None else None
        if view is None and self._document.views:
            view = self._document.views[-1]
        if view is not None:
            self._document.measure(self._document.index(view.entry.key))
            self.post_message(self.LinksAsked(view.entry.key, view.links()))

    def actions(self) -> tuple[str, tuple[Action, ...]]:
        """Return the entry and the actions of the card that keys go to: under the cursor, else the last one."""
        views = self._document.views
        view = self._document.get(self._cursor[0]) if self._cursor is not None else None
        if view is None and views:
            view = views[-1]
        if view is None or view.entry.card is None:
            return "", ()
        return view.entry.key, view.entry.card.actions

    def on_key(self, event: events.Key) -> None:
        """Take the keys of a card."""
        key, actions = self.actions()
        for action in actions:
            if event.key == action.key:
                event.stop()
                event.prevent_default()
                self.post_message(self.ActionChosen(key, action.name))
                return

    def on_click(self, event: events.Click) -> None:
        """Act on what was clicked: an action, a fold, a link; else put the cursor there."""
        if self._newer and event.y == self.size.height - 1 and event.x >= self.size.width - len(_NEWER) - 1:
            self.action_bottom()
            return
        place = self._place(event.y)
        if place is None:
            return
        view, row = place
        spot = view.spot(row, event.x - GUTTER)
        if spot is not None:
            self._take_click(view, spot.verb, spot.object)
            return
        target = self._link_at(view, row, event.x)
        if target is not None:
            self.post_message(self.LinkChosen(target))
            return
        fitting = [b for b in view.blocks() if view.rows_of(b)[0] <= row < view.rows_of(b)[1]]
        if fitting:
            self._move_to((view.entry.key, fitting[-1]))

    def _take_click(self, view: EntryView, verb: str, name: str) -> None:
        if verb == "action":
            self.post_message(self.ActionChosen(view.entry.key, name))
        elif verb == "fold":
            self.fold(view.entry.key, name)
        elif verb == "open":
            self.post_message(self.LinkChosen(name))
        elif verb == "copy" and view.entry.card is not None:
            self.post_message(self.CopyRequested(view.entry.card.request_id, name))

    def _link_at(self, view: EntryView, row: int, x: int) -> str | None:
        from meshtui.ui.widgets.markdown_wrap import cells

        section, leaf, content = view.row(row)
        at = GUTTER
        for text, _, offset in content.parts:
            size = cells(text)
            if at <= x < at + size:
                return view.link(section, leaf, offset) if offset >= 0 and section >= 0 else None
            at += size
        return None

    # Search ---------------------------------------------------------------------------------------------

    def find(self, query: str) -> int:
        """Search for `query`, case aside, in all that is shown; return the hits found so far.

        The search goes on while idle; `FindChanged` tells how far it is. An empty query ends it.
        """
        pattern = re.compile(re.escape(query), re.IGNORECASE) if query else None
        here = self._document.at(self.scroll_offset.y)[0] if self._document.views else 0
        self._search.begin(pattern, here)
        self._search.step(0.02)
        self._post_found()
        self._work_when_idle()
        self.refresh(self.size.region)
        return self._search.total

    def find_next(self, steps: int = 1) -> None:
        """Go to the next hit, or to the previous one where `steps` is -1."""
        found = self._search.move(steps, self._document.at(self.scroll_offset.y)[0] if self._document.views else 0)
        if found is not None:
            index = self._document.index(found.key)
            self._document.measure(index)
            view = self._document.views[index]
            row = view.row_of((found.section, found.hit.leaf, found.hit.start))
            self._show_row(index, row)
        self.refresh(self.size.region)
        self._post_found()

    def _post_found(self) -> None:
        search = self._search
        self.post_message(self.FindChanged(search.number, search.total, search.is_done))


def _split(place: Offset) -> tuple[int, int, int]:
    return (place.y >> 32) & 0xFF, place.y & 0xFFFFFFFF, place.x
