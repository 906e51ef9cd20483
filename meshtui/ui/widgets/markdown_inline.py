"""From the source of one paragraph, heading or table cell to plain text, style runs and links."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from markdown_it import MarkdownIt
from markdown_it.rules_inline.state_inline import StateInline
from markdown_it.token import Token

from meshtui.core.text import clean

STRONG, EM, STRIKE, CODE, LINK, IMAGE, FAINT, MARK = (1 << bit for bit in range(8))
"""What a run of text can be, joined by `|`. FAINT is what we add (a target), MARK a check box."""

Run = tuple[int, int, int]
"""Start and end offset in the text, and flags."""

_SPECIAL = re.compile(r"[\\`*_~\[\]<&!\n]|://|  ")
_ADDRESS = re.compile(r"https?://[^\s<>\"`{}|\\^]+", re.IGNORECASE)
_LOOKS_LIKE_ADDRESS = re.compile(r"(?:[a-z][a-z0-9+.-]*://)?(?:[\w-]+(?:\.|%2e))+[a-z]{2,}(?=[/:?#\s]|$)", re.I)
_MOST = 16_384
_BRACKETS = 40
_DEEPEST = 16
# Stand-ins for brackets that cannot be part of a link; control characters do not occur in clean source.
_OPEN, _CLOSE = "\x01", "\x02"

_MARKDOWN = MarkdownIt("commonmark", {"html": False, "maxNesting": 40}).enable("strikethrough")
_BLOCKS = MarkdownIt("zero", {"html": False}).enable("reference")


@dataclass(frozen=True, slots=True)
class Link:
    """A link or image in a text: where it stands and where it leads."""

    start: int
    end: int
    target: str


@dataclass(slots=True)
class Inline:
    """Text of a leaf of the document: plain, with runs of styles (ordered, apart from each other) and links."""

    text: str = ""
    runs: list[Run] = field(default_factory=list)
    links: list[Link] = field(default_factory=list)
    settled: bool = True
    """Nothing that could still be closed is open, so that text after it can be read alone."""


class References(dict[str, Any]):
    """Link definitions known so far; notes which labels are asked for."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: set[str] = set()

    def get(self, label: str, default: Any = None) -> Any:
        """Return the definition of the normalized `label`, and note the question."""
        self.asked.add(label)
        return super().get(label, default)


def read_definitions(source: str) -> tuple[dict[str, Any], str]:
    """Take the link definitions off the beginning of a paragraph: what they define, and what remains.

    A label that begins with ^ is a footnote; it is text like any other.
    """
    found: dict[str, Any] = {}
    while source.startswith("[") and not source.startswith("[^") and "]:" in source:
        env: dict[str, Any] = {}
        tokens: list[Token] = []
        note = source.find("\n[^")
        part = source if note < 0 else source[:note]
        try:
            _BLOCKS.block.parse(part, _BLOCKS, env, tokens)
        except Exception:  # whatever the parser cannot do stays text
            return found, source
        references = env.get("references", {})
        for label, reference in references.items():
            found.setdefault(label, reference)
        rest = "".join(token.content for token in tokens if token.type == "inline")
        return found, rest + ("" if note < 0 else source[note if rest else note + 1 :])
    return found, source


def read_inline(source: str, references: References) -> Inline:
    """Read the inline Markdown of `source`. Never fails: what cannot be read is text."""
    if "\t" in source:
        source = source.replace("\t", " ")
    if not _SPECIAL.search(source):
        return Inline(source)
    if len(source) > _MOST:
        return Inline(clean(source.replace("\n", " ")))
    plain = source
    if source.count("[") > _BRACKETS:
        source = _without_hopeless_brackets(source)
    try:
        state = StateInline(source, _MARKDOWN, {"references": references}, [])
        _MARKDOWN.inline.tokenize(state)
        for rule in _MARKDOWN.inline.ruler2.getRules(""):
            rule(state)
        settled = not any(mark.open and mark.end < 0 for mark in state.delimiters)
        writer = _Writer()
        for token in state.tokens:
            writer.take(token)
        inline = writer.finish()
    except Exception:  # a parser's limit is no reason to lose the text
        return Inline(clean(plain.replace("\n", " ")))
    inline.settled = settled and writer.is_settled()
    return inline


def _without_hopeless_brackets(source: str) -> str:
    """Replace the brackets that are never closed, or nested too deeply, with stand-ins.

    The parser looks for the end of each bracket anew, which takes quadratic time where there is none.
    """
    characters = list(source)
    opened: list[int] = []
    for at, character in enumerate(source):
        if character == "[":
            opened.append(at)
        elif character == "]" and opened:
            start = opened.pop()
            if len(opened) >= _DEEPEST:
                characters[start], characters[at] = _CLOSE + _OPEN, _CLOSE
    for at in opened:
        characters[at] = _OPEN
    return "".join(characters)


