"""Streams for programs: chat chunks and comparison events, as models."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, Self, TypeVar

from meshtui.client.exchange import Exchange, opened
from meshtui.client.gateway import CHAT_PATH, Gateway
from meshtui.client.types import ChatCompletionChunk, CompareStreamEvent, Reply
from meshtui.client.wire import DONE, ReplyReader
from meshtui.core.turn import Noise

_SHORT = 20
_T = TypeVar("_T", bound=Reply)


_to_chunk = ChatCompletionChunk.model_validate


@dataclass(slots=True)
class _Heard:
    """What is known of an answer beside its items; the reader writes it, the stream shows it."""

    request_id: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    status: int = 0
    noise: dict[str, int] = field(default_factory=dict)

    def opened(self, exchange: Exchange) -> None:
        self.request_id, self.headers, self.status = exchange.request_id, exchange.headers, exchange.status

    def count(self, kind: str) -> None:
        self.noise[kind] = self.noise.get(kind, 0) + 1


class _Stream(Generic[_T]):
    """Something to read once with `async for`, also under `async with`; `aclose` stops it.

    What reads it knows nothing of this object: a stream that is left with `break` is then closed at once, not when
    the garbage collector comes by.
    """

    def __init__(self, heard: _Heard, items: AsyncGenerator[_T, None]) -> None:
        self._heard = heard
        self._items = items

    @property
    def request_id(self) -> str:
        """The gateway's id of the request; known once the first item came."""
        return self._heard.request_id

    @property
    def headers(self) -> Mapping[str, str]:
        """The headers of the answer; known once the first item came."""
        return self._heard.headers

    @property
    def status(self) -> int:
        """The status of the answer; known once the first item came."""
        return self._heard.status

    @property
    def noise(self) -> dict[str, int]:
        """How often what was passed over, by kind."""
        return self._heard.noise

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
        heard = _Heard()
        super().__init__(heard, _read_chunks(heard, gateway, body, headers))


async def _read_chunks(
    heard: _Heard, gateway: Gateway, body: dict[str, Any], headers: Mapping[str, str] | None
) -> AsyncGenerator[ChatCompletionChunk, None]:
    async with opened(gateway, CHAT_PATH, body, headers=headers) as exchange:
        heard.opened(exchange)
        reader = exchange.reader
        async for event in exchange.events:
            if (chunk := _chunk(heard, reader, event.data, event.event)) is not None:
                yield chunk
            if reader.complete or reader.error is not None:
                break
        async for event in exchange.tail():
            if (chunk := _chunk(heard, reader, event.data, event.event)) is not None:
                yield chunk
        exchange.judge()


def _chunk(heard: _Heard, reader: ReplyReader, data: str, event: str) -> ChatCompletionChunk | None:
    if len(data) < _SHORT:
        reader.done = reader.done or data.strip() == DONE
        if reader.done or not data or data.isspace():
            return None
    payload = reader.payload(data, event)
    if isinstance(payload, Noise):
        heard.count(payload.kind)
        return None
    if not reader.chunk(payload):
        if reader.error is None:
            heard.count("passed_over")
        return None
    chunk = _to_chunk(payload)
    if chunk.request_id is None:
        chunk.request_id = heard.request_id or None
    return chunk


class CompareStream(_Stream[CompareStreamEvent]):
    """The events of one comparison: the last is `done`; only an error object ends it early."""

    def __init__(self, gateway: Gateway, path: str, body: dict[str, Any]) -> None:
        heard = _Heard()
        super().__init__(heard, _read_events(heard, gateway, path, body))


async def _read_events(
    heard: _Heard, gateway: Gateway, path: str, body: dict[str, Any]
) -> AsyncGenerator[CompareStreamEvent, None]:
    async with opened(gateway, path, body) as exchange:
        heard.opened(exchange)
        reader = exchange.reader
        async for event in exchange.events:
            if event.data.strip() == DONE:
                reader.received = reader.done = True
                break
            payload = reader.payload(event.data, event.event) if event.data.strip() else Noise("empty")
            if isinstance(payload, Noise):
                heard.count(payload.kind)
                continue
            reader.received = True
            if isinstance(payload.get("error"), dict) or event.event == "error":
                reader.error = payload
                break
            yield CompareStreamEvent.model_validate({**payload, "event": event.event, "data": payload})
            if event.event == "done":
                reader.done = True
                break
        exchange.judge()
