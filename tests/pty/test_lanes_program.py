"""Comparing in the real program: keys while eight lanes stream, a kill, and every lane's text afterwards."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from meshtui.sandbox import Sandbox, Settings
from meshtui.store.history import Store
from tests.terminal import Terminal, at

pytestmark = pytest.mark.skipif(os.name != "posix", reason="pseudo-terminals are of POSIX systems")


@pytest.fixture(scope="module")
def box() -> Iterator[Sandbox]:
    with Sandbox(Settings(rpm=100_000, speed=60)) as box:
        yield box


def lanes_of(terminal: Terminal, home: Path, models: list[str]) -> None:
    """Ask models in the open workbench, by keys."""
    terminal.wait("compare", "type a message")
    with Store.open(home / "data" / "history.db", time.time) as store:
        store.save_state("compared", models)
    terminal.send("compare these")
    terminal.wait("compare these")
    terminal.write(b"\x0c")
    terminal.wait(f"compare {len(models)}", f"{len(models)} marked")
    terminal.press("enter")
    terminal.wait(f"of {len(models)} ended")


def on_disk(home: Path) -> list[int]:
    """Return how long each answer on disk is."""
    with Store.open(home / "data" / "history.db", time.time) as store:
        row = store.conversations()[0]
        return [len(node.turn.content) for node in store.siblings(row.head_id or "") if node.turn is not None]


def test_every_lane_is_there_after_a_kill(tmp_path: Path, box: Sandbox) -> None:
    home = tmp_path / "home"
    home.mkdir()
    models = ["sandbox/long-3000"] * 8
    with Terminal(home=home, env=at(box.url), size=(200, 60)) as terminal:
        lanes_of(terminal, home, models)
        terminal.wait_for(lambda _: len([size for size in on_disk(home) if size]) == 8, "a checkpoint of every lane")
        terminal.send("l")
        terminal.wait("scroll alone")
        terminal.resize(80, 24)
        terminal.wait("page 1 of 4")
        terminal.signal(signal.SIGKILL)
        terminal.wait_end()
    kept = on_disk(home)
    assert len(kept) == 8 and min(kept) > 0
    with Terminal(home=home, env=at(box.url), size=(120, 40)) as again:
        again.wait("compare", "type a message")
        again.write(b"\x0c")
        again.wait("8 of 8 ended", "interrupted")
        again.press("escape")
        again.wait("type a message")
        again.press("ctrl+q")
        assert again.wait_end() == 0
        again.assert_restored()
