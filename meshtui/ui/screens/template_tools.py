"""The part of the workbench around a template: value sets, runs over all of them, versions, the gateway, finding."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

from textual import on

from meshtui.core.slot_values import ValueSet
from meshtui.core.template import Template
from meshtui.core.turn import TurnState
from meshtui.session import ConfigError, RemoteTemplate, Session, StoreError
from meshtui.ui.screens.template_gateway import TemplateGateway
from meshtui.ui.screens.template_versions import TemplateVersions
from meshtui.ui.screens.templating import Templating
from meshtui.ui.screens.value_sets import ValueSets
from meshtui.ui.widgets.find_replace import FindReplace
from meshtui.ui.widgets.name_line import NameLine


class TemplateTools(Templating):
    """What can be done with the open template besides editing and running it once."""

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._run_all_stopped = True
        self._woken = asyncio.Event()

    def template_turns_changed(self) -> None:
        """Turns changed: point at the slot that the gateway misses, let the next set run."""
        self._woken.set()
        if self.running is None and self.expand:
            self.point_at_slot()

    # Value sets

    def action_value_sets(self) -> None:
        """Take, keep or paste sets of values."""
        if self.opened is None:
            self.action_list_templates()
            return
        path, values = self.opened.path, {**self.opened.template.variables, **self.editor.values}
        used = {name: value for name, value in values.items() if name in self.editor.base.slots or value}
        self.app.push_screen(ValueSets(self.templates, path, used, self.set_name), self._took_set)

    def _took_set(self, row: ValueSet | None) -> None:
        if row is not None:
            self._take_set(row)
            self.editor.focus_first()

    def _take_set(self, row: ValueSet) -> None:
        self.set_name = row.name
        self.editor.put_values(row.values)
        self.keep_edit()
        self._show_title()

    def _sets(self) -> list[ValueSet]:
        if self.opened is None:
            return []
        try:
            return list(self.templates.files.sets(self.opened.path))
        except ConfigError as error:
            self.editor.note(str(error))
            return []

    def action_run_next_set(self) -> None:
        """Take the next set of values and run it."""
        if self.opened is None:
            self.action_list_templates()
            return
        rows = self._sets()
        if not rows:
            self.editor.note("There are no sets of values yet: `sets` below keeps the values in the slots as one.")
        elif self.running is not None:
            self.editor.note("An answer streams: esc stops it, then run again.")
        else:
            names = [row.name for row in rows]
            place = names.index(self.set_name) + 1 if self.set_name in names else 0
            self._take_set(rows[place % len(rows)])
            self.action_run_template()

    def action_run_all_sets(self) -> None:
        """Run the template once with each set of values; asked again while it goes on, stop after this one."""
        if not self._run_all_stopped:
            self._run_all_stopped = True
            self.editor.note("This run is the last one.")
        elif self._sets() and self.running is None:
            self._run_all_stopped = False
            self.app.run_worker(self._run_all(self._sets()), group="template-sets", exit_on_error=False)
        else:
            self.editor.note("There is nothing to run: no sets of values, or an answer streams.")

    async def _run_all(self, rows: list[ValueSet]) -> None:
        """Run one set after the other; a set that cannot be sent, or a turn that was stopped, ends it."""
        done = 0
        typed = self.prompt.value
        try:
            for row in rows:
                if self._run_all_stopped:
                    break
                self._take_set(row)
                if not self.run_once(typed if typed.strip() and not done else None):
                    break
                turn = self.last_turn
                bar = "▇" * done + "▅" + "▁" * (len(rows) - done - 1)
                self.editor.note(f"{bar} set {done + 1} of {len(rows)} · {row.name} · esc stops")
                while turn is not None and not turn.ended:
                    self._woken.clear()
                    await self._woken.wait()
                if turn is None or turn.state is TurnState.STOPPED:
                    break
                done += 1
        finally:
            self._run_all_stopped = True
            if done:
                self.editor.note(f"{done} of {len(rows)} sets have run; versions shows what they gave")

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

    # Versions

    def action_template_versions(self) -> None:
        """Show the texts that runs used, and what they gave."""
        template = self._template_or_none()
        if self.opened is not None and template is not None:
            screen = TemplateVersions(self.templates, self.opened.path, template)
            self.app.push_screen(screen, self._go_back_to)

    def _go_back_to(self, version: Template | None) -> None:
        if version is not None and self.opened is not None:
            now = self.opened.template
            template = replace(version, name=now.name, description=now.description, variables=now.variables)
            self._put(template, "This is the chosen version; ctrl+s writes it into the file.")

    def _put(self, template: Template, note: str) -> None:
        """Show another template as an edit of the open one."""

        async def work() -> None:
            await self.editor.show(template, self.editor.values)
            self.keep_edit()
            self.editor.note(note)

        self.run_worker(work(), group="template", exit_on_error=False)

    # The gateway

    def action_template_gateway(self) -> None:
        """Compare with the gateway's copy, push and pull."""
        run = self.current_run()
        if self.opened is not None and run is not None:
            self.app.push_screen(TemplateGateway(self.templates, self.opened.path, run), self._pulled)

    def _pulled(self, came: tuple[Template, RemoteTemplate] | None) -> None:
        if came is None or self.opened is None:
            return
        template, remote = came
        path = self.opened.path

        async def work() -> None:
            await self.editor.show(template, self.editor.values)
            if self._save(force=False):
                self.templates.remote.pulled(str(path), remote)

        self.run_worker(work(), group="template", exit_on_error=False)

    # Values out of files

    def load_named_files(self) -> bool:
        """Put what files hold in place of values that name one as `@path`; whether there were any."""
        loaded = []
        for name, value in self.editor.values.items():
            if value.startswith("@") and "\n" not in value and Path(value[1:]).expanduser().is_file():
                try:
                    text = Path(value[1:]).expanduser().read_text(encoding="utf-8-sig")
                except (OSError, UnicodeDecodeError) as error:
                    self.editor.note(f"{value[1:]} cannot be read: {error}")
                    return True
                loaded.append(f"{name} from {value[1:]}")
                self.editor.put_values({**self.editor.values, name: text})
        if loaded:
            self.editor.note(f"{', '.join(loaded)}: enter again runs.")
        return bool(loaded)

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
