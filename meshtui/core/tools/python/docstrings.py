"""What a docstring says of a function and of each of its parameters: Google, NumPy and Sphinx style."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

_PARAMETERS = frozenset(
    "args,arguments,parameters,params,attributes,keyword args,keyword arguments,other parameters,fields".split(",")
)
_OTHERS = frozenset(
    "returns,return,yields,yield,raises,raise,except,exceptions,warns,see also,example,examples,note,notes,warning,"
    "warnings,references,todo,receives,usage".split(",")
)
_FIELDS = frozenset("return,returns,rtype,raise,raises,except,exception,yield,yields,meta".split(","))

_GOOGLE = re.compile(r"([A-Za-z][A-Za-z ]*):\s*$")
_GOOGLE_ENTRY = re.compile(r"(\*{0,2}[A-Za-z_]\w*)\s*(?:\(([^()]*(?:\([^()]*\)[^()]*)*)\))?\s*:(?:\s+(.*)|$)")
_NUMPY_ENTRY = re.compile(r"(\*{0,2}[A-Za-z_]\w*(?:\s*,\s*\*{0,2}[A-Za-z_]\w*)*)\s*(?::\s*(.*))?$")
_SPHINX = re.compile(r"[:@](\w+)((?:\s+[^:\s]+)*)\s*:\s*(.*)$")


@dataclass(slots=True)
class Said:
    """What is said of one parameter: words, and a type as it is written; both may be empty."""

    description: str = ""
    type: str = ""


@dataclass(slots=True)
class Docs:
    """A docstring: `text` is what comes before its sections."""

    text: str = ""
    parameters: dict[str, Said] = field(default_factory=dict)


def docs_from(docstring: str) -> Docs:
    """Read a docstring whose indent was taken away; what is in no known form is text."""
    docs = Docs()
    lines = docstring.expandtabs().split("\n")
    text: list[str] = []
    place, in_text = 0, True
    while place < len(lines):
        line = lines[place]
        title, head = _title(lines, place)
        if title:
            in_text = False
            body = list(_body(lines, place + head, numpy=head == 2))
            place += head + len(body)
            if title in _PARAMETERS:
                (_numpy if head == 2 else _google)(body, docs)
        elif (match := _SPHINX.match(line.strip())) and _sphinx(match, body := list(_below(lines, place)), docs):
            in_text = False
            place += 1 + len(body)
        else:
            if in_text:
                text.append(line)
            place += 1
    docs.text = "\n".join(text).strip()
    return docs


def _title(lines: Sequence[str], place: int) -> tuple[str, int]:
    """Return the name of the section that begins at a line and how many lines its head has; an empty name for none."""
    line = lines[place].strip()
    below = lines[place + 1].strip() if place + 1 < len(lines) else ""
    if len(below) > 2 and set(below) <= {"-"} and line.lower() in _PARAMETERS | _OTHERS:
        return line.lower(), 2
    match = _GOOGLE.match(line)
    if match and match[1].lower() in _PARAMETERS | _OTHERS:
        return match[1].lower(), 1
    return "", 0


def _body(lines: Sequence[str], start: int, *, numpy: bool) -> Iterator[str]:
    """Yield the lines of a section: up to the next one, in Google style also up to a line that is not indented."""
    if start >= len(lines):
        return
    head = _indent(lines[start - 1])
    for place in range(start, len(lines)):
        line = lines[place]
        if line.strip() and (_title(lines, place)[0] and _indent(line) <= head):
            return
        if line.strip() and not numpy and _indent(line) <= head:
            return
        yield line


def _below(lines: Sequence[str], place: int) -> Iterator[str]:
    for line in lines[place + 1 :]:
        if not line.strip() or _SPHINX.match(line.strip()) or _indent(line) <= _indent(lines[place]):
            return
        yield line


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())


def _entries(body: Sequence[str]) -> Iterator[tuple[str, list[str]]]:
    """Yield what stands at the section's own indent, each with the lines indented below it."""
    base = min((_indent(line) for line in body if line.strip()), default=0)
    head, below = "", list[str]()
    for line in body:
        if line.strip() and _indent(line) == base:
            if head:
                yield head, below
            head, below = line.strip(), []
        else:
            below.append(line.strip())
    if head:
        yield head, below


def _google(body: Sequence[str], docs: Docs) -> None:
    for head, below in _entries(body):
        match = _GOOGLE_ENTRY.match(head)
        if match:
            docs.parameters[match[1].lstrip("*")] = Said(_joined([match[3] or "", *below]), _type(match[2] or ""))


def _numpy(body: Sequence[str], docs: Docs) -> None:
    for head, below in _entries(body):
        match = _NUMPY_ENTRY.match(head)
        for name in match[1].split(",") if match else ():
            docs.parameters[name.strip().lstrip("*")] = Said(_joined(below), _type(match[2] or "") if match else "")


def _sphinx(match: re.Match[str], body: Sequence[str], docs: Docs) -> bool:
    """Take a field of Sphinx style over; return whether it is one at all."""
    name, words, rest = match[1], match[2].split(), _joined([match[3], *body])
    if name in ("param", "parameter", "arg", "argument", "key", "keyword", "ivar", "cvar", "var") and words:
        said = docs.parameters.setdefault(words[-1].lstrip("*"), Said())
        said.description, said.type = rest, _type(" ".join(words[:-1])) or said.type
    elif name in ("type", "vartype") and words:
        docs.parameters.setdefault(words[-1].lstrip("*"), Said()).type = _type(rest)
    else:
        return name in _FIELDS
    return True


def _joined(lines: Sequence[str]) -> str:
    """Join lines to one text; an empty line stays one."""
    paragraphs = "\n".join(line.strip() for line in lines).strip().split("\n\n")
    return "\n\n".join(" ".join(paragraph.split()) for paragraph in paragraphs)


def _type(text: str) -> str:
    """Return the type out of `int, optional` or `int, default 3`."""
    return (
        re.split(r",\s*(?:optional|default|required)\b", text.strip(), maxsplit=1)[0].strip().removesuffix("optional")
    )
