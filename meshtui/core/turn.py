"""A turn: one request and the reply it got. Deltas are its typed changes, `Turn.apply` is the one fold.

The client makes deltas from what arrives on the wire, the session applies them, every view, the store and
the headless commands read the same turn. Times are seconds since the turn was sent, given by the caller.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from typing import Any

from meshtui.core.calls.assemble import CallAssembler
from meshtui.core.chat import Message, Part, TextPart
from meshtui.core.money import Charge, charge_of
from meshtui.core.problem import Problem
from meshtui.core.text import Growing


@dataclass(frozen=True, slots=True)
class Opened:
    """The gateway answered: status and headers are here, nothing of the reply yet. Header names are lower case."""

    status: int
    request_id: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ReplyMeta:
    """What the reply says of itself: its id and the model that served it, which may differ from the one asked."""

    id: str | None = None
    model: str | None = None
    extra: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class TextDelta:
    """More text of the answer."""

    text: str


@dataclass(frozen=True, slots=True)
class ReasoningDelta:
    """More of the model's reasoning, shown apart from the answer."""

    text: str


@dataclass(frozen=True, slots=True)
class ReasoningDetails:
    """Rows of `reasoning_details` as they came; they go back with the message (signatures, encrypted thought)."""

    rows: tuple[Mapping[str, Any], ...]


@dataclass(frozen=True, slots=True)
class ToolFragment:
    """A piece of a tool call; any of its members may be missing (contract, section 3, quirks 1 to 3)."""

    index: int | None = None
    id: str | None = None
    name: str | None = None
    arguments: str | None = None
    extra: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class MediaDelta:
    """A part of the answer that is not text: a picture, sound, or something unknown."""

    part: Part


@dataclass(frozen=True, slots=True)
class UsageDelta:
    """Token counts as the gateway sent them, and the cost in US dollars where it said one. The last one wins."""

    usage: Mapping[str, Any] | None = None
    cost: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Finished:
    """The gateway named a reason for the end; more (usage, say) may follow."""

    reason: str


@dataclass(frozen=True, slots=True)
class Noise:
    """Something arrived that is no part of a reply: passed over, counted, the first of a kind kept as a sample."""

    kind: str
    sample: str = ""


Delta = (
    Opened
    | ReplyMeta
    | TextDelta
    | ReasoningDelta
    | ReasoningDetails
    | ToolFragment
    | MediaDelta
    | UsageDelta
    | Finished
    | Noise
)


class TurnState(StrEnum):
    """Where a turn is. A turn ends once, in one of the last four."""

    QUEUED = "queued"
    WAITING = "waiting"
    STREAMING = "streaming"
    DONE = "done"
    STOPPED = "stopped"
    FAILED = "failed"
    INTERRUPTED = "interrupted"


ENDED = frozenset({TurnState.DONE, TurnState.STOPPED, TurnState.FAILED, TurnState.INTERRUPTED})


