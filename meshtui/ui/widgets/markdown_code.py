"""Code blocks: their lines as they came, coloured one by one as they grow."""

from __future__ import annotations

import re
from array import array
from bisect import bisect_right
from functools import lru_cache
from typing import Any

from meshtui.core.text import clean
from meshtui.ui.widgets.markdown_inline import Run
from meshtui.ui.widgets.markdown_leaves import Leaf, cut_runs
from meshtui.ui.widgets.markdown_styles import Row, S
from meshtui.ui.widgets.markdown_wrap import Span, crop, wrap

_LONGEST = 512
"""Lines longer than this stay uncoloured: they are data, not code."""
_BLOCK_COMMENTS = frozenset(
    "c c++ cpp c# cs csharp css dart glsl go groovy hlsl java javascript js json5 jsonc jsx kotlin kt less objc "
    "objective-c php proto protobuf rs rust sass scala scss sql swift ts tsx typescript".split()
)
"""Languages whose comments go from /* to */, over line ends that their lexers want to see all at once."""
_WORD = re.compile(r"[\w+#.-]{1,40}")

# Names of token types of pygments, the most special first, and the style of each.
_TOKENS = (
    ("Comment", "comment"),
    ("Keyword.Type", "type"),
    ("Keyword.Constant", "constant"),
    ("Keyword", "keyword"),
    ("Literal.String", "string"),
    ("Literal.Number", "number"),
    ("Literal.Date", "number"),
    ("Name.Function", "function"),
    ("Name.Class", "class"),
    ("Name.Exception", "class"),
    ("Name.Tag", "tag"),
    ("Name.Attribute", "attribute"),
    ("Name.Decorator", "attribute"),
    ("Name.Builtin", "builtin"),
    ("Name.Constant", "constant"),
    ("Name.Variable", "constant"),
    ("Operator.Word", "keyword"),
    ("Operator", "operator"),
    ("Generic.Deleted", "deleted"),
    ("Generic.Inserted", "inserted"),
    ("Generic.Heading", "class"),
    ("Generic.Subheading", "function"),
    ("Generic.Prompt", "comment"),
    ("Generic.Error", "invalid"),
)


def style_of_token(kind: Any) -> int:
    """Return the style for a token type of pygments."""
    while kind is not None:
        if kind in _STYLES:
            return _STYLES[kind]
        name = ".".join(kind)
        for beginning, style in _TOKENS:
            if name == beginning:
                _STYLES[kind] = S[f"code-{style}"]
                return _STYLES[kind]
        kind = kind.parent
    return S["code"]


_STYLES: dict[Any, int] = {}


@lru_cache(maxsize=1)
def _aliases() -> dict[str, str]:
    """Return the lexers that pygments brings itself, by alias. Plug-ins are foreign code and stay out."""
    from pygments.lexers import get_all_lexers

    return {alias: name for name, aliases, _, _ in get_all_lexers(plugins=False) for alias in aliases}


def warm_up() -> None:
    """Import what colours code, so that the first code block need not wait for it."""
    _lexer("python")


@lru_cache(maxsize=64)
def _lexer(language: str) -> Any:
    """Return a lexer for `language` that can stop at a line end and go on from there, or None."""
    from pygments.lexer import ExtendedRegexLexer, RegexLexer
    from pygments.lexers import find_lexer_class

    name = _aliases().get(language)
    kind: Any = find_lexer_class(name) if name else None
    if kind is None:
        return None
    options = {"stripnl": False, "ensurenl": False}
    plain = issubclass(kind, RegexLexer) and "get_tokens_unprocessed" not in vars(kind)
    if plain and not issubclass(kind, ExtendedRegexLexer):
        kind = type("Resumable" + kind.__name__, (ExtendedRegexLexer, kind), {})
    return kind(**options)


