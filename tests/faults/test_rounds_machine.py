"""Rounds of calls, whatever is done in any order: each call that is sent is answered once, nothing typed is lost."""

from __future__ import annotations

import asyncio
import json
import tempfile
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from meshtui.core.turn import Turn, TurnState
from meshtui.sandbox import Sandbox, Settings
from meshtui.session import OpenCalls, Pending, Round
from tests.calls import calling, saying
from tests.rounds import CITY, put, turn_on
from tests.workbench import new_session, until

TEXTS = st.sampled_from(["", "rain", '{"degrees": 3}', "{half", " ", "sonnig ☀"])
ARGUMENTS = st.sampled_from(['{"city": "Oslo"}', '{"city": "Rome"}', "{broken", "", "null"])
NAMES = st.sampled_from(["by_hand", "canned", "unknown"])
CALLED = st.lists(NAMES, max_size=3) | st.just(["by_hand", "canned"])
PLACE = st.integers(0, 5)


def faults_of(messages: list[dict[str, Any]]) -> list[str]:
    """What is wrong with a request: each call has one result, right behind its message, and no result has no call."""
    waiting: list[str] = []
    faults: list[str] = []
    for message in messages:
        if message["role"] == "tool":
            if message["tool_call_id"] not in waiting:
                faults.append(f"{message['tool_call_id']} is answered, but not waited for")
            else:
                waiting.remove(message["tool_call_id"])
            continue
        faults += [f"{id} is not answered" for id in waiting]
        waiting = [call["id"] for call in message.get("tool_calls") or ()]
        if len(set(waiting)) != len(waiting):
            faults.append("two calls have one id")
    return [*faults, *(f"{id} is not answered" for id in waiting)]


