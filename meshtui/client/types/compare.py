"""One prompt to several models, run by the gateway (contract, section 6)."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from meshtui.client.types.base import Reply, ReplyPart, Request
from meshtui.client.types.chat import ChatMessage


class ModelOverride(Request):
    """Parameters for one of the models; `system_prompt` is put before its messages."""

    model: str
    temperature: float | None = Field(default=None, ge=0, le=2)
    max_tokens: int | None = Field(default=None, ge=1)
    system_prompt: str | None = None


class CompareParams(Request):
    """Body of `POST /v1/chat/compare`."""

    models: list[str] = Field(min_length=1, max_length=10)
    messages: list[ChatMessage]
    model_overrides: list[ModelOverride] | None = None
    comparison_model: str | None = None
    comparison_instructions: str | None = None
    temperature: float | None = Field(default=None, ge=0, le=2)
    max_tokens: int | None = Field(default=None, ge=1)
    stream: bool = False
    cache: bool | None = None
    template: str | None = None
    variables: dict[str, str] | None = None
    skip_comparison: bool = False


class TokenUsage(ReplyPart):
    """Tokens of one model's answer."""

    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    total_tokens: int | None = None


class ModelCompareResult(ReplyPart):
    """One model's answer, or its error."""

    model: str = ""
    response_body: dict[str, Any] | None = None
    content: str | None = None
    latency_ms: float | None = None
    error: Any = None
    error_code: str | None = None
    usage: TokenUsage | None = None
    request_id: str | None = None


class CompareResponse(Reply):
    """All answers and, unless skipped, the judge's comparison."""

    comparison_id: str = ""
    object: str = "compare.completion"
    created: int = 0
    models: list[str] = Field(default_factory=list)
    results: list[ModelCompareResult] = Field(default_factory=list)
    comparison: str | None = None
    comparison_model: str | None = None
    comparison_usage: TokenUsage | None = None
    comparison_fallback_used: bool = False
    total_latency_ms: float | None = None
    partial: bool = False
    skip_comparison: bool = False


class CompareStreamEvent(Reply):
    """One named event: meta, model_chunk, model_done, model_stream_done, comparison_chunk or done.

    `data` is the whole payload; its members are also here by name. A string in `error` is about one
    model and does not end the stream.
    """

    event: str | None = None
    data: dict[str, Any] | None = None

    delta: str | None = None
    model: str | None = None
    comparison_id: str | None = None
    comparison_model: str | None = None
    models: list[str] | None = None
    results: list[ModelCompareResult] | None = None
    latency_ms: float | None = None
    total_latency_ms: float | None = None
    finish_reason: str | None = None
    error: Any = None
    error_code: str | None = None
    usage: dict[str, Any] | None = None
    skip_comparison: bool | None = None
    partial: bool | None = None
    comparison_fallback_used: bool | None = None
