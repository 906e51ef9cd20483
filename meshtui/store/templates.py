"""Templates as TOML files: the project's first, then the user's own; their value sets lie beside them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from meshtui.core.slot_values import ValueSet
from meshtui.core.template import Template
from meshtui.store.folders import Folders, Listed, Opened, Place
from meshtui.store.paths import Paths
from meshtui.store.template_text import template_from, written
from meshtui.store.toml import ConfigError, Source, read_source
from meshtui.store.toml_edit import edited_toml

SETS_SUFFIX = ".values.toml"


@dataclass(frozen=True, slots=True)
class TemplateFile(Listed):
    """A template of the list."""

    template: Template | None = None


@dataclass(frozen=True, slots=True)
class OpenTemplate(Opened):
    """A template as it was read."""

    template: Template


class TemplateFiles(Folders):
    """The template folders in force. Every fault is a ConfigError, one sentence."""

    word = "template"
    companion = SETS_SUFFIX

    def __init__(self, paths: Paths, project: Path | None) -> None:
        super().__init__(paths.templates, project / "templates" if project else None, paths.state / "deleted-templates")

    def list(self) -> Sequence[TemplateFile]:
        """Return every template, the project's first, each folder by name; unreadable ones with their fault."""
        found = []
        for key, path, place in self._all():
            try:
                found.append(TemplateFile(key, path, place, template=self.open(path).template))
            except ConfigError as error:
                found.append(TemplateFile(key, path, place, str(error)))
        return found

    def open(self, path: Path) -> OpenTemplate:
        """Read one file and remember it as it is now."""
        text = self._text(path)
        return OpenTemplate(self._key_of(path), path, self._place_of(path), text, template_from(path, text))

    # Writing

    def save(self, opened: OpenTemplate, template: Template, *, force: bool = False) -> OpenTemplate:
        """Write the template into its file, what it does not touch unchanged; return it as it is now.

        Raises ChangedOutside where the file is not as it was read, unless `force` says to write into what it holds now.
        """
        text = written(self._checked(opened, force), template, opened.path.stem)
        template_from(opened.path, text)
        self._write(opened.path, text)
        return self.open(opened.path)

    def create(self, key: str, template: Template, place: Place | None = None, like: str = "") -> OpenTemplate:
        """Write a new template; without a `place` in the project where there is one.

        `like` is the text of a template file: what it has stays as it stands, comments too.
        """
        path = self._free(key, place, ".toml")
        self._write(path, written(like, template, path.stem))
        return self.open(path)

    def duplicate(self, path: Path, key: str) -> OpenTemplate:
        """Copy a template and its value sets under another key of the same folder."""
        opened = self.open(path)
        copy = self._free(key, opened.place, ".toml")
        text = opened.text
        if opened.template.name != path.stem:
            text = written(text, replace(opened.template, name=copy.stem), copy.stem)
        self._write(copy, text)
        sets = self._companion_of(path)
        if sets.is_file():
            self._write(self._companion_of(copy), sets.read_text(encoding="utf-8"))
        return self.open(copy)

    # Value sets

    def sets(self, path: Path) -> Sequence[ValueSet]:
        """Return the value sets of a template in the order of their file."""
        source = read_source(self._companion_of(path))
        return [] if source is None else _sets_from(source)

    def save_set(self, path: Path, name: str, values: dict[str, str] | None) -> None:
        """Write one value set of a template, new or changed; None removes it. The others stay as they stand."""
        file = self._companion_of(path)
        source = read_source(file)
        sets = {row.name: row.values for row in _sets_from(source)} if source else {}
        if values is None:
            sets.pop(name, None)
        else:
            sets[name] = values
        if sets:
            self._write(file, edited_toml(source.text if source else "", sets))
        else:
            file.unlink(missing_ok=True)


def _sets_from(source: Source) -> list[ValueSet]:
    values, sets = source.parse(), []
    for name, row in values.items():
        if not isinstance(row, dict) or not all(isinstance(value, str) for value in row.values()):
            raise ConfigError(source.sentence((name,), "must be a table of texts: a set of values for the slots."))
        sets.append(ValueSet(name, row))
    return sets
