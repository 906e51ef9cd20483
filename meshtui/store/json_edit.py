"""JSON files that people edit: values put in so that what did not change stays as it stands."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from typing import Any

_SPACE = re.compile(r"[ \t\n\r]*")
_INDENT = re.compile(r"\n([ \t]+)\S")


@dataclass(slots=True)
class _Node:
    """A value in a text: its source, and of a list or object its parts, each with the spaces before it."""

    source: str
    value: Any
    parts: list[tuple[str, str, _Node]] = field(default_factory=list)
    tail: str = ""


def edited_json(text: str, value: Any) -> str:
    """Return `text` with `value` in it; an empty text is a new file. Raises ValueError where it is no JSON.

    Objects keep the order of the members that stay, unless that is what changed.
    """
    if not text.strip():
        return _new(value, "  ") + "\n"
    found = _INDENT.search(text)
    indent = found[1] if found else None
    start = _skipped(text, 0)
    node, end = _read(text, start)
    result = _written(node, value, indent, "\n" + (indent or ""))
    return text[:start] + result + text[end:]


def _new(value: Any, indent: str | None, lead: str = "\n") -> str:
    """Return a value as new text, whose lines begin with `lead`; what UTF-8 cannot hold is escaped."""
    text = json.dumps(value, ensure_ascii=False, indent=indent)
    if any("\ud800" <= char <= "\udfff" for char in text):
        text = json.dumps(value, indent=indent)
    return text.replace("\n", lead)


# Reading


def _skipped(text: str, place: int) -> int:
    match = _SPACE.match(text, place)
    assert match is not None  # noqa: S101 - no space at all fits as well
    return match.end()


def _read(text: str, start: int) -> tuple[_Node, int]:
    """Read the value at a place into a tree; returns where it ends."""
    if text[start] not in "{[":
        value, end = json.JSONDecoder().raw_decode(text, start)
        return _Node(text[start:end], value), end
    is_object = text[start] == "{"
    node = _Node("", {} if is_object else [])
    place = start + 1
    while True:
        after = _skipped(text, place)
        if text[after] in "}]":
            node.tail = text[place:after]
            node.source = text[start : after + 1]
            return node, after + 1
        space, head = text[place:after], ""
        if is_object:
            key, colon = json.JSONDecoder().raw_decode(text, after)
            place = _skipped(text, _skipped(text, colon) + 1)
            head = text[after:place]
        inner, place = _read(text, place if is_object else after)
        node.parts.append((space, head, inner))
        if is_object:
            node.value[key] = inner.value
        else:
            node.value.append(inner.value)
        after = _skipped(text, place)
        if text[after] == ",":
            place = after + 1


# Writing


def _written(node: _Node, value: Any, indent: str | None, lead: str) -> str:
    """Return the source of a value where another one stood; `lead` begins the lines of new parts."""
    if _same(node.value, value):
        return node.source
    if isinstance(value, dict) and isinstance(node.value, dict) and value:
        parts = list(_members(node, value, indent, lead))
    elif isinstance(value, list) and isinstance(node.value, list) and value:
        parts = list(_items(node, value, indent, lead))
    else:
        return _new(value, indent, lead[: len(lead) - len(indent or "")])
    on_lines = any("\n" in space for space, _, _ in node.parts) or (not node.parts and indent)
    first = node.parts[0][0] if node.parts else (lead if on_lines else "")
    between = node.parts[1][0] if len(node.parts) > 1 else (first if on_lines else " ")
    tail = node.tail if node.parts else (lead[: len(lead) - len(indent or "")] if on_lines else "")
    body = ",".join((between if place else first) + part for place, part in enumerate(parts))
    brackets = "{}" if isinstance(value, dict) else "[]"
    return brackets[0] + body + tail + brackets[1]


def _same(old: Any, new: Any) -> bool:
    """Whether values are the same to the letter, 1 and 1.0 and true told apart, members in the same order."""
    return json.dumps(old) == json.dumps(new)


def _below(node: _Node, lead: str, indent: str | None) -> str:
    """Return how lines begin one level below the parts of a node."""
    space = node.parts[0][0] if node.parts and "\n" in node.parts[0][0] else lead
    return "\n" + space.rpartition("\n")[2] + (indent or "")


def _members(node: _Node, value: dict[str, Any], indent: str | None, lead: str) -> Iterator[str]:
    heads = dict(zip(node.value, node.parts, strict=True))
    colon = re.sub(r'^"(?:[^"\\]|\\.)*"', "", node.parts[0][1]) if node.parts else ": "
    below = _below(node, lead, indent)
    for name, item in value.items():
        if name in heads:
            _, head, inner = heads[name]
            yield head + _written(inner, item, indent if "\n" in below else None, below)
        else:
            yield _new(name, None) + colon + _fresh(node, item, indent, below)


def _items(node: _Node, value: list[Any], indent: str | None, lead: str) -> Iterator[str]:
    below = _below(node, lead, indent)
    old = [inner for _, _, inner in node.parts]
    before, after = [json.dumps(inner.value) for inner in old], [json.dumps(item) for item in value]
    for tag, a, b, c, d in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        for place in range(c, d):
            if tag == "equal" or a + place - c < b:
                yield _written(old[a + place - c], value[place], indent, below)
            else:
                yield _fresh(node, value[place], indent, below)


def _fresh(node: _Node, value: Any, indent: str | None, below: str) -> str:
    """Return a new part: over several lines where the node itself is."""
    on_lines = any("\n" in space for space, _, _ in node.parts) or not node.parts
    return _new(value, indent if on_lines else None, below[: len(below) - len(indent or "")])
