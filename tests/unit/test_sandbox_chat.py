"""Chat through the sandbox: validation, refusals, replies, reasoning, tools."""

from __future__ import annotations

import base64
import io
import json
import wave
from collections.abc import Iterator
from typing import Any

import jsonschema
import pytest

from meshtui.sandbox import Settings
from tests.sandbox_caller import Caller, calling

WEATHER = {
    "type": "object",
    "properties": {
        "city": {"type": "string", "minLength": 2},
        "unit": {"enum": ["celsius", "fahrenheit"]},
        "days": {"type": "integer", "minimum": 1, "maximum": 5},
    },
    "required": ["city", "unit", "days"],
    "additionalProperties": False,
}
TOOLS = [
    {"type": "function", "function": {"name": "get_weather", "description": "Weather.", "parameters": WEATHER}},
    {"type": "function", "function": {"name": "find_train", "parameters": {"type": "object"}}},
]


@pytest.fixture(scope="module")
def caller() -> Iterator[Caller]:
    with calling() as caller:
        yield caller


# -- validation -----------------------------------------------------------------------------------

INVALID: list[tuple[dict[str, Any], list[str | int]]] = [
    ({"messages": None}, ["body", "messages"]),
    ({"messages": [{"role": "robot", "content": "x"}]}, ["body", "messages", 0, "role"]),
    ({"messages": [{"content": "x"}]}, ["body", "messages", 0, "role"]),
    ({"messages": [{"role": "user", "content": 5}]}, ["body", "messages", 0, "content"]),
    (
        {"messages": [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "u", "detail": "x"}}]}]},
        ["body", "messages", 0, "content", 0, "image_url", "detail"],
    ),
    ({"model": 5}, ["body", "model"]),
    ({"temperature": 2.1}, ["body", "temperature"]),
    ({"temperature": "hot"}, ["body", "temperature"]),
    ({"top_p": -0.1}, ["body", "top_p"]),
    ({"frequency_penalty": 3}, ["body", "frequency_penalty"]),
    ({"presence_penalty": -3}, ["body", "presence_penalty"]),
    ({"max_tokens": 0}, ["body", "max_tokens"]),
    ({"stop": 7}, ["body", "stop"]),
    ({"seed": "x"}, ["body", "seed"]),
    ({"tools": [{"type": "function"}]}, ["body", "tools", 0, "function"]),
    ({"tool_choice": "perhaps"}, ["body", "tool_choice"]),
    ({"variables": {"a": 1}, "template": "summary"}, ["body", "variables", "a"]),
    ({"user": "u" * 257}, ["body", "user"]),
    ({"modality": "smell"}, ["body", "modality"]),
    ({"modalities": ["smell"]}, ["body", "modalities", 0]),
    ({"audio": {"format": "midi"}}, ["body", "audio", "format"]),
    ({"image": {"n": 11}}, ["body", "image", "n"]),
    ({"timeout": 0}, ["body", "timeout"]),
    ({"reasoning_effort": "xhigh"}, ["body", "reasoning_effort"]),
    ({"reasoning": {"effort": "low", "max_tokens": 5}}, ["body", "reasoning"]),
    ({"service_tier": "gold"}, ["body", "service_tier"]),
    ({"tags": {"a": 1}}, ["body", "tags", "a"]),
    ({"response_format": "json"}, ["body", "response_format"]),
]


@pytest.mark.parametrize(("fields", "loc"), INVALID, ids=lambda value: str(value)[:40])
def test_what_is_wrong_in_a_body_is_named_by_its_place(
    caller: Caller, fields: dict[str, Any], loc: list[str | int]
) -> None:
    status, error = caller.refused(**fields)
    assert (status, error["code"]) == (422, "validation_error")
    rows = error["details"]
    assert loc in [row["loc"] for row in rows]
    assert all(set(row) == {"loc", "msg", "type"} and row["msg"] for row in rows)


def test_a_missing_field_is_missing(caller: Caller) -> None:
    response = caller.http.post("/v1/chat/completions", json={"model": "sandbox/haiku"})
    assert response.json()["error"]["details"] == [
        {"loc": ["body", "messages"], "msg": "Field required", "type": "missing"}
    ]


