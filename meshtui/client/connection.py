"""HTTP to one gateway: the key goes to its host only, every failure becomes the one exception."""

from __future__ import annotations

import asyncio
import json
import ssl
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Generator, Mapping
from functools import cache
from typing import Any
from urllib.parse import urljoin

import httpx

from meshtui import __version__
from meshtui.client.address import Address, base_url_from, key_from, read_address, read_key, shown
from meshtui.client.bodies import Redactor, error_from_body, error_from_payload, looks_like_error, request_id_of
from meshtui.client.errors import MeshAPIError
from meshtui.client.failures import failure
from meshtui.client.limits import Retries, Timeouts
from meshtui.core.text import whole_characters

CONTRACT_VERSION = "2026-09"
_ERROR_BODY_LIMIT = 1 << 20
_REDIRECTS = 3
_KEPT_HEADERS = frozenset(
    {"retry-after", "retry-after-ms", "content-type", "date", "server", "deprecation", "sunset", "request-id", "via"}
)


@cache
def tls_context() -> ssl.SSLContext:
    """Return the TLS settings of this process; made once, since reading the certificates takes long."""
    return httpx.create_ssl_context()


class Bearer(httpx.Auth):
    """Puts the key on requests to one address and on no other; shows itself without it."""

    def __init__(self, key: str, address: Address) -> None:
        self._key = key
        self._address = address

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """Add the Authorization header, if the request goes where the key belongs."""
        if self._key and self._address.same_origin(str(request.url)):
            request.headers["Authorization"] = f"Bearer {self._key}"
        yield request

    def __repr__(self) -> str:
        return "Bearer(…)"


