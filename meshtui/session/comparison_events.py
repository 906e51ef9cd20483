"""The named events of the gateway's own comparison (contract, section 6) as parts for its lanes and its judge."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from meshtui.client.errors import kind_of
from meshtui.core.problem import Problem
from meshtui.core.turn import Delta, Finished, Opened, ReplyMeta, TextDelta, UsageDelta
from meshtui.session.gateway import JudgePart, LanePart


def parts_of(name: str, data: Mapping[str, Any], request_id: str) -> Iterator[LanePart | JudgePart]:
    """Return what one event brought; names that are not known bring nothing.

    A text in `error` is about one model alone. `model_chunk` is a whole answer where it has a latency, else a piece.
    """
    model = data.get("model")
    if name == "model_chunk" and isinstance(model, str):
        yield _chunk(model, data, request_id)
    elif name == "model_stream_done" and isinstance(model, str):
        yield _ended(model, data, ())
    elif name == "model_done":
        for row in data.get("results") or ():
            if isinstance(row, Mapping) and isinstance(row.get("model"), str):
                yield _ended(row["model"], row, _of_result(row))
    elif name == "comparison_chunk":
        yield JudgePart(_text(data.get("delta")))
    elif name in ("meta", "done"):
        yield JudgePart("", _text(data.get("comparison_model")), data.get("comparison_fallback_used") is True)


def _chunk(model: str, data: Mapping[str, Any], request_id: str) -> LanePart:
    deltas: tuple[Delta, ...] = (Opened(200, f"{request_id}::{model}" if request_id else None),)
    if text := _text(data.get("delta")):
        deltas += (TextDelta(text),)
    if data.get("latency_ms") is not None or data.get("error") is not None:
        return _ended(model, data, deltas)
    if reason := _text(data.get("finish_reason")):
        deltas += (Finished(reason),)
    return LanePart(model, deltas)


def _ended(model: str, data: Mapping[str, Any], deltas: tuple[Delta, ...]) -> LanePart:
    usage, error = data.get("usage"), data.get("error")
    if isinstance(usage, Mapping):
        deltas += (UsageDelta(dict(usage)),)
    if error is not None:
        code = _text(data.get("error_code")) or "upstream_error"
        message = error if isinstance(error, str) else str(error)
        return LanePart(model, deltas, True, Problem(kind_of(code, 0), code, message))
    if not any(isinstance(delta, Finished) for delta in deltas):
        deltas += (Finished(_text(data.get("finish_reason")) or "stop"),)
    return LanePart(model, deltas, True)


def _of_result(row: Mapping[str, Any]) -> tuple[Delta, ...]:
    """What only the summary of a comparison says of a model: its own request id."""
    id = _text(row.get("request_id"))
    return (ReplyMeta(extra={"compare_request_id": id}),) if id else ()


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
