"""Opening a link or a file with the system's own program, when the user asked for exactly that."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import webbrowser
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from textual.app import App


async def open_target(app: App[Any], target: str) -> str:
    """Open a web address or an existing file; return in one sentence what was done."""
    is_link = urlsplit(target).scheme.lower() in ("http", "https")
    if not is_link and not await asyncio.to_thread(_is_file, target):
        return "Only web addresses and files kept here are opened; copy it instead."
    if not app.is_web:
        return await asyncio.to_thread(_open_link if is_link else _open_file, target)
    if is_link:
        app.open_url(target)
        return "Opened in another tab."
    app.deliver_binary(target)
    return "Sent to the browser as a download."


def _is_file(target: str) -> bool:
    path = Path(target)
    return path.is_absolute() and path.is_file()


def _open_link(target: str) -> str:
    return "Opened in the browser." if webbrowser.open(target) else "There is no browser here; copy the link instead."


def _open_file(path: str) -> str:
    command = ["open"] if sys.platform == "darwin" else ["xdg-open"]
    try:
        subprocess.Popen(  # noqa: S603 - the user chose to open this file
            [*command, path], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
    except OSError:
        return f"There is no program here that opens files; it is at {path}"
    return "Opened."
