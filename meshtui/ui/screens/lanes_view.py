"""The lanes of a comparison on the screen: shown, followed while they stream, scrolled, zoomed, copied."""

from __future__ import annotations

import time
from collections.abc import Callable, Coroutine, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, cast

from textual import on
from textual.app import ComposeResult
from textual.content import Content
from textual.geometry import Region
from textual.screen import Screen
from textual.strip import Strip
from textual.timer import Timer
from textual.widgets import Static

from meshtui.core.text import one_line
from meshtui.core.turn import TurnState
from meshtui.session import Comparison, Lane
from meshtui.ui.commands import Where, bindings
from meshtui.ui.panes.calls import Checks
from meshtui.ui.panes.conversation import Pulled
from meshtui.ui.panes.lane_values import head_of, lane_entry
from meshtui.ui.screens.model_picker import ModelPicker
from meshtui.ui.widgets.lanes import Lanes
from meshtui.ui.widgets.lanes_column import Column
from meshtui.ui.widgets.top import KeyLine
from meshtui.ui.widgets.transcript_values import Label

if TYPE_CHECKING:
    from meshtui.ui.app import MeshApp

HEAD_SECONDS = 0.25
"""How often the figures over a lane change while it streams."""

Pick = Callable[[str, bool], ModelPicker]


