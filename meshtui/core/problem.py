"""Problems: what went wrong with a turn, as a value with a kind, facts and an exit code.

The client raises one; the session ends the turn with it; the store keeps it; a card shows it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from enum import StrEnum
from typing import Any

from meshtui.core.spend import Purse, purse_of
from meshtui.core.waits import countdown


class ProblemKind(StrEnum):
    """What a user can do about it decides the kind; the gateway's code decides which (contract, section 8)."""

    KEY_REFUSED = "key_refused"
    FORBIDDEN = "forbidden"
    SPEND = "spend"
    RATE_LIMIT = "rate_limit"
    PROVIDER_BUSY = "provider_busy"
    MODEL_NOT_FOUND = "model_not_found"
    NOT_FOUND = "not_found"
    INVALID = "invalid"
    CONTEXT = "context"
    TOO_LARGE = "too_large"
    PROVIDER = "provider"
    GATEWAY = "gateway"
    TIMEOUT = "timeout"
    NETWORK = "network"
    TLS = "tls"
    NOT_A_GATEWAY = "not_a_gateway"
    STREAM_CUT = "stream_cut"
    STREAM_ERROR = "stream_error"
    EMPTY = "empty"
    BUG = "bug"


_EXIT = {
    ProblemKind.KEY_REFUSED: 3,
    ProblemKind.FORBIDDEN: 3,
    ProblemKind.RATE_LIMIT: 4,
    ProblemKind.PROVIDER_BUSY: 4,
    ProblemKind.SPEND: 5,
    ProblemKind.MODEL_NOT_FOUND: 7,
    ProblemKind.NOT_FOUND: 7,
    ProblemKind.INVALID: 8,
    ProblemKind.CONTEXT: 8,
    ProblemKind.TOO_LARGE: 8,
    ProblemKind.BUG: 1,
}
_RETRYABLE = {
    ProblemKind.RATE_LIMIT,
    ProblemKind.PROVIDER_BUSY,
    ProblemKind.PROVIDER,
    ProblemKind.GATEWAY,
    ProblemKind.TIMEOUT,
    ProblemKind.NETWORK,
    ProblemKind.STREAM_CUT,
    ProblemKind.EMPTY,
}
_TRANSIENT = frozenset((500, 502, 503, 504, 529))
_NEVER = frozenset(("provider_job_failed", "all_models_failed"))
_HEADLINES = {
    ProblemKind.KEY_REFUSED: "The gateway refused the key",
    ProblemKind.FORBIDDEN: "This key may not do that",
    ProblemKind.SPEND: "Spend limit reached",
    ProblemKind.RATE_LIMIT: "Rate limit reached",
    ProblemKind.PROVIDER_BUSY: "The provider is throttling",
    ProblemKind.MODEL_NOT_FOUND: "No such model",
    ProblemKind.NOT_FOUND: "Not found",
    ProblemKind.INVALID: "The request was refused as invalid",
    ProblemKind.CONTEXT: "Too long for the model's context",
    ProblemKind.TOO_LARGE: "The request is too large",
    ProblemKind.PROVIDER: "The provider failed",
    ProblemKind.GATEWAY: "The gateway failed",
    ProblemKind.TIMEOUT: "Timed out",
    ProblemKind.NETWORK: "The gateway cannot be reached",
    ProblemKind.TLS: "No secure connection",
    ProblemKind.NOT_A_GATEWAY: "This address is not an API gateway",
    ProblemKind.STREAM_CUT: "The answer was cut off",
    ProblemKind.STREAM_ERROR: "The answer failed while it streamed",
    ProblemKind.EMPTY: "The answer was empty",
    ProblemKind.BUG: "A fault of meshtui's own",
}
_ADVICE = {
    ProblemKind.KEY_REFUSED: "Enter another key.",
    ProblemKind.FORBIDDEN: "Use another key, or a model that this key may use.",
    ProblemKind.SPEND: "Nothing is retried. Raise the cap, top up or switch the profile.",
    ProblemKind.RATE_LIMIT: "Wait for the window to end, or switch the model's provider or the profile.",
    ProblemKind.PROVIDER_BUSY: "It is the provider, not your key's limit. Try again shortly, or another model.",
    ProblemKind.MODEL_NOT_FOUND: "Choose another model.",
    ProblemKind.NOT_FOUND: "Check the name of the model or template.",
    ProblemKind.INVALID: "Change what the gateway names, then send again.",
    ProblemKind.CONTEXT: "Shorten the conversation, lower max_tokens, or choose a model with a larger context.",
    ProblemKind.TOO_LARGE: "A body may have 32 MiB; attached files grow by a third on the way.",
    ProblemKind.PROVIDER: "Try again, or choose another model.",
    ProblemKind.GATEWAY: "Try again in a moment.",
    ProblemKind.TIMEOUT: "Try again, or allow more time.",
    ProblemKind.NETWORK: "Check the address and the connection, then try again.",
    ProblemKind.TLS: "Check the address, the clock and the certificates of this machine.",
    ProblemKind.NOT_A_GATEWAY: "Check the base URL of the profile.",
    ProblemKind.STREAM_CUT: "What arrived is kept. Try again.",
    ProblemKind.STREAM_ERROR: "What arrived is kept. Try again, or choose another model.",
    ProblemKind.EMPTY: "Try again; a prompt near the context limit can cause this.",
    ProblemKind.BUG: "What you typed is kept. Please report it with the words below.",
}


