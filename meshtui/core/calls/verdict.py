"""The verdict on a call's arguments, whole or still arriving: whether they fit the schema, and where they do not."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal

from meshtui.core.json.place import place_of
from meshtui.core.json.repair import JsonFault, json_fault
from meshtui.core.json.stream import ABSENT, DEEPEST, JsonStream, Unfinished
from meshtui.core.schema.check import Checker, Fault, Outcome, checked, checker_of
from meshtui.core.schema.run import MOST_STEPS, STEPS_PER_CHARACTER, OpenNumber, OpenText, Run, shown

__all__ = ["Fault", "JsonFault", "LiveVerdict", "Verdict", "json_fault", "verdict"]

State = Literal["fits", "misfits", "not_json", "not_object", "unknown_tool", "no_schema", "bad_schema"]

SHORT = 2_000
"""Characters up to which arriving arguments are checked whenever something new has come."""

GROWTH = 50
"""Longer ones are checked again when they have grown by one such part of themselves."""

_SENTENCES: dict[str, str] = {
    "fits": "The arguments fit the schema.",
    "misfits": "The arguments do not fit the schema",
    "not_json": "The arguments are no JSON",
    "not_object": "The arguments are no JSON object",
    "unknown_tool": "No tool of this name was offered.",
    "no_schema": "The tool has no schema: its arguments were not checked.",
    "bad_schema": "The tool's schema cannot be used, so the arguments were not checked",
}


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a check of arguments came to. `notes` say what was not checked, or is doubtful."""

    state: State
    faults: tuple[Fault, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def sentence(self) -> str:
        """The verdict in one sentence, with the first fault."""
        words = _SENTENCES[self.state]
        if not self.faults:
            return f"{words.removesuffix('.')}" + "".join(f"; {note}" for note in self.notes[:1]) + "."
        more = len(self.faults) - 1
        first = self.faults[0] if self.state == "misfits" else self.faults[0].message
        return f"{words}: {first}" + (f" (and {more} more)" if more else "") + "."

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON members."""
        found: dict[str, Any] = {
            "state": self.state,
            "faults": [{"path": fault.path, "message": fault.message} for fault in self.faults],
        }
        return {**found, "notes": list(self.notes)} if self.notes else found


def verdict(arguments: str, parameters: object | None) -> Verdict:
    """Check complete arguments against the schema of a tool's parameters, None where it has none. Never raises."""
    value, fault, notes = _read(arguments)
    if fault:
        return Verdict("not_json", (Fault("$", fault),))
    if not isinstance(value, dict):
        return Verdict("not_object", (Fault("$", f"expected object, got {shown(value)}"),), notes)
    if parameters is None:
        return Verdict("no_schema", (), notes)
    checker = checker_of(parameters)
    if checker.fault:
        return Verdict("bad_schema", (Fault("$", checker.fault),), notes)
    return _told(checked(checker, value, Run(MOST_STEPS + STEPS_PER_CHARACTER * len(arguments))), notes)


def _told(outcome: Outcome, notes: tuple[str, ...] = ()) -> Verdict:
    notes = (*notes, *outcome.notes)
    if outcome.faults:
        return Verdict("misfits", outcome.faults, (*notes, outcome.given_up) if outcome.given_up else notes)
    if outcome.given_up:
        return Verdict("bad_schema", (Fault("$", outcome.given_up),), notes)
    return Verdict("fits", (), notes)


class LiveVerdict:
    """The verdict on arguments while they arrive, from the pieces as they come.

    `verdict` is `misfits` only for what no further text can mend. What has come is read once, and members that are
    whole and fit are not looked at again. Longer arguments are checked at growing intervals, so that `verdict` may lag
    behind by a GROWTH-th part of them; `finish` gives the last word.
    """

    def __init__(self, parameters: object | None) -> None:
        self._parameters = parameters
        self._stream = JsonStream()
        self._checker = Checker() if parameters is None else checker_of(parameters)
        self._run = Run()
        self._pieces: list[str] = []
        self._length = self._next = self._checked = 0
        self.verdict = self._nothing_known()

    def feed(self, text: str) -> Verdict:
        """Take in what came, and return what is known now."""
        self._pieces.append(text)
        self._length += len(text)
        self._stream.feed(text)
        stream = self._stream
        if stream.fault is not None:
            if self.verdict.state != "not_json":
                self.verdict = Verdict("not_json", (Fault("$", _at("".join(self._pieces), *stream.fault)),))
        elif self._length >= self._next:
            self._check()
            self._next = self._length + (self._length // GROWTH if self._length > SHORT else 1)
        return self.verdict

    def finish(self) -> Verdict:
        """Say that nothing more comes, and return the verdict on the whole: what `verdict` says of it."""
        stream = self._stream
        if stream.complete and not stream.doubled and self._run.steps > 0:
            self._check()
        else:
            self.verdict = verdict("".join(self._pieces), self._parameters)
        return self.verdict

    def _nothing_known(self) -> Verdict:
        if self._parameters is None:
            return Verdict("no_schema")
        if self._checker.fault:
            return Verdict("bad_schema", (Fault("$", self._checker.fault),))
        return Verdict("fits")

    def _check(self) -> None:
        stream = self._stream
        unfinished = stream.unfinished
        if stream.value is ABSENT and unfinished is None:
            return
        root = stream.value if unfinished is None or stream.stack else _begun(unfinished)
        if not isinstance(root, dict):
            self.verdict = Verdict("not_object", (Fault("$", f"expected object, got {_kind_of(root)}"),))
            return
        if self._checker.validator is None or self._run.steps <= 0:
            return
        self._run.open = frozenset(id(frame.value) for frame in stream.stack)
        self._run.steps = MOST_STEPS + STEPS_PER_CHARACTER * (self._length - self._checked)
        self._checked = self._length
        with _Attached(stream, unfinished):
            found = _told(checked(self._checker, root, self._run))
        if found.state == "bad_schema":
            self._run.steps = 0  # it would take too long again: the last word comes when all is there
        else:
            self.verdict = found


def _begun(unfinished: Unfinished) -> Any:
    """Return an unfinished value as the rules take it; of a word the first letter tells which it will be."""
    if unfinished.kind == "text":
        return OpenText(unfinished.text)
    if unfinished.kind == "number":
        return OpenNumber(0)
    return {"t": True, "f": False}.get(unfinished.text[:1])


def _kind_of(root: Any) -> str:
    if isinstance(root, OpenText | OpenNumber):
        return "string" if isinstance(root, OpenText) else "number"
    return "array" if isinstance(root, list) else shown(root)


class _Attached:
    """Puts the unfinished value where it will stand, for the length of a check."""

    def __init__(self, stream: JsonStream, unfinished: Unfinished | None) -> None:
        self._frame = stream.stack[-1] if stream.stack and unfinished is not None else None
        self._value = None if unfinished is None else _begun(unfinished)

    def __enter__(self) -> None:
        if self._frame is not None:
            self._before = self._frame.put(self._value)

    def __exit__(self, *_: object) -> None:
        if self._frame is not None:
            self._frame.take_back(self._before)


def _read(arguments: str) -> tuple[Any, str, tuple[str, ...]]:
    """Read arguments: the value, what makes them no JSON, and what is doubtful."""
    twice: dict[str, None] = {}

    def members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) < len(pairs):
            twice.update(dict.fromkeys(name for name, count in Counter(name for name, _ in pairs).items() if count > 1))
        return found

    try:
        value = json.loads(arguments, object_pairs_hook=members, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        return None, _not_json(arguments), ()
    if _is_deep(value):
        return None, f"nested deeper than {DEEPEST} levels", ()
    return value, "", tuple(f"the name {name[:60]!r} stands twice in one object: the last counts" for name in twice)


def _is_deep(value: Any) -> bool:
    level = [value]
    for _ in range(DEEPEST + 1):
        level = [inner for one in level for inner in _inside(one)]
        if not level:
            return False
    return True


def _inside(value: Any) -> Iterable[Any]:
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, list) else ()


def _not_json(arguments: str) -> str:
    stream = JsonStream()
    stream.feed(arguments)
    stream.finish()
    return _at(arguments, *(stream.fault or (0, "it cannot be read")))


def _at(text: str, offset: int, message: str) -> str:
    place = place_of(text, offset)
    return f"line {place.line}, column {place.column}: {message}"


def _no_constant(name: str) -> Any:
    raise ValueError(name)
