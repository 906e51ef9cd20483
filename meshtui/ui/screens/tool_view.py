"""A tool as a form and as JSON, two views of the same text, and what answers its calls; checked as it is typed."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar, Literal, cast

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.screen import Screen
from textual.timer import Timer
from textual.widgets import TextArea

from meshtui.core.json.text import json_value
from meshtui.core.text import clean, one_line
from meshtui.core.tools.edit import ToolEdit, pretty
from meshtui.session import OpenTool
from meshtui.ui.commands import Where, bindings
from meshtui.ui.compat import after
from meshtui.ui.keyed import keyed
from meshtui.ui.screens.composing import DRAFT_SECONDS
from meshtui.ui.tool_inspection import inspect_edit
from meshtui.ui.widgets.findings import Findings
from meshtui.ui.widgets.function_form import FunctionForm
from meshtui.ui.widgets.json_area import JsonArea
from meshtui.ui.widgets.quiet import Quiet
from meshtui.ui.widgets.responder_form import ResponderForm
from meshtui.ui.widgets.schema_form import SchemaForm
from meshtui.ui.widgets.top import KeyLine
from meshtui.ui.widgets.view_tabs import ViewTabs
from meshtui.ui.words import RESPONDER_WORDS

if TYPE_CHECKING:
    from meshtui.ui.app import MeshApp

Section = Literal["definition", "result", "responder"]
SECTIONS: tuple[Section, ...] = ("definition", "result", "responder")


class ToolView(Screen[tuple[str, str]]):
    """Edits one tool. The texts are the truth: the form shows what was read of them last, and writes into them."""

    DEFAULT_CSS = """
    ToolView {
        #tool-top { height: 1; padding: 0 1; background: $panel; text-wrap: nowrap; text-overflow: ellipsis; }
        #tool-note { height: auto; max-height: 3; padding: 0 1; color: $text-warning; display: none; }
        #tool-note.-any { display: block; }
        .section { height: 1fr; display: none; }
        &.-definition #definition-section, &.-result #result-section { display: block; }
        &.-responder #responder-section { display: block; }
        .form { width: 1fr; height: 1fr; }
        .code { width: 1fr; height: 1fr; }
        &.-narrow .code, &.-single .code { display: none; }
        &.-narrow.-code .code, &.-single.-code .code { display: block; }
        &.-narrow.-code .form, &.-single.-code .form { display: none; }
    }
    """
    AUTO_FOCUS = ""
    PLACES: ClassVar[tuple[Where, ...]] = ("tool editor", "schema")
    BINDINGS = bindings("tool editor")

    def __init__(self, opened: OpenTool, edit: ToolEdit | None = None) -> None:
        self.opened = opened
        self._texts = edit or ToolEdit.of(opened.tool)
        self._seen: set[Section] = {"definition"}
        self.section: Section = "definition"
        self.inspection = inspect_edit(self._texts).after(inspect_edit(ToolEdit.of(opened.tool)))
        super().__init__(classes="-definition" if self.form_is_right else "-definition -code")
        self._checking = self._stale = False
        self._tabs_said = ("", "")
        self._keeping: Timer | None = None

    @property
    def mesh(self) -> MeshApp:
        """The application, typed."""
        return cast("MeshApp", self.app)

    def compose(self) -> ComposeResult:
        """The head, the sections, what is wrong, the keys."""
        yield Quiet(id="tool-top", one_line=True)
        yield ViewTabs(id="sections", markup=False)
        with Horizontal(id="definition-section", classes="section"):
            with Vertical(classes="form"):
                yield FunctionForm(id="function")
                yield SchemaForm(self.read_parameters, self.write_parameters, title="arguments", id="parameters")
            with Vertical(classes="code"):
                yield JsonArea(self._texts.definition, id="definition")
        yield Horizontal(id="result-section", classes="section")
        yield Vertical(id="responder-section", classes="section")
        yield Quiet(id="tool-note")
        yield Findings(id="findings")
        yield KeyLine(id="keys")

    def on_mount(self) -> None:
        """Show what there is."""
        self._show_inspection()
        self._focus_view()

    # What stands there

    @property
    def edit(self) -> ToolEdit:
        """The texts as they stand; those of a section that was never looked at are as they were read."""
        texts = replace(self._texts, definition=self.query_one("#definition", JsonArea).text)
        if "result" in self._seen:
            texts = replace(texts, output=self.query_one("#output", JsonArea).text)
        return self.query_one(ResponderForm).into(texts) if "responder" in self._seen else texts

    @property
    def edited(self) -> bool:
        """Whether the texts say something else than the file."""
        return self.inspection.tool != self.opened.tool

    def put(self, edit: ToolEdit) -> None:
        """Show other texts; what stood in the JSON can be had back by undoing."""
        self._texts = edit
        self.query_one("#definition", JsonArea).put(edit.definition)
        if "result" in self._seen:
            self.query_one("#output", JsonArea).put(edit.output)
        if "responder" in self._seen:
            self.query_one(ResponderForm).put(edit)
        self._changed()

    # Sections and views

    async def show_section(self, section: Section) -> None:
        """Bring a section to the front; what is in it is made when it is first looked at."""
        if section not in self._seen:
            await self._make(section)
        if section != self.section:
            self.remove_class(f"-{self.section}", update=False)
            self.add_class(f"-{section}")
        self.section = section
        self._show_head()

    async def _make(self, section: Section) -> None:
        holder, texts = self.query_one(f"#{section}-section"), self.edit
        if section == "result":
            tree = SchemaForm(self.read_output, self.write_output, title="result", id="result")
            area = JsonArea(texts.output, id="output", placeholder="no schema: any result is right")
            await holder.mount(Vertical(tree, classes="form"), Vertical(area, classes="code"))
        else:
            await holder.mount(ResponderForm(id="responder"))
            self.query_one(ResponderForm).put(texts)
        self._seen.add(section)
        self._show_inspection()

    async def action_section(self, step: int) -> None:
        """Go on to the next section."""
        await self.show_section(SECTIONS[(SECTIONS.index(self.section) + step) % len(SECTIONS)])
        self._focus_view()

    @on(ViewTabs.Asked)
    async def _section_asked(self, event: ViewTabs.Asked) -> None:
        event.stop()
        await self.show_section(cast("Section", event.view))
        self._focus_view()

    @property
    def shows_code(self) -> bool:
        """Whether the JSON is the view in use."""
        return self.has_class("-code")

    @property
    def shows_one(self) -> bool:
        """Whether there is room for one view alone."""
        return self.has_class("-narrow") or self.has_class("-single")

    def action_other_view(self) -> None:
        """Go from the form to the JSON, and back."""
        if self.section == "responder":
            return
        focused = self.focused
        in_code = self.shows_code if self.shows_one else isinstance(focused, JsonArea)
        self.set_class(not in_code, "-code")
        self._focus_view()

    def action_zoom(self) -> None:
        """Show one view alone, or both."""
        self.set_class(isinstance(self.focused, JsonArea), "-code")
        self.toggle_class("-single")
        self._focus_view()

    def _focus_view(self) -> None:
        if self.section == "responder":
            self.query_one(ResponderForm).focus_first()
        elif self.shows_code:
            self.code.focus()
        elif self.section == "definition" and self.form_is_right:
            self.query_one(FunctionForm).focus_first()
        else:
            self.form.focus_first()

    @property
    def form_is_right(self) -> bool:
        """Whether the form shows the definition as it stands, so that it can be edited there."""
        return not self.inspection.broken and self.inspection.function is not None

    @property
    def code(self) -> JsonArea:
        """The JSON of the section in front."""
        return self.query_one("#output" if self.section == "result" else "#definition", JsonArea)

    @property
    def form(self) -> SchemaForm:
        """The tree of the section in front."""
        return self.query_one("#result" if self.section == "result" else "#parameters", SchemaForm)

    # From the form into the text

    def read_definition(self) -> dict[str, Any] | None:
        """Read the definition as it stands now, None where it cannot be read."""
        return _object(self.query_one("#definition", JsonArea).text)

    def read_parameters(self) -> dict[str, Any] | None:
        """Read the schema of the arguments as it stands, empty where there is none, None where nothing can be read."""
        function = (self.read_definition() or {}).get("function")
        parameters = function.get("parameters", {}) if isinstance(function, dict) else None
        return parameters if isinstance(parameters, dict) else None

    def read_output(self) -> dict[str, Any] | None:
        """Read the schema of results as it stands now, None where it cannot be read; empty where there is none."""
        text = self.query_one("#output", JsonArea).text
        return _object(text) if text.strip() else {}

    @on(FunctionForm.Changed)
    def _function_changed(self, event: FunctionForm.Changed) -> None:
        event.stop()
        value = self.read_definition()
        if value is not None and isinstance(value.get("function"), dict):
            self._write_definition({**value, "function": event.into(value["function"])})

    def write_parameters(self, schema: Any) -> None:
        """Put the schema of the arguments into the text."""
        value = self.read_definition()
        if value is not None and isinstance(value.get("function"), dict):
            self._write_definition({**value, "function": {**value["function"], "parameters": schema}})

    def write_output(self, schema: Any) -> None:
        """Put the schema of results into the text."""
        self.inspection = replace(self.inspection, output=schema)
        self.query_one("#output", JsonArea).put(pretty(schema))

    def _write_definition(self, value: dict[str, Any]) -> None:
        """Write what the form says into the text; the check that follows reads the same value again."""
        self.inspection = replace(self.inspection, definition=value)
        self.query_one("#definition", JsonArea).put(pretty(value))

    # From the text into the form, and what is wrong

    @on(TextArea.Changed)
    @on(ResponderForm.Changed)
    def _typed(self) -> None:
        self._changed()

    def _changed(self) -> None:
        self.note("")
        if self._keeping is not None:
            self._keeping.stop()
        self._keeping = after(self, DRAFT_SECONDS, self.save_typed)
        self._stale = True
        if not self._checking:
            self._checking = True
            self.run_worker(self._check(), group="tool check", exit_on_error=False, description="check a tool")

    async def _check(self) -> None:
        """Look at the newest text, as often as there is a newer one; what is typed meanwhile never waits for it."""
        try:
            while self._stale:
                self._stale = False
                edit = self.edit
                found = await asyncio.to_thread(inspect_edit, edit)
                if not self._stale and self.is_mounted and self.edit == edit:
                    self.inspection = found.after(self.inspection)
                    self._show_inspection()
        finally:
            self._checking = False

    def _show_inspection(self) -> None:
        found = self.inspection
        self.query_one(FunctionForm).show(found.function, found.broken, found.wrong_members)
        self.query_one("#parameters", SchemaForm).show(found.parameters, found.broken, found.marks("definition"))
        if "result" in self._seen:
            self.query_one("#result", SchemaForm).show(found.output, found.broken_output, found.marks("result"))
        if "responder" in self._seen:
            self.query_one(ResponderForm).say(found.responder_fault)
        self.query_one(Findings).show(found.rows)
        self._show_head()

    def _show_head(self) -> None:
        found, star = self.inspection, "*" if self.edited else ""
        sums = [f"✗{found.errors}" if found.errors else "", f"!{found.warnings}" if found.warnings else ""]
        words = [*filter(None, sums)] or ["✓ no findings"]
        self.query_one("#tool-top", Quiet).say(
            Content.assemble(
                (one_line(self.opened.key, 40) + star, "bold $primary"),
                (f"  {' '.join(words)}  ", "bold"),
                (
                    f"~{found.tokens} tokens · {self.opened.place} · {self.opened.path.suffix[1:].upper()}",
                    "$text-muted",
                ),
                (" · not saved" if star else "", "$text-warning"),
            )
        )
        kind = self.edit.kind
        tabs = [
            ("definition", "Definition"),
            ("result", "Result"),
            ("responder", f"Responder · {RESPONDER_WORDS.get(kind, kind)}"),
        ]
        if (self.section, kind) != self._tabs_said:
            self._tabs_said = self.section, kind
            hint = "{tool.section}" if self.section == "responder" else "{tool.section}  {tool.view} form/JSON"
            self.query_one(ViewTabs).show(tabs, self.section, keyed(self, hint))

    def note(self, words: str) -> None:
        """Say something about this tool, or nothing any more; `{tool.save}` stands for a command's key."""
        line = self.query_one("#tool-note", Quiet)
        line.say(clean(keyed(self, words)))
        line.set_class(bool(words), "-any")

    def save_typed(self) -> None:
        """Keep what is typed, wherever it stands."""


def _object(text: str) -> dict[str, Any] | None:
    try:
        value = json_value(text)
    except ValueError:
        return None
    return value if isinstance(value, dict) else None
