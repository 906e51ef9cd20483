"""The counts of keys that `docs/keys.md` promises, and the job that is counted nowhere else: from a tool's editor."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from meshtui.sandbox import Sandbox, Settings
from tests.bench import workbench
from tests.documents import ROOT
from tests.pilot.test_job_keys import MOST


def test_the_documentation_counts_its_keys_right() -> None:
    page = (ROOT / "docs" / "keys.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| [^|]+ \| ([^|]*) \| (\d+) \|$", page, re.MULTILINE)
    counts = [int(count) for _, count in rows]
    assert counts == [len(re.findall(r"`[^`]+`", keys)) for keys, _ in rows]
    assert counts == [MOST["J1"], MOST["J2"], 4, MOST["J4"]]


@pytest.mark.anyio
async def test_a_tool_is_tried_from_its_editor(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "docs" / "examples" / "tools", tmp_path / "tools")
    with Sandbox(Settings()) as box:
        async with workbench(tmp_path, box.url, "sandbox/tools") as bench:
            await bench.press("alt+o")
            await bench.holds(lambda: type(bench.app.focused).__name__ == "ToolList", "the tools")
            await bench.press("space", "e")
            await bench.holds(lambda: type(bench.app.screen).__name__ == "ToolEditor", "the editor")
            await bench.pilot.pause()
            await bench.press("escape")
            await bench.holds(lambda: bench.app.screen is bench.screen, "the workbench")
            await bench.press("f6")
            await bench.holds(lambda: bench.app.focused is bench.prompt, "the prompt")
            await bench.type("Is it warm in Rome?")
            await bench.press("enter")
            await bench.holds(lambda: bench.screen.last_turn is not None, "a turn")
            await bench.over()
            first = bench.turn
            await bench.wait("rule 1")
            await bench.press("f5")
            await bench.holds(lambda: bench.turn is not first, "the second answer")
            await bench.over()
            assert "31" in str(bench.turn.content)
