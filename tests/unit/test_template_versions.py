"""Versions of templates: which exact text a run used, and what came of it."""

from __future__ import annotations

import time
from pathlib import Path

from meshtui.core.chat import Message
from meshtui.core.template import Template
from meshtui.core.turn import TextDelta, Turn, TurnState
from meshtui.store.history import Store
from meshtui.store.versions import Base

ONE = Template("bot", system="You are {{tone}}.", params={"seed": 1})
TWO = Template("bot", system="Be {{tone}}.", params={"seed": 1})


def ran(store: Store, id: str, template: Template, tone: str, conversation: str = "c") -> None:
    """Run a template once."""
    turn = Turn(id, {"model": "m", "messages": []}, started_at=100.0 + float(id))
    store.begin(turn, conversation, [(f"n{id}", Message("user", "hi"))], f"a{id}")
    store.pin(id, "/t/bot.toml", template, {"tone": tone}, "")
    turn.apply(TextDelta(f"said {tone}"), 0.1)
    turn.end(TurnState.DONE, 0.2, 200.0)
    store.finish(turn)


def test_each_run_pins_the_text_it_used(tmp_path: Path) -> None:
    with Store.open(tmp_path / "h.db", time.time) as store:
        ran(store, "1", ONE, "kind")
        ran(store, "2", TWO, "kind")
        ran(store, "3", ONE, "short", "d")
        store.note_version("/t/bot.toml", ONE, "the first")
    with Store.open(tmp_path / "h.db", time.time) as store:
        newest, oldest = store.versions("/t/bot.toml")
        assert (newest.template, newest.runs, newest.note) == (TWO, 1, "")
        assert (oldest.template, oldest.runs, oldest.note, oldest.hash) == (ONE, 2, "the first", ONE.hash)
        runs = store.runs("/t/bot.toml", ONE.hash)
        assert [(run.turn_id, run.values, run.answer, run.state) for run in runs] == [
            ("3", {"tone": "short"}, "said short", "done"),
            ("1", {"tone": "kind"}, "said kind", "done"),
        ]
        assert len(store.runs("/t/bot.toml")) == 3 and store.runs("/t/other.toml") == []
        assert store.template_of("d") == "/t/bot.toml" and store.template_of("x") is None
        store.move_versions("/t/bot.toml", "/t/new.toml")
        assert len(store.versions("/t/new.toml")) == 2 and store.versions("/t/bot.toml") == []


def test_a_key_in_a_value_is_not_stored(tmp_path: Path) -> None:
    with Store.open(tmp_path / "h.db", time.time) as store:
        store.withhold("rsk_01JDEMO0000000000000009F2A")
        ran(store, "1", ONE, "rsk_01JDEMO0000000000000009F2A")
        assert store.runs("/t/bot.toml")[0].values == {"tone": "rsk_…9F2A"}


def test_what_both_sides_had_is_remembered_per_gateway(tmp_path: Path) -> None:
    with Store.open(tmp_path / "h.db", time.time) as store:
        store.save_base("https://a", "/t/bot.toml", Base("id1", {"system": "x"}))
        store.save_base("https://a", "/t/bot.toml", Base("id2", {"system": "y"}))
        assert store.base("https://a", "/t/bot.toml") == Base("id2", {"system": "y"})
        assert store.base("https://b", "/t/bot.toml") is None
        store.save_base("https://a", "/t/bot.toml", None)
        assert store.base("https://a", "/t/bot.toml") is None
