"""Error bodies of every shape become one error that says the same things."""

from __future__ import annotations

import json
from typing import Any

import pytest

from meshtui.client.bodies import Redactor, error_from_body, error_from_payload, retry_after
from meshtui.client.errors import MeshAPIError, kind_of, problem_from
from meshtui.core.problem import ProblemKind

NOW = 1767225600.0  # 2026-01-01T00:00:00Z
KEY = "rsk_01JDEMO000000000000000000"


def error(status: int, body: Any, **headers: str) -> MeshAPIError:
    text = body if isinstance(body, str | bytes) else json.dumps(body)
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return error_from_body(status, named, text, now=NOW, redact=Redactor(KEY))


def test_the_envelope_gives_every_fact() -> None:
    found = error(
        429,
        {
            "error": {
                "code": "rate_limit_exceeded",
                "message": "RPM limit reached.",
                "param": "model",
                "details": [{"loc": ["a"], "msg": "b"}],
                "provider_error": {"provider": "x", "status": 429, "message": "slow"},
                "retry_after_seconds": 7,
            },
            "request_id": "req_body",
        },
        x_request_id="req_header",
    )
    assert (found.status, found.code, found.message, found.param) == (
        429,
        "rate_limit_exceeded",
        "RPM limit reached.",
        "model",
    )
    assert found.request_id == "req_body"
    assert found.retry_after_seconds == 7
    assert found.provider_error == {"provider": "x", "status": 429, "message": "slow"}
    assert found.details == [{"loc": ["a"], "msg": "b"}]
    problem = problem_from(found)
    assert (problem.kind, problem.limit, problem.exit_code) == (ProblemKind.RATE_LIMIT, "rpm", 4)


ROWS = [{"loc": ["body", "messages", 0, "role"], "msg": "Field required", "type": "missing"}]
SHAPES: list[tuple[int, Any, str, str]] = [
    (404, {"detail": "Model not found: x"}, "not_found", "Model not found: x"),
    (422, {"detail": ROWS}, "validation_error", "messages.0.role: Field required"),
    (
        422,
        {"error": {"code": "validation_error", "details": ROWS}},
        "validation_error",
        "messages.0.role: Field required",
    ),
    (
        502,
        {"detail": {"error": {"code": "all_models_failed", "message": "All models failed."}, "request_id": "req_1"}},
        "all_models_failed",
        "All models failed.",
    ),
    (500, {"error": "it broke"}, "internal_error", "it broke"),
    (500, {"error": "Internal Server Error", "message": "it broke"}, "internal_error", "it broke"),
    (
        413,
        "<html>\r\n<head><title>413 Request Entity Too Large</title></head><body>…</body></html>",
        "request_too_large",
        "413 Request Entity Too Large",
    ),
    (503, "<!doctype html><style>p{}</style><p>Down for <b>maintenance</b></p>", "provider_not_available", "Down for"),
    (
        429,
        {"type": "error", "error": {"type": "rate_limit_error", "message": "Slow down"}},
        "rate_limit_error",
        "Slow down",
    ),
    (400, {"error": {"code": 400, "message": "bad", "type": "None"}}, "bad_request", "bad"),
    (429, {"error": {"code": "429", "message": "No", "type": None}}, "rate_limit_exceeded", "No"),
    (400, {"error": {"code": None, "type": "invalid_request_error", "message": "No"}}, "invalid_request_error", "No"),
    (
        400,
        {"object": "error", "message": "Bad model", "type": "invalid_model", "code": "1500"},
        "invalid_model",
        "Bad model",
    ),
    (400, [{"error": {"code": 400, "message": "In a list", "status": "INVALID_ARGUMENT"}}], "bad_request", "In a list"),
    (500, "Internal Server Error", "internal_error", "Internal Server Error"),
    (502, "", "upstream_error", "HTTP 502 Bad Gateway"),
    (418, b"\xff\xfe", "http_error", "\ufffd\ufffd"),
    (599, "{}", "http_error", "HTTP 599"),
    (
        500,
        "Traceback (most recent call last):\n  File \"/srv/main.py\", line 3, in f\n    g()\nKeyError: 'messages'\n",
        "internal_error",
        "KeyError: 'messages'",
    ),
    (500, {"error": {"message": "TypeError: x\n    at run (/srv/app/index.js:3:1)"}}, "internal_error", "TypeError: x"),
]


@pytest.mark.parametrize(("status", "body", "code", "message"), SHAPES)
def test_shapes(status: int, body: Any, code: str, message: str) -> None:
    found = error(status, body)
    assert (found.status, found.code, found.message) == (status, code, message)


def test_a_request_id_of_null_does_not_hide_the_header() -> None:
    body = {"error": {"code": "upstream_error", "message": "x"}, "request_id": None}
    assert error(502, body, x_request_id="req_header").request_id == "req_header"


