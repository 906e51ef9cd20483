"""Themes as TOML files: read, checked, turned into Textual's own. `themes/` at the top of the source has ours.

dark = true              # whether it is one for the night; `ansi = true`: of the terminal's own sixteen colours
[colors]                 # primary is required; the others follow from it where they are left out
primary = "#7AA2F7"
[variables]              # Textual's theme variables
footer-key-foreground = "#7AA2F7"

A theme is called by its file: `night.toml` holds the theme `night`.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from textual.color import Color, ColorParseError
from textual.style import Style
from textual.theme import BUILTIN_THEMES, Theme

from meshtui.core.nearest import did_you_mean
from meshtui.core.text import one_line
from meshtui.core.toml_lines import line_of

COLORS = "primary secondary warning error success accent foreground background surface panel boost".split()
MEMBERS = ("dark", "ansi", "colors", "variables")
DEFAULT, SIXTEEN = "mesh-dark", "mesh-16"
"""The theme where none is chosen, and the one for a terminal that has sixteen colours."""

_LACKING = {
    "ansi-background": "ansi_black",
    "ansi-foreground": "ansi_white",
    "foreground-disabled": "ansi_default",
    "surface-active": "ansi_default",
}
"""Variables that Textual 8.2.8 uses and does not derive for a theme of the terminal's own colours."""

_STEPS_BACK = {"text-muted": (0.2, 0.28), "foreground-muted": (0.2, 0.28), "text-disabled": (0.4, 0.5)}
"""How far these go from the foreground to the background, by day and by night, where a theme does not name them."""

_SCROLLBAR_WAYS = (
    *(f"scrollbar-background{state}" for state in ("", "-hover", "-active")),
    "scrollbar-corner-color",
)


class ThemeError(ValueError):
    """A theme file cannot be used; the text is one sentence that names the file, the line and the fault."""


def shipped_folder() -> Path:
    """Return the folder of the themes that come with the program, in a wheel or in a source tree."""
    package = Path(__file__).resolve().parents[1]
    installed = package / "_themes"
    return installed if installed.is_dir() else package.parent / "themes"


def theme_files(*folders: Path) -> dict[str, Path]:
    """Return the theme files of the folders by name; those of a later folder win."""
    return {path.stem: path for folder in folders if folder.is_dir() for path in sorted(folder.glob("*.toml"))}


def read_theme(path: Path) -> Theme:
    """Read one theme file; raises ThemeError."""
    try:
        text = path.read_text(encoding="utf-8-sig")
        values = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise _no_toml(path, str(error)) from None
    except UnicodeDecodeError as error:
        raise ThemeError(f"{path}: byte {error.start + 1} is not UTF-8 text. Save the file as UTF-8.") from None
    except OSError as error:
        raise ThemeError(f"{path} cannot be read: {(error.strerror or str(error)).lower()}.") from None
    return _Reading(path, text).theme(values)


def read_themes(paths: Iterable[Path]) -> tuple[list[Theme], list[str]]:
    """Read many theme files; return the themes and one sentence for each file that is none."""
    themes, faults = [], []
    for path in paths:
        try:
            themes.append(read_theme(path))
        except ThemeError as error:
            faults.append(str(error))
    return themes, faults


def fault_of(name: str, folder: Path) -> str:
    """Say why a theme cannot be worn, an empty text where it can; `folder` has the user's own."""
    files = theme_files(shipped_folder(), folder)
    try:
        if name in files:
            read_theme(files[name])
    except ThemeError as error:
        return str(error)
    if name in files or name in BUILTIN_THEMES:
        return ""
    return f"There is no theme {name!r}; {did_you_mean(name, sorted(files))}"


def _no_toml(path: Path, what: str) -> ThemeError:
    where = re.search(r"\(at line (\d+), column \d+\)", what)
    place = f", line {where[1]}" if where else ""
    return ThemeError(f"{path}{place}: this is not TOML ({re.sub(r' *[(]at .*', '', what)}). Correct the line.")


