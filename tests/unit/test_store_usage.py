"""What turns used, on disk: sums to the last digit, bills, an older history brought up to date."""

from __future__ import annotations

import random
import sqlite3
import time
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from meshtui.core.chat import Message
from meshtui.core.turn import Finished, ReplyMeta, TextDelta, Turn, TurnState, UsageDelta
from meshtui.store import migrations as schema
from meshtui.store.history import Store
from meshtui.store.usage import MOST_ASKED, By

NOW = 1_790_000_000.0
DAY = 86_400.0


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(tmp_path / "data" / "history.db", lambda: NOW) as opened:
        yield opened


def turn_with(
    store: Store,
    id: str,
    usage: dict[str, Any] | None = None,
    *,
    conversation: str = "c1",
    cost: str | None = None,
    estimate: str | None = None,
    at: float = NOW,
    model: str = "a/m",
    session_id: str | None = None,
    profile: str = "default",
    text: str = "yes",
) -> Turn:
    """Begin and finish one turn of a conversation."""
    request = {"model": model, "messages": [{"role": "user", "content": "hi"}]}
    turn = Turn(id, request | ({"session_id": session_id} if session_id else {}), profile=profile, started_at=at)
    store.begin(turn, conversation, [(f"u{id}", Message("user", "hi"))], f"a{id}")
    turn.request_id = f"req_{id}"
    if text:
        turn.apply(TextDelta(text), 0.5)
    turn.apply(UsageDelta(usage, None if cost is None else Decimal(cost)), 1.0)
    turn.apply(ReplyMeta("r", "m-2026"), 1.0)
    turn.apply(Finished("stop"), 1.0)
    turn.estimate = None if estimate is None else Decimal(estimate)
    turn.end(TurnState.DONE, 1.5, at + 1.5)
    store.finish(turn)
    return turn


def counts(prompt: int, completion: int) -> dict[str, int]:
    return {"prompt_tokens": prompt, "completion_tokens": completion}


def test_sums_are_exact_to_the_last_digit(store: Store) -> None:
    chance = random.Random(11)
    expected: dict[str, Decimal] = {}
    for number in range(200):
        model = f"m{chance.randrange(5)}"
        cost = Decimal(chance.randrange(1, 10**9)) / 10 ** chance.choice((8, 10, 12))
        expected[model] = expected.get(model, Decimal(0)) + cost
        turn_with(store, f"t{number}", counts(1, 2), model=model, cost=format(cost, "f"))
    found = {one.key: one for one in store.usage_by("model")}
    assert {key: one.cost for key, one in found.items()} == expected
    total = store.usage_total()
    assert (total.turns, total.prompt, total.completion) == (200, 200, 400)
    assert total.cost == sum(expected.values()) and not total.estimated and not total.unknown


def test_what_is_unknown_is_counted_and_not_called_nothing(store: Store) -> None:
    turn_with(store, "1", counts(3, 4), estimate="0.0001")
    turn_with(store, "2", counts(3, 4))
    turn_with(store, "3", text="")  # refused: nothing was used
    total = store.usage_total()
    assert (total.turns, total.estimated, total.unknown, total.cost) == (2, 1, 1, Decimal("0.0001"))
    assert [one.cost for one in store.last_usage()] == [Decimal("0.0001"), None]


