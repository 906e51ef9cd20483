"""The prompt in the workbench: sending, lines, history, pastes, the editor, drafts, what waits."""

from __future__ import annotations

import json
import stat
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from textual import events
from textual.widgets import Input

from meshtui.core.turn import TurnState
from meshtui.sandbox import Sandbox, Settings
from meshtui.ui.screens.composing import DRAFT_SECONDS
from tests.bench import Bench, workbench
from tests.held import Held
from tests.workbench import opened

pytestmark = pytest.mark.anyio


@pytest.fixture(scope="module")
def slow() -> Iterator[Sandbox]:
    with Sandbox(Settings(rpm=None, rpd=None, speed=30)) as box:
        yield box


def sent(box: Sandbox) -> list[str]:
    """Return the last message of every chat request, in order."""
    return [r["body"]["messages"][-1]["content"] for r in box.requests if r["path"].endswith("/chat/completions")]


async def paste(bench: Bench, text: str) -> None:
    """Paste a text where the focus is."""
    assert bench.app.focused is not None
    bench.app.focused.post_message(events.Paste(text))
    await bench.pilot.pause()


async def test_enter_sends_and_ctrl_j_begins_a_line(box: Sandbox, home: Path) -> None:
    async with workbench(home, box.url) as bench:
        await bench.type("one")
        await bench.press("ctrl+j")
        await bench.type("two")
        assert bench.prompt.text == "one\ntwo"
        await bench.press("enter")
        await bench.holds(lambda: bench.prompt.text == "", "the prompt taken")
        await bench.over()
        assert sent(box)[-1] == "one\ntwo"


async def test_a_lone_key_is_neither_sent_nor_kept_and_stays_to_be_taken_away(box: Sandbox, home: Path) -> None:
    key = "rsk_01JDEMO000000000000000000"
    async with workbench(home, box.url) as bench:
        before = len(sent(box))
        await bench.type(key)
        await bench.press("enter")
        told = "This looks like an API key, so it was not sent. alt+k takes one, and does not show it."
        await bench.holds(lambda: bench.notices() == [told], "why not")
        await bench.press("ctrl+l")
        await bench.holds(lambda: bench.notices() == [told, told], "why no models either")
        assert bench.prompt.text == key and bench.session.nodes == [] and bench.app.screen is bench.screen
        bench.screen.save_typed()
        assert bench.session.typed() == "" and len(sent(box)) == before
        await bench.answered(" is what?")
        assert sent(box)[-1] == f"{key} is what?"


async def test_nothing_but_blanks_is_not_sent(box: Sandbox, home: Path) -> None:
    async with workbench(home, box.url) as bench:
        before = len(sent(box))
        await bench.type("   ")
        await bench.press("ctrl+j", "enter")
        await bench.pilot.pause()
        assert len(sent(box)) == before and bench.session.nodes == []


async def test_up_and_down_walk_through_earlier_prompts(box: Sandbox, home: Path) -> None:
    async with opened(home, box) as session:
        for text in ("oldest", "two\nlines", "newest"):
            await session.run(session.say(text))
    async with workbench(home, box.url) as bench:
        await bench.type("typed")
        await bench.press("up")
        assert bench.prompt.text == "newest"
        await bench.press("up")
        assert bench.prompt.text == "two\nlines"
        await bench.press("up", "up", "up", "up")
        assert bench.prompt.text == "oldest"
        await bench.press("down")
        assert bench.prompt.text == "two\nlines"
        await bench.press("down", "down", "down", "down")
        assert bench.prompt.text == "typed"


async def test_earlier_prompts_are_found_from_the_palette(box: Sandbox, home: Path) -> None:
    async with opened(home, box) as session:
        for text in ("about apples", "about pears"):
            await session.run(session.say(text))
    async with workbench(home, box.url) as bench:
        await bench.screen.run_action("recall_prompt")
        await bench.wait("Earlier prompts")
        await bench.type("appl")
        await bench.wait("about apples")
        await bench.press("enter")
        await bench.holds(lambda: bench.prompt.text == "about apples", "the prompt")
        assert bench.app.focused is bench.prompt


