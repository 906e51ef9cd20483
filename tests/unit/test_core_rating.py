"""Votes: what is kept of them, and what they say of models."""

from __future__ import annotations

from meshtui.core.rating import START, Vote, standings, votes_from


def test_who_wins_more_often_stands_higher_and_nothing_is_made_of_nothing() -> None:
    votes = [Vote("a", ("b", "c"), at=1), Vote("a", ("b",), at=2), Vote("c", ("b",), at=3, blind=True)]
    found = standings(votes)
    assert [(s.model, s.won, s.lost, s.blind) for s in found] == [("a", 2, 0, 0), ("c", 1, 1, 1), ("b", 0, 3, 1)]
    assert abs(sum(s.rating for s in found) - 3 * START) < 1e-9
    assert found[0].rating > START > found[2].rating


def test_templates_are_rated_apart_or_together() -> None:
    votes = [Vote("a", ("b",), "greet"), Vote("b", ("a",), "refund")]
    assert [(s.template, s.model) for s in standings(votes)][::2] == [("greet", "a"), ("refund", "b")]
    assert {s.template for s in standings(votes, by_template=False)} == {""}


def test_samples_of_one_model_rate_nothing() -> None:
    assert standings([Vote("a", ("a", "a"))]) == []


def test_what_was_kept_comes_back_and_what_is_no_vote_does_not() -> None:
    vote = Vote("a", ("b",), "t", True, 5.0, "m1")
    assert votes_from([vote.to_json(), None, {"winner": 3}, {"winner": "x", "losers": "y"}]) == [vote, Vote("x", ())]
    assert votes_from("nothing") == []
