"""Every touch of a private name of Textual 8.2.8, in one place, each with a test."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import ceil
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar
from weakref import WeakSet

from rich.text import Text
from textual import events
from textual._ansi_sequences import ANSI_SEQUENCES_KEYS
from textual._xterm_parser import XTermParser
from textual.app import App
from textual.await_complete import AwaitComplete
from textual.content import Content
from textual.css.model import RuleSet
from textual.dom import DOMNode
from textual.geometry import Offset, Region, Size
from textual.message_pump import MessagePump
from textual.notifications import Notify
from textual.screen import Screen
from textual.scrollbar import ScrollBar
from textual.timer import Timer, TimerCallback
from textual.widget import AwaitMount, Widget
from textual.widgets._toast import Toast

if TYPE_CHECKING:
    from textual.scroll_view import ScrollView


def set_scroll_state(view: ScrollView, height: int, y: int) -> None:
    """Set the height of what a view scrolls over and its position, without a layout of the screen.

    The ordinary setters lay out every widget of the screen again when the height changes, and draw the whole
    scrollbar for each row. Here it is drawn when its thumb looks different. The view must show its vertical
    scrollbar always, and repaint itself.
    """
    view.set_reactive(Widget.virtual_size, Size(view.size.width, height))
    view.set_reactive(Widget.scroll_y, float(y))
    view.set_reactive(Widget.scroll_target_y, float(y))
    if view.show_vertical_scrollbar:
        bar = view.vertical_scrollbar
        before = _thumb(bar)
        bar.set_reactive(ScrollBar.window_virtual_size, height)
        bar.set_reactive(ScrollBar.position, float(y))
        if _thumb(bar) != before:
            bar.refresh()


def _thumb(bar: ScrollBar) -> tuple[int, int]:
    """Return where the thumb begins and ends, in eighths of a cell."""
    size, window, virtual = bar.size.height, bar.window_size, bar.window_virtual_size
    if not size or not window or virtual <= window:
        return 0, 0
    thumb = max(1.0, window * size / virtual)
    start = int((size - thumb) * bar.position / (virtual - window) * 8)
    return start, start + ceil(thumb * 8)


def binding_ids(node: DOMNode) -> list[str]:
    """Return the ids of the key bindings of a node itself, in their order."""
    return [binding.id for _, binding in node._bindings if binding.id is not None]


class _Key(NamedTuple):
    """A key by its name, as a member of Textual's `Keys`, which has none for it."""

    value: str


# Escape and enter in one is how plain terminals send alt+enter. Textual takes it for enter, which would send a message
# that is to go on in another line.
ANSI_SEQUENCES_KEYS.setdefault("\x1b\r", (_Key("alt+enter"),))  # type: ignore[attr-defined]

# Alt with a digit is read as what a Mac's option key types with it, though that arrives as the character itself.
ANSI_SEQUENCES_KEYS.update({f"\x1b{digit}": (_Key(f"alt+{digit}"),) for digit in range(10)})  # type: ignore[attr-defined]


def keys_sent(text: str) -> list[str]:
    """Return Textual's names of the keys that a terminal sent as this text; replies of the terminal are no keys."""
    parser = XTermParser()
    found = [*parser.feed(text)]
    if text.startswith("\x1b") and not found:
        found = [*parser.feed("")]
    return [event.key for event in found if isinstance(event, events.Key)]


def after(node: MessagePump, seconds: float, do: Callable[[], object]) -> Timer:
    """Let a node do something once, so many seconds from now, in its turn after the messages that wait.

    Textual's `set_timer` forgets to call where the process stands still for as long while the timer is being set up,
    and whoever waits for that call waits for ever: nothing would be drawn any more.
    """
    return _sure(node.set_timer(seconds, do))


def keep_order(plot: Any, places: list[float], names: list[str]) -> None:
    """Let a plot name its places in this order: plotext takes that of their hashes, and drops what comes too late."""
    kept = plot._active.monitor
    kept.xticks[0], kept.xlabels[0] = places, names


def _sure(timer: Timer) -> Timer:
    timer._skip = False
    return timer


# Textual asks for the hash of every rule for every widget that it styles. Its own is the identity of the rule as well,
# by way of a function in Python: a twentieth of the time that a screen takes to open.
RuleSet.__hash__ = object.__hash__  # type: ignore[method-assign]

