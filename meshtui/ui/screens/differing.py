"""Seeing how lanes differ: against a baseline, off the interface; and all figures in a table."""

from __future__ import annotations

import asyncio

from meshtui.session import Comparison, Lane
from meshtui.ui.panes.lane_difference import difference_rows
from meshtui.ui.screens.lanes_table import LanesTable
from meshtui.ui.screens.lanes_view import LanesView, Pick
from meshtui.ui.widgets.markdown_lines import Rows
from meshtui.ui.widgets.transcript_values import Label


class Differing(LanesView):
    """Shows lanes as their differences from one of them while that is asked for."""

    def __init__(self, comparison: Comparison, pick: Pick, prompt: str) -> None:
        super().__init__(comparison, pick, prompt)
        self.differs = False
        self._base: Lane | None = None
        self._made: dict[tuple[str, str], Rows] = {}

    @property
    def base(self) -> Lane | None:
        """The lane that the others are compared with: the one chosen, else the first."""
        lanes = self.comparison.lanes
        return self._base if self._base in lanes else lanes[0] if lanes else None

    def action_differ(self) -> None:
        """Show the differences from the baseline, or the answers again."""
        self.differs = not self.differs
        self._show_differences()

    def action_baseline(self) -> None:
        """Compare the others with this lane."""
        self._base = self.here
        self.renew_heads()
        if self.differs:
            self._show_differences()

    def renew_heads(self) -> None:
        """Say anew what stands over the lanes."""
        self._said.clear()
        self.lanes.mark([lane.node.id for lane in self.comparison.lanes])

    def marks_of(self, lane: Lane) -> tuple[Label, ...]:
        """Mark the baseline while differences are shown."""
        return (Label("base", "warn"),) if self.differs and lane is self.base else ()

    def top_words(self) -> list[str]:
        """Say what is shown."""
        return ["differences"] if self.differs else []

    def lane_ended(self, lane: Lane) -> None:
        """A lane that ended while differences are shown is shown so from now on."""
        if self.differs:
            self._show_differences()

    def _show_differences(self) -> None:
        self.run_worker(self._differ(), group="differences", exclusive=True, exit_on_error=False)

    async def _differ(self) -> None:
        """Compare each ended lane with the baseline in a thread, what has the focus first, and show what came out."""
        base = self.base
        here = self.here
        for lane in sorted(self.comparison.lanes, key=lambda lane: lane is not here):
            column = next((column for column in self.lanes.columns if column.key == lane.node.id), None)
            if column is None:
                continue
            rows = None
            if self.differs and base is not None and lane is not base and lane.turn.ended and base.turn.ended:
                rows = await self._rows(base, lane)
            if column.other is not rows:
                column.show(rows)
            if self.differs:
                column.follow, column.top = False, 0
            self.lanes.show_again()
        self.renew_heads()
        self._show_top()

    async def _rows(self, base: Lane, lane: Lane) -> Rows:
        made = self._made
        key = base.turn.id, lane.turn.id
        if key not in made:
            one, two = base.turn, lane.turn
            name = f"lane {self.place_of(base)}"
            made[key] = await asyncio.to_thread(
                difference_rows,
                str(one.content),
                one.assembler.calls(),
                str(two.content),
                two.assembler.calls(),
                name,
            )
        return made[key]

    def place_of(self, lane: Lane) -> int:
        """Return the number that stands over a lane."""
        return next((at for at, one in enumerate(self.ordered(), 1) if one is lane), 0)

    def action_table(self) -> None:
        """Show all figures of all lanes in a table."""
        names = {lane.node.id: f"{self.place_of(lane)} {self.name_of(lane)}" for lane in self.comparison.lanes}
        self.app.push_screen(LanesTable(self.comparison, names))
