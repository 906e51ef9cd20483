"""A session and its gateways: trying again by itself, aiming elsewhere."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from meshtui.core.problem import Problem, ProblemKind
from meshtui.core.turn import TurnState
from meshtui.sandbox import Sandbox, Settings
from meshtui.session import Session
from tests.workbench import KEY, OTHER_KEY, opened, stored, streaming, surroundings, until


async def waits(session: Session) -> list[float]:
    """Make the session note how long it would wait instead of waiting."""
    noted: list[float] = []

    async def note(seconds: float) -> None:
        noted.append(seconds)

    session._sleep = note
    return noted


@pytest.mark.anyio
async def test_a_retry_never_comes_before_the_gateway_allows_it(home: Path) -> None:
    with Sandbox(Settings(faults=("429-rpm:2",))) as box:
        async with opened(home, box) as session:
            noted = await waits(session)
            notices: list[str] = []
            session.on_notice = notices.append
            turn = session.say("hello")
            await session.run(turn, retries=3)
            assert turn.state is TurnState.DONE and len(noted) == 2
            assert all(1.0 <= seconds < 2.0 for seconds in noted)
            assert len(notices) == 2 and all("requests per minute" in notice for notice in notices)


@pytest.mark.anyio
@pytest.mark.parametrize("fault", ["429-long", "402", "401", "422", "500-job", "404"])
async def test_where_waiting_is_of_no_use_nothing_is_tried_again(home: Path, fault: str) -> None:
    with Sandbox(Settings(faults=(f"{fault}:1",))) as box:
        async with opened(home, box) as session:
            noted = await waits(session)
            turn = session.say("hello")
            await session.run(turn, retries=3)
            assert turn.state is TurnState.FAILED and noted == [] and len(box.requests) == 1


@pytest.mark.anyio
async def test_the_number_of_tries_is_kept(home: Path) -> None:
    with Sandbox(Settings(faults=("503",))) as box:
        async with opened(home, box) as session:
            noted = await waits(session)
            turn = session.say("hello")
            await session.run(turn, retries=2)
            assert len(box.requests) == 3 and len(noted) == 2 and noted[0] < noted[1]
            assert turn.problem is not None and turn.problem.status == 503


@pytest.mark.anyio
@pytest.mark.parametrize("fault", ["cut", "reset", "cut-clean", "error-midway", "error-close"])
async def test_nothing_is_tried_again_once_something_of_it_arrived(home: Path, fault: str) -> None:
    with Sandbox(Settings(faults=(f"{fault}:1",))) as box:
        async with opened(home, box) as session:
            noted = await waits(session)
            turn = session.say("hello")
            await session.run(turn, retries=3)
            assert turn.state is TurnState.FAILED and turn.content
            assert noted == [] and len(box.requests) == 1
            on_disk = stored(home, turn)
            assert str(on_disk.content) == str(turn.content) and on_disk.problem is not None


@pytest.mark.anyio
async def test_stopping_ends_the_wait_for_another_try(home: Path) -> None:
    with Sandbox(Settings(faults=("429-rpm",))) as box:
        async with opened(home, box) as session:
            waiting: list[str] = []
            session.on_notice = waiting.append
            turn = session.say("hello")
            async with asyncio.TaskGroup() as tasks:
                running = tasks.create_task(session.run(turn, retries=3))
                await until(lambda: waiting, "the notice that it tries again")
                session.stop(turn)
                await asyncio.wait([running])
            assert turn.state is TurnState.STOPPED and len(box.requests) == 1


@pytest.mark.anyio
async def test_a_refused_key_leaves_the_target_that_works(box: Sandbox, home: Path) -> None:
    with Sandbox(Settings(keys=(KEY,))) as choosy:
        async with opened(home, choosy) as session:
            await session.catalogue()
            cards = session.cards
            other = replace(surroundings(home, choosy.url, OTHER_KEY).target(), profile="other", model="sandbox/echo")
            with pytest.raises(Problem) as refused:
                await session.aim(other)
            assert refused.value.kind is ProblemKind.KEY_REFUSED
            assert session.target.profile != "other" and session.draft.model == "sandbox/haiku"
            assert session.cards is cards
            turn = session.say("still here?")
            await session.run(turn)
            assert turn.state is TurnState.DONE


@pytest.mark.anyio
async def test_a_gateway_that_cannot_be_reached_leaves_the_target_that_works(box: Sandbox, home: Path) -> None:
    async with opened(home, box) as session:
        with pytest.raises(Problem) as failed:
            await session.aim(surroundings(home, "http://127.0.0.1:9").target())
        assert failed.value.kind is ProblemKind.NETWORK
        turn = session.say("still here?")
        await session.run(turn)
        assert turn.state is TurnState.DONE


@pytest.mark.anyio
async def test_an_accepted_target_is_used_from_then_on(box: Sandbox, home: Path) -> None:
    with Sandbox(Settings()) as second:
        async with opened(home, box) as session:
            target = replace(surroundings(home, second.url, OTHER_KEY).target(), profile="second", model="sandbox/echo")
            await session.aim(target)
            assert session.cards and session.draft.model == "sandbox/echo"
            turn = session.say("hello")
            await session.run(turn)
            assert turn.state is TurnState.DONE and turn.profile == "second"
            assert second.requests[-1]["path"].endswith("/chat/completions")


@pytest.mark.anyio
async def test_aiming_elsewhere_lets_a_running_turn_end(slow: Sandbox, home: Path) -> None:
    with Sandbox(Settings()) as second:
        async with opened(home, slow, "sandbox/haiku") as session:
            turn = session.say("hello")
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(session.run(turn))
                await streaming(turn)
                await session.aim(surroundings(home, second.url, OTHER_KEY).target())
            assert turn.state is TurnState.DONE, turn.problem
