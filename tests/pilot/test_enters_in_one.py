"""Keys that arrive in one: a dialog takes the first enter, and what is under it stays."""

from __future__ import annotations

from pathlib import Path

import pytest

from meshtui.sandbox import Sandbox
from meshtui.ui.screens.ask import Ask
from meshtui.ui.screens.model_picker import ModelPicker
from tests.bench import workbench
from tests.hands import key_event

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize(("key", "typed", "dialog"), [("alt+j", "3", Ask), ("f2", "", ModelPicker)])
async def test_three_enters_close_one_dialog(tmp_path: Path, box: Sandbox, key: str, typed: str, dialog: type) -> None:
    async with workbench(tmp_path, box.url) as bench:
        await bench.press(key)
        await bench.holds(lambda: isinstance(bench.app.screen, dialog), "the dialog")
        await bench.type(typed)
        for _ in range(3):
            bench.app.post_message(key_event("enter"))
        await bench.holds(lambda: bench.app.screen is bench.screen, "the workbench")
        await bench.pilot.pause()
        assert bench.app.screen is bench.screen and bench.app.failure is None


async def test_two_enters_take_an_answer_once(tmp_path: Path, box: Sandbox) -> None:
    taken: list[str | None] = []

    def accept(text: str) -> str | None:
        taken.append(text)
        return None

    async with workbench(tmp_path, box.url) as bench:
        bench.app.push_screen(Ask("Name", "", accept=accept))
        await bench.holds(lambda: isinstance(bench.app.screen, Ask), "the dialog")
        await bench.type("abc")
        for _ in range(2):
            bench.app.post_message(key_event("enter"))
        await bench.holds(lambda: bench.app.screen is bench.screen, "the workbench")
        assert taken == ["abc"]
