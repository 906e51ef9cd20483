"""The part of the workbench that compares: asks for models, begins the lanes, takes the kept one over."""

from __future__ import annotations

from collections.abc import Sequence

from meshtui.core.attachments import NotAttachable
from meshtui.core.variants import Variant, variants
from meshtui.session import MOST_LANES, Comparison, Judge, Lane, StoreError
from meshtui.ui.screens.bench import Bench
from meshtui.ui.screens.choosing import Choosing
from meshtui.ui.screens.compare import Compare
from meshtui.ui.screens.composing import CONTINUE, Composing
from meshtui.ui.screens.model_picker import ModelPicker

ONE_MODEL = 3
"""How often a single model that was chosen is asked: samples of it are compared."""


class Comparing(Composing, Choosing, Bench):
    """Opens the comparison of what stands in the prompt, or of the answers to the last message."""

    comparison: Comparison | None = None

    @property
    def is_covered(self) -> bool:
        """Whether the lanes stand over the conversation."""
        return any(isinstance(screen, Compare) for screen in self.app.screen_stack)

    def action_compare(self) -> None:
        """Ask several models what stands in the prompt; with nothing in it, show the last answers side by side."""
        text = self.prompt.value
        if not text.strip() and not self.session.attached:
            self._show_last()
        elif self.refuses_key(text):
            return
        elif self.running is not None:
            self.mesh.say("An answer streams in this conversation: compare when it has ended, or stop it.")
        else:
            before = self.session.recall("compared", [])
            ids = [id for id in before if isinstance(id, str)][:MOST_LANES] if isinstance(before, list) else []
            title = f"Choose 2 to {MOST_LANES} models to compare; {self.left_out or 'one alone is asked three times'}"
            picker = self._picker(title, True, ids, "compare", self.price_of)
            self.app.push_screen(picker, lambda ids: self._begin_lanes(text, ids))
            self.app.run_worker(self._say_room(picker), group="limits", exclusive=True, exit_on_error=False)

    @property
    def left_out(self) -> str:
        """What enter would send beside the message and a comparison of models does not, in words; else empty."""
        return ""

    @property
    def can_compare(self) -> bool:
        """Whether several models can be asked now what stands in the prompt."""
        return self.running is None and bool(self.prompt.value.strip() or self.session.attached)

    def price_of(self, models: Sequence[str]) -> str:
        """Say how many requests comparing these models is, and what all of them would cost."""
        try:
            chosen = self._variants(self.prompt.value, models)
            words = f"{len(chosen)} requests {self.session.price_together(one.draft for one in chosen)}"
            return ", ".join(filter(None, (words, self.left_out)))
        except (NotAttachable, StoreError):
            return ""  # sending says why it cannot be sent

    def _variants(self, text: str, models: Sequence[str]) -> list[Variant]:
        return variants(self.session.drafted(text), models[:MOST_LANES], samples=ONE_MODEL if len(models) == 1 else 1)

    def compare_with(self, models: Sequence[str]) -> None:
        """Ask several models what stands in the prompt."""
        self._begin_lanes(self.prompt.value, models)

    async def _say_room(self, picker: ModelPicker) -> None:
        """Say in the picker what is left of the minute, where the gateway tells."""
        room = await Comparison(self.session).look()
        if room is not None:
            picker.say(f"{room} requests left this minute")

    def _begin_lanes(self, text: str, ids: Sequence[str] | None) -> None:
        if not ids or self.refuses_key(text) or self.held_by_budget(lambda: self._begin_lanes(text, ids)):
            return
        models = list(ids)[:MOST_LANES]  # no picker lets more be marked
        self.save_typed()
        comparison = Comparison(self.session, retries=self.session.retries)
        try:
            self.session.keep("compared", models)
            comparison.begin(self._variants(text, models))
        except (StoreError, NotAttachable) as error:
            self.mesh.say(f"Nothing was sent: {error}")
            return
        self.session.remember(text)
        self.session.attached.clear()
        self.took_prompt(text)
        self._open_lanes(comparison, text)

    def _show_last(self) -> None:
        """Show the comparison that was open last, or all answers to the last message as one."""
        nodes = self.session.nodes
        if not nodes or nodes[-1].turn is None:
            self.mesh.say("Type a message first: it is what the models are asked.")
            return
        known = self.comparison
        if known is None or all(lane.node.id != nodes[-1].id for lane in known.lanes):
            known = Comparison.of(self.session, nodes[-1], retries=self.session.retries)
            known.judge = Judge.kept(known)
        said = next((node.message.text for node in reversed(nodes) if node.role == "user"), "")
        self._open_lanes(known, said)

    def _open_lanes(self, comparison: Comparison, text: str) -> None:
        self.comparison = comparison
        lanes = Compare(comparison, self._picker, text, self.action_enter_key)
        self.app.push_screen(lanes, lambda lane: self._lane_kept(lane, lanes.continues))

    def _lane_kept(self, lane: Lane | None, continues: bool) -> None:
        comparison = self.comparison
        if comparison is not None and lane is None and comparison.lanes:
            try:
                self.session.show_branch(comparison.lanes[0].node.id)
            except StoreError as error:
                self.mesh.say(str(error))
        self.pane.show(self.session.nodes)
        for node in self.session.nodes:
            self.pane.pull(node)
        self.pane.scroll_to_end()
        self.front_conversation()
        self.prompt.focus()
        self.show_top()
        self.follow()
        if lane is not None and continues:
            self.say(CONTINUE)
