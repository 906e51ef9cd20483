"""The tool loop of `meshtui run`: answers calls by canned rules and allowed commands, and says what went on."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from meshtui.cli.output import FAULT, OK, SPENT, say
from meshtui.cli.values import whole
from meshtui.core.text import one_line
from meshtui.core.turn import Turn, TurnState, milliseconds
from meshtui.core.usage import total_usage
from meshtui.session import DEFAULT_LIMIT, NOT_ALLOWED, Tools

if TYPE_CHECKING:
    from meshtui.core.tools.tool import Rule
    from meshtui.session import OpenTool, Pending, Round, Session

SHOWN = 160
"""Characters of arguments and of a result that the narration shows."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of the loop."""
    parser.add_argument(
        "--respond",
        metavar="FILE",
        action="append",
        default=[],
        help="canned results of tool calls, JSON or TOML, - for stdin; the first rule that fits answers (repeat)",
    )
    parser.add_argument(
        "--max-rounds", type=whole, metavar="N", help="how often results go back to the model at most (default 5)"
    )
    parser.add_argument(
        "--allow-commands", action="store_true", help="let the files given with --tools run the commands they name"
    )


class ToolLoop:
    """Runs a turn and the rounds that follow. It is active where something was given that could answer a call."""

    def __init__(
        self, session: Session, given: Sequence[OpenTool], rules: Sequence[Rule], arguments: argparse.Namespace
    ) -> None:

        self.active = bool(
            arguments.respond
            or arguments.max_rounds is not None
            or any(one.tool.responder.kind != "hand" for one in given)
        )
        self.rounds: list[dict[str, Any]] = []
        self.turn: Turn | None = None
        self.session = session
        self.code = OK
        """The exit code of the loop: another than OK where it could not go on."""
        self.put: Callable[[Mapping[str, Any]], None] = lambda value: None
        """Prints one more object where there is one for each change."""
        self._narrates = not (arguments.json or arguments.events)
        self._limit = (DEFAULT_LIMIT if arguments.max_rounds is None else arguments.max_rounds) if self.active else 0
        self._turns: list[Turn] = []
        self._told: set[Pending] = set()
        session.tools = Tools(session, None, given)
        session.rounds.rules = rules
        session.rounds.on_change = self._changed
        session.rounds.on_turn = self._went_on
        session.rounds.allows_all = arguments.allow_commands
        names = {one.tool.name for one in given}
        for rule in rules:
            if rule.tool and given and rule.tool not in names:
                say(f"a rule answers {one_line(rule.tool)}, which no file given with --tools defines")

    async def run(self, turn: Turn, retries: int) -> Turn:
        """Run a turn and the rounds after it; return the last turn. `turn` is the latest where it is cancelled."""
        self.turn, self._turns = turn, [turn]
        last = await self.session.rounds.drive(turn, retries, self._limit, whole=True)
        await self._say_what_is_open()
        round = self.session.rounds.round_of(last)
        if round is not None and not round.open and len(self.rounds) < self._limit:
            self.code = SPENT if self.session.over_budget() else FAULT
        return last

    def _went_on(self, round: Round, turn: Turn) -> None:
        answered = round.source.result()
        told: dict[str, Any] = {
            "calls": answered["message"]["tool_calls"],
            "results": [_result(one) for one in round.kept],
        }
        told |= {name: answered[name] for name in ("request_id", "usage", "cost_usd", "timing")}
        self.rounds.append(told)
        self.put({"event": "round", "number": len(self.rounds), **told})
        if self._narrates and round.source.content:
            say(one_line(str(round.source.content), SHOWN))
        self.turn = turn
        self._turns.append(turn)

    def _changed(self, round: Round) -> None:
        for pending in round.calls:
            if pending.state != "answered" or pending in self._told:
                continue
            self._told.add(pending)
            self.put({"event": "tool_result", **_result(pending)})
            name = one_line(pending.call.name, 64)
            if self._narrates:
                what = "failed: " if pending.is_error else ""
                say(f"{name} {one_line(pending.call.arguments, SHOWN)} → {what}{one_line(pending.result, SHOWN)}")
            if pending.note:
                say(f"{name}: {pending.note}")

    async def _say_what_is_open(self) -> None:
        """Say why the last calls went unanswered, where the loop could have answered some."""
        round = self.session.rounds.current() if self.active else None
        if round is None or round.source.state is not TurnState.DONE or len(self.rounds) >= self._limit:
            return
        for pending in round.open:
            reason = pending.note or await self.session.rounds.why_not(round, pending)
            if reason:
                hint = "; --allow-commands lets it run" if reason == NOT_ALLOWED else ""
                say(f"stopped at the call of {one_line(pending.call.name, 64)}: {reason.rstrip('.')}{hint}")

    def result(self, last: Turn) -> dict[str, Any]:
        """Return the object of the last turn, with the rounds before it and what all of them took."""
        if not self.active:
            return last.result()
        costs = [turn.cost for turn in self._turns]
        known = [cost for cost in costs if cost is not None]
        total = {
            "requests": len(self._turns),
            "usage": total_usage([turn.usage for turn in self._turns]) or None,
            "cost_usd": format(sum(known, Decimal()), "f") if known and len(known) == len(costs) else None,
            "total_ms": sum(milliseconds(turn.total) or 0 for turn in self._turns),
        }
        return {**last.result(), "rounds": self.rounds, "total": total}


def _result(pending: Pending) -> dict[str, Any]:
    return {
        "id": pending.call.id,
        "name": pending.call.name,
        "content": pending.result,
        "is_error": pending.is_error,
        "rule": pending.rule or None,
    }
