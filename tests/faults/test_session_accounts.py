"""The session's books against the sandbox's own: estimates, bills, limits, money, warnings, budgets."""

from __future__ import annotations

import asyncio
import random
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from meshtui.core.budget import Budget
from meshtui.core.meters import Said
from meshtui.core.money import Certainty
from meshtui.core.turn import TurnState
from meshtui.sandbox import Sandbox, Settings
from meshtui.session import Session
from tests.workbench import KEY, opened, stored, until

NOON = 1_790_078_400.0


class Clock:
    """A clock that only the test moves; the sandbox and the session share it."""

    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> float:
        return self.now


async def say(session: Session, text: str = "hello", model: str = "") -> Any:
    if model:
        session.choose_model(model)
    turn = session.say(text)
    await session.run(turn)
    return turn


def ledger(box: Sandbox) -> list[dict[str, Any]]:
    return [row for row in box.state.account(KEY).events if row["status"] == "ok"]


@pytest.mark.anyio
async def test_figures_equal_the_gateway_s_ledger_over_a_thousand_turns(home: Path) -> None:
    chance = random.Random(5)
    models = ["openai/gpt-4o-mini", "anthropic/claude-sonnet-4.5", "deepseek/deepseek-chat-v3.1", "google/gemma-3-27b"]
    models += ["openai/gpt-5", "auto", "sandbox/fast", "sandbox/expensive"]
    with Sandbox(Settings(rpm=None, rpd=None, balance=Decimal(10_000))) as box:
        async with opened(home, box) as session:
            await session.catalogue()
            estimates: dict[str, Decimal] = {}
            for number in range(100):
                turns = []
                async with asyncio.TaskGroup() as tasks:
                    for _ in range(10):
                        if chance.random() < 0.8:
                            session.new()
                        session.choose_model(chance.choice(models))
                        turns.append(session.say("word " * chance.randrange(1, 120)))
                        tasks.create_task(session.run(turns[-1]))
                for turn in turns:
                    assert turn.state is TurnState.DONE and turn.charge.certainty is Certainty.ESTIMATED
                    assert turn.request_id is not None and turn.estimate is not None
                    estimates[turn.request_id] = turn.estimate
                if number % 15 == 0:
                    await session.settle()
            while await session.settle():
                pass
            while session.store.unbilled("default", 0):
                await session.settle()
            rows = ledger(box)
            assert len(rows) == 1000
            total = session.usage()
            assert total.cost == sum(Decimal(row["cost_usd"]) for row in rows)
            assert total.estimated == 0 and total.unknown == 0
            for ours, theirs in (
                ("prompt", "prompt_tokens"),
                ("completion", "completion_tokens"),
                ("cached", "cached_tokens"),
            ):
                assert getattr(total, ours) == sum(row[theirs] for row in rows)
            by_model = {one.key: one.cost for one in session.usage_by("model")}
            assert by_model["sandbox/expensive"] == sum(
                Decimal(row["cost_usd"]) for row in rows if row["model"] == "sandbox/expensive"
            )
            for row in rows:
                assert f"{estimates[row['request_id']]:.8f}" == row["cost_usd"], row
            assert abs(total.drift) < Decimal("0.00001")
            assert session.account().spend.balance == round(box.state.account(KEY).balance, 8)


@pytest.mark.anyio
async def test_a_bill_arrives_in_the_background_a_moment_after_the_turn(home: Path) -> None:
    with Sandbox(Settings()) as box:
        async with opened(home, box, "openai/gpt-4o-mini") as session:
            await session.catalogue()
            async with asyncio.TaskGroup() as tasks:
                books = tasks.create_task(session.keep_books())
                turn = await say(session)
                assert str(turn.charge).startswith("~$")
                await until(lambda: turn.billed is not None, "the bill")
                books.cancel()
            assert str(turn.charge).endswith("✓")
            assert turn.billed == Decimal(ledger(box)[0]["cost_usd"])
        assert stored(home, turn).billed == turn.billed