class LineHighlighter:
    """Colours code line by line, keeping the lexer's state from one to the next."""

    __slots__ = ("_comment", "_has_comments", "_lexer", "_stack")

    def __init__(self, language: str) -> None:
        self._lexer = _lexer(language) if language else None
        self._has_comments = language in _BLOCK_COMMENTS
        self._stack: tuple[str, ...] = ("root",)
        self._comment = False

    def line(self, text: str, keep: bool = True) -> list[Run]:
        """Return the runs of one line; with `keep` false the state stays as it was."""
        if self._lexer is None or len(text) > _LONGEST:
            return []
        if self._comment:
            return self._in_comment(text, keep)
        runs, stack = self._lex(text)
        opened = self._opens_comment(text, runs)
        if opened >= 0:
            runs = [run for run in runs if run[1] <= opened]
            runs.append((opened, len(text), S["code-comment"]))
        if keep:
            self._comment = opened >= 0
            if opened < 0:
                self._stack = stack
        return runs

    def _in_comment(self, text: str, keep: bool) -> list[Run]:
        end = text.find("*/")
        if end < 0:
            return [(0, len(text), S["code-comment"])] if text else []
        end += 2
        runs, stack = self._lex(" " * end + text[end:])
        if keep:
            self._comment, self._stack = False, stack
        return [(0, end, S["code-comment"]), *(run for run in runs if run[0] >= end)]

    def _opens_comment(self, text: str, runs: list[Run]) -> int:
        """Return where a comment begins that goes on in the next line, or -1."""
        at = text.rfind("/*") if self._has_comments else -1
        if at < 0 or text.find("*/", at + 2) >= 0:
            return -1
        for start, end, style in runs:
            if start <= at < end:
                inside = style == S["code-string"] or (style == S["code-comment"] and start < at)
                return -1 if inside else at
        return at

    def _lex(self, text: str) -> tuple[list[Run], tuple[str, ...]]:
        from pygments.lexer import ExtendedRegexLexer, LexerContext

        lexer: Any = self._lexer
        runs: list[Run] = []
        length = len(text)
        stack = self._stack
        try:
            if isinstance(lexer, ExtendedRegexLexer):
                context = LexerContext(text + "\n", 0, stack=list(stack))
                tokens = lexer.get_tokens_unprocessed(context=context)
                _collect(tokens, length, runs)
                stack = tuple(context.stack[:64]) or ("root",)
            else:
                _collect(lexer.get_tokens_unprocessed(text + "\n"), length, runs)
        except Exception:  # a lexer's fault costs the colours of a line, nothing else
            return [], ("root",)
        return runs, stack


def _collect(tokens: Any, length: int, runs: list[Run]) -> None:
    for start, kind, value in tokens:
        style = style_of_token(kind)
        end = min(start + len(value), length)
        if end <= start or style == S["code"]:
            continue
        if runs and runs[-1][1] == start and runs[-1][2] == style:
            runs[-1] = (runs[-1][0], end, style)
        elif not runs or runs[-1][1] <= start:
            runs.append((start, end, style))