class Turn:
    """One request and the reply it got so far; mutable, and the only truth about both.

    `request` is the body as it goes over the wire; it may be given as a function that reads it when it is first
    asked for, because every request of a long conversation repeats all that went before. `started_at` and
    `ended_at` are seconds since the epoch, `first_at` (of the first output), `last_at` (of anything) and `total`
    seconds since the turn was sent. `cost` is what the reply itself said in US dollars, `estimate` what the catalogue
    makes of it, `billed` what the gateway's usage report has.
    """

    __slots__ = (
        "__weakref__",
        "_request",
        "assembler",
        "billed",
        "content",
        "cost",
        "ended_at",
        "estimate",
        "finish_reason",
        "first_at",
        "headers",
        "id",
        "last_at",
        "media",
        "meta",
        "model",
        "noise",
        "parent_id",
        "problem",
        "profile",
        "reasoning",
        "reasoning_details",
        "reasoning_total",
        "reply_id",
        "request_id",
        "samples",
        "served_model",
        "started_at",
        "state",
        "status",
        "total",
        "usage",
    )

    def __init__(
        self,
        id: str,
        request: Mapping[str, Any] | Callable[[], Mapping[str, Any]],
        *,
        model: str = "",
        parent_id: str | None = None,
        profile: str = "",
        started_at: float = 0.0,
    ) -> None:
        self.id = id
        self._request = request
        # The model asked for; empty where the gateway is to decide.
        self.model = model if callable(request) else str(request.get("model") or model)
        self.parent_id = parent_id
        self.profile = profile
        self.started_at = started_at
        self.ended_at: float | None = None
        self.first_at: float | None = None
        self.last_at = 0.0
        self.total: float | None = None
        self.reasoning_total: float | None = None
        self.state = TurnState.QUEUED
        self.content = Growing()
        self.reasoning = Growing()
        self.reasoning_details: list[Mapping[str, Any]] = []
        self.assembler = CallAssembler(id)
        self.media: list[Part] = []
        self.status: int | None = None
        self.headers: Mapping[str, str] = {}
        self.request_id: str | None = None
        self.reply_id: str | None = None
        self.served_model: str | None = None
        self.meta: dict[str, Any] = {}
        self.usage: Mapping[str, Any] | None = None
        self.cost: Decimal | None = None
        self.estimate: Decimal | None = None
        self.billed: Decimal | None = None
        self.finish_reason: str | None = None
        self.noise: dict[str, int] = {}
        self.samples: dict[str, str] = {}
        self.problem: Problem | None = None

    @property
    def request(self) -> Mapping[str, Any]:
        """The body of the request."""
        if callable(self._request):
            self._request = self._request()
        return self._request

    def release_request(self, read: Callable[[], Mapping[str, Any]]) -> None:
        """Let go of the request, which `read` brings back when it is asked for."""
        self._request = read

    @property
    def ended(self) -> bool:
        """Whether nothing more will change."""
        return self.state in ENDED

    @property
    def charge(self) -> Charge:
        """What the turn cost, and how surely."""
        return charge_of(self.estimate, self.cost, self.billed)

    @property
    def has_output(self) -> bool:
        """Whether anything of a reply arrived."""
        return bool(self.content or self.reasoning or self.assembler or self.media)

    def sent(self) -> None:
        """Note that the request leaves now."""
        if self.state is TurnState.QUEUED:
            self.state = TurnState.WAITING

    def apply(self, delta: Delta, at: float = 0.0) -> None:
        """Take one delta in; `at` is when it came, in seconds since the turn was sent."""
        self.last_at = at
        match delta:
            case TextDelta(text):
                self._output(at)
                if self.reasoning and self.reasoning_total is None:
                    self.reasoning_total = at - (self.first_at or 0.0)
                self.content.append(text)
            case ReasoningDelta(text):
                self._output(at)
                self.reasoning.append(text)
            case ToolFragment():
                self._output(at)
                self.assembler.add(delta.index, delta.id, delta.name, delta.arguments, delta.extra)
            case MediaDelta(part):
                self._output(at)
                self.media.append(part)
            case ReasoningDetails(rows):
                self.reasoning_details.extend(rows)
            case UsageDelta(usage, cost):
                self.usage = usage if usage is not None else self.usage
                self.cost = cost if cost is not None else self.cost
            case Finished(reason):
                self.finish_reason = reason
            case Opened(status, request_id, headers):
                self.status, self.headers = status, headers
                self.request_id = request_id or self.request_id
            case ReplyMeta(reply_id, model, extra):
                self.reply_id = reply_id or self.reply_id
                self.served_model = model or self.served_model
                self.meta.update(extra)
            case Noise(kind, sample):
                self.noise[kind] = self.noise.get(kind, 0) + 1
                self.samples.setdefault(kind, sample[:500])

    def _output(self, at: float) -> None:
        if self.first_at is None:
            self.first_at = at
            self.state = TurnState.STREAMING

    def end(self, state: TurnState, at: float, now: float, problem: Problem | None = None) -> bool:
        """End the turn, once: True where this call ended it. `at` counts from its sending, `now` from the epoch."""
        if self.ended:
            return False
        self.state, self.total, self.ended_at, self.problem = state, at, now, problem
        if problem is not None and problem.request_id is None:
            problem.request_id = self.request_id
        if self.request_id is None and problem is not None:
            self.request_id = problem.request_id
        return True

    def reply(self) -> Message:
        """Return the reply as a message, whole or partial."""
        content: Any = str(self.content) or None
        if self.media:
            content = (*((TextPart(content),) if content else ()), *self.media)
        return Message(
            "assistant",
            content,
            tool_calls=self.assembler.calls(),
            reasoning=str(self.reasoning),
            reasoning_details=tuple(self.reasoning_details),
        )

    def _call_objects(self) -> list[dict[str, Any]]:
        if not self.assembler:
            return []
        from meshtui.core.calls.rounds import call_object  # late: arguments are seldom checked

        return [call_object(call, self.request.get("tools")) for call in self.assembler.calls()]

    def result(self) -> dict[str, Any]:
        """Return the object that `meshtui run --json` prints (design, section 5)."""
        message: dict[str, Any] = {
            "role": "assistant",
            "content": str(self.content),
            "reasoning": str(self.reasoning),
            "tool_calls": self._call_objects(),
        }
        if self.media:
            message["media"] = [part.to_wire() for part in self.media]
        return {
            "message": message,
            "finish_reason": self.finish_reason,
            "model": self.served_model or self.model or None,
            "request_id": self.request_id,
            "usage": self.usage,
            "cost_usd": None if self.cost is None else format(self.cost, "f"),
            "timing": {"ttft_ms": milliseconds(self.first_at), "total_ms": milliseconds(self.total)},
            "interrupted": self.state in (TurnState.STOPPED, TurnState.INTERRUPTED)
            or (self.problem is not None and self.has_output),
            "error": None if self.problem is None else error_object(self.problem),
        }


def milliseconds(seconds: float | None) -> int | None:
    """Return whole milliseconds, or None where nothing was measured."""
    return None if seconds is None else round(seconds * 1000)


def error_object(problem: Problem) -> dict[str, Any]:
    """Return the `error` member of the JSON that headless commands print (design, section 5)."""
    return {
        "code": problem.code,
        "status": problem.status,
        "message": problem.message or problem.headline,
        "retry_after_seconds": problem.retry_after_seconds,
        "request_id": problem.request_id,
        "param": problem.param,
        "details": problem.details,
    }
