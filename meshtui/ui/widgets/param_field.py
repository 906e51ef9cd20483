"""One parameter in a form: its name, its value as text, and what is wrong with it."""

from __future__ import annotations

from typing import Any

from textual import events, on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.message import Message
from textual.widgets import Static, TextArea

from meshtui.core.json.text import has_null
from meshtui.core.params import Param
from meshtui.core.text import clean
from meshtui.ui.commands import bindings
from meshtui.ui.keyed import keyed

NO_NULL = "a template file cannot keep null: it would be left out"


class ParamText(TextArea):
    """The value: enter goes on to the next field where it stands on one line, up and down take the next choice."""

    DEFAULT_CSS = """
    ParamText {
        height: auto; min-height: 1; max-height: 10; width: 1fr; padding: 0 1; border: none; background: $surface;
        &:focus { border: none; background: $boost; }
    }
    """

    class Stepped(Message):
        """Another choice is wanted, `step` further."""

        def __init__(self, step: int) -> None:
            super().__init__()
            self.step = step

    def __init__(self, param: Param) -> None:
        super().__init__(highlight_cursor_line=False, placeholder="–")
        self.param = param

    async def on_key(self, event: events.Key) -> None:
        """Go on, or take another choice; everything else is editing."""
        if event.key == "enter" and self.param.is_short:
            event.stop()
            event.prevent_default()
            self.screen.focus_next(ParamText)
        elif event.key in ("up", "down") and self.param.is_short:
            event.stop()
            event.prevent_default()
            step = 1 if event.key == "down" else -1
            if choices_of(self.param):
                self.post_message(self.Stepped(step))
            elif step > 0:
                self.screen.focus_next(ParamText)
            else:
                self.screen.focus_previous(ParamText)


def choices_of(param: Param) -> tuple[str, ...]:
    """Return the words that a value can be, none where it can be anything."""
    return ("true", "false") if param.kind == "bool" else param.choices if param.kind != "lines" else ()


class ParamField(Vertical):
    """A parameter. `value` is what was read last, None for unset; `unread` says why the text is none."""

    DEFAULT_CSS = """
    ParamField {
        height: auto;
        Horizontal { height: auto; }
        .name { width: 21; padding: 0 1; height: 1; color: $text-muted; text-wrap: nowrap; }
        .step { width: 4; padding: 0 1; color: $primary; }
        .fault { height: auto; padding: 0 1 0 3; display: none; }
        &.-told .fault { display: block; }
        &.-wrong .fault { color: $text-error; }
        &.-set .name { color: $foreground; text-style: bold; }
        &:focus-within .name { color: $primary; }
    }
    """

    BINDINGS = bindings("params")

    class Changed(Message):
        """The text was changed; `field` has what it stands for."""

        def __init__(self, field: ParamField) -> None:
            super().__init__()
            self.field = field

    class EditorAsked(Message):
        """The value is to be edited in its own editor."""

        def __init__(self, field: ParamField) -> None:
            super().__init__()
            self.field = field

    class DropAsked(Message):
        """What goes before this value is not to hold any more."""

        def __init__(self, name: str) -> None:
            super().__init__()
            self.name = name

    def __init__(self, param: Param) -> None:
        super().__init__()
        self.param = param
        self.value: Any = None
        self.unread = ""
        self.in_file = False
        self.over = ""

    @property
    def has_editor(self) -> bool:
        """Whether there is an editor of its own for the value."""
        return self.param.name == "response_format"

    def compose(self) -> ComposeResult:
        """The name before the value, what is wrong below."""
        with Horizontal():
            yield Static(Content(f"  {self.param.name}"), classes="name")
            yield ParamText(self.param)
            if choices_of(self.param):
                yield Static("▾", classes="step", markup=False)
            elif self.has_editor:
                yield Static("✎", classes="step", markup=False)
        yield Static("", classes="fault", markup=False)

    @property
    def text(self) -> ParamText:
        """Where the value is typed."""
        return self.query_one(ParamText)

    def show(self, value: Any, *, in_file: bool = False, over: str = "") -> None:
        """Show another value, None for unset; `over` is the conversation's own, which goes before it."""
        self.in_file, self.over = in_file, over
        if value != self.value or type(value) is not type(self.value) or self.unread:
            self.value, self.unread = value, ""
            with self.prevent(TextArea.Changed):
                self.text.load_text("" if value is None else self.param.text(value))
        self._draw()

    @property
    def fault(self) -> str:
        """What is wrong with it, in a sentence; nothing where it is right or unset."""
        if self.unread or self.value is None:
            return self.unread
        words = self.param.fault(self.value)
        return words or (NO_NULL if self.in_file and has_null(self.value) else "")

    @on(TextArea.Changed)
    def _typed(self, event: TextArea.Changed) -> None:
        event.stop()
        text, self.unread = event.text_area.text, ""
        if not text.strip():
            self.value = None
        else:
            try:
                self.value = self.param.read(text)
            except ValueError as error:
                self.unread = str(error)
        self._draw()
        self.post_message(self.Changed(self))

    def _draw(self) -> None:
        fault, is_set = self.fault, self.value is not None or bool(self.unread)
        self.set_class(is_set, "-set")
        self.set_class(bool(fault), "-wrong")
        self.set_class(bool(fault or self.over), "-told")
        mark = "✗ " if fault else "● " if is_set else "  "
        self.query_one(".name", Static).update(Content(f"{mark}{self.param.name}"))
        drop = keyed(self, "(a click or {params.drop} drops it)")
        over = f"the conversation has {self.over}, which goes before {drop}" if self.over else ""
        self.query_one(".fault", Static).update(Content(clean(fault or over)))

    @on(ParamText.Stepped)
    def _step(self, event: ParamText.Stepped) -> None:
        event.stop()
        self.take_choice(event.step)

    def take_choice(self, step: int) -> None:
        """Take another of the choices; unset is one of them."""
        words = ("", *choices_of(self.param))
        now = self.text.text.strip()
        place = words.index(now) if now in words else 0
        self.text.text = words[(place + step) % len(words)]

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Leave the key of the editor to others where the value has none."""
        return self.has_editor if action == "open_editor" else True

    def action_drop(self) -> None:
        """Drop what goes before this value, where something does."""
        if self.over:
            self.post_message(self.DropAsked(self.param.name))

    def action_open_editor(self) -> None:
        """Open the editor of the value."""
        self.post_message(self.EditorAsked(self))

    def on_click(self, event: events.Click) -> None:
        """Take the next choice, or go to the value."""
        classes = event.widget.classes if event.widget else frozenset()
        if "step" in classes and self.has_editor:
            self.post_message(self.EditorAsked(self))
        elif "step" in classes:
            self.take_choice(1)
        elif "fault" in classes and self.over and not self.fault:
            self.post_message(self.DropAsked(self.param.name))
        self.text.focus()
