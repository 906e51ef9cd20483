"""The parsers of the command line: options between words, and faults in one sentence that says what to type."""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Sequence
from typing import Any, NoReturn

from meshtui.cli.output import USAGE, say
from meshtui.core.text import one_line


class Line(argparse.ArgumentParser):
    """The line of the program; `below` are the parsers of the commands that it names."""

    def __init__(self, **options: Any) -> None:
        self.below: list[Line] = []
        self.flags: list[str] = []
        super().__init__(**options)

    def add_argument(self, *names: str, **options: Any) -> argparse.Action:
        """Add an option or a word, and know the options."""
        action = super().add_argument(*names, **options)
        self.flags += action.option_strings
        return action

    def error(self, message: str) -> NoReturn:
        """End with one sentence that names what is wrong, what was probably meant, and where all is explained."""
        last = self.below[-1] if self.below else self
        known = [flag for line in (self, *self.below) for flag in line.flags if flag.startswith("--")]
        sentence = one_line(_plain(message, last.prog, known), 600)
        say(f"{sentence}{'' if sentence.endswith(('?', '.')) else ';'} `{last.prog} --help` explains")
        sys.exit(USAGE)


class Command(Line):
    """The line of one command: its options may stand between the words that it works with.

    argparse alone reads `tools check --json FILE` as a check of nothing with a FILE too many, and what it has for mixed
    lines forgets where `--` stood.
    """

    def __init__(self, **options: Any) -> None:
        self.words: list[argparse.Action] = []
        super().__init__(**options)

    def add_argument(self, *names: str, **options: Any) -> argparse.Action:
        """Add an option or a word, and know the words."""
        action = super().add_argument(*names, **options)
        if not action.option_strings:
            self.words.append(action)
        return action

    def parse_known_args(  # type: ignore[override]
        self, args: Sequence[str] | None = None, namespace: argparse.Namespace | None = None
    ) -> tuple[argparse.Namespace, list[str]]:
        """Read the options up to `--` first, then the words that are left."""
        given = list(sys.argv[1:] if args is None else args)
        end = given.index("--") if "--" in given else len(given)
        words = [(action, action.nargs, action.default) for action in self.words]
        self.usage = self.format_usage().removeprefix("usage: ")
        for action, _, _ in words:
            action.nargs = action.default = argparse.SUPPRESS
        try:
            found, left = super().parse_known_args(given[:end], namespace)
        finally:
            for action, nargs, default in words:
                action.nargs, action.default = nargs, default
        return super().parse_known_args([*left, *given[end:]], found)


def _plain(message: str, program: str, known: Sequence[str]) -> str:
    """Return what argparse says in the words of this program; `known` are the options there are."""
    from meshtui.core.nearest import did_you_mean

    message = message.removeprefix("argument ")
    if found := re.fullmatch(r"(.+?): invalid choice: '(.*)' \(choose from (.*)\)", message, re.DOTALL):
        meant = did_you_mean(found[2], re.findall(r"'([^']*)'", found[3]))
        if found[1] == "COMMAND":
            return f"there is no command {found[2]!r}; {meant}"
        return f"{found[1] if found[1].startswith('-') else program} takes no {found[2]!r}; {meant}"
    if found := re.fullmatch(r"(.+): expected (?:one|at least one) argument", message):
        return f"{found[1]} needs a value behind it"
    if found := re.fullmatch(r"unrecognized arguments: (.*)", message, re.DOTALL):
        first = found[1].split(" ")[0].partition("=")[0]
        if not first.startswith("-") or first == "-":
            return f"this is one word too many: {found[1]} (texts with blanks want quotes)"
        meant = did_you_mean(first, known, ".")
        return f"there is no option {first}" + (f"; {meant}" if meant.endswith("?") else "")
    return message
