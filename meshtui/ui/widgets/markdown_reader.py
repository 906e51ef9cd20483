"""The blocks of Markdown, read line by line: each complete line is looked at once.

CommonMark's own scheme: a stack of open quotes and list items, and at most one open leaf. A line first goes on
with what is open, then may begin something new, else it is text. The last line, while it is incomplete, is read
on trial: `try_line` does, `undo` takes it back.
"""

from __future__ import annotations

import re

from meshtui.ui.widgets.markdown_code import Code
from meshtui.ui.widgets.markdown_containers import OpenBlocks, skip
from meshtui.ui.widgets.markdown_inline import read_definitions
from meshtui.ui.widgets.markdown_leaves import Rule
from meshtui.ui.widgets.markdown_paragraph import Paragraph
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


class BlockReader(OpenBlocks):
    """Makes leaves of lines."""

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
        blank = skip(self._text, self._at) >= len(self._text)
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

    def _blank_line(self) -> None:
        self._close_unmatched()
        self._leaf = None
        deepest = self._stack[-1]
        if not deepest.is_quote:
            self._blank = True

    # Code -------------------------------------------------------------------------------------------

    def _code_line(self, code: Code, blank: bool) -> bool:
        """Give the line to the open code block; false where it ends it."""
        text, at = self._text, self._at
        indent = skip(text, at) - at
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
            start = skip(text, at)
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
        self._take_text(skip(text, self._at), all_matched, fresh)

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
