"""The palette: what it offers does something that is seen, or says in a sentence why it does not."""

from __future__ import annotations

from collections.abc import Sequence
from inspect import isawaitable
from pathlib import Path

import pytest
from textual.app import SystemCommand
from textual.screen import Screen

from meshtui.sandbox import Sandbox
from tests.bench import Bench, workbench

pytestmark = pytest.mark.anyio

APART = ("Quit", "Screenshot")
"""What ends the program, and what writes a file at once; the latter says so from a thread."""


@pytest.fixture(autouse=True)
def no_other_programs(monkeypatch: pytest.MonkeyPatch) -> None:
    """No editor, pager or clipboard of this machine takes part."""
    monkeypatch.setenv("EDITOR", "no-such-editor")
    monkeypatch.delenv("VISUAL", raising=False)
    monkeypatch.setenv("PAGER", "no-such-pager")
    monkeypatch.setattr("meshtui.ui.clipboard._by_tool", lambda text: True)


def offered(bench: Bench) -> Sequence[SystemCommand]:
    """Return what the palette offers on the screen in front."""
    return [one for one in bench.app.get_system_commands(bench.app.screen) if not one.title.startswith(APART)]


def titles(bench: Bench) -> list[str]:
    """Return the titles that the palette offers, without the keys."""
    return [one.title.partition("  (")[0] for one in offered(bench)]


def seen(bench: Bench) -> tuple[object, ...]:
    """Return all by which a user notices that something was done."""
    return [*bench.app.screen_stack], bench.app.focused, bench.shown(), len(bench.notices())


async def silent(bench: Bench, one: SystemCommand) -> bool:
    """Run a command; whether nothing was to be seen of it, and nothing was said."""
    before = seen(bench)
    done = one.callback()
    if isawaitable(done):
        await done
    await bench.pilot.pause()
    if one.title.startswith("Prompt ") and bench.app.focused is bench.prompt:
        return not bench.prompt.region.area  # one is there already, and types on
    if seen(bench) != before:
        return False
    try:
        await bench.holds(lambda: seen(bench) != before, one.title)  # what a worker says
    except AssertionError:
        return True
    return False


def fresh(bench: Bench, classes: frozenset[str]) -> bool:
    """Whether the workbench stands as it opened."""
    here = bench.app.screen is bench.screen and bench.app.focused is bench.prompt
    return here and bench.screen.classes == classes


async def back(bench: Bench) -> None:
    """Close what stands over the workbench, and let notices go."""
    while bench.app.screen is not bench.screen:
        screen: Screen[object] = bench.app.screen
        screen.dismiss(None)
        await bench.pilot.pause()
    bench.app.clear_notifications()
    await bench.pilot.pause()


async def test_no_command_of_the_palette_is_silent_in_a_fresh_workbench(box: Sandbox, home: Path) -> None:
    wrong, done, opened = list[str](), 0, 0
    while True:
        opened += 1
        async with workbench(home / str(opened), box.url, size=(80, 24)) as bench:
            classes = bench.screen.classes
            commands = offered(bench)
            for one in commands[done:]:
                done += 1
                if await silent(bench, one):
                    wrong.append(one.title)
                await back(bench)
                if not fresh(bench, classes):
                    break  # the next one in another
        if done == len(commands):
            break
    assert done > 40 and wrong == []
