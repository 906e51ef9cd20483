"""One model answering one request: chat plans one such run, a comparison several."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from .ask import Ask
from .catalogue import Model
from .errors import Refusal
from .fault import Fault
from .ids import digest, ulid
from .limits import money
from .provider import check_request
from .replies import answer, completion_tokens
from .reply import Form, Pace, Reply, compact, paced
from .router import Pick, route
from .templates import expand
from .tokens import count_prompt

if TYPE_CHECKING:
    from .state import Exchange

SLOW_SPEED, SLOW_TTFT = 8.0, 1.5
CACHE_SECONDS = 24 * 3600
PROMPT_CACHE_LEAST, PROMPT_CACHE_STEP = 256, 64


@dataclass(slots=True)
class Run:
    """One model answering one request: what it got, what it says, what that costs, how fast it goes."""

    exchange: Exchange
    request_id: str
    model: Model
    name: str
    body: Mapping[str, Any]
    reply: Reply
    prompt_tokens: int
    cached_tokens: int
    pace: Pace
    faults: Sequence[Fault]
    pick: Pick | None = None
    from_cache: bool = False
    fell_back: bool = False
    begun: float = field(default_factory=time.monotonic)

    @property
    def completion_tokens(self) -> int:
        """Tokens of the whole reply."""
        return completion_tokens(self.reply)

    @property
    def latency(self) -> float:
        """Seconds until the whole reply is there."""
        return self.pace.due(paced(self.reply))

    def cost(self, completion: int) -> Decimal:
        """What so many tokens of the reply cost, in US dollars; a cached reply costs nothing."""
        if self.from_cache:
            return Decimal(0)
        classifier = (self.pick.prompt_tokens, self.pick.completion_tokens) if self.pick else (0, 0)
        return self.model.cost(self.prompt_tokens, completion, self.cached_tokens, classifier)

    def usage(self) -> dict[str, Any]:
        """The usage object of the reply."""
        completion = self.completion_tokens
        usage: dict[str, Any] = {
            "prompt_tokens": self.prompt_tokens,
            "completion_tokens": completion,
            "total_tokens": self.prompt_tokens + completion,
            "prompt_tokens_details": {"cached_tokens": self.cached_tokens},
            "completion_tokens_details": {"reasoning_tokens": len(self.reply.reasoning)},
        }
        if self.pick:
            usage["classifier_prompt_tokens"] = self.pick.prompt_tokens
            usage["classifier_completion_tokens"] = self.pick.completion_tokens
            usage["classifier_tokens"] = self.pick.tokens
        return usage

    def switch(self, name: str) -> str:
        """A switch, as the faults of this request or else the settings have it."""
        for fault in self.faults:
            if name in fault.switches:
                return fault.switches[name]
        return self.exchange.settings.switch(name)

    def form(self) -> Form:
        """How the reply is wrapped."""
        cost, place = self.cost(self.completion_tokens), self.switch("cost")
        told: dict[str, str | float] = {"string": money(cost), "number": float(cost)}
        served = self.model.build if self.model.build and self.switch("served-model") == "build" else self.name
        return Form(
            id=f"chatcmpl-{'cached-' if self.from_cache else ''}{ulid()}",
            created=int(self.exchange.state.now()),
            model=served,
            usage=self.usage(),
            cost=told.get(place),
            cost_in_usage=float(cost) if place == "usage" else None,
            usage_place=self.switch("usage"),
            reasoning_name=self.switch("reasoning"),
            images=self.switch("images"),
        )

    def settle(self, completion: int, status: str) -> None:
        """Charge the account and write the usage row."""
        exchange = self.exchange
        exchange.account.book(
            self.request_id,
            exchange.state.now(),
            status,
            self.cost(completion),
            model=self.name,
            prompt_tokens=self.prompt_tokens,
            cached_tokens=self.cached_tokens,
            completion_tokens=completion,
            latency_ms=round(1000 * (time.monotonic() - self.begun)),
            routing_fallback=self.fell_back,
            cache_source="gateway" if self.from_cache else "provider" if self.cached_tokens else None,
            failure_stage=None if status == "ok" else "upstream_stream",
            session_id=self.body.get("session_id"),
            tags=self.body.get("tags"),
        )

    def settle_sent(self, frames: int, whole: bool) -> None:
        """Settle a stream of which so many frames went out."""
        if whole:
            self.settle(self.completion_tokens, "ok")
        elif self.switch("bill-cancelled") == "generated":
            # The first frame carries the role only.
            self.settle(min(self.completion_tokens, max(0, frames - 1)), "interrupted")
        else:
            self.settle(0, "interrupted")


def check_body(exchange: Exchange, model: type[Any], body: dict[str, Any]) -> None:
    """The 422s of a body. An unknown weight profile counts as balanced, so it is not one of them."""
    known = {name: value for name, value in body.items() if name != "weight_profile"}
    try:
        exchange.validated(model, known)
    except Refusal as refusal:
        rows = refusal.details if isinstance(refusal.details, list) else []
        # The gateway hands reasoning_effort on and lets the provider side refuse it (contract section 3).
        refusal.upstream = bool(rows) and all(row["loc"][1:] == ["reasoning_effort"] for row in rows)
        raise


def admit(exchange: Exchange, body: Mapping[str, Any]) -> None:
    """Rate limit, then spend cap; the request is counted here, once."""
    prompt = count_prompt(body.get("messages") or (), body.get("tools") or ())
    exchange.account.count_request(exchange.state.now(), prompt)
    exchange.account.refuse_over_cap()


def prepared(exchange: Exchange, body: dict[str, Any]) -> dict[str, Any]:
    """The request as the models get it: access checked, template expanded."""
    if body.get("model"):
        check_access(exchange, str(body["model"]))
    if body.get("template"):
        template = exchange.state.templates.resolve(exchange.account.owner, body["template"])
        from meshtui.client.types import ChatCompletionParams

        body = expand(template, body, exchange.settings.switch("missing-variable"))
        exchange.validated(ChatCompletionParams, {k: v for k, v in body.items() if k != "weight_profile"})
    return body


def check_access(exchange: Exchange, name: str) -> None:
    """403 for a model that the key's policy leaves out; `auto` is looked at once it is resolved."""
    model = exchange.state.catalogue.find(name)
    if model is not None and not exchange.account.may_use(model.provider):
        raise Refusal("model_excluded", f"This key may not use {name}.", param="model", stage="guard_model_access")


