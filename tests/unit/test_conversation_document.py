"""Conversations as a document: out of one history, into another, and back the same; what is here is left alone."""

from __future__ import annotations

import copy
import itertools
import json
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from meshtui.core.chat import Draft, ImagePart, Message, TextPart, ToolCall
from meshtui.core.problem import Problem, ProblemKind
from meshtui.core.text import json_text
from meshtui.core.turn import (
    Finished,
    Noise,
    Opened,
    ReasoningDelta,
    TextDelta,
    ToolFragment,
    Turn,
    TurnState,
    UsageDelta,
)
from meshtui.store.conversation_document import FORMAT, document_from
from meshtui.store.document_members import BadDocument
from meshtui.store.exchange import Exchange, Taken
from meshtui.store.history import Store
from tests.hostile import cases, text_of

KEY = "rsk_01JDEMO0000000000000009F2A"


@contextmanager
def histories(count: int = 2) -> Iterator[list[Path]]:
    """Empty histories, each in a folder of its own."""
    with tempfile.TemporaryDirectory() as folder:
        yield [Path(folder) / str(number) / "history.db" for number in range(count)]


def ask(store: Store, number: int, text: str, parent: str | None, conversation: str = "C1") -> Turn:
    """Begin a turn that says `text`; its nodes are uN and aN."""
    history = [node.message for node in store.history(parent)] if parent else []
    request = Draft("openai/gpt-4o-mini", (Message("user", text),), system="Be brief.").request(history)
    turn = Turn(f"t{number}", request, parent_id=parent, profile="default", started_at=1_700_000_000.0 + number)
    store.begin(turn, conversation, [(f"u{number}", Message("user", text))], f"a{number}")
    return turn


def answer(store: Store, turn: Turn, text: str, state: TurnState = TurnState.DONE) -> None:
    """Let a turn end with every kind of thing that may come of one."""
    turn.apply(Opened(200, f"req_{turn.id}", {"x-request-id": "r", "authorization": f"Bearer {KEY}"}), 0.1)
    turn.apply(ReasoningDelta(f"About {text}"), 0.2)
    turn.apply(TextDelta(text), 0.3)
    turn.apply(ToolFragment(0, "call_1", text or "look_up", text), 0.4)
    turn.apply(UsageDelta({"prompt_tokens": 12, "completion_tokens": 5}, Decimal("0.0000162")), 0.5)
    turn.apply(Noise("bad_json", text), 0.5)
    turn.apply(Finished("stop"), 0.5)
    turn.estimate = Decimal("0.00001")
    failed = Problem(ProblemKind.INVALID, "bad", text, 400, details=[{"msg": text}])
    turn.end(state, 0.6, turn.started_at + 0.6, failed if state is TurnState.FAILED else None)
    store.finish(turn)


def exported(path: Path, *ids: str) -> dict[str, Any]:
    """Return the document of a history, as a reader has it."""
    with Exchange(path, lambda: 0.0) as history:
        chosen = ids or [row.id for row in history.conversations(-1)][::-1]
        value = {"format": FORMAT, "version": 1, "conversations": [history.exported(id) for id in chosen]}
    found: dict[str, Any] = json.loads(json_text(value))
    return found


def take_in(path: Path, value: Any) -> list[Taken]:
    """Take a document into a history; return what became of each conversation."""
    with Exchange(path, lambda: 5.0) as history:
        return [history.take_in(one).taken for one in document_from(value, 5.0).conversations]


def begun(path: Path, *texts: str, parent: str | None = None, first: int = 0) -> None:
    """Say some texts one after the other in a history, each answered."""
    ticks = itertools.count(1_700_000_000 + first)
    with Store.open(path, lambda: float(next(ticks))) as store:
        for number, text in enumerate(texts, first):
            answer(store, ask(store, number, text, parent), f"{text}!")
            parent = f"a{number}"


TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
STEPS = st.lists(
    st.tuples(st.integers(-1, 8), st.sampled_from("AB"), TEXTS, TEXTS, st.sampled_from([*TurnState][3:])), max_size=9
)


