"""Choosing a theme, one's own theme files as they are saved, NO_COLOR, and a terminal of sixteen colours."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from textual.color import Color
from textual.css.stylesheet import Stylesheet

from meshtui.sandbox import Sandbox
from meshtui.ui.app import Look
from meshtui.ui.theming import shipped_folder, theme_files
from tests.bench import Bench, is_open, make_app
from tests.hands import shut

pytestmark = pytest.mark.anyio

MINE = '[colors]\nprimary = "#112233"\n'


@asynccontextmanager
async def worn(home: Path, url: str, look: Look) -> AsyncIterator[Bench]:
    """The workbench with this look, once it has settled."""
    app = make_app(home, url)
    app.look = look._replace(state_folder=home / "state")
    app._theme_fault = app.wear()
    async with app.run_test(size=(100, 40), notifications=True):
        bench = await is_open(app)
        await bench.holds(lambda: "verdigris" in app.available_themes, "every theme")
        try:
            yield bench
        finally:
            await shut(app)


def primary(bench: Bench) -> str:
    """Return the primary colour as the screen has it now."""
    return bench.app.theme_variables["border"]


async def test_the_theme_under_the_cursor_is_worn_and_enter_keeps_it(box: Sandbox, tmp_path: Path) -> None:
    kept: list[str] = []
    async with worn(tmp_path, box.url, Look(keep_theme=kept.append)) as bench:
        await bench.press("alt+t")
        await bench.wait("Theme", "verdigris", "nord")
        assert bench.app.theme == "mesh-dark"
        ground = bench.screen.styles.background
        await bench.press("down")
        await bench.holds(lambda: bench.app.theme == "mesh-light", "the next theme")
        await bench.holds(lambda: bench.screen.styles.background != ground, "its colours behind the list")
        assert not kept
        await bench.press("enter")
        await bench.holds(lambda: kept == ["mesh-light"], "remembering")
        assert bench.app.theme == "mesh-light"


async def test_escape_puts_the_theme_from_before_on_again(box: Sandbox, tmp_path: Path) -> None:
    kept: list[str] = []
    async with worn(tmp_path, box.url, Look("paper", keep_theme=kept.append)) as bench:
        await bench.press("alt+t")
        await bench.wait("● paper")
        await bench.press("up", "up")
        await bench.holds(lambda: bench.app.theme == "mesh-light", "another theme")
        await bench.press("escape")
        await bench.holds(lambda: bench.app.theme == "paper", "the theme from before")
        assert not kept


async def test_that_it_cannot_be_remembered_is_told(box: Sandbox, tmp_path: Path) -> None:
    def refuse(name: str) -> None:
        raise ValueError("config.toml cannot be written: read-only.")

    async with worn(tmp_path, box.url, Look(keep_theme=refuse)) as bench:
        await bench.press("alt+t")
        await bench.wait("● mesh-dark")
        await bench.press("down", "enter")
        await bench.holds(lambda: any("read-only" in notice for notice in bench.notices()), "the reason")
        assert bench.app.theme == "mesh-light"


async def test_a_saved_theme_is_worn_without_a_restart(box: Sandbox, tmp_path: Path) -> None:
    folder = tmp_path / "themes"
    folder.mkdir()
    (folder / "mine.toml").write_text(MINE)
    async with worn(tmp_path / "home", box.url, Look("mine", themes_folder=folder)) as bench:
        assert bench.app.theme == "mine" and primary(bench) == "#112233"
        (folder / "mine.toml").write_text(MINE.replace("#112233", "#AA2233"))
        await bench.holds(lambda: primary(bench) == "#AA2233", "the new colour")


async def test_a_fault_in_a_saved_theme_is_told_and_changes_nothing(box: Sandbox, tmp_path: Path) -> None:
    folder = tmp_path / "themes"
    folder.mkdir()
    (folder / "mine.toml").write_text(MINE)
    async with worn(tmp_path / "home", box.url, Look("mine", themes_folder=folder)) as bench:
        (folder / "mine.toml").write_text(MINE + 'accent = "#XYZ"\n')
        await bench.holds(lambda: any("`colors.accent`" in notice for notice in bench.notices()), "the fault")
        assert any("mine.toml, line 3" in notice for notice in bench.notices())
        assert bench.app.theme == "mine" and primary(bench) == "#112233"
        await bench.type("still here")
        assert bench.prompt.text == "still here"


async def test_a_broken_theme_comes_back_once_it_is_mended(box: Sandbox, tmp_path: Path) -> None:
    folder = tmp_path / "themes"
    folder.mkdir()
    (folder / "mine.toml").write_text("[colors\n")
    async with worn(tmp_path / "home", box.url, Look("mine", themes_folder=folder)) as bench:
        assert bench.app.theme == "mesh-dark"
        assert sum("mine.toml, line 1" in notice for notice in bench.notices()) == 1
        (folder / "mine.toml").write_text(MINE)
        await bench.holds(lambda: bench.app.theme == "mine", "the mended theme")


async def test_a_new_file_is_a_new_theme(box: Sandbox, tmp_path: Path) -> None:
    folder = tmp_path / "themes"
    async with worn(tmp_path / "home", box.url, Look(themes_folder=folder)) as bench:
        folder.mkdir()
        (folder / "night.toml").write_text(MINE)
        await bench.holds(lambda: "night" in bench.app.available_themes, "the new theme")
        await bench.press("alt+t")
        await bench.wait("yours", "night")


async def test_without_colour_no_colour_leaves_and_what_was_filled_is_reverse(
    box: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    for theme in ("mesh-dark", "mesh-light", "mesh-16"):
        async with worn(tmp_path / theme, box.url, Look(theme)) as bench:
            await bench.answered("hello")
            await bench.press("alt+t")
            await bench.wait("verdigris")
            segments = [one for strip in bench.app.screen._compositor.render_strips() for one in strip]
            found = {
                color.name
                for one in segments
                if one.style is not None
                for color in (one.style.color, one.style.bgcolor)
                if color is not None
            }
            assert found <= {"default"}, theme
            if theme != "mesh-16":
                assert any(one.style.reverse for one in segments if one.style and one.text.strip()), "the cursor"


@pytest.mark.parametrize("theme", ["mesh-dark", "mesh-light", "paper", "mesh-16"])
async def test_the_focus_is_seen_without_colour(
    box: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, theme: str
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    async with worn(tmp_path, box.url, Look(theme)) as bench:
        await bench.answered("hello")
        await bench.press("f6")
        await bench.holds(lambda: bench.prompt.has_focus, "the focus")
        await bench.pilot.pause()
        assert "▔" in bright(bench)
        await bench.press("f7")
        await bench.holds(lambda: not bench.prompt.has_focus, "the focus elsewhere")
        await bench.pilot.pause()
        assert "▔" not in bright(bench)


def bright(bench: Bench) -> str:
    """Return what of the screen is not dim."""
    strips = bench.app.screen._compositor.render_strips()
    return "".join(one.text for strip in strips for one in strip if one.style is None or not one.style.dim)


async def test_a_terminal_of_sixteen_colours_has_its_own_theme(
    box: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for term, colours, theme in (
        ("xterm-256color", "truecolor", "mesh-dark"),
        ("xterm-256color", "", "mesh-dark"),
        ("xterm-16color", "", "mesh-16"),
        ("linux", "", "mesh-16"),
    ):
        monkeypatch.setenv("TERM", term)
        monkeypatch.setenv("COLORTERM", colours)
        app = make_app(tmp_path, box.url)
        app.look = Look("")
        app.wear()
        assert app.theme == theme, term


async def test_what_lies_under_letters_and_dialogs_is_seen_in_the_terminals_own_colours(
    box: Sandbox, tmp_path: Path
) -> None:
    async with worn(tmp_path, box.url, Look("mesh-16")) as bench:
        await bench.holds(lambda: bench.app.theme == "mesh-16", "the theme")
        await bench.press("ctrl+o")
        await bench.wait("press a letter", "Type a message below and press enter.")
        await bench.press("escape", "alt+t")
        await bench.wait("Theme", "type a message …")


async def test_every_shipped_theme_dresses_every_screen(box: Sandbox, tmp_path: Path) -> None:
    async with worn(tmp_path, box.url, Look()) as bench:
        for name in theme_files(shipped_folder()):
            bench.app.theme = name
            for key in ("f1", "f2", "ctrl+p", "alt+u", "ctrl+r"):
                depth = len(bench.app.screen_stack)
                await bench.press(key)
                await bench.holds(lambda depth=depth: len(bench.app.screen_stack) > depth, key)  # type: ignore[misc]
                await bench.press("escape")
                await bench.holds(lambda depth=depth: len(bench.app.screen_stack) == depth, f"{key} closed")  # type: ignore[misc]
        assert Color.parse(bench.app.theme_variables["primary"])


async def test_the_first_screen_is_drawn_in_its_theme_and_its_styles_are_read_once(
    box: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    again: list[Stylesheet] = []
    monkeypatch.setattr(Stylesheet, "reparse", lambda styles: again.append(styles))
    app = make_app(tmp_path, box.url, theme="mesh-light")
    async with app.run_test(size=(100, 40)):
        bench = await is_open(app)
        ground = Color.parse(app.theme_variables["background"])
        assert [screen.styles.background for screen in app.screen_stack] == [ground] * len(app.screen_stack)
        assert bench.app.theme == "mesh-light" and not again
        await shut(app)