def test_unknown_fields_and_an_unknown_weight_profile_are_accepted(caller: Caller) -> None:
    assert caller.text(colour="blue", stream_options={"include_usage": True}, weight_profile="reckless")


def test_a_streamed_request_is_refused_before_the_stream_begins(caller: Caller) -> None:
    got = caller.stream(temperature=9)
    assert (got.response.status_code, got.response.headers["content-type"]) == (422, "application/json")


def test_a_bad_reasoning_effort_arrives_in_band_once_a_stream_was_asked_for(caller: Caller) -> None:
    got = caller.stream(reasoning_effort="max")
    assert got.response.status_code == 200 and got.done
    assert got.chunks[0]["error"]["details"][0]["type"] == "literal_error"
    assert got.chunks[0]["request_id"] == got.response.headers["x-request-id"]


# -- what providers refuse ------------------------------------------------------------------------

IMAGE = [{"type": "image_url", "image_url": {"url": "https://example.com/a.png"}}]
CALL = {"id": "call_1", "type": "function", "function": {"name": "get_weather", "arguments": "{}"}}
REFUSED: list[tuple[str, dict[str, Any], str, str]] = [
    (
        "meta-llama/llama-3.3-70b-instruct",
        {"messages": [{"role": "user", "content": IMAGE}]},
        "model_capability_not_supported",
        "image",
    ),
    ("deepseek/deepseek-r1", {"tools": TOOLS}, "model_capability_not_supported", "tools"),
    ("sandbox/tiny", {"prompt": "word " * 400}, "context_window_exceeded", "maximum context length is 256"),
    ("sandbox/tiny", {"max_tokens": 300}, "context_window_exceeded", "`max_tokens` exceed context limit"),
    ("openai/gpt-5", {"tools": TOOLS, "reasoning_effort": "low"}, "invalid_request", "reasoning_effort"),
    ("openai/o4-mini", {"temperature": 0.2}, "invalid_request", "temperature"),
    (
        "anthropic/claude-haiku-4.5",
        {"messages": [{"role": "assistant", "content": ""}, {"role": "user", "content": "x"}]},
        "invalid_request",
        "must not be empty",
    ),
    (
        "openai/gpt-4o",
        {"messages": [{"role": "assistant", "content": None, "tool_calls": [CALL]}, {"role": "user", "content": "x"}]},
        "invalid_request",
        "without a result: call_1",
    ),
    (
        "sandbox/tools",
        {"messages": [{"role": "user", "content": "x"}, {"role": "tool", "tool_call_id": "call_9", "content": "x"}]},
        "invalid_request",
        "answers no open tool call",
    ),
    ("openai/gpt-4o", {"messages": []}, "invalid_request", "must not be empty"),
    ("sandbox/audio", {"modalities": ["audio"], "audio": {"format": "mp3"}}, "unsupported_operation", "wav and pcm16"),
]


@pytest.mark.parametrize(("model", "fields", "code", "words"), REFUSED)
def test_a_provider_refuses_plainly_or_in_band(
    caller: Caller, model: str, fields: dict[str, Any], code: str, words: str
) -> None:
    status, error = caller.refused(model, **fields)
    assert (status, error["code"]) == (400, code) and words in error["message"]
    got = caller.stream(model, **fields)
    assert got.response.status_code == 200
    assert got.chunks[0]["error"]["code"] == code and "choices" not in got.chunks[0]


def test_an_unknown_model_is_a_404_either_way(caller: Caller) -> None:
    assert caller.refused("openai/GPT-4o")[0] == 404
    assert caller.stream("no/such").response.status_code == 404
    assert caller.refused("openai/gpt-image-1")[1]["code"] == "model_capability_not_supported"


def test_the_fallback_list_is_tried_in_order(caller: Caller) -> None:
    response = caller.post("no/such", models=["not/this", "sandbox/haiku"])
    assert response.json()["model"] == "sandbox/haiku"
    assert response.headers["x-mesh-routing-fallback"] == "true"


