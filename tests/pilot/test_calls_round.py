"""The round panel: results by hand, by rules and by commands; edited, dropped, added; on disk; going on by itself."""

from __future__ import annotations

import json
import sys
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, nullcontext
from pathlib import Path
from typing import Any

import pytest
from textual import events
from textual.widgets import Button, Input, TextArea

from meshtui.core.calls import rounds
from meshtui.sandbox import Sandbox, Script
from meshtui.session import Round
from meshtui.session import round as round_module
from meshtui.ui.screens import answering
from meshtui.ui.screens.approval import ApprovalQuestion
from meshtui.ui.screens.ask import Ask
from meshtui.ui.screens.conversation_list import ConversationList
from tests.bench import Bench, workbench
from tests.calls import calling, put_tool, saying, sent_last

pytestmark = pytest.mark.anyio

OSLO, ROME = '{"city": "Oslo"}', '{"city": "Rome"}'
DEGREES = {"type": "object", "properties": {"degrees": {"type": "integer", "const": 21}}, "required": ["degrees"]}


@asynccontextmanager
async def opened(home: Path, box: Sandbox, size: tuple[int, int] = (120, 40), **tool: Any) -> AsyncIterator[Bench]:
    """The workbench with get_weather on; `tool` are members of its file beside the function."""
    put_tool(home, "get_weather", **tool)
    box.state.scripts.clear()
    async with workbench(home, box.url, "sandbox/tools", size=size) as bench:
        assert bench.session.tools is not None
        bench.session.tools.turn_only(["get_weather"])
        yield bench


async def asked(bench: Bench) -> Round:
    """Ask, and wait until the panel has the focus; return its round."""
    await bench.ask("go")
    await bench.holds(lambda: bench.screen.panel.has_focus_within, "the focus in the panel")
    return round_of(bench)


def round_of(bench: Bench) -> Round:
    round = bench.screen.panel.round
    assert round is not None
    return round


def result_of(bench: Bench) -> TextArea:
    return bench.screen.query_one("#round-result", TextArea)


def command(code: str, **more: Any) -> dict[str, Any]:
    return {"kind": "command", "argv": [sys.executable, "-c", code], **more}


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (200, 60)], ids=lambda size: f"{size[0]}x{size[1]}")
async def test_the_panel_opens_with_a_result_and_one_key_sends_it(
    home: Path, box: Sandbox, size: tuple[int, int]
) -> None:
    async with opened(home, box, size, output=DEGREES) as bench:
        box.script(calling(("get_weather", OSLO)), saying("It is warm."))
        await asked(bench)
        assert result_of(bench).has_focus and json.loads(result_of(bench).text) == {"degrees": 21}
        await bench.wait("1 get_weather", "fits ✓", "JSON object ✓", '"city": "Oslo"')
        await bench.press("f5")
        await bench.wait("It is warm.")
        assert json.loads(sent_last(box)[-1]["content"]) == {"degrees": 21}
        assert sent_last(box)[-1]["tool_call_id"] == "call_1" and bench.prompt.has_focus


async def test_a_limit_of_rounds_that_is_none_stays_to_be_changed(home: Path, box: Sandbox) -> None:
    async with opened(home, box) as bench:
        box.script(calling(("get_weather", OSLO)), saying("Done."))
        await asked(bench)
        await bench.press("alt+l")
        await bench.type("2000")
        await bench.press("enter")
        await bench.wait("a number from 1 to 100, not 2000")
        await bench.press("backspace", "backspace", "enter")
        await bench.holds(lambda: bench.session.rounds.automatic == 20, "the limit")
        assert bench.app.screen is bench.screen


