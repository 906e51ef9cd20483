"""The transcript: one view that draws the whole conversation, and what a reader does in it.

It knows nothing of sessions. It shows `Entry` values, takes text as it streams, and posts what the user wants.
No message and no block has a widget of its own, so that cost does not grow with the conversation.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from textual import events
from textual.geometry import Offset
from textual.selection import Selection

from meshtui.ui.commands import bindings
from meshtui.ui.widgets import transcript_messages as messages
from meshtui.ui.widgets.markdown_styles import Overlay
from meshtui.ui.widgets.markdown_wrap import cells
from meshtui.ui.widgets.transcript_entry import EntryView
from meshtui.ui.widgets.transcript_rows import GUTTER, NEWER, order_of
from meshtui.ui.widgets.transcript_search import Search
from meshtui.ui.widgets.transcript_sections import Block
from meshtui.ui.widgets.transcript_values import Action, Entry, ToolCall
from meshtui.ui.widgets.transcript_view import TranscriptView


class Transcript(TranscriptView):
    """The conversation as one view: a cursor on its blocks, copying, folding, links, cards, selection, search."""

    BINDING_GROUP_TITLE = "Conversation"
    BINDINGS = bindings("conversation")

    ActionChosen = messages.ActionChosen
    CursorMoved = messages.CursorMoved
    LinkChosen = messages.LinkChosen
    LinksAsked = messages.LinksAsked
    CopyRequested = messages.CopyRequested
    FindChanged = messages.FindChanged

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self._cursor: tuple[str, Block] | None = None
        self._search = Search(self._document)

    def show(self, entries: Iterable[Entry]) -> None:
        """Replace everything, and go to the end."""
        self._cursor = None
        self._search.clear()
        super().show(entries)

    def remove_entry(self, key: str) -> None:
        """Take an entry away."""
        if self._cursor is not None and self._cursor[0] == key:
            self._move_to(None)
        self._search.forget(key)
        super().remove_entry(key)

    def _entries_changed(self, keys: set[str]) -> None:
        self._search.note_changed(keys)

    def _has_work(self) -> bool:
        return super()._has_work() or not self._search.is_done

    def _work(self, seconds: float) -> None:
        if self._search.step(seconds):
            self._post_found()
            self.refresh(self.size.region)
        else:
            super()._work(seconds)

    def _bar(self, view: EntryView) -> tuple[int, int, int]:
        if self._cursor is None or self._cursor[0] != view.entry.key:
            return 0, 0, 0
        return *view.rows_of(self._cursor[1]), view.cell_of(self._cursor[1])

    # Selection ------------------------------------------------------------------------------------------

    def _is_overlaid(self, view: EntryView) -> bool:
        return self._search.is_active or self.text_selection is not None

    def _overlays(self, view: EntryView, section: int, leaf: int) -> list[Overlay]:
        overlays = self._search.overlays(view, section, leaf)
        selection = self.text_selection
        if selection is not None and section >= 0:
            span = selection.get_span(order_of(view, section, leaf))
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
        self.post_message(messages.CursorMoved(*((cursor[0], cursor[1].kind) if cursor else (None, ""))))

    def action_copy(self) -> None:
        """Ask for a copy of the block under the cursor; without a cursor, of the last answer."""
        text, what = self.current()
        if text:
            self.post_message(messages.CopyRequested(text, what))

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
            call = self.call
            return (call.arguments, "arguments" if call.sign == "⚙" else "result") if call is not None else ("", "")
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
            self.post_message(messages.LinkChosen(block.name))
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
            self.post_message(messages.LinksAsked(view.entry.key, view.links()))

    def actions(self) -> tuple[str, tuple[Action, ...]]:
        """Return the entry and the actions of the card that keys go to: under the cursor, else the last one."""
        views = self._document.views
        view = self._document.get(self._cursor[0]) if self._cursor is not None else None
        if view is None and views:
            view = views[-1]
        if view is None or view.entry.card is None:
            return "", ()
        return view.entry.key, view.entry.card.actions

    @property
    def call(self) -> ToolCall | None:
        """The call, or the result, that the cursor stands on."""
        if self._cursor is None or self._cursor[1].kind != "tool":
            return None
        view = self._document.get(self._cursor[0])
        calls = view.entry.tool_calls if view is not None else ()
        return next((call for call in calls if call.key == self._cursor[1].name), None)

    def _call_actions(self) -> Iterable[tuple[str, str, tuple[Action, ...]]]:
        """Return the entry, the key and the actions of the call under the cursor, or of the only one of its entry."""
        view = self._document.get(self._cursor[0]) if self._cursor is not None else None
        call = self.call
        if call is None and view is not None and len(view.entry.tool_calls) == 1:
            call = view.entry.tool_calls[0]
        return [(view.entry.key, call.key, call.actions)] if view is not None and call is not None else []

    def on_key(self, event: events.Key) -> None:
        """Take the keys of a call under the cursor, and those of a card."""
        key, actions = self.actions()
        for entry, about, offered in (*self._call_actions(), (key, "", actions)):
            for action in offered:
                if event.key == action.key:
                    event.stop()
                    event.prevent_default()
                    self.post_message(messages.ActionChosen(entry, action.name, about))
                    return

    def on_click(self, event: events.Click) -> None:
        """Act on what was clicked: an action, a fold, a link; else put the cursor there."""
        if self._newer and event.y == self.size.height - 1 and event.x >= self.size.width - len(NEWER) - 1:
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
            self.post_message(messages.LinkChosen(target))
            return
        block = view.block_at(row, event.x - GUTTER)
        if block is not None:
            self._move_to((view.entry.key, block))

    def _take_click(self, view: EntryView, verb: str, name: str) -> None:
        if verb == "action":
            self.post_message(messages.ActionChosen(view.entry.key, name))
        elif verb == "call":
            about, _, action = name.rpartition("\n")
            self.post_message(messages.ActionChosen(view.entry.key, action, about))
        elif verb == "fold":
            self.fold(view.entry.key, name)
        elif verb == "open":
            self.post_message(messages.LinkChosen(name))
        elif verb == "copy" and view.entry.card is not None:
            self.post_message(messages.CopyRequested(view.entry.card.request_id, name))

    def _link_at(self, view: EntryView, row: int, x: int) -> str | None:
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
        self.post_message(messages.FindChanged(search.number, search.total, search.is_done))


def _split(place: Offset) -> tuple[int, int, int]:
    return (place.y >> 32) & 0xFF, place.y & 0xFFFFFFFF, place.x
