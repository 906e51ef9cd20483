"""From frames to the response that writes them, as the faults of the request will have it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from starlette.responses import Response

from .answers import ANSWERS
from .errors import Refusal
from .fault import Fault, Scene
from .reply import compact
from .spoilers import each
from .wire import DONE, EventStream, Frame, Framing, Pause, Step

if TYPE_CHECKING:
    from .state import Exchange


def scene_of(exchange: Exchange) -> Scene:
    """What faults need to know about this request."""
    settings = exchange.settings
    return Scene(exchange.id, settings.switch("error-end"), settings.switch("error-request-id") == "present")


def canned_answer(exchange: Exchange, faults: Iterable[Fault], *, streamed: bool = True) -> Response | None:
    """The answer of the first fault that is one."""
    for fault in faults:
        name = fault.answer or ("" if streamed else fault.unstreamed)
        if not name:
            continue
        canned = ANSWERS[name]
        if canned.moved and not exchange.redirect_to:
            continue
        exchange.edge = canned.edge
        return canned.response(exchange.id, exchange.state.now(), exchange.redirect_to)
    return None


def in_band(exchange: Exchange, refusal: Refusal) -> EventStream:
    """A refusal as the only event of a stream."""
    exchange.note_failure(refusal)
    scene = scene_of(exchange)
    frames = [Frame(0, compact(refusal.envelope(scene.request_id if scene.error_request_id else None)))]
    if scene.error_end == "done":
        frames.append(Frame(0, DONE))
    return EventStream(frames)


def late_json(
    body: str,
    seconds: float,
    *,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
    faults: Sequence[Fault] = (),
    scene: Scene | None = None,
    on_end: Callable[[int, bool], None] | None = None,
) -> EventStream:
    """A JSON body that is sent after so many seconds, in three pieces so that a fault can strike between them."""
    third = len(body) // 3 + 1
    frames = [Frame(0, body[start : start + third]) for start in range(0, len(body), third)]
    return spoiled(
        frames,
        faults,
        scene or Scene(""),
        status=status,
        headers=headers,
        on_end=on_end,
        json_after=seconds,
    )


def spoiled(
    frames: Iterable[Frame],
    faults: Sequence[Fault],
    scene: Scene,
    *,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
    on_end: Callable[[int, bool], None] | None = None,
    json_after: float | None = None,
) -> EventStream:
    """Write frames as the faults will have it. json_after: they are pieces of a JSON body, sent so late."""
    is_stream = json_after is None
    content_type = "text/event-stream" if is_stream else "application/json"
    framing: dict[str, Any] = {"events": is_stream}
    steps: Iterable[Step] = frames
    for fault in faults:
        if is_stream or "shred" in fault.framing:
            framing |= fault.framing
        if fault.content_type != "text/event-stream":
            content_type = fault.content_type  # type: ignore[assignment]
        if fault.chunks is not None and is_stream:
            steps = each((step for step in steps if isinstance(step, Frame)), fault.chunks)
        for rearrange in (fault.wire, fault.frames if is_stream else None):
            if rearrange is not None:
                steps = rearrange([step for step in steps if isinstance(step, Frame)], scene)
    if json_after:
        steps = [Pause(json_after), *steps]
    if not is_stream and not faults:
        size = sum(len(frame.payload.encode("utf-8", "replace")) for frame in frames)
        headers = {**(headers or {}), "content-length": str(size)}
    return EventStream(
        steps,
        status=status,
        headers=headers,
        content_type=content_type,
        framing=Framing(**framing),
        headers_first=is_stream and all(fault.headers_first for fault in faults),
        on_end=on_end,
    )
