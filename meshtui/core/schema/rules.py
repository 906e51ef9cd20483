"""The keywords of JSON Schema 2020-12 as rules of jsonschema's validators, for values that may still be arriving.

Three things are otherwise than in the library: faults are told in our own words and never hold a whole value; patterns
run in bounded time; a value that is still open (see `Run`) is faulted only for what no further text can mend.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any

from meshtui.core.schema import member_rules as schema_members
from meshtui.core.schema import patterns
from meshtui.core.schema.member_rules import size_rule
from meshtui.core.schema.run import (
    RUN,
    OpenNumber,
    OpenText,
    Rule,
    counted,
    descend,
    fault,
    fits,
    literal,
    may_become,
    plural,
    short,
    shown,
    some,
)

# Any value


def type_rule(validator: Any, kinds: Any, value: Any, schema: Any) -> Iterator[Any]:
    """The type, or one of them."""
    names = kinds if isinstance(kinds, list) else [kinds]
    if isinstance(value, OpenNumber):
        is_right = "number" in names or "integer" in names  # 1.0 is an integer, so is 1e2
    else:
        is_right = any(validator.is_type(value, name) for name in names)
    if not is_right:
        yield fault(f"expected {' or '.join(names)}, got {shown(value)}")


def enum_rule(validator: Any, members: Any, value: Any, schema: Any) -> Iterator[Any]:
    """One of the values."""
    run = RUN.get()
    if type(value) is str:
        run.steps -= len(members) // 200
        is_one = value in members
    else:
        run.steps -= len(members) // 4
        is_one = any(may_become(value, member, run) for member in members)
    if not is_one:
        yield fault(f"expected one of {some(map(literal, members))}, got {literal(value)}")


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
    try:
        if float(value / unit).is_integer():
            return True
    except OverflowError:
        pass  # too large for a float: counted exactly
    return (Fraction(repr(value)) / Fraction(repr(unit))).denominator == 1


# Texts


def _length(is_right: Callable[[int, Any], bool], words: str, grows: bool) -> Rule:
    def rule(validator: Any, bound: Any, value: Any, schema: Any) -> Iterator[Any]:
        if isinstance(value, str) and not (grows and isinstance(value, OpenText)) and not is_right(len(value), bound):
            more = " so far" if isinstance(value, OpenText) else ""
            yield fault(f"expected at {words} {bound:g} character{plural(bound)}, got {len(value):,}{more}")

    return rule


def pattern_rule(validator: Any, pattern: Any, value: Any, schema: Any) -> Iterator[Any]:
    """The pattern is found in the text; where that cannot be said in bounded time it is noted."""
    if not isinstance(value, str) or isinstance(value, OpenText):
        return
    found = patterns.found(pattern, value)
    if found is None:
        RUN.get().unchecked[f"the pattern {short(pattern)} was not tried: it could take very long"] = None
    elif not found:
        yield fault(f"expected a match of {short(pattern)}, got {literal(value)}")


# Combining schemas

_BRANCH_FAULTS = 5
"""Faults of one alternative that are looked at."""


def all_of_rule(validator: Any, branches: Any, value: Any, schema: Any) -> Iterator[Any]:
    """Every branch."""
    for branch in branches:
        yield from descend(validator, value, branch)


def any_of_rule(validator: Any, branches: Any, value: Any, schema: Any) -> Iterator[Any]:
    """At least one branch; what is told is how the nearest one is missed."""
    tried = []
    for branch in branches:
        errors = list(islice(descend(validator, value, branch), _BRANCH_FAULTS))
        if not errors:
            return
        tried.append(errors)
    yield from _nearest(tried, value)


def one_of_rule(validator: Any, branches: Any, value: Any, schema: Any) -> Iterator[Any]:
    """Exactly one branch."""
    tried, fitting = [], []
    for number, branch in enumerate(branches, 1):
        errors = list(islice(descend(validator, value, branch), _BRANCH_FAULTS))
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
        yield fault(f"expected one of {some(map(literal, wanted))}, got {literal(tags[0].instance)}", *tags[0].path)
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
    if not RUN.get().is_open(value) and fits(validator, value, excluded):
        yield fault("fits what the schema excludes by `not`")


def dependent_schemas_rule(validator: Any, rows: Any, value: Any, schema: Any) -> Iterator[Any]:
    """The schemas of the members that are given."""
    if isinstance(value, dict):
        for given, inner in rows.items():
            if given in value:
                yield from descend(validator, value, inner)


def if_rule(validator: Any, condition: Any, value: Any, schema: Any) -> Iterator[Any]:
    """`then` where the condition fits, `else` where not; nothing is known of it before the value is whole."""
    if RUN.get().is_open(value):
        return
    branch = "then" if fits(validator, value, condition) else "else"
    if branch in schema:
        yield from descend(validator, value, schema[branch])


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
    "minItems": size_rule(list, "least", "item{s}", lambda length, bound: length >= bound, True),
    "maxItems": size_rule(list, "most", "item{s}", lambda length, bound: length <= bound, False),
    "minProperties": size_rule(dict, "least", "members", lambda length, bound: length >= bound, True),
    "maxProperties": size_rule(dict, "most", "members", lambda length, bound: length <= bound, False),
    "prefixItems": schema_members.prefix_items_rule,
    "items": schema_members.items_rule,
    "uniqueItems": schema_members.unique_rule,
    "contains": schema_members.contains_rule,
    "properties": schema_members.properties_rule,
    "patternProperties": schema_members.pattern_properties_rule,
    "additionalProperties": schema_members.additional_rule,
    "required": schema_members.required_rule,
    "propertyNames": schema_members.property_names_rule,
    "unevaluatedProperties": schema_members.unevaluated_rule,
    "unevaluatedItems": schema_members.unevaluated_rule,
    "dependentRequired": schema_members.dependent_required_rule,
    "dependentSchemas": dependent_schemas_rule,
    "allOf": all_of_rule,
    "anyOf": any_of_rule,
    "oneOf": one_of_rule,
    "not": not_rule,
    "if": if_rule,
}
"""Rules in place of the library's; `$ref` and `$dynamicRef` are its own."""

COUNTED: dict[str, Rule] = {name: counted(rule) for name, rule in RULES.items()}
"""The rules, each of which takes a step."""
