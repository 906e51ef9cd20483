"""Templates as TOML files: the project's first, then the user's own; their value sets lie beside them."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from meshtui.core.template import Template
from meshtui.core.values import ValueSet
from meshtui.store.paths import Paths, write_atomically
from meshtui.store.template_toml import template_from, written
from meshtui.store.toml import ConfigError, Source, read_source

Place = Literal["project", "yours"]
SUFFIX, SETS_SUFFIX = ".toml", ".values.toml"
LONGEST_NAME = 100

_FORBIDDEN = frozenset('<>:"|?*\\')


@dataclass(frozen=True, slots=True)
class TemplateFile:
    """One file of the list. `key` is its path below its folder without the ending; `fault` why it is unreadable."""

    key: str
    path: Path
    place: Place
    template: Template | None = None
    fault: str = ""


@dataclass(frozen=True, slots=True)
class OpenTemplate:
    """A template as it was read: `text` is the whole file at that time."""

    key: str
    path: Path
    place: Place
    template: Template
    text: str


@dataclass(frozen=True, slots=True)
class Deleted:
    """A deleted template: where it was, and where its files lie until it is wanted back."""

    path: Path
    kept: Path


class ChangedOutside(Exception):
    """The file is not as it was read any more: `text` is what it holds now, None where it is gone."""

    def __init__(self, path: Path, text: str | None) -> None:
        what = "was deleted" if text is None else "was changed by another program"
        super().__init__(f"{path} {what} since it was opened.")
        self.path, self.text = path, text


class TemplateFiles:
    """The template folders in force. Every fault is a ConfigError, one sentence."""

    def __init__(self, paths: Paths, project: Path | None) -> None:
        self.folders: dict[Place, Path] = {"project": project / "templates"} if project else {}
        self.folders["yours"] = paths.templates
        self._trash = paths.state / "deleted-templates"

    def list(self) -> Sequence[TemplateFile]:
        """Return every template, the project's first, each folder by name; unreadable ones with their fault."""
        found = []
        for place, folder in self.folders.items():
            names = [path for path in folder.rglob("*" + SUFFIX) if not path.name.endswith(SETS_SUFFIX)]
            for path in sorted(names, key=lambda path: str(path).casefold()):
                key = path.relative_to(folder).with_suffix("").as_posix()
                if any(part.startswith(".") for part in key.split("/")):
                    continue
                try:
                    found.append(TemplateFile(key, path, place, self.read(path)))
                except ConfigError as error:
                    found.append(TemplateFile(key, path, place, None, str(error)))
        return found

    def read(self, path: Path) -> Template:
        """Read one file."""
        return self.open(path).template

    def open(self, path: Path) -> OpenTemplate:
        """Read one file and remember it as it is now."""
        source = read_source(path)
        if source is None:
            raise ConfigError(f"{path} is no longer there.")
        place: Place = "project" if self._is_in(path, "project") else "yours"
        folder = self.folders[place]
        key = path.relative_to(folder).with_suffix("").as_posix() if path.is_relative_to(folder) else path.stem
        return OpenTemplate(key, path, place, template_from(path, source.text), source.text)

    def _is_in(self, path: Path, place: Place) -> bool:
        return place in self.folders and path.is_relative_to(self.folders[place])

    def find(self, key: str) -> Path | None:
        """Return the file of a key, the project's before the user's own; None where neither has it."""
        if why_no_name(key):
            return None
        paths = (folder / (key + SUFFIX) for folder in self.folders.values())
        return next((path for path in paths if path.is_file()), None)

    def changed(self, opened: OpenTemplate) -> bool:
        """Whether the file is not as it was read any more."""
        try:
            source = read_source(opened.path)
        except ConfigError:
            return True
        return source is None or source.text != opened.text

    # Writing

    def save(self, opened: OpenTemplate, template: Template, *, force: bool = False) -> OpenTemplate:
        """Write the template into its file, what it does not touch unchanged; return it as it is now.

        Raises ChangedOutside where the file is not as it was read, unless `force` says to write into what it holds now.
        """
        source = read_source(opened.path)
        now = source.text if source else None
        if now != opened.text and not force:
            raise ChangedOutside(opened.path, now)
        text = written(now or "", template, opened.path.stem)
        template_from(opened.path, text)
        self._write(opened.path, text)
        return self.open(opened.path)

    def create(self, key: str, template: Template, place: Place | None = None) -> OpenTemplate:
        """Write a new template; without a `place` in the project where there is one."""
        path = self._free(key, place or ("project" if "project" in self.folders else "yours"))
        self._write(path, written("", template, path.stem))
        return self.open(path)

    def duplicate(self, path: Path, key: str) -> OpenTemplate:
        """Copy a template and its value sets under another key of the same folder."""
        opened = self.open(path)
        copy = self._free(key, opened.place)
        text = opened.text
        if opened.template.name != path.stem:
            text = written(text, _renamed(opened.template, copy.stem), copy.stem)
        self._write(copy, text)
        sets = _sets_path(path)
        if sets.is_file():
            self._write(_sets_path(copy), sets.read_text(encoding="utf-8"))
        return self.open(copy)

    def rename(self, path: Path, key: str) -> Path:
        """Move a template and its value sets to another key of the same folder; return where it is now."""
        place: Place = "project" if self._is_in(path, "project") else "yours"
        new = self._free(key, place)
        self._move(path, new)
        return new

    def delete(self, path: Path) -> Deleted:
        """Put a template and its value sets away; `restore` brings them back."""
        kept = self._trash / f"{time.time_ns()}-{os.urandom(2).hex()}" / path.name
        self._move(path, kept)
        return Deleted(path, kept)

    def restore(self, deleted: Deleted) -> Path:
        """Bring a deleted template back; where its place is taken it gets a number."""
        path, number = deleted.path, 2
        while path.exists():
            path, number = deleted.path.with_stem(f"{deleted.path.stem}-{number}"), number + 1
        self._move(deleted.kept, path)
        return path

    def _free(self, key: str, place: Place) -> Path:
        fault = why_no_name(key)
        if fault:
            raise ConfigError(fault)
        path = self.folders[place] / (key + SUFFIX)
        if path.exists():
            raise ConfigError(f"There is a template {key!r} already. Take another name.")
        return path

    def _move(self, path: Path, new: Path) -> None:
        try:
            new.parent.mkdir(parents=True, exist_ok=True)
            path.rename(new)
            if _sets_path(path).is_file():
                _sets_path(path).rename(_sets_path(new))
        except OSError as error:
            raise ConfigError(f"{path} cannot be moved: {(error.strerror or str(error)).lower()}.") from None

    def _write(self, path: Path, text: str) -> None:
        try:
            write_atomically(path, text, 0o644 if self._is_in(path, "project") else 0o600)
        except (OSError, UnicodeEncodeError) as error:
            reason = getattr(error, "strerror", None) or str(error)
            raise ConfigError(f"{path} cannot be written: {reason.lower()}. Nothing was changed.") from None

    # Value sets

    def sets(self, path: Path) -> Sequence[ValueSet]:
        """Return the value sets of a template in the order of their file."""
        source = read_source(_sets_path(path))
        return [] if source is None else _sets_from(source)

    def save_set(self, path: Path, name: str, values: dict[str, str] | None) -> None:
        """Write one value set of a template, new or changed; None removes it. The others stay as they stand."""
        import tomlkit

        from meshtui.store.template_toml import text_item

        file = _sets_path(path)
        source = read_source(file)
        known = {row.name: row.values for row in _sets_from(source)} if source else {}
        document = tomlkit.parse(source.text if source else "")
        if values is None:
            if name in document:
                del document[name]
        else:
            if name not in document:
                document[name] = tomlkit.table()
            table = document[name]
            assert isinstance(table, dict)  # noqa: S101 - _sets_from said so
            for key in [key for key in table if key not in values]:
                del table[key]
            for key, value in values.items():
                if known.get(name, {}).get(key) != value:
                    table[key] = text_item(value, table.get(key))
        if document:
            self._write(file, document.as_string())
        else:
            file.unlink(missing_ok=True)


