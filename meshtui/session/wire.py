"""The client as the session knows it: its failures become problems. Imported with the first connection."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from typing import Any

from meshtui.client.errors import MeshAPIError, problem_from
from meshtui.client.gateway import Gateway as Client
from meshtui.core.problem import Problem, ProblemKind
from meshtui.core.turn import Delta
from meshtui.session.gateway import Route


class Wire:
    """A `Gateway` over one client."""

    def __init__(self, client: Client) -> None:
        self._client = client

    async def stream(self, request: Mapping[str, Any], *, stream: bool = True) -> AsyncGenerator[Delta, None]:
        """Send one request and yield the deltas of its reply; raises Problem."""
        try:
            async with aclosing(self._client.stream(request, stream=stream)) as deltas:
                async for delta in deltas:
                    yield delta
        except MeshAPIError as error:
            raise problem_from(error) from error

    async def catalogue(self) -> list[dict[str, Any]]:
        """Return the rows of the model list, none where the gateway has no such list; raises Problem."""
        try:
            return (await self._client.catalogue()).rows
        except MeshAPIError as error:
            raise problem_from(error) from error

    async def route(self, messages: Sequence[Mapping[str, Any]]) -> Route:
        """Ask the router which model it would take; raises Problem, also where the gateway has no router."""
        body = {"messages": list(messages), "api_type": "completions"}
        try:
            payload, _ = await self._client.request("POST", "/v1/router/select", body=body)
        except MeshAPIError as error:
            raise problem_from(error) from error
        payload = payload if isinstance(payload, Mapping) else {}
        if not isinstance(model := payload.get("model"), str):
            raise Problem(ProblemKind.NOT_FOUND, "no_router", "this gateway named no model")
        told = payload.get("auto_router")
        reason = told.get("fallback_reason") if isinstance(told, Mapping) else None
        return Route(model, reason if isinstance(reason, str) else "")

    async def limits(self) -> Mapping[str, Any]:
        """Return the gateway's table of this key's limits, an empty one where it has none; raises Problem."""
        try:
            payload, _ = await self._client.request("GET", "/v1/usage/rate-limits")
        except MeshAPIError as error:
            raise problem_from(error) from error
        return payload if isinstance(payload, Mapping) else {}

    async def aclose(self) -> None:
        """Close every connection."""
        await self._client.aclose()
