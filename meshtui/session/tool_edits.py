"""Edits of tools that are not saved yet: kept with the text of the file that they began with."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from meshtui.core.tools.check import check_tool
from meshtui.core.tools.edit import ToolEdit
from meshtui.core.tools.tool import Tool
from meshtui.store.tool_files import OpenTool
from meshtui.store.tool_text import written

if TYPE_CHECKING:
    from meshtui.session.session import Session


class ToolEdits:
    """What is typed into tools, as texts: one that can be read as nothing is kept as well. Faults are StoreErrors."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def keep(self, opened: OpenTool, edit: ToolEdit | None) -> None:
        """Keep an edit with the text it began with; None where there is none any more."""
        kept = None if edit is None else {"text": opened.text, "edit": edit.to_json()}
        self._session.keep(_name(opened.path), kept)

    def kept(self, opened: OpenTool) -> tuple[ToolEdit, bool] | None:
        """Return an edit that was never saved, and whether the file is still the one that it began with."""
        kept = self._session.recall(_name(opened.path))
        if not isinstance(kept, dict):
            return None
        return ToolEdit.from_json(kept["edit"]), kept["text"] == opened.text

    def is_kept(self, path: Path) -> bool:
        """Whether there is an edit of a file that was never saved."""
        return self._session.recall(_name(path)) is not None

    def sound(self, opened: OpenTool) -> Tool | str | None:
        """Return the tool that the edit of a file says, None where there is no edit; else why it cannot be sent."""
        found = self.kept(opened)
        if found is None:
            return None
        if not found[1]:
            return "the file was changed by another program as well"
        try:
            tool = found[0].tool()
        except ValueError as error:
            return str(error)
        wrong = next((one for one in check_tool(tool.definition) if one.severity == "error"), None)
        return tool if wrong is None else wrong.message

    def moved(self, old: Path, new: Path) -> None:
        """The file has another name now: its edit goes with it."""
        self._session.keep(_name(new), self._session.recall(_name(old)))
        self._session.keep(_name(old), None)

    def as_text(self, opened: OpenTool, tool: Tool) -> str:
        """Return what the file would hold with this tool in it."""
        return written(opened.text, tool, opened.path.stem, "json" if opened.path.suffix == ".json" else "toml")


def _name(path: Path) -> str:
    return f"tool edit {path}"
