"""Rounds of tool calls against the sandbox: answered by hand, by rules, by commands; changed, stopped, forked."""

from __future__ import annotations

import asyncio
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from meshtui.core.budget import Budget
from meshtui.core.calls.rounds import ADDED, EDITED, FAILED
from meshtui.core.chat import STUB_RESULT
from meshtui.core.turn import TurnState
from meshtui.sandbox import Sandbox
from meshtui.session import OpenCalls, Round
from tests.rounds import CITY, ZONE, answered_once, called, put, sent, turn_on
from tests.workbench import opened, until


@pytest.mark.anyio
async def test_results_by_hand_go_back_and_the_model_goes_on(box: Sandbox, home: Path) -> None:
    put(home, "get_weather", CITY)
    put(home, "get_time", ZONE)
    async with opened(home, box, "sandbox/tools") as session:
        turn_on(session, "get_weather", "get_time")
        round = await called(session)
        rounds = session.rounds
        assert [pending.call.name for pending in round.calls] == ["get_weather", "get_time"]
        with pytest.raises(OpenCalls, match="get_weather, get_time"):
            rounds.go_on(round)
        rounds.set_result(round, round.calls[0], '{"sky": "clear"}')
        rounds.set_result(round, round.calls[1], "noon")
        turn = rounds.go_on(round)
        await session.run(turn)
        assert turn.state is TurnState.DONE and "clear" in str(turn.content) and "noon" in str(turn.content)
        assert [node.role for node in session.nodes] == ["user", "assistant", "tool", "tool", "assistant"]
        assert rounds.current() is None
        stored = session.store.history(session.nodes[-1].id)
        assert [node.message.notes for node in stored if node.role == "tool"] == [("by hand",)] * 2
        again = await called(session)
        assert [pending.result for pending in again.calls] == ['{"sky": "clear"}', "noon"]
    messages = sent(box, -2)
    assert [message["role"] for message in messages] == ["user", "assistant", "tool", "tool"]
    assert answered_once(messages)
    assert all("notes" not in message for message in messages), "who answered stays here"


@pytest.mark.anyio
async def test_a_typed_result_that_is_emptied_again_leaves_its_call_open(box: Sandbox, home: Path) -> None:
    put(home, "get_weather", CITY)
    async with opened(home, box, "sandbox/tools") as session:
        turn_on(session, "get_weather")
        round = await called(session, "get_weather in Paris")
        [pending] = round.calls
        session.rounds.type_result(round, pending, "rain")
        assert not round.open
        session.rounds.type_result(round, pending, "")
        assert round.open == [pending]


@pytest.mark.anyio
async def test_a_result_that_tells_of_an_error_is_kept_as_one(box: Sandbox, home: Path) -> None:
    put(home, "get_weather", CITY)
    async with opened(home, box, "sandbox/tools") as session:
        turn_on(session, "get_weather")
        round = await called(session)
        session.rounds.set_result(round, round.calls[0], "no such city", is_error=True)
        await session.run(session.rounds.go_on(round))
        (told,) = [node for node in session.store.history(session.nodes[-1].id) if node.role == "tool"]
        assert told.message.notes == ("by hand", FAILED)


@pytest.mark.anyio
async def test_a_result_begins_with_an_example_of_the_output_schema(box: Sandbox, home: Path) -> None:
    degrees = {"type": "object", "properties": {"degrees": {"type": "number"}}, "required": ["degrees"]}
    path = put(home, "get_weather", CITY, output=degrees)
    async with opened(home, box, "sandbox/tools") as session:
        turn_on(session, "get_weather")
        round = await called(session)
        (pending,) = round.calls
        assert set(json.loads(pending.result)) == {"degrees"} and pending.state == "open"
        assert pending.verdict.to_json() == {"state": "fits", "faults": []} and pending.result_fault == ""
        session.rounds.set_result(round, pending, "warm")
        assert "output schema" in pending.result_fault and pending.note == pending.result_fault
        session.rounds.set_result(round, pending, '{"degrees": 3}')
        assert not pending.note
        session.rounds.set_result(round, pending, "warm")
        session.rounds.edit_arguments(round, pending, '{"town": 1}')
        assert pending.verdict.state == "misfits"
        await session.run(session.rounds.go_on(round))
        path.unlink()
        back = session.rounds.reopen(session.nodes[1])
        assert back is not None and back.calls[0].tool is not None, "the model was told of it"
        assert back.calls[0].verdict.state == "misfits" and back.calls[0].result == "warm"


