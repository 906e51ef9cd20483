"""The templates that the gateway keeps: seen, fetched, sent, compared; nothing is overwritten unasked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from meshtui.core.chat import Message
from meshtui.core.diff import Change, FieldChange, compare_three
from meshtui.core.problem import Problem, ProblemKind
from meshtui.core.template import Template
from meshtui.store.versions import Base

if TYPE_CHECKING:
    from meshtui.session.session import Session

FIELDS = ("name", "description", "system", "messages", "model", "params")
"""What is compared. The gateway's list of variables is documentation only, and follows from the texts."""


@dataclass(frozen=True, slots=True)
class RemoteTemplate:
    """One template of the gateway; a shared one (`is_global`) can be read by everyone and changed by nobody here."""

    id: str
    template: Template
    is_global: bool
    updated_at: str
    raw: Mapping[str, Any]

    @property
    def fields(self) -> dict[str, Any]:
        """What is compared."""
        return fields_of(self.template)


class Diverged(Exception):
    """Both sides changed the same since the last exchange: `changes` has all fields, the user decides."""

    def __init__(self, name: str, changes: Sequence[FieldChange]) -> None:
        fields = ", ".join(row.field for row in changes if row.change is Change.CONFLICT)
        super().__init__(f"{name}: {fields} changed here and on the gateway. Nothing was overwritten.")
        self.changes = changes


def fields_of(template: Template) -> dict[str, Any]:
    """Return what is compared of a template; what is empty is None, as the gateway has it."""
    wire = template.to_wire()
    return {field: wire[field] for field in FIELDS}


