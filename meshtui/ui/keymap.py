"""Keys: which are in force, what is wrong with those a user chose, and which a plain terminal sends."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from textual.keys import KEY_NAME_REPLACEMENTS

from meshtui.core.nearest import did_you_mean
from meshtui.core.text import one_line
from meshtui.ui.commands import COMMANDS, Command, Where, key_words

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

NO_KEY = "no key"
"""What a command has that the user took the key from: Textual has no word for it, and no terminal sends this."""

_EDITING = frozenset("enter backspace delete space tab left right up down home end shift+tab".split())
_TYPED_IN: frozenset[Where] = frozenset(
    (
        "anywhere",
        "everywhere",
        "prompt",
        "typing",
        "template",
        "tool editor",
        "new tool",
        "round",
        "finding",
        "models",
        "conversations",
        "templates",
        "format",
        "ask",
        "key",
        "help",
    )
)
"""Places where something is typed, so that a plain letter is no command."""

_WORKBENCH: frozenset[Where] = frozenset(
    (
        "anywhere",
        "prompt",
        "typing",
        "conversation",
        "template",
        "tools",
        "round",
        "finding",
        "model pane",
        "usage pane",
    )
)
"""Places that are seen at once."""


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


@dataclass(frozen=True, slots=True)
class Keymap:
    """The keys in force by command id, and a sentence for each fault of what the user chose."""

    keys: Mapping[str, tuple[str, ...]]
    faults: Sequence[str] = ()
    chosen: Mapping[str, str] | None = None

    def of(self, id: str) -> tuple[str, ...]:
        """Return the keys of a command, the first first."""
        return self.keys.get(id, ())

    def changes(self) -> dict[str, str]:
        """Return what Textual is to be told: the commands whose keys are not their own, by choice or for one.

        Those that share an old key with one in the same place are told as well: Textual clears that key for all.
        """
        own = {command.id: command for command in COMMANDS}
        other = {id for id, keys in self.keys.items() if id in own and ",".join(keys) != own[id].key}
        cleared = {(own[id].where, key) for id in other for key in own[id].key.split(",") if key}
        beside = {
            id for id in self.keys.keys() & own.keys() for key in self.keys[id] if (own[id].where, key) in cleared
        }
        told = [id for id in self.keys if id in other | beside or id in (self.chosen or ())]
        return {id: ",".join(self.keys[id]) or NO_KEY for id in told}


def read_keymap(chosen: Mapping[str, str], commands: Sequence[Command] = COMMANDS) -> Keymap:
    """Return the keys in force where a user chose some of them. A command with an empty text has no key.

    What cannot be used is left out and told; keys that clash are told, and the user's choice goes before a default.
    """
    known = {command.id: command for command in commands}
    keys = {command.id: tuple(filter(None, command.key.split(","))) for command in commands}
    faults, taken = list[str](), dict[str, str]()
    for id, text in chosen.items():
        if id not in known:
            meant = did_you_mean(id, known, "`meshtui keys --list` names all.")
            faults.append(f"ui.keys: there is no command {one_line(id, 60)!r}; {meant}")
            continue
        named = list[str]()
        for part in _parts(text):
            try:
                named.append(key_name(part))
            except ValueError:
                faults.append(
                    f"ui.keys, {id}: {one_line(part, 40)!r} is no key; write it as in ctrl+k, alt+left, f5 or ]."
                )
        if named or not text.strip():
            keys[id], taken[id] = tuple(dict.fromkeys(named)), text
        faults += _faults_of(known[id], named)
    faults += _clashes(known, keys, taken)
    for other in keys.keys() - taken.keys():
        lost = {key for id in taken if _meet(known[id], known[other]) for key in keys[id]}
        keys[other] = tuple(key for key in keys[other] if key not in lost)
    return Keymap(keys, tuple(faults), taken)


def _parts(text: str) -> Iterator[str]:
    """Split keys at commas; a comma that stands alone is the key itself."""
    if text.strip() == ",":
        yield ","
        return
    yield from (part for part in text.split(",") if part.strip())


def _faults_of(command: Command, keys: Iterable[str]) -> Iterator[str]:
    for key in keys:
        words = key_words(key)
        if key in SAME_BYTE:
            same = key_words(SAME_BYTE[key])
            yield f"ui.keys, {command.id}: terminals send the same for {words} as for {same}; take another key."
        elif command.where in _TYPED_IN and key not in command.key.split(",") and _is_typed(key):
            yield f"ui.keys, {command.id}: {words} is needed for typing there; take one with ctrl or alt, or an f key."


def _is_typed(key: str) -> bool:
    return key in _EDITING or ("+" not in key and key not in NAMED)


def _clashes(
    commands: Mapping[str, Command], keys: Mapping[str, tuple[str, ...]], chosen: Mapping[str, str]
) -> Iterator[str]:
    """Yield a sentence for each pair of commands that one key would run, as far as the user made it so."""
    told = set[frozenset[str]]()
    for id in chosen:
        for other, theirs in keys.items():
            pair = frozenset((id, other))
            both = [key for key in keys[id] if key in theirs]
            if other == id or not both or pair in told or not _meet(commands[id], commands[other]):
                continue
            told.add(pair)
            rule = "only one of them will run" if other in chosen else f"{other} has lost it"
            yield f"ui.keys: {key_words(both[0])} stands for both {id} and {other}; {rule}: give one another key."


def _meet(one: Command, other: Command) -> bool:
    """Whether one key cannot stand for both: they hold in the same place, or one goes before what is focused."""
    if one.where == other.where or {one.where, other.where} <= {"anywhere", "prompt"}:
        return True
    if "everywhere" in (one.where, other.where):
        return True
    both_here = {one.where, other.where} <= _WORKBENCH
    return both_here and any(command.priority and command.where == "anywhere" for command in (one, other))


def commands_of(key: str, keymap: Keymap, commands: Sequence[Command] = COMMANDS) -> list[Command]:
    """Return the commands that a key runs, in whatever place."""
    return [command for command in commands if key in keymap.of(command.id)]


def first_faults(keymap: Keymap, most: int = 3) -> list[str]:
    """Return the first faults, and where the others are told."""
    more = len(keymap.faults) - most
    rest = [f"{more} more: `meshtui config check` tells all." if more > 0 else ""]
    return [*keymap.faults[:most], *filter(None, rest)]
