"""The part of the workbench that arranges the panes: beside one another, or one of them where there is no more room."""

from __future__ import annotations

from typing import Literal

from textual import events, on
from textual.widget import Widget

from meshtui.core.turn import Turn
from meshtui.session import OpenTemplate, Session, StoreError
from meshtui.ui.columns import LEAST_HEIGHT, LEAST_WIDTH, STEP, Columns, SizeClass, columns_from, size_class
from meshtui.ui.panes.model import ModelPane
from meshtui.ui.panes.template import TemplatePane
from meshtui.ui.panes.usage import UsagePane
from meshtui.ui.screens.bench import NOTHING_SAID, Bench
from meshtui.ui.screens.composing import Composing
from meshtui.ui.widgets.edge import Edge
from meshtui.ui.widgets.pane_tabs import PaneTabs

ONE_PANE = "This terminal has room for one pane at a time: the tabs above lead to the others."
Column = Literal["left", "conversation", "model", "usage"]
Pane = Literal["template", "tools", "params", "conversation", "model", "usage"]
"""What can be gone to by name: the views of the left column, the conversation, and the panes of the right column."""

PANES: dict[Pane, str] = {
    "template": "Template",
    "tools": "Tools",
    "params": "Params",
    "conversation": "Conversation",
    "model": "Model",
    "usage": "Usage",
}

_ARRANGED = frozenset("-templated -zoomed -single -side -tiny -at-left -at-conversation -at-model -at-usage".split())
"""The classes by which the style sheet arranges the panes."""