def _sets_path(path: Path) -> Path:
    return path.with_suffix(SETS_SUFFIX)


def _sets_from(source: Source) -> list[ValueSet]:
    values, sets = source.parse(), []
    for name, row in values.items():
        if not isinstance(row, dict) or not all(isinstance(value, str) for value in row.values()):
            raise ConfigError(source.sentence((name,), "must be a table of texts: a set of values for the slots."))
        sets.append(ValueSet(name, row))
    return sets


def _renamed(template: Template, name: str) -> Template:
    from dataclasses import replace

    return replace(template, name=name)


def why_no_name(key: str) -> str:
    """Say why a text cannot name a template file, an empty text where it can."""
    parts = key.split("/")
    if not key.strip() or any(not part.strip() or part.startswith(".") or part != part.strip() for part in parts):
        return f"{key!r} cannot name a template: each part needs letters, and none begins with a dot or a space."
    if any(char in _FORBIDDEN or not char.isprintable() for char in key):
        return (
            f"{key!r} cannot name a template: {' '.join(sorted(_FORBIDDEN))} and control characters are not for files."
        )
    if any(len(part.encode()) > LONGEST_NAME for part in parts) or key.endswith(".values"):
        return f"{key[:40]!r} cannot name a template: it is longer than {LONGEST_NAME} bytes or ends in .values."
    return ""


def file_name(name: str) -> str:
    """Return a name that a template file may have, as near to `name` as that goes."""
    if not why_no_name(name):
        return name
    kept = "".join(char if char.isalnum() or char in "-_. " else "-" for char in name).strip(" .-")
    return kept.encode()[:80].decode(errors="ignore") or "template"
