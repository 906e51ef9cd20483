"""The tab bar over the panes, where only one of them has room."""

from __future__ import annotations

from collections.abc import Sequence

from textual.content import Content
from textual.geometry import Offset
from textual.style import Style
from textual.widgets import Static

from meshtui.core.text import one_line


class PaneTabs(Static):
    """One line that names the panes, the one in front reversed; a click brings another to the front."""

    DEFAULT_CSS = """
    PaneTabs {
        height: 1; padding: 0 1; background: $panel; display: none; link-style: none; link-color: $foreground;
        text-wrap: nowrap; text-overflow: ellipsis;
    }
    """

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id, markup=False)
        self._tabs: Sequence[tuple[str, str]] = ()
        self._front = self._hint = ""
        self._places: dict[str, int] = {}

    def show(self, tabs: Sequence[tuple[str, str]], front: str, hint: str = "") -> None:
        """Show tabs, each a pane and its name. The hint stands where there is room for it."""
        self._tabs, self._front, self._hint = tabs, front, hint
        self._draw()

    def on_resize(self) -> None:
        """Fit the line to the new width."""
        self._draw()

    def place_of(self, pane: str) -> Offset | None:
        """Return where on the screen the name of a pane begins."""
        column = self._places.get(pane)
        return None if column is None or not self.size.width else self.content_region.offset + Offset(column, 0)

    def _draw(self) -> None:
        width = self.size.width
        gap = " " if sum(len(name) + 2 for _, name in self._tabs) <= width else ""
        parts, column = list[Content](), 0
        self._places = {}
        for pane, name in self._tabs:
            words = f"{gap}{one_line(name, 24)}{gap or ' '}"
            look = "reverse bold" if pane == self._front else "$text-muted"
            click = Style.from_meta({"@click": f"screen.show_pane({pane!r})"})
            parts.append(Content.styled(words, look).stylize(click))
            self._places[pane] = column
            column += parts[-1].cell_length
        if self._hint and column + 2 + len(self._hint) <= width:
            parts.append(Content.styled(f"  {self._hint}", "$text-muted"))
        self.update(Content.assemble(*parts))
