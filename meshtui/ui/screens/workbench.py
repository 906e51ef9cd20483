"""The workbench: one conversation, the prompt under it, and what can be done with both."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, cast

from textual import on
from textual.app import ComposeResult
from textual.screen import Screen
from textual.timer import Timer
from textual.widgets import TextArea

from meshtui.core.problem import Problem
from meshtui.core.turn import Turn
from meshtui.session import Session, StoreError
from meshtui.ui.commands import COMMANDS, bindings
from meshtui.ui.editor import edit
from meshtui.ui.panes.cards import retry_at
from meshtui.ui.panes.conversation import ConversationPane
from meshtui.ui.screens.conversation_list import ConversationList
from meshtui.ui.screens.help import HelpPage
from meshtui.ui.screens.key_entry import KeyEntry
from meshtui.ui.screens.model_chooser import ModelChooser
from meshtui.ui.widgets.lines import KeyLine, StateLine, TopLine
from meshtui.ui.widgets.prompt import Prompt
from meshtui.ui.widgets.transcript import Transcript

if TYPE_CHECKING:
    from meshtui.ui.app import MeshApp

DRAFT_SECONDS = 0.5
"""How long after the last key what stands in the prompt is on disk."""

CONTINUE = "Continue exactly where your last answer was cut off."


class Workbench(Screen[object]):
    """Shows the session's current conversation and turns what the user does into its use-cases."""

    BINDINGS = bindings("anywhere", "prompt")

    def __init__(self, session: Session) -> None:
        super().__init__()
        self.session = session
        self._clock: Timer | None = None
        self._saving: Timer | None = None
        self._waits = False
        self._waiting: Timer | None = None

    @property
    def mesh(self) -> MeshApp:
        """The application, typed."""
        return cast("MeshApp", self.app)

    @property
    def pane(self) -> ConversationPane:
        """The conversation."""
        return self.query_one(ConversationPane)

    @property
    def prompt(self) -> Prompt:
        """Where the user types."""
        return self.query_one(Prompt)

    @property
    def running(self) -> Turn | None:
        """The turn of this conversation that is waiting or streaming."""
        live = self.session.live
        return next((live[node.turn_id] for node in reversed(self.session.nodes) if node.turn_id in live), None)

    @property
    def last_turn(self) -> Turn | None:
        """The turn of the last answer."""
        return next((node.turn for node in reversed(self.session.nodes) if node.turn_id), None)

    def compose(self) -> ComposeResult:
        """From top to bottom: what is in use, the conversation, what is going on, the prompt, the keys."""
        yield TopLine(id="top")
        yield ConversationPane(id="conversation")
        yield StateLine(id="state")
        yield Prompt(id="prompt")
        yield KeyLine(id="keys")

    def on_mount(self) -> None:
        """Show the latest conversation and what stood in the prompt, then follow what changes."""
        self.prompt.recall = self.session.prompts
        self.mesh.ticker.signal.subscribe(self, self._changed)
        self.open_conversation(None)
        self.call_after_refresh(self._settle)

    def _settle(self) -> None:
        """After the first paint: ask for a key where there is none, else make the client while the user reads."""
        if self.mesh.first_run:
            self._ask_for_key(self.mesh.first_run, first=True)
        else:
            self.run_worker(self._fetch_models(), group="catalog", exclusive=True, exit_on_error=False)

    async def _fetch_models(self) -> None:
        notice = ""
        try:
            await self.session.catalogue()
        except Problem as problem:
            notice = f"The model list could not be had: {problem}"
        if isinstance(self.app.screen, ModelChooser):
            self.app.screen.show_cards(self.session.cards, notice)

    def on_resize(self) -> None:
        """Fit the top line to the new width."""
        self._show_top()

    # Conversations

    def open_conversation(self, id: str | None) -> None:
        """Show a conversation, the latest where none is named."""
        self._show_conversation(lambda: self.session.open(id))

    def action_new_conversation(self) -> None:
        """Begin an empty conversation; what streams in the old one goes on."""
        self._show_conversation(self.session.new)

    def _show_conversation(self, become: Callable[[], object]) -> None:
        self._save_typed()
        try:
            become()
        except StoreError as error:
            self.mesh.say(str(error))
            return
        self.pane.show(self.session.nodes)
        self.prompt.put(self.session.typed())
        self.prompt.focus()
        self._show_top()
        self._follow()

    def action_list_conversations(self) -> None:
        """Choose another conversation from the list."""
        self.app.push_screen(ConversationList(self.session), self._listed)

    def _listed(self, id: str | None) -> None:
        if id is not None:
            self.open_conversation(id)
        elif self.session.conversation is not None and self.session.conversation.deleted_at is not None:
            self.action_new_conversation()
        self._show_top()

    # Sending

    @on(Prompt.Submitted)
    def _submit(self, event: Prompt.Submitted) -> None:
        if self.running is not None:
            self._wait_with_prompt(True)
            return
        self._say(event.text)

    def _say(self, text: str) -> None:
        try:
            turn = self.session.say(text)
        except StoreError as error:
            self.mesh.say(f"Nothing was sent, because it could not be kept: {error}")
            return
        self.prompt.take()
        self._start(turn)

    def _start(self, turn: Turn) -> None:
        self._cancel_wait()
        self.pane.show(self.session.nodes)
        self.pane.scroll_to_end()
        self.app.run_worker(self.session.run(turn), group=f"turn:{turn.id}", exit_on_error=False, description="a turn")
        self._show_top()
        self._follow()

    def _wait_with_prompt(self, waits: bool) -> None:
        self._waits = waits
        self.prompt.set_class(waits, "-waiting")
        self._show_state()

    @on(TextArea.Changed, "#prompt")
    def _typed(self) -> None:
        """Keep what is typed soon after the last key; what was waiting to be sent waits for enter again."""
        if self._waits:
            self._wait_with_prompt(False)
        if self._saving is not None:
            self._saving.stop()
        self._saving = self.set_timer(DRAFT_SECONDS, self._save_typed)

    def _save_typed(self) -> None:
        if self._saving is not None:
            self._saving.stop()
            self._saving = None
            try:
                self.session.save_typed(self.prompt.value)
            except StoreError as error:
                self.mesh.say(str(error))

    def save(self) -> None:
        """Keep what is typed, now: the program is about to end."""
        if self.is_mounted:
            self._save_typed()

    def action_send(self) -> None:
        """Send what stands in the prompt."""
        if self.prompt.value.strip():
            self.post_message(Prompt.Submitted(self.prompt.value))

    def action_newline(self) -> None:
        """Begin a new line in the prompt."""
        self.prompt.insert("\n")

    def action_edit_prompt(self) -> None:
        """Open the prompt in the user's own editor."""
        text, fault = edit(self.app, self.prompt.value, ".md")
        if fault:
            self.mesh.say(fault)
        else:
            self.prompt.put(text)

    # What happens to a turn

    def _changed(self, ids: frozenset[str]) -> None:
        for node in self.session.nodes:
            if node.turn_id in ids:
                self.pane.pull(node)
        self._follow()
        if self._waits and self.running is None:
            text, ended = self.prompt.value, self.last_turn
            self._wait_with_prompt(False)
            if ended is not None and ended.problem is None and ended.finish_reason is not None:
                self._say(text)

    def _follow(self) -> None:
        """Keep the state line ticking while a turn runs, and only then."""
        self._show_state()
        if self.running is not None and self._clock is None:
            self._clock = self.set_interval(0.5, self._show_state)
        elif self.running is None and self._clock is not None:
            self._clock.stop()
            self._clock = None
        self.refresh_bindings()

    def _show_state(self) -> None:
        turn = self.running or self.last_turn
        self.query_one(StateLine).show(turn, self._waits)

    def _show_top(self) -> None:
        target, conversation = self.session.target, self.session.conversation
        self.query_one(TopLine).show(
            conversation.title if conversation else "",
            target.profile,
            target.masked_key,
            self.session.draft.model,
            target.demo,
        )

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer stop only while something runs, retry and copy only when there is an answer."""
        if action == "stop":
            return True if self.running is not None or not self.prompt.has_focus else None
        if action in ("retry", "copy_answer"):
            return self.running is None and bool(self.session.nodes)
        return True

    def action_stop(self) -> None:
        """Stop the answer that streams, keeping what arrived; with none, go to the prompt."""
        turn = self.running
        if turn is not None:
            self.session.stop(turn)
        else:
            self.prompt.focus()

    def action_retry(self, model: str | None = None) -> None:
        """Send the last request again, as another answer to the same message."""
        turn = self.last_turn
        if turn is None or self.running is not None:
            return
        try:
            self._start(self.session.retry(turn, model or self.session.draft.model or None))
        except StoreError as error:
            self.mesh.say(str(error))

    def _retry_when_free(self) -> None:
        """Send the last request again when the gateway allows it, or stop waiting for that."""
        turn = self.last_turn
        if turn is None or self.running is not None:
            return
        if self._cancel_wait():
            return
        now = time.time()
        at = max(retry_at(turn) or now, now) + random.random()  # never early, never all at once
        self._waiting = self.set_timer(at - now, self._waited)
        self.pane.waits = {turn.id: at}
        self.pane.refresh_cards()

    def _cancel_wait(self) -> bool:
        waiting, self._waiting = self._waiting, None
        if waiting is None:
            return False
        waiting.stop()
        self.pane.waits = {}
        self.pane.refresh_cards()
        return True

    def _waited(self) -> None:
        self._cancel_wait()
        self.action_retry()

    # Models and keys

    def action_choose_model(self, then_retry: bool = False) -> None:
        """Choose the model for the next message, or for sending the last one again."""

        def chosen(model: str | None) -> None:
            if model is not None:
                self.session.choose_model(model)
                self._show_top()
                if then_retry:
                    self.action_retry(model)

        if not self.session.cards:
            self.run_worker(self._fetch_models(), group="catalog", exclusive=True, exit_on_error=False)
        notice = "" if self.session.cards else "fetching the list …"
        self.app.push_screen(ModelChooser(self.session.cards, self.session.draft.model, notice), chosen)

    def action_enter_key(self) -> None:
        """Enter another API key for this profile."""
        self._ask_for_key(f"Another key for the profile {self.session.target.profile}.", first=False)

    def _ask_for_key(self, why: str, *, first: bool) -> None:
        def done(outcome: str | None) -> None:
            if outcome == "demo":
                self.app.exit("demo")
            self._show_top()

        self.app.push_screen(KeyEntry(self.session.target.base_url, why, self.mesh.accept_key, first), done)

    # Moving about, copying, help

    def action_focus_prompt(self) -> None:
        """Go to the prompt."""
        self.prompt.focus()

    def action_focus_conversation(self) -> None:
        """Go to the conversation."""
        self.pane.focus_blocks()

    def action_block(self, step: int) -> None:
        """Move by one block in the conversation."""
        self.pane.focus_blocks(step)

    def action_copy_answer(self) -> None:
        """Copy the last answer as the model wrote it."""
        turn = self.last_turn
        if turn is not None:
            self.mesh.copy(str(turn.content), "Answer")

    def action_copy_or_stop(self) -> None:
        """Copy what is selected; with nothing selected, stop what streams; never leave."""
        selected = self.get_selected_text() or self.prompt.selected_text
        if selected:
            self.mesh.copy(selected, "Selection")
        elif self.running is not None:
            self.session.stop(self.running)
        else:
            self.mesh.say("ctrl+q leaves; ctrl+c copies what is selected")

    @on(Transcript.ActionChosen)
    def _act(self, event: Transcript.ActionChosen) -> None:
        """Do what was chosen on a card or a block."""
        match event.action:
            case "retry_when_free":
                self._retry_when_free()
            case "continue":
                self._say(CONTINUE)
            case "retry":
                self.action_retry()
            case "model":
                self.action_choose_model(then_retry=True)
            case "key":
                self.action_enter_key()
            case "stop":
                self.action_stop()

    @on(Transcript.CopyRequested)
    def _copy(self, event: Transcript.CopyRequested) -> None:
        self.mesh.copy(event.text, event.what)

    @on(Transcript.LinkChosen)
    def _link(self, event: Transcript.LinkChosen) -> None:
        """A link is never opened unasked: it is copied, and said."""
        self.mesh.copy(event.target, "Link")

    def action_help(self) -> None:
        """Show the keys and what they do."""
        keys = {command.id: self.mesh.look.keys.get(command.id, command.key) for command in COMMANDS}
        self.app.push_screen(HelpPage(keys))

    async def action_run_command(self, id: str) -> None:
        """Run a command of the table by its id."""
        command = next((command for command in COMMANDS if command.id == id), None)
        if command is not None:
            await self.run_action(command.action)
