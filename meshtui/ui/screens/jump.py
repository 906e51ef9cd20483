"""Jumping: a letter stands over each place one can go to; a press goes there."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.content import Content
from textual.geometry import Offset
from textual.screen import ModalScreen
from textual.widgets import Static

from meshtui.core.text import one_line
from meshtui.ui.commands import Where, bindings
from meshtui.ui.widgets.hints import hints_content


@dataclass(frozen=True, slots=True)
class Place:
    """Where one can go: by `letter`, under the name of `id`; `at` is its corner on the screen, None where unseen."""

    letter: str
    id: str
    name: str
    at: Offset | None = None


class Jump(ModalScreen[str | None]):
    """Returns the id of the place that was chosen, of those that `look` finds; the last line names those not seen."""

    DEFAULT_CSS = """
    Jump {
        align: left top; background: $background 40%; layers: below above;
        .letter {
            layer: above; position: absolute; width: auto; height: 1; background: $warning; color: $background;
            text-style: bold;
        }
        &:ansi .letter { color: ansi_black; }
        #unseen { layer: below; dock: bottom; height: auto; padding: 0 1; background: $panel; color: $foreground;
            link-style: none; link-color: $foreground; }
    }
    """
    PLACES: ClassVar[tuple[Where, ...]] = ("jump",)
    BINDINGS = bindings("jump")

    def __init__(self, look: Callable[[], Sequence[Place]]) -> None:
        super().__init__()
        self._look = look
        self._places: Sequence[Place] = ()

    def compose(self) -> ComposeResult:
        """The line that names what is not to be seen; the letters come as the places are known."""
        yield Static(id="unseen")

    async def on_mount(self) -> None:
        """Put the letters up, and follow the places where the screen below moves them in another size."""
        below = self.app.screen_stack[-2]
        below.screen_layout_refresh_signal.subscribe(self, lambda _: self.call_next(self._put_up))
        await self._put_up()

    async def _put_up(self) -> None:
        places = self._look()
        if places == self._places:
            return
        self._places = places
        letters = list[Static]()
        for place in places:
            if place.at is not None:
                letter = Static(f" {place.letter} ", classes="letter", markup=False)
                letter.styles.offset = (place.at.x, place.at.y)
                letters.append(letter)
        rest = [
            Content.assemble((place.letter, "bold $primary"), f" {one_line(place.name, 30)}")
            for place in places
            if place.at is None
        ]
        leaves = hints_content(self.app, [("jump.close", "leaves")])
        self.query_one("#unseen", Static).update(Content("  ").join([Content("press a letter"), *rest, leaves]))
        async with self.batch():
            await self.query(".letter").remove()
            await self.mount_all(letters)

    def on_key(self, event: events.Key) -> None:
        """Go where the letter says; a letter that stands nowhere does nothing."""
        place = next((place for place in self._places if place.letter == event.character), None)
        if place is not None:
            event.stop()
            self.dismiss(place.id)

    def on_click(self, event: events.Click) -> None:
        """Go where the mouse says, or leave."""
        if "@click" in event.style.meta:
            return  # the word for leaving does it itself
        hit = event.screen_offset
        for place in self._places:
            if place.at is not None and place.at.y == hit.y and place.at.x <= hit.x < place.at.x + 3:
                self.dismiss(place.id)
                return
        self.dismiss(None)