class _Reading:
    """One theme file while it is read."""

    def __init__(self, path: Path, text: str) -> None:
        self._path, self._text = path, text

    def fault(self, key: tuple[str, ...], what: str) -> ThemeError:
        """Return the fault of a key, with its place."""
        line = line_of(self._text, key)
        return ThemeError(f"{self._path}{f', line {line}' if line else ''}: `{one_line('.'.join(key), 60)}` {what}")

    def theme(self, values: Mapping[str, Any]) -> Theme:
        """Return the theme that the values make; raises ThemeError."""
        self._check_names((), values, MEMBERS)
        colors, variables = self._texts("colors", values), self._texts("variables", values)
        self._check_names(("colors",), colors, COLORS)
        if "primary" not in colors:
            raise ThemeError(f"{self._path}: a theme needs at least `primary` under [colors].")
        for key, value in colors.items():
            self._check_color(("colors", key), value)
        named: dict[str, Any] = {"name": self._path.stem, **colors}
        theme = Theme(**named, dark=self._flag("dark", values, True), ansi=self._flag("ansi", values, False))
        lacking = _LACKING if theme.ansi else {}
        known = {**lacking, **theme.to_color_system().generate()}
        self._check_names(("variables",), variables, known)
        for key, value in variables.items():
            self._check_variable(key, value)
        theme.variables = {**(lacking or self._derived(theme, known)), **variables}
        return theme

    @staticmethod
    def _derived(theme: Theme, known: Mapping[str, str]) -> dict[str, str]:
        """Return what Textual derives less well: text that steps back, and the way of a scrollbar's thumb.

        `known` are the variables that it derives. Pieces of text do not take its own `auto 60%`, and its scrollbars
        stand on black in every dark theme.
        """
        front, behind = Color.parse(known["foreground"]), Color.parse(known["background"])
        ways = dict.fromkeys(_SCROLLBAR_WAYS, known["surface"])
        return ways | {name: front.blend(behind, shares[theme.dark], 1.0).hex for name, shares in _STEPS_BACK.items()}

    def _check_names(self, table: tuple[str, ...], values: Iterable[str], known: Iterable[str]) -> None:
        for key in values:
            if key not in known:
                where = "see docs/themes.md." if table == ("variables",) else ""
                raise self.fault((*table, key), f"is no part of a theme; {did_you_mean(key, known, where)}")

    def _texts(self, table: str, values: Mapping[str, Any]) -> dict[str, str]:
        found = values.get(table, {})
        if not isinstance(found, dict):
            raise self.fault((table,), f"must be a table: begin it with [{table}].")
        for key, value in found.items():
            if not isinstance(value, str):
                raise self.fault((table, key), 'must be a text in quotes, as in "#7AA2F7".')
        return dict(found)

    def _flag(self, key: str, values: Mapping[str, Any], default: bool) -> bool:
        value = values.get(key, default)
        if not isinstance(value, bool):
            raise self.fault((key,), "must be true or false, without quotes.")
        return value

    def _check_color(self, key: tuple[str, ...], value: str) -> None:
        try:
            Color.parse(value)
        except ColorParseError as error:
            near = f", {error.suggested_color} perhaps" if error.suggested_color else ""
            said = f"is {one_line(repr(value), 40)}, which is no colour"
            raise self.fault(key, f"{said}: write #RRGGBB, rgb(1, 2, 3) or a name{near}.") from None

    def _check_variable(self, key: str, value: str) -> None:
        if key.endswith(("-style", "-style-hover")):
            try:
                Style.parse(value.replace("none", ""))
            except Exception:  # whatever the parser of styles raises, it is no style
                said = f"is {one_line(repr(value), 40)}, which is no style"
                raise self.fault(
                    ("variables", key), f'{said}: write words as in "bold underline", or "none".'
                ) from None
            return
        color, _, share = value.rpartition(" ") if value.endswith("%") else (value, "", "")
        if color not in ("auto", "transparent", "initial"):
            self._check_color(("variables", key), color)
        if share and not re.fullmatch(r"\d{1,3}(\.\d+)?%", share):
            raise self.fault(("variables", key), "ends with a share that is no number, as in 60%.")
