"""What a session keeps: on disk while it streams, when the disk fails, attached files, a process that dies."""

from __future__ import annotations

import asyncio
import base64
import os
import re
import sqlite3
from pathlib import Path

import pytest

from meshtui.core.attachments import NotAttachable, from_blob
from meshtui.core.turn import TurnState
from meshtui.sandbox import Sandbox
from meshtui.session import CHECKPOINT_SECONDS, StoreError
from tests.workbench import new_session, opened, stored, streaming, until

PIXEL = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)


@pytest.mark.anyio
@pytest.mark.parametrize("model", ["sandbox/markdown", "sandbox/fault-stall"])
async def test_what_streamed_is_on_disk_within_a_second(slow: Sandbox, box: Sandbox, home: Path, model: str) -> None:
    """Also where the stream falls silent: then no further delta comes that could remind anybody of it."""
    async with opened(home, box if "stall" in model else slow, model) as session:
        turn = session.say("hello")
        async with asyncio.TaskGroup() as tasks:
            running = tasks.create_task(session.run(turn))
            await streaming(turn, 5)
            came = str(turn.content)
            await asyncio.sleep(CHECKPOINT_SECONDS)  # the promise; what the session arranged before is due before this
            assert str(stored(home, turn).content).startswith(came)
            assert turn.state is TurnState.STREAMING and stored(home, turn).state is TurnState.STREAMING
            session.stop(turn)
            await asyncio.wait([running])


@pytest.mark.anyio
async def test_reasoning_and_tool_calls_are_kept_on_the_way_too(slow: Sandbox, home: Path) -> None:
    async with opened(home, slow, "sandbox/reasoning") as session:
        turn = session.say("hello")
        async with asyncio.TaskGroup() as tasks:
            running = tasks.create_task(session.run(turn))
            await until(lambda: len(turn.reasoning) > 10, "reasoning")
            came = str(turn.reasoning)
            await until(lambda: str(stored(home, turn).reasoning).startswith(came), "the reasoning on disk")
            session.stop(turn)
            await asyncio.wait([running])


@pytest.mark.anyio
async def test_a_prompt_that_cannot_be_kept_is_not_sent(box: Sandbox, home: Path) -> None:
    async with opened(home, box) as session:
        await session.run(session.say("first"))
        seen, nodes, path = len(box.requests), list(session.nodes), session.store.path
        with sqlite3.connect(path) as other:
            other.execute("CREATE TRIGGER full BEFORE INSERT ON node BEGIN SELECT RAISE(ABORT, 'disk full'); END")
        other.close()
        with pytest.raises(StoreError, match=r"history\.db could not be written: disk full"):
            session.say("second")
        assert len(box.requests) == seen and session.nodes == nodes and session.live == {}


@pytest.mark.anyio
async def test_an_answer_that_cannot_be_kept_is_still_shown_and_said(box: Sandbox, home: Path) -> None:
    async with opened(home, box) as session:
        notices: list[str] = []
        session.on_notice = notices.append
        turn = session.say("hello")
        with sqlite3.connect(session.store.path) as other:
            other.execute("CREATE TRIGGER full BEFORE UPDATE ON turn BEGIN SELECT RAISE(ABORT, 'disk full'); END")
        other.close()
        await session.run(turn)
        assert turn.state is TurnState.DONE and turn.content
        assert any("disk full" in notice for notice in notices)
        assert session.live == {}


def file(home: Path, name: str) -> str:
    home.mkdir(exist_ok=True)
    (home / name).write_bytes(PIXEL)
    return str(home / name)


@pytest.mark.anyio
async def test_an_edited_message_takes_the_place_of_the_last_as_another_branch(box: Sandbox, home: Path) -> None:
    async with opened(home, box, "sandbox/echo") as session:
        await session.run(session.say("first"))
        await session.run(session.say("secnod"))
        wrong = session.nodes[2]
        turn = session.say("second", instead_of=wrong.id)
        await session.run(turn)
        assert [message["content"] for message in turn.request["messages"] if message["role"] == "user"] == [
            "first",
            "second",
        ]
        assert [node.message.text for node in session.nodes if node.role == "user"] == ["first", "second"]
        assert {node.message.text for node in session.store.siblings(wrong.id)} == {"secnod", "second"}


@pytest.mark.parametrize(
    ("where", "words"),
    [
        ("notes.txt", "notes.txt does not exist"),
        ("dot.png#fps=2", "detail is for pictures"),
        ("https://example.test/a.png#fps=2", "detail is for pictures"),
    ],
)
def test_what_cannot_be_attached_is_said(box: Sandbox, home: Path, where: str, words: str) -> None:
    session = new_session(home, box.url)
    if where.startswith("dot"):
        where = where.replace("dot.png", file(home, "dot.png"))
    with pytest.raises(NotAttachable, match=words):
        session.attach(where)
    session.close()


