"""POST /v1/chat/compare, both ways (contract section 6)."""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from .answers import ANSWERS
from .delivery import late_json, scene_of, spoiled
from .errors import Answered, Refusal
from .ids import ulid
from .replies import completion_tokens
from .reply import Reply, compact, completion
from .run import Run, admit, check_body, plan, prepared
from .tokens import split
from .wire import DONE, Frame

if TYPE_CHECKING:
    from .fault import Fault
    from .state import Exchange

JUDGE = "openai/gpt-4o-mini"
# What a fault of the stream does to one model of a comparison.
_SILENT = frozenset({"hang", "stall"})
_BROKEN = frozenset({"cut", "reset", "cut-clean", "drop", "empty", "only-done"})
_CODES = {404: "model_not_found", 504: "gateway_timeout"}


@dataclass(frozen=True, slots=True)
class Lane:
    """One model's part: a run, or why there is none. latency in seconds, said: the tokens that arrive."""

    model: str
    request_id: str
    run: Run | None = None
    error: str | None = None
    error_code: str | None = None
    latency: float = 0.0
    said: Sequence[str] = ()

    def usage(self) -> dict[str, Any] | None:
        """Token counts, None after a failure."""
        return None if self.run is None or self.error is not None else self.run.usage()

    def result(self) -> dict[str, Any]:
        """The entry under `results`."""
        done = self.run is not None and self.error is None
        body = completion(self.run.reply, self.run.form()) if self.run is not None and done else None
        return {
            "model": self.model,
            "response_body": body,
            "content": "".join(self.said) if done else None,
            "latency_ms": round(self.latency * 1000),
            "error": self.error,
            "error_code": self.error_code,
            "usage": self.usage(),
            "request_id": self.request_id,
        }

    def settle(self, whole: bool) -> None:
        """Write the usage row of this model."""
        if self.run is None:
            return
        if self.error is not None:
            exchange = self.run.exchange
            exchange.account.book(
                self.request_id,
                exchange.state.now(),
                self.error_code or "upstream_error",
                model=self.model,
                failure_stage="upstream_stream",
            )
        else:
            self.run.settle_sent(self.run.completion_tokens + 1, whole)


@dataclass(frozen=True, slots=True)
class Comparison:
    """All lanes, and the judge's run where there is one. Times in seconds from the start."""

    id: str
    exchange: Exchange
    lanes: Sequence[Lane]
    judge: Run | None
    judge_name: str | None
    fell_back: bool
    skipped: bool

    @property
    def slowest(self) -> float:
        """When the last model is done."""
        return max(lane.latency for lane in self.lanes)

    @property
    def total(self) -> float:
        """When everything is done."""
        return self.slowest + (self.judge.latency if self.judge else 0)

    @property
    def partial(self) -> bool:
        """Whether some failed and some did not."""
        failed = sum(lane.error is not None for lane in self.lanes)
        return 0 < failed < len(self.lanes)

    @property
    def all_failed(self) -> bool:
        """Whether no model answered."""
        return all(lane.error is not None for lane in self.lanes)

    def settle(self, _: int, whole: bool) -> None:
        """One usage row for each model and one for the judge."""
        for lane in self.lanes:
            lane.settle(whole)
        if self.judge is not None:
            self.judge.settle_sent(self.judge.completion_tokens + 1, whole)

    def failure(self) -> Refusal:
        """The refusal when every model failed."""
        rows = [{"model": lane.model, "error": lane.error, "error_code": lane.error_code} for lane in self.lanes]
        return Refusal("all_models_failed", "All models failed.", details=rows, stage="upstream_stream")


async def compare(exchange: Exchange) -> Answered:
    """Answer one comparison, streamed or not."""
    from meshtui.client.types import CompareParams

    body = exchange.json()
    check_body(exchange, CompareParams, body)
    admit(exchange, body)
    comparison = _run_all(exchange, body)
    scene, settle = scene_of(exchange), comparison.settle
    if body.get("stream"):
        return spoiled(_events(comparison), exchange.faults, scene, on_end=settle)
    if comparison.all_failed:
        content = {"detail": comparison.failure().envelope(exchange.id)}
        return late_json(compact(content), comparison.total, status=502, on_end=settle)
    content = _whole(comparison)
    return late_json(compact(content), comparison.total, faults=exchange.faults, scene=scene, on_end=settle)


# -- running --------------------------------------------------------------------------------------


