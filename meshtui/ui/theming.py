"""Themes as TOML files: read, checked, turned into Textual's own. `themes/` at the top of the source has ours.

name = "mesh-dark"
dark = true
[colors]                 # primary is required; the others follow from it where they are left out
primary = "#7AA2F7"
[variables]              # Textual's theme variables
footer-key-foreground = "#7AA2F7"
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from textual.color import ColorParseError
from textual.theme import Theme

COLORS = "primary secondary warning error success accent foreground background surface panel boost".split()


class ThemeError(ValueError):
    """A theme file cannot be used; the text is one sentence that names the file and the fault."""


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
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ThemeError(f"{path}: this theme cannot be read ({error})") from None
    colors, variables = _table(path, values, "colors"), _table(path, values, "variables")
    unknown = [*(key for key in values if key not in ("name", "dark", "colors", "variables")), *_beyond(colors)]
    if unknown:
        raise ThemeError(f"{path}: {unknown[0]} is not a part of a theme; colors are {', '.join(COLORS)}")
    if "primary" not in colors:
        raise ThemeError(f"{path}: a theme needs at least primary under [colors]")
    theme = Theme(
        name=str(values.get("name") or path.stem),
        primary=str(colors["primary"]),
        dark=bool(values.get("dark", True)),
        variables={key: str(value) for key, value in variables.items()},
    )
    for key, value in colors.items():
        setattr(theme, key, str(value))
    try:
        theme.to_color_system().generate()
    except ColorParseError as error:
        raise ThemeError(f"{path}: {error}".splitlines()[0]) from None
    return theme


def read_themes(paths: Iterable[Path]) -> tuple[list[Theme], list[str]]:
    """Read many theme files; return the themes and one sentence for each file that is none."""
    themes, faults = [], []
    for path in paths:
        try:
            themes.append(read_theme(path))
        except ThemeError as error:
            faults.append(str(error))
    return themes, faults


def _table(path: Path, values: dict[str, Any], name: str) -> dict[str, Any]:
    table = values.get(name, {})
    if not isinstance(table, dict):
        raise ThemeError(f"{path}: {name} must be a table, [{name}]")
    return table


def _beyond(colors: dict[str, Any]) -> list[str]:
    return [key for key in colors if key not in COLORS]
