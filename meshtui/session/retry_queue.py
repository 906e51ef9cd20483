"""Turns that a limit refused and that are to be sent again when it allows that: in order, never early, no stampede."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from meshtui.core.allowance import Allowance
from meshtui.core.problem import Problem, ProblemKind
from meshtui.core.turn import Turn
from meshtui.session.gateway import Target

MOST_TRIES = 6
"""So often a turn is refused again before it leaves the queue; its card stays."""

LONGEST_UNASKED = 15 * 60.0
"""A wait longer than this is no minute's window: nobody is made to wait for it without having been asked."""

FIRST_WAIT, LONGEST_BACKOFF = 2.0, 60.0
"""Where the gateway named no time: the first wait in seconds, doubled with each try, and the longest."""

LONGEST_WAIT = 60.0
"""A retry waits at most this long; where the gateway asks for more the turn fails at once (design, section 5)."""


@dataclass(slots=True)
class Waiting:
    """A turn that waits. `due` is on the monotonic clock: a wall clock that jumps makes nothing early or late."""

    turn: Turn
    conversation_id: str
    target: Target
    due: float
    tries: int = 0
    sending: bool = False

    @property
    def gate(self) -> tuple[str, str, str]:
        """What was refused: a key, or a model at its provider; those behind the same gate wait for each other."""
        problem = self.turn.problem
        at_provider = problem is not None and problem.kind is ProblemKind.PROVIDER_BUSY
        return (self.target.base_url, self.target.masked_key, self.turn.model if at_provider else "")


class Sends(Protocol):
    """What the queue needs of the session."""

    def repeat(self, turn: Turn, conversation_id: str, target: Target) -> Turn:
        """Begin a request again in a conversation that need not be the one on the screen."""
        ...

    async def run_queued(self, turn: Turn, conversation_id: str) -> None:
        """Drive a turn of a conversation to its end, and what goes on from there by itself."""
        ...

    def is_deleted(self, conversation_id: str) -> bool:
        """Whether a conversation was put away: nothing of it is sent."""
        ...

    def allowance(self, target: Target) -> Allowance:
        """Return what is known to be left of a target's minute."""
        ...


def wait_of(problem: Problem, tries: int = 0) -> float:
    """Return the seconds to wait after a refusal: as long as the gateway asked for, else ever longer."""
    if problem.retry_after_seconds is not None:
        return max(problem.retry_after_seconds, 0.0)
    return min(FIRST_WAIT * 2.0**tries, LONGEST_BACKOFF)


def needs_asking(problem: Problem) -> bool:
    """Whether the wait is one that nobody enters without having been asked: a day's limit, or hours."""
    return problem.limit == "rpd" or wait_of(problem) > LONGEST_UNASKED


def can_wait(problem: Problem | None) -> bool:
    """Whether waiting helps against this problem at all."""
    return problem is not None and problem.kind in (ProblemKind.RATE_LIMIT, ProblemKind.PROVIDER_BUSY)


