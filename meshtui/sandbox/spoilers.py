"""Faults of a reply that began well: framing, order, ending, tool calls, text."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any

from .fault import Scene
from .reply import Reply, compact
from .tokens import split
from .wire import DONE, End, Frame, Framing, Pause, Raw, Step

_HALF_CHUNK = '{"id":"chatcmpl-broken","object":"chat.completion.chunk","choices":[{"index":0,"delta":{"con'

UNICODE_TEXT = "Grüße, naïve café — 你好，世界 🌍 👩‍👩‍👧 नमस्ते שלום é ﷽ 😀😀 done."
LINE_SEPARATORS = "one\u2028two\u2029three\x85four\x0bfive\x0csix\x1cseven\nend."
HOSTILE = (
    "before \x1b[2J\x1b[H\x1b]0;owned\x07\x1b]52;c;b3duZWQ=\x07 [red]not red[/] [@click=app.quit]quit[/] "
    "\x1b]8;;http://example.invalid/\x1b\\link\x1b]8;;\x1b\\ \x9b31m C1 \x90dcs\x9c "
    "\u202egnp.exe\u202c \u200bzero\u200dwidth\ufeff \x00\x08\x08\x7f \rover "
    "<script>alert(1)</script> [link](javascript:alert(1)) Z\u0341\u0342\u0343\u0344algo "
    "[/] [/x] {{slot}} $name %s after"
)


def each(frames: Iterable[Frame], edit: Callable[[dict[str, Any]], Iterable[dict[str, Any]]]) -> Iterator[Frame]:
    """Every chunk through `edit`, which gives none, one or more in its place; [DONE] stays."""
    for frame in frames:
        if frame.payload == DONE:
            yield frame
            continue
        for chunk in edit(json.loads(frame.payload)):
            yield frame._replace(payload=compact(chunk))


def _half(frames: Sequence[Frame]) -> int:
    return max(1, len(frames) // 2)


def delta_of(chunk: dict[str, Any]) -> dict[str, Any]:
    """Return the delta of a chunk's first choice."""
    choices = chunk.get("choices") or [{}]
    found: dict[str, Any] = choices[0].get("delta") or {}
    return found


def _is_finish(frame: Frame) -> bool:
    return frame.payload != DONE and '"finish_reason":null' not in frame.payload and '"choices":[]' not in frame.payload


def _error(scene: Scene, error: object = None) -> dict[str, Any]:
    body: dict[str, Any] = {
        "error": error or {"code": "upstream_error", "message": "Upstream provider returned an error."}
    }
    if scene.error_request_id and error is None:
        body["request_id"] = scene.request_id
    return body


def said(text: str) -> Callable[[Reply], Reply]:
    """Return what replaces the text of a reply by `text`, without reasoning."""

    def change(reply: Reply) -> Reply:
        return replace(reply, tokens=split(text), reasoning=())

    return change


# -- endings --------------------------------------------------------------------------------------


def cut(frames: Sequence[Frame], _: Scene) -> Iterable[Step]:
    """The connection closes in the middle of a chunk."""
    return [*frames[: _half(frames)], End("cut")]


def reset(frames: Sequence[Frame], _: Scene) -> Iterable[Step]:
    """The connection is reset (TCP RST) in the middle of the reply."""
    return [*frames[: _half(frames)], End("reset")]


def cut_clean(frames: Sequence[Frame], _: Scene) -> Iterable[Step]:
    """The stream ends properly, with neither finish_reason nor [DONE]."""
    return frames[: _half(frames)]


def no_done(frames: Sequence[Frame], _: Scene) -> Iterable[Step]:
    """A finish_reason, but no [DONE]."""
    return [frame for frame in frames if frame.payload != DONE]


def no_finish(frames: Sequence[Frame], _: Scene) -> Iterable[Step]:
    """[DONE], but no finish_reason."""
    return [frame for frame in frames if not _is_finish(frame)]


def nothing(_: Sequence[Frame], __: Scene) -> Iterable[Step]:
    """Status 200 and not one byte of body."""
    return []


def only_done(frames: Sequence[Frame], _: Scene) -> Iterable[Step]:
    """[DONE] at once, no chunk, no usage."""
    return [Frame(0, DONE)]


