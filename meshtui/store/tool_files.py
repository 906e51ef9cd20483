"""Tools as files, one each, TOML or JSON: the project's first, then the user's own."""

from __future__ import annotations

import re
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from meshtui.core.tools.tool import Tool
from meshtui.store.folders import Folders, Listed, Opened, Place, file_name
from meshtui.store.paths import Paths
from meshtui.store.toml import ConfigError
from meshtui.store.tool_text import Form, tool_from, written

_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")
_SETTLED = 2.0
"""Seconds after which a file that changes has another time for certain, whatever disk it is on."""

_Stamp = tuple[int, int, int, int]


@dataclass(frozen=True, slots=True)
class ToolFile(Listed):
    """A tool of the list."""

    tool: Tool | None = None


@dataclass(frozen=True, slots=True)
class OpenTool(Opened):
    """A tool as it was read."""

    tool: Tool


class ToolFiles(Folders):
    """The tool folders in force. Every fault is a ConfigError, one sentence."""

    word = "tool"
    suffixes = (".toml", ".json")

    def __init__(self, paths: Paths, project: Path | None) -> None:
        super().__init__(paths.tools, project / "tools" if project else None, paths.state / "deleted-tools")
        self._known: dict[Path, tuple[_Stamp, OpenTool | str]] = {}

    def list(self) -> Sequence[ToolFile]:
        """Return every tool, the project's first, each folder by name; unreadable ones with their fault."""
        found, first = [], self.suffixes[0]
        rows = list(self._all())
        counts = {(key, place) for key, path, place in rows if path.suffix == first}
        for key, path, place in rows:
            try:
                if (key, place) in counts and path.suffix != first:
                    beside = path.with_suffix(first).name
                    raise ConfigError(f"{path}: {beside} beside it has the same name and counts. Rename one of them.")
                found.append(ToolFile(key, path, place, tool=self.latest(path).tool))
            except ConfigError as error:
                found.append(ToolFile(key, path, place, str(error)))
        return found

    def open(self, path: Path) -> OpenTool:
        """Read one file and remember it as it is now."""
        text = self._text(path)
        return OpenTool(self._key_of(path), path, self._place_of(path), text, tool_from(path, text))

    def latest(self, path: Path) -> OpenTool:
        """Return a file as it is now, read again only where it may have changed since it was read last."""
        stamp, known = _stamp_of(path), self._known.get(path)
        if known is not None and known[0] == stamp:
            found = known[1]
        else:
            try:
                found = self.open(path)
            except ConfigError as error:
                found = str(error)
            if stamp is not None and time.time() - stamp[3] / 1e9 > _SETTLED:
                self._known[path] = stamp, found
        if isinstance(found, str):
            raise ConfigError(found)
        return found

    def named(self, name: str) -> Path | None:
        """Return the file of a tool by its key, or by the name that the model calls; None where there is none."""
        path = self.find(name)
        if path is not None:
            return path
        return next((file.path for file in self.list() if file.tool is not None and file.tool.name == name), None)

    @staticmethod
    def key_for(tool: Tool) -> str:
        """Return the key of a new tool's file: its name, without the blanks that no provider takes."""
        return file_name("_".join(tool.name.split()) or "tool", "tool")

    def save(self, opened: OpenTool, tool: Tool, *, force: bool = False) -> OpenTool:
        """Write the tool into its file, what it does not touch unchanged; return it as it is now.

        Raises ChangedOutside where the file is not as it was read, unless `force` says to write into what it holds now.
        """
        text = written(self._checked(opened, force), tool, opened.path.stem, _form(opened.path))
        tool_from(opened.path, text)
        self._write(opened.path, text)
        return self.open(opened.path)

    def create(self, key: str, tool: Tool, place: Place | None = None, form: Form = "toml", like: str = "") -> OpenTool:
        """Write a new tool; without a `place` in the project where there is one.

        `like` is the text of a tool file of that form: what it has stays as it stands, comments too.
        """
        path = self._free(key, place, f".{form}")
        text = written(like, tool, path.stem, form)
        tool_from(path, text)
        self._write(path, text)
        return self.open(path)

    def duplicate(self, path: Path, key: str) -> OpenTool:
        """Copy a tool's file under another key of the same folder; a tool named like its file follows the file."""
        opened = self.open(path)
        copy, text = self._free(key, opened.place, path.suffix), opened.text
        if opened.tool.name == path.stem and _NAME.fullmatch(copy.stem):
            function = {**opened.tool.function, "name": copy.stem}
            renamed = replace(opened.tool, definition={**opened.tool.definition, "function": function})
            text = written(text, renamed, copy.stem, _form(copy))
        self._write(copy, text)
        return self.open(copy)


def _stamp_of(path: Path) -> _Stamp | None:
    """Return what changes when a file does, None where that is unknown."""
    try:
        facts = path.stat()
    except OSError:
        return None
    return facts.st_ino, facts.st_size, facts.st_mtime_ns, facts.st_ctime_ns


def _form(path: Path) -> Form:
    return "json" if path.suffix == ".json" else "toml"
