"""The part of the workbench that compares versions of the open template, and sets of values, side by side."""

from __future__ import annotations

from collections.abc import Sequence

from meshtui.session import Choice, ConfigError, MissingValues, StoreError, TemplateComparison
from meshtui.ui.screens.compare import MOST
from meshtui.ui.screens.comparing import Comparing
from meshtui.ui.screens.lane_choice import LaneChoice
from meshtui.ui.screens.template_tools import TemplateTools


class ComparingTemplates(TemplateTools, Comparing):
    """Opens the comparison of what the open template says in several versions, or for several sets of values."""

    def action_compare_template(self) -> None:
        """Choose versions and sets of values, and run them side by side."""
        if self.opened is None:
            self.choose_template()
        elif self.running is not None:
            self.editor.note("An answer streams: esc stops it, then compare.")
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
            choice = LaneChoice(comparison, 2, MOST)
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
