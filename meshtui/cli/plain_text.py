"""A page of the documentation as plain text for a terminal: wrapped, aligned, without a mark that is not needed."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING

from meshtui.cli.folding import folded_code

if TYPE_CHECKING:
    from markdown_it.token import Token

NARROWEST = 40
"""Columns below which a page is not wrapped any narrower."""

NARROWEST_COLUMN = 8
"""Columns that each column of a table has at least."""


def plain_text(markdown: str, width: int, heading: str = "") -> str:
    """Return a page as text of at most `width` columns; with `heading`, only the section under that heading.

    Code keeps its lines, or is folded where it means the same. Pictures are left out, links keep their words, and their
    address where it is one of the web.
    """
    from markdown_it import MarkdownIt

    parser = MarkdownIt("commonmark").enable("table")
    tokens = parser.parse(markdown)
    if heading:
        tokens = _section(tokens, heading)
    text = "\n".join(_Page(max(width, NARROWEST)).lines(tokens))
    return re.sub(r"\n{3,}", "\n\n", text).strip("\n") + "\n"


def _section(tokens: Sequence[Token], heading: str) -> list[Token]:
    """Return the tokens from a heading to the next of its level or above; none where there is no such heading."""
    found: list[Token] = []
    level = ""
    for place, token in enumerate(tokens):
        if token.type == "heading_open":
            if found and token.tag <= level:
                break
            if not found and _words(tokens[place + 1]).casefold() == heading.casefold():
                level = token.tag
        if level:
            found.append(token)
    return found


def _words(token: Token) -> str:
    """Return an inline token as text."""
    parts: list[str] = []
    address = ""
    for child in token.children or ():
        if child.type in ("text", "code_inline"):
            parts.append(child.content)
        elif child.type in ("softbreak", "hardbreak"):
            parts.append(" ")
        elif child.type == "link_open":
            address = str(child.attrGet("href") or "")
        elif child.type == "link_close" and address.startswith("http") and address not in parts:
            parts.append(f" ({address})")
    return re.sub(r"\s+", " ", "".join(parts)).strip()


class _Page:
    """Lays the blocks of a page out, one after the other."""

    def __init__(self, width: int) -> None:
        self._width = width

    def lines(self, tokens: Sequence[Token]) -> list[str]:
        """Return the lines of all blocks, an empty one between two."""
        lines: list[str] = []
        lists: list[int | None] = []
        indent, mark = "", ""
        rows: list[list[str]] = []
        for place, token in enumerate(tokens):
            kind = token.type
            if kind == "heading_open":
                lines += ["", *self._heading(_words(tokens[place + 1]), token.tag)]
            elif kind == "inline" and tokens[place - 1].type == "paragraph_open":
                lines += self._wrapped(_words(token), indent, mark)
                mark = ""
                if not lists or not tokens[place - 1].hidden:
                    lines.append("")
            elif kind in ("fence", "code_block"):
                lines += [*self._code(token, f"{indent}    "), ""]
            elif kind in ("bullet_list_open", "ordered_list_open"):
                lists.append(int(token.attrGet("start") or 1) if kind[0] == "o" else None)
            elif kind == "list_item_open":
                number = lists[-1]
                mark = "- " if number is None else f"{number}. "
                lists[-1] = None if number is None else number + 1
                indent = "  " * (len(lists) - 1)
            elif kind in ("bullet_list_close", "ordered_list_close"):
                lists.pop()
                indent = "  " * max(len(lists) - 1, 0)
                lines += [] if lists or (lines and not lines[-1]) else [""]
            elif kind == "tr_open":
                rows.append([])
            elif kind == "inline" and tokens[place - 1].type in ("th_open", "td_open"):
                rows[-1].append(_words(token))
            elif kind == "table_close":
                lines += [*self._table(rows), ""]
                rows = []
        return lines

    def _code(self, token: Token, indent: str) -> list[str]:
        language = token.info.split()[0] if token.info.strip() else ""
        lines = folded_code(token.content.rstrip("\n"), language, self._width - len(indent))
        return [f"{indent}{line}".rstrip() for line in lines]

    def _heading(self, words: str, tag: str) -> list[str]:
        if tag > "h2":
            return [words, ""]
        return [words, ("=" if tag == "h1" else "-") * len(words), ""]

    def _wrapped(self, words: str, indent: str, mark: str) -> list[str]:
        hang = indent + " " * len(mark)
        return textwrap.wrap(
            words,
            self._width,
            initial_indent=indent + mark,
            subsequent_indent=hang,
            break_on_hyphens=False,
            break_long_words=False,
        )

    def _table(self, rows: Sequence[Sequence[str]]) -> list[str]:
        """Return a table whose last column takes the room that the others leave; a long cell goes on below itself."""
        headed = any(rows[0])
        rows = rows if headed else rows[1:]
        widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
        gaps = 2 * (len(widths) - 1)
        last = min(widths[-1], max(self._width // len(widths), 20))
        while sum(widths[:-1]) + last + gaps > self._width and max(widths[:-1]) > NARROWEST_COLUMN:
            widths[widths.index(max(widths[:-1]))] -= 1
        widths[-1] = max(self._width - sum(widths[:-1]) - gaps, NARROWEST_COLUMN)
        wrapped = [[textwrap.wrap(*pair) or [""] for pair in zip(row, widths, strict=True)] for row in rows]
        apart = any(len(cell) > 1 for cells in wrapped for cell in cells)
        lines: list[str] = []
        for cells in wrapped:
            for number in range(max(map(len, cells))):
                pieces = (cell[number] if number < len(cell) else "" for cell in cells)
                lines.append(
                    "  ".join(piece.ljust(width) for piece, width in zip(pieces, widths, strict=True)).rstrip()
                )
            if cells is wrapped[0] and headed:
                lines.append(_rule(rows[0], widths))
            elif apart:
                lines.append("")
        return lines


def _rule(names: Sequence[str], widths: Sequence[int]) -> str:
    """Return the line under the heads of a table."""
    return "  ".join(("-" * len(name)).ljust(width) for name, width in zip(names, widths, strict=True)).rstrip()