class Paning(Composing, Bench):
    """Shows, hides, sizes and zooms panes. `opened` is the file of the template pane as it was read.

    The column in use is in front: where only one has room (a narrow terminal, or a zoomed pane) it is the one seen.
    """

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self.opened: OpenTemplate | None = None
        self._in_front: Column = "conversation"
        self._columns: dict[SizeClass, Columns] = {}
        self._drew_side: bool | None = None
        self._worn: frozenset[str] = frozenset()

    @property
    def editor(self) -> TemplatePane:
        """The template pane."""
        return self.query_one(TemplatePane)

    def choose_template(self) -> None:
        """Find a template and open it."""

    def take_last_template(self) -> None:
        """Open the template that was open last; where there is none, choose one."""

    # What is to be seen

    @property
    def size_class(self) -> SizeClass:
        """The class of the terminal's size."""
        return size_class(self.app.size.width)

    @property
    def columns(self) -> Columns:
        """What the user chose for terminals of this size."""
        return self._columns.get(self.size_class, Columns())

    @property
    def shows_one(self) -> bool:
        """Whether one pane is to be seen at a time."""
        return self.size_class == "narrow" or self.has_class("-zoomed")

    @property
    def shows_side(self) -> bool:
        """Whether the usage pane is to be seen; else its figures are on the state line."""
        return self._in_front == "usage" if self.shows_one else self.columns.has_side(self.size_class)

    def begin_paning(self) -> None:
        """Take up the widths that were kept."""
        kept = self.session.recall("layout", {})
        if isinstance(kept, dict):
            for size in ("narrow", "medium", "wide"):
                self._columns[size] = columns_from(kept.get(size))
        self.arrange_panes()

    def arrange_panes(self) -> None:
        """Show the panes that have room, as wide as they are to be."""
        if not self.is_mounted:
            return
        one, left = self.shows_one, self.has_class("-templated")
        if self._in_front == "left" and not left:
            self._in_front = "conversation"
        side = self.columns.has_side(self.size_class)
        self.set_class(one, "-single", update=False)
        self.set_class(side and not one, "-side", update=False)
        for name in ("left", "conversation", "model", "usage"):
            self.set_class(self._in_front == name, f"-at-{name}", update=False)
        width = self.app.size.width
        wide_left, wide_right = self.columns.fit(width, left=left, side=side)
        self.editor.styles.width = "1fr" if one else wide_left
        self.query_one("#side").styles.width = "1fr" if one else wide_right
        if self._drew_side != self.shows_side:
            self._drew_side = self.shows_side
            self.call_after_refresh(self.show_usage)
        self.set_class(width < LEAST_WIDTH or self.app.size.height < LEAST_HEIGHT, "-tiny", update=False)
        self._restyle()
        self.pane.welcome(self.opened.key if self.opened is not None and left else "")
        self.show_pane_tabs()

    def _restyle(self) -> None:
        """Let the classes of the arrangement take effect, all at once: each alone would style every widget anew."""
        worn = self.classes & _ARRANGED
        if worn != self._worn:
            self._worn = worn
            self.update_node_styles()

    def show_pane_tabs(self) -> None:
        """Name the panes, the one in front marked."""
        tabs = [(pane, name) for pane, name in PANES.items() if pane != "template"]
        name = f"Template {self.opened.key}" if self.opened is not None else "Template"
        self.query_one(PaneTabs).show([("template", name), *tabs], self.pane_in_front, self._tabs_hint)

    @property
    def _tabs_hint(self) -> str:
        key = self.mesh.key_of("pane.jump")
        return f"{key} goes to one" if key else ""

    @property
    def pane_in_front(self) -> str:
        """The pane in use, by the name of its tab."""
        if self._in_front != "left":
            return self._in_front
        return "params" if self.editor.view == "json" else self.editor.view

    def on_resize(self, event: events.Resize) -> None:
        """Arrange the panes anew for the new size."""
        self.arrange_panes()

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        """The pane that has the focus is the one in front."""
        column = self._column_of(event.widget)
        if column is not None and column != self._in_front:
            self._in_front = column
            self.arrange_panes()

    def _column_of(self, widget: Widget) -> Column | None:
        """Return the column of a widget, None for the prompt and the lines, which belong to none."""
        for node in widget.ancestors_with_self:
            if isinstance(node, TemplatePane):
                return "left"
            if isinstance(node, ModelPane):
                return "model"
            if isinstance(node, UsagePane):
                return "usage"
            if node is self.pane:
                return "conversation"
        return None

    # Going from pane to pane

    async def action_show_pane(self, pane: Pane) -> None:
        """Bring a pane to the front and go to it."""
        if pane in ("template", "tools", "params"):
            await self.show_left(pane)
        elif pane == "conversation":
            self.action_focus_conversation()
        else:
            self._go_to_side(pane)

    async def show_left(self, view: Pane) -> None:
        """Bring a view of the left column to the front and go to it."""
        if self.opened is None:
            self.choose_template()
        else:
            self.editor.look_at_template()
            self.action_front_template(True)

    def _go_to_side(self, pane: Pane) -> None:
        """Go to a pane of the right column; where that is folded, show the pane alone."""
        self._in_front = "model" if pane == "model" else "usage"
        if not self.shows_one and not self.columns.has_side(self.size_class):
            self.add_class("-zoomed", update=False)
        self.arrange_panes()
        self.query_one(ModelPane if pane == "model" else UsagePane).focus()

    async def action_next_pane(self, step: int) -> None:
        """Go to the pane beside: in the order of the tabs, those that are to be seen where several are."""
        panes = [pane for pane in PANES if self._can_show(pane)]
        here = self.pane_in_front
        place = next((place for place, pane in enumerate(panes) if pane == here), 0)
        await self.action_show_pane(panes[(place + step) % len(panes)])

    def _can_show(self, pane: Pane) -> bool:
        """Whether going from pane to pane comes by it."""
        if pane == "template":
            return self.opened is not None
        if pane in ("tools", "params"):
            return self.shows_one or self.has_class("-templated")
        return pane == "conversation" or self.shows_one or self.columns.has_side(self.size_class)

    # The left column

    def action_toggle_template(self) -> None:
        """Show the template and go to it; hide it where the focus is in it; without one, take the last."""
        if self.opened is None and not self.has_class("-templated"):
            self.take_last_template()
        elif not self.has_class("-templated") or not self.editor.has_focus_within:
            self.action_front_template(True)
        else:
            self.close_pane()

    def action_front_template(self, template: bool) -> None:
        """Go to the template, or to the conversation."""
        self.front_template(template)
        if template:
            self.editor.focus_first()
        else:
            self.prompt.focus()

    def close_pane(self) -> None:
        """Hide the pane and go to the prompt."""
        self.remove_class("-templated", "-zoomed", update=False)
        self._in_front = "conversation"
        self.arrange_panes()
        self.prompt.focus()

    def front_template(self, template: bool) -> None:
        """Show the template pane beside the conversation, or over it where only one of both has room."""
        self.add_class("-templated", update=False)
        self._in_front = "left" if template else "conversation"
        self.arrange_panes()

    def front_conversation(self) -> None:
        """Let the conversation be seen where only one pane has room."""
        self._in_front = "conversation"
        self.arrange_panes()

    def action_focus_prompt(self) -> None:
        """Go to the prompt, with the conversation before it."""
        self.front_conversation()
        self.prompt.focus()

    def action_focus_conversation(self) -> None:
        """Go to the conversation; where nothing is said yet, to the prompt under it."""
        self.front_conversation()
        if self.session.nodes:
            self.pane.focus_blocks()
        else:
            self.prompt.focus()
            self.mesh.say(NOTHING_SAID)

    def start(self, turn: Turn) -> None:
        """Run a turn; what is begun from the prompt is seen where only one pane has room."""
        if self.prompt.has_focus:
            self.front_conversation()
        super().start(turn)

    # Sizes

    def action_zoom_pane(self) -> None:
        """Show the pane in use alone, or all again."""
        several = self.shows_one or self.has_class("-templated") or self.columns.has_side(self.size_class)
        if self.size_class == "narrow" or not several:
            self.mesh.say(ONE_PANE if several else "There is one pane to be seen already.")
            return
        self.set_class(not self.has_class("-zoomed"), "-zoomed", update=False)
        if not self.has_class("-zoomed") and self._in_front in ("model", "usage"):
            if not self.shows_one and not self.columns.has_side(self.size_class):
                self.action_focus_prompt()  # the pane it came from is folded again
        self.arrange_panes()

    def action_toggle_side(self) -> None:
        """Show the right column, or fold it into the state line."""
        if self.size_class == "narrow":
            self.mesh.say(ONE_PANE)
            return
        self._choose(side=not self.columns.has_side(self.size_class))
        if self._in_front in ("model", "usage") and not self.columns.has_side(self.size_class):
            self.action_focus_prompt()

    def action_widen(self, step: int) -> None:
        """Make the pane in use wider or narrower by a few columns."""
        left, side = self.has_class("-templated"), self.columns.has_side(self.size_class)
        if self.shows_one or not (left or side):
            self.mesh.say("There is one pane to be seen: nothing to make wider.")
            return
        wide_left, wide_right = self.columns.fit(self.app.size.width, left=left, side=side)
        if self._in_front in ("model", "usage"):
            self._choose(right=wide_right + step * STEP)
        elif self._in_front == "left":
            self._choose(left=wide_left + step * STEP)
        else:
            step = -step
            if left:
                self._choose(left=wide_left + step * STEP)
            else:
                self._choose(right=wide_right + step * STEP)

    @on(Edge.Dragged)
    def _drag(self, event: Edge.Dragged) -> None:
        width = event.column if event.side == "left" else self.app.size.width - event.column - 1
        if event.side == "left":
            self._choose(left=max(width, 1), keep=event.done)
        else:
            self._choose(right=max(width, 1), keep=event.done)

    def action_reset_layout(self) -> None:
        """Give the columns the widths that they have without a choice."""
        self._columns[self.size_class] = Columns()
        self._choose()
        self.mesh.say("The columns have their first widths again.")

    def _choose(self, *, left: int = 0, right: int = 0, side: bool | None = None, keep: bool = True) -> None:
        """Take what the user chose for this size of terminal, as far as it fits, and remember it."""
        now = self.columns
        chosen = Columns(left or now.left, right or now.right, now.side if side is None else side)
        shown = chosen.has_side(self.size_class)
        fits = chosen.fit(self.app.size.width, left=self.has_class("-templated"), side=shown)
        columns = chosen._replace(left=fits[0] if left else chosen.left, right=fits[1] if right else chosen.right)
        self._columns[self.size_class] = columns
        self.arrange_panes()
        self.call_after_refresh(self.show_usage)
        if keep:
            try:
                self.session.keep("layout", {size: row.to_json() for size, row in self._columns.items()})
            except StoreError as error:
                self.mesh.say(str(error))