async def test_a_paste_sends_nothing_is_folded_and_goes_out_whole(box: Sandbox, home: Path) -> None:
    long = "\n".join(f"row {number}" for number in range(150))
    async with workbench(home, box.url) as bench:
        before = len(sent(box))
        await bench.type("see ")
        await paste(bench, "short\r\npaste\n")
        assert bench.prompt.text == "see short\npaste\n" and len(sent(box)) == before
        await paste(bench, long)
        assert bench.prompt.text == "see short\npaste\n[pasted 150 lines #1]"
        await bench.press("ctrl+e")
        assert bench.prompt.text == f"see short\npaste\n{long}"
        await bench.press("ctrl+z")
        await bench.type("!")
        await bench.press("enter")
        await bench.over()
        assert sent(box)[-1] == f"see short\npaste\n{long}!"


async def test_what_is_typed_while_a_reply_comes_waits_and_then_goes_out(box: Sandbox, home: Path) -> None:
    held = Held.saying("the beginning", "and the end")
    box.script(held)
    async with workbench(home, box.url) as bench:
        first = await bench.ask("first")
        await bench.type("second")
        await bench.press("enter")
        await bench.wait("waits for the end")
        assert bench.prompt.text == "second" and not first.ended
        held.go.set()
        await bench.holds(lambda: bench.turn is not first, "the second message sent")
        assert first.state is TurnState.DONE and bench.prompt.text == ""
        await bench.over()
        assert sent(box)[-1] == "second"


async def test_what_waits_stays_in_the_prompt_when_the_reply_fails(box: Sandbox, home: Path) -> None:
    held = Held.saying("the beginning", "and no end", end="cut")
    box.script(held)
    async with workbench(home, box.url) as bench:
        first = await bench.ask("first")
        await bench.type("second")
        await bench.press("enter")
        await bench.wait("waits for the end")
        held.go.set()
        await bench.over(first)
        assert first.state is TurnState.FAILED and bench.turn is first
        assert bench.prompt.text == "second" and not bench.prompt.has_class("-waiting")


async def test_what_waits_stays_in_the_prompt_when_the_reply_is_stopped(slow: Sandbox, home: Path) -> None:
    async with workbench(home, slow.url, "sandbox/markdown") as bench:
        first = await bench.ask("first")
        await bench.type("second")
        await bench.press("enter")
        await bench.wait("waits for the end")
        await bench.press("escape")
        await bench.over(first)
        assert bench.turn is first and bench.prompt.text == "second"


async def test_typing_on_takes_the_waiting_back(box: Sandbox, home: Path) -> None:
    held = Held.saying("the beginning", "and the end")
    box.script(held)
    async with workbench(home, box.url) as bench:
        first = await bench.ask("first")
        await bench.type("second")
        await bench.press("enter")
        await bench.wait("waits for the end")
        await bench.type("!")
        await bench.holds(lambda: not bench.prompt.has_class("-waiting"), "no waiting")
        held.go.set()
        await bench.over(first)
        assert bench.turn is first and bench.prompt.text == "second!"


async def test_drafts_belong_to_their_conversation_and_are_kept(box: Sandbox, home: Path) -> None:
    async with opened(home, box) as session:
        for text in ("one", "two"):
            session.new()
            await session.run(session.say(text))
        ids = {row.title: row.id for row in session.conversations()}
    async with workbench(home, box.url) as bench:
        await bench.type("for two")
        bench.screen.open_conversation(ids["one"])
        assert bench.prompt.text == ""
        await bench.type("for one")
        await bench.press("ctrl+n")
        assert bench.prompt.text == ""
        await bench.type("for a new one")
        bench.screen.open_conversation(ids["two"])
        assert bench.prompt.text == "for two"
    async with workbench(home, box.url) as bench:
        assert bench.prompt.text == "for two"
        bench.screen.open_conversation(ids["one"])
        assert bench.prompt.text == "for one"
        await bench.press("ctrl+n")
        assert bench.prompt.text == "for a new one"


