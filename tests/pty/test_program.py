"""The whole program in a terminal, as a user has it."""

from __future__ import annotations

import os
import re
import signal
import sqlite3
import sys
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from meshtui.sandbox import Sandbox, Settings
from meshtui.session import CHECKPOINT_SECONDS
from meshtui.store.history import Store
from tests.terminal import Terminal, at

pytestmark = pytest.mark.skipif(os.name != "posix", reason="pseudo-terminals are of POSIX systems")


@pytest.fixture(scope="module")
def slow() -> Iterator[Sandbox]:
    with Sandbox(Settings(rpm=100_000, speed=40)) as box:
        yield box


def workbench(home: Path, box: Sandbox, model: str = "", size: tuple[int, int] = (80, 24)) -> Terminal:
    """Start the workbench on a sandbox, and wait until it can be typed in."""
    home.mkdir(exist_ok=True)
    if model:
        (home / "config.toml").write_text(f'[profiles.default]\nmodel = "{model}"\n')
    terminal = Terminal(home=home, env=at(box.url), size=size)
    terminal.wait_for(
        lambda shown: "f2 model" in shown and (home / "data" / "history.db").exists(), "an open workbench"
    )
    return terminal


def answer_on_disk(home: Path) -> str:
    """Return what is on disk of the answer that streams."""
    with sqlite3.connect(home / "data" / "history.db") as history:
        pieces = history.execute("SELECT body FROM piece WHERE kind = 'content' ORDER BY id").fetchall()
    history.close()
    return "".join(body for (body,) in pieces)


def workbench_of_size(home: Path, box: Sandbox, size: tuple[int, int]) -> Terminal:
    """Start the workbench in a terminal of this size; the key line may be cut there."""
    home.mkdir(exist_ok=True)
    (home / "config.toml").write_text('[profiles.default]\nmodel = "sandbox/haiku"\n')
    terminal = Terminal(home=home, env=at(box.url), size=size)
    terminal.wait("type a message")
    return terminal


def chats(box: Sandbox) -> list[dict[str, Any]]:
    """Return the chat requests that the sandbox saw."""
    return [request for request in box.requests if request["path"].endswith("/chat/completions")]


def answers(home: Path) -> list[tuple[str, str]]:
    """Return state and text of every answer on disk, the first one first."""
    with Store.open(home / "data" / "history.db", time.time) as store:
        found = [
            (node.turn.state.value, str(node.turn.content))
            for row in reversed(store.conversations())
            for last in store.history(row.head_id or "")
            for node in (store.siblings(last.id) if last.turn_id else ())
            if node.turn is not None
        ]
    return found


def streamed(shown: str) -> str:
    """Return the last whole line of the answer on a screen, as a reader sees it, empty where there is none yet."""
    lines = shown.splitlines()
    state = next((number for number, line in enumerate(lines) if "esc stops" in line), 0)
    text = [line.strip(" ▎▌") for line in lines[1:state] if len(line.strip()) > 30]
    return text[-1][:30] if text else ""


def answered(terminal: Terminal, home: Path, text: str = "") -> str:
    """Ask, or wait for what was asked: until the answer is on disk, and on the screen; return the screen."""
    if text:
        terminal.ask(text)
    terminal.wait_for(lambda _: answers(home) and answers(home)[-1][0] == "done", "the answer on disk")
    return terminal.wait_for(lambda shown: "firstword" in "".join(shown.split()), "the figures of the answer")


def prompt_at_foot(columns: int, rows: int, shown: str) -> bool:
    """Whether the prompt stands at the lower edge of a screen of this size, as wide as it."""
    return any(len(line) == columns and "▁▁▁" in line for line in shown.splitlines()[max(rows - 4, 0) :])


def is_kept(home: Path, seen: str) -> bool:
    """Whether a line that a reader saw is on disk: Markdown has marks that are not seen."""
    plain = re.sub(r"[*`#]", "", answer_on_disk(home))
    return "".join(seen.split()) in "".join(plain.split())


def test_the_demo_says_what_it_is_answers_and_leaves_the_terminal_as_it_was(home: Path) -> None:
    with Terminal("demo", home=home) as terminal:
        terminal.wait("DEMO", "type a message", "sandbox/markdown")
        terminal.ask("hello")
        terminal.wait("streaming")
        terminal.press("escape")
        terminal.wait("stopped")
        terminal.press("ctrl+q")
        assert terminal.wait_end() == 0
        terminal.assert_restored()
        assert terminal.modes()["1049"] is False, "it never drew on the alternate screen"


