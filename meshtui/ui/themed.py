"""The app's looks: which theme is worn, the user's own as they are saved, no colour where none is wanted."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from textual.app import App, InvalidThemeError
from textual.filter import LineFilter, Monochrome, NoColor

from meshtui.core.text import clean
from meshtui.ui.compat import CalmApp
from meshtui.ui.door import Door
from meshtui.ui.theming import (
    DEFAULT,
    SIXTEEN,
    ThemeError,
    read_theme,
    read_themes,
    shipped_folder,
    theme_files,
)

LOOK_SECONDS = 0.5
"""How often the folder of the user's themes is looked at."""

FAULT_SECONDS = 12.0
"""How long a fault of a theme stays on the screen: it names a file and a line."""


class Look(NamedTuple):
    """How the workbench looks and listens: the config file's `[ui]` and `[keys]`.

    Without a `theme` the terminal decides. `keep_theme` remembers one; it may raise an exception with a sentence.
    """

    theme: str = DEFAULT
    keys: Mapping[str, str] = {}
    themes_folder: Path | None = None
    state_folder: Path = Path()
    keep_theme: Callable[[str], object] | None = None


class ThemeFolder:
    """The user's themes; `changed` costs one look at the folder and one at each file."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._seen: dict[str, tuple[int, int, int]] = {}

    def changed(self) -> list[Path]:
        """Return the theme files that are new or were written since the last call."""
        try:
            with os.scandir(self.folder) as entries:
                now = {entry.path: _marks(entry) for entry in entries if entry.name.endswith(".toml")}
        except OSError:  # there is no such folder (any more)
            now = {}
        before, self._seen = self._seen, now
        return [Path(path) for path, marks in sorted(now.items()) if before.get(path) != marks and marks[1]]


def _marks(entry: os.DirEntry[str]) -> tuple[int, int, int]:
    """Return what changes when a file is written; a file that is gone or empty is one that is being written."""
    try:
        found = entry.stat()
    except OSError:
        return 0, 0, 0
    return found.st_mtime_ns, found.st_size, found.st_ino


class ThemedApp(CalmApp[str]):
    """An app that wears the theme of its `look`; `wear` puts it on before anything is drawn."""

    look: Look

    def wear(self) -> str:
        """Put the configured theme on; return a sentence where that cannot be."""
        self._door = Door()
        self._colourless: LineFilter | None = None
        if self.no_color:
            from meshtui.ui.colourless import Colourless

            self._colourless = Colourless()
        self._own_themes = ThemeFolder(self.look.themes_folder) if self.look.themes_folder else None
        self._wanted = self.look.theme or self._fitting()
        files = self._theme_files()
        try:
            if self._wanted in files:
                self.register_theme(read_theme(files[self._wanted]))
            self.put_on(self._wanted)
        except ThemeError:
            return self._in_stead("")  # `take_themes` reads it again and tells
        except InvalidThemeError:
            there = ", ".join(sorted({*files, *self.available_themes}))
            return self._in_stead(f"There is no theme {self._wanted!r}; there are {there}.")
        return ""

    def _in_stead(self, fault: str) -> str:
        self.register_theme(read_theme(shipped_folder() / f"{DEFAULT}.toml"))
        self.put_on(DEFAULT)
        return fault

    def _fitting(self) -> str:
        """Return the theme for this terminal: its own sixteen colours where it has no more."""
        few = self.console.color_system == "standard" and not self.no_color
        return SIXTEEN if few else DEFAULT

    def _theme_files(self) -> dict[str, Path]:
        return theme_files(shipped_folder(), *([self.look.themes_folder] if self.look.themes_folder else []))

    def get_line_filters(self) -> Sequence[LineFilter]:
        """Add the door for foreign text to Textual's own filters, on the way out; NO_COLOR means no colour."""
        filters = super().get_line_filters()
        if self._colourless is None:
            return [*filters, self._door]
        return [*(one for one in filters if not isinstance(one, (Monochrome, NoColor))), self._colourless, self._door]

    def take_themes(self) -> None:
        """Read the rest of the themes, and from now on each of the user's own that is saved."""
        themes, faults = read_themes(self._theme_files().values())
        for theme in themes:
            self.register_theme(theme)
        for fault in faults:
            self._tell_fault(fault)
        if self._own_themes is not None:
            self._own_themes.changed()
            self.set_interval(LOOK_SECONDS, self._take_saved)

    def _take_saved(self) -> None:
        for path in self._own_themes.changed() if self._own_themes is not None else ():
            try:
                theme = read_theme(path)
            except ThemeError as error:
                self._tell_fault(str(error))
                continue
            self.register_theme(theme)
            if theme.name == self.theme:
                self.mutate_reactive(App.theme)
            elif theme.name == self._wanted:
                self.theme = theme.name

    def _tell_fault(self, fault: str) -> None:
        self.notify(clean(fault), title="Theme", severity="error", timeout=FAULT_SECONDS, markup=False)

    def action_choose_theme(self) -> None:
        """Show the themes; the one under the cursor is worn at once, enter keeps it."""
        from meshtui.ui.screens.theme_list import ThemeList

        ours, own = set(theme_files(shipped_folder())), set(self._theme_files())
        own -= ours
        others = {name for name in self.available_themes if name not in ours | own}
        self.push_screen(ThemeList(sorted(ours), sorted(own), sorted(others)), self._keep_theme)

    def _keep_theme(self, name: str | None) -> None:
        if name is None:
            return
        self._wanted = name
        if self.look.keep_theme is None:
            return
        try:
            self.look.keep_theme(name)
        except Exception as error:
            self._tell_fault(f"The theme is on, but cannot be remembered. {error}")