class Code(Leaf):
    """A code block, fenced or indented: a row with the language where one is named, then the lines."""

    __slots__ = (
        "_highlighter",
        "_lines",
        "_open",
        "_open_runs",
        "_runs",
        "_settled",
        "_starts",
        "_text_starts",
        "_width",
        "closed",
        "info",
        "is_fence",
        "language",
        "open_line",
        "raw",
    )

    def __init__(self, info: str, is_fence: bool) -> None:
        super().__init__()
        self.info = clean(info.strip())
        word = _WORD.match(self.info.lower())
        self.language = word[0] if word else ""
        self.is_fence = is_fence
        self.closed = False
        self.raw: list[str] = []
        """The lines as they came, for the clipboard."""
        self.open_line: str | None = None
        self._highlighter = LineHighlighter(self.language)
        self._lines: list[str] = []
        self._runs: list[tuple[int, ...] | None] = []
        self._open = ""
        self._open_runs: list[Run] = []
        self._starts = array("L")
        self._text_starts = array("L", [0])
        self._width = 0
        self._settled = 0

    def use_language(self, language: str) -> None:
        """Colour as `language`, whatever the info string says; before the first line is added."""
        self.language = language
        self._highlighter = LineHighlighter(language)

    def add_line(self, line: str) -> None:
        """Add a line that is complete."""
        self.raw.append(line)
        shown = line.expandtabs(4)
        self._lines.append(shown)
        runs = self._highlighter.line(shown)
        self._runs.append(tuple(number for run in runs for number in run) if runs else None)
        self._text_starts.append(self._text_starts[-1] + len(shown) + 1)

    def extend(self, more: str) -> None:
        """Add to the end of the last line, which is long."""
        self.raw[-1] += more
        if "\t" in more:
            self._lines[-1] = self.raw[-1].expandtabs(4)
        else:
            self._lines[-1] += more
        self._runs[-1] = None
        self._settled = min(self._settled, len(self._lines) - 1)
        self._text_starts[-1] = self._text_starts[-2] + len(self._lines[-1]) + 1
        del self._starts[len(self._lines) :]

    def change_open_line(self, line: str | None) -> None:
        """Set or take away the last line that may still change."""
        self.open_line = line
        self._open = "" if line is None else line.expandtabs(4)
        self._open_runs = self._highlighter.line(self._open, keep=False) if line else []

    @property
    def source(self) -> str:
        """The code as it came."""
        lines = self.raw if self.open_line is None else [*self.raw, self.open_line]
        return "\n".join(lines)

    @property
    def text(self) -> str:
        """The lines as they are shown."""
        return "\n".join(self._lines if self.open_line is None else [*self._lines, self._open])

    def _count(self) -> int:
        return len(self._lines) + (self.open_line is not None)

    def _line(self, number: int) -> str:
        return self._lines[number] if number < len(self._lines) else self._open

    @property
    def header(self) -> int:
        """Rows before the code: 1 where the language is named, or where there is no line yet."""
        return 1 if self.info or not self._count() else 0

    def measure(self, width: int) -> int:
        """Return the number of rows."""
        room = self._code_room(width)
        starts = self._starts
        if room != self._width:
            starts = self._starts = array("L")
            self._width, self._settled = room, 0
        if not starts:
            starts.append(0)
        at = starts[-1]
        for number in range(len(starts) - 1, len(self._lines)):
            at += self._rows(self._lines[number], room)
            starts.append(at)
        return self.header + at + (self._rows(self._open, room) if self.open_line is not None else 0)

    def settled_rows(self) -> int:
        """Return how many rows are the same since this was last asked."""
        settled, self._settled = self._settled, len(self._lines)
        return self.header + int(self._starts[settled]) if 0 < settled < len(self._starts) else 0

    def _code_room(self, width: int) -> int:
        return max(self.room(width) - 2, 1)

    @staticmethod
    def _rows(line: str, room: int) -> int:
        if len(line) <= room and line.isascii():
            return 1
        if line.isascii():
            return -(-len(line) // room)
        return len(_fold(line, room))

    def row(self, index: int, width: int) -> Row:
        """Return row `index`."""
        parts = self.before(index, width)
        if index < self.header:
            label = crop(self.info, self.room(width) - 2)
            return Row([*parts, ("▎ ", S["code-edge"], -1), (label, S["code-label"], -1)], S["code"])
        at = index - self.header
        number = min(bisect_right(self._starts, at) - 1, self._count() - 1)
        line, fold = self._line(number), at - self._starts[number]
        start, end = _fold_at(line, self._code_room(width), fold)
        parts.append(("▎ " if not fold else "▎↪", S["code-edge"], -1))
        shift = self._text_starts[number]
        parts += cut_runs(line, self._runs_of(number), start, end, S["code"], shift)
        if start >= end:
            parts.append(("", S["code"], shift + start))
        return Row(parts, S["code"])

    def _runs_of(self, number: int) -> list[Run]:
        if number >= len(self._lines):
            return self._open_runs
        flat = self._runs[number]
        if not flat:
            return []
        return [(flat[at], flat[at + 1], flat[at + 2]) for at in range(0, len(flat), 3)]

    def row_at(self, offset: int, width: int) -> int:
        """Return the row of the character at `offset`."""
        self.measure(width)
        number = min(bisect_right(self._text_starts, offset) - 1, self._count() - 1)
        if number < 0:
            return 0
        within = offset - self._text_starts[number]
        room = self._code_room(width)
        line = self._line(number)
        if line.isascii():
            fold = within // room
        else:
            fold = sum(1 for start, _ in _fold(line, room) if start <= within) - 1
        return self.header + int(self._starts[number]) + max(fold, 0)


@lru_cache(maxsize=16)
def _fold(line: str, room: int) -> list[Span]:
    """Break a line of code anywhere, by cells."""
    lines: list[Span] = []
    wrap(line.replace(" ", "_"), room, lines)
    return lines


def _fold_at(line: str, room: int, fold: int) -> Span:
    if line.isascii():
        return min(fold * room, len(line)), min((fold + 1) * room, len(line))
    spans = _fold(line, room)
    return spans[min(fold, len(spans) - 1)]