def test_a_question_is_answered_and_all_of_it_is_there_after_a_restart(home: Path, box: Sandbox) -> None:
    with workbench(home, box, "sandbox/haiku") as terminal:
        shown = answered(terminal, home, "write a haiku").splitlines()
        first = next(number for number, line in enumerate(shown) if "assistant" in line) + 1
        terminal.send("not sent yet")
        terminal.wait("not sent yet")
        terminal.press("ctrl+q")
        assert terminal.wait_end() == 0
        terminal.assert_restored()
    with workbench(home, box) as again:
        again.wait("write a haiku", "not sent yet", shown[first].strip())


def test_what_is_typed_is_kept_even_when_the_program_ends_at_once(home: Path, box: Sandbox) -> None:
    with workbench(home, box, "sandbox/haiku") as terminal:
        terminal.send("typed and left")
        terminal.press("ctrl+q")
        assert terminal.wait_end() == 0
    with workbench(home, box) as again:
        again.wait("typed and left")


def test_escape_stops_and_f5_asks_again(home: Path, slow: Sandbox) -> None:
    with workbench(home, slow, "sandbox/markdown") as terminal:
        terminal.ask("hello")
        terminal.wait_for(lambda _: answer_on_disk(home), "text on disk")
        terminal.press("escape")
        terminal.wait("stopped")
        kept = answers(home)
        assert len(kept) == 1 and kept[0][0] == "stopped" and kept[0][1]
        terminal.wait_for(
            lambda shown: "f5 retry" in shown.splitlines()[-1] and "esc stop" not in shown.splitlines()[-1],
            "the key that retries in place of the one that stops",
        )
        terminal.press("f5")
        terminal.wait("streaming")
        terminal.press("escape")
        terminal.wait("stopped")
        assert [state for state, _ in answers(home)] == ["stopped", "stopped"]
        assert terminal.display.count("sandbox/markdown") >= 1


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_keeps_the_text_and_restores_the_terminal(home: Path, slow: Sandbox, number: signal.Signals) -> None:
    with workbench(home, slow, "sandbox/markdown") as terminal:
        terminal.ask("hello")
        terminal.wait("streaming")
        terminal.wait_for(lambda _: len(answer_on_disk(home)) > 20, "text on disk")
        terminal.send("half a thou")
        terminal.wait("half a thou")
        terminal.signal(number)
        terminal.wait_end()
        terminal.assert_restored()
        assert b"Traceback" not in terminal.raw
    state, text = answers(home)[0]
    assert state == "stopped" and len(text) > 20
    with workbench(home, slow) as again:
        again.wait("stopped", "half a thou")


def test_a_closed_window_ends_the_program_and_keeps_the_text(home: Path, slow: Sandbox) -> None:
    with workbench(home, slow, "sandbox/markdown") as terminal:
        terminal.ask("hello")
        terminal.wait_for(lambda _: answer_on_disk(home), "text on disk")
        terminal.hang_up()
    state, text = answers(home)[0]
    assert state == "stopped" and text


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere a terminal that is gone cannot be waited for")
def test_a_terminal_that_goes_without_a_signal_ends_the_program_too(home: Path, box: Sandbox) -> None:
    with Terminal(home=home, env=at(box.url), controls=False) as terminal:
        terminal.wait("type a message")
        terminal.hang_up()


def test_after_kill_9_at_most_a_second_of_text_is_lost(home: Path, slow: Sandbox) -> None:
    with workbench(home, slow, "sandbox/markdown") as terminal:
        terminal.ask("hello")
        terminal.wait_for(lambda _: answer_on_disk(home), "a first checkpoint")
        seen = streamed(terminal.wait_for(streamed, "a whole line of the answer"))
        assert CHECKPOINT_SECONDS <= 1.0
        end = time.monotonic() + CHECKPOINT_SECONDS
        terminal.wait_for(lambda _: time.monotonic() > end, "a second to pass")
        terminal.wait_for(
            lambda _: is_kept(home, seen), "what was seen a second ago on disk"
        )  # at once, on an idle machine
        terminal.signal(signal.SIGKILL)
        terminal.wait_end()
    kept = answer_on_disk(home)
    assert is_kept(home, seen)
    with workbench(home, slow) as again:
        again.wait("interrupted", "f5 retries")
        assert "hello" in again.flat or kept
    state, text = answers(home)[0]
    assert state == "interrupted" and text == kept


