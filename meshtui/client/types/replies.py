"""Chat replies and stream chunks, with every field optional (contract, sections 2 and 3)."""

from __future__ import annotations

import json
from typing import Any

from pydantic import Field, SerializerFunctionWrapHandler, field_validator, model_serializer

from meshtui.client.types.base import Reply, ReplyPart


def _json_text(value: Any) -> Any:
    return value if value is None or isinstance(value, str) else json.dumps(value, ensure_ascii=False)


class ToolCallFunction(ReplyPart):
    """Name and arguments (JSON in a string) of a call; arguments that came as an object are written as JSON."""

    name: str = ""
    arguments: str = ""

    _as_text = field_validator("arguments", mode="before")(_json_text)


class ToolCall(ReplyPart):
    """A call that the model makes; part of replies, and of the history that goes back."""

    id: str = ""
    type: str = "function"
    function: ToolCallFunction = Field(default_factory=ToolCallFunction)
    thought_signature: str | None = None

    @model_serializer(mode="wrap")
    def _without_null_signature(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        values: dict[str, Any] = handler(self)
        if self.thought_signature is None:
            del values["thought_signature"]
        return values


class ToolCallFunctionChunk(ReplyPart):
    """A piece of a call's name or arguments."""

    name: str | None = None
    arguments: str | None = None

    _as_text = field_validator("arguments", mode="before")(_json_text)


class ToolCallChunk(ReplyPart):
    """A piece of a tool call; `index` is missing from some providers."""

    index: int | None = None
    id: str | None = None
    type: str | None = None
    function: ToolCallFunctionChunk | None = None
    thought_signature: str | None = None


class UsageInfo(ReplyPart):
    """Tokens of a call. `cached_tokens` are part of `prompt_tokens`; classifier tokens are not."""

    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    total_tokens: int | None = None
    prompt_tokens_details: dict[str, Any] | None = None
    completion_tokens_details: dict[str, Any] | None = None
    classifier_prompt_tokens: int | None = None
    classifier_completion_tokens: int | None = None
    classifier_tokens: int | None = None
    cost: str | None = None


class ChatCompletionMessage(ReplyPart):
    """The message of a reply."""

    role: str | None = None
    content: str | list[Any] | None = None
    reasoning: str | None = None
    reasoning_content: str | None = None
    reasoning_details: list[dict[str, Any]] | None = None
    tool_calls: list[ToolCall] | None = None
    audio: dict[str, Any] | None = None
    refusal: str | None = None


class ChatCompletionChoice(ReplyPart):
    """One of the answers."""

    index: int = 0
    message: ChatCompletionMessage | None = None
    finish_reason: str | None = None
    logprobs: Any = None


class Routing(Reply):
    """What the auto router did, on replies to `model: auto`."""

    x_auto_routed: bool | None = None
    x_resolved_model_id: str | None = None
    x_auto_routed_fallback: bool | None = None
    x_auto_routed_fallback_reason: str | None = None
    x_classifier_usage: list[dict[str, Any]] | None = None


class ChatCompletionResponse(Routing):
    """A whole reply. `headers` holds the response's headers, `request_id` the key for billing lookup."""

    id: str = ""
    object: str = "chat.completion"
    created: int = 0
    model: str = ""
    choices: list[ChatCompletionChoice] = Field(default_factory=list)
    usage: UsageInfo | None = None
    cost: str | None = None
    system_fingerprint: str | None = None
    request_id: str | None = None
    headers: dict[str, str] = Field(default_factory=dict, exclude=True)


class ChatCompletionChunkDelta(ReplyPart):
    """What is new in a chunk."""

    role: str | None = None
    content: str | None = None
    reasoning: str | None = None
    reasoning_content: str | None = None
    reasoning_details: list[dict[str, Any]] | None = None
    tool_calls: list[ToolCallChunk] | None = None
    audio: dict[str, Any] | None = None
    refusal: str | None = None


class ChatCompletionChunkChoice(ReplyPart):
    """One answer's part of a chunk."""

    index: int = 0
    delta: ChatCompletionChunkDelta = Field(default_factory=ChatCompletionChunkDelta)
    finish_reason: str | None = None


class ChatCompletionChunk(Routing):
    """One event of a stream."""

    id: str = ""
    object: str = "chat.completion.chunk"
    created: int = 0
    model: str = ""
    choices: list[ChatCompletionChunkChoice] = Field(default_factory=list)
    usage: UsageInfo | None = None
    cost: str | None = None
    request_id: str | None = None