async def test_a_text_left_in_a_new_conversation_is_there_at_the_next_start(box: Sandbox, home: Path) -> None:
    async with workbench(home, box.url) as bench:
        await bench.answered("Hello")
        await bench.press("ctrl+n")
        await bench.type("not sent")
        await bench.holds(lambda: bench.session.typed() == "not sent", "the draft on disk")
    async with workbench(home, box.url) as bench:
        assert bench.prompt.text == "not sent" and bench.session.conversation is None
        bench.screen.open_conversation(bench.session.conversations()[0].id)
    async with workbench(home, box.url) as bench:
        assert bench.prompt.text == "" and bench.session.conversation is not None
        await bench.press("ctrl+n")
        assert bench.prompt.text == "not sent"
        await bench.press("enter")
        await bench.over()
    async with workbench(home, box.url) as bench:
        assert [node.message.text for node in bench.session.nodes][:1] == ["not sent"]


async def test_a_sent_message_leaves_no_half_of_itself_behind(box: Sandbox, home: Path) -> None:
    async with workbench(home, box.url) as bench:
        await bench.type("half")
        await bench.holds(lambda: bench.session.typed() == "half", "the draft on disk")
        await bench.type(" and whole")
        await bench.press("enter")
        await bench.over()
        await bench.press("ctrl+n")
        assert bench.prompt.text == ""


async def test_the_draft_is_on_disk_soon_after_the_last_key(box: Sandbox, home: Path) -> None:
    async with workbench(home, box.url) as bench:
        await bench.type("soon")
        assert DRAFT_SECONDS <= 1.0
        await bench.holds(lambda: bench.session.typed() == "soon", "the draft on disk")


