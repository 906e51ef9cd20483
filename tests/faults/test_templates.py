"""Templates through the session, against the sandbox over a real socket: runs, branches, the gateway's copies."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meshtui.core.chat import Draft, Message
from meshtui.core.diff import Change
from meshtui.core.problem import Problem
from meshtui.core.template import Template
from meshtui.core.turn import Turn
from meshtui.sandbox import Sandbox, Settings
from meshtui.sandbox.templates import expand
from meshtui.session import Diverged, MissingValues, Run, Session, StoreError, Templates
from meshtui.store.paths import find_paths
from meshtui.store.templates import TemplateFiles
from tests.workbench import opened

BOT = Template(
    "refund-bot",
    system="You are {{tone}} support for {{ company }}.",
    messages=(Message("user", "Hi, I am {{who}}."), Message("assistant", "Hello.")),
    params={"temperature": 0.5},
    variables={"tone": "friendly"},
)
VALUES = {"company": "Acme", "who": "Ada"}


def wait(job: Coroutine[Any, Any, None]) -> None:
    """Run one asynchronous test."""
    asyncio.run(job)


@asynccontextmanager
async def bench(home: Path, **settings: Any) -> AsyncIterator[tuple[Session, Templates, Sandbox]]:
    """A session with templates on a sandbox."""
    with Sandbox(Settings(rpm=100_000, **settings)) as box:
        async with opened(home, box, "sandbox/echo") as session:
            templates = session.templates = Templates(session, TemplateFiles(find_paths({}, str(home)), None))
            yield session, templates, box


async def ran(session: Session, turn: Turn) -> dict[str, Any]:
    """Run a turn of the echo model; return the request as the gateway expanded it."""
    await session.run(turn)
    assert turn.problem is None, turn.problem
    request: dict[str, Any] = json.loads(str(turn.content))
    return request


def test_a_run_sends_the_template_and_what_is_said_after_keeps_it(tmp_path: Path) -> None:
    async def job() -> None:
        async with bench(tmp_path) as (session, templates, _):
            path = templates.files.create("refund-bot", BOT).path
            request = await ran(session, templates.start(path, Run(BOT, VALUES, "Where is it?")))
            said = [(row["role"], row["content"]) for row in request["messages"]]
            assert said == [
                ("system", "You are friendly support for Acme."),
                ("user", "Hi, I am Ada."),
                ("assistant", "Hello."),
                ("user", "Where is it?"),
            ]
            assert request["temperature"] == 0.5
            request = await ran(session, session.say("And now?"))
            assert [row["content"] for row in request["messages"]][:2] == [said[0][1], said[1][1]]
            assert len(request["messages"]) == 6

    wait(job())


def test_each_run_is_a_branch_of_its_own_in_one_conversation(tmp_path: Path) -> None:
    async def job() -> None:
        async with bench(tmp_path) as (session, templates, _):
            path = templates.files.create("refund-bot", BOT).path
            await ran(session, session.say("something else"))
            other = session.conversation
            await ran(session, templates.start(path, Run(BOT, VALUES, "one")))
            first = session.conversation
            request = await ran(session, templates.start(path, Run(BOT, {**VALUES, "tone": "short"}, "one", "s")))
            assert first is not None and other is not None and first.id != other.id
            assert session.conversation is not None and session.conversation.id == first.id
            assert "short" in request["messages"][0]["content"] and len(request["messages"]) == 4
            assert first.title.startswith("refund-bot") or session.conversation.title.startswith("refund-bot")
            (version,) = templates.versions(path)
            assert (version.hash, version.runs) == (BOT.hash, 2)
            newest, oldest = templates.runs(path)
            assert (newest.values["tone"], newest.set_name, oldest.values["tone"]) == ("short", "s", "friendly")
            assert oldest.answer and oldest.conversation_id == first.id

    wait(job())


def test_a_missing_value_sends_nothing(tmp_path: Path) -> None:
    async def job() -> None:
        async with bench(tmp_path) as (session, templates, box):
            path = templates.files.create("refund-bot", BOT).path
            with pytest.raises(MissingValues) as info:
                templates.start(path, Run(BOT, {"who": ""}))
            assert info.value.names == ("company",)
            assert session.nodes == [] and templates.versions(path) == []

    wait(job())


def test_here_and_the_gateway_give_the_same(tmp_path: Path) -> None:
    async def job() -> None:
        async with bench(tmp_path) as (session, templates, _):
            path = templates.files.create("refund-bot", BOT).path
            await templates.remote.push(str(path), BOT)
            here = await ran(session, templates.start(path, Run(BOT, VALUES, "one")))
            there = await ran(session, templates.start(path, Run(BOT, VALUES, "one", expand="gateway")))
            assert there["messages"] == here["messages"] and there["temperature"] == here["temperature"]
            assert await templates.remote.expands_alike(BOT, VALUES) == []
            follow = await ran(session, session.say("And now?"))
            assert follow["messages"][:4] == here["messages"]
            changed = replace(BOT, system="Be {{tone}} for {{company}}.")
            ((mine, theirs),) = await templates.remote.expands_alike(changed, VALUES)
            assert (mine.text, theirs.text) == ("Be friendly for Acme.", "You are friendly support for Acme.")
            with pytest.raises(Problem, match="push it first"):
                await templates.remote.expands_alike(replace(BOT, name="other"), VALUES)

    wait(job())


def test_the_gateway_names_the_slot_that_it_misses(tmp_path: Path) -> None:
    async def job() -> None:
        async with bench(tmp_path) as (session, templates, _):
            path = templates.files.create("refund-bot", BOT).path
            await templates.remote.push(str(path), replace(BOT, system=BOT.system + " {{extra}}"))
            turn = templates.start(path, Run(BOT, VALUES, expand="gateway"))
            await session.run(turn)
            assert turn.problem is not None and turn.problem.status == 422
            assert "extra" in turn.problem.message

    wait(job())


def test_push_pull_and_what_changed_where(tmp_path: Path) -> None:
    async def job() -> None:
        async with bench(tmp_path) as (_, templates, _box):
            remote, place = templates.remote, str(templates.files.create("refund-bot", BOT).path)
            assert "created" in await remote.push(place, BOT)
            theirs = await remote.counterpart(place, BOT)
            assert theirs is not None and theirs.raw["variables"] == ["tone", "company", "who"]
            assert "nothing to send" in await remote.push(place, BOT)
            # There the description changes, here the system text: nothing is in the way.
            await remote._call("PATCH", theirs.id, {"description": "theirs"})
            mine = replace(BOT, system="Mine {{x}}.", params={})
            said = await remote.push(place, mine)
            assert "sent system, params" in said and "description changed there" in said
            theirs = await remote.counterpart(place, mine)
            assert theirs is not None
            assert (theirs.template.description, theirs.template.system) == ("theirs", "Mine {{x}}.")
            assert theirs.raw["params"] is None and theirs.raw["variables"] == ["x", "who"]
            merged, changes = remote.merged(place, mine, theirs)
            assert merged.description == "theirs" and merged.system == mine.system
            assert [row.field for row in changes if row.change is Change.REMOTE] == ["description"]
            remote.pulled(place, theirs)
            # Both sides change the same.
            await remote._call("PATCH", theirs.id, {"system": "Theirs."})
            both = replace(merged, system="Ours.")
            with pytest.raises(Diverged, match="system changed here and on the gateway"):
                await remote.push(place, both)
            theirs = await remote.counterpart(place, both)
            assert theirs is not None and theirs.template.system == "Theirs."
            with pytest.raises(Diverged):
                remote.merged(place, both, theirs)
            assert remote.merged(place, both, theirs, force=True)[0].system == "Theirs."
            await remote.push(place, both, force=True)
            theirs = await remote.counterpart(place, both)
            assert theirs is not None and theirs.template.system == "Ours."

    wait(job())


def test_refusals_are_told_in_words(tmp_path: Path) -> None:
    async def job() -> None:
        async with bench(tmp_path) as (_, templates, _box):
            remote = templates.remote
            shared = next(row for row in await remote.all() if row.is_global)
            with pytest.raises(Problem, match="shared with everyone and read-only"):
                await remote.delete(shared)
            place = str(templates.files.create("mine", Template("mine", system="x")).path)
            await remote.push(place, Template("mine", system="x"))
            own = await remote.named("mine")
            assert own is not None
            with pytest.raises(Problem, match="of that name already"):
                await remote._call("POST", body={"name": "mine"})
            await remote.delete(own)
            with pytest.raises(Problem, match="was deleted, or belongs to another account"):
                await remote.delete(own)
            assert await remote.named("mine") is None and await remote.counterpart(place, own.template) is None
            # One's own may have the name of a shared one, and stands before it.
            await remote.push(place, Template(shared.template.name, system="own"))
            found = await remote.named(shared.template.name)
            assert found is not None and not found.is_global

    wait(job())


def test_an_edit_that_was_not_saved_comes_back(tmp_path: Path) -> None:
    async def job() -> None:
        async with bench(tmp_path) as (_, templates, _box):
            opened_ = templates.files.create("refund-bot", BOT)
            assert templates.kept_edit(opened_) is None
            edit = replace(BOT, system="half")
            templates.keep_edit(opened_, edit)
            templates.keep_values(opened_.path, {"who": "Ada"}, "s")
            assert templates.kept_edit(opened_) == (edit, True)
            assert templates.kept_edit(replace(opened_, text="other")) == (edit, False)
            assert templates.kept_values(opened_.path) == ({"who": "Ada"}, "s")
            templates.keep_edit(opened_, None)
            assert templates.kept_edit(opened_) is None

    wait(job())


TEXT = st.text(st.sampled_from("{} ab_\n"), max_size=12) | st.sampled_from(["{{a}}", "{{ b }} {{a}}", "x{{ab}}"])


@given(
    TEXT,
    st.lists(st.tuples(st.sampled_from(["user", "assistant", "system"]), TEXT), max_size=3),
    st.dictionaries(st.sampled_from(["a", "b", "ab", "_", "__", "a_b", "b_a"]), TEXT, max_size=7),
    st.dictionaries(st.sampled_from(["a", "b"]), TEXT, max_size=2),
    TEXT,
)
def test_rendered_here_is_expanded_there(
    system: str, rows: list[tuple[str, str]], values: dict[str, str], defaults: dict[str, str], prompt: str
) -> None:
    messages = tuple(Message.from_json({"role": role, "content": text}) for role, text in rows)
    template = Template("t", system=system, messages=messages, params={"seed": 1}, variables=defaults)
    said = (Message("user", prompt or "p"),)
    all_values = {**defaults, **values}
    if template.missing(values):
        return
    there = expand(template.to_wire(), Draft(messages=said, template="t", variables=all_values).request(), "x")
    here = Draft(messages=(*template.rendered(values), *said)).request()
    sent = [row for row in there["messages"] if row["content"] or row["role"] != "assistant"]
    assert here["messages"] == sent and there["seed"] == 1


@pytest.mark.anyio
async def test_a_run_that_cannot_be_stored_leaves_everything_as_it_was(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with bench(home) as (session, templates, box):
        await session.run(session.say("before"))
        opened = templates.files.create("refund-bot", BOT)
        here, nodes = session.conversation, session.nodes

        def fails(*_: Any) -> None:
            raise StoreError("The disk is full.")

        for name in ("begin", "pin"):
            with monkeypatch.context() as patch:
                patch.setattr(session.store, name, fails)
                with pytest.raises(StoreError):
                    templates.start(opened.path, Run(BOT, VALUES, "hello"))
            assert session.conversation is here and session.nodes == nodes, "what was shown is shown"
            assert not session.live, "nothing waits to be sent"


@pytest.mark.anyio
async def test_what_can_only_not_be_looked_up_later_is_sent(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with bench(home) as (session, templates, box):
        said: list[str] = []
        session.on_notice = said.append

        def fails(*_: Any) -> None:
            raise StoreError("The disk is full.")

        monkeypatch.setattr(session.store, "remember_prompt", fails)
        monkeypatch.setattr(session.store, "rename", fails)
        await ran(session, session.say("hello"))
        opened = templates.files.create("refund-bot", BOT)
        await ran(session, templates.start(opened.path, Run(BOT, VALUES, "hello")))
        assert len(said) == 3 and not session.live
