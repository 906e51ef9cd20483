"""Money, limits, versions and routing (contract, section 7)."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from meshtui.client.types.base import Reply, ReplyPart, Request
from meshtui.client.types.chat import ChatMessage


class UsageEvent(Reply):
    """What one request cost. `cost_usd` is a decimal string; only it and the request id are certain."""

    request_id: str | None = None
    cost_usd: str | None = None
    model: str | None = None
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    total_tokens: int | None = None
    routing_fallback: bool | None = None
    cache_source: str | None = None
    failure_stage: str | None = None
    created_at: str | None = None


class RateLimitWindow(ReplyPart):
    """One counter; `pct` is 0 to 100."""

    current: float | None = None
    limit: float | None = None
    pct: float | None = None
    resets_in_seconds: float | None = None
    is_default_limit: bool | None = None


class RateLimits(Reply):
    """The state of every counter, by owner; inside an owner by metric (rpm, rpd, tpm)."""

    as_of: str | None = None
    key: dict[str, RateLimitWindow | None] | None = None
    org: dict[str, RateLimitWindow | None] | None = None
    team: dict[str, RateLimitWindow | None] | None = None
    member: dict[str, RateLimitWindow | None] | None = None


class Balance(Reply):
    """Money of the account, decimal strings in US dollars."""

    balance_usd: str | None = None
    reserved_usd: str | None = None
    available_usd: str | None = None
    reserved_breakdown: Any = None


class RouterSelectParams(Request):
    """Body of `POST /v1/router/select`."""

    messages: list[ChatMessage] = Field(min_length=1)
    api_type: Literal["completions", "responses", "embeddings"] | None = None
    exclude_models: list[str] | None = None
    candidate_models: list[str] | None = None


class AutoRouterMeta(ReplyPart):
    """Whether the router fell back, and why."""

    fallback_used: bool = False
    fallback_reason: str | None = None


class RouterSelectResponse(Reply):
    """The model that the router would take."""

    model: str = ""
    auto_router: AutoRouterMeta = Field(default_factory=AutoRouterMeta)
    reasoning_effort: str | None = None
