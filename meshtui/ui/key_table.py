"""The table of keys as rows, as Markdown and as plain text: for `meshtui keys` and for the documents."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from meshtui.ui.commands import COMMANDS, Where, key_words
from meshtui.ui.commands.places import PLACES
from meshtui.ui.keymap import Keymap, is_plain, read_keymap


@dataclass(frozen=True, slots=True)
class KeyRow:
    """One command as the table tells it; without an id, keys that are no command. `plain`: every xterm sends one."""

    id: str
    where: Where
    title: str
    keys: tuple[str, ...]
    help: str
    palette: bool = False
    plain: bool = True
    chosen: bool = False

    @property
    def place(self) -> str:
        """What the place is called."""
        return PLACES[self.where].title

    @property
    def words(self) -> tuple[str, ...]:
        """The keys as users read them."""
        return tuple(key_words(key) for key in self.keys)


def key_rows(keymap: Keymap | None = None) -> Sequence[KeyRow]:
    """Return every command with the keys in force, place by place, after those of a place what other keys do there."""
    keymap = keymap or read_keymap({})
    rows = list[KeyRow]()
    for where, place in PLACES.items():
        rows += [
            KeyRow(
                command.id,
                where,
                command.title,
                keymap.of(command.id),
                keymap.worded(command.help),
                command.in_palette,
                any(map(is_plain, keymap.of(command.id))),
                command.id in keymap.chosen,
            )
            for command in COMMANDS
            if command.where == where
        ]
        rows += [KeyRow("", where, "", tuple(keymap.worded(keys).split()), text) for keys, text in place.notes]
    return rows


def as_markdown(keymap: Keymap | None = None, *places: str) -> str:
    """Return the table as Markdown, a heading and a table for each place, of the named places alone where any are.

    The first places are those that users look up most: the prompt, the conversation, the template.
    """
    keymap = keymap or read_keymap({})
    parts, last = list[str](), ""
    for row in key_rows(keymap):
        if places and row.where not in places:
            continue
        if row.where != last:
            last = row.where
            about = keymap.worded(PLACES[row.where].about)
            parts.append(f"\n### {row.place}\n\n{about}\n\n| key | what it does | id |\n|---|---|---|")
        keys = " ".join(_code(key) for key in row.words) or "palette"
        id = f"`{row.id}`" if row.id else ""
        parts.append(f"| {keys} | {row.help.replace('|', '&#124;')} | {id} |")
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
