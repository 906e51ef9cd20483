"""The tree of templates: find one, open it, make, copy, name and delete them."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from meshtui.core.problem import Problem
from meshtui.core.template import Template
from meshtui.core.text import one_line
from meshtui.session import ConfigError, Deleted, OpenTemplate, RemoteTemplate, StoreError, TemplateFile, Templates
from meshtui.ui.commands import Where, bindings
from meshtui.ui.keyed import keyed
from meshtui.ui.widgets.filter_line import FilterLine
from meshtui.ui.widgets.hints import Hint, hints_content
from meshtui.ui.words import FOLDER_WORDS

HINTS: tuple[Hint, ...] = (
    ("⏎", "opens", "open"),
    ("templates.new", "new"),
    ("templates.copy", "copies"),
    ("templates.rename", "renames"),
    ("templates.delete", "deletes"),
    ("templates.restore", "undoes"),
    ("templates.gateway", "the gateway's"),
    ("templates.close", "closes"),
)
FILTER = "type to filter by name, description or text"


class TemplateList(ModalScreen[Path | None]):
    """Returns the file of the template to open, or None."""

    PLACES: ClassVar[tuple[Where, ...]] = ("templates",)
    BINDINGS = bindings("templates")

    def __init__(self, templates: Templates, opened: OpenTemplate | None) -> None:
        super().__init__()
        self._templates, self._opened = templates, opened
        self._rows: list[TemplateFile | RemoteTemplate | str] = []
        self._remote: list[RemoteTemplate] = []
        self._deleted: list[Deleted] = []
        self._asking = ""
        self._about: TemplateFile | None = None

    def compose(self) -> ComposeResult:
        """A line to type in over the tree."""
        with Vertical(classes="dialog -wide -list"):
            yield Static("Templates", classes="title", markup=False)
            yield FilterLine(placeholder=FILTER)
            yield OptionList(markup=False)
            yield Static(hints_content(self.app, HINTS), classes="note", markup=False)

    def on_mount(self) -> None:
        """Show all."""
        self._show()

    def _show(self, note: str = "") -> None:
        words = [] if self._asking else self.query_one(Input).value.casefold().split()
        try:
            files = self._templates.files.list()
        except (ConfigError, OSError) as error:
            files, note = [], str(error)
        self._rows = []
        for place, title in FOLDER_WORDS.items():
            found = [file for file in files if file.place == place and _fits(file, words)]
            self._add(title, found)
        remote = [row for row in self._remote if all(word in row.template.said.casefold() for word in words)]
        if remote:
            self._rows += ["the gateway: enter fetches", *remote]
        options = self.query_one(OptionList)
        options.clear_options()
        options.add_options([Option(_row(row), disabled=isinstance(row, str)) for row in self._rows])
        here = [n for n, row in enumerate(self._rows) if isinstance(row, TemplateFile) and self._is_open(row)]
        first = [n for n, row in enumerate(self._rows) if not isinstance(row, str)]
        options.highlighted = next(iter(here if not words else first), next(iter(first), None))
        empty = "no template fits" if words else "there are no templates yet"
        if note or not first:
            self._note(note or keyed(self, f"{empty}; {{templates.new}} makes one"))
        else:
            self.query_one(".note", Static).update(hints_content(self.app, HINTS))

    def _add(self, title: str, files: list[TemplateFile]) -> None:
        """Add the files of a place, those of a folder under its name."""
        if files:
            self._rows.append(title)
        folder = ""
        for file in sorted(files, key=lambda file: ("/" in file.key, file.key.casefold())):
            here = file.key.rpartition("/")[0]
            if here != folder:
                self._rows.append(f"  {here}/")
                folder = here
            self._rows.append(file)

    def _is_open(self, file: TemplateFile) -> bool:
        return self._opened is not None and file.path == self._opened.path

    def _note(self, words: str) -> None:
        close = hints_content(self.app, HINTS[-1:])
        self.query_one(".note", Static).update(Content.assemble(one_line(words, 300), "  ", close))

    @property
    def _chosen(self) -> TemplateFile | RemoteTemplate | None:
        place = self.query_one(OptionList).highlighted
        row = self._rows[place] if place is not None and place < len(self._rows) else None
        return None if isinstance(row, str) else row

    @on(Input.Changed)
    def _filter(self) -> None:
        if not self._asking:
            self._show()

    def action_move(self, rows: int) -> None:
        """Move the cursor of the list while the focus stays in the filter."""
        options = self.query_one(OptionList)
        for _ in range(abs(rows)):
            (options.action_cursor_down if rows > 0 else options.action_cursor_up)()

    # Opening

    def action_open(self) -> None:
        """Open the template under the cursor."""
        self._open(self._chosen)

    @on(Input.Submitted)
    def _enter(self, event: Input.Submitted) -> None:
        if self._asking:
            self._answered(event.value.strip())
        else:
            self._open(self._chosen)

    @on(OptionList.OptionSelected)
    def _click(self, event: OptionList.OptionSelected) -> None:
        row = self._rows[event.option_index]
        self._open(None if isinstance(row, str) else row)

    def _open(self, row: TemplateFile | RemoteTemplate | None) -> None:
        if isinstance(row, TemplateFile):
            if row.fault:
                self._note(row.fault)
            else:
                self.dismiss(row.path)
        elif row is not None:
            try:
                self.dismiss(self._templates.fetch(row).path)
            except (ConfigError, StoreError) as error:
                self._note(str(error))

    def action_gateway(self) -> None:
        """Show the gateway's templates as well."""
        self._note("asking the gateway …")
        self.run_worker(self._ask_gateway(), group="catalogue", exclusive=True, exit_on_error=False)

    async def _ask_gateway(self) -> None:
        try:
            self._remote = list(await self._templates.remote.all())
        except Problem as problem:
            self._note(problem.sentence)
            return
        self._show("" if self._remote else "the gateway has no templates")

    # Making, naming, deleting

    def action_ask(self, what: str) -> None:
        """Ask for the name of a new template, of a copy, or for another name."""
        row = self._chosen if isinstance(self._chosen, TemplateFile) else None
        if row is None and what != "new":
            return
        self._asking, self._about = what, row
        value = {"new": "", "copy": f"{row.key}-copy" if row else "", "rename": row.key if row else ""}[what]
        place = {"new": "the name of the new template; a / makes folders", "copy": "the copy's name"}
        self._line(value, place.get(what, "the new name"))
        self._note("enter takes the name")

    def _line(self, value: str, placeholder: str) -> None:
        line = self.query_one(Input)
        line.placeholder = placeholder
        line.value = value
        line.focus()

    def _answered(self, name: str) -> None:
        what, row, files = self._asking, self._about, self._templates.files
        try:
            if what == "new":
                self.dismiss(files.create(name, Template(name.rpartition("/")[2])).path)
                return
            if row is not None and what == "copy":
                files.duplicate(row.path, name)
            elif row is not None and name != row.key:
                moved = self._templates.rename(files.open(row.path), name)
                if self._is_open(row):
                    self.dismiss(moved.path)
                    return
        except (ConfigError, StoreError) as error:
            self._note(str(error))
            return
        self._asking = ""
        self._line("", FILTER)
        self._show()

    def action_delete(self) -> None:
        """Put the template under the cursor away; it can be brought back."""
        row = self._chosen
        if isinstance(row, TemplateFile) and not self._asking:
            try:
                self._deleted.append(self._templates.files.delete(row.path))
            except ConfigError as error:
                self._note(str(error))
                return
            self._show(f"“{one_line(row.key, 40)}” deleted · {keyed(self, '{templates.restore} brings it back')}")

    def action_restore(self) -> None:
        """Bring the template deleted last back."""
        if self._deleted:
            try:
                path = self._templates.files.restore(self._deleted.pop())
            except ConfigError as error:
                self._note(str(error))
                return
            self._show(f"{path.stem} is back")

    def action_back(self) -> None:
        """Leave the naming, or the list."""
        if self._asking:
            self._asking = ""
            self._line("", FILTER)
            self._show()
        else:
            self.dismiss(None)


def _fits(file: TemplateFile, words: list[str]) -> bool:
    text = f"{file.key}\n{file.template.said if file.template else file.fault}".casefold()
    return all(word in text for word in words)


def _row(row: TemplateFile | RemoteTemplate | str) -> Content:
    if isinstance(row, str):
        return Content.styled(one_line(row, 80) if not row.startswith(" ") else f"  {one_line(row, 80)}", "$text-muted")
    if isinstance(row, RemoteTemplate):
        name, template, fault = row.template.name, row.template, ""
        where = "shared" if row.is_global else "yours"
    else:
        name, template, fault, where = row.key.rpartition("/")[2], row.template or Template(""), row.fault, ""
    indent = "    " if isinstance(row, TemplateFile) and "/" in row.key else "  "
    if fault:
        return Content.assemble(indent, (f"{one_line(name, 30):<26}", "bold"), (" ✗ cannot be read", "$text-error"))
    slots = " ".join(template.slots)
    words = " · ".join(filter(None, (where, one_line(template.description, 50), one_line(slots, 50))))
    return Content.assemble(indent, (f"{one_line(name, 30):<26}", "bold"), (f" {words}", "$text-muted"))
