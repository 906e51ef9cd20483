"""What a function is called, what it does, and whether arguments are kept to the schema: the head of the form."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from textual import events, on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.message import Message
from textual.widgets import Input, TextArea

from meshtui.core.text import clean, one_line
from meshtui.ui.keyed import is_key_of
from meshtui.ui.widgets.choice_line import ChoiceLine
from meshtui.ui.widgets.quiet import Quiet

STRICT: Mapping[str, bool | None] = {"not said": None, "true": True, "false": False}
OWN = ("name", "description", "parameters", "strict")


class LineText(TextArea):
    """A text over few lines: enter goes on, a new line has the keys it has in the prompt."""

    DEFAULT_CSS = """
    LineText {
        height: auto; min-height: 1; max-height: 4; width: 1fr; padding: 0 1; border: none; background: $surface;
        &:focus { border: none; background: $boost; }
    }
    """

    def __init__(self, *, id: str, placeholder: str) -> None:
        super().__init__(id=id, highlight_cursor_line=False, placeholder=placeholder)

    async def on_key(self, event: events.Key) -> None:
        """Go on, or begin a new line; everything else is editing."""
        if is_key_of(self, "prompt.newline", event.key):
            event.stop()
            event.prevent_default()
            self.insert("\n")
        elif event.key == "enter":
            event.stop()
            event.prevent_default()
            self.screen.focus_next()


class FunctionForm(Vertical):
    """Edits the members of a function object beside its parameters. Read-only while the JSON cannot be read."""

    DEFAULT_CSS = """
    FunctionForm {
        height: auto;
        .line { height: auto; }
        .name { width: 14; padding: 0; color: $text-muted; }
        .name.-wrong { color: $text-error; }
        Input.-textual-compact { width: 1fr; padding: 0 1; background: $surface; }
        Input.-textual-compact:focus { background: $boost; }
        #form-stale { height: auto; padding: 0 1; color: $text-error; text-style: bold; display: none; }
        &.-stale #form-stale { display: block; }
        #form-more { height: auto; padding: 0 1; color: $text-muted; display: none; }
        #form-more.-any { display: block; }
    }
    """

    class Changed(Message):
        """A member was changed: those that have a value, and None for those to be left out."""

        def __init__(self, members: Mapping[str, Any]) -> None:
            super().__init__()
            self.members = members

        def into(self, function: Mapping[str, Any]) -> dict[str, Any]:
            """Return the function object with the members changed, the order of the others kept."""
            first = {name: None for name in self.members if name in OWN[:2] and name not in function}
            merged = {**first, **function, **self.members}
            return {name: value for name, value in merged.items() if value is not None or name not in self.members}

    def compose(self) -> ComposeResult:
        """A line for each member."""
        yield Quiet(id="form-stale")
        with Horizontal(classes="line"):
            yield Quiet("  name", classes="name", id="label-name", one_line=True)
            yield Input(id="function-name", placeholder="letters, digits, _ and -", compact=True, select_on_focus=False)
        with Horizontal(classes="line"):
            yield Quiet("  description", classes="name", id="label-description", one_line=True)
            yield LineText(id="function-description", placeholder="what it does, and when the model should call it")
        with Horizontal(classes="line"):
            yield Quiet("  strict", classes="name", id="label-strict", one_line=True)
            yield ChoiceLine(tuple(STRICT), id="function-strict")
        yield Quiet(id="form-more")

    def show(self, function: Mapping[str, Any] | None, broken: str, wrong: Collection[str] = ()) -> None:
        """Show a function object, as it was read last where `broken` says why the text cannot be read now.

        `wrong` are the members at which something was found.
        """
        for name in ("name", "description", "strict"):
            label = self.query_one(f"#label-{name}", Quiet)
            label.say(f"{'✗' if name in wrong else ' '} {name}")
            label.set_class(name in wrong, "-wrong")
        self.set_class(bool(broken) or function is None, "-stale")
        shown = function or {}
        what = "the form shows what could be read last" if function is not None else "it is no function tool"
        words = (
            f"✗ The JSON cannot be read, {broken}: {what}."
            if broken
            else "✗ This is no function tool: the JSON has it."
        )
        self.query_one("#form-stale", Quiet).say(clean(words))
        for id, name in (("function-name", "name"), ("function-description", "description")):
            widget, text = self.query_one(f"#{id}"), shown.get(name, "")
            is_text = isinstance(text, str)
            widget.disabled = bool(broken) or function is None or not is_text
            with self.prevent(Input.Changed, TextArea.Changed):
                if isinstance(widget, Input) and widget.value != _line(text):
                    widget.value = _line(text)
                elif isinstance(widget, TextArea) and widget.text != (text if is_text else ""):
                    widget.load_text(text if is_text else "")
        strict = shown.get("strict")
        line = self.query_one(ChoiceLine)
        line.disabled = bool(broken) or function is None
        line.show([name for name, value in STRICT.items() if value is strict])
        more = [name for name in shown if name not in OWN]
        note = self.query_one("#form-more", Quiet)
        note.say(f"+ {one_line(', '.join(more), 60)} (in the JSON)")
        note.set_class(bool(more), "-any")

    def focus_first(self) -> None:
        """Go to the name."""
        self.query_one("#function-name").focus()

    def go_to(self, member: str) -> None:
        """Go to the field of a member, to the name where it has none."""
        self.query_one(f"#function-{member if member in ('name', 'description', 'strict') else 'name'}").focus()

    @on(Input.Changed)
    @on(TextArea.Changed)
    @on(ChoiceLine.Changed)
    def _changed(self, event: Input.Changed | TextArea.Changed | ChoiceLine.Changed) -> None:
        event.stop()
        if isinstance(event, Input.Changed):
            self.post_message(self.Changed({"name": event.value}))
        elif isinstance(event, TextArea.Changed):
            self.post_message(self.Changed({"description": event.text_area.text or None}))
        else:
            self.post_message(self.Changed({"strict": STRICT[event.values[0]]}))

    @on(Input.Submitted)
    def _next(self, event: Input.Submitted) -> None:
        event.stop()
        self.screen.focus_next()


def _line(value: Any) -> str:
    return value if isinstance(value, str) else ""
