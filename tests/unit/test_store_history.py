"""The history as a file and a list: opening, naming, finding, drafts, prompts, state and attached files."""

from __future__ import annotations

import itertools
import sqlite3
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from meshtui.core.chat import Message
from meshtui.core.turn import TextDelta, Turn, TurnState
from meshtui.store.history import Store, StoreError
from meshtui.store.migrations import APPLICATION_ID, MIGRATIONS


@pytest.fixture
def clock() -> Callable[[], float]:
    """A clock that moves by one second whenever it is read."""
    ticks = itertools.count(1_700_000_000)
    return lambda: float(next(ticks))


@pytest.fixture
def store(tmp_path: Path, clock: Callable[[], float]) -> Iterator[Store]:
    """An empty history."""
    with Store.open(tmp_path / "data" / "history.db", clock) as opened:
        yield opened


def say(store: Store, conversation: str, text: str, model: str = "openai/gpt-4o-mini") -> None:
    """Begin a conversation with one message."""
    turn = Turn(f"t-{conversation}", {"model": model, "messages": []}, profile="work")
    store.begin(turn, conversation, [(f"u-{conversation}", Message("user", text))], f"a-{conversation}")


# The file


def test_a_new_history_is_empty(store: Store) -> None:
    assert store.latest() is None and store.conversations() == [] and store.sweep() == []
    assert store.conversation("x") is None and store.turn("x") is None and store.history("x") == []


def test_closing_twice_is_fine(store: Store) -> None:
    store.close()
    store.close()


