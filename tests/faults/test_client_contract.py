"""What the official SDK gets wrong (contract, section 9), row by row, is right here."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from meshtui.client import (
    AsyncMeshAPI,
    ChatCompletionParams,
    ChatMessage,
    CompareParams,
    ContentPartText,
    ImageOptions,
    MeshAPIError,
    ServerTool,
    Timeouts,
    Tool,
    ToolFunction,
    UpdateTemplateParams,
)
from meshtui.client.connection import CONTRACT_VERSION
from tests.client_calls import KEY, PARAMS, STOP, chunks_of, said, sent_by, streamed, text, with_server
from tests.wire_server import WireServer, answer, chunked, cut, events, serving


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_row_1_every_line_end(end: str) -> None:
    assert said(streamed(chunked([events(text("a"), text("b"), STOP, end=end)]))) == "ab"


def test_row_2_characters_split_across_pieces() -> None:
    assert said(streamed(chunked(cut(events(text("naïve 👋🏽"), STOP), 1)))) == "naïve 👋🏽"


def test_row_3_no_space_after_the_colon() -> None:
    assert said(streamed(chunked([f"event:x\ndata:{text('a')}\n\ndata:{STOP}\n\n".encode()]))) == "a"


def test_row_4_line_separators_inside_json() -> None:
    assert said(streamed(chunked([events(text("a\u2028b\u2029c\x85d"), STOP)]))) == "a\u2028b\u2029c\x85d"


def test_row_5_the_last_event_counts_and_a_missing_end_is_an_error() -> None:
    assert said(streamed(chunked([events(text("a"), done=False), f"data: {STOP}".encode()]))) == "a"
    with pytest.raises(MeshAPIError) as caught:
        streamed(chunked([events(text("a"), done=False)]))
    assert caught.value.code == "stream_interrupted"


def test_row_6_bad_json_is_counted_and_the_stream_goes_on() -> None:
    async def work(client: AsyncMeshAPI, _: WireServer) -> None:
        stream = client.chat.completions.stream(PARAMS)
        assert said([chunk async for chunk in stream]) == "ab"
        assert stream.noise == {"bad_json": 1}

    with_server(work, chunked([events(text("a"), '{"cut', text("b"), STOP)]))


def test_row_7_tool_calls_without_index_are_numbered() -> None:
    def call(**members: Any) -> str:
        return json.dumps({"id": "c1", "choices": [{"delta": {"tool_calls": [members]}}]})

    chunks = streamed(
        chunked(
            [
                events(
                    call(id="x", function={"name": "f", "arguments": "{"}),
                    call(function={"arguments": "}"}),
                    call(id="y", function={"name": "g", "arguments": "{}"}),
                    STOP,
                )
            ]
        )
    )
    calls = [call for chunk in chunks for choice in chunk.choices for call in choice.delta.tool_calls or []]
    assert [(call.index, call.id) for call in calls] == [(0, "x"), (0, None), (1, "y")]


def test_row_8_lax_frames() -> None:
    delta = '{"content":"a","tool_calls":[{"type":"tool","function":{}}]}'
    usage = '{"prompt_tokens":"many","total_tokens":3}'
    lax = f'{{"choices":[{{"delta":{delta}}}],"created":1.5,"id":null,"usage":{usage}}}'
    chunk = streamed(chunked([events(lax, STOP)]))[0]
    assert chunk.choices[0].delta.content == "a"
    assert chunk.usage is not None
    assert (chunk.usage.prompt_tokens, chunk.usage.total_tokens) == (None, 3)


@pytest.mark.parametrize(("cost", "kept"), [('"0.00001620"', "0.00001620"), ("0.5", "0.5"), ("null", None)])
def test_row_9_cost_of_any_type(cost: str, kept: str | None) -> None:
    assert streamed(chunked([events(STOP, f'{{"choices":[],"cost":{cost},"usage":{{"cost":1}}}}')]))[-1].cost == kept
    whole = answer(f'{{"choices":[],"cost":{cost},"usage":{{"cost":0.25}}}}')

    async def work(client: AsyncMeshAPI, _: WireServer) -> None:
        reply = await client.chat.completions.create(PARAMS)
        assert reply.cost == kept
        assert reply.usage is not None
        assert reply.usage.cost == "0.25"

    with_server(work, whole)


def test_row_10_reasoning_stays_and_can_be_sent_back() -> None:
    details = [{"type": "reasoning.text", "text": "hm", "signature": "s"}]
    delta = {"reasoning_content": "a", "reasoning": "b", "reasoning_details": details}
    chunk = streamed(chunked([events(json.dumps({"choices": [{"delta": delta}]}), STOP)]))[0]
    assert chunk.choices[0].delta.reasoning_content == "a"
    assert chunk.choices[0].delta.reasoning_details == details
    body, _ = sent_by({"messages": [{"role": "assistant", "content": "x", "reasoning_details": details}]})
    assert body["messages"][0]["reasoning_details"] == details


def test_rows_11_and_12_routing_and_headers_of_a_good_answer() -> None:
    body = '{"choices":[],"x_auto_routed":true,"x_resolved_model_id":"a/b","x_classifier_usage":[{"model_id":"c"}]}'
    raw = answer(body, headers=["X-Request-Id: req_1", "X-Cache: HIT"])

    async def work(client: AsyncMeshAPI, _: WireServer) -> None:
        reply = await client.chat.completions.create(PARAMS)
        assert (reply.x_auto_routed, reply.x_resolved_model_id) == (True, "a/b")
        assert reply.x_classifier_usage == [{"model_id": "c"}]
        assert reply.request_id == "req_1"
        assert reply.headers["x-cache"] == "HIT"

    with_server(work, raw)

    async def stream(client: AsyncMeshAPI, _: WireServer) -> None:
        async with client.chat.completions.stream(PARAMS) as chunks:
            async for chunk in chunks:
                assert chunk.request_id == "req_2"
            assert (chunks.request_id, chunks.headers["x-resolved-model-id"], chunks.status) == ("req_2", "a/b", 200)

    with_server(stream, chunked([events(STOP)], headers=["X-Request-Id: req_2", "X-Resolved-Model-Id: a/b"]))


def test_row_13_an_in_band_error_keeps_everything() -> None:
    error = {
        "code": "upstream_error",
        "message": "x",
        "details": ["d"],
        "provider_error": {"a": 1},
        "retry_after_seconds": 3,
    }
    with pytest.raises(MeshAPIError) as caught:
        streamed(chunked([events(text("a"), json.dumps({"error": error, "request_id": "req_1"}))]))
    assert (caught.value.error_code, caught.value.request_id) == ("upstream_error", "req_1")
    assert (caught.value.details, caught.value.provider_error) == (["d"], {"a": 1})
    assert caught.value.retry_after_seconds == 3


def test_row_14_one_models_error_does_not_end_a_comparison() -> None:
    frames = (
        'event: meta\ndata: {"comparison_id":"cmp_1","models":["a","b"]}\n\n'
        'event: model_stream_done\ndata: {"model":"a","error":"Model timed out after 120s."}\n\n'
        'event: model_chunk\ndata: {"model":"b","delta":"hi","error":null}\n\n'
        'event: done\ndata: {"comparison_id":"cmp_1","partial":true}\n\n'
    )
    params = CompareParams(models=["a", "b"], messages=[ChatMessage(role="user", content="x")])

    async def work(client: AsyncMeshAPI, _: WireServer) -> None:
        found = [event async for event in client.compare.stream(params)]
        assert [event.event for event in found] == ["meta", "model_stream_done", "model_chunk", "done"]
        assert found[1].error == "Model timed out after 120s."
        assert found[2].delta == "hi"
        assert found[3].data == {"comparison_id": "cmp_1", "partial": True}

    with_server(work, chunked([frames.encode()]))

    async def failure(client: AsyncMeshAPI, _: WireServer) -> str:
        with pytest.raises(MeshAPIError) as caught:
            async for _event in client.compare.stream(params):
                pass
        return caught.value.code

    error = b'event: error\ndata: {"error":{"code":"all_models_failed","message":"x"}}\n\n'
    assert with_server(failure, chunked([error])) == "all_models_failed"
    assert with_server(failure, chunked([b'event: meta\ndata: {"models":[]}\n\n'])) == "stream_interrupted"


def test_rows_15_and_16_retry_after() -> None:
    async def work(client: AsyncMeshAPI, server: WireServer) -> None:
        with pytest.raises(MeshAPIError) as caught:
            await client.chat.completions.create(PARAMS)
        assert caught.value.retry_after_seconds == 120
        assert len(server.requests) == 1

    with_server(work, answer("", status="429 Too Many Requests", headers=["Retry-After: 120"]))


def test_row_17_nothing_but_the_one_exception() -> None:
    async def main() -> None:
        async with AsyncMeshAPI(base_url="http://127.0.0.1:9", token=KEY, max_retries=0) as client:
            for call in (
                client.chat.completions.create(PARAMS),
                client.models.list(),
                chunks_of(client),
                client.balance(),
            ):
                with pytest.raises(MeshAPIError) as caught:
                    await call
                assert caught.value.status == 0

    asyncio.run(main())


def test_row_18_the_silence_allowed_is_longer_than_the_gateways_own_limit() -> None:
    limits = AsyncMeshAPI(token=KEY).gateway.timeouts
    assert limits.idle is not None
    assert limits.idle > 300
    assert limits.total is None
    assert AsyncMeshAPI(token=KEY, timeout=5).gateway.timeouts.idle == 5
    assert AsyncMeshAPI(token=KEY, timeout=Timeouts(total=9)).gateway.timeouts.total == 9


def test_row_19_newer_and_unknown_fields_are_sent() -> None:
    body, _ = sent_by(
        ChatCompletionParams(
            messages=[],
            reasoning={"effort": "low"},
            weight_profile="balanced",
            service_tier="flex",
            tags={"a": "b"},
            something_new={"x": None},  # type: ignore[call-arg]
        )
    )
    assert body == {
        "messages": [],
        "reasoning": {"effort": "low"},
        "weight_profile": "balanced",
        "service_tier": "flex",
        "tags": {"a": "b"},
        "something_new": {"x": None},
        "stream": True,
    }


def test_rows_20_and_21_nothing_is_stripped_and_nothing_invented() -> None:
    part = ContentPartText(text="hi", cache_control={"type": "ephemeral"})  # type: ignore[call-arg]
    tool = Tool(function=ToolFunction(name="f", strict=True, parameters={"type": "object", "default": None}))
    body, _ = sent_by(
        ChatCompletionParams(
            messages=[ChatMessage(role="user", content=[part])],
            tools=[tool, ServerTool(type="web_search", max_results=3)],  # type: ignore[call-arg]
            image=ImageOptions(seed=4, background="transparent"),
        )
    )
    assert body["messages"][0]["content"] == [{"type": "text", "text": "hi", "cache_control": {"type": "ephemeral"}}]
    function = {"name": "f", "strict": True, "parameters": {"type": "object", "default": None}}
    assert body["tools"] == [{"type": "function", "function": function}, {"type": "web_search", "max_results": 3}]
    assert body["image"] == {"seed": 4, "background": "transparent"}
    assert sent_by(ChatCompletionParams(messages=[], image=ImageOptions()))[0]["image"] == {}


def test_row_22_null_clears_a_field_of_a_template() -> None:
    async def work(client: AsyncMeshAPI, server: WireServer) -> None:
        await client.templates.update("t/1", UpdateTemplateParams(system=None, model="m"))
        assert server.requests[0].path == "/v1/templates/t%2F1"
        assert json.loads(server.requests[0].body) == {"system": None, "model": "m"}

    with_server(work, answer('{"id":"t","name":"n"}'))


def test_row_23_the_fields_at_fault_are_named() -> None:
    rows = '{"detail":[{"loc":["body","temperature"],"msg":"too hot","type":"x"}]}'

    async def work(client: AsyncMeshAPI, _: WireServer) -> None:
        with pytest.raises(MeshAPIError) as caught:
            await client.chat.completions.create(PARAMS)
        assert (caught.value.param, caught.value.message) == ("temperature", "temperature: too hot")

    with_server(work, answer(rows, status="422 Unprocessable Entity"))


def test_row_24_the_header_names_the_request_where_the_body_does_not() -> None:
    raw = answer(
        '{"error":{"code":"forbidden"},"request_id":null}', status="403 Forbidden", headers=["X-Request-Id: r"]
    )

    async def work(client: AsyncMeshAPI, _: WireServer) -> None:
        with pytest.raises(MeshAPIError) as caught:
            await client.models.list()
        assert caught.value.request_id == "r"

    with_server(work, raw)


def test_row_25_the_contract_is_named_and_a_stream_asked_for() -> None:
    _, seen = sent_by(PARAMS)
    assert seen.headers["x-mesh-version"] == CONTRACT_VERSION
    assert seen.headers["accept"] == "text/event-stream"
    assert seen.headers["authorization"] == f"Bearer {KEY}"
    assert seen.headers["content-type"] == "application/json"


def test_row_26_prices_of_every_kind_and_rows_with_faults() -> None:
    rows = [
        {
            "id": "a",
            "pricing": {"pricing_unit": "per_second", "input_usd_per_unit": "0.1", "new_usd": "2", "request_usd": 0.5},
        },
        {"id": "b", "name": 7, "is_free": "perhaps", "context_length": "large", "input_modalities": "text"},
        None,
    ]

    async def work(client: AsyncMeshAPI, _: WireServer) -> None:
        first, second = await client.models.list()
        assert first.pricing is not None
        assert (first.pricing.input_usd_per_unit, first.pricing.request_usd) == ("0.1", "0.5")
        assert (first.pricing.model_extra or {})["new_usd"] == "2"
        assert (second.id, second.name, second.is_free, second.context_length) == ("b", "7", None, None)

    with_server(work, answer(json.dumps(rows)))


def test_row_27_an_own_httpx_client_and_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    import httpx

    async def main() -> None:
        async with serving(answer("[]")) as server:
            monkeypatch.setenv("MESHAPI_BASE_URL", f"{server.url}/v1")
            monkeypatch.setenv("MESHAPI_TOKEN", "rsk_third")
            monkeypatch.setenv("MESH_API_KEY", "rsk_second")
            async with AsyncMeshAPI(async_httpx_client=httpx.AsyncClient(trust_env=False)) as client:
                assert await client.models.list() == []
            monkeypatch.setenv("MESHAPI_API_KEY", "rsk_first")
            async with AsyncMeshAPI() as client:
                await client.models.list()
            sent = [(seen.path, seen.headers["authorization"]) for seen in server.requests]
            assert sent == [("/v1/models", "Bearer rsk_second"), ("/v1/models", "Bearer rsk_first")]

    asyncio.run(main())
