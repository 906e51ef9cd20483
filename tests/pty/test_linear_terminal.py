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
        terminal.wait("Answer of sandbox/haiku:")
        asked(terminal, "Done, ")
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
        told = b"Stopped, what arrived is kept"  # the first may have left the screen at its top
        terminal.wait_for(lambda _: terminal.raw.count(told) == 2, "the answer again")
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


def test_the_jobs_send_nothing_but_lines_to_a_dumb_terminal(home: Path, box: Sandbox) -> None:
    (home / "templates").mkdir(parents=True)
    (home / "templates" / "t.toml").write_text('system = "Say {{what}}"\n')
    (home / "templates" / "t.values.toml").write_text('[one]\nwhat = "one"\n[two]\nwhat = "two"\n')
    with linear(home, box, "sandbox/echo", term="dumb") as terminal:
        for line, told in (
            ("/template t", "Slot what has no value yet"),
            ("/values", "A number takes one, /run runs with it."),
            ("1", "Slot what is one."),
            ("/run", "Done, "),
            ("/values two", "Slot what is two."),
            ("/run", "/diff says how"),
            ("/diff", "of the words are the same."),
            ("/compare blind sandbox/echo sandbox/haiku", "Message for 2 models:"),
            ("Which?", "2 of 2 answers are whole."),
            ("/vote 1", "Your vote goes to answer 1"),
            ("/model sandbox/fault-429-long", "Model: sandbox/fault-429-long"),
            ("/new", "A new conversation."),
            ("hello", "Type a number, or go on"),
            ("2", "ctrl+c stops waiting."),
        ):
            terminal.send(f"{line}\r")
            terminal.wait_for(lambda shown, told=told: told in shown, told)  # type: ignore[misc]
        terminal.press("ctrl+c")
        asked(terminal, "Not waiting any more; /retry tries again.")
        terminal.press("ctrl+d")
        assert terminal.wait_end() == 0
        raw = bytes(terminal.raw)
    assert not re.findall(rb"[\x00-\x09\x0b\x0c\x0e-\x1f\x7f]|\r(?!\n)", raw)


def test_ctrl_c_at_a_question_leaves_what_asked(home: Path, box: Sandbox) -> None:
    (home / "templates").mkdir(parents=True)
    (home / "templates" / "t.toml").write_text('system = "Say {{what}}"\n')
    with linear(home, box, "sandbox/echo") as terminal:
        terminal.send("/template t\r")
        asked(terminal, "Slot what has no value yet")
        terminal.send("/run\r")
        terminal.wait("Value of what:")
        terminal.press("ctrl+c")
        asked(terminal, "The template was not run.")
        terminal.send("/compare sandbox/echo sandbox/haiku\r")
        terminal.wait("Message for 2 models:")
        terminal.press("ctrl+c")
        asked(terminal, "Nothing was sent.")
        terminal.press("ctrl+d")
        assert terminal.wait_end() == 0


def test_ctrl_c_at_the_question_whether_a_command_may_run_refuses_it(home: Path, box: Sandbox) -> None:
    (home / "tools").mkdir(parents=True)
    (home / "tools" / "touch.toml").write_text(
        'name = "touch"\n[parameters]\ntype = "object"\n[responder]\nkind = "command"\nargv = ["touch", "ran"]\n'
    )
    with linear(home, box, "sandbox/tools") as terminal:
        terminal.send("/tools touch\r")
        asked(terminal, "1 touch, on")
        terminal.send("touch\r")
        terminal.wait("Run it? y or n:")
        terminal.press("ctrl+c")
        terminal.wait("Result of call 1, touch; empty leaves it open:")
        terminal.send("by hand\r")
        asked(terminal, "by hand\n")
        terminal.press("ctrl+d")
        assert terminal.wait_end() == 0
    assert not (home / "tools" / "ran").exists()


def test_without_a_key_the_first_message_asks_for_one(home: Path, box: Sandbox) -> None:
    key = "rsk_01JDEMO0000000000000009F2A"
    env = {"MESHAPI_BASE_URL": box.url, "MESHAPI_API_KEY": "", "TERM": "dumb"}
    with Terminal(home=home, env=env, size=(100, 40)) as terminal:
        terminal.wait("without a key", "\n>")
        terminal.send(f"{key}\r")
        asked(terminal, "This looks like an API key, so it was not sent.")
        terminal.send("hello\r")
        terminal.wait("API key, not shown:")
        terminal.send("\r")
        asked(terminal, "Nothing was sent.")
        terminal.send("hello\r")
        terminal.wait_for(lambda shown: shown.count("API key, not shown:") == 2, "the question again")
        terminal.send(f"{key}\r")
        asked(terminal, "Done, ")
        assert terminal.display.count(key) == 1, "the question shows the key"
        terminal.press("ctrl+d")
        assert terminal.wait_end() == 0


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
    said = [row["body"] for row in slow.requests if row["path"].endswith("/chat/completions")][-1]
    assert said["messages"][-1]["content"] == "first line\nsecond line"


def test_words_are_completed(home: Path, slow: Sandbox) -> None:
    with linear(home, slow) as terminal:
        terminal.send("/conv\t\r")
        asked(terminal, "There are no conversations yet.")
        terminal.press("ctrl+d")
        assert terminal.wait_end() == 0
