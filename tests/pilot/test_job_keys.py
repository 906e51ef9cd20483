"""How many keys the jobs take, what is typed as text left aside. A job that takes more is a fault of the product."""

from __future__ import annotations

from pathlib import Path

import pytest

from meshtui.sandbox import Sandbox, Settings
from meshtui.ui.screens.compare import Compare
from meshtui.ui.screens.model_picker import ModelPicker
from meshtui.ui.screens.template_versions import TemplateVersions
from meshtui.ui.widgets.slot_text import SlotField
from tests.bench import Bench, workbench
from tests.template_pane import FILLED_BOT
from tests.workbench import Clock

pytestmark = pytest.mark.anyio

MOST = {"J1": 3, "J2": 6, "J4": 1}
"""The jobs: iterate on a template, compare three models, go on after a failure. The rounds of tools have a test."""


class Fingers:
    """Presses keys, and counts them."""

    def __init__(self, bench: Bench) -> None:
        self.bench = bench
        self.count = 0

    async def press(self, key: str) -> None:
        """Press one key."""
        self.count += 1
        await self.bench.press(key)
        await self.bench.pilot.pause()


@pytest.mark.parametrize("size", [(80, 24), (160, 50)], ids=str)
async def test_iterating_on_a_template_takes_three_keys(box: Sandbox, home: Path, size: tuple[int, int]) -> None:
    folder = home / "templates"
    folder.mkdir(parents=True)
    (folder / "bot.toml").write_text(FILLED_BOT)
    async with workbench(home, box.url, "sandbox/echo", size=size) as bench:
        bench.screen.open_template(folder / "bot.toml")
        await bench.holds(lambda: len(bench.screen.query(SlotField)) == 2, "the template")
        await bench.pilot.pause()
        await bench.screen.run_action("run_template")
        await bench.holds(lambda: bench.screen.last_turn is not None, "a first run")
        await bench.over()
        bench.screen.close_pane()
    async with workbench(home, box.url, "sandbox/echo", size=size) as bench:
        fingers = Fingers(bench)
        await fingers.press("f9")
        await bench.holds(lambda: len(bench.screen.query(SlotField)) == 2, "the template that was open last")
        text = next(iter(bench.screen.editor.texts))
        text.load_text("Be brief. You are {{tone}} support.")
        await bench.pilot.pause()
        before = bench.screen.last_turn
        await fingers.press("f5")
        await bench.holds(lambda: bench.screen.last_turn is not before, "a run")
        await bench.over()
        await bench.wait("Be brief.")
        await fingers.press("alt+v")
        await bench.holds(lambda: isinstance(bench.app.screen, TemplateVersions), "the versions")
        await bench.wait("what they gave", '+"Be brief. You+')
        assert fingers.count <= MOST["J1"]


@pytest.mark.parametrize("size", [(80, 24), (160, 50)], ids=str)
async def test_comparing_three_models_takes_six_keys(box: Sandbox, home: Path, size: tuple[int, int]) -> None:
    async with workbench(home, box.url, "sandbox/haiku", size=size) as bench:
        await bench.session.models.load()
        await bench.holds(lambda: len(bench.session.models.index) > 3, "the models")
        await bench.type("which of you is right?")
        fingers = Fingers(bench)
        await fingers.press("ctrl+l")
        await bench.holds(lambda: isinstance(bench.app.screen, ModelPicker), "the models to choose from")
        for _ in range(3):
            await fingers.press("space")
        await fingers.press("enter")
        await bench.holds(lambda: isinstance(bench.app.screen, Compare), "the lanes")
        lanes = bench.screen.comparison
        assert lanes is not None and len(lanes.lanes) == 3
        await bench.holds(lambda: not lanes.running, "the end of all lanes")
        await fingers.press("enter")
        await bench.holds(lambda: bench.app.screen is bench.screen, "the conversation, with the lane that was kept")
        assert fingers.count <= MOST["J2"]


async def test_going_on_after_a_failure_takes_one_key(home: Path) -> None:
    with Sandbox(Settings(rpm=1, clock=Clock())) as box:
        async with workbench(home, box.url, "sandbox/haiku") as bench:
            await bench.answered("hello")
            turn = await bench.answered("and again?")
            assert turn.problem is not None and turn.problem.status == 429
            await bench.wait("429")
            await bench.pilot.pause()
            fingers = Fingers(bench)
            await fingers.press("f5")
            await bench.holds(lambda: bench.screen.last_turn is not turn, "the same message, sent again")
            assert bench.session.nodes[-2].message.text == "and again?"
            assert fingers.count <= MOST["J4"]
