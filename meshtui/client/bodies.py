"""Error bodies, of whatever shape, to the one exception; no I/O.

The shapes: the gateway's envelope, `{"detail": text | rows | {"error": ...}}`, `{"error": text}`, an object that is
itself the error, Anthropic's, a list of one, HTML, plain text, a stack trace, nothing (contract, section 8; quirks
28 to 30).
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from html import unescape
from http import HTTPStatus
from typing import Any

from meshtui.client.errors import CODE_BY_STATUS, MeshAPIError
from meshtui.core.text import mask_secrets, whole_characters
from meshtui.core.waits import seconds_from

MESSAGE_LIMIT = 1000
_NO_WORD = frozenset({"", "none", "null"})
_REQUEST_ID_HEADERS = ("x-request-id", "request-id", "x-litellm-call-id")
_KNOWN_MEMBERS = frozenset(
    "code message param details provider_error retry_after_seconds type detail request_id status_code status".split()
)


class Redactor:
    """Takes secrets out of foreign text: whatever looks like a key, and the key in use whatever it looks like."""

    __slots__ = ("_key",)

    def __init__(self, key: str = "") -> None:
        self._key = key if len(key) >= 6 else ""

    def __call__(self, value: Any) -> Any:
        """Return `value` with every text in it, however deep, free of keys and encodable."""
        if isinstance(value, str):
            text = value.replace(self._key, "…") if self._key else value
            return mask_secrets(whole_characters(text))
        if isinstance(value, Mapping):
            return {self(name): self(member) for name, member in value.items()}
        if isinstance(value, list | tuple):
            return [self(member) for member in value]
        return value


def looks_like_error(payload: Mapping[str, Any]) -> bool:
    """Whether a JSON object that came with status 200 says that the request failed."""
    if payload.get("error"):
        return True
    if payload.get("choices") is not None:
        return False
    if payload.get("object") == "error" or payload.get("type") == "error":
        return True
    return "detail" in payload and "object" not in payload


def error_from_body(
    status: int,
    headers: Mapping[str, str],
    body: bytes | str,
    *,
    now: float,
    redact: Redactor | None = None,
) -> MeshAPIError:
    """Return the error that a response with a failing status means. `headers` in lower case, `now` since the epoch."""
    text = body.decode("utf-8", "replace") if isinstance(body, bytes) else body
    try:
        payload = json.loads(text)
    except (ValueError, RecursionError):
        payload = None
    if isinstance(payload, list) and payload:
        payload = payload[0]
    if isinstance(payload, Mapping):
        return error_from_payload(payload, status, headers, now=now, redact=redact)
    if isinstance(payload, str):
        text = payload
    words = page_words(text) if _is_html(text) else _readable(text)
    named = {"message": words or f"HTTP {status} {reason(status)}".rstrip()}
    if _is_html(text) and status < 400:
        named["code"] = "not_a_gateway"
    return error_from_payload({"error": named}, status, headers, now=now, redact=redact)


def error_from_payload(
    payload: Mapping[str, Any],
    status: int,
    headers: Mapping[str, str],
    *,
    now: float,
    in_band: bool = False,
    redact: Redactor | None = None,
) -> MeshAPIError:
    """Return the error that a JSON object describes; `in_band` when it came inside a reply with status 200."""
    clean = redact or Redactor()
    error, outer = _error_object(payload)
    stated = _status_of(error, status)
    code = _code_of(error, stated, in_band=in_band)
    waits = (error.get("retry_after_seconds"), outer.get("retry_after_seconds"), error.get("retry_after"))
    details = error.get("details") or error.get("errors")
    if not details and isinstance(outer.get("detail"), list):
        details = outer["detail"]
    message = _message_of(error, outer, details) or f"HTTP {status} {reason(status)}".rstrip()
    param = error.get("param")
    if param is None and isinstance(details, list) and details and isinstance(details[0], Mapping):
        param = _path(details[0].get("loc")) or None
    provider_error = error.get("provider_error")
    request_id = next(
        (i for i in (payload.get("request_id"), outer.get("request_id"), error.get("request_id")) if _is_word(i)), ""
    )
    return MeshAPIError(
        cut(clean(message)),
        status=stated,
        error_code=clean(code),
        request_id=clean(str(request_id)) or request_id_of(headers),
        details=clean(details if isinstance(details, list) else [details] if details else []),
        provider_error=clean(provider_error) if isinstance(provider_error, Mapping) else None,
        retry_after_seconds=retry_after(waits, headers, stated, now=now),
        param=clean(str(param)) if param is not None else None,
        in_band=in_band,
        extra=clean({name: member for name, member in error.items() if name not in _KNOWN_MEMBERS}),
    )


def _error_object(payload: Mapping[str, Any]) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    """Return the object that describes the error, and the one around it."""
    detail = payload.get("detail")
    if isinstance(detail, Mapping) and not payload.get("error"):
        return _error_object(detail) if "error" in detail else (detail, payload)
    error = payload.get("error")
    if isinstance(error, list) and error:
        error = error[0]
    if isinstance(error, Mapping):
        return error, payload
    if error:
        words = payload.get("message")
        return {"message": words if isinstance(words, str) and words else str(error)}, payload
    errors = payload.get("errors")
    if isinstance(errors, list) and errors and isinstance(errors[0], Mapping) and "message" not in payload:
        return errors[0], payload
    return payload, payload


def _is_word(value: Any) -> bool:
    return isinstance(value, str) and value.strip().lower() not in _NO_WORD


def _as_status(value: Any) -> int | None:
    if isinstance(value, str) and value.isascii() and value.isdigit():
        value = int(value[:4])
    return value if isinstance(value, int) and 400 <= value <= 599 else None


def _status_of(error: Mapping[str, Any], status: int) -> int:
    """The HTTP status, or for an answer of 200 the one that the error itself names."""
    if status >= 400:
        return status
    for name in ("status_code", "status", "code"):
        if (stated := _as_status(error.get(name))) is not None:
            return stated
    return status


def _code_of(error: Mapping[str, Any], status: int, *, in_band: bool) -> str:
    code = error.get("code")
    if _is_word(code) and not str(code).isdigit():
        return str(code)
    kind = error.get("type")
    if _is_word(kind) and str(kind) != "error" and not str(kind).isdigit():
        return str(kind)
    if (stated := _as_status(code)) in CODE_BY_STATUS:
        return CODE_BY_STATUS[stated or 0]
    return CODE_BY_STATUS.get(status) or ("stream_error" if in_band else "http_error")


def _message_of(error: Mapping[str, Any], outer: Mapping[str, Any], details: Any) -> str:
    for value in (error.get("message"), error.get("msg"), error.get("detail"), outer.get("detail")):
        if isinstance(value, str) and value.strip():
            return _readable(value)
        if isinstance(value, Mapping):
            return json.dumps(value, ensure_ascii=False)
    if isinstance(details, list):
        rows = [_row_text(row) for row in details[:5]]
        more = f"; and {len(details) - 5} more" if len(details) > 5 else ""
        return "; ".join(row for row in rows if row) + more
    return ""


def _row_text(row: Any) -> str:
    if not isinstance(row, Mapping):
        return str(row)
    path, words = _path(row.get("loc")), str(row.get("msg") or row.get("message") or "")
    return f"{path}: {words}" if path else words


def _path(loc: Any) -> str:
    """Return a path such as messages.0.content from a list of keys, without the leading `body`."""
    if not isinstance(loc, list | tuple):
        return str(loc) if loc else ""
    keys = [str(key) for key in loc]
    return ".".join(keys[1:] if keys[:1] == ["body"] else keys)


_FRAME = re.compile(r'^\s*(?:File ".*|at .+|Traceback \(most recent call last\):.*|\^+)$')


def _readable(text: str) -> str:
    """Return the words of a plain text: without stack frames, the last line of a Python traceback."""
    if "Traceback (most recent call last)" in text:
        lines = [line.strip() for line in text.splitlines() if line.strip()]
        return lines[-1]
    return "\n".join(line for line in text.strip().split("\n") if not _FRAME.match(line)).strip()


def _is_html(text: str) -> bool:
    return text.lstrip("\ufeff \t\r\n")[:1] == "<"


_SKIP = re.compile(r"(?is)<!--.*?-->|<(script|style)\b.*?</\1\s*>|<!doctype[^>]*>")
_TITLE = re.compile(r"(?is)<(title|h1)\b[^>]*>(.*?)</\1\s*>")
_TAG = re.compile(r"(?s)<[^>]*>")


def page_words(text: str) -> str:
    """Return the first meaningful line of an HTML page: its title, its heading, else its first text."""
    page = _SKIP.sub(" ", text[:50_000])
    for found in (*_TITLE.finditer(page), None):
        words = " ".join(unescape(_TAG.sub(" ", found[2] if found else "")).split())
        if words:
            return words
    for line in unescape(_TAG.sub("\n", page)).split("\n"):
        if line.strip():
            return " ".join(line.split())
    return ""


def reason(status: int) -> str:
    """Return the usual words for a status, or nothing for an unusual one."""
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return ""


def cut(text: str, limit: int = MESSAGE_LIMIT) -> str:
    """Return `text`, cut with an ellipsis where it is longer than `limit`."""
    return text if len(text) <= limit else text[: limit - 1] + "…"


def request_id_of(headers: Mapping[str, str]) -> str:
    """Return the id of the request from the response's headers, or an empty text."""
    return next((headers[name] for name in _REQUEST_ID_HEADERS if headers.get(name)), "")


def retry_after(stated: tuple[Any, ...], headers: Mapping[str, str], status: int, *, now: float) -> float | None:
    """Return the seconds to wait: the longest of what the body and Retry-After say, else a 429's reset header."""
    waits = [seconds_from(value, now) for value in stated]
    milliseconds = seconds_from(headers.get("retry-after-ms"), now)
    waits.append(None if milliseconds is None else milliseconds / 1000)
    waits += [seconds_from(headers.get(name), now) for name in ("retry-after", "llm_provider-retry-after")]
    known = [wait for wait in waits if wait is not None]
    if not known and status == 429:
        resets = [seconds_from(text, now) for name, text in headers.items() if name.startswith("x-ratelimit-reset")]
        known = [wait for wait in resets if wait is not None]
    return max(known) if known else None
