"""Conversations in the workbench: several at once, switching, the list."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from meshtui.core.turn import TurnState
from meshtui.sandbox import Sandbox, Settings
from meshtui.ui.screens.conversation_list import ConversationList
from tests.bench import Bench, workbench
from tests.held import Held
from tests.workbench import opened

pytestmark = pytest.mark.anyio


@pytest.fixture(scope="module")
def slow() -> Iterator[Sandbox]:
    with Sandbox(Settings(rpm=None, rpd=None, speed=30)) as box:
        yield box


async def said(home: Path, box: Sandbox, *texts: str) -> None:
    """Make a conversation for each text, the last one the newest."""
    async with opened(home, box) as session:
        for text in texts:
            session.new()
            await session.run(session.say(text))


def listed(bench: Bench) -> list[str]:
    """Return the titles in the list of conversations."""
    assert isinstance(bench.app.screen, ConversationList)
    return [row.title for row in bench.app.screen._rows]


# Several at once


async def test_what_streams_goes_on_in_its_own_conversation(slow: Sandbox, home: Path) -> None:
    async with workbench(home, slow.url, "sandbox/haiku") as bench:
        first = await bench.ask("first")
        await bench.holds(lambda: first.content, "text of the first")
        await bench.press("ctrl+n")
        await bench.wait("A new conversation")
        second = await bench.ask("second")
        await bench.over(first)
        await bench.over(second)
        assert (first.state, second.state) == (TurnState.DONE, TurnState.DONE)
        keys = bench.transcript.keys
        assert [bench.transcript.text_of(key) for key in keys] == ["second", str(second.content)]
        assert "first" not in bench.shown().replace("first word", "")
        bench.screen.open_conversation(next(c.id for c in bench.session.conversations() if c.title == "first"))
        await bench.wait("first", str(first.content).splitlines()[0])
        keys = bench.transcript.keys
        assert [bench.transcript.text_of(key) for key in keys] == ["first", str(first.content)]


async def test_coming_back_to_what_streams_shows_all_of_it_and_what_follows(box: Sandbox, home: Path) -> None:
    held = Held.saying("This is the beginning, ", "and what follows.")
    box.script(held)
    async with workbench(home, box.url) as bench:
        first = await bench.ask("first")
        await bench.holds(lambda: len(first.content) > 20, "text of the first")
        here = bench.session.conversation
        assert here is not None
        await bench.press("ctrl+n")
        bench.screen.open_conversation(here.id)
        await bench.wait("first", "esc stops", "This is the beginning,")
        assert not first.ended
        held.go.set()
        await bench.over(first)
        text = bench.transcript.text_of(bench.transcript.keys[-1])
        assert text == str(first.content) == "This is the beginning, and what follows."


async def test_escape_stops_the_answer_of_this_conversation_only(slow: Sandbox, home: Path) -> None:
    async with workbench(home, slow.url, "sandbox/long-3000") as bench:
        first = await bench.ask("first")
        await bench.press("ctrl+n")
        second = await bench.ask("second")
        await bench.holds(lambda: second.content, "text of the second")
        await bench.press("escape")
        await bench.over(second)
        assert second.state is TurnState.STOPPED and second.content and not first.ended
        await bench.wait("stopped")


async def test_what_waits_to_be_sent_does_not_follow_into_another_conversation(box: Sandbox, home: Path) -> None:
    held = Held.saying("the beginning", "and the end")
    box.script(held)
    async with workbench(home, box.url) as bench:
        first = await bench.ask("first")
        await bench.type("later")
        await bench.press("enter")
        await bench.wait("waits for the end")
        await bench.press("ctrl+n")
        held.go.set()
        await bench.over(first)
        assert bench.session.conversation is None and bench.session.nodes == []
        assert bench.prompt.text == ""
        bench.screen.open_conversation(None)
        assert bench.prompt.text == "later" and bench.turn is not None and bench.turn.id == first.id


# The list


async def test_the_list_filters_opens_and_closes(box: Sandbox, home: Path) -> None:
    await said(home, box, "red apple", "green pear", "red cherry")
    async with workbench(home, box.url) as bench:
        await bench.wait("red cherry")
        await bench.press("ctrl+r")
        await bench.wait("Conversations")
        assert listed(bench) == ["red cherry", "green pear", "red apple"]
        await bench.type("red")
        await bench.holds(lambda: listed(bench) == ["red cherry", "red apple"], "the filter")
        await bench.press("down", "enter")
        await bench.holds(lambda: not isinstance(bench.app.screen, ConversationList), "the list closed")
        await bench.wait("red apple")
        assert bench.session.conversation is not None and bench.session.conversation.title == "red apple"
        assert bench.app.focused is bench.prompt
        await bench.press("ctrl+r", "escape")
        await bench.holds(lambda: not isinstance(bench.app.screen, ConversationList), "the list closed")
        assert bench.session.conversation.title == "red apple"


async def test_a_long_list_shows_its_last_row_and_its_keys(box: Sandbox, home: Path) -> None:
    await said(home, box, *(f"said {number}" for number in range(12)))
    async with workbench(home, box.url) as bench:
        await bench.press("ctrl+r")
        await bench.wait("said 11", "esc closes")
        await bench.press(*["down"] * 11)
        await bench.wait("said 0", "esc closes")
        await bench.type("pear")
        await bench.wait("no conversation fits “pear”")


async def test_the_list_renames(box: Sandbox, home: Path) -> None:
    await said(home, box, "old name")
    async with workbench(home, box.url) as bench:
        await bench.press("ctrl+r", "f2", "ctrl+a", "ctrl+k")
        await bench.type("new name")
        await bench.press("enter")
        await bench.holds(lambda: listed(bench) == ["new name"], "the new name")
        await bench.press("escape")
        await bench.wait("new name")
        await bench.press("ctrl+r", "f2", "escape")
        assert listed(bench) == ["new name"]


async def test_the_list_deletes_and_brings_back(box: Sandbox, home: Path) -> None:
    await said(home, box, "one", "two", "three")
    async with workbench(home, box.url) as bench:
        await bench.press("ctrl+r", "f9")
        await bench.wait("deleted")
        assert listed(bench) == ["two", "one"]
        await bench.press("f9")
        await bench.holds(lambda: listed(bench) == ["one"], "two gone")
        await bench.press("f10")
        await bench.holds(lambda: listed(bench) == ["two", "one"], "two again")
        await bench.press("escape")
        await bench.wait("A new conversation")
        assert bench.session.conversation is None, "the deleted conversation is still open"
        await bench.press("ctrl+r", "f9", "f9")
        await bench.holds(lambda: listed(bench) == [], "an empty list")
        await bench.press("f9", "f2", "enter", "down", "escape")
        await bench.holds(lambda: not isinstance(bench.app.screen, ConversationList), "the list closed")


async def test_a_deleted_conversation_that_streams_is_not_lost_when_brought_back(slow: Sandbox, home: Path) -> None:
    async with workbench(home, slow.url, "sandbox/haiku") as bench:
        turn = await bench.ask("precious")
        await bench.press("ctrl+r", "f9", "f10", "escape")
        await bench.over(turn)
        assert turn.state is TurnState.DONE
        assert [row.title for row in bench.session.conversations()] == ["precious"]


async def test_two_windows_on_one_history(box: Sandbox, home: Path) -> None:
    await said(home, box, "mine")
    async with workbench(home, box.url) as bench:
        await said(home, box, "theirs")
        await bench.press("ctrl+r")
        await bench.holds(lambda: listed(bench) == ["theirs", "mine"], "what another program wrote")


async def test_a_long_conversation_opens_at_its_end(box: Sandbox, home: Path) -> None:
    async with opened(home, box, "sandbox/echo") as session:
        for number in range(60):
            await session.run(session.say(f"message {number}"))
    async with workbench(home, box.url) as bench:
        await bench.wait("message 59")
        assert bench.transcript.at_end and len(bench.transcript.keys) == 120
        await bench.press("f7", "home")
        await bench.wait("message 0")
        await bench.press("end")
        await bench.wait("message 59")


# Branches


def texts(bench: Bench) -> list[str]:
    return [node.message.text for node in bench.session.nodes if node.role == "user"]


async def test_an_earlier_answer_is_asked_for_again_and_what_followed_it_is_not_lost(box: Sandbox, home: Path) -> None:
    async with workbench(home, box.url, "sandbox/echo") as bench:
        first = await bench.answered("one")
        await bench.answered("two")
        old = [node.id for node in bench.session.nodes]
        bench.transcript.focus()
        bench.transcript.set_cursor(bench.session.nodes[1].id)
        await bench.press("f5")
        await bench.holds(
            lambda: len(bench.session.nodes) == 2 and not bench.session.live, "another answer to the first"
        )
        assert bench.session.nodes[1].turn is not first and texts(bench) == ["one"]
        await bench.press("alt+s")
        await bench.holds(lambda: [node.id for node in bench.session.nodes] == old, "the branch that was left")
        await bench.wait("two")
        await bench.press("alt+s")
        await bench.holds(lambda: texts(bench) == ["one"], "the other branch again")


async def test_an_earlier_message_is_changed_as_another_branch(box: Sandbox, home: Path) -> None:
    async with workbench(home, box.url, "sandbox/echo") as bench:
        await bench.answered("one")
        await bench.answered("two")
        await bench.type("half a thought")
        bench.transcript.focus()
        bench.transcript.set_cursor(bench.session.nodes[0].id)
        await bench.holds(lambda: bench.transcript.has_focus, "the focus")
        await bench.screen.run_action("edit_last")
        assert bench.prompt.value == "one" and "half a thought" in bench.session.prompts()
        await bench.press("!", "enter")
        await bench.holds(lambda: texts(bench) == ["one!"] and not bench.session.live, "the changed message")
        await bench.press("alt+s")
        await bench.holds(lambda: texts(bench) == ["one", "two"], "the branch that was left")


async def test_del_edits_the_text_in_the_line_and_deletes_a_row_where_there_is_none(box: Sandbox, home: Path) -> None:
    await said(home, box, "one", "two", "xtwo")
    async with workbench(home, box.url, size=(120, 40)) as bench:
        await bench.press("ctrl+r")
        await bench.type("xtwo")
        await bench.holds(lambda: listed(bench) == ["xtwo"], "one row")
        await bench.press("home", "delete")
        await bench.holds(lambda: listed(bench) == ["xtwo", "two"], "the rows of a shorter text")
        await bench.press("end", "delete")
        await bench.wait("f9 deletes")
        assert listed(bench) == ["xtwo", "two"]
        await bench.press("f1")
        await bench.wait("f9 Delete this conversation")
        await bench.press("escape")
        await bench.press("f9")
        await bench.holds(lambda: listed(bench) == ["two"], "a row deleted by the other key")
        await bench.press("home", "delete", "delete", "delete")
        await bench.holds(lambda: listed(bench) == ["two", "one"], "all rows that are left")
        await bench.press("f1")
        await bench.wait("f9 del Delete this conversation")
        await bench.press("escape", "delete")
        await bench.holds(lambda: len(listed(bench)) == 1, "a row deleted by del")
        await bench.press("f10", "f10")
        await bench.holds(lambda: len(listed(bench)) == 3, "both back")