class RemoteTemplates:
    """The gateway's templates, seen from one session. Every failure is a Problem, with words for what it means."""

    def __init__(self, session: Session) -> None:
        self._session = session

    async def _call(self, method: str, id: str = "", body: Mapping[str, Any] | None = None) -> Any:
        gateway = await self._session.gateway()
        try:
            return await gateway.templates(method, id, body)
        except Problem as problem:
            raise _in_words(problem, method) from problem

    async def all(self) -> Sequence[RemoteTemplate]:
        """Return the templates that the key may see, its own first; rows that are none are left out."""
        rows = await self._call("GET")
        if isinstance(rows, Mapping):
            rows = rows.get("data")
        found = [_remote(row) for row in rows or () if isinstance(row, Mapping) and row.get("id") and row.get("name")]
        return sorted(found, key=lambda row: (row.is_global, row.template.name.casefold()))

    async def named(self, name: str) -> RemoteTemplate | None:
        """Return the template that a run by this name would use: one's own before a shared one, or by id."""
        rows = await self.all()
        return next((row for row in rows if name in (row.template.name, row.id)), None)

    async def counterpart(self, place: str, template: Template) -> RemoteTemplate | None:
        """Return the gateway's own copy of a template: the one exchanged last, else one's own of that name."""
        base = self.base(place)
        rows = [row for row in await self.all() if not row.is_global]
        known = next((row for row in rows if base is not None and row.id == base.remote_id), None)
        return known or next((row for row in rows if row.template.name == template.name), None)

    def base(self, place: str) -> Base | None:
        """Return what both sides had at the last exchange with this gateway."""
        return self._session.store.base(self._session.target.base_url, place)

    def _remember(self, place: str, remote_id: str, fields: Mapping[str, Any]) -> None:
        self._session.store.save_base(self._session.target.base_url, place, Base(remote_id, fields))

    def compare(self, place: str, template: Template, remote: RemoteTemplate) -> list[FieldChange]:
        """Return what changed where since the last exchange."""
        base = self.base(place)
        known = base.fields if base is not None and base.remote_id == remote.id else None
        return compare_three(known, fields_of(template), remote.fields)

    async def push(self, place: str, template: Template, *, force: bool = False) -> str:
        """Bring the gateway's copy up to date with the template, or create it; return what was done, in words.

        Only what changed here is sent. Raises Diverged where both sides changed the same, unless `force` says that this
        side wins.
        """
        remote = await self.counterpart(place, template)
        variables = list(template.slots) or None
        if remote is None:
            body = {name: value for name, value in fields_of(template).items() if value is not None}
            row = await self._call("POST", body={**body, **({"variables": variables} if variables else {})})
            self._remember(place, _id_of(row), fields_of(template))
            return f"created {template.name} on the gateway"
        changes = self.compare(place, template, remote)
        conflicts = [row for row in changes if row.change is Change.CONFLICT]
        if conflicts and not force:
            raise Diverged(template.name, changes)
        sent = {row.field: row.local for row in changes if row.change in (Change.LOCAL, Change.CONFLICT)}
        if sent:
            if sent.keys() & {"system", "messages"}:
                await self._call("PATCH", remote.id, {**sent, "variables": variables})
            else:
                await self._call("PATCH", remote.id, sent)
        theirs = {row.field: row.base for row in changes if row.change is Change.REMOTE}
        self._remember(place, remote.id, {**remote.fields, **theirs, **sent})
        done = f"sent {', '.join(sent)} of {template.name}" if sent else f"{template.name} had nothing to send"
        return done + (f"; {', '.join(theirs)} changed there and can be pulled" if theirs else "")

    def merged(
        self, place: str, template: Template, remote: RemoteTemplate, *, force: bool = False
    ) -> tuple[Template, list[FieldChange]]:
        """Return the template with what changed on the gateway taken over, and all changes.

        Raises Diverged where both sides changed the same, unless `force` says that the other side wins. Nothing is
        written; `pulled` says that the result was.
        """
        changes = self.compare(place, template, remote)
        if not force and any(row.change is Change.CONFLICT for row in changes):
            raise Diverged(template.name, changes)
        taken = {row.field for row in changes if row.change in (Change.REMOTE, Change.CONFLICT)}
        theirs = remote.template
        new = replace(
            template,
            name=theirs.name if "name" in taken else template.name,
            description=theirs.description if "description" in taken else template.description,
            system=theirs.system if "system" in taken else template.system,
            messages=theirs.messages if "messages" in taken else template.messages,
            model=theirs.model if "model" in taken else template.model,
            params=theirs.params if "params" in taken else template.params,
        )
        return new, changes

    def pulled(self, place: str, remote: RemoteTemplate) -> None:
        """Remember that what the gateway has was taken over."""
        self._remember(place, remote.id, remote.fields)

    async def delete(self, remote: RemoteTemplate) -> None:
        """Delete a template on the gateway; it cannot be brought back there."""
        await self._call("DELETE", remote.id)

    async def expands_alike(self, template: Template, values: Mapping[str, str]) -> list[tuple[Message, Message]]:
        """Return the pairs of messages that differ between expanding here and on the gateway, none where all are alike.

        The gateway tells no rendered text; its template of that name is fetched and filled by the same grammar.
        """
        remote = await self.named(template.name)
        if remote is None:
            raise Problem(
                ProblemKind.NOT_FOUND, "not_found", f"The gateway has no template {template.name!r}: push it first."
            )
        here, there = template.rendered(values), remote.template.rendered({**template.variables, **values})
        longest = max(len(here), len(there))
        nothing = Message("user", None)
        pad = [*here, *[nothing] * (longest - len(here))], [*there, *[nothing] * (longest - len(there))]
        return [(one, other) for one, other in zip(*pad, strict=True) if one.to_wire() != other.to_wire()]


def _remote(row: Mapping[str, Any]) -> RemoteTemplate:
    shown = {name: row.get(name) for name in FIELDS}
    rows = shown["messages"] if isinstance(shown["messages"], list) else []
    shown["messages"] = [one for one in rows if isinstance(one, Mapping) and isinstance(one.get("role"), str)]
    return RemoteTemplate(
        str(row["id"]),
        Template.from_json(shown),
        row.get("is_global") is True,
        str(row.get("updated_at") or ""),
        row,
    )


def _id_of(row: Any) -> str:
    if not isinstance(row, Mapping) or not row.get("id"):
        raise Problem(ProblemKind.GATEWAY, "bad_response", "The gateway created the template but did not say its id.")
    return str(row["id"])


def _in_words(problem: Problem, method: str) -> Problem:
    """Return a refusal of the template routes as a sentence that says what to do."""
    words = {
        409: "The gateway has a template of that name already. Pull it, or rename this one.",
        403: "The gateway does not let this key change that template: it is shared with everyone and read-only."
        " Duplicate it under another name.",
        404: "The gateway does not have that template any more: it was deleted, or belongs to another account."
        if method in ("PATCH", "DELETE")
        else "This gateway keeps no templates.",
    }.get(problem.status or 0)
    if words is None:
        return problem
    return Problem(
        problem.kind, problem.code, words, status=problem.status, param=problem.param, request_id=problem.request_id
    )
