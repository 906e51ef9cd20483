"""What went over the wire comes back exactly, on every way through the tree."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from meshtui.core.chat import Draft, Message
from meshtui.core.turn import TextDelta, ToolFragment, Turn, TurnState
from meshtui.store.history import Store


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """An empty history."""
    with Store.open(tmp_path / "history.db", lambda: 1.0) as opened:
        yield opened


@pytest.mark.parametrize("seed", range(6))
def test_requests_on_a_growing_tree(store: Store, seed: int) -> None:
    chance = random.Random(seed)
    heads: list[str | None] = [None]
    sent = {}
    for number in range(60):
        parent = chance.choice(heads[-4:]) if chance.random() < 0.7 else chance.choice(heads)
        history = [node.message for node in store.history(parent)] if parent else []
        said = [] if parent is not None and chance.random() < 0.2 else [Message("user", f"say {chance.randrange(3)}")]
        request = Draft("m", tuple(said), system=chance.choice(["", "Be brief."])).request(history)
        turn = Turn(f"t{number}", request, parent_id=parent)
        ids = [(f"u{number}-{place}", message) for place, message in enumerate(said)]
        store.begin(turn, "c1", ids, f"a{number}")
        sent[turn.id] = dict(request)
        if chance.random() < 0.8:
            turn.apply(TextDelta(f"reply {chance.randrange(3)}"))
        if chance.random() < 0.3:
            turn.apply(ToolFragment(0, f"call{number}", "look", "{}"))
        if chance.random() < 0.9:  # the others stay open, and may get children all the same
            turn.end(chance.choice([TurnState.DONE, TurnState.STOPPED]), 1.0, 2.0)
            store.finish(turn)
        heads.append(f"a{number}")
    for id, request in sent.items():
        assert store.request(id) == request
    with Store.open(store.path, lambda: 1.0) as other:
        for id, request in sent.items():
            assert other.request(id) == request


@pytest.mark.parametrize("messages", [None, "text", [1, "x"], [["nested"]], []])
def test_a_request_of_any_shape_comes_back(store: Store, messages: object) -> None:
    request = {"model": None, "messages": messages, "template": "t", "variables": {"a": "b"}}
    store.begin(Turn("t1", request), "c1", [], "a1")
    assert store.request("t1") == request


def test_a_message_changed_by_a_caller_changes_nothing_that_is_kept(store: Store) -> None:
    message = Message("user", "as it was")
    store.begin(Turn("t1", Draft("m", (message,)).request()), "c1", [("u1", message)], "a1")
    store.request("t1")["messages"][0]["content"] = "changed"
    store.begin(Turn("t2", Draft("m", (message,)).request(), parent_id="u1"), "c1", [], "a2")
    assert store.request("t2")["messages"][0]["content"] == "as it was"
