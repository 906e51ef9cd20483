"""Tools in the user's folder, and rounds of their calls against the sandbox."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from meshtui.sandbox import Sandbox
from meshtui.session import Round, Session

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
