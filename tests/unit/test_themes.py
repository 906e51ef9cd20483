"""The shipped themes: every text and border stands out on every ground it is used on, for every kind of sight."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import combinations
from pathlib import Path

import pytest
from textual.color import Color

from meshtui.ui.colourless import contrast
from meshtui.ui.theming import ThemeError, read_theme, read_themes, shipped_folder, theme_files

SHIPPED = theme_files(shipped_folder())
COLOURED = [name for name, path in SHIPPED.items() if not read_theme(path).ansi]

TEXT, MUTED, BORDER = 4.5, 4.5, 3.0
"""Least contrasts: text of ordinary size, text that steps back, what has no words (WCAG 2.1, 1.4.3 and 1.4.11)."""

GROUNDS = ("background", "surface", "panel")
TEXTS = (
    *("foreground", "primary", "secondary", "accent", "warning", "footer-key-foreground"),
    *(f"text-{name}" for name in ("primary", "secondary", "accent", "warning", "error", "success")),
    *(f"markdown-h{level}-color" for level in range(1, 6)),
)
BORDERS = ("border", "primary", "warning", "accent")
LAID = (
    ("block-cursor-foreground", "block-cursor-background"),
    ("block-cursor-blurred-foreground", "block-cursor-blurred-background"),
    ("input-selection-foreground", "input-selection-background"),
    ("foreground", "screen-selection-background"),
    ("input-cursor-foreground", "input-cursor-background"),
    ("background", "accent"),
    ("background", "primary"),
    ("background", "warning"),
    ("text-primary", "primary-muted"),
    ("text-warning", "warning-muted"),
    ("foreground", "error 25%"),
    *((text, "foreground 7%") for text in ("foreground", "text-muted", "text-accent", "text-success", "text-warning")),
    *((text, "foreground 7%") for text in ("text-primary", "text-error")),
)
"""Pairs of a text and what is laid between it and the ground."""

HINTS = (("text-muted", "error 25%"),)
"""Such a pair that says again what stands elsewhere too: 3:1 is enough."""


def colours(name: str) -> dict[str, str]:
    """Return every variable of a shipped theme as Textual resolves it."""
    theme = read_theme(SHIPPED[name])
    return {**theme.to_color_system().generate(), **theme.variables}


def solid(values: Mapping[str, str], name: str, ground: Color) -> Color:
    """Return a variable, perhaps with a share behind it, as it looks on an opaque ground."""
    name, _, share = name.partition(" ")
    text, _, own = values.get(name, name).partition(" ")
    part = float((share or own or "100%").rstrip("%")) / 100
    color = ground.get_contrast_text(1.0) if text == "auto" else Color.parse(text)
    return ground + color.with_alpha(color.a * part)


@pytest.mark.parametrize("name", COLOURED)
def test_every_text_can_be_read_on_every_ground(name: str) -> None:
    values, faint = colours(name), []
    for ground_name in GROUNDS:
        ground = solid(values, ground_name, Color(0, 0, 0))
        for least, names in ((TEXT, TEXTS), (MUTED, ("text-muted", "foreground-muted")), (BORDER, BORDERS)):
            for text in names:
                found = contrast(solid(values, text, ground), ground)
                if found < least:
                    faint.append(f"{text} on {ground_name}: {found:.2f}, not {least}")
    assert not faint


@pytest.mark.parametrize("name", COLOURED)
def test_what_is_laid_over_a_ground_can_be_read(name: str) -> None:
    values, faint = colours(name), []
    for ground_name in GROUNDS:
        ground = solid(values, ground_name, Color(0, 0, 0))
        for text, laid in (*LAID, *HINTS):
            behind = solid(values, laid, ground)
            found = contrast(solid(values, text, behind), behind)
            if found < (BORDER if (text, laid) in HINTS else TEXT):
                faint.append(f"{text} on {laid} over {ground_name}: {found:.2f}")
    assert not faint


@pytest.mark.parametrize("name", COLOURED)
def test_the_focus_differs_from_what_has_none(name: str) -> None:
    values = colours(name)
    ground = solid(values, "background", Color(0, 0, 0))
    focus, other = solid(values, "border", ground), solid(values, "border-blurred", ground)
    assert contrast(focus, other) >= 1.7
    assert contrast(other, ground) >= 1.25, "a pane has an edge also without the focus"


def test_high_contrast_is_high() -> None:
    values = colours("mesh-contrast")
    for ground_name in GROUNDS:
        ground = solid(values, ground_name, Color(0, 0, 0))
        low = [text for text in (*TEXTS, "text-muted") if contrast(solid(values, text, ground), ground) < 7.0]
        assert not low, f"on {ground_name}"
    assert contrast(solid(values, "border-blurred", ground), ground) >= BORDER


# Machado, Oliveira and Fernandes (2009), severity 1.0, for linear RGB
SIGHTS = {
    "full": ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
    "protanopia": ((0.152286, 1.052583, -0.204868), (0.114503, 0.786281, 0.099216), (-0.003882, -0.048116, 1.051998)),
    "deuteranopia": ((0.367322, 0.860646, -0.227968), (0.280085, 0.672501, 0.047413), (-0.01182, 0.04294, 0.968881)),
    "tritanopia": ((1.255528, -0.076749, -0.178779), (-0.078411, 0.930809, 0.147602), (0.004733, 0.691367, 0.3039)),
}


def lab(color: Color, sight: str) -> tuple[float, float, float]:
    """Return a colour as an eye of this kind sees it, in CIE L*a*b*."""
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in color.normalized]
    red, green, blue = (
        min(max(sum(weight * part for weight, part in zip(row, linear, strict=True)), 0.0), 1.0)
        for row in SIGHTS[sight]
    )
    x = (0.4124 * red + 0.3576 * green + 0.1805 * blue) / 0.9505
    y = 0.2126 * red + 0.7152 * green + 0.0722 * blue
    z = (0.0193 * red + 0.1192 * green + 0.9505 * blue) / 1.089
    x, y, z = (part ** (1 / 3) if part > 0.008856 else 7.787 * part + 16 / 116 for part in (x, y, z))
    return 116 * y - 16, 500 * (x - y), 200 * (y - z)


@pytest.mark.parametrize("sight", SIGHTS)
def test_good_doubtful_and_bad_are_told_apart_by_every_eye(sight: str) -> None:
    values, ground = colours("mesh-safe"), Color(0, 0, 0)
    for prefix in ("", "text-"):
        for one, other in combinations(("success", "warning", "error"), 2):
            seen = [lab(solid(values, prefix + name, ground), sight) for name in (one, other)]
            distance = sum((a - b) ** 2 for a, b in zip(*seen, strict=True)) ** 0.5
            assert distance >= 20, f"{prefix}{one} and {other} are {distance:.0f} apart"


def test_sixteen_colours_are_the_terminal_s_own() -> None:
    values = colours("mesh-16")
    named = {value for name, value in values.items() if not name.endswith("style") and "-style-" not in name}
    assert not {value for value in named if value.startswith(("#", "rgb", "auto"))}


# Files


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('[colors]\nprimary = "#GG"\n', ["line 2", "`colors.primary`", "'#GG'", "no colour", "#RRGGBB"]),
        ('[colors]\nprimary = "bleu"\n', ["line 2", "blue perhaps"]),
        ('[colors]\nprimary = "red"\nsecondry = "blue"\n', ["line 3", "did you mean 'secondary'?"]),
        ('[colors]\nprimary = "red"\nbig = "blue"\n', ["line 3", "`colors.big`", "primary, secondary"]),
        ("[colors]\nprimary = 3\n", ["line 2", "text in quotes"]),
        ('name = "x"\n[colors]\nprimary = "red"\n', ["line 1", "`name`", "dark, ansi"]),
        ('dark = "yes"\n[colors]\nprimary = "red"\n', ["line 1", "true or false"]),
        ("colors = 3\n", ["line 1", "[colors]"]),
        ("[colors\n", ["line 1", "not TOML"]),
        ("dark = true\n", ["at least `primary`"]),
        (
            '[colors]\nprimary = "red"\n[variables]\nborder-blured = "red"\n',
            ["line 4", "did you mean 'border-blurred'?"],
        ),
        (
            '[colors]\nprimary = "red"\n[variables]\n\nborder = "nocolor"\n',
            ["line 5", "`variables.border`", "no colour"],
        ),
        ('[colors]\nprimary = "red"\n[variables]\ntext-muted = "auto x%"\n', ["line 4", "share"]),
        ('[colors]\nprimary = "red"\n[variables]\nlink-style = "blod"\n', ["line 4", "no style", "bold underline"]),
    ],
)
def test_a_fault_names_file_line_and_remedy(tmp_path: Path, text: str, says: list[str]) -> None:
    file = tmp_path / "mine.toml"
    file.write_text(text)
    with pytest.raises(ThemeError) as raised:
        read_theme(file)
    sentence = str(raised.value)
    assert sentence.startswith(str(file)) and all(part in sentence for part in says), sentence


def test_bytes_that_are_no_text_are_a_fault_of_one_file_only(tmp_path: Path) -> None:
    (tmp_path / "bad.toml").write_bytes(b"\xff\xfe")
    (tmp_path / "good.toml").write_text('[colors]\nprimary = "#7AA2F7"\n')
    themes, faults = read_themes(theme_files(tmp_path).values())
    assert [theme.name for theme in themes] == ["good"] and len(faults) == 1 and "UTF-8" in faults[0]


def test_a_theme_of_one_colour_is_whole(tmp_path: Path) -> None:
    (tmp_path / "one.toml").write_text('[colors]\nprimary = "#7AA2F7"\n[variables]\nborder-blurred = "gray 50%"\n')
    theme = read_theme(tmp_path / "one.toml")
    assert theme.dark and theme.name == "one" and theme.variables["border-blurred"] == "gray 50%"
    assert Color.parse(theme.variables["text-muted"])


def test_one_s_own_file_wins_over_the_shipped_one(tmp_path: Path) -> None:
    (tmp_path / "mesh-dark.toml").write_text('[colors]\nprimary = "#7AA2F7"\n')
    assert theme_files(shipped_folder(), tmp_path)["mesh-dark"].parent == tmp_path
