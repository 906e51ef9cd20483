"""Keys: which are in force, what is wrong with those a user chose, and which a plain terminal sends."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from textual.keys import KEY_NAME_REPLACEMENTS

from meshtui.core.nearest import did_you_mean
from meshtui.core.text import one_line
from meshtui.ui.commands import BY_ID, COMMANDS, Command, Where, key_words

if TYPE_CHECKING:
    from meshtui.ui.commands.places import PlaceRow

MODIFIERS = ("alt", "ctrl", "hyper", "meta", "shift", "super")
"""In the order in which Textual names them."""

NAMED = frozenset(
    "escape enter tab backspace space delete insert home end pageup pagedown up down left right".split()
) | {f"f{number}" for number in range(1, 25)}
ALIASES = {
    "esc": "escape",
    "return": "enter",
    "del": "delete",
    "ins": "insert",
    "pgup": "pageup",
    "pgdn": "pagedown",
    "pgdown": "pagedown",
    "page-up": "pageup",
    "page-down": "pagedown",
    "control": "ctrl",
    "option": "alt",
    "cmd": "super",
}
SAME_BYTE = {
    "ctrl+m": "enter",
    "ctrl+i": "tab",
    "ctrl+h": "backspace",
    "ctrl+left_square_bracket": "escape",
    "alt+b": "ctrl+left",
    "alt+f": "ctrl+right",
}
"""Keys that a plain terminal cannot tell from another one; what it sends for the last two is also what macOS sends
for going by words, and is read as that."""

SWALLOWED = frozenset(("ctrl+s", "ctrl+q", "ctrl+b", "ctrl+a", "ctrl+tab", "ctrl+enter", "shift+enter"))
"""Keys that a terminal, a multiplexer or the system often keeps, so that nothing may hang on them alone."""

_COMMAND_IN_TEXT = re.compile(r"\{([a-z][a-z -]*\.[a-z0-9_-]+)(?::(\d+))?\}")

MOST_NAMED = 6
"""Commands that the sentence on a clash names; escape stands for dozens."""

NO_KEY = "no key"
"""What a command has that the user took the key from: Textual has no word for it, and no terminal sends this."""

_EDITING = frozenset("enter backspace delete space tab left right up down home end shift+tab".split())

TEXT_KEYS = frozenset(
    "alt+backspace alt+delete ctrl+a ctrl+backspace ctrl+c ctrl+d ctrl+e ctrl+k ctrl+left ctrl+right ctrl+shift+a"
    " ctrl+shift+k ctrl+shift+left ctrl+shift+right ctrl+u ctrl+v ctrl+w ctrl+x ctrl+y ctrl+z f6 f7 pagedown pageup"
    " shift+down shift+end shift+home shift+left shift+right shift+up super+backspace super+c super+x super+y super+z"
    "".split()
)
"""What Textual's texts and lines take for editing; a command that a user put on one goes before that."""


def key_name(text: str) -> str:
    """Return Textual's name of a key that a user wrote, as `ctrl+]`, `Esc` or `alt+K`; raises ValueError."""
    text = text.strip()
    plus = text == "+" or text.endswith("++")
    *mods, name = [*filter(None, text[:-1].split("+")), "+"] if plus else text.split("+")
    modifiers = {ALIASES.get(word.strip().lower(), word.strip().lower()) for word in mods}
    if not name or not modifiers <= set(MODIFIERS):
        raise ValueError(text)
    name = name.strip()
    if len(name) == 1:
        name = name.lower() if modifiers and name.isalpha() else _name_of(name)
    else:
        name = ALIASES.get(name.lower(), name.lower())
        if name not in NAMED and not _is_character(name):
            raise ValueError(text)
    return "+".join([*sorted(modifiers), name])


def _name_of(character: str) -> str:
    if character.isalnum():
        return character
    try:
        name = unicodedata.name(character).lower().replace("-", "_").replace(" ", "_")
    except ValueError:
        raise ValueError(character) from None
    return KEY_NAME_REPLACEMENTS.get(name, name)


