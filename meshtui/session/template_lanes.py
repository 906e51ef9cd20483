"""Lanes that differ in the version of a template, in the values of its slots, or in both."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from meshtui.core.slot_values import ValueSet
from meshtui.core.template import Template
from meshtui.core.text import one_line
from meshtui.session.comparison import Comparison, Lane
from meshtui.session.session import Session
from meshtui.session.templates import MissingValues, Run, Templates
from meshtui.store.history import StoreError

NOW = "as it stands"


@dataclass(frozen=True, slots=True)
class Choice:
    """A version of a template, or a set of values, that a lane can have; `name` says which, `about` more of it."""

    name: str
    about: str
    template: Template | None = None
    values: ValueSet | None = None


class TemplateComparison(Comparison):
    """The lanes of one template. `run` is what is run where a lane names no other version and no other values.

    Every lane is a run of its own, kept with its exact text like any other (see `Templates.start`).
    """

    def __init__(self, session: Session, templates: Templates, path: Path, run: Run, **settings: Any) -> None:
        super().__init__(session, **settings)
        self.run_now = replace(run, expand="here")  # the gateway knows no other version than its own copy
        self._templates, self._path = templates, path

    def choices(self) -> list[Choice]:
        """Return what lanes can differ in: the text as it stands, versions, sets; raises ConfigError, StoreError."""
        now = self.run_now.template
        found = [Choice(NOW, "the text in the pane", now)]
        for version in self._templates.versions(self._path):
            if version.hash != now.hash:
                at = time.strftime("%Y-%m-%d %H:%M", time.localtime(version.created_at))
                text = replace(version.template, name=now.name, description=now.description, variables=now.variables)
                found.append(Choice(version.hash[:8], " · ".join(filter(None, (at, version.note))), text))
        for row in self._templates.files.sets(self._path):
            about = " · ".join(f"{name} {one_line(value, 24)}" for name, value in row.values.items())
            found.append(Choice(row.name, about, values=row))
        return found

    def runs(self, chosen: Sequence[Choice]) -> list[tuple[str, Run]]:
        """Return a label and a run for each chosen version with each chosen set; what was not chosen stays as it is."""
        versions: list[Choice | None] = [one for one in chosen if one.template is not None]
        sets: list[Choice | None] = [one for one in chosen if one.values is not None]
        return [self._run(version, row) for version in versions or [None] for row in sets or [None]]

    def _run(self, version: Choice | None, row: Choice | None) -> tuple[str, Run]:
        run, names = self.run_now, []
        if version is not None and version.template is not None:
            run = replace(run, template=version.template)
            names.append(version.name)
        if row is not None and row.values is not None:
            run = replace(run, values=row.values.values, set_name=row.values.name)
            names.append(f"set {row.name}")
        return " · ".join(names), run

    def price(self, chosen: Sequence[Choice]) -> str:
        """Return in words what the lanes of these choices would cost together; raises MissingValues."""
        return self._templates.price_together(run for _, run in self._complete(chosen))

    def begin_chosen(self, chosen: Sequence[Choice]) -> list[Lane]:
        """Begin a lane for each choice, see `runs`.

        Raises MissingValues before anything is begun; StoreError, and nothing of these lanes leaves then.
        """
        begun: list[Lane] = []
        try:
            for label, run in self._complete(chosen):
                begun.append(self.take(label, self._templates.start(self._path, run)))
        except StoreError:
            for lane in begun:
                self.remove(lane)
            raise
        return begun

    def _complete(self, chosen: Sequence[Choice]) -> list[tuple[str, Run]]:
        runs = self.runs(chosen)
        for label, run in runs:
            if missing := run.template.missing(run.values):
                raise MissingValues(label, missing)
        return runs
