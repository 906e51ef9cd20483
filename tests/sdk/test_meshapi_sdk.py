"""The gateway's official Python SDK works against the sandbox unchanged."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator

import jsonschema
import pytest
from meshapi import (
    AsyncMeshAPI,
    ChatCompletionParams,
    ChatMessage,
    CompareParams,
    CreateTemplateParams,
    MeshAPI,
    MeshAPIError,
    ModelSearchParams,
    RouterSelectParams,
    Tool,
    ToolFunction,
    UpdateTemplateParams,
)

from meshtui.sandbox import Sandbox, Settings
from tests.sandbox_caller import KEY

SCHEMA = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
TOOL = Tool(type="function", function=ToolFunction(name="get_weather", parameters=SCHEMA))
HELLO = [ChatMessage(role="user", content="Hello")]


@pytest.fixture(scope="module")
def box() -> Iterator[Sandbox]:
    with Sandbox(Settings(rpm=None, switches={"cost": "string"})) as box:
        yield box
        assert box.state.crashes == []


@pytest.fixture
def client(box: Sandbox) -> Iterator[MeshAPI]:
    client = MeshAPI(base_url=box.url, token=KEY, max_retries=0)
    yield client
    client.close()


def test_create_and_stream_agree(client: MeshAPI) -> None:
    params = ChatCompletionParams(model="openai/gpt-4o-mini", messages=HELLO, temperature=0.2, max_tokens=500)
    whole = client.chat.completions.create(params)
    assert whole.usage is not None and whole.usage.total_tokens > 0 and whole.choices[0].message is not None
    chunks = list(client.chat.completions.stream(params))
    said = "".join(c.choices[0].delta.content or "" for c in chunks if c.choices and c.choices[0].delta)
    assert said == whole.choices[0].message.content
    assert chunks[-1].usage == whole.usage and float(chunks[-1].cost) > 0


def test_a_tool_round(client: MeshAPI) -> None:
    question = [ChatMessage(role="user", content="What is the weather in Rome?")]
    first = client.chat.completions.create(
        ChatCompletionParams(model="openai/gpt-4o", messages=question, tools=[TOOL], tool_choice="auto")
    )
    message = first.choices[0].message
    assert first.choices[0].finish_reason == "tool_calls"
    call = message.tool_calls[0]
    jsonschema.validate(json.loads(call.function.arguments), SCHEMA)
    history = [
        *question,
        ChatMessage(role="assistant", content=None, tool_calls=message.tool_calls),
        ChatMessage(role="tool", tool_call_id=call.id, content='{"sky": "clear"}'),
    ]
    answer = client.chat.completions.create(ChatCompletionParams(model="openai/gpt-4o", messages=history, tools=[TOOL]))
    assert "clear" in answer.choices[0].message.content


def test_streamed_tool_calls_and_reasoning(client: MeshAPI) -> None:
    params = ChatCompletionParams(model="sandbox/tools-parallel", messages=HELLO, tools=[TOOL])
    indexes = [
        part.index
        for chunk in client.chat.completions.stream(params)
        for choice in chunk.choices
        for part in (choice.delta.tool_calls if choice.delta else None) or ()
    ]
    assert set(indexes) == {0, 1}
    params = ChatCompletionParams(model="sandbox/reasoning", messages=HELLO, reasoning_effort="low")
    assert list(client.chat.completions.stream(params))


def test_models(client: MeshAPI) -> None:
    assert len(client.models.list()) > 40
    assert all(model.is_free for model in client.models.free())
    assert len(client.models.paid()) + len(client.models.free()) == len(client.models.list())
    assert client.models.get("openai/gpt-4o-mini").pricing.prompt_usd_per_1m == "0.15000000"
    assert client.models.search(ModelSearchParams(q="claude")).total > 2


def test_templates(client: MeshAPI) -> None:
    made = client.templates.create(CreateTemplateParams(name="sdk", system="Be {{tone}}.", variables=["tone"]))
    assert made.id in [row.id for row in client.templates.list()]
    assert client.templates.update(made.id, UpdateTemplateParams(description="d")).description == "d"
    params = ChatCompletionParams(model="sandbox/echo", messages=HELLO, template="sdk", variables={"tone": "kind"})
    assert "Be kind." in client.chat.completions.create(params).choices[0].message.content
    client.templates.delete(made.id)
    with pytest.raises(MeshAPIError) as missing:
        client.templates.get(made.id)
    assert missing.value.status == 404


def test_compare_both_ways_and_router(client: MeshAPI) -> None:
    params = CompareParams(models=["sandbox/haiku", "openai/gpt-4o-mini"], messages=HELLO)
    whole = client.compare.create(params)
    assert [row.model for row in whole.results] == params.models and whole.comparison
    events = [event.event for event in client.compare.stream(params)]
    assert events[0] == "meta" and events[-1] == "done" and "comparison_chunk" in events
    picked = client.router.select(RouterSelectParams(messages=[{"role": "user", "content": "hi"}]))
    assert picked.model == "openai/gpt-4o-mini"


@pytest.mark.parametrize(
    ("model", "status", "code"),
    [
        ("no/such", 404, "model_not_found"),
        ("sandbox/fault-402", 402, "spend_limit_exceeded"),
        ("sandbox/fault-429-rpm", 429, "rate_limit_exceeded"),
    ],
)
def test_errors_are_read(client: MeshAPI, model: str, status: int, code: str) -> None:
    params = ChatCompletionParams(model=model, messages=HELLO)
    with pytest.raises(MeshAPIError) as whole:
        client.chat.completions.create(params)
    with pytest.raises(MeshAPIError) as streamed:
        list(client.chat.completions.stream(params))
    for error in (whole.value, streamed.value):
        assert (error.status, error.error_code) == (status, code) and error.request_id.startswith("req_")


def test_the_sdk_gets_over_a_limit_by_its_own_retries(box: Sandbox) -> None:
    client = MeshAPI(base_url=box.url, token=KEY, max_retries=2)
    params = ChatCompletionParams(model="sandbox/fault-502:1", messages=HELLO)
    assert client.chat.completions.create(params).choices
    client.close()


def test_the_asynchronous_client(box: Sandbox) -> None:
    async def scenario() -> None:
        client = AsyncMeshAPI(base_url=box.url, token=KEY)
        params = ChatCompletionParams(model="sandbox/markdown", messages=HELLO)
        whole = await client.chat.completions.create(params)
        said = [
            chunk.choices[0].delta.content or ""
            async for chunk in client.chat.completions.stream(params)
            if chunk.choices and chunk.choices[0].delta
        ]
        assert "".join(said) == whole.choices[0].message.content
        assert (await client.models.get("sandbox/echo")).id == "sandbox/echo"
        made = await client.templates.create(CreateTemplateParams(name="async"))
        await client.templates.delete(made.id)
        compared = CompareParams(models=["sandbox/haiku", "sandbox/fast"], messages=HELLO, skip_comparison=True)
        names = {event.event async for event in client.compare.stream(compared)}
        assert names == {"meta", "model_chunk", "model_stream_done", "done"}
        await client.aclose()

    asyncio.run(scenario())
