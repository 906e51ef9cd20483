"""The part of the workbench that answers tool calls: the round panel, approvals, rounds that go on by themselves."""

from __future__ import annotations

import asyncio
import time
from typing import ClassVar

from textual import events

from meshtui.core.text import one_line
from meshtui.core.turn import Turn, TurnState
from meshtui.session import (
    DEFAULT_LIMIT,
    Approval,
    OpenCalls,
    Pending,
    Plan,
    Round,
    Session,
    StoreError,
)
from meshtui.ui.commands import Where
from meshtui.ui.panes.calls import parameters_of
from meshtui.ui.screens.approval import ApprovalQuestion
from meshtui.ui.screens.ask import Ask
from meshtui.ui.screens.bench import Bench
from meshtui.ui.screens.paning import Pane
from meshtui.ui.screens.round_editing import RoundEditing

TYPING_SECONDS = 1.0
"""So long after the last key nothing asks: what is typed on would answer the question, and be lost for its text."""

LOW = 32
"""Rows of a terminal below which the round panel stands alone."""


class Answering(RoundEditing):
    """Opens the round panel where an answer ends with calls, and lets the conversation go on with their results."""

    PLACES: ClassVar[tuple[Where, ...]] = (*Bench.PLACES, "round")

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._empty_told: Round | None = None
        self._asking: dict[str, asyncio.Event] = {}

    def begin_answering(self) -> None:
        """Let the session's rounds be seen here, and ask here before a command runs."""
        rounds = self.session.rounds
        rounds.approve = self._approve
        rounds.on_change = self._round_changed
        rounds.on_turn = self._turn_begun

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer what the round panel does only while it is open."""
        if action.startswith("round_") and action != "round_automatic":
            return self.is_mounted and self.panel.round is not None
        return super().check_action(action, parameters)

    def on_resize(self, event: events.Resize) -> None:
        """Let the panel stand alone where there is room for nothing else."""
        self.set_class(event.size.height < LOW, "-low")

    # Where there is room for the panel or the others

    def _front_panel(self, front: bool) -> None:
        """Let the panel stand before the others where there is no room for both, or let it step back."""
        self.set_class(front and self.panel.round is not None, "-answering")

    def front_conversation(self) -> None:
        """Let the conversation be seen."""
        self._front_panel(False)
        super().front_conversation()

    def front_template(self, template: bool) -> None:
        """Let the left column or the conversation be seen."""
        self._front_panel(False)
        super().front_template(template)

    async def action_show_pane(self, pane: Pane) -> None:
        """Bring a pane to the front and go to it."""
        self._front_panel(False)
        await super().action_show_pane(pane)

    @property
    def _writes_elsewhere(self) -> bool:
        """Whether the user is in a text that the panel would hide where there is no room for both."""
        return self.mesh.text_in_use not in (None, self.prompt) and not self.panel.has_focus_within

    # A turn with calls

    async def run_turn(self, turn: Turn) -> Turn:
        """Run a turn, and the rounds that go on by themselves; then stop at the calls that wait."""
        last = await super().run_turn(turn)
        round = self.session.rounds.round_of(last) if last.state is TurnState.DONE else None
        if round is not None and not self.waits:
            self.open_at(round, quietly=self._writes_elsewhere or bool(self.prompt.value.strip()))
        return last

    def _turn_begun(self, round: Round, turn: Turn) -> None:
        """Show a turn that a round began by itself, where its conversation is seen."""
        if not self._is_shown(round.node.conversation_id):
            return
        self._close()
        self.pane.show(self.session.nodes)
        self.pane.transcript.set_cursor(None)
        self.pane.scroll_to_end()
        self.show_top()
        self.follow()

    def _round_changed(self, round: Round) -> None:
        if self.panel.round is round:
            self.panel.show_again()
        elif any(one.state == "running" for one in round.calls) and self.session.rounds.current() is round:
            self._show_panel(round, None)  # rounds that go on by themselves are seen to work, and esc stops them

    @property
    def can_stop(self) -> bool:
        """Whether something runs that escape stops: an answer, or what answers a call."""
        round = self.panel.round
        calls = round.calls if round is not None else ()
        return super().can_stop or any(one.state == "running" for one in calls)

    def action_stop(self) -> None:
        """Stop what answers calls, else what streams."""
        round = self.panel.round
        if self.running is None and round is not None and any(one.state == "running" for one in round.calls):
            self.session.rounds.stop(round)
        else:
            super().action_stop()

    # The panel

    def action_open_round(self) -> None:
        """Answer the calls at the end of the conversation."""
        round = self.session.rounds.current() if self.running is None else None
        if round is None:
            self.mesh.say("No tool call waits for a result at the end of this conversation.")
        else:
            self.open_at(round)

    def open_at(self, round: Round, at: Pending | None = None, *, quietly: bool = False) -> None:
        """Show a round and go to its result; quietly, the focus stays where the user types."""
        if self.panel.round is not round:
            self._show_panel(round, at)
            self._fill(round)
        elif at is not None:
            self.panel.go_to(at)
        if not (quietly and self._writes_elsewhere):
            self._front_panel(True)
        elif self.has_class("-low"):
            self.mesh.say(self.mesh.keyed("Tool calls wait for their results: {round.open} goes to them."))
        if not quietly:
            self.panel.focus_result()

    def _show_panel(self, round: Round, at: Pending | None) -> None:
        self._empty_told = None
        offered = parameters_of(self.session.offered(round.source))
        known = {one.call.name: one.tool.parameters for one in round.calls if one.tool is not None}
        self.panel.open(round, {**known, **offered}, self.session.rounds.automatic, at)
        self._front_panel(not self._writes_elsewhere)
        self.refresh_bindings()

    def _close(self) -> None:
        if self.panel.round is None:
            return
        had_focus = self.panel.has_focus_within
        self.panel.close()
        self._front_panel(False)
        if had_focus:
            self.prompt.focus()
        self.refresh_bindings()

    def show_top(self) -> None:
        """Say again what is in use; where another conversation or branch is shown, its round is another one."""
        super().show_top()
        if self.panel.round is not None and self.panel.round is not self.session.rounds.current():
            self._close()
        running, here = self.session.rounds.running(), self.session.conversation
        if running is not None and self.panel.round is None:
            self._show_panel(running, None)
        if here is not None and here.id in self._asking:
            self._asking[here.id].set()

    def on_screen_resume(self) -> None:
        """What waited to be asked while something stood over the conversation is asked now."""
        for waiting in self._asking.values():
            waiting.set()

    def action_round_send(self) -> None:
        """Send all results back and go on."""
        self._after_keys(self._take_and_send)

    def _take_and_send(self) -> None:
        round = self.panel.round
        if round is None:
            return
        if self.session.rounds.current() is round:
            self._send(round)
        else:
            self._close()

    def _send(self, round: Round) -> None:
        rounds = self.session.rounds
        if self.panel.round is not round or self.held_by_budget(lambda: self._send(round)):
            return
        rounds.accept(round)
        if any(one.kind != "hand" and one.state == "open" and not one.note for one in round.open):
            self._fill(round)  # the arguments were edited since: stop once more, with what answers them now
            return
        waiting = next(iter(round.open), None)
        if waiting is not None and not self._send_empty(round, waiting):
            return
        try:
            turn = rounds.go_on(round)
        except (OpenCalls, StoreError) as error:
            self.mesh.say(str(error))
            return
        self._close()
        self.start(turn)

    def _send_empty(self, round: Round, waiting: Pending) -> bool:
        """Say that a call has no result; asked again, empty results go back."""
        name = one_line(waiting.call.name, 40)
        if waiting.state == "running":
            self.mesh.say(f"{name} is still being answered: {self.mesh.keyed('{round.later} stops it.')}")
            return False
        if self._empty_told is not round:
            self._empty_told = round
            self.panel.go_to(waiting)
            self.panel.focus_result()
            again = self.mesh.keyed("{round.send} once more sends it empty.")
            self.mesh.say(f"There is no result for {name} yet: type one, or {again}")
            return False
        for pending in list(round.open):
            if pending.state == "running":
                return self._send_empty(round, pending)
            self.session.rounds.set_result(round, pending, "")
        return True

    def action_round_later(self) -> None:
        """Stop what runs; with nothing running, close the panel and keep everything."""
        self._after_keys(self._leave)

    def _leave(self) -> None:
        round = self.panel.round
        if round is not None and any(one.state == "running" for one in round.calls):
            self.session.rounds.stop(round)
            return
        self._close()
        self.prompt.focus()

    def action_round_automatic(self) -> None:
        """Let rounds go on by themselves up to a limit, or stop before each again."""
        rounds = self.session.rounds
        if rounds.automatic:
            rounds.set_automatic(0)
            self.mesh.say("Each round stops before its results go back.")
            self.panel.note_automatic(0)
            return

        def chosen(text: str) -> str | None:
            number = text.strip()
            if not number.isdecimal() or not 1 <= int(number) <= 100:
                return f"The limit of rounds is a number from 1 to 100, not {one_line(text, 20)}."
            rounds.set_automatic(int(number))
            self.mesh.say(f"Up to {int(number)} rounds go on by themselves; a call without an answer stops them.")
            self.panel.note_automatic(rounds.automatic)
            return None

        title = "How many rounds may go on by themselves? A command still asks first."
        self.app.push_screen(Ask(title, f"a number, such as {DEFAULT_LIMIT}", _limits, chosen))

    # Commands

    def _is_shown(self, conversation_id: str) -> bool:
        here = self.session.conversation
        return here is not None and here.id == conversation_id

    async def _approve(self, round: Round, pending: Pending, plan: Plan) -> Approval:
        """Ask whether a command may run, where its call is seen; called in the worker that answers calls."""
        while not await self._can_ask(round.node.conversation_id):
            continue
        return await self.app.push_screen_wait(ApprovalQuestion(pending, plan))

    async def _can_ask(self, conversation_id: str) -> bool:
        """Wait until a conversation is seen and nobody types; return whether both are so."""
        sent = self.prompt.has_focus and not self.prompt.value
        left = 0 if sent else self.mesh.typed_at + TYPING_SECONDS - time.monotonic()
        if not self._is_shown(conversation_id) or not self.is_active:
            self._asking[conversation_id] = asyncio.Event()
            self.follow()
            try:
                await self._asking[conversation_id].wait()
            finally:
                del self._asking[conversation_id]
                self.follow()
        elif left > 0:
            await asyncio.sleep(left)
        else:
            return True
        return False

    @property
    def queued_words(self) -> str:
        """What waits behind the screen: commands of other conversations that ask, what is sent when a limit ends."""
        rows = [row for row in map(self.session.store.conversation, self._asking) if row is not None]
        titles = [one_line(row.title, 30) or "untitled" for row in rows if row.deleted_at is None]
        asking = [f"a command asks to run in “{title}”" for title in titles]
        return " · ".join(filter(None, (*asking, super().queued_words)))


def _limits(text: str) -> list[str]:
    typed = text.strip()
    return [typed] if typed else [str(DEFAULT_LIMIT), "1", "2", "10", "20", "100"]
