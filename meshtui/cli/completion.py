"""`meshtui completion`: what tab can offer, read off the parser itself, and the names that are looked up on disk."""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from meshtui.cli.output import OK, emit

SHELLS = ("bash", "zsh", "fish")
KINDS = ("profiles", "templates", "tools", "models")
VALUES = {
    "--attach": "<files>",
    "--values": "<files>",
    "--respond": "<files>",
    "--home": "<folders>",
    "--profile": "@profiles",
    "--template": "@templates",
    "--model": "@models",
    "--judge": "@models",
    "--tools": "@tools <files>",
}
"""What stands behind an option, for those whose parser names no choices: words with blanks between them, where `@KIND`
is looked up when tab is pressed, and `<files>` and `<folders>` are those of the disk."""

ARGUMENTS: Mapping[str, Mapping[str, str]] = {
    "templates": {"import": "<files>", "list": "", "search": "", "": "@templates"},
    "tools": {"import": "<files>", "check": "@tools <files>", "list": "", "search": "", "new": "", "": "@tools"},
    "models": {"show": "@models", "": ""},
    "sessions": {"import": "<files>", "": ""},
}
"""What stands behind the first word of a command, by that word; the empty one is any other."""


@dataclass(frozen=True, slots=True)
class Option:
    """One option of a command: flags, help, what its value is (None where it takes none), whether it may be repeated.

    `value` is written as in VALUES, empty where nothing can be offered.
    """

    flags: tuple[str, ...]
    help: str
    value: str | None
    repeats: bool


@dataclass(frozen=True, slots=True)
class Completed:
    """One command, the main one without a name: options, its first words and what each does, what may follow them."""

    name: str
    summary: str
    options: tuple[Option, ...]
    first: Mapping[str, str]

    @property
    def arguments(self) -> Mapping[str, str]:
        """What may follow each of the first words, as in VALUES; those that nothing follows are left out."""
        table = ARGUMENTS.get(self.name, {})
        found = {word: table.get(word, table.get("", "")) for word in self.first}
        return {word: value for word, value in found.items() if value}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of `completion`."""
    parser.add_argument("shell", nargs="?", choices=SHELLS, help="the shell that shall complete (default yours)")
    parser.add_argument("--words", choices=KINDS, help=argparse.SUPPRESS)


def completion(arguments: argparse.Namespace) -> int:
    """Print the script of a shell, or the words of a kind, a line each; return the exit code."""
    if arguments.words:
        for word in words(arguments):
            emit(word)
    else:
        from meshtui.cli.completion_scripts import SCRIPTS

        emit(SCRIPTS[arguments.shell or _shell()](list(commands())), end="")
    return OK


def _shell() -> str:
    """Return the user's shell where it is one of ours, else bash."""
    name = os.path.basename(os.environ.get("SHELL", ""))
    return name if name in SHELLS else "bash"


def words(arguments: argparse.Namespace) -> list[str]:
    """Return the words of a kind from what is on disk; none where it cannot be read: a shell must not be disturbed.

    Ids come from gateways: what is not one line of visible text is no word.
    """
    from meshtui.cli.output import Refused
    from meshtui.cli.surroundings import look_around

    try:
        here = look_around(arguments, may_ask=True)
        if arguments.words == "profiles":
            found = list(here.config.profiles)
        elif arguments.words == "templates":
            found = here.template_files().keys()
        elif arguments.words == "tools":
            found = here.tool_files().keys()
        else:
            from meshtui.store.catalogues import Catalogues

            kept = Catalogues(here.paths.state / "catalogues").read(here.settings.base_url)
            found = sorted({str(row["id"]) for row in kept.rows}) if kept is not None else []
    except (Refused, OSError, ValueError, KeyError):
        return []
    return [word for word in found if word.isprintable()]


def commands() -> Iterator[Completed]:
    """Yield each command, the main one first."""
    from meshtui.cli import COMMANDS, build_parser

    parser = build_parser(tuple(COMMANDS))
    yield Completed("", "", _options(parser), {name: row[0] for name, row in COMMANDS.items()})
    subparsers = next(action for action in _actions(parser) if isinstance(action.choices, dict))
    for name, sub in dict(subparsers.choices or {}).items():
        yield Completed(name, COMMANDS[name][0], _options(sub), _first(name, sub))


def _actions(parser: argparse.ArgumentParser) -> Sequence[argparse.Action]:
    return parser._actions  # argparse keeps no other list of them


def _first(name: str, parser: argparse.ArgumentParser) -> Mapping[str, str]:
    """Return the words that may stand first behind a command, and what each does."""
    if name == "help":
        from meshtui.cli.pages import TOPICS

        return {topic: row.about for topic, row in TOPICS.items()}
    if name == "models":
        return {"show": "show one model"}
    action = next((one for one in _actions(parser) if not one.option_strings and one.choices), None)
    if action is None:
        return {}
    said = dict(part.split(": ", 1) for part in (action.help or "").split(" · ") if ": " in part)
    return {str(word): said.get(str(word), "") for word in action.choices or ()}


def _options(parser: argparse.ArgumentParser) -> tuple[Option, ...]:
    return tuple(
        Option(
            tuple(action.option_strings),
            _summary(action),
            None if action.nargs == 0 else _value(action),
            "(repeat" in (action.help or ""),
        )
        for action in _actions(parser)
        if action.option_strings and action.help != argparse.SUPPRESS
    )


def _summary(action: argparse.Action) -> str:
    return (action.help or "").partition("(")[0].replace("%(default)s", "").strip().rstrip(";:,")


def _value(action: argparse.Action) -> str:
    if action.choices:
        return " ".join(map(str, action.choices))
    return next((value for flag, value in VALUES.items() if flag in action.option_strings), "")
