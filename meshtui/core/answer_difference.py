"""How one answer differs from another: by Markdown block and then by words, JSON by structure, tool calls by path."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any, Literal

from meshtui.core.chat import ToolCall
from meshtui.core.diff import Piece, diff_words, words
from meshtui.core.json.place import path_step
from meshtui.core.json.text import json_or

ALIKE = 0.3
"""Blocks that share less than this part of their words are not compared word by word: one goes, one comes."""

LONG = 20_000
"""Characters from which a block, such as a file of code, is compared by lines first."""

MOST_BLOCKS = 400
"""Blocks on each side up to which the best pairing is searched; beyond, blocks pair by their place."""

MOST_PATHS = 2_000
"""Differences of structure that are told; what differs more is told to differ."""


def blocks_of(text: str) -> list[str]:
    """Cut Markdown into its blocks at blank lines; what stands between the fences of code stays together."""
    blocks: list[str] = []
    lines: list[str] = []
    fence = ""
    for line in text.splitlines(keepends=True):
        mark = line.lstrip()[:3]
        if mark in ("```", "~~~"):
            fence = "" if fence == mark else fence or mark
        lines.append(line)
        if not fence and not line.strip():
            blocks.append("".join(lines))
            lines = []
    if lines:
        blocks.append("".join(lines))
    return blocks


def difference(old: str, new: str) -> list[Piece]:
    """Return the pieces that lead from `old` to `new`: kept and removed ones together are `old`, kept and added `new`.

    Blocks are paired first, then words are compared within a pair, so that a moved thought does not stain a page.
    """
    pieces: list[Piece] = []
    for before, after in _pairs(blocks_of(old), blocks_of(new)):
        if before == after:
            pieces.append(Piece("same", before))
        elif before and after:
            pieces += words(before, after) if max(len(before), len(after)) < LONG else diff_words(before, after)
        else:
            pieces.append(Piece("removed", before) if before else Piece("added", after))
    return [piece for piece in pieces if piece.text]


def _pairs(old: Sequence[str], new: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Yield blocks that belong together, in order; an empty text stands for the missing one of a pair."""
    matcher = SequenceMatcher(None, old, new, autojunk=False)
    for tag, a, b, c, d in matcher.get_opcodes():
        if tag == "equal":
            yield from zip(old[a:b], new[c:d], strict=True)
        else:
            yield from _best(old[a:b], new[c:d])


