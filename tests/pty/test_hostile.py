"""Hostile texts in every field of a reply, in the real program: what reaches the terminal, and what a reader sees."""

from __future__ import annotations

import os
import re
import sqlite3
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest

from meshtui.sandbox import Sandbox, Script
from tests import hostile
from tests.terminal import Terminal, at

pytestmark = pytest.mark.skipif(os.name != "posix", reason="pseudo-terminals are of POSIX systems")

HARMLESS = {
    "id": "harmless",
    "text": "Some *words* and `code`, [a link](https://example.test/).\n\n- one\n- two\n\n```py\nprint(1)\n```\n",
    "where": ["content", "reasoning", "tool_name", "tool_arguments", "error_message", "model_id", "finish_reason"],
    "limit": 3.0,
}
SHOWN = {"content", "tool_name", "model_id", "finish_reason"}
FOLDED = {"reasoning", "tool_arguments"}
SLOWER = 1.5
"""How much more of a processor's time a case may take than it allows: tests of others run at the same time."""

_SEQUENCE = re.compile(
    rb"\x1b\[([<=>?]?)([0-9;:]*)([ -/]*[@-~])|\x1b\]([^\x07\x1b]*)(?:\x07|\x1b\\)"
    rb"|\x1b[PX^_][^\x1b]*\x1b\\|\x1b[ -/]*[0-~]"
)
_COLOUR = re.compile(rb"(?:[345]8[;:]2[;:]\d+[;:]\d+[;:]\d+|[345]8[;:]5[;:]\d+|[34]9|[39]\d|4[0-7]|10[0-7])")