def editor(folder: Path, body: str) -> str:
    """Write a program that edits the file it is given; return the command."""
    path = folder / "my editor.py"
    path.write_text(f"#!{sys.executable}\nimport sys\npath = sys.argv[-1]\n{body}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return f"'{path}' --wait"


@pytest.fixture
def suspends(monkeypatch: pytest.MonkeyPatch) -> None:
    """A test has no terminal that could step aside; the rest is as it is."""
    from contextlib import nullcontext

    monkeypatch.setattr("meshtui.ui.app.MeshApp.suspend", lambda self: nullcontext())


async def test_the_prompt_opens_in_the_users_editor(
    box: Sandbox, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, suspends: None
) -> None:
    body = "text = open(path, encoding='utf-8').read()\nopen(path, 'w', encoding='utf-8').write(text.upper() + '\\n')"
    monkeypatch.setenv("EDITOR", editor(tmp_path, body))
    monkeypatch.delenv("VISUAL", raising=False)
    async with workbench(home, box.url) as bench:
        await bench.type("grüezi")
        await bench.press("f4")
        await bench.holds(lambda: bench.prompt.text == "GRÜEZI", "the edited text")


async def test_an_editor_that_fails_changes_nothing_and_is_said(
    box: Sandbox, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, suspends: None
) -> None:
    monkeypatch.delenv("VISUAL", raising=False)
    async with workbench(home, box.url) as bench:
        await bench.type("keep me")
        for command, words in ((editor(tmp_path, "sys.exit(3)"), "code 3"), ("/nowhere/ed", "/nowhere/ed"), ("'", "")):
            monkeypatch.setenv("EDITOR", command)
            before = len(bench.notices())
            await bench.press("f4")
            await bench.holds(lambda before=before: len(bench.notices()) > before, command)  # type: ignore[misc]
            assert bench.prompt.text == "keep me" and words in bench.notices()[-1]


async def test_a_prompt_that_cannot_be_kept_stays_and_is_said(box: Sandbox, home: Path) -> None:
    import sqlite3

    async with workbench(home, box.url) as bench:
        before = len(sent(box))
        with sqlite3.connect(bench.session.store.path) as other:
            other.execute("CREATE TRIGGER full BEFORE INSERT ON node BEGIN SELECT RAISE(ABORT, 'disk full'); END")
        other.close()
        await bench.type("precious")
        await bench.press("enter")
        await bench.holds(lambda: any("disk full" in notice for notice in bench.notices()), "a notice")
        assert bench.prompt.text == "precious" and len(sent(box)) == before


async def test_the_prompt_grows_to_a_third_of_the_screen(box: Sandbox, home: Path) -> None:
    async with workbench(home, box.url, size=(80, 30)) as bench:
        low = bench.prompt.size.height
        for _ in range(20):
            await bench.press("ctrl+j")
        assert low < bench.prompt.size.height <= 10


async def test_a_dropped_picture_is_attached_and_detached(box: Sandbox, home: Path, tmp_path: Path) -> None:
    picture = tmp_path / "my picture.png"
    picture.write_bytes(b"\x89PNG\r\n\x1a\n")
    async with workbench(home, box.url, "sandbox/vision") as bench:
        await paste(bench, f"'{picture}'")
        await bench.wait("my picture.png", "image")
        assert bench.prompt.text == ""
        await bench.press("backspace")
        await bench.holds(lambda: bench.session.attached == [], "the chip gone")
        await paste(bench, str(picture))
        await bench.type("what is it?")
        await bench.press("enter")
        await bench.over()
        assert '"url": "data:image/png;base64,' in json.dumps(sent(box)[-1])
        assert bench.session.attached == []


async def test_several_dropped_pictures_are_attached_but_no_words(box: Sandbox, home: Path, tmp_path: Path) -> None:
    for name in ("a.png", "b c.png"):
        (tmp_path / name).write_bytes(b"\x89PNG\r\n\x1a\n")
    async with workbench(home, box.url, "sandbox/vision") as bench:
        await paste(bench, f"{tmp_path}/a.png '{tmp_path}/b c.png'")
        await bench.wait("a.png", "b c.png")
        assert [attached.name for attached in bench.session.attached] == ["a.png", "b c.png"]
        await paste(bench, f"look at {tmp_path}/a.png")
        await bench.holds(lambda: bench.prompt.text.startswith("look at"), "the words")
        assert len(bench.session.attached) == 2
        for left in (["a.png"], [], []):
            await bench.press("alt+z")
            assert [attached.name for attached in bench.session.attached] == left, "its key, whatever is typed"
        assert bench.notices() == ["Nothing is attached."] and bench.prompt.text.startswith("look at")


async def test_a_path_that_cannot_be_attached_stays_in_the_dialog_with_the_reason(
    box: Sandbox, home: Path, tmp_path: Path
) -> None:
    (tmp_path / "cat.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    async with workbench(home, box.url, "sandbox/vision") as bench:
        await bench.press("ctrl+t")
        await bench.type(f"{tmp_path}/ca.png")
        await bench.press("enter")
        await bench.wait(f"{tmp_path}/ca.png does not exist")
        assert bench.session.attached == [] and bench.notices() == []
        line = bench.app.screen.query_one(Input)
        assert line.has_focus and line.value == f"{tmp_path}/ca.png"
        await bench.press(*["left"] * 4, "t")
        assert "doesnotexist" not in bench.flat()
        await bench.press("enter")
        await bench.holds(lambda: bench.app.screen is bench.screen, "the dialog closed")
        assert [attached.name for attached in bench.session.attached] == ["cat.png"]


async def test_a_model_chosen_later_that_takes_no_pictures_is_not_sent_any(
    box: Sandbox, home: Path, tmp_path: Path
) -> None:
    picture = tmp_path / "a.png"
    picture.write_bytes(b"\x89PNG\r\n\x1a\n")
    async with workbench(home, box.url, "sandbox/vision") as bench:
        await bench.holds(lambda: bench.session.models.card("sandbox/haiku"), "the models")
        await paste(bench, str(picture))
        await bench.wait("a.png")
        bench.session.choose_model("sandbox/haiku")
        before = len(sent(box))
        await bench.type("what is it?")
        await bench.press("enter")
        await bench.holds(lambda: any("choose another model for a.png" in said for said in bench.notices()), "why not")
        assert len(sent(box)) == before and bench.prompt.text == "what is it?" and len(bench.session.attached) == 1


async def test_a_message_that_is_edited_keeps_what_was_attached(box: Sandbox, home: Path, tmp_path: Path) -> None:
    picture = tmp_path / "a.png"
    picture.write_bytes(b"\x89PNG\r\n\x1a\n")
    async with workbench(home, box.url, "sandbox/vision") as bench:
        await paste(bench, str(picture))
        await bench.wait("a.png")
        await bench.answered("what is it?")
        bench.screen.action_edit_last()
        await bench.wait("a.png · image · 8 B")
        await bench.type(" Tell me.")
        await bench.press("enter")
        await bench.over()
        assert '"url": "data:image/png;base64,' in json.dumps(sent(box)[-1])