@settings(max_examples=40)  # each opens four files
@given(STEPS)
def test_any_tree_comes_back_the_same(steps: list[tuple[int, str, str, str, TurnState]]) -> None:
    with histories() as (here, there):
        places: dict[str, list[str]] = {"A": [], "B": []}
        with Store.open(here, lambda: 1_700_000_000.25) as store:
            for number, (under, name, said, text, state) in enumerate(steps):
                before = places[name]
                parent = before[under % len(before)] if before and under >= 0 else None
                answer(store, ask(store, number, said, parent, name), text, state)
                before.append(f"a{number}")
        document = exported(here)
        kinds = take_in(there, document)
        assert set(kinds) <= {Taken.NEW}
        assert exported(there) == document
        assert set(take_in(there, document)) <= {Taken.SAME}
        assert exported(there) == document
        with Store.open(here, lambda: 0.0) as one, Store.open(there, lambda: 0.0) as other:
            assert other.usage_total() == one.usage_total()
            for number in range(len(steps)):
                assert other.request(f"t{number}") == one.request(f"t{number}")


@pytest.mark.parametrize("case", cases(), ids=lambda case: str(case["id"]))
def test_a_hostile_text_comes_back_exactly(case: dict[str, Any]) -> None:
    text = text_of(case)[:20_000]
    with histories() as (here, there):
        begun(here, text)
        document = exported(here)
        assert take_in(there, document) == [Taken.NEW]
        assert exported(there) == document
        with Store.open(here, lambda: 0.0) as one, Store.open(there, lambda: 0.0) as other:
            assert [node.message for node in other.history("a0")] == [node.message for node in one.history("a0")]


def test_what_was_said_since_is_added_and_shown() -> None:
    with histories() as (here, there):
        begun(here, "one")
        take_in(there, exported(here))
        begun(here, "two", "three", parent="a0", first=1)
        document = exported(here)
        assert take_in(there, document) == [Taken.MORE]
        assert exported(there) == document
        assert take_in(here, document) == [Taken.SAME]


def test_an_older_document_takes_nothing_back() -> None:
    with histories() as (here, there):
        begun(here, "one")
        document = exported(here)
        take_in(there, document)
        begun(there, "two", parent="a0", first=1)
        before = exported(there)
        assert take_in(there, document) == [Taken.SAME]
        assert exported(there) == before


def test_where_two_went_apart_both_are_there_and_each_once() -> None:
    with histories() as (here, there):
        begun(here, "one")
        take_in(there, exported(here))
        begun(here, "two here", parent="a0", first=1)
        begun(there, "two there", parent="a0", first=2)
        document, before = exported(here), exported(there, "C1")
        assert take_in(there, document) == [Taken.COPY]
        assert exported(there, "C1") == before
        assert take_in(there, document) == [Taken.SAME]
        with Store.open(there, lambda: 0.0) as store:
            said = [[node.message.text for node in store.history(row.head_id or "")] for row in store.conversations()]
        assert sorted(said) == [["one", "one!", "two here", "two here!"], ["one", "one!", "two there", "two there!"]]


def test_a_changed_message_does_not_replace_the_one_that_is_here() -> None:
    with histories() as (here, there):
        begun(here, "one", "two")
        document = exported(here)
        take_in(there, document)
        changed = copy.deepcopy(document)
        changed["conversations"][0]["nodes"][1]["message"]["content"] = "forged"
        assert take_in(there, changed) == [Taken.COPY]
        assert exported(there, "C1") == document


def test_a_branch_that_is_not_shown_is_added_without_leaving_the_one_that_is() -> None:
    with histories() as (here, there):
        begun(here, "one", "two")
        take_in(there, exported(here))
        begun(here, "other", parent="a0", first=5)
        with Store.open(here, lambda: 1_700_000_009.0) as store:
            store.move_head("C1", "a1")
        document = exported(here)
        assert take_in(there, document) == [Taken.MORE]
        assert exported(there) == document
        with Store.open(there, lambda: 0.0) as store:
            assert [node.id for node in store.siblings("u1")] == ["u1", "u5"]