# Changing a round


@pytest.mark.anyio
async def test_edited_calls_go_back_under_a_sibling_and_the_models_own_message_stays(box: Sandbox, home: Path) -> None:
    put(home, "get_weather", CITY)
    put(home, "get_time", ZONE)
    async with opened(home, box, "sandbox/tools") as session:
        turn_on(session, "get_weather", "get_time")
        round = await called(session)
        rounds, own = session.rounds, round.node
        rounds.edit_arguments(round, round.calls[0], '{"city": "Oslo"}')
        rounds.drop(round, round.calls[1])
        added = rounds.add(round, "get_weather", '{"city": "Rome"}')
        rounds.set_result(round, round.calls[0], "rain")
        rounds.set_result(round, added, "sun")
        turn = rounds.go_on(round)
        await session.run(turn)
        assert turn.state is TurnState.DONE, turn.problem
        edited = session.nodes[1]
        assert edited.turn is None and [node.role for node in session.nodes[2:]] == ["tool", "tool", "assistant"]
        assert [call.notes for call in edited.message.tool_calls] == [(EDITED,), (ADDED,)]
        siblings = session.siblings(edited.id)
        assert {node.id for node in siblings} == {own.id, edited.id}
        assert [call.name for call in own.message.tool_calls] == ["get_weather", "get_time"]
    messages = sent(box)
    assert answered_once(messages)
    told = [(call["function"]["name"], call["function"]["arguments"]) for call in messages[1]["tool_calls"]]
    assert told == [("get_weather", '{"city": "Oslo"}'), ("get_weather", '{"city": "Rome"}')]
    assert "notes" not in json.dumps(messages)


@pytest.mark.anyio
async def test_what_stands_in_the_prompt_survives_a_result_of_the_same_words(box: Sandbox, home: Path) -> None:
    put(home, "get_weather", CITY)
    async with opened(home, box, "sandbox/tools") as session:
        turn_on(session, "get_weather")
        round = await called(session)
        session.save_typed("fine")
        session.rounds.set_result(round, round.calls[0], "fine")
        await session.run(session.rounds.go_on(round))
        assert session.typed() == "fine"


@pytest.mark.anyio
async def test_a_call_set_back_is_the_models_own_again(box: Sandbox, home: Path) -> None:
    put(home, "get_weather", CITY)
    async with opened(home, box, "sandbox/tools") as session:
        turn_on(session, "get_weather")
        round = await called(session)
        (pending,) = round.calls
        arguments = pending.call.arguments
        session.rounds.edit_arguments(round, pending, "{broken")
        assert pending.is_edited and round.is_edited
        session.rounds.edit_arguments(round, pending, arguments)
        assert not pending.is_edited and not round.is_edited
        session.rounds.edit_arguments(round, pending, '{"city": "Oslo"}')
        session.rounds.drop(round, pending)
        with pytest.raises(OpenCalls, match="All calls are dropped"):
            session.rounds.go_on(round)
        session.rounds.take_up(round, pending)
        assert pending.state == "open" and pending.call.arguments == '{"city": "Oslo"}'
        session.rounds.set_result(round, pending, "mild")
        session.rounds.drop(round, pending)
        session.rounds.take_up(round, pending)
        assert pending.state == "answered" and pending.result == "mild"
        session.rounds.reset(round, pending)
        assert pending.state == "open" and not round.is_edited


@pytest.mark.anyio
@pytest.mark.parametrize("fault", ["same-id", "missing-id", "missing-index", "same-index", "wrong-index", "name-twice"])
async def test_however_a_provider_names_calls_each_is_answered_once(box: Sandbox, home: Path, fault: str) -> None:
    put(home, "get_weather", CITY)
    async with opened(home, box, f"sandbox/fault-{fault}") as session:
        turn_on(session, "get_weather")
        round = await called(session, "weather")
        for number, pending in enumerate(round.calls):
            session.rounds.set_result(round, pending, f"result {number}")
        await session.run(session.rounds.go_on(round))
    assert answered_once(sent(box))
    assert [message["content"] for message in sent(box)[2:]] == ["result 0", "result 1"]


