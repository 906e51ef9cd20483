"""Writing a reply to the socket: server-sent events at a set pace, and every way in which that can go wrong."""

from __future__ import annotations

import asyncio
import json
import math
import socket
import struct
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NamedTuple

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send

# At high speed the events of one grid step leave in one send, and all streams wake together.
GRID_SECONDS = 0.02
BATCH_BYTES = 64 * 1024
# Long enough for the other side to have read what was sent before a reset throws it away.
RESET_GRACE_SECONDS = 0.05


class Frame(NamedTuple):
    """One event: when it is due (seconds after the start), its data, its event name."""

    due: float
    payload: str
    event: str = ""


class Raw(NamedTuple):
    """Bytes that go out as they are."""

    data: bytes


class Pause(NamedTuple):
    """Silence for so many seconds; None: until the client goes away."""

    seconds: float | None


class End(NamedTuple):
    """The connection breaks: `cut` closes it in the middle of a chunk, `reset` sends a TCP reset."""

    how: Literal["cut", "reset"]


Step = Frame | Raw | Pause | End

DONE = "[DONE]"


@dataclass(frozen=True, slots=True)
class Framing:
    """How an event becomes bytes."""

    eol: str = "\n"
    space: str = " "
    bom: bool = False
    comments: bool = False
    multiline: bool = False
    shred: bool = False
    events: bool = True

    def encode(self, frame: Frame) -> bytes:
        """The bytes of one event; with events=False the payload alone."""
        if not self.events:
            return frame.payload.encode("utf-8", "replace")
        eol, space = self.eol, self.space
        if self.eol == "\n" and not (frame.event or self.comments or self.multiline):
            return f"data:{space}{frame.payload}\n\n".encode("utf-8", "replace")
        lines = [frame.payload]
        if self.multiline and frame.payload != DONE:
            lines = json.dumps(json.loads(frame.payload), indent=1, ensure_ascii=False).split("\n")
        text = f"event:{space}{frame.event}{eol}" if frame.event else ""
        text += "".join(f"data:{space}{line}{eol}" for line in lines) + eol
        if self.comments:
            text = f": keep-alive{eol}{eol}:{eol}id: 7{eol}retry: 3000{eol}unknown: field{eol}{text}"
        return text.encode("utf-8", "replace")


class EventStream:
    """An ASGI response that writes steps.

    headers_first: send the response head at once; otherwise with the first bytes, so that a hang sends nothing.
    on_end(sent, whole) is called once, with the number of frames sent and whether all of them were.
    """

    def __init__(
        self,
        steps: Iterable[Step],
        *,
        status: int = 200,
        headers: Mapping[str, str] | None = None,
        content_type: str | None = "text/event-stream",
        framing: Framing | None = None,
        headers_first: bool = True,
        on_end: Callable[[int, bool], None] | None = None,
    ) -> None:
        self._steps = steps
        self._framing = framing or Framing()
        self._headers_first = headers_first
        self._on_end = on_end
        self._started = False
        self._sent = 0
        self._buffer = bytearray()
        fields = dict(headers or {})
        if content_type is not None:
            fields["content-type"] = content_type
            if self._framing.events:
                fields["cache-control"] = "no-cache"
        pairs = [(name.lower().encode(), value.encode("latin-1")) for name, value in fields.items()]
        self._head = {"type": "http.response.start", "status": status, "headers": pairs}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Write all steps; stops as soon as the client has gone."""
        self._send = send
        self._receive = receive
        self._transport: asyncio.Transport = scope["state"]["transport"]
        try:
            await self._write()
        finally:
            self._end(False)

    def _end(self, whole: bool) -> None:
        on_end, self._on_end = self._on_end, None
        if on_end is not None:
            on_end(self._sent, whole)

    async def _write(self) -> None:
        clock = _Clock()
        if self._headers_first:
            await self._start()
        buffer, encode = self._buffer, self._framing.encode
        if self._framing.bom:
            buffer += b"\xef\xbb\xbf"
        for step in self._steps:
            if isinstance(step, Frame):
                if step.due > clock.elapsed:
                    if not await self._flushed():
                        return
                    await clock.wait_for(step.due)
                buffer += encode(step)
                self._sent += 1
                if len(buffer) >= BATCH_BYTES and not await self._flushed():
                    return
            elif not await self._other(step):
                return
        self._end(not self._transport.is_closing())  # so that who has the last byte finds the bill written
        await self._flushed()
        await self._start()
        await self._send({"type": "http.response.body", "body": b""})

    async def _other(self, step: Raw | Pause | End) -> bool:
        """A step that is no frame; False when nothing can follow it."""
        if isinstance(step, Raw):
            self._buffer += step.data
            return await self._flushed()
        await self._flushed()
        if isinstance(step, Pause):
            return await _silent(step.seconds, self._receive)
        self._end(False)
        await _break(self._transport, step.how, self._started)
        return False

    async def _start(self) -> None:
        if not self._started:
            self._started = True
            await self._send(self._head)

    async def _flushed(self) -> bool:
        """Send what is buffered; False when the client has gone."""
        if self._buffer:
            await self._start()
            data = bytes(self._buffer)
            self._buffer.clear()
            pieces = [data[i : i + 1] for i in range(len(data))] if self._framing.shred else [data]
            for number, piece in enumerate(pieces):
                if self._transport.is_closing():
                    break
                await self._send({"type": "http.response.body", "body": piece, "more_body": True})
                if number % 256 == 255:
                    await asyncio.sleep(0)
        return not self._transport.is_closing()


class _Clock:
    """Seconds since a stream began; sleeps to the shared grid where events come faster than its steps."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._begun = self._loop.time()
        self._last_due = 0.0
        self.elapsed = 0.0

    async def wait_for(self, due: float) -> None:
        target = self._begun + due
        if due - self._last_due < GRID_SECONDS:
            target = math.ceil(target / GRID_SECONDS) * GRID_SECONDS
        self._last_due = due
        await asyncio.sleep(target - self._loop.time())
        self.elapsed = self._loop.time() - self._begun


async def _silent(seconds: float | None, receive: Receive) -> bool:
    """Wait; False when the client went away meanwhile."""
    try:
        async with asyncio.timeout(seconds):
            while (await receive())["type"] != "http.disconnect":
                continue
    except TimeoutError:
        return True
    return False


async def _break(transport: asyncio.Transport, how: str, started: bool) -> None:
    if how == "reset":
        await asyncio.sleep(RESET_GRACE_SECONDS)
        connection: socket.socket = transport.get_extra_info("socket")
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        transport.abort()
        return
    if started:
        # A chunk that promises more than it holds.
        transport.write(b'1000\r\ndata: {"id":"chatcmpl-cut","object":"chat.comp')
    transport.close()
