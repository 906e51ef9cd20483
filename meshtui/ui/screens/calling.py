"""The part of the workbench that acts on calls where they stand: answering, going back to a round, comparing."""

from __future__ import annotations

from textual import on

from meshtui.session import Node, Pending, Round, StoreError
from meshtui.ui.screens.answering import Answering
from meshtui.ui.screens.call_differences import CallDifferences
from meshtui.ui.widgets.transcript_messages import ActionChosen


class Calling(Answering):
    """Opens the round of a call, of the last message or of one further up, and says how calls differ."""

    @on(ActionChosen)
    def _act_on_call(self, event: ActionChosen) -> None:
        if event.action == "verbatim":
            self.pane.turn_verbatim(event.key, event.about)
        elif event.action == "differences":
            self._compare_calls(next((node for node in self.session.nodes if node.id == event.key), None))
        elif event.action in ("answer", "take_repair"):
            self._answer_at(event.key, event.about, repair=event.action == "take_repair")

    def _answer_at(self, key: str, about: str, *, repair: bool) -> None:
        """Open the round of a message; of one further up, go back to it and fork from there."""
        if self.running is not None:
            self.mesh.say("An answer is coming: stop it first, or wait for its end.")
            return
        node = self._calling(key)
        if node is None:
            return
        answered = next((one.message.tool_call_id for one in self.session.nodes if one.id == key), None)
        try:
            round = self._round_at(node)
        except StoreError as error:
            self.mesh.say(str(error))
            return
        if round is None:
            self.mesh.say("The request of these calls is not there any more: they cannot be answered again.")
            return
        id = about.removeprefix(f"{node.id}/") if answered is None else answered
        at = next((one for one in round.calls if one.original is not None and one.original.id == id), None)
        if repair and at is not None:
            self._take_repair(round, at)
        self.open_at(round, at)

    def _take_repair(self, round: Round, pending: Pending) -> None:
        from meshtui.core.calls.verdict import json_fault

        fault = json_fault(pending.call.arguments)
        if fault is not None and fault.repaired is not None:
            self.session.rounds.edit_arguments(round, pending, fault.repaired)

    def _calling(self, key: str) -> Node | None:
        """Return the message with calls that a message is or answers."""
        nodes = self.session.nodes
        place = next((number for number, node in enumerate(nodes) if node.id == key), -1)
        while place > 0 and nodes[place].role == "tool":
            place -= 1
        return nodes[place] if place >= 0 and nodes[place].message.tool_calls else None

    def _round_at(self, node: Node) -> Round | None:
        rounds, nodes = self.session.rounds, self.session.nodes
        if nodes[-1].id == node.id:
            return rounds.current()
        left = nodes[-1].id
        round = rounds.reopen(node)
        if round is not None:
            self.left_branches.append(left)
            self.pane.show(self.session.nodes)
            self.pane.scroll_to_end()
            self.follow()
        return round

    def action_call_differences(self) -> None:
        """Show how the calls of an answer differ from those of the answers beside it."""
        nodes, chosen = self.session.nodes, self.chosen
        if chosen is not None and chosen.role == "tool":
            chosen = self._calling(chosen.id)
        if chosen is None or chosen.role != "assistant":
            chosen = next((one for one in reversed(nodes) if one.message.tool_calls), None)
        self._compare_calls(chosen)

    def _compare_calls(self, node: Node | None) -> None:
        others = [one for one in self.session.siblings(node.id) if one.role == "assistant"] if node is not None else []
        if node is None or len(others) < 2:
            words = "There is no other answer to compare with: {turn.retry} asks once more, also with another model."
            self.mesh.say(self.mesh.keyed(words))
        else:
            self.app.push_screen(CallDifferences(others, node.id))
