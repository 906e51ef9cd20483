"""Rules of JSON Schema that combine schemas."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Any

from meshtui.core.schema_run import RUN, descend, fault, fits, literal, shown, some

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
