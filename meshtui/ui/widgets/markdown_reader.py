"""The blocks of Markdown, read line by line: each complete line is looked at once.

CommonMark's own scheme: a stack of open quotes and list items, and at most one open leaf. A line first goes on
with what is open, then may begin something new, else it is text. The last line, while it is incomplete, is read
on trial: `try_line` does, `undo` takes it back.
"""

from __future__ import annotations

import re
from typing import Any

from meshtui.ui.widgets.markdown_code import Code
from meshtui.ui.widgets.markdown_inline import References, read_definitions
from meshtui.ui.widgets.markdown_leaves import Blank, Edge, Gap, Leaf, Paragraph, Rule, edge_width
from meshtui.ui.widgets.markdown_styles import S
from meshtui.ui.widgets.markdown_table import Table, read_alignments

DEEPEST = 24
"""Quotes and list items inside each other; deeper ones are shown as text."""

_STRUCTURE = re.compile(r"[ \t>*+\-0-9.)]*")
_HEADING = re.compile(r"(#{1,6})(?:[ \t]+|$)")
_CLOSING = re.compile(r"(?:^|[ \t]+)#+[ \t]*$")
_FENCE = re.compile(r"(`{3,})([^`]*)$|(~{3,})(.*)$")
_SETEXT = re.compile(r"(=+|-+)[ \t]*$")
_RULE = re.compile(r"(?:\*[ \t]*){3,}$|(?:-[ \t]*){3,}$|(?:_[ \t]*){3,}$")
_MARKER = re.compile(r"(?:([*+-])|(\d{1,9})([.)]))(?=[ \t]|$)")
_DECIDED = re.compile(r"[^|:\-=*_ \t`~#+>.)]")
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


