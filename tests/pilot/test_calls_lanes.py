"""Tool calls in the lanes of a comparison: checked there too, and compared by path."""

from __future__ import annotations

from pathlib import Path

import pytest

from meshtui.sandbox import Sandbox
from meshtui.ui.screens.compare import Compare
from tests.bench import workbench
from tests.calls import calling, put_tool

pytestmark = pytest.mark.anyio


async def test_lanes_say_whether_calls_fit_and_how_they_differ(home: Path, box: Sandbox) -> None:
    put_tool(home, "get_weather")
    box.state.scripts.clear()
    async with workbench(home, box.url, "sandbox/tools", size=(120, 40)) as bench:
        assert bench.session.tools is not None
        bench.session.tools.turn_only(["get_weather"])
        box.script(calling(("get_weather", '{"city": "Oslo", "days": 9}')))
        first = await bench.answered("go")
        await bench.holds(lambda: bench.screen.panel.round is not None, "the panel")
        await bench.press("escape")
        box.script(calling(("get_weather", '{"city": "Rome"}')))
        await bench.press("f5")
        await bench.holds(lambda: bench.turn is not first and bench.turn.ended, "another answer")
        await bench.holds(lambda: bench.screen.panel.round is not None, "the panel")
        await bench.press("escape", "ctrl+l")
        await bench.holds(lambda: isinstance(bench.app.screen, Compare), "the lanes")
        await bench.wait("does not fit ✗", "✗ $.days: expected at most 7, got 9", "fits ✓")
        assert "[a]" not in bench.shown(), "a lane offers no key that does nothing there"
        await bench.press("d", "right")
        await bench.wait("get_weather().city", '{+"Rome"+}', "get_weather().days")
