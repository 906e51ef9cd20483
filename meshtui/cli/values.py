"""What an option may hold, said in one sentence where it does not."""

from __future__ import annotations

import argparse


def named(text: str) -> str:
    """Return a name as it was given; raises ArgumentTypeError for an empty one, as from a variable that is not set."""
    if not text.strip():
        raise argparse.ArgumentTypeError("it is empty: give a name, or leave the option out")
    return text


def whole(text: str) -> int:
    """Return a whole number from 0 up; raises ArgumentTypeError."""
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number from 0 up")
    return int(text)


def positive(text: str) -> int:
    """Return a whole number from 1 up; raises ArgumentTypeError."""
    if not text.isdecimal() or not int(text):
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number from 1 up")
    return int(text)