def _best(old: Sequence[str], new: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Pair blocks of two stretches so that together they are most alike, their order kept."""
    if len(old) * len(new) > MOST_BLOCKS * MOST_BLOCKS:
        for number in range(max(len(old), len(new))):
            yield old[number] if number < len(old) else "", new[number] if number < len(new) else ""
        return
    before, after = [_bag(block) for block in old], [_bag(block) for block in new]
    alike = [[_likeness(a, b) for b in after] for a in before]
    rows, columns = len(old), len(new)
    best = [[0.0] * (columns + 1) for _ in range(rows + 1)]
    for i in range(rows - 1, -1, -1):
        for j in range(columns - 1, -1, -1):
            both = alike[i][j] + best[i + 1][j + 1] if alike[i][j] >= ALIKE else -1.0
            best[i][j] = max(both, best[i + 1][j], best[i][j + 1])
    i = j = 0
    while i < rows or j < columns:
        if i < rows and j < columns and alike[i][j] >= ALIKE and best[i][j] == alike[i][j] + best[i + 1][j + 1]:
            yield old[i], new[j]
            i, j = i + 1, j + 1
        elif i < rows and (j >= columns or best[i][j] == best[i + 1][j]):
            yield old[i], ""
            i += 1
        else:
            yield "", new[j]
            j += 1


def _bag(block: str) -> Mapping[str, int]:
    counts: dict[str, int] = {}
    for word in block.split():
        counts[word] = counts.get(word, 0) + 1
    return counts


def _likeness(one: Mapping[str, int], two: Mapping[str, int]) -> float:
    if len(two) < len(one):
        one, two = two, one
    shared = sum(min(count, two.get(word, 0)) for word, count in one.items())
    return 2 * shared / max(sum(one.values()) + sum(two.values()), 1)


# Structure


@dataclass(frozen=True, slots=True)
class PathChange:
    """One difference of structure: where (`$.items[2].price`), and what stood there before and stands there now."""

    path: str
    kind: Literal["missing", "extra", "changed"]
    old: Any = None
    new: Any = None


def json_of(text: str) -> Any:
    """Return an answer as JSON values, out of a code fence too; raises ValueError where it is none.

    A text, a number or a word alone counts as none: there is no structure in it.
    """
    body = text.strip()
    if body.startswith("```") and body.endswith("```") and "\n" in body:
        body = body.partition("\n")[2].removesuffix("```")
    try:
        value = json.loads(body)
    except RecursionError:
        raise ValueError("nested too deeply") from None
    if not isinstance(value, dict | list):
        raise ValueError("no structure")
    return value


def compare_values(old: Any, new: Any, path: str = "$") -> list[PathChange]:
    """Return where two JSON values differ, in the order of the old one. `1` is `1.0`, and is not `true`."""
    found: list[PathChange] = []
    todo = [(path, old, new)]
    while todo and len(found) < MOST_PATHS:
        path, one, two = todo.pop()
        if isinstance(one, dict) and isinstance(two, dict):
            todo += reversed(
                [
                    (f"{path}{path_step(name)}", one.get(name, _ABSENT), two.get(name, _ABSENT))
                    for name in dict.fromkeys((*one, *two))
                ]
            )
        elif isinstance(one, list) and isinstance(two, list):
            both = range(max(len(one), len(two)))
            todo += reversed([(f"{path}[{number}]", _at(one, number), _at(two, number)) for number in both])
        elif one is _ABSENT:
            found.append(PathChange(path, "extra", None, two))
        elif two is _ABSENT:
            found.append(PathChange(path, "missing", one, None))
        elif isinstance(one, bool) != isinstance(two, bool) or one != two:
            found.append(PathChange(path, "changed", one, two))
    return found


_ABSENT = object()


def _at(values: Sequence[Any], number: int) -> Any:
    return values[number] if number < len(values) else _ABSENT


def compare_calls(old: Sequence[ToolCall], new: Sequence[ToolCall]) -> list[PathChange]:
    """Return how the tool calls of two answers differ: missing and extra calls, then arguments by path.

    Calls pair by name in their order; arguments that are no JSON are compared as texts.
    """
    found: list[PathChange] = []
    left: dict[str, list[ToolCall]] = {}
    for call in new:
        left.setdefault(call.name, []).append(call)
    seen: dict[str, int] = {}
    for call in old:
        number = seen[call.name] = seen.get(call.name, 0) + 1
        path = f"{call.name}()" if number == 1 else f"{call.name}()#{number}"
        if left.get(call.name):
            found += compare_values(_arguments(call), _arguments(left[call.name].pop(0)), path)
        else:
            found.append(PathChange(path, "missing", _arguments(call), None))
    for name, calls in left.items():
        for call in calls:
            number = seen[name] = seen.get(name, 0) + 1
            path = f"{name}()" if number == 1 else f"{name}()#{number}"
            found.append(PathChange(path, "extra", None, _arguments(call)))
    return found


def _arguments(call: ToolCall) -> Any:
    return json_or(call.arguments, call.arguments)


def likeness(pieces: Iterable[Piece]) -> float:
    """Return which part of both texts the kept pieces are, from 0 to 1."""
    kept = changed = 0
    for piece in pieces:
        if piece.kind == "same":
            kept += 2 * len(piece.text)
        else:
            changed += len(piece.text)
    return kept / max(kept + changed, 1)
