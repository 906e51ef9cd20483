"""Votes between answers, and what they say of models: a tally and a simple rating."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

START, STEP = 1000.0, 32.0
"""Where a rating begins, and how far one vote against one other model can move it at most (Elo's system)."""


@dataclass(frozen=True, slots=True)
class Vote:
    """One answer was found better than others. Names are models; `at` is seconds since the epoch."""

    winner: str
    losers: tuple[str, ...]
    template: str = ""
    blind: bool = False
    at: float = 0.0
    message: str = ""
    """The id of the message that was answered: it has one vote, the last one."""

    def to_json(self) -> dict[str, Any]:
        """Return the vote as plain values."""
        return {
            "winner": self.winner,
            "losers": list(self.losers),
            "template": self.template,
            "blind": self.blind,
            "at": self.at,
            "message": self.message,
        }


def votes_from(rows: object) -> list[Vote]:
    """Read what was kept; rows that are no votes are left out."""
    votes = []
    for row in rows if isinstance(rows, list) else ():
        if not isinstance(row, Mapping) or not isinstance(row.get("winner"), str):
            continue
        losers = row.get("losers")
        names = tuple(name for name in losers if isinstance(name, str)) if isinstance(losers, list) else ()
        at = row.get("at")
        votes.append(
            Vote(
                row["winner"],
                names,
                str(row.get("template") or ""),
                row.get("blind") is True,
                float(at) if isinstance(at, int | float) else 0.0,
                str(row.get("message") or ""),
            )
        )
    return votes


@dataclass(frozen=True, slots=True)
class Standing:
    """What the votes say of one model: how often it won and lost, of those blind, and its rating."""

    model: str
    template: str
    won: int
    lost: int
    blind: int
    rating: float


def standings(votes: Iterable[Vote], *, by_template: bool = True) -> list[Standing]:
    """Return the standing of every model, per template where asked for; the best rating of a template first.

    A vote counts as one game against each of the others, all at the ratings from before it. A model that was
    compared with itself (samples of it) neither wins nor loses by that.
    """
    ratings: dict[tuple[str, str], float] = {}
    counts: dict[tuple[str, str], list[int]] = {}
    for vote in sorted(votes, key=lambda vote: vote.at):
        template = vote.template if by_template else ""
        winner = template, vote.winner
        losers = [(template, name) for name in dict.fromkeys(vote.losers) if name != vote.winner]
        if not losers:
            continue
        before = {key: ratings.get(key, START) for key in (winner, *losers)}
        for loser in losers:
            expected = 1 / (1 + 10 ** ((before[loser] - before[winner]) / 400))
            gain = STEP * (1 - expected) / len(losers)
            ratings[winner] = ratings.get(winner, START) + gain
            ratings[loser] = ratings.get(loser, START) - gain
            counts.setdefault(loser, [0, 0, 0])[1] += 1
        counts.setdefault(winner, [0, 0, 0])[0] += 1
        for key in (winner, *losers):
            counts[key][2] += vote.blind
    found = [
        Standing(model, template, won, lost, blind, ratings[template, model])
        for (template, model), (won, lost, blind) in counts.items()
    ]
    return sorted(found, key=lambda standing: (standing.template, -standing.rating, standing.model))
