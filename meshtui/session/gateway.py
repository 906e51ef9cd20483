"""What the session needs of a client, and where its turns go."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from meshtui.core.turn import Delta


class Gateway(Protocol):
    """A client of one gateway with one key. Every failure is raised as `Problem`."""

    def stream(self, request: Mapping[str, Any], *, stream: bool = True) -> AsyncGenerator[Delta, None]:
        """Send one request and yield the deltas of its reply, at once or, without `stream`, when it is whole."""
        ...

    async def catalogue(self) -> list[dict[str, Any]]:
        """Return the rows of the model list."""
        ...

    async def aclose(self) -> None:
        """Close every connection."""
        ...


@dataclass(frozen=True, slots=True)
class Target:
    """Where turns go: a profile's name, its gateway and what may be shown of its key.

    `connect` makes the client; it may be slow (TLS, imports) and is called in a thread.
    """

    profile: str
    base_url: str
    masked_key: str
    connect: Callable[[], Gateway]
    model: str = ""
    params: Mapping[str, Any] | None = None
    demo: bool = False
