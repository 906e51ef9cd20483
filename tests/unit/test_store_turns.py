"""A turn on disk: begin, checkpoint, finish, sweep, and what comes back."""

from __future__ import annotations

import itertools
import os
import signal
import stat
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meshtui.core.chat import Draft, ImagePart, Message, TextPart
from meshtui.core.problem import Problem, ProblemKind
from meshtui.core.turn import (
    Delta,
    Finished,
    MediaDelta,
    Noise,
    Opened,
    ReasoningDelta,
    ReasoningDetails,
    ReplyMeta,
    TextDelta,
    ToolFragment,
    Turn,
    TurnState,
    UsageDelta,
)
from meshtui.store.history import Store
from meshtui.store.requests import pack_messages, unpack_messages

KEY = "rsk_01JDEMO000000000000000000"

EVERYTHING: tuple[Delta, ...] = (
    Opened(200, "req_1", {"x-request-id": "req_1", "set-cookie": "sid=1", "authorization": f"Bearer {KEY}"}),
    ReplyMeta("chatcmpl-1", "openai/gpt-4o-mini-2024", {"x_auto_routed": True}),
    ReasoningDelta("Let me "),
    ReasoningDelta("think.\n"),
    ReasoningDetails(({"type": "reasoning.encrypted", "data": "abc"},)),
    TextDelta("An answer with \U0001f600, "),
    TextDelta("a NUL \0 and U+2028 \u2028."),
    ToolFragment(None, None, "get_weather", '{"city": '),
    ToolFragment(None, None, None, '"Oslo"}', {"thought_signature": "s1"}),
    ToolFragment(1, "call_b", "get_time", "{}"),
    MediaDelta(ImagePart("data:image/png;base64,AAAA")),
    UsageDelta({"prompt_tokens": 12, "completion_tokens": 5}, Decimal("0.00001620")),
    Noise("bad_json", "{oops"),
    Noise("bad_json", "{again"),
    Finished("tool_calls"),
)


@pytest.fixture
def clock() -> Callable[[], float]:
    """A clock that moves by one second whenever it is read."""
    ticks = itertools.count(1_700_000_000)
    return lambda: float(next(ticks))


@pytest.fixture
def store(tmp_path: Path, clock: Callable[[], float]) -> Iterator[Store]:
    """An empty history."""
    with Store.open(tmp_path / "data" / "history.db", clock) as opened:
        yield opened


def ask(store: Store, number: int, text: str, *, parent: str | None = None, conversation: str = "c1") -> Turn:
    """Begin a turn that says `text`; its nodes are uN and aN."""
    message = Message("user", text)
    history = [node.message for node in store.history(parent)] if parent else []
    request = Draft("openai/gpt-4o-mini", (message,), system="Be brief.").request(history)
    turn = Turn(f"t{number}", request, parent_id=parent, profile="default", started_at=1_700_000_000.0 + number)
    store.begin(turn, conversation, [(f"u{number}", message)], f"a{number}")
    return turn


def answer(store: Store, turn: Turn, *deltas: Delta, state: TurnState = TurnState.DONE) -> None:
    """Run a turn to its end."""
    turn.sent()
    for number, delta in enumerate(deltas):
        turn.apply(delta, 0.5 + number)
    turn.end(state, 0.5 + len(deltas), turn.started_at + 0.5 + len(deltas))
    store.finish(turn)


def facts(turn: Turn) -> dict[str, Any]:
    """Everything of a turn that must come back from disk."""
    return {
        name: getattr(turn, name)
        for name in Turn.__slots__
        if name not in ("_request", "assembler", "content", "reasoning", "headers")
    } | {"request": turn.request, "reply": turn.reply()}


def test_a_turn_comes_back_whole(store: Store) -> None:
    turn = ask(store, 1, "Weather in Oslo?")
    answer(store, turn, *EVERYTHING, state=TurnState.STOPPED)
    with Store.open(store.path, lambda: 0.0) as other:
        back = other.turn("t1")
        assert back is not None
        assert facts(back) == facts(turn)
        assert back.headers == {"x-request-id": "req_1"}
        notes = [call.notes for call in back.reply().tool_calls]
        assert notes == [call.notes for call in turn.reply().tool_calls]
        assert notes[0], "the first call was repaired, and must still say so"


def test_a_problem_comes_back(store: Store) -> None:
    turn = ask(store, 1, "Hi")
    problem = Problem(
        ProblemKind.RATE_LIMIT, "rate_limit_exceeded", "RPM limit reached.", 429, retry_after_seconds=7.0, limit="rpm"
    )
    turn.end(TurnState.FAILED, 0.2, 1_700_000_002.0, problem)
    store.finish(turn)
    back = store.turn("t1")
    assert back is not None and back.problem == problem and back.state is TurnState.FAILED
    assert back.reply().is_empty


