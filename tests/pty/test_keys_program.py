"""Keys of the user's own in the whole program: what is shown, what works, and what `meshtui keys` says are one."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from meshtui.sandbox import Sandbox, Settings
from tests.terminal import Terminal, at

pytestmark = pytest.mark.skipif(os.name != "posix", reason="pseudo-terminals are of POSIX systems")

CONFIG = """\
[profiles.default]
model = "sandbox/haiku"
[ui.keys]
"model.choose" = "f11"
"conversation.new" = "ctrl+k"
"app.help" = "f12"
"turn.retry" = "x"
"conversation.list" = "ctrl+i"
"""
F11, F12 = "\x1b[23~", "\x1b[24~"


def test_chosen_keys_work_and_are_shown_everywhere(home: Path) -> None:
    home.mkdir(parents=True)
    (home / "config.toml").write_text(CONFIG)
    with Sandbox(Settings()) as box, Terminal(home=home, env=at(box.url), size=(80, 24)) as terminal:
        terminal.wait("x is needed for typing there", "ctrl+i as for tab, so ctrl+r stays", "which has lost it")
        terminal.wait("f11 model", "^k new", "f12 help")
        terminal.wait("palette open a prompt template")  # it stood under the notices
        terminal.press("f2")
        terminal.send("mix")
        terminal.wait("mix")
        assert "Choose a model" not in terminal.display, "the old key still runs it"
        terminal.press(F11)
        terminal.wait("Choose a model")
        terminal.press("escape")
        terminal.wait_gone("Choose a model")
        terminal.press(F12)
        terminal.wait("Here you type the next message")
        terminal.send("choose the model for")
        terminal.wait("f11 ")
        terminal.press(F12)
        terminal.wait_gone("Here you type")
        terminal.press("ctrl+p")
        terminal.wait("Search for commands")
        terminal.send("conversations")
        terminal.wait("Conversations  (ctrl+r)")
        terminal.press("escape")
        terminal.wait_gone("Conversations  (ctrl+r)")
        terminal.press("enter")
        terminal.wait_gone("A new conversation.")
        terminal.press("ctrl+k")
        terminal.wait("A new conversation.")
        terminal.press("ctrl+q")
        assert terminal.wait_end() == 0
    listed = subprocess.run(
        [sys.executable, "-m", "meshtui", "keys", "--list", "--json"],
        env={**os.environ, "MESHTUI_HOME": str(home)},
        capture_output=True,
        text=True,
        check=False,
    )
    table = json.loads(listed.stdout)
    keys = {row["id"]: row["keys"] for row in table["keys"]}
    assert listed.returncode == 2 and len(table["faults"]) == 3
    assert keys["model.choose"] == ["f11"] and keys["conversation.new"] == ["ctrl+k"] and keys["app.help"] == ["f12"]
    assert keys["turn.retry"] == ["f5"] and keys["conversation.list"] == ["ctrl+r"] and keys["template.list"] == []


def test_a_new_line_is_begun_by_what_a_plain_terminal_sends_for_alt_and_enter(home: Path) -> None:
    with Sandbox(Settings()) as box, Terminal(home=home, env=at(box.url), size=(80, 24)) as terminal:
        terminal.wait("A new conversation.")
        terminal.send("first line")
        terminal.wait("first line")
        terminal.send("\x1b\r")
        terminal.send("second line")
        screen = terminal.wait("second line")
        rows = [row.strip("▊▎ ") for row in screen.splitlines()]
        assert rows.index("second line") == rows.index("first line") + 1, screen
        assert "A new conversation." in screen, "the message was sent"
        terminal.press("ctrl+q")
        assert terminal.wait_end() == 0


def test_what_is_typed_while_the_program_starts_stands_in_the_prompt(home: Path) -> None:
    with Sandbox(Settings()) as box, Terminal(home=home, env=at(box.url), size=(80, 24)) as terminal:
        terminal.send("typed at once")
        terminal.wait("A new conversation.", "▊ typed at once")
        terminal.send(", and later")
        terminal.wait("▊ typed at once, and later")
        terminal.press("ctrl+q")
        assert terminal.wait_end() == 0
