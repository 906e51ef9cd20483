"""Rounds of tool calls: what answers them here, changing them before they go back, and the loop that goes on by itself.

A round is a message with calls at the end of the current branch. Results go back as messages under it; where calls were
changed they go back under a sibling of the model's message, which stays in the tree as it came. Every call that goes
back is answered exactly once.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from meshtui.core.calls.rounds import (
    ADDED,
    answers,
    next_choice,
    next_request,
)
from meshtui.core.chat import Message, ToolCall
from meshtui.core.text import one_line
from meshtui.core.turn import Turn, TurnState
from meshtui.session.per_conversation import PerConversation
from meshtui.session.round import Pending, Round
from meshtui.session.round_changes import LONGEST_KEPT, RoundChanges
from meshtui.store.history import MovedOn, Node, StoreError

if TYPE_CHECKING:
    from meshtui.session.gateway import Target
    from meshtui.session.session import Session

KEEP_SECONDS = 0.5
"""How long what is typed into a result may be in memory only."""

DEFAULT_LIMIT = 5
"""Rounds that go on by themselves where the user switches that on and names no number."""

ELSEWHERE = (
    "This conversation went on in another window meanwhile, so nothing was sent."
    " Open it again; from its calls these results can still go back."
)


class OpenCalls(Exception):
    """Results cannot go back yet; one sentence says which calls have none."""


class Rounds(RoundChanges):
    """The rounds of one session.

    `on_change` is told of a round that changed, `on_turn` of a round whose results the loop brings back, and of the
    turn that does it.
    """

    def __init__(self, session: Session, environ: Mapping[str, str] = os.environ) -> None:
        super().__init__(session, environ)
        self.on_change: Callable[[Round], None] = lambda round: None
        self.on_turn: Callable[[Round, Turn], None] = lambda round, turn: None
        self._automatic = PerConversation(session, "rounds automatic", 0)
        self._rounds: dict[str, Round] = {}
        self._due: dict[str, asyncio.TimerHandle] = {}

    # Automatic, or stop at each round

    @property
    def automatic(self) -> int:
        """How many rounds go on by themselves in this conversation; 0 stops before each."""
        return _limit(self._automatic.value)

    def set_automatic(self, limit: int) -> None:
        """Let so many rounds go on by themselves in this conversation and in new ones; 0 stops before each."""
        self._automatic.put(max(limit, 0))

    def settle(self) -> None:
        """Something is sent: this conversation stays with what holds now."""
        self._automatic.settle()

    # Finding a round

    def round_of(self, turn: Turn) -> Round | None:
        """Return the round of a turn that has ended, where its calls are the end of the branch; else None."""
        found = self.current() if turn.ended else None
        return found if found is not None and found.node.turn_id == turn.id else None

    def current(self) -> Round | None:
        """Return the round at the end of the current branch; None where it ends with anything else."""
        return self._round_at(self._session.nodes[-1] if self._session.nodes else None)

    def running(self) -> Round | None:
        """Return the round at the end of the current branch where something answers its calls; else None."""
        round = self._rounds.get(self._session.nodes[-1].id) if self._session.nodes else None
        return round if round is not None and any(one.state == "running" for one in round.calls) else None

    def _round_at(self, node: Node | None) -> Round | None:
        if node is None or node.role != "assistant" or (node.turn is not None and not node.turn.ended):
            return None
        if node.id not in self._rounds:
            if not node.message.tool_calls or (source := self._source(node)) is None:
                return None
            self._rounds[node.id] = self._restored(Round(node, source)) or self._begun(Round(node, source), {})
        return self._rounds[node.id]

    def _is_shown(self, conversation_id: str) -> bool:
        here = self._session.conversation
        return here is not None and here.id == conversation_id

    def _round_in(self, conversation_id: str) -> Round | None:
        """Return the round at the end of a conversation, shown or not; None where it ends otherwise or is deleted."""
        if self._is_shown(conversation_id):
            return self.current()
        store = self._session.store
        found = store.conversation(conversation_id)
        if found is None or found.head_id is None or found.deleted_at is not None:
            return None
        return self._round_at(store.node(found.head_id))

    def reopen(self, node: Node) -> Round | None:
        """Go back to a message with calls and open its round, with the results as they were; raises StoreError.

        What was typed into it since stays. What goes on from there is another branch; the one that was left stays in
        the tree.
        """
        nodes = self._session.nodes
        place = next((number for number, one in enumerate(nodes) if one.id == node.id), None)
        given = answers([one.message for one in nodes[place + 1 :]]) if place is not None else {}
        source = self._source(node)
        if source is None or not node.message.tool_calls:
            return None
        self._session.show_branch(node.id)
        known = self._rounds.get(node.id) or self._restored(Round(self._session.nodes[-1], source))
        round = known or self._begun(Round(self._session.nodes[-1], source), given)
        self._rounds[node.id] = round
        self._changed(round)
        return round

    def _source(self, node: Node) -> Turn | None:
        """Return the turn that made a message; of one that was edited here, the turn that made what it was."""
        if node.turn is not None:
            return node.turn
        ids = {call.id for call in node.message.tool_calls}
        found = None
        for sibling in self._session.siblings(node.id):
            if sibling.turn is not None and (
                found is None or any(call.id in ids for call in sibling.message.tool_calls)
            ):
                found = sibling.turn
        return found

    def _begun(self, round: Round, given: Mapping[str, Message]) -> Round:
        originals = _originals(round)
        for call in round.node.message.tool_calls:
            pending = Pending(call, self.tool_of(round, call.name), originals.get(call.id))
            if call.id in given:
                pending.answer_as(given[call.id])
            elif pending.kind == "hand":
                pending.result = self.suggestion(pending)
            round.calls.append(pending)
        return round

    def _changed(self, round: Round) -> None:
        self._keep_soon(round)
        self.on_change(round)

    # Going on

    def go_on(self, round: Round, model: str | None = None, target: Target | None = None) -> Turn:
        """Begin the turn that brings the results back; `session.run` then sends it, to a `target` where one is named.

        Raises OpenCalls where a call has no result, none is left, or the conversation went on without them;
        StoreError where nothing could be written.
        """
        conversation_id = round.node.conversation_id
        if self._round_in(conversation_id) is not round:
            raise OpenCalls("The conversation went on without these results: go back to the calls to send them.")
        if round.open:
            names = ", ".join(one_line(pending.call.name, 40) for pending in round.open)
            raise OpenCalls(f"There is no result yet for {names}: answer or drop it.")
        if not round.kept:
            raise OpenCalls("All calls are dropped: there is nothing to bring back. Keep or add one, or retry.")
        session, said = self._session, round.results()
        edited = round.is_edited
        asked = round.source.request
        request: Mapping[str, Any] = next_request(asked, [round.message(), *said])
        if session.tools is not None:
            request = session.tools.renewed(request, conversation_id)
        if model:
            request = {**request, "model": model}
        after = round.node.parent_id if edited else round.node.id
        said = [round.message(), *said] if edited else said
        try:
            turn = session.begin_after(conversation_id, after, request, said, target, head=round.node.id)
        except MovedOn:
            raise OpenCalls(ELSEWHERE) from None
        if (choice := asked.get("tool_choice")) != next_choice(choice):
            session.on_notice("The tool choice forced a call; the model may choose from now on in these rounds.")
        self._forget(round)
        return turn

    def _forget(self, round: Round) -> None:
        """The round is answered: keep the results by hand for the next time, and what was typed into dropped calls."""
        for pending in round.kept:
            is_ours = pending.kind == "hand" and pending.by_hand and not pending.is_error
            if is_ours and len(pending.result) <= LONGEST_KEPT:
                self._session.keep_quietly(f"tool result {pending.call.name}", pending.result)
        self._keep(round.node.id)
        self._rounds.pop(round.node.id, None)
        if len(round.kept) == len(round.calls):
            self._session.keep_quietly(f"round {round.node.id}", None)

    async def drive(self, turn: Turn, retries: int = 0, limit: int | None = None, *, whole: bool = False) -> Turn:
        """Run a turn, then answer its calls and go on, for so many rounds; return the last turn.

        It goes on whatever conversation is shown meanwhile, to the gateway to which the turn went. Without a `limit`
        the conversation's own holds. It ends before that where a call has no answer; with `whole` none of the calls of
        such a round is answered, so that no command runs in vain.
        """
        session = self._session
        here, target = session.place_of(turn)
        await session.run(turn, retries)
        limit = _limit(self._automatic.value_of(here)) if limit is None else limit
        try:
            for _ in range(limit):
                round = self._round_after(turn, here)
                if round is None or not await self._is_filled(round, whole):
                    return turn
                turn = self.go_on(round, target=target)
                self.on_turn(round, turn)
                await session.run(turn, retries)
            if limit and self._round_after(turn, here) is not None:
                self._say(
                    here, f"The limit of {limit} round{'s' * (limit > 1)} is reached: the last calls wait for you."
                )
        except (OpenCalls, StoreError) as error:
            self._say(here, str(error))
        return turn

    def _round_after(self, turn: Turn, conversation_id: str) -> Round | None:
        """Return the round of a turn that is done, where its calls are the end of its conversation."""
        found = self._round_in(conversation_id) if turn.state is TurnState.DONE else None
        return found if found is not None and found.node.turn_id == turn.id else None

    async def _is_filled(self, round: Round, whole: bool) -> bool:
        """Let the calls of a round be answered; return whether it can go on by itself, and say why where it cannot."""
        here = round.node.conversation_id
        await self.fill(round, whole=whole)
        if self._session.is_deleted(here):
            self._say(here, "The conversation was deleted: nothing went back to the model.")
            return False
        if self._round_in(here) is not round:
            self._say(here, "The conversation went on without the results of its calls: they were not sent.")
            return False
        if round.open or not round.kept:
            if not self._is_shown(here):
                self._say(here, "Its calls wait for you.")
            return False
        if reached := self._session.over_budget(conversation_id=here):
            self._say(here, f"{reached} The results were not sent.")
            return False
        return True

    def _say(self, conversation_id: str, sentence: str) -> None:
        """Tell of a conversation, by its title where it is not the one that is shown."""
        if not self._is_shown(conversation_id):
            found = self._session.store.conversation(conversation_id)
            title = one_line(found.title, 40) if found is not None else ""
            sentence = f"“{title or 'untitled'}”: {sentence}"
        self._session.on_notice(sentence)

    def stop_all(self, conversation_id: str) -> None:
        """Stop everything that answers calls in a conversation, shown or not."""
        for round in list(self._rounds.values()):
            if round.node.conversation_id == conversation_id:
                self.stop(round)

    def close(self) -> None:
        """Stop everything and keep what was typed, at once and synchronously."""
        for _, run in self._running.values():
            if run is not None:
                run.stop()
        self._threads.shutdown(wait=False, cancel_futures=True)
        for id in list(self._due):
            self._keep(id)

    # On disk

    def _keep_soon(self, round: Round) -> None:
        id = round.node.id
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            self._keep(id)
            return
        if id not in self._due:
            self._due[id] = loop.call_later(KEEP_SECONDS, self._keep, id)

    def _keep(self, id: str) -> None:
        due, round = self._due.pop(id, None), self._rounds.get(id)
        if due is not None:
            due.cancel()
        if round is not None:
            self._session.keep_quietly(f"round {id}", [one.to_json() for one in round.calls])

    def _restored(self, round: Round) -> Round | None:
        """Return the round as it was kept before the program ended, None where nothing was."""
        rows: Any = self._session.recall(f"round {round.node.id}")
        if not isinstance(rows, list) or not rows:
            return None
        originals = _originals(round)
        for row in rows:
            pending = Pending.from_json(row, originals)
            pending.tool = self.tool_of(round, pending.call.name)
            round.calls.append(pending)
        return round


def _originals(round: Round) -> dict[str, ToolCall]:
    """Return the calls as the model made them, by their ids, also where the message of the round was edited here."""
    own = {call.id: call for call in round.node.message.tool_calls if ADDED not in call.notes}
    return {**own, **{call.id: call for call in round.source.reply().tool_calls}}


def _limit(kept: Any) -> int:
    return kept if isinstance(kept, int) and kept > 0 else 0
