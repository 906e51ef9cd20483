"""Versions of a template and sets of values side by side, from the template pane by keys."""

from __future__ import annotations

from pathlib import Path

import pytest

from meshtui.core.turn import TurnState
from meshtui.ui.screens.compare import Compare
from meshtui.ui.screens.lane_choice import LaneChoice
from meshtui.ui.screens.model_picker import ModelPicker
from meshtui.ui.screens.workbench import Workbench
from meshtui.ui.widgets.slot_text import SlotText
from tests.bench import Bench
from tests.template_pane import SETS, fill, opened

pytestmark = pytest.mark.anyio
SIZES = [(80, 24), (160, 50)]


async def lanes_of(bench: Bench) -> Compare:
    await bench.holds(lambda: isinstance(bench.app.screen, Compare), "the lanes")
    screen = bench.app.screen
    assert isinstance(screen, Compare)
    await bench.holds(lambda: not screen.comparison.running, "the end of all lanes")
    await bench.pilot.pause()
    return screen


def asked(screen: Compare) -> list[tuple[str, str, str]]:
    """Each lane's label, what the system message says, and what the user says."""
    rows = []
    for lane in screen.comparison.lanes:
        messages = lane.turn.request["messages"]
        rows.append((lane.label, messages[0]["content"].split()[0], messages[-1]["content"]))
    return rows


@pytest.mark.parametrize("size", SIZES, ids=str)
async def test_sets_of_values_are_marked_and_run_side_by_side(tmp_path: Path, size: tuple[int, int]) -> None:
    async with opened(tmp_path, size, **{"bot.values": SETS}) as (bench, _):
        await bench.press("ctrl+l")
        await bench.holds(lambda: isinstance(bench.app.screen, LaneChoice), "the list")
        await bench.wait("as it stands", "one", "two", "1 lane", "left this minute")
        await bench.press("enter")
        await bench.wait("mark with space")
        await bench.press("down", "space", "space")
        await bench.wait("2 lanes", "~$")
        await bench.press("enter")
        screen = await lanes_of(bench)
        assert asked(screen) == [("set one", "You", "Where is my x?"), ("set two", "You", "Where is my y?")]
        assert "set one" in bench.shown() and "set two" in bench.shown()
        assert all(lane.turn.state is TurnState.DONE for lane in screen.comparison.lanes)
        templates = bench.session.templates
        assert templates is not None and bench.screen.opened is not None
        runs = templates.runs(bench.screen.opened.path)
        assert {run.set_name for run in runs} == {"one", "two"}, "each lane is kept as a run of the template"
        await bench.press("2", "enter")
        await bench.holds(lambda: isinstance(bench.app.screen, Workbench), "the workbench")
        await bench.wait("Where is my y?")


async def test_versions_go_with_every_set_and_more_are_added_while_one_looks(tmp_path: Path) -> None:
    async with opened(tmp_path, (160, 50), **{"bot.values": SETS}) as (bench, _):
        await fill(bench, company="Acme", thing="z")
        await bench.press("enter")
        await bench.holds(lambda: bench.screen.last_turn is not None and bench.turn.ended, "a run")
        bench.screen.query_one("#system", SlotText).focus()
        await bench.press("ctrl+home")
        await bench.type("Hi. ")
        await bench.press("ctrl+l")
        await bench.holds(lambda: isinstance(bench.app.screen, LaneChoice), "the list")
        await bench.press("space", "space", "space")
        await bench.wait("2 lanes")
        await bench.press("enter")
        screen = await lanes_of(bench)
        now, old = asked(screen)
        assert now == ("as it stands · set one", "Hi.", "Where is my x?")
        assert old[0].endswith(" · set one") and old[1:] == ("You", "Where is my x?")
        await bench.press("e")
        await bench.holds(lambda: isinstance(bench.app.screen, LaneChoice), "the list again")
        await bench.press("end", "enter")
        await bench.holds(lambda: len(screen.comparison.lanes) == 3, "a third lane")
        assert asked(await lanes_of(bench))[2] == ("set two", "Hi.", "Where is my y?")
        await bench.press("J")
        await bench.holds(lambda: any("different models" in text for text in bench.notices()), "no judge for these")


async def test_a_slot_without_a_value_sends_nothing_and_is_named(tmp_path: Path) -> None:
    async with opened(tmp_path, (160, 50), **{"bot.values": '[half]\ncompany = "A"\n\n[none]\n'}) as (bench, box):
        await bench.press("ctrl+l")
        await bench.holds(lambda: isinstance(bench.app.screen, LaneChoice), "the list")
        await bench.press("down", "space", "space")
        await bench.wait("set half: no value for thing")
        before = len(box.requests)
        await bench.press("enter")
        await bench.wait("no value for thing: nothing was sent")
        assert bench.session.live == {} and [r for r in box.requests[before:] if "chat" in r["path"]] == []


async def test_the_list_of_models_to_compare_says_that_the_template_is_left_out(tmp_path: Path) -> None:
    async with opened(tmp_path, (80, 24), **{"bot.values": SETS}) as (bench, _):
        bench.screen.prompt.focus()
        await bench.type("hello")
        await bench.press("ctrl+l")
        await bench.holds(lambda: isinstance(bench.app.screen, ModelPicker), "the list of models")
        await bench.wait("without template bot")


async def test_many_sets_leave_the_price_and_the_keys_in_sight(tmp_path: Path) -> None:
    rows = "".join(f'[row{number}]\ncompany = "A"\nthing = "x"\n\n' for number in range(30))
    async with opened(tmp_path, (80, 24), **{"bot.values": rows}) as (bench, _):
        await bench.press("ctrl+l")
        await bench.holds(lambda: isinstance(bench.app.screen, LaneChoice), "the list")
        await bench.wait("as it stands", "1 lane", "closes")
        await bench.press("end")
        await bench.wait("row29", "1 lane", "closes")
