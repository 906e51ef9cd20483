"""The client as the session knows it: its failures become problems. Imported with the first connection."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Collection, Mapping, Sequence
from contextlib import aclosing
from decimal import Decimal
from typing import Any
from urllib.parse import quote

from meshtui.client.chunks import CompareStream
from meshtui.client.errors import MeshAPIError, problem_from
from meshtui.client.gateway import Gateway as Client
from meshtui.core.money import amount_from, balance_from
from meshtui.core.problem import Problem, ProblemKind
from meshtui.core.turn import Delta
from meshtui.core.waits import iso_time
from meshtui.session.comparison_events import parts_of
from meshtui.session.gateway import JudgePart, LanePart, Route

PAGE, PAGES = 200, 10
"""How many usage events a page may have, and how many pages are read."""


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
            return await self._client.catalogue()
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

    async def templates(self, method: str, id: str = "", body: Mapping[str, Any] | None = None) -> Any:
        """Call a route of the gateway's templates and return its JSON; raises Problem."""
        path = "/v1/templates" + (f"/{quote(id, safe='')}" if id else "")
        try:
            payload, _ = await self._client.request(method, path, body=body)
        except MeshAPIError as error:
            raise problem_from(error) from error
        return payload

    async def limits(self) -> Mapping[str, Any]:
        """Return the gateway's table of this key's limits, an empty one where it has none; raises Problem."""
        return await self._report("GET", "/v1/usage/rate-limits") or {}

    async def bills(self, request_ids: Collection[str], since: float) -> Mapping[str, Decimal] | None:
        """Return what requests since a time were billed, as far as the gateway knows; None where it has no such report.

        Raises Problem. Pages are read until all are found, none is left, or the time is passed.
        """
        body: dict[str, Any] = {"org_id": "", "since": iso_time(since), "limit": PAGE, "offset": 0}
        found: dict[str, Decimal] = {}
        for page in range(PAGES):
            report = await self._report("POST", "/v1/usage/events", {**body, "offset": page * PAGE})
            if report is None:
                return None
            events = report.get("events")
            rows = [row for row in events if isinstance(row, Mapping)] if isinstance(events, list) else []
            for row in rows:
                id, amount = row.get("request_id"), amount_from(row.get("cost_usd"))
                if id in request_ids and amount is not None:
                    found.setdefault(str(id), amount)
            if len(rows) < PAGE or len(found) == len(request_ids):
                break
        return found

    async def balance(self) -> Decimal | None:
        """Return what the account has left, None where the gateway does not say; raises Problem."""
        report = await self._report("GET", "/v1/balance") or {}
        left = balance_from(report.get("available_usd"))
        return left if left is not None else balance_from(report.get("balance_usd"))

    async def spent(self) -> Decimal | None:
        """Return what this key has spent in all, None where the gateway does not say; raises Problem."""
        totals = (await self._report("POST", "/v1/usage", {"org_id": ""}) or {}).get("totals")
        return amount_from(totals.get("cost_usd")) if isinstance(totals, Mapping) else None

    async def _report(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Mapping[str, Any] | None:
        """Ask for a report; None where this gateway has none of that kind."""
        try:
            payload, _ = await self._client.request(method, path, body=body)
        except MeshAPIError as error:
            if error.status in (404, 405, 410, 501):
                return None
            raise problem_from(error) from error
        return payload if isinstance(payload, Mapping) else {}

    async def compare(self, request: Mapping[str, Any]) -> AsyncGenerator[LanePart | JudgePart, None]:
        """Let the gateway ask several models and a judge; what fails for one model is a part of its own."""
        stream = CompareStream(self._client, "/v1/chat/compare", {**request, "stream": True})
        try:
            async with stream:
                async for event in stream:
                    for part in parts_of(event.event or "", event.data or {}, stream.request_id):
                        yield part
        except MeshAPIError as error:
            raise problem_from(error) from error

    async def aclose(self) -> None:
        """Close every connection."""
        await self._client.aclose()