def test_sums_are_made_by_day_model_session_and_profile_over_any_range(store: Store) -> None:
    turn_with(store, "1", counts(1, 1), at=NOW - 3 * DAY, cost="1", session_id="s1")
    turn_with(store, "2", counts(2, 2), at=NOW - DAY, cost="2", model="b/m", profile="work")
    turn_with(store, "3", counts(4, 4), cost="4", session_id="s1", conversation="c2")

    def costs(by: By, since: float = 0.0) -> list[tuple[str | None, int]]:
        return [(one.key, int(one.cost)) for one in store.usage_by(by, since)]

    days = [time.strftime("%Y%m%d", time.localtime(NOW - back * DAY)) for back in (0, 1, 3)]
    assert costs("day") == list(zip(days, (4, 2, 1), strict=True))
    assert costs("model") == [("a/m", 5), ("b/m", 2)]
    assert costs("session") == [("s1", 5), (None, 2)]
    assert costs("profile", NOW - 2 * DAY) == [("default", 4), ("work", 2)]
    assert store.usage_total(NOW - 2 * DAY, NOW).cost == 2
    assert store.usage_total(conversation="c1").cost == 3
    assert store.usage_total(session="s1").cost == 5
    assert store.sent_since(NOW - 2 * DAY, "default") == 1


def test_times_and_speed_are_means(store: Store) -> None:
    turn_with(store, "1", counts(1, 100))
    turn_with(store, "2", counts(1, 300))
    total = store.usage_total()
    assert (total.first_at, total.total, total.speed) == (0.5, 1.5, 200)


def test_a_bill_takes_the_place_of_the_estimate_and_the_drift_is_known(store: Store) -> None:
    one = turn_with(store, "1", counts(1, 1), estimate="0.0010")
    two = turn_with(store, "2", counts(1, 1), estimate="0.0010", conversation="c2")
    assert {row.turn_id for row in store.unbilled("default", 0)} == {"1", "2"}
    store.save_bills({one.id: Decimal("0.00123456")}, asked=[one.id, two.id])
    total = store.usage_total()
    assert total.cost == Decimal("0.00223456") and total.drift == Decimal("0.00023456") and total.estimated == 1
    loaded = store.history("a1")[-1].turn
    assert loaded is not None and str(loaded.charge) == "$0.00123 ✓" and loaded.estimate == Decimal("0.0010")
    assert [row.turn_id for row in store.unbilled("default", 0)] == ["2"]
    assert store.unbilled("other", 0) == [] and store.unbilled("default", NOW + 1) == []
    for _ in range(MOST_ASKED):
        store.save_bills({}, asked=["2"])
    assert store.unbilled("default", 0) == [], "a turn without a bill is not asked for without end"


def test_an_absurd_amount_spoils_no_sum(store: Store) -> None:
    for number in range(12):
        turn_with(store, f"t{number}", counts(1, 1), cost="9000000")
    turn_with(store, "x", {"prompt_tokens": 10**300, "completion_tokens": -4}, cost="1E+30")
    total = store.usage_total()
    assert total.cost == 12 * 9_000_000 and total.unknown == 1


def test_an_older_history_keeps_its_figures(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "data" / "history.db"
    path.parent.mkdir()
    connection = sqlite3.connect(path)
    for statement in schema.MIGRATIONS[0]:
        connection.execute(statement)
    connection.execute(f"PRAGMA application_id = {schema.APPLICATION_ID}")
    connection.execute("PRAGMA user_version = 1")
    connection.execute("INSERT INTO conversation (id, created_at, updated_at) VALUES ('c', 0, 0)")
    connection.execute(
        "INSERT INTO turn (id, conversation_id, node_id, owner, state, profile, model, request_id, started_at,"
        " first_at, total, ended_at, prompt_tokens, completion_tokens, cost)"
        " VALUES ('t', 'c', 'n', '', 'done', 'default', 'a/m', 'req_1', ?, 0.4, 2.0, ?, 12, 5, '0.00001620')",
        (NOW, NOW + 2),
    )
    connection.execute(
        "INSERT INTO node (id, conversation_id, role, created_at, message_json) VALUES ('n','c','assistant',0,'{}')"
    )
    connection.commit()
    connection.close()
    with Store.open(path, lambda: NOW) as store:
        total = store.usage_total()
        assert (total.turns, total.prompt, total.completion, total.cost) == (1, 12, 5, Decimal("0.0000162"))
        assert [row.request_id for row in store.unbilled("default", 0)] == ["req_1"]
