"""How few keys the jobs take, beside what is typed as text: the counts that `docs/keys.md` promises, at 80×24."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from meshtui.sandbox import Sandbox, Settings
from tests.bench import Bench, workbench
from tests.documents import ROOT

pytestmark = pytest.mark.anyio


class Counted:
    """Presses keys and counts them; text is typed without being counted."""

    def __init__(self, bench: Bench) -> None:
        self.bench, self.count = bench, 0

    async def press(self, key: str) -> None:
        """Press one key."""
        self.count += 1
        await self.bench.press(key)

    async def over(self, screen: str) -> None:
        """Wait until a screen of this name stands in front and takes keys."""
        app = self.bench.app
        await self.bench.holds(lambda: type(app.screen).__name__ == screen and app.screen.focused is not None, screen)
        await self.bench.pilot.pause()


def promised(job: str) -> int:
    """Return how many keys the documentation says that a job takes."""
    page = (ROOT / "docs" / "keys.md").read_text(encoding="utf-8")
    row = re.search(rf"^\| {re.escape(job)} \|.*\| (\d+) \|$", page, re.MULTILINE)
    assert row is not None, f"docs/keys.md has no row {job!r}"
    return int(row[1])


async def test_a_template_is_opened_changed_and_run(tmp_path: Path) -> None:
    (tmp_path / "templates").mkdir()
    text = '[[messages]]\nrole = "user"\ncontent = "Be {{tone}}."\n[variables]\ntone = "kind"\n'
    (tmp_path / "templates" / "bot.toml").write_text(text)
    with Sandbox(Settings()) as box:
        async with workbench(tmp_path, box.url) as bench:
            keys = Counted(bench)
            await keys.press("f12")
            await keys.over("TemplateList")
            await keys.press("enter")
            await keys.over("Workbench")
            await bench.holds(lambda: type(bench.app.focused).__name__ == "SlotField", "the slot")
            await bench.type("very ")
            await keys.press("enter")
            await bench.holds(lambda: bench.screen.last_turn is not None, "a turn")
            await bench.over()
            assert keys.count == promised("open a template, change a value, run it") <= 3


async def test_three_models_are_compared(tmp_path: Path) -> None:
    with Sandbox(Settings()) as box:
        async with workbench(tmp_path, box.url) as bench:
            await bench.holds(lambda: bench.session.cards, "the models")
            keys = Counted(bench)
            await bench.type("Name a fruit.")
            await keys.press("ctrl+l")
            await keys.over("ModelPicker")
            for _ in range(3):
                await keys.press("space")
            await bench.wait("compare 3")
            await keys.press("enter")
            await keys.over("Compare")
            await bench.wait("3 of 3 ended")
            assert keys.count == promised("ask three models side by side") <= 6


async def test_a_tool_is_tried_from_its_editor(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "docs" / "examples" / "tools", tmp_path / "tools")
    with Sandbox(Settings()) as box:
        async with workbench(tmp_path, box.url, "sandbox/tools") as bench:
            await bench.press("alt+o")
            await bench.holds(lambda: type(bench.app.focused).__name__ == "ToolList", "the tools")
            await bench.press("space", "e")
            keys = Counted(bench)
            await keys.over("ToolEditor")
            await keys.press("escape")
            await keys.over("Workbench")
            await keys.press("f6")
            await bench.holds(lambda: bench.app.focused is bench.prompt, "the prompt")
            await bench.type("Is it warm in Rome?")
            await keys.press("enter")
            await bench.holds(lambda: bench.screen.last_turn is not None, "a turn")
            await bench.over()
            first = bench.turn
            await bench.wait("rule 1")
            await keys.press("f5")
            await bench.holds(lambda: bench.turn is not first, "the second answer")
            await bench.over()
            assert "31" in str(bench.turn.content)
            assert keys.count == promised("from a saved tool to the second answer") <= 4


async def test_a_refused_message_goes_out_again(tmp_path: Path) -> None:
    with Sandbox(Settings(faults=("502:1",))) as box:
        async with workbench(tmp_path, box.url) as bench:
            bench.session.retries = 0
            refused = await bench.answered("Name a fruit.")
            assert refused.problem is not None
            keys = Counted(bench)
            await keys.press("f5")
            await bench.holds(lambda: bench.turn is not refused, "another turn")
            await bench.over()
            assert bench.turn.problem is None
            assert keys.count == promised("ask again after a failure") == 1