def _is_character(name: str) -> bool:
    """Whether a name is that of one character, as `right_square_bracket`."""
    own = {new: old for old, new in KEY_NAME_REPLACEMENTS.items()}
    for form in (own.get(name, name).replace("_", " "), own.get(name, name).replace("_", "-")):
        try:
            unicodedata.lookup(form)
        except KeyError:
            continue
        return True
    return False


def is_plain(key: str) -> bool:
    """Whether every xterm sends this key by itself, told from all others, and nothing usually keeps it."""
    *modifiers, name = key.split("+")
    mods = set(modifiers)
    if key in SAME_BYTE or key in SWALLOWED or not mods <= {"alt", "ctrl", "shift"}:
        return False
    character = len(name) == 1 or name not in NAMED
    if character and "shift" in mods:
        return False  # a capital letter is a letter of its own
    if character and "ctrl" in mods:
        return name.isalpha() and len(name) == 1 or name in ("right_square_bracket", "backslash", "underscore", "at")
    if name in ("enter", "tab", "backspace", "escape", "space"):
        return not mods or key == "shift+tab"
    return True


class Keymap(NamedTuple):
    """The keys in force by command id, and a sentence for each fault of what the user chose."""

    keys: Mapping[str, tuple[str, ...]]
    faults: Sequence[str] = ()
    chosen: Mapping[str, str] = {}

    def of(self, id: str) -> tuple[str, ...]:
        """Return the keys of a command, the first first."""
        return self.keys.get(id, ())

    def worded(self, text: str) -> str:
        """Return a text with the keys in place of commands: `{model.choose}`, `{model.choose:8}` in 8 cells.

        A command without a key is told by its name in the palette, in a column as `palette`; braces around anything
        else stay as they are.
        """

        def words(named: re.Match[str]) -> str:
            if named[1] not in BY_ID:
                return named[0]
            key = key_words(next(iter(self.of(named[1])), ""))
            return f"{key or 'palette':{named[2]}}" if named[2] else key or f"“{BY_ID[named[1]].title}” in the palette"

        return _COMMAND_IN_TEXT.sub(words, text)

    def changes(self) -> dict[str, str]:
        """Return what Textual is to be told: the commands whose keys are not their own, by choice or for one.

        Those that share an old key with one in the same place are told as well: Textual clears that key for all.
        """
        own = BY_ID
        other = {id for id, keys in self.keys.items() if ",".join(keys) != own[id].key}
        cleared = {(own[id].where, key) for id in other for key in own[id].key.split(",") if key}
        beside = {id for id in self.keys for key in self.keys[id] if (own[id].where, key) in cleared}
        return {id: ",".join(self.keys[id]) or NO_KEY for id in self.keys if id in {*other, *beside, *self.chosen}}

    def before_text(self, key: str) -> Sequence[Command]:
        """Return the commands that a user put on a key which a text would take, so that they go before that."""
        if not self.chosen or not _is_taken_by_text(key):
            return ()
        commands = (BY_ID[id] for id in self.chosen if key in self.of(id))
        return [command for command in commands if _place(command.where).typed and not command.priority]


def read_keymap(chosen: Mapping[str, str]) -> Keymap:
    """Return the keys in force where a user chose some of them. A command with an empty text has no key.

    What cannot be used is left out and told; a command of which nothing is left keeps its own keys. Keys that clash
    are told, and the user's choice goes before a default.
    """
    keys = {command.id: tuple(filter(None, command.key.split(","))) for command in COMMANDS}
    faults, taken = list[str](), dict[str, str]()
    for id, text in chosen.items():
        if id not in BY_ID:
            meant = did_you_mean(id, BY_ID, "`meshtui keys --list` names all.")
            faults.append(f"ui.keys: there is no command {one_line(id, 60)!r}; {meant}")
            continue
        usable, wrong = _read(BY_ID[id], text)
        if usable or not text.strip():
            keys[id], taken[id] = usable, text
        stay = " and ".join(map(key_words, keys[id]))
        so = f"so {stay} stay{'' if len(keys[id]) > 1 else 's'}" if stay else "so it has no key"
        faults += [f"ui.keys, {id}: {what}, {so}; {instead}." for what, instead in wrong]
    faults += _clashes(keys, taken)
    for other in keys.keys() - taken.keys():
        lost = {key for id in taken if _meet(BY_ID[id], BY_ID[other]) for key in keys[id]}
        keys[other] = tuple(key for key in keys[other] if key not in lost)
    return Keymap(keys, tuple(faults), taken)


