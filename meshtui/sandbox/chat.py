"""POST /v1/chat/completions: from the request's body to the reply on the wire (contract sections 2, 3, 7, 8)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from .delivery import canned_answer, in_band, late_json, scene_of, spoiled
from .errors import Answered, Refusal
from .fault import Scene
from .reply import compact, completion, stream
from .run import Run, admit, check_body, plan, prepared
from .wire import DONE, EventStream, Frame

if TYPE_CHECKING:
    from .state import Exchange


async def chat(exchange: Exchange) -> Answered:
    """Answer one chat request, streamed or not."""
    from meshtui.client.types import ChatCompletionParams

    body = exchange.json()
    streamed = body.get("stream") is True
    try:
        check_body(exchange, ChatCompletionParams, body)
        admit(exchange, body)
        run = plan(exchange, prepared(exchange, body), exchange.faults)
    except Refusal as refusal:
        # What the provider would refuse arrives in-band once a stream was asked for (contract section 3).
        if streamed and refusal.upstream:
            return in_band(exchange, refusal)
        raise
    if canned := canned_answer(exchange, run.faults, streamed=streamed):
        stage, status = "upstream_submit", f"http_{canned.status_code}"
        exchange.account.book(exchange.id, exchange.state.now(), status, model=run.name, failure_stage=stage)
        return canned
    return _streamed(run) if streamed else _whole(run)


def _headers(run: Run) -> dict[str, str]:
    exchange = run.exchange
    headers = exchange.account.headers(exchange.state.now(), run.switch("ratelimit-headers"))
    if run.from_cache:
        headers["X-Cache"] = "HIT"
    return headers


def _streamed(run: Run) -> EventStream:
    headers = _headers(run)
    if run.pick:
        headers |= {"X-Auto-Routed": "true", "X-Resolved-Model-Id": run.name}
        if run.pick.fallback:
            headers |= {"X-Auto-Routed-Fallback": "true", "X-Auto-Routed-Fallback-Reason": run.pick.fallback}
    frames: Iterable[Frame] = stream(run.reply, run.form(), run.pace)
    limit = run.body.get("timeout")
    if limit is not None:
        frames = _until(frames, float(limit), scene_of(run.exchange))
    return spoiled(frames, run.faults, scene_of(run.exchange), headers=headers, on_end=run.settle_sent)


def _timeout(limit: float) -> Refusal:
    return Refusal("gateway_timeout", f"The provider did not answer within {limit:g} s.", upstream=True)


def _until(frames: Iterable[Frame], limit: float, scene: Scene) -> Iterator[Frame]:
    """The frames due within the limit, then the timeout in-band."""
    for frame in frames:
        if frame.due > limit:
            body = _timeout(limit).envelope(scene.request_id if scene.error_request_id else None)
            yield Frame(limit, compact(body))
            if scene.error_end == "done":
                yield Frame(limit, DONE)
            return
        yield frame


def _whole(run: Run) -> EventStream:
    exchange = run.exchange
    headers = _headers(run)
    headers["X-Provider-Latency-Ms"] = str(round(run.latency * 1000))
    limit = run.body.get("timeout")
    if limit is not None and run.latency > limit:
        refusal = _timeout(float(limit))
        exchange.note_failure(refusal)
        body = compact(refusal.envelope(exchange.id))
        return late_json(body, float(limit), status=refusal.status)
    content = completion(run.reply, run.form())
    if run.pick:
        content |= {"x_auto_routed": True, "x_resolved_model_id": run.name}
        if run.pick.fallback:
            content |= {"x_auto_routed_fallback": True, "x_auto_routed_fallback_reason": run.pick.fallback}
        content["x_classifier_usage"] = run.pick.usage()
    if run.fell_back:
        headers |= {"X-Mesh-Routing-Attempts": "2", "X-Mesh-Routing-Fallback": "true", "X-Mesh-Routing-Model": run.name}

    def settle(_: int, whole: bool) -> None:
        run.settle_sent(run.completion_tokens + 1, whole)

    return late_json(
        compact(content),
        run.latency,
        headers=headers,
        faults=run.faults,
        scene=scene_of(exchange),
        on_end=settle,
    )
