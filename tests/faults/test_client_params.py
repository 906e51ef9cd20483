"""What is sent, what is refused before it is sent, and what a program gets back."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from pydantic import ValidationError

from meshtui.client import (
    AsyncMeshAPI,
    ChatCompletionParams,
    ChatMessage,
    CompareParams,
    MeshAPIError,
)
from tests.client_calls import KEY, PARAMS, said, sent_by, streamed, with_server
from tests.wire_server import WireServer, answer, chunked, events


@pytest.mark.parametrize(
    ("change", "path", "words"),
    [
        ({"temperature": 3}, "temperature", "less than or equal to 2"),
        ({"top_p": -1}, "top_p", "greater than or equal to 0"),
        ({"max_tokens": 0}, "max_tokens", "greater than or equal to 1"),
        ({"reasoning_effort": "xhigh"}, "reasoning_effort", "'high', 'medium', 'low' or 'none'"),
        ({"tool_choice": "maybe"}, "tool_choice", "'none', 'auto' or 'required'"),
        ({"stop": 4}, "stop", "string"),
        ({"variables": {"a": 1}}, "variables.a", "string"),
        ({"user": "x" * 257}, "user", "256"),
        ({"reasoning": {"effort": "low", "max_tokens": 1}}, "reasoning", "not both"),
        ({"tools": [{"type": "function", "function": {}}]}, "tools.0.function.name", "required"),
        ({"messages": [{"role": "robot"}]}, "messages.0.role", "'system', 'user', 'assistant' or 'tool'"),
        ({"messages": [{"role": "user", "content": [{"type": "text"}]}]}, "messages.0.content.0.text", "required"),
        (
            {"messages": [{"role": "user", "content": [{"type": "input_audio", "input_audio": {"format": "wav"}}]}]},
            "messages.0.content.0.input_audio",
            "exactly one of data, uri or url",
        ),
        ({"messages": "hi"}, "messages", "list"),
    ],
)
def test_a_plain_mapping_is_checked_and_the_field_is_named(change: dict[str, Any], path: str, words: str) -> None:
    async def main() -> MeshAPIError:
        async with AsyncMeshAPI(base_url="http://127.0.0.1:9", token=KEY) as client:
            with pytest.raises(MeshAPIError) as caught:
                await client.chat.completions.create({"messages": [], **change})
            return caught.value

    error = asyncio.run(main())
    assert (error.code, error.param) == ("invalid_request", path)
    assert words in error.message


def test_a_model_is_checked_when_it_is_made() -> None:
    with pytest.raises(ValidationError, match="less than or equal to 2"):
        ChatCompletionParams(messages=[], temperature=3)
    with pytest.raises(ValidationError):
        CompareParams(models=["m"] * 11, messages=[])


def test_none_means_not_given_in_a_model_and_null_in_a_mapping() -> None:
    assert "temperature" not in sent_by(ChatCompletionParams(messages=[], temperature=None))[0]
    assert sent_by({"messages": [], "temperature": None})[0]["temperature"] is None
    message = ChatMessage(role="assistant", content=None)
    assert sent_by(ChatCompletionParams(messages=[message]))[0]["messages"] == [{"role": "assistant", "content": None}]


def test_a_video_part_has_its_frames_beside_it_as_a_string() -> None:
    part = {"type": "video_url", "video_url": {"url": "https://x/v.mp4"}, "fps": 2}
    body = ChatCompletionParams.model_validate({"messages": [{"role": "user", "content": [part]}]}).body()
    assert body["messages"][0]["content"] == [{**part, "fps": "2"}]


def test_every_choice_is_in_the_chunks_and_all_of_them_are_read() -> None:
    def one(index: int, content: str, finish: str | None = None) -> str:
        choice = {"index": index, "delta": {"content": content}, "finish_reason": finish}
        return json.dumps({"id": "c", "choices": [choice]})

    chunks = streamed(chunked([events(one(1, "b"), one(0, "a"), one(0, "", "stop"), one(1, "c"), one(1, "", "stop"))]))
    assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices[0].index == 1) == "bc"
    with pytest.raises(MeshAPIError):
        streamed(chunked([events(one(1, "b"), one(0, "a", "stop"), done=False)], end=False))


def test_halves_of_characters_are_whole_in_chunks_too() -> None:
    raw = '{"id":"c1","choices":[{"index":0,"delta":{"content":"%s"},"finish_reason":%s}]}'
    chunks = streamed(
        chunked([events(raw % (r"a\ud83d", "null"), raw % (r"\ude00b\ud83d", "null"), raw % ("", '"stop"'))])
    )
    assert said(chunks) == "a\U0001f600b\ufffd"


def test_tool_calls_of_a_whole_reply_can_be_answered_and_sent_back() -> None:
    message = {"role": "assistant", "content": None, "tool_calls": [{"function": {"name": "f", "arguments": {"a": 1}}}]}
    whole = answer(json.dumps({"choices": [{"message": message, "finish_reason": "tool_calls"}]}))

    async def work(client: AsyncMeshAPI, server: WireServer) -> None:
        reply = await client.chat.completions.create(PARAMS)
        assert reply.choices[0].message is not None
        calls = reply.choices[0].message.tool_calls
        assert calls
        assert json.loads(calls[0].function.arguments) == {"a": 1}
        history = [
            ChatMessage(role="assistant", content=None, tool_calls=calls),
            ChatMessage(role="tool", tool_call_id=calls[0].id, content="4"),
        ]
        await client.chat.completions.create(ChatCompletionParams(messages=history))
        sent = json.loads(server.requests[1].body)["messages"]
        assert sent[0]["tool_calls"][0]["id"] == sent[1]["tool_call_id"] != ""
        assert set(sent[0]["tool_calls"][0]) == {"id", "type", "function"}

    with_server(work, whole)


def test_compare_create_refuses_to_stream() -> None:
    async def work(client: AsyncMeshAPI, _: WireServer) -> None:
        with pytest.raises(ValueError, match=r"compare\.stream"):
            await client.compare.create(CompareParams(models=["a"], messages=[], stream=True))

    with_server(work, answer("{}"))
