"""The parameters beside the conversation: fields and JSON, of a template and of a plain conversation."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from textual.widgets import Input, TextArea

from meshtui.sandbox import Sandbox, Settings
from meshtui.ui.panes.params import ParamsPane
from meshtui.ui.panes.template import TemplatePane
from meshtui.ui.widgets.param_field import ParamField
from meshtui.ui.widgets.slot_text import SlotText
from meshtui.ui.widgets.view_tabs import ViewTabs
from tests.bench import Bench, workbench

pytestmark = pytest.mark.anyio

FILE = """\
# ours
system = "You are {{tone}}."

[[messages]]
role = "user"
content = "Hi"

[params]
temperature = 0.5 # not higher
seed = 7

[variables]
tone = "kind"
"""
SIZES = [(80, 24), (120, 40), (160, 50)]


@asynccontextmanager
async def opened(home: Path, size: tuple[int, int] = (160, 50), template: bool = True) -> AsyncIterator[Bench]:
    """The workbench with the parameters in view, of the template `bot` or of the conversation."""
    (home / "templates").mkdir()
    path = home / "templates" / "bot.toml"
    path.write_text(FILE)
    with Sandbox(Settings(rpm=100_000)) as box:
        async with workbench(home, box.url, "sandbox/echo", size=size) as bench:
            if template:
                bench.screen.open_template(path)
                await bench.holds(lambda: bench.screen.opened is not None, "the template")
                await bench.pilot.pause()
            await bench.press("alt+p")
            await bench.holds(lambda: bool(bench.screen.query(ParamField)), "the fields")
            await bench.holds(lambda: isinstance(bench.app.focused, Input), "the focus")
            yield bench


def field(bench: Bench, name: str) -> ParamField:
    """The field of a parameter."""
    return next(one for one in bench.screen.query(ParamField) if one.param.name == name)


async def put(bench: Bench, name: str, text: str) -> None:
    """Type a value into a field, in place of the one that stands there."""
    field(bench, name).text.focus()
    await bench.pilot.pause()
    field(bench, name).text.select_all()
    if "\n" in text:
        field(bench, name).text.replace(text, *field(bench, name).text.selection)
    elif text:
        await bench.type(text)
    else:
        await bench.press("delete")
    await bench.pilot.pause()


def request_of(bench: Bench) -> dict[str, Any]:
    """The request that the echo model was sent last."""
    request: dict[str, Any] = json.loads(str(bench.turn.content))
    return request


@pytest.mark.parametrize("size", SIZES, ids=str)
async def test_a_plain_conversation_has_parameters(tmp_path: Path, size: tuple[int, int]) -> None:
    async with opened(tmp_path, size, template=False) as bench:
        await bench.wait("Params", "JSON", "None set. What is left empty is not sent.")
        await bench.type("penalty")
        await bench.press("enter")
        assert bench.app.focused is field(bench, "frequency_penalty").text
        await bench.wait("frequency_penalty", "Number, -2 to 2.")
        assert "top_p" not in bench.shown()
        await bench.type("-1.5")
        await put(bench, "stop", 'END\n"\\n\\n"')
        await put(bench, "cache", "true")
        await put(bench, "cache", "")
        await bench.wait("Params · 2")
        await bench.press("f6")
        request = (await bench.answered("hello")).request
        assert request["frequency_penalty"] == -1.5 and request["stop"] == ["END", "\n\n"]
        assert set(request) == {"model", "messages", "stream", "frequency_penalty", "stop"}


async def test_what_is_wrong_is_told_in_the_field_and_holds_the_message(tmp_path: Path) -> None:
    async with opened(tmp_path, (80, 24), template=False) as bench:
        for text, words in (("9", "0 to 2 is allowed, not 9"), ("warm", "a number is expected, such as 0.7")):
            await put(bench, "temperature", text)
            await bench.wait(words)
            bench.screen.action_focus_prompt()
            await bench.type("hello")
            await bench.press("enter")
            await bench.wait("Nothing was sent: temperature")
            await bench.holds(lambda: bench.app.focused is field(bench, "temperature").text, "the focus in the field")
            assert bench.session.nodes == [] and bench.prompt.value.startswith("hello")
            bench.prompt.clear()
        await put(bench, "temperature", "0.1")
        assert not field(bench, "temperature").fault
        await bench.answered("hello")
        assert request_of(bench)["temperature"] == 0.1


async def test_the_template_keeps_its_comments_and_says_what_is_wrong(tmp_path: Path) -> None:
    async with opened(tmp_path) as bench:
        assert field(bench, "temperature").text.text == "0.5" and field(bench, "top_p").text.text == ""
        await put(bench, "temperature", "0.25")
        await put(bench, "seed", "")
        await put(bench, "models", "sandbox/echo\nsandbox/haiku")
        await bench.press("ctrl+s")
        await bench.wait("bot saved")
        written = (tmp_path / "templates" / "bot.toml").read_text()
        models = 'models = ["sandbox/echo", "sandbox/haiku"]\n'
        assert written.replace(models, "") == FILE.replace("0.5", "0.25").replace("seed = 7\n", "")
        await put(bench, "temperature", "9")
        await bench.press("f5")
        await bench.wait("would refuse a parameter: temperature", "less than or equal to 2")
        await bench.holds(lambda: bench.app.focused is field(bench, "temperature").text, "the focus in the field")
        await put(bench, "temperature", "hot")
        await bench.press("f5")
        await bench.wait("temperature: a number is expected")
        assert bench.session.nodes == []
        await put(bench, "temperature", "0")
        await put(bench, "response_format", '{"type": "json_object", "x": null}')
        await bench.wait("a template file cannot keep null")
        await put(bench, "response_format", '{\n"type": json}')
        await bench.wait("line 2, column 9: expecting value")
        await put(bench, "response_format", "")
        await bench.press("f5")
        await bench.holds(lambda: bench.screen.last_turn is not None and bench.turn.ended, "a run")
        request = request_of(bench)
        assert request["temperature"] == 0 and request["models"][1] == "sandbox/haiku" and "seed" not in request


async def test_choices_are_taken_by_keys_and_by_clicks(tmp_path: Path) -> None:
    async with opened(tmp_path, (120, 40), template=False) as bench:
        await bench.type("reasoning_effort")
        await bench.press("enter", "down", "down")
        assert field(bench, "reasoning_effort").value == "medium"
        await bench.press("up", "up")
        assert field(bench, "reasoning_effort").value is None
        await bench.pilot.click(field(bench, "reasoning_effort").query_one(".step"))
        assert bench.session.draft.params == {"reasoning_effort": "high"}
        tabs = bench.screen.query_one(ViewTabs)
        await bench.pilot.click(tabs, offset=(tabs.render_line(0).text.index("JSON"), 0))
        await bench.wait('"reasoning_effort": "high"')


async def test_the_fields_and_the_json_are_the_same_thing(tmp_path: Path) -> None:
    async with opened(tmp_path, (160, 50)) as bench:
        await put(bench, "top_p", "0.9")
        await bench.press("alt+p")
        request = bench.screen.query_one("#request", TextArea)
        await bench.holds(lambda: bench.app.focused is request, "the JSON")
        body = json.loads(request.text)
        system = {"role": "system", "content": "You are {{tone}}."}
        assert body == {
            "messages": [system, {"role": "user", "content": "Hi"}], "temperature": 0.5, "seed": 7, "top_p": 0.9
        }  # fmt: skip
        system["content"] = "Be {{mood}}."
        request.text = json.dumps({**body, "top_p": 5, "own": [None], "model": "sandbox/haiku"}, indent=1)
        await bench.wait("✗ top_p: Input should be less than or equal to 1")
        request.text = '{"temperature": 1,\n "temperature": 2}'
        await bench.wait("✗ the name 'temperature' stands twice")
        request.text = '{"temperature": 1,\n "top_p" 2}'
        await bench.wait("✗ line 2, column 10: expecting ':' delimiter")
        await bench.press("f5")
        await bench.wait("the JSON of the request, line 2, column 10")
        assert bench.session.nodes == []
        request.text = json.dumps({**body, "messages": [{"role": "bot", "content": ""}]})
        await bench.wait("✗ messages.0.role")
        request.text = json.dumps({**body, "messages": [system], "top_p": 0.4, "own": 5, "model": "sandbox/haiku"})
        await bench.wait("What the fields show, as JSON")
        await bench.press("alt+p")
        await bench.wait("mood has no value")
        pane = bench.screen.query_one(TemplatePane)
        assert pane.query_one("#system", SlotText).text == "Be {{mood}}." and pane.template.messages == ()
        assert pane.template.model == "sandbox/haiku" and pane.template.params["own"] == 5
        await bench.press("alt+p")
        assert field(bench, "top_p").text.text == "0.4"
        await bench.wait("In the JSON alone: own.")
        await put(bench, "top_p", "0.3")
        assert pane.template.params == {"temperature": 0.5, "seed": 7, "top_p": 0.3, "own": 5}


async def test_the_json_of_a_conversation_takes_its_model(tmp_path: Path) -> None:
    async with opened(tmp_path, (80, 24), template=False) as bench:
        await bench.press("alt+p")
        request = bench.screen.query_one("#request", TextArea)
        await bench.holds(lambda: json.loads(request.text) == {"model": "sandbox/echo"}, "the model")
        request.text = '{"model": "sandbox/echo", "messages": []}'
        await bench.wait("messages: they are the conversation")
        request.text = '{"model": "sandbox/haiku", "seed": 3}'
        await bench.holds(lambda: bench.session.draft.model == "sandbox/haiku", "the other model")
        assert bench.session.draft.params == {"seed": 3}
        bench.session.choose_model("sandbox/echo")
        bench.screen.show_top()
        assert json.loads(request.text) == {"model": "sandbox/echo", "seed": 3}
        await bench.press("alt+p")
        assert not bench.screen.query_one(TemplatePane).display and bench.app.focused is bench.prompt


async def test_what_the_conversation_has_goes_before_the_template_and_says_so(tmp_path: Path) -> None:
    async with opened(tmp_path, (120, 40)) as bench:
        bench.session.draft = replace(bench.session.draft, params={"temperature": 1.5})
        await bench.press("alt+p", "alt+p", "alt+p")
        await bench.wait("the conversation has 1.5, which goes before")
        await bench.pilot.click(field(bench, "temperature").query_one(".fault"))
        await bench.holds(lambda: bench.session.draft.params == {}, "the conversation's value dropped")
        assert "goes before" not in bench.shown()
        bench.session.draft = replace(bench.session.draft, params={"temperature": 1.5})
        await bench.press("alt+p", "alt+p", "alt+p")
        field(bench, "temperature").text.focus()
        await bench.press("alt+d")
        await bench.holds(lambda: bench.session.draft.params == {}, "the conversation's value dropped by a key")


async def test_opening_a_template_takes_the_place_of_the_conversations_parameters(tmp_path: Path) -> None:
    async with opened(tmp_path, (160, 50), template=False) as bench:
        await put(bench, "top_p", "0.9")
        bench.screen.open_template(tmp_path / "templates" / "bot.toml")
        await bench.holds(lambda: bench.screen.opened is not None, "the template")
        await bench.wait("Template", "You are {{tone}}.")
        assert bench.screen.query_one(ParamsPane).params == {"temperature": 0.5, "seed": 7}
        assert bench.session.draft.params == {"top_p": 0.9}


@pytest.mark.parametrize("size", SIZES, ids=str)
async def test_a_schema_is_edited_and_checked(tmp_path: Path, size: tuple[int, int]) -> None:
    async with opened(tmp_path, size, template=False) as bench:
        await bench.type("response_format")
        await bench.press("enter", "f2")
        await bench.wait("json_object", "json_schema", "✗ json_schema.name: a name is expected", "strict ✓ true")
        await bench.type("person")
        await bench.press("enter")
        schema = bench.app.screen.query_one("#schema", TextArea)
        assert bench.app.focused is schema
        schema.text = '{"type": "object",\n "properties" {}}'
        await bench.wait("✗ the schema, line 2, column 15: expecting ':' delimiter")
        schema.text = '{"properties": {"age": {"type": "int"}}}'
        await bench.wait("$.properties.age.type: one of string, integer")
        await bench.press("ctrl+s")
        await bench.wait("✗ not taken yet")
        schema.text = '{"type": "object", "properties": {"age": {"type": "integer"}}}'
        await bench.press("f3", "ctrl+s")
        await bench.holds(lambda: "response_format" in bench.session.draft.params, "the format")
        wanted = {"name": "person", "strict": False, "schema": json.loads(schema.text)}
        assert bench.session.draft.params["response_format"] == {"type": "json_schema", "json_schema": wanted}
        bench.screen.action_focus_prompt()
        turn = await bench.answered("hello")
        assert turn.request["response_format"]["json_schema"] == wanted


async def test_the_kind_of_answer_is_chosen_by_mouse(tmp_path: Path) -> None:
    async with opened(tmp_path, (120, 40), template=False) as bench:
        own = {"type": "json_schema", "json_schema": {"name": "n", "schema": {}, "description": "own"}}
        await put(bench, "response_format", json.dumps(own))
        await bench.pilot.click(field(bench, "response_format").query_one(".step"))
        await bench.wait("strict – not said")
        await bench.press("ctrl+s")
        await bench.holds(lambda: isinstance(bench.app.focused, TextArea) and bench.app.screen is bench.screen, "back")
        assert field(bench, "response_format").value == own
        await bench.pilot.click(field(bench, "response_format").query_one(".step"))
        await bench.wait("strict")
        tabs = bench.app.screen.query_one(ViewTabs)
        await bench.pilot.click(tabs, offset=(tabs.render_line(0).text.index("json_object"), 0))
        await bench.press("ctrl+s")
        await bench.holds(
            lambda: bench.session.draft.params == {"response_format": {"type": "json_object"}}, "any object"
        )
        await put(bench, "response_format", "{")
        await bench.press("f2")
        await bench.wait("Put this right first, or empty the field: line 1, column 2")


async def test_a_field_does_not_bring_back_an_older_text(tmp_path: Path) -> None:
    async with opened(tmp_path, (120, 40)) as bench:
        pane = bench.screen.query_one(TemplatePane)
        await bench.press("alt+p", "alt+p")
        pane.query_one("#system", SlotText).text = "New {{tone}}."
        await bench.pilot.pause()
        await bench.press("alt+p")
        await put(bench, "top_p", "0.5")
        await bench.press("alt+p")
        request = bench.screen.query_one("#request", TextArea)
        await bench.holds(lambda: "New {{tone}}." in request.text, "the new text in the JSON")
        assert pane.template.system == "New {{tone}}." and pane.template.params["top_p"] == 0.5


async def test_an_answer_can_come_whole(tmp_path: Path) -> None:
    async with opened(tmp_path, (120, 40), template=False) as bench:
        await put(bench, "stream", "false")
        bench.screen.action_focus_prompt()
        turn = await bench.answered("hello")
        assert turn.request["stream"] is False and turn.problem is None and "hello" in str(turn.content)
