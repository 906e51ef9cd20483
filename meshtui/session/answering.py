"""What answers tool calls here: canned rules at once, commands where the user allows them."""

from __future__ import annotations

import asyncio
import os
from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, Literal

from meshtui.core.calls.rounds import failure_text, matching
from meshtui.core.json.text import is_json, text_of
from meshtui.core.tools.tool import Rule, Tool
from meshtui.session.round import Pending, Round
from meshtui.session.tool_command import CannotRun, CommandRun, Outcome, Plan, environment, planned

if TYPE_CHECKING:
    from meshtui.session.session import Session

Approval = Literal["once", "conversation", "refuse"]
Way = tuple[int, Rule] | Plan | str
"""What answers a call: a canned rule with its number from 1, a command ready to be run, or a sentence why nothing."""

AT_ONCE = 8
"""Commands that run at the same time; more of them wait."""

NOT_ALLOWED = "its command is not allowed to run"
STOPPED = "It was stopped before it answered."
DELETED = "the conversation was deleted"


class Answering:
    """The part of the rounds that runs responders.

    `approve` is asked before a command runs, one question at a time in each conversation; without it none runs, unless
    `allows_all` says that every one was allowed. `rules` answer before the tools' own responders do.
    """

    def __init__(self, session: Session, environ: Mapping[str, str] = os.environ) -> None:
        self.approve: Callable[[Round, Pending, Plan], Awaitable[Approval]] | None = None
        self.allows_all = False
        self.rules: Sequence[Rule] = ()
        self._session, self._environ = session, environ
        self._running: dict[Pending, tuple[asyncio.Task[Any], CommandRun | None]] = {}
        self._asking: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
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

    async def why_not(self, round: Round, pending: Pending) -> str:
        """Say why nothing here would answer a call, an empty text where a rule or a command does."""
        way = await self._way(round, pending)
        return way if isinstance(way, str) else ""

    async def _way(self, round: Round, pending: Pending) -> Way:
        """Find what answers a call; files are read in a thread."""
        found = self.rule_for(pending)
        if found is not None:
            return found
        ruled = any(rule.tool in ("", pending.call.name) for rule in self.rules)
        if (ruled or pending.kind != "hand") and not _is_json(pending):
            return "its arguments are not JSON"
        if pending.kind == "canned" or (ruled and pending.kind == "hand"):
            return "no rule answers these arguments"
        if pending.kind == "hand":
            return "nothing here answers this tool" if pending.tool is not None else "no such tool is known"
        if self.approve is None and not self.allows_all:
            return NOT_ALLOWED
        try:
            return await self._planned(round, pending)
        except CannotRun as error:
            return str(error)

    def tool_of(self, round: Round, name: str) -> Tool | None:
        """Return the tool of a name as it is now; where it is gone, as the model was told of it."""
        tools = self._session.tools
        found = None if tools is None else tools.named(name, round.node.conversation_id)
        if found is not None:
            return found.tool
        told = [Tool(definition) for definition in self._session.offered(round.source)]
        return next((tool for tool in told if tool.name == name), None)

    async def fill(self, round: Round, *, whole: bool = False) -> None:
        """Let canned rules and commands answer the open calls, side by side; what none answers stays open.

        They answer as their files are now. With `whole` none is answered where one would stay open, so that no command
        runs in vain.
        """
        for pending in round.calls:
            pending.tool = self.tool_of(round, pending.call.name)
        waiting = [pending for pending in round.open if pending.state == "open"]
        ways = {pending: await self._way(round, pending) for pending in waiting} if whole else {}
        if any(isinstance(way, str) for way in ways.values()):
            return
        async with asyncio.TaskGroup() as tasks:
            for pending in waiting:
                tasks.create_task(self._answer(round, pending, ways.get(pending)))

    async def _answer(self, round: Round, pending: Pending, way: Way | None) -> None:
        """Let the canned rules or the command of a call's tool answer it; by hand, nothing happens here."""
        if pending.state != "open":
            return
        if way is None and (pending.kind != "command" or self.rule_for(pending) is not None):
            way = await self._way(round, pending)  # which reads no file then
        if not isinstance(way, str) and self._session.is_deleted(round.node.conversation_id):
            way = DELETED  # nobody would see it asking
        if isinstance(way, str):
            pending.note = "" if pending.kind == "hand" else f"Not answered: {way}."
            if pending.note:
                self._changed(round)
            return
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 - a coroutine always runs in one
        pending.state, pending.note = "running", ""
        self._running[pending] = task, None
        self._changed(round)
        try:
            if isinstance(way, tuple):
                await self._canned(pending, *way)
            else:
                await self._command(round, pending, task, way)
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
        text = failure_text(rule.error) if rule.error else text_of(rule.result)
        await _take(pending, Outcome(text, bool(rule.error)), f"rule {number}")

    async def _command(self, round: Round, pending: Pending, task: asyncio.Task[Any], plan: Plan | None) -> None:
        try:
            async with self._asking[round.node.conversation_id]:  # first, so that they ask in the order of the calls
                plan = plan or await self._planned(round, pending)
                await self._ask(round, pending, plan)
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
        await _take(pending, outcome)

    async def _planned(self, round: Round, pending: Pending) -> Plan:
        """Return the command of a call's tool as it would be run; raises CannotRun."""
        tools = self._session.tools
        one = None if tools is None else tools.named(pending.call.name, round.node.conversation_id)
        if one is None or one.tool.responder.command is None or one.tool.responder.kind != "command":
            raise CannotRun("The tool's file names no command.")
        if not _is_json(pending):
            raise CannotRun("The arguments are not JSON: the command was not run. Edit them, or answer by hand.")
        command, is_withheld = one.tool.responder.command, self._session.store.is_withheld
        return await asyncio.to_thread(planned, command, one.path, self._environ, is_withheld)

    async def _ask(self, round: Round, pending: Pending, plan: Plan) -> None:
        """Ask unless exactly this was allowed for the conversation, until the program ends; raises CannotRun."""
        key = (round.node.conversation_id, plan.digest)
        if self.allows_all or key in self._approved:
            return
        said = "refuse" if self.approve is None else await self.approve(round, pending, plan)
        if said == "refuse":
            raise CannotRun("The command was not allowed to run.")
        if said == "conversation":
            self._approved.add(key)
        if await self._planned(round, pending) != plan:
            raise CannotRun("The command changed while you were asked: it was not run. Let it answer again.")

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


async def _take(pending: Pending, outcome: Outcome, rule: str = "") -> None:
    """Take what answered a call; its result is checked in a thread."""
    fault = "" if outcome.is_error else await asyncio.to_thread(pending.fault_of, outcome.text)
    pending.result, pending.is_error, pending.state = outcome.text, outcome.is_error, "answered"
    pending.rule, pending.by_hand = rule, False
    pending.note = " ".join(filter(None, (outcome.note, fault)))


def _is_json(pending: Pending) -> bool:
    """Whether the arguments of a call can be read; no text at all counts as no arguments."""
    return is_json(pending.call.arguments.strip() or "{}")
