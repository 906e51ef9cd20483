"""However a stream is cut into reads, the deltas are the same."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator

from httpx_sse import EventSource
from hypothesis import given
from hypothesis import strategies as st

from meshtui.client.exchange import _StreamText
from meshtui.client.wire import ReplyReader
from meshtui.core.turn import Delta
from tests.wire_server import cut_at

piece = st.text(alphabet=st.sampled_from('aé漢👋🏽\u2028\x85\n\r"\\ {}'), max_size=5)


@st.composite
def streams(draw: st.DrawFn) -> bytes:
    """Return an event stream in some framing, whole or with its end missing."""
    end = draw(st.sampled_from(["\n", "\r\n", "\r"]))
    lines = []
    for text in draw(st.lists(piece, min_size=1, max_size=6)):
        body = {"id": "c1", "choices": [{"index": 0, "delta": {"content": text}}]}
        data = json.dumps(body, ensure_ascii=draw(st.booleans()))
        lines.append(draw(st.sampled_from(["", ": ping" + end, "event: message" + end, "id: 7" + end])))
        lines.append(f"data:{draw(st.sampled_from(['', ' ']))}{data}{end}{end}")
    lines.append(draw(st.sampled_from(["", "data: [DONE]" + end + end, "data: [DONE]", 'data: {"half'])))
    return "".join(lines).encode()


def deltas_of(pieces: list[bytes]) -> list[Delta]:
    async def reads() -> AsyncIterator[bytes]:
        for read in pieces:
            yield read

    async def main() -> list[Delta]:
        reader = ReplyReader()
        deltas: list[Delta] = []
        async for event in EventSource(_StreamText(b"", reads())).aiter_sse():
            short = reader.text_delta(event.data)
            deltas += [short] if short is not None else reader.read(event.data, event.event)
        return deltas + reader.end()

    return asyncio.run(main())


@given(streams(), st.data())
def test_any_cutting_gives_the_same_deltas(stream: bytes, data: st.DataObject) -> None:
    offsets = sorted(data.draw(st.sets(st.integers(0, len(stream)), max_size=20)))
    assert deltas_of(cut_at(stream, offsets)) == deltas_of([stream])


@given(st.binary(max_size=60))
def test_no_bytes_whatever_break_the_reading(stream: bytes) -> None:
    assert deltas_of([stream]) == deltas_of([stream[at : at + 1] for at in range(len(stream))])
