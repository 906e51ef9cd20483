"""What can be done about a problem, as numbered choices."""

from __future__ import annotations

import asyncio

from meshtui.cli.linear.setting import Setting
from meshtui.cli.linear.talk import Choice
from meshtui.core.problem import Problem, ProblemKind
from meshtui.core.turn import Turn
from meshtui.core.waits import countdown
from meshtui.session import can_wait
from meshtui.session.retry_queue import wait_of

KEY_HELPS = (ProblemKind.KEY_REFUSED, ProblemKind.FORBIDDEN, ProblemKind.SPEND)
TELL_SECONDS = 30.0
"""How often a wait is told of."""


class Recovering(Setting):
    """Trying again, with another model, with another key, when the limit allows it."""

    def trouble(self, turn: Turn, problem: Problem) -> None:
        """Tell the problem in one paragraph, then what can be done."""
        super().trouble(turn, problem)
        kept = "What was typed is kept" + (", and what arrived." if turn.has_output else ".")
        self.tell(kept)
        self.offer(*self._ways_on(turn, problem))

    def _ways_on(self, turn: Turn, problem: Problem) -> list[Choice]:
        ways: list[Choice] = [("try again", lambda: self.again(turn))]
        if can_wait(problem):
            seconds = wait_of(problem)
            ways.append((f"wait {countdown(seconds)}, then try again", lambda: self._wait(turn, seconds)))
        ways.append(("try another model", lambda: self._other_model(turn)))
        if self.profiles is not None:
            if problem.code == "insecure_url":
                ways.insert(0, ("allow this gateway without encryption", lambda: self._allow(turn)))
            elif problem.kind in KEY_HELPS:
                ways.append(("enter another key, then try again", lambda: self._other_key(turn)))
                if len(self.profiles.rows()) > 1:
                    ways.append(("send it through another profile", lambda: self._other_profile(turn)))
        return ways

    def again(self, turn: Turn, model: str | None = None) -> None:
        """Send a request again; the earlier answer stays in the tree."""
        if self.may_send():
            self.drive(self.session.retry(turn, model))

    def _wait(self, turn: Turn, seconds: float) -> None:
        self.tell(f"Waiting {countdown(seconds)}; ctrl+c stops waiting.")
        if self.run(self._count_down(seconds)):
            self.again(turn)
        else:
            self.tell("Not waiting any more; /retry tries again.")

    async def _count_down(self, seconds: float) -> None:
        while seconds > TELL_SECONDS:
            await asyncio.sleep(TELL_SECONDS)
            seconds -= TELL_SECONDS
            self.tell(f"Still {countdown(seconds)}.")
        await asyncio.sleep(seconds)

    def _other_model(self, turn: Turn) -> None:
        while wanted := (self.question("Model, by id, words or number: ") or "").strip():
            if model := self.model_named(wanted):
                self.choices = ()
                self.again(turn, model)
                return

    def _other_key(self, turn: Turn) -> None:
        if self.enter_key():
            self.again(turn)

    def _other_profile(self, turn: Turn) -> None:
        self.do_profile("")
        if name := (self.question("Profile, by name: ") or "").strip():
            self.do_profile(name)
            self.again(turn)

    def _allow(self, turn: Turn) -> None:
        assert self.profiles is not None  # noqa: S101 - only then it is offered
        self.session.target = self.profiles.allow_http(self.session.target)
        self.again(turn)

    def do_retry(self, rest: str) -> None:
        """Ask the last message again."""
        turn = self.last_turn()
        if turn is None:
            self.refuse("There is no answer here yet that could be asked for again.")
        model = self.model_named(rest) if rest else None
        if model != "":
            self.again(turn, model)

    def last_turn(self) -> Turn | None:
        """Return the turn of the last answer of this conversation."""
        return next((node.turn for node in reversed(self.session.nodes) if node.turn is not None), None)
