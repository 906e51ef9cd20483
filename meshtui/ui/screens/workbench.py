"""The workbench: one conversation, the prompt under it, and what can be done with both."""

from __future__ import annotations

from collections.abc import Callable

from textual import events, on
from textual.app import ComposeResult
from textual.containers import Horizontal, VerticalScroll
from textual.timer import Timer

from meshtui.session import Session, StoreError
from meshtui.ui.commands import bindings
from meshtui.ui.keyed import is_key_of
from meshtui.ui.panes.conversation import ConversationPane
from meshtui.ui.panes.model import ModelPane
from meshtui.ui.panes.round import RoundPane
from meshtui.ui.panes.template import TemplatePane
from meshtui.ui.panes.usage import UsagePane
from meshtui.ui.screens.calling import Calling
from meshtui.ui.screens.comparing_templates import ComparingTemplates
from meshtui.ui.screens.composing import CONTINUE
from meshtui.ui.screens.conversation_list import ConversationList
from meshtui.ui.screens.jumping import Jumping
from meshtui.ui.screens.reading import Reading
from meshtui.ui.screens.spending import Spending
from meshtui.ui.screens.tooling import Tooling
from meshtui.ui.widgets.chips import Chips
from meshtui.ui.widgets.edge import Edge
from meshtui.ui.widgets.find import FindLine
from meshtui.ui.widgets.pane_tabs import PaneTabs
from meshtui.ui.widgets.prompt import Prompt
from meshtui.ui.widgets.state import StateLine
from meshtui.ui.widgets.top import Front, KeyLine, TopLine
from meshtui.ui.widgets.transcript_messages import ActionChosen

OF_THE_TEMPLATE = (
    "run_template",
    "save_template",
    "preview_template",
    "edit_part",
    "compare_template",
    "next_doubt",
    "add_message",
)
"""Actions of the left column that need a template; of the tools, a run alone makes sense."""


