"""The part of the workbench that edits a template: opens, names, searches and saves it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from textual import on
from textual.timer import Timer
from textual.widgets import TextArea

from meshtui.core.template import Template
from meshtui.session import ChangedOutside, ConfigError, Session, StoreError, Templates
from meshtui.ui.compat import after
from meshtui.ui.editor import edit
from meshtui.ui.panes.template import TemplatePane
from meshtui.ui.screens.composing import DRAFT_SECONDS
from meshtui.ui.screens.file_conflict import FileConflict
from meshtui.ui.screens.reopening import Reopening
from meshtui.ui.screens.template_list import TemplateList
from meshtui.ui.widgets.find_replace import FindReplace
from meshtui.ui.widgets.name_line import NameLine
from meshtui.ui.widgets.slot_text import SlotField

LOOK_SECONDS = 2.0
"""How often the file of the open template is looked at."""


class Templating(Reopening):
    """Puts a template beside the conversation. `opened` is the file as it was read, `edited` whether it differs."""

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self.edited = False
        self.set_name = ""
        self.expand = False
        self._keeping: Timer | None = None
        self._looking: Timer | None = None

    @property
    def templates(self) -> Templates:
        """The session's templates."""
        assert self.session.templates is not None  # noqa: S101 - the command line put them there
        return self.session.templates

    # Opening and closing

    def choose_template(self) -> None:
        """Find a template and open it."""
        self.keep_edit()
        self.app.push_screen(TemplateList(self.templates, self.opened), self._listed_templates)

    def action_list_templates(self) -> None:
        """Find a template and open it, or make a new one."""
        self.choose_template()

    def _listed_templates(self, path: Path | None) -> None:
        here = self.opened
        if here is not None and not here.path.exists() and path is None and not self.edited:
            self._close_template()
        if path is not None:
            self.open_template(path)

    def open_template(self, path: Path, *, again: bool = False) -> None:
        """Open a template beside the conversation of its runs; `again` leaves the focus and the conversation alone."""
        self.run_worker(self._open_template(path, again), group="template", exit_on_error=False)

    async def _open_template(self, path: Path, again: bool) -> None:
        self.keep_edit()
        try:
            opened = self.templates.files.open(path)
            values, self.set_name = self.templates.kept_values(path)
            kept = self.templates.kept_edit(opened)
        except (ConfigError, StoreError) as error:
            self.mesh.say(str(error))
            return
        self.opened, self.edited = opened, kept is not None
        template = kept[0] if kept is not None else opened.template
        await self.editor.show(template, values, self.session.draft.params)
        self.front_template(not again)
        self.keep_shown(self.opened.path)
        if not again:
            self._leave_other_conversation(path)
            if template.model:
                self.session.choose_model(template.model)
            self.editor.focus_first()
        self.show_top()
        self._show_title()
        if kept is not None and not kept[1]:
            self._resolve(self._text_of(path))
        elif kept is not None:
            self.editor.note("This edit was not saved last time; it is back. {template.save} saves it.")
        if self._looking is None:
            self._looking = self.set_interval(LOOK_SECONDS, self._look_at_file)

    def _leave_other_conversation(self, path: Path) -> None:
        """Begin an empty conversation where the current one is not of this template's runs."""
        here = self.session.conversation
        if here is not None and self.session.store.template_of(here.id) != str(path) and self.running is None:
            self.session.new()
            self.pane.show(self.session.nodes)
            self.show_top()

    def _close_template(self) -> None:
        self.opened, self.edited = None, False
        if self._looking is not None:
            self._looking.stop()
            self._looking = None
        self.close_pane()

    def _show_title(self) -> None:
        if self.opened is None:
            return
        from textual.content import Content

        star = "*" if self.edited else ""
        self.editor.query_one(NameLine).show(self.opened.key)
        self.editor.border_title = Content(f"{self.opened.key}{star}")
        by = "expanded by the gateway" if self.expand else ""
        words = (self.opened.place, f"set {self.set_name}" if self.set_name else "", by)
        self.editor.border_subtitle = Content(" · ".join(filter(None, words)))

    # What is typed

    @on(TemplatePane.Edited)
    def _template_edited(self) -> None:
        if self.editor.plain:
            self.take_draft()
            return
        self._keep_soon()
        if not self.edited:
            self.edited = True
            self._show_title()

    @on(TemplatePane.ValuesChanged)
    def _values_changed(self) -> None:
        self._keep_soon()

    def _keep_soon(self) -> None:
        if self._keeping is not None:
            self._keeping.stop()
        self._keeping = after(self, DRAFT_SECONDS, self.keep_edit)

    def keep_edit(self) -> None:
        """Keep the edit and the values now, as far as they are not in the file."""
        if self._keeping is not None:
            self._keeping.stop()
            self._keeping = None
        if self.opened is None or not self.editor.is_mounted or self.editor.is_half_shown:
            return
        try:
            self.templates.keep_values(self.opened.path, self.editor.values, self.set_name)
            template = self.editor.readable
            self.edited = template != self.opened.template
            self.templates.keep_edit(self.opened, template if self.edited else None)
            self._show_title()
        except StoreError as error:
            self.mesh.say(str(error))

    def save_typed(self) -> None:
        """Keep what is typed, in the prompt and in the template."""
        super().save_typed()
        self.keep_edit()

    def _template_or_none(self) -> Template | None:
        try:
            return self.editor.template
        except ValueError as error:
            self.front_template(True)
            self.editor.focus_params()
            self.editor.note(str(error))
            return None

    def action_edit_part(self) -> None:
        """Open the text or the value that has the focus in the user's own editor."""
        part = self.focused
        if not isinstance(part, TextArea):
            self.mesh.say(self.mesh.keyed("Go to a text or a value first; {template.edit} opens it in your editor."))
            return
        text, fault = edit(self.app, part.text, ".txt" if isinstance(part, SlotField) else ".md")
        if fault:
            self.mesh.say(fault)
        elif text != part.text and not part.read_only:
            part.replace(text, (0, 0), part.document.end)

    async def action_add_message(self) -> None:
        """Add a message to the template."""
        if self.opened is not None:
            self.front_template(True)
            self.editor.look_at_template()
            await self.editor.add_message()

    def action_next_doubt(self) -> None:
        """Go to the next thing in doubt."""
        self.editor.next_doubt()

    # Files

    def action_save_template(self) -> None:
        """Write the template into its file; what is typed in the prompt is kept anyway."""
        if self.opened is not None:
            self._save(force=False)

    def _save(self, *, force: bool) -> bool:
        """Write the edit into the file; whether that was done."""
        template = self._template_or_none()
        if self.opened is None or template is None:
            return False
        try:
            self.opened = self.templates.files.save(self.opened, template, force=force)
        except ChangedOutside as error:
            self._resolve(error.text)
            return False
        except ConfigError as error:
            self.editor.note(str(error))
            return False
        self.keep_edit()
        self.editor.note("")
        self.mesh.say(f"{self.opened.key} saved")
        return True

    def _text_of(self, path: Path) -> str | None:
        try:
            return self.templates.files.open(path).text
        except ConfigError:
            return None

    def _resolve(self, theirs: str | None) -> None:
        """Both sides changed the file: show the difference and let the user choose."""
        template = self._template_or_none()
        if self.opened is None or template is None:
            return
        mine = self.templates.as_text(self.opened, template)

        def chosen(choice: str | None) -> None:
            if choice == "mine":
                self._save(force=True)
            elif choice == "theirs" and self.opened is not None:
                self.templates.keep_edit(self.opened, None)
                self.run_worker(self._reload(), group="template", exit_on_error=False)
            else:
                self.editor.note("The file holds something else than this edit. {template.save} asks again.")

        self.app.push_screen(FileConflict(self.opened.path.name, mine, theirs), chosen)

    async def _reload(self) -> None:
        if self.opened is None:
            return
        try:
            self.opened = self.templates.files.open(self.opened.path)
        except ConfigError as error:
            self.editor.note(str(error))
            return
        self.edited = False
        await self.editor.show(self.opened.template, self.editor.values, self.session.draft.params)
        self._show_title()

    def _look_at_file(self) -> None:
        """Take over what another program wrote, where nothing was edited here; else ask on saving."""
        opened = self.opened
        if opened is None or not self.templates.files.changed(opened) or self.app.screen is not self:
            return
        if not opened.path.exists():
            self.editor.note("The file is gone. {template.save} writes it again; {template.list} opens another.")
        elif self.edited:
            self.editor.note("The file was changed by another program as well. {template.save} shows both.")
        else:
            self.run_worker(self._reload(), group="template", exit_on_error=False)
            self.mesh.say(f"{opened.key} was changed by another program and read again")

    # The name

    @on(NameLine.Renamed)
    def _rename(self, event: NameLine.Renamed) -> None:
        """Move the file with its sets and versions; what is edited and not saved stays an edit."""
        if self.opened is None:
            return
        self.keep_edit()
        try:
            self.opened = self.templates.rename(self.opened, event.name)
        except (ConfigError, StoreError) as error:
            self.editor.note(str(error))
            return
        self.editor.base = replace(self.editor.base, name=self.opened.template.name)
        self.keep_edit()
        self.front_template(True)
        self.mesh.say(f"The template is {self.opened.key} from now on")

    # Finding

    def find_in_template(self) -> bool:
        """Open the lines to find and replace where the focus is in the template; whether it is."""
        if self.opened is None or not self.editor.has_focus_within:
            return False
        self.editor.open_find()
        return True

    @on(FindReplace.Closed)
    def _find_closed(self) -> None:
        self.editor.focus_found()
