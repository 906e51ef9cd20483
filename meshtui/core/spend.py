"""What is known of a key's money: which budget a refusal is about, the cap, the balance, and when to warn."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from decimal import Decimal
from enum import StrEnum


class Purse(StrEnum):
    """Which budget a 402 is about."""

    KEY = "the key's spend cap"
    MEMBER = "the member's spend cap"
    TEAM = "the team's spend cap"
    ORG = "the organisation's spend cap"
    BALANCE = "the account's balance"
    UNKNOWN = "a spend limit"


_PURSES = (
    (Purse.BALANCE, re.compile(r"balance|credit|top[ -]?up|funds|prepaid", re.IGNORECASE)),
    (Purse.TEAM, re.compile(r"\bteam", re.IGNORECASE)),
    (Purse.MEMBER, re.compile(r"\bmember|\bseat", re.IGNORECASE)),
    (Purse.ORG, re.compile(r"\borg(?:ani[sz]ation)?\b|\bworkspace", re.IGNORECASE)),
    (Purse.KEY, re.compile(r"\bkey\b", re.IGNORECASE)),
)
_AMOUNTS = re.compile(r"\$\s?(\d[\d,]*(?:\.\d+)?)\s*(?:of|/)\s*\$\s?(\d[\d,]*(?:\.\d+)?)")


def purse_of(message: str) -> Purse:
    """Return which budget the words of a 402 name; only its words tell, so an unknown one is said to be that."""
    return next((purse for purse, pattern in _PURSES if pattern.search(message)), Purse.UNKNOWN)


def amounts_of(message: str) -> tuple[Decimal, Decimal] | None:
    """Return what is spent and the cap, where a 402 says both as in `$0.01 of $0.01`."""
    match = _AMOUNTS.search(message)
    if match is None:
        return None
    spent, cap = (Decimal(text.replace(",", "")) for text in match.groups())
    return spent, cap


@dataclass(frozen=True, slots=True)
class Spend:
    """What is known of a key's money: its cap and what it spent of that, and what the account has left."""

    cap: Decimal | None = None
    spent: Decimal | None = None
    balance: Decimal | None = None
    most: Decimal | None = None
    """The highest balance seen since the last top-up: what the parts of it are reckoned by."""

    def with_balance(self, balance: Decimal) -> Spend:
        """Return what is known when the account has so much; clearly more than before is a top-up.

        A little more is none: the gateway holds money back for what is under way, and gives it back.
        """
        rise = None if self.most is None or self.balance is None else balance - self.balance
        topped_up = rise is None or balance > (self.most or 0) or rise > (self.most or 0) * TOP_UP
        return replace(self, balance=balance, most=max(balance, Decimal(0)) if topped_up else self.most)

    @property
    def cap_part(self) -> float | None:
        """The spent part of the cap."""
        if self.cap is None or self.spent is None:
            return None
        return float(self.spent / self.cap) if self.cap else 1.0

    @property
    def balance_part(self) -> float | None:
        """The spent part of the balance, as it was after the last top-up."""
        if self.balance is None or self.most is None:
            return None
        return float(1 - self.balance / self.most) if self.most else 1.0

    def runs_left(self, price: Decimal | None) -> int | None:
        """Return for how many runs of such a price the money lasts; None where that cannot be said."""
        if not price:
            return None
        left = [self.balance] if self.balance is not None else []
        if self.cap is not None and self.spent is not None:
            left.append(self.cap - self.spent)
        return max(int(min(left) / price), 0) if left else None


TOP_UP = Decimal("0.05")
"""A balance that rises by more than this part of its highest was topped up."""

STEPS = (0.95, 0.8)
"""From which parts of cap or balance on a warning is due, the highest first."""


def step_of(part: float | None) -> float:
    """Return the highest step that a part has reached, 0 below the first."""
    return next((step for step in STEPS if part is not None and part >= step), 0.0)