def hang(_: Sequence[Frame], __: Scene) -> Iterable[Step]:
    """The request is accepted and never answered."""
    return [Pause(None)]


def drop(_: Sequence[Frame], __: Scene) -> Iterable[Step]:
    """The connection closes before any answer."""
    return [End("cut")]


def stall(frames: Sequence[Frame], _: Scene) -> Iterable[Step]:
    """Half of the text, then silence."""
    return [*frames[: _half(frames)], Pause(None)]


def pause(frames: Sequence[Frame], _: Scene) -> Iterable[Step]:
    """Half of the text, 2 s of silence, then the rest."""
    half = _half(frames)
    return [*frames[:half], Pause(2.0), *frames[half:]]


def open_after(frames: Sequence[Frame], _: Scene) -> Iterable[Step]:
    """The connection stays open after [DONE]."""
    return [*frames, Pause(None)]


def second(frames: Sequence[Frame], _: Scene) -> Iterable[Step]:
    """A second completion follows in the same stream."""
    own = [frame for frame in frames if frame.payload != DONE]
    again = each(own, lambda chunk: [{**chunk, "id": "chatcmpl-second"}])
    return [*own, *again, frames[-1]]


def finish_twice(frames: Sequence[Frame], _: Scene) -> Iterable[Step]:
    """finish_reason twice, then null again."""
    for frame in frames:
        yield frame
        if _is_finish(frame):
            yield frame
            yield frame._replace(payload=frame.payload.replace('"finish_reason":"stop"', '"finish_reason":null'))


# -- errors in the stream -------------------------------------------------------------------------


def error_first(_: Sequence[Frame], scene: Scene) -> Iterable[Step]:
    """The first event is an error."""
    return [Frame(0, compact(_error(scene))), *([Frame(0, DONE)] if scene.error_end == "done" else [])]


def error_then_done(frames: Sequence[Frame], scene: Scene) -> Iterable[Step]:
    """An error after partial text, then [DONE]."""
    return [*frames[: _half(frames)], Frame(0, compact(_error(scene))), Frame(0, DONE)]


def error_then_close(frames: Sequence[Frame], scene: Scene) -> Iterable[Step]:
    """An error after partial text, then the end."""
    return [*frames[: _half(frames)], Frame(0, compact(_error(scene)))]


def error_string(frames: Sequence[Frame], scene: Scene) -> Iterable[Step]:
    """An error that is a bare string."""
    return [*frames[: _half(frames)], Frame(0, compact(_error(scene, "Provider overloaded, try again.")))]


def error_event(frames: Sequence[Frame], scene: Scene) -> Iterable[Step]:
    """An error under `event: error`."""
    return [*frames[: _half(frames)], Frame(0, compact(_error(scene)), "error")]


def error_in_chunk(frames: Sequence[Frame], scene: Scene) -> Iterable[Step]:
    """An error member in an ordinary chunk."""
    half = _half(frames)
    chunk = json.loads(frames[half - 1].payload)
    choice = {"index": 0, "delta": {"role": "assistant", "content": ""}, "finish_reason": "error"}
    broken = {**chunk, "choices": [choice], "error": {"code": 502, "message": "Provider disconnected"}}
    return [*frames[:half], Frame(0, compact(broken)), Frame(0, DONE)]


def error_rate(frames: Sequence[Frame], scene: Scene) -> Iterable[Step]:
    """A rate limit as the first event."""
    error = {"code": "upstream_rate_limit_error", "message": "Rate limit reached.", "retry_after_seconds": 1}
    return [Frame(0, compact({**_error(scene), "error": error})), Frame(0, DONE)]


# -- bytes ----------------------------------------------------------------------------------------


def bad_json(frames: Sequence[Frame], _: Scene) -> Iterable[Step]:
    """One line in the middle is cut JSON."""
    half = _half(frames)
    return [*frames[:half], Frame(0, _HALF_CHUNK), *frames[half:]]


