"""`meshtui keys`: what the terminal sends for a key, what that is called and runs; `--list` prints all keys."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING

from meshtui.cli.output import OK, USAGE, emit, emit_json, refuse, say
from meshtui.store.config import load
from meshtui.store.paths import find_paths

if TYPE_CHECKING:
    from meshtui.ui.keymap import Keymap


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of `keys`."""
    parser.add_argument("--list", action="store_true", help="print every command with its keys, and what clashes")
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="with --list: one JSON object")
    form.add_argument("--markdown", action="store_true", help="with --list: tables in Markdown")


def keys(arguments: argparse.Namespace) -> int:
    """Print the table of keys, or tell of each key that is pressed; return the exit code."""
    from meshtui.ui.keymap import read_keymap

    config = load(find_paths(os.environ, getattr(arguments, "home", None)))
    keymap = read_keymap(config.ui.keys)
    if arguments.list or arguments.json or arguments.markdown:
        return _list(arguments, keymap)
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        refuse("`meshtui keys` shows what a terminal sends, and needs one; `meshtui keys --list` works without.")
    from meshtui.cli.key_doctor import watch

    return watch(keymap, surroundings(os.environ))


def _list(arguments: argparse.Namespace, keymap: Keymap) -> int:
    from meshtui.ui.key_table import as_markdown, as_text, key_rows

    if arguments.json:
        rows = [
            {
                "id": row.id,
                "where": row.where,
                "title": row.title,
                "keys": list(row.keys),
                "help": row.help,
                "in_palette": row.palette,
                "chosen": row.chosen,
            }
            for row in key_rows(keymap)
            if row.id
        ]
        emit_json({"keys": rows, "faults": list(keymap.faults)}, indent=2)
    elif arguments.markdown:
        emit(as_markdown(keymap), end="")
    else:
        emit(as_text(keymap))
        if keymap.chosen:
            emit("\n* from the config file")
    if not arguments.json:
        for fault in keymap.faults:
            say(fault)
    return USAGE if keymap.faults else OK


def surroundings(environ: Mapping[str, str]) -> list[str]:
    """Return in sentences what is known of the keys that this terminal or multiplexer keeps for itself."""
    told = [f"TERM is {environ.get('TERM') or 'not set'}."]
    program = environ.get("TERM_PROGRAM", "")
    if environ.get("TMUX"):
        told.append(
            f"tmux keeps {_tmux_prefix()} for itself, and sends keys of alt late where its escape-time is long."
        )
    elif environ.get("STY"):
        told.append("screen keeps ctrl+a for itself.")
    if environ.get("ZELLIJ"):
        told.append("zellij keeps ctrl+p, ctrl+o, ctrl+n, ctrl+q and others: lock it with ctrl+g.")
    if program == "Apple_Terminal":
        told.append(
            "Terminal of macOS sends alt only where “Use Option as Meta key” is set; fn may stand before f keys."
        )
    elif program == "iTerm.app":
        told.append("iTerm2 sends alt only where the left option key is set to Esc+ in the profile.")
    elif program == "vscode":
        told.append("VS Code keeps ctrl+p, f1 and others: see terminal.integrated.commandsToSkipShell.")
    if environ.get("WT_SESSION"):
        told.append("Windows Terminal keeps f11, alt+arrows and ctrl+shift with letters for itself.")
    if environ.get("SSH_TTY"):
        told.append("You are connected by ssh: enter, then ~ begins a command of ssh.")
    return told


def _tmux_prefix() -> str:
    """Return the prefix of the tmux around us, ctrl+b where it does not say."""
    import subprocess

    try:
        done = subprocess.run(
            ["tmux", "show-options", "-gv", "prefix"],  # noqa: S607 - the tmux that the user runs
            capture_output=True,
            text=True,
            timeout=2,
            check=False,
        )
    except (OSError, subprocess.SubprocessError):
        return "ctrl+b"
    prefix = done.stdout.strip()
    return prefix.replace("C-", "ctrl+").replace("M-", "alt+") if prefix else "ctrl+b"
