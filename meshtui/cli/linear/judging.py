"""Deciding between the answers of a comparison: votes, what all votes say, and the gateway's own judge."""

from __future__ import annotations

import asyncio

from meshtui.cli.linear.comparing import Comparing
from meshtui.cli.linear.words import numbered, problem_lines
from meshtui.core.rating import standings
from meshtui.core.text import one_line
from meshtui.session import DEFAULT_JUDGE, Comparison, Judge, vote, votes_of, why_no_vote


class Judging(Comparing):
    """Voting for one answer, or letting a model say what it thinks of all."""

    def do_vote(self, rest: str) -> None:
        """Vote for an answer; after a blind comparison the names are told."""
        lane = self.lane_of(rest or "0")
        comparison = self.compared()
        if refusal := why_no_vote(comparison, lane):
            self.refuse(refusal)
        blind, self.is_blind = self.is_blind, False
        vote(comparison, lane, blind=blind)
        self.tell(f"Your vote goes to answer {self.named(lane)}.")
        if blind:
            self.do_answers("")
            self.tell("/keep N goes on with one, /votes says what all votes say of the models.")

    def do_votes(self, rest: str) -> None:
        """Say what all votes say of each model."""
        rows = standings(votes_of(self.session), by_template=False)
        if not rows:
            self.refuse("Nobody has voted yet; /vote N votes after a comparison, /compare blind hides the names.")
        for row in numbered(
            [
                f"{one_line(one.model, 80)}: rating {one.rating:.0f}, won {one.won}, lost {one.lost},"
                f" {one.blind} of them blind"
                for one in rows
            ]
        ):
            self.tell(row)

    def do_judge(self, rest: str) -> None:
        """Ask all lanes again through the gateway's own comparison, and tell what its judge says."""
        comparison = self.compared()
        model = self.model_named(rest) if rest else str(self.session.recall("judge", DEFAULT_JUDGE))
        if not model:
            return
        judge = Judge(comparison, model)
        if refusal := judge.refusal():
            self.refuse(refusal)
        self.tell(judge.cost())
        if not self.confirm("Ask the judge?"):
            self.refuse("Nothing was sent.")
        self.session.keep("judge", judge.model)
        for lane in comparison.lanes:
            comparison.again(lane)
            judge.take(lane)
        comparison.judge = judge
        self.is_blind = False
        self.watch(comparison, self._both(comparison, judge))
        self._tell_verdict(judge)

    async def _both(self, comparison: Comparison, judge: Judge) -> None:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(judge.run())
            tasks.create_task(comparison.run_all())

    def _tell_verdict(self, judge: Judge) -> None:
        if judge.verdict:
            other = ", another judge than asked," if judge.fell_back else ""
            self.tell(f"The judge, {one_line(judge.model, 80)},{other} says:")
            self.tell(str(judge.verdict).rstrip())
        if judge.problem is not None:
            for line in problem_lines(judge.problem):
                self.tell(line)
            self.tell("/judge asks again.")
        elif not judge.verdict:
            self.tell("There is no verdict: the judge needs two whole answers.")
