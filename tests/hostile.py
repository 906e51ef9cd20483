"""Texts that try to do something to the terminal or the program, and replies that carry them in every field."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from meshtui.sandbox import Script
from tests.cases import load


def own_cases() -> list[dict[str, Any]]:
    """Return our own cases: they are here in every clone."""
    everywhere = ["content", "reasoning", "tool_name", "tool_arguments", "error_message", "model_id", "finish_reason"]
    texts = {
        "clears the screen": ("left \x1b[2J\x1b[H right", ["left", "right"]),
        "sets the title and the clipboard": ("t \x1b]0;owned\x07\x1b]52;c;b3duZWQ=\x1b\\ u", ["t ", " u"]),
        "8-bit controls": ("c1 \x9b31m \x9d0;x\x9c \x90q\x9c end", ["c1", "end"]),
        "backspaces and returns": ("paid\b\b\b\b\rfree shown", ["shown"]),
        "reports": ("ask \x1b[6n\x1b[c\x05 done", ["ask", "done"]),
        "mouse on": ("m \x1b[?1003h\x1b[?1049l n", ["m ", " n"]),
        "markup": ("[red]not red[/red] [@click=app.quit]q[/] [/]", ["[red]not red[/red]", "[@click=app.quit]q[/]"]),
        "right to left": ("abc \u202egnp.exe\u202c \u2066x\u2069 def", ["abc", "def"]),
        "half a pair": ("half \ud83d alone", ["half", "alone"]),
        "separators": ("one\u2028two\x85three\x0bfour\x1cfive", ["one", "five"]),
    }
    cases = [
        {"id": name, "text": text, "must_stay_visible": seen, "where": everywhere, "limit": 2.0}
        for name, (text, seen) in texts.items()
    ]
    cases.append({"id": "deep quotes", "text": "> " * 800 + "deep", "where": ["content", "reasoning"], "limit": 3.0})
    cases.append({"id": "one long word", "text": "x" * 60_000 + " tail", "where": ["content"], "limit": 3.0})
    return cases


def cases() -> list[dict[str, Any]]:
    """Return our own cases and, where they are here, the shared ones."""
    shared = load("hostile.json").get("cases", [])
    return [*own_cases(), *({**case, "limit": allowed(case)} for case in shared)]


def text_of(case: dict[str, Any]) -> str:
    """Return the text of a case."""
    if "text" in case:
        return str(case["text"])
    return "".join(str(text) * times for text, times in case["parts"])


def pieces_of(case: dict[str, Any]) -> list[str]:
    """Return the text of a case as it arrives."""
    if "deltas" in case:
        return list(case["deltas"])
    text = text_of(case)
    size = max(len(text) // 40, 1)
    return [text[start : start + size] for start in range(0, len(text), size)] or [""]


def allowed(case: dict[str, Any]) -> float:
    """Return the seconds that a case allows until its text is shown; a pause that is not measured is one second."""
    words = " ".join(case.get("must_not", ()))
    for word, seconds in (("two", 2.0), ("five", 5.0), ("ten", 10.0)):
        if f"over {word} seconds" in words:
            return seconds
    return 2.0


def reply(case: dict[str, Any], where: Iterable[str]) -> Script:
    """Return a streamed reply with the text of a case in each of these fields."""
    where = set(where)
    text = text_of(case)
    model = text if "model_id" in where else "sandbox/echo"
    deltas: list[dict[str, Any]] = [{"role": "assistant"}]
    if "reasoning" in where:
        deltas += [{"reasoning_content": piece} for piece in pieces_of(case)]
    if "content" in where:
        deltas += [{"content": piece} for piece in pieces_of(case)]
    finish = text if "finish_reason" in where else "stop"
    if where & {"tool_name", "tool_arguments"}:
        name = text if "tool_name" in where else "look_up"
        arguments = text if "tool_arguments" in where else '{"a": 1}'
        deltas.append(
            {"tool_calls": [{"index": 0, "id": "call_1", "type": "function", "function": {"name": name}}]},
        )
        deltas.append({"tool_calls": [{"index": 0, "function": {"arguments": arguments}}]})
        finish = text if "finish_reason" in where else "tool_calls"
    chunks = [_chunk(model, delta) for delta in deltas]
    chunks.append(_chunk(model, {}, finish))
    usage = {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}
    chunks.append({"id": "c", "object": "chat.completion.chunk", "model": model, "choices": [], "usage": usage})
    return Script(chunks=(*(_event(chunk) for chunk in chunks), b"data: [DONE]\n\n"))


def refusal(case: dict[str, Any]) -> Script:
    """Return a refusal whose message, code, parameter and provider's words are the text of a case."""
    text = text_of(case)
    body = {
        "error": {
            "code": "bad_request",
            "message": text,
            "param": text[:200],
            "provider_error": {"provider": text[:100], "status": 400, "message": text},
        },
        "request_id": "req_01HOSTILE" + text[:20],
    }
    return Script(400, {"content-type": "application/json"}, (json.dumps(body).encode(),))


def _chunk(model: str, delta: dict[str, Any], finish: str | None = None) -> dict[str, Any]:
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    return {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": model, "choices": [choice]}


def _event(chunk: dict[str, Any]) -> bytes:
    return b"data: " + json.dumps(chunk).encode() + b"\n\n"
