"""The part of the workbench that works with tools: lists them, turns them on and off, makes and edits them."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

from textual import on

from meshtui.core.text import one_line
from meshtui.session import ConfigError, Deleted, Session, StoreError, ToolEdits, ToolFile, Tools
from meshtui.ui.editor import edit_file
from meshtui.ui.panes.tools import ToolRow, ToolsPane
from meshtui.ui.panes.views import PaneViews
from meshtui.ui.screens.ask import Ask
from meshtui.ui.screens.setting import Setting

CHOICES = ("auto", "required", "none", "")
"""What a key goes through; the empty one is the tool under the cursor."""


class Tooling(Setting):
    """Puts the list of tools into the left pane, and the editor over the workbench."""

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._deleted_tools: list[Deleted] = []
        self._typed_tool: dict[str, str] = {}
        self._tool_counts: dict[Path, tuple[object, tuple[int, int, int]]] = {}

    @property
    def tools(self) -> Tools:
        """The session's tools."""
        assert self.session.tools is not None  # noqa: S101 - the command line put them there
        return self.session.tools

    @property
    def tool_list(self) -> ToolsPane:
        """The list in the left pane."""
        return self.editor.tools

    # Showing

    async def action_show_tools(self) -> None:
        """Show the tools and go to them; again, go back."""
        if not (self.has_class("-templated") and self.editor.has_focus_within and self.editor.view == "tools"):
            await self.look_at_tools()
        else:
            self.leave_view()

    async def look_at_tools(self) -> None:
        """Bring the tools to the front and go to them."""
        self._front_tools()

    def _front_tools(self) -> None:
        if self.opened is None:
            self.editor.show_plain(self.draft_body)
        self.show_tools()
        self.front_template(True)
        self.editor.look_at_tools()
        self.editor.focus_first()

    @on(PaneViews.ToolsAsked)
    async def _tools_asked(self) -> None:
        await self.look_at_tools()

    def show_top(self) -> None:
        """Say again what is in use: another conversation may have other tools on."""
        super().show_top()
        if self.has_class("-templated"):
            self.show_tools(None)

    def front_template(self, template: bool) -> None:
        """Show the left pane; what it says of tools is read when it comes into view."""
        if not self.has_class("-templated"):
            self.show_tools()
        super().front_template(template)

    def show_tools(self, note: str | None = "") -> None:
        """Show the tools as their files are now, and a note on them; None leaves the one that stands there."""
        try:
            files = self.tools.known()
        except (ConfigError, OSError) as error:
            files, note = [], str(error)
        first: set[str] = set()
        rows = []
        for file in files:
            rows.append(self._row_of(file, file.key in first))
            first.add(file.key)
        choice = self.tools.forced or self.tools.choice or "auto"
        self.tool_list.show(rows, f"must call {choice}" if self.tools.forced else str(choice))
        if note is not None:
            self.tool_list.note(note)
        self.editor.show_tabs()

    def _row_of(self, file: ToolFile, hidden: bool) -> ToolRow:
        tool = file.tool
        if tool is None:
            return ToolRow(file.key, file.path, file.place, fault=file.fault)
        known = self._tool_counts.get(file.path)
        if known is None or known[0] != tool:
            from meshtui.ui.tool_inspection import counts_of

            known = self._tool_counts[file.path] = (tool, counts_of(tool))
        errors, warnings, tokens = known[1]
        edited = self.tool_edits.is_kept(file.path)
        return ToolRow(
            file.key,
            file.path,
            file.place,
            tool.name,
            "the project has one of the same name, which goes before" if hidden else tool.description,
            tool.responder.kind,
            tokens,
            errors,
            warnings,
            on=not hidden and self.tools.is_on(file.key),
            forced=not hidden and bool(tool.name) and tool.name == self.tools.forced,
            edited=edited,
            unsound=self._unsound(file.path) if edited else "",
            hidden=hidden,
        )

    def _unsound(self, path: Path) -> str:
        """Why the edit of a file would not be sent, an empty text where it would."""
        assert self.tools.files is not None  # noqa: S101 - the workbench always has files
        try:
            found = self.tool_edits.sound(self.tools.files.open(path))
        except ConfigError as error:
            return str(error)
        return found if isinstance(found, str) else ""

    @property
    def tool_edits(self) -> ToolEdits:
        """What is typed into tools and not saved."""
        return ToolEdits(self.session)

    def _show_cursor(self) -> bool:
        """Whether the list of tools was to be seen; else it is brought to the front."""
        seen = self.pane_in_front == "tools" or (
            self.has_class("-templated") and self.editor.view == "tools" and not self.shows_one
        )
        if not seen:
            self._front_tools()
        return seen

    def _tool_here(self) -> ToolRow | None:
        """Return the tool under the cursor; where nobody saw which that is, the list comes to the front instead."""
        seen, row = self._show_cursor(), self.tool_list.chosen
        if row is None:
            self.tool_list.note(self.mesh.keyed("There is no tool under the cursor: {tools.new} makes one."))
        elif not seen:
            self.tool_list.note("Go to the tool first: it is done to the one under the cursor.")
        return row if seen else None

    # On, off, choice

    @on(ToolsPane.Ticked)
    def action_toggle_tool(self) -> None:
        """Offer the tool under the cursor in this conversation, or not."""
        row = self._tool_here()
        if row is None:
            return
        if row.fault or row.hidden:
            self.tool_list.note(row.fault or f"{row.key}: the project's tool of the same name goes before this one.")
            return
        self._do(lambda: self.tools.turn(row.key, not row.on))

    def action_tool_choice(self) -> None:
        """Take the next `tool_choice`: the model chooses, must call one, must call none, must call this one."""
        self._show_cursor()
        row = self.tool_list.chosen
        now = "" if self.tools.forced else self.tools.choice or "auto"
        choice = CHOICES[(CHOICES.index(now) + 1) % len(CHOICES)]
        if choice or row is None or not row.name or row.hidden:
            self._do(lambda: self.tools.choose(choice or CHOICES[0]))
            return

        def force() -> None:
            if not row.on:
                self.tools.turn(row.key, True)
            self.tools.choose(None, row.name)

        self._do(force)

    def _do(self, change: Callable[[], object]) -> None:
        """Change what goes out, and show what it is now."""
        try:
            change()
        except StoreError as error:
            self.mesh.say(str(error))
        self.show_tools()
        self.show_top()

    def action_filter_tools(self) -> None:
        """Show the tools that fit some words."""
        self.tool_list.open_filter()

    # Making, editing, deleting

    @on(ToolsPane.Opened)
    def action_edit_tool(self) -> None:
        """Open the tool under the cursor in the editor; a file that cannot be read in the user's own ($EDITOR)."""
        row = self._tool_here()
        if row is not None and row.fault:
            self.show_tools(edit_file(self.app, row.path))
        elif row is not None:
            self.open_tool(row.path)

    def open_tool(self, path: Path) -> None:
        """Open a tool's file in the editor, over the workbench."""
        from meshtui.ui.screens.tool_editor import ToolEditor

        assert self.tools.files is not None  # noqa: S101 - the workbench always has files
        try:
            editor = ToolEditor(self.tool_edits, self.tools.files, self.tools.files.open(path))
        except (ConfigError, StoreError) as error:
            self.tool_list.note(str(error))
            return
        self.app.push_screen(editor, self._edited_tool)

    def _edited_tool(self, renamed: tuple[str, str] | None) -> None:
        """The editor was left: what is sent follows the file, and a key that changed is followed."""
        if renamed is not None and renamed[0] != renamed[1]:
            self.tools.renamed(*renamed)
        self._do(self.tools.apply)

    def action_new_tool(self) -> None:
        """Make a tool, and open it."""
        from meshtui.ui.screens.tool_new import ToolNew

        assert self.tools.files is not None  # noqa: S101 - the workbench always has files
        self.app.push_screen(ToolNew(self.tools.files, self._typed_tool), self._made)

    async def _made(self, paths: list[Path] | None) -> None:
        """New tools are on at once; one alone is opened."""
        if not paths:
            return
        await self.look_at_tools()
        made = [row for row in self.tools.known() if row.path in paths]
        for file in made:
            self._do(partial(self.tools.turn, file.key, True))
        if made:
            self.tool_list.go_to(made[0].path)
        if len(made) == 1:
            self.open_tool(made[0].path)
        else:
            self.tool_list.note(f"{len(made)} tools were made, and are on.")

    def action_duplicate_tool(self) -> None:
        """Copy the tool under the cursor under another name."""
        row = self._tool_here()
        if row is None or self.tools.files is None:
            return
        files = self.tools.files

        def named(key: str) -> str | None:
            try:
                made = files.duplicate(row.path, key)
            except ConfigError as error:
                return str(error)
            self.show_tools(f"{key} is a copy of {row.key}.")
            self.tool_list.go_to(made.path)
            return None

        title, copy = f"Name of the copy of {one_line(row.key, 40)}", f"{row.key}-copy"
        self.app.push_screen(Ask(title, "another name, or enter", lambda typed: [typed.strip() or copy], named))

    def action_delete_tool(self) -> None:
        """Put the tool under the cursor away; the undo of the list brings it back."""
        row = self._tool_here()
        if row is None or self.tools.files is None:
            return
        try:
            self._deleted_tools.append(self.tools.files.delete(row.path))
        except ConfigError as error:
            self.tool_list.note(str(error))
            return
        key = self.mesh.key_of("tools.restore")
        self.show_tools(f"{row.key} is deleted" + (f" · {key} brings it back" if key else ""))

    def action_restore_tool(self) -> None:
        """Bring the tool deleted last back."""
        self._show_cursor()
        if not self._deleted_tools or self.tools.files is None:
            self.tool_list.note("Nothing was deleted here.")
            return
        try:
            path = self.tools.files.restore(self._deleted_tools.pop())
        except ConfigError as error:
            self.tool_list.note(str(error))
            return
        self.show_tools(f"{path.stem} is back")
        self.tool_list.go_to(path)
