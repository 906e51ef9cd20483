"""One streamed request and its answer: the only place where a stream is opened, told apart and ended.

Framing is httpx-sse's. What it needs is made here: text without a byte order mark, always UTF-8, with a last event
that the server left unterminated; it then counts if it is whole JSON or [DONE].
"""

from __future__ import annotations

import asyncio
import codecs
import json
import re
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx
from httpx_sse import EventSource, ServerSentEvent

from meshtui.client.bodies import request_id_of
from meshtui.client.connection import Connection, kept_headers, until
from meshtui.client.errors import MeshAPIError
from meshtui.client.failures import failure
from meshtui.client.wire import ReplyReader

_BOM = codecs.BOM_UTF8
_BLANKS = b" \t\r\n"
_SAMPLE = 500
_PAGE_LIMIT = 1 << 16
_REUSE_WAIT = 0.02
_FIELD = re.compile(rb"(?m)^(?::|(?:data|event|id|retry)(?::|\r?$))")


@dataclass(frozen=True, slots=True)
class WireEvent:
    """One thing that arrived. `at` is seconds since the request was sent, `data` what came, unread.

    `name` is `response` for the head (data: JSON with status and headers), `body` for a body that is no
    stream, else the name of the stream's event (`message` where it has none).
    """

    at: float
    name: str
    data: str


OnEvent = Callable[[WireEvent], None]


class _StreamText(httpx.Response):
    """A response for httpx-sse to read: the bytes already here, then the rest, as text."""

    def __init__(self, head: bytes, rest: AsyncIterator[bytes]) -> None:
        super().__init__(200, headers={"content-type": "text/event-stream"})
        self.sample = head
        self._rest = rest
        self._pieces = self._decoded(head)

    def aiter_text(self, chunk_size: int | None = None) -> AsyncGenerator[str, None]:
        """Return the body as text; there is one such reader."""
        return self._pieces

    async def _decoded(self, head: bytes) -> AsyncGenerator[str, None]:
        """Yield the text, decoded across pieces, and a blank line at its end."""
        decoder = codecs.getincrementaldecoder("utf-8")("replace")
        yield decoder.decode(head)
        split = bool(decoder.getstate()[0])
        sampling = len(head) < _SAMPLE
        async for piece in self._rest:
            if sampling:
                self.sample += piece
                sampling = len(self.sample) < _SAMPLE
            if not split:
                try:
                    text = piece.decode()
                except UnicodeDecodeError:
                    text = ""  # a character is cut at the end, or is no UTF-8: the decoder below knows which
                if text:
                    yield text
                    continue
            yield decoder.decode(piece)
            split = bool(decoder.getstate()[0])
        yield decoder.decode(b"", True) + "\n\n"