@pytest.mark.anyio
async def test_an_attachment_leaves_as_its_bytes_and_is_stored_once(box: Sandbox, home: Path) -> None:
    async with opened(home, box, "sandbox/vision") as session:
        picture = session.attach(file(home, "dot.PNG") + "#detail=low")
        assert session.attach(file(home, "again.png")).size == len(PIXEL)
        session.attached.append(picture)
        turn = session.say("what is this?")
        assert session.attached == []
        await session.run(turn)
        assert turn.state is TurnState.DONE, turn.problem
        content = box.requests[-1]["body"]["messages"][0]["content"]
        url = f"data:image/png;base64,{base64.b64encode(PIXEL).decode()}"
        assert content[0] == {"type": "text", "text": "what is this?"} and content[1]["image_url"] == {
            "url": url,
            "detail": "low",
        }
        blobs = [path for path in (home / "data" / "blobs").rglob("*") if path.is_file()]
        assert len(blobs) == 1 and blobs[0].read_bytes() == PIXEL
        with sqlite3.connect(session.store.path) as history:
            dump = "\n".join(history.iterdump())
        history.close()
        assert base64.b64encode(PIXEL).decode() not in dump


@pytest.mark.anyio
async def test_what_cannot_be_attached_is_refused_before_it_is_read(box: Sandbox, home: Path, tmp_path: Path) -> None:
    large, pipe, folder = tmp_path / "large.png", tmp_path / "pipe.png", tmp_path / "folder.png"
    with large.open("wb") as file:
        file.truncate(40 * 1024 * 1024)
    os.mkfifo(pipe)
    folder.mkdir()
    notes = tmp_path / "notes.txt"
    notes.write_text("x")
    async with opened(home, box) as session:
        for path, words in ((large, "32 MiB"), (pipe, "not a file"), (folder, "is a folder"), (notes, "txt")):
            with pytest.raises(NotAttachable, match=words):
                session.attach(str(path))
        for gone in (str(tmp_path / "none.png"), str(tmp_path / "none"), "./none"):
            with pytest.raises(NotAttachable, match=f"^{re.escape(gone)} does not exist"):
                session.attach(gone)
        with pytest.raises(NotAttachable, match="^~nobody-here/a.png cannot be read"):
            session.attach("~nobody-here/a.png")
    assert not (home / "data" / "blobs").exists()


@pytest.mark.anyio
async def test_what_was_attached_before_counts_for_the_limit_of_a_request(
    box: Sandbox, home: Path, tmp_path: Path
) -> None:
    async with opened(home, box, "sandbox/vision") as session:
        for name, size in (("first.png", 15), ("second.png", 12)):
            (tmp_path / name).write_bytes(os.urandom(size * 1024 * 1024))
        session.attached.append(session.attach(str(tmp_path / "first.png")))
        await session.run(session.say("one"))
        before, sent = list(session.nodes), len(box.requests)
        session.attached.append(session.attach(str(tmp_path / "second.png")))
        with pytest.raises(NotAttachable, match=r"15\.0 MiB attached earlier.*36\.0 MiB.*new conversation"):
            session.say("two")
        assert session.nodes == before and len(box.requests) == sent and len(session.attached) == 1
        turn = session.say("two, instead", instead_of=before[0].id)
        await session.run(turn)
        assert turn.state is TurnState.DONE, turn.problem


@pytest.mark.anyio
async def test_a_file_that_is_gone_is_said_and_not_fatal(box: Sandbox, home: Path) -> None:
    async with opened(home, box, "sandbox/vision") as session:
        notices: list[str] = []
        session.on_notice = notices.append
        picture = session.attach(file(home, "my dot.png"))
        for path in (home / "data" / "blobs").rglob("*.png"):
            path.unlink()
        session.attached.append(picture)
        turn = session.say("what is this?")
        assert session.attached == []
        await session.run(turn)
        assert turn.state is TurnState.DONE, turn.problem
        content = box.requests[-1]["body"]["messages"][0]["content"]
        assert "my dot.png" in content[1]["text"] and content[1]["type"] == "text"
        assert any("my dot.png" in notice for notice in notices)
        never = from_blob("never.png", "0" * 64, 3)
        session.attached.append(never)
        await session.run(session.say("and this?"))
        assert any("never.png" in notice for notice in notices)


@pytest.mark.anyio
async def test_a_turn_of_a_dead_process_is_interrupted_with_its_text(slow: Sandbox, home: Path) -> None:
    session = new_session(home, slow.url, "sandbox/markdown")
    turn = session.say("hello")
    async with asyncio.TaskGroup() as tasks:
        running = tasks.create_task(session.run(turn))
        await until(lambda: str(stored(home, turn).content), "a checkpoint")
        text = str(stored(home, turn).content)
        living = new_session(home, slow.url)
        assert stored(home, turn).state is TurnState.STREAMING, "a living process' turn was swept"
        living.close()
        session.store._lease.close()  # what the system does when a process dies
        later = new_session(home, slow.url)
        nodes = later.open()
        assert nodes[-1].turn is not None and nodes[-1].turn.state is TurnState.INTERRUPTED
        assert nodes[-1].message.text.startswith(text)
        later.close()
        session.stop(turn)
        await asyncio.wait([running])
    session.close()
    await session.aclose()
    assert os.listdir(home / "data" / "live") == []