def _place(where: Where) -> PlaceRow:
    from meshtui.ui.commands.places import PLACES  # late: only keys that a user chose need it

    return PLACES[where]


def _parts(text: str) -> Iterator[str]:
    """Split keys at commas; a comma that stands alone is the key itself."""
    if text.strip() == ",":
        yield ","
        return
    yield from (part for part in text.split(",") if part.strip())


def _read(command: Command, text: str) -> tuple[tuple[str, ...], list[tuple[str, str]]]:
    """Return the keys of a choice that can be used, and of each other what is wrong with it and what to do."""
    usable, wrong = list[str](), list[tuple[str, str]]()
    own = {key for other in COMMANDS if other.where == command.where for key in other.key.split(",")}
    for part in _parts(text):
        try:
            key = key_name(part)
        except ValueError:
            wrong.append((f"{one_line(part.strip(), 40)!r} is no key", "write it as in ctrl+k, alt+left, f5 or ]"))
            continue
        words = key_words(key)
        if key in SAME_BYTE:
            wrong.append(
                (f"terminals send the same for {words} as for {key_words(SAME_BYTE[key])}", "take another key")
            )
        elif _place(command.where).typed and key not in own and _is_typed(key):
            wrong.append((f"{words} is needed for typing there", "take one with ctrl or alt, or an f key"))
        else:
            usable.append(key)
    return tuple(dict.fromkeys(usable)), wrong


def _is_typed(key: str) -> bool:
    return key in _EDITING or ("+" not in key and key not in NAMED)


def _is_taken_by_text(key: str) -> bool:
    """Whether a text takes this key though it types nothing: terminals send alt with a character as a character."""
    modifier, _, name = key.rpartition("+")
    return key in TEXT_KEYS or (modifier == "alt" and name not in NAMED)


def _clashes(keys: Mapping[str, tuple[str, ...]], chosen: Mapping[str, str]) -> Iterator[str]:
    """Yield a sentence for each key that would run several commands, as far as the user made it so."""
    told = set[tuple[str, str]]()
    for id in chosen:
        for key in keys[id]:
            others = [
                other
                for other in keys
                if other != id and key in keys[other] and (key, other) not in told and _meet(BY_ID[id], BY_ID[other])
            ]
            if others:
                told |= {(key, id), *((key, other) for other in others)}
                yield _clash(key, id, others, [other for other in others if other in chosen])


def _clash(key: str, id: str, others: Sequence[str], rivals: Sequence[str]) -> str:
    named = [f"{other} ({_place(BY_ID[other].where).title})" for other in [*rivals, *others] if other in others]
    named = list(dict.fromkeys(named))
    more = f" and {len(named) - MOST_NAMED} more" if len(named) > MOST_NAMED else ""
    who = f"{id} and {len(named)} others: " if len(named) > 1 else f"both {id} and "
    end = "which have lost it" if len(named) > 1 else "which has lost it"
    if rivals:
        lost = ", and those that you did not choose have lost it" if len(rivals) < len(others) else ""
        end = f"only one of them will run{lost}"
    return (
        f"ui.keys: {key_words(key)} stands for {who}{', '.join(named[:MOST_NAMED])}{more}"
        f"{';' if rivals else ','} {end}; give one another key."
    )


def _meet(one: Command, other: Command) -> bool:
    """Whether one key cannot stand for both: they hold in the same place, or one goes before what is focused."""
    both = {one.where, other.where}
    if len(both) == 1 or both <= {"anywhere", "prompt"} or both <= {"prompt", "typing"} or "everywhere" in both:
        return True
    beside = all(_place(where).beside for where in both)
    return beside and any(command.priority and command.where == "anywhere" for command in (one, other))


def commands_of(key: str, keymap: Keymap) -> list[Command]:
    """Return the commands that a key runs, in whatever place."""
    return [command for command in COMMANDS if key in keymap.of(command.id)]