def test_a_deleted_conversation_is_brought_back() -> None:
    with histories(1) as (here,):
        begun(here, "one")
        document = exported(here)
        with Store.open(here, lambda: 3.0) as store:
            store.delete("C1")
        with Exchange(here, lambda: 5.0) as history:
            row = history.take_in(document_from(document, 5.0).conversations[0])
            assert (row.taken, row.restored) == (Taken.SAME, True)
            assert [one.id for one in history.conversations()] == ["C1"]


def test_a_fault_in_the_middle_leaves_nothing_behind() -> None:
    with histories() as (here, there):
        begun(here, "one", "two")
        document = exported(here)
        deep: Any = "x"
        for _ in range(5000):
            deep = [deep]
        document["conversations"][0]["nodes"][3]["turn"]["request"]["body"]["tools"] = deep
        with pytest.raises(RecursionError):
            take_in(there, document)
        assert exported(there)["conversations"] == []
        begun(there, "one", "two")


def test_a_turn_that_another_process_runs_is_exported_as_far_as_it_came() -> None:
    with histories() as (here, there):
        with Store.open(here, lambda: 1_700_000_000.0) as store:
            turn = ask(store, 0, "Tell me", None)
            turn.apply(TextDelta("Once upon"), 0.5)
            store.checkpoint(turn)
            document = exported(here)
            answer(store, turn, " a time")
        node = document["conversations"][0]["nodes"][1]
        assert (node["message"]["content"], node["turn"]["state"]) == ("Once upon", "interrupted")
        assert take_in(there, document) == [Taken.NEW]
        assert take_in(here, document) == [Taken.COPY], "the whole answer stays, the half one stands beside it"


def test_no_key_leaves_or_comes_in() -> None:
    with histories() as (here, there):
        begun(here, f"my key is {KEY}")
        with Exchange(here, lambda: 0.0) as history:
            assert KEY in json.dumps(open_document := history.exported("C1"))
            history.withhold(KEY)
            assert KEY not in json.dumps(history.exported("C1"))
        assert "authorization" not in json.dumps(open_document)
        node = open_document["nodes"][1]
        node["turn"]["headers"] = {"Authorization": "Bearer abcdefgh", "x-request-id": "r"}
        node["turn"]["request"]["body"]["api_key"] = "abcdefgh"
        with Exchange(there, lambda: 0.0) as history:
            history.withhold(KEY)
            value = {"format": FORMAT, "version": 1, "conversations": [open_document]}
            history.take_in(document_from(value, 0.0).conversations[0])
            assert "abcdefgh" not in json.dumps(history.exported("C1"))
        assert not any(KEY.encode() in file.read_bytes() for file in there.parent.iterdir() if file.is_file())


def test_a_key_that_a_running_answer_holds_in_two_pieces_does_not_leave() -> None:
    with histories() as (here, _), Store.open(here, lambda: 1_700_000_000.0) as store:
        turn = ask(store, 0, "Tell me", None)
        for piece in (KEY[:9], KEY[9:]):
            turn.apply(TextDelta(piece), 0.5)
            store.checkpoint(turn)
        with Exchange(here, lambda: 0.0) as history:
            history.withhold(KEY)
            assert KEY not in json.dumps(history.exported("C1"))
        answer(store, turn, " a time")


# Documents that are not what they should be


def sound() -> dict[str, Any]:
    """Return a small document without a fault."""
    message = {"role": "assistant", "content": "hi", "tool_calls": [{"id": "c", "function": {"name": "f"}}]}
    turn = {"id": "t0", "state": "done", "started_at": 1.0, "request": {"packed": True, "body": {"messages": [[0, 1]]}}}
    nodes = [
        {"id": "u0", "created_at": 1.0, "message": {"role": "user", "content": [{"type": "text", "text": "hi"}]}},
        {"id": "a0", "parent_id": "u0", "created_at": 1.0, "message": message, "turn": turn},
    ]
    return {"format": FORMAT, "version": 1, "conversations": [{"id": "C1", "created_at": 1.0, "nodes": nodes}]}


