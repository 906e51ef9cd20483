"""What the tests of the client share: one streamed answer, one call, what a program sees of it."""

from __future__ import annotations

import asyncio
import json
import socket
import traceback
from collections.abc import Awaitable, Callable
from typing import Any

from meshtui.client import (
    AsyncMeshAPI,
    ChatCompletionChunk,
    ChatCompletionParams,
    ChatMessage,
    Gateway,
    MeshAPIError,
)
from meshtui.core.turn import Delta
from tests.wire_server import Seen, WireServer, chunked, events, serving

KEY = "rsk_01JDEMO000000000000000000"
PARAMS = ChatCompletionParams(model="m", messages=[ChatMessage(role="user", content="hello")])
STOP = '{"id":"c1","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}'


def text(content: str, **more: Any) -> str:
    return json.dumps(
        {"id": "c1", "choices": [{"index": 0, "delta": {"content": content}}], **more}, ensure_ascii=False
    )


async def chunks_of(client: AsyncMeshAPI, params: Any = PARAMS) -> list[ChatCompletionChunk]:
    return [chunk async for chunk in client.chat.completions.stream(params)]


def streamed(raw: bytes) -> list[ChatCompletionChunk]:
    """Return the chunks of one streamed answer."""

    async def main() -> list[ChatCompletionChunk]:
        async with serving(raw) as server, AsyncMeshAPI(base_url=server.url, token=KEY) as client:
            return await chunks_of(client)

    return asyncio.run(main())


def said(chunks: list[ChatCompletionChunk]) -> str:
    return "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)


def with_server(work: Callable[[AsyncMeshAPI, WireServer], Awaitable[Any]], *answers: bytes) -> Any:
    async def main() -> Any:
        async with serving(*answers) as server, AsyncMeshAPI(base_url=server.url, token=KEY) as client:
            return await work(client, server)

    return asyncio.run(main())


def sent_by(params: Any) -> tuple[dict[str, Any], Seen]:
    """Return the body and the request of one streamed call."""

    async def work(client: AsyncMeshAPI, server: WireServer) -> Any:
        await chunks_of(client, params)
        return json.loads(server.requests[0].body), server.requests[0]

    body, seen = with_server(work, chunked([events(STOP)]))
    return body, seen


TEXT = '{"id":"c1","choices":[{"index":0,"delta":{"content":"Hello"},"finish_reason":null}]}'


async def outcome(gateway: Gateway, **options: Any) -> tuple[list[Delta], MeshAPIError | None]:
    """Return the deltas of one turn, and what ended it."""
    deltas: list[Delta] = []
    try:
        async for delta in gateway.stream({"model": "m", "messages": []}, **options):
            deltas += [delta]
    except MeshAPIError as error:
        assert KEY not in "".join(traceback.format_exception(error))
        return deltas, error
    return deltas, None


def of_answer(
    raw: bytes | Callable[[Seen, asyncio.StreamWriter], Awaitable[None]], **options: Any
) -> tuple[list[Delta], MeshAPIError | None]:
    async def main() -> tuple[list[Delta], MeshAPIError | None]:
        async with serving(raw) as server, Gateway(server.url, KEY, **options) as gateway:
            return await outcome(gateway)

    return asyncio.run(main())


def failed(raw: bytes | Callable[[Seen, asyncio.StreamWriter], Awaitable[None]], **options: Any) -> MeshAPIError:
    error = of_answer(raw, **options)[1]
    assert error is not None
    return error


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
