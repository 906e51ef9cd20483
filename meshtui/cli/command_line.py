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
        self.given: list[str] = []
        super().__init__(**options)

    def add_argument(self, *names: str, **options: Any) -> argparse.Action:
        """Add an option or a word, and know the options."""
        action = super().add_argument(*names, **options)
        self.flags += action.option_strings
        return action

    def parse_known_args(  # type: ignore[override]
        self, args: Sequence[str] | None = None, namespace: argparse.Namespace | None = None
    ) -> tuple[argparse.Namespace, list[str]]:
        """Read a line, and know it, for what is said of it."""
        self.given = list(sys.argv[1:] if args is None else args)
        return super().parse_known_args(args, namespace)

    def error(self, message: str) -> NoReturn:
        """End with one sentence that names what is wrong, what was probably meant, and where all is explained."""
        last = self.below[-1] if self.below else self
        sentence = one_line(self._plain(message.removeprefix("argument "), last), 600)
        say(f"{sentence}{'' if sentence.endswith(('?', '.')) else ';'} `{last.prog} --help` explains")
        sys.exit(USAGE)

    def _plain(self, message: str, last: Line) -> str:
        """Return what argparse says in the words of this program."""
        from meshtui.core.nearest import did_you_mean

        if found := _CHOICE.fullmatch(message):
            if found[1] == "COMMAND":
                return self._no_command(found[2], re.findall(r"'([^']*)'", found[3]))
            meant = did_you_mean(found[2], re.findall(r"'([^']*)'", found[3]))
            return f"{found[1] if found[1].startswith('-') else last.prog} takes no {found[2]!r}; {meant}"
        if found := _LACKING.fullmatch(message):
            return f"{found[1]} needs a value behind it"
        if found := _EXTRA.fullmatch(message):
            first = found[1].split(" ")[0].partition("=")[0]
            if not first.startswith("-") or first == "-":
                return f"this is one word too many: {found[1]} (texts with blanks want quotes)"
            return self._no_option(first, last)
        return message

    def _no_command(self, word: str, commands: Sequence[str]) -> str:
        from meshtui.core.nearest import did_you_mean

        before = self.given[: self.given.index(word)] if word in self.given else []
        strange = next((one for one in before if one.startswith("-") and not self._has(one)), None)
        if strange is not None:
            meant = did_you_mean(strange, [flag for flag in self.flags if flag.startswith("--")], ".")
            if meant.endswith("?"):
                return f"there is no option {strange}; {meant}"
            return f"{strange} stands behind no command, as in `meshtui run {strange} …`"
        if f"--{word}" in self.flags:
            return f"there is no command {word!r}; did you mean `meshtui --{word}`?"
        meant = did_you_mean(word, commands)
        if meant.endswith("?"):
            return f"there is no command {word!r}; {meant}"
        return f"there is no command {word!r}; `meshtui run` sends a message, `meshtui` alone opens the workbench"

    def _no_option(self, flag: str, last: Line) -> str:
        from meshtui.core.nearest import did_you_mean

        if flag in self.flags:
            return f"{flag} stands alone, without a command: `meshtui {flag}`"
        known = [one for line in (self, last) for one in line.flags if one.startswith("--")]
        meant = did_you_mean(flag, known, ".")
        return f"there is no option {flag}" + (f"; {meant}" if meant.endswith("?") else "")

    def _has(self, flag: str) -> bool:
        """Whether an option of this line begins so."""
        return any(one.startswith(flag.partition("=")[0]) for one in self.flags)


_CHOICE = re.compile(r"(.+?): invalid choice: '(.*)' \(choose from (.*)\)", re.DOTALL)
_LACKING = re.compile(r"(.+): expected (?:one|at least one) argument")
_EXTRA = re.compile(r"unrecognized arguments: (.*)", re.DOTALL)
"""What argparse says."""


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
