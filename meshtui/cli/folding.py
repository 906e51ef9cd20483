"""Lines of code folded to a width so that they still mean the same: what does not fit otherwise stays as it is."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Callable, Iterator

_COMMENT = re.compile(r"(?<=\s)# ")
_OPTION = re.compile(r"--?[A-Za-z][\w-]*$")
_BLANK, _COMMA = re.compile(r"(?<=\S) +(?=\S)"), re.compile(r"(?<=,) (?=\S)")


def folded_code(text: str, language: str, width: int) -> list[str]:
    """Return the lines of a text: long comments stand above their line, commands go on behind a backslash.

    `language` is the first word of a fence: JSON is parted at commas, any other than sh, toml and json not at all.
    """
    lines = text.split("\n")
    if language in ("sh", "toml", "ini"):
        lines = [part for line in lines for part in _comment_above(line, width)]
    fold: Callable[[str, int], list[str]] | None = {"sh": folded_command, "json": _folded_json}.get(language)
    return [part for line in lines for part in fold(line, width)] if fold is not None else lines


def folded_command(line: str, width: int) -> list[str]:
    """Return a shell command in lines that a shell reads as one; what is quoted is never parted."""
    return [line] if line.lstrip().startswith("#") else _folded(line, width, _BLANK, " \\", 4)


def _folded_json(line: str, width: int) -> list[str]:
    return _folded(line, width, _COMMA, "", 2)


def _folded(line: str, width: int, gap: re.Pattern[str], mark: str, hang: int) -> list[str]:
    """Part a line at gaps outside of quotes; all parts but the last end with `mark`."""
    if len(line) <= width:
        return [line]
    pieces = list(_pieces(line, gap))
    indent = " " * (len(line) - len(line.lstrip()) + hang)
    lines, current = [], pieces[0]
    for piece in pieces[1:]:
        if len(current) + 1 + len(piece) + len(mark) <= width:
            current = f"{current} {piece}"
        else:
            lines.append(current + mark)
            current = indent + piece
    return [*lines, current]


def _outside(gap: re.Pattern[str], line: str) -> Iterator[re.Match[str]]:
    """Yield the places of a line that are not within quotes."""
    quoted = [found.span() for found in re.finditer(r'"(?:\\.|[^"\\])*"|\'[^\']*\'', line)]
    return (found for found in gap.finditer(line) if not any(begin < found.start() < end for begin, end in quoted))


def _pieces(line: str, gap: re.Pattern[str]) -> Iterator[str]:
    start = 0
    for found in _outside(gap, line):
        piece, rest = line[start : found.start()].lstrip(), line[found.end() :]
        if gap is _BLANK and (piece == "|" or (_OPTION.match(piece) and not rest.startswith(("-", "|", "<", ">")))):
            continue  # an option stays with its value, a pipe with its command
        yield line[start : found.start()]
        start = found.end()
    yield line[start:]


def _comment_above(line: str, width: int) -> list[str]:
    found = next(_outside(_COMMENT, line), None)
    code = line[: found.start()] if found is not None else ""
    if found is None or len(line) <= width or not code.strip():
        return [line]
    mark = " " * (len(code) - len(code.lstrip())) + "# "
    words = textwrap.wrap(
        line[found.end() :],
        width,
        initial_indent=mark,
        subsequent_indent=mark,
        break_long_words=False,
        break_on_hyphens=False,
    )
    return [*words, code.rstrip()]
