"""Sending, running, stopping and repeating turns.

`run` drives send, retry and headless turns alike. Nothing about HTTP is known here beyond the `Gateway`
protocol, nothing about Textual at all. Views are told that a turn changed and pull what they need.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from meshtui.core.attachments import NotAttachable, check_size, content_of
from meshtui.core.chat import Draft, Message, sealed
from meshtui.core.problem import Problem, ProblemKind
from meshtui.core.turn import Delta, MediaDelta, Opened, Turn, TurnState
from meshtui.session.attaching import Attaching
from meshtui.session.gateway import Gateway, Route, Target
from meshtui.session.retry_queue import RetryQueue, can_wait, needs_asking, retry_wait
from meshtui.session.rounds import Rounds
from meshtui.store.catalogues import Catalogues
from meshtui.store.history import Node, Store, StoreError

if TYPE_CHECKING:
    from meshtui.session.templates import Templates
    from meshtui.session.tools import Tools

CHECKPOINT_SECONDS = 1.0
"""How much of a streamed answer a killed process may lose (design, section 7, promise 1)."""


def new_id() -> str:
    """Return a fresh id: 26 characters that sort by time (48 bits of milliseconds, 80 random bits)."""
    value = (time.time_ns() // 1_000_000) << 80 | secrets.randbits(80)
    return "".join("0123456789ABCDEFGHJKMNPQRSTVWXYZ"[value >> shift & 31] for shift in range(125, -1, -5))


class Session(Attaching):
    """One user's work on one store through one gateway.

    `draft` is what the next message goes out with: model, parameters, tools; `attached` goes with it. `on_change`
    is called with a turn whenever something of it changed, and with the delta where one did it; `on_notice` with
    a sentence that concerns no single turn. `waits` says of turns that are to be sent again when that will be, in
    seconds since the epoch.
    """

    def __init__(
        self,
        store: Store,
        target: Target,
        *,
        catalogues: Catalogues | None = None,
        now: Callable[[], float] = time.time,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Any] = asyncio.sleep,
    ) -> None:
        super().__init__(store, target, catalogues, now, sleep)
        self.attached = []
        self.templates: Templates | None = None
        self.tools: Tools | None = None
        self.rounds = Rounds(self)
        self.waits: dict[str, float] = {}
        self.on_change: Callable[[Turn, Delta | None], None] = lambda turn, delta: None
        self._clock = clock
        self._targets: dict[str, Target] = {}
        self._places: dict[str, str] = {}
        self._shared: dict[str, Gateway] = {}
        self._work: asyncio.Task[Any] | None = None
        self._refused_at: dict[str, Target] = {}
        self._tasks: dict[str, asyncio.Task[Any]] = {}
        self._started: dict[str, float] = {}
        self._due: dict[str, asyncio.TimerHandle] = {}
        self.queue = RetryQueue(self, now=now, clock=clock)
        self.queue.on_notice = lambda sentence: self.on_notice(sentence)

    # What is about to be sent

    def open(self, conversation_id: str | None = None) -> list[Node]:
        """Make a conversation current, with the model that answered last in the branch it shows."""
        nodes = super().open(conversation_id)
        last = next((node.turn for node in reversed(nodes) if node.turn is not None), None)
        if last is not None and last.model:
            self.draft = replace(self.draft, model=last.model)
        self.ready_draft()
        return nodes

    def new(self) -> None:
        """Begin an empty conversation, with the tools that were on last."""
        super().new()
        self.ready_draft()

    def delete(self, conversation_id: str) -> None:
        """Put a conversation out of the list and end what waits in it; `restore` brings it back without that."""
        super().delete(conversation_id)
        self.queue.drop_conversation(conversation_id)
        self.rounds.stop_all(conversation_id)

    def ready_draft(self, *, sending: bool = False) -> Draft:
        """Return the draft with the tools of this conversation as their files are now; `sending` saves their edits."""
        if self.tools is not None and sending:
            self.tools.ready()
        elif self.tools is not None:
            self.tools.apply()
        return self.draft

    def messages(self) -> list[Message]:
        """Return the messages of the current branch as they count for the next request."""
        return [self.live[n.turn_id].reply() if n.turn_id in self.live else n.message for n in self.nodes]

    # One turn

    def say(self, text: str, instead_of: str | None = None) -> Turn:
        """Send what the user typed with what is attached, the model and the parameters of the draft; see `send`.

        With `instead_of`, the id of a message of this branch, it becomes a sibling of that message.
        Raises NotAttachable where the attachments together pass the gateway's limit.
        """
        draft, branch = self.drafted(text), self.nodes
        ids = [node.id for node in branch]
        if instead_of in ids:
            self.nodes = branch[: ids.index(instead_of)]
        try:
            if self.attached:
                check_size(self.attached, self.size_of_files(self.messages()))
            turn = self.send(draft)
        except (StoreError, NotAttachable):
            self.nodes = branch
            raise
        self.attached.clear()
        self.quietly(lambda: self.remember(text))
        return turn

    def drafted(self, text: str) -> Draft:
        """Return the draft with a message of this text and what is attached; raises NotAttachable."""
        check_size(self.attached)
        draft = replace(self.ready_draft(sending=True), messages=(Message("user", content_of(text, self.attached)),))
        first = next((node.turn for node in self.nodes if node.turn is not None), None)
        if first is not None and isinstance(name := first.request.get("template"), str):
            # The gateway put the beginning of this branch in, and must do so again.
            return replace(draft, template=name, variables=first.request.get("variables") or {})
        return draft

    def send(self, draft: Draft) -> Turn:
        """Put the draft's messages and its turn on disk; `run` then sends it.

        Raises StoreError where nothing could be written: then nothing was sent either.
        """
        turn = self._turn(draft.request(self.messages()), self.nodes[-1].id if self.nodes else None)
        return self._begin(turn, self.nodes, [message for message in draft.messages if message.role != "system"])

    def begin_anew(self, draft: Draft) -> Turn:
        """Begin a branch of its own in the current conversation: nothing said before counts; `run` then sends it.

        Its system messages become part of the branch, so that they count for what is said after. Raises StoreError.
        """
        return self._begin(self._turn(draft.request(), None), [], draft.messages)

    def retry(self, turn: Turn, model: str | None = None) -> Turn:
        """Begin the same request again as a sibling of `turn`, with another model where one is named.

        Tools go out as they are now, where this conversation decides on them.
        """
        request = turn.request if self.tools is None else self.tools.renewed(turn.request)
        return self.beside(turn, {**request, "model": model} if model else request)

    def beside(self, turn: Turn, request: Mapping[str, Any]) -> Turn:
        """Begin another request as a sibling of `turn`: another answer to the same message."""
        return self._begin(self._turn(request, turn.parent_id), self._branch_to(turn.parent_id), [])

    def _branch_to(self, node_id: str | None) -> Sequence[Node]:
        ids = [node.id for node in self.nodes]
        return self.nodes[: ids.index(node_id) + 1] if node_id in ids else []

    def begin_after(
        self,
        conversation_id: str,
        node_id: str | None,
        request: Mapping[str, Any],
        said: Sequence[Message],
        target: Target | None = None,
        head: str | None = None,
    ) -> Turn:
        """Begin a request after a message of a conversation, of this branch where it is the current one.

        Further messages stand between. It goes to a `target` where one is named; raises StoreError. With a `head`
        raises MovedOn where the conversation does not end with that message any more.
        """
        turn, before = self._turn(request, node_id, target), self._branch_to(node_id)
        if self.conversation is not None and self.conversation.id == conversation_id and (before or node_id is None):
            return self._begin(turn, before, said, head)
        self.store.begin(turn, conversation_id, [(new_id(), message) for message in said], new_id(), head)
        self.live[turn.id], self._places[turn.id] = turn, conversation_id
        if said:
            self.queue.drop_conversation(conversation_id)
        self.on_change(turn, None)
        return turn

    def repeat(self, turn: Turn, conversation_id: str, target: Target) -> Turn:
        """Begin a request again through its own target, in a conversation that need not be the current one."""
        return self.begin_after(conversation_id, turn.parent_id, turn.request, [], target)

    def place_of(self, turn: Turn) -> tuple[str, Target]:
        """Return the conversation of a turn that has not ended, and where it goes."""
        return self._places.get(turn.id, ""), self._targets.get(turn.id, self.target)

    def share(self, turn: Turn, gateway: Gateway) -> None:
        """Let a turn that has not begun read its part of a request that serves several; nothing of its own leaves."""
        self._shared[turn.id] = gateway

    def wait_for(self, turn: Turn, conversation_id: str | None = None) -> None:
        """Send a turn again when the limit that refused it allows that; of this conversation where none is named."""
        here = conversation_id or (self.conversation.id if self.conversation is not None else None)
        if here is not None and turn.ended:
            self.queue.add(turn, here, self._refused_at.get(turn.id, self.target))

    def wait_where_set(self, turn: Turn, conversation_id: str | None) -> None:
        """Let a turn that a minute's limit refused wait by itself, where the user set that."""
        problem = turn.problem
        if self.on_rate_limit == "queue" and problem is not None and can_wait(problem):
            if conversation_id is not None and not needs_asking(problem) and not self.is_deleted(conversation_id):
                self.wait_for(turn, conversation_id)

    async def run_queued(self, turn: Turn, conversation_id: str) -> None:
        """Run a turn that waited, and the rounds that go on by themselves in its conversation."""
        last = await self.rounds.drive(turn)
        if last is not turn:
            self.wait_where_set(last, conversation_id)

    async def work(self) -> None:
        """Do what happens behind the screen: keep the books, send what waits. Runs until it is cancelled."""
        self._work = asyncio.current_task()
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self.keep_books())
            tasks.create_task(self.queue.run())

    def _turn(self, request: Mapping[str, Any], parent_id: str | None, target: Target | None = None) -> Turn:
        profile = (target or self.target).profile
        turn = Turn(new_id(), request, parent_id=parent_id, profile=profile, started_at=self._now())
        if target is not None:
            self._targets[turn.id] = target
        return turn

    def _begin(self, turn: Turn, before: Sequence[Node], said: Sequence[Message], head: str | None = None) -> Turn:
        said_nodes, reply_id = [(new_id(), message) for message in said], new_id()
        self.conversation = self.store.begin(turn, self.conversation or new_id(), said_nodes, reply_id, head)
        nodes, parent_id, here = list(before), before[-1].id if before else None, self.conversation.id
        for id, message in said_nodes:
            nodes.append(Node(id, parent_id, here, message.role, None, turn.started_at, message, None))
            parent_id = id
        columns = (reply_id, parent_id, here, "assistant", turn.id, turn.started_at)
        self.nodes = [*nodes, Node.stored(columns, turn.reply, lambda: turn)]
        self.live[turn.id], self._places[turn.id] = turn, here
        self._targets.setdefault(turn.id, self.target)
        self.queue.drop_conversation(here)
        if self.tools is not None:
            self.tools.settle()
        self.on_change(turn, None)
        return turn

    async def run(self, turn: Turn, retries: int = 0, *, quiet: bool = False) -> None:
        """Drive one turn to its end. The only streaming path: send, retry and headless turns all come here.

        Up to `retries` times a request that failed before anything of a reply arrived is sent again, never
        earlier than the gateway allowed. Expected failures end the turn with a problem and return. `quiet` leaves
        it to `waits` to tell of another try.
        """
        if turn.ended:
            return
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 - a coroutine always runs in one
        allowance, shared = self.allowance(self._targets.get(turn.id)), self._shared.get(turn.id)
        if shared is None:
            allowance.leave(turn.id)
        self._tasks[turn.id] = task
        self._started[turn.id] = self._clock()
        try:
            turn.sent()
            self.on_change(turn, None)
            gateway = shared or await self.gateway(self._targets.get(turn.id))
            self._started[turn.id] = self._clock()  # what making the client took is no time of the gateway's
            for attempt in range(retries + 1):
                try:
                    await self._stream(gateway, turn)
                    break
                except Problem as problem:
                    if problem.kind is ProblemKind.RATE_LIMIT and problem.retry_after_seconds is not None:
                        allowance.refuse(problem.retry_after_seconds, self._now())
                    wait = retry_wait(problem, attempt)
                    if turn.has_output or attempt == retries or wait is None:
                        raise
                    if not quiet:
                        self.on_notice(f"{str(problem).rstrip('.')}. Trying again in {wait:.0f} s.")
                    await self._wait_to_repeat(turn, wait)
                    allowance.leave(turn.id)
            self._end(turn, TurnState.DONE)
        except asyncio.CancelledError:
            self._end(turn, TurnState.STOPPED)  # synchronous: nobody awaits us at exit
            raise
        except Problem as problem:
            self._end(turn, TurnState.FAILED, problem)
        except Exception as error:
            self._end(turn, TurnState.FAILED, Problem.bug(error))
            raise
        finally:
            self._tasks.pop(turn.id, None)
            allowance.settle(turn.id)

    async def _wait_to_repeat(self, turn: Turn, seconds: float) -> None:
        self.waits[turn.id] = self._now() + seconds
        self.on_change(turn, None)
        try:
            await self._sleep(seconds)
        finally:
            del self.waits[turn.id]

    async def _stream(self, gateway: Gateway, turn: Turn) -> None:
        started, request = self._started[turn.id], turn.request
        if turn.id not in self._shared:
            self.note_sent(self._targets.get(turn.id))
        request = await self._with_files(request)
        async with aclosing(gateway.stream(request, stream=bool(request.get("stream")))) as deltas:
            async for delta in deltas:
                if isinstance(delta, Opened):
                    target = self._targets.get(turn.id)
                    self.allowance(target).settle(turn.id)
                    self.note_headers(target, delta.headers)
                elif isinstance(delta, MediaDelta):
                    delta = MediaDelta(self._taken_in(delta.part))
                turn.apply(delta, self._clock() - started)
                if turn.id not in self._due:
                    loop = asyncio.get_running_loop()
                    self._due[turn.id] = loop.call_later(CHECKPOINT_SECONDS, self._checkpoint, turn)
                self.on_change(turn, delta)
        if not turn.has_output and turn.finish_reason in (None, "stop"):
            empty = "The gateway ended the answer without a word."
            raise Problem(ProblemKind.EMPTY, "empty_reply", empty, status=turn.status, request_id=turn.request_id)

    def stop(self, turn: Turn) -> None:
        """End a turn that is waiting or streaming; what arrived of it is kept."""
        task = self._tasks.get(turn.id)
        if task is not None:
            task.cancel()
        else:
            self._end(turn, TurnState.STOPPED)

    def refuse(self, turn: Turn, problem: Problem) -> None:
        """End a turn that was not sent, and say why."""
        if turn.id not in self._tasks:
            self._end(turn, TurnState.FAILED, problem)

    def note_billed(self, turn: Turn) -> None:
        """Show the bill of a turn."""
        self.on_change(turn, None)

    def close(self) -> None:
        """Stop every live turn, at once and synchronously: their text is on disk when this returns."""
        self.rounds.close()
        for turn in list(self.live.values()):
            self._end(turn, TurnState.STOPPED)
        if self._work is not None:
            self._work.cancel()
        self.store.close()

    def _checkpoint(self, turn: Turn) -> None:
        self._due.pop(turn.id, None)
        if turn.ended:
            return
        try:
            self.store.checkpoint(turn)
        except StoreError as error:
            self.on_notice(str(error))

    def _end(self, turn: Turn, state: TurnState, problem: Problem | None = None) -> None:
        started = self._started.pop(turn.id, None)
        if not turn.end(state, 0.0 if started is None else self._clock() - started, self._now(), problem):
            return
        due = self._due.pop(turn.id, None)
        if due is not None:
            due.cancel()
        try:
            self.note_end(turn, self._targets.get(turn.id))
            self.store.finish(turn)
        except StoreError as error:
            self.on_notice(str(error))
        self.live.pop(turn.id, None)
        self._shared.pop(turn.id, None)
        self._places.pop(turn.id, None)
        target = self._targets.pop(turn.id, self.target)
        if can_wait(problem):
            self._refused_at[turn.id] = target
        self.on_change(turn, None)

    async def ask_router(self, text: str) -> Route:
        """Ask which model `auto` would become for a message, without sending it; raises Problem."""
        messages = sealed([*self.messages(), Message("user", text)])
        return await (await self.gateway()).route([message.to_wire() for message in messages])
