"""Linear mode in a terminal: lines only, ctrl+c, ctrl+d, a dumb terminal, being killed."""

from __future__ import annotations

import os
import re
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from meshtui.sandbox import Sandbox, Settings
from tests.terminal import Terminal, at
from tests.workbench import new_session

pytestmark = pytest.mark.skipif(os.name != "posix", reason="pseudo-terminals are of POSIX systems")

HARMLESS = re.compile(rb"\x1b\[\?2004[hl]|\x1b\[K|\x1b\[C")
"""What the line editor itself sends: whether pastes are marked, and erasing to the right of what is typed."""


@pytest.fixture(scope="module")
def slow() -> Iterator[Sandbox]:
    with Sandbox(Settings(rpm=100_000, speed=40)) as box:
        yield box


def linear(home: Path, box: Sandbox, model: str = "sandbox/haiku", term: str = "xterm-256color") -> Terminal:
    """Start linear mode on a sandbox, and wait for its prompt."""
    home.mkdir(exist_ok=True)
    (home / "config.toml").write_text(f'[profiles.default]\nmodel = "{model}"\n')
    arguments = [] if term == "dumb" else ["--linear"]
    terminal = Terminal(*arguments, home=home, env={**at(box.url), "TERM": term}, size=(100, 40))
    terminal.wait("Type a message and enter sends it", "\n>")
    return terminal


def asked(terminal: Terminal, text: str) -> None:
    """Wait until a text was told and the next line is asked for."""
    terminal.wait_for(lambda shown: text in shown and shown.rstrip().endswith("\n>"), f"{text} and the next prompt")


def test_nothing_is_drawn_over(home: Path, slow: Sandbox) -> None:
    with linear(home, slow) as terminal:
        terminal.send("hello\r")
        terminal.wait("Answer of sandbox/haiku:", "Done, ")
        terminal.send("/usage\r")
        asked(terminal, "Last run:")
        terminal.press("ctrl+d")
        assert terminal.wait_end() == 0
        raw = HARMLESS.sub(b"", bytes(terminal.raw))
    assert b"\x1b" not in raw, re.findall(rb"\x1b.{0,12}", raw)[:5]


def test_ctrl_c_stops_the_answer_and_keeps_it_and_does_not_leave(home: Path, slow: Sandbox) -> None:
    with linear(home, slow, "sandbox/markdown") as terminal:
        terminal.send("go on\r")
        terminal.wait("promise")
        terminal.press("ctrl+c")
        asked(terminal, "Stopped, what arrived is kept")
        terminal.press("ctrl+c")
        terminal.wait("ctrl+d or /quit leaves.")
        terminal.send("/read\r")
        terminal.wait_for(lambda shown: shown.count("Stopped, what arrived is kept") == 2, "the answer again")
        terminal.send("/quit\r")
        assert terminal.wait_end() == 0
    session = new_session(home, slow.url)
    session.open()
    assert "promise" in session.nodes[-1].message.text
    session.close()


def test_a_dumb_terminal_gets_it_unasked_and_not_one_escape(home: Path, slow: Sandbox) -> None:
    with linear(home, slow, term="dumb") as terminal:
        terminal.wait("TERM is dumb")
        terminal.send("hello\r")
        asked(terminal, "Done, ")
        terminal.press("ctrl+d")
        assert terminal.wait_end() == 0
        assert b"\x1b" not in terminal.raw


def test_what_was_typed_and_what_arrived_survive_a_kill(home: Path, slow: Sandbox) -> None:
    with linear(home, slow, "sandbox/markdown") as terminal:
        terminal.send("remember this\r")
        terminal.wait("promise")
        terminal.signal(signal.SIGTERM)
        terminal.wait_end()
    session = new_session(home, slow.url)
    session.open()
    user, answer = session.nodes[-2:]
    assert user.message.text == "remember this" and "promise" in answer.message.text
    session.close()


def test_a_paste_of_several_lines_is_one_message(home: Path, slow: Sandbox) -> None:
    with linear(home, slow, "sandbox/echo") as terminal:
        terminal.paste("first line\nsecond line")
        terminal.wait("second line")
        assert not slow.requests or all("first line" not in str(row.get("body")) for row in slow.requests)
        terminal.press("enter")
        asked(terminal, "Done, ")
        terminal.press("ctrl+d")
        terminal.wait_end()
    said = slow.requests[-1]["body"] if "messages" in (slow.requests[-1]["body"] or {}) else slow.requests[-2]["body"]
    assert said["messages"][-1]["content"] == "first line\nsecond line"


def test_words_are_completed(home: Path, slow: Sandbox) -> None:
    with linear(home, slow) as terminal:
        terminal.send("/conv\t\r")
        asked(terminal, "There are no conversations yet.")
        terminal.press("ctrl+d")
        assert terminal.wait_end() == 0