class LanesView(Screen[Lane | None]):
    """Shows a comparison; its heirs change it. What streams goes on when it is left."""

    DEFAULT_CSS = """
    LanesView #compare-top { height: 1; padding: 0 1; background: $panel; text-wrap: nowrap; text-overflow: ellipsis; }
    """
    AUTO_FOCUS = "#lanes"
    PLACES: ClassVar[tuple[Where, ...]] = ("compare",)
    BINDINGS = bindings("compare")

    def __init__(self, comparison: Comparison, pick: Pick, prompt: str) -> None:
        super().__init__()
        self.comparison = comparison
        self.session = comparison.session
        comparison.shows_waits = True
        self._pick, self._prompt = pick, prompt
        self._seen: dict[str, Pulled] = {}
        self._said: dict[str, float] = {}
        self._blanks: dict[int, Strip] = {}
        self._checks = Checks(self.session.offered, self._check_beside, self._checked)
        self._clock: Timer | None = None

    @property
    def mesh(self) -> MeshApp:
        """The application, typed."""
        return cast("MeshApp", self.app)

    @property
    def lanes(self) -> Lanes:
        """The view."""
        return self.query_one("#lanes", Lanes)

    def compose(self) -> ComposeResult:
        """What is compared, the lanes, the keys."""
        yield Static(id="compare-top", markup=False)
        yield Lanes(self.pull, id="lanes")
        yield KeyLine(id="keys")

    def on_mount(self) -> None:
        """Show what there is, and run the lanes that wait to be run."""
        self.mesh.ticker.signal.subscribe(self, self._changed)
        for lane in self.comparison.lanes:
            if lane.turn.state is TurnState.QUEUED and not lane.driven:
                self.start(lane)
        self.call_after_refresh(self.show)

    def render_lines(self, crop: Region) -> list[Strip]:
        """Return nothing but blanks, made once: the lanes cover the screen, which is asked for each of their rows."""
        blank = self._blanks.get(crop.width)
        if blank is None:
            blank = self._blanks[crop.width] = Strip.blank(crop.width, self.rich_style)
        return [blank] * crop.height

    def notify_style_update(self) -> None:
        """Take new colours."""
        super().notify_style_update()
        self._blanks.clear()

    # The lanes

    def ordered(self) -> Sequence[Lane]:
        """Return the lanes in the order in which they stand."""
        return self.comparison.lanes

    def lane_of(self, key: str) -> Lane | None:
        """Return the lane of a column."""
        return next((lane for lane in self.comparison.lanes if lane.node.id == key), None)

    @property
    def here(self) -> Lane | None:
        """The lane that has the focus."""
        column = self.lanes.column
        return None if column is None else self.lane_of(column.key)

    def show(self) -> None:
        """Show the lanes as they are now."""
        self.lanes.show([lane.node.id for lane in self.ordered()])
        self._follow()

    def start(self, lane: Lane) -> None:
        """Run a lane that was begun."""
        self.app.run_worker(
            self.comparison.run(lane), group=f"turn:{lane.turn.id}", exit_on_error=False, description="a lane"
        )

    def name_of(self, lane: Lane) -> str:
        """Return what a lane is called."""
        return lane.label or lane.turn.model or "default model"

    def marks_of(self, lane: Lane) -> tuple[Label, ...]:
        """Return what is marked on a lane beside its order of arrival."""
        return ()

    def pull(self, column: Column) -> bool:
        """Bring a column up to date with its turn; return whether something changed."""
        lane = self.lane_of(column.key)
        if lane is None:
            return False
        turn, now = lane.turn, time.time()
        seen = self._seen.setdefault(column.key, Pulled())
        reasoning, text = seen.new_of(turn)
        if reasoning:
            column.view.append_reasoning(reasoning)
        if text:
            column.view.append_text(text)
        if turn.ended and seen.state is not None and seen.state is not turn.state:
            self.call_later(self.lane_ended, lane)
        facts = (turn.assembler.version, len(turn.media), turn.state)
        changed = facts != (seen.calls, seen.media, seen.state)
        if changed:
            seen.calls, seen.media, seen.state = facts
            known = self._checks.of(turn) if turn.assembler else ()
            column.view.update(lane_entry(lane, self.session.file, now, self.is_blind, self.mesh.keymap, known))
        billed, seen.charge = seen.charge != turn.charge, turn.charge
        if changed or billed or now - self._said.get(column.key, 0.0) >= HEAD_SECONDS:
            self._said[column.key] = now
            waits, marks = self.session.waits.get(turn.id), self.marks_of(lane)
            head = head_of(lane, self.comparison.figures(lane), self.name_of(lane), now, waits, marks)
            changed = changed or head != column.head
            column.head = head
        return changed or bool(text or reasoning) or not column.is_complete

    def _check_beside(self, work: Coroutine[Any, Any, None]) -> None:
        self.run_worker(work, group="checks", exit_on_error=False, description="check calls")

    def _checked(self, turn_id: str) -> None:
        """Show what was found out about the calls of a lane."""
        for lane in self.comparison.lanes:
            if lane.turn.id == turn_id and lane.node.id in self._seen:
                self._seen[lane.node.id].calls = -1
                self.lanes.mark([lane.node.id])

    def lane_ended(self, lane: Lane) -> None:
        """Do what is to be done when a lane has ended."""

    @property
    def is_blind(self) -> bool:
        """Whether names are hidden."""
        return False

    def renew(self) -> None:
        """Draw every column's values anew, such as its card and its name."""
        for seen in self._seen.values():
            seen.state = None
        self.show()

    def _changed(self, ids: frozenset[str]) -> None:
        self.lanes.mark([lane.node.id for lane in self.comparison.lanes if lane.turn.id in ids])
        if self._clock is None or not self.comparison.running:
            self._follow()

    def _follow(self) -> None:
        """Keep the times ticking while a lane runs, and only then."""
        self._show_top()
        running = self.comparison.running
        if running and self._clock is None:
            self._clock = self.set_interval(0.5, self._tick)
        elif not running and self._clock is not None:
            self._clock.stop()
            self._clock = None
            self._tick()
            self.refresh_bindings()

    def _tick(self) -> None:
        self.lanes.mark([lane.node.id for lane in self.comparison.lanes])
        self._show_top()

    def _show_top(self) -> None:
        lanes = self.comparison.lanes
        ended = sum(lane.turn.ended for lane in lanes)
        page, pages = self.lanes.pages if self.lanes.columns else (1, 1)
        words = [f"{ended} of {len(lanes)} ended"]
        if pages > 1:
            words.append(f"page {page} of {pages}")
        room = self.session.allowance().room(time.time())
        if room is not None:
            words.append(f"{room} left this minute")
        words += [*self.top_words(), "scroll together" if self.lanes.locked else "scroll alone"]
        text = Content.assemble(("compare ", "bold $primary"), " · ".join(words), "  ")
        self.query_one("#compare-top", Static).update(
            Content.assemble(text, (one_line(self._prompt, 200), "$text-muted")), layout=False
        )

    def top_words(self) -> list[str]:
        """Return what else the first line says."""
        return []

    # Moving and looking

    @on(Lanes.Focused)
    def _focused(self) -> None:
        self._show_top()
        self.refresh_bindings()

    def action_lane(self, step: int) -> None:
        """Go to the lane beside."""
        self.lanes.go(self.lanes.at + step)

    def action_nth(self, number: int) -> None:
        """Go to a lane by its number."""
        if number <= len(self.lanes.columns):
            self.lanes.go(number - 1)

    def action_scroll(self, rows: int) -> None:
        """Scroll by rows."""
        self.lanes.scroll_by(rows)

    def action_page(self, pages: int) -> None:
        """Scroll by screens."""
        self.lanes.page_by(pages)

    def action_lock(self) -> None:
        """Let the lanes scroll together, or each alone."""
        self.lanes.locked = not self.lanes.locked
        self._show_top()

    def action_zoom(self) -> None:
        """Show this lane alone, or all again."""
        self.lanes.zoom()
        self._show_top()

    def action_fold(self) -> None:
        """Fold or unfold this lane's reasoning."""
        if self.lanes.column is not None:
            self.lanes.fold(self.lanes.column)

    def action_copy_lane(self) -> None:
        """Copy this lane's answer as the model wrote it."""
        if self.here is not None:
            self.mesh.copy(str(self.here.turn.content), "answer")

    @on(Lanes.CopyAsked)
    def _copy_request(self, event: Lanes.CopyAsked) -> None:
        lane = self.lane_of(event.key)
        if lane is not None and lane.turn.request_id:
            self.mesh.copy(lane.turn.request_id, "request id")
