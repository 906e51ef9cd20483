"""What is asked of a model, as chips: each can be seen, reached by keys, and clicked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any, ClassVar, TypeVar

from textual import events
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.message import Message
from textual.style import Style
from textual.widgets import Static

from meshtui.core.model_search import SWITCHES, Filter
from meshtui.core.text import one_line

CONTEXTS: Sequence[int] = (32_000, 128_000, 200_000, 1_000_000)
PRICES: Sequence[Decimal] = (Decimal("0.5"), Decimal(1), Decimal(5), Decimal(15))
"""What the chips of context and price go through; any other number can be typed, as in `price:0.2`."""

NAMES = (*SWITCHES, "provider", "context", "price")


class FilterBar(Static, can_focus=True):
    """A row of chips. Those that hold have a check mark, so that they can be told without colours."""

    DEFAULT_CSS = """
    FilterBar { height: auto; max-height: 3; link-style: none; link-color: $foreground; link-color-hover: $primary; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left", "move(-1)", "Left", show=False),
        Binding("right", "move(1)", "Right", show=False),
        Binding("space,enter", "press", "Change", show=False),
    ]

    class Pressed(Message):
        """A chip was pressed: the field of the filter that it stands for."""

        def __init__(self, name: str) -> None:
            super().__init__()
            self.name = name

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id, markup=False)
        self._asked = Filter()
        self._place = 0

    def show(self, asked: Filter) -> None:
        """Show another filter."""
        self._asked = asked
        self._draw()

    def on_focus(self) -> None:
        """Show where the keys act."""
        self._draw()

    def on_blur(self) -> None:
        """Show that keys no longer act here."""
        self._draw()

    def action_move(self, chips: int) -> None:
        """Go to another chip, round the ends."""
        self._place = (self._place + chips) % len(NAMES)
        self._draw()

    def action_press(self) -> None:
        """Press the chip that the keys stand on."""
        self.post_message(self.Pressed(NAMES[self._place]))

    def action_press_chip(self, name: str) -> None:
        """Press the chip that was clicked."""
        self.post_message(self.Pressed(name))

    def on_click(self, event: events.Click) -> None:
        """Keep the focus where it was: a click on a chip is its own action."""
        event.stop()

    def _draw(self) -> None:
        words = self._asked.words
        chips = []
        for place, name in enumerate(NAMES):
            holds = name in words
            label = one_line(words.get(name, name) if name not in SWITCHES else name.partition("_")[0], 28)
            label = label.replace(" ", "\u00a0")
            text = f"✓{label}" if holds else f"\u00a0{label}"
            here = self.has_focus and place == self._place
            look = "bold $background on $accent" if here else "bold $background on $primary" if holds else "$text-muted"
            chips.append(Content.styled(text, look).stylize(Style.from_meta({"@click": f"press_chip({name!r})"})))
        self.update(Content(" ").join(chips))


def pressed(asked: Filter, name: str, provider: str) -> Filter:
    """Return the filter after a chip was pressed; `provider` is the one that its chip would ask for."""
    if name in SWITCHES:
        flipped: dict[str, Any] = {name: not getattr(asked, name)}
        return replace(asked, **flipped)
    if name == "provider":
        return replace(asked, provider="" if asked.provider else provider)
    if name == "context":
        return replace(asked, context=_next(CONTEXTS, asked.context))
    return replace(asked, price=_next(PRICES, asked.price, down=True))


Number = TypeVar("Number", int, Decimal)


def _next(steps: Sequence[Number], now: Number | None, down: bool = False) -> Number | None:
    """Return the next stricter step, none after the strictest."""
    ordered = sorted(steps, reverse=down)
    return next((step for step in ordered if now is None or (step < now if down else step > now)), None)
