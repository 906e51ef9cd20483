"""What the session needs of a client, and where its turns go."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Protocol

from meshtui.core.problem import Problem
from meshtui.core.turn import Delta

if TYPE_CHECKING:
    from meshtui.session.session import Session


@dataclass(frozen=True, slots=True)
class LanePart:
    """What a comparison that the gateway runs brought for one model; with `ended` or a `problem` it is the last."""

    model: str
    deltas: tuple[Delta, ...] = ()
    ended: bool = False
    problem: Problem | None = None


@dataclass(frozen=True, slots=True)
class JudgePart:
    """What the judge of a comparison says, a piece at a time; `fell_back` that another judge than the one asked did."""

    text: str = ""
    model: str = ""
    fell_back: bool = False


class Gateway(Protocol):
    """A client of one gateway with one key. Every failure is raised as `Problem`."""

    def stream(self, request: Mapping[str, Any], *, stream: bool = True) -> AsyncGenerator[Delta, None]:
        """Send one request and yield the deltas of its reply, at once or, without `stream`, when it is whole."""
        ...

    async def catalogue(self) -> list[dict[str, Any]]:
        """Return the rows of the model list."""
        ...

    async def route(self, messages: Sequence[Mapping[str, Any]]) -> Route:
        """Ask the router which model it would take for these messages; nothing is generated."""
        ...

    async def templates(self, method: str, id: str = "", body: Mapping[str, Any] | None = None) -> Any:
        """Call a route of the gateway's templates (contract, section 4) and return its JSON."""
        ...

    async def limits(self) -> Mapping[str, Any]:
        """Return the gateway's table of this key's limits (contract, section 7)."""
        ...

    async def bills(self, request_ids: Collection[str], since: float) -> Mapping[str, Decimal] | None:
        """Return what requests were billed, as far as the gateway knows; None where it has no such report."""
        ...

    async def balance(self) -> Decimal | None:
        """Return what the account has left in US dollars; None where the gateway does not say."""
        ...

    async def spent(self) -> Decimal | None:
        """Return what this key has spent in all, in US dollars; None where the gateway does not say."""
        ...

    def compare(self, request: Mapping[str, Any]) -> AsyncGenerator[LanePart | JudgePart, None]:
        """Let the gateway ask several models at once, and a judge compare them (contract, section 6)."""
        ...

    async def aclose(self) -> None:
        """Close every connection."""
        ...


@dataclass(frozen=True, slots=True)
class Route:
    """What the router chose; `fallback` says why it fell back to its default, where it did."""

    model: str
    fallback: str = ""


@dataclass(frozen=True, slots=True)
class Target:
    """Where turns go: a profile's name, its gateway and what may be shown of its key.

    `connect` makes the client; it may be slow (TLS, imports), is called in a thread and raises Problem. An `insecure`
    one would carry the key unencrypted to another machine: nothing is sent to it before the user allowed that. A
    gateway that `may_be_open` perhaps asks for no key. `spend_cap` is the key's own, where the user said it.
    """

    profile: str
    base_url: str
    masked_key: str
    connect: Callable[[], Gateway]
    model: str = ""
    params: Mapping[str, Any] | None = None
    demo: bool = False
    insecure: bool = False
    lacks_key: bool = False
    may_be_open: bool = False
    spend_cap: Decimal | None = None


@dataclass(frozen=True, slots=True)
class ProfileRow:
    """A profile as it is listed. `key` says in words which key it has; `fault` why it cannot be used."""

    name: str
    base_url: str
    key: str
    model: str = ""
    fault: str = ""


class Profiles(Protocol):
    """The named gateways of the user. What cannot be done is raised as ConfigError, with a sentence."""

    @property
    def pinned(self) -> bool:
        """Whether the profile was named for this run: opening a conversation then keeps it."""
        ...

    def rows(self) -> Sequence[ProfileRow]:
        """Return every profile; asks no gateway and runs no program."""
        ...

    def target(self, session: Session, name: str) -> Target:
        """Return where turns of a profile go; may run the program that prints its key, so call it in a thread."""
        ...

    def allow_http(self, target: Target) -> Target:
        """Remember that a target may be used unencrypted; return it so."""
        ...

    async def accept_key(self, session: Session, key: str) -> str | None:
        """Check a key for the profile in use live, and keep it; a sentence says why it cannot be used."""
        ...
