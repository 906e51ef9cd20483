"""The keywords of JSON Schema 2020-12 as rules of jsonschema's validators, for values that may still be arriving.

Three things are otherwise than in the library: faults are told in our own words and never hold a whole value; patterns
run in bounded time; a value that is still open (see `Run`) is faulted only for what no further text can mend.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from meshtui.core import patterns

MOST_STEPS = 50_000
"""Rules that one check applies, a few tenths of a second: hostile schemas refer to themselves without end."""

STEPS_PER_CHARACTER = 3
"""Rules beyond that for each character of arguments."""

MOST_SHOWN = 60
"""Characters of a value in a sentence."""

_BRANCH_FAULTS = 5


class TooMuch(Exception):
    """A check took more steps than it may."""


class OpenText(str):
    """A text that has begun and may go on."""


class OpenNumber(float):
    """A number that has begun and may go on."""


@dataclass(slots=True)
class Run:
    """One check. `open` has the ids of lists and objects that are still arriving, with the key being read in each.

    `seen` remembers, over several checks, the members of open ones that fit; `unchecked` what could not be checked.
    """

    steps: int = MOST_STEPS
    open: Mapping[int, str | int] = field(default_factory=dict)
    seen: dict[tuple[int, int], set[str]] = field(default_factory=dict)
    seen_items: dict[tuple[int, int], int] = field(default_factory=dict)
    unchecked: dict[str, None] = field(default_factory=dict)

    def is_open(self, value: Any) -> bool:
        """Return whether a value is still arriving."""
        return isinstance(value, OpenText | OpenNumber) or id(value) in self.open


RUN: ContextVar[Run] = ContextVar("run")
Rule = Callable[[Any, Any, Any, Any], Iterable[Any] | None]


def shown(value: Any) -> str:
    """Write a value so that a sentence can hold it: `string "abc"`, `number 3`, `array of 3 items`."""
    if isinstance(value, dict):
        return f"object with {', '.join(list(map(_short, value))[:5]) or 'no members'}"
    if isinstance(value, list):
        return f"array of {len(value)} item{'' if len(value) == 1 else 's'}"
    if value is None or isinstance(value, bool):
        return literal(value)
    return f"{type_of(value)} {literal(value)}"


def literal(value: Any) -> str:
    """Write a value as JSON, cut where it is long."""
    if isinstance(value, str):
        return f'"{_short(value)}"'
    if isinstance(value, list | dict):
        return shown(value)
    return _short(json.dumps(value))


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


def _short(text: Any) -> str:
    text = str(text)
    return text if len(text) <= MOST_SHOWN else f"{text[: MOST_SHOWN - 1]}…"


def _some(texts: Iterable[str]) -> str:
    first = list(islice(texts, 9))
    return ", ".join(first[:8]) + (", …" if len(first) > 8 else "")


# Any value


def type_rule(validator: Any, kinds: Any, value: Any, schema: Any) -> Iterator[Any]:
    """The type, or one of them."""
    names = kinds if isinstance(kinds, list) else [kinds]
    if isinstance(value, OpenNumber):
        fits = "number" in names or "integer" in names  # 1.0 is an integer, so is 1e2
    else:
        fits = any(validator.is_type(value, name) for name in names)
    if not fits:
        yield fault(f"expected {' or '.join(names)}, got {shown(value)}")


def enum_rule(validator: Any, members: Any, value: Any, schema: Any) -> Iterator[Any]:
    """One of the values."""
    run = RUN.get()
    run.steps -= len(members) // 50
    if not any(may_become(value, member, run) for member in members):
        yield fault(f"expected one of {_some(map(literal, members))}, got {literal(value)}")


def const_rule(validator: Any, member: Any, value: Any, schema: Any) -> Iterator[Any]:
    """This value."""
    if not may_become(value, member, RUN.get()):
        yield fault(f"expected {literal(member)}, got {literal(value)}")


# Numbers


def _bound(is_right: Callable[[Any, Any], bool], words: str) -> Rule:
    def rule(validator: Any, bound: Any, value: Any, schema: Any) -> Iterator[Any]:
        if validator.is_type(value, "number") and not RUN.get().is_open(value) and not is_right(value, bound):
            yield fault(f"expected {words} {literal(bound)}, got {literal(value)}")

    return rule


def _is_multiple(value: Any, unit: Any) -> bool:
    from fractions import Fraction

    if isinstance(value, float) and value - value != 0:  # infinite
        return False
    if isinstance(value, int) and isinstance(unit, int):
        return value % unit == 0
    if float(value / unit).is_integer():
        return True
    return (Fraction(repr(value)) / Fraction(repr(unit))).denominator == 1


# Texts


def _length(is_right: Callable[[int, Any], bool], words: str, grows: bool) -> Rule:
    def rule(validator: Any, bound: Any, value: Any, schema: Any) -> Iterator[Any]:
        if isinstance(value, str) and not (grows and isinstance(value, OpenText)) and not is_right(len(value), bound):
            more = " so far" if isinstance(value, OpenText) else ""
            yield fault(f"expected at {words} {bound:g} character{_s(bound)}, got {len(value):,}{more}")

    return rule


def pattern_rule(validator: Any, pattern: Any, value: Any, schema: Any) -> Iterator[Any]:
    """The pattern is found in the text; where that cannot be said in bounded time it is noted."""
    if not isinstance(value, str) or isinstance(value, OpenText):
        return
    found = patterns.found(pattern, value)
    if found is None:
        RUN.get().unchecked[f"the pattern {_short(pattern)} was not tried: it could take very long"] = None
    elif not found:
        yield fault(f"expected a match of {_short(pattern)}, got {literal(value)}")


# Arrays and objects


def _size(kind: Any, words: str, thing: str, is_right: Callable[[int, Any], bool], grows: bool) -> Rule:
    def rule(validator: Any, bound: Any, value: Any, schema: Any) -> Iterator[Any]:
        if isinstance(value, kind) and not (grows and RUN.get().is_open(value)) and not is_right(len(value), bound):
            yield fault(f"expected at {words} {bound:g} {thing.format(s=_s(bound))}, got {len(value):,}")

    return rule


def _s(count: Any) -> str:
    return "" if count == 1 else "s"


def prefix_items_rule(validator: Any, schemas: Any, value: Any, schema: Any) -> Iterator[Any]:
    """The first items, each by its own schema."""
    if isinstance(value, list):
        for place, (item, inner) in enumerate(zip(value, schemas, strict=False)):
            if inner is False:
                yield fault("nothing may stand here", place)
            else:
                yield from validator.descend(item, inner, path=place)


def items_rule(validator: Any, items: Any, value: Any, schema: Any) -> Iterator[Any]:
    """Every item behind those of prefixItems."""
    if not isinstance(value, list):
        return
    run = RUN.get()
    first = len(schema.get("prefixItems", ()))
    if items is False:
        if len(value) > first:
            yield fault(f"expected at most {first} item{_s(first)}, got {len(value):,}")
        return
    mark = (id(value), id(items))
    is_open, start = id(value) in run.open, max(first, run.seen_items.get(mark, 0))
    for place in range(start, len(value)):
        failed = False
        for error in validator.descend(value[place], items, path=place):
            failed = True
            yield error
        if is_open and not failed and place == start and place < len(value) - 1:
            start = run.seen_items[mark] = place + 1


def unique_rule(validator: Any, wanted: Any, value: Any, schema: Any) -> Iterator[Any]:
    """No item twice."""
    if not wanted or not isinstance(value, list) or RUN.get().is_open(value):
        return
    seen: dict[Any, int] = {}
    for place, item in enumerate(value):
        first = seen.setdefault(_mark(item), place)
        if first != place:
            yield fault(f"expected no item twice, items {first} and {place} are equal")
            return


def _mark(value: Any) -> Any:
    if isinstance(value, bool):
        return ("boolean", value)
    if isinstance(value, list):
        return ("array", *map(_mark, value))
    if isinstance(value, dict):
        return ("object", frozenset((name, _mark(one)) for name, one in value.items()))
    return value


def contains_rule(validator: Any, wanted: Any, value: Any, schema: Any) -> Iterator[Any]:
    """So many items fit."""
    if not isinstance(value, list) or RUN.get().is_open(value):
        return
    least, most = schema.get("minContains", 1), schema.get("maxContains")
    inner = validator.evolve(schema=wanted)
    count = sum(1 for item in value if inner.is_valid(item))
    if count < least:
        yield fault(f"expected at least {least:g} item{_s(least)} that fit `contains`, got {count}")
    elif most is not None and count > most:
        yield fault(f"expected at most {most:g} item{_s(most)} that fit `contains`, got {count}")


def properties_rule(validator: Any, properties: Any, value: Any, schema: Any) -> Iterator[Any]:
    """Each member by its name."""
    if isinstance(value, dict):
        yield from _members(
            validator, properties, value, ((name, properties[name]) for name in properties if name in value)
        )


def _members(validator: Any, mark: Any, value: dict[str, Any], wanted: Iterable[tuple[str, Any]]) -> Iterator[Any]:
    """Check members; those of an open object that fit and are whole are not looked at again."""
    run = RUN.get()
    current = run.open.get(id(value))
    seen = None if current is None else run.seen.setdefault((id(value), id(mark)), set())
    for name, schema in wanted:
        if seen is not None and name in seen:
            continue
        if schema is False:
            yield fault("may not be given", name)
            continue
        failed = False
        for error in validator.descend(value[name], schema, path=name):
            failed = True
            yield error
        if seen is not None and not failed and name != current:
            seen.add(name)


def _found(pattern: str, name: str) -> bool:
    found = patterns.found(pattern, name)
    if found is None:
        RUN.get().unchecked[f"names were not compared with {_short(pattern)}: it could take very long"] = None
    return bool(found)


def pattern_properties_rule(validator: Any, rows: Any, value: Any, schema: Any) -> Iterator[Any]:
    """Each member by the patterns that its name matches."""
    if isinstance(value, dict):
        for pattern, inner in rows.items():
            yield from _members(
                validator, inner, value, ((name, inner) for name in list(value) if _found(pattern, name))
            )


def additional_rule(validator: Any, inner: Any, value: Any, schema: Any) -> Iterator[Any]:
    """Members that properties and patternProperties do not name."""
    if not isinstance(value, dict) or inner is True:
        return
    known, rows = schema.get("properties", {}), schema.get("patternProperties", {})
    extra = [name for name in value if name not in known and not any(_found(pattern, name) for pattern in rows)]
    if inner is False:
        names = f"the schema has {_some(map(_short, known))}" if known else "the schema has none"
        for name in extra:
            yield fault(f"unknown property: {names}", name)
    else:
        yield from _members(validator, inner, value, ((name, inner) for name in extra))


def required_rule(validator: Any, names: Any, value: Any, schema: Any) -> Iterator[Any]:
    """Members that must be there."""
    if isinstance(value, dict) and not RUN.get().is_open(value):
        for name in names:
            if name not in value:
                yield fault("required and missing", name)


def property_names_rule(validator: Any, inner: Any, value: Any, schema: Any) -> Iterator[Any]:
    """The name of every member."""
    if isinstance(value, dict):
        for name in value:
            for error in validator.descend(name, inner):
                error.message = f"its name: {error.message}"
                error.path.appendleft(name)
                yield error


def unevaluated_rule(validator: Any, inner: Any, value: Any, schema: Any) -> Iterator[Any]:
    """What no other keyword looked at; told as a whole, and only of what is whole."""
    if inner is True or RUN.get().is_open(value) or not isinstance(value, dict | list):
        return
    from jsonschema import Draft202012Validator

    keyword = "unevaluatedProperties" if isinstance(value, dict) else "unevaluatedItems"
    if inner is not schema.get(keyword):
        return
    if any(True for _ in Draft202012Validator.VALIDATORS[keyword](validator, inner, value, schema)):
        things = "members" if isinstance(value, dict) else "items"
        yield fault(f"has {things} that the schema does not know ({keyword})")


def dependent_required_rule(validator: Any, rows: Any, value: Any, schema: Any) -> Iterator[Any]:
    """Members that must be there where another is."""
    if isinstance(value, dict) and not RUN.get().is_open(value):
        for given, names in rows.items():
            for name in names if given in value else ():
                if name not in value:
                    yield fault(f"required where {_short(given)} is given, and missing", name)


# Combinations


def all_of_rule(validator: Any, branches: Any, value: Any, schema: Any) -> Iterator[Any]:
    """Every branch."""
    for branch in branches:
        yield from validator.descend(value, branch)


def any_of_rule(validator: Any, branches: Any, value: Any, schema: Any) -> Iterator[Any]:
    """At least one branch; what is told is how the nearest one is missed."""
    tried = []
    for branch in branches:
        errors = list(islice(validator.descend(value, branch), _BRANCH_FAULTS))
        if not errors:
            return
        tried.append(errors)
    yield from _nearest(tried, value)


def one_of_rule(validator: Any, branches: Any, value: Any, schema: Any) -> Iterator[Any]:
    """Exactly one branch."""
    tried, fitting = [], []
    for number, branch in enumerate(branches, 1):
        errors = list(islice(validator.descend(value, branch), _BRANCH_FAULTS))
        if errors:
            tried.append(errors)
        else:
            fitting.append(str(number))
    if not fitting:
        yield from _nearest(tried, value)
    elif len(fitting) > 1 and not RUN.get().is_open(value):
        yield fault(f"expected to fit exactly one of {len(branches)} alternatives, fits {' and '.join(fitting[:5])}")


def _nearest(tried: list[list[Any]], value: Any) -> Iterator[Any]:
    types = [error.validator_value for errors in tried for error in errors if _is_type(error)]
    if len(types) == len(tried):
        names = dict.fromkeys(name for kind in types for name in (kind if isinstance(kind, list) else [kind]))
        yield fault(f"expected {' or '.join(names)}, got {shown(value)}", validator="type", validator_value=list(names))
        return
    tags = [_tag(errors) for errors in tried if not any(map(_is_type, errors))]
    if len(tags) > 1 and all(tag is not None and tag.path == tags[0].path for tag in tags):
        wanted = [
            one for tag in tags for one in (tag.validator_value if tag.validator == "enum" else [tag.validator_value])
        ]
        yield fault(f"expected one of {_some(map(literal, wanted))}, got {literal(tags[0].instance)}", *tags[0].path)
        return
    number = min(range(len(tried)), key=lambda place: _distance(tried[place]))
    for error in tried[number]:
        if len(tried) - len(types) > 1:
            error.message = f"{error.message} (by alternative {number + 1} of {len(tried)}, the nearest)"
        yield error


def _is_type(error: Any) -> bool:
    return error.validator == "type" and not error.path


def _tag(errors: list[Any]) -> Any:
    """Return the fault of the member that tells which branch is meant, None where there is none."""
    return next((error for error in errors if error.validator in ("const", "enum") and len(error.path) < 2), None)


def _distance(errors: list[Any]) -> tuple[int, int, int]:
    """Rank a branch: a wrong type is furthest, then a wrong tag (const or enum), then many faults."""
    tags = sum(error.validator in ("const", "enum") and len(error.path) < 2 for error in errors)
    return sum(map(_is_type, errors)), tags, len(errors)


def not_rule(validator: Any, excluded: Any, value: Any, schema: Any) -> Iterator[Any]:
    """This may not fit; nothing is known of it before the value is whole."""
    if not RUN.get().is_open(value) and validator.evolve(schema=excluded).is_valid(value):
        yield fault("fits what the schema excludes by `not`")


def if_rule(validator: Any, condition: Any, value: Any, schema: Any) -> Iterator[Any]:
    """`then` where the condition fits, `else` where not; nothing is known of it before the value is whole."""
    if RUN.get().is_open(value):
        return
    branch = "then" if validator.evolve(schema=condition).is_valid(value) else "else"
    if branch in schema:
        yield from validator.descend(value, schema[branch])


RULES: dict[str, Rule] = {
    "type": type_rule,
    "enum": enum_rule,
    "const": const_rule,
    "minimum": _bound(lambda value, bound: value >= bound, "at least"),
    "maximum": _bound(lambda value, bound: value <= bound, "at most"),
    "exclusiveMinimum": _bound(lambda value, bound: value > bound, "more than"),
    "exclusiveMaximum": _bound(lambda value, bound: value < bound, "less than"),
    "multipleOf": _bound(_is_multiple, "a multiple of"),
    "minLength": _length(lambda length, bound: length >= bound, "least", True),
    "maxLength": _length(lambda length, bound: length <= bound, "most", False),
    "pattern": pattern_rule,
    "minItems": _size(list, "least", "item{s}", lambda length, bound: length >= bound, True),
    "maxItems": _size(list, "most", "item{s}", lambda length, bound: length <= bound, False),
    "minProperties": _size(dict, "least", "members", lambda length, bound: length >= bound, True),
    "maxProperties": _size(dict, "most", "members", lambda length, bound: length <= bound, False),
    "prefixItems": prefix_items_rule,
    "items": items_rule,
    "uniqueItems": unique_rule,
    "contains": contains_rule,
    "properties": properties_rule,
    "patternProperties": pattern_properties_rule,
    "additionalProperties": additional_rule,
    "required": required_rule,
    "propertyNames": property_names_rule,
    "unevaluatedProperties": unevaluated_rule,
    "unevaluatedItems": unevaluated_rule,
    "dependentRequired": dependent_required_rule,
    "allOf": all_of_rule,
    "anyOf": any_of_rule,
    "oneOf": one_of_rule,
    "not": not_rule,
    "if": if_rule,
}
"""Rules in place of the library's; `$ref`, `$dynamicRef` and dependentSchemas are its own."""
