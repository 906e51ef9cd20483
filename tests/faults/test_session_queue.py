"""Turns that wait for a limit to end: in order, never early, whatever is on the screen meanwhile."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from email.utils import formatdate
from pathlib import Path
from typing import Any

import pytest

from meshtui.core.allowance import Allowance
from meshtui.core.problem import Problem, ProblemKind
from meshtui.core.turn import Turn, TurnState
from meshtui.sandbox import Sandbox, Settings
from meshtui.sandbox.control import Script
from meshtui.session import Gateway, Session, Target, can_wait, needs_asking
from meshtui.session.retry_queue import MOST_TRIES, RetryQueue, wait_of
from tests.rounds import CITY, put, turn_on
from tests.workbench import KEY, opened, until


class Minute:
    """A clock that stands still so many seconds before the end of a minute, and goes on from there when it is let go.

    So all that is refused is refused in one minute, however long a slow machine takes for that.
    """

    def __init__(self, left: float) -> None:
        self._stood = 60.0 * 30_000_000 - left
        self._gone: float | None = None

    def __call__(self) -> float:
        """Return seconds since the epoch."""
        return self._stood + self.passed()

    def passed(self) -> float:
        """Return the seconds since it was let go."""
        return 0.0 if self._gone is None else time.monotonic() - self._gone

    def go(self) -> None:
        """Let it go on."""
        self._gone = time.monotonic()


@asynccontextmanager
async def working(session: Session) -> AsyncIterator[None]:
    async with asyncio.TaskGroup() as tasks:
        work = tasks.create_task(session.queue.run())
        yield
        work.cancel()


async def say(session: Session, text: str) -> Turn:
    turn = session.say(text)
    await session.run(turn)
    return turn


def unreachable() -> Gateway:
    raise Problem(ProblemKind.NETWORK, "connect_error", "nobody is there")


def chats(box: Sandbox) -> list[dict[str, Any]]:
    return [row for row in box.requests if row["path"] == "/v1/chat/completions"]


@pytest.mark.anyio
async def test_queued_turns_go_in_order_when_the_window_ends_though_another_conversation_is_open(home: Path) -> None:
    clock = Minute(1.6)
    with Sandbox(Settings(rpm=2, clock=clock)) as box:
        async with opened(home, box, now=clock, clock=clock.passed) as session, working(session):
            refused = []
            for number in range(4):
                session.new()
                turn = await say(session, f"question {number}")
                if turn.problem is not None:
                    refused.append(turn)
                    session.wait_for(turn)
            assert len(refused) == 2 and len(session.queue.rows) == 2
            window = clock() // 60
            ends = (window + 1) * 60
            assert all(at >= ends for at in session.queue.waits().values()), "never earlier than the gateway allowed"
            session.new()
            assert session.nodes == []
            clock.go()
            await until(lambda: not len(session.queue) and not session.live, "the queue")
            late = chats(box)[4:]
            assert [row["body"]["messages"][-1]["content"] for row in late] == ["question 2", "question 3"]
            assert all(row["at"] >= ends and row["status"] == 200 for row in late)
            assert session.nodes == [], "nothing came into the conversation that is open"
            titles = {row.title: row.id for row in session.conversations()}
            nodes = session.open(titles["question 3"])
            assert nodes[-1].turn is not None and nodes[-1].turn.state is TurnState.DONE


@pytest.mark.anyio
async def test_a_queued_turn_of_the_open_conversation_appears_in_it(home: Path) -> None:
    clock = Minute(1.2)
    with Sandbox(Settings(rpm=1, clock=clock)) as box:
        async with opened(home, box, now=clock, clock=clock.passed) as session, working(session):
            await say(session, "one")
            turn = await say(session, "two")
            session.wait_for(turn)
            session.wait_for(turn)
            assert len(session.queue.rows) == 1, "once is enough"
            clock.go()
            await until(lambda: not len(session.queue) and not session.live, "the queue")
            last = session.nodes[-1].turn
            assert last is not None and last.id != turn.id and last.state is TurnState.DONE
            assert [node.message.text for node in session.nodes if node.role == "user"] == ["one", "two"]


@pytest.mark.anyio
async def test_more_than_fit_into_a_window_wait_for_the_next_and_do_not_stampede(home: Path) -> None:
    clock = Minute(1.0)
    with Sandbox(Settings(rpm=2, clock=clock)) as box:
        async with opened(home, box, now=clock, clock=clock.passed) as session, working(session):
            for number in range(6):
                session.new()
                turn = await say(session, f"question {number}")
                if turn.problem is not None:
                    session.wait_for(turn)
            assert len(session.queue.rows) == 4
            clock.go()
            await until(lambda: (session.queue.next_in() or 0) > 30, "the next two")
            await until(lambda: not session.live, "their answers")
            assert len(session.queue) == 2
            late = chats(box)[6:]
            assert [row["status"] for row in late if row["status"] == 200] == [200, 200]
            assert len(late) <= 3, "at most one asks in vain"
            left = session.queue.next_in()
            assert left is not None and 30 < left < 63, "the others wait for the window after it"
            assert session.queue.clear() == 2 and session.queue.next_in() is None


@pytest.mark.anyio
async def test_what_waits_can_be_let_go_and_goes_when_its_conversation_goes_on(home: Path) -> None:
    with Sandbox(Settings(rpm=1, clock=Minute(60.0))) as box:
        async with opened(home, box) as session, working(session):
            await say(session, "one")
            turn = await say(session, "two")
            session.wait_for(turn)
            assert session.queue.drop(turn.id) and not session.queue.drop(turn.id)
            session.wait_for(turn)
            again = session.retry(turn)
            assert session.queue.rows == []
            await session.run(again)
            assert len(chats(box)) == 3


@pytest.mark.anyio
async def test_a_queued_turn_goes_through_the_key_that_was_refused(home: Path) -> None:
    clock = Minute(1.2)
    with Sandbox(Settings(rpm=1, clock=clock)) as box:
        async with opened(home, box, now=clock, clock=clock.passed) as session, working(session):
            await say(session, "one")
            turn = await say(session, "two")
            clock.go()
            session.target = replace(session.target, profile="other", masked_key="…", connect=unreachable)
            session.wait_for(turn)
            await until(lambda: not len(session.queue) and not session.live, "the queue")
            assert session.nodes[-1].turn is not None and session.nodes[-1].turn.profile == "default"
            assert len(box.state.account(KEY).events) == 3


# Without a gateway


class Sends:
    """A session that refuses as often as it is told."""

    def __init__(self, *problems: Problem | None) -> None:
        self.problems = list(problems)
        self.sent: list[tuple[float, str]] = []
        self.limits = Allowance()
        self.deleted: set[str] = set()

    def is_deleted(self, conversation_id: str) -> bool:
        return conversation_id in self.deleted

    def repeat(self, turn: Turn, conversation_id: str, target: Target) -> Turn:
        return Turn(f"{turn.id}'", turn.request)

    async def run_queued(self, turn: Turn, conversation_id: str) -> None:
        self.sent.append((time.monotonic(), turn.id.rstrip("'")))
        problem = self.problems.pop(0) if self.problems else None
        turn.end(TurnState.FAILED if problem else TurnState.DONE, 0.0, time.time(), problem)

    def allowance(self, target: Target) -> Allowance:
        return self.limits


def refusal(seconds: float | None, kind: ProblemKind = ProblemKind.RATE_LIMIT, limit: str | None = "rpm") -> Problem:
    return Problem(kind, "code", "no", status=429, retry_after_seconds=seconds, limit=limit)


def refused(id: str, problem: Problem, model: str = "m") -> Turn:
    turn = Turn(id, {"model": model})
    turn.end(TurnState.FAILED, 0.0, time.time(), problem)
    return turn


TARGET = Target("default", "http://x", "rsk_…", connect=unreachable)


async def emptied(queue: RetryQueue) -> None:
    async with asyncio.TaskGroup() as tasks:
        run = tasks.create_task(queue.run())
        await until(lambda: not len(queue), "the queue to empty")
        run.cancel()


@pytest.mark.anyio
async def test_a_throttled_provider_holds_up_only_its_own_model() -> None:
    sends = Sends()
    queue = RetryQueue(sends, chance=lambda: 0.0)
    began = time.monotonic()
    queue.add(refused("slow", refusal(2.0, ProblemKind.PROVIDER_BUSY, None), "a/m"), "c1", TARGET)
    queue.add(refused("fast", refusal(0.1)), "c2", TARGET)
    await emptied(queue)
    assert [id for _, id in sends.sent] == ["fast", "slow"]
    assert sends.sent[0][0] - began >= 0.1 and sends.sent[1][0] - began >= 2.0


@pytest.mark.anyio
async def test_refused_again_it_keeps_its_place_and_gives_up_in_the_end() -> None:
    said: list[str] = []
    sends = Sends(refusal(0.05), refusal(0.05), None)
    queue = RetryQueue(sends, chance=lambda: 0.0)
    queue.on_notice = said.append
    for id in ("first", "second"):
        queue.add(refused(id, refusal(0.02)), id, TARGET)
    await emptied(queue)
    assert [id for _, id in sends.sent] == ["first", "first", "first", "second"] and said == []
    sends = Sends(*[refusal(0.0)] * 99)
    queue = RetryQueue(sends, chance=lambda: 0.0)
    queue.on_notice = said.append
    queue.add(refused("never", refusal(0.0)), "c", TARGET)
    await emptied(queue)
    assert len(sends.sent) == MOST_TRIES and "waits no longer" in said[0]


@pytest.mark.anyio
async def test_what_is_refused_again_waits_no_longer_where_its_conversation_was_deleted() -> None:
    said: list[str] = []
    sends = Sends(*[refusal(0.0)] * 99)
    queue = RetryQueue(sends, chance=lambda: 0.0)
    queue.on_notice = said.append
    queue.add(refused("gone", refusal(0.0)), "c", TARGET)
    run_queued = sends.run_queued

    async def deleted_meanwhile(turn: Turn, conversation_id: str) -> None:
        sends.deleted.add("c")
        await run_queued(turn, conversation_id)

    sends.run_queued = deleted_meanwhile  # type: ignore[method-assign]
    await emptied(queue)
    assert len(sends.sent) == 1 and said == []
    queue.add(refused("late", refusal(0.0)), "c", TARGET)
    await emptied(queue)
    assert len(sends.sent) == 1, "it was deleted between its choice and its sending"


@pytest.mark.anyio
async def test_a_conversation_that_is_deleted_waits_for_no_limit_and_comes_back_with_its_card(home: Path) -> None:
    clock = Minute(30.0)
    with Sandbox(Settings(rpm=1, clock=clock)) as box:
        async with opened(home, box, now=clock, clock=clock.passed) as session:
            await say(session, "one")
            other = await say(session, "two")
            assert session.conversation is not None and other.problem is not None
            here = session.conversation.id
            session.wait_for(other)
            assert len(session.queue) == 1
            session.delete(here)
            assert len(session.queue) == 0
            session.on_rate_limit = "queue"
            session.wait_where_set(other, here)
            assert len(session.queue) == 0
            session.restore(here)
            session.open(here)
            assert session.nodes[-1].turn is not None and session.nodes[-1].turn.problem is not None
            session.wait_where_set(other, here)
            assert len(session.queue) == 1


@pytest.mark.anyio
async def test_a_day_s_limit_that_comes_up_meanwhile_ends_the_waiting() -> None:
    said: list[str] = []
    queue = RetryQueue(sends := Sends(refusal(40_000.0, limit="rpd")), chance=lambda: 0.0)
    queue.on_notice = said.append
    queue.add(refused("one", refusal(0.0)), "c", TARGET)
    await emptied(queue)
    assert len(sends.sent) == 1 and "waits no longer" in said[0]


@pytest.mark.anyio
async def test_a_wait_that_has_passed_already_is_not_waited_again_and_an_idle_queue_does_nothing() -> None:
    sends = Sends()
    clock_reads = 0

    def clock() -> float:
        nonlocal clock_reads
        clock_reads += 1
        return time.monotonic()

    queue = RetryQueue(sends, clock=clock, chance=lambda: 0.0)
    turn = refused("old", refusal(50.0))
    turn.ended_at = time.time() - 60
    queue.add(turn, "c", TARGET)
    assert (queue.next_in() or 0) < 0.2
    await emptied(queue)
    queue.add(refused("later", refusal(300.0)), "c", TARGET)
    async with asyncio.TaskGroup() as tasks:
        run = tasks.create_task(queue.run())
        await asyncio.sleep(0.05)
        before = clock_reads
        await asyncio.sleep(0.3)
        assert clock_reads - before <= 2, "no busy loop"
        run.cancel()


def test_a_clock_that_jumps_makes_nothing_early() -> None:
    now = 1_000_000.0
    queue = RetryQueue(Sends(), now=lambda: now, clock=lambda: 50.0, chance=lambda: 0.0)
    turn = Turn("t", {"model": "m"})
    turn.end(TurnState.FAILED, 0.0, now, refusal(30.0))
    queue.add(turn, "c", TARGET)
    left = queue.next_in()
    now += 86_400
    assert queue.next_in() == left and left is not None and left >= 30
    assert queue.waits()["t"] == pytest.approx(now + left), "what is shown follows the clock"


@pytest.mark.parametrize(
    ("problem", "asks", "waits"),
    [
        (refusal(7.0), False, True),
        (refusal(None), False, True),
        (refusal(7.0, limit="rpd"), True, True),
        (refusal(447 * 3600.0), True, True),
        (refusal(3.0, ProblemKind.PROVIDER_BUSY, None), False, True),
        (refusal(None, ProblemKind.SPEND, None), False, False),
    ],
)
def test_who_is_asked_and_what_can_wait(problem: Problem, asks: bool, waits: bool) -> None:
    assert (needs_asking(problem), can_wait(problem)) == (asks, waits)
    assert wait_of(problem, 9) <= max(problem.retry_after_seconds or 0, 60)


# What gateways say


def answer_429(retry_after: str) -> Script:
    """A 429 whose Retry-After header says this."""
    body = json.dumps({"error": {"code": "rate_limit_exceeded", "message": "RPM limit reached."}}).encode()
    return Script(status=429, headers={"content-type": "application/json", "retry-after": retry_after}, chunks=(body,))


@asynccontextmanager
async def rounds_going_on(home: Path) -> AsyncIterator[tuple[Session, Sandbox]]:
    """A session whose rounds go on by themselves, by a canned result, and its gateway."""
    put(home, "get_weather", CITY, responder={"kind": "canned", "rules": [{"result": {"sky": "clear"}}]})
    with Sandbox(Settings()) as box:
        async with opened(home, box, "sandbox/tools-3") as session, working(session):
            turn_on(session, "get_weather")
            session.rounds.set_automatic(5)
            yield session, box


@pytest.mark.anyio
async def test_the_rounds_of_a_queued_turn_go_on_by_themselves(home: Path) -> None:
    async with rounds_going_on(home) as (session, box):
        box.script(answer_429("0"))
        session.wait_for(await say(session, "get_weather in Paris"))
        await until(lambda: (last := session.nodes[-1].turn) and last.content and not session.live, "the answer")
        assert [node.role for node in session.nodes].count("tool") == 3 and not len(session.queue)
        assert len(chats(box)) == 5, "four answers and a refusal"


@pytest.mark.anyio
async def test_a_round_of_a_queued_turn_that_is_refused_waits_as_well(home: Path) -> None:
    async with rounds_going_on(home) as (session, box):
        session.on_rate_limit = "queue"
        box.script(answer_429("0"))
        session.wait_for(await say(session, "get_weather in Paris"))
        session.rounds.on_turn = lambda round, turn: box.script(answer_429("30"))
        await until(lambda: len(session.nodes) == 4 and len(session.queue.rows) == 1, "the second turn waits")
        assert session.queue.rows[0].turn is session.nodes[-1].turn


@pytest.mark.anyio
async def test_the_rounds_of_a_queued_turn_go_on_though_another_conversation_is_open(home: Path) -> None:
    async with rounds_going_on(home) as (session, box):
        box.script(answer_429("0"))
        session.wait_for(await say(session, "get_weather in Paris"))
        first = session.conversation
        session.new()
        await until(lambda: len(chats(box)) == 5 and not session.live, "the last round")
        assert session.nodes == [] and first is not None
        session.open(first.id)
        assert session.rounds.current() is None
        assert [node.role for node in session.nodes].count("tool") == 3


@pytest.mark.anyio
@pytest.mark.parametrize("said", ["447 hours", "-5", "soon", "", "nan", "Thu, 01 Jan 1970 00:00:00 GMT", "1e400"])
async def test_a_senseless_retry_after_makes_a_short_wait_and_no_busy_loop(home: Path, said: str) -> None:
    with Sandbox(Settings()) as box:
        async with opened(home, box) as session, working(session):
            box.script(answer_429(said))
            turn = await say(session, "hello")
            assert turn.problem is not None and not needs_asking(turn.problem)
            session.wait_for(turn)
            left = session.queue.next_in()
            assert left is not None and 0 < left < 4
            await until(lambda: not len(session.queue) and not session.live, "the queue")
            assert len(chats(box)) == 2


@pytest.mark.anyio
async def test_a_retry_after_of_447_hours_is_asked_about_and_a_date_is_kept_to(home: Path) -> None:
    with Sandbox(Settings()) as box:
        async with opened(home, box) as session, working(session):
            box.script(answer_429("1609200"))
            turn = await say(session, "hello")
            assert turn.problem is not None and turn.problem.retry_after_seconds == 1_609_200
            assert needs_asking(turn.problem)
            ends = int(time.time()) + 2
            box.script(answer_429(formatdate(ends, usegmt=True)))
            turn = await say(session, "hello")
            session.wait_for(turn)
            await until(lambda: not len(session.queue) and not session.live, "the queue")
            assert chats(box)[-1]["at"] >= ends
