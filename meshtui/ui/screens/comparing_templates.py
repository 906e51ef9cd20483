"""The part of the workbench that compares the open template: its versions, the gateway's copy, lanes of both."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from meshtui.core.template import Template
from meshtui.core.text import one_line
from meshtui.session import (
    MOST_LANES,
    Choice,
    ConfigError,
    MissingValues,
    RemoteTemplate,
    StoreError,
    TemplateComparison,
)
from meshtui.ui.screens.comparing import Comparing
from meshtui.ui.screens.lane_choice import LaneChoice
from meshtui.ui.screens.template_gateway import TemplateGateway
from meshtui.ui.screens.template_running import TemplateRunning
from meshtui.ui.screens.template_versions import TemplateVersions


class ComparingTemplates(TemplateRunning, Comparing):
    """Shows what the open template was and what the gateway has of it, and runs several versions side by side."""

    # Lanes

    @property
    def left_out(self) -> str:
        """Models are asked the message alone, also where enter would run the template."""
        return f"without template {one_line(self.opened.key, 20)}" if self.opened and self.would_run else ""

    def action_compare_template(self) -> None:
        """Choose versions and sets of values, and run them side by side."""
        if self.opened is None:
            self.choose_template()
        elif self.running is not None:
            self.editor.note("An answer streams: {turn.stop} stops it, then compare.")
        elif not self.load_named_files():
            self._choose_lanes()

    def _choose_lanes(self) -> None:
        typed = self.prompt.value
        run = self.current_run(typed if typed.strip() else None)
        if run is None or self.opened is None or self.lacks_message(run):
            return
        comparison = TemplateComparison(
            self.session, self.templates, self.opened.path, run, retries=self.session.retries
        )
        try:
            choice = LaneChoice(comparison, 2, MOST_LANES)
        except (ConfigError, StoreError) as error:
            self.editor.note(str(error))
            return
        self.app.push_screen(choice, lambda choices: self._begin_versions(comparison, typed, choices))
        self.app.run_worker(self._say_left(choice), group="limits", exclusive=True, exit_on_error=False)

    async def _say_left(self, choice: LaneChoice) -> None:
        room = await choice.comparison.look()
        if room is not None:
            choice.say_room(room)

    def _begin_versions(self, comparison: TemplateComparison, typed: str, choices: Sequence[Choice] | None) -> None:
        if not choices or self.held_by_budget(lambda: self._begin_versions(comparison, typed, choices)):
            return
        self.keep_edit()
        for _, run in comparison.runs(choices):
            if fault := self.templates.fault(run):
                self.editor.note(f"The gateway would refuse a parameter: {fault}")
                return
        try:
            comparison.begin_chosen(choices)
        except MissingValues as error:
            self.missing(error.names)
            self.editor.note(f"{error}: nothing was sent.")
            return
        except StoreError as error:
            self.mesh.say(f"Nothing was sent, because it could not be kept: {error}")
            return
        said = comparison.run_now.prompt
        if typed.strip():
            self.took_prompt(typed)
        self._said = said
        self.front_conversation()
        name = self.opened.key if self.opened is not None else ""
        self._open_lanes(comparison, " · ".join(filter(None, (name, said))))

    # Versions

    def template_turns_changed(self) -> None:
        """Turns changed: show what came also in the versions that stand over the workbench."""
        super().template_turns_changed()
        if isinstance(self.app.screen, TemplateVersions) and self.running is None:
            self.app.screen.show_runs()

    def action_template_versions(self) -> None:
        """Show the texts that runs used, and what they gave."""
        if self.opened is None:
            self.action_list_templates()
            return
        template = self._template_or_none()
        if template is not None:
            screen = TemplateVersions(self.templates, self.opened.path, template)
            self.app.push_screen(screen, self._go_back_to)

    def _go_back_to(self, version: Template | None) -> None:
        if version is not None and self.opened is not None:
            now = self.opened.template
            template = replace(version, name=now.name, description=now.description, variables=now.variables)
            self._put(template, "This is the chosen version; {template.save} writes it into the file.")

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
        if self.opened is None:
            self.action_list_templates()
            return
        run = self.current_run()
        if run is not None:
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
