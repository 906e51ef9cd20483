"""Where output goes: stdout carries data only, stderr the narration; a closed pipe ends the command."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable
from typing import Any, NoReturn

from meshtui.core.text import clean, json_text, mask_secrets

OK, FAULT, USAGE, KEY, LIMITED, SPENT, NOT_FOUND, INTERRUPTED = 0, 1, 2, 3, 4, 5, 7, 130


class Refused(Exception):
    """The command cannot be done as it was asked for: one sentence, and the exit code that goes with it."""

    def __init__(self, sentence: str, code: int = USAGE) -> None:
        super().__init__(sentence)
        self.code = code


class Unwritable(Refused):
    """Nothing can be written to stdout."""


def say(sentence: str) -> None:
    """Write one line of narration to stderr; what of it is foreign is made harmless and holds no key.

    A stderr that is closed, gone or full changes nothing of how a command ends.
    """
    if sys.stderr is None:
        return
    try:
        sys.stderr.write(f"meshtui: {clean(mask_secrets(sentence))}\n")
        sys.stderr.flush()
    except OSError:
        close_quietly(sys.stderr)


def emit(text: str, end: str = "\n") -> None:
    """Write data to stdout at once: exactly as it is to a pipe or file, made harmless on a terminal."""
    _write((clean(text) if sys.stdout is not None and sys.stdout.isatty() else text) + end)


def emit_json(value: Any, indent: int | None = None, end: str = "\n") -> None:
    """Write one JSON value and a line end to stdout; in escapes where its encoding lacks a character."""
    _write(json_text(value, indent) + end, _escaped)


def _write(text: str, instead: Callable[[str], str] | None = None) -> None:
    """Write to stdout; `instead` makes a text for an encoding that lacks a character, else that becomes a `?`."""
    if sys.stdout is None:
        raise Unwritable("stdout is closed: there is nowhere to write to")
    try:
        try:
            sys.stdout.write(text)
        except UnicodeEncodeError:
            encoding = sys.stdout.encoding  # the error names the family alone, "charmap"
            sys.stdout.write(instead(text) if instead else text.encode(encoding, "replace").decode(encoding))
        sys.stdout.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        close_quietly(sys.stdout)
        raise Unwritable(f"stdout cannot be written: {(error.strerror or str(error)).lower()}") from None


def _escaped(text: str) -> str:
    """Return JSON with every character beyond ASCII as an escape."""
    import json

    return re.sub(r"[^\x00-\x7f]", lambda found: json.dumps(found[0])[1:-1], text)


def close_quietly(stream: Any) -> None:
    """Point a stream whose reader is gone at nothing, so that the interpreter's own flush at exit is silent."""
    nothing = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nothing, stream.fileno())
    os.close(nothing)


def refuse(sentence: str, code: int = USAGE) -> NoReturn:
    """End the command with one sentence on stderr."""
    raise Refused(sentence, code)