def test_a_turn_costs_the_same_however_much_was_said_elsewhere(store: Store) -> None:
    def steps(number: int) -> int:
        counted: list[int] = []
        store._connection.set_progress_handler(lambda: counted.append(0), 10)
        turn = ask(store, number, "Hi", conversation=f"c{number}")
        answer(store, turn, TextDelta("Hello"))
        store._connection.set_progress_handler(None, 0)
        return len(counted)

    few = [steps(number) for number in range(5)][-1]
    for number in range(5, 400):
        answer(store, ask(store, number, "Hi", conversation=f"c{number}"), TextDelta("Hello"))
    assert steps(400) <= few + 10


def test_what_was_typed_is_on_disk_before_anything_is_sent(store: Store) -> None:
    ask(store, 1, "Is it safe?")
    with Store.open(store.path, lambda: 0.0) as other:
        found = other.latest()
        assert found is not None and found.title == "Is it safe?" and found.head_id == "a1"
        question, reply = other.history("a1")
        assert question.message == Message("user", "Is it safe?")
        assert reply.turn is not None and reply.turn.state is TurnState.QUEUED
        assert reply.message.is_empty


def test_a_checkpoint_lets_another_process_read_what_streamed(store: Store) -> None:
    turn = ask(store, 1, "Go")
    turn.sent()
    with Store.open(store.path, lambda: 0.0) as other:
        for number, delta in enumerate(EVERYTHING):
            turn.apply(delta, float(number))
            store.checkpoint(turn)
            reader = other.turn("t1")
            assert reader is not None
            assert reader.reply() == turn.reply()
            assert reader.first_at == turn.first_at and reader.state == turn.state
        assert other.history("a1")[-1].message == turn.reply()


def test_a_checkpoint_writes_only_what_is_new(store: Store) -> None:
    turn = ask(store, 1, "Go")
    turn.apply(TextDelta("x" * 100_000))
    turn.apply(ToolFragment(0, "call_1", "save", "y" * 100_000))
    store.checkpoint(turn)
    turn.apply(TextDelta("z"))
    turn.apply(ToolFragment(0, None, None, "w"))
    store.checkpoint(turn)
    sizes = [row[0] for row in store._rows("SELECT length(body) FROM piece ORDER BY id")]
    assert sizes[0] == 100_000 and sizes[1] > 100_000
    assert sizes[2] == 1 and sizes[3] < 100


