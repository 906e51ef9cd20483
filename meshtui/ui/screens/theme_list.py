"""The list of themes: the one under the cursor is worn while one looks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from meshtui.core.text import one_line
from meshtui.ui.commands import Where, bindings
from meshtui.ui.widgets.hints import Hint, hints_content

HINTS: tuple[Hint, ...] = (("↑↓", "tries one on", ""), ("⏎", "keeps it", ""), ("themes.close", "goes back"))


class ThemeList(ModalScreen[str | None]):
    """Returns the name of the theme to keep, or None; then the theme is the one from before."""

    CSS = """
    ThemeList {
        align: right middle; background: $background 0%;
        .dialog { width: 36; }
    }
    """
    PLACES: ClassVar[tuple[Where, ...]] = ("themes",)
    BINDINGS = bindings("themes")

    def __init__(self, ours: Sequence[str], own: Sequence[str], others: Sequence[str]) -> None:
        super().__init__()
        self._groups = (("", ours), ("yours", own), ("Textual's, contrast unchecked", others))
        self._before = ""

    def compose(self) -> ComposeResult:
        """A row for each theme, in three groups."""
        self._before = self.app.theme
        with Vertical(classes="dialog -list"):
            yield Static("Theme", classes="title", markup=False)
            yield OptionList(*self._options(), markup=False)
            yield Static(hints_content(self.app, HINTS), classes="note", markup=False)

    def _options(self) -> list[Option | None]:
        options: list[Option | None] = []
        for title, names in self._groups:
            if title and names:
                options += [None, Option(Content.styled(title, "$text-muted"), disabled=True)]
            for name in names:
                mark = "● " if name == self._before else "  "
                options.append(Option(Content.assemble(mark, one_line(name, 26)), id=name))
        return options

    def on_mount(self) -> None:
        """Begin on the theme that is worn."""
        options = self.query_one(OptionList)
        options.highlighted = options.get_option_index(self._before)
        options.focus()

    @on(OptionList.OptionHighlighted)
    def _try_on(self, event: OptionList.OptionHighlighted) -> None:
        if event.option_id is not None and event.option_id != self.app.theme:
            self.app.theme = event.option_id

    @on(OptionList.OptionSelected)
    def _choose(self, event: OptionList.OptionSelected) -> None:
        self.dismiss(event.option_id)

    def action_leave(self) -> None:
        """Put the theme from before on again."""
        self.app.theme = self._before
        self.dismiss(None)