def _run_all(exchange: Exchange, body: dict[str, Any]) -> Comparison:
    names = list(dict.fromkeys(body["models"]))
    models = map(exchange.state.catalogue.find, names)
    if any(model is not None and not model.free for model in models):
        exchange.account.refuse_without_balance()
    expanded = prepared(exchange, {name: value for name, value in body.items() if name != "model"})
    lanes = [_lane(exchange, expanded, name) for name in names]
    skipped = bool(body.get("skip_comparison"))
    answered = [lane for lane in lanes if lane.error is None]
    judge, judge_name, fell_back = None, None, False
    if not skipped and len(answered) >= 2:
        judge, fell_back = _judge(exchange, expanded, answered)
        judge_name = judge.name
    return Comparison(f"cmp_{ulid()}", exchange, lanes, judge, judge_name, fell_back, skipped)


def _lane(exchange: Exchange, body: Mapping[str, Any], name: str) -> Lane:
    request_id = f"{exchange.id}::{name}"
    asked = _asked(body, name)
    try:
        run = plan(exchange, asked, request_id=request_id)
    except Refusal as refusal:
        code = _CODES.get(refusal.status, "upstream_error")
        return Lane(name, request_id, error=refusal.message, error_code=code)
    tokens = run.reply.tokens
    for fault in run.faults:
        if failed := _failed(exchange, run, fault):
            return failed
    return Lane(name, request_id, run, latency=run.latency, said=tokens)


def _asked(body: Mapping[str, Any], name: str) -> dict[str, Any]:
    """The chat request for one model: the common fields, then its overrides."""
    common = ("messages", "temperature", "max_tokens", "cache", "session_id", "tags")
    asked = {field: body[field] for field in common if body.get(field) is not None}
    for override in body.get("model_overrides") or ():
        if override.get("model") != name:
            continue
        asked |= {k: override[k] for k in ("temperature", "max_tokens") if override.get(k) is not None}
        if override.get("system_prompt"):
            asked["messages"] = [{"role": "system", "content": override["system_prompt"]}, *asked["messages"]]
    return {**asked, "model": name}