@pytest.mark.anyio
async def test_open_calls_are_sealed_where_something_else_is_said(box: Sandbox, home: Path) -> None:
    put(home, "get_weather", CITY)
    async with opened(home, box, "sandbox/tools") as session:
        turn_on(session, "get_weather")
        await called(session)
        turn = session.say("never mind")
        await session.run(turn)
        assert turn.state is TurnState.DONE, turn.problem
    assert answered_once(sent(box))
    assert STUB_RESULT in [message["content"] for message in sent(box)]


@pytest.mark.anyio
async def test_what_was_typed_is_there_after_the_program_was_killed(box: Sandbox, home: Path) -> None:
    put(home, "get_weather", CITY)
    put(home, "get_time", ZONE)
    async with opened(home, box, "sandbox/tools") as session:
        turn_on(session, "get_weather", "get_time")
        round = await called(session)
        session.rounds.set_result(round, round.calls[0], "half typed")
        session.rounds.edit_arguments(round, round.calls[1], '{"zone":"UTC"}')
        id, name = round.node.id, f"round {round.node.id}"
        async with opened(home, box, "sandbox/tools") as other:  # a second program sees what is on disk alone
            await until(lambda: other.recall(name) is not None, "what was typed")
            other.open()
            again = other.rounds.current()
            assert again is not None and again.node.id == id
            assert [(one.state, one.result) for one in again.calls][0] == ("answered", "half typed")
            assert again.calls[1].call.arguments == '{"zone":"UTC"}' and again.calls[1].is_edited
            other.rounds.set_result(again, again.calls[1], "late")
            await other.run(other.rounds.go_on(again))
            assert other.recall(name) is None
    assert answered_once(sent(box))


@pytest.mark.anyio
async def test_any_round_can_be_gone_back_to_and_forked(box: Sandbox, home: Path) -> None:
    put(home, "get_weather", CITY)
    async with opened(home, box, "sandbox/tools") as session:
        turn_on(session, "get_weather")
        round = await called(session)
        session.rounds.set_result(round, round.calls[0], "rain")
        await session.run(session.rounds.go_on(round))
        await session.run(session.say("thanks"))
        before = [node.id for node in session.nodes]
        back = session.rounds.reopen(session.nodes[1])
        assert back is not None and [one.result for one in back.calls] == ["rain"] and not back.open
        session.rounds.set_result(back, back.calls[0], "snow")
        turn = session.rounds.go_on(back)
        await session.run(turn)
        assert "snow" in str(turn.content)
        assert [node.message.text for node in session.nodes if node.role == "tool"] == ["snow"]
        session.show_branch(before[-1])
        assert [node.id for node in session.nodes] == before
        edited = session.rounds.reopen(session.nodes[1])
        assert edited is not None
        session.rounds.edit_arguments(edited, edited.calls[0], '{"city": "Oslo"}')
        session.rounds.set_result(edited, edited.calls[0], "fog")
        await session.run(session.rounds.go_on(edited))
        twice = session.rounds.reopen(session.nodes[1])  # made here, without a turn of its own
        assert twice is not None and twice.node.turn is None and twice.calls[0].result == "fog"
        session.rounds.set_result(twice, twice.calls[0], "storm")
        await session.run(session.rounds.go_on(twice))
        assert "storm" in str(session.nodes[-1].message.text)
    assert answered_once(sent(box))


# By itself


@pytest.mark.anyio
async def test_rounds_go_on_by_themselves_up_to_the_limit(box: Sandbox, home: Path) -> None:
    rules = {
        "kind": "canned",
        "rules": [{"when": {"$.city": "Paris"}, "result": {"sky": "clear"}}, {"error": "nowhere"}],
    }
    put(home, "get_weather", CITY, responder=rules)
    async with opened(home, box, "sandbox/tools-3") as session:
        turn_on(session, "get_weather")
        seen = len(box.requests)
        last = await session.rounds.drive(session.say("get_weather in Paris"), limit=5)
        assert last.state is TurnState.DONE and last.content and len(box.requests) - seen == 4
        assert [node.role for node in session.nodes].count("tool") == 3
        said: list[str] = []
        session.on_notice = said.append
        session.rounds.set_automatic(2)
        last = await session.rounds.drive(session.say("get_weather in Paris"))
        assert session.rounds.round_of(last) is not None and "limit of 2 rounds" in said[-1]
        session.new()
        assert session.rounds.automatic == 2
    assert all(answered_once(entry["body"]["messages"]) for entry in box.requests[seen:])


