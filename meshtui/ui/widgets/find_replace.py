"""Two lines over several texts: what to find in them, and what to put in its place."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.message import Message
from textual.widgets import Input, Static
from textual.widgets.text_area import Selection

from meshtui.ui.commands import bindings
from meshtui.ui.widgets.hints import Hint, hints_content
from meshtui.ui.widgets.slot_text import SlotText

BEGIN: tuple[Hint, ...] = (("⏎", "next", ""), ("tab", "replace", "app.focus_next"), ("replacing.close", "closes"))
FOUND: tuple[Hint, ...] = (
    ("⏎", "next, in the second line replaces", ""),
    ("replacing.all", "replaces all"),
    ("replacing.close", "closes"),
)


class FindReplace(Vertical):
    """Enter finds the next in `texts`, or replaces where the second line has the focus; a key replaces all."""

    DEFAULT_CSS = """
    FindReplace {
        height: auto; display: none; background: $panel; padding: 0 1;
        &.-open { display: block; }
        Input { height: 1; border: none; padding: 0; background: $panel; }
        Input:focus { border: none; background: $surface; }
        Static { height: auto; color: $text-muted; link-style: none; link-color: $foreground; }
    }
    """
    BINDINGS = bindings("replacing")

    class Closed(Message):
        """The search is over."""

    def __init__(self, texts: Callable[[], Sequence[SlotText]], *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._texts = texts

    def compose(self) -> ComposeResult:
        """The lines, and what their keys do."""
        yield Input(placeholder="find", id="find-text")
        yield Input(placeholder="replace by", id="new-text")
        yield Static("", id="find-note", markup=False)

    def open(self, text: str) -> None:
        """Show the lines, with a text to find."""
        self.add_class("-open")
        line = self.query_one("#find-text", Input)
        if text and "\n" not in text:
            line.value = text
        line.focus()
        self.say(hints_content(self.app, BEGIN))

    def say(self, words: str | Content) -> None:
        """Say what came of it, or what can be done."""
        self.query_one("#find-note", Static).update(Content(words) if isinstance(words, str) else words)

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        event.stop()

    @on(Input.Submitted)
    def _entered(self, event: Input.Submitted) -> None:
        event.stop()
        self._ask("find" if event.input.id == "find-text" else "replace")

    def action_replace_all(self) -> None:
        """Replace in all texts."""
        self._ask("all")

    def _ask(self, what: str) -> None:
        wanted, new = self.query_one("#find-text", Input).value, self.query_one("#new-text", Input).value
        if wanted and what == "all":
            self.say(f"{sum(text.replace_all(wanted, new) for text in self._texts())} replaced")
        elif wanted:
            self._find(wanted, new if what == "replace" else None)

    def _find(self, wanted: str, new: str | None) -> None:
        """Put `new` in the place of what was found last, if there is any, and go to the next, round all texts."""
        texts, place = self._texts(), 0
        for number, text in enumerate(texts):
            if text.selected_text.casefold() == wanted.casefold() and not text.read_only:
                place = number
                if new is not None:
                    text.replace(new, *text.selection)
                break
        for step in range(len(texts) + 1):
            text = texts[(place + step) % len(texts)]
            if text.find_next(wanted, from_start=step > 0):
                for other in texts:
                    if other is not text:
                        other.selection = Selection.cursor(other.cursor_location)
                text.scroll_visible(animate=False)
                self.say(hints_content(self.app, FOUND))
                return
        self.say("nothing found")

    def action_close(self) -> None:
        """Hide the lines."""
        self.remove_class("-open")
        self.post_message(self.Closed())
