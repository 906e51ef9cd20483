"""Every touch of a private name of Textual 8.2.8, in one place, each with a test."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from rich.text import Text
from textual.app import App
from textual.geometry import Size
from textual.widget import Widget

if TYPE_CHECKING:
    from textual.scroll_view import ScrollView


def set_scroll_state(view: ScrollView, height: int, y: int) -> None:
    """Set the height of what a view scrolls over and its position, without a layout of the screen.

    The ordinary setters lay out every widget of the screen again when the height changes. The view must show
    its vertical scrollbar always, and repaint itself.
    """
    if view.virtual_size.height != height:
        view.set_reactive(Widget.virtual_size, Size(view.size.width, height))
        if view.show_vertical_scrollbar:
            view.vertical_scrollbar.window_virtual_size = height
    if view.scroll_y != y:
        view.set_reactive(Widget.scroll_y, float(y))
        if view.show_vertical_scrollbar:
            view.vertical_scrollbar.position = y
    view.set_reactive(Widget.scroll_target_y, float(y))


Result = TypeVar("Result")


class CalmApp(App[Result]):
    """An app that ends with a sentence of its own where Textual would print a traceback with all local values."""

    def _fatal_error(self) -> None:
        self.panic(self.last_words())

    def last_words(self) -> Text:
        """Return what is printed when an exception nobody handled ends the app; called while it is handled."""
        return Text("The program failed.")
