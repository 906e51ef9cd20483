"""Amounts of money: exact decimals in US dollars, their words, and whole numbers that a database can add up."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal, InvalidOperation
from enum import StrEnum

UNITS_PER_DOLLAR = 10**12
"""Sums are kept in millionths of a millionth of a dollar: a token of the cheapest model still counts."""

MOST_UNITS = 2**63 - 1
"""What a database's whole number holds: some nine million dollars for one turn."""


def dollars(amount: Decimal) -> str:
    """Return an amount with at least two decimals and no idle zeros behind them."""
    text = format(amount.normalize(), "f")
    whole, _, cents = text.partition(".")
    return f"{whole}.{cents.ljust(2, '0')}"


class Certainty(StrEnum):
    """How much is known of what a turn cost."""

    UNKNOWN = "unknown"
    ESTIMATED = "estimated"
    STATED = "stated"
    """The reply itself said it."""
    BILLED = "billed"
    """The gateway's usage report has it under the request's id."""


@dataclass(frozen=True, slots=True)
class Charge:
    """What a turn cost, and how surely; `amount` is None exactly where nothing is known."""

    amount: Decimal | None = None
    certainty: Certainty = Certainty.UNKNOWN

    def __str__(self) -> str:
        if self.amount is None:
            return "unknown"
        if not self.amount and self.certainty is Certainty.ESTIMATED:
            return "free"
        words = price_words(self.amount)
        if self.certainty is Certainty.BILLED:
            return f"{words} ✓"
        return f"~{words}" if self.certainty is Certainty.ESTIMATED else words

    @property
    def as_price(self) -> str:
        """It where nothing else says that it is a price."""
        return "price unknown" if self.amount is None else str(self)


def charge_of(estimate: Decimal | None, stated: Decimal | None, billed: Decimal | None) -> Charge:
    """Return what counts of the three amounts of a turn: the bill, else what the reply said, else the estimate."""
    if billed is not None:
        return Charge(billed, Certainty.BILLED)
    if stated is not None:
        return Charge(stated, Certainty.STATED)
    return Charge(estimate, Certainty.ESTIMATED) if estimate is not None else Charge()


def price_words(amount: Decimal) -> str:
    """Return an amount as people read it: cents from a dollar on, else as many digits as say something.

    Nothing is rounded to zero: `$0.0000162`, `$0.0113`, `$4.10`.
    """
    sign, size = ("-", -amount) if amount < 0 else ("", amount)
    if size >= 1:
        return f"{sign}${size:,.2f}"
    if size >= Decimal("0.01"):
        return f"{sign}${dollars(size.quantize(Decimal('0.0001'), ROUND_HALF_EVEN))}"
    if not size:
        return "$0.00"
    digits = Decimal(1).scaleb(size.adjusted() - 2)
    return f"{sign}${dollars(size.quantize(digits, ROUND_HALF_EVEN))}"


def amount_from(value: object) -> Decimal | None:
    """Read an amount as gateways write it, a decimal text or a number; None for anything else, negative ones included.

    A balance may be negative: see `balance_from`.
    """
    amount = balance_from(value)
    return amount if amount is not None and amount >= 0 else None


def balance_from(value: object) -> Decimal | None:
    """Read an amount that may be below zero; None for what is no amount or beyond all sense."""
    if isinstance(value, bool) or not isinstance(value, str | int | float | Decimal):
        return None
    try:
        amount = Decimal(str(value).strip().removeprefix("$").replace(",", "")[:60])
    except InvalidOperation:
        return None
    return amount if amount.is_finite() and abs(amount) * UNITS_PER_DOLLAR <= MOST_UNITS else None


def units(amount: Decimal | None) -> int | None:
    """Return an amount as a whole number that sums exactly; None where it is unknown or too large for one."""
    if amount is None:
        return None
    count = int((amount * UNITS_PER_DOLLAR).to_integral_value(ROUND_HALF_EVEN))
    return count if abs(count) <= MOST_UNITS else None


def from_units(count: int) -> Decimal:
    """Return the dollars of a sum of units, without idle zeros."""
    return plain(Decimal(count) / UNITS_PER_DOLLAR)


def plain(amount: Decimal) -> Decimal:
    """Return an amount without idle zeros and without an exponent."""
    return Decimal(format(amount.normalize(), "f"))
