"""What is open while Markdown is read: quotes, list items, the leaf that grows; and the way back.

The last line, while it is incomplete, is read on trial: each change is noted, and `undo` takes them back.
"""

from __future__ import annotations

import re
from typing import Any

from meshtui.ui.widgets.markdown_code import Code
from meshtui.ui.widgets.markdown_inline import References
from meshtui.ui.widgets.markdown_leaves import Blank, Edge, Gap, Leaf, Rule, edge_width
from meshtui.ui.widgets.markdown_paragraph import Paragraph
from meshtui.ui.widgets.markdown_styles import S
from meshtui.ui.widgets.markdown_table import Table

_INK = re.compile(r"[^ \t]")
_BULLETS = "•◦▪"


class Always:
    """A gap that is always there."""

    __slots__ = ()
    loose = True


_ALWAYS = Always()


class ListState:
    """A list that is open, or was."""

    __slots__ = ("count", "first_leaf", "kind", "loose", "start")

    def __init__(self, kind: str, start: int, first_leaf: int) -> None:
        self.kind = kind
        self.start = start
        self.count = 0
        self.loose = False
        self.first_leaf = first_leaf


class Container:
    """A quote, a list item, or the document itself."""

    __slots__ = ("children", "edge", "is_quote", "items", "offset", "open_list")

    def __init__(self, edge: Edge, offset: int = 0, items: ListState | None = None) -> None:
        self.edge = edge
        """What stands left of every row in it."""
        self.offset = offset
        """Columns that a line must be indented by to belong to an item."""
        self.items = items
        """The list of which it is an item."""
        self.is_quote = items is None
        self.open_list: ListState | None = None
        self.children = 0


