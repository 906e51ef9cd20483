"""Rounds of tool calls against the sandbox: answered by hand, by rules, by commands; changed, stopped, forked."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from meshtui.core.turn import TurnState
from meshtui.sandbox import Sandbox
from meshtui.session import OpenCalls, Round, Session
from tests.workbench import opened

CITY = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
ZONE = {"type": "object", "properties": {"zone": {"type": "string", "enum": ["CET", "UTC"]}}, "required": ["zone"]}


def put(home: Path, name: str, parameters: dict[str, Any], **more: Any) -> Path:
    """Write a tool of the user."""
    path = home / "tools" / f"{name}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    definition = {"type": "function", "function": {"name": name, "parameters": parameters}}
    path.write_text(json.dumps({**definition, **more}))
    return path


def turn_on(session: Session, *keys: str) -> None:
    assert session.tools is not None
    session.tools.turn_only(keys)


async def called(session: Session, text: str = "call get_weather and get_time") -> Round:
    """Say something that makes the sandbox call; return the round."""
    turn = session.say(text)
    await session.run(turn)
    round = session.rounds.round_of(turn)
    assert round is not None, turn.state
    return round


def sent(box: Sandbox, number: int = -1) -> list[dict[str, Any]]:
    messages: list[dict[str, Any]] = box.requests[number]["body"]["messages"]
    return messages


def answered_once(messages: list[dict[str, Any]]) -> bool:
    """Whether each call of a request has exactly one result, right behind it."""
    for place, message in enumerate(messages):
        ids = [call["id"] for call in message.get("tool_calls") or ()]
        behind = [later.get("tool_call_id") for later in messages[place + 1 : place + 1 + len(ids)]]
        if sorted(ids) != sorted(str(id) for id in behind) or len(set(ids)) != len(ids):
            return False
    return True


@pytest.mark.anyio
async def test_results_by_hand_go_back_and_the_model_goes_on(box: Sandbox, home: Path) -> None:
    put(home, "get_weather", CITY)
    put(home, "get_time", ZONE)
    async with opened(home, box, "sandbox/tools") as session:
        turn_on(session, "get_weather", "get_time")
        round = await called(session)
        rounds = session.rounds
        assert [pending.call.name for pending in round.calls] == ["get_weather", "get_time"]
        with pytest.raises(OpenCalls, match="get_weather, get_time"):
            rounds.go_on(round)
        rounds.set_result(round, round.calls[0], '{"sky": "clear"}')
        rounds.set_result(round, round.calls[1], "noon")
        turn = rounds.go_on(round)
        await session.run(turn)
        assert turn.state is TurnState.DONE and "clear" in str(turn.content) and "noon" in str(turn.content)
        assert [node.role for node in session.nodes] == ["user", "assistant", "tool", "tool", "assistant"]
        assert rounds.current() is None
        again = await called(session)
        assert [pending.result for pending in again.calls] == ['{"sky": "clear"}', "noon"]
    messages = sent(box, -2)
    assert [message["role"] for message in messages] == ["user", "assistant", "tool", "tool"]
    assert answered_once(messages)
