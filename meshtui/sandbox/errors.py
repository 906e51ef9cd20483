"""Refusals in the gateway's own shapes (contract section 8)."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

from starlette.responses import Response

if TYPE_CHECKING:
    from .wire import EventStream

# Code -> status. Where the contract gives no status per code the row follows its table (section 8).
STATUS: Mapping[str, int] = {
    "invalid_api_version": 400,
    "bad_request": 400,
    "invalid_request": 400,
    "invalid_input": 400,
    "context_window_exceeded": 400,
    "content_policy_violation": 400,
    "unsupported_operation": 400,
    "model_capability_not_supported": 400,
    "unauthorized": 401,
    "spend_limit_exceeded": 402,
    "forbidden": 403,
    "model_excluded": 403,
    "model_not_available_on_pinned_provider": 403,
    "model_not_found": 404,
    "not_found": 404,
    "resource_not_found": 404,
    "conflict": 409,
    "validation_error": 422,
    "unprocessable_entity": 422,
    "rate_limit_exceeded": 429,
    "upstream_rate_limit_error": 429,
    "internal_error": 500,
    "provider_job_failed": 500,
    "upstream_error": 502,
    "all_models_failed": 502,
    "provider_not_available": 503,
    "model_policy_unavailable": 503,
    "gateway_timeout": 504,
}


# What a handler gives back; both write themselves to the socket.
Answered: TypeAlias = "Response | EventStream"


class Refusal(Exception):
    """A request that is answered with an error instead of a reply.

    upstream: it came from the (pretended) provider, so a stream gets it in-band (contract section 3).
    stage: where in the check order it happened; shown on the usage row.
    """

    def __init__(
        self,
        code: str,
        message: str,
        *,
        param: str | None = None,
        details: Sequence[Mapping[str, Any]] | Mapping[str, Any] | None = None,
        provider_error: Mapping[str, Any] | None = None,
        retry_after: int | None = None,
        upstream: bool = False,
        stage: str = "body",
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.param = param
        self.details = details
        self.provider_error = provider_error
        self.retry_after = retry_after
        self.upstream = upstream
        self.stage = stage

    @property
    def status(self) -> int:
        """HTTP status of this code."""
        return STATUS[self.code]

    def envelope(self, request_id: str | None) -> dict[str, Any]:
        """The standard error body; request_id None leaves it out (older gateways)."""
        body: dict[str, Any] = {
            "error": {
                "code": self.code,
                "message": self.message,
                "param": self.param,
                "details": self.details,
                "provider_error": self.provider_error,
                "retry_after_seconds": self.retry_after,
            }
        }
        if request_id is not None:
            body["request_id"] = request_id
        return body

    def response(self, request_id: str) -> Response:
        """The whole HTTP answer; the gate adds request id and version headers."""
        headers = {} if self.retry_after is None else {"Retry-After": str(self.retry_after)}
        return json_response(self.envelope(request_id), self.status, headers)


def json_response(content: object, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """A compact JSON answer; text stays readable instead of escaped to ASCII."""
    body = json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")
    return Response(body, status, headers, "application/json")
