"""Rules of JSON Schema for lists and objects."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any

from meshtui.core.schema import patterns
from meshtui.core.schema.run import RUN, Rule, descend, fault, fits, plural, short, some


def size_rule(kind: Any, words: str, thing: str, is_right: Callable[[int, Any], bool], grows: bool) -> Rule:
    """Return the rule of a number of items or members; `grows` says that more may still come."""

    def rule(validator: Any, bound: Any, value: Any, schema: Any) -> Iterator[Any]:
        if isinstance(value, kind) and not (grows and RUN.get().is_open(value)) and not is_right(len(value), bound):
            yield fault(f"expected at {words} {bound:g} {thing.format(s=plural(bound))}, got {len(value):,}")

    return rule


def prefix_items_rule(validator: Any, schemas: Any, value: Any, schema: Any) -> Iterator[Any]:
    """The first items, each by its own schema."""
    if isinstance(value, list):
        for place, (item, inner) in enumerate(zip(value, schemas, strict=False)):
            yield from descend(validator, item, inner, place)


def items_rule(validator: Any, items: Any, value: Any, schema: Any) -> Iterator[Any]:
    """Every item behind those of prefixItems."""
    if not isinstance(value, list):
        return
    first = len(schema.get("prefixItems", ()))
    if items is not False:
        yield from _each(validator, (schema, "items"), value, lambda place: None if place < first else items)
    elif len(value) > first:
        yield fault(f"expected at most {first} item{plural(first)}, got {len(value):,}")


def _each(
    validator: Any, rule: tuple[Any, str], value: Any, schema_of: Callable[[Any], Any], refused: str = ""
) -> Iterator[Any]:
    """Check members or items, each by the schema of its key, None for those that the rule (a schema's keyword) leaves.

    Of a value that is still arriving the last one may be open; those before it are not looked at again.
    """
    run = RUN.get()
    kept = run.kept_of(value, *rule)
    start = 0
    if kept is not None:
        start = kept.count
        for message, path, keyword, wanted, instance in kept.faults:
            yield fault(message, *path, validator=keyword, validator_value=wanted, instance=instance)
    whole = len(value) - (id(value) in run.open)
    keys = range(start, len(value)) if isinstance(value, list) else islice(value, start, None)
    for place, key in enumerate(keys, start):
        schema = schema_of(key)
        found = []
        if schema is False and refused:
            schema, errors = None, iter([fault(refused, key)])
        else:
            errors = iter(()) if schema is None else descend(validator, value[key], schema, key)
        for error in errors:
            found.append((error.message, tuple(error.path), error.validator, error.validator_value, error.instance))
            yield error
        if kept is not None and place == kept.count and place < whole:
            kept.count += 1
            kept.faults += found


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
    count = sum(1 for item in value if fits(validator, item, wanted))
    if count < least:
        yield fault(f"expected at least {least:g} item{plural(least)} that fit `contains`, got {count}")
    elif most is not None and count > most:
        yield fault(f"expected at most {most:g} item{plural(most)} that fit `contains`, got {count}")


def properties_rule(validator: Any, properties: Any, value: Any, schema: Any) -> Iterator[Any]:
    """Each member by its name."""
    if isinstance(value, dict):
        yield from _each(validator, (schema, "properties"), value, properties.get, "may not be given")


def _found(pattern: str, name: str) -> bool | None:
    found = patterns.found(pattern, name)
    if found is None:
        RUN.get().unchecked[f"names were not compared with {short(pattern)}: it could take very long"] = None
    return found


def pattern_properties_rule(validator: Any, rows: Any, value: Any, schema: Any) -> Iterator[Any]:
    """Each member by the patterns that its name matches."""
    for pattern, inner in rows.items() if isinstance(value, dict) else ():
        yield from _each(validator, (schema, pattern), value, _by_pattern(pattern, inner), "may not be given")


def _by_pattern(pattern: str, inner: Any) -> Callable[[str], Any]:
    return lambda name: inner if _found(pattern, name) else None


def additional_rule(validator: Any, inner: Any, value: Any, schema: Any) -> Iterator[Any]:
    """Members that properties and patternProperties do not name."""
    if not isinstance(value, dict) or inner is True:
        return
    known, rows = schema.get("properties", {}), schema.get("patternProperties", {})
    names = f"the schema has {some(map(short, known))}" if known else "the schema names none"
    names += " and no pattern fits its name" if rows else ""

    def schema_of(name: str) -> Any:
        return None if name in known or any(_found(pattern, name) is not False for pattern in rows) else inner

    yield from _each(validator, (schema, "additionalProperties"), value, schema_of, f"unknown property: {names}")


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
            for error in descend(validator, name, inner):
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
                    yield fault(f"required where {short(given)} is given, and missing", name)
