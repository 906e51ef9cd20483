"""Commands that answer calls of a session: asked for each time, ended when nobody waits for them."""

from __future__ import annotations

import asyncio
import json
import os
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from meshtui.core.turn import TurnState
from meshtui.sandbox import Sandbox
from meshtui.session import Pending, Plan, Round, Session, answering, tool_command
from tests.rounds import CITY, ZONE, called, put, turn_on
from tests.workbench import opened, until


def command(*lines: str, **more: Any) -> dict[str, Any]:
    return {"kind": "command", "argv": [sys.executable, "-c", "\n".join(lines)], **more}


class Asked:
    """Someone who is asked, and says the same each time."""

    def __init__(self, answer: Any) -> None:
        self.answer, self.plans = answer, list[Plan]()

    async def __call__(self, round: Round, pending: Pending, plan: Plan) -> Any:
        self.plans.append(plan)
        return self.answer


@pytest.mark.anyio
async def test_a_command_answers_only_where_the_user_said_so(box: Sandbox, home: Path) -> None:
    path = put(home, "get_weather", CITY, responder=command("import sys", "print('got', sys.stdin.read())"))
    async with opened(home, box, "sandbox/tools") as session:
        turn_on(session, "get_weather")
        round = await called(session)
        (pending,) = round.calls
        await session.rounds.fill(round)
        assert pending.state == "open" and "not allowed" in pending.note
        session.rounds.approve = asked = Asked("refuse")
        await session.rounds.fill(round)
        assert pending.state == "open" and len(asked.plans) == 1
        assert asked.plans[0].file == path and asked.plans[0].folder == path.parent
        asked.answer = "once"
        await session.rounds.fill(round)
        assert not round.open and pending.result == f"got {pending.call.arguments}"
        session.rounds.reset(round, pending)
        await session.rounds.fill(round)
        assert len(asked.plans) == 3
        asked.answer = "conversation"
        for _ in range(3):
            session.rounds.reset(round, pending)
            await session.rounds.fill(round)
        assert len(asked.plans) == 4
        put(home, "get_weather", CITY, responder=command("print('something else')"))
        session.rounds.reset(round, pending)
        await session.rounds.fill(round)
        assert len(asked.plans) == 5


@pytest.mark.anyio
async def test_a_script_that_changed_is_asked_for_again(box: Sandbox, home: Path) -> None:
    put(home, "get_weather", CITY, responder={"kind": "command", "argv": [sys.executable, "answer.py"]})
    script = home / "tools" / "answer.py"
    script.write_text("print(1)")
    async with opened(home, box, "sandbox/tools") as session:
        turn_on(session, "get_weather")
        round = await called(session)
        session.rounds.approve = asked = Asked("conversation")
        for text in ("print(1)", "print(1)", "print(2)"):
            script.write_text(text)
            session.rounds.reset(round, round.calls[0])
            await session.rounds.fill(round)
        assert round.calls[0].result == "2" and len(asked.plans) == 2


HANG = ("import os, time", "open('pid', 'w').write(str(os.getpid()))", "time.sleep(600)")


async def hanging(session: Session, home: Path) -> tuple[Round, asyncio.Task[None], int]:
    """Let a command hang that answers a call; return its round, who waits for it, and its process."""
    put(home, "get_weather", CITY, responder=command(*HANG))
    turn_on(session, "get_weather")
    round = await called(session)
    session.rounds.approve = Asked("once")
    filling = asyncio.get_running_loop().create_task(session.rounds.fill(round))
    file = home / "tools" / "pid"
    await until(lambda: file.exists() and file.read_text(), "the command")
    return round, filling, int(file.read_text())


async def gone(pid: int) -> None:
    def is_gone() -> bool:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return True
        return False

    await until(is_gone, f"the end of process {pid}")


@pytest.mark.anyio
@pytest.mark.parametrize("how", ["stop", "halt", "cancel", "drop", "by hand", "close"])
async def test_a_command_that_nobody_waits_for_is_ended(box: Sandbox, home: Path, how: str) -> None:
    async with opened(home, box, "sandbox/tools") as session:
        round, filling, pid = await hanging(session, home)
        (pending,) = round.calls
        match how:
            case "stop":
                session.rounds.stop(round)
            case "halt":
                session.rounds.halt(pending)
            case "cancel":
                filling.cancel()
            case "drop":
                session.rounds.drop(round, pending)
            case "by hand":
                session.rounds.set_result(round, pending, "mine")
            case "close":
                session.close()
        await asyncio.wait([filling], timeout=60)
        await gone(pid)
        assert filling.done() and pending.state == {"drop": "dropped", "by hand": "answered"}.get(how, pending.state)
        assert pending.state != "running"
        if how == "by hand":
            assert pending.result == "mine"


