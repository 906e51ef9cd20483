"""Tool calls read aloud: what is called with what, whether that fits the schema, and results line by line."""

from __future__ import annotations

from meshtui.cli.linear.valuing import Valuing
from meshtui.cli.linear.words import numbered
from meshtui.core.nearest import did_you_mean
from meshtui.core.text import clean, one_line
from meshtui.core.turn import Turn
from meshtui.session import OpenCalls, Tools
from meshtui.session.answering import Approval
from meshtui.session.round import Pending, Round
from meshtui.session.tool_command import Plan

LONGEST_ARGUMENTS = 2000


class Calling(Valuing):
    """Tools on and off, and one round of calls after another."""

    # Tools

    @property
    def _tools(self) -> Tools:
        tools = self.session.tools
        assert tools is not None  # noqa: S101 - the command line gives every session its tools
        return tools

    def do_tools(self, rest: str) -> None:
        """List the tools, or turn some on or off."""
        tools = self._tools
        files = list(tools.known())
        if not files:
            folder = tools.files.folders["yours"] if tools.files is not None else "the tools folder"
            self.refuse(f"There are no tools yet; they are files in {folder}.")
        keys = [file.key for file in files]
        for word in rest.split():
            key = keys[int(word) - 1] if word.isdecimal() and 1 <= int(word) <= len(keys) else word
            if key not in keys:
                self.refuse(f"There is no tool {one_line(word, 60)}; {did_you_mean(word, keys)}")
            tools.turn(key, not tools.is_on(key))
        for row in numbered(
            [
                one_line(
                    f"{file.key}, {'on' if tools.is_on(file.key) else 'off'}"
                    f": {file.fault if file.tool is None else file.tool.description}",
                    300,
                )
                for file in files
            ]
        ):
            self.tell(row)

    # A round

    def answered(self, turn: Turn) -> None:
        """Read the calls of an answer, let rules and commands answer theirs, and ask for the other results."""
        super().answered(turn)
        round = self.session.rounds.round_of(turn)
        if round is None:
            return
        self._read_calls(round)
        if any(pending.kind != "hand" for pending in round.open):
            self.session.rounds.approve = self._approve
            self.run(self.session.rounds.fill(round))
            for pending in round.calls:
                if pending.state == "answered":
                    self.tell(f"Call {self._number(round, pending)} was answered here: {one_line(pending.result, 400)}")
                elif pending.note:
                    self.tell(f"Call {self._number(round, pending)}: {one_line(pending.note, 300)}")
        self._ask_for_results(round)

    async def _approve(self, round: Round, pending: Pending, plan: Plan) -> Approval:
        argv = " ".join(one_line(word, 200) for word in plan.argv)
        self.tell(f"{one_line(pending.call.name, 80)} would run a program on this machine: {argv}")
        return "once" if self.confirm("Run it?") else "refuse"

    @staticmethod
    def _number(round: Round, pending: Pending) -> int:
        return round.calls.index(pending) + 1

    def _read_calls(self, round: Round) -> None:
        count = len(round.calls)
        self.tell(f"The model calls {count} tool{'' if count == 1 else 's'}.")
        for number, pending in enumerate(round.calls, 1):
            self.tell(
                f"Call {number}: {one_line(pending.call.name, 80)} with"
                f" {clean(pending.call.arguments[:LONGEST_ARGUMENTS]) or 'no arguments'}"
            )
            self.tell(f"Call {number}: {verdict_words(pending)}")

    def _ask_for_results(self, round: Round) -> None:
        for pending in round.open:
            number = self._number(round, pending)
            typed = self.question(
                f"Result of call {number}, {one_line(pending.call.name, 60)}; empty leaves it open: ", pending.result
            )
            if typed is None:
                return
            if typed.strip():
                self.session.rounds.set_result(round, pending, typed)
        if round.open:
            self.tell(
                "/calls reads the calls, /result N TEXT answers one, /drop N leaves one out, /go sends the results."
            )
        else:
            self._go(round)

    def _round(self) -> Round:
        round = self.session.rounds.current()
        if round is None:
            self.refuse("No tool calls wait here.")
        return round

    def _pending(self, rest: str) -> tuple[Round, Pending, str]:
        round = self._round()
        number, _, text = rest.strip().partition(" ")
        if not number.isdecimal() or not 1 <= int(number) <= len(round.calls):
            self.refuse(f"Say the number of a call, from 1 to {len(round.calls)}.")
        return round, round.calls[int(number) - 1], text.strip()

    def do_calls(self, rest: str) -> None:
        """Read the calls that wait."""
        round = self._round()
        self._read_calls(round)
        for number, pending in enumerate(round.calls, 1):
            if pending.state == "answered":
                self.tell(f"Call {number} has the result {one_line(pending.result, 400)}")
            elif pending.state == "dropped":
                self.tell(f"Call {number} is left out.")

    def do_result(self, rest: str) -> None:
        """Answer a call."""
        round, pending, text = self._pending(rest)
        self.session.rounds.set_result(round, pending, text)
        self.tell(f"Call {self._number(round, pending)} has its result.{'' if round.open else ' /go sends them.'}")

    def do_arguments(self, rest: str) -> None:
        """Change the arguments of a call."""
        round, pending, text = self._pending(rest)
        if not text:
            typed = self.question("Arguments: ", pending.call.arguments)
            if typed is None:
                return
            text = typed
        self.session.rounds.edit_arguments(round, pending, text)
        self.tell(f"Call {self._number(round, pending)}: {verdict_words(pending)}")

    def do_drop(self, rest: str) -> None:
        """Leave a call out."""
        round, pending, _ = self._pending(rest)
        number = self._number(round, pending)
        self.session.rounds.drop(round, pending)
        self.tell(f"Call {number} does not go back.")

    def do_go(self, rest: str) -> None:
        """Send the results back."""
        self._go(self._round())

    def _go(self, round: Round) -> None:
        if not round.open and not self.may_send():
            return
        try:
            turn = self.session.rounds.go_on(round)
        except OpenCalls as error:
            self.refuse(str(error))
        self.drive(turn)


def verdict_words(pending: Pending) -> str:
    """Say in a sentence whether the arguments of a call fit the schema of its tool."""
    from meshtui.core.calls.verdict import verdict  # late: it loads the validator

    if pending.tool is None:
        return "Its tool is not known here, so its arguments are unchecked."
    return one_line(verdict(pending.call.arguments, pending.tool.parameters).sentence, 400)
