"""What is said of the model in use where no pane stands for it: always of the one that is in use now."""

from __future__ import annotations

from pathlib import Path

import pytest

from meshtui.sandbox import Sandbox
from meshtui.ui.widgets.state import StateLine
from tests.bench import Bench, workbench

pytestmark = pytest.mark.anyio


def told(bench: Bench) -> str:
    return bench.shown(bench.screen.query_one(StateLine))


async def test_another_model_has_its_own_name_and_price_at_once(box: Sandbox, home: Path) -> None:
    async with workbench(home, box.url, size=(100, 30)) as bench:
        await bench.holds(lambda: "sandbox/haiku · $0.50 in" in told(bench), "the price, once the models are there")
        await bench.type("What does this cost?")
        await bench.holds(lambda: bench.prompt.border_subtitle, "what it costs")
        before = str(bench.prompt.border_subtitle)
        bench.session.choose_model("sandbox/expensive")
        bench.screen.show_top()
        assert str(bench.prompt.border_subtitle) != before
        await bench.holds(lambda: "sandbox/expensive · $" in told(bench), "the price of the other model")
        assert "haiku" not in told(bench)
