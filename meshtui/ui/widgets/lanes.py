"""All lanes of a comparison in one widget, drawn line by line on one clock.

No lane has a widget of its own. Text that arrives waits for the next frame; frames come less often the more lanes
there are, and each does a bounded piece of work, so that a key is answered between two of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from time import perf_counter
from typing import ClassVar

from textual import events
from textual.geometry import Region
from textual.message import Message
from textual.strip import Strip
from textual.timer import Timer
from textual.widget import Widget

from meshtui.core.text import one_line
from meshtui.ui.compat import after
from meshtui.ui.widgets.lanes_column import Column, joined
from meshtui.ui.widgets.markdown_styles import COMPONENTS, RULES, Palette, Row, S
from meshtui.ui.widgets.markdown_wrap import cells, ellipsis
from meshtui.ui.widgets.transcript_values import Label

NARROWEST = 36
"""Cells of a column; where they do not fit, there are pages of columns."""
SLICE = 0.008
"""Seconds of work at a time, then keys come first."""
_FIGURES = 64
"""Cells that state and figures of a lane take in one line."""
_MOST_DRAWN = 500
"""Strips of heads and summaries that are kept."""
_SEPARATOR = Row((("│", S["rule"], -1),))


def frame_seconds(lanes: int) -> float:
    """Return the time between two frames while so many lanes are in sight."""
    return 0.05 if lanes <= 2 else 0.075 if lanes <= 4 else 0.1


@dataclass(frozen=True, slots=True)
class Plan:
    """Which columns are in sight and where, for one size; `places` are left edges and widths in cells."""

    width: int = 0
    height: int = 0
    first: int = 0
    columns: list[Column] = field(default_factory=list)
    places: list[tuple[int, int]] = field(default_factory=list)
    summary: int = 0

    def placed(self) -> Iterator[tuple[tuple[int, int], Column]]:
        """Return the columns in sight with their places."""
        return zip(self.places, self.columns, strict=True)

    def text_rows(self, column: Column) -> int:
        """Return how many rows of a column's text are in sight."""
        return max(self.height - column.head_rows() - self.summary, 1)


