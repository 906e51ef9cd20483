"""Opening a text in the user's own editor or pager while the workbench steps aside."""

from __future__ import annotations

import os
import shlex
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from textual.app import App, SuspendNotSupported

from meshtui.core.text import clean


def edit(app: App[Any], text: str, suffix: str) -> tuple[str, str]:
    """Return the text as the editor left it, and a sentence where that could not be done (the text is unchanged)."""
    command = os.environ.get("VISUAL") or os.environ.get("EDITOR") or "vi"
    handle, name = tempfile.mkstemp(suffix=suffix, prefix="meshtui-")
    path = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(text.encode())
        fault = _run(app, [*shlex.split(command), name])
        if fault:
            return text, fault
        edited = path.read_bytes().decode(errors="replace")  # line ends as they are
        added = "" if text.endswith("\n") else "\r\n" if edited.endswith("\r\n") else "\n"
        return edited.removesuffix(added), ""
    except (OSError, ValueError) as error:
        return text, f"{command} could not edit the text: {error}"
    finally:
        path.unlink(missing_ok=True)


def edit_file(app: App[Any], path: Path) -> str:
    """Open a file itself in the user's editor; return a sentence where that could not be done."""
    command = os.environ.get("VISUAL") or os.environ.get("EDITOR") or "vi"
    try:
        return _run(app, [*shlex.split(command), str(path)])
    except (OSError, ValueError) as error:
        return f"{command} could not edit {path.name}: {error}"


def page(app: App[Any], text: str) -> str:
    """Show a text in the user's pager; return a sentence where that could not be done."""
    command = os.environ.get("PAGER") or "less"
    handle, name = tempfile.mkstemp(suffix=".md", prefix="meshtui-")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(clean(text))
        return _run(app, [*shlex.split(command), name])
    except (OSError, ValueError) as error:
        return f"{command} could not show the text: {error}"
    finally:
        Path(name).unlink(missing_ok=True)


def _run(app: App[Any], argv: list[str]) -> str:
    if app.is_web:
        return "Editor and pager are not there in a browser; the text can be edited and read here."
    try:
        with app.suspend():
            code = subprocess.run(argv, check=False).returncode  # noqa: S603 - the user's own $EDITOR
    except SuspendNotSupported:
        return "This terminal cannot step aside for an editor."
    except FileNotFoundError:
        return f"There is no program {argv[0]!r}: set EDITOR and PAGER to ones that are installed."
    return f"{argv[0]} ended with code {code}; the text is unchanged." if code else ""