_focus = Screen.set_focus


def _focus_where_it_stands(
    screen: Screen[Any], widget: Widget | None, scroll_visible: bool = True, from_app_focus: bool = False
) -> None:
    """Focus a widget, and bring it into sight once it has its place.

    Textual looks whether it is in sight a moment later, before or after the next layout as it happens: what is shown
    and focused in one go was now scrolled to the middle, now not at all.
    """

    def show(widget: Widget) -> None:
        if screen.focused is widget and not screen.can_view_entire(widget):
            screen.scroll_to_center(widget, origin_visible=True)

    before = screen.focused
    _focus(screen, widget, False, from_app_focus)
    if scroll_visible and widget is not None and screen.focused is widget is not before:
        screen.call_after_refresh(show, widget)


Screen.set_focus = _focus_where_it_stands  # type: ignore[assignment, method-assign]

_lay_out = Screen._refresh_layout
_follows = WeakSet[Screen[Any]]()
"""Screens on which what has the focus is kept in sight: they have a new size, or something was typed there."""


def _lay_out_in_sight(screen: Screen[Any], size: Size | None = None, scroll: bool = False) -> None:
    """Lay a screen out; in a new size, bring what has the focus into sight, which Textual leaves where it is.

    What has to be laid out again for that size, such as a text that wraps anew, comes with other layouts: it is kept
    in sight until the user turns to something else.
    """
    if size is not None and screen._size and size != screen._size:
        _follows.add(screen)
    _lay_out(screen, size, scroll)
    if screen in _follows and not scroll:
        _show_focused(screen)


Screen._refresh_layout = _lay_out_in_sight  # type: ignore[assignment, method-assign]


def _show_focused(screen: Screen[Any]) -> None:
    """Bring what has the focus into sight by the least scrolling; where it is a text, the line of its cursor."""
    widget = screen.focused
    if widget is None:
        return
    region, clip = screen._compositor.visible_widgets.get(widget, (widget.region, Region()))
    cursor: Offset | None = getattr(widget, "cursor_screen_offset", None)
    part = region if cursor is None else Region(region.x, cursor.y, region.width, 1)
    seen = clip.intersection(region if cursor is None else widget.content_region)
    if not region or (seen.y <= part.y and part.bottom <= seen.bottom):
        return
    for holder in widget.ancestors if cursor is None else widget.ancestors_with_self:
        if not isinstance(holder, Widget) or holder is screen:
            break
        window = holder.scrollable_content_region
        is_whole = holder is not widget and region.height <= window.height
        wanted = (region if is_whole else part).translate(holder.scroll_offset - window.offset)
        up = -holder.scroll_to_region(wanted, animate=False, immediate=True, x_axis=False)
        part, region = part.translate(up), region if holder is widget else region.translate(up)


def _after_key(screen: Screen[Any], text: Widget, event: events.Key | events.Paste, before: object) -> None:
    """Follow the cursor of a text that took a key or a paste; a key for something else follows nothing."""
    takes = (
        isinstance(event, events.Paste)
        or text.check_consume_key(event.key, event.character)
        or event.key in text._bindings.key_to_bindings
        or getattr(text, "selection", None) != before
    )
    if before is not None and takes and screen.focused is text:
        _follows.add(screen)
        _show_focused(screen)
    else:
        _follows.discard(screen)


_dismiss = Screen.dismiss


def _dismiss_in_front(screen: Screen[Any], result: Any = None) -> AwaitComplete:
    """Dismiss a screen that stands in front; Textual takes whatever does, so that two enters in one went twice."""
    return _dismiss(screen, result) if screen.app.screen is screen else AwaitComplete()


Screen.dismiss = _dismiss_in_front  # type: ignore[assignment, method-assign]

Result = TypeVar("Result")

MOST_NOTICES = 3
"""So many stand on the screen at once."""