@pytest.mark.anyio
async def test_questions_come_one_at_a_time_and_the_screen_stays_awake(box: Sandbox, home: Path) -> None:
    put(home, "get_weather", CITY, responder=command("print('x' * 50_000_000)"))
    put(home, "get_time", ZONE, responder=command("import sys", "sys.exit('broken')"))
    async with opened(home, box, "sandbox/tools") as session:
        turn_on(session, "get_weather", "get_time")
        round = await called(session)
        asking = most = 0

        async def approve(round: Round, pending: Pending, plan: Plan) -> Any:
            nonlocal asking, most
            asking += 1
            most = max(most, asking)
            await asyncio.sleep(0)
            asking -= 1
            return "once"

        session.rounds.approve = approve
        await session.rounds.fill(round)
        assert most == 1 and not round.open
        big, broken = round.calls
        assert len(big.result) < 300_000 and "50000001 bytes in all" in big.result and not big.is_error
        assert broken.is_error and json.loads(broken.result)["stderr"] == "broken"
        turn = session.rounds.go_on(round)
        await session.run(turn)
        assert turn.state is TurnState.DONE, turn.problem


@pytest.mark.anyio
async def test_the_answer_to_other_arguments_never_goes_back(box: Sandbox, home: Path) -> None:
    put(home, "get_weather", CITY, responder=command("import sys", "print('got', sys.stdin.read())"))
    async with opened(home, box, "sandbox/tools") as session:
        turn_on(session, "get_weather")
        round, rounds = await called(session), session.rounds
        (pending,) = round.calls
        rounds.approve = Asked("once")
        await rounds.fill(round)
        assert pending.state == "answered"
        rounds.edit_arguments(round, pending, '{"city": "Oslo"}')
        rounds.accept(round)
        assert round.open == [pending] and not pending.result, "what answered Paris does not answer Oslo"
        await rounds.fill(round)
        assert not round.open and pending.result.endswith('{"city": "Oslo"}')
        rounds.reset(round, pending)
        assert not pending.result
        rounds.set_result(round, pending, "typed")
        rounds.edit_arguments(round, pending, '{"city": "Bergen"}')
        assert not round.open and pending.result.startswith("typed"), "what was typed is the user's own"


@pytest.mark.anyio
async def test_editing_the_arguments_stops_what_answers_the_old_ones(box: Sandbox, home: Path) -> None:
    async with opened(home, box, "sandbox/tools") as session:
        round, filling, pid = await hanging(session, home)
        (pending,) = round.calls
        session.rounds.edit_arguments(round, pending, '{"city": "Oslo"}')
        assert pending.state == "open"
        await asyncio.wait([filling], timeout=60)
        await gone(pid)
        assert filling.done() and pending.state == "open" and not pending.result


@pytest.mark.anyio
async def test_an_answer_that_was_stopped_does_not_disturb_the_one_begun_after_it(box: Sandbox, home: Path) -> None:
    put(home, "get_weather", CITY, responder=command("print('new')"))
    async with opened(home, box, "sandbox/tools") as session:
        turn_on(session, "get_weather")
        round = await called(session)
        (pending,) = round.calls
        asked, closing = asyncio.Event(), asyncio.Event()

        async def approve(round: Round, pending: Pending, plan: Plan) -> Any:
            if asked.is_set():
                return "once"
            try:
                asked.set()
                await asyncio.Event().wait()
            finally:
                await closing.wait()  # a screen takes a moment to go

        session.rounds.approve = approve
        loop = asyncio.get_running_loop()
        first = loop.create_task(session.rounds.fill(round))
        await asked.wait()
        session.rounds.halt(pending)
        assert pending.state == "open"
        second = loop.create_task(session.rounds.fill(round))
        await until(lambda: pending.state == "running", "the second answer")
        closing.set()
        await asyncio.wait([first, second], timeout=60)
        assert not round.open and pending.result == "new"


