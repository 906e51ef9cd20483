"""The conversation pane: the branch of the session in the transcript, kept up to date by pulling."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from textual import on
from textual.app import ComposeResult
from textual.containers import Container
from textual.content import Content
from textual.timer import Timer
from textual.widgets import Static

from meshtui.core.chat import ToolCall
from meshtui.core.money import Charge
from meshtui.core.text import one_line
from meshtui.core.thinking import ThinkSplitter
from meshtui.core.turn import Turn, TurnState
from meshtui.session import Node
from meshtui.ui.keyed import keyed
from meshtui.ui.panes.calls import Checks, Offered, difference_labels
from meshtui.ui.panes.cards import retry_at
from meshtui.ui.panes.entries import Around, Locate, entry_of
from meshtui.ui.widgets.transcript import Transcript
from meshtui.ui.widgets.transcript_messages import CursorMoved
from meshtui.ui.widgets.transcript_values import Entry, Label

TYPE = "Type a message below and press {prompt.send}."
RUN = "{template.pane:8}the template; there {template.run} runs it, {template.pane} hides it\n"
KEYS = """\
{model.choose:8}choose the model
{template.list:8}open a prompt template
{tools.show:8}tools that the model may call
{prompt.attach:8}attach a picture, video or sound
{conversation.list:8}go back to another conversation
{app.help:8}all keys; {app.palette} finds any command by name"""
TOUR = """