def test_what_a_document_leaves_out_has_a_sense() -> None:
    with histories(1) as (here,):
        assert take_in(here, sound()) == [Taken.NEW]
        with Store.open(here, lambda: 0.0) as store:
            nodes = store.history("a0")
            assert [node.message.text for node in nodes] == ["hi", "hi"]
            assert nodes[1].turn is not None
            assert nodes[1].turn.request["messages"] == [nodes[0].message.to_wire()]


N = "conversations[0].nodes[1]"
FAULTS: list[tuple[tuple[Any, ...], Any, str]] = [
    (("conversations",), {}, "conversations must be a list, not an object"),
    (("conversations", 0), 1, "conversations[0] is a number, not an object"),
    (("conversations", 0, "id"), "\x1b[2J", "conversations[0].id must be letters"),
    (("conversations", 0, "id"), "x" * 65, "conversations[0].id must be letters"),
    (("conversations", 0, "created_at"), "now", "conversations[0].created_at must be seconds since 1970, not a text"),
    (("conversations", 0, "created_at"), -5, "conversations[0].created_at must be seconds since 1970"),
    (("conversations", 0, "updated_at"), 1e300, "conversations[0].updated_at must be seconds since 1970"),
    (("conversations", 0, "title"), ["a"], "conversations[0].title must be a text, not a list"),
    (("conversations", 0, "head_id"), "nobody", "conversations[0].head_id names no node"),
    (("conversations", 0, "nodes", 1, "id"), "u0", f"{N}.id stands in this conversation twice"),
    (("conversations", 0, "nodes", 1, "parent_id"), "a9", f"{N}.parent_id names no node before"),
    (("conversations", 0, "nodes", 1, "message"), None, f"{N}.message is missing"),
    (("conversations", 0, "nodes", 1, "message", "role"), "robot", f"{N}.message.role must be system, user"),
    (("conversations", 0, "nodes", 1, "message", "role"), "tool", f"{N}.turn stands at a message"),
    (("conversations", 0, "nodes", 1, "message", "content"), 3, f"{N}.message.content must be a list"),
    (("conversations", 0, "nodes", 1, "message", "content"), ["x"], f"{N}.message.content[0] is a text"),
    (("conversations", 0, "nodes", 1, "message", "notes"), "x", f"{N}.message.notes must be a list"),
    (("conversations", 0, "nodes", 1, "message", "tool_calls"), [{"function": 1}], f"{N}.message.tool_calls[0].func"),
    (
        ("conversations", 0, "nodes", 1, "message", "tool_calls"),
        [{"function": {"arguments": {}}}],
        f"{N}.message.tool_calls[0].function.arguments must be a text",
    ),
    (("conversations", 0, "nodes", 1, "message", "reasoning_details"), ["x"], f"{N}.message.reasoning_details[0] is"),
    (("conversations", 0, "nodes", 1, "turn", "state"), "streaming", f"{N}.turn.state must be one of done, failed"),
    (("conversations", 0, "nodes", 1, "turn", "status"), 2**63, f"{N}.turn.status must be a whole number"),
    (("conversations", 0, "nodes", 1, "turn", "status"), True, f"{N}.turn.status must be a whole number"),
    (("conversations", 0, "nodes", 1, "turn", "total"), float("inf"), f"{N}.turn.total must be a number"),
    (("conversations", 0, "nodes", 1, "turn", "cost_usd"), "a lot", f"{N}.turn.cost_usd must be an amount"),
    (("conversations", 0, "nodes", 1, "turn", "headers"), {"a": 1}, f"{N}.turn.headers.a must be a text"),
    (("conversations", 0, "nodes", 1, "turn", "problem"), {"message": 1}, f"{N}.turn.problem.message must be a text"),
    (
        ("conversations", 0, "nodes", 1, "turn", "request", "body", "messages"),
        [[0, 2]],
        f"{N}.turn.request.body.messages[0] must be [from, to]",
    ),
    (("files",), {"abc": {"data": ""}}, "files 'abc' is no SHA-256 hash"),
    (("files",), {"0" * 64: {"data": "?"}}, f"files.{'0' * 64}.data is not base64"),
    (("files",), {"0" * 64: {"data": "AAAA"}}, f"files.{'0' * 64}.data is not the file that the hash names"),
    (("format",), "other", 'there is neither "format": "meshtui-sessions" in it'),
    (("version",), 2, "version is 2; this meshtui reads 1: update it"),
    (("version",), "1", "version is 1; this meshtui reads 1"),
]


