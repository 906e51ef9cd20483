"""Every problem of a turn as a card: what it says, what its keys do, and that it never gets in the way."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from meshtui.core.turn import TurnState
from meshtui.sandbox import Sandbox, Settings
from meshtui.session import Session
from meshtui.ui.screens.key_entry import KeyEntry
from meshtui.ui.screens.model_picker import ModelPicker
from meshtui.ui.screens.template_list import TemplateList
from tests.bench import Bench, workbench
from tests.workbench import Clock

pytestmark = pytest.mark.anyio


# fault → what the card says, and the keys it offers
CARDS = {
    "401": (("401 The gateway refused the key", "Invalid API key."), "kr"),
    "403": (("403 This key may not do that", "This key is suspended."), "km"),
    "403-model": (("403 This key may not do that", "model"), "km"),
    "402": (("402 Spend limit reached", "$10.00 of $10.00"), "pmk"),
    "402-balance": (("402 Spend limit reached", "Balance is exhausted"), "fpmk"),
    "404": (("404 No such model", "Model not found."), "m"),
    "404-template": (("404 Not found", "Template not found."), "mr"),
    "400": (("400 The request was refused", "could not be processed"), "emr"),
    "400-context": (("400 Too long", "199000 + 4096 > 200000"), "em"),
    "413": (("413 The request is too large", "32 MiB"), "e"),
    "422": (("422 The request was refused", "body.messages.0.role", "Input should be"), "emr"),
    "429-rpm": (("429 Rate limit reached: requests per minute", "100 requests per minute"), "rwm"),
    "429-rpd": (("429 Rate limit reached: requests per day", "h 3"), "rwm"),
    "429-long": (("429 Rate limit reached", "free", "s, at "), "rwm"),
    "upstream-429": (("429 The provider is throttling", "demo-provider"), "rwm"),
    "500": (("500 The gateway failed", "Internal error."), "rm"),
    "502": (("502 The provider failed", "The provider's own words about its failure."), "rm"),
    "503": (("503 The provider failed", "not available"), "rm"),
    "504": (("504 Timed out", "300 s"), "rm"),
    "html-502": (("502", "Bad Gateway"), "rm"),
    "ok-html": (("This address is not an API gateway", "Welcome"), "r"),
    "cut": (("The answer was cut off",), "rcm"),
    "reset": (("The answer was cut off",), "rcm"),
    "cut-clean": (("The answer was cut off",), "rcm"),
    "error-midway": (("The provider failed", "Upstream provider returned"), "rcm"),
    "error-frame-string": (("Provider overloaded",), "rcm"),
    "error-first": (("Upstream provider returned an error.",), "rm"),
    "empty": (("The answer was empty",), "rm"),
    "empty-answer": (("The answer was empty",), "rm"),
}


async def assert_card(bench: Bench, fault: str) -> None:
    """Fail where the card of a fault does not say what it must, or took the focus."""
    words, keys = CARDS[fault]
    turn = await bench.answered("hello")
    assert turn.state is TurnState.FAILED and turn.problem is not None
    await bench.wait(*words, turn.problem.advice, turn.request_id or "")
    _, actions = bench.transcript.actions()
    offered = "".join(action.key for action in actions)
    assert offered == keys, f"{fault} offers {offered}"
    for action in actions:
        marked = action.label.replace(action.key, f"[{action.key}]", 1)
        assert "".join(marked.split()) in bench.flat(), f"{fault}: {action.label}"
    assert bench.app.focused is bench.prompt, "the card took the focus"


@pytest.mark.parametrize("group", range(3))
async def test_each_problem_is_a_card_that_says_what_and_what_now(box: Sandbox, home: Path, group: int) -> None:
    async with workbench(home, box.url, size=(100, 40)) as bench:
        for fault in list(CARDS)[group::3]:
            bench.session.choose_model(f"sandbox/fault-{fault}")
            await bench.press("ctrl+n")
            await assert_card(bench, fault)


async def test_a_refused_connection_says_what_was_tried(home: Path) -> None:
    async with workbench(home, "http://127.0.0.1:9", size=(100, 30)) as bench:
        await bench.answered("hello")
        await bench.wait("The gateway cannot be reached", "127.0.0.1:9")


async def focus_card(bench: Bench) -> None:
    """Go from the prompt to the card of the last answer."""
    await bench.press("f7")
    await bench.holds(lambda: bench.transcript.has_focus, "the focus on the conversation")


async def test_r_retries(home: Path) -> None:
    with Sandbox(Settings(faults=("503:1",))) as box:
        async with workbench(home, box.url) as bench:
            first = await bench.answered("hello")
            await focus_card(bench)
            await bench.press("r")
            await bench.holds(lambda: bench.turn is not first and bench.turn.ended, "the retry")
            assert bench.turn.state is TurnState.DONE and bench.turn.parent_id == first.parent_id
            await bench.wait(str(bench.turn.content).splitlines()[0])
            assert "503" not in bench.shown()


async def test_m_sends_it_again_with_another_model(box: Sandbox, home: Path) -> None:
    async with workbench(home, box.url, "sandbox/fault-404") as bench:
        first = await bench.answered("hello")
        await focus_card(bench)
        await bench.press("m")
        await bench.holds(lambda: isinstance(bench.app.screen, ModelPicker), "the models")
        await bench.holds(lambda: bench.session.models.cards, "the list")
        await bench.type("sandbox/haiku")
        await bench.wait("sandbox/haiku")
        await bench.press("enter")
        await bench.holds(lambda: bench.turn is not first and bench.turn.ended, "the answer of another model")
        assert bench.turn.model == "sandbox/haiku" and bench.turn.state is TurnState.DONE
        assert bench.session.draft.model == "sandbox/haiku"


async def test_k_takes_another_key(box: Sandbox, home: Path) -> None:
    taken: list[str] = []

    async def accept(session: Session, key: str) -> str | None:
        taken.append(key)
        return None if key == "rsk_01JDEMO000000000000000GOOD" else "The gateway refused the key."

    async with workbench(home, box.url, "sandbox/fault-401", accept=accept) as bench:
        await bench.answered("hello")
        await focus_card(bench)
        await bench.press("k")
        await bench.holds(lambda: isinstance(bench.app.screen, KeyEntry), "the line for the key")
        await bench.type("rsk_bad")
        await bench.press("enter")
        await bench.wait("The gateway refused the key.")
        assert "rsk_bad" not in bench.shown()
        await bench.press("ctrl+a", "ctrl+k")
        await bench.type("rsk_01JDEMO000000000000000GOOD")
        await bench.press("enter")
        await bench.holds(lambda: not isinstance(bench.app.screen, KeyEntry), "the key taken")
        assert taken[-1] == "rsk_01JDEMO000000000000000GOOD"


async def test_c_continues_from_what_arrived(home: Path) -> None:
    with Sandbox(Settings(faults=("cut:1",))) as box:
        async with workbench(home, box.url, "sandbox/markdown") as bench:
            first = await bench.answered("hello")
            await focus_card(bench)
            await bench.press("c")
            await bench.holds(lambda: bench.turn is not first and bench.turn.ended, "the rest")
            sent = [request["body"]["messages"] for request in box.requests if "chat" in request["path"]][-1]
            assert [message["role"] for message in sent] == ["user", "assistant", "user"]
            assert sent[1]["content"] == str(first.content) and "ontinue" in sent[2]["content"]


async def test_e_puts_the_message_back_and_what_is_sent_takes_its_place(home: Path) -> None:
    with Sandbox(Settings(faults=("422:1",))) as box:
        async with workbench(home, box.url) as bench:
            first = await bench.answered("hello")
            await focus_card(bench)
            await bench.press("e")
            await bench.holds(lambda: bench.prompt.has_focus and bench.prompt.text == "hello", "the message to edit")
            await bench.type(" there")
            await bench.press("enter")
            await bench.holds(lambda: bench.turn is not first and bench.turn.ended, "the answer")
            assert [node.message.text for node in bench.session.nodes if node.role == "user"] == ["hello there"]


async def test_w_waits_for_the_window_and_then_sends_by_itself(home: Path) -> None:
    clock = Clock(2.0)
    with Sandbox(Settings(rpm=1, clock=clock)) as box:
        async with workbench(home, box.url, size=(100, 30)) as bench:
            await bench.answered("hello")
            first = await bench.answered("and again?")
            await focus_card(bench)
            await bench.press("w")
            await bench.wait("waiting", "it is sent again in")
            clock.now += 60.0
            await bench.holds(lambda: bench.turn is not first and bench.turn.state is TurnState.DONE, "the answer")
            assert first.ended_at is not None and bench.turn.started_at - first.ended_at >= 2.0


async def test_the_wait_is_counted_down_and_can_be_given_up(box: Sandbox, home: Path) -> None:
    async with workbench(home, box.url, "sandbox/fault-429-long", size=(100, 30)) as bench:
        first = await bench.answered("hello")
        await bench.wait("in 2 min 0 s")
        await bench.holds(lambda: re.search(r"in 1[01]\d s", bench.shown()), "less time left")
        await focus_card(bench)
        await bench.press("w")
        await bench.wait("it is sent again in", "don't [w]ait")
        await bench.press("w")
        await bench.holds(lambda: "sent again" not in bench.flat() and "sentagain" not in bench.flat(), "no wait")
        assert bench.turn is first


async def test_y_copies_the_request_id(box: Sandbox, home: Path) -> None:
    async with workbench(home, box.url, "sandbox/fault-502") as bench:
        turn = await bench.answered("hello")
        await focus_card(bench)
        await bench.holds(lambda: bench.transcript.cursor is not None, "the cursor")
        assert bench.transcript.cursor is not None and bench.transcript.cursor[1] == "card"
        await bench.press("y")
        await bench.holds(lambda: bench.app.clipboard == turn.request_id, "the copy")
        await bench.holds(lambda: any("OSC 52" in notice for notice in bench.notices()), "how it was copied")


async def test_keys_of_a_card_are_letters_in_the_prompt(box: Sandbox, home: Path) -> None:
    async with workbench(home, box.url, "sandbox/fault-429-rpm") as bench:
        first = await bench.answered("hello")
        await bench.type("rwmkcey")
        assert bench.prompt.text == "rwmkcey" and bench.turn is first
        assert len(bench.app.screen_stack) == 2


async def test_a_card_does_not_disturb_who_types(home: Path) -> None:
    with Sandbox(Settings(faults=("slow-first-token", "error-midway"), speed=100)) as box:
        async with workbench(home, box.url, "sandbox/haiku") as bench:
            turn = await bench.ask("hello")
            while not turn.ended:
                await bench.type("r")
            typed = bench.prompt.text
            await bench.over(turn)
            await bench.type("r")
            assert turn.problem is not None and bench.prompt.text == typed + "r" == "r" * len(bench.prompt.text)
            assert bench.app.focused is bench.prompt and bench.turn is turn


async def test_a_stall_is_a_notice_and_no_failure(box: Sandbox, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("meshtui.ui.widgets.state.STALL_SECONDS", 0.5)
    async with workbench(home, box.url, "sandbox/fault-stall") as bench:
        turn = await bench.ask("hello")
        await bench.wait("nothing came for")
        assert not turn.ended and turn.problem is None
        await bench.press("escape")
        await bench.over(turn)
        assert turn.state is TurnState.STOPPED and turn.content


async def test_alt_y_copies_the_request_id_from_the_prompt_and_nothing_is_not_copied(box: Sandbox, home: Path) -> None:
    async with workbench(home, box.url, "sandbox/fault-502") as bench:
        turn = await bench.answered("hello")
        await bench.press("f8")
        await bench.holds(lambda: any("no answer to copy" in said for said in bench.notices()), "that there is none")
        assert bench.app.clipboard == ""
        await bench.type("typing")
        await bench.press("alt+y")
        await bench.holds(lambda: bench.app.clipboard == turn.request_id, "the copy")
        assert bench.prompt.text == "typing" and bench.app.focused is bench.prompt


async def test_f7_goes_to_a_new_card_wherever_the_cursor_was_before(home: Path) -> None:
    with Sandbox(Settings(faults=("429-rpm",), rpm=None)) as box:
        async with workbench(home, box.url, "sandbox/haiku") as bench:
            await bench.answered("hello")
            bench.transcript.set_cursor(bench.transcript.keys[0])
            first = await bench.answered("again")
            await bench.wait("f7 goes to it")
            await bench.press("f7")
            await bench.holds(lambda: (bench.transcript.cursor or ("", ""))[1] == "card", "the cursor on the card")
            await bench.press("r")
            await bench.holds(lambda: bench.turn is not first, "another try")
            await bench.over()


async def test_a_missing_template_leads_to_the_list_of_templates(box: Sandbox, home: Path) -> None:
    async with workbench(home, box.url, "sandbox/haiku") as bench:
        draft = replace(bench.session.drafted("hello"), template="none-such")
        bench.screen.start(bench.session.send(draft))
        await bench.over()
        await bench.wait("404 Not found", "[t]emplate")
        await focus_card(bench)
        await bench.press("t")
        await bench.holds(lambda: isinstance(bench.app.screen, TemplateList), "the list of templates")
