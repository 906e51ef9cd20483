"""What answers the calls of a tool, as a form: by hand, by canned rules, or by a command."""

from __future__ import annotations

import shlex
import time
from dataclasses import replace

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical, VerticalScroll
from textual.message import Message
from textual.widgets import Input, Static, TextArea

from meshtui.core.text import clean, one_line
from meshtui.core.tools.edit import ToolEdit, words_of
from meshtui.ui.widgets.choice_line import ChoiceLine
from meshtui.ui.widgets.json_area import JsonArea
from meshtui.ui.widgets.quiet import Quiet
from meshtui.ui.words import RESPONDER_WORDS

_ABOUT = {
    "hand": (
        "You answer each call yourself: the round stops before anything goes back, and you type the result. "
        "It is filled in from the last result of this tool, or from an example of the result's schema."
    ),
    "canned": (
        "The first rule whose `when` fits the arguments answers. Without `when` a rule fits every call.\n"
        '[{"when": {"city": "Paris"}, "result": {"degrees": 21}, "latency": 0.5},\n'
        ' {"error": "no such city"}]          TOML is read as well: [[rules]]'
    ),
    "command": (
        "A program on this machine answers: arguments as JSON on its stdin, its stdout is the result. No shell is "
        "used, and the API key is not in its environment. It never runs by itself: you are asked before each call, "
        "and can allow it for one conversation. No file, not even a project's, can give that approval."
    ),
}
_FIELDS = (
    ("argv", "command", "python3 weather.py --units metric"),
    ("timeout", "time limit", "seconds"),
    ("folder", "folder", "where it runs, relative to the tool's file"),
    ("environment", "variables", "names of variables that it may see, with blanks between"),
)


_ONE_STEP = 2.0
"""Seconds within which what is typed into one field is one step to undo."""


class RulesArea(JsonArea):
    """Edits canned rules; a change is taken back in the form that it stands in, so that there is one order of all."""

    def action_undo(self) -> None:
        """Take the last change of the form back."""
        self.query_ancestor(ResponderForm).undo()

    def action_redo(self) -> None:
        """Make the change again that was taken back."""
        self.query_ancestor(ResponderForm).redo()


class ResponderForm(VerticalScroll, can_focus=False):
    """Edits the part of a tool that never leaves this machine. `put` shows texts, `into` takes them over."""

    DEFAULT_CSS = """
    ResponderForm {
        height: 1fr; padding: 0 1;
        #responder-about { height: auto; padding: 0 1; margin-bottom: 1; color: $text-muted; }
        .line { height: auto; layout: horizontal; display: none; }
        .name { width: 12; padding: 0 1; color: $text-muted; }
        .line Input, .line Input:focus { height: 1; border: none; padding: 0 1; width: 1fr; background: $surface; }
        .line Input:focus { background: $boost; }
        #argv-words { height: auto; padding: 0 1 0 13; color: $text-muted; display: none; }
        #rules { display: none; min-height: 5; }
        #responder-fault { height: auto; padding: 0 1; color: $text-error; }
        &.-canned #rules { display: block; }
        &.-command .line, &.-command #argv-words { display: block; }
    }
    """

    class Changed(Message):
        """A text, or the kind, was changed."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._now: dict[str, str] = {}
        self._past: list[dict[str, str]] = []
        self._future: list[dict[str, str]] = []
        self._changed_last = "", 0.0

    def compose(self) -> ComposeResult:
        """The kind, what it means, and what it needs."""
        yield ChoiceLine(tuple(RESPONDER_WORDS.values()), id="kind", hint="←→ or a click")
        yield Quiet(id="responder-about")
        yield RulesArea(id="rules", placeholder='[{"result": …}]')
        for id, name, placeholder in _FIELDS:
            with Vertical(classes="line"):
                yield Static(name, classes="name", markup=False)
                yield Input(id=id, placeholder=placeholder, compact=True)
            if id == "argv":
                yield Quiet(id="argv-words")
        yield Quiet(id="responder-fault")

    def put(self, edit: ToolEdit) -> None:
        """Show the texts of a tool; what stood here can be had back by undoing."""
        if not self._now:
            with self.prevent(TextArea.Changed):
                self.query_one(JsonArea).load_text(edit.rules)  # what is there first is no change
        self._show({name: getattr(edit, name) for name in ("kind", "rules", *(id for id, _, _ in _FIELDS))})
        self._remember()

    def _show(self, texts: dict[str, str]) -> None:
        self.query_one(ChoiceLine).show((RESPONDER_WORDS.get(texts["kind"], ""),))
        with self.prevent(Input.Changed, TextArea.Changed):
            self.query_one(JsonArea).put(texts["rules"])
            for id, _, _ in _FIELDS:
                if self.query_one(f"#{id}", Input).value != texts[id]:
                    self.query_one(f"#{id}", Input).value = texts[id]
        self._draw()

    def _typed(self) -> dict[str, str]:
        texts = {id: self.query_one(f"#{id}", Input).value for id, _, _ in _FIELDS}
        return {"kind": self.kind, "rules": self.query_one(JsonArea).text, **texts}

    def into(self, edit: ToolEdit) -> ToolEdit:
        """Return these texts with what stands here."""
        return replace(edit, **self._typed())

    # Undoing

    def _remember(self) -> None:
        """Keep what stood here before as a step to undo; what is typed in one go is one."""
        before, self._now, time_now = self._now, self._typed(), time.monotonic()
        if not before or before == self._now:
            return
        changed = " ".join(name for name in before if before[name] != self._now[name])
        if changed != self._changed_last[0] or time_now - self._changed_last[1] > _ONE_STEP:
            self._past.append(before)
        self._changed_last = changed, time_now
        self._future.clear()

    def undo(self) -> None:
        """Take the last change back."""
        self._step(self._past, self._future)

    def redo(self) -> None:
        """Make the change again that was taken back."""
        self._step(self._future, self._past)

    def _step(self, there: list[dict[str, str]], back: list[dict[str, str]]) -> None:
        if there:
            back.append(self._now)
            self._now, self._changed_last = there.pop(), ("", 0.0)
            self._show(self._now)
            self.post_message(self.Changed())

    @property
    def kind(self) -> str:
        """The kind that is chosen."""
        words = self.query_one(ChoiceLine).values
        return next((kind for kind, word in RESPONDER_WORDS.items() if word in words), "hand")

    def say(self, fault: str) -> None:
        """Say what is wrong, or nothing any more."""
        self.query_one("#responder-fault", Quiet).say(f"✗ {clean(fault)}" if fault else "")

    def focus_first(self) -> None:
        """Go to the kind."""
        self.query_one(ChoiceLine).focus()

    @on(ChoiceLine.Changed)
    @on(Input.Changed)
    @on(TextArea.Changed)
    def _changed(self, event: Message) -> None:
        event.stop()
        self._remember()
        self._draw()
        self.post_message(self.Changed())

    def _draw(self) -> None:
        for kind in _ABOUT:
            self.set_class(kind == self.kind, f"-{kind}")
        self.query_one("#responder-about", Quiet).say(_ABOUT[self.kind])
        line = self.query_one("#argv", Input).value
        try:
            words = words_of(line)
        except ValueError:
            said = "a quotation mark is not closed"
        else:
            said = (
                " · ".join(shlex.quote(one_line(word, 40)) for word in words)
                or "words as in a shell; no shell runs them"
            )
        self.query_one("#argv-words", Quiet).say(one_line(said, 200))
