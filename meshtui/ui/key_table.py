"""The table of keys as rows, as Markdown and as plain text: for `meshtui keys` and for the documents."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from meshtui.ui.commands import COMMANDS, Where, key_words
from meshtui.ui.commands.places import PLACES
from meshtui.ui.keymap import Keymap, is_plain, read_keymap


@dataclass(frozen=True, slots=True)
class KeyRow:
    """One command as the table tells it. `plain` says that a key of it is sent by every xterm."""

    id: str
    where: Where
    place: str
    title: str
    keys: tuple[str, ...]
    help: str
    palette: bool
    plain: bool
    chosen: bool = False

    @property
    def words(self) -> tuple[str, ...]:
        """The keys as users read them."""
        return tuple(key_words(key) for key in self.keys)


def key_rows(keymap: Keymap | None = None) -> Sequence[KeyRow]:
    """Return every command with the keys in force, place by place."""
    keymap = keymap or read_keymap({})
    order = {where: place for place, where in enumerate(PLACES)}
    rows = [
        KeyRow(
            command.id,
            command.where,
            PLACES[command.where].title,
            command.title,
            keymap.of(command.id),
            command.help,
            command.in_palette,
            any(map(is_plain, keymap.of(command.id))),
            command.id in keymap.chosen,
        )
        for command in COMMANDS
    ]
    return sorted(rows, key=lambda row: order[row.where])


def as_markdown(keymap: Keymap | None = None, *places: str) -> str:
    """Return the table as Markdown, a heading and a table for each place, of the named places alone where any are.

    The first places are those that users look up most: the prompt, the conversation, the template.
    """
    parts, last = list[str](), ""
    for row in key_rows(keymap):
        if places and row.where not in places:
            continue
        if row.where != last:
            last = row.where
            parts.append(
                f"\n### {row.place}\n\n{PLACES[row.where].about}\n\n| key | what it does | id |\n|---|---|---|"
            )
        keys = " ".join(_code(key) for key in row.words) or "palette"
        parts.append(f"| {keys} | {row.help.replace('|', '&#124;')} | `{row.id}` |")
    return "\n".join(parts).strip() + "\n"


def _code(key: str) -> str:
    return "`` ` ``" if key == "grave_accent" else f"`{key.replace('|', '&#124;')}`"


def as_text(keymap: Keymap) -> str:
    """Return the table as text for a terminal, a line per command."""
    lines, last, rows = list[str](), "", list(key_rows(keymap))
    wide = max((len(" ".join(row.words)) for row in rows), default=0)
    for row in rows:
        if row.where != last:
            last = row.where
            lines += ["", row.place]
        mark = "*" if row.chosen else " "
        lines.append(f"{mark} {' '.join(row.words) or '–':<{wide}} {row.id:<26} {row.help}")
    return "\n".join(lines).strip("\n")
