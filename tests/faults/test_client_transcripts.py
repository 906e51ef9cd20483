"""Recorded replies of real providers, served over a socket in pieces of several sizes, add up to what they should."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from typing import Any

import pytest

from meshtui.client import Gateway, MeshAPIError
from meshtui.core.turn import Turn
from tests.cases import needs_cases, transcripts
from tests.wire_server import chunked, cut, serving

TRANSCRIPTS = transcripts()


async def run(url: str, *, stream: bool = True, **limits: Any) -> tuple[Turn, MeshAPIError | None]:
    turn = Turn("t1", {"model": "m", "messages": []})
    async with Gateway(url, "rsk_01JDEMO000000000000000000", **limits) as gateway:
        try:
            async with aclosing(gateway.stream(turn.request, stream=stream)) as deltas:
                async for delta in deltas:
                    turn.apply(delta)
        except MeshAPIError as error:
            return turn, error
    return turn, None


@needs_cases
@pytest.mark.parametrize("size", [1, 7, 1000])
@pytest.mark.parametrize("name", TRANSCRIPTS)
def test_adds_up(name: str, size: int) -> None:
    case = TRANSCRIPTS[name]
    expected = case["expected"]

    async def scenario() -> tuple[Turn, MeshAPIError | None]:
        pieces = cut(case["wire"].encode("utf-8", "surrogatepass"), size)
        async with serving(chunked(pieces, content_type=case["content_type"])) as server:
            return await run(server.url)

    turn, error = asyncio.run(scenario())
    assert str(turn.content) == expected["content"]
    assert str(turn.reasoning) == expected["reasoning"]
    assert turn.finish_reason == expected["finish_reason"]
    assert turn.usage == expected["usage"]
    assert turn.noise.get("bad_json", 0) == expected["bad_json"]
    calls = turn.result()["message"]["tool_calls"]
    assert [(call["name"], call["arguments"], call["parsed"]) for call in calls] == [
        (call["name"], call["arguments"], call["parsed"]) for call in expected["tool_calls"]
    ]
    assert [call["id"] for call in calls if "call_t1" not in call["id"]] == [
        call["id"] for call in expected["tool_calls"] if call["id"]
    ]
    if expected["error"]:
        assert error is not None
        assert error.message == expected["error"]["message"]
    elif expected["complete"]:
        assert error is None
    else:
        assert error is not None
        assert error.code in ("stream_interrupted", "empty_reply")
