"""What the parts of the workbench screen share: the session, and typed ways to its widgets and turns."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, ClassVar, cast

from textual.screen import Screen

from meshtui.core.turn import Turn
from meshtui.session import Node, Session, key_refusal
from meshtui.ui.commands import Where
from meshtui.ui.panes.conversation import ConversationPane
from meshtui.ui.widgets.prompt import Prompt

if TYPE_CHECKING:
    from meshtui.ui.app import MeshApp


NOTHING_SAID = "Nothing is said in this conversation yet."


class Bench(Screen[object]):
    """The base of the workbench's parts; each part turns what the user does into the session's use-cases."""

    PLACES: ClassVar[tuple[Where, ...]] = ("anywhere", "prompt", "conversation", "template", "tools")

    def __init__(self, session: Session) -> None:
        super().__init__()
        self.session = session

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

    def refuses_key(self, text: str) -> bool:
        """Whether a message is not sent because it is nothing but an API key; the user is told."""
        refusal = key_refusal(text, self.mesh.keyed("{key.enter}"))
        if refusal:
            self.mesh.say(refusal)
        return bool(refusal)

    def held_by_budget(self, go: Callable[[], object]) -> bool:
        """Whether something the user has to answer first holds up sending; `go` follows where they agree."""
        return False

    async def run_turn(self, turn: Turn) -> Turn:
        """Run a turn, and the rounds that go on by themselves; return the last turn."""
        return await self.session.rounds.drive(turn)

    @property
    def chosen(self) -> Node | None:
        """The message under the cursor of the conversation, where that has the focus."""
        transcript = self.pane.transcript
        key = transcript.cursor[0] if transcript.has_focus and transcript.cursor else None
        return next((node for node in self.session.nodes if node.id == key), None)

    def show_top(self) -> None:
        """Say again what is in use."""

    def follow(self) -> None:
        """Say again what goes on, and keep saying it while something does."""

    @property
    def can_stop(self) -> bool:
        """Whether something runs that escape stops; else escape goes back to the prompt."""
        return self.running is not None

    @property
    def shows_side(self) -> bool:
        """Whether the usage pane is to be seen; else its figures are on the state line."""
        return False

    def front_conversation(self) -> None:
        """Let the conversation be seen where only one pane has room."""

    def show_usage(self) -> None:
        """Draw the figures where they are to be seen."""

    @property
    def queued_words(self) -> str:
        """What waits behind the screen, in a few words for the state line."""
        return ""

    def runs_template(self, text: str) -> bool:
        """Whether a message sent now begins a run of the open template; it is run then."""
        return False
