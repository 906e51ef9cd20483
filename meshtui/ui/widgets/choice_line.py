"""A row of words of which one holds, or several: reached by keys, chosen by arrows, a first letter or a click."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.message import Message
from textual.style import Style

from meshtui.ui.widgets.quiet import Quiet


class ChoiceLine(Quiet, can_focus=True):
    """Shows choices, those that hold with a mark. With `several` each is turned on or off for itself."""

    DEFAULT_CSS = """
    ChoiceLine {
        height: auto; width: 1fr; padding: 0 1; link-style: none; link-color: $foreground;
        link-background-hover: $boost; link-color-hover: $primary;
        &:focus { background: $boost; }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left", "step(-1)", "Left", show=False),
        Binding("right", "step(1)", "Right", show=False),
        Binding("space", "press", "Choose", show=False),
        Binding("enter", "app.focus_next", "Go on", show=False),
    ]

    class Changed(Message):
        """Another choice was made: `values` are those that hold now."""

        def __init__(self, line: ChoiceLine, values: tuple[str, ...]) -> None:
            super().__init__()
            self.line, self.values = line, values

        @property
        def control(self) -> ChoiceLine:
            """The line, for selectors."""
            return self.line

    def __init__(self, choices: Sequence[str], *, id: str | None = None, several: bool = False, hint: str = "") -> None:
        super().__init__(id=id)
        self._choices, self._several, self._hint = tuple(choices), several, hint
        self._values: tuple[str, ...] = ()
        self._place = 0

    def on_mount(self) -> None:
        """Show the choices, also where none of them holds."""
        self._draw()

    def show(self, values: Collection[str]) -> None:
        """Show that these hold; one that is no choice is not shown."""
        self._values = tuple(choice for choice in self._choices if choice in values)
        if self._values and not self.has_focus:
            self._place = self._choices.index(self._values[0])
        self._draw()

    @property
    def values(self) -> tuple[str, ...]:
        """Those that hold."""
        return self._values

    def on_focus(self) -> None:
        """Show where the keys act."""
        self._draw()

    def on_blur(self) -> None:
        """Show that keys no longer act here."""
        self._draw()

    def on_key(self, event: events.Key) -> None:
        """Go to the next choice that begins with a letter, as by the arrows: a word that is typed here takes nothing
        where several can hold."""
        letter = event.character.casefold() if event.character and event.is_printable else ""
        if not letter or letter == " ":
            return
        order = [(self._place + step) % len(self._choices) for step in range(1, len(self._choices) + 1)]
        place = next((place for place in order if self._choices[place].casefold().startswith(letter)), None)
        if place is not None:
            event.stop()
            self._go(place)

    def action_step(self, step: int) -> None:
        """Go to the choice beside it."""
        self._go((self._place + step) % len(self._choices))

    def _go(self, place: int) -> None:
        self._place = place
        if self._several:
            self._draw()
        else:
            self.take(self._choices[place])

    def action_press(self) -> None:
        """Take the choice under the cursor, or turn it off; where one holds, take the next."""
        if self._several:
            self.take(self._choices[self._place])
        else:
            self.action_step(1)

    def action_pick(self, choice: str) -> None:
        """Take the choice that was clicked."""
        if self.disabled or choice not in self._choices:
            return
        self.focus()
        self._place = self._choices.index(choice)
        self.take(choice)

    def take(self, choice: str) -> None:
        """Take a choice; of several, turn it on or off."""
        before = self._values
        if not self._several:
            self.show((choice,))
        elif choice in before:
            self.show([value for value in before if value != choice])
        else:
            self.show((*before, choice))
        if self._values != before:
            self.post_message(self.Changed(self, self._values))

    def _draw(self) -> None:
        parts = []
        for place, choice in enumerate(self._choices):
            holds = choice in self._values
            mark = ("✓" if holds else "·") if self._several else ("●" if holds else "○")
            text = f"{mark}{choice}".replace(" ", "\u00a0")
            here = self.has_focus and place == self._place
            look = "bold reverse" if here else "bold $primary" if holds else "$text-muted"
            parts.append(Content.styled(text, look).stylize(Style.from_meta({"@click": f"pick({choice!r})"})))
        hint = Content.styled(f"  {self._hint}" if self._hint else "", "$text-muted")
        self.say(Content.assemble(Content(" ").join(parts), hint))
