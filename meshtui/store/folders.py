"""Files that people edit, in the project's folder first and then in their own: found, moved, put away, never lost."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from meshtui.store.paths import write_atomically
from meshtui.store.toml import ConfigError, read_source

Place = Literal["project", "yours"]
LONGEST_NAME = 100

_FORBIDDEN = frozenset('<>:"|?*\\')


@dataclass(frozen=True, slots=True)
class Deleted:
    """A deleted file: where it was, and where it and what belongs to it lie until they are wanted back."""

    path: Path
    kept: Path


class ChangedOutside(Exception):
    """The file is not as it was read any more: `text` is what it holds now, None where it is gone."""

    def __init__(self, path: Path, text: str | None) -> None:
        what = "was deleted" if text is None else "was changed by another program"
        super().__init__(f"{path} {what} since it was opened.")
        self.path, self.text = path, text


@dataclass(frozen=True, slots=True)
class Listed:
    """A file of a list. `key` is its path below its folder without the ending; `fault` why it is unreadable."""

    key: str
    path: Path
    place: Place
    fault: str = ""


@dataclass(frozen=True, slots=True)
class Opened:
    """A file as it was read: `text` is the whole of it at that time."""

    key: str
    path: Path
    place: Place
    text: str


class Folders:
    """The folders of one kind of files. Every fault is a ConfigError, one sentence."""

    word = "file"
    """What one of the files is called in a sentence."""
    suffixes: tuple[str, ...] = (".toml",)
    companion = ""
    """The ending of a file that goes where its file goes; empty where there is none."""

    def __init__(self, yours: Path, project: Path | None, trash: Path) -> None:
        self.folders: dict[Place, Path] = {"project": project} if project else {}
        self.folders["yours"] = yours
        self._trash = trash

    def find(self, key: str) -> Path | None:
        """Return the file of a key, the project's before the user's own; None where neither has it.

        Whatever is listed is found: also a link to nothing, and a name that no new file would get.
        """
        if any(not part or part.startswith(".") for part in key.split("/")):
            return None
        paths = [folder / (key + suffix) for folder in self.folders.values() for suffix in self.suffixes]
        there = [
            path for path in paths if os.path.lexists(path) and _may_be_read(path) and not self._is_companion(path)
        ]
        return next((path for path in there if path.exists()), there[0] if there else None)

    def keys(self) -> list[str]:
        """Return every key once, as listed; no file is opened."""
        return list(dict.fromkeys(key for key, _, _ in self._all()))

    def changed(self, opened: Opened) -> bool:
        """Whether the file is not as it was read any more."""
        try:
            source = read_source(opened.path)
        except ConfigError:
            return True
        return source is None or source.text != opened.text

    def rename(self, path: Path, key: str) -> Path:
        """Move a file, and what belongs to it, to another key of the same folder; return where it is now."""
        new = self._free(key, self._place_of(path), path.suffix)
        self._move(path, new)
        return new

    def delete(self, path: Path) -> Deleted:
        """Put a file, and what belongs to it, away; `restore` brings it back."""
        kept = self._trash / f"{time.time_ns()}-{os.urandom(2).hex()}" / path.name
        self._move(path, kept)
        return Deleted(path, kept)

    def restore(self, deleted: Deleted) -> Path:
        """Bring a deleted file back; where its place is taken it gets a number."""
        path, number = deleted.path, 2
        while os.path.lexists(path):
            path, number = deleted.path.with_stem(f"{deleted.path.stem}-{number}"), number + 1
        self._move(deleted.kept, path)
        return path

    def _all(self) -> Iterator[tuple[str, Path, Place]]:
        """Yield every file with its key and place, the project's first, each folder by name."""
        for place, folder in self.folders.items():
            above = len(str(self.folders[self._place_of(folder)])) + 1
            for found in sorted(_files_in(folder), key=str.casefold):
                stem, suffix = os.path.splitext(found)
                path = Path(found) if suffix in self.suffixes else None
                if path is not None and not self._is_companion(path):
                    yield stem[above:].replace(os.sep, "/"), path, place

    def _is_companion(self, path: Path) -> bool:
        return bool(self.companion) and path.name.endswith(self.companion)

    def _companion_of(self, path: Path) -> Path:
        return path.with_suffix(self.companion)

    def _text(self, path: Path) -> str:
        source = read_source(path)
        if source is None:
            if path.is_symlink():
                raise ConfigError(f"{path} is a link to {os.readlink(path)}, which is not there.")
            raise ConfigError(f"{path} is no longer there.")
        return source.text

    def _place_of(self, path: Path) -> Place:
        inside = "project" in self.folders and path.is_relative_to(self.folders["project"])
        return "project" if inside else "yours"

    def _key_of(self, path: Path) -> str:
        folder = self.folders[self._place_of(path)]
        return path.relative_to(folder).with_suffix("").as_posix() if path.is_relative_to(folder) else path.stem

    def _free(self, key: str, place: Place | None, suffix: str) -> Path:
        """Return the path of a new file; without a `place` in the project where there is one."""
        fault = why_no_name(key, self.word)
        if fault:
            raise ConfigError(fault)
        folder = self.folders[place or ("project" if "project" in self.folders else "yours")]
        if any(os.path.lexists(folder / (key + taken)) for taken in self.suffixes):
            raise ConfigError(f"There is a {self.word} {key!r} already. Take another name.")
        return folder / (key + suffix)

    def _checked(self, opened: Opened, force: bool) -> str:
        """Return what the file holds now; raises ChangedOutside where it is not as read and `force` does not say so."""
        source = read_source(opened.path)
        now = source.text if source else None
        if now != opened.text and not force:
            raise ChangedOutside(opened.path, now)
        return now or ""

    def _move(self, path: Path, new: Path) -> None:
        import shutil

        try:
            new.parent.mkdir(parents=True, exist_ok=True)
            shutil.move(path, new)  # not a rename: the project may be on another disk than what was put away
            if self.companion and os.path.lexists(self._companion_of(path)):
                shutil.move(self._companion_of(path), self._companion_of(new))
        except (OSError, shutil.Error) as error:
            raise ConfigError(
                f"{path} cannot be moved: {(getattr(error, 'strerror', None) or str(error)).lower()}."
            ) from None

    def _write(self, path: Path, text: str) -> None:
        try:
            write_atomically(path, text, 0o644 if self._place_of(path) == "project" else 0o600)
        except (OSError, UnicodeEncodeError) as error:
            reason = getattr(error, "strerror", None) or str(error)
            raise ConfigError(f"{path} cannot be written: {reason.lower()}. Nothing was changed.") from None


