"""The usage page: what its plots and its table show of known turns, at any size, in any theme."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from decimal import Decimal
from pathlib import Path

import pytest
from textual.color import Color

from meshtui.core.chat import Message
from meshtui.core.text import REPLACEMENT
from meshtui.core.turn import Finished, TextDelta, Turn, TurnState, UsageDelta
from meshtui.sandbox import Sandbox, Settings
from meshtui.session import Session
from meshtui.ui.screens.usage import UsagePage
from meshtui.ui.widgets.plots import Bar, BarPlot, ticks_to
from tests.bench import Bench, workbench

pytestmark = pytest.mark.anyio

NOW = time.mktime((2026, 11, 20, 12, 0, 0, 0, 0, -1))
HOSTILE = "evil\x1b[31m\x07模型\u202e[bold]"


@pytest.fixture(scope="module")
def box() -> Iterator[Sandbox]:
    with Sandbox(Settings()) as sandbox:
        yield sandbox


def spent(session: Session, days_ago: int, cost: str | None, model: str = "a/steady", waited: float = 0.5) -> None:
    """Write a finished turn into the history: 100 tokens in, 40 out within a second of the first output."""
    began = time.mktime((2026, 11, 20 - days_ago, 11, 0, 0, 0, 0, -1))
    request = {"model": model, "messages": [{"role": "user", "content": "hi"}]}
    id = f"{days_ago}:{cost}:{model}"
    turn = Turn(id, request, profile="default", started_at=began)
    session.store.begin(turn, "c1", [(f"u{id}", Message("user", "hi"))], f"a{id}")
    turn.apply(TextDelta("yes"), waited)
    usage = {"prompt_tokens": 100, "completion_tokens": 40}
    turn.apply(UsageDelta(usage, None if cost is None else Decimal(cost)), waited + 1.0)
    turn.apply(Finished("stop"), waited + 1.0)
    turn.end(TurnState.DONE, waited + 1.0, began + waited + 1.0)
    session.store.finish(turn)


@asynccontextmanager
async def page(
    tmp_path: Path, box: Sandbox, size: tuple[int, int] = (140, 40), theme: str = "mesh-dark"
) -> AsyncIterator[Bench]:
    """The page over 12 days of turns: $0.02 a day, $0.30 three days ago with another model, $0.05 by a hostile name."""
    async with workbench(tmp_path / "home", box.url, size=size, theme=theme, now=lambda: NOW) as bench:
        for days_ago in range(12):
            spent(bench.session, days_ago, "0.02")
        spent(bench.session, 3, "0.30", "b/dear", waited=2.5)
        spent(bench.session, 5, "0.05", HOSTILE)
        await bench.press("alt+u")
        await bench.holds(lambda: isinstance(bench.app.screen, UsagePage), "the page")
        await bench.wait("Usage, 30 days, by day", "$0.59 · 14 turns")
        yield bench


def plot_of(bench: Bench) -> list[str]:
    """Return the rows of the plot as they stand on the screen."""
    region = bench.app.screen.query_one(BarPlot).region
    rows = bench.shown().split("\n")[region.y : region.bottom]
    return [row[region.x : region.right].rstrip() for row in rows]


def heights(bench: Bench) -> dict[str, int]:
    """Return how many rows the bar over each day that is named has."""
    *rows, axis, names = ["", "", *plot_of(bench)]
    if not names:
        return {}
    found = {}
    for place in (at for at, mark in enumerate(axis) if mark == "┬"):
        word = min(names.split(), key=lambda name: abs(names.index(name) + len(name) // 2 - place))
        found[word] = sum(row.ljust(place + 1)[place] in "█▌▐▄▖▗▙▟▛▜▀▘▝" for row in rows)
    return found


async def test_days_stand_below_their_bars_and_amounts_beside_them(tmp_path: Path, box: Sandbox) -> None:
    async with page(tmp_path, box) as bench:
        await bench.wait("cost, a day; the highest $0.32, 2026-11-17", "$0.40┤", "$0.20┤", "$0.00┤", "2026-11-20")
        await bench.press("left")
        await bench.wait("Usage, 7 days")
        await bench.holds(lambda: len(heights(bench)) == 7, "a name for each of seven days")
        found = heights(bench)
        assert found["2026-11-17"] == max(found.values()) >= 4, found
        assert found["2026-11-20"] == found["2026-11-14"] == 1, found
        await bench.press("left")
        await bench.wait("Usage, today", "cost, a day; the highest $0.02, 2026-11-20")
        await bench.holds(lambda: list(heights(bench)) == ["2026-11-20"], "one bar")
        await bench.press(*["right"] * 4)
        await bench.wait("Usage, a year", "cost, each bar 5 days; the highest $0.40, 2026-11-16")
        await bench.press("right")
        await bench.wait("Usage, everything", "cost, a day; the highest $0.32, 2026-11-17")


async def test_every_measure_is_plotted_with_its_own_values(tmp_path: Path, box: Sandbox) -> None:
    async with page(tmp_path, box) as bench:
        for caption, top in (
            ("tokens, a day; the highest 280, 2026-11-", "400┤"),
            ("turns, a day; the highest 2, 2026-11-", "2┤"),
            ("TTFT, a day; the highest 1.5 s, 2026-11-17", "1.6 s┤"),
            ("tok/s, a day; the highest 40, 2026-11-", "40┤"),
        ):
            await bench.press("m")
            await bench.wait(caption)
            await bench.holds(lambda top=top: any(row.strip().startswith(top) for row in plot_of(bench)), top)  # type: ignore[misc]
        await bench.press("m")
        await bench.wait("cost, a day")


async def test_a_time_over_several_days_is_a_mean_not_a_sum(tmp_path: Path, box: Sandbox) -> None:
    async with page(tmp_path, box) as bench:
        await bench.press("right", "right", "m", "m", "m")
        await bench.wait("Usage, a year", "TTFT, each bar 5 days; the highest 0.83 s")


async def test_models_are_plotted_by_name_with_their_figures_highest_first(tmp_path: Path, box: Sandbox) -> None:
    async with page(tmp_path, box) as bench:
        spent(bench.session, 1, None, "c/unpriced")
        await bench.press("b")
        await bench.wait("cost, by model", "$0.30")
        await bench.holds(lambda: any("c/unpriced" in row for row in plot_of(bench)), "all four models")
        rows = plot_of(bench)
        assert [row.split()[:2] for row in rows[:2]] == [["b/dear", "$0.30"], ["a/steady", "$0.24"]]
        lengths = [row.count("▇") for row in rows]
        assert lengths[0] > lengths[1] > lengths[2] > lengths[3] == 0
        assert rows[3].split()[:2] == ["c/unpriced", "unknown"]
        assert rows[-1].split() == ["$0.00", "$0.05", "$0.10", "$0.15", "$0.20", "$0.25", "$0.30"]
        await bench.press("b", "b")
        await bench.wait("cost, by session")
        await bench.holds(lambda: "(no session)" in plot_of(bench)[0], "the session")


@pytest.mark.parametrize("size", [(80, 24), (140, 40)])
async def test_a_hostile_name_neither_acts_nor_shifts_what_stands_behind_it(
    tmp_path: Path, box: Sandbox, size: tuple[int, int]
) -> None:
    async with page(tmp_path, box, size) as bench:
        await bench.press("b")
        await bench.holds(lambda: any("evil" in row for row in plot_of(bench)), "the name")
        rows = plot_of(bench)
        assert f"evil␛[31m␇{REPLACEMENT * 3}[bold] $0.05 ┤" in next(row for row in rows if "evil" in row)
        assert len({row.index("┤") for row in rows if "┤" in row}) == 1
        assert not any(ord(char) < 32 or char == "\u202e" for row in rows for char in row)


async def test_the_plot_fits_a_terminal_that_is_resized(tmp_path: Path, box: Sandbox) -> None:
    async with page(tmp_path, box, (200, 60)) as bench:
        for size in ((80, 24), (140, 40), (200, 60), (80, 24)):
            await bench.pilot.resize_terminal(*size)
            await bench.holds(lambda size=size: bench.app.screen.size == size, "the size")  # type: ignore[misc]
            await bench.wait(
                "the highest $0.32, 2026-11-17", "$0.00┤", "2026-11-20", "turns", "esc" if size[0] > 80 else ""
            )
            await bench.holds(lambda: max(heights(bench).values(), default=0) > 0, "bars")
            assert all(len(row) <= size[0] - 2 for row in plot_of(bench))
        await bench.pilot.resize_terminal(20, 8)
        await bench.wait("Usage")


async def test_colours_are_the_theme_s_and_change_with_it(tmp_path: Path, box: Sandbox) -> None:
    def colour_of(mark: str) -> Color:
        region = bench.app.screen.query_one(BarPlot).region
        strips = bench.app.screen._compositor.render_strips()[region.y : region.bottom]
        found = next(part for strip in strips for part in strip if mark in part.text)
        assert found.style is not None and found.style.color is not None
        return Color.from_rich_color(found.style.color)

    async with page(tmp_path, box, theme="mesh-light") as bench:
        light = colour_of("█")
        assert light == Color.parse(bench.app.theme_variables["primary"])
        ground = Color.parse(bench.app.theme_variables["background"])
        for colour in (light, colour_of("┤")):
            assert ground.brightness - colour.brightness > 0.4, colour
        bench.app.theme = "mesh-dark"
        await bench.holds(lambda: colour_of("█") != light, "another colour")
        assert colour_of("█") == Color.parse(bench.app.theme_variables["primary"])


async def test_without_colour_everything_is_said(tmp_path: Path, box: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    async with page(tmp_path, box) as bench:
        await bench.wait("cost, a day; the highest $0.32, 2026-11-17", "$0.40┤", "2026-11-20")
        assert sum("█" in row for row in plot_of(bench)) >= 4


async def test_a_history_that_cannot_be_read_is_one_sentence(
    tmp_path: Path, box: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with page(tmp_path, box) as bench:
        with sqlite3.connect(bench.session.store.path) as other:
            other.execute("ALTER TABLE usage RENAME TO gone")
        other.close()
        await bench.press("b")
        head = bench.app.screen.query_one("#head")
        await bench.wait(str(bench.session.store.path), "could not be read: no such table: usage", within=head)


@pytest.mark.parametrize("width", [40, 61, 78, 101, 138, 198])
@pytest.mark.parametrize("count", [1, 2, 7, 13, 30, 45, 73, 100])
async def test_every_name_that_is_due_is_written_and_bars_are_equally_wide(width: int, count: int) -> None:
    from textual.app import App, ComposeResult

    class Alone(App[None]):
        def compose(self) -> ComposeResult:
            yield BarPlot()

    async with Alone().run_test(size=(width, 8)) as pilot:
        plot = pilot.app.query_one(BarPlot)
        bars = [Bar(f"2026-{number:05}", Decimal(1)) for number in range(min(count, plot.upright_room))]
        plot.show(bars, str)
        *_, foot, axis, names = str(plot.render()).rstrip("\n").split("\n")
        assert names.split()[-1] == bars[-1].name and axis.count("┬") == len(names.split())
        assert len(names.split()) >= min(len(bars), width // 40)
        assert max(map(len, (foot, axis, names))) <= width


def test_ticks_are_round_and_reach_the_highest_value() -> None:
    assert ticks_to(Decimal("0.3422"), 2) == [Decimal("0.0"), Decimal("0.2"), Decimal("0.4")]
    assert ticks_to(Decimal("0.3422"), 1) == [Decimal(0), Decimal("0.4")]
    assert ticks_to(Decimal(1), 3, whole=True) == [Decimal(0), Decimal(1)] and ticks_to(Decimal(5), 3, whole=True) == [
        Decimal(number) for number in (0, 2, 4, 6)
    ]
    assert ticks_to(Decimal("0.0000000012"), 1)[-1] == Decimal("0.000000002")
    assert ticks_to(Decimal(0), 4) == (Decimal(0), Decimal(1))
