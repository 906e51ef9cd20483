"""What httpx raises, told as the one exception of the client: what was tried, what happened, never the key."""

from __future__ import annotations

import os
import socket
import ssl
from collections.abc import Iterator

import httpx

from meshtui.client.errors import MeshAPIError
from meshtui.client.limits import Timeouts


def failure(
    error: BaseException, tried: str, timeouts: Timeouts, *, answered: bool = False, request_id: str = ""
) -> MeshAPIError:
    """Return the error for an exception of the transport; `answered` once the head of a reply has come."""
    code, message = _told(error, tried, timeouts, answered=answered)
    return MeshAPIError(message, error_code=code, request_id=request_id, status=200 if answered else 0)


def _told(error: BaseException, tried: str, timeouts: Timeouts, *, answered: bool) -> tuple[str, str]:
    match error:
        case httpx.ConnectTimeout():
            return "timeout_connect", f"No connection to {tried} within {_span(timeouts.connect)}"
        case httpx.ReadTimeout():
            what = "Nothing more came" if answered else "No answer came"
            return "idle_timeout", f"{what} from {tried} for {_span(timeouts.idle)}"
        case httpx.WriteTimeout():
            return "timeout_write", f"{tried} did not take the request within {_span(timeouts.write)}"
        case httpx.PoolTimeout():
            return "timeout_pool", f"No free connection to {tried} within {_span(timeouts.pool)}"
        case TimeoutError():
            return "total_timeout", f"The reply from {tried} was not whole within {_span(timeouts.total)}"
        case httpx.ProxyError():
            return "connect_error", f"The proxy on the way to {tried} refused: {_system_words(error)}"
    if not answered and (tls := _tls_words(error)):
        return "tls_error", f"No secure connection to {tried}: {tls}"
    if isinstance(error, httpx.ConnectError):
        return "connect_error", f"Could not connect to {tried}: {_system_words(error)}"
    if answered and isinstance(error, httpx.NetworkError | httpx.RemoteProtocolError):
        return "stream_interrupted", f"{tried} closed the connection in the middle of the reply"
    if isinstance(error, httpx.NetworkError):
        return "protocol_error", f"The connection to {tried} broke before an answer came: {_system_words(error)}"
    if isinstance(error, httpx.RemoteProtocolError) and "disconnected" in str(error):
        return "protocol_error", f"{tried} closed the connection without an answer"
    return "protocol_error", f"What came from {tried} is no proper HTTP ({type(error).__name__})"


def _causes(error: BaseException) -> Iterator[BaseException]:
    """Yield an exception and everything it came from, also out of groups."""
    seen: set[int] = set()
    waiting: list[BaseException | None] = [error]
    while waiting:
        current = waiting.pop(0)
        if current is None or id(current) in seen:
            continue
        seen.add(id(current))
        yield current
        waiting += [current.__cause__, current.__context__]
        if isinstance(current, BaseExceptionGroup):
            waiting += current.exceptions


def _system_words(error: BaseException) -> str:
    """Return the operating system's words for what failed, such as Connection refused."""
    for cause in _causes(error):
        if isinstance(cause, socket.gaierror):
            return cause.strerror or "the name is not known"
        if isinstance(cause, OSError) and cause.errno and not isinstance(cause, ssl.SSLError):
            return os.strerror(cause.errno)
    return str(error) or type(error).__name__


_NO_FAULT_OF_TLS = (ssl.SSLWantReadError, ssl.SSLWantWriteError, ssl.SSLZeroReturnError, ssl.SSLSyscallError)


def _tls_words(error: BaseException) -> str:
    """Return what TLS objects to, or an empty text where it is not TLS that failed."""
    for cause in _causes(error):
        if isinstance(cause, ssl.SSLCertVerificationError):
            return f"the certificate was refused ({cause.verify_message})"
        if isinstance(cause, ssl.SSLEOFError):
            return "the other side hung up during the handshake"
        if isinstance(cause, ssl.SSLError) and not isinstance(cause, _NO_FAULT_OF_TLS):
            if cause.reason in ("WRONG_VERSION_NUMBER", "RECORD_LAYER_FAILURE", "HTTP_REQUEST"):
                return "the other side does not speak TLS; is it an http:// address?"
            return (cause.reason or str(cause)).replace("_", " ").lower()
    return ""


def _span(seconds: float | None) -> str:
    return "the time allowed" if seconds is None else f"{seconds:g} s"
