"""A fault as a value: what differs from an ordinary reply."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .reply import Reply
    from .wire import Frame, Step

Edit = Callable[[dict[str, Any]], Iterable[dict[str, Any]]]


@dataclass(frozen=True, slots=True)
class Scene:
    """What a fault may need to know about the request it spoils."""

    request_id: str
    error_end: str = "done"
    error_request_id: bool = True


Rearrange = Callable[[Sequence["Frame"], Scene], Iterable["Step"]]


@dataclass(frozen=True, slots=True)
class Fault:
    """One switch. Whatever is set here differs from an ordinary reply; the rest stays as it is.

    answer: name of a row in `answers.ANSWERS`, sent instead of a reply; unstreamed: the same, where no stream
    was asked for. reply: changes what is said.
    chunks: edits each JSON chunk of a stream. frames: rearranges the events of a stream; wire: the same, but
    also for the pieces of a reply that is not streamed. framing: members of `wire.Framing` that differ.
    switches: open points that hold for this request. tools: the reply calls two tools, invented ones where
    none were offered. headers_first=False keeps even the response head back. ttft: seconds to the first token.
    """

    name: str
    summary: str
    answer: str = ""
    unstreamed: str = ""
    reply: Callable[[Reply], Reply] | None = None
    chunks: Edit | None = None
    frames: Rearrange | None = None
    wire: Rearrange | None = None
    framing: Mapping[str, Any] = field(default_factory=dict)
    switches: Mapping[str, str] = field(default_factory=dict)
    tools: bool = False
    content_type: str | None = "text/event-stream"
    headers_first: bool = True
    ttft: float | None = None
