"""Which exact text of a template each run used, and what the gateway's copy of it was at the last exchange."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from meshtui.core.template import Template
from meshtui.store.database import Database
from meshtui.store.rows import json_row


@dataclass(frozen=True, slots=True)
class Version:
    """One text of a template: its hash, when it was first used, a note, and how many runs used it."""

    hash: str
    template: Template
    created_at: float
    note: str = ""
    runs: int = 0


@dataclass(frozen=True, slots=True)
class TemplateRun:
    """One run of a version: the turn, the values, and what came of it."""

    turn_id: str
    conversation_id: str
    hash: str
    values: Mapping[str, str]
    set_name: str
    started_at: float
    state: str
    model: str
    answer: str


@dataclass(frozen=True, slots=True)
class Base:
    """What the gateway's copy of a template was when both sides were the same last, and its id there."""

    remote_id: str
    fields: Mapping[str, Any]


class Versions(Database):
    """The part of the store that knows versions of templates; `place` is the path of a template's file."""

    def pin(self, turn_id: str, place: str, template: Template, values: Mapping[str, str], set_name: str) -> None:
        """Keep the exact template and values that a turn used; raises StoreError."""
        with self._transaction() as execute:
            self._add_version(execute, place, template)
            execute(
                "INSERT OR REPLACE INTO template_run VALUES (?, ?, ?, ?, ?)",
                self._texts(turn_id, place, template.hash, json_row(dict(values)), set_name),
            )

    def _add_version(self, execute: Any, place: str, template: Template) -> None:
        execute(
            "INSERT OR IGNORE INTO template_version VALUES (?, ?, ?, ?, '')",
            self._texts(place, template.hash, json_row(template.to_json()), self._now()),
        )

    def versions(self, place: str) -> list[Version]:
        """Return the versions of a template that runs used or that have a note, newest first."""
        sql = """
            SELECT v.hash, v.body_json, v.created_at, v.note, COUNT(r.turn_id)
            FROM template_version v LEFT JOIN template_run r ON r.place = v.place AND r.hash = v.hash
            WHERE v.place = ? GROUP BY v.hash ORDER BY v.created_at DESC, v.rowid DESC
        """
        return [
            Version(hash, Template.from_json(json.loads(body)), at, note, runs)
            for hash, body, at, note, runs in self._rows(sql, (place,))
        ]

    def note_version(self, place: str, template: Template, note: str) -> None:
        """Write a note to a version, which is kept for it if no run did."""
        with self._transaction() as execute:
            self._add_version(execute, place, template)
            execute(
                "UPDATE template_version SET note = ? WHERE place = ? AND hash = ?",
                self._texts(note, place, template.hash),
            )

    def runs(self, place: str, hash: str | None = None, limit: int = 200) -> list[TemplateRun]:
        """Return the runs of a template, or of one version of it, newest first."""
        sql = """
            SELECT r.turn_id, t.conversation_id, r.hash, r.values_json, r.set_name, t.started_at, t.state, t.model,
                n.message_json
            FROM template_run r JOIN turn t ON t.id = r.turn_id JOIN node n ON n.id = t.node_id
            WHERE r.place = ? AND (? IS NULL OR r.hash = ?) ORDER BY t.started_at DESC, t.rowid DESC LIMIT ?
        """
        rows = self._rows(sql, (place, hash, hash, limit))
        return [_run(row) for row in rows]

    def template_of(self, conversation_id: str) -> str | None:
        """Return the template whose runs a conversation holds, None where it holds none."""
        row = self._row(
            "SELECT r.place FROM template_run r JOIN turn t ON t.id = r.turn_id WHERE t.conversation_id = ?"
            " ORDER BY t.started_at DESC LIMIT 1",
            (conversation_id,),
        )
        return None if row is None else str(row[0])

    def move_versions(self, place: str, new: str) -> None:
        """Let the versions of a template follow its file."""
        with self._transaction() as execute:
            for table in ("template_version", "template_run", "template_base"):
                execute(f"UPDATE OR REPLACE {table} SET place = ? WHERE place = ?", self._texts(new, place))  # noqa: S608

    # What the gateway has

    def base(self, gateway: str, place: str) -> Base | None:
        """Return what both sides had when a template was exchanged with a gateway last."""
        row = self._row(
            "SELECT remote_id, body_json FROM template_base WHERE gateway = ? AND place = ?", (gateway, place)
        )
        return None if row is None else Base(row[0], json.loads(row[1]))

    def save_base(self, gateway: str, place: str, base: Base | None) -> None:
        """Remember what both sides have now; None forgets it."""
        with self._transaction() as execute:
            execute("DELETE FROM template_base WHERE gateway = ? AND place = ?", self._texts(gateway, place))
            if base is not None:
                values = self._texts(gateway, place, base.remote_id, json_row(dict(base.fields)))
                execute("INSERT INTO template_base VALUES (?, ?, ?, ?)", values)


def _run(row: Any) -> TemplateRun:
    turn_id, conversation_id, hash, values, set_name, at, state, model, body = row
    answer = _answer(body)
    return TemplateRun(turn_id, conversation_id, hash, json.loads(values), set_name, at, state, model, answer)


def _answer(body: str | None) -> str:
    if body is None:
        return ""
    content = json.loads(body).get("content")
    return content if isinstance(content, str) else ""
