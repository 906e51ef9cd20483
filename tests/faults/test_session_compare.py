"""Comparisons over a real socket: lanes that fail, are refused, wait, are stopped, and what is on disk of them."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from meshtui.core.chat import Message
from meshtui.core.problem import ProblemKind
from meshtui.core.turn import TurnState
from meshtui.core.variants import Variant, variants
from meshtui.sandbox import Sandbox, Settings
from meshtui.session import Comparison, Judge, Lane, Session, StoreError
from tests.workbench import new_session, opened, stored, streaming, until


class Clock:
    """A clock that tests move; both sides of the socket look at it."""

    def __init__(self) -> None:
        self.now = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


def asked(session: Session, models: list[str], text: str = "compare me", samples: int = 1) -> list[Variant]:
    draft = replace(session.draft, messages=(Message("user", text),))
    return variants(draft, models, samples=samples)


@pytest.mark.anyio
async def test_every_lane_answers_the_same_message_and_all_are_on_disk(box: Sandbox, home: Path) -> None:
    models = ["sandbox/haiku", "sandbox/echo", "sandbox/markdown"]
    async with opened(home, box) as session:
        comparison = Comparison(session)
        lanes = comparison.begin(asked(session, models))
        assert [lane.label for lane in lanes] == models
        await comparison.run_all()
        assert all(lane.succeeded for lane in lanes) and sorted(lane.place or 0 for lane in lanes) == [1, 2, 3]
        assert {request["body"]["model"] for request in box.requests[-3:]} == set(models)
        said = [node for node in session.nodes if node.role == "user"]
        assert len(said) == 1 and {lane.turn.parent_id for lane in lanes} == {said[0].id}
        texts = [str(lane.turn.content) for lane in lanes]
    async with opened(home, box) as again:
        nodes = again.open()
        assert [node.message.text for node in nodes] == ["compare me", texts[0]]
        assert [node.message.text for node in again.siblings(nodes[-1].id)] == texts


@pytest.mark.anyio
async def test_each_failure_is_its_own_lanes_and_nobody_elses(slow: Sandbox, home: Path) -> None:
    models = ["sandbox/fault-429-rpm", "sandbox/fault-cut", "sandbox/fault-hang", "sandbox/fault-500", "sandbox/haiku"]
    async with opened(home, slow) as session:
        comparison = Comparison(session)
        limited, cut, hang, broken, good = comparison.begin(asked(session, models))
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(comparison.run_all())
            await until(lambda: good.turn.ended and cut.turn.ended and broken.turn.ended, "four ends")
            assert hang.turn.state.value == "waiting"
            comparison.stop(hang)
        assert good.succeeded and good.place == 1
        assert limited.turn.problem is not None and limited.turn.problem.kind is ProblemKind.RATE_LIMIT
        assert cut.turn.problem is not None and cut.turn.problem.kind is ProblemKind.STREAM_CUT and cut.turn.content
        assert broken.turn.problem is not None and hang.turn.state is TurnState.STOPPED
        assert stored(home, cut.turn).content and stored(home, hang.turn).state is TurnState.STOPPED


@pytest.mark.anyio
async def test_a_spend_limit_stops_what_has_not_started(home: Path) -> None:
    with Sandbox(Settings(rpm=100_000, spend_cap=Decimal(0))) as poor:
        async with opened(home, poor) as session:
            comparison = Comparison(session, sockets=1)
            lanes = comparison.begin(asked(session, ["openai/gpt-4o-mini"], samples=3))
            await comparison.run_all()
            kinds = [lane.turn.problem.kind if lane.turn.problem else None for lane in lanes]
            codes = [lane.turn.problem.code if lane.turn.problem else None for lane in lanes]
        assert kinds == [ProblemKind.SPEND] * 3
        assert codes == ["spend_limit_exceeded", "not_sent", "not_sent"]
        assert sum(request["path"].endswith("completions") for request in poor.requests) == 1


@pytest.mark.anyio
async def test_lanes_beyond_the_minute_wait_for_the_next_one(home: Path) -> None:
    clock = Clock()
    clock.now = 60.0 * 30_000_000 + 20  # forty seconds before the end of a minute
    with Sandbox(Settings(rpm=2, clock=clock)) as box:
        session = new_session(home, box.url, now=clock)
        comparison = Comparison(session, now=clock)
        try:
            assert await comparison.look() == 2
            lanes = comparison.begin(asked(session, ["sandbox/haiku"], samples=3))
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(comparison.run_all())
                await until(lambda: sum(lane.turn.ended for lane in lanes) == 2, "two answers")
                late = next(lane for lane in lanes if not lane.turn.ended)
                assert late.turn.state is TurnState.QUEUED and late.starts_at is not None
                assert 39 <= late.starts_at - clock.now <= 41
                clock.now += 41
                late.wake()
            assert [lane.turn.state for lane in lanes] == [TurnState.DONE] * 3
            assert not [request for request in box.requests if request.get("status") == 429]
        finally:
            session.close()
            await session.aclose()


@pytest.mark.anyio
async def test_a_lane_that_waits_can_be_stopped_without_being_sent(home: Path) -> None:
    with Sandbox(Settings(rpm=1, clock=Clock())) as box:
        async with opened(home, box, now=Clock()) as session:
            comparison = Comparison(session, now=Clock())
            await comparison.look()
            one, two = comparison.begin(asked(session, ["sandbox/haiku"], samples=2))
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(comparison.run_all())
                await until(lambda: one.turn.ended and two.starts_at is not None, "one answer, one in the queue")
                comparison.stop(two)
            assert one.succeeded and two.turn.state is TurnState.STOPPED
            assert sum(request["path"].endswith("completions") for request in box.requests) == 1


@pytest.mark.anyio
@pytest.mark.parametrize("retries", [0, 1])
async def test_a_refused_lane_is_sent_again_only_where_the_user_said_so(home: Path, retries: int) -> None:
    with Sandbox(Settings(rpm=100_000)) as box:
        async with opened(home, box) as session:
            waited: list[str] = []
            session.on_change = lambda turn, _: waited.extend(id for id in session.waits if id == turn.id)
            comparison = Comparison(session, retries=retries)
            refused, good = comparison.begin(asked(session, ["sandbox/fault-429-rpm:1", "sandbox/haiku"]))
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(comparison.run_all())
                await until(lambda: good.turn.ended, "the good lane")
                await until(lambda: refused.turn.ended or refused.turn.id in session.waits, "the refusal")
                comparison.stop(refused)
            assert good.succeeded
            assert bool(waited) is bool(retries)


@pytest.mark.anyio
async def test_lanes_are_added_changed_and_removed_while_others_stream(slow: Sandbox, home: Path) -> None:
    async with opened(home, slow) as session:
        comparison = Comparison(session)
        first, second = comparison.begin(asked(session, ["sandbox/markdown", "sandbox/markdown"]))
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(comparison.run_all())
            await streaming(first.turn, 20)
            added = comparison.beside(first, "cold", model="sandbox/haiku", temperature=0)
            tasks.create_task(comparison.run(added))
            gone = second.turn
            comparison.remove(second)
            await until(lambda: added.turn.ended, "the added lane")
            assert not first.turn.ended and gone.state is TurnState.STOPPED
            old = first.turn
            comparison.again(first, model="sandbox/echo")
            tasks.create_task(comparison.run(first))
        assert comparison.lanes == [first, added] and old.state is TurnState.STOPPED
        assert first.turn.model == "sandbox/echo" and first.succeeded and added.succeeded
        assert added.turn.request["temperature"] == 0 and (added.place, first.place) == (1, 2)
        assert stored(home, old).state is TurnState.STOPPED


@pytest.mark.anyio
async def test_the_conversation_goes_on_from_the_lane_that_is_kept(box: Sandbox, home: Path) -> None:
    async with opened(home, box) as session:
        await session.run(session.say("before"))
        comparison = Comparison(session)
        lanes = comparison.begin(asked(session, ["sandbox/haiku", "sandbox/echo"]))
        await comparison.run_all()
        comparison.keep(lanes[1])
        assert session.nodes[-1].id == lanes[1].node.id and session.draft.model == "sandbox/echo"
        await session.run(session.say("and on"))
        sent = [message["content"] for message in box.requests[-1]["body"]["messages"]]
        assert sent[0] == "before" and sent[2] == "compare me" and sent[3] == str(lanes[1].turn.content)
        assert sent[-1] == "and on"
    async with opened(home, box) as again:
        again.open()
        reopened = Comparison.of(again, next(node for node in again.nodes if node.id == lanes[1].node.id))
        assert [lane.label for lane in reopened.lanes] == ["sandbox/haiku", "sandbox/echo"]
        assert [str(lane.turn.content) for lane in reopened.lanes] == [str(lane.turn.content) for lane in lanes]


@pytest.mark.anyio
async def test_what_a_killed_process_left_is_there_for_every_lane(slow: Sandbox, home: Path) -> None:
    now = time.monotonic()
    session = new_session(home, slow.url)
    comparison = Comparison(session)
    lanes: list[Lane] = comparison.begin(asked(session, ["sandbox/markdown"], samples=3))
    tasks = [asyncio.create_task(comparison.run(lane)) for lane in lanes]
    await until(lambda: all(stored(home, lane.turn).content for lane in lanes), "a checkpoint of each lane")
    for task in tasks:
        task.cancel()
    seen = [len(stored(home, lane.turn).content) for lane in lanes]
    await asyncio.wait(tasks)
    session.close()
    await session.aclose()
    assert min(seen) > 0 and time.monotonic() - now < 30


def test_what_varies_is_said_and_the_rest_is_not() -> None:
    from meshtui.core.chat import Draft

    draft = Draft(model="a/one", params={"seed": 1})
    assert [v.label for v in variants(draft, ["a/one", "b/two"])] == ["a/one", "b/two"]
    cold = variants(draft, params=[("temperature", 0), ("temperature", 1)])
    assert [v.label for v in cold] == ["temperature 0", "temperature 1"]
    assert [v.draft.params for v in cold] == [{"seed": 1, "temperature": 0}, {"seed": 1, "temperature": 1}]
    both = variants(draft, ["a/one", "b/two"], params=[("temperature", 0)], samples=2)
    assert [v.label for v in both][:2] == ["a/one · temperature 0 #1", "a/one · temperature 0 #2"]
    assert [v.label for v in variants(draft, samples=2)] == ["a/one #1", "a/one #2"]


async def judged(session: Session, models: list[str], **more: str) -> tuple[Comparison, Judge]:
    comparison = Comparison(session, retries=2)
    comparison.begin(asked(session, models))
    judge = Judge(comparison, **more)
    for lane in comparison.lanes:
        judge.take(lane)
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(judge.run())
        tasks.create_task(comparison.run_all())
    return comparison, judge


@pytest.mark.anyio
async def test_the_gateways_judge_drives_the_same_lanes_and_gives_a_verdict(home: Path) -> None:
    models = ["sandbox/haiku", "sandbox/echo", "sandbox/fault-hang", "sandbox/fault-cut"]
    with Sandbox(Settings(compare_timeout=0.2)) as box:
        async with opened(home, box) as session:
            comparison, judge = await judged(session, models, instructions="Which is shorter?")
            good, echo, bad, cut = comparison.lanes
            assert cut.turn.problem is not None and cut.turn.problem.kind is ProblemKind.PROVIDER
            assert good.succeeded and echo.succeeded and good.turn.usage and good.turn.finish_reason == "stop"
            assert bad.turn.problem is not None and "timed out" in bad.turn.problem.message
            assert bad.turn.problem.kind is ProblemKind.TIMEOUT and judge.problem is None
            assert judge.state == "done" and "## Comparison" in str(judge.verdict)
            used = {row.name: row.used for row in session.account().meters.rows(session.time())}
            assert used["rpd"] == 1, "one request fed all lanes"
            assert "Which is shorter?" in str(judge.verdict)
            sent = [request for request in box.requests if request["path"].endswith("/chat/compare")]
            assert len(sent) == 1 and sent[0]["body"]["models"] == models
            for lane in comparison.lanes:
                assert stored(home, lane.turn).state is lane.turn.state
            assert str(stored(home, good.turn).content) == str(good.turn.content)


@pytest.mark.anyio
async def test_where_the_comparison_fails_every_open_lane_says_so(home: Path) -> None:
    with Sandbox(Settings(rpm=0)) as box:
        async with opened(home, box) as session:
            comparison, judge = await judged(session, ["sandbox/haiku", "sandbox/echo"])
            kinds = [lane.turn.problem.kind if lane.turn.problem else None for lane in comparison.lanes]
            assert kinds == [ProblemKind.RATE_LIMIT] * 2 and judge.state == "failed"


@pytest.mark.anyio
async def test_what_the_judge_costs_is_said_before_and_samples_are_not_judged(box: Sandbox, home: Path) -> None:
    async with opened(home, box) as session:
        await session.catalogue()
        comparison = Comparison(session)
        comparison.begin(asked(session, ["sandbox/haiku", "sandbox/echo"]))
        judge = Judge(comparison)
        assert not judge.refusal() and "3 in all" in judge.cost() and "~$0.0" in judge.cost()
        assert "price is unknown" in Judge(comparison, "nobody/knows").cost()
        samples = Comparison(session)
        samples.begin(asked(session, ["sandbox/haiku"], samples=2))
        assert "different models" in Judge(samples).refusal()
        for lane in (*comparison.lanes, *samples.lanes):
            session.stop(lane.turn)


@pytest.mark.anyio
async def test_where_a_lane_cannot_be_kept_nothing_is_sent(
    box: Sandbox, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with opened(home, box) as session:
        begin, calls = session.store.begin, 0

        def full(*arguments: Any) -> Any:
            nonlocal calls
            calls += 1
            if calls == 2:
                raise StoreError("The disk is full.")
            return begin(*arguments)

        monkeypatch.setattr(session.store, "begin", full)
        seen = len(box.requests)
        comparison = Comparison(session)
        with pytest.raises(StoreError):
            comparison.begin(asked(session, ["sandbox/haiku", "sandbox/echo"]))
        await comparison.run_all()
        assert len(box.requests) == seen and [lane.turn.state for lane in comparison.lanes] == [TurnState.STOPPED]


@pytest.mark.anyio
async def test_a_comparison_that_is_stopped_is_no_fault_of_the_programs(home: Path) -> None:
    with Sandbox(Settings(compare_timeout=600.0)) as box:
        async with opened(home, box) as session:
            comparison = Comparison(session)
            comparison.begin(asked(session, ["sandbox/haiku", "sandbox/fault-hang"]))
            judge = Judge(comparison)
            for lane in comparison.lanes:
                judge.take(lane)
            loop = asyncio.get_running_loop()
            running, lanes = loop.create_task(judge.run()), loop.create_task(comparison.run_all())
            await until(lambda: comparison.lanes[0].succeeded, "the first answer")
            running.cancel()
            await asyncio.wait([running, lanes], timeout=10)
            problem = comparison.lanes[1].turn.problem
            assert problem is not None and problem.kind is ProblemKind.STREAM_CUT and "stopped" in str(problem)
            assert judge.state == "failed"
