"""What answers tool calls here: canned rules at once, commands where the user allows them."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, Literal

from meshtui.core.calls.rounds import failure_text, matching, result_text
from meshtui.core.json.text import is_json
from meshtui.core.tools.tool import Rule, Tool
from meshtui.session.round import Pending, Round
from meshtui.session.tool_command import CannotRun, CommandRun, Plan, environment, planned

if TYPE_CHECKING:
    from meshtui.session.session import Session

Approval = Literal["once", "conversation", "refuse"]

AT_ONCE = 8
"""Commands that run at the same time; more of them wait."""

NOT_ALLOWED = "its command is not allowed to run"
STOPPED = "It was stopped before it answered."


class Answering:
    """The part of the rounds that runs responders.

    `approve` is asked before a command runs; without it none does. `rules` answer before the tools' own responders do.
    """

    def __init__(self, session: Session, environ: Mapping[str, str] = os.environ) -> None:
        self.approve: Callable[[Pending, Plan], Awaitable[Approval]] | None = None
        self.rules: Sequence[Rule] = ()
        self._session, self._environ = session, environ
        self._running: dict[Pending, tuple[asyncio.Task[Any], CommandRun | None]] = {}
        self._asking = asyncio.Lock()
        # Threads of their own: programs that hang must not keep what else is done in threads waiting.
        self._threads = ThreadPoolExecutor(AT_ONCE, "tool command")
        self._approved: set[tuple[str, str]] = set()

    def _changed(self, round: Round) -> None:
        raise NotImplementedError

    def rule_for(self, pending: Pending) -> tuple[int, Rule] | None:
        """Return the canned rule that answers a call, with its number from 1; None where none does.

        No rule answers arguments that are not JSON: what would have been done with them is unknown.
        """
        if not _is_json(pending):
            return None
        canned = pending.tool.responder.rules if pending.tool is not None and pending.kind == "canned" else ()
        return matching([*self.rules, *canned], pending.call)

    def why_not(self, pending: Pending) -> str:
        """Say why nothing here would answer a call, an empty text where a rule or a command does."""
        if self.rule_for(pending) is not None:
            return ""
        ruled = any(rule.tool in ("", pending.call.name) for rule in self.rules)
        if (ruled or pending.kind != "hand") and not _is_json(pending):
            return "its arguments are not JSON"
        if pending.kind == "canned" or (ruled and pending.kind == "hand"):
            return "no rule answers these arguments"
        if pending.kind == "hand":
            return "nothing here answers this tool" if pending.tool is not None else "no such tool is known"
        if self.approve is None:
            return NOT_ALLOWED
        try:
            self.plan(pending)
        except CannotRun as error:
            return str(error)
        return ""

    def tool_of(self, round: Round, name: str) -> Tool | None:
        """Return the tool of a name as it is now; where it is gone, as the model was told of it."""
        tools = self._session.tools
        found = None if tools is None else tools.tool_named(name)
        if found is not None:
            return found
        told = [Tool(definition) for definition in self._session.offered(round.source)]
        return next((tool for tool in told if tool.name == name), None)

    async def fill(self, round: Round) -> None:
        """Let canned rules and commands answer the open calls, side by side; what none answers stays open.

        They answer as their files are now.
        """
        for pending in round.calls:
            pending.tool = self.tool_of(round, pending.call.name)
        async with asyncio.TaskGroup() as tasks:
            for pending in round.open:
                if pending.state == "open":
                    tasks.create_task(self._answer(round, pending))

    async def _answer(self, round: Round, pending: Pending) -> None:
        """Let the canned rules or the command of a call's tool answer it; by hand, nothing happens here."""
        found = self.rule_for(pending)
        if found is None and pending.kind != "command":
            reason = "" if pending.kind == "hand" else self.why_not(pending)
            pending.note = reason and f"Not answered: {reason}."
            if pending.note:
                self._changed(round)
            return
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 - a coroutine always runs in one
        pending.state, pending.note = "running", ""
        self._running[pending] = task, None
        self._changed(round)
        try:
            if found is not None:
                await self._canned(pending, *found)
            else:
                await self._command(pending, task)
        finally:
            # Once halted, another answer may have been begun already.
            if self._running.get(pending, (None,))[0] is task:
                del self._running[pending]
                if pending.state == "running":
                    pending.state, pending.note = "open", pending.note or STOPPED
            self._changed(round)

    async def _canned(self, pending: Pending, number: int, rule: Rule) -> None:
        if rule.latency:
            await asyncio.sleep(rule.latency)
        pending.rule = f"rule {number}"
        _answered(pending, failure_text(rule.error) if rule.error else result_text(rule.result), bool(rule.error))

    async def _command(self, pending: Pending, task: asyncio.Task[Any]) -> None:
        try:
            plan = self.plan(pending)
            if not await self._is_approved(pending, plan):
                raise CannotRun("The command was not allowed to run.")
            if self.plan(pending) != plan:
                raise CannotRun("The command changed while you were asked: it was not run. Let it answer again.")
        except CannotRun as error:
            pending.note = str(error)
            return
        env = environment(plan, self._environ, self._session.store.is_withheld)
        run = CommandRun(plan, pending.call.arguments.strip() or "{}", env)
        self._running[pending] = task, run
        try:
            outcome = await asyncio.get_running_loop().run_in_executor(self._threads, run.work)
        finally:
            run.stop()
        _answered(pending, outcome.text, outcome.is_error, outcome.note)

    def plan(self, pending: Pending) -> Plan:
        """Return the command of a call's tool as it would be run; raises CannotRun."""
        tools = self._session.tools
        one = None if tools is None else tools.named(pending.call.name)
        if one is None or one.tool.responder.command is None or one.tool.responder.kind != "command":
            raise CannotRun("The tool's file names no command.")
        if not _is_json(pending):
            raise CannotRun("The arguments are not JSON: the command was not run. Edit them, or answer by hand.")
        return planned(one.tool.responder.command, one.path, self._environ, self._session.store.is_withheld)

    async def _is_approved(self, pending: Pending, plan: Plan) -> bool:
        """Ask, one at a time, unless exactly this was allowed for the conversation; it holds until the program ends."""
        conversation = self._session.conversation
        key = (conversation.id if conversation is not None else "", plan.digest)
        async with self._asking:
            if key in self._approved:
                return True
            if self.approve is None:
                return False
            said = await self.approve(pending, plan)
        if said == "conversation":
            self._approved.add(key)
        return said in ("once", "conversation")

    def halt(self, pending: Pending) -> None:
        """Stop what answers a call; it is open again then."""
        task, run = self._running.pop(pending, (None, None))
        if task is None:
            return
        pending.state, pending.note = "open", STOPPED
        if run is not None:
            run.stop()
        task.cancel()

    def stop(self, round: Round) -> None:
        """Stop everything that answers calls of a round."""
        for pending in round.calls:
            self.halt(pending)


def _answered(pending: Pending, result: str, is_error: bool, note: str = "") -> None:
    pending.result, pending.is_error, pending.state, pending.by_hand = result, is_error, "answered", False
    pending.note = " ".join(filter(None, (note, pending.result_fault)))


def _is_json(pending: Pending) -> bool:
    """Whether the arguments of a call can be read; no text at all counts as no arguments."""
    return is_json(pending.call.arguments.strip() or "{}")