class _Writer:
    """Makes text and runs of the inline tokens of markdown-it."""

    _FLAGS = {"strong": STRONG, "em": EM, "s": STRIKE}

    def __init__(self) -> None:
        self.inline = Inline()
        self._parts: list[str] = []
        self._length = 0
        self._depths = {STRONG: 0, EM: 0, STRIKE: 0}
        self._flags = 0
        self._link: tuple[int, int, str] | None = None
        self._literal: list[str] = []

    def take(self, token: Token) -> None:
        """Add one token."""
        kind = token.type
        if kind == "text":
            self._literal.append(token.content)
            self._text(token.content)
        elif kind == "text_special":
            self._put(token.content, self._flags)
        elif kind in ("softbreak", "hardbreak"):
            # CommonMark leaves a soft break to the renderer. Models break lines where they mean it: poems, addresses.
            self._put("\n", self._flags)
        elif kind == "code_inline":
            self._put(token.content, self._flags | CODE)
        elif kind == "link_open":
            self._link = (self._length, len(self._parts), str(token.attrs.get("href", "")))
            self._flags |= LINK
        elif kind == "link_close":
            self._close_link()
        elif kind == "image":
            self._image(token)
        elif token.tag in self._FLAGS:
            self._nest(self._FLAGS[token.tag], token.nesting)
        elif token.content:
            self._put(token.content, self._flags)

    def finish(self) -> Inline:
        """Return what was written."""
        self.inline.text = "".join(self._parts)
        return self.inline

    def is_settled(self) -> bool:
        """Tell whether no bracket, code span or link target is left open."""
        literal = "".join(self._literal)
        if "`" in literal or "](" in literal:
            return False
        if _OPEN in literal.replace(_CLOSE + _OPEN, ""):
            return False
        depth = 0
        for character in literal:
            if character == "[":
                depth += 1
            elif character == "]" and depth:
                depth -= 1
        return depth == 0

    def _nest(self, flag: int, nesting: int) -> None:
        self._depths[flag] += nesting
        if self._depths[flag] > 0:
            self._flags |= flag
        else:
            self._flags &= ~flag

    def _put(self, text: str, flags: int) -> None:
        if not text:
            return
        if _OPEN in text or _CLOSE in text:
            text = text.replace(_CLOSE + _OPEN, "[").replace(_OPEN, "[").replace(_CLOSE, "]")
        text = clean(text).replace("\t", " ")  # what entities spell
        start, self._length = self._length, self._length + len(text)
        self._parts.append(text)
        if flags:
            runs = self.inline.runs
            if runs and runs[-1][1] == start and runs[-1][2] == flags:
                runs[-1] = (runs[-1][0], self._length, flags)
            else:
                runs.append((start, self._length, flags))

    def _text(self, text: str) -> None:
        """Add plain text; an address in it is a link to itself."""
        if self._link is not None or "://" not in text:
            self._put(text, self._flags)
            return
        done = 0
        for start, end in _addresses(text):
            self._put(text[done:start], self._flags)
            at = self._length
            self._put(text[start:end], self._flags | LINK)
            self.inline.links.append(Link(at, self._length, clean(text[start:end])))
            done = end
        self._put(text[done:], self._flags)

    def _close_link(self) -> None:
        self._flags &= ~LINK
        if self._link is None:
            return
        start, part, target = self._link
        self._link = None
        label = "".join(self._parts[part:])
        target = clean(target)
        self.inline.links.append(Link(start, self._length, target))
        if not label.strip() or misleads(label, target):
            self._put(f" ({target})" if label.strip() else target, self._flags | FAINT)

    def _image(self, token: Token) -> None:
        target = clean(str(token.attrs.get("src", "")))
        label = "".join(child.content for child in token.children or [] if child.content)
        start = self._length
        self._put(label.replace("\n", " ") or "image", self._flags | IMAGE)
        self.inline.links.append(Link(start, self._length, target))
        self._put(f" ({target})", self._flags | FAINT)


def _addresses(text: str) -> Iterator[tuple[int, int]]:
    """Find the bare http addresses of `text`, without punctuation that belongs to the sentence."""
    for match in _ADDRESS.finditer(text):
        start, end = match.span()
        while end > start:
            last = text[end - 1]
            if last in ".,;:!?'*_~" or (last == ")" and text.count(")", start, end) > text.count("(", start, end)):
                end -= 1
            else:
                break
        if end - start > len("https://"):
            yield start, end


def misleads(label: str, target: str) -> bool:
    """Tell whether the text of a link names an address other than the one it leads to."""
    named = _LOOKS_LIKE_ADDRESS.search(label.strip())
    if not named:
        return False
    wanted = label.strip().removeprefix("mailto:")
    if target in (wanted, f"mailto:{wanted}", f"http://{wanted}", f"https://{wanted}"):
        return False
    if not re.match(r"[a-z][a-z0-9+.-]*:|//", target, re.I):
        return True
    host = urlsplit(named[0] if "://" in named[0] else "//" + named[0]).hostname or ""
    return (urlsplit(target).hostname or "").removeprefix("www.") != host.lower().removeprefix("www.")
