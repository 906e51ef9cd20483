"""Templates: the shelf, its CRUD routes, and their expansion in a request (contract section 4)."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from starlette.responses import Response

from meshtui.core.template import fill, scan
from meshtui.core.waits import iso_time

from .errors import Refusal, json_response
from .ids import digest, ulid

if TYPE_CHECKING:
    from .state import Exchange

_FIELDS = ("name", "description", "system", "messages", "model", "params", "variables")

# Admin-seeded templates that every key can use and none can change.
_GLOBAL: tuple[dict[str, Any], ...] = (
    {
        "name": "summary",
        "description": "Sums up a text for a given reader.",
        "system": "Sum up what follows in {{sentences}} sentences for {{ reader }}.",
        "params": {"temperature": 0.2},
        "variables": ["sentences", "reader"],
    },
    {
        "name": "support-reply",
        "description": "Answers a customer in the voice of a company.",
        "system": "You are {{tone}} support for {{company}}. Never promise what the policy does not say.",
        "messages": [
            {"role": "user", "content": "Where is my refund?"},
            {"role": "assistant", "content": "Let me look into that for {{company}}."},
        ],
        "model": "openai/gpt-4o-mini",
        "params": {"temperature": 0.4, "max_tokens": 400},
        "variables": ["tone", "company"],
    },
)


class TemplateShelf:
    """All templates of one sandbox, of every owner."""

    def __init__(self, id_style: str, clock: Callable[[], float]) -> None:
        self._id_style = id_style
        self._clock = clock
        self._rows: dict[str, dict[str, Any]] = {}
        for fields in _GLOBAL:
            self._add(fields, owner=None, id_=str(uuid.UUID(digest("template", fields["name"])[:32])))

    def _new_id(self) -> str:
        return str(uuid.uuid4()) if self._id_style == "uuid" else f"tmpl_{ulid()}"

    def _add(self, fields: Mapping[str, Any], owner: str | None, id_: str) -> dict[str, Any]:
        now = iso_time(self._clock())
        row = {
            "id": id_,
            "owner": owner,
            "is_global": owner is None,
            **{name: fields.get(name) for name in _FIELDS},
            "created_at": now,
            "updated_at": now,
        }
        self._rows[id_] = row
        return row

    def visible(self, owner: str, with_global: bool) -> list[dict[str, Any]]:
        """The owner's templates, then the global ones if asked for."""
        own = [row for row in self._rows.values() if row["owner"] == owner]
        return own + [row for row in self._rows.values() if with_global and row["is_global"]]

    def create(self, owner: str, fields: Mapping[str, Any]) -> dict[str, Any]:
        """Add a template; 409 where the owner has one of that name."""
        self._refuse_twin(owner, fields["name"])
        return self._add(fields, owner, self._new_id())

    def _refuse_twin(self, owner: str, name: str) -> None:
        if any(row["owner"] == owner and row["name"] == name for row in self._rows.values()):
            raise Refusal("conflict", f"A template named {name!r} exists already.", param="name", stage="template")

    def get(self, owner: str, id_: str) -> dict[str, Any]:
        """A template to look at: one's own or a global one, else 404."""
        row = self._rows.get(id_)
        if row is None or (row["owner"] != owner and not row["is_global"]):
            raise Refusal("not_found", "Template not found.", stage="template")
        return row

    def _own(self, owner: str, id_: str) -> dict[str, Any]:
        row = self.get(owner, id_)
        if row["is_global"]:
            raise Refusal("forbidden", "Global templates are read-only.", stage="template")
        return row

    def update(self, owner: str, id_: str, fields: Mapping[str, Any]) -> dict[str, Any]:
        """Change the fields given; null clears one, a name cannot be cleared."""
        row = self._own(owner, id_)
        changed = {name: value for name, value in fields.items() if name in _FIELDS}
        if changed.get("name", row["name"]) != row["name"]:
            self._refuse_twin(owner, changed["name"])
        row.update(changed, updated_at=iso_time(self._clock()))
        return row

    def delete(self, owner: str, id_: str) -> None:
        """Remove a template of one's own."""
        del self._rows[self._own(owner, id_)["id"]]

    def resolve(self, owner: str, reference: str) -> dict[str, Any]:
        """The template a request names: by name one's own, then a global one; by id anybody's."""
        named = [row for row in self._rows.values() if row["name"] == reference]
        for row in sorted(named, key=lambda row: bool(row["is_global"])):
            if row["owner"] == owner or row["is_global"]:
                return row
        found = self._rows.get(reference)
        if found is None:
            raise Refusal("not_found", f"Template {reference!r} not found.", param="template", stage="template")
        return found


