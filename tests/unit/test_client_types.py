"""The schema: what is received never fails to be read, whatever a provider puts into it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from meshtui.client.types import (
    ChatCompletionChunk,
    ChatCompletionParams,
    ChatCompletionResponse,
    ChatMessage,
    CompareResponse,
    CompareStreamEvent,
    ModelInfo,
    ModelsPage,
    RateLimits,
    Reply,
    Template,
    ToolCall,
)

CATALOGUE: list[type[Reply]] = [ModelInfo, ModelsPage, Template, RateLimits]
REPLIES: list[type[Reply]] = [
    ChatCompletionChunk,
    ChatCompletionResponse,
    CompareResponse,
    CompareStreamEvent,
    *CATALOGUE,
]


def test_only_what_is_wrong_is_lost() -> None:
    delta = {"content": {"no": 1}, "role": "assistant", "new": 1, "tool_calls": [3, {"index": "x", "id": "a"}]}
    chunk = ChatCompletionChunk.model_validate(
        {
            "id": 7,
            "created": 1.5,
            "cost": 0.001,
            "choices": [{"index": None, "delta": delta}, 4, {"index": 1, "delta": "text", "finish_reason": "stop"}],
            "usage": {"prompt_tokens": "many", "total_tokens": 3, "prompt_tokens_details": []},
            "more": [None],
        }
    )
    first, second = chunk.choices
    assert (chunk.id, chunk.created, chunk.cost, chunk.model_extra) == ("7", 0, "0.001", {"more": [None]})
    assert (first.index, first.delta.role, first.delta.content) == (0, "assistant", None)
    assert first.delta.model_extra == {"new": 1}
    assert first.delta.tool_calls is not None
    assert [(call.index, call.id) for call in first.delta.tool_calls] == [(None, "a")]
    assert (second.index, second.delta.content, second.finish_reason) == (1, None, "stop")
    assert chunk.usage is not None
    assert (chunk.usage.prompt_tokens, chunk.usage.total_tokens) == (None, 3)


def test_content_of_a_reply_may_be_parts_of_any_kind() -> None:
    parts = [{"type": "text", "text": "a"}, "b", None]
    reply = ChatCompletionResponse.model_validate({"choices": [{"message": {"content": parts}}]})
    assert reply.choices[0].message is not None
    assert reply.choices[0].message.content == parts


def test_limits_of_unknown_metrics_are_kept() -> None:
    limits = RateLimits.model_validate(
        {"key": {"rpm": {"current": 1, "limit": "x"}, "new": {"limit": 5}, "odd": 3}, "org": None}
    )
    assert limits.key is not None
    assert limits.key["rpm"] is not None
    assert (limits.key["rpm"].current, limits.key["rpm"].limit) == (1, None)
    assert limits.key["new"] is not None
    assert "odd" not in limits.key


NESTED = "choices delta message usage tool_calls function pricing items results key content".split()
NAMES = sorted({*NESTED, *(name for schema in REPLIES for name in schema.model_fields)})
values = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 3) | st.floats(allow_nan=True) | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=6),
    max_leaves=30,
)


@given(st.sampled_from(REPLIES), st.dictionaries(st.sampled_from(NAMES), values))
def test_no_object_whatever_fails_to_be_read(schema: type[Reply], data: dict[str, Any]) -> None:
    read = schema.model_validate(data)
    assert isinstance(read, schema)


def test_what_is_no_object_is_refused() -> None:
    with pytest.raises(ValidationError):
        ChatCompletionChunk.model_validate(["a"])


def test_a_tool_call_goes_back_as_it_came() -> None:
    call = {
        "id": "c",
        "type": "function",
        "function": {"name": "f", "arguments": "{}"},
        "thought_signature": "s",
        "x": 1,
    }
    body = ChatMessage(role="assistant", tool_calls=[ToolCall.model_validate(call)]).body()
    assert body == {"role": "assistant", "tool_calls": [call]}


def test_every_field_of_the_contract_is_known() -> None:
    names = """model messages template variables session_id stream temperature top_p frequency_penalty presence_penalty
    max_tokens stop seed tools tool_choice response_format transforms models user modality image async_mode modalities
    audio timeout cache reasoning_effort reasoning weight_profile service_tier tags"""
    assert set(names.split()) == set(ChatCompletionParams.model_fields)


def test_a_request_survives_a_round_trip() -> None:
    body = {
        "messages": [
            {"role": "user", "content": [{"type": "image_url", "image_url": {"url": "https://x", "detail": "low"}}]}
        ],
        "response_format": {"type": "json_schema", "json_schema": {"name": "n", "schema": {"default": None}}},
        "tool_choice": {"type": "function", "function": {"name": "f"}},
        "stop": ["a", "b"],
    }
    assert json.loads(json.dumps(ChatCompletionParams.model_validate(body).body())) == body
