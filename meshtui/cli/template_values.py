"""Values of slots from the command line: NAME=VALUE, NAME=@FILE, a file of values, a set of the template."""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from meshtui.cli import inputs
from meshtui.cli.output import NOT_FOUND, refuse, say
from meshtui.cli.stdin import MARK
from meshtui.cli.surroundings import Surroundings, template_named
from meshtui.core.chat import Draft
from meshtui.core.mesh import MESH_GATEWAY
from meshtui.core.nearest import did_you_mean
from meshtui.core.problem import Problem
from meshtui.core.slot_values import ValueSet, parse_values
from meshtui.core.template import Template
from meshtui.core.turn import Turn
from meshtui.session import OpenTemplate, Session
from meshtui.store.templates import TemplateFiles

WITHOUT_TEMPLATES = (404, 405, 501)
"""How a gateway answers that has no templates at all."""


def variables(options: Sequence[str], stdin: str = "") -> dict[str, str]:
    """Return `-v NAME=VALUE` options; `@FILE` takes what the file holds, `@-` stdin, `@@` begins a value with an @."""
    values = {}
    for name, value in inputs.pairs(options, "-v/--var").items():
        if value.startswith("@@"):
            value = value[1:]
        elif value == f"@{MARK}":
            value = stdin
        elif value.startswith("@"):
            value = inputs.read_text(Path(value[1:]).expanduser())
        values[name] = value
    return values


def values_from(
    arguments: argparse.Namespace, opened: OpenTemplate | None, files: TemplateFiles
) -> tuple[dict[str, str], str]:
    """Return the values that the options name, and the name of their set: `-v` over `--values` and `--set`."""
    source, wanted = getattr(arguments, "values", None), getattr(arguments, "set", None)
    values: Mapping[str, str] = {}
    stdin = getattr(arguments, "stdin", "")
    if source is not None or wanted is not None:
        is_file = source is not None and (source == MARK or Path(source).expanduser().is_file())
        found = _from_file(source, stdin) if source is not None and is_file else None
        if found is None:
            found = list(files.sets(opened.path)) if opened is not None else []
            wanted = wanted or source
        values, wanted = _chosen(found, wanted, source)
    return {**values, **variables(arguments.var, stdin)}, wanted or ""


def _from_file(name: str, stdin: str) -> list[ValueSet]:
    path = Path(name).expanduser()
    text, shown = (stdin, "stdin") if name == MARK else (inputs.read_text(path), str(path))
    suffix = path.suffix.lower().lstrip(".")
    try:
        return list(parse_values(text, suffix if suffix in ("json", "toml", "csv", "env") else "").sets)
    except ValueError as error:
        refuse(f"{shown}: {error}")


def _chosen(found: Sequence[ValueSet], wanted: str | None, source: str | None) -> tuple[Mapping[str, str], str]:
    if wanted is None:
        if len(found) != 1:
            names = ", ".join(row.name or f"#{number}" for number, row in enumerate(found, 1))
            where = "stdin" if source == MARK else source
            refuse(f"{where} holds {len(found)} sets of values: name one with --set ({names})")
        return found[0].values, found[0].name
    for number, row in enumerate(found, 1):
        if wanted in (row.name, f"#{number}"):
            return row.values, row.name or wanted
    names = ", ".join(row.name or f"#{number}" for number, row in enumerate(found, 1)) or "none"
    refuse(f"there is no set of values {wanted!r} and no such file; the sets are: {names}")


@dataclass(frozen=True, slots=True)
class Filled:
    """A template of this machine with the values for one run."""

    opened: OpenTemplate
    values: Mapping[str, str]
    set_name: str

    def draft(self, draft: Draft, expand: str) -> Draft:
        """Return the draft with the template before it, filled in here or left to the gateway; refuses missing values.

        The draft's own parameters win over the template's, and its system text stands after the template's.
        """
        template = self.opened.template
        missing = template.missing(self.values)
        if missing:
            refuse(f"template {template.name}: no value for {', '.join(missing)}; add -v {missing[0]}=VALUE")
        if expand == "gateway":
            return replace(draft, template=template.name, variables={**template.variables, **self.values})
        system, before = template.expand(self.values)
        system = "\n\n".join(text for text in (system, draft.system) if text)
        params = {**template.params, **draft.params}
        return replace(draft, system=system, messages=(*before, *draft.messages), params=params)

    def pin(self, session: Session, turn: Turn) -> None:
        """Keep the exact text and values that a turn used."""
        template = self.opened.template
        values = {**template.variables, **self.values}
        session.store.pin(turn.id, str(self.opened.path), template, values, self.set_name)


async def check_kept(session: Session, base_url: str, names: Iterable[str | None]) -> None:
    """Refuse templates that only the gateway could have where it keeps none.

    Another make of gateway would pass over the name, and answer as if no template had been asked for.
    """
    missing = next((name for name in names if name is not None), None)
    if missing is None or base_url == MESH_GATEWAY or session.templates is None:
        return
    try:
        await session.templates.remote.all()
    except Problem as problem:
        if problem.status in WITHOUT_TEMPLATES:
            words = f"there is no template {missing!r} here, and {base_url} keeps none"
            refuse(f"{words}; `meshtui templates` lists those that are here", NOT_FOUND)


def say_strangers(options: Sequence[str], template: Template) -> None:
    """Say which names given with `-v` are no slots of the template: their values go nowhere."""
    for name in inputs.pairs(options, "-v/--var"):
        if name not in template.slots:
            meant = did_you_mean(name, template.slots) if template.slots else "it has none"
            say(f"template {template.name} has no slot {name!r}; {meant}")


def filled(arguments: argparse.Namespace, surroundings: Surroundings) -> Filled | None:
    """Return the named template with its values; None where none is named or only the gateway has it."""
    opened = template_named(arguments.template, surroundings) if arguments.template else None
    if opened is None:
        if not arguments.template:
            for option, flag in (("var", "-v/--var"), ("values", "--values"), ("set", "--set")):
                if getattr(arguments, option, None):
                    refuse(f"{flag} fills in a template: name one with -t/--template")
        return None
    values, set_name = values_from(arguments, opened, surroundings.template_files())
    return Filled(opened, values, set_name)
