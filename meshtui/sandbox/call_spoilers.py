"""Faults of tool calls: what providers leave out of them, or get wrong."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Any

from .fault import Scene
from .reply import Reply
from .spoilers import HOSTILE, delta_of, each
from .tokens import split
from .wire import Frame, Step


def _calls(chunk: dict[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = delta_of(chunk).get("tool_calls") or []
    return found


def on_calls(change: Callable[[dict[str, Any]], None]) -> Callable[[dict[str, Any]], Iterable[dict[str, Any]]]:
    """Return what edits each tool-call fragment of a chunk."""

    def edit(chunk: dict[str, Any]) -> Iterable[dict[str, Any]]:
        for call in _calls(chunk):
            change(call)
        return [chunk]

    return edit


def no_index(call: dict[str, Any]) -> None:
    """Tool call deltas without an index."""
    del call["index"]


def index_zero(call: dict[str, Any]) -> None:
    """Every tool call under index 0."""
    call["index"] = 0


def no_id(call: dict[str, Any]) -> None:
    """Tool calls with an empty id."""
    if "id" in call:
        call["id"] = ""


def same_id(call: dict[str, Any]) -> None:
    """Every tool call with the same id."""
    if "id" in call:
        call["id"] = "call_1"


def shifted_index(call: dict[str, Any]) -> None:
    """Arguments under another index: names under 2, 4, …, arguments under 1, 3, …, where no call's name stands."""
    call["index"] = 2 * call["index"] + (2 if "id" in call else 1)


def name_twice(frames: Sequence[Frame], _: Scene) -> Iterable[Step]:
    """Id and name in every fragment."""
    known: dict[int, tuple[str, str]] = {}

    def change(call: dict[str, Any]) -> None:
        if "id" in call:
            known[call["index"]] = (call["id"], call["function"]["name"])
        call["id"], call["function"]["name"] = known[call["index"]]
        call["type"] = "function"

    return each(frames, on_calls(change))


def half_arguments(reply: Reply) -> Reply:
    """Arguments that end in mid-JSON."""
    *others, last = reply.calls
    return replace(reply, calls=(*others, replace(last, arguments=last.arguments[: len(last.arguments) // 2])))


def arguments_in_string(reply: Reply) -> Reply:
    """Arguments that are JSON inside a JSON string."""
    return replace(reply, calls=tuple(replace(c, arguments=json.dumps(c.arguments)) for c in reply.calls))


def no_arguments(reply: Reply) -> Reply:
    """Arguments that are an empty string."""
    return replace(reply, calls=tuple(replace(c, arguments="") for c in reply.calls))


def unknown_tool(reply: Reply) -> Reply:
    """A call of a tool that was never offered."""
    return replace(reply, calls=tuple(replace(c, name="launch_rockets") for c in reply.calls[:1]))


def nameless(reply: Reply) -> Reply:
    """A tool call without a name."""
    return replace(reply, calls=(replace(reply.calls[0], name=""), *reply.calls[1:]))


def stop_with_calls(reply: Reply) -> Reply:
    """Tool calls, but finish_reason stop."""
    return replace(reply, finish="stop")


def hostile(reply: Reply) -> Reply:
    """Control sequences and markup everywhere."""
    first = replace(reply.calls[0], name=HOSTILE[:60], arguments=json.dumps({"text": HOSTILE}))
    return replace(reply, tokens=split(HOSTILE), reasoning=split(HOSTILE), calls=(first,))
