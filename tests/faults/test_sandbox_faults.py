"""Every fault of the sandbox does what its name says, seen from the other end of the socket."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Callable, Iterator
from email.utils import parsedate_to_datetime
from typing import Any

import httpx
import pytest

from meshtui.sandbox import Sandbox, Settings
from meshtui.sandbox.faults import FAULTS
from tests.sandbox_caller import KEY, Caller, Streamed, calling


@pytest.fixture(scope="module")
def caller() -> Iterator[Caller]:
    with calling() as caller:
        yield caller


def spoiled(caller: Caller, name: str, **fields: Any) -> Streamed:
    """A stream with a fault asked for by model name."""
    return caller.stream(f"sandbox/fault-{name}", "Tell me", **fields)


# -- answers --------------------------------------------------------------------------------------

# name: status, then the code of the envelope or the kind of body
ANSWERS: dict[str, tuple[int, str]] = {
    "400": (400, "bad_request"),
    "400-version": (400, "invalid_api_version"),
    "400-context": (400, "context_window_exceeded"),
    "400-policy": (400, "content_policy_violation"),
    "400-capability": (400, "model_capability_not_supported"),
    "400-effort": (400, "invalid_request"),
    "401": (401, "unauthorized"),
    "402": (402, "spend_limit_exceeded"),
    "402-balance": (402, "spend_limit_exceeded"),
    "403": (403, "forbidden"),
    "403-model": (403, "model_excluded"),
    "403-pinned": (403, "model_not_available_on_pinned_provider"),
    "404": (404, "model_not_found"),
    "404-template": (404, "not_found"),
    "409": (409, "conflict"),
    "413": (413, "html"),
    "422": (422, "validation_error"),
    "422-variable": (422, "unprocessable_entity"),
    "429-rpm": (429, "rate_limit_exceeded"),
    "429-rpd": (429, "rate_limit_exceeded"),
    "429-tpm": (429, "rate_limit_exceeded"),
    "429-long": (429, "rate_limit_exceeded"),
    "429-bare": (429, "rate_limit_exceeded"),
    "retry-after-date": (429, "rate_limit_exceeded"),
    "upstream-429": (429, "upstream_rate_limit_error"),
    "500": (500, "internal_error"),
    "500-job": (500, "provider_job_failed"),
    "502": (502, "upstream_error"),
    "503": (503, "provider_not_available"),
    "503-policy": (503, "model_policy_unavailable"),
    "504": (504, "gateway_timeout"),
    "html-502": (502, "html"),
    "html-503": (503, "html"),
    "detail-text": (404, '{"detail": "'),
    "detail-list": (422, '{"detail": [{"loc"'),
    "detail-error": (502, '{"detail": {"error": {"code": "all_models_failed"'),
    "error-string": (500, '{"error": "'),
    "anthropic": (529, '{"type": "error", "error": {"type": "overloaded_error"'),
    "ok-with-error": (200, '{"error": {"code": "upstream_error"'),
    "empty-body": (502, ""),
    "plain-text": (500, "Internal Server Error"),
    "error-number": (429, '{"error": {"code": 429'),
    "bare-error": (400, '{"object": "error"'),
    "ok-html": (200, "html"),
    "redirect": (307, ""),
}


@pytest.mark.parametrize("name", ANSWERS)
@pytest.mark.parametrize("streamed", [False, True])
def test_an_answer_has_its_status_and_shape(caller: Caller, name: str, streamed: bool) -> None:
    status, kind = ANSWERS[name]
    response = caller.post(f"sandbox/fault-{name}", stream=streamed)
    assert response.status_code == status
    if kind == "html":
        assert response.headers["content-type"].startswith("text/html") and "<h1>" in response.text
        assert "x-request-id" not in response.headers
        return
    assert response.headers["x-request-id"].startswith("req_")
    if kind.isidentifier():
        body = response.json()
        assert body["error"]["code"] == kind and body["error"]["message"]
        assert body["request_id"] == response.headers["x-request-id"]
        assert set(body["error"]) == {"code", "message", "param", "details", "provider_error", "retry_after_seconds"}
    else:
        assert response.text.startswith(kind) and bool(response.text) == bool(kind)


def test_retry_after_in_each_of_its_forms(caller: Caller) -> None:
    def told(name: str) -> tuple[str | None, Any]:
        response = caller.post(f"sandbox/fault-{name}")
        return response.headers.get("retry-after"), response.json()["error"]["retry_after_seconds"]

    assert told("429-rpm") == ("1", 1)
    assert told("429-rpd") == ("5400", 5400)
    assert told("429-long") == ("120", 120)
    assert told("429-bare") == (None, None)
    began = int(time.time())
    dated, seconds = told("retry-after-date")
    assert dated is not None and seconds is None
    assert began + 2 <= parsedate_to_datetime(dated).timestamp() <= time.time() + 2


def test_details_and_the_providers_words(caller: Caller) -> None:
    assert caller.refused("sandbox/fault-422")[1]["details"][0]["loc"] == ["body", "messages", 0, "role"]
    assert caller.refused("sandbox/fault-502")[1]["provider_error"]["provider"] == "demo-provider"


def test_a_redirect_leads_to_another_origin_that_records_whether_the_key_came_along(caller: Caller) -> None:
    response = caller.post("sandbox/fault-redirect")
    location = response.headers["location"]
    assert location.startswith("http://localhost:") and location.endswith("/v1/chat/completions")
    with httpx.Client(follow_redirects=True, headers={"Authorization": f"Bearer {KEY}"}) as http:
        body = caller.body("sandbox/fault-redirect", "x", {})
        followed = http.post(f"{caller.box.url}/v1/chat/completions", json=body)
    assert followed.status_code == 401  # httpx drops the key at another host, as every client must
    assert "authorization" not in caller.box.requests[-1]["headers"]


def test_a_redirect_can_lead_elsewhere() -> None:
    with calling(Settings(switches={"redirect-to": "http://127.0.0.1:9/"})) as caller:
        location = caller.post("sandbox/fault-redirect").headers["location"]
        assert location == "http://127.0.0.1:9/v1/chat/completions"


# -- streams --------------------------------------------------------------------------------------


def tool_parts(got: Streamed) -> list[dict[str, Any]]:
    return [part for delta in got.deltas for part in delta.get("tool_calls", ())]


def whole(got: Streamed) -> bool:
    """An ordinary, complete stream."""
    return got.done and len(got.finishes) == 1 and len(got.usages) == 1


def errors(got: Streamed) -> list[Any]:
    return [chunk["error"] for chunk in got.chunks if "error" in chunk]


def content_is(kind: str | None) -> Callable[[Streamed], bool]:
    return lambda got: got.response.headers.get("content-type") == kind and whole(got)


def lines_end_in(mark: bytes) -> Callable[[Streamed], bool]:
    other = b"\r\n".replace(mark, b"") or b"\x00"
    return lambda got: got.raw.endswith(b"data: [DONE]" + mark * 2) and other not in got.raw


def crlf(got: Streamed) -> bool:
    return got.raw.count(b"\r\n") == got.raw.count(b"\n") == got.raw.count(b"\r") > 0


def multiline(got: Streamed) -> bool:
    first = got.raw.decode().split("\n\n")[0].split("\n")
    joined = "\n".join(line.removeprefix("data: ") for line in first)
    return len(first) > 5 and json.loads(joined)["choices"][0]["delta"]["role"] == "assistant"


def no_space(got: Streamed) -> bool:
    return b"data: " not in got.raw and got.raw.count(b"data:{") > 5


def comments(got: Streamed) -> bool:
    return all(mark in got.raw for mark in (b": keep-alive\n\n", b"\nid: 7\n", b"retry: ", b"unknown: "))


def bad_json(got: Streamed) -> bool:
    bad = 0
    for payload in got.payloads[:-1]:
        try:
            json.loads(payload)
        except ValueError:
            bad += 1
    return bad == 1 and got.done and b'"finish_reason":"stop"' in got.raw


def u2028(got: Streamed) -> bool:
    return all(mark in got.raw.decode() for mark in "\u2028\u2029\x85") and whole(got)


def surrogates(got: Streamed) -> bool:
    return b'"\\ud83d"' in got.raw and b'"\\ude00"' in got.raw and got.done


def hostile(got: Streamed) -> bool:
    reasoning = "".join(delta.get("reasoning_content", "") for delta in got.deltas)
    arguments = "".join(part["function"].get("arguments", "") for part in tool_parts(got))
    name = tool_parts(got)[0]["function"]["name"]
    return all("\x1b" in text for text in (got.text, reasoning, name, json.loads(arguments)["text"]))


def second(got: Streamed) -> bool:
    return len(got.finishes) == 2 and len({chunk["id"] for chunk in got.chunks}) == 2 and got.done


def buffered(got: Streamed) -> bool:
    return len([delta for delta in got.deltas if delta.get("content")]) == 1 and len(got.text) > 50 and whole(got)


def named_events(got: Streamed) -> bool:
    return b"event: response.reasoning_text.delta\n" in got.raw and b"data: null\n" in got.raw and got.done


def whole_message(got: Streamed) -> bool:
    messages = [choice["message"]["content"] for chunk in got.chunks for choice in chunk["choices"]]
    return messages[-1] == got.text and messages == sorted(messages, key=len)


def null_fields(got: Streamed) -> bool:
    delta = got.deltas[1]
    return delta["tool_calls"] is None and delta["role"] is None and "refusal" in delta and got.done


def lax(got: Streamed) -> bool:
    chunk = got.chunks[0]
    return chunk["id"] == "" and "model" not in chunk and "index" not in chunk["choices"][0]


def parts(got: Streamed) -> bool:
    lists = [delta["content"] for delta in got.deltas if isinstance(delta.get("content"), list)]
    return len(lists) > 5 and lists[0][0]["type"] == "text" and got.text == ""


def finish_twice(got: Streamed) -> bool:
    finishes = [choice["finish_reason"] for chunk in got.chunks for choice in chunk["choices"]]
    return finishes[-3:] == ["stop", "stop", None]


def missing_index(got: Streamed) -> bool:
    return len(tool_parts(got)) > 3 and not any("index" in part for part in tool_parts(got))


def same_index(got: Streamed) -> bool:
    return {part["index"] for part in tool_parts(got)} == {0} and len(ids(got)) == 2


def ids(got: Streamed) -> set[str]:
    return {part["id"] for part in tool_parts(got) if part.get("id")}


def wrong_index(got: Streamed) -> bool:
    named = {part["index"] for part in tool_parts(got) if part.get("id")}
    filled = {part["index"] for part in tool_parts(got) if not part.get("id")}
    return len(named) == 2 and len(filled) == 2 and not named & filled


def missing_id(got: Streamed) -> bool:
    return not ids(got) and [part["id"] for part in tool_parts(got) if "id" in part] == ["", ""]


def name_twice(got: Streamed) -> bool:
    return all(part["id"] and part["function"]["name"] for part in tool_parts(got)) and len(tool_parts(got)) > 4


def arguments(got: Streamed) -> list[str]:
    found: dict[int, str] = {}
    for part in tool_parts(got):
        found[part["index"]] = found.get(part["index"], "") + part["function"].get("arguments", "")
    return list(found.values())


def half_arguments(got: Streamed) -> bool:
    first, last = arguments(got)
    json.loads(first)
    return not last.endswith("}") and got.finishes == ["tool_calls"]


def in_string(got: Streamed) -> bool:
    return all(isinstance(json.loads(json.loads(text)), dict) for text in arguments(got))


def text_then_error(got: Streamed) -> bool:
    return bool(got.text) and not got.finishes and errors(got)[0]["code"] == "upstream_error"


STREAMS: dict[str, Callable[[Streamed], bool]] = {
    "cut-clean": lambda got: bool(got.text) and not got.finishes and not got.done,
    "no-done": lambda got: got.finishes == ["stop"] and not got.done and len(got.usages) == 1,
    "no-finish": lambda got: got.finishes == [] and got.done and bool(got.text),
    "empty": lambda got: got.raw == b"" and got.response.status_code == 200,
    "only-done": lambda got: got.raw == b"data: [DONE]\n\n",
    "empty-answer": lambda got: got.text == "" and got.finishes == ["stop"] and got.done,
    "pause": whole,
    "slow-first-token": whole,
    "second-completion": second,
    "finish-twice": finish_twice,
    "error-first": lambda got: errors(got)[0]["code"] == "upstream_error" and len(got.chunks) == 1 and got.done,
    "error-midway": lambda got: text_then_error(got) and got.done,
    "error-close": lambda got: text_then_error(got) and not got.done,
    "error-frame-string": lambda got: bool(got.text) and isinstance(errors(got)[0], str),
    "error-event": lambda got: text_then_error(got) and got.events[-1][0] == "error",
    "error-in-chunk": lambda got: got.chunks[-1]["choices"] != [] and errors(got)[0]["code"] == 502,
    "error-rate": lambda got: errors(got)[0]["retry_after_seconds"] == 1 and not got.text,
    "crlf": crlf,
    "cr": lines_end_in(b"\r"),
    "no-space": no_space,
    "comments": comments,
    "multiline-data": multiline,
    "bom": lambda got: got.raw.startswith(b"\xef\xbb\xbfdata: ") and got.raw.count(b"\xef\xbb\xbf") == 1,
    "named-events": named_events,
    "split-utf8": lambda got: "नमस्ते" in got.text and whole(got),
    "drip": lambda got: "नमस्ते" in got.text and whole(got),
    "u2028": u2028,
    "surrogates": surrogates,
    "bad-json": bad_json,
    "huge-event": lambda got: max(map(len, got.payloads)) > 1 << 20 and whole(got),
    "buffered": buffered,
    "wrong-content-type": content_is("text/plain"),
    "no-content-type": content_is(None),
    "null-fields": null_fields,
    "lax": lax,
    "content-parts": parts,
    "empty-choices-first": lambda got: got.chunks[0]["choices"] == [] and got.chunks[0]["id"] == "" and whole(got),
    "whole-message": whole_message,
    "usage-nowhere": lambda got: got.usages == [] and got.done and got.finishes == ["stop"],
    "missing-index": missing_index,
    "same-index": same_index,
    "missing-id": missing_id,
    "same-id": lambda got: ids(got) == {"call_1"} and len(arguments(got)) == 2,
    "wrong-index": wrong_index,
    "name-twice": name_twice,
    "half-json-args": half_arguments,
    "args-in-string": in_string,
    "no-args": lambda got: arguments(got) == ["", ""] and got.finishes == ["tool_calls"],
    "unknown-tool": lambda got: tool_parts(got)[0]["function"]["name"] == "launch_rockets",
    "nameless-tool": lambda got: tool_parts(got)[0]["function"]["name"] == "",
    "stop-with-calls": lambda got: got.finishes == ["stop"] and len(arguments(got)) == 2,
    "hostile": hostile,
}
BROKEN: dict[str, type[Exception]] = {
    "cut": httpx.RemoteProtocolError,
    "reset": httpx.ReadError,
    "drop": httpx.RemoteProtocolError,
    "hang": httpx.ReadTimeout,
    "stall": httpx.ReadTimeout,
    "keepalive-after-done": httpx.ReadTimeout,
}


def patience(name: str) -> float:
    """Return for how many seconds a reader waits: not long where nothing will come."""
    return 0.3 if BROKEN[name] is httpx.ReadTimeout else 60.0


def test_every_fault_has_its_test() -> None:
    assert set(FAULTS) == {*ANSWERS, *STREAMS, *BROKEN}
    assert all(fault.summary.endswith(".") for fault in FAULTS.values())


@pytest.mark.parametrize("name", STREAMS)
def test_a_stream_is_spoiled_as_its_name_says(caller: Caller, name: str) -> None:
    headers = {"X-Sandbox-TTFT": "0"} if name == "slow-first-token" else {}
    got = spoiled(caller, name, headers=headers)
    assert got.response.status_code == 200
    assert STREAMS[name](got), got.raw[-2000:]


@pytest.mark.parametrize("name", BROKEN)
@pytest.mark.parametrize("streamed", [False, True])
def test_a_connection_breaks_as_its_name_says(caller: Caller, name: str, streamed: bool) -> None:
    with Caller(caller.box, timeout=patience(name)) as reader, pytest.raises(BROKEN[name]):
        if streamed:
            spoiled(reader, name)
        else:
            reader.post(f"sandbox/fault-{name}")


@pytest.mark.parametrize("name", ["cut", "reset", "stall", "keepalive-after-done"])
def test_what_was_sent_before_the_break_arrives(caller: Caller, name: str) -> None:
    body = {**caller.body(f"sandbox/fault-{name}", "x", {}), "stream": True}
    seen = b""
    with Caller(caller.box, timeout=max(patience(name), 2.0)) as reader, pytest.raises(BROKEN[name]):
        with reader.http.stream("POST", "/v1/chat/completions", json=body) as response:
            for piece in response.iter_raw():
                seen += piece
    assert seen.count(b'"content":"') > 5
    assert (b"[DONE]" in seen) == (name == "keepalive-after-done")


def test_hang_sends_not_even_a_status_line(caller: Caller) -> None:
    host, port = caller.box.url.removeprefix("http://").split(":")
    body = json.dumps(caller.body("sandbox/fault-hang", "x", {})).encode()
    head = f"POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {KEY}\r\n"
    with socket.create_connection((host, int(port)), timeout=0.2) as raw:
        raw.sendall(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
        with pytest.raises(TimeoutError):
            raw.recv(1)


def test_split_utf8_sends_one_byte_per_chunk(caller: Caller) -> None:
    body = {**caller.body("sandbox/fault-split-utf8", "x", {}), "stream": True}
    with caller.http.stream("POST", "/v1/chat/completions", json=body) as response:
        sizes = {len(piece) for piece in response.iter_raw()}
    assert sizes == {1}


@pytest.mark.parametrize(("name", "status"), [("error-first", 502), ("error-midway", 502), ("error-rate", 429)])
def test_an_error_of_the_stream_is_a_status_without_one(caller: Caller, name: str, status: int) -> None:
    assert caller.post(f"sandbox/fault-{name}").status_code == status


def test_faults_that_concern_streams_alone_leave_a_whole_reply_alone(caller: Caller) -> None:
    for name in ("crlf", "bom", "no-done", "bad-json", "buffered", "named-events"):
        assert caller.text(f"sandbox/fault-{name}")


# -- how faults are asked for ---------------------------------------------------------------------


def test_by_header_on_any_path_and_several_at_once(caller: Caller) -> None:
    headers = {"X-Sandbox-Fault": "crlf, bom"}
    assert caller.stream(headers=headers).raw.startswith(b"\xef\xbb\xbfdata: ") and crlf(caller.stream(headers=headers))
    for path in ("/v1/models", "/v1/balance"):
        assert caller.http.get(path, headers={"X-Sandbox-Fault": "html-503"}).status_code == 503
        with pytest.raises(httpx.RemoteProtocolError):
            caller.http.get(path, headers={"X-Sandbox-Fault": "cut"})
    unknown = caller.post(headers={"X-Sandbox-Fault": "crfl"})
    assert unknown.status_code == 400 and "did you mean 'crlf'?" in unknown.json()["error"]["message"]


def test_by_setting_for_chat_alone_or_for_everything() -> None:
    with calling(Settings(faults=("503",))) as caller:
        assert caller.http.get("/v1/models").status_code == 200
        assert caller.refused()[0] == 503
    with calling(Settings(faults=("503",), switches={"fault-scope": "all"})) as caller:
        assert caller.http.get("/v1/models").status_code == 503


@pytest.mark.parametrize("how", ["model", "header", "setting"])
def test_a_count_limits_a_fault_to_the_first_requests(how: str) -> None:
    settings = Settings(faults=("429-rpm:2",) if how == "setting" else ())
    with calling(settings) as caller:
        model = "sandbox/fault-429-rpm:2" if how == "model" else "sandbox/haiku"
        headers = {"X-Sandbox-Fault": "429-rpm:2"} if how == "header" else {}
        statuses = [caller.post(model, headers=headers).status_code for _ in range(4)]
        assert statuses == [429, 429, 200, 200]


def test_a_spoiled_stream_keeps_its_pace() -> None:
    with Sandbox(Settings(speed=100)) as box, Caller(box) as caller:
        begun = time.perf_counter()
        caller.stream("sandbox/fault-buffered", headers={"X-Sandbox-Tokens": "30"})
        assert time.perf_counter() - begun > 0.25