def _files_in(folder: Path) -> Iterator[str]:
    """Yield the paths of the files below a folder that is there, in no order; nothing that begins with a dot."""
    folders = [str(folder)]
    while folders:
        try:
            entries = [entry for entry in os.scandir(folders.pop()) if not entry.name.startswith(".")]
        except OSError:
            continue  # it is not there, or not for this user
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                folders.append(entry.path)
            elif entry.is_file(follow_symlinks=False) or _may_be_read(Path(entry.path)):
                yield entry.path


def _may_be_read(path: Path) -> bool:
    """Whether a path is a file, or a link to nothing, which is told; a pipe or a device would never end."""
    return path.is_file() or not path.exists()


def why_no_name(key: str, word: str = "file") -> str:
    """Say why a text cannot name a file, an empty text where it can; `word` is what the file is called."""
    parts = key.split("/")
    if not key.strip() or any(not part.strip() or part.startswith(".") or part != part.strip() for part in parts):
        return f"{key!r} cannot name a {word}: each part needs letters, and none begins with a dot or a space."
    if any(char in _FORBIDDEN or not char.isprintable() for char in key):
        return f"{key!r} cannot name a {word}: {' '.join(sorted(_FORBIDDEN))} and control characters are not for files."
    if any(len(part.encode()) > LONGEST_NAME for part in parts) or key.endswith(".values"):
        return f"{key[:40]!r} cannot name a {word}: it is longer than {LONGEST_NAME} bytes or ends in .values."
    return ""


def file_name(name: str, word: str = "file") -> str:
    """Return a name that a file may have, as near to `name` as that goes; `word` where nothing of it can stay."""
    if not why_no_name(name):
        return name
    kept = "".join(char if char.isalnum() or char in "-_. " else "-" for char in name).strip(" .-")
    return kept.encode()[:80].decode(errors="ignore") or word
