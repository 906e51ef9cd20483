"""An answer that streams its beginning and waits with the rest until a test lets it go on."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal, Self

from meshtui.sandbox import Script
from meshtui.sandbox.wire import End, Pause, Raw
from tests.calls import said

LOOK_SECONDS = 0.01


@dataclass(frozen=True, kw_only=True)
class Held(Script):
    """A script whose last chunk leaves once `go` is set: what a test does meanwhile takes as long as it takes."""

    go: threading.Event = field(default_factory=threading.Event)

    @classmethod
    def saying(cls, beginning: str, rest: str, end: Literal["close", "cut"] = "close") -> Self:
        """Return an answer in two pieces; where it does not end with `close` it lacks what an end has."""
        first, last, *ending = said(beginning, rest)
        return cls(chunks=(first, b"".join((last, *ending)) if end == "close" else last), end=end)

    def _steps(self) -> Iterator[Raw | Pause | End]:
        yield from (Raw(chunk) for chunk in self.chunks[:-1])
        while not self.go.is_set():
            yield Pause(LOOK_SECONDS)
        yield Raw(self.chunks[-1])
        if self.end == "cut" or self.end == "reset":
            yield End(self.end)