class OpenBlocks:
    """The stack of open containers and the open leaf. `leaves[dirty:]` may have changed since `dirty` was set."""

    def __init__(self, references: References, edge: Edge = ()) -> None:
        self.leaves: list[Leaf] = []
        self.dirty = 0
        self._references = references
        self._stack: list[Container] = [Container(edge)]
        self._stack[0].is_quote = False
        self._leaf: Paragraph | Code | Table | None = None
        self._fence = ("", 0, 0)
        self._blank = False
        self._blanks: list[str] = []
        self._trial = False
        self._journal: list[tuple[Any, str, Any]] = []
        self._before: tuple[Any, ...] = ()
        # For the line being read:
        self._text = ""
        self._original = ""
        self._at = 0
        self._matched = 0
        self._edge_first: Edge = ()
        self._parent: Container = self._stack[0]

    def try_line(self, line: str) -> None:
        """Read a line that may still grow, so that `undo` can take it back."""
        leaves = self.leaves
        self._before = (
            list(self._stack),
            self._leaf,
            self._fence,
            self._blank,
            list(self._blanks),
            len(leaves),
            leaves[-1] if leaves else None,
        )
        self._trial = True
        self.read_line(line)

    def undo(self) -> None:
        """Take back the line that was tried."""
        if not self._trial:
            return
        self._trial = False
        for owner, name, value in reversed(self._journal):
            if name == "open_line":
                owner.change_open_line(value)
            else:
                setattr(owner, name, value)
        self._journal.clear()
        self._stack, self._leaf, self._fence, self._blank, self._blanks, count, last = self._before
        self._touch(count - 1)
        del self.leaves[count:]
        if count:
            self.leaves[count - 1 :] = [last]

    def _set(self, owner: Any, name: str, value: Any) -> None:
        if self._trial:
            self._journal.append((owner, name, getattr(owner, name)))
        if name == "open_line":
            owner.change_open_line(value)
        else:
            setattr(owner, name, value)

    def _touch(self, index: int) -> None:
        self.dirty = max(min(self.dirty, index), 0)

    def _match_containers(self) -> None:
        text, at = self._text, 0
        length = len(text)
        matched = 1
        for container in self._stack[1:]:
            start = skip(text, at)
            indent = start - at
            if container.is_quote:
                if indent > 3 or start >= length or text[start] != ">":
                    break
                at = start + 1
                if at < length and text[at] == " ":
                    at += 1
            elif start >= length:
                if not container.children:
                    break
                at = length
            elif indent >= container.offset:
                at += container.offset
            else:
                break
            matched += 1
        self._at, self._matched = at, matched

    def _close_unmatched(self) -> None:
        if self._matched < len(self._stack):
            del self._stack[self._matched :]
            self._leaf = None

    def _enter_quote(self) -> None:
        self._close_unmatched()
        self._leaf = None
        parent = self._stack[-1]
        self._new_child(parent)
        bar: Edge = (("▌ ", S["bar"]),)
        quote = Container((*parent.edge, *bar))
        self._edge_first = (*self._edge_first, *bar)
        self._stack.append(quote)
        self._matched = len(self._stack)

    def _enter_item(self, marker: re.Match[str], indent: int, in_text: bool) -> bool:
        text = self._text
        after = marker.end()
        start = skip(text, after)
        empty = start >= len(text)
        if in_text and (empty or (marker[2] is not None and int(marker[2]) != 1)):
            return False
        spaces = start - after
        padding = 1 if empty or spaces >= 5 else spaces
        self._close_unmatched()
        self._leaf = None
        parent = self._stack[-1]
        kind = marker[1] or marker[3]
        items = parent.open_list
        fresh = items is None or items.kind != kind
        if items is None or items.kind != kind:
            self._new_child(parent)
            items = ListState(kind, int(marker[2] or 0), len(self.leaves))
            self._set(parent, "open_list", items)
        elif self._blank:
            self._loosen(items)
        sign = self._sign(items, marker[2] is not None)
        self._set(items, "count", items.count + 1)
        item = Container((*parent.edge, (" " * edge_width(sign), 0)), indent + len(marker[0]) + padding, items)
        self._stack.append(item)
        self._matched = len(self._stack)
        self._edge_first = (*self._edge_first, *sign)
        if not fresh:
            self._parent = item
        self._at = len(text) if empty else after + padding
        if empty:
            self._blank = False
            self._add(Blank(item), counts=False)
        return True

    def _sign(self, items: ListState, ordered: bool) -> Edge:
        if ordered:
            return ((f"{items.start + items.count}{items.kind} ", S["bullet"]),)
        depth = sum(1 for container in self._stack[1:] if container.items is not None)
        return ((f"{_BULLETS[depth % len(_BULLETS)]} ", S["bullet"]),)

    def _new_child(self, parent: Container) -> None:
        """Note that `parent` gets one more child; a blank line before it makes its list loose."""
        if parent.items is not None and parent.children and self._blank:
            self._loosen(parent.items)
        self._set(parent, "children", parent.children + 1)
        if parent.open_list is not None:
            self._set(parent, "open_list", None)

    def _loosen(self, items: ListState) -> None:
        if not items.loose:
            self._set(items, "loose", True)
            self._touch(items.first_leaf)
            if self._trial:
                self._journal.append((self, "dirty", min(self.dirty, items.first_leaf)))

    def _gap(self, container: Container) -> Gap:
        return container.items if container.items is not None else _ALWAYS

    def _add(self, leaf: Paragraph | Code | Table | Rule | Blank, counts: bool = True) -> None:
        """Add a leaf to the deepest open container."""
        self._close_unmatched()
        parent = self._stack[-1]
        leaves = self.leaves
        previous = leaves[-1] if leaves else None
        if isinstance(previous, Blank) and previous.item is parent and not parent.children and counts:
            leaves.pop()
            leaf.place(previous.first, previous.rest, previous.between, previous.gap)
            leaf.copied = previous.copied
            self._new_child(parent)
        else:
            outer = self._parent
            gap = self._gap(outer) if leaves else None
            leaf.place(self._edge_first, parent.edge, self._between(outer), gap)
            leaf.copied = self._copied()
            if counts:
                self._new_child(parent)
        if isinstance(leaf, Paragraph):
            leaf.in_item = parent.items is not None and parent.children == 1
        leaves.append(leaf)

    def _between(self, outer: Container) -> Edge:
        """Return what stands in a blank row: the bars of the quotes that go on."""
        edge = list(outer.edge)
        while edge and not edge[-1][0].strip():
            edge.pop()
        return tuple(edge)

    def _copied(self) -> str:
        signs = [text for text, style in self._edge_first if style == S["bullet"]]
        return "".join(sign if sign[0].isdigit() else "- " for sign in signs)

    def read_line(self, line: str) -> None:
        """Read one line, without its newline."""
        raise NotImplementedError


def skip(text: str, at: int) -> int:
    """Return the place of the first character from `at` on that is no blank, or the end."""
    found = _INK.search(text, at)
    return found.start() if found else len(text)
