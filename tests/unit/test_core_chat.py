"""Messages on the wire and in the store, and requests that strict routes accept."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meshtui.core.chat import (
    STUB_RESULT,
    AudioPart,
    Draft,
    ImagePart,
    Message,
    OtherPart,
    TextPart,
    ToolCall,
    VideoPart,
    part_from_wire,
    sealed,
)

CALL = ToolCall("call_1", "look", '{"a": 1}', {"thought_signature": "s"}, ("no index was sent",))

MESSAGES = [
    Message("user", "Hi"),
    Message("system", ""),
    Message("assistant", None, tool_calls=(CALL,), reasoning="hm", reasoning_details=({"type": "x"},)),
    Message("tool", "4", tool_call_id="call_1"),
    Message("user", "named", name="ada"),
    Message(
        "user",
        (
            TextPart("look"),
            ImagePart("data:image/png;base64,AA", "high"),
            VideoPart("https://example.com/v.mp4", "2"),
            VideoPart("https://example.com/v.mp4"),
            AudioPart("wav", "data", "AA"),
            OtherPart({"type": "file", "file": {"id": 1}}),
        ),
    ),
]


@pytest.mark.parametrize("message", MESSAGES)
def test_a_message_comes_back_from_the_store(message: Message) -> None:
    assert Message.from_json(json.loads(json.dumps(message.to_json()))) == message


def test_what_is_ours_alone_never_goes_over_the_wire() -> None:
    wire = MESSAGES[2].to_wire()
    assert "reasoning" not in wire and "notes" not in wire["tool_calls"][0]
    assert wire["tool_calls"][0]["thought_signature"] == "s" and wire["reasoning_details"] == [{"type": "x"}]


@pytest.mark.parametrize(
    "raw",
    [
        {"type": "text", "text": "a", "cache_control": {"type": "ephemeral"}},
        {"type": "text", "text": 3},
        {"type": "image_url", "image_url": "https://example.com"},
        {"type": "image_url", "image_url": {"url": "u", "detail": "low"}, "cache_control": {}},
        {"type": "video_url", "video_url": {"url": "u"}, "fps": "1"},
        {"type": "input_audio", "input_audio": {"format": "wav", "data": "AA", "extra": 1}},
        {"type": "input_audio", "input_audio": {}},
        {"type": "new_kind", "x": [1]},
        {},
    ],
)
def test_a_part_of_any_shape_goes_back_as_it_came(raw: dict[str, Any]) -> None:
    assert part_from_wire(raw).to_wire() == raw


def test_an_image_without_detail_gets_the_default() -> None:
    assert part_from_wire({"type": "image_url", "image_url": {"url": "u"}}) == ImagePart("u", "auto")


# Requests


def test_a_request_has_the_history_the_draft_and_nothing_else() -> None:
    draft = Draft(
        "openai/gpt-4o-mini",
        (Message("user", "Now?"),),
        system="Be brief.",
        params={"temperature": 0.2},
        tools=({"type": "function", "function": {"name": "look"}},),
        tool_choice="auto",
        session_id="s1",
    )
    body = draft.request([Message("user", "Hi"), Message("assistant", "Hello.")])
    assert [(m["role"], m["content"]) for m in body["messages"]] == [
        ("system", "Be brief."),
        ("user", "Hi"),
        ("assistant", "Hello."),
        ("user", "Now?"),
    ]
    assert {k: v for k, v in body.items() if k not in ("messages", "tools")} == {
        "model": "openai/gpt-4o-mini",
        "tool_choice": "auto",
        "session_id": "s1",
        "temperature": 0.2,
        "stream": True,
    }
    assert "stream_options" not in body


def test_an_empty_draft_asks_for_nothing_it_does_not_need() -> None:
    assert Draft(stream=False, tool_choice="auto").request() == {"messages": []}
    body = Draft(template="greet", variables={"a": ""}).request()
    assert body["template"] == "greet" and body["variables"] == {"a": ""} and "model" not in body


def reply(*ids: str, content: str | None = None) -> Message:
    """An assistant's message with calls."""
    return Message("assistant", content, tool_calls=tuple(ToolCall(id, "f", "{}") for id in ids))


def result(id: str, content: str = "4") -> Message:
    """The answer to a call."""
    return Message("tool", content, tool_call_id=id)


def test_an_unanswered_call_gets_a_stub_right_after_it() -> None:
    messages = [reply("a", "b"), result("b"), Message("user", "go on")]
    kept = sealed(messages)
    assert [(m.role, m.tool_call_id) for m in kept] == [
        ("assistant", None), ("tool", "b"), ("tool", "a"), ("user", None),
    ]  # fmt: skip
    assert kept[2].content == STUB_RESULT
    assert sealed([reply("a")])[-1].content == STUB_RESULT


def test_an_answer_to_no_call_or_a_second_one_is_left_out() -> None:
    assert [m.role for m in sealed([result("x"), reply("a"), result("a"), result("a"), result("y")])] == [
        "assistant",
        "tool",
    ]
    late = sealed([reply("a"), Message("user", "x"), result("a")])
    assert [m.role for m in late] == ["assistant", "tool", "user"] and late[1].content == STUB_RESULT


def test_an_empty_reply_is_left_out_and_nothing_else() -> None:
    messages = [Message("user", ""), Message("assistant", ""), Message("assistant", None), Message("user", "x")]
    assert sealed(messages) == [messages[0], messages[3]]


some_message = st.one_of(
    st.builds(lambda text: Message("user", text), st.text("a", max_size=1)),
    st.builds(lambda ids: reply(*ids), st.lists(st.sampled_from("abc"), unique=True)),
    st.builds(result, st.sampled_from("abc")),
)


@given(st.lists(some_message))
def test_a_sealed_conversation_is_what_strict_routes_accept(messages: list[Message]) -> None:
    kept = sealed(messages)
    assert sealed(kept) == kept
    waiting: list[str] = []
    for message in kept:
        assert not message.is_empty
        if message.role == "tool":
            assert message.tool_call_id is not None
            waiting.remove(message.tool_call_id)
        else:
            assert not waiting, "every call is answered before anything else is said"
            waiting = [call.id for call in message.tool_calls]
    assert not waiting
    assert [m for m in kept if m.role == "user"] == [m for m in messages if m.role == "user"]
