"""One message to several models: each answer is read when it is whole, with its figures."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Coroutine
from decimal import Decimal
from typing import Any

from meshtui.cli.linear.conversing import Conversing
from meshtui.cli.linear.narrator import silences
from meshtui.cli.linear.words import change_lines, figure_words, numbered, problem_lines
from meshtui.core.text import one_line
from meshtui.core.turn import Delta, Turn
from meshtui.core.variants import variants
from meshtui.session import MOST_LANES, Comparison, Lane, key_refusal

ORDER = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth")


class Comparing(Conversing):
    """Comparing answers, keeping one."""

    comparison: Comparison | None = None
    is_blind = False
    """Whether the names of its models are not told until a vote is given."""
    _told: set[str]

    def do_compare(self, rest: str) -> None:
        """Ask several models what is typed next; blind, names and figures are told after the vote."""
        words = rest.split()
        blind = words[:1] == ["blind"]
        models = list[str]()
        for word in words[blind:]:
            if not (model := self.model_named(word)):
                return  # the first that names none was told
            if model not in models:
                models.append(model)
        if not 2 <= len(models) <= MOST_LANES:
            self.refuse(f"/compare takes 2 to {MOST_LANES} different models, by id or by their numbers in /models.")
        text = self.question(f"Message for {len(models)} models: ")
        if not text or not text.strip():
            self.refuse("Nothing was sent.")
        if refusal := key_refusal(text, "/key"):
            self.refuse(refusal)
        chosen = variants(self.session.drafted(text), models)
        if not self.may_send(*(variant.draft for variant in chosen)):
            return
        comparison = self.comparison = Comparison(self.session, retries=self.session.retries)
        self.is_blind = blind
        comparison.begin(chosen)
        self.session.remember(text)
        self.watch(comparison, self._compare(comparison))
        self._sum_up(comparison)

    def watch(self, comparison: Comparison, work: Coroutine[Any, Any, None]) -> None:
        """Run all lanes to their end; each answer is read when it is whole, blind ones in any order at the end."""
        self._told = set()
        self.session.on_change = self._lane_changed
        self.tell(f"Sent to {len(comparison.lanes)} models; ctrl+c stops all.")
        self.run(self._in_company(comparison, work))
        self.session.on_change = lambda turn, delta: None
        for lane in comparison.lanes:
            comparison.stop(lane)
        if self.is_blind and sum(lane.succeeded for lane in comparison.lanes) < 2:
            self.is_blind = False
            self.tell("There are not two whole answers to vote between, so nothing is hidden.")
        if self.is_blind:
            random.shuffle(comparison.lanes)
        for lane in comparison.lanes:
            self._tell_once(comparison, lane)

    async def _in_company(self, comparison: Comparison, work: Coroutine[Any, Any, None]) -> None:
        async with asyncio.TaskGroup() as tasks:
            company = tasks.create_task(self._tell_silences(comparison))
            try:
                await work
            finally:
                company.cancel()

    async def _tell_silences(self, comparison: Comparison) -> None:
        async for passed in silences():
            open = sum(not lane.turn.ended for lane in comparison.lanes)
            self.tell(f"Still waiting for {open} of {len(comparison.lanes)} answers, {passed:.0f} s.")

    async def _compare(self, comparison: Comparison) -> None:
        async with self.session.knowing_prices():
            room = await comparison.look()
            if room is not None and room < len(comparison.lanes):
                self.tell(f"{room} requests are left of this minute: the others wait for the next one.")
            await comparison.run_all()

    def _lane_changed(self, turn: Turn, delta: Delta | None) -> None:
        comparison = self.comparison
        lane = next((lane for lane in comparison.lanes if lane.turn is turn), None) if comparison else None
        if self.is_blind or comparison is None or lane is None:
            return
        if turn.ended and (lane.place or not lane.succeeded):
            self._tell_once(comparison, lane)

    def _tell_once(self, comparison: Comparison, lane: Lane) -> None:
        if lane.turn.id in self._told:
            return
        self._told.add(lane.turn.id)
        self._read_lane(comparison, lane)

    def _read_lane(self, comparison: Comparison, lane: Lane) -> None:
        number, turn = comparison.lanes.index(lane) + 1, lane.turn
        place = f", {ORDER[lane.place - 1]} to finish" if lane.place and lane.place <= len(ORDER) else ""
        if self.is_blind:
            self.tell(f"Answer {number}:" if lane.succeeded else f"Answer {number} is not whole.")
        else:
            figures = figure_words(comparison.figures(lane))
            self.tell(f"Answer {number}, {one_line(lane.label, 80)}{place}: {figures}.")
        if turn.content:
            self.tell(str(turn.content).rstrip())
        if self.is_blind:
            return
        if turn.problem is not None:
            for line in problem_lines(turn.problem):
                self.tell(line)
        elif not lane.succeeded:
            self.tell("It was stopped; what arrived is kept.")

    def _sum_up(self, comparison: Comparison) -> None:
        done = [lane for lane in comparison.lanes if lane.succeeded]
        words = [f"{len(done)} of {len(comparison.lanes)} answers are whole"]
        if self.is_blind:
            self.tell(f"{words[0]}. /vote N says which is best and tells the names, /answers N reads one again.")
            return
        if first := min(done, key=lambda lane: lane.place or 99, default=None):
            words.append(f"first was {self.named(first)}")
        priced = [(amount, lane) for lane in done if (amount := comparison.figures(lane).charge.amount) is not None]
        if len(priced) > 1:
            least: tuple[Decimal, Lane] = min(priced, key=lambda row: row[0])
            words.append(f"cheapest was {self.named(least[1])}")
        self.tell("; ".join(words) + ".")
        self.tell("/keep N goes on with one, /answers N reads one again, /diff N M says how two differ.")

    def compared(self) -> Comparison:
        """Return the comparison that was made last; refuses where none was."""
        if self.comparison is None:
            self.refuse("There is no comparison here; /compare begins one.")
        return self.comparison

    def named(self, lane: Lane) -> str:
        """Return the number of an answer, and its model where that is no secret."""
        number = self.compared().lanes.index(lane) + 1
        return f"{number}" if self.is_blind else f"{number}, {one_line(lane.label, 80)}"

    def lane_of(self, number: str) -> Lane:
        """Return the answer of a number as it was typed; refuses where there is none."""
        lanes = self.compared().lanes
        if not number.isdecimal() or not 1 <= int(number) <= len(lanes):
            self.refuse(f"Say the number of an answer, from 1 to {len(lanes)}.")
        return lanes[int(number) - 1]

    def do_answers(self, rest: str) -> None:
        """List the answers, or read one."""
        if rest:
            self._read_lane(self.compared(), self.lane_of(rest))
            return
        comparison = self.compared()
        if self.is_blind:
            self.refuse("Names and figures are told after the vote: /vote N. /answers N reads one again.")
        figures = [(lane, comparison.figures(lane)) for lane in comparison.lanes]
        for row in numbered(
            [f"{one_line(lane.label, 80)}: {lane.turn.state.value}, {figure_words(found)}" for lane, found in figures]
        ):
            self.tell(row)

    def do_keep(self, rest: str) -> None:
        """Go on with one answer."""
        lane = self.lane_of(rest or "0")
        self.compared().keep(lane)
        self.is_blind = False
        self.tell(f"The conversation goes on from answer {self.named(lane)}; the others stay stored.")

    def do_diff(self, rest: str) -> None:
        """Say how two answers of the comparison differ."""
        numbers = rest.split()
        if len(numbers) != 2:
            self.refuse("/diff takes the numbers of two answers of a comparison.")
        one, other = self.lane_of(numbers[0]), self.lane_of(numbers[1])
        self.tell(f"From {self.named(one)} to {self.named(other)}:")
        for line in change_lines(str(one.turn.content), str(other.turn.content)):
            self.tell(line)
