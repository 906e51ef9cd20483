"""The part of the workbench that changes the calls of the open round: results, arguments, what is dropped and added."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from textual import on

from meshtui.session import Round
from meshtui.ui.editor import edit
from meshtui.ui.panes.calls import parameters_of
from meshtui.ui.panes.round import SIDES, RoundPane
from meshtui.ui.screens.ask import Ask
from meshtui.ui.screens.bench import Bench
from meshtui.ui.screens.composing import Composing
from meshtui.ui.screens.paning import Paning


class RoundEditing(Paning, Composing, Bench):
    """Takes over what is typed into the round panel, and does what its keys say with the call that is shown."""

    @property
    def panel(self) -> RoundPane:
        """The round panel."""
        return self.query_one(RoundPane)

    def _fill(self, round: Round) -> None:
        """Let canned rules and commands answer what they can."""
        if any(one.kind != "hand" and one.state == "open" for one in round.calls) or self.session.rounds.rules:
            self.run_worker(
                self.session.rounds.fill(round), group="round", exit_on_error=False, description="answer calls"
            )

    # What is typed

    @on(RoundPane.Edited)
    def _typed_in(self, event: RoundPane.Edited) -> None:
        """Take what stands there now; of a call that is left, it was taken when it was left."""
        typed = self.panel.edit_of(event.what) if event.pending is self.panel.here else None
        if typed is not None:
            self._edited(typed)

    def _edited(self, event: RoundPane.Edited) -> None:
        round, pending, rounds = self.panel.round, event.pending, self.session.rounds
        if round is None or pending not in round.calls:
            return
        if event.what == "arguments":
            if event.text != pending.call.arguments:
                rounds.edit_arguments(round, pending, event.text)
        else:
            rounds.type_result(round, pending, event.text)

    def _after_keys(self, act: Callable[[], None]) -> None:
        """Act when what was typed before is taken: keys that act come before those that write."""

        def taken() -> None:
            for typed in filter(None, map(self.panel.edit_of, SIDES)):
                self._edited(typed)
            act()

        (self.focused or self).call_later(taken)

    # The call that is shown

    def action_round_go(self, step: int) -> None:
        """Go to the next call or the one before."""
        self._after_keys(partial(self.panel.go, step))

    def action_round_nth(self, number: int) -> None:
        """Go to a call by its place."""
        self._after_keys(partial(self.panel.go_nth, number))

    def action_round_error(self) -> None:
        """Tell the model that this result is an error, or not."""
        self._after_keys(self._error_call)

    def _error_call(self) -> None:
        round, pending = self.panel.round, self.panel.here
        if round is not None and pending is not None and pending.state != "running":
            self.session.rounds.set_result(round, pending, self.panel.text_of("result"), is_error=not pending.is_error)

    def action_round_drop(self) -> None:
        """Let a call not go back, or take it up again."""
        self._after_keys(self._drop_call)

    def _drop_call(self) -> None:
        round, pending, rounds = self.panel.round, self.panel.here, self.session.rounds
        if round is None or pending is None:
            return
        if pending.state == "dropped":
            rounds.take_up(round, pending)
            self._fill(round)
        else:
            rounds.drop(round, pending)

    def action_round_reset(self) -> None:
        """Take the arguments and the answer of a call back to how they came."""
        self._after_keys(self._reset_call)

    def _reset_call(self) -> None:
        round, pending = self.panel.round, self.panel.here
        if round is not None and pending is not None:
            self.session.rounds.reset(round, pending)
            self.panel.go_to(pending if pending in round.calls else None)
            self._fill(round)

    def action_round_fix(self) -> None:
        """Take the repair that is suggested for arguments that are no JSON."""
        self._after_keys(self._fix_call)

    def _fix_call(self) -> None:
        if not self.panel.take_repair():
            self.mesh.say("There is no repair to take: the arguments are JSON, or nothing is suggested.")

    def action_round_add(self) -> None:
        """Add a call, of a tool that was offered or of any other."""
        self._after_keys(self._add_call)

    def _add_call(self) -> None:
        round = self.panel.round
        if round is None:
            return
        names = list(parameters_of(self.session.offered(round.source)))

        def offer(text: str) -> list[str]:
            typed = text.strip()
            found = [name for name in names if typed.casefold() in name.casefold()]
            return found if not typed or typed in found else [*found, typed]

        def chosen(name: str | None) -> None:
            if name and self.panel.round is round:
                self.panel.go_to(self.session.rounds.add(round, name))
                self.panel.focus_arguments()

        self.app.push_screen(Ask("Add a call of which tool?", "the name of a tool", offer), chosen)

    def action_round_edit(self) -> None:
        """Open the arguments or the result in the user's own editor."""
        self._after_keys(self._edit_outside)

    def _edit_outside(self) -> None:
        what = self.panel.edited_side
        before = self.panel.text_of(what)
        text, fault = edit(self.app, before, ".json")
        if fault:
            self.mesh.say(fault)
        elif text != before:
            self.panel.replace_text(what, text)

    def action_round_again(self) -> None:
        """Let the rule or the command answer the call that is shown, with the arguments as they stand."""
        round, pending = self.panel.round, self.panel.here

        def again() -> None:
            if round is not None and pending is not None and pending.state in ("open", "answered"):
                self.session.rounds.reopen_call(round, pending)
                self._fill(round)

        if pending is not None and pending.kind != "hand":
            self._after_keys(again)
        else:
            self.mesh.say("This call is answered by hand: type its result.")