async def test_calls_are_edited_dropped_added_and_told_as_errors(home: Path, box: Sandbox) -> None:
    async with opened(home, box) as bench:
        box.script(calling(("get_weather", OSLO), ("get_weather", ROME)), saying("Done."))
        await asked(bench)
        await bench.type("no such city")
        await bench.press("alt+e", "alt+down", "alt+d", "alt+n")
        await bench.holds(lambda: isinstance(bench.app.screen, Ask), "which tool")
        await bench.type("get_time")
        await bench.press("enter")
        await bench.wait("3 get_time", "added here")
        await bench.press("tab")
        await bench.type("noon")
        await bench.press("alt+down", "shift+tab")
        bench.screen.query_one("#round-arguments", TextArea).select_all()
        await bench.type('{"city": 5')
        await bench.wait("edited here", "not JSON ✗", "alt+x takes the repair")
        await bench.type("}")
        await bench.wait("$.city: expected string, got integer 5")
        states = [(one.state, one.is_error) for one in round_of(bench).calls]
        assert states == [("answered", True), ("dropped", False), ("answered", False)]
        await bench.press("f5")
        await bench.wait("Done.")
        *_, called, first, second = sent_last(box)
        assert [(one["function"]["name"], one["function"]["arguments"]) for one in called["tool_calls"]] == [
            ("get_weather", '{"city": 5}'),
            ("get_time", "{}"),
        ]
        assert [first["content"], second["content"]] == ["no such city", "noon"]
        await bench.wait("edited here", "It was added here: the model did not make this call.")


async def test_what_is_typed_stays_while_the_panel_is_drawn_again(home: Path, box: Sandbox) -> None:
    async with opened(home, box) as bench:
        box.script(calling(("get_weather", OSLO)))
        await asked(bench)
        arguments = bench.screen.query_one("#round-arguments", TextArea)
        for area in (arguments, result_of(bench)):
            area.insert("x", (0, 0))
            bench.screen.panel.show_again()
            assert area.text.startswith("x"), "the panel is drawn before it heard of it, as where its height changes"
        await bench.wait("edited here", "not JSON ✗")
        await bench.press("alt+r")
        await bench.holds(lambda: json.loads(arguments.text) == {"city": "Oslo"}, "the model's own arguments")


async def test_a_reset_right_after_typing_is_not_undone_by_what_was_on_its_way(home: Path, box: Sandbox) -> None:
    async with opened(home, box) as bench:
        box.script(calling(("get_weather", OSLO)))
        pending = (await asked(bench)).calls[0]
        rounds, seen = bench.session.rounds, [""]
        told = rounds.on_change

        def look(round: Round) -> None:
            seen.append(pending.call.arguments)
            told(round)

        rounds.on_change = look
        area = bench.screen.query_one("#round-arguments", TextArea)
        area.focus()
        for key in (*"xyz", "alt+r"):
            bench.app.post_message(events.Key(key, key if len(key) == 1 else None))
        await bench.holds(lambda: "xyz" in "".join(seen) and seen[-1] == OSLO, "typed, and taken back")
        await bench.pilot.pause(0.2)
        assert seen[-1] == OSLO and not pending.is_edited and json.loads(area.text) == {"city": "Oslo"}


