"""Usage, limits, prices and waiting in the workbench: what is shown, what is asked, what happens behind the screen."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from meshtui.core.budget import Budget
from meshtui.core.turn import TurnState
from meshtui.sandbox import Sandbox, Settings
from meshtui.ui.screens.model_picker import ModelPicker
from meshtui.ui.screens.question import Question
from meshtui.ui.screens.usage import UsagePage
from meshtui.ui.widgets.bars import meter, sparkline
from screenshots.still import for_ever
from tests.bench import Bench, workbench
from tests.workbench import Clock

pytestmark = pytest.mark.anyio

WIDE = (150, 44)
PAID = "openai/gpt-4o-mini"
OTHER = "openai/gpt-4o"


async def with_prices(bench: Bench) -> None:
    await bench.holds(lambda: bench.session.cards, "the list of models")


async def focus_card(bench: Bench) -> None:
    await bench.press("f7")
    await bench.holds(lambda: bench.transcript.has_focus, "the focus on the conversation")


async def test_a_price_is_an_estimate_until_the_bill_comes(home: Path) -> None:
    with Sandbox(Settings(clock=Clock())) as box:
        async with workbench(home, box.url, PAID, size=WIDE) as bench:
            await with_prices(bench)
            turn = await bench.answered("hello")
            assert str(turn.charge).startswith("~$")
            await bench.wait(str(turn.charge), "RPM")
            await bench.holds(lambda: turn.billed is not None, "the bill")
            assert turn.billed == Decimal(box.state.account("rsk_01JDEMO0000000000000009F2A").events[0]["cost_usd"])
            await bench.wait(f"{turn.charge}", "✓", "1/100", "$25.00 left", "the gateway")
            await bench.holds(lambda: "~$" not in bench.flat(), "no estimate any more")


async def test_the_bill_of_every_lane_of_a_comparison_is_shown(home: Path) -> None:
    with Sandbox(Settings()) as box:
        async with workbench(home, box.url, PAID, size=WIDE) as bench:
            await with_prices(bench)
            bench.session.keep("compared", [PAID, OTHER])
            await bench.type("hello")
            await bench.press("ctrl+l")
            await bench.holds(lambda: isinstance(bench.app.screen, ModelPicker), "the picker")
            await bench.press("enter")
            await bench.wait("2 of 2 ended")
            await bench.holds(lambda: bench.flat().count("✓") == 2 and "~$" not in bench.flat(), "two bills")


async def test_an_unknown_price_is_called_unknown(home: Path) -> None:
    with Sandbox(Settings()) as box:
        async with workbench(home, box.url, "research/preview-7b", size=WIDE, sleep=for_ever) as bench:
            await with_prices(bench)
            turn = await bench.answered("hello")
            assert turn.charge.amount is None
            await bench.wait("price unknown", "here price unknown")
            assert "$0" not in bench.flat().split("limits")[0].split("USAGE")[1]


async def test_a_model_that_is_in_no_list_is_not_priced_by_another_of_its_name(home: Path) -> None:
    with Sandbox(Settings()) as box:
        async with workbench(home, box.url, PAID, size=WIDE) as bench:
            await with_prices(bench)
            await bench.type("hello there")
            await bench.wait("tok · ~$")
            for id in ("elsewhere/gpt-4o-mini", f"{PAID}-2024-07-18"):
                bench.session.choose_model(id)
                bench.screen.show_top()
                await bench.wait("tok · price unknown", within=bench.prompt)
                await bench.wait(id, within=bench.screen.query_one("#model"))
                assert "$" not in bench.flat(bench.screen.query_one("#model"))


async def test_on_a_narrow_terminal_the_figures_are_one_line_and_a_page(home: Path) -> None:
    with Sandbox(Settings(clock=Clock())) as box:
        async with workbench(home, box.url, PAID) as bench:
            await with_prices(bench)
            turn = await bench.answered("hello")
            await bench.holds(lambda: turn.billed is not None, "the bill")
            await bench.wait(f"{turn.charge} · RPM 1/100")
            await bench.press("alt+u")
            await bench.holds(lambda: isinstance(bench.app.screen, UsagePage), "the page")
            await bench.wait("Usage, 30 days, by day", "1 turn", "total", "RPM", "this conversation")
            await bench.press("b")
            await bench.wait("by model", PAID)
            await bench.press("b", "b")
            await bench.wait("by session", "(no session)")
            await bench.press("left", "left")
            await bench.wait("Usage, today")
            await bench.press(*["right"] * 9)
            await bench.wait("Usage, everything")
            await bench.press("escape")
            await bench.holds(lambda: not isinstance(bench.app.screen, UsagePage), "the workbench")
            await bench.type("x")
            assert bench.prompt.text == "x"


async def test_what_sending_takes_stands_at_the_prompt(home: Path) -> None:
    with Sandbox(Settings()) as box:
        async with workbench(home, box.url, PAID) as bench:
            await with_prices(bench)
            await bench.type("hello there")
            await bench.wait("tok · ~$", "context 1%")
            bench.session.choose_model("sandbox/tiny")
            bench.prompt.put("word " * 300)
            await bench.wait("⚠ does not fit:", "of the 256 context")
            assert bench.prompt.has_class("-full")
            bench.prompt.put("")
            await bench.holds(lambda: not bench.prompt.border_subtitle, "nothing at an empty prompt")


async def test_a_queued_message_goes_out_though_another_conversation_is_open(home: Path) -> None:
    clock = Clock(4.0)
    with Sandbox(Settings(rpm=1, clock=clock)) as box:
        async with workbench(home, box.url, size=(110, 30)) as bench:
            await bench.answered("one")
            refused = await bench.answered("two")
            assert refused.problem is not None
            await focus_card(bench)
            await bench.press("w")
            await bench.wait("it is sent again in", "1 message waits for the limit: sent in")
            await bench.press("ctrl+n")
            await bench.wait("A new conversation", "1 message waits for the limit: sent in")
            clock.now += 60.0
            await bench.holds(lambda: not len(bench.session.queue), "the queue to empty")
            await bench.holds(lambda: not bench.session.live, "the answer")
            assert bench.session.nodes == []
            await bench.holds(lambda: "waits for the limit" not in bench.shown(), "nothing waits any more")
            bench.screen.open_conversation(None)
            assert bench.turn is not refused and bench.turn.state is TurnState.DONE


async def test_what_waits_is_let_go_by_one_key_from_anywhere(home: Path) -> None:
    with Sandbox(Settings(rpm=1, clock=Clock())) as box:
        async with workbench(home, box.url, size=(110, 30)) as bench:
            await bench.answered("one")
            await bench.answered("two")
            bench.screen.retry_when_free()
            await bench.wait("1 message waits for the limit")
            await bench.press("ctrl+n", "alt+w")
            await bench.holds(lambda: not len(bench.session.queue), "an empty queue")
            assert "1 let go; each has its card" in bench.notices()


async def test_for_a_day_s_limit_nobody_waits_unasked(home: Path) -> None:
    with Sandbox(Settings(rpd=1, clock=Clock())) as box:
        async with workbench(home, box.url, size=(110, 30)) as bench:
            await bench.answered("one")
            await bench.answered("two")
            await focus_card(bench)
            await bench.press("w")
            await bench.holds(lambda: isinstance(bench.app.screen, Question), "the question")
            await bench.wait("the limit of a day", "as long as meshtui stays open")
            await bench.press("escape")
            await bench.holds(lambda: not isinstance(bench.app.screen, Question), "the answer to it")
            assert not len(bench.session.queue)
            await bench.press("w")
            await bench.holds(lambda: isinstance(bench.app.screen, Question), "the question again")
            await bench.press("right", "enter")
            await bench.holds(lambda: len(bench.session.queue) == 1, "the queue")
            await bench.wait("1 message waits")


async def test_a_minute_s_limit_waits_by_itself_where_that_is_set(home: Path) -> None:
    clock = Clock(2.0)
    with Sandbox(Settings(rpm=1, clock=clock)) as box:
        async with workbench(home, box.url, size=(110, 30)) as bench:
            bench.session.on_rate_limit = "queue"
            await bench.answered("one")
            refused = await bench.ask("two")
            await bench.holds(lambda: len(bench.session.queue) == 1, "the queue")
            clock.now += 60.0
            await bench.holds(lambda: bench.turn is not refused and bench.turn.state is TurnState.DONE, "the answer")


async def test_an_empty_balance_still_allows_a_free_model_by_one_key(home: Path) -> None:
    with Sandbox(Settings(balance=Decimal("0.00001"))) as box:
        async with workbench(home, box.url, PAID, size=(110, 34)) as bench:
            await with_prices(bench)
            await bench.answered("one")
            refused = await bench.answered("two")
            assert refused.problem is not None and refused.problem.status == 402
            await bench.wait("the account's balance", "free model", "profile")
            sent = len(box.requests)
            await bench.pilot.pause(0.5)
            chats = [row for row in box.requests[sent:] if row["path"].endswith("completions")]
            assert chats == [], "nothing is retried by itself"
            await focus_card(bench)
            await bench.press("f")
            await bench.holds(lambda: bench.turn is not refused and bench.turn.ended, "the answer")
            assert bench.turn.state is TurnState.DONE and bench.session.draft.model == bench.turn.model != PAID


async def test_at_the_user_s_own_budget_they_are_asked_first(home: Path) -> None:
    with Sandbox(Settings()) as box:
        async with workbench(home, box.url, "sandbox/expensive", size=(110, 34)) as bench:
            await with_prices(bench)
            first = await bench.answered("one")
            assert first.charge.amount is not None
            bench.session.budget = Budget(conversation=first.charge.amount)
            await bench.type("two")
            await bench.press("enter")
            await bench.holds(lambda: isinstance(bench.app.screen, Question), "the question")
            await bench.wait("Your own budget of", "for this conversation is reached")
            await bench.press("escape")
            await bench.holds(lambda: not isinstance(bench.app.screen, Question), "the answer to it")
            assert bench.turn is first and bench.prompt.text == "two", "what was typed stays"
            await bench.press("enter")
            await bench.holds(lambda: isinstance(bench.app.screen, Question), "the question again")
            await bench.press("right", "enter")
            await bench.holds(lambda: bench.turn is not first and bench.turn.ended, "the answer")
            assert bench.turn.state is TurnState.DONE and bench.prompt.text == ""


async def test_a_warning_at_four_fifths_of_the_balance_comes_once(home: Path) -> None:
    with Sandbox(Settings(balance=Decimal("0.5"))) as box:
        async with workbench(home, box.url, "sandbox/expensive", size=(110, 34)) as bench:
            await with_prices(bench)
            await bench.holds(lambda: bench.session.account().spend.balance is not None, "the balance")
            while (box.state.account("rsk_01JDEMO0000000000000009F2A").balance) > Decimal("0.08"):
                await bench.answered("spend")
                await bench.holds(lambda: bench.turn.billed is not None, "the bill")
            await bench.holds(lambda: any("of the balance is used up" in text for text in bench.notices()), "a warning")


def test_bars_can_be_read_without_colour() -> None:
    assert meter(0.0, 6) == "▁▁▁▁▁▁" and meter(1.0, 6) == "▇▇▇▇▇▇" and meter(9.0, 2) == "▇▇"
    assert meter(0.05, 6) == "▇▁▁▁▁▁" and meter(0.99, 6) == "▇▇▇▇▇▁" and meter(0.0001, 6) == "▁▁▁▁▁▁"
    assert sparkline([1, None, 0, 4], 4) == "▂·▁█" and sparkline([1, 2], 1) == "█" and sparkline([], 5) == ""
