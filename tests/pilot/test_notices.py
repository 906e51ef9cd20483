"""Notices: where they stand, how many at once, and what they leave free."""

from __future__ import annotations

from pathlib import Path

import pytest
from textual.geometry import Region
from textual.widget import Widget

from meshtui.sandbox import Sandbox
from meshtui.ui.app import MeshApp
from meshtui.ui.screens.conversation_list import ConversationList
from tests.bench import Bench, workbench

pytestmark = pytest.mark.anyio

LONG = "What is wrong is said here at some length, with where it is, and with what can be done about it now, at once."


def standing(bench: Bench) -> list[Region]:
    """Return where the notices on the screen stand, as far as they are to be seen."""
    screen = bench.app.screen
    return [screen.find_widget(one).visible_region for one in screen.query("Toast")]


def say(bench: Bench, *sentences: str) -> None:
    """Show notices that stay for the length of a test."""
    for sentence in sentences:
        bench.app.notify(sentence, markup=False, timeout=600)


def covered(bench: Bench, *by: Widget) -> list[str]:
    """Return which widgets are covered by a notice, in part at least."""
    return [str(one.id or one) for one in by if any(place.overlaps(one.region) for place in standing(bench))]


@pytest.mark.parametrize("size", [(40, 12), (60, 15), (80, 24), (120, 40), (200, 60)])
async def test_notices_never_cover_what_is_typed_nor_the_state_nor_the_keys(
    box: Sandbox, home: Path, size: tuple[int, int]
) -> None:
    async with workbench(home, box.url, size=size) as bench:
        await bench.answered("hello")
        say(bench, LONG, f"{LONG} {LONG}", LONG, "short")
        await bench.wait("short")
        here = [bench.screen.query_one(id) for id in ("#prompt", "#state", "#keys", "#top")]
        heights = set[int]()
        for _ in range(size[1] // 2):
            assert 1 <= len(standing(bench)) <= 3 and all(standing(bench)), bench.shown()
            assert covered(bench, *here) == [], bench.shown()
            heights.add(bench.prompt.region.height)
            await bench.press("ctrl+j")
        assert "short" in bench.shown() and (len(heights) > 2 or size[1] < 20)
        say(bench, LONG)
        await bench.wait("at once.")
        assert all(standing(bench)) and covered(bench, *here) == [], bench.shown()


async def test_the_newest_three_notices_are_whole(box: Sandbox, home: Path) -> None:
    async with workbench(home, box.url, size=(80, 24)) as bench:
        say(bench, *(f"{number}. {LONG}" for number in range(1, 6)))
        await bench.wait("5. What")
        newest = [bench.flat(one) for one in bench.app.screen.query("Toast")]
        assert newest == ["".join(f"{number}. {LONG}".split()) for number in (3, 4, 5)]


async def test_a_notice_leaves_the_keys_of_a_dialog_free(box: Sandbox, home: Path) -> None:
    async with workbench(home, box.url, size=(80, 24)) as bench:
        await bench.press("ctrl+r")
        await bench.holds(lambda: isinstance(bench.app.screen, ConversationList), "the list")
        say(bench, LONG, "short")
        await bench.wait("short")
        assert len(standing(bench)) == 2 and all(standing(bench))
        assert covered(bench, bench.app.screen.query_one(".note")) == []


@pytest.mark.parametrize("size", [(40, 12), (60, 15), (80, 24), (120, 40)])
async def test_a_notice_longer_than_its_room_ends_with_a_sign(box: Sandbox, home: Path, size: tuple[int, int]) -> None:
    async with workbench(home, box.url, size=size) as bench:
        say(bench, "short", " ".join([LONG] * 20))
        await bench.wait("What is wrong", "…")
        (place,) = standing(bench)
        assert place == bench.app.screen.query_one("Toast").region
        assert bench.flat(bench.app.screen.query_one("Toast")).endswith("…") and place.height <= size[1] // 2


@pytest.mark.parametrize("count", [0, 1, 6])
async def test_of_many_faults_in_the_files_the_first_are_told_and_where_the_rest_is(
    box: Sandbox, home: Path, monkeypatch: pytest.MonkeyPatch, count: int
) -> None:
    monkeypatch.setattr(MeshApp, "NOTIFICATION_TIMEOUT", 600)
    keys = {f"nothing.at-{number}": "f3" for number in range(count)}
    async with workbench(home, box.url, theme="nonesuch", keys=keys) as bench:
        await bench.wait("There is no theme 'nonesuch'")
        assert len(standing(bench)) == (3 if count else 1) and all(standing(bench)), bench.shown()
        assert standing(bench) == [toast.region for toast in bench.app.screen.query("Toast")]
        if count:
            await bench.wait("there is no command 'nothing.at-0'")
            await bench.wait(f"{'5 more: ' if count > 1 else ''}`meshtui config check` tells all.")