@pytest.mark.anyio
async def test_a_choice_that_forces_a_call_holds_for_the_first_answer_only(box: Sandbox, home: Path) -> None:
    put(home, "get_weather", CITY, responder={"rules": [{"result": "fine"}]})
    async with opened(home, box, "sandbox/tools") as session:
        turn_on(session, "get_weather")
        assert session.tools is not None
        session.tools.choose(None, tool="get_weather")
        last = await session.rounds.drive(session.say("hello"), limit=5)
        assert last.content and session.rounds.current() is None
    first, second = box.requests[-2]["body"], box.requests[-1]["body"]
    assert first["tool_choice"] == {"type": "function", "function": {"name": "get_weather"}}
    assert "tool_choice" not in second and second["tools"] == first["tools"]


@pytest.mark.anyio
async def test_arguments_that_are_no_json_are_answered_by_no_rule(box: Sandbox, home: Path) -> None:
    put(home, "get_weather", CITY, responder={"rules": [{"result": "fine"}]})
    async with opened(home, box, "sandbox/fault-half-json-args") as session:
        turn_on(session, "get_weather")
        seen = len(box.requests)
        last = await session.rounds.drive(session.say("weather"), limit=5)
        round = session.rounds.round_of(last)
        assert round is not None and len(box.requests) - seen == 1
        assert "its arguments are not JSON" in [
            pending.note.removeprefix("Not answered: ")[:-1] for pending in round.open
        ]
        for pending in list(round.open):
            session.rounds.edit_arguments(round, pending, '{"city": "Oslo"}')
        await session.rounds.fill(round)
        assert not round.open


@pytest.mark.anyio
async def test_a_budget_that_is_reached_ends_the_rounds(box: Sandbox, home: Path) -> None:
    put(home, "get_weather", CITY, responder={"rules": [{"result": "fine"}]})
    async with opened(home, box, "sandbox/tools-9") as session:
        turn_on(session, "get_weather")
        session.budget = Budget(conversation=Decimal("0.000000001"))
        await session.catalogue()
        said: list[str] = []
        session.on_notice = said.append
        seen = len(box.requests)
        last = await session.rounds.drive(session.say("get_weather in Paris"), limit=5)
        assert session.usage_here().cost and len(box.requests) - seen == 1
        assert session.rounds.round_of(last) is not None and "budget" in said[-1]


@pytest.mark.anyio
async def test_arguments_edited_in_an_earlier_round_are_answered_by_the_rules_again(box: Sandbox, home: Path) -> None:
    rules = [{"when": {"city": "Oslo"}, "result": "mild"}, {"result": "fine"}]
    put(home, "get_weather", CITY, responder={"kind": "canned", "rules": rules})
    async with opened(home, box, "sandbox/tools") as session:
        turn_on(session, "get_weather")
        round = await called(session)
        await session.rounds.fill(round)
        await session.run(session.rounds.go_on(round))
        again = session.rounds.reopen(session.nodes[1])
        assert again is not None and again.calls[0].result in ("fine", '"fine"')
        session.rounds.edit_arguments(again, again.calls[0], '{"city": "Oslo"}')
        assert again.calls[0].state == "open", "what answered other arguments does not go back"
        await session.rounds.fill(again)
        assert "mild" in again.calls[0].result


@pytest.mark.anyio
async def test_a_canned_answer_takes_its_time_and_can_be_stopped(box: Sandbox, home: Path) -> None:
    put(home, "get_weather", CITY, responder={"rules": [{"result": "late", "latency": 3000}]})
    async with opened(home, box, "sandbox/tools") as session:
        turn_on(session, "get_weather")
        turn = session.say("get_weather")
        driving = asyncio.get_running_loop().create_task(session.rounds.drive(turn, limit=1))
        await until(lambda: (now := session.rounds.current()) and now.calls[0].state == "running", "the answer")
        round = session.rounds.current()
        assert round is not None
        session.rounds.stop(round)
        assert await driving is turn
        assert round.calls[0].state == "open" and "stopped" in round.calls[0].note


