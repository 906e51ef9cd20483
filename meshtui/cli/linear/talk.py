"""What every part of linear mode shares: the session, the console, running a turn, numbered choices."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from functools import partial
from typing import Any, NoReturn

from meshtui.cli.linear.commands import BY_NAME
from meshtui.cli.linear.console import Console
from meshtui.cli.linear.narrator import Narrator
from meshtui.cli.linear.words import numbered, problem_lines
from meshtui.core.chat import Draft
from meshtui.core.problem import Problem
from meshtui.core.text import mask_secrets, one_line
from meshtui.core.turn import Turn
from meshtui.session import Profiles, Session

Choice = tuple[str, Callable[[], object]]


class Sorry(Exception):
    """What was asked for cannot be done: one sentence."""


class Talk:
    """One session at a line terminal. Coroutines run one at a time, so that ctrl+c stops exactly what goes on."""

    def __init__(self, session: Session, console: Console, runner: asyncio.Runner, profiles: Profiles | None) -> None:
        self.session, self.console, self.profiles = session, console, profiles
        self.choices: Sequence[Choice] = ()
        self.last: Turn | None = None
        """The turn that ran last."""
        self._runner = runner
        session.on_notice = lambda sentence: console.tell(f"Note: {one_line(mask_secrets(sentence), 1000)}")

    def tell(self, text: str = "") -> None:
        """Write a line, or several."""
        self.console.tell(text)

    def refuse(self, sentence: str) -> NoReturn:
        """End what was asked for with a sentence."""
        raise Sorry(sentence)

    def run(self, work: Coroutine[Any, Any, Any]) -> bool:
        """Run something to its end; False where ctrl+c stopped it."""
        try:
            self._runner.run(work)
        except KeyboardInterrupt:
            self.console.end_line()
            return False
        return True

    def take(self, line: str) -> bool:
        """Do what a line says; see the loop."""
        raise NotImplementedError

    def offer(self, *choices: Choice) -> None:
        """Tell choices with their numbers; the next line may be one of them."""
        self.choices = choices
        for row in numbered([words for words, _ in choices]):
            self.tell(row)
        self.tell("Type a number, or go on with anything else.")

    def offer_rows(self, rows: Sequence[str], do: Callable[[int], object], hint: str) -> None:
        """Tell rows with their numbers; the next line may be the number of the one to `do` something with, from 0."""
        for row in numbered(rows):
            self.tell(row)
        self.choices = [(row, partial(do, place)) for place, row in enumerate(rows)]
        self.tell(hint)

    def confirm(self, question: str) -> bool:
        """Ask for y or n; anything else is no."""
        return (self._answer(f"{question} y or n: ") or "").strip().lower() in ("y", "yes")

    def _answer(self, prompt: str, wanted: str = "") -> str | None:
        try:
            return self.console.ask(prompt, wanted)
        except KeyboardInterrupt:
            self.console.end_line()
            return None

    def question(self, prompt: str, wanted: str = "") -> str | None:
        """Ask for a line; None where there is none any more, or ctrl+c, or a word, which is done in its place."""
        typed = self._answer(prompt, wanted)
        if typed is None or typed.startswith("//"):
            return None if typed is None else typed[1:]
        if typed.startswith("/") and typed[1:].partition(" ")[0] in BY_NAME:
            self.take(typed)
            return None
        return typed

    # Running a turn

    def may_send(self, *drafts: Draft) -> bool:
        """Whether the user's own budget allows these, or the user does; without any, whether it is used up already."""
        session = self.session
        self.run(session.models.load())
        lows = [session.quote_of(draft).low for draft in drafts]
        low = sum(known for known in lows if known is not None) or None
        reached = session.over_budget(low or None)
        if not reached:
            return True
        self.tell(reached)
        if not self.confirm("Send it all the same?"):
            self.tell("Nothing was sent.")
            return False
        session.grant(low or None)
        return True

    def drive(self, turn: Turn) -> None:
        """Send a turn that is on disk, tell what comes, and say what can be done next."""
        narrator = Narrator(self.console, turn)
        self.last, self.session.on_change = turn, narrator.changed
        self.run(self._drive(turn, narrator))
        narrator.end()
        if turn.problem is not None:
            self.trouble(turn, turn.problem)
        else:
            self.answered(turn)

    async def _drive(self, turn: Turn, narrator: Narrator) -> None:
        async with asyncio.TaskGroup() as tasks:
            company = tasks.create_task(narrator.keep_company())
            try:
                async with self.session.knowing_prices():
                    await self.session.run(turn)
            finally:
                company.cancel()

    def answered(self, turn: Turn) -> None:
        """A turn has ended well: what comes of it."""

    def trouble(self, turn: Turn, problem: Problem) -> None:
        """A turn has failed: say why, and what can be done."""
        for line in problem_lines(problem):
            self.tell(line)
