"""The cards of 429 and 402: sane words for every wait, whatever a gateway asks for and whatever the clock does."""

from __future__ import annotations

import time

import pytest

from meshtui.core.problem import Problem, ProblemKind
from meshtui.core.turn import Turn, TurnState
from meshtui.ui.panes.cards import card
from meshtui.ui.widgets.transcript_values import Card

NOW = 1_790_000_000.0


def card_of(problem: Problem, now: float = NOW, waits_until: float | None = None) -> Card:
    """The card of a turn that ended with a problem at NOW, looked at later."""
    turn = Turn("t", {"model": "a/m"}, started_at=NOW - 1)
    turn.end(TurnState.FAILED, 1.0, NOW, problem)
    made = card(turn, now, waits_until)
    assert made is not None
    return made


def limited(seconds: float | None, limit: str | None = "rpm") -> Problem:
    return Problem(ProblemKind.RATE_LIMIT, "rate_limit_exceeded", "no", 429, retry_after_seconds=seconds, limit=limit)


def facts(made: Card) -> dict[str, str]:
    return {fact.label: fact.value for fact in made.facts if fact.label}


def moment(seconds: float, form: str) -> str:
    return time.strftime(form, time.localtime(NOW + seconds))


def test_a_wait_is_counted_down_to_a_moment() -> None:
    assert facts(card_of(limited(7)))["free"] == f"in 7 s, at {moment(7, '%H:%M:%S')}"
    assert facts(card_of(limited(7), NOW + 3.5))["free"].startswith("in 4 s, at")
    assert facts(card_of(limited(7), NOW + 8))["free"] == "now"


def test_without_a_time_none_is_made_up() -> None:
    assert "free" not in facts(card_of(limited(None)))


def test_an_absurd_wait_is_told_soberly_and_called_odd() -> None:
    made = card_of(limited(447 * 3600))
    assert facts(made)["free"] == f"in 18 days 15 h, at {moment(447 * 3600, '%Y-%m-%d %H:%M')}"
    assert any("this wait is odd" in fact.value for fact in made.facts)
    assert not any("odd" in fact.value for fact in card_of(limited(40_000, "rpd")).facts)


def test_a_clock_that_jumps_makes_the_wait_neither_longer_nor_endless() -> None:
    assert facts(card_of(limited(7), NOW - 86_400))["free"].startswith("in 7 s, at")
    assert facts(card_of(limited(7), NOW + 86_400))["free"] == "now"


def test_while_it_waits_the_card_says_so_and_offers_to_stop() -> None:
    made = card_of(limited(7), NOW, waits_until=NOW + 7.4)
    assert facts(made)["waiting"] == "it is sent again in 8 s"
    assert [action.label for action in made.actions if action.key == "w"] == ["don't wait"]


@pytest.mark.parametrize(
    ("message", "budget", "keys"),
    [
        ("Spend limit of this key reached: $0.01 of $0.01.", "the key's spend cap: $0.01 of $0.01", "pmk"),
        ("Team spend cap reached ($120.50 / $120.00)", "the team's spend cap: $120.50 of $120.00", "pmk"),
        ("Balance is exhausted ($-0.01); add credit.", "the account's balance", "fpmk"),
        ("Payment required", None, "fpmk"),
    ],
)
def test_a_402_says_which_budget_as_far_as_its_words_do(message: str, budget: str | None, keys: str) -> None:
    made = card_of(Problem(ProblemKind.SPEND, "spend_limit_exceeded", message, 402))
    assert facts(made).get("budget") == budget
    assert "".join(action.key for action in made.actions) == keys and "retry" not in facts(made)