class Rounds(RuleBasedStateMachine):
    """A user who does anything at all; `typed` and `arguments` are what stands in the open calls by node and call."""

    box: Sandbox

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.folder = tempfile.TemporaryDirectory()
        self.home = Path(self.folder.name)
        put(self.home, "by_hand", CITY)
        put(self.home, "canned", CITY, responder={"rules": [{"when": {"city": "Rome"}, "result": "ruled"}]})
        self.session = new_session(self.home, self.box.url, "sandbox/tools")
        turn_on(self.session, "by_hand", "canned")
        self.seen = len(self.box.requests)
        self.typed: dict[tuple[str, str], str] = {}
        self.arguments: dict[tuple[str, str], str] = {}
        self.leaves: list[str] = []
        self.found: Round | None = None

    def teardown(self) -> None:
        self.session.close()
        self.wait(self.session.aclose())
        self.loop.close()
        self.folder.cleanup()

    def wait(self, work: Coroutine[Any, Any, Any]) -> Any:
        return self.loop.run_until_complete(work)

    def run(self, turn: Turn) -> None:
        self.wait(self.session.run(turn))
        assert turn.state is TurnState.DONE, turn.problem
        self.settle()

    def settle(self) -> None:
        """Look which round is open now."""
        self.found = self.session.rounds.current()
        if self.session.nodes:
            self.leaves.append(self.session.nodes[-1].id)

    def answer(self, names: list[str]) -> None:
        """Let the next answer call these tools, or none."""
        calls = [(name, '{"city": "Rome"}') for name in names]
        self.box.script(calling(*calls) if calls else saying("Fine."))

    @property
    def round(self) -> Round:
        assert self.found is not None
        return self.found

    def pending(self, place: int) -> Pending:
        return self.round.calls[place % len(self.round.calls)]

    def key(self, pending: Pending) -> tuple[str, str]:
        return self.round.node.id, pending.call.id

    @property
    def is_open(self) -> bool:
        return self.found is not None and bool(self.found.calls)

    # Conversations

    @initialize(names=st.lists(NAMES, min_size=1, max_size=3))
    def begin(self, names: list[str]) -> None:
        self.say(names)

    @rule(names=CALLED)
    def say(self, names: list[str]) -> None:
        self.answer(names)
        self.run(self.session.say("next"))

    @rule()
    def say_and_stop(self) -> None:
        """Stop an answer between two calls."""
        self.box.script(calling(("by_hand", '{"city": "Oslo"}'), ("by_hand", ['{"ci', 'ty": 1}']), pause=0.02))

        async def stopped() -> None:
            turn = self.session.say("stop this")
            running = asyncio.get_running_loop().create_task(self.session.run(turn))
            await until(lambda: turn.reply().tool_calls or turn.ended, "a call")
            self.session.stop(turn)
            await asyncio.wait([running])

        self.wait(stopped())
        self.settle()

    @precondition(lambda self: any(node.turn_id for node in self.session.nodes))
    @rule(names=CALLED)
    def retry(self, names: list[str]) -> None:
        turn = next(node.turn for node in reversed(self.session.nodes) if node.turn is not None)
        self.answer(names)
        self.run(self.session.retry(turn))

    @precondition(lambda self: self.leaves)
    @rule(place=PLACE)
    def other_branch(self, place: int) -> None:
        self.session.show_branch(self.leaves[-1 - place % len(self.leaves)])
        self.settle()

    @precondition(lambda self: any(node.message.tool_calls for node in self.session.nodes))
    @rule(place=PLACE)
    def go_back(self, place: int) -> None:
        calling = [node for node in self.session.nodes if node.message.tool_calls]
        assert self.session.rounds.reopen(calling[place % len(calling)]) is not None
        self.settle()

    @rule()
    def restart(self) -> None:
        here = self.session.conversation
        self.session.close()
        self.wait(self.session.aclose())
        self.session = new_session(self.home, self.box.url, "sandbox/tools")
        if here is not None:
            self.session.open(here.id)
        else:
            turn_on(self.session, "by_hand", "canned")
        self.settle()

    # A round

    @precondition(lambda self: self.is_open)
    @rule(place=PLACE, text=TEXTS)
    def type(self, place: int, text: str) -> None:
        pending = self.pending(place)
        self.session.rounds.type_result(self.round, pending, text)
        self.typed[self.key(pending)] = text

    @precondition(lambda self: self.is_open)
    @rule(place=PLACE, text=ARGUMENTS)
    def edit(self, place: int, text: str) -> None:
        pending = self.pending(place)
        self.session.rounds.edit_arguments(self.round, pending, text)
        self.arguments[self.key(pending)] = text

    @precondition(lambda self: self.is_open)
    @rule(place=PLACE)
    def drop(self, place: int) -> None:
        self.session.rounds.drop(self.round, self.pending(place))

    @precondition(lambda self: self.is_open)
    @rule(place=PLACE)
    def take_up(self, place: int) -> None:
        self.session.rounds.take_up(self.round, self.pending(place))

    @precondition(lambda self: self.is_open)
    @rule(place=PLACE)
    def reset(self, place: int) -> None:
        pending = self.pending(place)
        self.session.rounds.reset(self.round, pending)
        self.arguments.pop(self.key(pending), None)

    @precondition(lambda self: self.is_open)
    @rule(name=NAMES)
    def add(self, name: str) -> None:
        if len(self.round.calls) < 5:
            self.session.rounds.add(self.round, name)

    @precondition(lambda self: self.is_open)
    @rule()
    def accept(self) -> None:
        self.session.rounds.accept(self.round)

    @precondition(lambda self: self.is_open)
    @rule()
    def fill(self) -> None:
        """Let rules answer; what was typed and is to be answered by a rule now is the user's own doing."""
        waiting = [one for one in self.round.open if self.session.rounds.rule_for(one) is not None]
        self.wait(self.session.rounds.fill(self.round))
        for pending in waiting:
            assert pending.result == "ruled"
            self.typed.pop(self.key(pending), None)

    @precondition(lambda self: self.is_open)
    @rule(names=CALLED, texts=st.lists(TEXTS.filter(bool), min_size=1, max_size=3), twice=st.booleans())
    def answer_all_and_go_on(self, names: list[str], texts: list[str], twice: bool) -> None:
        for place, pending in enumerate(self.round.calls):
            if pending.state == "open":
                self.type(place, texts[place % len(texts)])
                self.session.rounds.accept(self.round)
        self.go_on(names, twice)

    @precondition(lambda self: self.is_open)
    @rule(names=CALLED, twice=st.booleans())
    def go_on(self, names: list[str], twice: bool) -> None:
        round = self.round
        try:
            turn = self.session.rounds.go_on(round)
        except OpenCalls:
            assert round.open or not round.kept
            return
        expected = [(one.call.id, one.result, one.call.arguments) for one in round.kept]
        if twice:
            try:
                self.session.rounds.go_on(round)
            except OpenCalls:
                pass
            else:
                raise AssertionError("the results of a round go back once")
        self.answer(names)
        self.run(turn)
        body = self.box.requests[-1]["body"]["messages"]
        *_, calls = [message["tool_calls"] for message in body if message.get("tool_calls")]
        results = body[-len(expected) :]
        assert [(call["id"], call["function"]["arguments"]) for call in calls] == [
            (id, text) for id, _, text in expected
        ]
        assert [(one["tool_call_id"], one["content"]) for one in results] == [(id, text) for id, text, _ in expected]
        # Where calls were changed, what goes on is another message: what is typed now is typed into that.
        for kept in (self.typed, self.arguments):
            for key in [key for key in kept if key[0] == round.node.id and key[1] in [id for id, _, _ in expected]]:
                del kept[key]

    @precondition(lambda self: self.session.conversation is not None)
    @rule(names=CALLED)
    def go_on_by_itself_elsewhere(self, names: list[str]) -> None:
        """Let rounds go on in the background; what cannot be answered stops them."""
        assert self.session.conversation is not None
        here = self.session.conversation.id
        self.answer(["canned"])
        self.answer(names)
        self.answer([])
        drive = self.session.rounds.drive(self.session.say("by yourself"), limit=2)
        self.session.new()
        self.wait(drive)
        assert self.session.nodes == []
        self.box.state.scripts.clear()
        self.session.open(here)
        self.settle()

    # What always holds

    @invariant()
    def each_call_is_answered_once(self) -> None:
        for entry in self.box.requests[self.seen :]:
            messages = (entry["body"] or {}).get("messages")
            if messages:
                assert not faults_of(messages), json.dumps(messages, indent=1)
        self.seen = len(self.box.requests)

    @invariant()
    def nothing_typed_is_lost(self) -> None:
        if self.found is None:
            return
        for pending in self.round.calls:
            key = self.key(pending)
            if key in self.typed:
                assert pending.result == self.typed[key]
            if key in self.arguments:
                assert pending.call.arguments == self.arguments[key]
        shown = {self.key(pending) for pending in self.round.calls}
        assert {key for key in {**self.typed, **self.arguments} if key[0] == self.round.node.id} <= shown


def test_any_order_of_doings_sends_each_call_with_one_result_and_loses_nothing_typed() -> None:
    with Sandbox(Settings()) as box:
        Rounds.box = box
        run_state_machine_as_test(
            Rounds,
            settings=settings(
                max_examples=25,
                stateful_step_count=20,
                deadline=None,
                suppress_health_check=list(HealthCheck),
                database=None,
            ),
        )