def named_events(frames: Sequence[Frame], _: Scene) -> Iterable[Step]:
    """Events of other kinds between the chunks."""
    noise = [
        Frame(0, '{"type":"response.reasoning_text.delta","delta":"not for you"}', "response.reasoning_text.delta"),
        Frame(0, '{"status":"warming up"}', "status"),
        Frame(0, "42"),
        Frame(0, '["a list"]'),
        Frame(0, "null"),
    ]
    return [*noise, *frames]


def drip(frames: Sequence[Frame], _: Scene) -> Iterable[Step]:
    """Every event arrives in three pieces."""
    framing = Framing(events=not frames or frames[-1].payload == DONE)
    for frame in frames:
        data = framing.encode(frame)
        third = len(data) // 3 + 1
        for start in range(0, len(data), third):
            yield Raw(data[start : start + third])
            yield Pause(0.002)


def huge(reply: Reply) -> Reply:
    """One event of more than 1 MiB."""
    return replace(reply, tokens=["A line of a very large event.\n" * 40_000])


def ascii(frames: Sequence[Frame], _: Scene) -> Iterable[Step]:
    """An emoji in two halves, and half of one."""
    for frame in frames:
        if frame.payload == DONE:
            yield frame
        else:
            yield frame._replace(payload=json.dumps(json.loads(frame.payload)))


def surrogates(reply: Reply) -> Reply:
    """An emoji in two halves, and half of one."""
    return replace(reply, tokens=["Half ", "\ud83d", "\ude00", " and ", "\ud83d", " alone."], reasoning=())


def buffered(frames: Sequence[Frame], _: Scene) -> Iterable[Step]:
    """All text in one chunk, when the last would have come."""
    texts: list[str] = []
    rest: list[Frame] = []
    sample: dict[str, Any] | None = None
    for frame in frames:
        chunk = json.loads(frame.payload) if frame.payload != DONE else {}
        content = delta_of(chunk).get("content")
        if isinstance(content, str) and content and not _is_finish(frame):
            texts.append(content)
            sample = sample or chunk
        else:
            rest.append(frame)
    if sample is None:
        return frames
    delta_of(sample)["content"] = "".join(texts)
    late = frames[-1].due
    ordered = [rest[0]._replace(due=late), Frame(late, compact(sample)), *(f._replace(due=late) for f in rest[1:])]
    return ordered


# -- chunks ---------------------------------------------------------------------------------------


def null_fields(chunk: dict[str, Any]) -> Iterable[dict[str, Any]]:
    """Every optional member present, as null or empty."""
    nothing = {"role": None, "content": None, "tool_calls": None, "function_call": None, "refusal": None}
    for choice in chunk["choices"]:
        choice["delta"] = {**nothing, **choice["delta"]}
        choice["logprobs"] = None
        if choice["finish_reason"] is None:
            choice["finish_reason"] = ""
    return [{**chunk, "usage": chunk.get("usage"), "system_fingerprint": ""}]


def lax(chunk: dict[str, Any]) -> Iterable[dict[str, Any]]:
    """Chunks without index, object and model, id empty."""
    for choice in chunk["choices"]:
        choice.pop("index", None)
    return [{**{k: v for k, v in chunk.items() if k not in ("object", "model")}, "id": "", "created": 0.5}]


def content_parts(chunk: dict[str, Any]) -> Iterable[dict[str, Any]]:
    """Text deltas as lists of parts."""
    delta = delta_of(chunk)
    if delta.get("content"):
        delta["content"] = [{"type": "text", "text": delta["content"]}]
    return [chunk]


def empty_first(frames: Sequence[Frame], _: Scene) -> Iterable[Step]:
    """A chunk without choices comes first."""
    first = {"id": "", "object": "", "created": 0, "model": "", "choices": [], "prompt_filter_results": []}
    return [Frame(0, compact(first)), *frames]


def whole_message(frames: Sequence[Frame], _: Scene) -> Iterable[Step]:
    """The whole message so far beside each delta."""
    so_far = ""

    def edit(chunk: dict[str, Any]) -> Iterable[dict[str, Any]]:
        nonlocal so_far
        content = delta_of(chunk).get("content")
        so_far += content if isinstance(content, str) else ""
        for choice in chunk["choices"]:
            choice["message"] = {"role": "assistant", "content": so_far}
        return [chunk]

    return each(frames, edit)
