"""The help page: what the pane in use is for, its keys, then all others, from the one table; typing finds."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from textwrap import wrap
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Input, Static

from meshtui.ui.commands import COMMANDS, Command, Where, bindings, key_words
from meshtui.ui.commands.places import PLACES as ROWS
from meshtui.ui.keyed import keyed

if TYPE_CHECKING:
    from meshtui.ui.keymap import Keymap

KEYS_WIDTH = 20


class HelpPage(ModalScreen[None]):
    """Shows what commands do; `keymap` has the keys in force, `places` are where one is, the nearest first."""

    DEFAULT_CSS = """
    HelpPage {
        .dialog { height: 90%; }
        Input { margin-bottom: 1; }
        VerticalScroll { height: 1fr; scrollbar-gutter: stable; }
        #commands { height: auto; }
    }
    """
    PLACES: ClassVar[tuple[Where, ...]] = ("help",)
    BINDINGS = bindings("help")

    def __init__(self, keymap: Keymap, places: Sequence[Where]) -> None:
        super().__init__()
        self._keymap, self._at = keymap, tuple(places)

    def compose(self) -> ComposeResult:
        """What is sought, then the places with their commands."""
        with Vertical(classes="dialog -wide"):
            yield Static("Help", classes="title", markup=False)
            yield Input(placeholder="type to find a command", compact=True)
            with VerticalScroll(can_focus=False):
                yield Static(id="commands")
            keys = keyed(self, "{help.close} closes · {app.palette} runs any command by its name")
            yield Static(keys, classes="note", markup=False)

    def on_mount(self) -> None:
        """Show what holds here."""
        self.query_one(Input).focus()

    def on_resize(self) -> None:
        """Fit the rows to the new width."""
        self.call_after_refresh(lambda: self._show(self.query_one(Input).value))

    @on(Input.Changed)
    def _seek(self, event: Input.Changed) -> None:
        self._show(event.value)
        self.query_one(VerticalScroll).scroll_home(animate=False)

    def action_scroll(self, lines: int) -> None:
        """Scroll by lines."""
        self.query_one(VerticalScroll).scroll_relative(y=lines, animate=False)

    def _show(self, sought: str) -> None:
        words = sought.casefold().split()
        places = list(dict.fromkeys([*self._at, *(ROWS if words else ())]))
        parts = [part for where in places if (part := self._place(where, words))]
        self.query_one("#commands", Static).update(
            Content("\n\n").join(parts) if parts else Content("No command says that; other words may find it.")
        )

    def _place(self, where: Where, words: Sequence[str]) -> Content | None:
        """Return one place with its commands, None where none fits."""
        told = ROWS[where]
        fits = [command for command in COMMANDS if command.where == where and self._fits(command, words)]
        rows = [
            self._row(self._key_words(command), command.help)
            for command in fits
            if words or self._keymap.of(command.id)
        ]
        if not words:
            rows += [self._row(keyed(self, key), text) for key, text in told.notes]
        if not rows:
            return None
        head = Content.styled(told.title, "bold underline")
        about = [] if words or not told.about else [Content.styled(keyed(self, told.about), "$text-muted")]
        return Content("\n").join([head, *about, *rows])

    def _fits(self, command: Command, words: Iterable[str]) -> bool:
        text = f"{self._key_words(command)} {command.title} {command.help} {command.id}".casefold()
        return all(word in text for word in words)

    def _key_words(self, command: Command) -> str:
        return " ".join(map(key_words, self._keymap.of(command.id))) or ("palette" if command.in_palette else "no key")

    def _row(self, keys: str, text: str) -> Content:
        """Return a command as a row, its help indented where it takes several lines."""
        while len(keys) > KEYS_WIDTH - 1 and " " in keys:
            keys = keys.rpartition(" ")[0]
        lines = wrap(text, max(self.query_one(VerticalScroll).size.width - KEYS_WIDTH - 2, 20)) or [""]
        return Content.assemble((f"{keys:<{KEYS_WIDTH}}", "bold $primary"), f"\n{'':<{KEYS_WIDTH}}".join(lines))