@pytest.fixture(scope="module")
def harmless(box: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> set[bytes]:
    """What the program writes when nobody means any harm."""
    with Terminal(home=tmp_path_factory.mktemp("harmless"), env=at(box.url), size=(100, 40)) as terminal:
        terminal.wait("A new conversation")
        for show in (as_shown, as_folded, as_refused):
            show(terminal, box, HARMLESS)
        return kinds(bytes(terminal.raw))


def kinds(raw: bytes) -> set[bytes]:
    """Return every kind of control sequence and every control character in what a program wrote."""
    raw = re.sub(rb"\x1b(?:\[[<=>?]?[0-9;:]*)?\Z", b"", raw)  # one that is still on its way
    found = set()
    for match in _SEQUENCE.finditer(raw):
        prefix, numbers, final, system = match.groups()
        if final == b"m":
            rest = {b"SGR " + number for number in _COLOUR.sub(b"", numbers).split(b";") if number}
            found |= rest - {b"SGR " + n for n in (b"0", b"1", b"2", b"3", b"4", b"7", b"9")}
        elif final in (b"h", b"l") or (final is not None and prefix):
            found.add(b"CSI " + prefix + numbers + final)
        elif final is not None:
            found.add(b"CSI " + final)
        else:
            found.add(match[0] if system is None else b"OSC " + system)
    rest_of_it = _SEQUENCE.sub(b"", raw).decode("utf-8", "surrogateescape")
    found |= {b"CHAR %04x" % ord(c) for c in set(rest_of_it) if ord(c) < 0x20 or 0x7F <= ord(c) < 0xA0}
    return found


def seen(text: str, markdown: bool) -> str:
    """Return a text as it is compared: without white space, and without what Markdown does not show."""
    return re.sub(r"[\s`\\*▌▎┊]" if markdown else r"[\s▌▎┊]", "", text)


def shows(case: dict[str, Any], times: int, markdown: bool) -> Callable[[str], bool]:
    """Return what a screen must fulfil: every text that must stay visible is there so often."""
    wanted = [seen(text, markdown) for text in case.get("must_stay_visible") or []]
    return lambda shown: all(seen(shown, markdown).count(text) >= times for text in wanted)


def ask(terminal: Terminal, box: Sandbox, script: Script) -> float:
    """Ask in a conversation of its own and get this answer; return what the program had worked before the key."""
    terminal.press("ctrl+n")
    terminal.wait_for(lambda shown: "A new conversation" in shown and "f5 retry" not in shown, "a new conversation")
    box.script(script)
    terminal.send("question")
    terminal.wait("question")
    began = terminal.worked()
    terminal.press("enter")
    return began


def assert_light(terminal: Terminal, began: float, case: dict[str, Any]) -> None:
    """Fail where the program worked for longer than a case allows."""
    worked, limit = terminal.worked() - began, float(case["limit"]) * SLOWER
    assert worked <= limit, f"{case['id']} took {worked:.1f} s of a processor, not {limit:g} s"


def leave_round(terminal: Terminal, where: set[str]) -> None:
    """Close the panel that a tool call opens."""
    if where & {"tool_name", "tool_arguments"}:
        terminal.wait("call 1 of 1", "esc later")
        terminal.press("escape")
        terminal.wait_gone("esc later")


def as_shown(terminal: Terminal, box: Sandbox, case: dict[str, Any]) -> None:
    """Show a case where no key is needed to see it."""
    where = SHOWN & set(case["where"])
    began = ask(terminal, box, hostile.reply(case, where))
    leave_round(terminal, where)
    terminal.wait("f5 retry")
    terminal.wait_for(shows(case, len(where), "content" in where), f"{where} of {case['id']}")
    assert_light(terminal, began, case)


def as_folded(terminal: Terminal, box: Sandbox, case: dict[str, Any]) -> None:
    """Show a case where it stands folded, and unfold it."""
    where = FOLDED & set(case["where"])
    began = ask(terminal, box, hostile.reply(case, where))
    leave_round(terminal, where)
    terminal.wait("f5 retry")
    terminal.wait("call_1" if "tool_arguments" in where else "▸ reasoning")
    assert_light(terminal, began, case)
    began = terminal.worked()
    terminal.press("f7")
    terminal.wait("y copy")
    if "tool_arguments" in where:
        terminal.press("alt+up", "space", "alt+up")
    if "reasoning" in where:
        terminal.press("space")
        if len(hostile.text_of(case)) < 1000:
            terminal.wait("▾ reasoning")
    terminal.press("end")
    times = len(where) if len(hostile.text_of(case)) < 1000 else 1
    terminal.wait_for(shows(case, times, "reasoning" in where), f"{where} of {case['id']}")
    assert_light(terminal, began, case)


def as_refused(terminal: Terminal, box: Sandbox, case: dict[str, Any]) -> None:
    """Show a case as the words of a refusal."""
    began = ask(terminal, box, hostile.refusal(case))
    terminal.wait("f5 retry")
    terminal.wait_for(shows(case, 2, False), f"the refusal of {case['id']}")
    assert_light(terminal, began, case)


Show = Callable[[Terminal, Sandbox, dict[str, Any]], None]


def play(home: Path, box: Sandbox, chosen: Iterable[dict[str, Any]], show: Show, harmless: set[bytes]) -> None:
    """Show many cases in one program; fails with all that went wrong."""
    faults = []
    cases = list(chosen)
    while cases:
        with Terminal(home=home, env=at(box.url), size=(100, 40)) as terminal:
            terminal.wait("f2 model", "question" if any(home.rglob("history.db")) else "A new conversation")
            while cases:
                case, before = cases.pop(0), len(terminal.raw)
                try:
                    show(terminal, box, case)
                except AssertionError as error:
                    faults.append(f"{case['id']} ({case.get('what', '')}): {error}")
                    break  # it may be stuck: begin anew
                if wrong := kinds(bytes(terminal.raw[before:])) - harmless:
                    faults.append(f"{case['id']} ({case.get('what', '')}) wrote {sorted(wrong)}")
            else:
                terminal.press("ctrl+q")
                assert terminal.wait_end() == 0
                terminal.assert_restored()
            crashed = [path.read_text()[-1500:] for path in home.rglob("crash.log")]
            assert not crashed, crashed
            box.state.scripts.clear()
    assert not faults, "\n\n".join(faults)


def cases_in(where: set[str]) -> list[dict[str, Any]]:
    return [case for case in hostile.cases() if where & set(case["where"])]


def test_texts_that_are_shown(box: Sandbox, harmless: set[bytes], tmp_path: Path) -> None:
    play(tmp_path, box, cases_in(SHOWN), as_shown, harmless)


def test_texts_that_are_folded(box: Sandbox, harmless: set[bytes], tmp_path: Path) -> None:
    play(tmp_path, box, cases_in(FOLDED), as_folded, harmless)


def test_texts_of_refusals(box: Sandbox, harmless: set[bytes], tmp_path: Path) -> None:
    play(tmp_path, box, cases_in({"error_message"}), as_refused, harmless)


def test_a_headless_run_in_a_terminal_is_clean_too(box: Sandbox, tmp_path: Path) -> None:
    chosen = [case for case in cases_in({"content"}) if len(hostile.text_of(case)) < 20_000]
    box.script(*(hostile.reply(case, {"content", "tool_arguments"} & set(case["where"])) for case in chosen))
    program = f"""
from meshtui.cli import run_command
raise SystemExit(max(run_command(["run", "hello"]) for _ in range({len(chosen)})))
"""
    with Terminal(home=tmp_path, env=at(box.url), size=(100, 40), command=("-c", program)) as terminal:
        assert terminal.wait_end() == 0, terminal.display
        assert kinds(bytes(terminal.raw)) <= {b"CHAR 000a", b"CHAR 000d", b"CHAR 0009"}
        written = seen(terminal.raw.decode(), False)
    missing = [
        (case["id"], text)
        for case in chosen
        for text in case.get("must_stay_visible") or ()
        if seen(text, False) not in written
    ]
    assert len(chosen) > 10 and not missing


def test_a_secret_in_a_message_is_neither_shown_nor_kept(box: Sandbox, tmp_path: Path) -> None:
    secret = "sk-live-0123456789-abcdefghijklmnop"
    case = {"id": "secret", "text": f"Incorrect API key provided: {secret}.", "where": ["error_message"], "limit": 3.0}
    with Terminal(home=tmp_path, env=at(box.url), size=(100, 40)) as terminal:
        terminal.wait("A new conversation")
        as_refused(terminal, box, case)
        terminal.wait("Incorrect API key provided")
        assert secret not in terminal.flat
        terminal.press("ctrl+q")
        assert terminal.wait_end() == 0
    history = next(tmp_path.rglob("history.db"))
    with sqlite3.connect(history) as open_history:
        dump = "\n".join(open_history.iterdump())
    open_history.close()
    assert secret not in dump
