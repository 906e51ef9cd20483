"""Deciding which answer is better: with names in sight or blind, and what all votes say of the models."""

from __future__ import annotations

import random
from collections.abc import Sequence

from meshtui.session import Comparison, Lane, StoreError, vote, votes_of, why_no_vote
from meshtui.ui.screens.differing import Differing
from meshtui.ui.screens.lanes_view import Pick
from meshtui.ui.screens.standings import Standings
from meshtui.ui.widgets.transcript_values import Label


class Voting(Differing):
    """Takes a vote for a lane; blind, names are hidden and lanes shuffled until it is given."""

    def __init__(self, comparison: Comparison, pick: Pick, prompt: str) -> None:
        super().__init__(comparison, pick, prompt)
        self._blind = False
        self._shuffled: list[Lane] = []
        self._voted: Lane | None = None

    @property
    def is_blind(self) -> bool:
        """Whether names are hidden."""
        return self._blind

    def ordered(self) -> Sequence[Lane]:
        """Return the lanes as they were begun; blind, in an order that says nothing."""
        lanes = self.comparison.lanes
        if not self._blind:
            return lanes
        self._shuffled = [lane for lane in self._shuffled if lane in lanes]
        self._shuffled += [lane for lane in lanes if lane not in self._shuffled]
        return self._shuffled

    def name_of(self, lane: Lane) -> str:
        """Return what a lane is called; blind, a letter."""
        return f"Answer {chr(64 + self.place_of(lane))}" if self._blind else super().name_of(lane)

    def marks_of(self, lane: Lane) -> tuple[Label, ...]:
        """Mark the lane that was voted for."""
        voted = (Label("voted", "good"),) if lane is self._voted else ()
        return (*voted, *super().marks_of(lane))

    def top_words(self) -> list[str]:
        """Say that names are hidden."""
        return [*super().top_words(), *([self.mesh.keyed("blind: {compare.vote} votes")] if self._blind else [])]

    def action_blind(self) -> None:
        """Hide the names and shuffle the lanes until a vote is given, or show them again without one."""
        self._blind = not self._blind
        self._shuffled = list(self.comparison.lanes)
        random.shuffle(self._shuffled)
        self.renew()
        self.renew_heads()

    def action_vote(self) -> None:
        """Vote for this lane; names that were hidden are shown then."""
        lane = self.here
        refusal = why_no_vote(self.comparison, lane)
        if lane is None or refusal:
            self.mesh.say(refusal)
            return
        try:
            vote(self.comparison, lane, blind=self._blind)
        except StoreError as error:
            self.mesh.say(str(error))
            return
        self._voted, self._blind = lane, False
        self.renew()
        self.lanes.go(self.place_of(lane) - 1)
        self.renew_heads()

    def action_standings(self) -> None:
        """Show what all votes say of the models."""
        self.app.push_screen(Standings(votes_of(self.session)))
