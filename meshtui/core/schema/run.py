"""One check of a value by a JSON Schema: what is still open, how many steps are left, how faults are told."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from contextvars import ContextVar
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

MOST_STEPS = 50_000
"""Rules that one check applies, a few tenths of a second: hostile schemas refer to themselves without end."""

STEPS_PER_CHARACTER = 3
"""Rules beyond that for each character of arguments."""

MOST_SHOWN = 60
"""Characters of a value in a sentence."""


class TooMuch(Exception):
    """A check took more steps than it may."""


class OpenText(str):
    """A text that has begun and may go on."""


class OpenNumber(float):
    """A number that has begun and may go on."""


@dataclass(slots=True)
class Kept:
    """What is known of the first members of a list or object: how many were checked, and their faults."""

    count: int = 0
    faults: list[tuple[Any, ...]] = field(default_factory=list)


@dataclass(slots=True)
class Run:
    """One check. `open` has the ids of lists and objects that are still arriving.

    `kept` remembers, over several checks, what is known of the whole members of open ones; `unchecked` says what could
    not be checked.
    """

    steps: int = MOST_STEPS
    open: frozenset[int] = frozenset()
    kept: dict[tuple[int, int, str], Kept] = field(default_factory=dict)
    unchecked: dict[str, None] = field(default_factory=dict)

    def is_open(self, value: Any) -> bool:
        """Return whether a value is still arriving."""
        return isinstance(value, OpenText | OpenNumber) or id(value) in self.open

    def kept_of(self, value: Any, schema: Any, keyword: str) -> Kept | None:
        """Return what is known of the members of a value by a rule, None where nothing needs to be remembered."""
        mark = (id(value), id(schema), keyword)
        return self.kept.setdefault(mark, Kept()) if id(value) in self.open else self.kept.get(mark)


RUN: ContextVar[Run] = ContextVar("run")
Rule = Callable[[Any, Any, Any, Any], Iterable[Any] | None]


def shown(value: Any) -> str:
    """Write a value so that a sentence can hold it: `string "abc"`, `number 3`, `array of 3 items`."""
    if isinstance(value, dict):
        return f"object with {', '.join(list(map(short, value))[:5]) or 'no members'}"
    if isinstance(value, list):
        return f"array of {len(value)} item{'' if len(value) == 1 else 's'}"
    if value is None or isinstance(value, bool):
        return literal(value)
    return f"{type_of(value)} {literal(value)}"


def literal(value: Any) -> str:
    """Write a value as JSON, cut where it is long."""
    if isinstance(value, str):
        return f'"{short(value)}"'
    if isinstance(value, list | dict):
        return shown(value)
    return short(json.dumps(value))


def type_of(value: Any) -> str:
    """Return the JSON type of a value."""
    if isinstance(value, bool):
        return "boolean"
    for kind, name in ((str, "string"), (int, "integer"), (float, "number"), (list, "array"), (dict, "object")):
        if isinstance(value, kind):
            return name
    return "null"


def same(one: Any, two: Any) -> bool:
    """Return whether two JSON values are equal: `1` is `1.0` and is not `true`."""
    if isinstance(one, bool) or isinstance(two, bool):
        return one is two
    if isinstance(one, list) and isinstance(two, list):
        return len(one) == len(two) and all(same(a, b) for a, b in zip(one, two, strict=True))
    if isinstance(one, dict) and isinstance(two, dict):
        return one.keys() == two.keys() and all(same(value, two[name]) for name, value in one.items())
    return bool(one == two)


def may_become(value: Any, target: Any, run: Run) -> bool:
    """Return whether a value may be a target once the rest of it has come."""
    if not run.is_open(value):
        return same(value, target)
    if isinstance(value, OpenText):
        return isinstance(target, str) and target.startswith(value)
    if isinstance(value, OpenNumber):
        return isinstance(target, int | float) and not isinstance(target, bool)
    if isinstance(value, list):
        return (
            isinstance(target, list)
            and len(value) <= len(target)
            and all(may_become(a, b, run) for a, b in zip(value, target, strict=False))
        )
    return isinstance(target, dict) and all(
        name in target and may_become(one, target[name], run) for name, one in value.items()
    )


def counted(rule: Rule) -> Rule:
    """Return a rule that takes a step of the check, and raises TooMuch where there is none left."""

    def one(validator: Any, wanted: Any, value: Any, schema: Any) -> Iterable[Any] | None:
        run = RUN.get()
        run.steps -= 1
        if run.steps < 0:
            raise TooMuch
        return rule(validator, wanted, value, schema)

    return one


def fault(message: str, *keys: str | int, **more: Any) -> Any:
    """Return a fault as the library wants it, at these keys below the value."""
    from jsonschema import ValidationError

    return ValidationError(message, path=keys, **more)


def descend(validator: Any, value: Any, schema: Any, *path: str | int) -> Iterator[Any]:
    """Yield the faults of a value by a schema that stands below; `path` leads to the value.

    The library's own way is taken only where a reference or a new base address makes it necessary: it is slower.
    """
    if schema is True:
        return
    if schema is False:
        yield fault("nothing may stand here", *path)
    elif "$ref" in schema or "$id" in schema or "$dynamicRef" in schema:
        for error in validator.descend(value, schema):
            error.path.extendleft(reversed(path))
            yield error
    else:
        for keyword, wanted in schema.items():
            rule = validator.VALIDATORS.get(keyword)
            for error in (rule(validator, wanted, value, schema) or ()) if rule is not None else ():
                if error.validator is not None and not isinstance(error.validator, str):
                    error.validator, error.validator_value, error.instance = keyword, wanted, value
                error.path.extendleft(reversed(path))
                yield error


def fits(validator: Any, value: Any, schema: Any) -> bool:
    """Return whether a value fits a schema that stands below."""
    return next(descend(validator, value, schema), None) is None


def short(text: Any) -> str:
    """Cut a text that is long."""
    text = str(text)
    return text if len(text) <= MOST_SHOWN else f"{text[: MOST_SHOWN - 1]}…"


def some(texts: Iterable[str]) -> str:
    """Name the first of several texts."""
    first = list(islice(texts, 9))
    return ", ".join(first[:8]) + (", …" if len(first) > 8 else "")


def plural(count: Any) -> str:
    """Return the s of a plural."""
    return "" if count == 1 else "s"
