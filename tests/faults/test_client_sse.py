"""Event streams of every awkward framing, through the real client over a socket, cut at every place."""

from __future__ import annotations

import asyncio
from contextlib import suppress

import pytest

from meshtui.client import Gateway, MeshAPIError, WireEvent
from tests.cases import expected_payloads, needs_cases, sse_cases, stream_bytes
from tests.wire_server import WireServer, chunked, cut_at, serving

CASES = sse_cases()


async def read(gateway: Gateway) -> tuple[list[WireEvent], str]:
    """Return the stream's events as they came, and the code it failed with."""
    seen: list[WireEvent] = []
    code = ""
    try:
        async for _ in gateway.stream({"messages": []}, on_event=seen.append):
            pass
    except MeshAPIError as error:
        code = error.code
    return [event for event in seen if event.name not in ("response", "body")], code


@needs_cases
@pytest.mark.parametrize("name", CASES)
def test_payloads_are_those_of_the_standard_wherever_reads_end(name: str) -> None:
    case = CASES[name]
    data = stream_bytes(case)
    fine = expected_payloads(case)
    fine += [[payload for payload in payloads if payload] for payloads in fine]

    async def scenario() -> None:
        answers = [chunked(cut_at(data, offsets)) for offsets in case["splits"]]
        async with serving(*answers) as server, Gateway(server.url, "k") as gateway:
            for offsets in case["splits"]:
                events, code = await read(gateway)
                assert [event.data for event in events] in fine, offsets
                if "event_types" in case:
                    assert [event.name for event in events if event.data] == case["event_types"]
                if "not-a-stream" in case.get("tags", []):
                    assert code and code != "empty_reply"

    asyncio.run(scenario())


OWN = {
    "lf": b'data: {"a":1}\n\ndata: {"b":2}\n\n',
    "crlf": b'data: {"a":1}\r\n\r\ndata: {"b":2}\r\n\r\n',
    "cr": b'data: {"a":1}\r\rdata: {"b":2}\r\r',
    "no space": b'data:{"a":1}\n\ndata:{"b":2}\n\n',
    "bom": b'\xef\xbb\xbfdata: {"a":1}\n\ndata: {"b":2}\n\n',
    "blank lines first": b'\n\n\ndata: {"a":1}\n\ndata: {"b":2}\n\n',
    "comments": b': hello\n\ndata: {"a":1}\n: ping\n\n:\n\ndata: {"b":2}\n\n',
    "lines": b'data: {"a":\ndata: 1}\n\ndata: {"b":2}\n\n',
    "names": b'event:x\ndata: {"a":1}\n\nid: 1\nevent: y\ndata: {"b":2}\n\n',
    "unterminated": b'data: {"a":1}\n\ndata: {"b":2}',
    "unterminated line": b'data: {"a":1}\n\ndata: {"b":2}\n',
    "line separators inside": 'data: {"a":1,"t":"x\u2028y\u2029z\x85w"}\n\ndata: {"b":2,"t":"naïve 👋🏽"}\n\n'.encode(),
}


@pytest.mark.parametrize("name", OWN)
def test_own_framings_at_every_byte(name: str) -> None:
    data = OWN[name]
    splits = [[], list(range(1, len(data))), *([at] for at in range(1, len(data)))]

    async def scenario() -> None:
        async with serving(*(chunked(cut_at(data, split)) for split in splits)) as server:
            async with Gateway(server.url, "k") as gateway:
                for split in splits:
                    events, _ = await read(gateway)
                    assert [event.data.replace("\n", "")[:4] for event in events] == ['{"a"', '{"b"'], split
                    if "separators" in name:
                        assert [event.data for event in events] == [
                            '{"a":1,"t":"x\u2028y\u2029z\x85w"}',
                            '{"b":2,"t":"naïve 👋🏽"}',
                        ]

    asyncio.run(scenario())


@pytest.mark.parametrize("content_type", ["text/event-stream", "text/plain", "application/json", "text/html", None])
def test_a_stream_is_known_by_its_bytes_not_its_content_type(content_type: str | None) -> None:
    data = b'data: {"choices":[{"delta":{"content":"hi"},"finish_reason":"stop"}]}\n\ndata: [DONE]\n\n'

    async def scenario(server: WireServer) -> list[WireEvent]:
        async with Gateway(server.url, "k") as gateway:
            events, code = await read(gateway)
            assert code == ""
            return events

    async def main() -> list[WireEvent]:
        async with serving(chunked([data], content_type=content_type)) as server:
            return await scenario(server)

    assert len(asyncio.run(main())) == 2


def test_a_latin_1_charset_in_the_header_is_ignored() -> None:
    data = 'data: {"choices":[{"delta":{"content":"é"},"finish_reason":"stop"}]}\n\n'.encode()

    async def main() -> str:
        async with serving(chunked([data], content_type="text/event-stream; charset=iso-8859-1")) as server:
            async with Gateway(server.url, "k") as gateway:
                events, _ = await read(gateway)
        return events[0].data

    assert "é" in asyncio.run(main())


def test_after_done_the_open_socket_is_not_waited_for() -> None:
    data = b'data: {"choices":[{"delta":{"content":"hi"},"finish_reason":"stop"}]}\n\ndata: [DONE]\n\n'

    async def main() -> None:
        async with serving(chunked([data], end=False).replace(b"Connection: close", b"X-A: b")) as server:
            async with Gateway(server.url, "k") as gateway:
                with suppress(MeshAPIError):
                    async with asyncio.timeout(30):
                        _, code = await read(gateway)
                        assert code == ""

    asyncio.run(main())


def test_a_connection_is_used_again_after_done() -> None:
    data = b'data: {"choices":[{"delta":{"content":"hi"},"finish_reason":"stop"}]}\n\ndata: [DONE]\n\n'

    async def main() -> int:
        async with serving(chunked([data])) as server, Gateway(server.url, "k") as gateway:
            for _ in range(3):
                await read(gateway)
            return server.connections

    assert asyncio.run(main()) == 1