# -- replies --------------------------------------------------------------------------------------


@pytest.mark.parametrize("model", ["sandbox/markdown", "sandbox/haiku", "openai/gpt-4o-mini", "gpt-oss-120b"])
def test_a_stream_says_what_the_whole_reply_says(caller: Caller, model: str) -> None:
    whole = caller.reply(model, "a question")
    got = caller.stream(model, "a question")
    assert got.text == whole["choices"][0]["message"]["content"]
    assert got.finishes == ["stop"] and got.done
    assert got.usages == [whole["usage"]]
    assert {chunk["model"] for chunk in got.chunks} == {whole["model"]}
    assert got.deltas[0] == {"role": "assistant", "content": ""}


def test_the_same_request_gets_the_same_reply_and_a_seed_changes_it() -> None:
    def said(of_the_box: int, **fields: Any) -> list[str]:
        with calling(Settings(seed=of_the_box, rpm=None)) as caller:
            return [caller.text("openai/gpt-4o", f"question {number}", **fields) for number in range(6)]

    assert said(1) == said(1)
    assert said(1) != said(2)
    assert said(1) != said(1, seed=7)


def test_makers_speak_in_their_own_voice(caller: Caller) -> None:
    models = ["openai/gpt-4o", "anthropic/claude-sonnet-4.5", "google/gemini-2.5-pro", "mistralai/mistral-large-2411"]
    texts = [caller.text(model, "Where is my refund?") for model in models]
    assert len({text.splitlines()[0] for text in texts}) == 4
    for model, text in zip(models, texts, strict=True):
        assert "sandbox" in text and model in text and "> Where is my refund?" in text


@pytest.mark.parametrize(
    ("question", "mark"),
    [("a haiku, please", "\n> "), ("some Python code", "```python"), ("an SQL query", "```sql"), ("a table", "|---")],
)
def test_an_answer_has_what_the_question_asks_for(caller: Caller, question: str, mark: str) -> None:
    assert mark in caller.text("openai/gpt-4o", question).replace("|:---", "|---")


def test_echo_gives_the_request_back_as_json(caller: Caller) -> None:
    messages = [{"role": "system", "content": "s"}, {"role": "user", "content": "\u2028 ünï 😀"}]
    echoed = json.loads(caller.text("sandbox/echo", messages=messages, temperature=0.5, oddity=[1]))
    assert echoed == {"model": "sandbox/echo", "messages": messages, "temperature": 0.5, "oddity": [1]}


def test_half_a_character_in_a_request_does_no_harm(caller: Caller) -> None:
    body = rb'{"model":"sandbox/echo","messages":[{"role":"user","content":"x\ud83dy \ud83d\ude00"}]}'
    response = caller.http.post("/v1/chat/completions", content=body)
    echoed = json.loads(response.json()["choices"][0]["message"]["content"])
    assert echoed["messages"][0]["content"] == "x\ufffdy 😀"


def test_markdown_has_every_kind_of_block(caller: Caller) -> None:
    text = caller.text("sandbox/markdown")
    for mark in ("# ", "## ", "```python", "```sql", "|---", "- [x]", "  - [ ]", "> ", "1. ", "~~", "    $ ", "---"):
        assert mark in text
    assert len(caller.text("sandbox/haiku").splitlines()) == 3


def test_long_has_exactly_as_many_tokens_as_asked_for(caller: Caller) -> None:
    assert caller.reply("sandbox/long-1234")["usage"]["completion_tokens"] == 1234
    got = caller.stream("openai/gpt-4o", headers={"X-Sandbox-Tokens": "777"})
    assert len([delta for delta in got.deltas if delta.get("content")]) == 777
    assert got.usages[0]["completion_tokens"] == 777
    assert caller.post(headers={"X-Sandbox-Tokens": "many"}).status_code == 400