class RetryQueue:
    """Keeps turns until they may be sent again, and sends them. `on_change` is called when anything of it changed.

    `run` sends them and is the caller's to start; it runs until it is cancelled. Nothing here knows what is on the
    screen, so that a queued turn goes out whatever the user does meanwhile. What waits is in memory only: after a
    restart the failed turns are there, and nothing is sent by itself.
    """

    def __init__(
        self,
        session: Sends,
        *,
        now: Callable[[], float] = time.time,
        clock: Callable[[], float] = time.monotonic,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self.on_change: Callable[[], None] = lambda: None
        self.on_notice: Callable[[str], None] = lambda sentence: None
        self._session = session
        self._now, self._clock, self._chance = now, clock, chance
        self._rows: list[Waiting] = []
        self._closed_until: dict[tuple[str, str, str], float] = {}
        self._woken = asyncio.Event()

    @property
    def rows(self) -> Sequence[Waiting]:
        """What waits, in the order in which it will be sent."""
        return [row for row in self._rows if not row.sending]

    def __contains__(self, turn_id: str) -> bool:
        return any(row.turn.id == turn_id for row in self._rows)

    def __len__(self) -> int:
        """How many wait, or are being sent and may have to wait again."""
        return len(self._rows)

    def waits(self) -> Mapping[str, float]:
        """Return until when each turn waits, by its id, in seconds since the epoch as the clock stands now."""
        return {row.turn.id: self._now() + self._left(row) for row in self._rows if not row.sending}

    def next_in(self) -> float | None:
        """Return in how many seconds the next one goes out, None where nothing waits."""
        return min((self._left(row) for row in self._rows if not row.sending), default=None)

    def _left(self, row: Waiting) -> float:
        return max(row.due, self._closed_until.get(row.gate, 0.0)) - self._clock()

    # Taking in and letting go

    def add(self, turn: Turn, conversation_id: str, target: Target) -> None:
        """Let a turn that a limit refused wait for its end; what is there already stays where it is."""
        problem = turn.problem
        if problem is None or turn.id in self:
            return
        # What the gateway asked for counts from the end of the turn, which may have been a while ago.
        passed = max(self._now() - turn.ended_at, 0.0) if turn.ended_at is not None else 0.0
        wait = wait_of(problem)
        left = max(wait - passed, 0.0) if problem.retry_after_seconds is not None else wait
        self._rows.append(Waiting(turn, conversation_id, target, self._clock() + self._jittered(left)))
        self._changed()

    def _jittered(self, wait: float) -> float:
        """Return a wait with a little more: never early, and not everybody at the same moment."""
        return wait + 0.05 + self._chance() * min(1.0, 0.2 + wait / 10)

    def drop(self, turn_id: str) -> bool:
        """Let go of a turn; whether it waited."""
        return self._let_go(lambda row: row.turn.id == turn_id)

    def drop_conversation(self, conversation_id: str) -> bool:
        """Let go of what waits in a conversation: it went on without that."""
        return self._let_go(lambda row: row.conversation_id == conversation_id)

    def clear(self) -> int:
        """Let go of everything; return how many waited."""
        count = len(self.rows)
        self._let_go(lambda row: True)
        return count

    def _let_go(self, which: Callable[[Waiting], bool]) -> bool:
        kept = [row for row in self._rows if row.sending or not which(row)]
        if len(kept) == len(self._rows):
            return False
        self._rows = kept
        self._changed()
        return True

    def _changed(self) -> None:
        self._woken.set()
        self.on_change()

    # Sending

    async def run(self) -> None:
        """Send what waits when its time has come, one after another behind each gate."""
        async with asyncio.TaskGroup() as tasks:
            while True:
                self._woken.clear()
                row = self._due()
                if row is not None:
                    row.sending = True
                    tasks.create_task(self._send(row))
                    continue
                wait = self._until_next()
                try:
                    async with asyncio.timeout(wait):
                        await self._woken.wait()
                except TimeoutError:
                    pass  # the time of the next one has come

    def _due(self) -> Waiting | None:
        """Return the next one that may leave: the first behind its gate, while none of those is under way."""
        busy = {row.gate for row in self._rows if row.sending}
        for row in self._rows:
            if row.sending or row.gate in busy:
                continue
            if self._left(row) <= 0:
                held = self._session.allowance(row.target).wait(self._now())
                if held <= 0:
                    return row
                self._closed_until[row.gate] = self._clock() + self._jittered(held)
            busy.add(row.gate)  # those behind it keep their places
        return None

    def _until_next(self) -> float | None:
        heads: dict[tuple[str, str, str], float] = {}
        for row in self._rows:
            if row.sending:
                heads[row.gate] = float("inf")
            else:
                heads.setdefault(row.gate, self._left(row))
        soonest = min(heads.values(), default=float("inf"))
        return None if soonest == float("inf") else max(soonest, 0.01)

    async def _send(self, row: Waiting) -> None:
        """Send one, and let the next behind the same gate follow once this one was let in or refused."""
        gate = row.gate
        if self._is_gone(row):
            self._rows.remove(row)
            self._changed()
            return
        try:
            turn = self._session.repeat(row.turn, row.conversation_id, row.target)
        except Exception as error:
            self._rows.remove(row)
            self.on_notice(f"A queued message could not be sent again: {error}")
            self._changed()
            return
        self._changed()
        try:
            async with asyncio.TaskGroup() as tasks:
                running = tasks.create_task(self._run(turn, row.conversation_id))
                while not running.done() and turn.status is None and not turn.has_output:
                    await asyncio.wait([running], timeout=0.05)
                if not running.done():
                    self._rows.remove(row)  # it was let in
                    self._changed()
        finally:
            if row in self._rows:
                self._judge(row, turn, gate)

    def _is_gone(self, row: Waiting) -> bool:
        """Whether its conversation was deleted meanwhile."""
        try:
            return self._session.is_deleted(row.conversation_id)
        except Exception as error:
            self.on_notice(str(error))  # what cannot be read is not known to be deleted; the queue goes on
            return False

    async def _run(self, turn: Turn, conversation_id: str) -> None:
        try:
            await self._session.run_queued(turn, conversation_id)
        except Exception as error:
            self.on_notice(str(Problem.bug(error)))  # the turn ended with it; the queue goes on

    def _judge(self, row: Waiting, turn: Turn, gate: tuple[str, str, str]) -> None:
        """What became of a turn that has ended: refused again it keeps its place, else it leaves."""
        problem = turn.problem
        if problem is None or not can_wait(problem) or self._is_gone(row):
            self._rows.remove(row)
        elif row.tries + 1 >= MOST_TRIES or needs_asking(problem):
            self._rows.remove(row)
            self.on_notice(f"A queued message was refused again and waits no longer: {problem}")
        else:
            row.turn, row.tries, row.sending = turn, row.tries + 1, False
            row.due = self._clock() + self._jittered(wait_of(problem, row.tries))
            self._closed_until[gate] = row.due
        self._changed()


def retry_wait(problem: Problem, attempt: int) -> float | None:
    """Return the seconds to wait before the next attempt, or None where another one makes no sense.

    Which failures are worth another attempt, and that a fault of the gateway's own is worth one only: contract,
    section 8.
    """
    if not problem.retryable or (problem.status == 500 and attempt > 0):
        return None
    if problem.retry_after_seconds is not None:
        # Jitter only upward: never earlier than the gateway allowed.
        wait: float = problem.retry_after_seconds
        return wait + random.random() * 0.25 if wait <= LONGEST_WAIT else None
    return min(0.5 * float(2**attempt), LONGEST_WAIT) * (1 + random.random() * 0.2)