This is the demo: a simulated gateway inside this program answers, no key is needed and nothing leaves this machine.
{demo.tour:8}takes you through it in five steps"""


RECENT = 100
"""Messages of a branch that are shown at once; what is older follows in slices."""

CHECKED = 40
"""Messages at the end of a branch whose calls are checked unasked; those above, when the cursor comes to them."""

SLICE = 0.005
"""Seconds of making older messages before keys are answered again."""


@dataclass(slots=True)
class Pulled:
    """How much of a turn is shown already."""

    content: int = 0
    reasoning: int = 0
    calls: int = 0
    media: int = 0
    state: TurnState | None = None
    charge: Charge | None = None
    thinking: ThinkSplitter = field(default_factory=ThinkSplitter)

    def new_of(self, turn: Turn) -> tuple[str, str]:
        """Return what came of reasoning and text since the last time; thinking that stands in the text is reasoning."""
        reasoning, content = turn.reasoning.since(self.reasoning), turn.content.since(self.content)
        self.reasoning, self.content = len(turn.reasoning), len(turn.content)
        thought, text = self.thinking.feed(content)
        if turn.ended:
            more_thought, more_text = self.thinking.flush()
            thought, text = thought + more_thought, text + more_text
        return reasoning + thought, text


class ConversationPane(Container):
    """Shows nodes; what the user does in the transcript bubbles up as its messages."""

    DEFAULT_CSS = """
    ConversationPane {
        height: 1fr;
        #welcome { display: none; height: 1fr; padding: 1 2; color: $text-muted; }
        &.-empty #welcome { display: block; }
        &.-empty Transcript { display: none; }
    }
    """

    def __init__(
        self,
        locate: Locate,
        *,
        offered: Offered = lambda turn: (),
        siblings: Callable[[str], Sequence[Node]] = lambda node_id: (),
        demo: bool = False,
        id: str | None = None,
    ) -> None:
        super().__init__(id=id)
        self._siblings = siblings
        self._checks = Checks(offered, self._check_beside, self._checked)
        self._verbatim: set[str] = set()
        self._differs: dict[str, tuple[Label, ...]] = {}
        self._demo = demo
        self._locate = locate
        self._waits: Mapping[str, float] = {}
        self._pulled: dict[str, Pulled] = {}
        self._branch: Sequence[Node] = ()
        self._places: Mapping[str, int] = {}
        self._countdown: Timer | None = None

    def compose(self) -> ComposeResult:
        """The transcript, and a few words where there is nothing in it yet."""
        yield Static(id="welcome", markup=False)
        yield Transcript(id="transcript")

    def welcome(self, template: str = "") -> None:
        """Say in an empty conversation what can be done, and that what is sent there runs a `template`."""
        after = f"What you type below is sent after the texts of {one_line(template, 60)}."
        begin = after if template else keyed(self, TYPE)
        keys = (RUN if template else "") + KEYS + (TOUR if self._demo else "")
        self.query_one("#welcome", Static).update(Content(f"A new conversation.\n\n{begin}\n\n{keyed(self, keys)}"))

    @property
    def transcript(self) -> Transcript:
        """The view."""
        return self.query_one(Transcript)

    def show(self, nodes: Sequence[Node]) -> None:
        """Show a branch; what stands there already is kept where the branches are the same."""
        now = time.time()
        known = [node.id for node in self._branch]
        same = 0
        while same < len(nodes) and same < len(known) and nodes[same].id == known[same]:
            same += 1
        if same == 0 or len(nodes) - same > RECENT:
            self._pulled.clear()
            self._take_branch(nodes)
            self.transcript.show([self._whole(node, now) for node in nodes[-RECENT:]])
            if len(nodes) > RECENT:
                older = nodes[:-RECENT]
                self.run_worker(self._show_older(older), group="older", exclusive=True, exit_on_error=True)
            else:
                self.workers.cancel_group(self, "older")
        else:
            for id in known[same:]:
                self.transcript.remove_entry(id)
                self._pulled.pop(id, None)
            self._take_branch(nodes)
            for node in nodes[same:]:
                self.transcript.add(self._whole(node, now))
            if self.transcript.keys and nodes[same - 1].message.tool_calls:
                self._redraw(nodes[same - 1])  # it is the last one no more, or again
        self.set_class(not nodes, "-empty")
        self._count_down()

    def _take_branch(self, nodes: Sequence[Node]) -> None:
        self._branch = nodes
        self._places = {node.id: place for place, node in enumerate(nodes)}

    async def _show_older(self, nodes: Sequence[Node]) -> None:
        """Put the older part of a long branch before what is shown, made a slice at a time."""
        now, entries, until = time.time(), [], time.perf_counter() + SLICE
        for node in nodes:
            entries.append(self._whole(node, now))
            node.rest()
            if time.perf_counter() > until:
                await asyncio.sleep(0)
                until = time.perf_counter() + SLICE
        self.transcript.prepend(entries)

    def _whole(self, node: Node, now: float) -> Entry:
        entry = self._entry(node, now)
        if node.turn is None:
            return entry
        reasoning, text = self._new_of(node.id, node.turn)
        return replace(entry, text=text, reasoning=reasoning or None)

    def _new_of(self, id: str, turn: Turn) -> tuple[str, str]:
        """Return what came of reasoning and text since the last time, and note the rest as shown."""
        seen = self._pulled.setdefault(id, Pulled())
        seen.calls, seen.media, seen.state = turn.assembler.version, len(turn.media), turn.state
        seen.charge = turn.charge
        return seen.new_of(turn)

    def pull(self, node: Node) -> None:
        """Bring the transcript up to date with the turn of a node."""
        turn = node.turn
        if turn is None:
            return
        seen = self._pulled.setdefault(node.id, Pulled())
        changed = (seen.calls, seen.media, seen.state) != (turn.assembler.version, len(turn.media), turn.state)
        changed = changed or (turn.ended and seen.charge != turn.charge)
        had_text = seen.content > 0
        reasoning, text = self._new_of(node.id, turn)
        if reasoning:
            self.transcript.append_reasoning(node.id, reasoning)
        if text:
            self.transcript.append_text(node.id, text)
        if changed or (text and not had_text):
            self._redraw(node)
            self._count_down()

    def _redraw(self, node: Node) -> None:
        self.transcript.update(self._entry(node, time.time()))

    def _entry(self, node: Node, now: float) -> Entry:
        return entry_of(node, self._locate, now, self._waits.get(node.turn_id or ""), self._around(node))

    # Calls

    def _around(self, node: Node, *, ask: bool = False) -> Around:
        """Return what is known of a node's calls, or of the call that it answers."""
        turn, branch = node.turn, self._branch
        if turn is None and node.role != "tool":
            return Around(is_last=bool(branch) and branch[-1].id == node.id, verbatim=frozenset(self._verbatim))
        if turn is None:
            return Around(call=self._call_of(node))
        if not turn.assembler:
            return Around()
        near = ask or self._places.get(node.id, 0) >= len(branch) - CHECKED
        return Around(
            self._checks.of(turn) if near else (),
            frozenset(self._verbatim),
            self._differs.get(node.id, ()),
            branch[-1].id == node.id,
        )

    def _call_of(self, node: Node) -> ToolCall | None:
        """Return the call that a result answers."""
        place = self._places.get(node.id, 0)
        while place > 0 and self._branch[place].role == "tool":
            place -= 1
        id = node.message.tool_call_id
        return next((call for call in self._branch[place].message.tool_calls if call.id == id), None)

    def _node(self, id: str) -> Node | None:
        return self._branch[self._places[id]] if id in self._places else None

    def _check_beside(self, work: Coroutine[Any, Any, None]) -> None:
        self.run_worker(work, group="checks", exit_on_error=False, description="check calls")

    def _checked(self, turn_id: str) -> None:
        """Show what was found out about the calls of a turn."""
        node = next((one for one in self._branch if one.turn_id == turn_id), None)
        if node is None or node.turn is None:
            return
        if node.turn.ended and node.id not in self._differs:
            self._differs[node.id] = difference_labels(node, self._siblings(node.id))
        self._redraw(node)

    @on(CursorMoved)
    def _look_at_calls(self, event: CursorMoved) -> None:
        """Check the calls of an old message when the cursor comes to them."""
        node = self._node(event.key) if event.kind == "tool" and event.key else None
        if node is not None and node.turn is not None and node.turn.ended:
            self._around(node, ask=True)

    def turn_verbatim(self, key: str, call: str) -> None:
        """Show the arguments of a call as they came, or laid out again."""
        self._verbatim ^= {call}
        node = self._node(key)
        if node is not None:
            self._redraw(node)

    def scroll_to_end(self) -> None:
        """Go to the end and stay there while text arrives."""
        self.transcript.action_bottom()

    def focus_blocks(self, step: int = 0) -> None:
        """Give the focus to the transcript and move its cursor, up to the last block where it had none."""
        if not self._branch:
            return
        self.transcript.focus()
        if step or self.transcript.cursor is None:
            self.transcript.action_move(step or -1)

    @property
    def branch(self) -> Sequence[Node]:
        """The nodes that are shown."""
        return self._branch

    def wait_for(self, waits: Mapping[str, float]) -> None:
        """Show on the last card until when its turn waits to be sent again: turn id → seconds since the epoch."""
        self._waits = waits
        self.refresh_cards()

    def refresh_cards(self) -> None:
        """Draw the last card again: what it says of waiting has changed."""
        if self._branch and self._branch[-1].turn is not None:
            self._redraw(self._branch[-1])
        self._count_down()

    def _count_down(self) -> None:
        """Draw the last card once a second while it counts down to something, and only then."""
        turn = self._branch[-1].turn if self._branch else None
        at = max((retry_at(turn) or 0.0) if turn else 0.0, max(self._waits.values(), default=0.0))
        if at > time.time():
            if self._countdown is None:
                self._countdown = self.set_interval(1.0, self.refresh_cards)
        elif self._countdown is not None:
            self._countdown.stop()
            self._countdown = None
