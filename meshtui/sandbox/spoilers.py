"""Faults of a reply that began well: framing, order, ending, tool calls, text."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any

from .fault import Fault, Scene
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


# -- helpers --------------------------------------------------------------------------------------


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


def _delta(chunk: dict[str, Any]) -> dict[str, Any]:
    choices = chunk.get("choices") or [{}]
    found: dict[str, Any] = choices[0].get("delta") or {}
    return found


def _calls(chunk: dict[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = _delta(chunk).get("tool_calls") or []
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


def _said(text: str) -> Callable[[Reply], Reply]:
    def change(reply: Reply) -> Reply:
        return replace(reply, tokens=split(text), reasoning=())

    return change


# -- endings --------------------------------------------------------------------------------------


def _cut(frames: Sequence[Frame], _: Scene) -> Iterable[Step]:
    return [*frames[: _half(frames)], End("cut")]


def _reset(frames: Sequence[Frame], _: Scene) -> Iterable[Step]:
    return [*frames[: _half(frames)], End("reset")]


def _cut_clean(frames: Sequence[Frame], _: Scene) -> Iterable[Step]:
    return frames[: _half(frames)]


def _no_done(frames: Sequence[Frame], _: Scene) -> Iterable[Step]:
    return [frame for frame in frames if frame.payload != DONE]


def _no_finish(frames: Sequence[Frame], _: Scene) -> Iterable[Step]:
    return [frame for frame in frames if not _is_finish(frame)]


def _nothing(_: Sequence[Frame], __: Scene) -> Iterable[Step]:
    return []


def _only_done(frames: Sequence[Frame], _: Scene) -> Iterable[Step]:
    return [Frame(0, DONE)]


def _hang(_: Sequence[Frame], __: Scene) -> Iterable[Step]:
    return [Pause(None)]


def _drop(_: Sequence[Frame], __: Scene) -> Iterable[Step]:
    return [End("cut")]


def _stall(frames: Sequence[Frame], _: Scene) -> Iterable[Step]:
    return [*frames[: _half(frames)], Pause(None)]


def _pause(frames: Sequence[Frame], _: Scene) -> Iterable[Step]:
    half = _half(frames)
    return [*frames[:half], Pause(2.0), *frames[half:]]


def _open_after(frames: Sequence[Frame], _: Scene) -> Iterable[Step]:
    return [*frames, Pause(None)]


def _second(frames: Sequence[Frame], _: Scene) -> Iterable[Step]:
    own = [frame for frame in frames if frame.payload != DONE]
    again = each(own, lambda chunk: [{**chunk, "id": "chatcmpl-second"}])
    return [*own, *again, frames[-1]]


def _finish_twice(frames: Sequence[Frame], _: Scene) -> Iterable[Step]:
    for frame in frames:
        yield frame
        if _is_finish(frame):
            yield frame
            yield frame._replace(payload=frame.payload.replace('"finish_reason":"stop"', '"finish_reason":null'))


# -- errors in the stream -------------------------------------------------------------------------


def _error_first(_: Sequence[Frame], scene: Scene) -> Iterable[Step]:
    return [Frame(0, compact(_error(scene))), *([Frame(0, DONE)] if scene.error_end == "done" else [])]


def _error_then_done(frames: Sequence[Frame], scene: Scene) -> Iterable[Step]:
    return [*frames[: _half(frames)], Frame(0, compact(_error(scene))), Frame(0, DONE)]


def _error_then_close(frames: Sequence[Frame], scene: Scene) -> Iterable[Step]:
    return [*frames[: _half(frames)], Frame(0, compact(_error(scene)))]


def _error_string(frames: Sequence[Frame], scene: Scene) -> Iterable[Step]:
    return [*frames[: _half(frames)], Frame(0, compact(_error(scene, "Provider overloaded, try again.")))]


def _error_event(frames: Sequence[Frame], scene: Scene) -> Iterable[Step]:
    return [*frames[: _half(frames)], Frame(0, compact(_error(scene)), "error")]


def _error_in_chunk(frames: Sequence[Frame], scene: Scene) -> Iterable[Step]:
    half = _half(frames)
    chunk = json.loads(frames[half - 1].payload)
    choice = {"index": 0, "delta": {"role": "assistant", "content": ""}, "finish_reason": "error"}
    broken = {**chunk, "choices": [choice], "error": {"code": 502, "message": "Provider disconnected"}}
    return [*frames[:half], Frame(0, compact(broken)), Frame(0, DONE)]


def _error_rate(frames: Sequence[Frame], scene: Scene) -> Iterable[Step]:
    error = {"code": "upstream_rate_limit_error", "message": "Rate limit reached.", "retry_after_seconds": 1}
    return [Frame(0, compact({**_error(scene), "error": error})), Frame(0, DONE)]


# -- bytes ----------------------------------------------------------------------------------------


def _bad_json(frames: Sequence[Frame], _: Scene) -> Iterable[Step]:
    half = _half(frames)
    return [*frames[:half], Frame(0, _HALF_CHUNK), *frames[half:]]


def _named_events(frames: Sequence[Frame], _: Scene) -> Iterable[Step]:
    noise = [
        Frame(0, '{"type":"response.reasoning_text.delta","delta":"not for you"}', "response.reasoning_text.delta"),
        Frame(0, '{"status":"warming up"}', "status"),
        Frame(0, "42"),
        Frame(0, '["a list"]'),
        Frame(0, "null"),
    ]
    return [*noise, *frames]


def _drip(frames: Sequence[Frame], _: Scene) -> Iterable[Step]:
    framing = Framing(events=not frames or frames[-1].payload == DONE)
    for frame in frames:
        data = framing.encode(frame)
        third = len(data) // 3 + 1
        for start in range(0, len(data), third):
            yield Raw(data[start : start + third])
            yield Pause(0.002)


def _huge(reply: Reply) -> Reply:
    return replace(reply, tokens=["A line of a very large event.\n" * 40_000])


def _ascii(frames: Sequence[Frame], _: Scene) -> Iterable[Step]:
    for frame in frames:
        if frame.payload == DONE:
            yield frame
        else:
            yield frame._replace(payload=json.dumps(json.loads(frame.payload)))


def _surrogates(reply: Reply) -> Reply:
    return replace(reply, tokens=["Half ", "\ud83d", "\ude00", " and ", "\ud83d", " alone."], reasoning=())


def _buffered(frames: Sequence[Frame], _: Scene) -> Iterable[Step]:
    """All text in one chunk, when the last would have come."""
    texts: list[str] = []
    rest: list[Frame] = []
    sample: dict[str, Any] | None = None
    for frame in frames:
        chunk = json.loads(frame.payload) if frame.payload != DONE else {}
        content = _delta(chunk).get("content")
        if isinstance(content, str) and content and not _is_finish(frame):
            texts.append(content)
            sample = sample or chunk
        else:
            rest.append(frame)
    if sample is None:
        return frames
    _delta(sample)["content"] = "".join(texts)
    late = frames[-1].due
    ordered = [rest[0]._replace(due=late), Frame(late, compact(sample)), *(f._replace(due=late) for f in rest[1:])]
    return ordered


# -- chunks ---------------------------------------------------------------------------------------


def _null_fields(chunk: dict[str, Any]) -> Iterable[dict[str, Any]]:
    nothing = {"role": None, "content": None, "tool_calls": None, "function_call": None, "refusal": None}
    for choice in chunk["choices"]:
        choice["delta"] = {**nothing, **choice["delta"]}
        choice["logprobs"] = None
        if choice["finish_reason"] is None:
            choice["finish_reason"] = ""
    return [{**chunk, "usage": chunk.get("usage"), "system_fingerprint": ""}]


def _lax(chunk: dict[str, Any]) -> Iterable[dict[str, Any]]:
    for choice in chunk["choices"]:
        choice.pop("index", None)
    return [{**{k: v for k, v in chunk.items() if k not in ("object", "model")}, "id": "", "created": 0.5}]


def _content_parts(chunk: dict[str, Any]) -> Iterable[dict[str, Any]]:
    delta = _delta(chunk)
    if delta.get("content"):
        delta["content"] = [{"type": "text", "text": delta["content"]}]
    return [chunk]


def _empty_first(frames: Sequence[Frame], _: Scene) -> Iterable[Step]:
    first = {"id": "", "object": "", "created": 0, "model": "", "choices": [], "prompt_filter_results": []}
    return [Frame(0, compact(first)), *frames]


def _whole_message(frames: Sequence[Frame], _: Scene) -> Iterable[Step]:
    so_far = ""

    def edit(chunk: dict[str, Any]) -> Iterable[dict[str, Any]]:
        nonlocal so_far
        content = _delta(chunk).get("content")
        so_far += content if isinstance(content, str) else ""
        for choice in chunk["choices"]:
            choice["message"] = {"role": "assistant", "content": so_far}
        return [chunk]

    return each(frames, edit)


# -- tool calls -----------------------------------------------------------------------------------


def _on_calls(change: Callable[[dict[str, Any]], None]) -> Callable[[dict[str, Any]], Iterable[dict[str, Any]]]:
    def edit(chunk: dict[str, Any]) -> Iterable[dict[str, Any]]:
        for call in _calls(chunk):
            change(call)
        return [chunk]

    return edit


def _no_index(call: dict[str, Any]) -> None:
    del call["index"]


def _index_zero(call: dict[str, Any]) -> None:
    call["index"] = 0


def _no_id(call: dict[str, Any]) -> None:
    if "id" in call:
        call["id"] = ""


def _shifted_index(call: dict[str, Any]) -> None:
    # Names under 2, 4, ..., arguments under 1, 3, ...: never an index that another call's name has.
    call["index"] = 2 * call["index"] + (2 if "id" in call else 1)


def _name_twice(frames: Sequence[Frame], _: Scene) -> Iterable[Step]:
    known: dict[int, tuple[str, str]] = {}

    def change(call: dict[str, Any]) -> None:
        if "id" in call:
            known[call["index"]] = (call["id"], call["function"]["name"])
        call["id"], call["function"]["name"] = known[call["index"]]
        call["type"] = "function"

    return each(frames, _on_calls(change))


def _half_arguments(reply: Reply) -> Reply:
    *others, last = reply.calls
    return replace(reply, calls=(*others, replace(last, arguments=last.arguments[: len(last.arguments) // 2])))


def _arguments_in_string(reply: Reply) -> Reply:
    return replace(reply, calls=tuple(replace(c, arguments=json.dumps(c.arguments)) for c in reply.calls))


def _no_arguments(reply: Reply) -> Reply:
    return replace(reply, calls=tuple(replace(c, arguments="") for c in reply.calls))


def _unknown_tool(reply: Reply) -> Reply:
    return replace(reply, calls=tuple(replace(c, name="launch_rockets") for c in reply.calls[:1]))


def _nameless(reply: Reply) -> Reply:
    return replace(reply, calls=(replace(reply.calls[0], name=""), *reply.calls[1:]))


def _stop_with_calls(reply: Reply) -> Reply:
    return replace(reply, finish="stop")


def _hostile(reply: Reply) -> Reply:
    first = replace(reply.calls[0], name=HOSTILE[:60], arguments=json.dumps({"text": HOSTILE}))
    return replace(reply, tokens=split(HOSTILE), reasoning=split(HOSTILE), calls=(first,))


SPOILERS: tuple[Fault, ...] = (
    # how it ends
    Fault("cut", "The connection closes in the middle of a chunk.", steps=_cut),
    Fault("reset", "The connection is reset (TCP RST) in the middle of the reply.", steps=_reset),
    Fault("cut-clean", "The stream ends properly, with neither finish_reason nor [DONE].", steps=_cut_clean),
    Fault("no-done", "A finish_reason, but no [DONE].", steps=_no_done, streams_only=True),
    Fault("no-finish", "[DONE], but no finish_reason.", steps=_no_finish, streams_only=True),
    Fault("empty", "Status 200 and not one byte of body.", steps=_nothing),
    Fault("only-done", "[DONE] at once, no chunk, no usage.", steps=_only_done, streams_only=True),
    Fault("empty-answer", "finish_reason stop without any text.", reply=_said("")),
    Fault("hang", "The request is accepted and never answered.", steps=_hang, headers_first=False),
    Fault("drop", "The connection closes before any answer.", steps=_drop, headers_first=False),
    Fault("stall", "Half of the text, then silence.", steps=_stall),
    Fault("pause", "Half of the text, 2 s of silence, then the rest.", steps=_pause),
    Fault("slow-first-token", "3 s until the first token.", ttft=3.0),
    Fault("keepalive-after-done", "The connection stays open after [DONE].", steps=_open_after),
    Fault("second-completion", "A second completion follows in the same stream.", steps=_second, streams_only=True),
    Fault("finish-twice", "finish_reason twice, then null again.", steps=_finish_twice, streams_only=True),
    # errors inside the stream
    Fault("error-first", "The first event is an error.", steps=_error_first, streams_only=True),
    Fault("error-midway", "An error after partial text, then [DONE].", steps=_error_then_done, streams_only=True),
    Fault("error-close", "An error after partial text, then the end.", steps=_error_then_close, streams_only=True),
    Fault("error-frame-string", "An error that is a bare string.", steps=_error_string, streams_only=True),
    Fault("error-event", "An error under `event: error`.", steps=_error_event, streams_only=True),
    Fault("error-in-chunk", "An error member in an ordinary chunk.", steps=_error_in_chunk, streams_only=True),
    Fault("error-rate", "A rate limit as the first event.", steps=_error_rate, streams_only=True),
    # framing
    Fault("crlf", "Lines end in CR LF.", framing={"eol": "\r\n"}),
    Fault("cr", "Lines end in CR.", framing={"eol": "\r"}),
    Fault("no-space", "No space after `data:`.", framing={"space": ""}),
    Fault("comments", "Comments, ids, retry and unknown fields between the events.", framing={"comments": True}),
    Fault("multiline-data", "The JSON of an event over several data lines.", framing={"multiline": True}),
    Fault("bom", "A byte order mark before the first event.", framing={"bom": True}),
    Fault("named-events", "Events of other kinds between the chunks.", steps=_named_events, streams_only=True),
    Fault(
        "split-utf8", "One byte per chunk, so characters are cut.", reply=_said(UNICODE_TEXT), framing={"shred": True}
    ),
    Fault("drip", "Every event arrives in three pieces.", reply=_said(UNICODE_TEXT), steps=_drip),
    Fault("u2028", "Raw line separators inside the JSON.", reply=_said(LINE_SEPARATORS)),
    Fault("surrogates", "An emoji in two halves, and half of one.", reply=_surrogates, steps=_ascii, streams_only=True),
    Fault("bad-json", "One line in the middle is cut JSON.", steps=_bad_json, streams_only=True),
    Fault("huge-event", "One event of more than 1 MiB.", reply=_huge),
    Fault("buffered", "The whole answer in one late chunk.", steps=_buffered, streams_only=True),
    Fault("wrong-content-type", "The stream is served as text/plain.", content_type="text/plain"),
    Fault("no-content-type", "The stream is served without a Content-Type.", content_type=None),
    # chunks
    Fault("null-fields", "Every optional member present, as null or empty.", chunks=_null_fields),
    Fault("lax", "Chunks without index, object and model, id empty.", chunks=_lax),
    Fault("content-parts", "Text deltas as lists of parts.", chunks=_content_parts),
    Fault("empty-choices-first", "A chunk without choices comes first.", steps=_empty_first, streams_only=True),
    Fault("whole-message", "The whole message so far beside each delta.", steps=_whole_message, streams_only=True),
    Fault("usage-nowhere", "No usage at all.", switches={"usage": "nowhere"}),
    # tool calls
    Fault("missing-index", "Tool call deltas without an index.", chunks=_on_calls(_no_index), tools=True),
    Fault("same-index", "Every tool call under index 0.", chunks=_on_calls(_index_zero), tools=True),
    Fault("missing-id", "Tool calls with an empty id.", chunks=_on_calls(_no_id), tools=True),
    Fault("wrong-index", "Arguments under another index.", chunks=_on_calls(_shifted_index), tools=True),
    Fault("name-twice", "Id and name in every fragment.", steps=_name_twice, streams_only=True, tools=True),
    Fault("half-json-args", "Arguments that end in mid-JSON.", reply=_half_arguments, tools=True),
    Fault("args-in-string", "Arguments that are JSON inside a JSON string.", reply=_arguments_in_string, tools=True),
    Fault("no-args", "Arguments that are an empty string.", reply=_no_arguments, tools=True),
    Fault("unknown-tool", "A call of a tool that was never offered.", reply=_unknown_tool, tools=True),
    Fault("nameless-tool", "A tool call without a name.", reply=_nameless, tools=True),
    Fault("stop-with-calls", "Tool calls, but finish_reason stop.", reply=_stop_with_calls, tools=True),
    Fault("hostile", "Control sequences and markup everywhere.", reply=_hostile, tools=True),
)