@pytest.mark.parametrize(("place", "value", "sentence"), FAULTS, ids=lambda part: str(part)[:50])
def test_a_fault_is_told_with_its_place(place: tuple[Any, ...], value: Any, sentence: str) -> None:
    document = sound()
    at: Any = document
    for key in place[:-1]:
        at = at[key]
    at[place[-1]] = value
    with pytest.raises(BadDocument) as told:
        document_from(document, 0.0)
    assert str(told.value).startswith(sentence)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


def places_of(value: Any, here: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield the place of each member of JSON values."""
    members = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in members:
        yield (*here, key)
        yield from places_of(inner, (*here, key))


@settings(max_examples=60)
@given(st.sampled_from(sorted(places_of(sound()), key=str)), JSON)
def test_whatever_stands_in_a_document_it_is_taken_whole_or_refused(place: tuple[Any, ...], value: Any) -> None:
    document = sound()
    at: Any = document
    for key in place[:-1]:
        at = at[key]
    at[place[-1]] = value
    with histories() as (here, there):
        try:
            take_in(here, document)
        except BadDocument as error:
            assert str(error)
            return
        first = exported(here)
        assert set(take_in(here, document)) <= {Taken.SAME}
        take_in(there, first)
        assert exported(there) == first
        with Store.open(here, lambda: 0.0) as store:
            for row in store.conversations():
                for node in store.history(row.head_id or ""):
                    assert node.message.to_wire() and (node.turn is None or node.turn.result())


# The messages of a request


def test_the_messages_of_a_request_are_one_conversation() -> None:
    value = {
        "model": "openai/gpt-4o",
        "messages": [
            {"role": "developer", "content": "Be kind."},
            {"role": "user", "content": [{"type": "text", "text": "What is this?"}, picture("AAAA")]},
            {"role": "assistant", "content": None, "reasoning_content": "Hm.", "tool_calls": [call({"a": 1})]},
            {"role": "tool", "tool_call_id": "c1", "content": "a cat"},
            {"role": "assistant", "content": "A cat."},
        ],
    }
    (conversation,), files = (document := document_from(value, 7.0)).conversations, document.files
    assert [node.message.role for node in conversation.nodes] == ["system", "user", "assistant", "tool", "assistant"]
    assert (conversation.title, conversation.model, conversation.created_at) == ("What is this?", "openai/gpt-4o", 7.0)
    question, thought = conversation.nodes[1].message, conversation.nodes[2].message
    (hash,) = files
    assert files[hash] == (".png", b"\0\0\0")
    assert question.content == (TextPart("What is this?"), ImagePart(f"blob:{hash}.png#image.png"))
    assert thought.reasoning == "Hm." and thought.tool_calls == (ToolCall("c1", "f", '{"a": 1}'),)
    assert document_from(value, 9.0).conversations[0].id == conversation.id
    with histories(1) as (here,):
        assert (take_in(here, value), take_in(here, value)) == ([Taken.NEW], [Taken.SAME])


def picture(data: str) -> dict[str, Any]:
    """Return a picture as a part of a message."""
    return {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{data}"}}


def call(arguments: Any) -> dict[str, Any]:
    """Return a tool call."""
    return {"id": "c1", "type": "function", "function": {"name": "f", "arguments": arguments}}


@pytest.mark.parametrize(
    ("value", "sentence"),
    [
        ([{"role": "user", "content": "hi"}], "this is a list, not what"),
        ({"messages": []}, "messages is empty"),
        ({"messages": [{"role": "function", "content": "x"}]}, "messages[0].role must be"),
        ({"messages": ["hi"]}, "messages[0] is a text, not an object"),
        ({"prompt": "hi"}, "there is neither"),
        (None, "this is null"),
    ],
)
def test_what_is_neither_is_refused(value: Any, sentence: str) -> None:
    with pytest.raises(BadDocument) as told:
        document_from(value, 0.0)
    assert str(told.value).startswith(sentence)