async def test_what_is_typed_is_checked_a_moment_later_and_never_on_the_way_of_a_key(
    home: Path, box: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    checks: list[tuple[str, bool]] = []

    def counted(result: str, output: object | None) -> str:
        checks.append((result, threading.current_thread() is threading.main_thread()))
        return rounds.result_fault(result, output)

    monkeypatch.setattr(round_module, "result_fault", counted)
    async with opened(home, box, output=DEGREES) as bench:
        box.script(calling(("get_weather", OSLO)))
        await asked(bench)
        await bench.holds(lambda: checks, "the check of what stands there")
        await bench.type("warm")
        await bench.wait("does not fit the tool's output schema")
        assert not any(on_main for _, on_main in checks) and checks[-1][0].startswith("warm")
        await bench.press("alt+e")
        await bench.holds(lambda: "does not fit" not in bench.shown(), "nothing is said of an error")
        await bench.press("alt+e")
        result_of(bench).select_all()
        await bench.type('{"degrees": 21}')
        await bench.holds(lambda: "does not fit" not in bench.shown(), "a result that fits")


async def test_an_empty_result_is_asked_about_once(home: Path, box: Sandbox) -> None:
    async with opened(home, box) as bench:
        box.script(calling(("get_weather", OSLO)), saying("Done."))
        await asked(bench)
        await bench.press("f5")
        await bench.wait("There is no result for get_weather yet")
        assert bench.screen.panel.round is not None
        await bench.press("f5")
        await bench.wait("Done.")
        assert sent_last(box)[-1]["content"] == ""


async def test_what_is_typed_waits_on_disk_for_another_day(home: Path, box: Sandbox) -> None:
    async with opened(home, box) as bench:
        box.script(calling(("get_weather", OSLO)))
        await asked(bench)
        await bench.type('{"half": ')
        id = bench.session.nodes[-1].id
        await bench.holds(
            lambda: '{"half": ' in json.dumps(bench.session.recall(f"round {id}")).replace("\\", ""), "disk"
        )
        await bench.press("escape")
        await bench.wait("A call waits for its result", "[a]nswer")
        assert bench.prompt.has_focus
    async with workbench(home, box.url, "sandbox/tools", size=(80, 24)) as again:
        await again.wait("A call waits for its result")
        await again.press("alt+a")
        await again.wait('{"half":', "no JSON at 1:10")
        assert result_of(again).has_focus


async def test_the_panel_takes_no_key_from_who_types_a_message(home: Path, box: Sandbox) -> None:
    async with opened(home, box) as bench:
        box.script(calling(("get_weather", ['{"city": ', '"Oslo"}']), pause=0.05))
        await bench.ask("go")
        await bench.type("one more thing")
        await bench.holds(lambda: bench.screen.panel.round is not None, "the panel")
        await bench.type(" and on")
        assert bench.prompt.value == "one more thing and on" and result_of(bench).text == ""


async def test_rules_answer_by_themselves_and_what_none_answers_waits(home: Path, box: Sandbox) -> None:
    rules = [{"when": {"city": "Oslo"}, "result": {"degrees": 2}}, {"when": {"city": "Rome"}, "error": "closed"}]
    async with opened(home, box, responder={"kind": "canned", "rules": rules}) as bench:
        box.script(calling(*(("get_weather", json.dumps({"city": city})) for city in ("Oslo", "Rome", "Lima"))))
        await asked(bench)
        await bench.holds(
            lambda: [one.state for one in round_of(bench).calls] == ["answered", "answered", "open"], "rules"
        )
        await bench.wait("1 get_weather ✓", "2 get_weather ✗", "3 get_weather ○")
        assert bench.screen.panel.here is not None and bench.screen.panel.here.call.arguments == OSLO
        await bench.wait("rule 1", '{"degrees": 2}')


async def test_rules_answer_edited_arguments_before_anything_goes_back(home: Path, box: Sandbox) -> None:
    rules = [{"when": {"city": "Oslo"}, "result": {"degrees": 2}}, {"when": {"city": "Rome"}, "error": "closed"}]
    async with opened(home, box, responder={"kind": "canned", "rules": rules}) as bench:
        box.script(calling(("get_weather", '{"city": "Lima"}')), saying("Done."))
        round = await asked(bench)
        await bench.wait("Not answered: no rule answers these arguments.")
        bench.screen.query_one("#round-arguments", TextArea).focus()
        bench.screen.query_one("#round-arguments", TextArea).select_all()
        await bench.type(OSLO)
        await bench.wait("alt+g lets it answer")
        await bench.press("f5")
        await bench.wait("rule 1", '{"degrees": 2}')
        assert bench.screen.panel.round is round, "what answers now is seen before it goes back"
        result_of(bench).select_all()
        result_of(bench).focus()
        await bench.type("mild")
        await bench.wait("by hand")
        await bench.press("alt+g")
        await bench.wait("edited here", "rule 1", '{"degrees": 2}')
        await bench.press("alt+d")
        await bench.wait("dropped")
        await bench.press("alt+d")
        await bench.wait("edited here", "rule 1", '{"degrees": 2}')
        await bench.press("f5")
        await bench.wait("Done.")
        assert json.loads(sent_last(box)[-1]["content"]) == {"degrees": 2}


@pytest.mark.parametrize("size", [(80, 24), (120, 40)], ids=lambda size: f"{size[0]}x{size[1]}")
async def test_what_is_said_of_a_long_result_stands_below_it(home: Path, box: Sandbox, size: tuple[int, int]) -> None:
    async with opened(home, box, size, responder=command("print('x' * 3_000_000)")) as bench:
        box.script(calling(("get_weather", OSLO)))
        await bench.ask("go")
        await bench.holds(lambda: isinstance(bench.app.screen, ApprovalQuestion), "the question")
        await bench.press("a")
        await bench.wait("Its output was", "the first 256 kB are kept")


async def test_a_command_runs_only_when_allowed(home: Path, box: Sandbox) -> None:
    code = "import sys; print('{\"read\": ' + sys.stdin.read() + '}', end='\\x1b[2J')"
    async with opened(home, box, responder=command(code, environment=["LANGUAGE"])) as bench:
        box.script(calling(("get_weather", OSLO)))
        await bench.ask("go")
        await bench.holds(lambda: isinstance(bench.app.screen, ApprovalQuestion), "the question")
        told = bench.app.screen.query_one(".dialog")
        await bench.wait("with your rights", sys.executable, "LANGUAGE", OSLO, str(home / "tools"), within=told)
        assert isinstance(bench.app.focused, Button) and bench.app.focused.id == "refuse"
        await bench.press("escape")
        await bench.holds(lambda: round_of(bench).calls[0].state == "open", "refused")
        await bench.wait("not allowed to run")
        await bench.press("alt+r")
        await bench.holds(lambda: isinstance(bench.app.screen, ApprovalQuestion), "the question again")
        await bench.press("a")
        await bench.wait('{"read": {"city": "Oslo"}}', "1 get_weather ✓", "control characters")
        assert "\x1b" in round_of(bench).calls[0].result and "\x1b" not in bench.shown()


async def test_a_command_that_hangs_is_stopped_by_escape_and_answered_by_hand(home: Path, box: Sandbox) -> None:
    async with opened(home, box, responder=command("import time; time.sleep(600)")) as bench:
        box.script(calling(("get_weather", OSLO)), saying("Done."))
        await bench.ask("go")
        await bench.holds(lambda: isinstance(bench.app.screen, ApprovalQuestion), "the question")
        await bench.press("A")
        await bench.wait("running … esc stops it")
        await bench.press("f5")
        await bench.wait("still being answered")
        await bench.press("escape")
        await bench.wait("stopped before it answered")
        await bench.type("by hand")
        await bench.press("f5")
        await bench.wait("Done.")
        assert sent_last(box)[-1]["content"] == "by hand"


async def test_rounds_go_on_by_themselves_up_to_the_limit(home: Path, box: Sandbox) -> None:
    async with opened(home, box, responder={"kind": "canned", "rules": [{"result": "fine"}]}) as bench:
        box.script(*(calling(("get_weather", OSLO)) for _ in range(4)))
        await asked(bench)
        await bench.press("alt+l")
        await bench.holds(lambda: isinstance(bench.app.screen, Ask), "the limit")
        await bench.type("2")
        await bench.press("enter")
        await bench.wait("2 rounds go on by themselves")
        before = len(box.requests)
        await bench.press("f5")
        await bench.wait("The limit of 2 rounds is reached")
        await bench.holds(lambda: bench.screen.panel.round is not None, "the panel at the limit")
        assert sum(request["path"].endswith("/chat/completions") for request in box.requests[before:]) == 3
        await bench.press("alt+l")
        await bench.wait("stops at each round")


async def test_escape_stops_rounds_that_go_on_by_themselves(home: Path, box: Sandbox) -> None:
    rules = [{"result": "fine", "latency": 600}]
    async with opened(home, box, responder={"kind": "canned", "rules": rules}) as bench:
        bench.session.rounds.set_automatic(5)
        box.script(calling(("get_weather", OSLO)))
        await bench.ask("go")
        await bench.wait("1 get_weather …", "running … esc stops it")
        assert bench.prompt.has_focus, "it goes on beside what the user does"
        await bench.press("escape")
        await bench.wait("1 get_weather ○", "stopped before it answered")
        assert bench.screen.running is None and round_of(bench).calls[0].state == "open"


async def test_a_round_that_a_limit_refuses_waits_by_itself_where_that_is_set(home: Path, box: Sandbox) -> None:
    refused = Script(
        429,
        {"content-type": "application/json", "retry-after": "40"},
        (b'{"error": {"code": "rate_limit_exceeded", "message": "slow down"}, "request_id": "req_1"}',),
    )
    async with opened(home, box, responder={"kind": "canned", "rules": [{"result": "fine"}]}) as bench:
        bench.session.rounds.set_automatic(5)
        bench.session.on_rate_limit = "queue"
        box.script(calling(("get_weather", OSLO)), refused)
        await bench.ask("go")
        await bench.wait("1 message waits for the limit")
        assert bench.turn.id in bench.session.queue, "what waits is the turn that was refused, not the first"


async def test_the_mouse_reaches_every_call(home: Path, box: Sandbox) -> None:
    async with opened(home, box) as bench:
        box.script(calling(("get_weather", OSLO), ("get_weather", ROME)))
        await asked(bench)
        lines = bench.shown().splitlines()
        row = next(number for number, line in enumerate(lines) if "2 get_weather" in line)
        await bench.pilot.click(offset=(lines[row].index("2 get_weather") + 1, row))
        second = round_of(bench).calls[1]
        await bench.holds(lambda: bench.screen.panel.here is second, "the second call")
        await bench.press("escape")
        await bench.wait("2 calls wait")
        lines = bench.shown().splitlines()
        row = next(number for number, line in enumerate(lines) if line.count("[a]nswer") == 2)
        await bench.pilot.click(offset=(lines[row].rindex("[a]nswer") + 1, row))
        await bench.holds(lambda: bench.screen.panel.here is round_of(bench).calls[1], "the round at that call")


async def test_keys_that_act_wait_for_those_that_write(home: Path, box: Sandbox) -> None:
    async with opened(home, box) as bench:
        box.script(calling(("get_weather", OSLO), ("get_weather", ROME)), saying("Done."))
        await asked(bench)
        keys = [*"first", "alt+down", *"second", "alt+e", "f5"]
        for key in keys:  # as fast as a terminal sends what was typed ahead
            bench.app.post_message(events.Key(key, key if len(key) == 1 else None))
        await bench.wait("Done.")
        assert [message["content"] for message in sent_last(box)[-2:]] == ["first", "second"]


async def test_rounds_go_on_while_another_conversation_is_open_and_a_command_asks_where_it_is_called(
    home: Path, box: Sandbox
) -> None:
    async with opened(home, box, responder=command("print('ran')")) as bench:
        bench.session.rounds.set_automatic(5)
        box.script(calling(("get_weather", OSLO)), calling(("get_weather", ROME)), saying("All done."))
        bench.screen.say("the first one")
        turn = bench.turn
        bench.screen.action_new_conversation()
        await bench.over(turn)
        await bench.wait("a command asks to run in “the first one”")
        assert bench.session.nodes == [] and not isinstance(bench.app.screen, ApprovalQuestion)
        await bench.type("typed elsewhere")
        bench.screen.open_conversation(bench.session.conversations()[0].id)
        await bench.holds(lambda: isinstance(bench.app.screen, ApprovalQuestion), "the question")
        assert round_of(bench).calls[0].state == "running", "it is seen, and esc stops it"
        await bench.press("A")
        await bench.press("ctrl+n")
        assert bench.prompt.value == "typed elsewhere"
        await bench.holds(lambda: last_text(bench) == "All done.", "the end")
        assert bench.session.nodes == [] and bench.screen.panel.round is None
        assert [message["content"] for message in sent_last(box) if message["role"] == "tool"] == ["ran", "ran"]


def last_text(bench: Bench) -> str:
    """What the conversation used last ends with."""
    head = bench.session.store.conversations()[0].head_id
    assert head is not None
    return bench.session.store.history(head)[-1].message.text


async def test_a_command_asks_when_nobody_types(home: Path, box: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answering, "TYPING_SECONDS", 4.0)  # a machine that is busy types slowly
    async with opened(home, box, responder=command("print('ran')")) as bench:
        box.script(calling(("get_weather", OSLO), pause=0.05), saying("All done."))
        bench.screen.say("go")
        turn, typed = bench.turn, "a"
        bench.prompt.insert(typed)
        asks = bench.session.rounds.running
        while not (turn.ended and asks()) or len(typed) < 40:
            await bench.type("a")  # which would say yes to it
            typed += "a"
        assert bench.prompt.value == typed and not isinstance(bench.app.screen, ApprovalQuestion)
        await bench.holds(lambda: isinstance(bench.app.screen, ApprovalQuestion), "the question")
        await bench.press("escape")
        await bench.holds(lambda: not round_of(bench).calls[0].state == "running", "refused")
        assert bench.prompt.value == typed


async def test_neither_a_question_nor_the_panel_takes_what_is_typed_into_another_text(
    home: Path, box: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(answering, "TYPING_SECONDS", 4.0)  # a machine that is busy types slowly
    async with opened(home, box, responder=command("print('ran')")) as bench:
        box.script(calling(("get_weather", OSLO), pause=0.05), saying("All done."))
        await bench.press("alt+p")
        line = bench.screen.query_one("#param-filter", Input)
        line.focus()
        bench.screen.say("go")
        line.focus()
        turn, typed, asks = bench.turn, "", bench.session.rounds.running
        while not (turn.ended and asks()) or len(typed) < 40:
            await bench.type("a")  # which would let it run
            typed += "a"
            assert line.value == typed and not isinstance(bench.app.screen, ApprovalQuestion)
        await bench.holds(lambda: isinstance(bench.app.screen, ApprovalQuestion), "the question")
        await bench.press("escape")
        await bench.holds(lambda: not round_of(bench).calls[0].state == "running", "refused")
        assert line.has_focus and line.value == typed


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_calls_that_come_while_one_writes_elsewhere_leave_that_in_sight(
    home: Path, box: Sandbox, size: tuple[int, int]
) -> None:
    async with opened(home, box, size) as bench:
        box.script(calling(("get_weather", OSLO), pause=0.05))
        await bench.press("alt+p")
        line = bench.screen.query_one("#param-filter", Input)
        bench.screen.say("go")
        line.focus()
        await bench.holds(lambda: bench.screen.panel.round is not None, "the calls")
        await bench.type("seed")
        assert line.value == "seed" and bench.prompt.value == "" and not round_of(bench).calls[0].result
        await bench.press("alt+a")
        assert result_of(bench).has_focus, "there one goes when one wants to"


async def test_a_command_asks_over_the_conversation_and_over_nothing_else(home: Path, box: Sandbox) -> None:
    async with opened(home, box, responder=command("print('ran')")) as bench:
        box.script(calling(("get_weather", OSLO), pause=0.05), saying("All done."))
        await bench.press("ctrl+r")
        await bench.holds(lambda: isinstance(bench.app.screen, ConversationList), "the list")
        bench.screen.say("go")
        await bench.over()
        await bench.holds(bench.session.rounds.running, "the call")
        await bench.wait("a command asks to run in “go”")
        await bench.type("a")
        assert isinstance(bench.app.screen, ConversationList), "what is typed there answers nothing"
        await bench.press("escape")
        await bench.holds(lambda: isinstance(bench.app.screen, ApprovalQuestion), "the question")
        await bench.press("escape")


async def test_a_command_that_waits_to_ask_ends_with_its_conversation(home: Path, box: Sandbox) -> None:
    async with opened(home, box, responder=command("print('ran')")) as bench:
        bench.session.rounds.set_automatic(5)
        box.script(calling(("get_weather", OSLO)), saying("All done."))
        bench.screen.say("the first one")
        turn = bench.turn
        bench.screen.action_new_conversation()
        await bench.over(turn)
        await bench.wait("a command asks to run in “the first one”")
        await bench.press("ctrl+r", "f9")
        await bench.wait("“the first one” deleted")
        await bench.holds(lambda: "a command asks" not in bench.screen.queued_words, "nothing asks")
        await bench.press("f10", "enter")
        await bench.holds(lambda: len(bench.session.nodes) == 2, "the conversation is back")
        assert not isinstance(bench.app.screen, ApprovalQuestion)
        assert bench.screen.panel.round is None and bench.session.rounds.running() is None
        await bench.press("alt+a")
        await bench.holds(lambda: isinstance(bench.app.screen, ApprovalQuestion), "asked again, as the user wants")
        await bench.press("a")
        await bench.holds(lambda: round_of(bench).calls[0].result == "ran", "its result")
        await bench.press("f5")
        await bench.holds(lambda: last_text(bench) == "All done.", "the end")
        assert [message["content"] for message in sent_last(box) if message["role"] == "tool"] == ["ran"]


async def test_a_command_that_waits_behind_the_list_ends_with_its_conversation(home: Path, box: Sandbox) -> None:
    async with opened(home, box, responder=command("print('ran')")) as bench:
        box.script(calling(("get_weather", OSLO)), saying("All done."))
        await bench.press("ctrl+r")
        bench.screen.say("go")
        await bench.over()
        await bench.wait("a command asks to run in “go”")
        await bench.press("g", "f9")
        await bench.holds(lambda: bench.session.rounds.running() is None, "the call stopped")
        await bench.press("escape")
        await bench.holds(lambda: bench.session.conversation is None, "a new conversation")
        assert bench.screen.panel.round is None and not isinstance(bench.app.screen, ApprovalQuestion)
        assert "a command asks" not in bench.screen.queued_words


async def test_a_long_result_is_shown_whole_while_it_is_typed_and_its_beginning_later(home: Path, box: Sandbox) -> None:
    async with opened(home, box, (80, 24)) as bench:
        box.script(calling(("get_weather", OSLO), ("get_weather", ROME)), saying("Done."))
        await asked(bench)
        label = bench.screen.query_one("#round-result-label")
        result_of(bench).insert("p" * 70_000)
        await bench.type("TAIL")
        await bench.holds(lambda: "70 kB" in str(label.render()), "its size")
        assert "edits all" not in str(label.render()) and not result_of(bench).read_only
        await bench.press("alt+down", "alt+up")
        assert result_of(bench).read_only and len(result_of(bench).text) < 70_000
        await bench.wait("70 kB  f4 edits all")
        await bench.type("lost")
        await bench.press("alt+down")
        await bench.type("other")
        await bench.press("f5")
        await bench.wait("Done.")
        assert [message["content"] for message in sent_last(box)[-2:]] == ["p" * 70_000 + "TAIL", "other"]


ODD = "a\r\nb\nc\x0bd\u2028e\x85f\x1cg\rh \x1b[31m\x07\x00\u202e i"


async def test_characters_that_end_lines_elsewhere_go_back_as_they_came(home: Path, box: Sandbox) -> None:
    arguments = '{"city": "x\u2028y\x85z"}'
    async with opened(home, box, (80, 24), responder={"rules": [{"result": ODD}]}) as bench:
        box.script(calling(("get_weather", arguments)), saying("Done."))
        await asked(bench)
        (call,) = round_of(bench).calls
        await bench.holds(lambda: call.state == "answered" and result_of(bench).text == ODD, "the rule's answer")
        await bench.pilot.pause()
        assert call.call.arguments == arguments and not call.is_edited and call.verdict.state == "fits"
        drawn = [strip.text for strip in bench.app.screen._compositor.render_strips()]
        assert not [line for line in drawn if "\x1b" in line or "\x07" in line or "\u202e" in line]
        assert any("c␋d␤e�f␜g␍h ␛[31m␇␀� i" in line for line in drawn)
        await bench.press("f5")
        await bench.wait("Done.")
    *_, asking, answer = sent_last(box)
    assert asking["tool_calls"][0]["function"]["arguments"] == arguments and answer["content"] == ODD
    assert call.rule == "rule 1" and not call.by_hand


async def test_what_is_typed_beside_such_characters_changes_nothing_else(home: Path, box: Sandbox) -> None:
    async with opened(home, box, (80, 24)) as bench:
        box.script(calling(("get_weather", OSLO)), saying("Done."))
        await asked(bench)
        result = result_of(bench)
        result.insert("x\u2028y\x0bz\nb\x85")
        await bench.press("home", "!", "backspace", "?", "up", "home", "shift+end")
        assert result.selected_text == "x\u2028y\x0bz" and result.document.line_count == 2
        await bench.press("f5")
        await bench.wait("Done.")
    assert sent_last(box)[-1]["content"] == "x\u2028y\x0bz\n?b\x85"


async def test_an_editor_that_changes_nothing_leaves_an_answer_as_it_came(
    home: Path, box: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("meshtui.ui.app.MeshApp.suspend", lambda self: nullcontext())  # a test has no terminal
    monkeypatch.setenv("EDITOR", "true")
    monkeypatch.delenv("VISUAL", raising=False)
    text = ODD + "\r\n"
    async with opened(home, box, (80, 24), responder={"rules": [{"result": text}]}) as bench:
        box.script(calling(("get_weather", OSLO)), saying("Done."))
        await asked(bench)
        (call,) = round_of(bench).calls
        await bench.holds(lambda: call.state == "answered" and result_of(bench).text == text, "the rule's answer")
        await bench.press("f4")
        assert result_of(bench).text == text and call.result == text and call.rule == "rule 1" and not call.by_hand
