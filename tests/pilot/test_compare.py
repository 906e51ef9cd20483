"""Comparing on the screen: by keys and by mouse, at two sizes, while lanes stream."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from textual import events
from textual.widgets import DataTable

from meshtui.core.turn import TurnState
from meshtui.sandbox import Sandbox, Settings
from meshtui.ui.app import MeshApp
from meshtui.ui.screens.ask import Ask
from meshtui.ui.screens.compare import Compare
from meshtui.ui.screens.composing import CONTINUE
from meshtui.ui.screens.key_entry import KeyEntry
from meshtui.ui.screens.lanes_table import LanesTable
from meshtui.ui.screens.model_picker import ModelPicker
from meshtui.ui.screens.question import Question
from meshtui.ui.screens.standings import Standings
from meshtui.ui.screens.workbench import Workbench
from meshtui.ui.widgets.lanes import NARROWEST, Lanes
from tests.hands import Hands
from tests.workbench import until
from tests.workbench_app import screen_text, workbench

SIZES = [(80, 24), (160, 50)]
FOUR = ["sandbox/markdown", "sandbox/haiku", "sandbox/fault-cut", "sandbox/fault-402"]


@pytest.fixture(scope="module")
def box() -> Iterator[Sandbox]:
    with Sandbox(Settings(rpm=100_000, speed=800)) as box:
        yield box


async def open_lanes(app: MeshApp, pilot: Hands, models: list[str], text: str = "compare me") -> Compare:
    """Ask some models by the keys that a user presses."""
    assert app.session is not None
    app.session.keep("compared", models)
    await pilot.press(*(" " if key == " " else key for key in text))
    await pilot.press("ctrl+l")
    await until(lambda: isinstance(app.screen, ModelPicker), "the picker")
    await pilot.pause()
    await pilot.press("enter")
    await until(lambda: isinstance(app.screen, Compare), "the lanes")
    await pilot.pause()
    screen = app.screen
    assert isinstance(screen, Compare)
    return screen


async def all_ended(screen: Compare, pilot: Hands) -> None:
    await until(lambda: not screen.comparison.running and screen._clock is None, "the end of all lanes")
    await drawn(screen, pilot)


async def drawn(screen: Compare, pilot: Hands) -> None:
    """Wait until no frame of the lanes is to come."""
    await until(lambda: not screen.lanes._dirty and screen.lanes._timer is None, "the last frame")
    await pilot.pause()


@pytest.mark.anyio
@pytest.mark.parametrize("size", SIZES)
async def test_lanes_stream_and_fail_each_for_itself_and_one_is_kept(
    box: Sandbox, home: Path, size: tuple[int, int]
) -> None:
    async with workbench(home, box, size) as (app, pilot):
        screen = await open_lanes(app, pilot, FOUR)
        below = next(one for one in app.screen_stack if isinstance(one, Workbench))
        assert not below.is_current, "what an opaque screen covers is not drawn"
        await all_ended(screen, pilot)
        states = [lane.turn.state for lane in screen.comparison.lanes]
        assert states == [TurnState.DONE, TurnState.DONE, TurnState.FAILED, TurnState.FAILED]
        shown = screen_text(app)
        assert "4 of 4 ended" in shown and "sandbox/markdown" in shown
        assert all(column.width >= NARROWEST for column in screen.lanes.in_sight())
        for model in FOUR:
            assert model.partition("/")[2] in shown, "a summary line or a head names every lane"
        await pilot.press("3")
        await pilot.pause()
        assert "The answer was cut off" in screen_text(app)
        await pilot.press("2", "enter")
        await until(lambda: isinstance(app.screen, Workbench), "the workbench")
        await pilot.pause()
        assert app.session is not None and app.session.draft.model == "sandbox/haiku"
        assert "compare me" in screen_text(app) and app.session.nodes[-1].turn_id == screen.comparison.lanes[1].turn.id


@pytest.mark.anyio
@pytest.mark.parametrize("size", SIZES)
async def test_the_mouse_reaches_columns_cards_summary_and_keys(
    box: Sandbox, home: Path, size: tuple[int, int]
) -> None:
    async with workbench(home, box, size) as (app, pilot):
        screen = await open_lanes(app, pilot, ["sandbox/markdown", "sandbox/fault-402", "sandbox/haiku"])
        await all_ended(screen, pilot)
        lanes = screen.lanes
        second = lanes._plan.places[1][0] + 3
        await pilot.click(Lanes, offset=(second, 8))
        assert lanes.at == 1
        await pilot.click(Lanes, offset=(second, 0))
        assert lanes.zoomed and len(lanes.in_sight()) == 1
        await pilot.click(Lanes, offset=(5, lanes.size.height - 1))
        assert lanes.at == 2, "the last line of the summary is the third lane"
        await pilot.click(Lanes, offset=(5, 0))
        assert not lanes.zoomed
        first = screen.comparison.lanes[1].turn
        lanes.go(1)
        await pilot.pause()
        left, _ = lanes._plan.places[1 - lanes._plan.first]
        rows = [column_row(lanes, 1, number) for number in range(lanes.columns[1].count)]
        row = next(number for number, text in enumerate(rows) if "[m]odel" in text)
        x = left + rows[row].index("[m]odel") + 1
        await pilot.click(Lanes, offset=(x, row - lanes.columns[1].top + lanes.columns[1].head_rows()))
        await until(lambda: isinstance(app.screen, ModelPicker), "the picker, for that lane")
        await pilot.press("escape")
        await pilot.pause()
        assert screen.comparison.lanes[1].turn is first
        before = lanes.columns[0].top
        lanes.go(0)
        await pilot._post_mouse_events([events.MouseScrollUp], Lanes, offset=(5, 8))
        assert lanes.columns[0].top < before


def column_row(lanes: Lanes, at: int, number: int) -> str:
    column = lanes.columns[at]
    return column.strip(number, lanes._colours()).text


@pytest.mark.anyio
async def test_lanes_scroll_together_or_alone(box: Sandbox, home: Path) -> None:
    async with workbench(home, box, (80, 24)) as (app, pilot):
        screen = await open_lanes(app, pilot, ["sandbox/markdown", "sandbox/markdown"])
        await all_ended(screen, pilot)
        one, two = screen.lanes.in_sight()[:2]
        assert one.follow and two.follow and one.top > 0
        await pilot.press("home")
        assert (one.top, two.top) == (0, 0)
        await pilot.press("l", "pagedown")
        assert one.top > 0 and two.top == 0
        await pilot.press("right", "down", "down")
        assert two.top == 2


@pytest.mark.anyio
async def test_lanes_are_added_sampled_stopped_repeated_and_removed_while_others_stream(home: Path) -> None:
    with Sandbox(Settings(rpm=100_000, speed=40)) as slow:
        async with workbench(home, slow, (120, 40)) as (app, pilot):
            screen = await open_lanes(app, pilot, ["sandbox/long-20000", "sandbox/long-3000"])
            lanes = screen.comparison.lanes
            await until(lambda: all(lane.turn.content for lane in lanes), "two streams")
            await pilot.press("n")
            await until(lambda: len(lanes) == 3 and bool(lanes[2].turn.content), "a sample")
            assert lanes[2].turn.model == "sandbox/long-20000" and not lanes[0].turn.ended
            await pilot.press("2", "s")
            await until(lambda: lanes[1].turn.ended, "the second lane's stop")
            assert lanes[1].turn.state is TurnState.STOPPED and not lanes[0].turn.ended
            old = lanes[1].turn
            await pilot.press("r")
            await until(lambda: lanes[1].turn is not old and bool(lanes[1].turn.content), "the repeated lane")
            await pilot.press("p")
            await pilot.pause()
            await pilot.press(*"temperature=0", "enter")
            await until(lambda: lanes[1].label.endswith("temperature 0"), "another parameter")
            assert lanes[1].turn.request["temperature"] == 0
            await pilot.press("x")
            await pilot.pause()
            assert len(screen.lanes.columns) == 2 and not lanes[0].turn.ended
            await pilot.press("ctrl+c")
            await until(lambda: not screen.comparison.running, "the end of all")


@pytest.mark.anyio
async def test_what_streams_goes_on_when_one_goes_back_and_is_there_again(box: Sandbox, home: Path) -> None:
    with Sandbox(Settings(rpm=100_000, speed=60)) as slow:
        async with workbench(home, slow, (120, 40)) as (app, pilot):
            screen = await open_lanes(app, pilot, ["sandbox/long-300", "sandbox/haiku"])
            await until(lambda: bool(screen.comparison.lanes[0].turn.content), "a stream")
            await pilot.press("escape")
            await until(lambda: isinstance(app.screen, Workbench), "the workbench")
            turn = screen.comparison.lanes[0].turn
            assert not turn.ended
            length = len(turn.content)
            await until(lambda: len(turn.content) > length, "more of it")
            await pilot.press("ctrl+l")
            await until(lambda: isinstance(app.screen, Compare), "the same lanes")
            again = app.screen
            assert isinstance(again, Compare) and again.comparison is screen.comparison
            await until(lambda: turn.ended, "its end")
            await all_ended(again, pilot)
            shown = again.lanes.columns[0].view.text
            assert shown == str(turn.content)


@pytest.mark.anyio
async def test_a_cards_continue_and_key_are_offered_and_hold_in_a_lane(box: Sandbox, home: Path) -> None:
    async with workbench(home, box, (120, 40)) as (app, pilot):
        screen = await open_lanes(app, pilot, ["sandbox/fault-cut", "sandbox/fault-401"])
        await all_ended(screen, pilot)
        shown = screen_text(app)
        assert "[c]ontinue" in shown and "[K]ey" in shown
        await pilot.press("2", "c")
        await pilot.pause()
        assert app.screen is screen, "nothing came of it that could go on"
        await pilot.press("K")
        await until(lambda: isinstance(app.screen, KeyEntry), "the line for a key")
        await pilot.press("escape", "1", "c")
        await until(lambda: isinstance(app.screen, Workbench), "the workbench")
        assert app.session is not None
        session = app.session
        await until(lambda: not session.live, "the end of what goes on")
        said = [node.message.text for node in session.nodes if node.role == "user"]
        assert said == ["compare me", CONTINUE]


@pytest.mark.anyio
async def test_a_small_window_and_a_large_one_show_the_same_lanes(box: Sandbox, home: Path) -> None:
    models = [f"sandbox/long-{number}" for number in (100, 200, 300, 400, 500, 600, 700, 800)]
    async with workbench(home, box, (200, 60)) as (app, pilot):
        screen = await open_lanes(app, pilot, models)
        assert len(screen.lanes.in_sight()) == 5
        for size, count in (((80, 24), 2), ((36, 24), 1), ((300, 60), 8), ((200, 60), 5)):
            await pilot.resize_terminal(*size)
            await until(lambda count=count: len(screen.lanes.in_sight()) == count, f"{count} lanes")  # type: ignore[misc]
            assert min(column.width for column in screen.lanes.in_sight()) >= NARROWEST
        await pilot.press("8")
        await pilot.pause()
        assert screen.lanes.columns[7] in screen.lanes.in_sight()


@pytest.mark.anyio
@pytest.mark.parametrize("size", SIZES)
async def test_differences_from_a_baseline_are_marked_and_the_answers_come_back(
    box: Sandbox, home: Path, size: tuple[int, int]
) -> None:
    async with workbench(home, box, size) as (app, pilot):
        screen = await open_lanes(app, pilot, ["sandbox/echo", "openai/gpt-4o"], "write a short story")
        await all_ended(screen, pilot)
        plain = screen_text(app)
        await pilot.press("d")
        await until(lambda: screen.lanes.columns[1].other is not None, "the differences")
        words = ("base", "same as lane 1", "{+")
        await until(lambda: all(word in screen_text(app) for word in words), " and ".join(words))
        assert screen.lanes.columns[0].other is None, "the baseline stays as it is"
        await pilot.press("2", "b")
        await until(lambda: screen.lanes.columns[0].other is not None, "the differences from another one")
        assert screen.lanes.columns[1].other is None
        await pilot.press("d", "1", "end")
        await until(lambda: all(column.other is None for column in screen.lanes.columns), "the answers")
        await pilot.press("2", "end", "1")
        await until(lambda: screen_text(app).splitlines()[4:20] == plain.splitlines()[4:20], "what stood there before")
        keys = "⏎ keep  → next lane  esc back  d differences"
        assert plain.splitlines()[-1].strip().startswith(keys) and "f1 help" in plain.splitlines()[-1]
        await pilot.press("d", "escape")
        await until(lambda: not screen.differs, "the answers, by the key that goes back")
        assert app.screen is screen
        await pilot.press("escape")
        await until(lambda: app.screen is not screen, "the conversation")


@pytest.mark.anyio
@pytest.mark.parametrize("size", SIZES)
async def test_the_table_sorts_and_marks_the_best(box: Sandbox, home: Path, size: tuple[int, int]) -> None:
    async with workbench(home, box, size) as (app, pilot):
        screen = await open_lanes(app, pilot, ["sandbox/long-300", "sandbox/haiku", "sandbox/fault-402"])
        await all_ended(screen, pilot)
        await pilot.press("t")
        await until(lambda: isinstance(app.screen, LanesTable), "the table")
        await pilot.pause()
        table = app.screen.query_one(DataTable)
        first = [str(table.get_row_at(row)[0]) for row in range(3)]
        assert first == ["1 sandbox/long-300", "2 sandbox/haiku", "3 sandbox/fault-402"]
        assert "★" in str(table.get_row_at(1)[2]) and "★" not in str(table.get_row_at(2))
        await pilot.press("s")
        assert str(table.get_row_at(0)[0]) == "2 sandbox/haiku"
        await pilot.press("r")
        assert str(table.get_row_at(0)[0]) == "1 sandbox/long-300"
        assert str(table.get_row_at(2)[0]) == "3 sandbox/fault-402", "what is unknown stays at the end"
        await pilot.press("escape")
        await until(lambda: app.screen is screen, "the lanes")


@pytest.mark.anyio
async def test_a_blind_vote_hides_names_until_it_is_given_and_is_counted(box: Sandbox, home: Path) -> None:
    async with workbench(home, box, (120, 40)) as (app, pilot):
        screen = await open_lanes(app, pilot, ["sandbox/echo", "sandbox/haiku", "sandbox/fault-404"])
        await all_ended(screen, pilot)
        await pilot.press("B")
        await all_ended(screen, pilot)
        shown = screen_text(app)
        assert "sandbox/" not in "".join(column.head.name for column in screen.lanes.columns)
        assert "Answer A" in shown and "Answer C" in shown and "sandbox/fault-404" not in shown
        at = next(n for n, c in enumerate(screen.lanes.columns) if "echo" in screen_model(screen, c.key))
        await pilot.press(str(at + 1), "v")
        await all_ended(screen, pilot)
        shown = screen_text(app)
        assert "sandbox/haiku" in shown and "voted" in shown
        await pilot.press("o")
        await until(lambda: isinstance(app.screen, Standings), "the standings")
        await pilot.pause()
        table = app.screen.query_one(DataTable)
        rows = [[str(cell) for cell in table.get_row_at(row)] for row in range(table.row_count)]
        assert rows == [["sandbox/echo", "–", "1016", "1", "0", "1"], ["sandbox/haiku", "–", "984", "0", "1", "1"]]
        await pilot.press("escape")
        await pilot.press("v")
        await pilot.pause()
        assert app.session is not None and len(app.session.recall("votes")) == 1, "one message, one vote"


async def verdict_of(screen: Compare) -> None:
    """Wait for the verdict that was kept."""
    await until(lambda: screen.verdict.columns, "the verdict's pane")
    await until(lambda: "No judge" in screen.verdict.columns[0].view.text, "the verdict that was kept")


def screen_model(screen: Compare, key: str) -> str:
    lane = screen.lane_of(key)
    return lane.turn.model if lane is not None else ""


@pytest.mark.anyio
@pytest.mark.parametrize("size", SIZES)
async def test_the_judge_is_asked_after_its_price_and_speaks_in_a_pane_of_its_own(
    box: Sandbox, home: Path, size: tuple[int, int]
) -> None:
    async with workbench(home, box, size) as (app, pilot):
        screen = await open_lanes(app, pilot, ["sandbox/haiku", "sandbox/echo", "sandbox/fault-cut"])
        await all_ended(screen, pilot)
        before = [lane.turn for lane in screen.comparison.lanes]
        await pilot.press("J")
        await until(lambda: isinstance(app.screen, ModelPicker), "the picker")
        await pilot.press(*"gpt-4o-mini")
        await pilot.pause()
        await pilot.press("enter")
        await until(lambda: isinstance(app.screen, Ask), "what to look at")
        await pilot.press(".", "enter")
        await until(lambda: isinstance(app.screen, Question), "the price")
        await pilot.pause()
        assert "4 in all" in screen_text(app) and [lane.turn for lane in screen.comparison.lanes] == before
        await pilot.click("#yes")
        await until(lambda: screen.verdict.columns and "No judge" in screen.verdict.columns[0].view.text, "the verdict")
        await all_ended(screen, pilot)
        await pilot.press("h", "home")
        await pilot.pause()
        shown = screen_text(app)
        assert "verdict of openai/gpt-4o-mini" in shown and "Comparison" in shown
        assert [lane.turn.state.value for lane in screen.comparison.lanes] == ["done", "done", "failed"]
        assert sorted(lane.place or 0 for lane in screen.comparison.lanes) == [0, 1, 2]
        for forgotten in (False, True):
            await pilot.press("escape")
            await until(lambda: isinstance(app.screen, Workbench), "the workbench")
            assert isinstance(bench := app.screen, Workbench)
            if forgotten:
                bench.comparison = None  # as after another start of the program
            await pilot.press("ctrl+l")
            await until(lambda: isinstance(app.screen, Compare), "the lanes again")
            again = app.screen
            assert isinstance(again, Compare) and again is not screen
            await verdict_of(again)
            assert "verdict of openai/gpt-4o-mini" in again.verdict.columns[0].head.name
