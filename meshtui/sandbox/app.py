"""The sandbox as an ASGI application: the gate in front of every route, and the routes."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route, Router

from . import compare, models, router, templates, usage
from .answers import html_page
from .chat import chat
from .control import control
from .delivery import canned_answer, late_json, scene_of
from .errors import Answered, Refusal
from .state import Exchange, State, exchange_of, shown_body, shown_headers

if TYPE_CHECKING:
    from starlette.types import Message, Receive, Scope, Send

MAX_BODY_BYTES = 32 * 1024 * 1024
CHAT_PATHS = ("/v1/chat/completions", "/v1/chat/compare")

log = logging.getLogger("meshtui.sandbox")
# Silent in the demo, where a line on stderr would spoil the screen; `serve` shows what is logged.
log.addHandler(logging.NullHandler())

Handler = Callable[[Exchange], Awaitable[Answered]]


def _endpoint(handler: Handler) -> Callable[[Request], Awaitable[Answered]]:
    async def endpoint(request: Request) -> Answered:
        exchange = exchange_of(request)
        exchange.params = dict(request.path_params)
        response = await handler(exchange)
        spoil = exchange.faults and exchange.path not in CHAT_PATHS
        if spoil and isinstance(response, Response):
            body = bytes(response.body).decode()
            scene = scene_of(exchange)
            return late_json(body, 0, status=response.status_code, faults=exchange.faults, scene=scene)
        return response

    return endpoint


async def _no_such_path(scope: Scope, receive: Receive, send: Send) -> None:
    refusal = Refusal("not_found", f"The sandbox has no {scope['method']} {scope['path']}.")
    await refusal.response(scope["exchange"].id)(scope, receive, send)


def _routes() -> Router:
    table: list[tuple[str, str, Handler]] = [
        ("POST", "/v1/chat/completions", chat),
        ("POST", "/v1/chat/compare", compare.compare),
        ("GET", "/v1/models", models.list_models),
        ("GET", "/v1/models/free", models.free_models),
        ("GET", "/v1/models/paid", models.paid_models),
        ("GET", "/v1/models/search", models.search_models),
        ("GET", "/v1/models/{id:path}", models.get_model),
        ("GET", "/v1/templates", templates.list_templates),
        ("POST", "/v1/templates", templates.create_template),
        ("GET", "/v1/templates/{id}", templates.get_template),
        ("PATCH", "/v1/templates/{id}", templates.update_template),
        ("DELETE", "/v1/templates/{id}", templates.delete_template),
        ("POST", "/v1/router/select", router.select),
        ("POST", "/v1/usage/events", usage.events),
        ("POST", "/v1/usage", usage.totals),
        ("GET", "/v1/usage/spend-trend", usage.spend_trend),
        ("GET", "/v1/usage/rate-limits", usage.rate_limits),
        ("GET", "/v1/usage/events/{id}/attempts", usage.attempts),
        ("GET", "/v1/balance", usage.balance),
        ("GET", "/v1/api-versions", usage.api_versions),
    ]
    routes = [Route(path, _endpoint(handler), methods=[method]) for method, path, handler in table]
    return Router(routes, default=_no_such_path)


class Gate:
    """Everything in front of the routes, in the gateway's order: size, version, key, faults by header."""

    def __init__(self, state: State) -> None:
        self.state = state
        self._router = _routes()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one HTTP request."""
        if scope["type"] != "http":
            return
        if scope["path"] == "/" or scope["path"].startswith("/sandbox"):
            response = await control(Request(scope, receive), self.state)
            await response(scope, receive, send)
            return
        body = await _read(receive)
        exchange = self._exchange(scope, body or b"")
        send = _stamped(exchange, send)
        scope["exchange"] = exchange
        if body is None:
            exchange.edge = True
            page = Response(html_page(413, "Request Entity Too Large"), 413, media_type="text/html")
            await page(scope, receive, send)
            return
        try:
            early = self._admitted(exchange)
            if early is not None:
                await early(scope, receive, send)
            else:
                await self._router(scope, receive, send)
        except Refusal as refusal:
            exchange.note_failure(refusal)
            response = refusal.response(exchange.id)
            if refusal.stage == "guard_rate_limit":
                style = exchange.settings.switch("ratelimit-headers")
                response.headers.update(exchange.account.headers(self.state.now(), style))
            await response(scope, receive, send)
        except Exception as error:
            log.exception("the sandbox failed at %s %s", exchange.method, exchange.path)
            self.state.crashes.append(error)
            if exchange.record.get("status") is not None:
                raise
            failure = Refusal("internal_error", f"The sandbox itself failed: {type(error).__name__}: {error}")
            await failure.response(exchange.id)(scope, receive, send)

    def _exchange(self, scope: Scope, body: bytes) -> Exchange:
        headers = Headers(scope=scope)
        record = {
            "at": self.state.now(),
            "method": scope["method"],
            "path": scope["path"],
            "query": scope["query_string"].decode("latin-1"),
            "headers": shown_headers(headers),
            "body": shown_body(body),
            "status": None,
        }
        self.state.requests.append(record)
        query = Request(scope).query_params
        exchange = Exchange(self.state, scope["method"], scope["path"], headers, query, body, record)
        record["request_id"] = exchange.id
        return exchange

    def _admitted(self, exchange: Exchange) -> Answered | None:
        """Version, key, then what was asked for by fault or script; an answer given here ends the request."""
        exchange.check_version()
        exchange.check_key()
        names = [name.strip() for line in exchange.headers.getlist("x-sandbox-fault") for name in line.split(",")]
        wide = exchange.settings.switch("fault-scope") == "all"
        if wide or exchange.path in CHAT_PATHS:
            names = [*exchange.settings.faults, *names]
        exchange.faults = self.state.due_faults([name for name in names if name])
        if exchange.path in CHAT_PATHS and self.state.scripts:
            return self.state.scripts.popleft().response()
        return canned_answer(exchange, exchange.faults)


async def _read(receive: Receive) -> bytes | None:
    """The whole body, or None when it is too large; what is too large is still read, so that the answer arrives."""
    body = bytearray()
    too_large = False
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return bytes(body)
        body += message.get("body", b"")
        if len(body) > MAX_BODY_BYTES:
            too_large = True
            body.clear()
        if not message.get("more_body"):
            return None if too_large else bytes(body)


def _stamped(exchange: Exchange, send: Send) -> Send:
    """Put request id and version on what the gateway itself answers, and note the status."""

    async def stamped(message: Message) -> None:
        if message["type"] == "http.response.start":
            exchange.record["status"] = message["status"]
            if not exchange.edge:
                headers = MutableHeaders(scope=message)
                headers.setdefault("X-Request-Id", exchange.id)
                headers.setdefault("X-Mesh-Version", exchange.version)
        await send(message)

    return stamped