class Connection:
    """Requests to one gateway. `token` and `base_url` default to the environment; see `Timeouts` and `Retries`.

    Proxies of the environment are used for https to other machines only, where they see nothing but the host name.
    `version` is sent as X-Mesh-Version (None: not sent). `http` is a client to use instead of an own one.
    """

    def __init__(
        self,
        base_url: str | None = None,
        token: str | None = None,
        *,
        timeouts: Timeouts | None = None,
        retries: Retries | None = None,
        allow_http: bool = False,
        version: str | None = CONTRACT_VERSION,
        headers: Mapping[str, str] | None = None,
        http: httpx.AsyncClient | None = None,
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], float] = time.time,
        sleep: Callable[[float], Awaitable[Any]] = asyncio.sleep,
    ) -> None:
        self.address = read_address(base_url or base_url_from(), allow_http=allow_http)
        self.timeouts = timeouts or Timeouts()
        self.retries = retries or Retries()
        self.clock = clock
        self.now = now
        self._sleep = sleep
        self._http = http
        key = read_key(key_from() if token is None else token)
        self._auth = Bearer(key, self.address)
        self.redact = Redactor(key)
        self._headers = {"User-Agent": f"meshtui/{__version__}", "X-MeshAPI-SDK": f"meshtui/{__version__}"}
        if version is not None:
            self._headers["X-Mesh-Version"] = version
        self._headers.update(headers or {})

    def __repr__(self) -> str:
        return f"{type(self).__name__}({str(self.address)!r})"

    async def client(self) -> httpx.AsyncClient:
        """Return the HTTP client; the first call makes it, and the TLS settings in a thread."""
        if self._http is None:
            secure = self.address.secure
            verify = await asyncio.to_thread(tls_context) if secure else ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            if self._http is None:
                self._http = httpx.AsyncClient(
                    verify=verify,
                    trust_env=secure and not self.address.is_loopback,
                    limits=httpx.Limits(max_connections=100, max_keepalive_connections=20, keepalive_expiry=30.0),
                )
        return self._http

    async def aclose(self) -> None:
        """Close the connections."""
        if self._http is not None:
            await self._http.aclose()

    def deadline(self) -> float | None:
        """Return when a call that begins now has to be over, by the event loop's clock."""
        total = self.timeouts.total
        return None if total is None else asyncio.get_running_loop().time() + total

    async def open(
        self,
        method: str,
        path: str,
        *,
        body: Any = None,
        params: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        stream: bool = False,
        deadline: float | None = None,
    ) -> httpx.Response:
        """Send a request and return the head of its answer, whatever its status; the caller closes it.

        Redirects are followed to the same origin only, and with a body only where the body may be sent again.
        """
        client = await self.client()
        content = None if body is None else self._encoded(body)
        url = self.address.url(path)
        for _ in range(_REDIRECTS + 1):
            request = client.build_request(
                method,
                url,
                content=content,
                params=params,
                headers={**self._request_headers(stream, content), **(headers or {})},
                timeout=self._httpx_timeout(),
            )
            try:
                async with asyncio.timeout_at(deadline):
                    response = await client.send(request, stream=True, auth=self._auth, follow_redirects=False)
            except (httpx.HTTPError, httpx.InvalidURL, TimeoutError) as error:
                raise failure(error, self.address.tried, self.timeouts) from None
            if not response.has_redirect_location:
                return response
            url, params = await self._redirected(response, method), None
        raise MeshAPIError(f"{self.address.tried} redirects in a circle", error_code="bad_redirect")

    async def _redirected(self, response: httpx.Response, method: str) -> str:
        await response.aclose()
        try:
            target = urljoin(str(response.request.url), response.headers["location"])
        except ValueError:
            target = "an address that cannot be read"
        where = whole_characters(self.redact(shown(target)))
        status, request_id = response.status_code, request_id_of(response.headers)
        if not self.address.same_origin(target):
            message = f"{self.address.tried} sends requests on to {where}; the key is not sent there. "
            message += "If that is the right gateway, make it the base URL"
        elif method != "GET" and status not in (307, 308):
            message = f"{self.address.tried} sends {method} requests on to {where} without their body (HTTP {status})"
        else:
            return target
        raise MeshAPIError(message, status=status, error_code="bad_redirect", request_id=request_id)

    def _encoded(self, body: Any) -> bytes:
        try:
            text = json.dumps(body, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
        except (TypeError, ValueError, RecursionError) as error:
            raise MeshAPIError(f"The request is no JSON: {error}", error_code="invalid_request") from None
        try:
            return text.encode()
        except UnicodeEncodeError:
            return whole_characters(text).encode()

    def _request_headers(self, stream: bool, content: bytes | None) -> dict[str, str]:
        headers = {**self._headers, "Accept": "text/event-stream" if stream else "application/json"}
        if stream:
            headers["Accept-Encoding"] = "identity"
            headers["Cache-Control"] = "no-store"
        if content is not None:
            headers["Content-Type"] = "application/json"
        return headers

    def _httpx_timeout(self) -> httpx.Timeout:
        limits = self.timeouts
        return httpx.Timeout(connect=limits.connect, read=limits.idle, write=limits.write, pool=limits.pool)

    async def error_of(self, response: httpx.Response, deadline: float | None = None) -> tuple[MeshAPIError, str]:
        """Read a refused request's body, as far as it comes, and return the error with that body."""
        body = bytearray()
        try:
            async with asyncio.timeout_at(deadline):
                async for piece in response.aiter_bytes():
                    body += piece
                    if len(body) > _ERROR_BODY_LIMIT:
                        break
        except (httpx.HTTPError, TimeoutError):
            pass  # the status alone is an answer: what came of the body is used
        text = bytes(body).decode("utf-8", "replace")
        headers = kept_headers(response.headers)
        return error_from_body(response.status_code, headers, text, now=self.now(), redact=self.redact), text

    def in_band(self, payload: Mapping[str, Any], status: int, headers: Mapping[str, str]) -> MeshAPIError:
        """Return the error that came inside an answer with a good status."""
        return error_from_payload(payload, status, headers, now=self.now(), in_band=True, redact=self.redact)

    async def request(
        self,
        method: str,
        path: str,
        *,
        body: Any = None,
        params: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> tuple[Any, Mapping[str, str]]:
        """Make a call that does not stream, again where that may help; return its JSON (None if empty) and headers."""
        deadline, tried = self.deadline(), 0
        while True:
            try:
                return await self._call(method, path, body=body, params=params, headers=headers, deadline=deadline)
            except MeshAPIError as error:
                tried += 1
                wait = self.retries.wait(error, tried)
                if wait is None or (deadline is not None and asyncio.get_running_loop().time() + wait > deadline):
                    raise
            await self._sleep(wait)

    async def _call(
        self, method: str, path: str, *, body: Any, params: Any, headers: Any, deadline: float | None
    ) -> tuple[Any, Mapping[str, str]]:
        response = await self.open(method, path, body=body, params=params, headers=headers, deadline=deadline)
        try:
            if response.status_code >= 400:
                raise (await self.error_of(response, deadline))[0]
            text = await self.text_of(response, deadline)
        finally:
            await response.aclose()
        return self.json_of(response, text), kept_headers(response.headers)

    async def text_of(self, response: httpx.Response, deadline: float | None) -> str:
        """Read a whole body as UTF-8."""
        try:
            async with asyncio.timeout_at(deadline):
                return (await response.aread()).decode("utf-8", "replace")
        except (httpx.HTTPError, TimeoutError) as error:
            request_id = request_id_of(response.headers)
            raise failure(error, self.address.tried, self.timeouts, answered=True, request_id=request_id) from None

    def json_of(self, response: httpx.Response, text: str) -> Any:
        """Return a good answer's JSON, None if it is empty; an error inside it, or a page instead of it, is raised."""
        if not text.strip():
            return None
        headers, status = kept_headers(response.headers), response.status_code
        try:
            payload = json.loads(text, strict=False)
        except (ValueError, RecursionError) as error:
            raise self.not_json(text, status, headers, error) from None
        if isinstance(payload, dict) and looks_like_error(payload):
            raise self.in_band(payload, status, headers)
        return payload

    def not_json(
        self, text: str, status: int, headers: Mapping[str, str], reason: Exception | None = None
    ) -> MeshAPIError:
        """Return the error for a body that is neither JSON nor a stream, or JSON that breaks off."""
        if text.lstrip()[:1] in ("{", "[") and isinstance(reason, json.JSONDecodeError):
            if reason.pos >= len(text.rstrip()) or reason.msg.startswith("Unterminated"):
                message, request_id = f"The answer from {self.address.tried} breaks off", request_id_of(headers)
                return MeshAPIError(message, status=status, error_code="stream_interrupted", request_id=request_id)
        error = error_from_body(status, headers, text, now=self.now(), redact=self.redact)
        message = f"{self.address.tried} answered with something else than an API: {error.message}"
        return MeshAPIError(message, status=status, error_code="not_a_gateway", request_id=error.request_id)


def kept_headers(headers: httpx.Headers) -> dict[str, str]:
    """Return the headers worth keeping, names in lower case: ids, routing, cache, limits; no cookies, no challenges."""
    return {
        name: value
        for name, value in headers.items()
        if name in _KEPT_HEADERS or name.startswith(("x-", "llm_provider-", "openai-", "ratelimit"))
    }


async def until(source: AsyncIterator[bytes], deadline: float) -> AsyncIterator[bytes]:
    """Yield from `source` until the deadline of the event loop's clock, then raise TimeoutError."""
    while True:
        try:
            async with asyncio.timeout_at(deadline):
                piece = await anext(source)
        except StopAsyncIteration:
            return
        yield piece