@dataclass(eq=True, unsafe_hash=False)
class Problem(Exception):
    """What went wrong with a turn. `message` is the other side's own words, uncleaned and without keys.

    `retry_after_seconds` counts from the moment the reply came. `limit` is rpm, rpd or tpm where the
    body said which. `details` are the 422 rows `{"loc", "msg", "type"}`.
    """

    kind: ProblemKind
    code: str
    message: str
    status: int | None = None
    param: str | None = None
    details: Any = None
    provider_error: Mapping[str, Any] | None = None
    retry_after_seconds: float | None = None
    request_id: str | None = None
    limit: str | None = None
    extra: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        super().__init__(self.message)

    __hash__ = Exception.__hash__

    def __str__(self) -> str:
        return f"{self.headline}: {self.message.rstrip()}" if self.message else self.headline

    @property
    def sentence(self) -> str:
        """What happened, what can be done and how long to wait, as sentences for the moment it happened."""
        if self.retry_after_seconds is None or not self.retryable:
            return self.lasting
        return f"{self.lasting} It can be tried again in {countdown(self.retry_after_seconds)}."

    @property
    def lasting(self) -> str:
        """The sentence without the wait, for what is read later."""
        said = str(self)
        return f"{said}{'' if said[-1] in '.!?…' else '.'} {self.advice}"

    @property
    def headline(self) -> str:
        """What happened, in a few words of ours."""
        if self.kind is ProblemKind.RATE_LIMIT and self.limit:
            return f"{_HEADLINES[self.kind]}: {LIMIT_WORDS.get(self.limit, self.limit)}"
        return _HEADLINES[self.kind]

    @property
    def advice(self) -> str:
        """What can be done, in one sentence."""
        if self.kind is ProblemKind.SPEND and purse_of(self.message) is Purse.BALANCE:
            return "Nothing is retried. Top up or switch the profile; free models need no balance."
        return _ADVICE[self.kind]

    @property
    def exit_code(self) -> int:
        """The exit code of a headless turn that ended with it (design, section 5)."""
        if self.kind is ProblemKind.PROVIDER_BUSY and self.status not in (None, 200, 429):
            return 6  # overloaded (529), not limited
        return _EXIT.get(self.kind, 6)

    @property
    def retryable(self) -> bool:
        """Whether the same request may do better later, without any change."""
        if self.code in _NEVER or (self.status is not None and self.status >= 500 and self.status not in _TRANSIENT):
            return False
        return self.kind in _RETRYABLE

    @classmethod
    def bug(cls, error: BaseException) -> Problem:
        """Return the problem for an exception nobody expected: its type and words, no locals, no traceback."""
        from meshtui.core.text import mask_secrets

        return cls(ProblemKind.BUG, "internal", f"{type(error).__name__}: {mask_secrets(str(error))[:500]}")

    def to_json(self) -> dict[str, Any]:
        """Return the problem as plain values for the store."""
        values = asdict(self)
        return {name: value for name, value in values.items() if value not in (None, {}, [])}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Problem:
        """Read what `to_json` wrote; unknown members are passed over, a missing kind is a gateway failure."""
        known = {f.name for f in fields(cls)}
        kept = {name: value for name, value in values.items() if name in known}
        try:
            kept["kind"] = ProblemKind(kept.get("kind", ""))
        except ValueError:
            kept["kind"] = ProblemKind.GATEWAY
        kept.setdefault("code", "unknown")
        kept.setdefault("message", "")
        return cls(**kept)


LIMIT_WORDS = {"rpm": "requests per minute", "rpd": "requests per day", "tpm": "tokens per minute"}
