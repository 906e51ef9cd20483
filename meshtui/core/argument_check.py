"""Verdicts on the arguments of a call: what they are, and how a tool's schema is made ready and run."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

from meshtui.core.json_place import json_path
from meshtui.core.json_refs import dead_references
from meshtui.core.json_schema import schema_fault, subschemas
from meshtui.core.patterns import is_tame
from meshtui.core.schema_rules import COUNTED
from meshtui.core.schema_run import RUN, Run, TooMuch, counted

State = Literal["fits", "misfits", "not_json", "not_object", "unknown_tool", "no_schema", "bad_schema"]

MOST_FAULTS = 20
"""Faults of one call that are told."""

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
class Fault:
    """One place where arguments do not fit: a path such as `$.items[2].price`, and what is wrong there."""

    path: str
    message: str

    def __str__(self) -> str:
        return f"{self.path}: {self.message}"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a check of arguments came to. At most MOST_FAULTS faults are told.

    A fault's path may name a member that is missing. `notes` say what was not checked, or is doubtful.
    """

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


def checked(checker: Checker, value: Any, run: Run, notes: tuple[str, ...] = ()) -> Verdict:
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
        given_up = "the schema or the arguments are nested without end: the check was given up"
    except (ArithmeticError, TypeError, ValueError, AttributeError, LookupError) as error:
        given_up = f"the check failed ({type(error).__name__})"
    finally:
        RUN.reset(token)
    notes = (*notes, *checker.notes, *run.unchecked)
    if faults:
        return Verdict("misfits", tuple(faults), (*notes, given_up) if given_up else notes)
    return Verdict("bad_schema", (Fault("$", given_up),), notes) if given_up else Verdict("fits", (), notes)
