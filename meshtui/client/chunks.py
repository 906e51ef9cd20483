"""Streams for programs: chat chunks and comparison events, as models."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from typing import Any, Generic, Self, TypeVar

from meshtui.client.exchange import opened
from meshtui.client.gateway import CHAT_PATH, Gateway
from meshtui.client.types import ChatCompletionChunk, CompareStreamEvent, Reply
from meshtui.client.wire import DONE, ReplyReader
from meshtui.core.turn import Noise

_SHORT = 20
_T = TypeVar("_T", bound=Reply)


_to_chunk = ChatCompletionChunk.model_validate


class _Stream(Generic[_T]):
    """Something to read once with `async for`, also under `async with`; `aclose` stops it.

    `request_id`, `headers` and `status` are known once the first item came. `noise` counts what was passed over.
    """

    def __init__(self) -> None:
        self.request_id = ""
        self.headers: Mapping[str, str] = {}
        self.status = 0
        self.noise: dict[str, int] = {}
        self._items = self._read()

    def _read(self) -> AsyncGenerator[_T, None]:
        raise NotImplementedError

    def _count(self, kind: str) -> None:
        self.noise[kind] = self.noise.get(kind, 0) + 1

    def __aiter__(self) -> AsyncIterator[_T]:
        return self._items

    async def __anext__(self) -> _T:
        return await anext(self._items)

    async def aclose(self) -> None:
        """Stop reading and close the connection."""
        await self._items.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()


class ChunkStream(_Stream[ChatCompletionChunk]):
    """The chunks of one reply."""

    def __init__(self, gateway: Gateway, body: dict[str, Any], headers: Mapping[str, str] | None) -> None:
        self._gateway = gateway
        self._body = body
        self._extra_headers = headers
        super().__init__()

    async def _read(self) -> AsyncGenerator[ChatCompletionChunk, None]:
        async with opened(self._gateway, CHAT_PATH, self._body, headers=self._extra_headers) as exchange:
            self.request_id, self.headers, self.status = exchange.request_id, exchange.headers, exchange.status
            reader = exchange.reader
            async for event in exchange.events:
                if (chunk := self._chunk(reader, event.data, event.event)) is not None:
                    yield chunk
                if reader.complete or reader.error is not None:
                    break
            async for event in exchange.tail():
                if (chunk := self._chunk(reader, event.data, event.event)) is not None:
                    yield chunk
            exchange.judge()

    def _chunk(self, reader: ReplyReader, data: str, event: str) -> ChatCompletionChunk | None:
        if len(data) < _SHORT:
            reader.done = reader.done or data.strip() == DONE
            if reader.done or not data or data.isspace():
                return None
        payload = reader.payload(data, event)
        if isinstance(payload, Noise):
            self._count(payload.kind)
            return None
        if not reader.chunk(payload):
            if reader.error is None:
                self._count("passed_over")
            return None
        chunk = _to_chunk(payload)
        if chunk.request_id is None:
            chunk.request_id = self.request_id or None
        return chunk


class CompareStream(_Stream[CompareStreamEvent]):
    """The events of one comparison: the last is `done`; only an error object ends it early."""

    def __init__(self, gateway: Gateway, path: str, body: dict[str, Any]) -> None:
        self._gateway = gateway
        self._path = path
        self._body = body
        super().__init__()

    async def _read(self) -> AsyncGenerator[CompareStreamEvent, None]:
        async with opened(self._gateway, self._path, self._body) as exchange:
            self.request_id, self.headers, self.status = exchange.request_id, exchange.headers, exchange.status
            reader = exchange.reader
            async for event in exchange.events:
                if event.data.strip() == DONE:
                    reader.received = reader.done = True
                    break
                payload = reader.payload(event.data, event.event) if event.data.strip() else Noise("empty")
                if isinstance(payload, Noise):
                    self._count(payload.kind)
                    continue
                reader.received = True
                if isinstance(payload.get("error"), dict) or event.event == "error":
                    reader.error = payload
                    break
                yield self._event(event.event, payload)
                if event.event == "done":
                    reader.done = True
                    break
            exchange.judge()

    def _event(self, name: str, payload: dict[str, Any]) -> CompareStreamEvent:
        return CompareStreamEvent.model_validate({**payload, "event": name, "data": payload})
