"""CPU per streamed event through the client, beside httpx alone, the official SDK and the openai SDK.

    python -m benchmarks.client [--events N] [--rounds N]

A server in a process of its own sends the same bytes to each reader, as fast as they are taken: events of about
180 bytes, one per HTTP chunk. The readers take turns; the figure is the median over the rounds of the CPU time of
this process, divided by the number of events. Ratios within one run are what counts: the machine is not quiet.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import json
import multiprocessing
import os
import statistics
import time
from collections.abc import Awaitable, Callable
from contextlib import aclosing
from multiprocessing.connection import Connection
from typing import Any

KEY = "rsk_01JDEMO000000000000000000"
MESSAGES = [{"role": "user", "content": "hello"}]
TARGET = 1.60
Reader = Callable[[str], Awaitable[int]]

WORDS = ("the ", "answer", " is ", "streamed", ", token", " by ", "token", ".\n", "a ", "naïve ", "“quote” ", "`code` ")


def stream_of(events: int, framing: str) -> bytes:
    """Return a whole HTTP answer of so many text events, each in a chunk of its own."""
    pieces = [b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"]
    created = 1767225600
    base = {"id": "chatcmpl-01JDEMO0000000000000000", "object": "chat.completion.chunk", "created": created}
    for number in range(events + 2):
        delta: dict[str, Any] = {"content": WORDS[number % len(WORDS)]} if number < events else {}
        choice = {"index": 0, "delta": delta, "finish_reason": None if number <= events else "stop"}
        chunk: dict[str, Any] = {**base, "model": "openai/gpt-4o-mini", "choices": [choice]}
        if framing == "changing":
            chunk["created"] = created + number  # nothing around the text stays the same
        elif framing == "padded":
            chunk["obfuscation"] = "x" * (number * 7 % 16)
        text = json.dumps(chunk, ensure_ascii=framing == "ascii", separators=(",", ":"))
        pieces.append(_chunk(f"data: {text}\n\n".encode()))
    pieces += [_chunk(b"data: [DONE]\n\n"), b"0\r\n\r\n"]
    return b"".join(pieces)


def _chunk(data: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(data), data)


def serve(report: Connection, events: int, framing: str) -> None:
    """Answer every request with the stream; runs in a process of its own."""
    answer = stream_of(events, framing)

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                length = next(
                    (
                        int(line.split(b":")[1])
                        for line in head.split(b"\r\n")
                        if line.lower().startswith(b"content-length")
                    ),
                    0,
                )
                await reader.readexactly(length)
                writer.write(answer)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    async def main() -> None:
        server = await asyncio.start_server(handle, "127.0.0.1", 0)
        report.send(server.sockets[0].getsockname()[1])
        await server.serve_forever()

    asyncio.run(main())


async def raw(url: str) -> int:
    """Read the bytes with httpx and do nothing with them."""
    import httpx

    count = 0
    async with httpx.AsyncClient() as client, client.stream("POST", f"{url}/v1/chat/completions", json={}) as response:
        async for _ in response.aiter_raw():
            count += 1
    return count


async def session_face(url: str) -> int:
    """Read deltas, as a session does."""
    from meshtui.client import Gateway
    from meshtui.core.turn import TextDelta

    count = 0
    async with Gateway(url, KEY) as gateway, aclosing(gateway.stream({"messages": MESSAGES})) as deltas:
        async for delta in deltas:
            if delta.__class__ is TextDelta:
                count += 1
    return count


async def sdk_face(url: str) -> int:
    """Read chunks with this client, as a program written for the official SDK does."""
    from meshtui.client import AsyncMeshAPI, ChatCompletionParams, ChatMessage

    count = 0
    params = ChatCompletionParams(messages=[ChatMessage(role="user", content="hello")])
    async with AsyncMeshAPI(base_url=url, token=KEY) as client:
        async for chunk in client.chat.completions.stream(params):
            count += bool(chunk.choices and chunk.choices[0].delta.content)
    return count


async def official_sdk(url: str) -> int:
    """Read chunks with the official SDK."""
    from meshapi import AsyncMeshAPI, ChatCompletionParams, ChatMessage

    count = 0
    params = ChatCompletionParams(messages=[ChatMessage(role="user", content="hello")])
    async with AsyncMeshAPI(base_url=url, token=KEY) as client:
        async for chunk in client.chat.completions.stream(params):
            count += bool(chunk.choices and chunk.choices[0].delta and chunk.choices[0].delta.content)
    return count


async def openai_sdk(url: str) -> int:
    """Read chunks with the openai SDK."""
    from openai import AsyncOpenAI

    count = 0
    async with AsyncOpenAI(base_url=f"{url}/v1", api_key=KEY) as client:
        messages: Any = MESSAGES
        stream = await client.chat.completions.create(model="m", messages=messages, stream=True)
        async for chunk in stream:
            count += bool(chunk.choices and chunk.choices[0].delta.content)
    return count


READERS: dict[str, Reader] = {
    "httpx aiter_raw": raw,
    "meshtui, deltas": session_face,
    "meshtui, chunks": sdk_face,
    "official SDK": official_sdk,
    "openai SDK": openai_sdk,
}


def cost_of(reader: Reader, url: str, events: int) -> float:
    """Return the CPU time of one event in microseconds."""
    gc.collect()
    began = time.process_time()
    count = asyncio.run(_call(reader, url))
    spent = time.process_time() - began
    if count < events:
        raise SystemExit(f"{reader.__name__} read {count} of {events} events")
    return spent / events * 1e6


async def _call(reader: Reader, url: str) -> int:
    return await reader(url)


def measure(events: int, rounds: int, framing: str) -> dict[str, list[float]]:
    """Return the cost of an event for each reader, round by round; a first round is thrown away."""
    here, there = multiprocessing.Pipe()
    server = multiprocessing.get_context("spawn").Process(target=serve, args=(there, events, framing), daemon=True)
    server.start()
    try:
        url = f"http://127.0.0.1:{here.recv()}"
        costs: dict[str, list[float]] = {name: [] for name in READERS}
        for turn in range(rounds + 1):
            for name, reader in READERS.items():
                cost = cost_of(reader, url, events)
                if turn:
                    costs[name].append(cost)
        return costs
    finally:
        server.terminate()
        server.join()


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--events", type=int, default=20_000)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    os.environ.pop("HTTP_PROXY", None)
    os.environ["NO_PROXY"] = "127.0.0.1"
    print("client: µs of CPU per event, and as a ratio to httpx aiter_raw of the same bytes")
    for framing, words in (
        ("plain", "the same but for its text"),
        ("changing", "another timestamp in each"),
        ("padded", "padding of changing length"),
    ):
        costs = measure(options.events, options.rounds, framing)
        base = statistics.median(costs["httpx aiter_raw"])
        print(f"\n{options.events} events, {words}")
        for name, values in costs.items():
            ratios = [value / raw_cost for value, raw_cost in zip(values, costs["httpx aiter_raw"], strict=True)]
            middle = statistics.median(values)
            mark = f"  target <= {TARGET:.2f}" if name == "meshtui, deltas" else ""
            print(
                f"  {name:<18}{middle:8.1f} µs  x{middle / base:5.2f}  ({min(ratios):.2f} to {max(ratios):.2f}){mark}"
            )


if __name__ == "__main__":
    main()
