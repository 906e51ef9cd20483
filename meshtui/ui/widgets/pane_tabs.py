"""The tab bar over the panes, where only one of them has room."""

from __future__ import annotations

from textual.content import Content
from textual.style import Style
from textual.widgets import Static

from meshtui.core.text import one_line


class PaneTabs(Static):
    """One line that names the panes, the one in front reversed; a click brings another to the front."""

    DEFAULT_CSS = """
    PaneTabs { height: 1; padding: 0 1; background: $panel; display: none; link-style: none; link-color: $foreground; }
    """

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id, markup=False)

    def show(self, template: str, front: bool) -> None:
        """Name the open template, none for the parameters alone; `front` says that its pane is the one to be seen."""
        words = f"Template {one_line(template, 40)}" if template else "Params"
        tabs = ((words, True), ("Conversation", False))
        parts = [
            Content.styled(f" {name} ", "reverse bold" if which is front else "$text-muted").stylize(
                Style.from_meta({"@click": f"screen.front_template({which})"})
            )
            for name, which in tabs
        ]
        self.update(Content.assemble(*parts, ("  f9 the other", "$text-muted")))
