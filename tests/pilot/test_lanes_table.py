"""The table of the lanes' figures: whole columns only, the others by keys and clicks."""

from __future__ import annotations

from pathlib import Path

import pytest
from textual.widgets import DataTable

from meshtui.sandbox import Sandbox
from meshtui.ui.screens.lanes_table import COLUMNS, LanesTable
from tests.bench import Bench, two_lanes, workbench

pytestmark = pytest.mark.anyio
NAMES = [column[0] for column in COLUMNS]


def headings(bench: Bench) -> list[str]:
    """Return the headings of the columns with figures that the table has, all of which must have room."""
    table = bench.app.screen.query_one(DataTable)
    columns = [str(column.label) for column in table.ordered_columns]
    assert sum(column.get_render_width(table) for column in table.ordered_columns) <= table.size.width
    assert columns[:2] == ["lane", "state"] and table.max_scroll_x == 0
    return columns[2:]


async def test_columns_are_whole_and_those_without_room_are_a_key_or_a_click_away(box: Sandbox, home: Path) -> None:
    async with workbench(home, box.url, size=(80, 24)) as bench:
        await two_lanes(bench)
        await bench.press("t")
        await bench.holds(lambda: isinstance(bench.app.screen, LanesTable), "the table")
        first = headings(bench)
        assert first == NAMES[: len(first)] and 2 < len(first) < len(NAMES)
        await bench.wait(f"→ more: {', '.join(NAMES[len(first) :])}")
        assert "←" not in bench.shown(bench.app.screen.query_one("#sorted"))
        await bench.press("right")
        assert headings(bench)[0] == NAMES[1]
        await bench.wait(f"← more: {NAMES[0]}")
        await bench.press("end")
        last = headings(bench)
        assert last == NAMES[-len(last) :] and "→" not in bench.shown(bench.app.screen.query_one("#sorted"))
        await bench.press("right")
        assert headings(bench) == last
        await bench.press("home")
        assert headings(bench) == first
        await bench.pilot.click("#sorted", offset=(1, 0))
        assert headings(bench)[0] == NAMES[1]
        await bench.pilot.resize_terminal(140, 40)
        assert headings(bench) == NAMES
        await bench.holds(lambda: "more:" not in bench.shown(), "no sign of more")
