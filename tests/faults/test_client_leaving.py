"""Leaving a stream early: the connection closes at once, so that the gateway stops generating, and nothing is said."""

from __future__ import annotations

import asyncio
import json

import pytest

from meshtui.client import AsyncMeshAPI, ChatCompletionParams, ChatMessage

CHUNK = {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "m"}
PARAMS = ChatCompletionParams(model="m", messages=[ChatMessage(role="user", content="hi")])


class Endless:
    """A server whose answer never ends; `left` is set when its reader has gone."""

    def __init__(self) -> None:
        self.left = asyncio.Event()

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n")
        body = json.dumps({**CHUNK, "choices": [{"index": 0, "delta": {"content": "x"}}]})
        try:
            while not self.left.is_set():
                writer.write(f"data: {body}\n\n".encode())
                await writer.drain()
                await asyncio.sleep(0.01)
        except OSError:
            pass
        finally:
            self.left.set()
            writer.close()


@pytest.mark.anyio
@pytest.mark.parametrize("how", ["break", "raise", "with"])
async def test_a_stream_that_is_left_closes_its_connection(how: str, capfd: pytest.CaptureFixture[str]) -> None:
    endless = Endless()
    server = await asyncio.start_server(endless.answer, "127.0.0.1", 0)
    async with (
        server,
        AsyncMeshAPI(base_url=f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", token="rsk_x") as client,
    ):
        if how == "with":
            async with client.chat.completions.stream(PARAMS) as stream:
                async for _ in stream:
                    break
        else:
            try:
                async for _ in client.chat.completions.stream(PARAMS):
                    if how == "raise":
                        raise LookupError
                    break
            except LookupError:
                pass
        async with asyncio.timeout(60):
            await endless.left.wait()
    assert capfd.readouterr().err == ""
