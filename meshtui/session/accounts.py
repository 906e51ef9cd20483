"""The books of the session: what turns cost by the catalogue and by the bill, what is left of limits and money."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any
from weakref import WeakValueDictionary

from meshtui.core.allowance import Allowance
from meshtui.core.budget import Budget
from meshtui.core.limits import limits_in_headers, limits_in_table
from meshtui.core.meters import Meters, Said, runs_left
from meshtui.core.money import balance_from, price_words
from meshtui.core.problem import Problem, ProblemKind
from meshtui.core.spend import Spend, amounts_of, step_of
from meshtui.core.turn import Turn, TurnState
from meshtui.core.usage import tokens_of
from meshtui.session.gateway import Target
from meshtui.session.prices import Prices
from meshtui.store.catalogues import Catalogues
from meshtui.store.history import Store, StoreError
from meshtui.store.usage import By, TurnUsage, UsageSum

BILL_SECONDS = 1.0
"""How long after the end of a turn the gateway is asked for its bill: it has it then (contract, section 7)."""

LATER = (5.0, 30.0, 120.0)
"""After so many seconds it is asked again for bills that it did not have."""

BILLED_DAYS = 7
"""Bills of turns older than this are not asked for any more."""


@dataclass(slots=True)
class Account:
    """What is known of one key: its limits, its money, and which reports its gateway lacks.

    `meters` show its limits, `allowance` holds back what they would refuse. `fault` says in a sentence why the last
    report could not be had.
    """

    meters: Meters = field(default_factory=Meters)
    allowance: Allowance = field(default_factory=Allowance)
    spend: Spend = field(default_factory=Spend)
    lacks: set[str] = field(default_factory=set)
    fault: str = ""


class Accounts(Prices):
    """The part of the session that reckons. `on_usage` is called when any of its figures changed.

    `on_rate_limit` is what the user set for turns that a minute's limit refused: `ask`, or `queue` them.
    """

    def __init__(
        self,
        store: Store,
        target: Target,
        catalogues: Catalogues | None = None,
        now: Callable[[], float] = time.time,
        sleep: Callable[[float], Any] = asyncio.sleep,
    ) -> None:
        super().__init__(store, target, catalogues, now)
        self.on_usage: Callable[[], None] = lambda: None
        self.budget = Budget()
        self.on_rate_limit = "ask"
        self._sleep = sleep
        self._accounts: dict[tuple[str, str], Account] = {}
        self._books_due = asyncio.Event()
        self._granted: dict[str, int] = {}
        self._ended: WeakValueDictionary[str, Turn] = WeakValueDictionary()
        """What ended here and is still looked at, such as the lanes of a comparison: its bill comes later."""

    def account(self, target: Target | None = None) -> Account:
        """Return what is known of a target's key, of the one in use where none is named."""
        target = target or self.target
        key = (target.base_url, target.masked_key)
        if key not in self._accounts:
            account = self._accounts[key] = Account()
            self.quietly(lambda: self._recall(account, target))
        return self._accounts[key]

    def _recall(self, account: Account, target: Target) -> None:
        now = self._now()
        sent = self.store.sent_since(now - now % 86_400, target.profile)
        coming = sum(turn.profile == target.profile for turn in self.live.values())  # stored, and counted when sent
        account.meters.seed_day(now, max(sent - coming, 0))
        kept = self.store.state(_state(target), {})
        kept = kept if isinstance(kept, Mapping) else {}
        cap = target.spend_cap if target.spend_cap is not None else balance_from(kept.get("cap"))
        account.spend = Spend(cap, None, balance_from(kept.get("balance")), balance_from(kept.get("most")))

    def allowance(self, target: Target | None = None) -> Allowance:
        """Return what is known to be left of a target's minute, of the one in use where none is named."""
        return self.account(target).allowance

    def time(self) -> float:
        """Return seconds since the epoch."""
        return self._now()

    # Sums

    def usage(self, since: float = 0.0, until: float = 1e12, **only: str | None) -> UsageSum:
        """Return what turns used; `only` keeps those of one conversation, model, session or profile."""
        return self.store.usage_total(since, until, **only)

    def usage_here(self, conversation_id: str | None = None) -> UsageSum:
        """Return what a conversation used, the current one where none is named."""
        here = conversation_id or (self.conversation.id if self.conversation is not None else None)
        return self.usage(conversation=here) if here else UsageSum(None)

    def usage_today(self) -> UsageSum:
        """Return what was used since midnight on the user's clock."""
        return self.usage(midnight(self._now()))

    def usage_by(self, by: By, since: float = 0.0, until: float = 1e12) -> list[UsageSum]:
        """Return sums by day, newest first, or by model, session or profile, dearest first."""
        return self.store.usage_by(by, since, until)

    async def usage_over(self, by: By, since: float = 0.0) -> tuple[list[UsageSum], UsageSum]:
        """Return the sums of `usage_by` and of all of it, with the event loop free meanwhile; raises StoreError."""
        return await asyncio.to_thread(self.store.usage_apart, by, since)

    def last_usage(self, limit: int = 40, **only: str | None) -> list[TurnUsage]:
        """Return what the last turns used, oldest first."""
        return self.store.last_usage(limit, **only)

    def runs_left(self) -> tuple[int | None, int | None]:
        """Return how many more runs like the last the limits' windows and the money allow; None where nobody knows."""
        account, last = self.account(), self.store.last_usage(1)
        tokens = (last[0].prompt or 0) + (last[0].completion or 0) if last else None
        price = last[0].cost if last else None
        return runs_left(account.meters.rows(self._now()), tokens), account.spend.runs_left(price)

    # What happens to turns

    def note_sent(self, target: Target | None) -> None:
        """Count a request that leaves."""
        self.account(target).meters.count(self._now())

    def note_headers(self, target: Target | None, headers: Mapping[str, str]) -> None:
        """Take in what the headers of an answer say of limits."""
        account, now = self.account(target), self._now()
        limits = limits_in_headers(headers, now)
        account.meters.read(limits, Said.HEADERS, now)
        account.allowance.read(limits, now)

    def note_table(self, target: Target | None, table: Mapping[str, Any]) -> None:
        """Take in the gateway's table of limits."""
        account, now = self.account(target), self._now()
        limits = limits_in_table(table, now)
        account.meters.read(limits, Said.TABLE, now)
        account.allowance.read(limits, now)

    def note_end(self, turn: Turn, target: Target | None) -> None:
        """Estimate what an ended turn cost, learn from its usage, take in what its refusal says."""
        account, problem, now = self.account(target), turn.problem, self._now()
        if problem is not None and problem.kind is ProblemKind.RATE_LIMIT:
            account.meters.read_refusal(problem.limit, problem.message, problem.retry_after_seconds, now)
        if problem is not None and problem.kind is ProblemKind.SPEND and (amounts := amounts_of(problem.message)):
            account.spend = replace(account.spend, spent=amounts[0], cap=amounts[1])
            self._keep_spend(target or self.target, account.spend)
        spend = account.spend
        if turn.state is TurnState.DONE and (spend.cap_part or 0) >= 1 and (target or self.target).spend_cap is None:
            account.spend = replace(spend, cap=None, spent=None)  # it was raised: a spent cap lets nothing through
        if turn.has_output or turn.usage:
            self.learn_from(turn)
            self.put_price(turn, target)
            account.meters.count(now, 0, tokens_of(turn.usage, turn.meta).total)
        self._ended[turn.id] = turn
        self._books_due.set()

    # Budgets of the user's own

    def over_budget(self, low: Decimal | None = None, conversation_id: str | None = None) -> str:
        """Say in a sentence which of the user's budgets sending would pass, nothing where it passes none.

        It is sent in the current conversation where none is named. `low` is what it costs at least. What the user
        granted counts: the next question comes a budget later.
        """
        coming = low or Decimal(0)
        here = self.usage_here(conversation_id) if self.budget.conversation else UsageSum(None)
        for name, limit, spent in (
            ("conversation", self.budget.conversation, here.cost if self.budget.conversation else None),
            ("day", self.budget.day, self.usage_today().cost if self.budget.day else None),
        ):
            if limit is None or spent is None:
                continue
            granted = limit * (1 + self._granted.get(self._grant(name, conversation_id), 0))
            if spent >= granted or spent + coming > granted:
                what = "this conversation" if name == "conversation" else "today"
                return (
                    f"Your own budget of {price_words(limit)} for {what} is reached: {price_words(spent)} is spent"
                    + (f", and this would add at least {price_words(coming)}." if coming else ".")
                )
        return ""

    def grant(self, low: Decimal | None = None) -> None:
        """Let the budgets go up by their own size, often enough that what costs `low` may go out here and today."""
        for name, limit, spent in (
            ("conversation", self.budget.conversation, self.usage_here().cost),
            ("day", self.budget.day, self.usage_today().cost),
        ):
            if limit:
                key = self._grant(name)
                self._granted[key] = max(int((spent + (low or 0)) / limit), self._granted.get(key, 0) + 1)

    def _grant(self, name: str, conversation_id: str | None = None) -> str:
        if name == "day":
            return time.strftime("%Y-%m-%d", time.localtime(self._now()))
        return conversation_id or (self.conversation.id if self.conversation is not None else "new")

    # Bills and reports

    async def keep_books(self) -> None:
        """Ask for bills and limits a moment after each turn, and once now; runs until it is cancelled."""
        tries = 0
        await self._sleep(BILL_SECONDS)
        while True:
            missing = await self.settle()
            delay = LATER[tries] if missing and tries < len(LATER) else None
            try:
                async with asyncio.timeout(delay):
                    await self._books_due.wait()
            except TimeoutError:
                tries += 1
                continue
            self._books_due.clear()
            tries = 0
            await self._sleep(BILL_SECONDS)

    async def settle(self) -> int:
        """Ask the gateway for the bills that are missing, and how limits and money stand; return how many are missing.

        What it does not have, or what cannot be had now, changes nothing but `account().fault`.
        """
        target, account = self.target, self.account()
        if target.insecure or target.lacks_key:
            return 0
        missing = 0
        try:
            missing = await self._settle_bills(target, account)
            await self._look(target, account)
            account.fault = ""
        except Problem as problem:
            account.fault = problem.lasting
        except StoreError as error:
            account.fault = str(error)
        self.on_usage()
        return missing

    async def _settle_bills(self, target: Target, account: Account) -> int:
        since = self._now() - BILLED_DAYS * 86_400
        rows = self.store.unbilled(target.profile, since) if "bills" not in account.lacks else []
        if not rows:
            return 0
        wanted = {row.request_id: row.turn_id for row in rows}
        found = await (await self.gateway(target)).bills(wanted, min(row.started_at for row in rows) - 60)
        if found is None:
            account.lacks.add("bills")
            return 0
        bills = {wanted[request_id]: amount for request_id, amount in found.items()}
        self.store.save_bills(bills, asked=[row.turn_id for row in rows])
        shown = [node.turn for node in self.nodes if node.turn is not None]
        for turn in {id(turn): turn for turn in (*shown, *self._ended.values())}.values():
            if turn.id in bills:
                turn.billed = bills[turn.id]
                self.note_billed(turn)
        return len(wanted) - len(bills)

    def note_billed(self, turn: Turn) -> None:
        """A turn that is shown has its bill now."""

    async def _look(self, target: Target, account: Account) -> None:
        gateway = await self.gateway(target)
        if "table" not in account.lacks:
            table = await gateway.limits()
            if table:
                self.note_table(target, table)
            else:
                account.lacks.add("table")
        if "balance" not in account.lacks:
            balance = await gateway.balance()
            if balance is None:
                account.lacks.add("balance")
            else:
                account.spend = account.spend.with_balance(balance)
        if account.spend.cap is not None and "spent" not in account.lacks:
            spent = await gateway.spent()
            if spent is None:
                account.lacks.add("spent")
            else:
                account.spend = replace(account.spend, spent=spent)
        self._warn(target, account.spend)

    def _warn(self, target: Target, spend: Spend) -> None:
        """Say once for each step that cap or balance are nearly used up, and keep what is known of them."""
        kept = self.store.state(_state(target), {})
        before = kept.get("warned") if isinstance(kept, Mapping) else None
        warned = dict(before) if isinstance(before, Mapping) else {}
        for name, part, words in (
            ("cap", spend.cap_part, "the spend cap of this key"),
            ("balance", spend.balance_part, "the balance"),
        ):
            step, last = step_of(part), warned.get(name)
            if step > (last if isinstance(last, float) else 0.0):
                self.on_notice(f"{min(part or 0.0, 1.0):.0%} of {words} is used up{_rest(name, spend)}.")
            warned[name] = step
        self._keep_spend(target, spend, warned)

    def _keep_spend(self, target: Target, spend: Spend, warned: Mapping[str, float] | None = None) -> None:
        kept = self.store.state(_state(target), {})
        values = {
            "cap": None if spend.cap is None else str(spend.cap),
            "balance": None if spend.balance is None else str(spend.balance),
            "most": None if spend.most is None else str(spend.most),
            "warned": dict(warned) if warned is not None else kept.get("warned") if isinstance(kept, Mapping) else None,
        }
        if values != kept:
            self.quietly(lambda: self.store.save_state(_state(target), values))


def _rest(name: str, spend: Spend) -> str:
    if name == "cap" and spend.cap is not None and spend.spent is not None:
        return f": {price_words(spend.spent)} of {price_words(spend.cap)}"
    return f": {price_words(spend.balance)} is left" if name == "balance" and spend.balance is not None else ""


def _state(target: Target) -> str:
    return f"spend of {target.base_url} {target.masked_key}"


def midnight(now: float) -> float:
    """Return when the day of `now` began on the user's clock, in seconds since the epoch."""
    day = time.localtime(now)
    return time.mktime((day.tm_year, day.tm_mon, day.tm_mday, 0, 0, 0, 0, 0, -1))
