"""Every fault the sandbox can play, in one table: `--fault NAME`, `X-Sandbox-Fault: NAME`, `sandbox/fault-NAME`.

Light on imports: the command line reads the names, the catalogue lists them.
"""

from __future__ import annotations

from collections.abc import Mapping

from meshtui.core.nearest import did_you_mean

from . import call_spoilers, spoilers
from .answers import ANSWERS
from .fault import Fault

_SPOILERS: tuple[Fault, ...] = (
    # how it ends
    Fault("cut", "The connection closes in the middle of a chunk.", wire=spoilers.cut),
    Fault("reset", "The connection is reset (TCP RST) in the middle of the reply.", wire=spoilers.reset),
    Fault("cut-clean", "The stream ends properly, with neither finish_reason nor [DONE].", wire=spoilers.cut_clean),
    Fault("no-done", "A finish_reason, but no [DONE].", frames=spoilers.no_done),
    Fault("no-finish", "[DONE], but no finish_reason.", frames=spoilers.no_finish),
    Fault("empty", "Status 200 and not one byte of body.", wire=spoilers.nothing),
    Fault("only-done", "[DONE] at once, no chunk, no usage.", frames=spoilers.only_done),
    Fault("empty-answer", "finish_reason stop without any text.", reply=spoilers.said("")),
    Fault("hang", "The request is accepted and never answered.", wire=spoilers.hang, headers_first=False),
    Fault("drop", "The connection closes before any answer.", wire=spoilers.drop, headers_first=False),
    Fault("stall", "Half of the text, then silence.", wire=spoilers.stall),
    Fault("pause", "Half of the text, 2 s of silence, then the rest.", wire=spoilers.pause),
    Fault("slow-first-token", "3 s until the first token.", ttft=3.0),
    Fault("keepalive-after-done", "The connection stays open after [DONE].", wire=spoilers.open_after),
    Fault("second-completion", "A second completion follows in the same stream.", frames=spoilers.second),
    Fault("finish-twice", "finish_reason twice, then null again.", frames=spoilers.finish_twice),
    # errors inside the stream
    Fault("error-first", "The first event is an error.", frames=spoilers.error_first, unstreamed="502"),
    Fault(
        "error-midway", "An error after partial text, then [DONE].", frames=spoilers.error_then_done, unstreamed="502"
    ),
    Fault(
        "error-close", "An error after partial text, then the end.", frames=spoilers.error_then_close, unstreamed="502"
    ),
    Fault("error-frame-string", "An error that is a bare string.", frames=spoilers.error_string, unstreamed="502"),
    Fault("error-event", "An error under `event: error`.", frames=spoilers.error_event, unstreamed="502"),
    Fault("error-in-chunk", "An error member in an ordinary chunk.", frames=spoilers.error_in_chunk, unstreamed="502"),
    Fault("error-rate", "A rate limit as the first event.", frames=spoilers.error_rate, unstreamed="upstream-429"),
    # framing
    Fault("crlf", "Lines end in CR LF.", framing={"eol": "\r\n"}),
    Fault("cr", "Lines end in CR.", framing={"eol": "\r"}),
    Fault("no-space", "No space after `data:`.", framing={"space": ""}),
    Fault("comments", "Comments, ids, retry and unknown fields between the events.", framing={"comments": True}),
    Fault("multiline-data", "The JSON of an event over several data lines.", framing={"multiline": True}),
    Fault("bom", "A byte order mark before the first event.", framing={"bom": True}),
    Fault("named-events", "Events of other kinds between the chunks.", frames=spoilers.named_events),
    Fault(
        "split-utf8",
        "One byte per chunk, so characters are cut.",
        reply=spoilers.said(spoilers.UNICODE_TEXT),
        framing={"shred": True},
    ),
    Fault(
        "drip", "Every event arrives in three pieces.", reply=spoilers.said(spoilers.UNICODE_TEXT), wire=spoilers.drip
    ),
    Fault("u2028", "Raw line separators inside the JSON.", reply=spoilers.said(spoilers.LINE_SEPARATORS)),
    Fault(
        "surrogates",
        "An emoji in two halves, and half of one.",
        reply=spoilers.surrogates,
        frames=spoilers.ascii,
    ),
    Fault("bad-json", "One line in the middle is cut JSON.", frames=spoilers.bad_json),
    Fault("huge-event", "One event of more than 1 MiB.", reply=spoilers.huge),
    Fault("buffered", "The whole answer in one late chunk.", frames=spoilers.buffered),
    Fault("wrong-content-type", "The stream is served as text/plain.", content_type="text/plain"),
    Fault("no-content-type", "The stream is served without a Content-Type.", content_type=None),
    # chunks
    Fault("null-fields", "Every optional member present, as null or empty.", chunks=spoilers.null_fields),
    Fault("lax", "Chunks without index, object and model, id empty.", chunks=spoilers.lax),
    Fault("content-parts", "Text deltas as lists of parts.", chunks=spoilers.content_parts),
    Fault("empty-choices-first", "A chunk without choices comes first.", frames=spoilers.empty_first),
    Fault("whole-message", "The whole message so far beside each delta.", frames=spoilers.whole_message),
    Fault("usage-nowhere", "No usage at all.", switches={"usage": "nowhere"}),
    # tool calls
    Fault(
        "missing-index",
        "Tool call deltas without an index.",
        chunks=call_spoilers.on_calls(call_spoilers.no_index),
        tools=True,
    ),
    Fault(
        "same-index",
        "Every tool call under index 0.",
        chunks=call_spoilers.on_calls(call_spoilers.index_zero),
        tools=True,
    ),
    Fault("missing-id", "Tool calls with an empty id.", chunks=call_spoilers.on_calls(call_spoilers.no_id), tools=True),
    Fault("same-id", "Every tool call with one id.", chunks=call_spoilers.on_calls(call_spoilers.same_id), tools=True),
    Fault(
        "wrong-index",
        "Arguments under another index.",
        chunks=call_spoilers.on_calls(call_spoilers.shifted_index),
        tools=True,
    ),
    Fault("name-twice", "Id and name in every fragment.", frames=call_spoilers.name_twice, tools=True),
    Fault("half-json-args", "Arguments that end in mid-JSON.", reply=call_spoilers.half_arguments, tools=True),
    Fault(
        "args-in-string",
        "Arguments that are JSON inside a JSON string.",
        reply=call_spoilers.arguments_in_string,
        tools=True,
    ),
    Fault("no-args", "Arguments that are an empty string.", reply=call_spoilers.no_arguments, tools=True),
    Fault("unknown-tool", "A call of a tool that was never offered.", reply=call_spoilers.unknown_tool, tools=True),
    Fault("nameless-tool", "A tool call without a name.", reply=call_spoilers.nameless, tools=True),
    Fault("stop-with-calls", "Tool calls, but finish_reason stop.", reply=call_spoilers.stop_with_calls, tools=True),
    Fault("hostile", "Control sequences and markup everywhere.", reply=call_spoilers.hostile, tools=True),
)

_REFUSALS = tuple(Fault(name, answer.summary, answer=name) for name, answer in ANSWERS.items())

FAULTS: Mapping[str, Fault] = {fault.name: fault for fault in (*_REFUSALS, *_SPOILERS)}


def parse_fault(text: str) -> tuple[Fault, int | None]:
    """Read NAME or NAME:COUNT; raises ValueError with a near name for an unknown one."""
    name, colon, count = text.partition(":")
    fault = FAULTS.get(name)
    if fault is None:
        raise ValueError(f"there is no fault {name!r}; {did_you_mean(name, FAULTS, '--list-faults names them')}")
    if not colon:
        return fault, None
    if not count.isdecimal():
        raise ValueError(f"the count in {text!r} must be a whole number")
    return fault, int(count)
