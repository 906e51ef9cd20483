"""A template beside the conversation: opened, edited, run, saved, by keys and by mouse."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest
from textual.widgets import Collapsible, OptionList

from meshtui.core.problem import Problem
from meshtui.sandbox import Sandbox, Settings
from meshtui.ui.panes.template import TemplatePane
from meshtui.ui.widgets.name_line import NameLine
from meshtui.ui.widgets.slot_text import SlotField, SlotText
from meshtui.ui.widgets.top import KeyLine
from tests.bench import workbench
from tests.template_pane import FILE, SIZES, field, field_names, fill, opened, request_of

pytestmark = pytest.mark.anyio


async def test_slots_are_told_apart_in_the_terminals_own_colours(tmp_path: Path) -> None:
    async with opened(tmp_path) as (bench, _):
        await bench.holds(lambda: "mesh-16" in bench.app.available_themes, "the themes")
        bench.app.theme = "mesh-16"
        await bench.wait("{{tone}}", "{{company}}")


async def test_a_slot_looks_filled_in_as_soon_as_it_has_a_value(tmp_path: Path) -> None:
    async with opened(tmp_path) as (bench, _):

        def is_marked(slot: str) -> bool:
            strips = bench.app.screen._compositor.render_strips()
            return any(part.style and part.style.reverse and slot in part.text for strip in strips for part in strip)

        await bench.holds(lambda: is_marked("{{company}}") and is_marked("{{thing}}"), "the slots without a value")
        await fill(bench, company="Acme")
        await bench.holds(lambda: not is_marked("{{company}}"), "the slot with a value")
        assert is_marked("{{thing}}")


async def test_a_template_that_is_half_shown_is_not_kept_as_an_edit(tmp_path: Path) -> None:
    async with opened(tmp_path, other="system = 'x'") as (bench, _):
        assert bench.session.templates is not None
        for name in ("other", "bot"):
            path = tmp_path / "templates" / f"{name}.toml"
            bench.screen.open_template(path)
            while any(one.group == "template" and one.is_running for one in bench.app.workers):
                bench.screen.save_typed()
                await asyncio.sleep(0)
            assert bench.screen.opened is not None and bench.screen.opened.path == path
            bench.screen.save_typed()
            assert not bench.screen.edited
            assert bench.session.templates.kept_edit(bench.screen.opened) is None


@pytest.mark.parametrize("size", SIZES, ids=str)
async def test_a_value_is_changed_and_run_with_one_key(tmp_path: Path, size: tuple[int, int]) -> None:
    async with opened(tmp_path, size) as (bench, _):
        await fill(bench, company="Acme", thing="parcel")
        await bench.press("enter")
        await bench.holds(lambda: bench.screen.last_turn is not None, "a turn")
        await bench.over()
        rows = [row["content"] for row in request_of(bench)["messages"]]
        assert rows == ["You are friendly support for Acme.\nOrder {order}.\n", "Where is my parcel?"]
        await bench.wait("friendly support for Acme")
        if size[0] < 100:
            assert not bench.screen.query_one(TemplatePane).display
            await bench.press("f9")
        assert bench.screen.query_one(TemplatePane).display
        await fill(bench, thing="s")
        await bench.press("enter")
        await bench.holds(
            lambda: len(bench.session.store.conversations()) == 1 and bench.turn.ended, "one conversation"
        )
        await bench.holds(lambda: "parcels" in str(bench.turn.content), "the second run")
        assert len(request_of(bench)["messages"]) == 2
        assert bench.session.templates is not None and bench.screen.opened is not None
        assert [run.values["thing"] for run in bench.session.templates.runs(bench.screen.opened.path)] == [
            "parcels",
            "parcel",
        ]


async def test_a_missing_value_stops_the_run_in_its_field(tmp_path: Path) -> None:
    async with opened(tmp_path, (80, 24)) as (bench, _):
        await fill(bench, company="Acme")
        await bench.press("enter")
        await bench.wait("No value for thing: nothing was sent.")
        assert bench.app.focused is field(bench, "thing") and bench.session.nodes == []
        await bench.type("x")
        await bench.press("enter")
        await bench.holds(lambda: bench.screen.last_turn is not None, "a turn")
        note = bench.screen.query_one("#note")
        await bench.holds(lambda: not note.has_class("-any"), "the note gone that told why nothing ran")


async def test_the_slot_that_wants_a_value_is_in_sight_from_the_start(tmp_path: Path) -> None:
    tall = FILE.replace("Order {order}.", "\n".join(f"Rule {number}." for number in range(12)))
    async with opened(tmp_path, (80, 24), bot=tall) as (bench, _):
        assert bench.app.focused is field(bench, "company")
        await bench.type("Acme")
        await bench.wait("company Acme")


async def test_a_value_that_was_deleted_is_told_from_one_never_given(tmp_path: Path) -> None:
    async with opened(tmp_path) as (bench, _):
        assert field(bench, "thing").placeholder == field(bench, "company").placeholder == "no value"
        await bench.type("x")
        await bench.press("backspace")
        await bench.holds(lambda: field(bench, "company").placeholder == "empty", "an empty value")
        assert field(bench, "thing").placeholder == "no value"


async def test_the_gateways_refusal_points_at_the_field(tmp_path: Path) -> None:
    async with opened(tmp_path) as (bench, _):
        await fill(bench, company="Acme", thing="x")
        assert bench.session.templates is not None and bench.screen.opened is not None
        ours = bench.screen.opened.template
        await bench.session.templates.remote.push("elsewhere", replace(ours, system="{{tone}} {{nowhere}}"))
        bench.screen.action_toggle_expand()
        await bench.wait("expanded by the gateway")
        await bench.press("f5")
        await bench.holds(lambda: bench.screen.last_turn is not None and bench.turn.ended, "a turn")
        turn = bench.turn
        assert turn.problem is not None and turn.problem.status == 422
        await bench.wait("nowhere", "The gateway's copy is not this text")
        field(bench, "company").focus()
        turn.problem = Problem(turn.problem.kind, "x", "Missing template variables: thing", status=422)
        bench.screen._pointed = ""
        bench.screen.point_at_slot()
        await bench.wait("The gateway misses a value for thing.")
        assert bench.app.focused is field(bench, "thing")


async def test_a_renamed_template_keeps_its_edit_and_its_versions(tmp_path: Path) -> None:
    async with opened(tmp_path) as (bench, _):
        await fill(bench, company="Acme", thing="x")
        await bench.press("enter")
        await bench.holds(lambda: bench.screen.last_turn is not None and bench.turn.ended, "a run")
        bench.screen.query_one("#system", SlotText).focus()
        await bench.press("ctrl+home")
        await bench.type("Hi. ")
        await bench.press("f12", "f2")
        await bench.wait("enter takes the name")
        await bench.type("2")
        await bench.press("enter")
        await bench.wait("bot2*", "Hi. You are")
        assert field(bench, "company").text == "Acme"
        assert bench.session.templates is not None
        assert len(bench.session.templates.versions(tmp_path / "templates" / "bot2.toml")) == 1


async def test_the_name_in_the_pane_renames_the_file(tmp_path: Path) -> None:
    async with opened(tmp_path, (80, 24), other="system = 'x'") as (bench, _):
        await fill(bench, company="Acme", thing="x")
        await bench.press("enter")
        await bench.holds(lambda: bench.screen.last_turn is not None and bench.turn.ended, "a run")
        bench.screen.action_front_template(True)
        bench.screen.query_one("#system", SlotText).focus()
        await bench.press("ctrl+home")
        await bench.type("Hi. ")
        name = bench.screen.query_one(NameLine)
        bench.screen.query_one(Collapsible).collapsed = False
        name.focus()
        await bench.pilot.pause()
        assert name.value == "bot"
        name.value = "other"
        await bench.press("enter")
        await bench.wait("already")
        assert (tmp_path / "templates" / "bot.toml").read_text() == FILE
        name.value = "desk/bot2"
        await bench.press("enter")
        path = tmp_path / "templates" / "desk" / "bot2.toml"
        await bench.holds(path.exists, "the file under its new name")
        await bench.wait("desk/bot2*")
        assert path.read_text() == FILE and not (tmp_path / "templates" / "bot.toml").exists()
        await bench.press("ctrl+s")
        await bench.wait("bot2 saved")
        assert path.read_text() == FILE.replace("You are", "Hi. You are")
        assert bench.session.templates is not None and len(bench.session.templates.versions(path)) == 1


async def test_slots_appear_as_they_are_typed_and_keep_their_values(tmp_path: Path) -> None:
    async with opened(tmp_path) as (bench, _):
        await fill(bench, company="Acme")
        text = bench.screen.query_one("#system", SlotText)
        text.focus()
        await bench.press("ctrl+home")
        await bench.type("{{lang}} ")

        def slots() -> list[str]:
            return [one.slot for one in bench.screen.query(SlotField)]

        await bench.holds(lambda: slots() == ["lang", "tone", "company", "thing"], "the fields in order")
        assert field(bench, "company").text == "Acme" and field(bench, "tone").text == "friendly"
        await bench.wait("lang has no value", "{order} is literal text")
        line = text.get_line(0)
        looks = {line.plain[span.start : span.end]: str(span.style) for span in line.spans}
        assert (
            "reverse" in looks["{{lang}}"] and "reverse" not in looks["{{company}}"] and "bold" in looks["{{company}}"]
        )
        await bench.press("ctrl+z")
        await bench.holds(lambda: slots() == ["tone", "company", "thing"], "the undone slot gone")
        await bench.press("f8")
        assert bench.app.focused is field(bench, "thing")


async def test_saving_changes_the_edited_lines_only(tmp_path: Path) -> None:
    async with opened(tmp_path) as (bench, _):
        bench.screen.query_one("#system", SlotText).focus()
        await bench.press("ctrl+home")
        await bench.type("Hi. ")
        await bench.wait("bot*")
        await bench.press("ctrl+s")
        await bench.wait("bot saved")
        path = tmp_path / "templates" / "bot.toml"
        assert path.read_text() == FILE.replace("You are", "Hi. You are")
        assert "bot*" not in bench.flat()


async def test_what_was_typed_and_not_saved_is_back_after_the_end(tmp_path: Path) -> None:
    async with opened(tmp_path) as (bench, _):
        await fill(bench, company="Acme")
        bench.screen.query_one("#system", SlotText).focus()
        await bench.press("ctrl+home")
        await bench.type("Hi. ")
        bench.screen.save_typed()
    with Sandbox(Settings()) as box:
        async with workbench(tmp_path, box.url, size=(160, 50)) as bench:
            bench.screen.open_template(tmp_path / "templates" / "bot.toml")
            await bench.wait("Hi. You are", "Acme", "This edit was not saved last time")
    assert (tmp_path / "templates" / "bot.toml").read_text() == FILE


async def test_both_sides_changed_the_file(tmp_path: Path) -> None:
    async with opened(tmp_path) as (bench, _):
        path = tmp_path / "templates" / "bot.toml"
        path.write_text(FILE.replace("support", "help"))
        bench.screen._look_at_file()
        await bench.wait("You are {{tone}} help for")
        bench.screen.query_one("#system", SlotText).focus()
        await bench.press("ctrl+home")
        await bench.type("Hi. ")
        path.write_text(FILE.replace("support", "aid"))
        await bench.press("ctrl+s")
        await bench.wait("was changed on both sides", "{+Hi. +}")
        await bench.press("escape")
        assert "aid" in path.read_text()
        await bench.press("ctrl+s")
        await bench.wait("was changed on both sides")
        await bench.press("t")
        await bench.wait("You are {{tone}} aid for")
        bench.screen.query_one("#system", SlotText).focus()
        await bench.press("ctrl+home")
        await bench.type("Hi. ")
        path.unlink()
        await bench.press("ctrl+s")
        await bench.wait("was deleted by another program")
        await bench.press("m")
        await bench.wait("bot saved")
        assert "Hi. You are" in path.read_text()


async def test_the_preview_is_what_would_be_sent(tmp_path: Path) -> None:
    async with opened(tmp_path, (80, 24)) as (bench, _):
        await fill(bench, company="[red]A\x1b[31m", thing="t")
        await bench.press("f3")
        await bench.wait("What would be sent", "tok", "You are friendly support for", "Where is my t?")
        await bench.press("escape")


async def test_templates_are_made_copied_named_and_deleted(tmp_path: Path) -> None:
    async with opened(tmp_path, (80, 24), bad="system = ") as (bench, _):
        folder = tmp_path / "templates"
        await bench.press("f12")
        await bench.wait("bot", "bad", "cannot be read")
        await bench.type("xans")
        await bench.wait("no template fits")
        await bench.press("home", "delete")
        await bench.wait("bot")
        await bench.press("f6")
        await bench.wait("enter takes the name")
        await bench.press("enter")
        await bench.holds(lambda: (folder / "bot-copy.toml").exists(), "the copy")
        await bench.press("f9")
        await bench.holds(lambda: len(list(folder.glob("bot*"))) == 1, "the deletion")
        await bench.press("f10")
        await bench.holds(lambda: len(list(folder.glob("bot*"))) == 2, "the restoring")
        await bench.press("ctrl+n")
        await bench.type("desk/new")
        await bench.press("enter")
        await bench.holds(lambda: (folder / "desk" / "new.toml").exists(), "the new one")
        await bench.wait("no slots")


async def test_the_gateways_templates_are_fetched_from_the_list(tmp_path: Path) -> None:
    async with opened(tmp_path, (80, 24)) as (bench, _):
        await bench.press("f12")
        await bench.press("ctrl+g")
        await bench.wait("the gateway: enter fetches", "support-reply")
        await bench.type("support-reply")
        await bench.press("enter")
        await bench.holds(lambda: (tmp_path / "templates" / "support-reply.toml").exists(), "the file")
        await bench.holds(lambda: field_names(bench) == ["tone", "company"], "the slots of it")


async def test_by_mouse(tmp_path: Path) -> None:
    async with opened(tmp_path, (160, 50)) as (bench, _):
        await fill(bench, company="Acme", thing="t")
        doubts = bench.screen.query_one("#doubts", OptionList)
        await bench.pilot.click(doubts, offset=(4, 0))
        text = bench.screen.query_one("#system", SlotText)
        assert bench.app.focused is text and text.selected_text == "{order}"
        await bench.pilot.click("#actions", offset=(3, 0))
        await bench.holds(lambda: bench.screen.last_turn is not None, "a turn")
        await bench.over()
        await bench.pilot.click(".role", offset=(2, 0))
        await bench.wait("assistant ▾", "bot*")
        await bench.pilot.click(".remove", offset=(1, 0))
        await bench.holds(lambda: "thing" not in [one.slot for one in bench.screen.query(SlotField)], "the slot gone")


async def test_panes_hide_and_zoom(tmp_path: Path) -> None:
    async with opened(tmp_path, (160, 50)) as (bench, _):
        pane = bench.screen.query_one(TemplatePane)
        assert pane.display and bench.screen.pane.display
        await bench.press("f10")
        assert pane.display and not bench.screen.pane.display and pane.size.width > 140
        await bench.press("f6")
        assert not pane.display and bench.screen.pane.display
        await bench.press("f10")
        assert pane.display and bench.screen.pane.display
        await bench.press("f9", "f9")
        assert not pane.display and bench.app.focused is bench.prompt
        await bench.press("f9")
        assert pane.display


async def test_an_empty_conversation_says_that_a_template_goes_with_what_is_sent(tmp_path: Path) -> None:
    async with opened(tmp_path, (80, 24)) as (bench, _):
        await fill(bench, company="Acme", thing="t")
        await bench.press("enter")
        await bench.holds(lambda: bench.screen.last_turn is not None, "a turn")
        await bench.over()
        keys = bench.screen.query_one(KeyLine)
        assert "send" in str(keys.content) and "esc prompt" not in str(keys.content)
        await bench.press("ctrl+n")
        await bench.wait("sent after the texts of bot.", "f9 the template; there f5 runs it, f9 hides it")
        await bench.press("f9", "f9")
        await bench.wait("Type a message below and press enter.")
        await bench.answered("alone")
        assert [row["content"] for row in request_of(bench)["messages"]] == ["alone"]


async def test_enter_in_the_prompt_begins_a_run_and_then_goes_on(tmp_path: Path) -> None:
    async with opened(tmp_path, (120, 40)) as (bench, _):
        await fill(bench, company="Acme", thing="t")
        await bench.answered("one")
        assert [row["content"] for row in request_of(bench)["messages"]][1:] == ["Where is my t?", "one"]
        await bench.answered("two")
        assert request_of(bench)["messages"][-1]["content"] == "two" and len(request_of(bench)["messages"]) == 5
        field(bench, "thing").focus()
        await bench.press("enter")
        await bench.holds(lambda: bench.turn.ended and len(bench.session.nodes) == 4, "a run of its own")
        assert [row["content"] for row in request_of(bench)["messages"]][1:] == ["Where is my t?", "one"]