def test_max_tokens_and_stop_cut_the_text(caller: Caller) -> None:
    cut = caller.reply("sandbox/markdown", max_tokens=10)
    assert cut["choices"][0]["finish_reason"] == "length" and cut["usage"]["completion_tokens"] == 10
    whole = caller.text("sandbox/markdown")
    assert caller.text("sandbox/markdown", stop="audit") == whole.partition("audit")[0]
    assert caller.text("sandbox/markdown", stop=["nowhere", "cache"]) == whole.partition("cache")[0]


def test_json_replies_fit_the_schema_of_the_response_format(caller: Caller) -> None:
    form = {"type": "json_schema", "json_schema": {"name": "weather", "schema": WEATHER}}
    jsonschema.validate(json.loads(caller.text("openai/gpt-4o", response_format=form)), WEATHER)
    assert json.loads(caller.text("openai/gpt-4o", response_format={"type": "json_object"}))


def test_pictures_and_sound_can_be_opened(caller: Caller) -> None:
    parts = caller.reply("sandbox/image")["choices"][0]["message"]["content"]
    uri = [part["image_url"]["url"] for part in parts if part["type"] == "image_url"][0]
    assert base64.b64decode(uri.partition(",")[2]).startswith(b"\x89PNG\r\n\x1a\n")
    assert [part["type"] for part in caller.stream("sandbox/image").deltas[-2]["content"]] == ["image_url"]
    audio = caller.reply("sandbox/audio")["choices"][0]["message"]["audio"]
    with wave.open(io.BytesIO(base64.b64decode(audio["data"]))) as sound:
        assert sound.getnframes() == 4000
    pieces = [delta["audio"].get("data", "") for delta in caller.stream("sandbox/audio").deltas if "audio" in delta]
    assert len(pieces) > 3 and "".join(pieces) == audio["data"]


def test_filtered_stops_for_that_reason(caller: Caller) -> None:
    assert caller.stream("sandbox/filtered").finishes == ["content_filter"]


# -- reasoning ------------------------------------------------------------------------------------


def test_reasoning_comes_before_the_text_and_is_counted(caller: Caller) -> None:
    got = caller.stream("sandbox/reasoning")
    kinds = ["r" if "reasoning_content" in delta else "t" for delta in got.deltas[1:] if delta]
    assert "".join(kinds).lstrip("r").count("r") == 0 and kinds[0] == "r"
    details = got.usages[0]["completion_tokens_details"]
    assert details["reasoning_tokens"] == kinds.count("r")
    message = caller.reply("sandbox/reasoning")["choices"][0]["message"]
    assert message["reasoning_content"] == "".join(d.get("reasoning_content", "") for d in got.deltas)


def test_effort_decides_how_much_is_thought(caller: Caller) -> None:
    def thought(**fields: Any) -> int:
        usage = caller.reply("anthropic/claude-sonnet-4.5", **fields)["usage"]
        return int(usage["completion_tokens_details"]["reasoning_tokens"])

    assert thought() == 0 and thought(reasoning_effort="none") == 0
    assert 0 < thought(reasoning_effort="low") < thought(reasoning_effort="high")
    assert thought(reasoning={"max_tokens": 9}) == 9
    assert caller.reply("openai/gpt-4o", reasoning_effort="high")["usage"]["completion_tokens_details"] == {
        "reasoning_tokens": 0
    }


def test_excluded_reasoning_is_billed_and_not_sent(caller: Caller) -> None:
    reply = caller.reply("sandbox/reasoning", reasoning={"exclude": True})
    assert "reasoning_content" not in reply["choices"][0]["message"]
    assert reply["usage"]["completion_tokens_details"]["reasoning_tokens"] > 0


@pytest.mark.parametrize("name", ["reasoning_content", "reasoning", "reasoning_details", "both", "think"])
def test_reasoning_under_each_of_its_names(name: str) -> None:
    with calling(Settings(switches={"reasoning": name})) as caller:
        deltas = caller.stream("sandbox/reasoning").deltas
        keys = {key for delta in deltas for key in delta} - {"role", "content"}
        text = "".join(delta.get("content") or "" for delta in deltas)
        expected = {"both": {"reasoning", "reasoning_details"}, "think": set()}.get(name, {name})
        assert keys == expected
        assert text.startswith("<think>\n") == (name == "think")


