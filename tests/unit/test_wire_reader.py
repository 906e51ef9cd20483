"""What a reply says, payload by payload."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meshtui.client.shapes import shape_of
from meshtui.client.wire import ReplyReader
from meshtui.core.chat import AudioPart, ImagePart
from meshtui.core.turn import (
    Delta,
    Finished,
    MediaDelta,
    Noise,
    ReasoningDelta,
    ReasoningDetails,
    ReplyMeta,
    TextDelta,
    ToolFragment,
    Turn,
    UsageDelta,
)


def chunk(delta: Any = None, **more: Any) -> str:
    choice = {"index": 0, "delta": delta or {}, "finish_reason": more.pop("finish", None)}
    return json.dumps({"id": "c1", "model": "m", "choices": [choice], **more})


def read(*payloads: str, event: str = "message") -> list[Delta]:
    """Return what a session would get: by the short path where that answers, else by the long one."""
    reader = ReplyReader()
    deltas: list[Delta] = []
    for payload in payloads:
        short = reader.text_delta(payload)
        deltas += [short] if short is not None else reader.read(payload, event)
    return [delta for delta in deltas if not isinstance(delta, ReplyMeta)]


def folded(deltas: list[Delta]) -> Turn:
    turn = Turn("t", {})
    for delta in deltas:
        turn.apply(delta)
    return turn


def test_the_reply_tells_its_id_once_and_its_model_when_it_changes() -> None:
    reader = ReplyReader()
    assert reader.read('{"id":"","model":"","created":0,"choices":[]}') == []
    assert reader.read(chunk({"content": "a"}))[0] == ReplyMeta("c1", "m", {})
    assert reader.read(chunk({"content": "b"})) == [TextDelta("b")]
    assert reader.read(chunk({"content": "c"}, model="m2"))[0] == ReplyMeta(None, "m2", {})


def test_routing_members_are_kept() -> None:
    meta = ReplyReader().read(chunk({"content": "a"}, x_auto_routed=True, x_resolved_model_id="x/y"))[0]
    assert isinstance(meta, ReplyMeta)
    assert meta.extra == {"x_auto_routed": True, "x_resolved_model_id": "x/y"}


@pytest.mark.parametrize("name", ["reasoning_content", "reasoning"])
def test_reasoning_by_name(name: str) -> None:
    assert read(chunk({name: "hm"})) == [ReasoningDelta("hm")]


def test_reasoning_under_two_names_counts_once_and_details_are_kept() -> None:
    rows = [{"type": "reasoning.text", "text": "hm", "signature": "s"}]
    assert read(chunk({"reasoning": "hm", "reasoning_details": rows, "content": "a"})) == [
        ReasoningDelta("hm"),
        ReasoningDetails((rows[0],)),
        TextDelta("a"),
    ]
    assert read(chunk({"reasoning_details": rows}))[0] == ReasoningDelta("hm")


def test_content_as_parts() -> None:
    parts = [
        {"type": "thinking", "thinking": [{"type": "text", "text": "hm"}]},
        {"type": "text", "text": "a"},
        {"type": "image_url", "image_url": {"url": "data:image/png;base64,AA=="}},
        7,
    ]
    assert read(chunk({"content": parts})) == [
        ReasoningDelta("hm"),
        TextDelta("a"),
        MediaDelta(ImagePart("data:image/png;base64,AA==")),
    ]


def test_sound_comes_as_one_part_and_its_words_as_text() -> None:
    deltas = read(
        chunk({"audio": {"id": "a", "transcript": "Hel"}}),
        chunk({"audio": {"data": "QUI="}}),
        chunk({"audio": {"data": "Q0Q=", "transcript": "lo"}}),
        chunk({"audio": {"data": "%%%"}}),
        chunk(finish="stop"),
    )
    assert deltas == [
        TextDelta("Hel"),
        TextDelta("lo"),
        MediaDelta(AudioPart("wav", "data", "QUJDRA==")),
        Finished("stop"),
    ]


def test_delta_and_whole_message_beside_it_count_once() -> None:
    def both(delta: str, message: str, finish: str | None = None) -> str:
        choice = {"index": 0, "delta": {"content": delta}, "message": {"content": message}, "finish_reason": finish}
        return json.dumps({"id": "c1", "choices": [choice]})

    turn = folded(read(both("a", "a"), both("b", "ab"), both("", "ab", "stop")))
    assert str(turn.content) == "ab"


def test_a_whole_completion_gives_the_same_deltas() -> None:
    message = {
        "content": "Four.",
        "reasoning": "2+2",
        "tool_calls": [{"id": "c", "type": "function", "function": {"name": "f", "arguments": {"a": 1}}}],
    }
    body = {
        "id": "c1",
        "model": "m",
        "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 1},
    }
    assert read(json.dumps(body)) == [
        ReasoningDelta("2+2"),
        TextDelta("Four."),
        ToolFragment(None, "c", "f", '{"a": 1}', {}),
        Finished("stop"),
        UsageDelta({"prompt_tokens": 1}, None),
    ]


def test_usage_alone_beside_the_finish_and_from_groq() -> None:
    usage = {"prompt_tokens": 1, "completion_tokens": 2}
    alone = json.dumps({"id": "c1", "choices": [], "usage": usage, "cost": "0.00001620"})
    assert read(alone) == [UsageDelta(usage, Decimal("0.00001620"))]
    assert read(chunk(finish="stop", usage={**usage, "cost": 0.5}))[-1] == UsageDelta(
        {**usage, "cost": 0.5}, Decimal("0.5")
    )
    assert read(chunk(x_groq={"usage": usage})) == [UsageDelta(usage, None)]
    assert read(json.dumps({"choices": None, "usage": usage})) == [UsageDelta(usage, None)]


def test_tool_fragments_keep_what_must_go_back() -> None:
    call = {
        "index": 0,
        "id": "",
        "type": "function",
        "function": {"name": "", "arguments": "{"},
        "thought_signature": "s",
    }
    assert read(chunk({"tool_calls": [call]})) == [ToolFragment(0, None, None, "{", {"thought_signature": "s"})]
    assert read(chunk({"tool_calls": [{"function": {"name": "f", "arguments": ""}}, 5]})) == [
        ToolFragment(None, None, "f", "", {}),
        Noise("bad_tool_call", "5"),
    ]
    assert read(chunk({"function_call": {"name": "f", "arguments": "{}"}})) == [ToolFragment(0, None, "f", "{}", {})]


@pytest.mark.parametrize(
    ("payload", "kind"),
    [
        ('{"id":"c1","choices":[{"delta":{"content":"cut', "bad_json"),
        ("[1,2]", "not_an_object"),
        ("7", "not_an_object"),
        ('{"type":"response.reasoning_text.delta","delta":"x"}', "response_event"),
        ('{"type":"ping"}', "no_choices"),
        ('{"choices":["x"]}', "bad_choice"),
        ('{"choices":[{"index":1,"delta":{"content":"other"}}]}', "other_choice"),
    ],
)
def test_noise_is_named_and_never_stops_the_reading(payload: str, kind: str) -> None:
    deltas = read(payload, chunk({"content": "a"}))
    assert isinstance(deltas[0], Noise)
    assert deltas[0].kind == kind
    assert deltas[-1] == TextDelta("a")


@pytest.mark.parametrize(
    ("payload", "event"),
    [
        ('{"error":{"message":"x"}}', "message"),
        ('{"error":"x"}', "message"),
        ('{"choices":[{"index":0,"delta":{"content":"last"}}],"error":{"code":400}}', "message"),
        ('{"object":"error","message":"x"}', "message"),
        ('{"message":"x"}', "error"),
        ("just words", "error"),
        ('{"detail":"x"}', "message"),
    ],
)
def test_errors_inside_a_stream(payload: str, event: str) -> None:
    reader = ReplyReader()
    deltas = reader.read(payload, event)
    assert reader.error is not None
    if "last" in payload:
        assert TextDelta("last") in deltas


def test_an_error_that_is_null_is_none() -> None:
    reader = ReplyReader()
    reader.read(chunk({"content": "a"}, error=None))
    assert reader.error is None


def test_a_second_completion_is_passed_over() -> None:
    deltas = read(
        chunk({"content": "a"}),
        chunk(finish="stop"),
        chunk({"role": "assistant", "content": ""}, id="c2"),
        chunk({"content": "b"}, id="c2"),
        chunk(finish="length", id="c2"),
        json.dumps({"id": "c2", "choices": [], "usage": {"prompt_tokens": 9}}),
    )
    turn = folded(deltas)
    assert (str(turn.content), turn.finish_reason, turn.usage) == ("a", "stop", None)
    assert turn.noise == {"second_completion": 4}


def test_another_id_in_each_chunk_is_one_completion() -> None:
    deltas = read(
        *(chunk({"content": text}, id=f"c{text}") for text in "abc"), chunk({"content": "d"}, id="e", finish="stop")
    )
    assert str(folded(deltas).content) == "abcd"


def test_usage_under_another_id_after_the_finish_counts() -> None:
    late = json.dumps({"id": "u1", "choices": [], "usage": {"prompt_tokens": 9}})
    assert read(chunk({"content": "a"}), chunk(finish="stop"), late)[-1] == UsageDelta({"prompt_tokens": 9}, None)


def test_halves_of_a_character_are_joined_per_field_and_a_lone_one_is_replaced() -> None:
    raw = '{"id":"c1","model":"m","choices":[{"index":0,"delta":{%s},"finish_reason":%s}]}'
    deltas = read(
        raw % (r'"content":"a\ud83d","reasoning":"r\ud83d"', "null"),
        raw % (r'"reasoning":"\ude01"', "null"),
        raw % (r'"content":"\ude00b"', "null"),
        raw % (r'"content":"c\ud83d"', "null"),
        raw % (r'"content":"d"', "null"),
        raw % (r'"content":"\ude00e\ud83d"', "null"),
        raw % ("", '"stop"'),
    )
    turn = folded(deltas)
    assert str(turn.content) == "a\U0001f600bc\ufffdd\ufffde\ufffd"
    assert str(turn.reasoning) == "r\U0001f601"


def test_halves_in_arguments_and_elsewhere() -> None:
    call = '{"index":0,"function":{"arguments":"%s"}}'
    raw = '{"id":"c1","model":"m\\ud83d","choices":[{"index":0,"delta":{"tool_calls":[' + call + "]}}]}"
    turn = folded(read(raw % r"\ud83d", raw % r"\ude00"))
    assert str(turn.assembler.partial[0].arguments) == "\U0001f600"


def test_raw_control_characters_in_a_text_are_let_through() -> None:
    assert read('{"choices":[{"index":0,"delta":{"content":"a\tb"}}]}') == [TextDelta("a\tb")]


texts = st.text(alphabet=st.characters(codec="utf-8"), max_size=8) | st.sampled_from(
    [
        '"content":"x"',
        '\\"content":"',
        "\\",
        '"',
        "\n",
        '","content":"y',
        "}",
        "\u2028",
        "\ud83d\ude00".encode("utf-16", "surrogatepass").decode("utf-16"),
    ]
)


@given(
    pieces=st.lists(texts, min_size=1, max_size=12),
    name=st.sampled_from(["content", "reasoning_content", "reasoning"]),
    ascii_only=st.booleans(),
    spaced=st.booleans(),
    extra=st.dictionaries(
        st.sampled_from(["created", "note", 'x"content', "obfuscation"]), texts | st.integers(), max_size=2
    ),
)
def test_the_short_path_says_what_the_long_one_says(
    pieces: list[str], name: str, ascii_only: bool, spaced: bool, extra: dict[str, Any]
) -> None:
    payloads = []
    for piece in pieces:
        body = {
            "id": "c1",
            **extra,
            "model": "m",
            "choices": [{"index": 0, "delta": {name: piece}, "finish_reason": None}],
        }
        separators = (", ", ": ") if spaced else (",", ":")
        payloads.append(json.dumps(body, ensure_ascii=ascii_only, separators=separators))
    long_way = ReplyReader()
    expected = [delta for payload in payloads for delta in long_way.deltas(json.loads(payload))]
    assert read(*payloads) == [delta for delta in expected if not isinstance(delta, ReplyMeta)]


def test_a_shape_is_learned_only_from_one_text_of_one_choice() -> None:
    good = '{"choices":[{"index":0,"delta":{"content":"a"}}]}'
    assert shape_of(good) is not None
    assert shape_of('{"x\\"content":"a","choices":[{"index":0,"delta":{"content":5}}]}') is None
    assert shape_of('{"message":{"content":"a"},"choices":[{"index":0,"delta":{}}]}') is None
    assert shape_of('{"choices":[{"delta":{"content":"a"}},{"delta":{"content":"b"}}]}') is None
    assert shape_of('{"content":"a","choices":[]}') is None


def test_the_short_path_is_taken_and_left_again() -> None:
    reader = ReplyReader()
    reader.read(chunk({"content": "a"}))
    reader.read(chunk({"content": "b"}))
    assert reader.text_delta(chunk({"content": "c"})) == TextDelta("c")
    assert reader.text_delta(chunk({"content": "c"}, usage={"prompt_tokens": 1})) is None
    assert reader.text_delta(chunk({"content": "c"}, error={"code": 1})) is None
    assert reader.text_delta(chunk({"content": ["c"]})) is None
    assert reader.text_delta(chunk({"content": "c"})[:-1]) is None
    reader.read(chunk(finish="stop"))
    assert reader.text_delta(chunk({"content": "d"})) is None


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
NAMES = """choices delta message content tool_calls function arguments index id model usage cost error finish_reason
reasoning reasoning_details audio images x_groq detail type object refusal text data"""
members = st.sampled_from(NAMES.split())
odd = st.recursive(
    json_values, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(members, inner, max_size=5), max_leaves=25
)


@given(st.lists(odd, max_size=4))
def test_no_json_whatever_breaks_the_reader(payloads: list[Any]) -> None:
    reader = ReplyReader()
    turn = Turn("t", {})
    for payload in payloads:
        for delta in reader.read(json.dumps(payload)):
            turn.apply(delta)
    for delta in reader.end():
        turn.apply(delta)
    turn.result()
