"""Rounds of tool calls that go on by themselves while another conversation is open, and where they ask and stop."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from meshtui.core.budget import Budget
from meshtui.core.turn import Turn, TurnState
from meshtui.sandbox import Sandbox
from meshtui.session import OpenCalls, Pending, Plan, Round, Session
from tests.rounds import CITY, answered_once, called, put, turn_on
from tests.workbench import opened, until

pytestmark = pytest.mark.anyio

SLOW = {"rules": [{"result": "fine", "latency": 0.03}]}


@asynccontextmanager
async def driven(session: Session, limit: int = 5) -> AsyncIterator[asyncio.Task[Turn]]:
    """Ask in a new conversation, let rounds go on by themselves, and open another one."""
    session.new()
    session.rounds.set_automatic(limit)
    task = asyncio.get_running_loop().create_task(session.rounds.drive(session.say("get_weather in Paris")))
    session.new()
    try:
        yield task
    finally:
        task.cancel()
        await asyncio.wait([task])


def first_of(session: Session) -> str:
    """The conversation that was asked in."""
    return next(row.id for row in session.conversations() if row.title.startswith("get_weather"))


async def test_rounds_go_on_and_nothing_of_them_comes_into_the_conversation_that_is_open(
    box: Sandbox, home: Path
) -> None:
    put(home, "get_weather", CITY, responder=SLOW)
    put(home, "get_time", CITY)
    seen = len(box.requests)
    async with opened(home, box, "sandbox/tools-3") as session:
        turn_on(session, "get_weather")
        told: list[Turn] = []
        session.rounds.on_turn = lambda round, turn: told.append(turn)
        async with driven(session) as task:
            turn_on(session, "get_time")
            session.rounds.set_automatic(0)
            other = session.say("hello there")
            await session.run(other)
            here = list(session.nodes)
            last = await task
            assert last.state is TurnState.DONE and len(told) == 3
            assert session.nodes == here and session.rounds.automatic == 0
            assert session.draft.tools[0]["function"]["name"] == "get_time"
            session.open(first_of(session))
            assert [node.role for node in session.nodes] == ["user", *["assistant", "tool"] * 3, "assistant"]
            assert session.rounds.current() is None and session.rounds.automatic == 5
    bodies = [entry["body"] for entry in box.requests[seen:] if "messages" in entry["body"]]
    rounds = [body for body in bodies if body["messages"][0]["content"] != "hello there"]
    assert len(rounds) == 4 and all(answered_once(body["messages"]) for body in rounds)
    assert {body["tools"][0]["function"]["name"] for body in rounds} == {"get_weather"}


async def test_rounds_elsewhere_do_not_read_all_that_was_said_there(
    box: Sandbox, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(home, "get_weather", CITY, responder=SLOW)
    async with opened(home, box, "sandbox/tools-3") as session:
        turn_on(session, "get_weather")
        async with driven(session) as task:
            read: list[str] = []
            monkeypatch.setattr(session.store, "history", read.append)
            assert (await task).state is TurnState.DONE and read == []


async def test_rounds_stay_with_the_gateway_where_they_were_begun(box: Sandbox, home: Path) -> None:
    put(home, "get_weather", CITY, responder=SLOW)
    async with opened(home, box, "sandbox/tools-3") as session:
        turn_on(session, "get_weather")
        async with driven(session) as task:
            session.switch(replace(session.target, profile="other", base_url="http://127.0.0.1:9/v1"))
            last = await task
            assert last.state is TurnState.DONE, last.problem
            assert last.profile != "other"


async def test_a_round_is_the_same_one_when_its_conversation_is_opened_again(box: Sandbox, home: Path) -> None:
    put(home, "get_weather", CITY, responder={"rules": [{"result": "late", "latency": 600}]})
    async with opened(home, box, "sandbox/tools") as session:
        turn_on(session, "get_weather")
        seen: list[Round] = []
        session.rounds.on_change = seen.append
        async with driven(session) as task:
            await until(lambda: seen and seen[-1].calls[0].state == "running", "the call")
            session.open(first_of(session))
            round = session.rounds.current()
            assert round is seen[-1]
            session.rounds.stop(round)
            await task
            assert round.calls[0].state == "open" and "stopped" in round.calls[0].note


async def test_what_cannot_go_on_says_so_with_the_name_of_its_conversation(box: Sandbox, home: Path) -> None:
    put(home, "get_weather", CITY)
    async with opened(home, box, "sandbox/tools-9") as session:
        turn_on(session, "get_weather")
        said: list[str] = []
        session.on_notice = said.append
        async with driven(session) as task:
            await task
        assert said == ["“get_weather in Paris”: Its calls wait for you."]
        put(home, "get_weather", CITY, responder=SLOW)
        async with driven(session, 2) as task:
            await task
        assert "“get_weather in Paris”: The limit of 2 rounds is reached" in said[-1]
        await session.catalogue()
        session.budget = Budget(conversation=Decimal("0.000000001"))
        async with driven(session) as task:
            await task
        assert said[-1].startswith("“get_weather in Paris”: Your own budget") and "not sent" in said[-1]


@pytest.mark.parametrize("how", ["deleted", "said"])
async def test_results_go_nowhere_where_the_conversation_went_on_without_them(
    box: Sandbox, home: Path, how: str
) -> None:
    put(home, "get_weather", CITY, responder={"rules": [{"result": "late", "latency": 0.3}]})
    async with opened(home, box, "sandbox/tools-9") as session:
        turn_on(session, "get_weather")
        said: list[str] = []
        session.on_notice = said.append
        seen: list[Round] = []
        session.rounds.on_change = seen.append
        async with driven(session) as task:
            await until(lambda: seen and seen[-1].calls[0].state == "running", "the call")
            if how == "deleted":
                session.delete(first_of(session))
            else:
                session.open(first_of(session))
                await session.run(session.say("never mind"))
            before = len(box.requests)
            await task
            why = "was deleted: nothing" if how == "deleted" else "went on without the results"
            assert len(box.requests) == before and why in said[-1]


async def test_each_conversation_asks_for_itself(box: Sandbox, home: Path) -> None:
    put(home, "get_weather", CITY, responder={"kind": "command", "argv": [sys.executable, "-c", "print('ran')"]})
    async with opened(home, box, "sandbox/tools") as session:
        turn_on(session, "get_weather")
        asked: list[str] = []
        later = asyncio.Event()

        async def approve(round: Round, pending: Pending, plan: Plan) -> Any:
            asked.append(round.node.conversation_id)
            if len(asked) == 1:
                await later.wait()
                return "conversation"
            return "once"

        session.rounds.approve = approve
        async with driven(session) as task:
            await until(lambda: asked, "the question")
            round = await called(session)
            await session.rounds.fill(round)  # not held up by the question that waits elsewhere
            assert [one.result for one in round.calls] == ["ran"] and len(set(asked)) == 2
            later.set()
            assert (await task).state is TurnState.DONE
            session.rounds.reset(round, round.calls[0])
            await session.rounds.fill(round)
            assert len(asked) == 3, "what was allowed there is asked for here"


def asking(session: Session) -> list[str]:
    """Let every command wait to be allowed for ever; return the conversations that asked."""
    asked: list[str] = []

    async def approve(round: Round, pending: Pending, plan: Plan) -> Any:
        asked.append(round.node.conversation_id)
        try:
            await asyncio.Event().wait()
        finally:
            asked.remove(round.node.conversation_id)

    session.rounds.approve = approve
    return asked


async def test_nothing_waits_in_a_conversation_that_was_deleted_and_it_can_be_answered_once_it_is_back(
    box: Sandbox, home: Path
) -> None:
    put(home, "get_weather", CITY, responder={"kind": "command", "argv": [sys.executable, "-c", "print('ran')"]})
    async with opened(home, box, "sandbox/tools-parallel") as session:
        turn_on(session, "get_weather")
        asked, said = asking(session), list[str]()
        session.on_notice = said.append
        async with driven(session) as task:
            await until(lambda: asked, "the question")
            here, seen = first_of(session), len(box.requests)
            session.delete(here)
            assert (await task).state is TurnState.DONE
            await until(lambda: not asked, "the question withdrawn")
        assert said == ["“get_weather in Paris”: The conversation was deleted: nothing went back to the model."]
        session.restore(here)
        session.open(here)
        round = session.rounds.current()
        assert round is not None and len(round.calls) == 2
        assert all(one.state == "open" and "stopped" in one.note for one in round.calls)
        session.rounds.approve, session.rounds.allows_all = None, True
        await session.rounds.fill(round)
        turn = session.rounds.go_on(round)
        await session.run(turn)
        assert turn.state is TurnState.DONE and len(box.requests) == seen + 1
        assert answered_once(box.requests[-1]["body"]["messages"])


async def test_no_command_asks_in_a_conversation_that_was_deleted_while_its_answer_came(
    box: Sandbox, home: Path
) -> None:
    put(home, "get_weather", CITY, responder={"kind": "command", "argv": [sys.executable, "-c", "print('ran')"]})
    async with opened(home, box, "sandbox/tools") as session:
        turn_on(session, "get_weather")
        asked, said = asking(session), list[str]()
        session.on_notice = said.append
        async with driven(session) as task:
            here = first_of(session)
            session.delete(here)
            assert (await task).state is TurnState.DONE and asked == [] and said == []
        session.restore(here)
        session.open(here)
        round = session.rounds.current()
        assert round is not None and [one.state for one in round.calls] == ["open"]


async def test_what_answers_by_itself_begins_nothing_in_a_conversation_that_was_deleted(
    box: Sandbox, home: Path
) -> None:
    put(home, "get_weather", CITY, responder={"rules": [{"result": "fine"}]})
    async with opened(home, box, "sandbox/tools") as session:
        turn_on(session, "get_weather")
        round = await called(session, "get_weather in Paris")
        session.delete(round.node.conversation_id)
        await session.rounds.fill(round)
        (call,) = round.calls
        assert (call.state, call.note) == ("open", "Not answered: the conversation was deleted.")
        session.restore(round.node.conversation_id)
        await session.rounds.fill(round)
        assert (call.state, call.result, call.note) == ("answered", "fine", "")


async def test_rounds_of_the_conversation_that_is_shown_end_when_it_is_deleted(box: Sandbox, home: Path) -> None:
    put(home, "get_weather", CITY, responder={"rules": [{"result": "late", "latency": 600}]})
    async with opened(home, box, "sandbox/tools-9") as session:
        turn_on(session, "get_weather")
        session.rounds.set_automatic(5)
        said: list[str] = []
        session.on_notice = said.append
        task = asyncio.get_running_loop().create_task(session.rounds.drive(session.say("get_weather in Paris")))
        await until(session.rounds.running, "the call")
        seen = len(box.requests)
        assert session.conversation is not None
        session.delete(session.conversation.id)
        await task
        assert said == ["The conversation was deleted: nothing went back to the model."]
        assert session.rounds.running() is None and len(box.requests) == seen


@pytest.mark.parametrize("edited", [False, True], ids=["as-it-came", "edited"])
async def test_of_two_windows_on_one_round_one_sends_it_and_the_other_can_go_back_to_it(
    box: Sandbox, home: Path, edited: bool
) -> None:
    put(home, "get_weather", CITY)
    async with opened(home, box, "sandbox/tools") as ours, opened(home, box, "sandbox/tools") as theirs:
        turn_on(ours, "get_weather")
        round = await called(ours, "get_weather in Paris")
        here = round.node.conversation_id
        theirs.open(here)
        other = theirs.rounds.current()
        assert other is not None
        for session, one, text in ((ours, round, "rain"), (theirs, other, "sun")):
            session.rounds.set_result(one, one.calls[0], text)
        await ours.run(ours.rounds.go_on(round))
        seen, ends = len(box.requests), ours.nodes[-1].id
        if edited:
            theirs.rounds.edit_arguments(other, other.calls[0], '{"city": "Rome"}')
        with pytest.raises(OpenCalls, match="went on in another window meanwhile, so nothing was sent"):
            theirs.rounds.go_on(other)
        assert len(box.requests) == seen and not theirs.live
        found = theirs.store.conversation(here)
        assert found is not None and found.head_id == ends, "nothing of it was written"
        theirs.open(here)
        assert [node.role for node in theirs.nodes] == ["user", "assistant", "tool", "assistant"]
        assert theirs.rounds.reopen(theirs.nodes[1]) is other and other.calls[0].result == "sun"
        turn = theirs.rounds.go_on(other)
        await theirs.run(turn)
        assert turn.state is TurnState.DONE and len(box.requests) == seen + 1
        assert answered_once(box.requests[-1]["body"]["messages"])
        assert len(theirs.store.siblings(ours.nodes[2 if not edited else 1].id)) == 2, "both are in the tree"


async def test_rounds_that_go_on_by_themselves_stop_where_another_window_went_on(box: Sandbox, home: Path) -> None:
    put(home, "get_weather", CITY, responder={"kind": "command", "argv": [sys.executable, "-c", "print('ran')"]})
    async with opened(home, box, "sandbox/tools-9") as ours, opened(home, box, "sandbox/tools-9") as theirs:
        turn_on(ours, "get_weather")
        ours.rounds.set_automatic(5)
        asked, later, said = asyncio.Event(), asyncio.Event(), list[str]()

        async def approve(round: Round, pending: Pending, plan: Plan) -> Any:
            asked.set()
            await later.wait()
            return "once"

        ours.rounds.approve, ours.on_notice = approve, said.append
        task = asyncio.get_running_loop().create_task(ours.rounds.drive(ours.say("get_weather in Paris")))
        await asked.wait()
        assert ours.conversation is not None
        theirs.open(ours.conversation.id)
        await theirs.run(theirs.say("never mind"))
        seen = len(box.requests)
        later.set()
        assert (await task).state is TurnState.DONE
        assert len(box.requests) == seen and "another window" in said[-1]
