"""Where things are kept: one folder of the user's choice, or the platform's own folders."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple


class Paths(NamedTuple):
    """The folders of one user. `one_home` says that a single folder was named to hold everything."""

    config: Path
    data: Path
    state: Path
    one_home: bool = False

    @property
    def config_file(self) -> Path:
        """The settings."""
        return self.config / "config.toml"

    @property
    def credentials_file(self) -> Path:
        """The keys, by profile."""
        return self.config / "credentials.toml"

    @property
    def templates(self) -> Path:
        """The folder of the user's own templates."""
        return self.config / "templates"

    @property
    def tools(self) -> Path:
        """The folder of the user's own tools."""
        return self.config / "tools"

    @property
    def themes(self) -> Path:
        """The folder of the user's own themes."""
        return self.config / "themes"

    @property
    def history_file(self) -> Path:
        """The history."""
        return self.data / "history.db"


def find_paths(environ: Mapping[str, str], home: str | None = None) -> Paths:
    """Return the folders in force: `home` (a flag), else MESHTUI_HOME, else the platform's own. None is made."""
    named = home or environ.get("MESHTUI_HOME")
    if named:
        folder = Path(named).expanduser().absolute()
        return Paths(folder, folder / "data", folder / "state", one_home=True)
    import platformdirs

    dirs = platformdirs.PlatformDirs("meshtui", appauthor=False)
    return Paths(dirs.user_config_path, dirs.user_data_path, dirs.user_state_path)


def find_project(start: Path, paths: Paths) -> Path | None:
    """Return the nearest `.meshtui` folder in `start` or above it; the user's own folder is no project."""
    for folder in (start, *start.parents):
        candidate = folder / ".meshtui"
        if candidate != paths.config and candidate.is_dir():
            return candidate
    return None


def write_atomically(path: Path, text: str, mode: int = 0o600) -> None:
    """Replace the file by `text`: a reader, or a crash, finds the old text or the new, never half of one.

    A symbolic link is followed and stays. An existing file keeps its mode, a new one gets `mode`.
    """
    target = Path(os.path.realpath(path))
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    part = target.with_name(f".{target.name}.{os.urandom(4).hex()}.part")
    try:
        keep = target.stat().st_mode & 0o777 if target.exists() else mode
        with os.fdopen(
            os.open(part, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w", encoding="utf-8", newline=""
        ) as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        part.chmod(keep)
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)
    folder = os.open(target.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
