"""A template by its lines and slots: open, change, run, compare with the last version's answer."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from meshtui.cli.linear.judging import Judging
from meshtui.cli.linear.words import change_lines, numbered
from meshtui.core.chat import TextPart
from meshtui.core.nearest import did_you_mean
from meshtui.core.template import Template
from meshtui.core.text import one_line
from meshtui.core.turn import Turn
from meshtui.session import ChangedOutside, MissingValues, OpenTemplate, Run, TemplateRun, Templates

Lines = list[tuple[int, str]]
"""The lines of a template: which of its texts (0 is the system text), and the line."""


def lines_of(template: Template) -> Lines:
    """Return the lines of all texts of a template, numbered by their place."""
    return [(place, line) for place, text in enumerate(template.texts) if text for line in text.split("\n")]


def with_lines(template: Template, lines: Lines) -> Template:
    """Return a template with other lines; a text that has none left is empty."""
    texts = ["\n".join(line for at, line in lines if at == place) for place in range(len(template.texts))]
    messages = tuple(
        message if message.text == text else replace(message, content=text)
        for message, text in zip(template.messages, texts[1:], strict=True)
    )
    return replace(template, system=texts[0], messages=messages)


class Templating(Judging):
    """One open template."""

    opened: OpenTemplate | None = None
    template: Template | None = None
    """The open template with what was changed since."""
    set_name = ""
    """The set that the values of the slots came from, as long as they are its."""
    _values: dict[str, str]
    _template_keys: Sequence[str] = ()
    _ran: Turn | None = None

    @property
    def templates(self) -> Templates:
        """The templates of this session."""
        templates = self.session.templates
        assert templates is not None  # noqa: S101 - the command line gives every session its templates
        return templates

    def do_templates(self, rest: str) -> None:
        """List the templates that have some words in their names or descriptions."""
        words = rest.casefold().split()
        files = [
            file
            for file in self.templates.files.list()
            if all(
                word in f"{file.key} {file.template.description if file.template else ''}".casefold() for word in words
            )
        ]
        if not files:
            folder = self.templates.files.folders["yours"]
            self.refuse(
                "No template has that." if words else f"There are no templates yet; they are files in {folder}."
            )
        self._template_keys = [file.key for file in files]
        rows = []
        for file in files:
            about = file.fault if file.template is None else file.template.description
            slots = ", ".join(file.template.slots) if file.template is not None else ""
            rows.append(
                one_line(f"{file.key}{f': {about}' if about else ''}{f'; slots {slots}' if slots else ''}", 300)
            )
        self.offer_rows(rows, lambda place: self.do_template(str(place + 1)), "A number opens one.")

    def do_template(self, rest: str) -> None:
        """Open a template, or read the open one."""
        if rest:
            key = rest
            if rest.isdecimal() and 1 <= int(rest) <= len(self._template_keys):
                key = self._template_keys[int(rest) - 1]
            path = self.templates.files.find(key)
            if path is None:
                meant = did_you_mean(key, (row.key for row in self.templates.files.list()), "/templates lists them.")
                self.refuse(f"There is no template {one_line(key, 80)}; {meant}")
            self.opened = self.templates.files.open(path)
            self.template, self._ran = self.opened.template, None
            self._values, self.set_name = self.templates.kept_values(path)
            kept = self.templates.kept_edit(self.opened)
            if kept is not None:
                self.template = kept[0]
                now = "" if kept[1] else " The file was changed by another program since."
                self.tell(f"It has changes of yours that are not saved.{now} /save writes them.")
            if self.template.model:
                self.session.choose_model(self.template.model)
        self._read()

    @property
    def template_params(self) -> Mapping[str, Any]:
        """What the open template sets."""
        return self.template.params if self.template is not None else {}

    def open_template(self) -> tuple[OpenTemplate, Template]:
        """Return the open template as it is in its file and as it stands; refuses where none is open."""
        if self.opened is None or self.template is None:
            self.refuse("No template is open; /templates lists them, /template NAME opens one.")
        return self.opened, self.template

    def _read(self) -> None:
        opened, template = self.open_template()
        changed = ", not saved" if template != opened.template else ""
        model = f", for {one_line(template.model, 80)}" if template.model else ""
        self.tell(f"Template {one_line(opened.key, 80)}{model}{changed}.")
        roles = ["system", *(message.role for message in template.messages)]
        for number, (place, line) in enumerate(lines_of(template), 1):
            self.tell(f"{number} {roles[place]}: {line}")
        if self.set_name:
            self.tell(f"The slots have the values of {one_line(self.set_name, 80)}.")
        for slot in template.slots:
            self.tell(self.slot_words(template, slot))
        for place, message in enumerate(template.messages):
            if isinstance(message.content, tuple) and any(not isinstance(p, TextPart) for p in message.content):
                self.tell(f"Message {place + 1} has files besides.")

    def value_of(self, slot: str) -> str | None:
        """Return what a slot has now, its default included; None where it has nothing."""
        _, template = self.open_template()
        return self._values.get(slot, template.variables.get(slot))

    def take_values(self, values: Mapping[str, str], set_name: str) -> None:
        """Put values into the slots, those of a set or of none."""
        opened, _ = self.open_template()
        self._values, self.set_name = dict(values), set_name
        self.templates.keep_values(opened.path, self._values, set_name)

    def slot_words(self, template: Template, slot: str) -> str:
        """Return what a slot has, in a sentence."""
        if slot in self._values:
            return f"Slot {slot} is {one_line(self._values[slot], 200) or 'empty'}."
        if slot in template.variables:
            return f"Slot {slot} is {one_line(template.variables[slot], 200) or 'empty'}, the default."
        return f"Slot {slot} has no value yet: /set {slot}=VALUE."

    # Changing

    def do_set(self, rest: str) -> None:
        """Set the value of a slot."""
        opened, template = self.open_template()
        name, equals, value = rest.partition("=")
        name = name.strip()
        if not equals:
            self.refuse("/set takes NAME=VALUE, as in /set tone=friendly.")
        self.take_values({**self._values, name: value.strip()}, "")
        if name not in template.slots:
            there = ", ".join(template.slots) or "none"
            self.tell(f"This template has no slot {one_line(name, 40)}; its slots are: {there}.")
        else:
            self.tell(self.slot_words(template, name))

    def _change(
        self, rest: str, change: Callable[[Lines, int, str], None], wanted: Callable[[str], str] | None = None
    ) -> None:
        opened, template = self.open_template()
        number, _, words = rest.strip().partition(" ")
        lines = lines_of(template)
        if not number.isdecimal() or not 1 <= int(number) <= len(lines):
            self.refuse(f"Say the number of a line, from 1 to {len(lines)}.")
        at = int(number) - 1
        if wanted is not None and not words:
            typed = self.question(f"Line {number}: ", wanted(lines[at][1]))
            if typed is None:
                return
            words = typed
        change(lines, at, words)
        self.template = with_lines(template, lines)
        self.templates.keep_edit(opened, self.template if self.template != opened.template else None)

    def do_line(self, rest: str) -> None:
        """Change a line."""

        def change(lines: Lines, at: int, words: str) -> None:
            lines[at] = lines[at][0], words
            self.tell(f"Line {at + 1} is now: {words}")

        self._change(rest, change, str)

    def do_insert(self, rest: str) -> None:
        """Put a line before another."""

        def change(lines: Lines, at: int, words: str) -> None:
            lines.insert(at, (lines[at][0], words))
            self.tell(f"Line {at + 1} is new: {words}")

        self._change(rest, change, lambda line: "")

    def do_delete(self, rest: str) -> None:
        """Delete a line."""

        def change(lines: Lines, at: int, words: str) -> None:
            self.tell(f"Line {at + 1} is deleted: {lines.pop(at)[1]}")

        self._change(rest, change)

    def do_save(self, rest: str) -> None:
        """Write the template into its file."""
        opened, template = self.open_template()
        try:
            self._saved(self.templates.files.save(opened, template))
        except ChangedOutside as error:
            self.tell(f"{error} Your changes are kept.")
            if error.text is not None:
                self.offer(
                    ("write your changes into it all the same", self._force),
                    ("take the file as it is now", self._reload),
                )

    def _saved(self, opened: OpenTemplate) -> None:
        self.opened, self.template = opened, opened.template
        self.templates.keep_edit(opened, None)
        self.tell(f"Saved: {opened.path}.")

    def _force(self) -> None:
        opened, template = self.open_template()
        self._saved(self.templates.files.save(opened, template, force=True))

    def _reload(self) -> None:
        opened, _ = self.open_template()
        self.opened = self.templates.files.open(opened.path)
        self.template = self.opened.template
        self.templates.keep_edit(self.opened, None)
        self._read()

    # Running

    def do_run(self, rest: str) -> None:
        """Run the template as it stands."""
        opened, template = self.open_template()
        try:
            run = Run(template, self._values, rest, self.set_name)
            draft = self.templates.draft(run)
        except MissingValues as missing:
            for name in missing.names:
                value = self.question(f"Value of {name}: ")
                if value is None:
                    self.refuse("The template was not run.")
                self.do_set(f"{name}={value}")
            run = Run(template, self._values, rest, self.set_name)
            draft = self.templates.draft(run)
        if fault := self.templates.fault(run):
            self.refuse(f"The gateway would refuse its parameters: {fault}")
        if not self.may_send(draft):
            return
        turn = self.templates.start(opened.path, run)
        self._ran, self.comparison = turn, None
        self.drive(turn)
        if turn.problem is None and self._before(turn) is not None:
            self.tell("/diff says how this differs from the last version's answer.")

    def _before(self, turn: Turn) -> tuple[TemplateRun, TemplateRun] | None:
        """Return a run and the one it is compared with: the latest of another version, else the latest before."""
        opened, _ = self.open_template()
        runs = self.templates.runs(opened.path)
        this = next((run for run in runs if run.turn_id == turn.id), None)
        if this is None:
            return None
        earlier = [run for run in runs if run.started_at <= this.started_at and run is not this and run.answer]
        other = next((run for run in earlier if run.hash != this.hash), earlier[0] if earlier else None)
        return None if other is None else (this, other)

    def do_versions(self, rest: str) -> None:
        """List the versions that were run."""
        opened, _ = self.open_template()
        versions = self.templates.versions(opened.path)
        if not versions:
            self.refuse("No version of this template was run yet.")
        for row in numbered(
            [
                f"{time.strftime('%Y-%m-%d %H:%M', time.localtime(version.created_at))}"
                f", {version.runs} run{'' if version.runs == 1 else 's'}"
                f"{f', {one_line(version.note, 80)}' if version.note else ''}"
                for version in versions
            ]
        ):
            self.tell(row)

    def do_diff(self, rest: str) -> None:
        """Say how the last run's answer differs from the last version's, or two answers of a comparison."""
        if rest or self._ran is None:
            super().do_diff(rest)
            return
        found = self._before(self._ran)
        if found is None:
            self.refuse("There is no earlier answer of this template to compare with.")
        this, other = found
        texts = {version.hash: self._text(version.template) for version in self.templates.versions(self.opened.path)}  # type: ignore[union-attr]
        if this.hash != other.hash and this.hash in texts and other.hash in texts:
            self.tell("The text, from the last version:")
            for line in change_lines(texts[other.hash], texts[this.hash]):
                self.tell(line)
        for name in sorted({*this.values, *other.values}):
            old, new = other.values.get(name, "no value"), this.values.get(name, "no value")
            if old != new:
                self.tell(f"Slot {name} was {one_line(old, 120)}, is {one_line(new, 120)}.")
        self.tell("The answer:")
        for line in change_lines(other.answer, str(self._ran.content)):
            self.tell(line)

    @staticmethod
    def _text(template: Template) -> str:
        return "\n\n".join(text for text in template.texts if text)