@pytest.mark.anyio
async def test_what_was_typed_into_a_round_that_was_left_is_there_when_it_is_opened_again(
    box: Sandbox, home: Path
) -> None:
    put(home, "get_weather", CITY)
    async with opened(home, box, "sandbox/tools") as session:
        turn_on(session, "get_weather")
        round = await called(session)
        session.rounds.set_result(round, round.calls[0], "rain")
        await session.run(session.rounds.go_on(round))
        end, calling = session.nodes[-1].id, session.nodes[1]
        back = session.rounds.reopen(calling)
        assert back is not None
        session.rounds.set_result(back, back.calls[0], "half typed")
        session.show_branch(end)
        again = session.rounds.reopen(calling)
        assert again is not None and again.calls[0].result == "half typed"
        await until(lambda: session.recall(f"round {calling.id}") is not None, "what is kept")
        async with opened(home, box, "sandbox/tools") as other:
            other.open()
            other.show_branch(end)
            kept = other.rounds.reopen(other.nodes[1])
            assert kept is not None and kept.calls[0].result == "half typed"


@pytest.mark.anyio
async def test_a_tool_that_was_changed_meanwhile_answers_as_it_is_now(box: Sandbox, home: Path) -> None:
    put(home, "get_weather", CITY, responder={"rules": [{"when": {"city": "Nowhere"}, "result": "rain"}]})
    async with opened(home, box, "sandbox/tools") as session:
        turn_on(session, "get_weather")
        round = await called(session)
        (pending,) = round.calls
        await session.rounds.fill(round)
        assert round.open and pending.verdict.state == "fits"
        number = {"type": "object", "properties": {"city": {"type": "number"}}}
        put(home, "get_weather", number, responder={"rules": [{"result": "sun"}]})
        await session.rounds.fill(round)
        assert pending.result == "sun" and pending.rule == "rule 1"
        assert pending.verdict.faults, "by the schema as it is now"


@pytest.mark.anyio
async def test_what_answered_is_known_after_a_restart(box: Sandbox, home: Path) -> None:
    put(home, "get_weather", CITY, responder={"rules": [{"result": "sun"}]})
    async with opened(home, box, "sandbox/tools") as session:
        turn_on(session, "get_weather")
        round = await called(session)
        await session.rounds.fill(round)
    async with opened(home, box, "sandbox/tools") as session:
        session.open()
        again = session.rounds.current()
        assert again is not None
        (pending,) = again.calls
        assert (pending.result, pending.rule, pending.state) == ("sun", "rule 1", "answered")
        session.rounds.edit_arguments(again, pending, '{"city": "Oslo"}')
        assert again.open == [pending], "the rule answered another city"


@pytest.mark.anyio
@pytest.mark.parametrize("restarted", [False, True], ids=["at once", "after a restart"])
async def test_going_back_keeps_how_each_call_was_answered(box: Sandbox, home: Path, restarted: bool) -> None:
    rules = [{"when": {"city": "Nowhere"}, "result": "?"}, {"error": "closed"}]
    put(home, "get_weather", CITY, responder={"kind": "canned", "rules": rules})
    put(home, "get_time", ZONE)

    def told(round: Round) -> list[tuple[Any, ...]]:
        return [(one.result, one.is_error, one.rule, one.by_hand, one.notes, one.state) for one in round.calls]

    async with opened(home, box, "sandbox/tools") as session:
        turn_on(session, "get_weather", "get_time")
        round = await called(session)
        await session.rounds.fill(round)
        session.rounds.set_result(round, round.calls[1], "no such zone", is_error=True)
        await session.run(session.rounds.go_on(round))
        was, calling = told(round), session.nodes[1].id
        if not restarted:
            back = session.rounds.reopen(session.nodes[1])
            assert back is not None and told(back) == was
    if restarted:
        put(home, "get_weather", CITY)  # by hand from now on: what answered then is not what would answer now
        async with opened(home, box, "sandbox/tools") as session:
            node = next(one for one in session.open() if one.id == calling)
            back = session.rounds.reopen(node)
            assert back is not None and told(back) == was
            await session.run(session.rounds.go_on(back))
            again = [node.message.notes for node in session.nodes if node.role == "tool"]
            assert again == [("rule 2", FAILED), ("by hand", FAILED)]