class CalmApp(App[Result]):
    """An app that ends with a sentence of its own where Textual would print a traceback with all local values."""

    def _handle_exception(self, error: Exception) -> None:
        if not self.is_past(error):
            super()._handle_exception(error)

    def _fatal_error(self) -> None:
        self.panic(self.last_words())

    def set_timer(
        self, delay: float, callback: TimerCallback | None = None, *, name: str | None = None, pause: bool = False
    ) -> Timer:
        """Call a function after a delay, for sure: Textual takes another size of the terminal by such a timer."""
        return _sure(super().set_timer(delay, callback, name=name, pause=pause))

    def fitted(self, screen: Screen[Any]) -> Screen[Any]:
        """Return a new screen with the class of the terminal's width.

        Textual gives it with the first layout, and styles everything on the screen once more for that.
        """
        return screen.add_class(*screen._get_breakpoint_classes(self.size.width, self.HORIZONTAL_BREAKPOINTS or []))

    def _get_screen(self, screen: Screen[Any] | str) -> tuple[Screen[Any], AwaitMount]:
        found: Screen[Any] = self.get_screen(screen)
        return super()._get_screen(found if found.is_running else self.fitted(found))

    _is_dressed = False

    def get_css_variables(self) -> dict[str, str]:
        """Return the variables of the theme that is on; Textual asks before there is one, for nothing."""
        return super().get_css_variables() if self._is_dressed else {}

    def put_on(self, theme: str) -> None:
        """Put a theme on before the app runs; raises InvalidThemeError.

        Set alone it would have all styles parsed with the colours of Textual's own theme first, and again with its own.
        """
        self.theme, self._is_dressed = theme, True
        self.stylesheet.set_variables(self.get_css_variables())
        self._next_callbacks.clear()  # parse again, tell those who follow: there is nothing yet, and nobody

    def keep_copied(self, text: str) -> None:
        """Keep a text that was copied for pasting it here; what the terminal pastes comes from elsewhere."""
        self._clipboard = text

    def on_notify(self, event: Notify) -> None:
        """Let go of the oldest notices before another comes, so that all that are left have room.

        The style sheet gives them half of the height, and so much of the width.
        """
        room = self.size.height // 2
        event.notification.message = self.cut_notice(event.notification.message, room - 1)
        newest_first = [event.notification, *reversed([*self._notifications])]
        for place, notice in enumerate(newest_first):
            room -= 1 + self._notice_lines(notice.message)
            if place and (room < 0 or place >= MOST_NOTICES):
                del self._notifications[notice]
        for screen in self.screen_stack:
            for toast in screen.query(Toast):
                if toast._notification not in self._notifications and isinstance(toast.parent, Widget):
                    toast.parent.remove()  # Textual removes the notice alone, and what held it takes up its room

    def _notice_lines(self, text: str) -> int:
        width = min(60, self.size.width * 3 // 4) - 3
        return Content(text).get_height({}, max(width, 1))

    def cut_notice(self, text: str, lines: int) -> str:
        """Return a notice that takes so many lines at most, one at least; `…` stands for what was cut."""
        lines, words = max(lines, 1), text
        while self._notice_lines(text) > lines and words:
            words = words[: -max(1, (len(words) - lines * 60) // 2)]
            text = f"{words.rstrip()}…"
        return text

    def have_room(self, notices: Sequence[str]) -> bool:
        """Whether notices can all be read at once."""
        lines = sum(1 + self._notice_lines(notice) for notice in notices)
        return len(notices) <= MOST_NOTICES and lines <= self.size.height // 2

    async def on_event(self, event: events.Event) -> None:
        """Let what is typed bring its place into sight, and what is scrolled by hand stay where it is."""
        is_new = isinstance(event, events.InputEvent | events.Paste) and not event.is_forwarded
        screen = self.screen_stack[-1] if is_new and self.screen_stack else None
        text = screen.focused if screen is not None else None
        before = getattr(text, "selection", None)
        await super().on_event(event)
        if screen is None:
            return
        if isinstance(event, events.MouseDown | events.MouseScrollDown | events.MouseScrollUp):
            _follows.discard(screen)
        elif text is not None and isinstance(event, events.Key | events.Paste):
            text.call_later(_after_key, screen, text, event, before)

    @property
    def _background_screens(self) -> list[Screen[object]]:
        """Nothing shines through a screen of an opaque colour; Textual draws the one below it all the same."""
        top = self._screen_stack[-1] if self._screen_stack else None
        return [] if top is not None and top.styles.background.a == 1 else super()._background_screens

    def is_past(self, error: Exception) -> bool:
        """Whether an exception nobody handled is none that the app has to end for: it ends already."""
        return False

    def last_words(self) -> Text:
        """Return what is printed when an exception nobody handled ends the app; called while it is handled."""
        return Text("The program failed.")
