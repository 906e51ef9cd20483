"""`meshtui templates`: the templates of this project, of the user and of the gateway, without a screen."""

from __future__ import annotations

import argparse
import asyncio
import json
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from meshtui.cli import inputs
from meshtui.cli.output import FAULT, NOT_FOUND, OK, USAGE, Refused, emit, emit_json, refuse, say
from meshtui.cli.stdin import MARK, once, settle
from meshtui.cli.surroundings import Surroundings, look_around
from meshtui.cli.template_values import say_strangers, values_from
from meshtui.core.diff import Change, FieldChange, diff_words
from meshtui.core.json.text import text_of
from meshtui.core.nearest import did_you_mean
from meshtui.core.problem import Problem
from meshtui.core.template import Template
from meshtui.core.text import one_line
from meshtui.session import ConfigError, Diverged, OpenTemplate, RemoteTemplate, Session, StoreError, Templates
from meshtui.store.folders import file_name

CONFLICT = 8
WHAT = {
    "list": "list templates; with --gateway the gateway's",
    "search": "list those that contain every word, in name, description or text",
    "show": "print one as TOML",
    "render": "print the exact messages that a run would send; --check asks whether the gateway expands it alike",
    "versions": "list the texts that runs used, with notes and counts",
    "import": "take templates from files, - reads stdin: TOML, or JSON as the gateway has it",
    "export": "print templates as JSON, as the gateway has them",
    "diff": "compare with the gateway's copy: what changed here, there, on both sides",
    "push": "bring the gateway's copy up to date, or create it",
    "pull": "take over what changed on the gateway, or a template that is not here yet",
    "delete": "put a template away; with --gateway delete the gateway's copy",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of `templates`."""
    inputs.add_what(parser, WHAT)
    parser.add_argument("names", nargs="*", metavar="NAME", help="templates, words to find, or files to import")
    parser.add_argument("--gateway", action="store_true", help="the gateway's templates instead of those on disk")
    parser.add_argument("--force", action="store_true", help="push: this side wins · pull: the gateway's side wins")
    parser.add_argument("--as", dest="rename", metavar="NAME", help="import, pull: write it under this name")
    inputs.add_values(parser, "render: ")
    parser.add_argument("--check", action="store_true", help="render: ask whether the gateway expands it alike")
    parser.add_argument("--json", action="store_true", help="print JSON")


@dataclass(frozen=True, slots=True)
class Call:
    """One call of the command: its options, the session, its templates."""

    arguments: argparse.Namespace
    surroundings: Surroundings
    session: Session
    templates: Templates

    def opened(self, name: str) -> OpenTemplate:
        """Return the template of that name on disk; refuses where there is none."""
        return self.templates.files.open(self.path_of(name))

    def path_of(self, name: str) -> Path:
        """Return the file of that template, which may be one that cannot be read; refuses where there is none."""
        path = self.templates.files.find(name)
        if path is None:
            known = (row.key for row in self.templates.files.list())
            hint = did_you_mean(name, known, "`meshtui templates` lists them")
            refuse(f"there is no template {name!r} here; {hint}", NOT_FOUND)
        return path

    def one(self) -> str:
        """Return the one name that was given."""
        if len(self.arguments.names) != 1:
            refuse(f"templates {self.arguments.what} takes the name of one template")
        return str(self.arguments.names[0])

    async def remote(self, name: str) -> RemoteTemplate:
        """Return the gateway's template of that name or id; refuses where there is none."""
        found = await self.templates.remote.named(name)
        if found is None:
            refuse(f"the gateway has no template {name!r}; `meshtui templates --gateway` lists its own", NOT_FOUND)
        return found


def templates(arguments: argparse.Namespace) -> int:
    """Do what was asked; return the exit code."""
    surroundings = look_around(arguments)
    session = surroundings.session()
    assert session.templates is not None  # noqa: S101 - the surroundings put them there
    try:
        return asyncio.run(_do(Call(arguments, surroundings, session, session.templates)))
    except ConfigError as error:
        raise Refused(str(error), USAGE) from None
    except StoreError as error:
        raise Refused(str(error), FAULT) from None
    except Problem as problem:
        say(problem.sentence)
        return problem.exit_code
    except Diverged as error:
        for change in error.changes:
            if change.change is Change.CONFLICT:
                _show_change(change)
        raise Refused(f"{error} Look with `templates diff`; --force takes one side.", CONFLICT) from None
    finally:
        session.close()


async def _do(call: Call) -> int:
    commands: dict[str, Callable[[Call], Awaitable[int]]] = {
        "list": _list,
        "search": _list,
        "show": _show,
        "render": _render,
        "versions": _versions,
        "import": _import,
        "export": _export,
        "diff": _diff,
        "push": _push,
        "pull": _pull,
        "delete": _delete,
    }
    what = call.arguments.what
    if call.arguments.gateway or call.arguments.check or what in ("diff", "push", "pull"):
        call.surroundings.require_key()
    try:
        return await commands[what](call)
    finally:
        await call.session.aclose()


def _row(key: str, place: str, template: Template | None, fault: str = "") -> dict[str, Any]:
    if template is None:
        return {"name": key, "from": place, "fault": fault}
    return {
        "name": key,
        "from": place,
        "description": template.description,
        "model": template.model or None,
        "slots": list(template.slots),
        "hash": template.hash,
    }


async def _list(call: Call) -> int:
    words = [word.casefold() for word in call.arguments.names]
    found: list[tuple[dict[str, Any], str]] = []
    if call.arguments.gateway:
        for remote in await call.templates.remote.all():
            place = "shared" if remote.is_global else "gateway"
            row = _row(remote.template.name, place, remote.template) | {"id": remote.id}
            found.append((row, remote.template.said))
    else:
        for file in call.templates.files.list():
            text = file.template.said if file.template else file.fault
            found.append((_row(file.key, file.place, file.template, file.fault), f"{file.key}\n{text}"))
    rows = [row for row, text in found if all(word in text.casefold() for word in words)]
    if call.arguments.json:
        emit_json(rows)
        return OK
    for row in rows:
        slots = " ".join(f"{{{{{name}}}}}" for name in row.get("slots", ()))
        words_of = row.get("fault") or " · ".join(filter(None, (one_line(row["description"], 60), one_line(slots, 60))))
        emit(f"{one_line(row['name'], 60):<28} {row['from']:<8} {words_of}".rstrip())
    if not rows:
        say(
            "no template fits" if words else "there are no templates yet; `meshtui templates import FILE` takes some in"
        )
    return OK


async def _show(call: Call) -> int:
    name = call.one()
    if call.arguments.gateway:
        remote = await call.remote(name)
        emit_json(remote.raw, indent=2)
        return OK
    opened = call.opened(name)
    if call.arguments.json:
        emit_json(opened.template.to_json() | {"path": str(opened.path), "hash": opened.template.hash}, indent=2)
    else:
        emit(opened.text, end="" if opened.text.endswith("\n") else "\n")
    return OK


async def _render(call: Call) -> int:
    opened = call.opened(call.one())
    settle(call.arguments)
    template = opened.template
    values, _ = values_from(call.arguments, opened, call.templates.files)
    say_strangers(call.arguments.var, template)
    missing = template.missing(values)
    if missing:
        refuse(f"template {template.name}: no value for {', '.join(missing)}; add -v {missing[0]}=VALUE")
    messages = template.rendered(values)
    if call.arguments.check:
        return _checked(template.name, await call.templates.remote.expands_alike(template, values))
    if call.arguments.json:
        emit_json([message.to_wire() for message in messages], indent=2)
    else:
        for message in messages:
            emit(f"── {message.role}\n{message.text}")
    return OK


def _checked(name: str, pairs: Sequence[tuple[Any, Any]]) -> int:
    for here, there in pairs:
        emit(f"── {here.role}, expanded here\n{here.text}\n── {there.role}, expanded by the gateway\n{there.text}")
    say(f"{name}: {'both give the same messages' if not pairs else f'{len(pairs)} messages differ'}")
    return OK if not pairs else CONFLICT


async def _versions(call: Call) -> int:
    opened = call.opened(call.one())
    rows = call.templates.versions(opened.path)
    if call.arguments.json:
        emit_json([{"hash": v.hash, "at": v.created_at, "note": v.note, "runs": v.runs} for v in rows])
        return OK
    for version in rows:
        import time

        now = "· now" if version.hash == opened.template.hash else ""
        at = time.strftime("%Y-%m-%d %H:%M", time.localtime(version.created_at))
        emit(f"{version.hash}  {at}  {version.runs:>3} runs  {one_line(version.note, 60)} {now}".rstrip())
    return OK


async def _import(call: Call) -> int:
    if not call.arguments.names:
        refuse("templates import takes files; - reads stdin")
    once([name for name in call.arguments.names if name == MARK])
    for name in call.arguments.names:
        for template, text in _read(name):
            key = call.arguments.rename or file_name(template.name, "template")
            opened = call.templates.files.create(key, template, like=text)
            say(f"{'stdin' if name == MARK else name}: written to {opened.path}")
    return OK


def _read(name: str) -> list[tuple[Template, str]]:
    """Return the templates of a file, each with its text where that is a template file of ours already."""
    path = Path("stdin" if name == MARK else name).expanduser()
    text, shown = inputs.named_text(name, "the template")
    if path.suffix != ".json" and not (name == MARK and text.lstrip().startswith(("{", "[{"))):
        from meshtui.store.template_text import template_from

        return [(template_from(path, text), text)]
    try:
        value = json.loads(text)
        rows = value if isinstance(value, list) else [value]
        return [(Template.from_json({"name": path.stem, **row}), "") for row in rows]
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        refuse(f"{shown}: this is no template as the gateway has it, nor a list of such")


async def _export(call: Call) -> int:
    names = call.arguments.names or [file.key for file in call.templates.files.list() if file.template]
    rows = [call.opened(name).template.to_wire() for name in names]
    emit_json(rows[0] if len(call.arguments.names) == 1 else rows, indent=2)
    return OK


async def _diff(call: Call) -> int:
    opened = call.opened(call.one())
    remote = await call.templates.remote.counterpart(str(opened.path), opened.template)
    if remote is None:
        refuse(f"the gateway has no template {opened.template.name!r} of yours; push creates it", NOT_FOUND)
    changes = call.templates.remote.compare(str(opened.path), opened.template, remote)
    if call.arguments.json:
        rows = [
            {"field": c.field, "change": c.change.value, "base": c.base, "here": c.local, "there": c.remote}
            for c in changes
        ]
        emit_json(rows, indent=2)
        return OK
    for change in changes:
        if change.change is not Change.NONE:
            _show_change(change)
    if all(change.change is Change.NONE for change in changes):
        say(f"{opened.template.name}: both sides are the same")
    return OK


def _show_change(change: FieldChange) -> None:
    emit(f"{change.field}: {change.change.value}")
    here, there = text_of(change.local, indent=1), text_of(change.remote, indent=1)
    marks = {"same": "{}", "removed": "[-{}-]", "added": "{{+{}+}}"}
    text = "".join(
        marks[piece.kind].format(piece.text)
        for piece in diff_words(there if change.remote else "", here if change.local else "")
    )
    emit("\n".join(f"  {line}" for line in text.split("\n")))


async def _push(call: Call) -> int:
    names = call.arguments.names or refuse("templates push takes names")
    for name in names:
        opened = call.opened(name)
        say(await call.templates.remote.push(str(opened.path), opened.template, force=call.arguments.force))
    return OK


async def _pull(call: Call) -> int:
    remotes = call.templates.remote
    for name in call.arguments.names or refuse("templates pull takes names"):
        path = call.templates.files.find(call.arguments.rename or file_name(name))
        opened = call.templates.files.open(path) if path is not None else None
        remote = await remotes.counterpart(str(path), opened.template) if opened is not None else None
        remote = remote or await call.remote(name)
        if opened is None:
            opened = call.templates.files.create(
                call.arguments.rename or file_name(remote.template.name, "template"), remote.template
            )
        else:
            merged, _ = remotes.merged(str(opened.path), opened.template, remote, force=call.arguments.force)
            opened = call.templates.files.save(opened, merged)
        remotes.pulled(str(opened.path), remote)
        say(f"{remote.template.name}: {opened.path} is up to date with the gateway")
    return OK


async def _delete(call: Call) -> int:
    for name in call.arguments.names or refuse("templates delete takes names"):
        if call.arguments.gateway:
            remote = await call.remote(name)
            await call.templates.remote.delete(remote)
            say(f"{remote.template.name}: deleted on the gateway")
        else:
            deleted = call.templates.files.delete(call.path_of(name))
            say(f"{name}: put away; it lies in {deleted.kept.parent}")
    return OK