def test_a_failed_checkpoint_is_made_good_by_the_next(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    turn = ask(store, 1, "Go")
    turn.apply(TextDelta("kept"))
    blocker = Store.open(store.path, lambda: 0.0)
    blocker._connection.execute("BEGIN IMMEDIATE")
    store._connection.execute("PRAGMA busy_timeout = 1")
    with pytest.raises(Exception, match="another program keeps it locked"):
        store.checkpoint(turn)
    blocker._connection.execute("ROLLBACK")
    store.checkpoint(turn)
    back = blocker.turn("t1")
    blocker.close()
    assert back is not None and str(back.content) == "kept"


def test_finish_leaves_no_pieces_and_refuses_an_open_turn(store: Store) -> None:
    turn = ask(store, 1, "Go")
    turn.apply(TextDelta("a"))
    store.checkpoint(turn)
    with pytest.raises(ValueError, match="has not ended"):
        store.finish(turn)
    answer(store, turn, TextDelta("b"))
    store.checkpoint(turn)  # passed over: the turn has ended
    assert store._rows("SELECT COUNT(*) FROM piece") == [(0,)]
    assert store.history("a1")[-1].message.content == "ab"


def test_a_retry_is_a_sibling(store: Store) -> None:
    first = ask(store, 1, "Again?")
    answer(store, first, TextDelta("one"))
    second = Turn("t2", first.request, parent_id=first.parent_id, profile="default")
    store.begin(second, "c1", [], "a2")
    answer(store, second, TextDelta("two"))
    assert [node.message.content for node in store.siblings("a1")] == ["one", "two"]
    found = store.conversation("c1")
    assert found is not None and found.head_id == "a2" and found.turns == 2
    assert [node.id for node in store.history("a2")] == ["u1", "a2"]
    store.move_head("c1", "a1")
    assert store.conversation("c1") == replace(found, head_id="a1")


def test_one_node_is_read_like_the_last_of_its_history(store: Store) -> None:
    turn = ask(store, 1, "Weather?")
    running = store.node("a1")
    assert running is not None and running.turn is turn
    answer(store, turn, ToolFragment(0, "call_1", "w", "{}"), Finished("tool_calls"))
    for id in ("u1", "a1"):
        node, last = store.node(id), store.history(id)[-1]
        assert node is not None and (node.id, node.parent_id, node.message) == (last.id, last.parent_id, last.message)
        assert (node.turn and node.turn.id) == (last.turn and last.turn.id)
    assert store.node("nowhere") is None


def test_messages_of_a_tool_round_form_a_chain(store: Store) -> None:
    turn = ask(store, 1, "Weather?")
    answer(store, turn, ToolFragment(0, "call_1", "w", "{}"), Finished("tool_calls"))
    said = [("r1", Message("tool", "4 °C", tool_call_id="call_1")), ("u2", Message("user", "And?"))]
    history = [node.message for node in store.history("a1")]
    request = Draft("m", tuple(message for _, message in said)).request(history)
    store.begin(Turn("t2", request, parent_id="a1"), "c1", said, "a2")
    assert [node.id for node in store.history("a2")] == ["u1", "a1", "r1", "u2", "a2"]
    assert store.request("t2") == request


def test_requests_come_back_exactly_and_take_little_space(store: Store) -> None:
    parent, turns, requests = None, [], []
    for number in range(1, 41):
        turn = ask(store, number, f"question {number} " + "word " * 200, parent=parent)
        requests.append(turn.request)
        answer(store, turn, TextDelta("answer " * 200), state=TurnState.DONE)
        parent = f"a{number}"
        turns.append(turn)
    for turn, request in zip(turns, requests, strict=True):
        assert store.request(turn.id) == turn.request == request
    back = store.turn("t40")
    assert back is not None and back.request == turns[-1].request
    sizes = [row[0] for row in store._rows("SELECT length(packed_json) FROM request")]
    assert max(sizes) < 400, "a request must not hold the conversation once more"


texts = st.text(alphabet="ab", max_size=2)
wires = st.lists(
    st.builds(lambda role, text: {"role": role, "content": text}, st.sampled_from(["user", "tool"]), texts)
)


@given(wires, st.lists(wires, max_size=4))
def test_packed_messages_are_exact(path: list[dict[str, Any]], inserted: list[list[dict[str, Any]]]) -> None:
    messages = [*path[1:], *(message for group in inserted for message in group), *path[:3]]
    assert unpack_messages(pack_messages(messages, path), path) == messages


def test_the_running_turn_is_the_one_in_the_history(store: Store) -> None:
    turn = ask(store, 1, "Go")
    node = store.history("a1")[-1]
    assert node.turn is turn
    turn.apply(TextDelta("more"))
    assert node.message.content == "more"
    answer(store, turn, TextDelta(" and more"))
    assert node.message.content == "more and more"
    assert replace(node, turn=None).turn is None


def test_sweep_ends_what_a_dead_process_left_and_nothing_else(store: Store) -> None:
    mine = ask(store, 1, "mine")
    other = Store.open(store.path, lambda: 0.0)
    theirs = ask(other, 2, "theirs", conversation="c2")
    theirs.apply(TextDelta("half an ans"), 3.0)
    other.checkpoint(theirs)
    assert store.sweep() == [], "both processes live"
    assert other.sweep() == []
    other.close()
    assert store.sweep() == ["t2"]
    back = store.turn("t2")
    assert back is not None and back.state is TurnState.INTERRUPTED
    assert str(back.content) == "half an ans" and back.total == 3.0
    assert back.ended_at == theirs.started_at + 3.0
    assert store.history("a2")[-1].message.content == "half an ans"
    assert not mine.ended and store.sweep() == []
    assert len(list((store.path.parent / "live").iterdir())) == 1


CHILD = """
    import sys, time
    from pathlib import Path
    from meshtui.core.chat import Message
    from meshtui.core.turn import TextDelta, Turn
    from meshtui.store.history import Store

    store = Store.open(Path(sys.argv[1]), time.time)
    message = Message("user", "Tell me everything")
    turn = Turn("t1", {"model": "m", "messages": [message.to_wire()]})
    store.begin(turn, "c1", [("u1", message)], "a1")
    turn.sent()
    number = 0
    while True:
        turn.apply(TextDelta(f"{number} "), time.time() - turn.started_at)
        number += 1
        if number % 7 == 0:
            store.checkpoint(turn)
            print(number, flush=True)
"""


@pytest.mark.parametrize("lines", [1, 5, 40, 300])
def test_kill_9_loses_only_what_came_after_the_last_checkpoint(tmp_path: Path, lines: int) -> None:
    path = tmp_path / "history.db"
    child = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(CHILD), str(path)],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
    )
    with child:
        assert child.stdout is not None
        for _ in range(lines):
            line = child.stdout.readline()
        child.send_signal(signal.SIGKILL)
        told = [line, *child.stdout.readlines()]
    promised = max(int(text) for text in told if text.endswith("\n"))
    with Store.open(path, lambda: 0.0) as store:
        assert store.sweep() == ["t1"]
        question, reply = store.history("a1")
        assert question.message.content == "Tell me everything"
        assert reply.turn is not None and reply.turn.state is TurnState.INTERRUPTED
        words = str(reply.turn.content).split()
        assert words == [str(number) for number in range(len(words))], "no gap, nothing twice"
        assert len(words) >= promised
        assert store._rows("PRAGMA integrity_check") == [("ok",)]
        assert store._rows("PRAGMA foreign_key_check") == []


