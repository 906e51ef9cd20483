"""The loop of linear mode: a line is a message, a slash word, or the number of a choice."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence

from meshtui.cli.linear.commands import BY_NAME, COMMANDS
from meshtui.cli.linear.reckoning import Reckoning
from meshtui.cli.linear.talk import Sorry
from meshtui.cli.output import OK, Refused
from meshtui.core.attachments import NotAttachable
from meshtui.core.nearest import did_you_mean
from meshtui.core.problem import Problem
from meshtui.core.text import mask_secrets, one_line
from meshtui.session import ConfigError, StoreError

MORE = "... "
"""The prompt of a line that goes on behind one that ends with a backslash."""


class Linear(Reckoning):
    """Linear mode from the first line to the last."""

    _unsent = ""
    _leaves = False
    """Whether a line said to leave, be it the answer to a question."""

    def welcome(self, first: Sequence[str]) -> None:
        """Say where one is and what to do."""
        session = self.session
        for line in first:
            self.tell(line)
        model = session.draft.model
        target = session.target
        key = "without a key" if target.lacks_key else f"key {target.masked_key}"
        self.tell(
            f"meshtui, linear mode. Profile {one_line(target.profile, 40)}, {key},"
            f" model {one_line(model, 80) or 'not chosen; /models lists them'}."
        )
        self.tell(
            "Type a message and enter sends it; a backslash at the end goes on in the next line. /help lists the words."
        )
        if session.conversation is not None and session.nodes:
            self.tell(
                f"Conversation: {one_line(session.conversation.title, 120)}. /history reads it, /new begins another."
            )
        self._unsent = session.typed().strip()
        if self._unsent:
            self.tell(f"A message was not sent yet: {one_line(self._unsent, 300)}")

    def loop(self) -> int:
        """Take line after line until the end; return the exit code of the last turn where nobody sits there."""
        self.console.complete = self._completions
        while True:
            try:
                line = self._line()
                if line is None or self.take(line):
                    break
            except KeyboardInterrupt:
                self.console.end_line()
                self.tell("ctrl+d or /quit leaves.")
        problem = self.last.problem if self.last is not None else None
        return problem.exit_code if problem is not None and not self.console.interactive else OK

    def _line(self) -> str | None:
        unsent, self._unsent = self._unsent, ""
        line = self.console.ask(wanted="" if "\n" in unsent else unsent)
        while line is not None and line.endswith("\\"):
            more = self.console.ask(MORE)
            if more is None:
                return line[:-1]
            line = f"{line[:-1]}\n{more}"
        return line

    def take(self, line: str) -> bool:
        """Do what a line says; whether it says to leave. What cannot be done is told in one sentence."""
        text, choices = line.strip(), self.choices
        if not text:
            return False
        if text in ("/quit", "/exit"):
            self._leaves = True
            return True
        self.choices = ()
        try:
            if text.isdecimal() and choices:
                if not 1 <= int(text) <= len(choices):
                    self.choices = choices
                    self.refuse(f"Type a number from 1 to {len(choices)}.")
                choices[int(text) - 1][1]()
            elif text.startswith("//"):
                self.say(line.replace("//", "/", 1))
            elif text.startswith("/"):
                self._word(text)
            else:
                self.say(line)
        except (Sorry, Refused, ConfigError, StoreError, NotAttachable, Problem) as error:
            self.tell(one_line(mask_secrets(str(error)), 2000))
        except Exception as error:
            if os.environ.get("MESHTUI_TRACEBACK"):
                raise
            self.tell(Problem.bug(error).sentence)
        return self._leaves

    def _word(self, text: str) -> None:
        name, _, rest = text[1:].partition(" ")
        if name not in BY_NAME:
            self.refuse(_unknown(name))
        do: Callable[[str], None] = getattr(self, BY_NAME[name].method)
        do(rest.strip())

    def do_help(self, rest: str) -> None:
        """List the words, or explain one."""
        name = rest.removeprefix("/")
        if name and name not in BY_NAME:
            self.refuse(_unknown(name))
        for command in [BY_NAME[name]] if name else COMMANDS:
            self.tell(command.line)
        if not name:
            self.tell(
                "Anything else is sent as a message, // begins one with a slash."
                " ctrl+c stops an answer and keeps what arrived; ctrl+d leaves."
            )

    def do_quit(self, rest: str) -> None:
        """Leave; `take` does it."""

    def _completions(self, beginning: str) -> list[str]:
        if beginning.startswith("/"):
            return [f"/{command.name} " for command in COMMANDS if f"/{command.name}".startswith(beginning)]
        ids = [card.id for card in self.session.cards]
        files = self.session.templates.files.list() if self.session.templates is not None else ()
        return [word for word in (*ids, *(file.key for file in files)) if beginning and word.startswith(beginning)]


def _unknown(name: str) -> str:
    words = [f"/{command.name}" for command in COMMANDS]
    return f"There is no /{one_line(name, 30)}; {did_you_mean(f'/{name}', words, '/help lists the words.')}"
