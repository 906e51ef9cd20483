"""Values of a template in sets and from files, find and replace, its versions, the gateway's copy beside it."""

from __future__ import annotations

from pathlib import Path

import pytest
from textual.widgets import TextArea

from meshtui.ui.widgets.slot_text import SlotText
from tests.template_pane import SETS, field, fill, opened, request_of

pytestmark = pytest.mark.anyio


async def test_the_next_set_runs_by_one_key_and_all_by_another(tmp_path: Path) -> None:
    async with opened(tmp_path, (160, 50), **{"bot.values": SETS}) as (bench, _):

        def said() -> list[str]:
            return [row["content"] for row in request_of(bench)["messages"]][1:]

        await bench.press("ctrl+right_square_bracket")
        await bench.holds(lambda: bench.screen.last_turn is not None and bench.turn.ended, "the first set's run")
        assert said() == ["Where is my x?"]
        await bench.wait("set one")
        await bench.press("ctrl+right_square_bracket")
        await bench.holds(lambda: bench.turn.ended and said() == ["Where is my y?"], "the second set's run")
        bench.screen.action_run_all_sets()
        await bench.wait("2 of 2 sets have run")
        assert bench.session.templates is not None and bench.screen.opened is not None
        runs = bench.session.templates.runs(bench.screen.opened.path)
        assert [run.set_name for run in runs] == ["two", "one", "two", "one"]


async def test_running_all_sets_can_be_stopped(tmp_path: Path) -> None:
    async with opened(tmp_path, (160, 50), **{"bot.values": SETS}) as (bench, _):
        bench.session.choose_model("sandbox/slow")
        bench.screen.action_run_all_sets()
        await bench.wait("set 1 of 2")
        await bench.press("f6", "escape")
        await bench.holds(lambda: bench.turn.ended, "the stop")
        await bench.pilot.pause(0.2)
        assert bench.session.live == {}


async def test_a_set_that_nothing_brings_back_is_deleted_when_the_user_says_so(tmp_path: Path) -> None:
    async with opened(tmp_path, (80, 24)) as (bench, _):
        files, path = bench.screen.templates.files, tmp_path / "templates" / "bot.toml"
        files.save_set(path, "night", {"company": "Late"})
        bench.screen.action_value_sets()
        await bench.wait("Sets of values", "night")
        await bench.press("delete")
        await bench.wait("Delete the set night?", "nothing brings them back")
        await bench.press("escape")
        assert [one.name for one in files.sets(path)] == ["night"]
        await bench.press("delete")
        await bench.wait("Delete the set night?")
        await bench.press("right", "enter")
        await bench.wait("night deleted")
        assert not files.sets(path)


async def test_sets_are_kept_taken_and_pasted(tmp_path: Path) -> None:
    async with opened(tmp_path, (80, 24)) as (bench, _):
        await fill(bench, company="Acme", thing="x")
        bench.screen.action_value_sets()
        await bench.wait("Sets of values")
        await bench.press("ctrl+s")
        await bench.wait("under this name")
        await bench.press("enter")
        await bench.wait("kept as set 1", "company Acme")
        beside = tmp_path / "templates" / "bot.values.toml"
        assert '["set 1"]' in beside.read_text()
        paste = bench.app.screen.query_one("#paste", TextArea)
        paste.focus()
        paste.load_text("company,thing,set\n1,2,p\n3,4,q\n")
        await bench.wait("csv, 2 sets")
        await bench.press("ctrl+j")
        await bench.wait("2 sets kept")
        await bench.press("escape")
        bench.screen.action_value_sets()
        await bench.wait("Sets of values")
        (tmp_path / "v.env").write_text("company=Env\nthing=z\n")
        paste = bench.app.screen.query_one("#paste", TextArea)
        paste.focus()
        paste.load_text(f"@{tmp_path / 'v.env'}")
        await bench.wait("env, one set")
        await bench.press("ctrl+j")
        await bench.holds(lambda: field(bench, "company").text == "Env", "the values in the slots")


async def test_a_value_from_a_file(tmp_path: Path) -> None:
    async with opened(tmp_path) as (bench, _):
        (tmp_path / "long.txt").write_text("Acme\nInc")
        await fill(bench, thing="x")
        field(bench, "company").load_text(f"@{tmp_path / 'long.txt'}")
        field(bench, "company").focus()
        await bench.pilot.pause()
        await bench.press("enter")
        await bench.holds(lambda: field(bench, "company").text == "Acme\nInc", "the file in the slot")
        assert bench.session.nodes == []


