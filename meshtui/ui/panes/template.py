"""The template pane: the texts of one template, a field for each slot, what is doubtful, and the parameters."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.message import Message as UiMessage
from textual.timer import Timer
from textual.widgets import Collapsible, Input, OptionList, Static, TextArea
from textual.widgets.option_list import Option

from meshtui.core.chat import Message, Role
from meshtui.core.slot_check import Doubt, SlotDoubt, inspect
from meshtui.core.template import Template
from meshtui.core.text import one_line
from meshtui.ui.commands import bindings
from meshtui.ui.compat import after
from meshtui.ui.keyed import keyed
from meshtui.ui.panes.params import ParamsPane
from meshtui.ui.panes.views import PaneViews
from meshtui.ui.widgets.find_replace import FindReplace
from meshtui.ui.widgets.hints import Hint, hints_content
from meshtui.ui.widgets.message_box import MessageBox
from meshtui.ui.widgets.name_line import NameLine
from meshtui.ui.widgets.slot_text import SlotField, SlotText
from meshtui.ui.widgets.view_tabs import ViewTabs

SHOWN_DOUBTS = 30
LONG, LATER_SECONDS = 100_000, 0.5
"""In a text with more characters the slots are looked for when the typing pauses."""

_MARKS = {Doubt.MISSING: ("✗", "$text-error"), Doubt.NEAR: ("?", "$text-warning"), Doubt.UNUSED: ("○", "$text-warning")}

_ACTIONS: tuple[Hint, ...] = (
    ("template.run", "run"),
    ("template.save", "save"),
    ("template.add_message", "+ message"),
    ("template.sets", "sets"),
    ("template.next", "next set"),
    ("template.preview", "preview"),
    ("template.versions", "versions"),
    ("template.compare", "compare"),
    ("template.gateway", "gateway"),
)


class TemplatePane(PaneViews, can_focus=False):
    """Edits one template, or the parameters of the conversation where none is open (`plain`).

    It holds what is typed; files, drafts and runs are the screen's business.
    """

    DEFAULT_CSS = """
    TemplatePane {
        layout: vertical; display: none; border: round $border-blurred;
        border-title-color: $primary; border-subtitle-color: $text-muted;
        &:focus-within { border: round $primary; }
        #parts { height: 1fr; scrollbar-gutter: stable; }
        .part { height: 1; color: $text-muted; padding: 0 1; }
        .slot { height: auto; }
        .slot .name { width: 14; padding: 0 1; height: 1; text-wrap: nowrap; text-overflow: ellipsis; }
        #slots, #messages { height: auto; }
        #doubts { height: auto; max-height: 6; border: none; padding: 0; background: transparent; display: none; }
        #doubts.-any { display: block; }
        #note { height: auto; max-height: 4; padding: 0 1; color: $text-warning; display: none; }
        #note.-any { display: block; }
        #actions { height: auto; padding: 0 1; color: $text-muted; link-style: none; link-color: $foreground; }
        Collapsible { padding: 0; margin: 0; border: none; background: transparent; }
        CollapsibleTitle { padding: 0 1; }
        Collapsible Contents { padding: 0; }
        Collapsible Input { height: 3; }
    }
    """
    BINDINGS = bindings("template")

    class Edited(UiMessage):
        """A text, a role or a parameter was changed."""

    class ValuesChanged(UiMessage):
        """A value in a slot was changed."""

    class ActionChosen(UiMessage):
        """One of the pane's actions was clicked; `command` is its id."""

        def __init__(self, command: str) -> None:
            super().__init__()
            self.command = command

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.base = Template("")
        self._values: dict[str, str] = {}
        self._found: list[SlotDoubt] = []
        self._slots: tuple[str, ...] = ()
        self._later: Timer | None = None
        self.is_half_shown = False  # texts of one template stand beside those of another: nothing to keep
        self._changing = asyncio.Lock()  # fields come and go over several steps of the event loop

    def compose(self) -> ComposeResult:
        """The texts, the slots, what is doubtful, the details, the actions."""
        yield ViewTabs(id="views", markup=False)
        with VerticalScroll(id="parts", can_focus=False):
            yield Static("system", classes="part", markup=False)
            yield SlotText("", id="system", placeholder="comes first; {{name}} is a slot")
            yield Vertical(id="messages")
            yield Static("slots", id="slots-title", classes="part", markup=False)
            yield Vertical(id="slots")
            yield OptionList(id="doubts", markup=False)
            with Collapsible(title="name, description, model", id="details"):
                yield NameLine(id="template-name")
                yield Input(id="description", placeholder="description")
                yield Input(id="model-id", placeholder="model: the one in use")
        yield from self.compose_views()
        yield FindReplace(lambda: self.texts, id="replace")
        yield Static("", id="note", markup=False)
        yield Static("", id="actions", markup=False)

    def on_mount(self) -> None:
        """Draw the actions, each clickable."""
        self.query_one("#actions", Static).update(hints_content(self.app, _ACTIONS))

    # What is in it

    async def show(self, template: Template, values: Mapping[str, str], over: Mapping[str, Any] | None = None) -> None:
        """Show another template with these values in its slots; parameters in `over` go before its own."""
        self.is_half_shown = True
        try:
            async with self._changing:
                await self._show(template, values)
                await self._show_slots(True)
            self.put_params(template.body(), over or {})
        finally:
            self.is_half_shown = False
        self.note("")

    async def _show(self, template: Template, values: Mapping[str, str]) -> None:
        self.base, self._values, self._slots = template, dict(values), ()
        with self.prevent(TextArea.Changed, Input.Changed):
            self.query_one("#system", SlotText).load_text(template.system)
            self.query_one("#description", Input).value = template.description
            self.query_one("#model-id", Input).value = template.model
        holder = self.query_one("#messages", Vertical)
        await holder.remove_children()
        await holder.mount_all([MessageBox(message) for message in template.messages])

    @property
    def template(self) -> Template:
        """The template as it stands; ValueError where the parameters cannot be read."""
        if self.params.unread:
            raise ValueError(self.params.unread)
        return self.readable

    @property
    def request_body(self) -> dict[str, Any]:
        """The template as the body of a request."""
        return self.readable.body()

    @property
    def readable(self) -> Template:
        """The template as it stands; a parameter that cannot be read has the value it had before."""
        return replace(
            self.base,
            description=self.query_one("#description", Input).value,
            system=self.query_one("#system", SlotText).text,
            messages=tuple(box.value for box in self.query(MessageBox)),
            model=self.query_one("#model-id", Input).value.strip(),
            params={name: value for name, value in self.params.params.items() if value is not None},
        )

    @property
    def texts(self) -> list[SlotText]:
        """The editors of the texts, in the order in which they are sent."""
        return list(self.query(SlotText))

    @property
    def values(self) -> dict[str, str]:
        """The values given for slots; one that was never touched and is empty has none."""
        return dict(self._values)

    def put_values(self, values: Mapping[str, str]) -> None:
        """Replace the values of the slots."""
        self._values = dict(values)
        for field in self.query(SlotField):
            with self.prevent(TextArea.Changed):
                field.load_text(self._values.get(field.slot, self.base.variables.get(field.slot, "")))
        self._look()

    async def add_message(self) -> None:
        """Add a message at the end and go to it."""
        last = list(self.query(MessageBox))
        role: Role = "assistant" if last and last[-1].value.role == "user" else "user"
        box = MessageBox(Message(role, ""))
        await self.query_one("#messages", Vertical).mount(box)
        box.query_one(SlotText).focus()
        self.post_message(self.Edited())

    @on(MessageBox.Removed)
    async def _remove(self, event: MessageBox.Removed) -> None:
        event.stop()
        await event.box.remove()
        await self.show_slots()
        self.post_message(self.Edited())

    # Parameters

    @on(ParamsPane.Changed)
    async def _params_changed(self, event: ParamsPane.Changed) -> None:
        """Take over what the JSON says of texts and model; the parameters are where they were typed."""
        event.stop()
        if not self.plain:
            now = self.readable
            new = now.with_body(self.params.body)
            if (new.system, new.messages, new.model) != (now.system, now.messages, now.model):
                async with self._changing:
                    await self._show(replace(new, params=now.params), self._values)
                    await self._show_slots(True)
        self.show_tabs()
        self._edited()

    # Slots

    async def show_slots(self) -> None:
        """Bring the fields up to date with the texts; a field that stays keeps its text and its cursor."""
        async with self._changing:
            await self._show_slots()

    async def _show_slots(self, anew: bool = False) -> None:
        known = tuple(dict.fromkeys(slot for text in self.texts for slot in _names(text.text)))
        if known != self._slots or anew:
            holder = self.query_one("#slots", Vertical)
            if anew:
                await holder.remove_children()
            rows = {field.slot: field.parent for field in self.query(SlotField)}
            for name in set(rows) - set(known):
                await rows[name].remove()  # type: ignore[union-attr]
            self._slots = known
            for name in known:
                if name not in rows:
                    value = self._values.get(name, self.base.variables.get(name))
                    await holder.mount(_row(name, value))
            holder.sort_children(key=lambda row: known.index(row.query_one(SlotField).slot))
        self._look()

    def _look(self) -> None:
        """Mark the slots by the values there are, and list what is doubtful."""
        values = {**self.base.variables, **self._values}
        for text in self.texts:
            text.know(values)
        for field in self.query(SlotField):
            field.set_class(field.slot not in values, "-missing")
            field.placeholder = "empty" if field.slot in values else "no value"
        self._found = inspect([text.text for text in self.texts], values)[:SHOWN_DOUBTS]
        options = self.query_one("#doubts", OptionList)
        options.clear_options()
        options.add_options([Option(_doubt_row(finding)) for finding in self._found])
        options.set_class(bool(self._found), "-any")
        title = f"slots · {len(self._slots)}" if self._slots else "no slots: {{name}} in a text makes one"
        self.query_one("#slots-title", Static).update(Content(title))

    def focus_slot(self, name: str) -> bool:
        """Go to the field of a slot; whether there is one."""
        field = next((field for field in self.query(SlotField) if field.slot == name), None)
        if field is not None:
            self.look_at_template()
            field.focus()
        return field is not None

    def focus_first(self) -> None:
        """Go to the first slot without a value, else to the first, whose value typing replaces; or to the text."""
        if self.view != "template":
            (self.tools if self.view == "tools" else self.params).focus_first()
            return
        fields = list(self.query(SlotField))
        first = next((field for field in fields if not field.text), next(iter(fields), None))
        if first is not None:
            first.select_all()
        part = first or self.query_one("#system", SlotText)
        part.focus(scroll_visible=False)
        self.call_after_refresh(part.scroll_visible, animate=False)  # the pane may be laid out only now

    def next_doubt(self) -> None:
        """Go to the next thing in doubt."""
        self.look_at_template()
        options = self.query_one("#doubts", OptionList)
        if self._found:
            place = options.highlighted
            options.highlighted = 0 if place is None else (place + 1) % len(self._found)
            self._go_to(self._found[options.highlighted])

    @on(OptionList.OptionSelected, "#doubts")
    def _chosen(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        self._go_to(self._found[event.option_index])

    def _go_to(self, finding: SlotDoubt) -> None:
        if finding.text is None:
            self.note(f"{finding.name}: delete its value with the sets, or use it in a text as {{{{{finding.name}}}}}")
        elif finding.doubt is Doubt.MISSING:
            self.focus_slot(finding.name)
        else:
            self.texts[finding.text].go_to(finding.start, finding.end)

    # Finding

    def open_find(self) -> None:
        """Show the lines to find and replace, with what is selected."""
        part = self.screen.focused
        self.look_at_template()
        self.query_one(FindReplace).open(part.selected_text if isinstance(part, SlotText) else "")

    def focus_found(self) -> None:
        """Go back to the text that was found, or to the first."""
        (next((text for text in self.texts if text.selected_text), None) or self.texts[0]).focus()

    # What is typed

    @on(MessageBox.RoleChanged)
    def _role_changed(self, event: MessageBox.RoleChanged) -> None:
        event.stop()
        self._edited()

    @on(TextArea.Changed)
    async def _typed(self, event: TextArea.Changed) -> None:
        event.stop()
        if isinstance(event.text_area, SlotField):
            field = event.text_area
            self._values[field.slot] = field.text
            self._look()
            self.note("")
            self.post_message(self.ValuesChanged())
            return
        if isinstance(event.text_area, SlotText):
            if self._later is not None:
                self._later.stop()
                self._later = None
            if len(event.text_area.document.text) > LONG:
                self._later = after(self, LATER_SECONDS, self.show_slots)
            else:
                await self.show_slots()
        self._edited()

    @on(Input.Changed)
    def _typed_line(self, event: Input.Changed) -> None:
        event.stop()
        self._edited()

    def _edited(self) -> None:
        self.note("")
        self.post_message(self.Edited())

    def note(self, words: str) -> None:
        """Say something about this template, or nothing any more; `{template.save}` stands for a command's key."""
        line = self.query_one("#note", Static)
        line.update(Content(keyed(self, words)))
        line.set_class(bool(words), "-any")


def _names(text: str) -> list[str]:
    from meshtui.core.template import scan

    return [slot.name for slot in scan(text)]


def _row(name: str, value: str | None) -> Horizontal:
    return Horizontal(Static(Content(one_line(name, 40)), classes="name"), SlotField(name, value), classes="slot")


def _doubt_row(finding: SlotDoubt) -> Content:
    mark, look = _MARKS.get(finding.doubt, ("·", "$text-muted"))
    return Content.assemble((f"{mark} ", look), (one_line(finding.name, 30), "bold"), f" {finding.hint}")