def _failed(exchange: Exchange, run: Run, fault: Fault) -> Lane | None:
    """What a fault makes of one model's part, if it ends it."""
    half = run.reply.tokens[: len(run.reply.tokens) // 2]
    timeout = exchange.settings.compare_timeout
    if fault.name in _SILENT:
        said = half if fault.name == "stall" else ()
        message = f"Model timed out after {timeout:g}s."
        return Lane(run.name, run.request_id, run, message, "gateway_timeout", timeout, said)
    if fault.name in _BROKEN or fault.name.startswith("error-"):
        message = "Provider closed the stream before the answer was complete."
        return Lane(run.name, run.request_id, run, message, "upstream_error", run.latency / 2, half)
    if fault.answer:
        canned = ANSWERS[fault.answer]
        code = canned.code if canned.code in ("model_not_found", "gateway_timeout") else "upstream_error"
        return Lane(run.name, run.request_id, run, canned.message or canned.summary, code, run.pace.ttft)
    return None


def _judge(exchange: Exchange, body: Mapping[str, Any], lanes: Sequence[Lane]) -> tuple[Run, bool]:
    """The judge's run; a judge that cannot be had is replaced by the default one."""
    wanted = body.get("comparison_model") or JUDGE
    request_id = f"{exchange.id}::comparison"
    words = "\n\n".join(f"{lane.model}:\n{''.join(lane.said)}" for lane in lanes)
    asked = {"messages": [*body["messages"], {"role": "user", "content": words}]}
    fell_back = False
    try:
        run = plan(exchange, {**asked, "model": wanted}, request_id=request_id)
        fell_back = any(fault.answer for fault in run.faults)
    except Refusal:
        fell_back = True
    if fell_back:
        run = plan(exchange, {**asked, "model": JUDGE}, request_id=request_id)
    run.reply = Reply(split(_verdict(body, lanes)))
    return run, fell_back


def _verdict(body: Mapping[str, Any], lanes: Sequence[Lane]) -> str:
    """What the judge says: lengths, speeds, and where the answers differ."""
    rows = ["| Model | Tokens | Seconds | First words |", "|---|--:|--:|---|"]
    for lane in lanes:
        tokens = completion_tokens(lane.run.reply) if lane.run else 0
        first = " ".join("".join(lane.said).split()[:6]).replace("|", "\\|")
        rows.append(f"| `{lane.model}` | {tokens} | {lane.latency:.2f} | {first} … |")
    fastest = min(lanes, key=lambda lane: lane.latency)
    shortest = min(lanes, key=lambda lane: len(lane.said))
    shared = set.intersection(*({word.casefold() for word in "".join(lane.said).split()} for lane in lanes))
    lines = ["## Comparison", "", *rows, ""]
    if body.get("comparison_instructions"):
        lines += [f"Asked to look at: {body['comparison_instructions']}", ""]
    lines += [
        f"- First to finish: **{fastest.model}**",
        f"- Shortest: **{shortest.model}**",
        f"- Words that all of them use: {len(shared)}",
        "",
        "No judge was called: the sandbox counted.",
    ]
    return "\n".join(lines) + "\n"


# -- the two forms --------------------------------------------------------------------------------


def _whole(comparison: Comparison) -> dict[str, Any]:
    judge = comparison.judge
    return {
        "comparison_id": comparison.id,
        "object": "compare.completion",
        "created": int(comparison.exchange.state.now()),
        "models": [lane.model for lane in comparison.lanes],
        "results": [lane.result() for lane in comparison.lanes],
        "comparison": judge.reply.text if judge else None,
        "comparison_model": comparison.judge_name,
        "comparison_usage": judge.usage() if judge else None,
        "comparison_fallback_used": comparison.fell_back,
        "total_latency_ms": round(comparison.total * 1000),
        "partial": comparison.partial,
        "skip_comparison": comparison.skipped,
    }


def _event(due: float, name: str, **members: object) -> Frame:
    return Frame(due, compact(members), name)


def _events(comparison: Comparison) -> Iterator[Frame]:
    """The named events of a streamed comparison."""
    common = {"comparison_id": comparison.id, "models": [lane.model for lane in comparison.lanes]}
    skipped = comparison.skipped
    yield _event(0, "meta", **common, comparison_model=comparison.judge_name, skip_comparison=skipped)
    yield from _token_events(comparison) if skipped else _model_events(comparison)
    if comparison.all_failed and not skipped:
        failure = comparison.failure().envelope(comparison.exchange.id)
        yield Frame(comparison.total, compact(failure), "error")
        return
    ending: dict[str, object] = {
        "comparison_id": comparison.id,
        "total_latency_ms": round(comparison.total * 1000),
        "partial": comparison.partial,
    }
    if skipped:
        ending["skip_comparison"] = True
    else:
        ending |= {"comparison_model": comparison.judge_name, "comparison_fallback_used": comparison.fell_back}
    yield _event(comparison.total, "done", **ending)
    if comparison.exchange.settings.switch("compare-done") == "present":
        yield Frame(comparison.total, DONE)


def _model_events(comparison: Comparison) -> Iterator[Frame]:
    for lane in sorted(comparison.lanes, key=lambda lane: lane.latency):
        yield _event(
            lane.latency,
            "model_chunk",
            model=lane.model,
            delta="" if lane.error is not None else "".join(lane.said),
            latency_ms=round(lane.latency * 1000),
            error=lane.error,
            error_code=lane.error_code,
            usage=lane.usage(),
        )
    yield _event(comparison.slowest, "model_done", results=[lane.result() for lane in comparison.lanes])
    judge = comparison.judge
    if judge is None:
        return
    for number, token in enumerate(judge.reply.tokens, 1):
        due = comparison.slowest + judge.pace.due(number)
        yield _event(due, "comparison_chunk", delta=token, finish_reason=None)
    yield _event(comparison.total, "comparison_chunk", delta="", finish_reason="stop")


def _token_events(comparison: Comparison) -> Iterator[Frame]:
    """All models' tokens, each when it is due; heapq keeps the lanes in step."""
    return heapq.merge(*map(_lane_events, comparison.lanes), key=attrgetter("due"))


def _lane_events(lane: Lane) -> Iterator[Frame]:
    finish = lane.run.reply.finish if lane.run is not None and lane.error is None else None
    if lane.run is not None:
        for number, token in enumerate(lane.said, 1):
            yield _event(lane.run.pace.due(number), "model_chunk", model=lane.model, delta=token, finish_reason=None)
    if finish is not None:
        yield _event(lane.latency, "model_chunk", model=lane.model, delta="", finish_reason=finish)
    yield _event(
        lane.latency,
        "model_stream_done",
        model=lane.model,
        finish_reason=finish,
        usage=lane.usage(),
        error=lane.error,
    )
