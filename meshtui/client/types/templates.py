"""Prompt templates kept by the gateway (contract, section 4)."""

from __future__ import annotations

from typing import Any, ClassVar

from pydantic import Field

from meshtui.client.types.base import Reply, Request


class CreateTemplateParams(Request):
    """Body of `POST /v1/templates`."""

    name: str = Field(min_length=1)
    description: str | None = None
    system: str | None = None
    messages: list[dict[str, Any]] | None = None
    model: str | None = None
    params: dict[str, Any] | None = None
    variables: list[str] | None = None
    team_id: str | None = None


class UpdateTemplateParams(Request):
    """Body of `PATCH /v1/templates/{id}`: what is not set stays, None given explicitly clears the field."""

    null_is_sent: ClassVar[frozenset[str]] = frozenset(
        {"description", "system", "messages", "model", "params", "variables"}
    )

    name: str | None = Field(default=None, min_length=1)
    description: str | None = None
    system: str | None = None
    messages: list[dict[str, Any]] | None = None
    model: str | None = None
    params: dict[str, Any] | None = None
    variables: list[str] | None = None


class Template(Reply):
    """A stored prompt with `{{slot}}` placeholders; times are ISO 8601, the id is opaque."""

    id: str = ""
    name: str = ""
    owner: str | None = None
    is_global: bool | None = None
    description: str | None = None
    system: str | None = None
    messages: list[dict[str, Any]] | None = None
    model: str | None = None
    params: dict[str, Any] | None = None
    variables: list[str] | None = None
    created_at: str | None = None
    updated_at: str | None = None


TemplateSummary = Template