def expand(template: Mapping[str, Any], body: Mapping[str, Any], missing_code: str) -> dict[str, Any]:
    """The request with the template filled in: its system, its messages, then the request's own messages.

    Model and parameters of the request win over those of the template. A slot without a value is a 422.
    """
    variables: Mapping[str, str] = body.get("variables") or {}
    raw: list[Mapping[str, Any]] = []
    if template.get("system"):
        raw.append({"role": "system", "content": template["system"]})
    raw.extend(template.get("messages") or ())
    slots = dict.fromkeys(slot.name for message in raw for text in _texts(message) for slot in scan(text))
    absent = [name for name in slots if name not in variables]
    if absent:
        raise Refusal(
            missing_code, f"Missing template variables: {', '.join(absent)}", param="variables", stage="template"
        )
    messages = [_filled(message, variables) for message in raw]
    expanded = {name: value for name, value in body.items() if name not in ("template", "variables")}
    for name, value in (template.get("params") or {}).items():
        if expanded.get(name) is None:
            expanded[name] = value
    if expanded.get("model") is None and template.get("model"):
        expanded["model"] = template["model"]
    expanded["messages"] = [*messages, *(body.get("messages") or ())]
    return expanded


def _texts(message: Mapping[str, Any]) -> Sequence[str]:
    content = message.get("content")
    if isinstance(content, str):
        return [content]
    parts = content if isinstance(content, list) else []
    return [part["text"] for part in parts if isinstance(part, dict) and isinstance(part.get("text"), str)]


def _filled(message: Mapping[str, Any], variables: Mapping[str, str]) -> dict[str, Any]:
    content = message.get("content")
    if isinstance(content, str):
        content = fill(content, variables)
    elif isinstance(content, list):
        content = [
            {**part, "text": fill(part["text"], variables)}
            if isinstance(part, dict) and isinstance(part.get("text"), str)
            else part
            for part in content
        ]
    return {**message, "content": content}


async def list_templates(exchange: Exchange) -> Response:
    """GET /v1/templates: a bare array."""
    with_global = exchange.settings.switch("template-list") == "with-global"
    return json_response(exchange.state.templates.visible(exchange.account.owner, with_global))


async def create_template(exchange: Exchange) -> Response:
    """POST /v1/templates: 201."""
    from meshtui.client.types import CreateTemplateParams

    body = exchange.json()
    exchange.validated(CreateTemplateParams, body)
    return json_response(exchange.state.templates.create(exchange.account.owner, body), 201)


async def get_template(exchange: Exchange) -> Response:
    """GET /v1/templates/{id}."""
    return json_response(exchange.state.templates.get(exchange.account.owner, exchange.params["id"]))


async def update_template(exchange: Exchange) -> Response:
    """PATCH /v1/templates/{id}: what is omitted stays, null clears."""
    from meshtui.client.types import UpdateTemplateParams

    body = exchange.json()
    exchange.validated(UpdateTemplateParams, body)
    if "name" in body and body["name"] is None:
        row = {"loc": ["body", "name"], "msg": "Input should be a valid string", "type": "string_type"}
        raise Refusal("validation_error", "Request validation failed.", details=[row])
    owner = exchange.account.owner
    return json_response(exchange.state.templates.update(owner, exchange.params["id"], body))


async def delete_template(exchange: Exchange) -> Response:
    """DELETE /v1/templates/{id}: 204 and no body."""
    exchange.state.templates.delete(exchange.account.owner, exchange.params["id"])
    if exchange.settings.switch("delete-status") == "200":
        return json_response({"deleted": True})
    return Response(status_code=204)
