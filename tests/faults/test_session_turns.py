"""Turns of a session against the sandbox: said, stopped, repeated, many at once."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import pytest

from meshtui.core.problem import ProblemKind
from meshtui.core.turn import Turn, TurnState
from meshtui.sandbox import Sandbox
from tests.workbench import new_session, opened, stored, streaming, until


@pytest.mark.anyio
async def test_what_was_said_is_answered_and_both_are_on_disk(box: Sandbox, home: Path) -> None:
    async with opened(home, box) as session:
        turn = session.say("hello")
        await session.run(turn)
        assert turn.state is TurnState.DONE and turn.finish_reason == "stop"
        assert turn.request_id and turn.usage and turn.total is not None and turn.first_at is not None
        ids = [node.id for node in session.nodes]
        answer = str(turn.content)
    async with opened(home, box) as again:
        nodes = again.open()
        assert [node.id for node in nodes] == ids
        assert [node.message.text for node in nodes] == ["hello", answer]
        assert again.conversation is not None and again.conversation.title == "hello"
        assert again.draft.model == "sandbox/haiku" and again.prompts() == ["hello"]


@pytest.mark.anyio
async def test_a_conversation_goes_on_with_the_model_of_the_branch_it_shows(box: Sandbox, home: Path) -> None:
    async with opened(home, box) as session:
        first = session.say("hello")
        await session.run(first)
        kept = session.nodes[-1].id
        await session.run(session.retry(first, "sandbox/echo"))
        session.show_branch(kept)
    async with opened(home, box) as again:
        again.open()
        assert again.nodes[-1].id == kept and again.draft.model == "sandbox/haiku"


@pytest.mark.anyio
async def test_what_was_said_is_on_disk_before_anything_is_sent(box: Sandbox, home: Path) -> None:
    async with opened(home, box) as session:
        seen = len(box.requests)
        turn = session.say("keep me")
        assert len(box.requests) == seen
        assert stored(home, turn).state is TurnState.QUEUED
        other = new_session(home, box.url)
        assert [node.message.text for node in other.open()][:1] == ["keep me"]
        other.close()
        await session.run(turn)


@pytest.mark.anyio
async def test_the_conversation_so_far_goes_along(box: Sandbox, home: Path) -> None:
    async with opened(home, box) as session:
        for text in ("first", "second"):
            await session.run(session.say(text))
    sent = box.requests[-1]["body"]["messages"]
    assert [message["role"] for message in sent] == ["user", "assistant", "user"]
    assert sent[0]["content"] == "first" and sent[2]["content"] == "second" and sent[1]["content"]


@pytest.mark.anyio
async def test_a_turn_is_run_once(box: Sandbox, home: Path) -> None:
    async with opened(home, box) as session:
        turn = session.say("hello")
        await session.run(turn)
        seen, text = len(box.requests), str(turn.content)
        await session.run(turn)
        assert len(box.requests) == seen and str(turn.content) == text


@pytest.mark.anyio
async def test_stopped_before_it_began_nothing_is_sent(box: Sandbox, home: Path) -> None:
    async with opened(home, box) as session:
        turn = session.say("never mind")
        seen = len(box.requests)
        session.stop(turn)
        await session.run(turn)
        assert turn.state is TurnState.STOPPED and len(box.requests) == seen
        assert stored(home, turn).state is TurnState.STOPPED and session.live == {}


@pytest.mark.anyio
@pytest.mark.parametrize("model", ["sandbox/fault-hang", "sandbox/fault-slow-first-token"])
async def test_stopped_while_it_waits(box: Sandbox, home: Path, model: str) -> None:
    async with opened(home, box, model) as session:
        turn = session.say("hello")
        seen = len(box.requests)
        async with asyncio.TaskGroup() as tasks:
            running = tasks.create_task(session.run(turn))
            await until(lambda: len(box.requests) > seen, "the request")
            assert turn.state.value == "waiting"
            began = time.monotonic()
            session.stop(turn)
            await asyncio.wait([running])
        assert running.cancelled() and time.monotonic() - began < 2.5
        assert turn.state is TurnState.STOPPED and turn.problem is None
        assert stored(home, turn).state is TurnState.STOPPED


@pytest.mark.anyio
async def test_stopped_while_it_streams_the_text_stays(slow: Sandbox, home: Path) -> None:
    async with opened(home, slow, "sandbox/markdown") as session:
        turn = session.say("hello")
        async with asyncio.TaskGroup() as tasks:
            running = tasks.create_task(session.run(turn))
            await streaming(turn, 40)
            session.stop(turn)
            await asyncio.wait([running])
        assert turn.state is TurnState.STOPPED and len(turn.content) >= 40
        on_disk = stored(home, turn)
        assert on_disk.state is TurnState.STOPPED and str(on_disk.content) == str(turn.content)
        assert session.nodes[-1].message.text == str(turn.content)
        session.stop(turn)
        assert turn.state is TurnState.STOPPED


@pytest.mark.anyio
async def test_closing_while_it_streams_leaves_it_stopped_with_its_text(slow: Sandbox, home: Path) -> None:
    session = new_session(home, slow.url, "sandbox/markdown")
    turn = session.say("hello")
    async with asyncio.TaskGroup() as tasks:
        running = tasks.create_task(session.run(turn))
        await streaming(turn, 40)
        session.close()
        text = str(turn.content)
        assert stored(home, turn).state is TurnState.STOPPED
        running.cancel()
        await asyncio.wait([running])
    await session.aclose()
    assert str(stored(home, turn).content) == text and stored(home, turn).state is TurnState.STOPPED


@pytest.mark.anyio
async def test_a_retry_is_another_answer_to_the_same_message(box: Sandbox, home: Path) -> None:
    async with opened(home, box, "sandbox/echo") as session:
        first = session.say("hello")
        await session.run(first)
        second = session.retry(first)
        await session.run(second)
        assert second.id != first.id and second.parent_id == first.parent_id
        assert [node.turn_id for node in session.nodes] == [None, second.id]
        siblings = session.store.siblings(session.nodes[-1].id)
        assert [node.turn_id for node in siblings] == [first.id, second.id]
        assert box.requests[-1]["body"] == box.requests[-2]["body"]
        assert session.conversation is not None and session.conversation.turns == 2


@pytest.mark.anyio
async def test_a_retry_may_go_to_another_model(box: Sandbox, home: Path) -> None:
    async with opened(home, box, "sandbox/fault-404") as session:
        first = session.say("hello")
        await session.run(first)
        assert first.problem is not None and first.problem.kind is ProblemKind.MODEL_NOT_FOUND
        second = session.retry(first, "sandbox/haiku")
        await session.run(second)
        assert second.state is TurnState.DONE and second.model == "sandbox/haiku"
        assert first.model == "sandbox/fault-404"


@pytest.mark.anyio
async def test_a_retry_of_an_earlier_turn_leaves_out_what_followed(box: Sandbox, home: Path) -> None:
    async with opened(home, box, "sandbox/haiku") as session:
        first = session.say("one")
        await session.run(first)
        await session.run(session.say("two"))
        again = session.retry(first)
        await session.run(again)
        assert [node.message.text for node in session.nodes] == ["one", str(again.content)]
        assert [message["content"] for message in box.requests[-1]["body"]["messages"]] == ["one"]


@pytest.mark.anyio
async def test_turns_of_several_conversations_run_side_by_side(slow: Sandbox, home: Path) -> None:
    async with opened(home, slow, "sandbox/long-60") as session:
        turns: list[Turn] = []
        most = 0

        def changed(turn: Turn, _: object) -> None:
            nonlocal most
            most = max(most, sum(t.state is TurnState.STREAMING for t in turns))

        session.on_change = changed
        async with asyncio.TaskGroup() as tasks:
            for number in range(4):
                session.new()
                turns.append(session.say(f"question {number}"))
                tasks.create_task(session.run(turns[-1]))
        assert most > 1, "they ran one after another"
        assert [turn.state for turn in turns] == [TurnState.DONE] * 4
        titles = {row.title: row for row in session.conversations()}
        assert len(titles) == 4
        for number, turn in enumerate(turns):
            nodes = session.open(titles[f"question {number}"].id)
            assert [node.message.text for node in nodes] == [f"question {number}", str(turn.content)]


@pytest.mark.anyio
async def test_stopping_one_of_several_leaves_the_others(slow: Sandbox, home: Path) -> None:
    async with opened(home, slow, "sandbox/long-120") as session:
        async with asyncio.TaskGroup() as tasks:
            one = session.say("one")
            running = tasks.create_task(session.run(one))
            session.new()
            two = session.say("two")
            tasks.create_task(session.run(two))
            await streaming(one)
            session.stop(one)
            await asyncio.wait([running])
        assert (one.state, two.state) == (TurnState.STOPPED, TurnState.DONE)
