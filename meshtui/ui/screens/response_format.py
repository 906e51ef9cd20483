"""The shape of the answer: any JSON object, or one of a JSON Schema that is checked as it is typed."""

from __future__ import annotations

import json
from typing import Any, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Input, Static, TextArea

from meshtui.core.json.text import json_value
from meshtui.core.params import format_fault
from meshtui.core.text import clean
from meshtui.ui.commands import Where, bindings
from meshtui.ui.keyed import keyed
from meshtui.ui.widgets.hints import Hint, hints_content
from meshtui.ui.widgets.view_tabs import ViewTabs

KINDS = ("", "json_object", "json_schema")
STRICT = (None, True, False)
NEW_SCHEMA = {"type": "object", "properties": {}, "required": [], "additionalProperties": False}
HINTS: tuple[Hint, ...] = (
    ("format.take", "takes it"),
    ("format.kind", "another kind"),
    ("format.strict", "strict"),
    ("format.close", "leaves it"),
)


class ResponseFormat(ModalScreen[dict[str, Any] | None]):
    """Returns a `response_format`, an empty one to send none, None to leave it as it was."""

    DEFAULT_CSS = """
    ResponseFormat {
        #schema-name { height: 3; }
        #strict { height: 1; padding: 0 1; }
        #schema { height: 1fr; min-height: 5; border: tall $border-blurred; padding: 0 1; }
        #schema:focus { border: tall $border; }
        #format-fault { height: auto; min-height: 1; max-height: 3; padding: 0 1; color: $text-error; }
        .-no-schema #schema-name, .-no-schema #strict, .-no-schema #schema { display: none; }
    }
    """
    PLACES: ClassVar[tuple[Where, ...]] = ("format",)
    BINDINGS = bindings("format")

    def __init__(self, value: dict[str, Any] | None) -> None:
        super().__init__()
        self._value = value or {}
        kind = self._value.get("type", "json_schema")
        self._kind = kind if kind in KINDS else ""
        inner = self._value.get("json_schema")
        self._inner: dict[str, Any] = inner if isinstance(inner, dict) else {}
        strict = self._inner.get("strict", None if self._inner else True)
        self._strict = strict if strict in STRICT else None

    def compose(self) -> ComposeResult:
        """The kind, and for a schema its name, whether it is strict, and its text."""
        schema = json.dumps(self._inner.get("schema", NEW_SCHEMA), ensure_ascii=False, indent=2)
        with Vertical(classes="dialog -wide", id="format"):
            yield Static("response_format", classes="title", markup=False)
            yield ViewTabs(markup=False)
            yield Input(str(self._inner.get("name", "")), placeholder="name of the schema", id="schema-name")
            yield Static("", id="strict", markup=False)
            yield TextArea(schema, id="schema", show_line_numbers=True)
            yield Static("", id="format-fault", markup=False)
            yield Static(hints_content(self.app, HINTS), classes="note", markup=False)

    def on_mount(self) -> None:
        """Begin in the name, or in the schema where it has one."""
        self._draw()
        self.query_one("#schema" if self._inner.get("name") else "#schema-name").focus()

    def read(self) -> dict[str, Any]:
        """Return what stands there; raises ValueError, one sentence, with line and column for JSON."""
        if not self._kind:
            return {}
        if self._kind == "json_object":
            return {"type": "json_object"}
        try:
            schema = json_value(self.query_one("#schema", TextArea).text)
        except ValueError as error:
            raise ValueError(f"the schema, {error}") from None
        inner = {**self._inner, "name": self.query_one("#schema-name", Input).value.strip()}
        inner.pop("strict", None)
        inner.pop("schema", None)
        strict = {} if self._strict is None else {"strict": self._strict}
        more = {name: item for name, item in self._value.items() if name not in ("type", "json_schema")}
        value = {"type": "json_schema", "json_schema": {**inner, **strict, "schema": schema}, **more}
        if fault := format_fault(value):
            raise ValueError(fault)
        return value

    def _draw(self) -> None:
        tabs = [(kind, kind or "none") for kind in KINDS]
        self.query_one(ViewTabs).show(tabs, self._kind, keyed(self, "{format.kind}"))
        self.query_one("#format").set_class(self._kind != "json_schema", "-no-schema")
        words = {None: "– not said", True: "✓ true", False: "✗ false"}[self._strict]
        self.query_one("#strict", Static).update(
            Content.from_markup("strict  [@click=screen.strict]$words[/]", words=words)
        )
        self._check()

    @on(TextArea.Changed)
    @on(Input.Changed)
    def _check(self) -> None:
        try:
            self.read()
        except ValueError as error:
            self._say(str(error))
        else:
            self._say("")

    def _say(self, fault: str) -> None:
        self.query_one("#format-fault", Static).update(Content(f"✗ {clean(fault)}" if fault else ""))

    @on(ViewTabs.Asked)
    def _asked(self, event: ViewTabs.Asked) -> None:
        self._kind = event.view
        self._draw()

    def action_kind(self) -> None:
        """Take the next kind."""
        self._kind = KINDS[(KINDS.index(self._kind) + 1) % len(KINDS)]
        self._draw()

    def action_strict(self) -> None:
        """Be strict, not strict, or say nothing of it."""
        self._strict = STRICT[(STRICT.index(self._strict) + 1) % len(STRICT)]
        self._draw()

    @on(Input.Submitted)
    def _to_schema(self) -> None:
        self.query_one("#schema").focus()

    def action_take(self) -> None:
        """Take it, where nothing is wrong with it."""
        try:
            self.dismiss(self.read())
        except ValueError as error:
            self._say(f"not taken yet: {error}")

    def action_back(self) -> None:
        """Leave it as it was."""
        self.dismiss(None)
