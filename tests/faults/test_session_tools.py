"""Which tools go out with a conversation, over a real socket: per conversation, as their files are now."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from meshtui.core.template import Template
from meshtui.core.tools.edit import ToolEdit
from meshtui.core.variants import variants
from meshtui.sandbox import Sandbox
from meshtui.session import Comparison, Run, Session, ToolEdits
from tests.workbench import opened

CITY: dict[str, Any] = {"type": "object", "properties": {"city": {"type": "string"}}}


def put(home: Path, key: str, name: str = "", text: str | None = None, **more: Any) -> Path:
    """Write a tool of the user."""
    path = home / "tools" / f"{key}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"name": name or key, "parameters": CITY, **more}) if text is None else text)
    return path


async def names_sent(session: Session, box: Sandbox, text: str = "hello") -> list[str]:
    """Say something and return the names of the tools that went along."""
    await session.run(session.say(text))
    return [tool["function"]["name"] for tool in box.requests[-1]["body"].get("tools", [])]


@pytest.mark.anyio
async def test_each_conversation_has_its_own_and_a_new_one_begins_with_the_last(box: Sandbox, home: Path) -> None:
    put(home, "one")
    put(home, "two")
    async with opened(home, box) as session:
        assert session.tools is not None
        assert await names_sent(session, box) == []
        session.tools.turn("one", True)
        assert await names_sent(session, box) == ["one"]
        first = session.conversation
        session.new()
        assert session.tools.on == ("one",)
        session.tools.turn("two", True)
        session.tools.turn("one", False)
        assert await names_sent(session, box) == ["two"]
    async with opened(home, box) as again:
        assert again.tools is not None and first is not None
        again.open(first.id)
        assert again.tools.on == ("one",) and [tool["function"]["name"] for tool in again.draft.tools] == ["one"]
        assert await names_sent(again, box) == ["one"]
        again.new()
        assert again.tools.on == ("one",)


@pytest.mark.anyio
async def test_a_file_is_read_again_before_it_is_sent(box: Sandbox, home: Path) -> None:
    path = put(home, "one", description="old")
    async with opened(home, box) as session:
        assert session.tools is not None
        session.tools.turn("one", True)
        put(home, "one", description="a newer text")
        await names_sent(session, box)
        assert box.requests[-1]["body"]["tools"][0]["function"]["description"] == "a newer text"
        said: list[str] = []
        session.on_notice = said.append
        path.write_text("{broken")
        assert await names_sent(session, box) == []
        assert len(said) == 1 and said[0].startswith(f"The tool one is not sent: {path}, line 1")
        assert await names_sent(session, box) == [] and len(said) == 1
        path.unlink()
        assert await names_sent(session, box) == []
        assert said[1:] == ["The tool one is on, but its file is gone: it is not sent."]
        put(home, "one")
        assert await names_sent(session, box) == ["one"]


@pytest.mark.anyio
async def test_an_edit_is_saved_by_what_is_sent_where_it_is_sound_and_the_file_is_still_its_own(
    box: Sandbox, home: Path
) -> None:
    path = put(home, "one", description="old")
    async with opened(home, box) as session:
        assert session.tools is not None and session.tools.files is not None
        session.tools.turn("one", True)
        said: list[str] = []
        session.on_notice = said.append
        edits, files = ToolEdits(session), session.tools.files

        def sent() -> Any:
            return box.requests[-1]["body"]["tools"][0]["function"]["description"]

        def edit(words: str) -> ToolEdit:
            edit = ToolEdit.of(files.open(path).tool)
            edit = replace(edit, definition=edit.definition.replace("old", words))
            edits.keep(files.open(path), edit)
            return edit

        edit("new")
        await names_sent(session, box)
        assert sent() == "new" and not edits.is_kept(path) and json.loads(path.read_text())["description"] == "new"
        assert said == ["one.json is saved, and sent as it was edited."]

        put(home, "one", description="old")
        edit("mine")
        put(home, "one", description="theirs")
        await names_sent(session, box)
        assert sent() == "theirs" and edits.is_kept(path) and "changed by another program" in said[-1]

        put(home, "one", description="old")
        edits.keep(files.open(path), replace(edit("x"), definition="{half"))
        await names_sent(session, box)
        assert sent() == "old" and edits.is_kept(path) and "its file is sent: the definition" in said[-1]

        edit("again")
        await session.run(session.retry(next(iter(reversed(session.nodes))).turn or pytest.fail("no turn")))
        assert sent() == "again"


@pytest.mark.anyio
async def test_of_two_tools_with_one_name_the_first_is_sent(box: Sandbox, home: Path) -> None:
    put(home, "one", "same")
    put(home, "two", "same")
    async with opened(home, box) as session:
        said: list[str] = []
        session.on_notice = said.append
        assert session.tools is not None
        session.tools.turn_only(["two", "one"])
        assert await names_sent(session, box) == ["same"]
        assert said == ["Two tools that are on are called same: only the first is sent, one is not."]


@pytest.mark.anyio
async def test_the_choice_goes_along_and_never_without_its_tool(box: Sandbox, home: Path) -> None:
    put(home, "one")
    put(home, "two")
    async with opened(home, box) as session:
        tools = session.tools
        assert tools is not None
        tools.choose("required")
        await names_sent(session, box)
        assert "tool_choice" not in box.requests[-1]["body"]
        tools.turn_only(["one", "two"])
        for choice in ("none", "auto", "required"):
            tools.choose(choice)
            await names_sent(session, box)
            assert box.requests[-1]["body"]["tool_choice"] == choice
        tools.choose(None, tool="two")
        assert tools.forced == "two"
        await names_sent(session, box)
        assert box.requests[-1]["body"]["tool_choice"] == {"type": "function", "function": {"name": "two"}}
        said: list[str] = []
        session.on_notice = said.append
        tools.turn("two", False)
        await names_sent(session, box)
        assert "tool_choice" not in box.requests[-1]["body"] and "two must be called, but is not on" in said[0]


@pytest.mark.anyio
async def test_a_request_sent_again_has_the_tools_as_they_are_now(box: Sandbox, home: Path) -> None:
    put(home, "one", description="old")
    async with opened(home, box, "sandbox/tools") as session:
        assert session.tools is not None
        session.tools.turn("one", True)
        turn = session.say("hello")
        await session.run(turn)
        put(home, "one", description="better")
        session.tools.choose("required")
        again = session.retry(turn)
        await session.run(again)
        assert box.requests[-1]["body"]["tools"][0]["function"]["description"] == "better"
        assert box.requests[-1]["body"]["tool_choice"] == "required"
        put(home, "one", description="best")
        session.tools.choose("none")
        round = session.rounds.round_of(again)
        assert round is not None
        session.rounds.set_result(round, round.calls[0], "fine")
        await session.run(session.rounds.go_on(round))
        assert box.requests[-1]["body"]["tools"][0]["function"]["description"] == "best"
        assert box.requests[-1]["body"]["tool_choice"] == "none"
        session.tools.turn("one", False)
        await session.run(session.retry(turn))
        assert not {"tools", "tool_choice"} & set(box.requests[-1]["body"])


@pytest.mark.anyio
async def test_templates_and_comparisons_take_them_along(box: Sandbox, home: Path) -> None:
    put(home, "one", description="old")
    async with opened(home, box) as session:
        assert session.tools is not None and session.templates is not None
        session.tools.turn("one", True)
        put(home, "one", description="newest")
        opened_template = session.templates.files.create("greet", Template("greet", "Greet {{name}}."))
        turn = session.templates.start(opened_template.path, Run(opened_template.template, {"name": "Ada"}, "hi"))
        await session.run(turn)
        assert box.requests[-1]["body"]["tools"][0]["function"]["description"] == "newest"
        put(home, "one", description="newest of all")
        comparison = Comparison(session)
        comparison.begin(variants(session.drafted("hello"), ["sandbox/haiku", "sandbox/fast"]))
        await comparison.run_all()
    for entry in box.requests[-2:]:
        assert entry["body"]["tools"][0]["function"]["description"] == "newest of all"
