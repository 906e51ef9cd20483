"""Copying text out of the terminal: the system's own tool first, then the terminal itself, then a file.

Served to a browser, the system's tool is that of another machine: the text goes to the browser then.
"""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import Any

from textual.app import App

OSC52_LIMIT = 74_000
"""Characters that terminals take by OSC 52 before they begin to drop the sequence silently."""


async def copy(app: App[Any], text: str, folder: Path) -> str:
    """Put `text` on the clipboard and return in words how, or where it was written instead.

    To the terminal it goes by Textual's own `copy_to_clipboard`, in whose place the app has this.
    """
    if app.is_web:
        App.copy_to_clipboard(app, text)
        return "sent to the browser's clipboard"
    if await asyncio.to_thread(_by_tool, text):
        return "copied to the clipboard"
    if len(text) <= OSC52_LIMIT and os.environ.get("TERM", "") not in ("dumb", "linux", ""):
        App.copy_to_clipboard(app, text)
        return "sent to the terminal's clipboard (OSC 52)"
    path = folder / "copied.txt"
    await asyncio.to_thread(_to_file, path, text)
    return f"no clipboard here; written to {path}"


def _by_tool(text: str) -> bool:
    import pyperclip

    try:
        pyperclip.copy(text)
    except (pyperclip.PyperclipException, OSError):
        return False
    return True


def _to_file(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    path.chmod(0o600)
