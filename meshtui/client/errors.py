"""The one exception of the client, and what it means to a turn."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from meshtui.core.problem import Problem, ProblemKind


class MeshAPIError(Exception):
    """A request that failed: refused, cut off, or never answered.

    `code` is the gateway's word (also `error_code`), or one of ours where nothing came from it: connect_error,
    tls_error, timeout_connect, timeout_write, timeout_pool, idle_timeout, total_timeout, protocol_error,
    stream_interrupted, empty_reply, not_a_gateway, bad_redirect, invalid_request, invalid_key, insecure_url,
    request_too_large.
    `status` is the HTTP status, 0 where there was no answer. `retry_after_seconds` counts from the answer.
    `details` are rows such as `{"loc": [...], "msg": "..."}`. `request_id` is "" where none was given.
    No message holds a key.
    """

    def __init__(
        self,
        message: str,
        *,
        status: int = 0,
        error_code: str = "http_error",
        request_id: str = "",
        details: list[Any] | None = None,
        provider_error: Mapping[str, Any] | None = None,
        retry_after_seconds: float | None = None,
        param: str | None = None,
        in_band: bool = False,
        extra: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.status = status
        self.error_code = error_code
        self.request_id = request_id
        self.details: list[Any] = details or []
        self.provider_error = provider_error
        self.retry_after_seconds = retry_after_seconds
        self.param = param
        self.in_band = in_band
        self.extra: Mapping[str, Any] = extra or {}

    @property
    def code(self) -> str:
        """The machine-readable code; decide by it, never by the message."""
        return self.error_code

    def __repr__(self) -> str:
        return (
            f"MeshAPIError(status={self.status}, error_code={self.error_code!r}, "
            f"request_id={self.request_id!r}, message={self.message!r})"
        )


_CODES: dict[ProblemKind, str] = {
    ProblemKind.KEY_REFUSED: "unauthorized invalid_key invalid_api_key authentication_error missing_api_key",
    ProblemKind.FORBIDDEN: (
        "forbidden model_excluded model_not_available_on_pinned_provider permission_error permission_denied"
    ),
    ProblemKind.SPEND: (
        "spend_limit_exceeded insufficient_quota budget_exceeded insufficient_balance insufficient_credits"
        " payment_required billing_error"
    ),
    ProblemKind.RATE_LIMIT: "rate_limit_exceeded rate_limit_error too_many_requests throttling_error",
    ProblemKind.PROVIDER_BUSY: (
        "upstream_rate_limit_error provider_overloaded overloaded_error overloaded engine_overloaded"
    ),
    ProblemKind.MODEL_NOT_FOUND: "model_not_found",
    ProblemKind.NOT_FOUND: "not_found resource_not_found not_found_error template_not_found",
    ProblemKind.INVALID: (
        "validation_error unprocessable_entity bad_request invalid_request invalid_input invalid_request_error"
        " invalid_api_version conflict unsupported_operation model_capability_not_supported"
        " content_policy_violation literal_error missing_template_variable insecure_url"
    ),
    ProblemKind.CONTEXT: "context_window_exceeded context_length_exceeded exceed_context_size_error",
    ProblemKind.TOO_LARGE: "request_too_large payload_too_large",
    ProblemKind.PROVIDER: (
        "upstream_error all_models_failed provider_not_available provider_job_failed bad_response"
        " connection_error internal_provider_error provider_error"
    ),
    ProblemKind.GATEWAY: "internal_error model_policy_unavailable internal_server_error server_error api_error",
    ProblemKind.TIMEOUT: (
        "gateway_timeout timeout timeout_error timeout_connect timeout_write timeout_pool idle_timeout total_timeout"
    ),
    ProblemKind.NETWORK: "connect_error protocol_error",
    ProblemKind.TLS: "tls_error",
    ProblemKind.NOT_A_GATEWAY: "not_a_gateway bad_redirect",
    ProblemKind.STREAM_CUT: "stream_interrupted",
    ProblemKind.EMPTY: "empty_reply",
}
_KIND_BY_CODE = {code: kind for kind, codes in _CODES.items() for code in codes.split()}
_KIND_BY_STATUS = {
    400: ProblemKind.INVALID,
    401: ProblemKind.KEY_REFUSED,
    402: ProblemKind.SPEND,
    403: ProblemKind.FORBIDDEN,
    404: ProblemKind.NOT_FOUND,
    405: ProblemKind.NOT_A_GATEWAY,
    408: ProblemKind.TIMEOUT,
    409: ProblemKind.INVALID,
    413: ProblemKind.TOO_LARGE,
    415: ProblemKind.INVALID,
    422: ProblemKind.INVALID,
    429: ProblemKind.RATE_LIMIT,
    502: ProblemKind.PROVIDER,
    503: ProblemKind.PROVIDER,
    504: ProblemKind.TIMEOUT,
    529: ProblemKind.PROVIDER_BUSY,
}
CODE_BY_STATUS = {
    400: "bad_request",
    401: "unauthorized",
    402: "spend_limit_exceeded",
    403: "forbidden",
    404: "not_found",
    408: "timeout",
    409: "conflict",
    413: "request_too_large",
    422: "validation_error",
    429: "rate_limit_exceeded",
    500: "internal_error",
    502: "upstream_error",
    503: "provider_not_available",
    504: "gateway_timeout",
    529: "overloaded",
}
_LIMIT = re.compile(
    r"\b(?:(rpm|requests?[ /]?per[ -]minute)|(rpd|requests?[ /]?per[ -]day)|(tpm|tokens?[ /]?per[ -]minute))\b", re.I
)


def kind_of(code: str, status: int, *, in_band: bool = False) -> ProblemKind:
    """Return what a failure means to the user: by its code, and only where that is unknown by the status."""
    known = _KIND_BY_CODE.get(code)
    if known is not None:
        return known
    if status in _KIND_BY_STATUS:
        return _KIND_BY_STATUS[status]
    if in_band:
        return ProblemKind.STREAM_ERROR
    if 400 <= status < 500:
        return ProblemKind.INVALID
    return ProblemKind.GATEWAY


def problem_from(error: MeshAPIError) -> Problem:
    """Return the problem that ends a turn which failed with `error`."""
    kind = kind_of(error.error_code, error.status, in_band=error.in_band)
    limit = None
    if kind is ProblemKind.RATE_LIMIT and (found := _LIMIT.search(error.message)):
        limit = ("rpm", "rpd", "tpm")[(found.lastindex or 1) - 1]
    return Problem(
        kind,
        error.error_code,
        error.message,
        status=error.status or None,
        param=error.param,
        details=error.details or None,
        provider_error=error.provider_error,
        retry_after_seconds=error.retry_after_seconds,
        request_id=error.request_id or None,
        limit=limit,
        extra=dict(error.extra),
    )
