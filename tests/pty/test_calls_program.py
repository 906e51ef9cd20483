"""Debugging a tool call in the real program: from a saved tool and a typed message to the second answer."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from meshtui.sandbox import Sandbox
from tests.calls import put_tool
from tests.terminal import Terminal, at

pytestmark = pytest.mark.skipif(os.name != "posix", reason="pseudo-terminals are of POSIX systems")

OUTPUT = {"type": "object", "properties": {"degrees": {"type": "integer"}}, "required": ["degrees"]}


class Counted:
    """A terminal that counts the keys pressed."""

    def __init__(self, terminal: Terminal) -> None:
        self.terminal = terminal
        self.keys = 0

    def press(self, *keys: str) -> None:
        self.terminal.press(*keys)
        self.keys += len(keys)


@pytest.mark.parametrize("size", [(80, 24), (120, 40)], ids=lambda size: f"{size[0]}x{size[1]}")
def test_from_a_saved_tool_to_the_second_answer_in_four_keys(home: Path, box: Sandbox, size: tuple[int, int]) -> None:
    put_tool(home, "get_weather", output=OUTPUT)
    (home / "config.toml").write_text('[profiles.default]\nmodel = "sandbox/tools"\n')
    with Terminal(home=home, env=at(box.url), size=size) as terminal:
        terminal.wait_for(
            lambda shown: "f2 model" in shown and (home / "data" / "history.db").exists(), "the workbench"
        )
        turn_tool_on(terminal)
        terminal.send("weather in Paris?")
        terminal.wait("weather in Paris?")
        counted = Counted(terminal)
        counted.press("enter")
        terminal.wait("call 1 of 1", '"degrees"', "JSON object", "fits ✓")
        counted.press("f5")
        terminal.wait_for(lambda shown: "answers call_" in shown and shown.count("assistant") >= 1, "the result")
        terminal.wait_for(lambda shown: "call 1 of 1" not in shown and "tok" in shown, "the second answer")
        assert counted.keys <= 4
        terminal.press("ctrl+q")
        assert terminal.wait_end() == 0
        terminal.assert_restored()


def turn_tool_on(terminal: Terminal) -> None:
    """Turn the tool on by the keys of the tools view."""
    terminal.press("\x1bo")
    terminal.wait("[ ] get_weather", "tool on or off")
    terminal.press("space")
    terminal.wait("[✓] get_weather")
    terminal.press("f6")
    terminal.wait("send", "new line")
