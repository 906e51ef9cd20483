"""Several answers to one message at once: every lane is a turn of its own through the session's one `run`.

A lane's failure is a value on its turn and nobody else's affair. Lanes beyond what is left of the gateway's minute
wait, visibly, until its window is over; what a spend limit refused stops what has not started.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from meshtui.core.chat import Message
from meshtui.core.money import Charge, charge_of
from meshtui.core.problem import Problem, ProblemKind
from meshtui.core.quote import BYTES_PER_TOKEN, weight_of_request
from meshtui.core.turn import Turn, TurnState
from meshtui.core.usage import card_for, price_of, tokens_of
from meshtui.core.variants import Variant
from meshtui.session.session import Session
from meshtui.store.history import Node, StoreError

if TYPE_CHECKING:
    from meshtui.session.judge import Judge

MOST_LANES = 8
"""Lanes at once where somebody reads them side by side."""

SOCKETS = 8
"""How many lanes of one comparison have a connection at the same time."""

LEAST_FLOW = 0.05
"""Seconds of streaming from which on a speed means something."""

LOOK_SECONDS = 3.0
"""How long the gateway may take to say what is left; the lanes start without it then."""


class Lane:
    """One answer of a comparison. `place` counts from 1 in the order in which whole answers arrived."""

    __slots__ = ("driven", "label", "node", "once", "place", "starts_at", "turn", "_woken")

    def __init__(self, label: str, turn: Turn, node: Node) -> None:
        self.label = label
        self.turn = turn
        self.node = node
        self.driven = False
        """Whether somebody runs it."""
        self.once = False
        """Whether its request leaves with those of others, as one: it neither waits for the window nor is repeated."""
        self.place: int | None = None
        self.starts_at: float | None = None
        """When it may start, in seconds since the epoch, while it waits for the gateway's window."""
        self._woken = asyncio.Event()

    @property
    def succeeded(self) -> bool:
        """Whether its answer is whole."""
        return self.turn.state is TurnState.DONE

    def wake(self) -> None:
        """Let what waits for the window look again."""
        self._woken.set()

    def sleep(self) -> None:
        """Let the next wait last as long as it is told."""
        self._woken.clear()

    async def wait(self, seconds: float) -> None:
        """Wait so long, or until it is woken."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._woken.wait(), seconds)


@dataclass(frozen=True, slots=True)
class Figures:
    """What a lane took so far. Times in seconds; `guessed` says that nobody counted the tokens yet."""

    first: float | None = None
    total: float | None = None
    tokens: int = 0
    guessed: bool = True
    speed: float | None = None
    charge: Charge = field(default_factory=Charge)
    finish: str = ""
    place: int | None = None


class Comparison:
    """The lanes of one message. `retries` is how often a lane that was refused for now is sent again by itself.

    Whoever made it runs `run(lane)` for every lane that was begun, or `run_all` for those there are.
    """

    def __init__(
        self,
        session: Session,
        *,
        retries: int = 0,
        sockets: int = SOCKETS,
        now: Callable[[], float] = time.time,
    ) -> None:
        self.session = session
        self.retries = retries
        self.lanes: list[Lane] = []
        self.judge: Judge | None = None
        """Whoever judged these lanes last."""
        self.shows_waits = False
        """Whether whoever shows the lanes says of each what it waits for."""
        self._sockets = asyncio.Semaphore(sockets)
        self._now = now
        self._history: list[Message] = []
        self._places = 0
        self._weights: dict[str, int] = {}
        self._spent = False

    # The lanes

    def begin(self, chosen: Sequence[Variant]) -> list[Lane]:
        """Put the message and the turns of all lanes on disk; raises StoreError, and nothing leaves then."""
        try:
            for variant in chosen:
                self.add(variant)
        except StoreError:
            for lane in self.lanes:
                self.stop(lane)
            raise
        if self.lanes:
            self.session.show_branch(self.lanes[0].node.id)
        return self.lanes

    def add(self, variant: Variant) -> Lane:
        """Begin one more answer to the same message; raises StoreError."""
        session = self.session
        if not self.lanes:
            self._history = session.messages()
            turn = session.send(variant.draft)
        else:
            turn = session.beside(self.lanes[0].turn, variant.draft.request(self._history))
        lane = Lane(variant.label, turn, session.nodes[-1])
        self.lanes.append(lane)
        return lane

    def take(self, label: str, turn: Turn) -> Lane:
        """Take an answer that the session began last among the lanes."""
        lane = Lane(label, turn, self.session.nodes[-1])
        self.lanes.append(lane)
        self._spent = False
        return lane

    @classmethod
    def of(cls, session: Session, node: Node, **settings: Any) -> Comparison:
        """Return the answers that a message has already, as lanes."""
        comparison = cls(session, **settings)
        for sibling in session.siblings(node.id):
            if sibling.turn is not None:
                comparison.lanes.append(Lane(sibling.turn.model or "default model", sibling.turn, sibling))
        done = [lane for lane in comparison.lanes if lane.succeeded]
        for place, lane in enumerate(sorted(done, key=lambda lane: lane.turn.ended_at or 0.0), 1):
            lane.place = place
        comparison._places = len(done)
        return comparison

    def again(self, lane: Lane, label: str | None = None, **changes: Any) -> None:
        """Send a lane's request once more, with members changed; the earlier answer stays in the tree."""
        self.stop(lane)
        request: Mapping[str, Any] = {**lane.turn.request, **changes}
        lane.turn = self.session.beside(lane.turn, request)
        lane.node, lane.label = self.session.nodes[-1], lane.label if label is None else label
        lane.place, lane.starts_at, lane.driven, lane.once = None, None, False, False
        self._places = max((one.place or 0 for one in self.lanes), default=0)
        lane.sleep()
        self._spent = False

    def beside(self, lane: Lane, label: str, **changes: Any) -> Lane:
        """Begin one more lane that differs from `lane` in some members of the request; raises StoreError."""
        return self.take(label, self.session.beside(lane.turn, {**lane.turn.request, **changes}))

    def stop(self, lane: Lane) -> None:
        """End a lane that waits or streams; what arrived of it is kept."""
        if not lane.turn.ended:
            self.session.stop(lane.turn)
        lane.wake()

    def remove(self, lane: Lane) -> None:
        """Take a lane out of sight; what it said stays in the tree."""
        self.stop(lane)
        self.lanes.remove(lane)

    def keep(self, lane: Lane) -> None:
        """Let the conversation go on from a lane's answer; the others stay in the tree. Raises StoreError."""
        self.session.show_branch(lane.node.id)
        if lane.turn.model:
            self.session.choose_model(lane.turn.model)

    @property
    def running(self) -> bool:
        """Whether a lane waits or streams."""
        return any(not lane.turn.ended for lane in self.lanes)

    # Running

    async def look(self) -> int | None:
        """Ask the gateway what is left of the minute, where it tells; return how many requests may leave now."""
        target = self.session.target
        try:
            async with asyncio.timeout(LOOK_SECONDS):
                self.session.note_table(target, await (await self.session.gateway(target)).limits())
        except (Problem, TimeoutError):
            pass  # a gateway without that table says what it allows when it refuses
        return self.session.allowance(target).room(self._now())

    async def run_all(self) -> None:
        """Run every lane that has not ended, side by side, and return when all have."""
        async with asyncio.TaskGroup() as tasks:
            for lane in self.lanes:
                if not lane.turn.ended:
                    tasks.create_task(self.run(lane))

    async def run(self, lane: Lane) -> None:
        """Drive one lane to its end, when the window and the number of connections allow it."""
        turn = lane.turn
        lane.driven = True
        try:
            async with self._sockets:
                if not lane.once:
                    await self._until_allowed(lane, turn)
                if not turn.ended and self._spent:
                    self.session.refuse(turn, not_sent())
                await self.session.run(turn, 0 if lane.once else self.retries, quiet=self.shows_waits)
        except asyncio.CancelledError:
            self.session.stop(turn)
            raise
        except Exception as error:
            if not turn.ended:
                raise
            self.session.on_notice(str(Problem.bug(error)))  # it ended that turn as a problem; the others go on
        finally:
            lane.starts_at = None
        self._note_end(lane, turn)

    async def _until_allowed(self, lane: Lane, turn: Turn) -> None:
        allowance = self.session.allowance()
        while not turn.ended and not self._spent and (wait := allowance.wait(self._now())) > 0:
            lane.starts_at = self._now() + wait
            self.session.on_change(turn, None)
            await lane.wait(wait)
        lane.starts_at = None

    def _note_end(self, lane: Lane, turn: Turn) -> None:
        if lane.turn is not turn:
            return
        if turn.state is TurnState.DONE:
            self._places += 1
            lane.place = self._places
        elif turn.problem is not None and turn.problem.kind is ProblemKind.SPEND:
            self._spent = True
            for other in self.lanes:
                if other.turn.state is TurnState.QUEUED:
                    self.session.refuse(other.turn, not_sent())
                    other.wake()
        self.session.on_change(turn, None)

    def figures(self, lane: Lane) -> Figures:
        """Return what a lane took so far: prices as the gateway said, else by the catalogue, else unknown."""
        turn = lane.turn
        counted = tokens_of(turn.usage, turn.meta)
        tokens = counted.completion
        written = tokens if tokens is not None else round(weight_of_answer(turn))
        if tokens is None and written:
            counted = replace(counted, prompt=self._prompt_weight(turn), completion=written)
        flowing = (turn.total if turn.total is not None else turn.last_at) - (turn.first_at or 0.0)
        speed = written / flowing if turn.first_at is not None and flowing > LEAST_FLOW else None
        card = card_for(self.session.models.index.by_id, turn.model, turn.served_model or "")
        charge = charge_of(turn.estimate or price_of(card, counted), turn.cost, turn.billed)
        reason = turn.finish_reason or ""
        return Figures(turn.first_at, turn.total, written, tokens is None, speed, charge, reason, lane.place)

    def _prompt_weight(self, turn: Turn) -> int:
        """Return the prompt's tokens, roughly; a long one is weighed once."""
        if turn.id not in self._weights:
            self._weights[turn.id] = round(weight_of_request(turn.request))
        return self._weights[turn.id]


def weight_of_answer(turn: Turn) -> float:
    """Return the tokens of what came of an answer, roughly, without reading it again."""
    return (len(turn.content) + len(turn.reasoning)) / BYTES_PER_TOKEN


def not_sent() -> Problem:
    """Return the problem of a lane that was not sent because the spend limit refused another one."""
    return Problem(ProblemKind.SPEND, "not_sent", "It was not sent: the spend limit refused another lane.")
