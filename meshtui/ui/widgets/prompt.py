"""The prompt: a text of several lines that is sent by one key and never by a paste."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from pathlib import Path
from urllib.parse import unquote

from textual import events
from textual.message import Message
from textual.widgets import TextArea

from meshtui.ui.commands import bindings
from meshtui.ui.keyed import is_key_of

FOLD_LINES, FOLD_CHARACTERS = 12, 2000
"""A paste longer than this shows as one line until it is unfolded or sent."""

_TEXTS_OWN = {
    "up": ("prompt.older", "cursor_up"),
    "down": ("prompt.newer", "cursor_down"),
    "ctrl+e": ("prompt.unfold", "cursor_line_end"),
}
"""What these keys do in any text, where the user gave the prompt's command on them another key."""

_FOLDED = r"\[pasted (\d+) (?:lines|characters) #(\d+)\]"


class Prompt(TextArea):
    """Where the user types. It grows with its text; long pastes stand folded in it."""

    DEFAULT_CSS = """
    Prompt {
        height: auto;
        max-height: 33vh;
        min-height: 3;
        border: tall $border-blurred;
        background: $surface;
        padding: 0 1;
        &:focus { border: tall $border; }
        &.-waiting { border: tall $warning; }
        border-subtitle-color: $text-muted;
        &.-full { border-subtitle-color: $text-warning; border-subtitle-style: bold; }
    }
    """

    BINDINGS = bindings("typing")

    class Submitted(Message):
        """The user wants this text sent. The prompt keeps it until it is told that it is on disk."""

        def __init__(self, text: str) -> None:
            super().__init__()
            self.text = text

    class Dropped(Message):
        """Files that can be attached were dropped, that is, their paths were pasted."""

        def __init__(self, places: Sequence[str]) -> None:
            super().__init__()
            self.places = places

    class DetachAsked(Message):
        """Backspace was pressed where there is nothing to delete."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id, highlight_cursor_line=False, placeholder="type a message …")
        self.recall: Callable[[], Sequence[str]] = tuple
        self._pastes: dict[int, str] = {}
        self._past: Sequence[str] = ()
        self._place = -1
        self._own = ""

    @property
    def value(self) -> str:
        """The text with every folded paste in full."""
        return re.sub(_FOLDED, lambda match: self._pastes.get(int(match[2]), match[0]), self.text)

    def take(self) -> None:
        """Empty the prompt: its text was taken over and is on disk."""
        self.load_text("")
        self._pastes.clear()
        self._place, self._past = -1, ()

    def put(self, text: str) -> None:
        """Replace the text and go to its end."""
        self.load_text(text)
        self.move_cursor(self.document.end)

    def undo(self) -> None:
        """Undo the last edits; from the beginning, because Textual scrolls before it knows where the cursor goes."""
        if self.history.undo_stack:
            self.move_cursor((0, 0))
            super().undo()

    def redo(self) -> None:
        """Redo what was undone; see `undo`."""
        if self.history.redo_stack:
            self.move_cursor((0, 0))
            super().redo()

    async def on_key(self, event: events.Key) -> None:
        """Send or begin a new line; everything else is editing."""
        if is_key_of(self, "prompt.send", event.key):
            event.stop()
            event.prevent_default()
            self.post_message(self.Submitted(self.value))
        elif is_key_of(self, "prompt.newline", event.key):
            event.stop()
            event.prevent_default()
            self.insert("\n")
        elif event.key == "backspace" and not self.text:
            self.post_message(self.DetachAsked())
        elif event.key in _TEXTS_OWN:
            id, action = _TEXTS_OWN[event.key]
            if not is_key_of(self, id, event.key):
                event.stop()
                await self.run_action(action)

    async def on_paste(self, event: events.Paste) -> None:
        """Take a paste in as text that sends nothing; a long one is folded."""
        text = event.text.replace("\r\n", "\n").replace("\r", "\n")
        event.stop()
        event.prevent_default()
        if self.read_only:
            return
        dropped = dropped_files(text)
        if dropped:
            self.post_message(self.Dropped(dropped))
            return
        lines = text.count("\n") + 1
        if lines > FOLD_LINES or len(text) > FOLD_CHARACTERS:
            number = max(self._pastes, default=0) + 1
            self._pastes[number] = text
            size = f"{lines} lines" if lines > 1 else f"{len(text)} characters"
            text = f"[pasted {size} #{number}]"
        self.replace(text, *self.selection, maintain_selection_offset=False)

    def action_unfold(self) -> None:
        """Show the folded paste before the cursor in full; where there is none, go to the end of the line."""
        row, column = self.cursor_location
        folded = [match for match in re.finditer(_FOLDED, self.document.get_line(row)) if match.start() <= column]
        if not folded:
            self.action_cursor_line_end()
            return
        place = folded[-1]
        text = self._pastes.get(int(place[2]), place[0])
        self.replace(text, (row, place.start()), (row, place.end()), maintain_selection_offset=False)

    def action_older(self) -> None:
        """Move up; on the first line, bring back the prompt before."""
        if self.cursor_location[0] > 0 or self.wrapped_document.location_to_offset(self.cursor_location).y > 0:
            self.action_cursor_up()
            return
        if self._place < 0:
            self._past, self._own = self.recall(), self.text
        if self._place + 1 < len(self._past):
            self._place += 1
            self.load_text(self._past[self._place])

    def action_newer(self) -> None:
        """Move down; on the last line, go forward again through the prompts."""
        if self._place < 0 or self.cursor_location[0] < self.document.line_count - 1:
            self.action_cursor_down()
            return
        self._place -= 1
        self.put(self._own if self._place < 0 else self._past[self._place])


def dropped_files(text: str) -> list[str]:
    """Return the paths of attachable files where `text` is nothing else: terminals paste what is dropped on them."""
    text = text.strip()
    if not text or len(text) > 4096:
        return []
    if whole := _attachable(text):
        return [whole]
    import shlex  # late: it is for files alone

    try:
        paths = [_attachable(word) for word in shlex.split(text)]
    except ValueError:
        return []
    return [path for path in paths if path] if all(paths) else []


def _attachable(text: str) -> str:
    """Return the path of an existing file that can be attached, nothing for any other text."""
    from meshtui.core.attachments import NotAttachable, kind_of

    path = Path(unquote(text.removeprefix("file://")) if text.startswith("file://") else text)
    try:
        path = path.expanduser()
        kind_of(path.name)
        return str(path) if path.is_absolute() and path.is_file() else ""
    except (NotAttachable, OSError, RuntimeError, ValueError):
        return ""
