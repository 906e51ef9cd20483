"""The key doctor: a line for each key that is pressed, with what the terminal sent for it."""

from __future__ import annotations

import contextlib
import os
import select
import shutil
import sys
from collections.abc import Iterator, Sequence
from textwrap import fill
from typing import TYPE_CHECKING

from meshtui.cli.output import OK, emit, refuse

if TYPE_CHECKING:
    from meshtui.ui.keymap import Keymap

TOGETHER_SECONDS = 0.06
"""Bytes that arrive within this time belong to one key: alt and arrows come as several."""

_COLUMNS = f"{'sent':<18} {'key':<26} "
HEAD = f"{_COLUMNS}runs, by place"

MOST = 4
"""Commands that are named for one key; escape closes nearly everything."""


def readable(data: bytes) -> str:
    """Return bytes as `ESC [ 1 ; 3 D`, control characters by their names."""
    names = {0x1B: "ESC", 0x20: "SPACE", 0x7F: "DEL", 0x0D: "CR", 0x0A: "LF", 0x09: "TAB", 0x08: "BS", 0: "NUL"}
    words = list[str]()
    for character in data.decode("utf-8", "backslashreplace"):
        code = ord(character)
        words.append(names.get(code) or (f"^{chr(code + 64)}" if code < 0x20 else character))
    return " ".join(words)


def line_for(data: bytes, keymap: Keymap) -> tuple[str, str]:
    """Return the line that tells of what was sent, and the name of the last key in it."""
    from meshtui.ui.compat import keys_sent
    from meshtui.ui.keymap import commands_of

    keys = keys_sent(data.decode("utf-8", "replace"))
    runs = [command.id for key in keys for command in commands_of(key, keymap)]
    more = f" and {len(runs) - MOST} more" if len(runs) > MOST else ""
    named = " ".join(keys) or "no key"
    return f"{readable(data):<18} {named:<26} {' '.join(runs[:MOST]) or '–'}{more}", keys[-1] if keys else ""


def watch(keymap: Keymap, told: Sequence[str]) -> int:
    """Tell of each key until q is pressed twice, or ctrl+c; return the exit code."""
    width = shutil.get_terminal_size().columns
    for sentence in (*told, *keymap.faults):
        emit(fill(sentence, width))
    before = ""
    with _raw():
        emit("\nPress keys to see what arrives. q twice or ctrl+c leaves.\n")
        emit(HEAD)
        sys.stdout.flush()
        while data := _read():
            if data == b"\x03":
                break
            line, key = line_for(data, keymap)
            emit(fill(line, width, subsequent_indent=" " * min(len(_COLUMNS), max(width - 30, 0))))
            sys.stdout.flush()
            if key == before == "q":
                break
            before = key
    return OK


def _read() -> bytes:
    """Return the bytes of one key; nothing at the end of the input."""
    number = sys.stdin.fileno()
    data = os.read(number, 1024)
    while data and select.select([number], [], [], TOGETHER_SECONDS)[0]:
        more = os.read(number, 1024)
        if not more:
            break
        data += more
    return data


@contextlib.contextmanager
def _raw() -> Iterator[None]:
    """Read keys as the workbench does: raw, and with the keyboard protocol where the terminal has it."""
    try:
        import termios
        import tty
    except ImportError:
        refuse("`meshtui keys` needs a terminal of a Unix system; `meshtui keys --list` works without.")
    number = sys.stdin.fileno()
    before = termios.tcgetattr(number)
    try:
        tty.setraw(number)
        modes = termios.tcgetattr(number)
        modes[1] |= termios.OPOST  # a new line begins at the left all the same
        termios.tcsetattr(number, termios.TCSADRAIN, modes)
        sys.stdout.write("\x1b[>25u")  # all of the protocol that Textual asks for
        sys.stdout.flush()
        yield
    finally:
        sys.stdout.write("\x1b[<u")
        sys.stdout.flush()
        termios.tcsetattr(number, termios.TCSADRAIN, before)
