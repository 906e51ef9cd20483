"""Error answers that can be asked for by name: each row of the contract's error table and each error shape."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.utils import formatdate
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from starlette.responses import Response

_PROVIDER = {"provider": "demo-provider", "status": 500, "message": "The provider's own words about its failure."}
_LOC = [{"loc": ["body", "messages", 0, "role"], "msg": "Input should be 'system' or 'user'", "type": "literal_error"}]


@dataclass(frozen=True, slots=True)
class Answer:
    """One canned answer: either a code of the standard envelope, or a body of another shape.

    more: further arguments of `errors.Refusal`. edge: sent by a proxy in front, so without a request id.
    dated: Retry-After as an HTTP-date, nothing in the body. moved: a redirect to another origin.
    """

    summary: str
    code: str = ""
    message: str = ""
    more: Mapping[str, Any] = field(default_factory=dict)
    status: int = 200
    body: object = None
    content_type: str = "application/json"
    edge: bool = False
    dated: bool = False
    moved: bool = False

    def response(self, request_id: str, now: float, elsewhere: str) -> Response:
        """The HTTP answer; `{request_id}` in a body is filled in, a redirect points elsewhere."""
        from starlette.responses import Response

        from .errors import Refusal, json_response

        if self.code:
            refusal = Refusal(self.code, self.message, **self.more)
            if not self.dated:
                return refusal.response(request_id)
            when = formatdate(int(now) + 2, usegmt=True)
            return json_response(refusal.envelope(request_id), refusal.status, {"Retry-After": when})
        body = self.body if isinstance(self.body, bytes) else json.dumps(self.body).encode()
        body = body.replace(b"{request_id}", request_id.encode())
        return Response(body, self.status, {"Location": elsewhere} if self.moved else None, self.content_type)


def html_page(status: int, title: str) -> bytes:
    """What an edge proxy says: no envelope, no request id."""
    return (
        f"<html>\r\n<head><title>{status} {title}</title></head>\r\n<body>\r\n"
        f"<center><h1>{status} {title}</h1></center>\r\n<hr><center>edge</center>\r\n</body>\r\n</html>\r\n"
    ).encode()


def _page(status: int, title: str, summary: str) -> Answer:
    return Answer(summary, status=status, body=html_page(status, title), content_type="text/html", edge=True)


ANSWERS: Mapping[str, Answer] = {
    "400": Answer("400 bad_request.", "bad_request", "The request could not be processed."),
    "400-version": Answer(
        "400 invalid_api_version.",
        "invalid_api_version",
        "Unknown API version. Served versions: 2026-08, 2026-09.",
    ),
    "400-context": Answer(
        "400 context_window_exceeded, with the provider's numbers.",
        "context_window_exceeded",
        "input length and `max_tokens` exceed context limit: 199000 + 4096 > 200000",
        {"provider_error": {**_PROVIDER, "status": 400}},
    ),
    "400-policy": Answer(
        "400 content_policy_violation.",
        "content_policy_violation",
        "The provider refused the content of this request.",
    ),
    "400-capability": Answer(
        "400 model_capability_not_supported.",
        "model_capability_not_supported",
        "This model does not support tools.",
        {"param": "tools"},
    ),
    "400-effort": Answer(
        "400 because the model refuses reasoning_effort.",
        "invalid_request",
        "Unrecognized request argument supplied: reasoning_effort",
        {"param": "reasoning_effort"},
    ),
    "401": Answer("401 unauthorized: unknown key.", "unauthorized", "Invalid API key."),
    "402": Answer(
        "402 spend_limit_exceeded: the cap of the key.",
        "spend_limit_exceeded",
        "Spend limit of this key reached: $10.00 of $10.00.",
    ),
    "402-balance": Answer(
        "402 spend_limit_exceeded: the balance.",
        "spend_limit_exceeded",
        "Balance is exhausted; add credit to continue.",
    ),
    "403": Answer("403 forbidden: suspended key.", "forbidden", "This key is suspended."),
    "403-model": Answer("403 model_excluded.", "model_excluded", "This key may not use the model.", {"param": "model"}),
    "403-pinned": Answer(
        "403 model_not_available_on_pinned_provider.",
        "model_not_available_on_pinned_provider",
        "The model is not available on the pinned provider.",
        {"param": "model"},
    ),
    "404": Answer("404 model_not_found.", "model_not_found", "Model not found.", {"param": "model"}),
    "404-template": Answer("404 not_found: template.", "not_found", "Template not found.", {"param": "template"}),
    "409": Answer("409 conflict.", "conflict", "A template with this name exists already.", {"param": "name"}),
    "413": _page(413, "Request Entity Too Large", "413 as an HTML page of the edge."),
    "422": Answer(
        "422 validation_error with details.",
        "validation_error",
        "Request validation failed.",
        {"details": _LOC},
    ),
    "422-variable": Answer(
        "422 unprocessable_entity: a template variable is missing.",
        "unprocessable_entity",
        "Missing template variables: company",
        {"param": "variables"},
    ),
    "429-rpm": Answer(
        "429 rate_limit_exceeded: requests per minute.",
        "rate_limit_exceeded",
        "RPM limit reached: 100 requests per minute.",
        {"retry_after": 1},
    ),
    "429-rpd": Answer(
        "429 rate_limit_exceeded: requests per day.",
        "rate_limit_exceeded",
        "RPD limit reached: 10000 requests per day.",
        {"retry_after": 5400},
    ),
    "429-tpm": Answer(
        "429 rate_limit_exceeded: tokens per minute.",
        "rate_limit_exceeded",
        "TPM limit reached: 200000 tokens per minute.",
        {"retry_after": 1},
    ),
    "429-long": Answer(
        "429 with a Retry-After of 120 seconds.",
        "rate_limit_exceeded",
        "RPM limit reached: 100 requests per minute.",
        {"retry_after": 120},
    ),
    "429-bare": Answer(
        "429 without any Retry-After.", "rate_limit_exceeded", "RPM limit reached: 100 requests per minute."
    ),
    "retry-after-date": Answer(
        "429 whose Retry-After is an HTTP-date.",
        "rate_limit_exceeded",
        "RPM limit reached: 100 requests per minute.",
        dated=True,
    ),
    "upstream-429": Answer(
        "429 upstream_rate_limit_error.",
        "upstream_rate_limit_error",
        "The provider throttled this request.",
        {"retry_after": 1, "provider_error": {**_PROVIDER, "status": 429}},
    ),
    "500": Answer("500 internal_error.", "internal_error", "Internal error."),
    "500-job": Answer(
        "500 provider_job_failed, which must not be retried.",
        "provider_job_failed",
        "The provider's job failed.",
        {"provider_error": _PROVIDER},
    ),
    "502": Answer(
        "502 upstream_error with the provider's words.",
        "upstream_error",
        "Upstream provider returned an error.",
        {"provider_error": _PROVIDER},
    ),
    "503": Answer("503 provider_not_available.", "provider_not_available", "The provider is not available."),
    "503-policy": Answer(
        "503 model_policy_unavailable.", "model_policy_unavailable", "The model policy could not be read."
    ),
    "504": Answer("504 gateway_timeout.", "gateway_timeout", "The provider did not answer within 300 s."),
    "html-502": _page(502, "Bad Gateway", "502 as an HTML page of the edge."),
    "html-503": _page(503, "Service Temporarily Unavailable", "503 as an HTML page of the edge."),
    "detail-text": Answer('404 {"detail": "text"}.', status=404, body={"detail": "Model not found"}),
    "detail-list": Answer('422 {"detail": [{loc, msg, type}]}.', status=422, body={"detail": _LOC}),
    "detail-error": Answer(
        '502 {"detail": {"error": {...}}}.',
        status=502,
        body={
            "detail": {
                "error": {
                    "code": "all_models_failed",
                    "message": "All models failed.",
                    "details": [{"model": "demo/slow", "error": "Model timed out after 120s."}],
                },
                "request_id": "{request_id}",
            }
        },
    ),
    "error-string": Answer('500 {"error": "text"}.', status=500, body={"error": "Something went wrong."}),
    "anthropic": Answer(
        "529 in the Anthropic envelope.",
        status=529,
        body={
            "type": "error",
            "error": {"type": "overloaded_error", "message": "Overloaded"},
            "request_id": "{request_id}",
        },
    ),
    "ok-with-error": Answer(
        "200 whose JSON body is an error.",
        body={
            "error": {"code": "upstream_error", "message": "Upstream provider returned an error."},
            "request_id": "{request_id}",
        },
    ),
    "empty-body": Answer("502 without a body.", status=502, body=b""),
    "plain-text": Answer("500 as plain text.", status=500, body=b"Internal Server Error", content_type="text/plain"),
    "error-number": Answer(
        "429 whose error code is a number.",
        status=429,
        body={"error": {"code": 429, "message": "Rate limit exceeded", "type": None}},
    ),
    "bare-error": Answer(
        'An error without an envelope: {"object": "error", "message": ...}.',
        status=400,
        body={"object": "error", "message": "Unexpected role 'tool'", "type": "invalid_request_error"},
    ),
    "redirect": Answer(
        "307 to the same path under another host name.", status=307, body=b"", content_type="text/plain", moved=True
    ),
    "ok-html": Answer(
        "200 with an HTML page, as a login portal sends.",
        body=b"<!DOCTYPE html><html><body><h1>Welcome</h1><p>Sign in to the network.</p></body></html>",
        content_type="text/html",
        edge=True,
    ),
}