class BlockReader:
    """Makes leaves of lines. `leaves[dirty:]` may have changed since `dirty` was last set by the caller."""

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

    # Trial of an incomplete line ------------------------------------------------------------------

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

    # Long lines -----------------------------------------------------------------------------------

    def begin_long_line(self, line: str) -> bool:
        """Read the beginning of a line that goes on, where nothing to come can change what it is.

        True where it was read: what follows on the line goes to `extend`.
        """
        if not _DECIDED.search(line[:4096]):
            return False
        self.try_line(line)
        leaf = self._leaf
        fence_opened = isinstance(leaf, Code) and leaf.open_line is None
        fits = isinstance(leaf, Paragraph | Code) and not fence_opened and leaf.open_line is not None
        self.undo()
        if fits:
            self.read_line(line)
        return fits

    def extend(self, more: str) -> None:
        """Add to the line begun by `begin_long_line`."""
        self._touch(len(self.leaves) - 1)
        if isinstance(self._leaf, Paragraph | Code):
            self._leaf.extend(more)

    # One line ---------------------------------------------------------------------------------------

    def read_line(self, line: str) -> None:
        """Read one line, without its newline."""
        self._touch(len(self.leaves) - 1)
        self._original = line
        if "\t" in line:
            end = _STRUCTURE.match(line).end()  # type: ignore[union-attr]  # matches always
            line = line[:end].expandtabs(4) + line[end:]
        self._text = line
        self._match_containers()
        all_matched = self._matched == len(self._stack)
        blank = _skip(self._text, self._at) >= len(self._text)
        leaf = self._leaf
        if all_matched and isinstance(leaf, Code) and self._code_line(leaf, blank):
            return
        if self._blanks:
            self._blank, self._blanks = True, []
        if blank:
            self._blank_line()
            return
        self._parent = self._stack[self._matched - 1]
        self._edge_first = self._parent.edge
        self._begin(all_matched)
        self._blank = False

    def _match_containers(self) -> None:
        text, at = self._text, 0
        length = len(text)
        matched = 1
        for container in self._stack[1:]:
            start = _skip(text, at)
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

    def _blank_line(self) -> None:
        self._close_unmatched()
        self._leaf = None
        deepest = self._stack[-1]
        if not deepest.is_quote:
            self._blank = True

    def _close_unmatched(self) -> None:
        if self._matched < len(self._stack):
            del self._stack[self._matched :]
            self._leaf = None

    # Code -------------------------------------------------------------------------------------------

    def _code_line(self, code: Code, blank: bool) -> bool:
        """Give the line to the open code block; false where it ends it."""
        text, at = self._text, self._at
        indent = _skip(text, at) - at
        if code.is_fence:
            char, least, offset = self._fence
            start = at + indent
            if indent < 4 and text.startswith(char * least, start) and not text[start:].strip().strip(char):
                self._set(code, "closed", True)
                self._leaf = None
                self._blank = False
                return True
            self._add_code(code, self._cut(at + min(indent, offset)))
            return True
        if blank:
            self._blanks = [*self._blanks, text[at + 4 :]]
            return True
        if indent >= 4:
            if self._trial and self._blanks:
                return self._try_code_after_blanks(code, at)
            for held in self._blanks:
                self._add_code(code, held)
            self._blanks = []
            self._add_code(code, self._cut(at + 4))
            return True
        self._leaf = None
        return False

    def _try_code_after_blanks(self, code: Code, at: int) -> bool:
        self._set(code, "open_line", "\n".join([*self._blanks, self._cut(at + 4)]))
        return True

    def _cut(self, at: int) -> str:
        """Return the line from column `at` on, with its own tabs where the columns before it have none."""
        original = self._original
        if original[:at] == self._text[:at]:
            return original[at:]
        return self._text[at:]

    def _add_code(self, code: Code, line: str) -> None:
        if self._trial:
            self._set(code, "open_line", line)
        else:
            code.add_line(line)

    # Beginnings -------------------------------------------------------------------------------------

    def _begin(self, all_matched: bool) -> None:
        """Begin whatever the rest of the line begins; else it is text."""
        text = self._text
        fresh = False
        while True:
            at = self._at
            start = _skip(text, at)
            indent = start - at
            if start >= len(text):
                return
            tip_is_text = isinstance(self._leaf, Paragraph) and not self._leaf.level and not fresh
            if indent >= 4:
                if tip_is_text:
                    break
                self._begin_code(at + 4)
                return
            in_text = tip_is_text and all_matched
            if self._begin_container(start, indent, in_text):
                fresh = True
                all_matched = True
                continue
            if self._begin_leaf(start, indent, in_text):
                return
            break
        self._take_text(_skip(text, self._at), all_matched, fresh)

    def _begin_container(self, start: int, indent: int, in_text: bool) -> bool:
        text = self._text
        character = text[start]
        if len(self._stack) > DEEPEST and self._matched > DEEPEST:
            return False
        if character == ">":
            self._enter_quote()
            self._at = start + 1
            if text[start + 1 : start + 2] == " ":
                self._at += 1
            return True
        if character not in "*+-0123456789":
            return False
        marker = _MARKER.match(text, start)
        if not marker or (character in "*-" and _RULE.match(text, start)):
            return False
        if character == "-" and in_text and _SETEXT.match(text, start):
            return False
        return self._enter_item(marker, indent, in_text)

    def _begin_leaf(self, start: int, indent: int, in_text: bool) -> bool:
        text = self._text
        character = text[start]
        if character == "#" and (match := _HEADING.match(text, start)):
            heading = Paragraph(self._references, len(match[1]))
            heading.add_line(_CLOSING.sub("", text[match.end() :]).strip())
            self._add(heading)
            self._leaf = None
            return True
        if character in "`~" and (match := _FENCE.match(text, start)):
            fence, info = (match[1], match[2]) if match[1] else (match[3], match[4])
            code = Code(info, True)
            self._add(code)
            self._leaf = code
            self._fence = (fence[0], len(fence), indent)
            return True
        if in_text and self._begin_from_text(start):
            return True
        if character in "*-_" and _RULE.match(text, start):
            self._add(Rule())
            self._leaf = None
            return True
        return False

    def _begin_code(self, at: int) -> None:
        code = Code("", False)
        self._add(code)
        self._leaf = code
        self._blanks = []
        self._add_code(code, self._cut(at))

    def _begin_from_text(self, start: int) -> bool:
        """Turn the open paragraph into a heading or the head of a table, where this line says so."""
        text = self._text
        leaf = self._leaf
        if not isinstance(leaf, Paragraph) or text[start] not in "=-|:":
            return False
        above, _, header = leaf.tail.rpartition("\n")
        if leaf.has_pieces and not above:
            header = ""
        alignments = read_alignments(header, text[start:])
        if alignments is not None:
            self._begin_table(leaf, above, header, alignments)
            return True
        setext = _SETEXT.match(text, start)
        if not setext:
            return False
        found, rest = read_definitions(leaf.tail) if not leaf.has_pieces else ({}, leaf.tail)
        if not rest.strip():
            return False
        self._set(leaf, "defined", {**found, **leaf.defined})
        self._set(leaf, "tail", rest)
        self._set(leaf, "level", 1 if setext[1][0] == "=" else 2)
        self._leaf = None
        return True

    def _begin_table(self, leaf: Paragraph, above: str, header: str, alignments: list[str]) -> None:
        table = Table(header, alignments, self._references)
        if above or leaf.has_pieces:
            self._set(leaf, "tail", above)
            table.place(leaf.rest, leaf.rest, self._stack[-1].edge, self._gap(self._stack[-1]))
        else:
            table.place(leaf.first, leaf.rest, leaf.between, leaf.gap)
            table.copied = leaf.copied
            self.leaves.pop()
        self.leaves.append(table)
        self._leaf = table

    # Containers -------------------------------------------------------------------------------------

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
        start = _skip(text, after)
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

    # Leaves -----------------------------------------------------------------------------------------

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

    def _take_text(self, start: int, all_matched: bool, fresh: bool) -> None:
        line = self._text[start:]
        leaf = self._leaf
        if isinstance(leaf, Table) and all_matched and not fresh:
            self._add_to(leaf, line)
            return
        if isinstance(leaf, Paragraph) and not leaf.level and not fresh:
            self._add_to(leaf, line)  # where a container was not matched: its lazy continuation
            return
        paragraph = Paragraph(self._references)
        self._add(paragraph)
        self._leaf = paragraph
        self._add_to(paragraph, line)

    def _add_to(self, leaf: Paragraph | Table, line: str) -> None:
        if self._trial:
            self._set(leaf, "open_line", line)
        else:
            leaf.add_line(line)


def _skip(text: str, at: int) -> int:
    """Return the place of the first character from `at` on that is no blank, or the end."""
    found = _INK.search(text, at)
    return found.start() if found else len(text)
