"""What is to be done a moment from now is done, also where the process stands still just as that is arranged."""

from __future__ import annotations

import ast
import gc
import time
import warnings
from collections.abc import Callable
from itertools import count
from pathlib import Path
from types import SimpleNamespace

import pytest

from meshtui.session import Session
from meshtui.ui.app import Look, MeshApp
from meshtui.ui.compat import CalmApp, after
from meshtui.ui.widgets.lanes import Lanes
from meshtui.ui.widgets.lanes_column import Column
from meshtui.ui.widgets.top import Front
from tests.rules.test_source import PACKAGE, named, tree_of
from tests.workbench import until

pytestmark = pytest.mark.anyio


class Bare(CalmApp[None]):
    """An app of which nothing moves by itself."""

    def __init__(self) -> None:
        super().__init__()
        self.put_on("textual-dark")


def stand_still_next(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a second pass between the first two looks at the clock that a timer takes from now on."""
    looks = count(1)
    clock = SimpleNamespace(get_time=lambda: time.monotonic() + (next(looks) > 1))
    monkeypatch.setattr("textual.timer._time", clock)


async def test_textual_forgets_a_call_whose_time_passes_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """The reason for all of this: once it fails, `after` is not needed any more."""
    app, called = Bare(), list[str]()
    async with app.run_test() as pilot:
        await pilot.pause()
        stand_still_next(monkeypatch)
        app.screen.set_timer(0.01, lambda: called.append("plain"))
        await pilot.pause(0.1)
        assert called == []


async def test_what_is_to_be_done_after_a_while_is_done(monkeypatch: pytest.MonkeyPatch) -> None:
    app, called = Bare(), list[str]()
    async with app.run_test() as pilot:
        for arrange in (lambda: after(app.screen, 0.01, lambda: called.append("node")), _of_app(app, called)):
            await pilot.pause()
            stand_still_next(monkeypatch)
            before = len(called)
            arrange()
            await until(lambda before=before: len(called) > before, "the call")  # type: ignore[misc]
    assert called == ["node", "app"]


def _of_app(app: Bare, called: list[str]) -> Callable[[], object]:
    return lambda: app.set_timer(0.01, lambda: called.append("app"))


async def test_lanes_go_on_to_be_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    pulled: list[str] = []

    def pull(column: Column) -> bool:
        pulled.append(column.key)
        return False

    app = Bare()
    async with app.run_test() as pilot:
        lanes = Lanes(pull, id="lanes")
        await app.screen.mount(lanes)
        lanes.show(["one"])
        await until(lambda: pulled, "the first frame")
        await pilot.pause()
        for _ in range(2):
            stand_still_next(monkeypatch)
            before = len(pulled)
            lanes.mark(["one"])
            await until(lambda before=before: len(pulled) > before, "the next frame")  # type: ignore[misc]


async def test_who_leaves_before_the_first_paint_hears_nothing_of_it(tmp_path: Path) -> None:
    def start() -> Session:
        raise AssertionError("the history is not opened any more")

    async def accept(session: Session, key: str) -> str | None:
        return None

    app = MeshApp(start, Look(state_folder=tmp_path), accept, front=Front("default", "", "m"))
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        with pytest.raises(LookupError):
            async with app.run_test():
                raise LookupError
        gc.collect()
    assert [str(warning.message) for warning in said] == []


def test_nothing_relies_on_a_timer_that_may_be_forgotten() -> None:
    found = [
        f"{named(file)}:{node.lineno}"
        for file in sorted((PACKAGE / "ui").rglob("*.py"))
        for node in ast.walk(tree_of(file))
        if isinstance(node, ast.Attribute) and node.attr == "set_timer" and file.name != "compat.py"
    ]
    assert not found, f"use `after` of ui/compat.py: {', '.join(found)}"
