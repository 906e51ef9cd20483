"""Tool calls in the conversation: checked as they arrive, told when complete, compared, gone back to."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from meshtui.core.turn import TurnState
from meshtui.sandbox import Sandbox
from meshtui.ui.screens.call_differences import CallDifferences
from tests.bench import Bench, workbench
from tests.calls import calling, put_tool, saying, sent_last
from tests.hostile import own_cases, text_of

pytestmark = pytest.mark.anyio


@asynccontextmanager
async def opened(home: Path, box: Sandbox, size: tuple[int, int] = (120, 40), *tools: str) -> AsyncIterator[Bench]:
    """The workbench with tools that are on: get_weather of a city for at most 7 days, unless others are named."""
    for name in tools or ("get_weather",):
        put_tool(home, name)
    box.state.scripts.clear()
    async with workbench(home, box.url, "sandbox/tools", size=size) as bench:
        assert bench.session.tools is not None
        bench.session.tools.turn_only(tools or ("get_weather",))
        yield bench


async def answered_later(bench: Bench, text: str = "go") -> None:
    """Ask, wait for the calls, and close the panel."""
    turn = await bench.ask(text)
    await bench.holds(lambda: turn.ended and bench.screen.panel.round is not None, "the panel")
    await bench.press("escape")
    await bench.holds(lambda: bench.screen.panel.round is None, "the panel closed")


def row_of(bench: Bench, text: str) -> int:
    return next(number for number, line in enumerate(bench.shown().splitlines()) if text in line)


async def test_a_bad_argument_is_marked_while_the_others_still_arrive(home: Path, box: Sandbox) -> None:
    begun = calling(("get_weather", ['{"city": "Paris", "da', 'ys": 12, "hours": [1, ', "2, "]))
    async with opened(home, box) as bench:
        box.script(replace(begun, chunks=begun.chunks[:-3], end="hang"))
        turn = await bench.ask("go")
        await bench.wait("✗ $.days: expected at most 7, got 12", "✗ so far · call_1")
        assert not turn.ended
        assert '▎✗  "days": 12' in bench.shown(), "the row itself is marked"
        await bench.press("escape")
        await bench.over(turn)
        assert turn.state is TurnState.STOPPED
        await bench.wait("✗ line 1, column", "the end is missing")


async def test_parallel_calls_stand_side_by_side_in_order_where_there_is_room(home: Path, box: Sandbox) -> None:
    script = calling(*(("get_weather", json.dumps({"city": name})) for name in ("Oslo", "Rome", "Lima")))
    async with opened(home, box) as bench:
        box.script(script)
        await answered_later(bench)
        await bench.wait("Oslo", "fits ✓")
        line = bench.shown().splitlines()[row_of(bench, "Oslo")]
        places = [line.find(name) for name in ("Oslo", "Rome", "Lima")]
        assert -1 not in places and places == sorted(places)
        await bench.press("f7", "alt+up", "alt+up", "v")
        await bench.wait('{"city": "Rome"}')
        assert '{"city": "Oslo"}' not in bench.shown(), "only the call under the cursor is shown as it came"
        await bench.pilot.resize_terminal(80, 40)
        await bench.holds(lambda: row_of(bench, "Oslo") < row_of(bench, "Rome") < row_of(bench, "Lima"), "a column")


async def test_each_kind_of_verdict_is_said_on_its_card(home: Path, box: Sandbox) -> None:
    async with opened(home, box, (90, 60)) as bench:
        calls = [
            ("get_weather", '{"days": "two"}'),
            ("get_wether", '{"city": "Oslo"}'),
            ("get_weather", '{"city": "O"}'),
        ]
        box.script(calling(*calls, ids=["one", "two", ""]))
        await answered_later(bench)
        await bench.wait("2 faults ✗ · one", "$.days: expected integer", "$.city: ", "never offered ✗ · two")
        await bench.wait("No tool of this name was offered", "fits ✓", "The provider sent no id: one was made here.")


async def test_a_repair_is_only_suggested_until_a_key_takes_it(home: Path, box: Sandbox) -> None:
    broken = '{"city": "Oslo", "days": 3,}'
    async with opened(home, box) as bench:
        box.script(calling(("get_weather", broken)), saying("Fine."))
        await answered_later(bench)
        await bench.wait(broken, "▲", "✗ line 1, column", 'a repair, not applied: {"city": "Oslo", "days": 3}')
        assert bench.session.nodes[-1].message.tool_calls[0].arguments == broken
        await bench.press("f7", "alt+up", "alt+up", "t")
        await bench.wait("edited here", "fits ✓")
        await bench.type("clear")
        await bench.press("f5")
        await bench.wait("Fine.")
        sent = sent_last(box)[-2]["tool_calls"][0]["function"]["arguments"]
        assert json.loads(sent) == {"city": "Oslo", "days": 3}
        kept = [one.message.tool_calls[0].arguments for one in bench.session.siblings(bench.session.nodes[-3].id)]
        assert broken in kept, "what the model sent stays in the tree"


async def test_arguments_in_a_text_of_json_are_offered_unpacked(home: Path, box: Sandbox) -> None:
    async with opened(home, box) as bench:
        box.script(calling(("get_weather", json.dumps('{"city": "Oslo", "days": 3}'))))
        await answered_later(bench)
        await bench.wait("the value is a text that holds JSON", 'a repair, not applied: {"city": "Oslo", "days": 3}')
        await bench.press("f7", "alt+up", "alt+up", "t")
        await bench.wait("edited here", "fits ✓")


async def test_results_name_their_calls_and_lead_back_to_them(home: Path, box: Sandbox) -> None:
    async with opened(home, box) as bench:
        box.script(calling(("get_weather", '{"city": "Oslo"}'), ("get_weather", '{"city": "Rome"}')), saying("First."))
        turn = await bench.ask("go")
        await bench.holds(lambda: turn.ended and bench.screen.panel.has_focus_within, "the panel")
        await bench.type('{"degrees": 21}')
        await bench.press("alt+down")
        await bench.type('{"error": "no such city"}')
        await bench.press("f5")
        await bench.wait("First.", "answers call_1 · by hand", "error ✗ · answers call_2", '"degrees": 21')
        before = len(bench.session.nodes)
        await bench.press("f7", "alt+up")
        assert bench.transcript.call is not None and "no such city" in bench.transcript.call.arguments
        await bench.press("a")
        await bench.holds(lambda: bench.screen.panel.round is not None, "the round of the result")
        here = bench.screen.panel.here
        assert here is not None and here.call.id == "call_2" and "no such city" in here.result
        box.script(saying("Second."))
        await bench.press("f5")
        await bench.wait("Second.")
        assert len(bench.session.nodes) == before and "First." not in bench.shown()
        await bench.press("alt+s")
        await bench.wait("First.")


async def test_calls_are_compared_with_those_of_the_answer_before(home: Path, box: Sandbox) -> None:
    async with opened(home, box) as bench:
        box.script(
            calling(("get_weather", '{"city": "Oslo", "days": 3}')), calling(("get_weather", '{"city": "Oslo"}'))
        )
        await answered_later(bench)
        first = bench.turn
        await bench.press("f5")
        await bench.holds(lambda: bench.turn is not first and bench.turn.ended, "another answer")
        await bench.holds(lambda: bench.screen.panel.round is not None, "the panel")
        await bench.press("escape")
        await bench.wait("differs from the answer before: get_weather().days is missing")
        await bench.press("f7")
        cursor = bench.transcript.cursor
        assert cursor is not None and cursor[1] == "card"
        await bench.press("d")
        await bench.holds(lambda: isinstance(bench.app.screen, CallDifferences), "the differences")
        await bench.wait("- get_weather().days", "[-3-]")


async def test_of_several_calls_the_differences_are_shown_from_any_block_of_the_answer(
    home: Path, box: Sandbox
) -> None:
    rome = ("get_weather", '{"city": "Rome"}')
    async with opened(home, box) as bench:
        box.script(calling(("get_weather", '{"city": "Oslo"}'), rome), calling(rome, rome))
        await answered_later(bench)
        first = bench.turn
        await bench.press("f5")
        await bench.holds(lambda: bench.turn is not first and bench.turn.ended, "another answer")
        await bench.holds(lambda: bench.screen.panel.round is not None, "the panel")
        await bench.press("escape", "f7")
        for block in ("card", "tool", "tool"):
            cursor = bench.transcript.cursor
            assert cursor is not None and cursor[1] == block
            await bench.press("d")
            await bench.holds(lambda: isinstance(bench.app.screen, CallDifferences), "the differences")
            await bench.press("escape", "k")


@pytest.mark.parametrize("case", own_cases()[:10], ids=lambda case: str(case["id"]))
async def test_hostile_calls_and_results_are_shown_as_text(home: Path, box: Sandbox, case: dict[str, object]) -> None:
    text = text_of(case).encode("utf-8", "replace").decode()
    async with opened(home, box, (120, 60)) as bench:
        box.script(calling((text, text), ("get_weather", json.dumps({"city": text}))), saying("Done."))
        turn = await bench.ask("go")
        await bench.holds(lambda: turn.ended and bench.screen.panel.has_focus_within, "the panel")
        for pending in list(bench.screen.panel.round.calls if bench.screen.panel.round else ()):
            bench.session.rounds.set_result(bench.session.rounds.current(), pending, text)  # type: ignore[arg-type]
        await bench.pilot.pause(0.2)
        await bench.press("f5")
        await bench.wait("Done.")
        drawn = "".join(strip.text for strip in bench.app.screen._compositor.render_strips())
        assert not [c for c in drawn if ord(c) < 0x20 or 0x7F <= ord(c) < 0xA0 or c in "\u202e\u2066"]
