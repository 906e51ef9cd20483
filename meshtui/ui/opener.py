"""Opening a link or a file with the system's own program, when the user asked for exactly that."""

from __future__ import annotations

import subprocess
import sys
import webbrowser
from pathlib import Path
from urllib.parse import urlsplit


def open_target(target: str) -> str:
    """Open a web address or an existing file; return in one sentence what was done. Blocks: call it in a thread."""
    scheme = urlsplit(target).scheme.lower()
    if scheme in ("http", "https"):
        return (
            "Opened in the browser." if webbrowser.open(target) else "There is no browser here; copy the link instead."
        )
    path = Path(target)
    if not path.is_absolute() or not path.is_file():
        return "Only web addresses and files kept here are opened; copy it instead."
    command = ["open"] if sys.platform == "darwin" else ["xdg-open"]
    try:
        subprocess.Popen(  # noqa: S603 - the user chose to open this file
            [*command, str(path)], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
    except OSError:
        return f"There is no program here that opens files; it is at {path}"
    return "Opened."
