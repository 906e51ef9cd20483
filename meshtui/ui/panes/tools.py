"""The tools view of the left pane: every tool there is, which are on here, and what they cost."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from textual import events, on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.message import Message
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from meshtui.core.text import one_line
from meshtui.ui.commands import bindings
from meshtui.ui.keyed import keyed
from meshtui.ui.widgets.hints import Hint, hints_content
from meshtui.ui.words import FOLDER_WORDS, RESPONDER_WORDS

CHECK_WIDTH = 4
_EMPTY = """
No tools yet. A tool is a function that the model may call: you describe it, and say what answers.

{tools.new} makes one: from nothing, from a definition you paste (OpenAI, Anthropic, MCP, Gemini, a curl call), \
from a Python file, or from an example of its arguments.

Each is one file, TOML or JSON, in .meshtui/tools/ of a project or in your own folder.
"""
_ACTIONS: tuple[Hint, ...] = (
    ("tools.toggle", "on/off"),
    ("tools.edit", "edit"),
    ("tools.new", "new"),
    ("tools.duplicate", "copy"),
    ("tools.delete", "delete"),
    ("tools.restore", "undo"),
    ("tools.choice", "choice"),
    ("tools.filter", "filter"),
)


@dataclass(frozen=True, slots=True)
class ToolRow:
    """One tool as the list shows it.

    `fault` says why its file cannot be read; `forced` that the model must call it; `unsound` why an edit stays one.

    `hidden` says that a tool of the project has the same key and goes before it.
    """

    key: str
    path: Path
    place: str
    name: str = ""
    description: str = ""
    responder: str = ""
    tokens: int = 0
    errors: int = 0
    warnings: int = 0
    on: bool = False
    forced: bool = False
    edited: bool = False
    unsound: str = ""
    hidden: bool = False
    fault: str = ""


class ToolList(OptionList):
    """The list itself: its keys act on the tool under the cursor, a click on the box turns one on or off."""

    BINDINGS = bindings("tools")

    class Ticked(Message):
        """The box of an option was clicked."""

        def __init__(self, place: int) -> None:
            super().__init__()
            self.place = place

    def on_click(self, event: events.Click) -> None:
        """Tick where the box is; anywhere else the option is chosen."""
        place = event.style.meta.get("option")
        if place is not None and event.x - self.gutter.left < CHECK_WIDTH:
            event.prevent_default()
            event.stop()
            self.focus()
            self.post_message(self.Ticked(place))


class ToolsPane(Vertical):
    """Lists tools; what is done with them is the screen's business."""

    DEFAULT_CSS = """
    ToolsPane {
        height: 1fr;
        #tools-sum { height: auto; padding: 0 1; color: $text-muted; }
        #tool-filter, #tool-filter:focus {
            height: 1; border: none; padding: 0 1; background: $surface; display: none;
        }
        &.-filtered #tool-filter { display: block; }
        ToolList, ToolList:focus { height: 1fr; border: none; padding: 0; background: transparent; }
        #no-tools { height: 1fr; padding: 0 1; display: none; color: $text-muted; }
        &.-empty #no-tools { display: block; }
        &.-empty ToolList { height: 1; }
        #tools-note { height: auto; max-height: 4; padding: 0 1; color: $text-warning; display: none; }
        #tools-note.-any { display: block; }
        #tools-actions { height: auto; padding: 0 1; color: $text-muted; link-style: none; link-color: $foreground; }
    }
    """

    class Opened(Message):
        """A tool was chosen, to be edited."""

    class Ticked(Message):
        """The tool under the cursor is to be turned on or off."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._all: Sequence[ToolRow] = ()
        self._choice = "auto"
        self._rows: list[ToolRow | None] = []

    def compose(self) -> ComposeResult:
        """What all costs, the list, what can be done."""
        yield Static("", id="tools-sum", markup=False)
        yield Input(id="tool-filter", placeholder="type to filter · esc shows all")
        yield Static(keyed(self, _EMPTY.strip("\n")), id="no-tools", markup=False)
        yield ToolList(id="tool-list", markup=False)
        yield Static("", id="tools-note", markup=False)
        yield Static("", id="tools-actions", markup=False)

    def on_mount(self) -> None:
        """Draw the actions, each clickable."""
        self.query_one("#tools-actions", Static).update(hints_content(self.app, _ACTIONS))

    @property
    def list(self) -> ToolList:
        """The list."""
        return self.query_one(ToolList)

    @property
    def count(self) -> int:
        """How many tools are on."""
        return sum(row.on for row in self._all)

    @property
    def chosen(self) -> ToolRow | None:
        """The tool under the cursor."""
        place = self.list.highlighted
        return self._rows[place] if place is not None and place < len(self._rows) else None

    def show(self, rows: Sequence[ToolRow], choice: str) -> None:
        """Show these tools; the cursor stays on the one it was on."""
        if rows != self._all or choice != self._choice or not self._rows:
            self._all, self._choice = tuple(rows), choice
            self._fill()

    def _fill(self, path: Path | None = None) -> None:
        here = self.chosen
        path = path or (here.path if here else None)
        words = self.query_one("#tool-filter", Input).value.casefold().split()
        self._rows, options = [], []
        for place, title in FOLDER_WORDS.items():
            found = [row for row in self._all if row.place == place and _fits(row, words)]
            if found:
                self._rows += [None, *found]
                options.append(Option(Content.styled(title, "$text-muted"), disabled=True))
                options += [Option(_row_content(row)) for row in found]
        before = self.list.highlighted
        self.list.set_options(options)
        places = [place for place, row in enumerate(self._rows) if row is not None]
        same = next((place for place in places if (row := self._rows[place]) and row.path == path), None)
        near = next((place for place in reversed(places) if before is not None and place <= before), None)
        self.list.highlighted = same if same is not None else near if near is not None else next(iter(places), None)
        self.set_class(not self._all, "-empty")
        self._say_sum(bool(words) and not places)

    def _say_sum(self, none_fits: bool) -> None:
        used = [row for row in self._all if row.on]
        words = f"{len(used)} of {len(self._all)} on"
        if used:
            words += f" · ~{sum(row.tokens for row in used)} tokens with every request"
        words += f"\ntool_choice {one_line(self._choice, 60)}"
        if none_fits:
            words = "no tool fits the filter · esc shows all"
        self.query_one("#tools-sum", Static).update(Content(words))

    def go_to(self, path: Path) -> None:
        """Put the cursor on a tool."""
        self._fill(path)

    def focus_first(self) -> None:
        """Go to the list."""
        self.list.focus()

    def note(self, words: str) -> None:
        """Say something about the tools, or nothing any more."""
        line = self.query_one("#tools-note", Static)
        line.update(Content(one_line(words, 400)))
        line.set_class(bool(words), "-any")

    @on(ToolList.Ticked)
    def _ticked(self, event: ToolList.Ticked) -> None:
        event.stop()
        self.list.highlighted = event.place
        self.post_message(self.Ticked())

    @on(OptionList.OptionSelected)
    def _selected(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        self.post_message(self.Opened())

    # Filtering

    def open_filter(self) -> None:
        """Go to the line that filters."""
        self.add_class("-filtered")
        self.query_one("#tool-filter").focus()

    @on(Input.Changed, "#tool-filter")
    def _filter(self, event: Input.Changed) -> None:
        event.stop()
        self._fill()

    @on(Input.Submitted, "#tool-filter")
    def _filtered(self, event: Input.Submitted) -> None:
        event.stop()
        self.list.focus()

    def on_key(self, event: events.Key) -> None:
        """Leave the filter with esc, or go down from it into the list."""
        if not self.query_one("#tool-filter").has_focus:
            return
        if event.key == "escape":
            event.stop()
            self.query_one("#tool-filter", Input).value = ""
            self.remove_class("-filtered")
            self.list.focus()
        elif event.key == "down":
            event.stop()
            self.list.focus()


def _fits(row: ToolRow, words: Sequence[str]) -> bool:
    text = f"{row.key}\n{row.name}\n{row.description}\n{row.fault}".casefold()
    return all(word in text for word in words)


def _row_content(row: ToolRow) -> Content:
    name = one_line(row.name or row.key, 40)
    if row.fault:
        return Content.assemble(
            " ✗  ",
            (name, "bold"),
            (" cannot be read · enter opens it in $EDITOR", "$text-error"),
            (f"\n    {one_line(row.fault, 160)}", "$text-muted"),
        )
    box = Content.styled("[✓] ", "bold $text-success") if row.on else Content("[ ] ")
    parts: list[Content | str | tuple[str, str]] = [box, (name + ("*" if row.edited else ""), "bold")]
    if row.forced:
        parts.append((" ◆ must be called", "$text-accent"))
    if row.errors:
        parts.append((f" ✗{row.errors}", "bold $text-error"))
    if row.warnings:
        parts.append((f" !{row.warnings}", "$text-warning"))
    parts.append((f"  {RESPONDER_WORDS.get(row.responder, row.responder)} · ~{row.tokens}", "$text-muted"))
    if row.edited:
        parts.append((f"\n    {_unsaved_words(row)}", "$text-warning"))
    else:
        parts.append((f"\n    {one_line(row.description, 160) or 'no description'}", "$text-muted"))
    return Content.assemble(*parts)


def _unsaved_words(row: ToolRow) -> str:
    if row.unsound:
        return f"not saved, the file is what is sent: {one_line(row.unsound, 120)}"
    return "not saved: sending saves it" if row.on else "not saved"
