"""The check of a value by a JSON Schema: a schema is made ready once, then run over values."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from meshtui.core.json.place import json_path
from meshtui.core.schema.metaschema import schema_fault, subschemas
from meshtui.core.schema.patterns import is_tame
from meshtui.core.schema.references import dead_references
from meshtui.core.schema.rules import COUNTED
from meshtui.core.schema.run import RUN, Run, TooMuch, counted

MOST_FAULTS = 20
"""Faults of one value that are told."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One place where a value does not fit: a path such as `$.items[2].price`, and what is wrong there."""

    path: str
    message: str

    def __str__(self) -> str:
        return f"{self.path}: {self.message}"


@dataclass(frozen=True, slots=True)
class Checker:
    """A schema made ready: the validator of the jsonschema library, or what is wrong with the schema.

    `notes` say what of the schema is not checked.
    """

    validator: Any = None
    fault: str = ""
    notes: tuple[str, ...] = ()


def checker_of(parameters: object) -> Checker:
    """Make a schema ready; the last ones are kept, by their content."""
    if not isinstance(parameters, Mapping):
        return Checker(fault="it is no object")
    try:
        return _checker(json.dumps(parameters))
    except (TypeError, ValueError, RecursionError):
        return Checker(fault="it holds what JSON cannot say, or is nested too deeply")


@lru_cache(maxsize=32)
def _checker(text: str) -> Checker:
    schema = json.loads(text)
    fault = schema_fault(schema)
    if fault:
        return Checker(fault=fault)
    for _, value in subschemas(schema):
        if isinstance(value, dict):
            value.pop("$schema", None)  # the library would take its own class for another draft, with its own rules
    for _, _, address in dead_references(schema):
        return Checker(fault=f"the reference {address[:80]!r} leads to no schema; nothing is fetched")
    from jsonschema_specifications import REGISTRY

    notes = _leave_out_what_hangs(schema)
    return Checker(_kind()(schema, registry=REGISTRY), notes=notes)


def _leave_out_what_hangs(schema: Any) -> tuple[str, ...]:
    """Take unevaluatedProperties out, in place, where the library would run a wild pattern for it."""
    found = [value for _, value in subschemas(schema) if isinstance(value, dict)]
    wild = [name for value in found for name in value.get("patternProperties", ()) if not is_tame(name)]
    if not wild or not any("unevaluatedProperties" in value for value in found):
        return ()
    for value in found:
        value.pop("unevaluatedProperties", None)
    return (f"unevaluatedProperties was not checked: the pattern {wild[0][:60]} could take very long",)


@lru_cache(maxsize=1)
def _kind() -> Any:
    """Return the validator class: the library's of 2020-12, with our rules, each of which takes a step."""
    from jsonschema import Draft202012Validator
    from jsonschema.validators import extend

    references = ("$ref", "$dynamicRef")
    library = Draft202012Validator.VALIDATORS
    kind = extend(Draft202012Validator, {**COUNTED, **{name: counted(library[name]) for name in references}})
    kind.VALIDATORS.pop("format", None)  # formats are not asserted
    return kind


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a check came to: at most MOST_FAULTS faults, what was not checked, and why it was given up if it was.

    A fault's path may name a member that is missing.
    """

    faults: tuple[Fault, ...]
    notes: tuple[str, ...] = ()
    given_up: str = ""


def checked(checker: Checker, value: Any, run: Run) -> Outcome:
    """Run a check: what does not fit, and what could not be checked."""
    faults: dict[Fault, None] = {}
    given_up = ""
    token = RUN.set(run)
    try:
        for error in checker.validator.iter_errors(value):
            message = "nothing may stand here" if error.validator is None else error.message
            faults[Fault(json_path(error.absolute_path), message)] = None
            if len(faults) >= MOST_FAULTS:
                break
    except TooMuch:
        given_up = "the check took too many steps and was given up"
    except RecursionError:
        given_up = "the schema or the value is nested without end: the check was given up"
    except (ArithmeticError, TypeError, ValueError, AttributeError, LookupError) as error:
        given_up = f"the check failed ({type(error).__name__})"
    finally:
        RUN.reset(token)
    return Outcome(tuple(faults), (*checker.notes, *run.unchecked), given_up)