@pytest.mark.anyio
async def test_at_the_next_start_the_bills_of_the_last_turns_are_asked_for(home: Path) -> None:
    with Sandbox(Settings()) as box:
        async with opened(home, box, "openai/gpt-4o-mini") as session:
            turn = await say(session)
            assert turn.charge.amount is None, "no catalogue yet: unknown, and not nothing"
        async with opened(home, box) as again:
            again.open()
            assert await again.settle() == 0
            assert again.nodes[-1].turn is not None and again.nodes[-1].turn.charge.certainty is Certainty.BILLED
            assert again.usage().cost == Decimal(ledger(box)[0]["cost_usd"])


@pytest.mark.anyio
async def test_a_gateway_without_a_usage_report_stays_an_estimate(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from meshtui.sandbox import usage
    from meshtui.sandbox.errors import Refusal

    async def missing(_: Any) -> Any:
        raise Refusal("not_found", "No such path.")

    for name in ("events", "totals", "rate_limits", "balance"):
        monkeypatch.setattr(usage, name, missing)
    with Sandbox(Settings(switches={"ratelimit-headers": "absent"})) as box:
        async with opened(home, box, "openai/gpt-4o-mini") as session:
            await session.catalogue()
            turn = await say(session)
            assert await session.settle() == 0 and await session.settle() == 0
            assert turn.charge.certainty is Certainty.ESTIMATED and session.account().fault == ""
            asked = [row["path"] for row in box.requests if row["path"] == "/v1/usage/events"]
            assert len(asked) == 1, "what is not there is not asked for again"
            rows = {row.name: row for row in session.account().meters.rows(session._now())}
            assert rows["rpm"].said is Said.COUNT and (rows["rpm"].used, rows["rpm"].limit) == (1, None)


@pytest.mark.anyio
async def test_what_the_reply_itself_costs_goes_before_the_estimate(home: Path) -> None:
    with Sandbox(Settings(switches={"cost": "string"})) as box:
        async with opened(home, box, "openai/gpt-4o-mini") as session:
            turn = await say(session)
            assert turn.charge.certainty is Certainty.STATED and turn.charge.amount == turn.cost


@pytest.mark.anyio
async def test_a_stopped_answer_without_usage_is_estimated_from_what_arrived(home: Path) -> None:
    with Sandbox(Settings(switches={"usage": "nowhere"})) as box:
        async with opened(home, box, "openai/gpt-4o-mini") as session:
            await session.catalogue()
            turn = await say(session, "tell me more " * 20)
            assert turn.usage is None and turn.estimate is not None
            await until(lambda: ledger(box), "the gateway's own row")
            actual = Decimal(ledger(box)[0]["cost_usd"])
            assert actual / 2 < turn.estimate < actual * 2


@pytest.mark.anyio
@pytest.mark.parametrize("style", ["openai", "mesh"])
async def test_meters_follow_headers_and_refusals_and_the_end_of_the_window(home: Path, style: str) -> None:
    clock = Clock()
    with Sandbox(Settings(rpm=3, clock=clock, switches={"ratelimit-headers": style})) as box:
        async with opened(home, box, now=clock) as session:

            def rpm() -> Any:
                return next(row for row in session.account().meters.rows(clock.now) if row.name == "rpm")

            await say(session)
            assert (rpm().used, rpm().limit, rpm().said) == (1, 3, Said.HEADERS)
            for _ in range(3):
                turn = await say(session)
            assert turn.problem is not None and turn.problem.limit == "rpm"
            assert (rpm().left, rpm().said) == (0, Said.REFUSAL)
            assert session.runs_left()[0] == 0
            await session.settle()
            assert (rpm().left, rpm().said) == (0, Said.TABLE)
            clock.now += 60
            assert (rpm().left, rpm().said) == (3, Said.COUNT)


@pytest.mark.anyio
async def test_cap_and_balance_are_told_and_warned_of_once(home: Path) -> None:
    said: list[str] = []
    with Sandbox(Settings(spend_cap=Decimal("0.2"), balance=Decimal("10"))) as box:
        async with opened(home, box, "sandbox/expensive") as session:
            session.target = replace(session.target, spend_cap=Decimal("0.2"))
            session.on_notice = said.append
            await session.catalogue()
            account = box.state.account(KEY)
            await session.settle()
            assert said == [] and session.account().spend.balance == 10
            for spent, balance in (
                ("0.17", "9"),
                ("0.18", "8.5"),
                ("0.199", "1.5"),
                ("0.1995", "0.3"),
                ("0.1996", "0.29"),
            ):
                account.book("req_x", 0.0, "ok", Decimal(spent) - account.spent)
                account.balance = Decimal(balance)
                await session.settle()
            assert said == [
                "85% of the spend cap of this key is used up: $0.17 of $0.20.",
                "100% of the spend cap of this key is used up: $0.199 of $0.20.",
                "85% of the balance is used up: $1.50 is left.",
                "97% of the balance is used up: $0.30 is left.",
            ]
        async with opened(home, box) as again:
            again.target = replace(again.target, spend_cap=Decimal("0.2"))
            again.on_notice = said.append
            await again.settle()
            assert len(said) == 4, "once is once, also after a new start"


@pytest.mark.anyio
async def test_a_402_teaches_the_cap_and_a_later_answer_forgets_it(home: Path) -> None:
    with Sandbox(Settings(spend_cap=Decimal("0.01"))) as box:
        async with opened(home, box, "sandbox/expensive") as session:
            while (await say(session)).problem is None:
                pass
            spend = session.account().spend
            assert spend.cap == Decimal("0.01") and spend.spent is not None and spend.runs_left(Decimal("0.001")) == 0
            box.state.account(KEY).spend_cap = None
            await say(session, model="sandbox/fast")
            assert session.account().spend.cap is None


@pytest.mark.anyio
async def test_a_budget_of_the_user_s_own_asks_and_a_grant_lasts_for_one_more(home: Path) -> None:
    with Sandbox(Settings()) as box:
        async with opened(home, box, "sandbox/expensive") as session:
            await session.catalogue()
            assert session.over_budget() == ""
            turn = await say(session)
            spent = turn.estimate
            session.budget = Budget(conversation=spent / 2)
            assert "for this conversation is reached" in session.over_budget()
            session.grant()
            session.grant()
            assert session.over_budget() == ""
            session.new()
            assert session.over_budget() == "", "another conversation has its own"
            assert "would add at least" in session.over_budget(low=spent)
            session.budget = Budget(day=spent)
            assert "for today is reached" in session.over_budget()


@pytest.mark.anyio
async def test_the_quote_learns_from_what_comes_back(home: Path) -> None:
    text = "Здравствуйте, мир! " * 30
    with Sandbox(Settings(balance=Decimal(1000))) as box:
        async with opened(home, box, "openai/gpt-4o-mini") as session:
            await session.catalogue()
            session.new()
            turns = []
            for _ in range(4):
                session.new()
                made = session.quote(text)
                turns.append((made, await say(session, text)))
            first, last = turns[0][0].prompt, turns[-1][0].prompt
            counted = turns[-1][1].usage["prompt_tokens"]
            assert abs(last - counted) <= abs(first - counted) and abs(last - counted) <= counted * 0.05
            assert turns[-1][0].low <= turns[-1][1].estimate <= turns[-1][0].high
        async with opened(home, box, "openai/gpt-4o-mini") as again:
            again.new()
            assert abs(again.quote(text).prompt - counted) <= counted * 0.05, "what was learned is kept"
            assert again.quote(text).price == "price unknown"


@pytest.mark.anyio
async def test_the_first_request_of_a_day_is_counted_once(box: Sandbox, home: Path) -> None:
    async with opened(home, box) as session:
        await session.run(session.say("good morning"))
        used = {row.name: row.used for row in session.account().meters.rows(session.time())}
        assert used["rpd"] == 1
