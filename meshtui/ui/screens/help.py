"""The help page: what the pane in use is for, its keys, then all others, from the one table; typing finds."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import zip_longest
from textwrap import wrap
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Input, Static

from meshtui.ui.commands import Where, bindings
from meshtui.ui.commands.places import PLACES as PLACE_ROWS
from meshtui.ui.key_table import KeyRow, key_rows
from meshtui.ui.keyed import keyed
from meshtui.ui.widgets.hints import Hint, hints_content

if TYPE_CHECKING:
    from meshtui.ui.keymap import Keymap

KEYS_WIDTH = 20


class HelpPage(ModalScreen[None]):
    """Shows what commands do: `keymap` has all keys in force, `here` those that hold now in `places`, nearest first."""

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

    def __init__(self, keymap: Keymap, here: Keymap, places: Sequence[Where]) -> None:
        super().__init__()
        self._all, self._here, self._at = key_rows(keymap), key_rows(here), tuple(places)

    def compose(self) -> ComposeResult:
        """What is sought, then the places with their commands."""
        with Vertical(classes="dialog -wide"):
            yield Static("Help", classes="title", markup=False)
            yield Input(placeholder="type to find a command", compact=True)
            with VerticalScroll(can_focus=False):
                yield Static(id="commands")
            palette = (keyed(self, "{app.palette}"), "runs any command by its name", "app.command_palette")
            hints: tuple[Hint, ...] = (("help.close", "closes"), palette)
            yield Static(hints_content(self.app, hints), classes="note", markup=False)

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
        places = list(dict.fromkeys([*self._at, *(PLACE_ROWS if words else ())]))
        parts = [part for where in places if (part := self._place(where, words))]
        self.query_one("#commands", Static).update(
            Content("\n\n").join(parts) if parts else Content("No command says that; other words may find it.")
        )

    def _place(self, where: Where, words: Sequence[str]) -> Content | None:
        """Return one place with its keys, None where none fits."""
        rows = [row for row in (self._all if words else self._here) if row.where == where]
        found = [row for row in rows if (_fits(row, words) if words else row.keys)]
        if not found:
            return None
        head = Content.styled(PLACE_ROWS[where].title, "bold underline")
        about = [] if words else [Content.styled(keyed(self, PLACE_ROWS[where].about), "$text-muted")]
        return Content("\n").join([head, *about, *(self._row(_keys(row), row.help) for row in found)])

    def _row(self, keys: str, text: str) -> Content:
        """Return the keys of a command and what it does, both in as many lines as they take."""
        wide = max(self.query_one(VerticalScroll).size.width - KEYS_WIDTH - 2, 20)
        lines = zip_longest(wrap(keys, KEYS_WIDTH - 1), wrap(text, wide), fillvalue="")
        parts = [Content.assemble((f"{left:<{KEYS_WIDTH}}", "bold $primary"), right) for left, right in lines]
        return Content("\n").join(parts)


def _fits(row: KeyRow, words: Iterable[str]) -> bool:
    text = f"{_keys(row)} {row.title} {row.help} {row.id}".casefold()
    return all(word in text for word in words)


def _keys(row: KeyRow) -> str:
    return " ".join(row.words) or ("palette" if row.palette else "no key")
