"""What the pretended providers refuse: missing capabilities, full contexts, broken histories (contract section 3)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from .catalogue import Model
from .errors import Refusal
from .tokens import attachments, count_prompt

_NEEDS = {"image_url": "image", "input_audio": "audio", "video_url": "video"}
# Routes that want every tool call answered, and those that refuse an empty assistant message.
_PAIRING = frozenset({"openai", "anthropic", "amazon"})
_NO_EMPTY = frozenset({"anthropic", "amazon"})
# Models that refuse sampling parameters, and those that refuse reasoning_effort beside tools.
_NO_SAMPLING = frozenset({"openai/o4-mini"})
_NO_EFFORT_WITH_TOOLS = frozenset({"openai/gpt-5", "openai/gpt-5-mini"})


def check_request(model: Model, body: Mapping[str, Any]) -> None:
    """Raise what the provider of this model would answer to the request, if it would refuse it."""
    messages: Sequence[Mapping[str, Any]] = body.get("messages") or ()
    if not messages:
        raise _refused("invalid_request", "messages must not be empty", "messages")
    _check_capabilities(model, body, messages)
    _check_parameters(model, body)
    _check_context(model, body, messages)
    _check_history(model, messages)


def _refused(code: str, message: str, param: str) -> Refusal:
    words = {"provider": "demo-provider", "status": 400, "message": message}
    return Refusal(code, message, param=param, provider_error=words, upstream=True, stage="upstream_submit")


def _check_capabilities(model: Model, body: Mapping[str, Any], messages: Sequence[Mapping[str, Any]]) -> None:
    if body.get("tools") and "t" not in model.flags:
        raise _refused("model_capability_not_supported", f"{model.id} does not support tools.", "tools")
    for message in messages:
        for part in attachments(message.get("content")):
            needed = _NEEDS.get(str(part.get("type")))
            if needed and needed not in model.inputs:
                text = f"{model.id} does not take {needed} input."
                raise _refused("model_capability_not_supported", text, "messages")


def _check_parameters(model: Model, body: Mapping[str, Any]) -> None:
    if model.id in _NO_SAMPLING:
        for name in ("temperature", "top_p"):
            if body.get(name) not in (None, 1):
                text = f"Unsupported parameter: '{name}' is not supported with this model."
                raise _refused("invalid_request", text, name)
    effort = body.get("reasoning_effort") or (body.get("reasoning") or {}).get("effort")
    if effort and effort != "none" and body.get("tools") and model.id in _NO_EFFORT_WITH_TOOLS:
        text = "Function tools with reasoning_effort are not supported for this model."
        raise _refused("invalid_request", text, "reasoning_effort")


def _check_context(model: Model, body: Mapping[str, Any], messages: Sequence[Mapping[str, Any]]) -> None:
    if model.context is None:
        return
    prompt = count_prompt(messages, body.get("tools") or ())
    if prompt > model.context:
        text = f"This model's maximum context length is {model.context} tokens; the messages are {prompt} tokens."
        raise _refused("context_window_exceeded", text, "messages")
    wanted = body.get("max_tokens") or 0
    if prompt + wanted > model.context:
        text = f"input length and `max_tokens` exceed context limit: {prompt} + {wanted} > {model.context}"
        raise _refused("context_window_exceeded", text, "max_tokens")


def _check_history(model: Model, messages: Sequence[Mapping[str, Any]]) -> None:
    if model.provider in _NO_EMPTY:
        for number, message in enumerate(messages):
            empty = not message.get("content") and not message.get("tool_calls")
            if message.get("role") == "assistant" and empty:
                raise _refused("invalid_request", f"messages.{number}: content must not be empty", "messages")
    if model.provider in _PAIRING or model.id.startswith("sandbox/tools"):
        _check_pairing(messages)


def _check_pairing(messages: Sequence[Mapping[str, Any]]) -> None:
    """Each tool call has exactly one result, right after it; each result has its call."""
    open_ids: list[str] = []
    for number, message in enumerate(messages):
        if message.get("role") == "tool":
            answered = str(message.get("tool_call_id"))
            if answered not in open_ids:
                text = f"messages.{number}: tool result {answered!r} answers no open tool call"
                raise _refused("invalid_request", text, "messages")
            open_ids.remove(answered)
            continue
        if open_ids:
            text = f"messages.{number}: tool calls without a result: {', '.join(open_ids)}"
            raise _refused("invalid_request", text, "messages")
        open_ids = [str(call.get("id")) for call in message.get("tool_calls") or ()]
    if open_ids:
        raise _refused("invalid_request", f"tool calls without a result: {', '.join(open_ids)}", "messages")