async def test_find_and_replace(tmp_path: Path) -> None:
    async with opened(tmp_path) as (bench, _):
        text = bench.screen.query_one("#system", SlotText)
        text.focus()
        await bench.press("ctrl+home", "ctrl+f")
        await bench.type("OR")
        await bench.press("enter")
        assert text.selected_text == "or"
        await bench.press("enter")
        assert text.selected_text == "or" and text.selection.start[0] == 0
        await bench.press("tab")
        await bench.type("x")
        await bench.press("enter")
        assert "fxr {{company}}" not in text.text and "f" + "x" + " {{company}}" in text.text
        await bench.press("ctrl+j")
        assert "or" not in text.text.casefold().replace("{order}", "")
        await bench.press("escape")
        assert bench.app.focused is text
        await bench.press("ctrl+z", "ctrl+z")
        assert text.text.startswith("You are {{tone}} support for")


async def test_versions_keep_what_they_gave(tmp_path: Path) -> None:
    async with opened(tmp_path, (80, 24)) as (bench, _):
        await fill(bench, company="Acme", thing="x")
        await bench.press("enter")
        await bench.holds(lambda: bench.screen.last_turn is not None and bench.turn.ended, "a run")
        bench.screen.action_front_template(True)
        bench.screen.query_one("#system", SlotText).focus()
        await bench.press("ctrl+home")
        await bench.type("Hi. ")
        await bench.press("f5")
        await bench.holds(lambda: bench.turn.ended and "Hi. You" in str(bench.turn.content), "another run")
        bench.screen.action_template_versions()
        await bench.wait("Versions", "1 run", "what they gave", '+"Hi. You+')  # the run before this one
        await bench.press("pagedown", "pagedown")
        await bench.wait("what they say")
        await bench.press("s")
        await bench.wait("what they gave", "┃")
        for _ in range(6):
            await bench.press("pagedown")
        await bench.wait("┃ {+Hi. +}You are {{tone}}")
        await bench.press("s")
        await bench.wait("what they gave")
        assert "┃" not in bench.shown()
        await bench.press("n")
        await bench.type("first")
        await bench.press("enter")
        await bench.wait("first")
        await bench.press("enter")
        await bench.holds(
            lambda: bench.screen.query_one("#system", SlotText).text.startswith("You are"), "the first version"
        )
        assert "support" in (tmp_path / "templates" / "bot.toml").read_text()


async def test_the_versions_show_the_end_of_a_run_that_streams(tmp_path: Path) -> None:
    async with opened(tmp_path, (120, 40)) as (bench, _):
        bench.session.choose_model("sandbox/slow")
        await fill(bench, company="Acme", thing="x")
        await bench.press("enter")
        await bench.holds(lambda: bench.screen.last_turn is not None and bool(bench.turn.content), "a stream")
        bench.screen.action_template_versions()
        await bench.wait("Versions", "sandbox/slow · ")
        assert "stopped" not in bench.shown()
        bench.session.stop(bench.turn)
        await bench.wait("Versions", "sandbox/slow · stopped")


async def test_the_gateways_copy_beside_it(tmp_path: Path) -> None:
    async with opened(tmp_path, (80, 24)) as (bench, _):
        await fill(bench, company="Acme", thing="x")
        bench.screen.action_template_gateway()
        await bench.wait("has no template bot of yours")
        await bench.press("p")
        await bench.wait("created bot", "system: the same")
        await bench.press("c")
        await bench.wait("Both give the same messages")
        assert bench.session.templates is not None
        theirs = await bench.session.templates.remote.named("bot")
        assert theirs is not None
        await bench.session.templates.remote._call("PATCH", theirs.id, {"description": "theirs"})
        await bench.press("escape")
        bench.screen.action_template_gateway()
        await bench.wait("description: changed there")
        await bench.press("l")
        await bench.wait("bot saved")
        assert 'description = "theirs"' in (tmp_path / "templates" / "bot.toml").read_text()
        await bench.session.templates.remote._call("PATCH", theirs.id, {"description": "more"})
        path = tmp_path / "templates" / "bot.toml"
        path.write_text(path.read_text().replace('"theirs"', '"mine"'))
        bench.screen._look_at_file()
        await bench.holds(lambda: bench.screen.editor.template.description == "mine", "the file read again")
        bench.screen.action_template_gateway()
        await bench.wait("description: changed on both sides", "[-theirs-]{+mine+}")
        await bench.press("p")
        await bench.wait("Nothing was overwritten")
        await bench.press("P")
        await bench.wait("sent description")
        await bench.press("d")
        await bench.wait("cannot be brought back")
        await bench.press("tab", "enter")
        await bench.wait("Deleted on the gateway")
        await bench.press("escape")


async def test_what_can_be_done_in_the_list_is_clicked(tmp_path: Path) -> None:
    async with opened(tmp_path, (120, 40)) as (bench, _):
        await bench.press("f12")
        await bench.wait("the gateway's")
        note = bench.app.screen.query_one(".note")
        await bench.pilot.click(note, offset=(note.render_line(0).text.index("copies"), 0))
        await bench.wait("enter takes the name")
        await bench.press("enter")
        await bench.holds(lambda: (tmp_path / "templates" / "bot-copy.toml").exists(), "the copy")
