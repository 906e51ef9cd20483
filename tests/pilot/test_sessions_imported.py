"""A conversation that was imported, in the workbench: listed, opened with its branches, gone on with."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from meshtui.cli import run_command
from meshtui.core.turn import Turn
from meshtui.sandbox import Sandbox
from meshtui.ui.screens.compare import Compare
from meshtui.ui.screens.conversation_list import ConversationList
from tests.bench import workbench
from tests.workbench import opened

pytestmark = pytest.mark.anyio


async def with_a_branch(home: Path, box: Sandbox) -> tuple[Turn, Turn]:
    """Make a conversation whose message has two answers; the second is the one that is shown."""
    async with opened(home, box) as session:
        await session.run(first := session.say("Name a fruit"))
        await session.run(second := session.retry(first, "sandbox/echo"))
        return first, second


async def test_it_is_listed_opened_with_its_branches_and_goes_on(
    box: Sandbox, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    first, second = await with_a_branch(tmp_path / "one", box)
    assert run_command(["sessions", "export", "--home", str(tmp_path / "one")]) == 0
    (tmp_path / "all.json").write_text(capfd.readouterr().out)
    home = tmp_path / "other"
    async with opened(home, box) as session:
        await session.run(session.say("Something else"))
    assert run_command(["sessions", "import", str(tmp_path / "all.json"), "--home", str(home)]) == 0
    async with workbench(home, box.url) as bench:
        await bench.press("ctrl+r")
        assert isinstance(bench.app.screen, ConversationList)
        await bench.wait("Name a fruit", "2 turns")
        await bench.type("fruit")
        await bench.press("enter")
        await bench.wait(str(second.content).splitlines()[0])
        assert [node.message.text for node in bench.session.nodes] == ["Name a fruit", str(second.content)]
        await bench.press("ctrl+l")
        await bench.holds(lambda: isinstance(bench.app.screen, Compare), "the answers side by side")
        await bench.wait("sandbox/haiku", "sandbox/echo")
        screen = bench.app.screen
        assert isinstance(screen, Compare)
        assert [lane.turn.id for lane in screen.comparison.lanes] == [first.id, second.id]
        await bench.press("escape")
        await bench.holds(lambda: not isinstance(bench.app.screen, Compare), "the conversation")
        branch = [node.message.text for node in bench.session.nodes]
        assert branch[1] in (str(first.content), str(second.content))
        turn = await bench.answered("And another")
        assert [message["content"] for message in turn.request["messages"]] == [*branch, "And another"]


def put(path: Path, value: object) -> str:
    """Write JSON into a file; return its path."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value))
    return str(path)


async def test_messages_that_another_program_wrote_are_shown_whole_and_asked_again(box: Sandbox, home: Path) -> None:
    messages = [
        {"role": "system", "content": "Be kind."},
        {"role": "user", "content": "Name a fruit"},
        {"role": "assistant", "content": "A pear.", "reasoning_content": "Something sweet."},
    ]
    chat = put(home / "chat.json", {"model": "sandbox/haiku", "messages": messages})
    assert run_command(["sessions", "import", chat, "--home", str(home)]) == 0
    async with workbench(home, box.url) as bench:
        await bench.wait("Name a fruit", "A pear.", "reasoning · 2 words")
        assert "edited here" not in bench.shown()
        await bench.press("f5")
        await bench.holds(lambda: bench.turn.content, "another answer")
        await bench.over()
        sent = [(message["role"], message["content"]) for message in bench.turn.request["messages"]]
        assert sent == [("system", "Be kind."), ("user", "Name a fruit")]
        await bench.press("alt+s")
        await bench.wait("A pear.")
