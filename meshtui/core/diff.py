"""What changed from one text to another, word by word for all who compare, and between three versions."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import StrEnum
from typing import Any, Literal

WORDS_COMPARED = 4_000
"""Words of one changed stretch that are compared one by one (the search is quadratic); longer ones change whole."""

_WORD = re.compile(r"\S+\s*|\s+")

Kind = Literal["same", "removed", "added"]


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of text that both have, that only the old one has, or only the new one."""

    kind: Kind
    text: str


def diff_words(old: str, new: str) -> list[Piece]:
    """Return the pieces that lead from `old` to `new`.

    The kept and removed ones together are `old`, the kept and added ones `new`. Neighbours differ in kind.
    """
    pieces: list[Piece] = []
    before, after = old.splitlines(keepends=True), new.splitlines(keepends=True)
    for tag, a, b, c, d in steps(before, after):
        if tag == "equal":
            pieces.append(Piece("same", "".join(before[a:b])))
        else:
            pieces += words("".join(before[a:b]), "".join(after[c:d]))
    return _joined(pieces)


def steps(old: Sequence[str], new: Sequence[str]) -> Iterable[tuple[str, int, int, int, int]]:
    """Yield the steps from one sequence to the other as difflib's opcodes.

    What both begin and end with is not searched, and what is longer than `WORDS_COMPARED` is replaced whole.
    """
    head = 0
    while head < min(len(old), len(new)) and old[head] == new[head]:
        head += 1
    tail = 0
    while tail < min(len(old), len(new)) - head and old[-1 - tail] == new[-1 - tail]:
        tail += 1
    a, b = old[head : len(old) - tail], new[head : len(new) - tail]
    if head:
        yield "equal", 0, head, 0, head
    if len(a) > WORDS_COMPARED or len(b) > WORDS_COMPARED:
        yield "replace", head, head + len(a), head, head + len(b)
    else:
        for tag, i, j, k, m in SequenceMatcher(None, a, b, autojunk=False).get_opcodes():
            yield tag, i + head, j + head, k + head, m + head
    if tail:
        yield "equal", len(old) - tail, len(old), len(new) - tail, len(new)


def words(old: str, new: str) -> list[Piece]:
    """Return the pieces that lead from one stretch of text to another, word by word."""
    before, after = _WORD.findall(old), _WORD.findall(new)
    if len(before) > WORDS_COMPARED or len(after) > WORDS_COMPARED:
        return [Piece("removed", old), Piece("added", new)]
    long = len(before) * len(after) > 1_000_000
    pieces: list[Piece] = []
    keys = [word.rstrip() for word in before], [word.rstrip() for word in after]
    for tag, a, b, c, d in SequenceMatcher(None, *keys, autojunk=long).get_opcodes():
        if tag == "equal" and before[a:b] == after[c:d]:
            pieces.append(Piece("same", "".join(before[a:b])))
            continue
        if tag == "equal":  # they differ in white space alone, such as where a line ends
            for one, two in zip(before[a:b], after[c:d], strict=True):
                pieces += [Piece("same", two)] if one == two else [Piece("removed", one), Piece("added", two)]
            continue
        gone, come = "".join(before[a:b]), "".join(after[c:d])
        shared = _shared_end(gone, come)
        gone, come = gone.removesuffix(shared), come.removesuffix(shared)
        pieces += [Piece("removed", gone), Piece("added", come), Piece("same", shared)]
    return pieces


def _shared_end(one: str, two: str) -> str:
    """Return what both end with as far as it is white space and punctuation."""
    count = 0
    while count < min(len(one), len(two)) and one[-1 - count] == two[-1 - count] and not one[-1 - count].isalnum():
        count += 1
    return one[len(one) - count :]


def _joined(pieces: Iterable[Piece]) -> list[Piece]:
    """Join neighbours of one kind; between two kept stretches removals come before additions."""
    joined: list[Piece] = []
    removed = added = ""

    def flush() -> None:
        nonlocal removed, added
        joined.extend(Piece(kind, text) for kind, text in _both(removed, added))
        removed = added = ""

    for piece in pieces:
        if not piece.text:
            continue
        if piece.kind == "removed":
            removed += piece.text
        elif piece.kind == "added":
            added += piece.text
        else:
            flush()
            if joined and joined[-1].kind == "same":
                joined[-1] = Piece("same", joined[-1].text + piece.text)
            else:
                joined.append(piece)
    flush()
    return joined


def _both(removed: str, added: str) -> Iterable[tuple[Kind, str]]:
    if removed:
        yield "removed", removed
    if added:
        yield "added", added


class Change(StrEnum):
    """Who changed a field since both sides were the same."""

    NONE = "the same"
    LOCAL = "changed here"
    REMOTE = "changed there"
    BOTH = "changed alike"
    CONFLICT = "changed on both sides"


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One field of three versions: what both began with, what stands here and what stands there."""

    field: str
    change: Change
    base: Any
    local: Any
    remote: Any


def compare_three(
    base: Mapping[str, Any] | None, local: Mapping[str, Any], remote: Mapping[str, Any]
) -> list[FieldChange]:
    """Compare three versions field by field, in the order of `local`; what is empty counts as absent.

    Without a `base` every difference is a conflict: nobody knows who changed it.
    """
    changes = []
    for field in dict.fromkeys((*local, *remote)):
        here, there = local.get(field) or None, remote.get(field) or None
        before = None if base is None else base.get(field) or None
        if here == there:
            change = Change.NONE if base is None or here == before else Change.BOTH
        elif base is not None and there == before:
            change = Change.LOCAL
        elif base is not None and here == before:
            change = Change.REMOTE
        else:
            change = Change.CONFLICT
        changes.append(FieldChange(field, change, before, here, there))
    return changes
