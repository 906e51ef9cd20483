"""The keywords of JSON Schema 2020-12 as rules of jsonschema's validators, for values that may still be arriving.

Three things are otherwise than in the library: faults are told in our own words and never hold a whole value; patterns
run in bounded time; a value that is still open (see `Run`) is faulted only for what no further text can mend.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from meshtui.core import patterns, schema_branches, schema_members
from meshtui.core.schema_members import size_rule
from meshtui.core.schema_run import (
    RUN,
    OpenNumber,
    OpenText,
    Rule,
    counted,
    fault,
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
        fits = "number" in names or "integer" in names  # 1.0 is an integer, so is 1e2
    else:
        fits = any(validator.is_type(value, name) for name in names)
    if not fits:
        yield fault(f"expected {' or '.join(names)}, got {shown(value)}")


def enum_rule(validator: Any, members: Any, value: Any, schema: Any) -> Iterator[Any]:
    """One of the values."""
    run = RUN.get()
    if type(value) is str:
        run.steps -= len(members) // 200
        fits = value in members
    else:
        run.steps -= len(members) // 4
        fits = any(may_become(value, member, run) for member in members)
    if not fits:
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
    "dependentSchemas": schema_branches.dependent_schemas_rule,
    "allOf": schema_branches.all_of_rule,
    "anyOf": schema_branches.any_of_rule,
    "oneOf": schema_branches.one_of_rule,
    "not": schema_branches.not_rule,
    "if": schema_branches.if_rule,
}
"""Rules in place of the library's; `$ref` and `$dynamicRef` are its own."""

COUNTED: dict[str, Rule] = {name: counted(rule) for name, rule in RULES.items()}
"""The rules, each of which takes a step."""
