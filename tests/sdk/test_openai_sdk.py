"""OpenAI's Python SDK works against the sandbox unchanged."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator

import jsonschema
import openai
import pytest
from openai.types.chat import ChatCompletionMessageParam, ChatCompletionToolParam

from meshtui.sandbox import Sandbox, Settings
from tests.sandbox_caller import KEY

SCHEMA: dict[str, object] = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
TOOLS: list[ChatCompletionToolParam] = [{"type": "function", "function": {"name": "get_weather", "parameters": SCHEMA}}]
HELLO: list[ChatCompletionMessageParam] = [{"role": "user", "content": "What is the weather in Rome?"}]


@pytest.fixture(scope="module")
def box() -> Iterator[Sandbox]:
    with Sandbox(Settings(rpm=None, switches={"models-shape": "openai"})) as box:
        yield box
        assert box.state.crashes == []


@pytest.fixture
def client(box: Sandbox) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(base_url=f"{box.url}/v1", api_key=KEY, max_retries=0) as client:
        yield client


def test_create_and_stream_agree(client: openai.OpenAI) -> None:
    whole = client.chat.completions.create(model="openai/gpt-4o-mini", messages=HELLO)
    stream = client.chat.completions.create(
        model="openai/gpt-4o-mini", messages=HELLO, stream=True, stream_options={"include_usage": True}
    )
    chunks = list(stream)
    said = "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)
    assert said == whole.choices[0].message.content
    assert chunks[-1].usage == whole.usage


def test_tool_calls_are_assembled_by_the_sdks_own_helper(client: openai.OpenAI) -> None:
    with client.chat.completions.stream(model="sandbox/tools-parallel", messages=HELLO, tools=TOOLS) as stream:
        message = stream.get_final_completion().choices[0].message
    assert message.tool_calls is not None and len(message.tool_calls) == 2
    for call in message.tool_calls:
        jsonschema.validate(json.loads(call.function.arguments), SCHEMA)
    assert message.tool_calls[0].id != message.tool_calls[1].id


def test_models(client: openai.OpenAI) -> None:
    assert "openai/gpt-4o" in [model.id for model in client.models.list()]


@pytest.mark.parametrize(
    ("model", "error"),
    [
        ("sandbox/fault-401", openai.AuthenticationError),
        ("sandbox/fault-403", openai.PermissionDeniedError),
        ("no/such", openai.NotFoundError),
        ("sandbox/fault-422", openai.UnprocessableEntityError),
        ("sandbox/fault-429-rpm", openai.RateLimitError),
        ("sandbox/fault-502", openai.InternalServerError),
    ],
)
def test_errors_are_the_sdks_own(client: openai.OpenAI, model: str, error: type[openai.APIStatusError]) -> None:
    with pytest.raises(error):
        client.chat.completions.create(model=model, messages=HELLO)


def test_an_in_band_error_is_raised(client: openai.OpenAI) -> None:
    with pytest.raises(openai.APIError, match="Upstream provider"):
        list(client.chat.completions.create(model="sandbox/fault-error-midway", messages=HELLO, stream=True))


def test_the_asynchronous_client(box: Sandbox) -> None:
    async def scenario() -> str:
        async with openai.AsyncOpenAI(base_url=f"{box.url}/v1", api_key=KEY) as client:
            stream = await client.chat.completions.create(model="sandbox/haiku", messages=HELLO, stream=True)
            return "".join([chunk.choices[0].delta.content or "" async for chunk in stream if chunk.choices])

    assert asyncio.run(scenario()).count("\n") == 2
