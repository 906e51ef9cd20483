"""What was used, what it cost, what is left, in sentences."""

from __future__ import annotations

from meshtui.cli.linear.calling import Calling
from meshtui.cli.linear.words import end_words
from meshtui.core.meters import Meter
from meshtui.core.money import price_words
from meshtui.core.waits import countdown
from meshtui.session import UsageSum


class Reckoning(Calling):
    """The figures of this run, this conversation, today, and the limits."""

    def do_usage(self, rest: str) -> None:
        """Say what was used and what is left."""
        session = self.session
        self.run(session.settle())
        turn = self.last_turn()
        if turn is not None and turn.ended:
            self.tell(f"Last run: {end_words(turn)}")
        self.tell(f"This conversation: {_sum(session.usage_here())}.")
        self.tell(f"Today: {_sum(session.usage_today())}.")
        account, now = session.account(), session.time()
        for row in account.meters.rows(now):
            self.tell(_limit(row, now))
        spend = account.spend
        if spend.cap is not None:
            spent = "an unknown part" if spend.spent is None else price_words(spend.spent)
            self.tell(f"Spend cap: {spent} of {price_words(spend.cap)} is used.")
        if spend.balance is not None:
            self.tell(f"Balance: {price_words(spend.balance)} is left.")
        if account.fault:
            self.tell(f"The gateway could not be asked: {account.fault}")


def _sum(row: UsageSum) -> str:
    cost = row.cost_words
    return (
        f"{row.turns:,} turn{'' if row.turns == 1 else 's'}, {row.prompt:,} tokens in, {row.completion:,} out,"
        f" {'price unknown' if cost == 'unknown' else f'cost {cost}'}"
    )


def _limit(row: Meter, now: float) -> str:
    wait = row.wait(now)
    ends = f", free again in {countdown(wait)}" if wait is not None else ""
    used = "an unknown number" if row.used is None else f"{row.used:,.0f}"
    of = f" of {row.limit:,.0f}" if row.limit is not None else ""
    return f"{row.name.upper()}: {used}{of} used{ends}."
