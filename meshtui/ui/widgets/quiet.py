"""A text that is drawn again only where it says something else: what is shown at every keystroke must cost nothing."""

from __future__ import annotations

from textual.content import Content
from textual.widgets import Static


class Quiet(Static):
    """Shows content. `one_line` says that its height never changes, so that the screen is not laid out again."""

    def __init__(self, text: str = "", *, id: str | None = None, classes: str = "", one_line: bool = False) -> None:
        super().__init__(text, id=id, classes=classes, markup=False)
        self._said, self._one_line = Content(text), one_line

    def say(self, content: Content | str) -> None:
        """Show this."""
        content = Content(content) if isinstance(content, str) else content
        if not content.is_same(self._said):
            self._said = content
            self.update(content, layout=not self._one_line)
