"""What was used: events, totals, trend, rate limits, balance, and the versions served (contract section 7)."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from starlette.responses import Response

from meshtui.core.waits import iso_time

from .errors import Refusal, json_response
from .limits import money

if TYPE_CHECKING:
    from .state import Exchange

EVENTS_MAX = 200


async def events(exchange: Exchange) -> Response:
    """POST /v1/usage/events: the calling key's requests, newest first."""
    body = exchange.json()
    if not isinstance(body.get("org_id"), str):
        kind, message = (
            ("missing", "Field required") if "org_id" not in body else ("string_type", "Input should be a valid string")
        )
        raise _invalid("org_id", message, kind)
    limit = _whole(body, "limit", EVENTS_MAX, 1, EVENTS_MAX)
    offset = _whole(body, "offset", 0, 0, None)
    rows = [row for row in reversed(exchange.account.events) if _since(body, row)]
    return json_response({"events": rows[offset : offset + limit], "total": len(rows)})


async def totals(exchange: Exchange) -> Response:
    """POST /v1/usage: totals, and the same by model."""
    body = exchange.json() if exchange.body else {}
    by_model: dict[str, list[dict[str, Any]]] = defaultdict(list)
    rows = [row for row in exchange.account.events if _since(body, row)]
    for row in rows:
        by_model[row["model"]].append(row)
    page = [{"model": model, **_sum(group)} for model, group in by_model.items()]
    page.sort(key=lambda row: Decimal(row["cost_usd"]), reverse=True)
    return json_response({"totals": _sum(rows), "by_model": page, "by_model_total": len(page)})


def _sum(rows: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "requests": len(rows),
        "cost_usd": money(sum((Decimal(row["cost_usd"]) for row in rows), Decimal(0))),
        "prompt_tokens": sum(row["prompt_tokens"] for row in rows),
        "completion_tokens": sum(row["completion_tokens"] for row in rows),
        "total_tokens": sum(row["total_tokens"] for row in rows),
    }


async def spend_trend(exchange: Exchange) -> Response:
    """GET /v1/usage/spend-trend: spend by day."""
    days: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in exchange.account.events:
        days[row["created_at"][:10]].append(row)
    points = [{"date": day, **_sum(rows)} for day, rows in sorted(days.items())]
    return json_response({"points": points})


async def attempts(exchange: Exchange) -> Response:
    """GET /v1/usage/events/{id}/attempts: one attempt, since the sandbox never retries."""
    for row in exchange.account.events:
        if row["request_id"] == exchange.params["id"]:
            attempt = {"attempt": 1, "model": row["model"], "status": row["status"], "latency_ms": row["latency_ms"]}
            return json_response({"request_id": row["request_id"], "attempts": [attempt]})
    raise Refusal("resource_not_found", "No such usage event.")


async def rate_limits(exchange: Exchange) -> Response:
    """GET /v1/usage/rate-limits."""
    return json_response(exchange.account.rate_limits(exchange.state.now()))


async def balance(exchange: Exchange) -> Response:
    """GET /v1/balance."""
    account = exchange.account
    return json_response(
        {
            "balance_usd": money(account.balance),
            "reserved_usd": money(Decimal(0)),
            "available_usd": money(max(Decimal(0), account.balance)),
            "reserved_breakdown": [],
        }
    )


async def api_versions(exchange: Exchange) -> Response:
    """GET /v1/api-versions: oldest first."""
    return json_response(
        {
            "versions": [
                {"version": "2026-08", "baseline": True, "latest": False, "capabilities": []},
                {
                    "version": "2026-09",
                    "baseline": False,
                    "latest": True,
                    "capabilities": ["reasoning", "service_tier", "tags"],
                },
            ],
            "as_of": iso_time(exchange.state.now()),
        }
    )


def _since(body: dict[str, Any], row: dict[str, Any]) -> bool:
    since = body.get("since")
    if since is None:
        return True
    try:
        return datetime.fromisoformat(row["created_at"]) >= datetime.fromisoformat(since)
    except (TypeError, ValueError):
        raise _invalid("since", "Input should be a valid datetime with a time zone", "datetime_parsing") from None


def _whole(body: dict[str, Any], name: str, default: int, least: int, most: int | None) -> int:
    value = body.get(name, default)
    if isinstance(value, bool) or not isinstance(value, int):
        raise _invalid(name, "Input should be a valid integer", "int_type")
    if value < least:
        raise _invalid(name, f"Input should be greater than or equal to {least}", "greater_than_equal")
    if most is not None and value > most:
        raise _invalid(name, f"Input should be less than or equal to {most}", "less_than_equal")
    return value


def _invalid(name: str, message: str, kind: str) -> Refusal:
    row = {"loc": ["body", name], "msg": message, "type": kind}
    return Refusal("validation_error", "Request validation failed.", details=[row])