def test_of_keys_that_begin_alike_none_is_left_in_part(store: Store) -> None:
    longer = f"{KEY}9999"
    for key in (KEY, longer):
        store.withhold(key)
    said = Message("user", f"{'x' * 70} {longer}")
    turn = Turn("t1", Draft("m", (said,)).request(), profile="default")
    store.begin(turn, "c1", [("u1", said)], "a1")
    assert KEY[4:] not in store.history("a1")[0].message.text
    title = store.conversation("c1")
    assert title is not None and KEY[:7] not in title.title, "cut before it was masked"


def test_the_key_is_in_no_byte_on_disk(store: Store) -> None:
    store.withhold(KEY)
    message = Message("user", f"My key is {KEY}, is that bad?")
    body = Draft(
        "m", (message,), params={"metadata": {"k": KEY}, "extra_headers": {"Authorization": "Bearer other1234"}}
    )
    turn = Turn("t1", body.request(), profile="default")
    store.save_draft(None, message.text)
    store.begin(turn, "c1", [("u1", message)], "a1")
    for delta in (*EVERYTHING, TextDelta(f"You said: {KEY}"), Noise("bad_json", f"key={KEY}")):
        turn.apply(delta)
        store.checkpoint(turn)
    assert turn.request["messages"][0]["content"] == message.content, "what goes over the wire is untouched"
    problem = Problem(ProblemKind.INVALID, "x", f"Authorization: Bearer {KEY}", provider_error={"message": KEY})
    turn.end(TurnState.FAILED, 1.0, 2.0, problem)
    store.finish(turn)
    store.remember_prompt(f"again {KEY}")
    store.save_state("recent", [KEY])
    store.rename("c1", f"about {KEY}")
    files = [path for path in store.path.parent.rglob("*") if path.is_file()]
    assert any(path.name.endswith("-wal") for path in files)
    for path in files:
        data = path.read_bytes()
        assert KEY.encode() not in data and KEY[8:].encode() not in data, path
        assert b"other1234" not in data and b"sid=1" not in data, path
    back = store.history("a1")
    assert back[0].message.content == "My key is rsk_…0000, is that bad?"


def test_lone_surrogates_do_not_stop_a_turn(store: Store) -> None:
    turn = ask(store, 1, "broken \ud83d half")
    turn.apply(TextDelta("also \udc00"))
    store.checkpoint(turn)
    answer(store, turn, TextDelta("."))
    with Store.open(store.path, lambda: 0.0) as other:
        assert [node.message.content for node in other.history("a1")] == ["broken \ufffd half", "also \ufffd."]


def test_turns_of_a_time_for_the_books(store: Store) -> None:
    for number in range(1, 5):
        request = {"model": "m", "messages": [], "session_id": f"s{number % 2}"}
        turn = Turn(f"t{number}", request, profile="default", started_at=100.0 * number)
        store.begin(turn, "c1", [(f"u{number}", Message("user", "x"))], f"a{number}")
        answer(store, turn, UsageDelta({"prompt_tokens": number}, Decimal("0.1") * number))
    rows = store.turns(200.0, 400.0)
    assert [(row.id, row.session_id, row.cost, row.usage) for row in rows] == [
        ("t2", "s0", Decimal("0.2"), {"prompt_tokens": 2}),
        ("t3", "s1", Decimal("0.3"), {"prompt_tokens": 3}),
    ]


def test_files_are_for_this_user_alone(store: Store) -> None:
    ask(store, 1, "private")
    folder = store.path.parent
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    for path in folder.rglob("*"):
        assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0, path


def test_parts_of_a_message_come_back(store: Store) -> None:
    message = Message("user", (TextPart("look"), ImagePart("https://example.com/a.png", "low")))
    store.begin(Turn("t1", Draft("m", (message,)).request()), "c1", [("u1", message)], "a1")
    with Store.open(store.path, lambda: 0.0) as other:
        assert other.history("a1")[0].message == message
        assert other.conversations()[0].title == "look"