class Exchange:
    """The open answer to a streamed request: its head, its events, and the reader that they go through.

    An answer in one JSON body is one event.
    """

    def __init__(self, connection: Connection, response: httpx.Response, on_event: OnEvent | None, sent: float) -> None:
        self.status = response.status_code
        self.headers: Mapping[str, str] = kept_headers(response.headers)
        self.request_id = request_id_of(response.headers)
        self.reader = ReplyReader()
        self.events: AsyncGenerator[ServerSentEvent, None]
        self._on_event = on_event
        self._connection = connection
        self._response = response
        self._sent = sent
        self._source: AsyncIterator[bytes] | None = None
        self._text: _StreamText | None = None
        self._whole = False

    def note(self, name: str, data: str) -> None:
        """Tell the recorder what came."""
        if self._on_event is not None:
            self._on_event(WireEvent(self._connection.clock() - self._sent, name, data))

    async def begin(self, deadline: float | None) -> None:
        """Look at the status and the first bytes: refused, a page, a JSON body, nothing, or a stream."""
        self.note("response", json.dumps({"status": self.status, "headers": self.headers}))
        if self.status >= 400:
            error, text = await self._connection.error_of(self._response, deadline)
            self.note("body", text)
            raise error
        encoded = self._response.headers.get("content-encoding", "identity") != "identity"
        stream = self._response.stream
        source = aiter(stream) if isinstance(stream, httpx.AsyncByteStream) and not encoded else None
        source = source or self._response.aiter_bytes()
        self._source = source if deadline is None else until(source, deadline)
        head = await self._read_head(self._source)
        first = head.lstrip(_BLANKS)[:1]
        if not first:
            raise self._error("empty_reply", "The answer from {} was empty")
        if first in (b"{", b"[", b"<"):
            self.events = _one(await self._read_whole(head, self._source))
        else:
            self._text = _StreamText(head, self._source)
            self.events = EventSource(self._text).aiter_sse()

    async def _read_head(self, source: AsyncIterator[bytes]) -> bytes:
        """Return the first bytes, without a byte order mark: as many as show what the body is."""
        head = b""
        async for piece in source:
            head += piece
            if not _BOM.startswith(head[:3]):
                break
            if len(head) >= len(_BOM):
                head = head[len(_BOM) :]
                break
        while not head.lstrip(_BLANKS) and (piece := await anext(source, b"")):
            head += piece
        return head

    async def _read_whole(self, head: bytes, source: AsyncIterator[bytes]) -> str:
        """Return the text of a JSON body; anything else that is no stream is somebody else's page."""
        body = bytearray(head)
        is_page = head.lstrip(_BLANKS)[:1] == b"<"
        while piece := await self._next_of(body, source):
            body += piece
            if is_page and len(body) > _PAGE_LIMIT:
                break
        text = body.decode("utf-8", "replace")
        try:
            json.loads(text, strict=False)
        except (ValueError, RecursionError) as error:
            self.note("body", text)
            raise self._connection.not_json(text, self.status, self.headers, error) from None
        self._whole = True
        return text

    async def _next_of(self, body: bytearray, source: AsyncIterator[bytes]) -> bytes:
        """Return the next piece of a JSON body, empty at its end; a whole one need not be waited for long."""
        if not _is_json(body):
            return await anext(source, b"")
        try:
            async with asyncio.timeout(self._connection.timeouts.after_finish):
                return await anext(source, b"")
        except TimeoutError:
            return b""

    async def tail(self) -> AsyncGenerator[ServerSentEvent, None]:
        """Yield what follows a finish_reason: usage, [DONE]. However the stream ends now, the reply is whole."""
        reader = self.reader
        while reader.finished and not reader.done and reader.error is None:
            try:
                async with asyncio.timeout(self._connection.timeouts.after_finish):
                    event = await anext(self.events, None)
            except (httpx.HTTPError, TimeoutError):
                return
            if event is None:
                return
            if event.data:
                self.note(event.event, event.data)
            yield event

    def judge(self) -> None:
        """At the end of the events: raise what was wrong with the reply, if anything."""
        reader = self.reader
        if reader.error is not None:
            raise self._connection.in_band(reader.error, self.status, self.headers)
        if reader.received and (reader.complete or self._whole):
            return
        if reader.received:
            raise self._error("stream_interrupted", "The reply from {} ended without a finish_reason or [DONE]")
        if self._whole:
            raise self._error("not_a_gateway", "{} answered with JSON that is no reply: " + reader.sample[:200])
        if self._text is not None and not _FIELD.search(self._text.sample):
            sample = self._text.sample.decode("utf-8", "replace")
            raise self._connection.not_json(sample, self.status, self.headers)
        unreadable = f" (what came was unreadable: {reader.sample[:100]})" if reader.sample else ""
        raise self._error("empty_reply", "The stream from {} ended without any part of a reply" + unreadable)

    def _error(self, code: str, message: str) -> MeshAPIError:
        words = self._connection.redact(message.replace("{}", self._connection.address.tried, 1))
        return MeshAPIError(words, status=self.status, error_code=code, request_id=self.request_id)

    def failed(self, error: BaseException) -> MeshAPIError:
        """Return the error for an exception of the transport while the answer was read."""
        connection = self._connection
        return failure(error, connection.address.tried, connection.timeouts, answered=True, request_id=self.request_id)

    async def aclose(self, *, complete: bool) -> None:
        """Close the answer. A `complete` one gives its last bytes, if they are here, to keep the connection alive."""
        try:
            if self._text is not None:
                await self.events.aclose()
                await self._text.aiter_text().aclose()
            if complete and self._source is not None:
                async with asyncio.timeout(_REUSE_WAIT):
                    async for _ in self._source:
                        pass
        except (httpx.HTTPError, TimeoutError):
            pass  # nothing is lost but the connection
        finally:
            await self._response.aclose()


def _is_json(body: bytearray) -> bool:
    if not body.rstrip().endswith((b"}", b"]")):
        return False
    try:
        json.loads(body, strict=False)
    except (ValueError, RecursionError):
        return False
    return True


async def _one(data: str) -> AsyncGenerator[ServerSentEvent, None]:
    yield ServerSentEvent(event="body", data=data)


@asynccontextmanager
async def opened(
    connection: Connection,
    path: str,
    body: Mapping[str, Any],
    *,
    on_event: OnEvent | None = None,
    headers: Mapping[str, str] | None = None,
) -> AsyncIterator[Exchange]:
    """Send a request whose answer may stream, once, and close the answer at the end, however the end comes."""
    deadline, sent = connection.deadline(), connection.clock()
    streams = bool(body.get("stream"))
    response = await connection.open("POST", path, body=body, headers=headers, stream=streams, deadline=deadline)
    exchange = Exchange(connection, response, on_event, sent)
    complete = False
    try:
        await exchange.begin(deadline)
        yield exchange
        complete = True
    except (httpx.HTTPError, TimeoutError) as error:
        raise exchange.failed(error) from None
    finally:
        await exchange.aclose(complete=complete)
