"""The parameters of a request: a field for each, and the same as JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Literal

from textual import events, on
from textual.app import ComposeResult
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.message import Message
from textual.widgets import Input, Static, TextArea

from meshtui.core.json.text import json_value
from meshtui.core.params import BY_NAME, PARAMS, param_faults
from meshtui.core.text import clean, one_line
from meshtui.session import request_faults
from meshtui.ui.keyed import keyed
from meshtui.ui.widgets.param_field import ParamField, ParamText

OWN_PLACES = ("model", "messages")
"""Members of a request that no field is for; the JSON has them."""

View = Literal["params", "json"]


class ParamsPane(Vertical):
    """Edits the body of a request. What no field is for stays in the body, and is seen in the JSON.

    The body is always what was read last: a text that can be read as nothing leaves it as it is, and `fault` says so.
    """

    DEFAULT_CSS = """
    ParamsPane {
        height: 1fr;
        #param-filter, #param-filter:focus { height: 1; border: none; padding: 0 1; background: $surface; }
        #fields { height: 1fr; scrollbar-gutter: stable; }
        #request { height: 1fr; border: tall $border-blurred; padding: 0 1; display: none; }
        #request:focus { border: tall $border; }
        #param-help { height: auto; min-height: 2; max-height: 5; padding: 0 1; color: $text-muted; }
        #param-help.-wrong { color: $text-error; }
        &.-json #fields, &.-json #param-filter { display: none; }
        &.-json #request { display: block; }
    }
    """

    class Changed(Message):
        """The body was changed, or what is typed cannot be read any more."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._body: dict[str, Any] = {}
        self._over: Mapping[str, Any] = {}
        self._in_file = False
        self._broken = ""
        self._stale = True
        self.view: View = "params"

    def compose(self) -> ComposeResult:
        """The fields come when they are first looked at."""
        yield Input(id="param-filter", placeholder="type to filter the parameters")
        yield VerticalScroll(id="fields", can_focus=False)
        yield TextArea(id="request", show_line_numbers=True)
        yield Static("", id="param-help", markup=False)

    # What is in it

    def put(self, body: Mapping[str, Any], over: Mapping[str, Any], *, in_file: bool) -> None:
        """Show another body; `over` are values that go before, `in_file` says that a file is to keep it."""
        self._body, self._over, self._in_file, self._broken, self._stale = dict(body), dict(over), in_file, "", True
        for field in self.query(ParamField):
            field.unread = ""
        self._refresh()

    def note_body(self, body: Mapping[str, Any] | None, over: Mapping[str, Any] | None) -> None:
        """Take over what was changed elsewhere, None for nothing; what is typed here and cannot be read stays."""
        body = self._body if body is None else body
        over = self._over if over is None else over
        if body != self._body or over != self._over:
            self._body, self._over, self._stale = dict(body), dict(over), True
            self._refresh()

    @property
    def body(self) -> dict[str, Any]:
        """The body as it was read last."""
        return dict(self._body)

    @property
    def params(self) -> dict[str, Any]:
        """The parameters in it."""
        return {name: value for name, value in self._body.items() if name not in OWN_PLACES}

    @property
    def unread(self) -> str:
        """Why what is typed can be read as nothing, with the name of the field; nothing where all is read."""
        if self._broken:
            return f"the JSON of the request, {self._broken}"
        fields = (f"{field.param.name}: {field.unread}" for field in self.query(ParamField) if field.unread)
        return next(fields, "")

    @property
    def fault(self) -> str:
        """What cannot be read or would be refused, the first; nothing where all is right."""
        faults = param_faults(self.params)
        return self.unread or next((f"{name}: {words}" for name, words in faults.items()), "")

    @property
    def count(self) -> int:
        """How many parameters are set."""
        return sum(value is not None for value in self.params.values())

    # Views

    async def look(self, view: View) -> None:
        """Show the fields, or the JSON."""
        self.view = view
        self.set_class(view == "json", "-json")
        if view == "params" and not self.query(ParamField):
            await self.query_one("#fields", VerticalScroll).mount_all([ParamField(param) for param in PARAMS])
        self._refresh()

    def _refresh(self) -> None:
        if self.view == "json":
            if self._stale and not self._broken:
                text = json.dumps(self._body, ensure_ascii=False, indent=2)
                with self.prevent(TextArea.Changed):
                    self.query_one("#request", TextArea).load_text(text)
                self._stale = False
            self._say_faults()
            return
        for field in self.query(ParamField):
            name, over = field.param.name, self._over
            before = one_line(field.param.text(over[name]), 40) if name in over else ""
            if not field.unread:
                field.show(self._body.get(name), in_file=self._in_file, over=before)
        self._say_help()

    def focus_first(self) -> None:
        """Go to the JSON, or to the line that filters the fields."""
        self.query_one("#request" if self.view == "json" else "#param-filter").focus()

    async def focus_fault(self) -> None:
        """Go to the first thing that is wrong."""
        if self._broken:
            await self.look("json")
        elif self.view == "params" or any(field.unread for field in self.query(ParamField)):
            await self.look("params")
            wrong = next((field for field in self.query(ParamField) if field.fault), None)
            if wrong is not None:
                wrong.display = True
                wrong.text.focus()
                return
        self.focus_first()

    # What is typed

    @on(Input.Changed, "#param-filter")
    def _filter(self, event: Input.Changed) -> None:
        event.stop()
        words = event.value.casefold().split()
        for field in self.query(ParamField):
            about = f"{field.param.name} {field.param.help} {field.param.wants}".casefold()
            field.display = all(word in about for word in words)

    @on(Input.Submitted, "#param-filter")
    def _to_first(self, event: Input.Submitted) -> None:
        event.stop()
        first = next((field for field in self.query(ParamField) if field.display), None)
        if first is not None:
            first.text.focus()

    @on(ParamField.Changed)
    def _field_changed(self, event: ParamField.Changed) -> None:
        event.stop()
        field, self._stale, self._broken = event.field, True, ""
        if not field.unread:
            self._body.pop(field.param.name, None) if field.value is None else self._set(field)
        self._say_help()
        self.post_message(self.Changed())

    def _set(self, field: ParamField) -> None:
        self._body[field.param.name] = field.value

    @on(TextArea.Changed, "#request")
    def _json_typed(self, event: TextArea.Changed) -> None:
        event.stop()
        self._broken = ""
        try:
            body = _body_from(event.text_area.text)
            if "messages" in body and not self._in_file:
                raise ValueError("messages: they are the conversation and what stands in the prompt")
        except ValueError as error:
            self._broken = str(error)
        else:
            self._body = body
            for field in self.query(ParamField):
                field.unread = ""
        self._say_faults()
        self.post_message(self.Changed())

    # What is said

    def _say(self, words: str, wrong: bool = False) -> None:
        line = self.query_one("#param-help", Static)
        line.set_class(wrong, "-wrong")
        line.update(Content(clean(words)))

    def _say_faults(self) -> None:
        faults = [self._broken] if self._broken else request_faults(self._body)
        faults = faults or [f"{name}: {words}" for name, words in param_faults(self.params).items()]
        right = "What the fields show, as JSON. Members that no field is for are sent as they stand."
        self._say(f"✗ {faults[0]}" if faults else right, bool(faults))

    def _say_help(self) -> None:
        part = self.screen.focused
        if isinstance(part, ParamText) and self.view == "params":
            param = part.param
            default = f" Default: {param.default}." if param.default else ""
            keys = " ↑↓ choose." if param.is_short and (param.choices or param.kind == "bool") else ""
            keys = keyed(self, " {params.editor} opens its editor.") if param.name == "response_format" else keys
            self._say(f"{param.help} {param.wants[:1].upper()}{param.wants[1:]}.{default}{keys}")
            return
        more = [name for name in self.params if name not in BY_NAME]
        others = f" In the JSON alone: {one_line(', '.join(more), 60)}." if more else ""
        self._say(f"{self.count or 'None'} set. What is left empty is not sent.{others}")

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        """Say what the parameter under the cursor is."""
        if self.view == "params":
            self._say_help()


def _body_from(text: str) -> dict[str, Any]:
    """Read the JSON of a request; raises ValueError, one sentence, also where its messages are none."""
    body = json_value(text)
    if not isinstance(body, dict):
        raise ValueError("an object is expected: {…}")
    if not isinstance(body.get("model", ""), str):
        raise ValueError("model: a text is expected")
    for name in ("template", "variables"):
        if name in body:
            raise ValueError(f"{name}: the template pane and its slots say that")
    if "messages" in body and (faults := request_faults({"messages": body["messages"]})):
        raise ValueError(faults[0])
    return body
