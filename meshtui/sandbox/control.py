"""The control plane under /sandbox/: scripted answers and the requests that were seen. No key, this machine only."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, Self, cast, get_args

from starlette.responses import JSONResponse, Response

from .faults import FAULTS
from .settings import SWITCHES
from .wire import End, EventStream, Framing, Pause, Raw, Step

if TYPE_CHECKING:
    from starlette.requests import Request

    from .state import State

Ending = Literal["close", "cut", "reset", "hang"]


@dataclass(frozen=True, slots=True)
class Script:
    """An exact answer to one chat request.

    chunks go out one HTTP chunk each, `pause` seconds apart. end: `close` ends the body properly, `cut`
    closes the connection in mid-chunk, `reset` resets it, `hang` stays silent. content-type belongs into
    headers; without one none is sent.
    """

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=lambda: {"content-type": "text/event-stream"})
    chunks: tuple[bytes, ...] = ()
    pause: float = 0.0
    end: Ending = "close"

    @classmethod
    def read(cls, body: object) -> Self:
        """Read the JSON form: chunks are base64; raises ValueError that says what is wrong."""
        if not isinstance(body, dict):
            raise ValueError("the body must be an object")
        unknown = set(body) - {"status", "headers", "chunks", "pause", "end"}
        if unknown:
            raise ValueError(f"unknown members: {', '.join(sorted(unknown))}")
        end = body.get("end", "close")
        if end not in get_args(Ending):
            raise ValueError(f"end must be one of {', '.join(get_args(Ending))}")
        try:
            chunks = tuple(base64.b64decode(chunk, validate=True) for chunk in body.get("chunks", ()))
        except (binascii.Error, TypeError, ValueError):
            raise ValueError("chunks must be a list of base64 texts") from None
        headers = body.get("headers", {"content-type": "text/event-stream"})
        if not isinstance(headers, dict):
            raise ValueError("headers must be an object of texts")
        return cls(
            status=int(body.get("status", 200)),
            headers={str(name): str(value) for name, value in headers.items()},
            chunks=chunks,
            pause=float(body.get("pause", 0)),
            end=cast("Ending", end),
        )

    def _steps(self) -> Iterator[Step]:
        for number, chunk in enumerate(self.chunks):
            if number and self.pause:
                yield Pause(self.pause)
            yield Raw(chunk)
        if self.end == "hang":
            yield Pause(None)
        elif self.end != "close":
            yield End(self.end)

    def response(self) -> EventStream:
        """The answer, ready to be written."""
        return EventStream(
            self._steps(),
            status=self.status,
            headers=self.headers,
            content_type=None,
            framing=Framing(events=False),
            headers_first=self.end == "close" or bool(self.chunks),
        )


async def control(request: Request, state: State) -> Response:
    """Route one request of the control plane."""
    if request.client is None or request.client.host not in ("127.0.0.1", "::1"):
        return JSONResponse({"error": "the control plane answers this machine only"}, 403)
    match (request.method, request.url.path.rstrip("/")):
        case ("GET", "" | "/sandbox"):
            return JSONResponse(_overview(state))
        case ("GET", "/sandbox/requests"):
            return JSONResponse(list(state.requests))
        case ("DELETE", "/sandbox/requests"):
            state.requests.clear()
            return Response(status_code=204)
        case ("POST", "/sandbox/next"):
            return await _queue(request, state)
    return JSONResponse({"error": f"no {request.method} {request.url.path} here; GET /sandbox lists what is"}, 404)


async def _queue(request: Request, state: State) -> Response:
    try:
        body: Any = json.loads(await request.body())
        scripts = [Script.read(item) for item in (body if isinstance(body, list) else [body])]
    except ValueError as error:
        return JSONResponse({"error": str(error)}, 422)
    state.scripts.extend(scripts)
    return JSONResponse({"queued": len(state.scripts)}, 202)


def _overview(state: State) -> dict[str, Any]:
    return {
        "what": "meshtui sandbox: a simulated Mesh API gateway",
        "faults": {fault.name: fault.summary for fault in FAULTS.values()},
        "switches": {
            name: {"summary": switch.summary, "values": switch.values, "now": state.settings.switch(name)}
            for name, switch in SWITCHES.items()
        },
        "models": {m.id: m.description for m in state.catalogue.models if m.provider == "sandbox"},
        "control": ["GET /sandbox", "GET /sandbox/requests", "DELETE /sandbox/requests", "POST /sandbox/next"],
    }