class Workbench(Calling, ComparingTemplates, Tooling, Jumping, Reading, Spending):
    """Shows the session's current conversation and turns what the user does into its use-cases."""

    AUTO_FOCUS = "#prompt"  # from the first moment: keys are typed already
    BINDINGS = bindings("anywhere", "prompt")

    def __init__(self, session: Session, typed_before: Callable[[], tuple[str, str]] = lambda: ("", "")) -> None:
        super().__init__(session)
        self._typed_before = typed_before
        self._clock: Timer | None = None

    def compose(self) -> ComposeResult:
        """From top to bottom: what is in use, the conversation, what is going on, the prompt, the keys."""
        yield TopLine(self._front, id="top")
        yield PaneTabs(id="tabs")
        with Horizontal(id="centre"):
            yield TemplatePane(id="template")
            yield Edge("left", id="left-edge")
            yield ConversationPane(
                self.session.file,
                offered=self.session.offered,
                siblings=self.session.siblings,
                demo=self.session.target.demo,
                id="conversation",
            )
            yield Edge("right", id="right-edge")
            with VerticalScroll(id="side", can_focus=False):
                yield ModelPane(id="model")
                yield UsagePane(id="usage")
        yield RoundPane(id="round")
        yield FindLine(id="find")
        yield StateLine(id="state")
        yield Chips(id="chips")
        yield Prompt(id="prompt")
        yield KeyLine(id="keys")

    def on_mount(self) -> None:
        """Show the latest conversation and what stood in the prompt, then follow what changes."""
        self.prompt.recall = self.session.prompts
        self.mesh.ticker.signal.subscribe(self, self._changed)
        self.session.take_last_choice()
        self.begin_paning()
        self.begin_answering()
        self.open_conversation(None)
        submitted, typed = self._typed_before()
        if submitted:
            self.say(submitted)
        if typed:
            self.prompt.put(self.prompt.value + typed)
        self.call_after_refresh(self.begin_templating)
        self.call_after_refresh(self.begin_choosing)
        self.call_after_refresh(self.begin_spending)

    def on_key(self, event: events.Key) -> None:
        """Take what was typed before the prompt had the focus, though it may have it by now."""
        if self.focused not in (None, self.prompt):
            return
        if event.is_printable and event.character:
            self.prompt.insert(event.character)
            self.prompt.focus()
        elif is_key_of(self, "prompt.send", event.key):
            self.action_send()

    # Conversations

    def open_conversation(self, id: str | None) -> None:
        """Show a conversation, the latest where none is named."""
        self._show_conversation(lambda: self.session.open(id))

    def action_new_conversation(self) -> None:
        """Begin an empty conversation; what streams in the old one goes on."""
        if not self.session.nodes and not self.prompt.value:
            self.mesh.say("This conversation is empty already.")
        self._show_conversation(self.session.new)

    def _show_conversation(self, become: Callable[[], object]) -> None:
        self.save_typed()
        self.instead_of = None
        self.left_branches.clear()
        try:
            become()
            self.put_kept(self.session.typed())
        except StoreError as error:
            self.mesh.say(str(error))
            return
        self.pane.show(self.session.nodes)
        self.action_focus_prompt()
        self.show_top()
        self.show_queue()
        self.show_usage()
        self.refresh_bindings()

    def action_list_conversations(self) -> None:
        """Choose another conversation from the list."""
        self.save_typed()
        self.app.push_screen(ConversationList(self.session), self._listed)

    def _listed(self, id: str | None) -> None:
        here = self.session.conversation
        if id is not None:
            self.open_conversation(id)
            self.follow_conversation()
        elif here is not None and self.session.is_deleted(here.id):
            self._show_conversation(self.session.new)
        self.show_top()

    # What happens to a turn

    def _changed(self, ids: frozenset[str]) -> None:
        if self.is_covered:
            return  # what it draws would make Textual draw the lanes over it anew
        for node in self.session.nodes:
            if node.turn_id in ids:
                self.pane.pull(node)
        if ids.isdisjoint(self.session.live):
            self.show_usage()
        self.follow()
        self.send_what_waits()
        self.template_turns_changed()

    def follow(self) -> None:
        """Keep the state line ticking while a turn runs, and only then."""
        self._show_state()
        running = self.running is not None or len(self.session.queue) > 0
        if running and self._clock is None:
            self._clock = self.set_interval(0.5, self._show_state)
            self.refresh_bindings()
        elif not running and self._clock is not None:
            self._clock.stop()
            self._clock = None
            self.refresh_bindings()

    def _show_state(self) -> None:
        line, turn = self.query_one(StateLine), self.running or self.last_turn
        line.show(turn, self.waits, self.instead_of is not None, self.queued_words, self.usage_line)

    @property
    def _front(self) -> Front:
        target, conversation = self.session.target, self.session.conversation
        title = conversation.title if conversation else ""
        model, fallbacks = self.session.draft.model, self.session.fallbacks
        model += f" +{len(fallbacks)}" if fallbacks else ""
        return Front(target.profile, target.masked_key, model, title, target.demo)

    def show_top(self) -> None:
        """Say again what is in use."""
        self.query_one(TopLine).show(self._front)
        super().show_top()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer stop only while something runs, retry and copy only when there is an answer."""
        if action in OF_THE_TEMPLATE:
            beside = self.opened is not None and self.editor.has_focus_within and self.editor.view == "tools"
            return self.opened is not None and (action == "run_template" or not beside)
        if action in ("send", "newline"):
            return True if self.focused in (self.prompt, None) else None
        if action == "stop":
            return self.can_stop
        if action == "back":
            return not self.can_stop and (self.instead_of is not None or self.focused not in (self.prompt, None))
        if action == "tour":
            return self.session.target.demo
        if action in ("retry", "copy_answer"):
            return self.running is None and bool(self.session.nodes)
        return super().check_action(action, parameters)

    @on(ActionChosen)
    def _act(self, event: ActionChosen) -> None:
        """Do what was chosen on a card or a block."""
        match event.action:
            case "retry":
                self.action_retry()
            case "retry_when_free":
                self.retry_when_free()
            case "continue":
                self.say(CONTINUE)
            case "model":
                self.action_choose_model(then_retry=True)
            case "key":
                self.action_enter_key()
            case "free_model":
                self.free_model()
            case "profile":
                self.action_choose_profile(then=self.action_retry)
            case "template":
                self.action_list_templates()
            case "edit":
                self.action_edit_last()

    def retry_with(self, model: str) -> None:
        """Send the last request again with another model."""
        self.action_retry(model)

    # Where the focus decides

    def action_find(self) -> None:
        """Find text in this conversation, or in the template where the focus is there."""
        if not self.find_in_template():
            self.front_conversation()
            super().action_find()