# -- tools ----------------------------------------------------------------------------------------


def _calls(deltas: list[dict[str, Any]]) -> dict[int, dict[str, str]]:
    calls: dict[int, dict[str, str]] = {}
    for delta in deltas:
        for part in delta.get("tool_calls", ()):
            call = calls.setdefault(part["index"], {"id": "", "name": "", "arguments": ""})
            call["id"] += part.get("id", "")
            call["name"] += part["function"].get("name", "")
            call["arguments"] += part["function"]["arguments"]
    return calls


def test_a_tool_round_uses_the_results(caller: Caller) -> None:
    first = caller.reply("sandbox/tools", "Is it raining in Rome?", tools=TOOLS)["choices"][0]
    assert first["finish_reason"] == "tool_calls" and first["message"]["content"] is None
    (call,) = first["message"]["tool_calls"]
    jsonschema.validate(json.loads(call["function"]["arguments"]), WEATHER)
    result = {"role": "tool", "tool_call_id": call["id"], "content": '{"sky": "clear", "degrees": 21}'}
    history = [{"role": "user", "content": "Is it raining in Rome?"}, first["message"], result]
    text = caller.text("sandbox/tools", messages=history, tools=TOOLS)
    assert "get_weather" in text and "**sky**: clear" in text and "21" in text


def test_parallel_calls_stream_in_fragments_and_agree_with_the_whole_reply(caller: Caller) -> None:
    got = caller.stream("sandbox/tools-parallel", "go", tools=TOOLS)
    calls = _calls(got.deltas)
    assert [calls[index]["name"] for index in (0, 1)] == ["get_weather", "find_train"]
    assert calls[0]["id"] != calls[1]["id"] and got.finishes == ["tool_calls"]
    whole = caller.reply("sandbox/tools-parallel", "go", tools=TOOLS)["choices"][0]["message"]["tool_calls"]
    assert [{"id": c["id"], **c["function"]} for c in whole] == list(calls.values())
    history = [
        {"role": "user", "content": "go"},
        {"role": "assistant", "content": None, "tool_calls": whole},
        {"role": "tool", "tool_call_id": whole[0]["id"], "content": "warm"},
        {"role": "tool", "tool_call_id": whole[1]["id"], "content": "[1, 2]"},
    ]
    text = caller.text("sandbox/tools-parallel", messages=history, tools=TOOLS)
    assert text.index("get_weather") < text.index("find_train") and "warm" in text


def test_one_tool_that_is_called_twice_at_once_is_asked_two_things(caller: Caller) -> None:
    def calls() -> list[dict[str, Any]]:
        said = [{"role": "user", "content": "How is the weather in Rome?"}]
        whole = caller.reply("sandbox/tools-parallel", messages=said, tools=TOOLS[:1])["choices"][0]["message"]
        return [json.loads(call["function"]["arguments"]) for call in whole["tool_calls"]]

    first, second = calls()
    assert first["city"] == "Rome" != second["city"]
    assert calls() == [first, second]


@pytest.mark.parametrize(
    ("model", "prompt", "choice", "names"),
    [
        ("openai/gpt-4o", "What is the weather like?", "auto", ["get_weather"]),
        ("openai/gpt-4o", "weather and train, please", None, ["get_weather", "find_train"]),
        ("openai/gpt-4o", "hello", "auto", []),
        ("openai/gpt-4o", "hello", "required", ["get_weather"]),
        ("openai/gpt-4o", "weather", "none", []),
        ("openai/gpt-4o", "hello", {"type": "function", "function": {"name": "find_train"}}, ["find_train"]),
        ("sandbox/tools", "use find_train", "auto", ["find_train"]),
    ],
)
def test_which_tools_are_called(caller: Caller, model: str, prompt: str, choice: Any, names: list[str]) -> None:
    fields = {} if choice is None else {"tool_choice": choice}
    message = caller.reply(model, prompt, tools=TOOLS, **fields)["choices"][0]["message"]
    assert [call["function"]["name"] for call in message.get("tool_calls", ())] == names