@pytest.mark.anyio
async def test_a_script_that_changed_while_the_user_was_asked_does_not_run(box: Sandbox, home: Path) -> None:
    put(home, "get_weather", CITY, responder={"kind": "command", "argv": [sys.executable, "answer.py"]})
    script = home / "tools" / "answer.py"
    script.write_text("print(1)")
    async with opened(home, box, "sandbox/tools") as session:
        turn_on(session, "get_weather")
        round = await called(session)
        (pending,) = round.calls

        async def approve(round: Round, pending: Pending, plan: Plan) -> Any:
            script.write_text("print(2)")
            return "once"

        session.rounds.approve = approve
        await session.rounds.fill(round)
        assert pending.state == "open" and "changed" in pending.note and not pending.result
        await session.rounds.fill(round)
        assert not round.open and pending.result.endswith("2"), "it did not change again"


@pytest.mark.anyio
async def test_arguments_that_are_null_are_json(box: Sandbox, home: Path) -> None:
    put(home, "get_weather", CITY, responder=command("import sys", "print('got', sys.stdin.read())"))
    async with opened(home, box, "sandbox/tools") as session:
        turn_on(session, "get_weather")
        round = await called(session)
        (pending,) = round.calls
        session.rounds.approve = Asked("once")
        session.rounds.edit_arguments(round, pending, "null")
        assert await session.rounds.why_not(round, pending) == ""
        await session.rounds.fill(round)
        assert pending.result == "got null"


@pytest.mark.anyio
async def test_a_command_that_ran_when_the_program_was_killed_waits_to_be_run_again(box: Sandbox, home: Path) -> None:
    async with opened(home, box, "sandbox/tools") as session:
        round, filling, _ = await hanging(session, home)
        kept = f"round {round.node.id}"
        await until(lambda: (rows := session.recall(kept)) and rows[0]["state"] == "running", "what is on disk")
        async with opened(home, box, "sandbox/tools") as other:  # a second program sees what is on disk alone
            other.open()
            again = other.rounds.current()
            assert again is not None and [one.state for one in again.calls] == ["open"]
        session.rounds.stop(round)
        await asyncio.wait([filling], timeout=60)


@pytest.mark.anyio
async def test_files_are_read_once_for_each_run_and_beside_the_screen(
    box: Sandbox, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(home, "get_weather", CITY, responder=command("print(1)"))
    threads: list[threading.Thread] = []

    def counted(*facts: Any) -> Plan:
        threads.append(threading.current_thread())
        return tool_command.planned(*facts)

    monkeypatch.setattr(answering, "planned", counted)
    async with opened(home, box, "sandbox/tools") as session:
        turn_on(session, "get_weather")
        round, rounds = await called(session), session.rounds
        (pending,) = round.calls
        rounds.approve = Asked("conversation")
        for expected in (2, 3):  # once more after a question, because it takes its time
            await rounds.fill(round)
            assert not round.open and len(threads) == expected
            rounds.reset(round, pending)
        rounds.approve, rounds.allows_all = None, True
        await rounds.fill(round, whole=True)
        assert not round.open and len(threads) == 4
    assert threading.main_thread() not in threads


@pytest.mark.anyio
async def test_commands_ask_in_the_order_of_their_calls(
    box: Sandbox, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("get_weather", "get_time"):
        put(home, name, CITY if name == "get_weather" else ZONE, responder=command("print(1)"))
    later = threading.Event()

    def slow_first(*facts: Any) -> Plan:
        if facts[1].stem == "get_weather":
            later.wait(0.2)  # a file that lies on a slow disk, so that the other is read before it
        else:
            later.set()
        return tool_command.planned(*facts)

    monkeypatch.setattr(answering, "planned", slow_first)
    async with opened(home, box, "sandbox/tools") as session:
        turn_on(session, "get_weather", "get_time")
        round = await called(session, "call get_weather and get_time")
        session.rounds.approve = asked = Asked("once")
        await session.rounds.fill(round)
        assert not round.open
        assert [plan.file.stem for plan in asked.plans] == [one.call.name for one in round.calls]
        assert [one.call.name for one in round.calls] == ["get_weather", "get_time"]
