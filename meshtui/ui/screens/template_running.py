"""The part of the workbench that runs a template: once, or with each of its sets of values."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

from textual import on

from meshtui.core.slot_values import ValueSet
from meshtui.core.turn import TurnState
from meshtui.session import ConfigError, MissingValues, Run, Session, StoreError
from meshtui.ui.screens.template_preview import TemplatePreview
from meshtui.ui.screens.templating import Templating
from meshtui.ui.screens.value_sets import ValueSets
from meshtui.ui.widgets.slot_text import SlotField


class TemplateRunning(Templating):
    """Sends what the open template says with the values in its slots, and says what keeps it from that."""

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._said = ""
        self._pointed = ""
        self._run_all_stopped = True
        self._woken = asyncio.Event()

    def template_turns_changed(self) -> None:
        """Turns changed: point at the slot that the gateway misses, let the next set run."""
        self._woken.set()
        if self.running is None and self.expand:
            self.point_at_slot()

    # Once

    def current_run(self, prompt: str | None = None) -> Run | None:
        """Return what a run would be made of, None where the parameters cannot be read."""
        template = self._template_or_none()
        if template is None:
            return None
        said = self._said if prompt is None else prompt
        return Run(template, self.editor.values, said, self.set_name, "gateway" if self.expand else "here")

    @on(SlotField.Entered)
    def action_run_template(self) -> None:
        """Run the template as it stands: with what stands in the prompt, else with what the last run said."""
        if self.opened is None:
            self.choose_template()
        elif self.running is not None:
            self.editor.note("An answer streams: {turn.stop} stops it, then run again.")
        elif not self.load_named_files():
            typed = self.prompt.value
            self.run_once(typed if typed.strip() else None)

    def run_once(self, prompt: str | None) -> bool:
        """Run the template with a message; whether it could be sent."""
        run = self.current_run(prompt)
        if run is None or self.opened is None or self.lacks_message(run) or self.refuses_key(run.prompt):
            return False
        self.keep_edit()
        try:
            fault = self.templates.fault(run)
            if fault:
                self.editor.focus_params()
                self.editor.note(f"The gateway would refuse a parameter: {fault}")
                return False
            if self.held_by_budget(lambda: self.run_once(prompt)):
                return False
            turn = self.templates.start(self.opened.path, run)
        except MissingValues as error:
            self.missing(error.names)
            return False
        except StoreError as error:
            self.mesh.say(f"Nothing was sent, because it could not be kept: {error}")
            return False
        self._said = run.prompt
        self.editor.note("")
        if prompt is not None:
            self.took_prompt(prompt)
        self.front_conversation()
        self.start(turn)
        return True

    def lacks_message(self, run: Run) -> bool:
        """Whether nobody says anything in a run: then the user is asked to."""
        if run.expand != "here" or run.prompt.strip() or any(one.role == "user" for one in run.template.messages):
            return False
        self.front_conversation()
        self.prompt.focus()
        self.mesh.say(self.mesh.keyed("The template has no user message: type one and press {prompt.send}."))
        return True

    def missing(self, names: tuple[str, ...]) -> None:
        """Go to the first slot that has no value."""
        self.front_template(True)
        self.editor.focus_slot(names[0])
        self.editor.note(f"No value for {', '.join(names)}: nothing was sent.")

    @property
    def would_run(self) -> bool:
        """Whether a message sent now begins a run of the template: it is shown, and the conversation is empty."""
        return self.opened is not None and self.has_class("-templated") and not self.session.nodes

    def runs_template(self, text: str) -> bool:
        """Whether a message sent now begins a run of the template; it is run then."""
        if self.held_by_params():
            return True
        if not self.would_run:
            return False
        self.run_once(text)
        return True

    def point_at_slot(self) -> None:
        """The gateway refused a run for a slot that it misses: go to its field."""
        turn = self.last_turn
        if turn is None or turn.problem is None or turn.problem.status != 422 or self.opened is None:
            return
        if self._pointed == turn.id or "template" not in turn.request:
            return
        self._pointed = turn.id
        self.front_template(True)
        name = next((name for name in _words(turn.problem.message) if self.editor.focus_slot(name)), None)
        if name is not None:
            self.editor.note(f"The gateway misses a value for {name}.")
        else:
            self.editor.note(f"{turn.problem.message} The gateway's copy is not this text: “gateway” shows both.")

    def action_toggle_expand(self) -> None:
        """Fill the template in here, or let the gateway do it."""
        self.expand = not self.expand
        self._show_title()
        self.mesh.say(
            "The gateway expands the template from now on: it uses its own copy."
            if self.expand
            else "The template is expanded here from now on: what you see is what is sent."
        )

    def action_preview_template(self) -> None:
        """Show the exact messages that would be sent."""
        run = self.current_run(self.prompt.value if self.prompt.value.strip() else None)
        if run is not None and self.opened is not None:
            try:
                self.app.push_screen(TemplatePreview(self.templates.preview(run), self.templates.quote(run)))
            except MissingValues as error:
                self.missing(error.names)

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
            self.editor.note(f"{', '.join(loaded)}: {{template.run}} again runs.")
        return bool(loaded)

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
            self.editor.note("An answer streams: {turn.stop} stops it, then run again.")
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
        elif self.opened is None:
            self.action_list_templates()
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
                self.editor.note(f"{bar} set {done + 1} of {len(rows)} · {row.name} · {{turn.stop}} stops")
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


def _words(text: str) -> list[str]:
    return re.findall(r"\w+", text, re.ASCII)
