"""The drawing half of the transcript: rows of entries as strips, kept while they do not change."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.geometry import Region
from textual.scroll_view import ScrollView
from textual.strip import Strip
from textual.style import Style

from meshtui.ui.widgets.markdown_styles import COMPONENTS, RULES, Overlay, Palette, Part, Row, S
from meshtui.ui.widgets.markdown_wrap import cells
from meshtui.ui.widgets.transcript_document import TranscriptDocument
from meshtui.ui.widgets.transcript_entry import EntryView

GUTTER = 2
"""Columns left of the text, where the cursor is drawn."""
NEWER = " ↓ new text below "
"""What stands in the last row where text arrived out of sight."""
_MARGIN: Sequence[Part] = (("  ", 0, -1),)
_BAR: Sequence[Part] = (("▌ ", S["cursor"], -1),)


class TranscriptRows(ScrollView):
    """Entries drawn as rows from the scroll position on. Which they are, and where, others decide."""

    COMPONENT_CLASSES: ClassVar[set[str]] = COMPONENTS
    DEFAULT_CSS = (
        "TranscriptRows { overflow-x: hidden; overflow-y: scroll; scrollbar-size-vertical: 1; height: 1fr;"
        + RULES
        + "}"
    )

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self._document = TranscriptDocument()
        self._palette: Palette | None = None
        self._painting = False
        self._newer = False
        """Whether text arrived out of sight."""

    def notify_style_update(self) -> None:
        """Take new colours: rows stay, strips are made again."""
        super().notify_style_update()
        self._palette = None
        for view in self._document.views:
            view.strips.clear()

    def _colours(self) -> Palette:
        if self._palette is None:
            _, background = self.background_colors
            self._palette = Palette(self._look, self.get_line_filters(), background)
        return self._palette

    def _look(self, name: str, partial: bool) -> Style:
        """Return the style of a component class; Textual leaves out that it is reversed."""
        style = self.get_visual_style(name, partial=partial)
        return style + Style(reverse=True) if self.get_component_styles(name).text_style.reverse else style

    def render_lines(self, crop: Region) -> list[Strip]:
        """Return the strips of the visible rows, past Textual's own cache."""
        if self.styles.gutter.totals != (0, 0) or self.styles.opacity < 1:
            self._painting = True  # by way of `render_line`, which otherwise is asked for places
            strips = super().render_lines(crop)
            self._painting = False
            return strips
        width = self.outer_size.width
        strips = self._strips(crop.y, crop.bottom, width)
        if crop.x or crop.right < width:
            strips = [strip.crop(crop.x, crop.right) for strip in strips]
        return strips

    def render_line(self, y: int) -> Strip:
        """Return a row with the places in the text that it shows; Textual's selection asks for them."""
        if self._painting:
            return self._strips(y, y + 1, self.size.width)[0]
        place = self._place(y)
        if place is None:
            return self._colours().strip(Row(()), self.size.width)
        view, row = place
        section, leaf, content = view.row(row)
        parts = [*_MARGIN, *content.parts]
        if section < 0 or all(part[2] < 0 for part in content.parts):
            parts.append(("", 0, 0))
        return self._colours().strip_with_offsets(Row(parts), self.size.width, order_of(view, section, leaf))

    def _place(self, y: int) -> tuple[EntryView, int] | None:
        """Return the entry that a row of the viewport shows, and the row in it."""
        document = self._document
        number = self.scroll_offset.y + y
        if not document.views or number >= document.total():
            return None
        index, row = document.at(number)
        return document.views[index], row

    def _strips(self, start: int, stop: int, width: int) -> list[Strip]:
        document, colours = self._document, self._colours()
        strips: list[Strip] = []
        top = self.scroll_offset.y
        last = min(document.total(), top + stop)
        if document.views and top + start < last:
            index, row = document.at(top + start)
            while len(strips) < last - top - start and index < len(document):
                view = document.views[index]
                document.measure(index)
                end = min(view.height, row + last - top - start - len(strips))
                strips += self._strips_of(view, row, end, width)
                index, row = index + 1, 0
        if len(strips) < stop - start:
            blank = colours.strip(Row(()), width)
            strips += [blank] * (stop - start - len(strips))
        height = self.size.height
        if self._newer and start < height <= stop:
            strips[height - 1 - start] = self._with_newer(strips[height - 1 - start], width)
        return strips

    def _strips_of(self, view: EntryView, start: int, end: int, width: int) -> list[Strip]:
        cached, overlaid, text_width = view.strips, self._is_overlaid(view), self.size.width
        bar_start, bar_end, bar_cell = self._bar(view)
        colours = self._colours()
        strips: list[Strip] = []
        for row in range(start, end):
            beside = bar_cell > 0 and bar_start <= row < bar_end
            bar = bar_start <= row < bar_end and not beside
            strip = cached.get((row, bar))
            if strip is None or overlaid or strip.cell_length != width:
                section, leaf, content = view.row(row)
                overlays = self._overlays(view, section, leaf) if overlaid else ()
                drawn = Row([*(_BAR if bar else _MARGIN), *content.parts], content.fill)
                strip = colours.strip(drawn, text_width, overlays)
                strip = strip.adjust_cell_length(width, colours.rich(0))
                if not overlays:
                    cached[row, bar] = strip
            strips.append(self._with_bar(strip, bar_cell) if beside else strip)
        return strips

    def _with_bar(self, strip: Strip, cell: int) -> Strip:
        """Draw the cursor left of a block that stands beside another."""
        bar = self._colours().strip(Row(_BAR), GUTTER)
        return Strip.join([strip.crop(0, cell), bar, strip.crop(cell + GUTTER)])

    def _with_newer(self, strip: Strip, width: int) -> Strip:
        palette = self._colours()
        left = max(self.size.width - cells(NEWER) - 1, 0)
        mark = palette.strip(Row([(NEWER, S["newer"], -1)]), min(cells(NEWER), self.size.width))
        return Strip.join([strip.crop(0, left), mark]).adjust_cell_length(width, palette.rich(0))

    def _bar(self, view: EntryView) -> tuple[int, int, int]:
        """Return the rows of an entry beside which the cursor is drawn, and the cell of what it stands on."""
        return 0, 0, 0

    def _is_overlaid(self, view: EntryView) -> bool:
        """Tell whether something may be laid over the rows of an entry."""
        return False

    def _overlays(self, view: EntryView, section: int, leaf: int) -> list[Overlay]:
        """Return what is laid over a leaf."""
        return []


def order_of(view: EntryView, section: int, leaf: int) -> int:
    """Return a number that grows downward through all leaves of all entries, and stays while they grow."""
    return (view.order << 40) | (max(section, 0) << 32) | max(leaf, 0)
