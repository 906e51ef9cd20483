"""Comparing on the screen: what can be done with each lane while others stream."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from textual import on

from meshtui.core.json.text import json_or
from meshtui.session import (
    MOST_LANES,
    Choice,
    Comparison,
    ConfigError,
    Lane,
    MissingValues,
    StoreError,
    TemplateComparison,
)
from meshtui.ui.screens.ask import Ask
from meshtui.ui.screens.judging import Judging
from meshtui.ui.screens.lane_choice import LaneChoice
from meshtui.ui.screens.lanes_view import Pick
from meshtui.ui.widgets.lanes import Lanes


class Compare(Judging):
    """Shows a comparison; returns the lane that is kept, or None. What streams goes on when it is left."""

    def __init__(
        self, comparison: Comparison, pick: Pick, prompt: str, enter_key: Callable[[], None] = lambda: None
    ) -> None:
        super().__init__(comparison, pick, prompt)
        self._enter_key = enter_key
        self.continues = False
        """Whether the kept answer broke off, and is to go on."""

    # Changing lanes

    def action_stop_lane(self) -> None:
        """Stop this lane; what arrived is kept."""
        if self.here is not None:
            self.comparison.stop(self.here)

    def action_copy_or_stop(self) -> None:
        """Stop every lane that streams, else copy this lane's answer."""
        if self.comparison.running:
            for lane in self.comparison.lanes:
                self.comparison.stop(lane)
        else:
            self.action_copy_lane()

    def _again(self, lane: Lane, label: str | None = None, **changes: Any) -> None:
        try:
            self.comparison.again(lane, label, **changes)
        except StoreError as error:
            self.mesh.say(str(error))
            return
        self.start(lane)
        self.show()

    def action_retry_lane(self) -> None:
        """Ask this lane's model once more; it waits where the gateway's window is used up."""
        if self.here is not None:
            self._again(self.here)

    @on(Lanes.ActionChosen)
    def _act(self, event: Lanes.ActionChosen) -> None:
        match event.action:
            case "model":
                self.action_change_model()
            case "continue":
                self.action_continue_lane()
            case "key":
                self.action_enter_key()
            case _:
                self.action_retry_lane()

    def action_enter_key(self) -> None:
        """Enter another API key; what is asked from now on is asked with it."""
        self._enter_key()

    def action_change_model(self) -> None:
        """Ask another model in this lane."""
        lane = self.here
        if lane is None:
            return

        def chosen(ids: tuple[str, ...] | None) -> None:
            if ids:
                self._again(lane, ids[0], model=ids[0])

        self.app.push_screen(self._pick(f"Another model for lane {self.lanes.at + 1}", False), chosen)

    def action_change_parameter(self) -> None:
        """Ask this lane's model with another value of a parameter."""
        lane = self.here
        if lane is None:
            return

        def chosen(text: str) -> str | None:
            name, equals, value = map(str.strip, text.partition("="))
            if not equals or not name:
                return "A parameter is written NAME=VALUE, such as temperature=0.2."
            known = lane.label.partition(" · ")[0]
            self._again(lane, f"{known} · {name} {value}", **{name: json_or(value, value)})
            return None

        ask = Ask("Another value for this lane", "NAME=VALUE, such as temperature=0.2", accept=chosen)
        self.app.push_screen(ask)

    def action_add_lane(self) -> None:
        """Ask more models the same."""
        room = MOST_LANES - len(self.comparison.lanes)
        if room < 1:
            self.mesh.say(f"There are {MOST_LANES} lanes already: remove one first.")
            return

        def chosen(ids: tuple[str, ...] | None) -> None:
            for id in ids or ():
                self._add(id, model=id)

        picker = self._pick("More models for this comparison", True)
        picker.most = room
        self.app.push_screen(picker, chosen)

    def action_add_version(self) -> None:
        """Run another version of the template, or another set of values, beside the others."""
        comparison, room = self.comparison, MOST_LANES - len(self.comparison.lanes)
        if not isinstance(comparison, TemplateComparison):
            return
        if room < 1:
            self.mesh.say(f"There are {MOST_LANES} lanes already: remove one first.")
            return

        def chosen(choices: Sequence[Choice] | None) -> None:
            try:
                for lane in comparison.begin_chosen(choices) if choices else ():
                    self.start(lane)
            except (MissingValues, StoreError) as error:
                self.mesh.say(f"Nothing was sent: {error}")
            self.show()

        try:
            self.app.push_screen(LaneChoice(comparison, 1, room), chosen)
        except (ConfigError, StoreError) as error:
            self.mesh.say(str(error))

    def action_sample(self) -> None:
        """Ask this lane's model once more beside it."""
        if self.here is not None:
            base = self.here.label.rpartition(" #")[0] or self.here.label
            same = sum(lane.label == base or lane.label.startswith(f"{base} #") for lane in self.comparison.lanes)
            self._add(f"{base} #{same + 1}")

    def _add(self, label: str, **changes: Any) -> None:
        if len(self.comparison.lanes) >= MOST_LANES:
            self.mesh.say(f"There are {MOST_LANES} lanes already: remove one first.")
            return
        try:
            lane = self.comparison.beside(self.here or self.comparison.lanes[0], label, **changes)
        except StoreError as error:
            self.mesh.say(str(error))
            return
        self.start(lane)
        self.show()

    def action_remove_lane(self) -> None:
        """Take this lane away; what it said stays in the conversation's tree."""
        if self.here is not None and len(self.comparison.lanes) > 1:
            self.comparison.remove(self.here)
            self.show()

    # Leaving

    def action_keep_lane(self) -> None:
        """Let the conversation go on from this lane's answer."""
        lane = self.here
        if lane is None:
            return
        try:
            self.comparison.keep(lane)
        except StoreError as error:
            self.mesh.say(str(error))
            return
        self.dismiss(lane)

    def action_continue_lane(self) -> None:
        """Keep this lane's answer, which broke off, and let the model go on with it in the conversation."""
        lane = self.here
        if lane is not None and lane.turn.ended and lane.turn.has_output and not lane.succeeded:
            self.continues = True
            self.action_keep_lane()

    def action_back(self) -> None:
        """Leave the zoom, the differences, the comparison, in this order; lanes that stream go on, none is kept yet."""
        if self.lanes.zoomed:
            self.action_zoom()
        elif self.differs:
            self.action_differ()
        else:
            self.dismiss(None)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer stop only for a lane that runs."""
        if action == "stop_lane" and self.is_mounted and self.here is not None:
            return not self.here.turn.ended
        if action == "add_version":
            return isinstance(self.comparison, TemplateComparison)
        return True