def test_a_paste_of_many_lines_sends_nothing_and_goes_out_whole(home: Path, box: Sandbox) -> None:
    text = "\n".join(f"line {number} of the paste" for number in range(1, 201))
    with workbench(home, box, "sandbox/haiku") as terminal:
        seen = chats(box)
        terminal.paste(text)
        terminal.wait("[pasted 200 lines")
        assert "line 100 of" not in terminal.display and len(chats(box)) == len(seen)
        terminal.send(" and this")
        terminal.wait("and this")
        terminal.press("enter")
        answered(terminal, home)
        assert len(chats(box)) == len(seen) + 1
        assert chats(box)[-1]["body"]["messages"][-1]["content"] == f"{text} and this"


def test_any_size_and_any_change_of_size_while_it_streams(home: Path, slow: Sandbox) -> None:
    sizes = [(40, 12), (200, 60), (80, 24), (61, 17), (132, 43), (40, 60), (200, 12), (20, 6), (80, 24)]
    with workbench(home, slow, "sandbox/markdown") as terminal:
        terminal.ask("hello")
        terminal.wait("streaming")
        for columns, rows in sizes:
            terminal.resize(columns, rows)
            terminal.wait_for(
                partial(prompt_at_foot, columns, rows), f"the prompt at the lower edge of {columns}×{rows}"
            )
        terminal.press("escape")
        terminal.wait("stopped")
        terminal.press("ctrl+q")
        assert terminal.wait_end() == 0
        terminal.assert_restored()


def test_of_many_sizes_at_once_the_last_one_holds(home: Path, box: Sandbox) -> None:
    with workbench(home, box, "sandbox/haiku") as terminal:
        for _ in range(100):
            terminal.resize(20, 6)
            terminal.resize(80, 24)
        terminal.resize(20, 6)
        terminal.wait("too small")
        terminal.resize(80, 24)
        terminal.wait("f2 model")


@pytest.mark.parametrize("size", [(40, 12), (200, 60)])
def test_it_starts_in_any_size(home: Path, box: Sandbox, size: tuple[int, int]) -> None:
    with workbench_of_size(home, box, size) as terminal:
        answered(terminal, home, "hi")
        terminal.press("ctrl+q")
        assert terminal.wait_end() == 0
        terminal.assert_restored()


def test_no_color_is_honoured(home: Path, box: Sandbox) -> None:
    (home).mkdir()
    (home / "config.toml").write_text('[profiles.default]\nmodel = "sandbox/markdown"\n')
    with Terminal(home=home, env={**at(box.url), "NO_COLOR": "1"}) as terminal:
        terminal.wait("type a message")
        answered(terminal, home, "hello")
        for numbers in re.findall(rb"\x1b\[[34]8;2;([0-9;]+?)m", bytes(terminal.raw)):
            red, green, blue = numbers.split(b";")[:3]
            assert red == green == blue, f"a colour: {numbers!r}"


def test_ctrl_c_in_a_headless_run_ends_with_130(home: Path, slow: Sandbox) -> None:
    with Terminal("run", "hello", "-m", "sandbox/markdown", home=home, env=at(slow.url)) as terminal:
        terminal.wait_for(lambda shown: len(shown.strip()) > 40, "some of the answer")
        terminal.press("ctrl+c")
        assert terminal.wait_end() == 130
        terminal.assert_restored()
        assert "Traceback" not in terminal.display and "what arrived is kept" in terminal.display
    assert answers(home)[0][0] == "stopped"


def test_a_bad_config_file_is_one_sentence_in_an_untouched_terminal(home: Path, box: Sandbox) -> None:
    home.mkdir()
    (home / "config.toml").write_text("[ui\n")
    with Terminal(home=home, env=at(box.url)) as terminal:
        assert terminal.wait_end() == 2
        assert "config.toml" in terminal.flat and "Traceback" not in terminal.display
        assert terminal.modes() == {}
