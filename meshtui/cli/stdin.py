"""Stdin as one of the inputs of a command: `-` in place of a file, for one of them only, as it can be read once."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator

from meshtui.cli.output import refuse, say

MARK = "-"
"""What stands for stdin in place of a file. A file of that name is `./-`."""


def read_stdin(what: str, most: int | None = None) -> str:
    """Return the text on stdin; `what` it is for is told where a person has to type it. Refuses what is no UTF-8.

    So is what has more than `most` bytes, where a limit is named.
    """
    if sys.stdin is None:
        refuse(f"stdin is closed: give {what} as an argument")
    if sys.stdin.isatty():
        say(f"reading {what} from the terminal; ctrl+d on a line of its own ends it")
    raw = sys.stdin.buffer.read(-1 if most is None else most + 1)
    if most is not None and len(raw) > most:
        from meshtui.core.attachments import size_words

        refuse(f"stdin has more than the {size_words(most)} that are read at once")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        refuse(f"stdin is not UTF-8 text: byte {error.start + 1} cannot be read")


def once(asking: list[str]) -> None:
    """Refuse where more than one input asks for stdin; `asking` are their names."""
    if len(asking) > 1:
        refuse(f"stdin can be read once, and both {asking[0]} and {asking[1]} ask for it: put one into a file")


def settle(arguments: argparse.Namespace, *, needs_prompt: bool = False) -> None:
    """Give stdin to the one input of the options that asks for it, else to the prompt where none was given.

    Values of slots are read here, into `arguments.stdin`: each lane of a comparison takes them. Refuses where two ask,
    and where another has it and a prompt is needed.
    """
    asking = list(_asking(arguments))
    once(asking)
    if asking and getattr(arguments, "prompt", "") is None:
        if needs_prompt:
            refuse(f"{asking[0]} reads stdin: give the prompt as an argument")
        arguments.prompt = ""
    if asking and asking[0].startswith(("-v", "--values")):
        arguments.stdin = read_stdin("the values of slots")


def _asking(arguments: argparse.Namespace) -> Iterator[str]:
    """Yield each input that asks for stdin, as the user wrote it."""
    if getattr(arguments, "prompt", "") == MARK:
        yield "the prompt"
    for flag in ("tools", "respond"):
        yield from (f"--{flag}" for name in getattr(arguments, flag, ()) if name == MARK)
    if arguments.values == MARK:
        yield "--values"
    yield from (f"-v {pair}" for pair in arguments.var if pair.partition("=")[2] == f"@{MARK}")
