"""`meshtui help`: the pages of the documentation, by topic, as plain text."""

from __future__ import annotations

import argparse
import os
import re
import shlex
import shutil
import subprocess
import sys
import textwrap
from dataclasses import dataclass
from pathlib import Path

from meshtui.cli.output import OK, emit, refuse
from meshtui.core.nearest import did_you_mean

WIDEST = 100
"""Columns beyond which lines are hard to read."""


@dataclass(frozen=True, slots=True)
class Topic:
    """A page of the documentation, or a section of one, and what it is about."""

    file: str
    about: str
    heading: str = ""


TOPICS = {
    "keys": Topic("keys.md", "every key and what it does"),
    "keystrokes": Topic("keys.md", "how few keys the usual jobs take", "Keystrokes"),
    "files": Topic("files-and-formats.md", "every file: where it is, what is in it"),
    "config": Topic("files-and-formats.md", "the config file", "Config"),
    "templates": Topic("files-and-formats.md", "template files and sets of values", "Templates"),
    "tools": Topic("files-and-formats.md", "tool files, and what answers their calls", "Tools"),
    "history": Topic("files-and-formats.md", "the history file", "History"),
    "gateways": Topic("gateways.md", "profiles; Ollama, vLLM, llama.cpp, LiteLLM, OpenRouter, proxies"),
    "headless": Topic("headless.md", "run, compare, usage and the rest in scripts"),
    "exit-codes": Topic("headless.md", "what a command's end says", "Exit codes"),
    "json": Topic("headless.md", "what --json and --events print", "JSON"),
    "themes": Topic("themes.md", "the themes, and making your own"),
    "linear": Topic("linear.md", "without redraws: screen readers, dumb terminals"),
    "serve": Topic("serve.md", "the workbench in a browser"),
    "privacy": Topic("privacy.md", "what is kept where, what is sent where, how to erase it"),
    "terminals": Topic("terminals.md", "terminals, clipboards, tmux: what works and what does not"),
    "architecture": Topic("architecture.md", "how the program is built"),
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of `help`."""
    parser.add_argument("topic", nargs="?", metavar="TOPIC", help=f"one of: {', '.join(TOPICS)}")


def help_command(arguments: argparse.Namespace) -> int:
    """Print a page, or the topics; return the exit code."""
    width = min(shutil.get_terminal_size().columns, WIDEST)
    if arguments.topic is None:
        emit(_topics(width))
        return OK
    wanted = TOPICS.get(arguments.topic.lower())
    if wanted is None:
        refuse(f"there is no help on {arguments.topic!r}; {did_you_mean(arguments.topic.lower(), TOPICS)}")
    show(page(wanted, width))
    return OK


def _topics(width: int) -> str:
    """Return the topics and what each is about, wrapped."""
    lines = textwrap.wrap("meshtui help TOPIC, where the topic is one of:", width) + [""]
    for name, topic in TOPICS.items():
        lines += textwrap.wrap(topic.about, width, initial_indent=f"  {name:<14}", subsequent_indent=" " * 16)
    last = "meshtui COMMAND --help explains a command; f1 in the workbench, the pane you are in."
    return "\n".join([*lines, "", *textwrap.wrap(last, width)])


def page(topic: Topic, width: int) -> str:
    """Return the text of a topic; refuses where the documentation was not installed."""
    from meshtui.cli.plain_text import plain_text

    path = documents() / topic.file
    try:
        return plain_text(_PAGE.sub(_command, path.read_text(encoding="utf-8")), width, topic.heading)
    except OSError as error:
        refuse(f"{path} cannot be read: {error.strerror or error}")


_PAGE = re.compile(r"\[([\w-]+\.md)\]\(\1\)")
"""A page of the documentation that another one names."""


def _command(link: re.Match[str]) -> str:
    """Return the command that prints a page, in place of a link to it."""
    name = next((name for name, topic in TOPICS.items() if topic.file == link[1] and not topic.heading), "")
    return f"`meshtui help {name}`" if name else link[1]


def documents() -> Path:
    """Return the folder of the documentation: of a wheel, or of a working copy."""
    package = Path(__file__).resolve().parents[1]
    packed = package / "_docs"
    return packed if packed.is_dir() else package.parent / "docs"


def show(text: str) -> None:
    """Print a text: through the pager where stdout is a terminal and the text is longer than it."""
    lines = text.count("\n")
    if sys.stdout is not None and sys.stdout.isatty() and lines >= shutil.get_terminal_size().lines:
        command = shlex.split(os.environ.get("PAGER") or "less")
        if command and shutil.which(command[0]):
            # -F -X: what fits is printed and stays; -R is not needed, there are no colours.
            environment = {"LESS": "FX", **os.environ}
            subprocess.run(command, input=text.encode(), check=False, env=environment)  # noqa: S603 - the user's own
            return
    emit(text, end="")
