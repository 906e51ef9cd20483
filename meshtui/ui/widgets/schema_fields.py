"""The fields of one place in a schema: name, types, description, what it may be."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable
from typing import Any

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.message import Message
from textual.widgets import Input, Static, TextArea

from meshtui.core.json.text import json_or
from meshtui.core.schema.metaschema import TYPES
from meshtui.core.schema.tree import Row
from meshtui.core.text import one_line
from meshtui.ui.widgets.choice_line import ChoiceLine
from meshtui.ui.widgets.function_form import LineText
from meshtui.ui.widgets.quiet import Quiet

SEVERAL = "several"
REQUIRED, CLOSED = "required", "no other names"


class TypeLine(ChoiceLine):
    """The types of a place: choosing one drops the others, null can stand beside it, `several` lets all stay."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__((*TYPES, SEVERAL), id=id, several=True, hint="")

    def show(self, values: Collection[str]) -> None:
        """Show that these hold."""
        many = len([value for value in values if value in TYPES and value != "null"]) > 1
        super().show([*values, SEVERAL] if many and SEVERAL not in values else values)

    @property
    def types(self) -> tuple[str, ...]:
        """The types that hold."""
        return tuple(value for value in self.values if value != SEVERAL)

    def take(self, choice: str) -> None:
        """Take a choice, beside those that hold or instead of them."""
        before = self.values
        if choice in (SEVERAL, "null") or SEVERAL in before:
            after = tuple(value for value in before if value != choice) if choice in before else (*before, choice)
        else:
            after = (choice, *(["null"] if "null" in before else []))
        self.show(after)
        if self.values != before:
            self.post_message(self.Changed(self, self.types))


