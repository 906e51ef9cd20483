"""A server that answers with exactly the bytes a test gives it, over a real socket on loopback."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

Respond = Callable[["Seen", asyncio.StreamWriter], Awaitable[None]]


@dataclass
class Seen:
    """One request as it arrived; header names in lower case."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class WireServer:
    """Answers each connection's requests with `respond`, or with the next of `answers`, the last one for ever."""

    answers: Sequence[bytes | Respond]
    requests: list[Seen] = field(default_factory=list)
    connections: int = 0
    url: str = ""
    port: int = 0

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            while (seen := await _request(reader)) is not None:
                self.requests.append(seen)
                answer = self.answers[min(len(self.requests), len(self.answers)) - 1]
                if isinstance(answer, bytes):
                    writer.write(answer)
                    await writer.drain()
                    if b"\r\nconnection: close" in answer.split(b"\r\n\r\n")[0].lower():
                        break
                else:
                    await answer(seen, writer)
                    if writer.is_closing():
                        break
        except (ConnectionError, asyncio.IncompleteReadError):
            pass  # the client went away, which is part of what is tested
        finally:
            writer.close()


async def _request(reader: asyncio.StreamReader) -> Seen | None:
    try:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    except asyncio.IncompleteReadError:
        return None
    first, *lines = head.strip().split("\r\n")
    method, path, _ = first.split(" ")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    return Seen(method, path, headers, body)


@asynccontextmanager
async def serving(*answers: bytes | Respond) -> AsyncIterator[WireServer]:
    """Run a server that gives these answers."""
    wire = WireServer(answers)
    server = await asyncio.start_server(wire.handle, "127.0.0.1", 0)
    wire.port = server.sockets[0].getsockname()[1]
    wire.url = f"http://127.0.0.1:{wire.port}"
    try:
        yield wire
    finally:
        server.close()
        await asyncio.sleep(0)


def answer(
    body: bytes | str,
    *,
    status: str = "200 OK",
    content_type: str | None = "application/json",
    headers: Iterable[str] = (),
) -> bytes:
    """Return a whole answer with a Content-Length."""
    data = body.encode() if isinstance(body, str) else body
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(data)}", *headers]
    if content_type is not None:
        lines.append(f"Content-Type: {content_type}")
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + data


def chunked(
    pieces: Iterable[bytes],
    *,
    content_type: str | None = "text/event-stream",
    headers: Iterable[str] = (),
    end: bool = True,
) -> bytes:
    """Return a streamed answer, each piece an HTTP chunk of its own; without `end` it is cut off."""
    lines = ["HTTP/1.1 200 OK", "Transfer-Encoding: chunked", *headers]
    if content_type is not None:
        lines.append(f"Content-Type: {content_type}")
    if not end:
        lines.append("Connection: close")
    framed = b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in pieces if piece)
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + framed + (b"0\r\n\r\n" if end else b"")


def cut(data: bytes, size: int) -> list[bytes]:
    """Return `data` in pieces of `size` bytes."""
    return [data[at : at + size] for at in range(0, len(data), size)]


def cut_at(data: bytes, offsets: Iterable[int]) -> list[bytes]:
    """Return `data` in the pieces that end at `offsets`."""
    places = [0, *offsets, len(data)]
    return [data[start:end] for start, end in zip(places, places[1:], strict=False)]


def events(*payloads: str, done: bool = True, end: str = "\n") -> bytes:
    """Return an event stream of these payloads."""
    lines = [*payloads, *(["[DONE]"] if done else [])]
    return "".join(f"data: {payload}{end}{end}" for payload in lines).encode()
