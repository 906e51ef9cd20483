"""The tool editor: findings to go to and to fix, the file to save into, the edit that is kept until then."""

from __future__ import annotations

from textual import on

from meshtui.core.tools.edit import ToolEdit
from meshtui.session import ChangedOutside, ConfigError, OpenTool, StoreError, ToolEdits, ToolFiles
from meshtui.ui.editor import edit as edit_outside
from meshtui.ui.keyed import keyed
from meshtui.ui.screens.ask import Ask
from meshtui.ui.screens.file_conflict import FileConflict
from meshtui.ui.screens.question import Question
from meshtui.ui.screens.tool_view import ToolView
from meshtui.ui.tool_inspection import fixed, fixed_all, member_of, place_in_schema
from meshtui.ui.widgets.findings import FindingRow, Findings
from meshtui.ui.widgets.function_form import FunctionForm
from meshtui.ui.widgets.json_area import JsonArea
from meshtui.ui.widgets.responder_form import ResponderForm

LOOK_SECONDS = 2.0
"""How often the file of the tool is looked at."""


class ToolEditor(ToolView):
    """Edits one tool until it is left, and returns the key of its file, before and after; an edit is kept for later."""

    def __init__(self, edits: ToolEdits, files: ToolFiles, opened: OpenTool) -> None:
        kept = edits.kept(opened)
        super().__init__(opened, kept[0] if kept else None)
        self._edits, self._files, self._kept, self._key = edits, files, kept, opened.key

    def on_mount(self) -> None:
        """Say what came back, and look after the file from now on."""
        if self._kept is not None and not self._kept[1]:
            self.call_after_refresh(self._resolve)
        elif self._kept is not None:
            self.note("This edit was not saved last time; it is back. {tool.save} saves it.")
        self.set_interval(LOOK_SECONDS, self._look_at_file)

    # Findings

    async def action_next_finding(self) -> None:
        """Go to the place of the next finding."""
        row = self.query_one(Findings).step()
        if row is not None:
            await self._go_to(row)
        else:
            self.note("Nothing is wrong, as far as can be said here.")

    @on(Findings.Chosen)
    async def _chosen(self, event: Findings.Chosen) -> None:
        event.stop()
        await self._go_to(event.row)

    async def _go_to(self, row: FindingRow) -> None:
        """Go to what a finding is about: in the form where that is the one view and has it, else in the JSON."""
        if row.section != self.section:
            await self.show_section(row.section)
        if row.section == "responder":
            self._focus_view()
            return
        place = place_in_schema(row.finding) if row.finding is not None else None
        if place is not None:
            self.form.go_to(place)
        if row.line is not None and not (self.shows_one and not self.shows_code and self.form_is_right):
            self.add_class("-code")
            self.code.go_to(row.line, row.column or 1)
        elif row.finding is not None and (member := member_of(row.finding)):
            self.query_one(FunctionForm).go_to(member)
        else:
            self.form.focus_first()

    def action_fix(self) -> None:
        """Put the finding under the cursor right."""
        row = self.query_one(Findings).chosen
        if row is None or not row.fix:
            none = "This finding has no fix that a program can know: {tool.next} goes to its place."
            self.note(none if row else "No findings.")
            return
        self._take(fixed(self.edit, row), f"{row.fix} · {{tool.undo}} takes it back")

    def action_fix_all(self) -> None:
        """Make the schema of the section fit strict mode."""
        if self.section == "responder":
            return
        self._take(fixed_all(self.edit, self.section), "made to fit strict mode · {tool.undo} takes it back")

    def _take(self, edit: ToolEdit | None, words: str) -> None:
        if edit is None:
            self.note("The JSON cannot be read: put that right first. {tool.next} goes to the place.")
        elif edit == self.edit:
            self.note("There is nothing to be made to fit.")
        else:
            self.put(edit)
            self.note(words)

    # Changing

    def action_undo(self) -> None:
        """Take the last change of the section back."""
        (self.query_one(ResponderForm) if self.section == "responder" else self.code).undo()

    def action_redo(self) -> None:
        """Make the change again that was taken back."""
        (self.query_one(ResponderForm) if self.section == "responder" else self.code).redo()

    def action_schema(self, what: str) -> None:
        """Do something with the row of the tree under the cursor."""
        if self.section != "responder":
            self.form.do(what)

    def action_external(self) -> None:
        """Open the JSON in the user's own editor."""
        area = self.query_one("#rules", JsonArea) if self.section == "responder" else self.code
        text, fault = edit_outside(self.app, area.text, ".json")
        if fault:
            self.note(fault)
        else:
            area.put(text)

    def action_copy_or_stop(self) -> None:
        """Copy the selection."""
        text = getattr(self.focused, "selected_text", "") or self.get_selected_text() or ""
        if text:
            self.mesh.copy(text, "Selection")

    # The file

    def save_typed(self) -> None:
        """Keep the edit now, as far as it is not in the file."""
        if self._keeping is not None:
            self._keeping.stop()
            self._keeping = None
        edit = self.edit
        try:
            self._edits.keep(self.opened, edit if self._differs(edit) else None)
        except StoreError as error:
            self.note(str(error))

    def _differs(self, edit: ToolEdit) -> bool:
        try:
            return edit.tool() != self.opened.tool
        except ValueError:
            return True

    def action_save(self) -> None:
        """Write the tool into its file."""
        self._save(force=False)

    def _save(self, *, force: bool) -> None:
        try:
            tool = self.edit.tool()
        except ValueError as error:
            self.note(f"Not saved yet: {error}. What you typed is kept.")
            return
        try:
            self.opened = self._files.save(self.opened, tool, force=force)
        except ChangedOutside as error:
            self._resolve(error.text)
            return
        except ConfigError as error:
            self.note(str(error))
            return
        self.save_typed()
        self._show_head()
        wrong = self.inspection.errors
        self.note(f"{self.opened.path.name} is saved" + (f", with {wrong} faults in it." if wrong else "."))

    def _text_of_file(self) -> str | None:
        try:
            return self._files.open(self.opened.path).text
        except ConfigError:
            return None

    def _resolve(self, theirs: str | None = None) -> None:
        """Both sides changed the file: show the difference and let the user choose."""
        theirs = self._text_of_file() if theirs is None else theirs
        try:
            mine = self._edits.as_text(self.opened, self.edit.tool())
        except ValueError:
            mine = self.edit.definition

        def chosen(choice: str | None) -> None:
            if choice == "mine":
                self._save(force=True)
            elif choice == "theirs":
                self._reload()
            else:
                self.note("The file holds something else than this edit. {tool.save} asks again.")

        self.app.push_screen(FileConflict(self.opened.path.name, mine, theirs), chosen)

    def _reload(self) -> None:
        """Show what the file holds now; what stood here can be had back by undoing."""
        try:
            self.opened = self._files.open(self.opened.path)
        except ConfigError as error:
            self.note(str(error))
            return
        self.put(ToolEdit.of(self.opened.tool))
        self.save_typed()
        self._show_head()

    def _look_at_file(self) -> None:
        """Take over what another program wrote, where nothing was edited here; else say so."""
        if self.app.screen is not self or not self._files.changed(self.opened):
            return
        if not self.opened.path.exists():
            self.note("The file is gone. {tool.save} writes it again.")
        elif self._differs(self.edit):
            self.note("The file was changed by another program as well. {tool.save} shows both.")
        else:
            self._reload()
            self.note("The file was changed by another program and read again.")

    def action_revert(self) -> None:
        """Go back to what the file says, when the user says so."""

        def answered(yes: bool | None) -> None:
            if yes:
                self._reload()

        again = keyed(self, "{tool.undo} brings the JSON back")
        words = f"Everything that is not in {self.opened.path.name} goes; {again}."
        self.app.push_screen(Question("Drop the edit?", words, "Drop it", "Keep it"), answered)

    def action_rename(self) -> None:
        """Give the file another name."""

        def named(key: str) -> str | None:
            if key == self.opened.key:
                return None
            old = self.opened.path
            try:
                self.opened = self._files.open(self._files.rename(old, key))
                self._edits.moved(old, self.opened.path)
            except (ConfigError, StoreError) as error:
                return str(error)
            self._show_head()
            return None

        def offer(typed: str) -> list[str]:
            return [typed.strip() or self.opened.key]

        self.app.push_screen(Ask("Another name for the file", "a / makes folders", offer, named))

    # Leaving

    def action_back(self) -> None:
        """Go back to the conversation from wherever the focus is; the edit is kept."""
        self.save_typed()
        self.dismiss((self._key, self.opened.key))