def plan(exchange: Exchange, body: Mapping[str, Any], faults: Sequence[Fault] = (), *, request_id: str = "") -> Run:
    """Find the model, let it answer, and work out tokens, price and pace. Raises what the gateway would refuse."""
    name, pick = _asked_model(exchange, body)
    model, name, fell_back = _resolve(exchange, name, body.get("models") or ())
    faults = list(faults)
    if name.startswith("sandbox/fault-"):
        faults += exchange.state.due_faults([name.removeprefix("sandbox/fault-")])
    if not any(fault.answer for fault in faults):
        check_request(model, body)
    prompt = count_prompt(body.get("messages") or (), body.get("tools") or ())
    run = Run(
        exchange=exchange,
        request_id=request_id or exchange.id,
        model=model,
        name=name,
        body=body,
        reply=Reply(),
        prompt_tokens=prompt,
        cached_tokens=_cached_prompt(exchange, name, body, prompt),
        pace=_pace(exchange, model, faults),
        faults=faults,
        pick=pick,
        fell_back=fell_back,
    )
    _let_answer(run)
    return run


def _asked_model(exchange: Exchange, body: Mapping[str, Any]) -> tuple[str, Pick | None]:
    name = body.get("model")
    if name is None:
        name = exchange.settings.switch("default-model")
        if name == "refused":
            raise Refusal("invalid_request", "No model given and the key has no default.", param="model")
    if name.strip().casefold() != "auto":
        return name, None
    pick = route(body, exchange.headers, exchange.settings.switch("router-fallback"))
    return pick.model, pick


def _resolve(exchange: Exchange, name: str, others: Sequence[str]) -> tuple[Model, str, bool]:
    """The first model of the fallback list that there is: access, then balance, then lookup (contract section 8)."""
    find = exchange.state.catalogue.find
    candidates = [(number, id_, find(id_)) for number, id_ in enumerate((name, *others))]
    fitting = [(number, id_, model) for number, id_, model in candidates if model is not None and model.chats]
    check_access(exchange, fitting[0][1] if fitting else name)
    if not (fitting and fitting[0][2].free):
        exchange.account.refuse_without_balance()
    if fitting:
        number, id_, model = fitting[0]
        return model, id_, number > 0
    if find(name) is not None:
        raise Refusal("model_capability_not_supported", f"{name} is no chat model.", param="model")
    raise Refusal("model_not_found", f"Model {name!r} not found.", param="model", stage="credentials")


def _pace(exchange: Exchange, model: Model, faults: Iterable[Fault]) -> Pace:
    settings = exchange.settings
    speed, ttft = settings.speed * model.pace, settings.ttft * model.patience
    if model.id == "sandbox/slow":
        speed, ttft = SLOW_SPEED, SLOW_TTFT
    elif model.id == "sandbox/fast":
        speed, ttft = 0.0, 0.0
    for fault in faults:
        ttft = ttft if fault.ttft is None else fault.ttft
    return Pace(exchange.number("x-sandbox-speed", speed), exchange.number("x-sandbox-ttft", ttft))


def _let_answer(run: Run) -> None:
    exchange = run.exchange
    key = _cache_key(run)
    stored = exchange.account.replies.get(key) if key else None
    if stored and stored.expires > exchange.state.now():
        run.reply = replace(stored.reply, tokens=[stored.reply.text], reasoning=())
        run.from_cache = True
        run.pace = Pace()
        return
    length = exchange.headers.get("x-sandbox-tokens")
    ask = Ask(
        model=run.model,
        name=run.name,
        body=run.body,
        seed=exchange.settings.seed,
        length=int(exchange.number("x-sandbox-tokens", 0)) if length else None,
        force_tools=any(fault.tools for fault in run.faults),
    )
    reply = answer(ask)
    for fault in run.faults:
        if fault.reply is not None:
            reply = fault.reply(reply)
    run.reply = reply
    if key:
        exchange.account.remember(key, reply, exchange.state.now() + CACHE_SECONDS)


def _cache_key(run: Run) -> str:
    """Key of the response cache, empty where the request is not eligible (contract section 2)."""
    exchange, body = run.exchange, run.body
    if not exchange.settings.cache or body.get("cache") is False or body.get("temperature") not in (None, 0):
        return ""
    if body.get("tools") or run.faults or exchange.headers.get("x-mem-id"):
        return ""
    if exchange.headers.get("x-mesh-cache") == "no-store":
        return ""
    fields = ("messages", "max_tokens", "temperature", "stop", "response_format")
    return digest(run.name, run.model.provider, *(compact(body.get(name)) for name in fields))


def _cached_prompt(exchange: Exchange, name: str, body: Mapping[str, Any], prompt: int) -> int:
    """Prompt tokens that the provider has seen before: those of the longest known run of first messages."""
    if exchange.settings.switch("prompt-cache") == "off" or prompt < PROMPT_CACHE_LEAST:
        return 0
    return exchange.account.seen_prefix(name, body.get("messages") or ()) // PROMPT_CACHE_STEP * PROMPT_CACHE_STEP