def test_the_id_inside_a_detail_is_found() -> None:
    assert error(502, {"detail": {"error": {"code": "all_models_failed"}, "request_id": "req_1"}}).request_id == "req_1"


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [
        (400, "spend_limit_exceeded", ProblemKind.SPEND),
        (429, "spend_limit_exceeded", ProblemKind.SPEND),
        (429, "insufficient_quota", ProblemKind.SPEND),
        (422, "budget_exceeded", ProblemKind.SPEND),
        (500, "upstream_error", ProblemKind.PROVIDER),
        (500, "gateway_timeout", ProblemKind.TIMEOUT),
        (429, "upstream_rate_limit_error", ProblemKind.PROVIDER_BUSY),
        (400, "model_not_found", ProblemKind.MODEL_NOT_FOUND),
        (400, "context_window_exceeded", ProblemKind.CONTEXT),
        (422, "tool_use_failed", ProblemKind.INVALID),
        (200, "upstream_error", ProblemKind.PROVIDER),
        (529, "what_is_this", ProblemKind.PROVIDER_BUSY),
        (0, "connect_error", ProblemKind.NETWORK),
    ],
)
def test_the_code_decides_and_only_then_the_status(status: int, code: str, kind: ProblemKind) -> None:
    assert kind_of(code, status) is kind


def test_an_unknown_code_inside_a_stream_is_a_failed_answer() -> None:
    found = error_from_payload({"error": {"message": "x", "code": "odd"}}, 200, {}, now=NOW, in_band=True)
    assert problem_from(found).kind is ProblemKind.STREAM_ERROR


def test_an_in_band_error_keeps_everything_and_its_own_status() -> None:
    payload = {
        "error": {
            "code": 402,
            "message": "No money",
            "details": ["d"],
            "provider_error": {"a": 1},
            "retry_after_seconds": 3,
        },
        "request_id": "req_1",
    }
    found = error_from_payload(payload, 200, {}, now=NOW, in_band=True)
    assert (found.status, found.code, found.request_id) == (402, "spend_limit_exceeded", "req_1")
    assert (found.details, found.provider_error, found.retry_after_seconds) == (["d"], {"a": 1}, 3)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "7"}, 7.0),
        ({"retry-after": "Thu, 01 Jan 2026 00:02:00 GMT"}, 120.0),
        ({"retry-after": "Wed, 31 Dec 2025 00:00:00 GMT"}, 0.0),
        ({"retry-after-ms": "1500"}, 1.5),
        ({"retry-after": "2", "retry-after-ms": "1500"}, 2.0),
        ({"x-ratelimit-reset": "6m0s"}, 360.0),
        ({"x-ratelimit-reset-requests": "1s", "x-ratelimit-reset-tokens": "20ms"}, 1.0),
        ({"x-ratelimit-reset": str(int(NOW) + 30)}, 30.0),
        ({"x-ratelimit-reset": str((int(NOW) + 30) * 1000)}, 30.0),
        ({"llm_provider-retry-after": "9"}, 9.0),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "-3"}, None),
        ({"retry-after": "nan"}, None),
        ({}, None),
    ],
)
def test_retry_after_headers(headers: dict[str, str], seconds: float | None) -> None:
    assert retry_after((None,), headers, 429, now=NOW) == seconds


def test_the_longer_of_body_and_header_is_honoured() -> None:
    assert retry_after((5,), {"retry-after": "8"}, 429, now=NOW) == 8.0
    assert retry_after((9,), {"retry-after": "8"}, 429, now=NOW) == 9.0


def test_a_reset_header_says_nothing_about_other_failures() -> None:
    assert retry_after((), {"x-ratelimit-reset": "6m0s"}, 500, now=NOW) is None


def test_no_key_survives_in_any_field() -> None:
    other = "sk-abcdefghijklmnop1234"
    found = error(
        401,
        {
            "error": {
                "code": "unauthorized",
                "message": f"Key {KEY} is wrong, not {other}",
                "details": [{"loc": ["header"], "msg": KEY}],
                "provider_error": {"message": f"Bearer {KEY}"},
                "param": KEY,
                "failed": {KEY: KEY},
            }
        },
    )
    everything = f"{found!r} {found} {found.details} {found.provider_error} {found.param} {found.extra} {vars(found)}"
    assert KEY not in everything
    assert other not in everything


def test_an_unusual_key_is_hidden_too() -> None:
    found = error_from_body(
        401, {}, "no such key: correct-horse-battery", now=NOW, redact=Redactor("correct-horse-battery")
    )
    assert "horse" not in found.message


def test_a_huge_message_is_cut_and_a_lone_surrogate_replaced() -> None:
    found = error(500, '{"error": {"message": "' + "x" * 100_000 + '\\ud83d"}}')
    assert len(found.message) == 1000
    assert error(500, '{"error": {"message": "a\\ud83d"}}').message == "a\ufffd"


@pytest.mark.parametrize("body", ["[", "[]", "null", "3", '"text"', "[" * 100_000, '{"error": []}', '{"detail": {}}'])
def test_nothing_odd_breaks_the_reading(body: str) -> None:
    assert error(500, body).status == 500
