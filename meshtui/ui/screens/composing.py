"""The part of the workbench that writes: the prompt, attachments, sending, stopping, repeating."""

from __future__ import annotations

from textual import on
from textual.timer import Timer
from textual.widgets import TextArea

from meshtui.core.attachments import NotAttachable
from meshtui.core.turn import Turn
from meshtui.session import Session, StoreError
from meshtui.ui.compat import after
from meshtui.ui.editor import edit
from meshtui.ui.screens.ask import Ask
from meshtui.ui.screens.bench import Bench
from meshtui.ui.widgets.chips import Chips
from meshtui.ui.widgets.prompt import Prompt

DRAFT_SECONDS = 0.5
"""How long after the last key what stands in the prompt is on disk."""

ATTACH_HINT = "path or web address, then #detail=low or #fps=2 if wanted"

CONTINUE = "Continue exactly where your last answer was cut off."


class Composing(Bench):
    """Sends what stands in the prompt, and keeps it until it is on disk."""

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self.waits = False
        self.instead_of: str | None = None
        self.left_branches: list[str] = []
        self._saving: Timer | None = None
        self._kept = ""

    # The prompt

    @on(TextArea.Changed, "#prompt")
    def _typed(self) -> None:
        """Keep what is typed soon after the last key; what was waiting to be sent waits for enter again."""
        if self.waits:
            self.wait_with_prompt(False)
        if self._saving is not None:
            self._saving.stop()
        self._saving = after(self, DRAFT_SECONDS, self.save_typed)

    def save_typed(self) -> None:
        """Keep what is typed, now, where it is not kept yet."""
        if self._saving is not None:
            self._saving.stop()
            self._saving = None
        text = self.prompt.value
        if text == self._kept:
            return
        try:
            self.session.save_typed(text)
            self._kept = text
        except StoreError as error:
            self.mesh.say(str(error))

    def put_kept(self, text: str) -> None:
        """Put what is kept on disk into the prompt."""
        self.prompt.put(text)
        self._kept = text

    def action_newline(self) -> None:
        """Begin a new line in the prompt."""
        self.prompt.insert("\n")

    def action_edit_prompt(self) -> None:
        """Open the prompt in the user's own editor; in the conversation, the block under the cursor, to read."""
        if self.pane.transcript.has_focus:
            _, fault = edit(self.app, self.pane.transcript.current()[0], ".md")
            if fault:
                self.mesh.say(fault)
            return
        text, fault = edit(self.app, self.prompt.value, ".md")
        if fault:
            self.mesh.say(fault)
        else:
            self.prompt.put(text)

    def action_recall_prompt(self) -> None:
        """Find an earlier prompt and put it into the prompt."""

        def chosen(text: str | None) -> None:
            if text is not None:
                self.prompt.put(text)

        ask = Ask("Earlier prompts", "type to find", lambda text: self.session.prompts(text, 50))
        self.app.push_screen(ask, chosen)

    # Attachments

    @on(Prompt.Dropped)
    def _dropped(self, event: Prompt.Dropped) -> None:
        for where in event.places:
            if refusal := self.attach(where):
                self.mesh.say(refusal)

    def action_attach(self) -> None:
        """Attach a picture, video or sound to the next message."""
        self.app.push_screen(Ask("Attach a file", ATTACH_HINT, accept=self.attach))

    def attach(self, where: str) -> str | None:
        """Attach a file or a web address; returns why where that cannot be."""
        try:
            attachment = self.session.attach(where)
        except (NotAttachable, StoreError) as error:
            return str(error)
        refusal = self.session.refusal(attachment)
        if refusal is None:
            self.session.attached.append(attachment)
            self._show_chips()
        return refusal

    def action_detach(self) -> None:
        """Take the last attachment away again."""
        if not self.session.attached:
            self.mesh.say("Nothing is attached.")
        self._let_go_of_last()

    @on(Prompt.DetachAsked)
    def _let_go_of_last(self) -> None:
        if self.session.attached:
            self.session.attached.pop()
            self._show_chips()

    def _show_chips(self) -> None:
        self.query_one(Chips).show([attachment.label for attachment in self.session.attached])

    # Sending

    @on(Prompt.Submitted)
    def action_send(self) -> None:
        """Send what stands in the prompt; while an answer comes, it waits for its end."""
        text = self.prompt.value
        if not text.strip() and not self.session.attached:
            return
        if self.refuses_key(text):
            return
        if self.running is not None:
            self.wait_with_prompt(True)
        elif not self.runs_template(text):
            self.say(text)

    def say(self, text: str) -> None:
        """Send a text in this conversation, with what is attached."""
        self.save_typed()  # of a draft, only what is said in full is cleared
        if self.refuses_key(text):
            if not self.prompt.value:
                self.prompt.put(text)  # it was submitted before the workbench was there
            return
        refusal = next(filter(None, map(self.session.refusal, self.session.attached)), None)
        if refusal is not None:  # the model was changed after it was attached
            self.mesh.say(refusal)
            return
        if self.held_by_budget(lambda: self.say(text)):
            return
        left = self.session.nodes[-1].id if self.instead_of is not None and self.session.nodes else None
        try:
            turn = self.session.say(text, instead_of=self.instead_of)
        except StoreError as error:
            self.mesh.say(f"Nothing was sent, because it could not be kept: {error}")
            return
        except NotAttachable as error:
            self.mesh.say(str(error))
            return
        if left is not None:
            self.left_branches.append(left)
        self.took_prompt(text)
        self.start(turn)

    def took_prompt(self, text: str) -> None:
        """Empty the prompt of a text that is on disk now, and the attachments with it."""
        self.edit_instead(None)
        if self.prompt.value == text:
            self.prompt.take()
            self._kept = ""
        self._show_chips()

    def start(self, turn: Turn) -> None:
        """Show a turn that was begun, and run it."""
        self.pane.show(self.session.nodes)
        self.pane.transcript.set_cursor(None)  # the keys of a card go to this answer from now on
        self.pane.scroll_to_end()
        self.app.run_worker(self.run_turn(turn), group=f"turn:{turn.id}", exit_on_error=False, description="a turn")
        self.show_top()
        self.follow()

    def wait_with_prompt(self, waits: bool) -> None:
        """Let the prompt wait for the end of the answer that comes, or not."""
        self.waits = waits
        self.prompt.set_class(waits, "-waiting")
        self.follow()

    def send_what_waits(self) -> None:
        """The answer is over: send what waits in the prompt, or leave it there where the answer failed."""
        if not self.waits or self.running is not None:
            return
        ended = self.last_turn
        self.wait_with_prompt(False)
        if ended is not None and ended.problem is None and ended.finish_reason is not None:
            self.action_send()

    def action_edit_last(self) -> None:
        """Put a message back into the prompt, the one under the cursor or the last; what is sent takes its place.

        What stood in the prompt is among the earlier prompts then.
        """
        chosen = self.chosen
        if chosen is None or chosen.role != "user":
            chosen = next((node for node in reversed(self.session.nodes) if node.role == "user"), None)
        node = chosen
        if node is None or self.running is not None:
            waits = self.mesh.keyed("An answer streams: {turn.stop} stops it, then change the message.")
            self.mesh.say("There is no message to change yet." if node is None else waits)
            return
        self.session.remember(self.prompt.value)
        self.prompt.put(node.message.text)
        self.session.attached[:] = self.session.files_of(node.message)
        self._show_chips()
        self.edit_instead(node.id)
        self.prompt.focus()

    def edit_instead(self, node_id: str | None) -> None:
        """Say which message the prompt will take the place of, if any."""
        self.instead_of = node_id
        self.follow()

    # Stopping and repeating

    def action_stop(self) -> None:
        """Stop the answer that streams, keeping what arrived."""
        if self.running is not None:
            self.session.stop(self.running)

    def action_back(self) -> None:
        """Leave the editing of a message, else go to the prompt."""
        if self.instead_of is not None:
            self.edit_instead(None)
        else:
            self.prompt.focus()

    def action_retry(self, model: str | None = None) -> None:
        """Send a request again, as another answer to the same message: the one under the cursor, else the last."""
        node = self.chosen
        turn = node.turn if node is not None and node.turn is not None else self.last_turn
        if turn is None or self.running is not None or self.held_by_budget(lambda: self.action_retry(model)):
            return
        left = self.session.nodes[-1].id
        try:
            self.start(self.session.retry(turn, model or self.session.draft.model or None))
        except StoreError as error:
            self.mesh.say(str(error))
        else:
            self.left_branches.append(left)

    def action_other_branch(self) -> None:
        """Go to the branch that was left last by another answer or an edited message; again, and it is this one."""
        if not self.left_branches or self.running is not None:
            self.mesh.say("There is no other branch to go to." if self.running is None else "An answer is coming.")
            return
        here, there = self.session.nodes[-1].id, self.left_branches[-1]
        try:
            self.session.show_branch(there)
        except StoreError as error:
            self.mesh.say(str(error))
            return
        self.left_branches[-1] = here
        self.front_conversation()
        self.pane.show(self.session.nodes)
        self.pane.scroll_to_end()
        self.follow()