class Lanes(Widget, can_focus=True):
    """Columns side by side, pages of them where the screen is narrow, and then a line for each lane.

    `pull` is asked once per frame to bring a column up to date; it returns whether the column changed. Everything
    shown may be foreign text.
    """

    COMPONENT_CLASSES: ClassVar[set[str]] = COMPONENTS
    DEFAULT_CSS = "Lanes { height: 1fr; width: 1fr;" + RULES + "}"

    class Focused(Message):
        """Another lane has the focus."""

    class ActionChosen(Message):
        """An action of a lane's card was clicked."""

        def __init__(self, key: str, action: str) -> None:
            super().__init__()
            self.key = key
            self.action = action

    class CopyAsked(Message):
        """The request id of a lane's card is to be copied."""

        def __init__(self, key: str) -> None:
            super().__init__()
            self.key = key

    def __init__(self, pull: Callable[[Column], bool], *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.columns: list[Column] = []
        self.at = 0
        self.locked = True
        self.zoomed = False
        self._pull = pull
        self._plan = Plan()
        self._drawn: dict[tuple[Row, int], Strip] = {}
        self._palette: Palette | None = None
        self._dirty: dict[str, None] = {}
        self._timer: Timer | None = None
        self._flushed = 0.0

    # What is shown

    @property
    def column(self) -> Column | None:
        """The column that has the focus."""
        return self.columns[self.at] if self.at < len(self.columns) else None

    def show(self, keys: Sequence[str]) -> None:
        """Show lanes in this order; columns of known lanes stay as they are."""
        here = self.column.key if self.column is not None else ""
        known = {column.key: column for column in self.columns}
        self.columns = [known.get(key) or Column(key) for key in keys]
        place = next((at for at, key in enumerate(keys) if key == here), min(self.at, max(len(keys) - 1, 0)))
        self.at = place
        self.mark(keys)
        self._lay_out()

    def show_again(self) -> None:
        """Draw everything anew: what columns show has changed."""
        self._lay_out()

    def mark(self, keys: Sequence[str] | frozenset[str]) -> None:
        """Note that lanes changed; they are drawn with the next frame."""
        self._dirty.update(dict.fromkeys(keys))
        if self._timer is None and self._dirty and self.is_attached:
            frame = frame_seconds(len(self.in_sight()))
            wait = max(frame - (perf_counter() - self._flushed), 0.001)
            self._timer = after(self, wait, self._flush)

    def _flush(self) -> None:
        """Bring what changed up to date, a slice of it; the rest comes right after the keys that wait."""
        self._timer = None
        began = self._flushed = perf_counter()
        shown = {column.key: at for at, column in enumerate(self.in_sight())}
        regions: list[Region] = []
        heads = False
        while self._dirty and (perf_counter() - began < SLICE or not regions):
            key = next(iter(self._dirty))
            del self._dirty[key]
            column = next((column for column in self.columns if column.key == key), None)
            head = column.head if column is not None else None
            if column is None or not self._pull(column):
                continue
            heads = heads or column.head != head
            if key in shown:
                regions += self._refreshed(column, shown[key], column.head != head)
            if not column.is_complete:
                self._dirty[key] = None
        plan = self._plan
        if heads and plan.summary:
            regions.append(Region(0, plan.height - plan.summary, plan.width, plan.summary))
        if regions:
            self.refresh(*regions)
        if self._dirty:
            self._timer = after(self, 0.002, self._flush)

    def _refreshed(self, column: Column, place: int, anew: bool) -> list[Region]:
        """Lay a column out, and return what of it is to be drawn again."""
        left, width = self._plan.places[place]
        height, top, count = self._plan.text_rows(column), column.top, column.count
        first = column.measure(width)
        column.settle(height)
        head = column.head_rows()
        if column.top != top:
            return [Region(left, 0 if anew else head, width, height + (head if anew else 0))]
        first = max(first - column.top, 0)
        regions = [Region(left, 0, width, head)] if anew else []
        if not anew and column.count != count and not column.follow:
            regions = [Region(left, head - 1, width, 1)]  # the line that says how much is below
        if first < height:
            regions.append(Region(left, head + first, width, height - first))
        return regions

    # Layout

    def in_sight(self) -> list[Column]:
        """Return the columns of the page that has the focus."""
        return self._plan.columns

    @property
    def pages(self) -> tuple[int, int]:
        """The page in sight, from 1, and how many there are."""
        count = max(len(self._plan.columns), 1) if self.zoomed else self._per_page()
        return self._plan.first // count + 1, -(-len(self.columns) // count)

    def _per_page(self) -> int:
        return max(min((self.size.width + 1) // (NARROWEST + 1), len(self.columns)), 1)

    def _replan(self) -> None:
        """Work out which columns stand where; asking Textual for the size of a widget costs too much per row."""
        width, height = self.size
        count = 1 if self.zoomed else self._per_page()
        first = self.at // count * count
        columns = self.columns[first : first + count]
        room, places, left = width - (len(columns) - 1), [], 0
        share, rest = divmod(room, max(len(columns), 1))
        for number in range(len(columns)):
            own = share + (1 if number < rest else 0)
            places.append((left, own))
            left += own + 1
        summary = 0 if len(columns) == len(self.columns) else min(len(self.columns), max(height * 2 // 5, 1))
        self._plan = Plan(width, height, first, columns, places, summary)

    def _lay_out(self) -> None:
        if not self.size or not self.is_attached:
            return
        self._replan()
        for (_, width), column in self._plan.placed():
            column.measure(width)
            column.settle(self._plan.text_rows(column))
            if not column.is_complete:
                self.mark([column.key])
        self.refresh(self.size.region)

    def on_resize(self) -> None:
        """Lay out for the new size."""
        self._lay_out()

    # Moving

    def go(self, at: int) -> None:
        """Give another lane the focus; its page comes into sight."""
        if self.columns and self.at != at % len(self.columns):
            self.at = at % len(self.columns)
            self._lay_out()
            self.post_message(self.Focused())

    def zoom(self) -> None:
        """Show the lane that has the focus alone, or all of them again."""
        self.zoomed = not self.zoomed
        self._lay_out()

    def scroll_by(self, rows: int, column: Column | None = None) -> None:
        """Scroll by so many rows: all lanes in sight while they are locked, else the one named or focused."""
        column = column or self.column
        for one in self.in_sight() if self.locked else [column] if column is not None else []:
            one.scroll(rows, self._plan.text_rows(one))
        self.refresh(self.size.region)

    def page_by(self, pages: int) -> None:
        """Scroll by so many screens, a row kept for orientation."""
        if self.column is not None:
            self.scroll_by(pages * max(self._plan.text_rows(self.column) - 1, 1))

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """Scroll the lane under the mouse, or all of them."""
        event.stop()
        self.scroll_by(3, self._column_at(event.x))

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """Scroll the lane under the mouse, or all of them."""
        event.stop()
        self.scroll_by(-3, self._column_at(event.x))

    def _column_at(self, x: int) -> Column | None:
        for (left, width), column in self._plan.placed():
            if left <= x < left + width:
                return column
        return None

    def on_click(self, event: events.Click) -> None:
        """Give the lane that was clicked the focus, and do what stands there; a head clicked again zooms."""
        summary = self._plan.height - self._plan.summary
        if event.y >= summary:
            at = self._first_summary() + event.y - summary
            if at < len(self.columns):
                self.go(at)
            return
        column = self._column_at(event.x)
        if column is None:
            return
        left = next(left for (left, _), one in self._plan.placed() if one is column)
        head, was = column.head_rows(), self.column
        self.go(self.columns.index(column))
        if event.y < head:
            if was is column:
                self.zoom()
            return
        spot = column.spot(column.top + event.y - head, event.x - left)
        if spot is not None and spot.verb == "action":
            self.post_message(self.ActionChosen(column.key, spot.object))
        elif spot is not None and spot.verb == "copy":
            self.post_message(self.CopyAsked(column.key))
        elif spot is not None and spot.verb == "fold":
            self.fold(column, spot.object)

    def fold(self, column: Column, name: str = "reasoning") -> None:
        """Fold or unfold the reasoning or a tool call of a lane."""
        column.view.unfolded ^= {name}
        column.view.refold()
        self._lay_out()

    # Drawing

    def notify_style_update(self) -> None:
        """Take new colours."""
        super().notify_style_update()
        self._palette = None
        self._drawn.clear()
        for column in self.columns:
            column.restyle()

    def _colours(self) -> Palette:
        if self._palette is None:
            _, background = self.background_colors
            self._palette = Palette(
                lambda name, partial: self.get_visual_style(name, partial=partial), self.get_line_filters(), background
            )
        return self._palette

    def render_lines(self, crop: Region) -> list[Strip]:
        """Return the strips of a region, past Textual's own cache: only the columns that it touches are drawn."""
        if self.styles.opacity < 1:
            return super().render_lines(crop)
        return [self._line(y, crop.x, crop.right) for y in range(crop.y, crop.bottom)]

    def render_line(self, y: int) -> Strip:
        """Return a whole row."""
        return self._line(y, 0, self._plan.width)

    def _line(self, y: int, left: int, right: int) -> Strip:
        plan = self._plan
        summary = plan.height - plan.summary
        if y >= summary:
            return self._strip(self._summary(y - summary), plan.width).crop(left, right)
        strips: list[Strip] = []
        start = end = 0
        for number, ((at, width), column) in enumerate(plan.placed()):
            if at + width < left or at >= right:
                continue
            if not strips:
                start = at
            elif number:
                strips.append(self._edge())
            strips.append(self._column_line(column, y, width, plan.first + number))
            end = at + width
        if end < right:
            strips.append(self._edge() if end < plan.width else self._strip(Row(()), right - end))
        joined_strips = strips[0] if len(strips) == 1 else Strip.join(strips)
        if start == left and joined_strips.cell_length == right - left:
            return joined_strips
        return joined_strips.crop(left - start, right - start)

    def _strip(self, row: Row, width: int) -> Strip:
        """Return a row that is no text of an answer as a strip; what was drawn before is kept."""
        key = Row(tuple(row.parts), row.fill), width
        strip = self._drawn.get(key)
        if strip is None:
            if len(self._drawn) > _MOST_DRAWN:
                self._drawn.clear()
            strip = self._drawn[key] = self._colours().strip(row, width)
        return strip

    def _edge(self) -> Strip:
        return self._strip(_SEPARATOR, 1)

    def _column_line(self, column: Column, y: int, width: int, place: int) -> Strip:
        if column.width != width:
            column.measure(width)
        head = column.head_rows()
        if y < head:
            height = self._plan.text_rows(column)
            return self._strip(column.head_row(y, place + 1, place == self.at, height), width)
        number = column.top + y - head
        return column.strip(number, self._colours()) if number < column.count else self._strip(Row(()), width)

    def _first_summary(self) -> int:
        """Return the first lane that the summary has room for: the one with the focus is always in it."""
        rows = self._plan.summary
        return min(max(self.at - rows + 1, 0), max(len(self.columns) - rows, 0))

    def _summary(self, row: int) -> Row:
        at = self._first_summary() + row
        if at >= len(self.columns):
            return Row(())
        column, focused = self.columns[at], at == self.at
        shown = column in self.in_sight()
        room = min(max(self._plan.width - _FIGURES, 14), 40)
        name = one_line(column.head.name)
        if cells(name) > room:  # the provider says less than the model
            name = ellipsis(name.partition("/")[2] or name, room)
        number = f"{'▶' if focused else '▸' if shown else ' '}{at + 1} "
        pad = " " * (room - cells(name) + 1)
        labels: list[Label] = [column.head.state, *column.head.marks, *column.head.figures]
        style = S["cursor"] if focused else S["text"]
        left = [(number, style, -1), (name, style, -1), (pad, 0, -1)]
        used = sum(cells(part[0]) for part in left)
        return Row([*left, *joined(labels, self._plan.width - used)])
