"""A JSON Schema as a form: its places as a tree, the one under the cursor in fields; the rest of it stays."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from meshtui.core.json.place import Keys
from meshtui.core.schema import edit as edits
from meshtui.core.schema import tree
from meshtui.core.schema.tree import Path, Row
from meshtui.core.text import one_line
from meshtui.ui.commands import bindings
from meshtui.ui.keyed import keyed
from meshtui.ui.widgets.hints import Hint, hints_content
from meshtui.ui.widgets.schema_fields import SchemaFields, enum_text, typed_value

SHOWN = 2_000
"""Rows of the tree; what lies beyond is in the JSON."""
_ACTIONS: tuple[Hint, ...] = (
    ("schema.add", "add"),
    ("schema.child", "inside"),
    ("schema.required", "required"),
    ("schema.nullable", "null"),
    ("schema.union", "anyOf"),
    ("schema.up", "up"),
    ("schema.down", "down"),
    ("schema.remove", "remove"),
)


class SchemaTree(OptionList):
    """The places of a schema; its keys act on the one under the cursor."""

    BINDINGS = bindings("schema")


class SchemaForm(Vertical):
    """Edits the schema that `read` returns (None where its text cannot be read), and hands what it became to `write`.

    Both are called at once, not by messages: what is typed fast would else be put into an older schema.
    """

    DEFAULT_CSS = """
    SchemaForm {
        height: 1fr;
        .bar { height: auto; padding: 0 1; color: $text-muted; link-style: none; link-color: $foreground; }
        SchemaTree, SchemaTree:focus {
            height: 1fr; min-height: 3; border: none; padding: 0; background: transparent;
            text-wrap: nowrap; text-overflow: ellipsis; scrollbar-gutter: stable;
        }
        &.-locked SchemaTree { opacity: 60%; }
    }
    """

    def __init__(
        self,
        read: Callable[[], Mapping[str, Any] | None],
        write: Callable[[Any], None],
        *,
        title: str,
        id: str | None = None,
    ) -> None:
        super().__init__(id=id)
        self._title = title
        self._read, self._write = read, write
        self._rows: Sequence[Row] = ()
        self._drawn: list[Content] = []
        self._marks: Mapping[Keys, bool] = {}
        self._locked = False

    def compose(self) -> ComposeResult:
        """What can be done, the tree, the fields of the row under the cursor."""
        yield Static(hints_content(self.app, _ACTIONS), classes="bar")
        yield SchemaTree(markup=False)
        yield SchemaFields()

    @property
    def list(self) -> SchemaTree:
        """The tree."""
        return self.query_one(SchemaTree)

    @property
    def fields(self) -> SchemaFields:
        """The fields."""
        return self.query_one(SchemaFields)

    @property
    def row(self) -> Row | None:
        """The row under the cursor."""
        place = self.list.highlighted
        return self._rows[place] if place is not None and place < len(self._rows) else None

    # Showing

    def show(self, schema: Mapping[str, Any] | None, broken: str, marks: Mapping[Keys, bool]) -> None:
        """Show a schema; `broken` says why its text cannot be read: then nothing can be edited here."""
        rows = tree.rows(schema)[:SHOWN] if schema is not None or not broken else list(self._rows)
        marks, locked = _on_rows(rows, marks), bool(broken)
        if rows == self._rows and marks == self._marks and locked == self._locked:
            return
        self._marks, self._locked = marks, locked
        self.set_class(locked, "-locked")
        self._fill(rows, self.row.path if self.row else ())

    def _fill(self, rows: Sequence[Row], path: Path, *, typing: bool = False) -> None:
        """Show rows, the cursor on a path or on the nearest above it that there is."""
        before, self._rows = self._drawn, rows
        self._drawn = [self._words(row) for row in rows]
        with self.prevent(OptionList.OptionHighlighted):
            if len(before) != len(rows):
                self.list.set_options([Option(words) for words in self._drawn])
            else:
                for place, (old, new) in enumerate(zip(before, self._drawn, strict=True)):
                    if not new.is_same(old):
                        self.list.replace_option_prompt_at_index(place, new)
            self.list.highlighted = self._place_of(path) if rows else None
        self.fields.show(self.row, locked=self._locked, typing=typing)

    def _place_of(self, path: Path) -> int:
        places = {row.path: place for place, row in enumerate(self._rows)}
        return next((places[path[:end]] for end in range(len(path), -1, -1) if path[:end] in places), 0)

    def _words(self, row: Row) -> Content:
        error = self._marks.get(row.path)
        mark = ("✗ ", "bold $text-error") if error else ("! ", "bold $text-warning") if error is not None else "  "
        name = one_line(self._title if not row.path else row.name, 40) + ("*" if row.required else "")
        name = f"{row.path[-2]} {name}" if row.kind == "definition" else name
        words = row.words if row.enum is None else f"{row.words} · {one_line(enum_text(row.enum), 40)}"
        more = f" + {one_line(', '.join(row.other), 40)}" if row.other else ""
        closed = " · closed" if row.closed and row.kind != "root" else ""
        return Content.assemble(
            mark,
            "  " * min(row.depth, 12),
            (name, "bold"),
            "  ",
            (f"{words}{closed}", "$text-accent"),
            (more, "$text-warning"),
            (f"  {one_line(row.description, 120)}" if row.description else "", "$text-muted"),
        )

    def go_to(self, keys: Keys) -> bool:
        """Put the cursor on the row nearest to a place of the schema; whether there are rows."""
        if not self._rows:
            return False
        self.list.highlighted = self._place_of(tuple(keys))
        self.list.scroll_to_highlight()
        return True

    def focus_first(self) -> None:
        """Go to the tree."""
        self.list.focus()

    @on(OptionList.OptionHighlighted)
    def _moved(self, event: OptionList.OptionHighlighted) -> None:
        event.stop()
        self.fields.show(self.row, locked=self._locked)

    @on(OptionList.OptionSelected)
    def _chosen(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        self.do("edit")

    @on(SchemaFields.Done)
    def _done(self, event: SchemaFields.Done) -> None:
        event.stop()
        self.list.focus()

    # Editing

    @on(SchemaFields.Changed)
    def _field_changed(self, event: SchemaFields.Changed) -> None:
        event.stop()
        row = self.row
        if row is None:
            return
        path, value = row.path, event.value
        match event.field:
            case "name":
                self._edit(lambda schema: (edits.renamed(schema, path, value), (*path[:-1], value)))
            case "types":
                self._edit(lambda schema: (edits.with_type(schema, path, value), path))
            case "description":
                self._edit(lambda schema: (edits.with_description(schema, path, value), path))
            case "required":
                self._edit(lambda schema: (edits.with_required(schema, path, value), path))
            case "closed":
                self._edit(lambda schema: (edits.with_closed(schema, path, value), path))
            case "enum":
                self._edit(lambda schema: (edits.with_enum(schema, path, value), path))
            case _:
                self._edit(lambda schema: (_with_default(schema, path, value), path))

    def _edit(self, change: Callable[[Any], tuple[Any, Path]]) -> bool:
        """Edit the schema as it stands now; whether that could be done. Says why where it could not."""
        schema = self._read()
        if schema is None:
            self.fields.say(keyed(self, "the JSON cannot be read: put that right first, or {tool.undo}"), wrong=True)
            return False
        try:
            new, path = change(schema)
        except ValueError as error:
            self.fields.say(str(error), wrong=True)
            return False
        if json.dumps(new) != json.dumps(schema):
            self._fill(tree.rows(new)[:SHOWN], path, typing=self.fields.has_focus_within)
            self._write(new)
        return True

    def do(self, what: str) -> None:
        """Do something with the row under the cursor, by the word of its command."""
        row = self.row or Row((), "root", "", 0)
        match what:
            case "edit":
                self.fields.go_to("name")
            case "rename" | "type" | "enum":
                self.fields.go_to({"rename": "name", "type": "types"}.get(what, what))
            case "add":
                self._add(self._holder(row))
            case "child":
                self._add_inside(row)
            case "required":
                self._edit(lambda schema: (edits.with_required(schema, row.path, not row.required), row.path))
            case "nullable":
                self._edit(lambda schema: (edits.nullable(schema, row.path, "null" not in row.types), row.path))
            case "union":
                self._edit(lambda schema: (edits.with_branch(schema, row.path), row.path))
            case "up" | "down":
                self._edit(lambda schema: edits.moved(schema, row.path, -1 if what == "up" else 1))
            case _:
                self._remove(row)

    def _holder(self, row: Row) -> Path:
        """Return the object that a property beside a row goes into."""
        holders = {one.path for one in self._rows if one.can_hold_children}
        if row.kind != "property" and row.path in holders:
            return row.path
        above = (row.path[:end] for end in range(len(row.path) - 1, -1, -1))
        return next((path for path in above if path in holders), ())

    def _add_inside(self, row: Row) -> None:
        if row.can_hold_children:
            self._add(row.path)
        elif row.words.startswith(("any of", "one of", "all of")):
            self._edit(lambda schema: (edits.with_branch(schema, row.path), row.path))
        elif "array" in row.types:
            items = next((one for one in self._rows if one.path == (*row.path, "items")), None)
            if items is None:
                text = {"type": "string"}
                self._edit(lambda schema: (edits.with_member(schema, row.path, "items", text), (*row.path, "items")))
            elif items.can_hold_children:
                self._add(items.path)
            else:
                self.go_to(items.path)
                words = "these are the items of the list: {schema.type} makes them objects, which hold properties"
                self.fields.say(keyed(self, words))
        else:
            words = "nothing can stand inside of it: {schema.type} makes it an object or a list"
            self.fields.say(keyed(self, words), wrong=True)

    def _add(self, holder: Path) -> None:
        """Add a property and go to its name."""
        name = ""

        def change(schema: Any) -> tuple[Any, Path]:
            nonlocal name
            name = edits.free_name(schema, holder)
            return edits.with_property(schema, holder, name), (*holder, "properties", name)

        if self._edit(change):
            self.fields.go_to("name")

    def _remove(self, row: Row) -> None:
        place = self.list.highlighted or 0
        after = self._rows[place - 1].path if place else ()
        if self._edit(lambda schema: (edits.removed(schema, row.path), after)):
            self.fields.say(keyed(self, "removed · {tool.undo} brings it back"))


def _with_default(schema: Any, path: Path, text: str) -> Any:
    if not text.strip():
        return edits.without_member(schema, path, "default")
    return edits.with_member(schema, path, "default", typed_value(text))


def _on_rows(rows: Sequence[Row], marks: Mapping[Keys, bool]) -> dict[Path, bool]:
    """Put marks on the rows nearest to their places."""
    paths = {row.path for row in rows}
    found: dict[Path, bool] = {}
    for keys, error in marks.items():
        for end in range(len(keys), -1, -1):
            if keys[:end] in paths:
                found[keys[:end]] = found.get(keys[:end], False) or error
                break
    return found