@pytest.mark.parametrize("content", [b"this is no database at all, " * 50, b"SQLite format 3\0" + b"\xff" * 5000])
def test_a_corrupt_file_gives_one_sentence(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "history.db"
    path.write_bytes(content)
    with pytest.raises(StoreError) as caught:
        Store.open(path, time.time)
    sentence = str(caught.value)
    assert str(path) in sentence and "Move it aside" in sentence and "\n" not in sentence
    assert path.read_bytes() == content, "what is there is not touched"


def test_a_page_that_is_corrupt_gives_one_sentence(store: Store) -> None:
    for number in range(200):
        say(store, f"c{number}", "word " * 200)
    store.close()
    data = bytearray(store.path.read_bytes())
    data[8192:-4096] = b"\x5a" * (len(data) - 12288)
    store.path.write_bytes(data)
    with pytest.raises(StoreError, match=r"could not be (read|written)|cannot be opened"):
        with Store.open(store.path, time.time) as broken:
            broken.history(str(broken.conversations(500)[0].head_id))
            broken.sweep()
            say(broken, "new", "x")


def test_a_folder_in_the_place_of_the_file(tmp_path: Path) -> None:
    (tmp_path / "history.db").mkdir()
    with pytest.raises(StoreError, match="is a directory"):
        Store.open(tmp_path / "history.db", time.time)


def test_a_file_in_the_place_of_the_folder(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("x")
    with pytest.raises(StoreError, match="cannot be opened"):
        Store.open(tmp_path / "data" / "history.db", time.time)


def test_a_newer_file_is_refused(store: Store) -> None:
    store._connection.execute(f"PRAGMA user_version = {len(MIGRATIONS) + 1}")
    store.close()
    with pytest.raises(StoreError, match=r"written by a newer meshtui .* Update meshtui"):
        Store.open(store.path, time.time)


def test_another_programs_database_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "theirs.db"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE theirs (x)")
    connection.close()
    with pytest.raises(StoreError, match="database of another program"):
        Store.open(path, time.time)
    assert sqlite3.connect(path).execute("SELECT name FROM sqlite_master").fetchall() == [("theirs",)]


def test_every_file_says_what_it_is(store: Store) -> None:
    assert store._row("PRAGMA application_id") == (APPLICATION_ID,)
    assert store._row("PRAGMA user_version") == (len(MIGRATIONS),)
    assert store._row("PRAGMA journal_mode") == ("wal",)


def test_a_half_made_migration_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "history.db"
    broken = (*MIGRATIONS, ("CREATE TABLE extra (x)", "NONSENSE"))
    monkeypatch.setattr("meshtui.store.migrations.MIGRATIONS", broken)
    with pytest.raises(StoreError):
        Store.open(path, time.time)
    monkeypatch.undo()
    with Store.open(path, time.time) as store:
        assert store._rows("SELECT 1 FROM sqlite_master WHERE name = 'extra'") == []


# Conversations


def test_the_list_is_newest_first_and_can_be_filtered(store: Store) -> None:
    say(store, "c1", "Refund for order 17")
    say(store, "c2", "Größe der Äpfel", "anthropic/claude-haiku-4.5")
    say(store, "c3", "refund again")
    assert [found.id for found in store.conversations()] == ["c3", "c2", "c1"]
    assert [found.id for found in store.conversations(2)] == ["c3", "c2"]
    assert [found.id for found in store.conversations(filter="REFUND 17")] == ["c1"]
    assert [found.id for found in store.conversations(1, "refund")] == ["c3"]
    assert [found.id for found in store.conversations(filter="äpfel")] == ["c2"]
    assert [found.id for found in store.conversations(filter="haiku")] == ["c2"]
    assert store.conversations(filter="nothing") == []
    latest = store.latest()
    assert latest is not None and latest.id == "c3" and latest.turns == 1 and latest.profile == "work"


def test_a_title_is_one_clean_line_and_a_name_stays(store: Store) -> None:
    say(store, "c1", "First\nline\x1b[2J " + "long " * 50)
    found = store.conversation("c1")
    assert found is not None and found.title.startswith("First line␛[2J long") and len(found.title) <= 80
    store.rename("c1", "  Mine ")
    turn = Turn("t9", {"messages": []}, parent_id="a-c1")
    store.begin(turn, found, [("u9", Message("user", "more"))], "a9")
    again = store.conversation("c1")
    assert again is not None and again.title == "Mine"


def test_delete_can_be_undone(store: Store) -> None:
    say(store, "c1", "one")
    say(store, "c2", "two")
    store.delete("c2")
    assert [found.id for found in store.conversations()] == ["c1"]
    assert [found.id for found in store.conversations(deleted=True)] == ["c2"]
    latest = store.latest()
    assert latest is not None and latest.id == "c1"
    store.restore("c2")
    assert [found.id for found in store.conversations()] == ["c2", "c1"]


def test_an_unknown_conversation_is_named(store: Store) -> None:
    with pytest.raises(StoreError, match="has no conversation nope"):
        store.rename("nope", "x")


def test_the_head_cannot_move_to_nowhere(store: Store) -> None:
    say(store, "c1", "one")
    with pytest.raises(StoreError, match="FOREIGN KEY"):
        store.move_head("c1", "nowhere")
    found = store.conversation("c1")
    assert found is not None and found.head_id == "a-c1"


def test_a_turn_under_an_unknown_node_stores_nothing(store: Store) -> None:
    with pytest.raises(StoreError):
        store.begin(Turn("t1", {"messages": []}, parent_id="nowhere"), "c1", [("u1", Message("user", "x"))], "a1")
    assert store.conversation("c1") is None and store.turn("t1") is None


# Drafts, prompts, state


def test_drafts_are_kept_per_conversation(store: Store) -> None:
    store.save_draft(None, "for a new one")
    store.save_draft("c1", "for this one")
    assert store.draft(None) == "for a new one" and store.draft("c1") == "for this one" and store.draft("c2") == ""
    store.save_draft("c1", "changed")
    store.save_draft(None, "")
    assert store.draft("c1") == "changed" and store.draft(None) == ""


def test_sending_clears_the_draft_that_was_sent_and_no_other(store: Store) -> None:
    store.save_draft(None, "Hello")
    store.save_draft("c1", "typed meanwhile")
    say(store, "c1", "Hello")
    assert store.draft(None) == "" and store.draft("c1") == "typed meanwhile"


def test_prompts_come_back_newest_first_each_once(store: Store) -> None:
    for text in ("one", "two", "Three", "one", "  "):
        store.remember_prompt(text)
    assert store.prompts() == ["one", "Three", "two"]
    assert store.prompts(2) == ["one", "Three"]
    assert store.prompts(filter="THREE") == ["Three"]


def test_state_is_any_small_value(store: Store) -> None:
    assert store.state("layout") is None and store.state("recent", []) == []
    store.save_state("layout", {"left": 40, "zoom": None})
    store.save_state("layout", {"left": 41})
    assert store.state("layout") == {"left": 41}


# Attached files


def test_a_blob_is_stored_once_and_its_loss_is_no_fault(store: Store) -> None:
    name = store.put_blob(b"\x89PNG", ".png")
    assert store.put_blob(b"\x89PNG", ".jpg") == name
    path = store.blob_path(name)
    assert path is not None and path.read_bytes() == b"\x89PNG" and path.suffix == ".png"
    assert len([found for found in path.parent.iterdir()]) == 1
    path.unlink()
    assert store.blob_path(name) is None and store.blob_path("unknown") is None
    assert store.put_blob(b"\x89PNG", ".png") == name
    assert store.blob_path(name) == path


def test_a_suffix_cannot_lead_out_of_the_folder(store: Store) -> None:
    path = store.blob_path(store.put_blob(b"x", "/../../evil"))
    assert path is not None and path.is_relative_to(store.path.parent / "blobs") and path.suffix == ""


# Size


def test_ten_thousand_messages_open_quickly(store: Store) -> None:
    parent = None
    for number in range(2000):
        turn = Turn(f"t{number}", {"model": "m", "messages": []}, parent_id=parent)
        said = [(f"u{number}-{part}", Message("user", "word " * 50)) for part in range(4)]
        store.begin(turn, "c1", said, f"a{number}")
        turn.apply(TextDelta("answer " * 50))
        turn.end(TurnState.DONE, 1.0, 2.0)
        store.finish(turn)
        parent = f"a{number}"
    assert parent is not None
    started = time.process_time()
    nodes = store.history(parent)
    texts = [node.message.text for node in nodes]
    turns = [node.turn for node in nodes if node.turn is not None]
    took = time.process_time() - started
    assert len(nodes) == len(texts) == 10_000 and len(turns) == 2000
    assert texts[0].startswith("word") and texts[-1].startswith("answer")
    assert took < 1.5, "some 0.15 s are expected: this catches a cost that grows with the square"