class SchemaFields(Vertical):
    """Edits the row of a schema that is shown; what is typed is posted, never stored here."""

    DEFAULT_CSS = """
    SchemaFields {
        height: auto; border-top: dashed $border-blurred;
        &:focus-within { border-top: dashed $primary; }
        .line { height: auto; }
        .name { width: 14; padding: 0 0 0 2; color: $text-muted; }
        Input.-textual-compact { width: 1fr; padding: 0 1; background: $surface; }
        Input.-textual-compact:focus { background: $boost; }
        .none { display: none; }
        #field-note { height: auto; padding: 0 1; color: $text-muted; display: none; }
        #field-note.-any { display: block; }
        #field-note.-wrong { color: $text-error; }
    }
    """

    class Changed(Message):
        """A field was changed: `field` is name, types, description, required, closed, enum or default."""

        def __init__(self, field: str, value: Any) -> None:
            super().__init__()
            self.field, self.value = field, value

    class Done(Message):
        """The last field was left by enter."""

    def __init__(self) -> None:
        super().__init__()
        self._row: Row | None = None

    def compose(self) -> ComposeResult:
        """A line for each."""
        for name, field in (
            ("name", Input(id="field-name", compact=True)),
            ("type", TypeLine(id="field-types")),
            ("description", LineText(id="field-description", placeholder="what the model should put there")),
            ("", ChoiceLine((REQUIRED, CLOSED), id="field-flags", several=True)),
            ("enum", Input(id="field-enum", placeholder="any value; a, b, c for these alone", compact=True)),
            ("default", Input(id="field-default", placeholder="none", compact=True)),
        ):
            with Horizontal(classes="line"):
                yield Static(name, classes="name", markup=False)
                yield field
        yield Quiet(id="field-note")

    # Showing

    def show(self, row: Row | None, *, locked: bool, typing: bool = False) -> None:
        """Show a row; a field that is being typed in stays as it is, `typing` says so also where its name changed."""
        same = typing or (row is not None and self._row is not None and row.path == self._row.path)
        self._row = row
        self.disabled = locked or row is None or row.raw
        if row is None:
            return
        named = row.kind in ("property", "definition")
        self._put("field-name", row.name if named else "", same, disabled=not named)
        self._put("field-description", row.description, same)
        self._put("field-enum", enum_text(row.enum or ()), same)
        self._put("field-default", value_text(row.default) if row.has_default else "", same)
        types = self.query_one(TypeLine)
        kept = [SEVERAL] if same and SEVERAL in types.values else []
        types.show((*row.types, *kept))
        flags = [REQUIRED] if row.required else []
        self.query_one("#field-flags", ChoiceLine).show([*flags, *([CLOSED] if row.closed else [])])
        self.say(note_of(row))

    def _put(self, id: str, text: str, same: bool, *, disabled: bool = False) -> None:
        field = self.query_one(f"#{id}")
        if same and field.has_focus:
            return
        field.disabled = disabled
        with self.prevent(Input.Changed, TextArea.Changed):
            if isinstance(field, Input) and field.value != text:
                field.value = text
            elif isinstance(field, TextArea) and field.text != text:
                field.load_text(text)

    def say(self, words: str, *, wrong: bool = False) -> None:
        """Say what is wrong with what is typed, or what else the row has."""
        note = self.query_one("#field-note", Quiet)
        note.set_class(wrong, "-wrong")
        note.say(f"✗ {one_line(words, 200)}" if wrong else one_line(words, 200))
        note.set_class(bool(words), "-any")

    def go_to(self, field: str) -> None:
        """Go to a field; a text that stands in it is selected."""
        widget = self.query_one(f"#field-{field}")
        if widget.disabled:
            widget = self.query_one("#field-description")
        widget.focus()
        if isinstance(widget, Input):
            widget.select_all()

    # What is typed

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        event.stop()
        field = (event.input.id or "").removeprefix("field-")
        if field == "name":
            self._say_changed("name", event.value)
        elif field == "enum":
            self._say_changed("enum", enum_values(event.value, self._row.types if self._row else ()))
        else:
            self._say_changed("default", event.value)

    @on(TextArea.Changed)
    def _described(self, event: TextArea.Changed) -> None:
        event.stop()
        self._say_changed("description", event.text_area.text)

    @on(ChoiceLine.Changed)
    def _chosen(self, event: ChoiceLine.Changed) -> None:
        event.stop()
        if isinstance(event.line, TypeLine):
            self._say_changed("types", event.values)
        elif self._row is not None and (REQUIRED in event.values) != self._row.required:
            self._say_changed("required", REQUIRED in event.values)
        else:
            self._say_changed("closed", CLOSED in event.values)

    def _say_changed(self, field: str, value: Any) -> None:
        self.post_message(self.Changed(field, value))

    @on(Input.Submitted)
    def _next(self, event: Input.Submitted) -> None:
        event.stop()
        if event.input.id == "field-default":
            self.post_message(self.Done())
        else:
            self.screen.focus_next()


def note_of(row: Row) -> str:
    """Say what a row has that no field shows."""
    if row.raw:
        return "this is no object: the JSON has it"
    words = f"+ {', '.join(row.other)} (in the JSON)" if row.other else ""
    return words if row.types or row.words == "any" else f"{row.words} {words}".strip()


def value_text(value: object) -> str:
    """Return a value as it is typed: a text without quotation marks where it is nothing else then."""
    if isinstance(value, str) and value and typed_value(value) == value:
        return value
    return json.dumps(value, ensure_ascii=False)


def typed_value(text: str) -> Any:
    """Read what was typed as JSON, else as the text it is."""
    return json_or(text, text.strip())


def enum_text(values: Iterable[Any]) -> str:
    """Return the values of an enum as they are typed, with commas between."""
    values = list(values)
    plain = ", ".join(str(value) for value in values)
    if all(isinstance(value, str) for value in values) and enum_values(plain, ("string",)) == values:
        return plain
    return json.dumps(values, ensure_ascii=False)[1:-1]


def enum_values(text: str, types: Collection[str]) -> list[Any]:
    """Read the values of an enum: JSON with commas between, else texts; numbers stay texts where only texts fit."""
    values = json_or(f"[{text}]")
    if isinstance(values, list) and (set(types) != {"string"} or all(isinstance(value, str) for value in values)):
        return values
    parts = [part.strip() for part in text.split(",") if part.strip()]
    return parts if set(types) <= {"string"} and types else [typed_value(part) for part in parts]
