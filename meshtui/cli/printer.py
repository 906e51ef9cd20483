"""What a headless turn prints: text as it comes, an object for each change, or one object at the end."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from shlex import quote
from typing import Any

from meshtui.cli.output import INTERRUPTED, OK, Refused, Unwritable, close_quietly, emit, emit_json, say
from meshtui.core.problem import ProblemKind
from meshtui.core.text import json_text
from meshtui.core.turn import (
    Delta,
    Finished,
    MediaDelta,
    Noise,
    Opened,
    ReasoningDelta,
    ReasoningDetails,
    ReplyMeta,
    TextDelta,
    ToolFragment,
    Turn,
    TurnState,
    UsageDelta,
    error_object,
    milliseconds,
)


class Printer:
    """Prints a turn as it grows: text, or one object per change, or one object at the end.

    `on_closed` is called when whoever reads stdout has gone; nothing is printed from then on. With `waits` text is
    printed at the end only, because another turn may follow and only the last one's text is data.
    """

    def __init__(self, whole: bool, events: bool, on_closed: Callable[[], object], *, waits: bool = False) -> None:
        self._whole, self._events, self._on_closed, self._waits = whole, events, on_closed, waits
        self._closed = False
        self._refusal: Refused | None = None
        self._state: TurnState | None = None
        self._last = "\n"

    def changed(self, turn: Turn, delta: Delta | None) -> None:
        """Print what one delta or one change of state brought."""
        self._safely(lambda: self._print(turn, delta))

    def put(self, value: Mapping[str, Any]) -> None:
        """Print one more object where there is one per change."""
        if self._events:
            self._safely(lambda: emit_json(value))

    def _safely(self, print_it: Callable[[], None]) -> None:
        if self._closed:
            return
        try:
            print_it()
        except BrokenPipeError:
            close_quietly(sys.stdout)
            self._close()
        except Unwritable as refusal:
            self._refusal = refusal
            self._close()

    def _close(self) -> None:
        self._closed = True
        self._on_closed()

    def _print(self, turn: Turn, delta: Delta | None) -> None:
        if self._events:
            if turn.state is not self._state and not turn.ended:
                emit_json({"event": "state", "state": turn.state.value})
            self._state = turn.state
            if delta is not None:
                emit_json({"at_ms": milliseconds(turn.last_at), **event(delta)})
        elif isinstance(delta, TextDelta) and not (self._whole or self._waits) and delta.text:
            emit(delta.text, end="")
            self._last = delta.text[-1]

    def end(self, turn: Turn, result: Mapping[str, Any], *, stopped: bool = False) -> int:
        """Print what belongs at the end and return the exit code; `stopped` between turns counts as in one."""
        if self._refusal is not None:
            raise self._refusal
        if self._closed:
            return INTERRUPTED
        try:
            if self._events:
                emit_json({"event": "state", "state": turn.state.value})
                emit_json({"event": "end", "result": {**result, "interrupted": result["interrupted"] or stopped}})
            elif self._whole:
                emit_json({**result, "interrupted": result["interrupted"] or stopped})
            else:
                if self._waits and turn.content:
                    emit(str(turn.content), end="")
                    self._last = str(turn.content)[-1]
                if self._last != "\n":
                    emit("")
                for call in turn.assembler.calls():
                    emit_json({"id": call.id, "name": call.name, "arguments": call.arguments})
        except BrokenPipeError:
            close_quietly(sys.stdout)
            return INTERRUPTED
        return self._code(turn, stopped)

    def _code(self, turn: Turn, stopped: bool) -> int:
        for kind, count in turn.noise.items():
            say(f"passed over {count} × {kind} in the stream")
        if turn.assembler.dropped:
            say(f"left out {turn.assembler.dropped} × tool call without a name: it can be neither run nor answered")
        if turn.state is TurnState.STOPPED or stopped:
            say("stopped; what arrived is kept")
            return INTERRUPTED
        if turn.problem is not None:
            problem = turn.problem
            say(problem.sentence + (f" (request {problem.request_id})" if problem.request_id else ""))
            for row in error_details(error_object(problem)):
                say(row)
            if problem.kind is ProblemKind.MODEL_NOT_FOUND and turn.model:
                words = quote(turn.model.rpartition("/")[2])
                say(f"`meshtui models {words}` looks for ids like it, `meshtui models` lists all")
            return problem.exit_code
        return OK


def error_details(error: Mapping[str, Any]) -> list[str]:
    """Return the rows of a 422 as lines `field: what is wrong`, a row of another shape as it is."""
    rows = error.get("details")
    if not isinstance(rows, list):
        return []
    return [f"  {_detail(row)}" for row in rows if isinstance(row, Mapping)]


def _detail(row: Mapping[str, Any]) -> str:
    place = row.get("loc", ())
    if "msg" not in row or not isinstance(place, list | tuple):
        return json_text(dict(row))
    return f"{'.'.join(map(str, place))}: {row['msg']}"


def event(delta: Delta) -> dict[str, Any]:
    """Return one delta as the object that `--events` prints."""
    match delta:
        case TextDelta(text):
            return {"event": "text", "text": text}
        case ReasoningDelta(text):
            return {"event": "reasoning", "text": text}
        case ToolFragment(index, id, name, arguments):
            return {"event": "tool_call", "index": index, "id": id, "name": name, "arguments": arguments}
        case UsageDelta(usage, cost):
            return {"event": "usage", "usage": usage, "cost_usd": None if cost is None else format(cost, "f")}
        case Finished(reason):
            return {"event": "finish", "finish_reason": reason}
        case Opened(status, request_id, _):
            return {"event": "opened", "status": status, "request_id": request_id}
        case ReplyMeta(id, model, _):
            return {"event": "meta", "id": id, "model": model}
        case MediaDelta(part):
            return {"event": "media", "part": part.to_wire()}
        case ReasoningDetails(rows):
            return {"event": "reasoning_details", "rows": [dict(row) for row in rows]}
        case Noise(kind, sample):
            return {"event": "noise", "kind": kind, "sample": sample}
