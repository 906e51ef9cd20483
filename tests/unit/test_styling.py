"""What the app does so that a screen is styled once, and quickly."""

from __future__ import annotations

import pytest
from textual.app import ComposeResult
from textual.css.model import RuleSet
from textual.screen import Screen
from textual.widgets import Static

from meshtui.ui.compat import CalmApp

pytestmark = pytest.mark.anyio


class Sized(CalmApp[None]):
    """An app whose screens have a class for their width."""

    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (100, "-wide")]


class Telling(Screen[None]):
    """A screen that remembers the classes that it had when it was composed."""

    found: frozenset[str] = frozenset()

    def compose(self) -> ComposeResult:
        """Remember them."""
        self.found = self.classes
        yield Static("here")


@pytest.mark.parametrize(("width", "name"), [(80, "-narrow"), (120, "-wide")])
async def test_a_screen_has_the_class_of_its_width_before_anything_on_it_is_styled(width: int, name: str) -> None:
    app = Sized()
    app.put_on("textual-dark")
    async with app.run_test(size=(width, 24)) as pilot:
        screen = Telling()
        await app.push_screen(screen)
        assert screen.found >= {name}
        await pilot.resize_terminal(200 - width, 24)
        await pilot.pause()
        assert not screen.has_class(name)


def test_two_rules_of_the_same_words_are_two_rules() -> None:
    one, other = RuleSet(), RuleSet()
    assert {one: 1, other: 2}[one] == 1 and len({one, other, one}) == 2
    assert RuleSet.__hash__ is object.__hash__
