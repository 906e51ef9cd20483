"""One key's limits and money: fixed windows, soft spend cap, balance (contract section 8)."""

from __future__ import annotations

import hashlib
import json
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from meshtui.core.waits import iso_time

from .errors import Refusal
from .reply import Reply
from .settings import Settings
from .tokens import count_message

MINUTE = 60
DAY = 86_400

# Keys that behave: what follows `rsk_` decides. Anything else is an ordinary key.
UNKNOWN, SUSPENDED, BROKE, CAPPED = "unknown", "suspended", "broke", "capped"
LIMITED, RESTRICTED, OTHER = "limited", "restricted", "other"
RESTRICTED_PROVIDERS = frozenset({"sandbox", "openai"})
LIMITED_RPM = 2

KEPT_ANSWERS = 500
KEPT_PREFIXES = 10_000


def money(amount: Decimal) -> str:
    """An amount as the gateway writes it: a string with eight decimals."""
    return f"{amount:.8f}"


@dataclass(slots=True)
class Window:
    """A fixed window: counts what falls into the current span of `seconds`, aligned to the clock."""

    name: str
    unit: str
    seconds: int
    limit: int | None
    is_default: bool = True
    span: int = -1
    count: int = 0

    def roll(self, now: float) -> None:
        """Begin at zero when a new span has begun."""
        span = int(now // self.seconds)
        if span != self.span:
            self.span, self.count = span, 0

    def resets_in(self, now: float) -> int:
        """Whole seconds to the end of the span, at least 1."""
        return max(1, int(-(-((self.span + 1) * self.seconds - now) // 1)))

    def refuse_over(self, now: float, wanted: int) -> None:
        """Raise the 429 of this window if `wanted` more would go over its limit."""
        self.roll(now)
        if self.limit is not None and self.count + wanted > self.limit:
            raise Refusal(
                "rate_limit_exceeded",
                f"{self.name} limit reached: {self.limit} {self.unit}.",
                retry_after=self.resets_in(now),
                stage="guard_rate_limit",
            )

    def row(self, now: float) -> dict[str, Any]:
        """The window as GET /v1/usage/rate-limits shows it."""
        self.roll(now)
        return {
            "current": self.count,
            "limit": self.limit,
            "pct": min(100.0, round(100 * self.count / self.limit, 2)) if self.limit else 0,
            "resets_in_seconds": self.resets_in(now),
            "is_default_limit": self.is_default,
        }


@dataclass(frozen=True, slots=True)
class Stored:
    """An answer in the response cache, and when it ends."""

    reply: Reply
    expires: float


@dataclass(slots=True)
class Account:
    """Everything the gateway knows about one key."""

    key: str
    rpm: Window
    rpd: Window
    tpm: Window
    spend_cap: Decimal | None
    balance: Decimal
    spent: Decimal = Decimal(0)
    events: deque[dict[str, Any]] = field(default_factory=lambda: deque(maxlen=10_000))
    prefixes: dict[str, int] = field(default_factory=dict)
    replies: dict[str, Stored] = field(default_factory=dict)

    @classmethod
    def opened(cls, key: str, settings: Settings) -> Account:
        """A fresh account with the limits of the settings, or those that the key's name asks for."""
        limited = key_is(key, LIMITED)
        account = cls(
            key,
            Window("RPM", "requests per minute", MINUTE, LIMITED_RPM if limited else settings.rpm, settings.rpm == 100),
            Window("RPD", "requests per day", DAY, settings.rpd, settings.rpd == 10_000),
            Window("TPM", "tokens per minute", MINUTE, settings.tpm, settings.tpm is None),
            Decimal(0) if key_is(key, CAPPED) else settings.spend_cap,
            Decimal(0) if key_is(key, BROKE) else settings.balance,
        )
        return account

    @property
    def owner(self) -> str:
        """Who owns the templates of this key."""
        return "org_other" if key_is(self.key, OTHER) else "org_demo"

    def count_request(self, now: float, prompt_tokens: int) -> None:
        """Count one request in its windows, or raise the 429; a refused request is not counted."""
        self.rpm.refuse_over(now, 1)
        self.rpd.refuse_over(now, 1)
        self.tpm.refuse_over(now, prompt_tokens)
        self.rpm.count += 1
        self.rpd.count += 1

    def refuse_over_cap(self) -> None:
        """The cap is soft: looked at before the call, charged after it, so one request may cross it."""
        if self.spend_cap is not None and self.spent >= self.spend_cap:
            raise Refusal(
                "spend_limit_exceeded",
                f"Spend limit of this key reached: {_dollars(self.spent)} of {_dollars(self.spend_cap)}.",
                stage="guard_spend_cap",
            )

    def refuse_without_balance(self) -> None:
        """Raise the 402 of an exhausted balance."""
        if self.balance <= 0:
            raise Refusal(
                "spend_limit_exceeded",
                f"Balance is exhausted ({_dollars(self.balance)}); add credit to continue.",
                stage="balance",
            )

    def may_use(self, provider: str) -> bool:
        """Whether the key's policy allows models of this provider."""
        return not key_is(self.key, RESTRICTED) or provider in RESTRICTED_PROVIDERS

    def book(self, request_id: str, now: float, status: str, cost: Decimal = Decimal(0), **known: Any) -> None:
        """Charge a finished request and write its usage row; what is not known of it is empty or zero."""
        tokens = {name: known.pop(name, 0) for name in ("prompt_tokens", "cached_tokens", "completion_tokens")}
        total = tokens["prompt_tokens"] + tokens["completion_tokens"]
        self.spent += cost
        self.balance -= cost
        self.tpm.roll(now)
        self.tpm.count += total
        row = {"request_id": request_id, "created_at": iso_time(now), "model": None, "cost_usd": money(cost), **tokens}
        row |= {"total_tokens": total, "status": status, "latency_ms": 0, "routing_fallback": False}
        row |= dict.fromkeys(("cache_source", "failure_stage", "session_id", "tags"))
        self.events.append({**row, **known})

    def remember(self, key: str, reply: Reply, expires: float) -> None:
        """Keep an answer for the response cache; the oldest go when there are too many."""
        while len(self.replies) >= KEPT_ANSWERS:
            del self.replies[next(iter(self.replies))]
        self.replies[key] = Stored(reply, expires)

    def seen_prefix(self, model: str, messages: Sequence[Mapping[str, Any]]) -> int:
        """Tokens of the longest run of first messages this model has seen before; remembers all runs of this one."""
        if len(self.prefixes) > KEPT_PREFIXES:
            self.prefixes.clear()
        running, tokens, longest = hashlib.sha256(model.encode()), 0, 0
        for message in messages:
            running.update(json.dumps(message, sort_keys=True).encode())
            tokens += count_message(message)
            mark = running.hexdigest()
            if mark in self.prefixes:
                longest = tokens
            self.prefixes[mark] = tokens
        return longest

    def rate_limits(self, now: float) -> dict[str, Any]:
        """The body of GET /v1/usage/rate-limits."""
        return {
            "as_of": iso_time(now),
            "key": {window.name.lower(): window.row(now) for window in (self.rpm, self.rpd, self.tpm)},
            "org": None,
            "team": None,
            "member": None,
        }

    def headers(self, now: float, style: str) -> dict[str, str]:
        """The x-ratelimit-* headers in the style of the switch."""
        for window in (self.rpm, self.rpd, self.tpm):
            window.roll(now)
        if style == "absent":
            return {}
        if style == "mesh":
            pairs = [(window.name.lower(), window) for window in (self.rpm, self.rpd, self.tpm)]
            return _window_headers(pairs, now, "x-ratelimit-{name}-{part}", "")
        pairs = [("requests", self.rpm), ("tokens", self.tpm)]
        return _window_headers(pairs, now, "x-ratelimit-{part}-{name}", "s")


def _window_headers(pairs: list[tuple[str, Window]], now: float, pattern: str, unit: str) -> dict[str, str]:
    headers = {}
    for name, window in pairs:
        if window.limit is None:
            continue
        headers[pattern.format(part="limit", name=name)] = str(window.limit)
        headers[pattern.format(part="remaining", name=name)] = str(max(0, window.limit - window.count))
        headers[pattern.format(part="reset", name=name)] = f"{window.resets_in(now)}{unit}"
    return headers


def key_is(key: str, kind: str) -> bool:
    """Whether a key is one of those that behave: `rsk_suspended...` and the like."""
    return key.startswith(f"rsk_{kind}")


def _dollars(amount: Decimal) -> str:
    """Two decimals, or as many as a small amount needs to be seen."""
    places = 2 if abs(amount) >= Decimal("0.005") or not amount else 8
    text = f"{abs(amount):.{places}f}"
    return f"{'-' if amount < 0 and Decimal(text) else ''}${text}"