@pytest.mark.anyio
async def test_a_call_of_an_edited_message_can_be_taken_back_to_what_the_model_sent(box: Sandbox, home: Path) -> None:
    put(home, "get_weather", CITY)
    async with opened(home, box, "sandbox/tools") as session:
        turn_on(session, "get_weather")
        round = await called(session)
        own = round.calls[0].call.arguments
        session.rounds.edit_arguments(round, round.calls[0], '{"city": "Oslo"}')
        session.rounds.set_result(round, round.calls[0], "fog")
        await session.run(session.rounds.go_on(round))
        edited = session.rounds.reopen(session.nodes[1])
        assert edited is not None and edited.calls[0].is_edited and not edited.is_edited
        session.rounds.reset(edited, edited.calls[0])
        assert edited.calls[0].call.arguments == own and edited.is_edited


@pytest.mark.anyio
async def test_dropping_a_call_and_taking_it_up_again_changes_nothing_of_it(box: Sandbox, home: Path) -> None:
    output = {"type": "object", "properties": {"degrees": {"type": "number"}}, "required": ["degrees"]}
    put(home, "get_weather", CITY, output=output)
    put(home, "get_time", ZONE, responder={"rules": [{"result": "noon"}]})
    async with opened(home, box, "sandbox/tools") as session:
        turn_on(session, "get_weather", "get_time")
        round, rounds = await called(session), session.rounds
        suggested, ruled = round.calls
        await rounds.fill(round)
        added = rounds.add(round, "get_weather")
        rounds.set_result(round, added, "typed", is_error=True)
        before = [one.to_json() for one in round.calls]
        for pending in list(round.calls):
            rounds.drop(round, pending)
        assert [one.state for one in round.calls] == ["dropped"] * 3
        for pending in round.calls:
            rounds.take_up(round, pending)
        assert [one.to_json() for one in round.calls] == before
        assert suggested.result and suggested.state == "open", "nobody took what was suggested"
        rounds.drop(round, ruled)
        rounds.edit_arguments(round, ruled, '{"zone": "UTC"}')
        assert ruled not in round.kept
        rounds.take_up(round, ruled)
        assert ruled in round.open and not ruled.result, "the rule answered another zone"


@pytest.mark.anyio
async def test_what_was_typed_into_a_dropped_call_is_there_where_the_round_is_gone_back_to(
    box: Sandbox, home: Path
) -> None:
    put(home, "get_weather", CITY)
    put(home, "get_time", ZONE)
    async with opened(home, box, "sandbox/tools") as session:
        turn_on(session, "get_weather", "get_time")
        round, rounds = await called(session), session.rounds
        own = round.node
        rounds.set_result(round, round.calls[0], "rain")
        rounds.edit_arguments(round, round.calls[1], '{"zone": "UTC"}')
        rounds.set_result(round, round.calls[1], "typed with care")
        rounds.drop(round, round.calls[1])
        await session.run(rounds.go_on(round))
        session.show_branch(own.id)
        back = rounds.current()
        assert back is not None and back is not round
        assert [(one.state, one.result) for one in back.calls] == [
            ("answered", "rain"),
            ("dropped", "typed with care"),
        ]
        rounds.take_up(back, back.calls[1])
        await session.run(rounds.go_on(back))
    assert answered_once(sent(box)) and [row["content"] for row in sent(box)[2:]] == ["rain", "typed with care"]


@pytest.mark.anyio
async def test_who_asks_twice_for_answers_gets_one_of_each(box: Sandbox, home: Path) -> None:
    put(home, "get_weather", CITY, responder={"rules": [{"result": "fine", "latency": 0.05}]})
    async with opened(home, box, "sandbox/tools") as session:
        turn_on(session, "get_weather")
        round = await called(session)
        (pending,) = round.calls
        begun: list[str] = []
        session.rounds.on_change = lambda round: begun.append(pending.state)
        await asyncio.gather(session.rounds.fill(round), session.rounds.fill(round))
        assert begun == ["running", "answered"]
