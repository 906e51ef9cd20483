"""The gateway's models as values: what a row of the catalogue says, read leniently (contract, section 5)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Any


@dataclass(frozen=True, slots=True)
class ModelCard:
    """One model. Prices are US dollars per million tokens; None means that the gateway did not say."""

    id: str
    name: str = ""
    provider: str = ""
    description: str = ""
    kind: str = ""
    context: int | None = None
    free: bool | None = None
    price_in: Decimal | None = None
    price_out: Decimal | None = None
    price_cached: Decimal | None = None
    discount_pct: Decimal | None = None
    capabilities: tuple[str, ...] = ()
    inputs: tuple[str, ...] = ()
    outputs: tuple[str, ...] = ()
    raw: Mapping[str, Any] = field(default_factory=dict, repr=False, compare=False)

    @property
    def price(self) -> str:
        """The price in and out in words: `$0.15/$0.60`, `free`, or `unknown`; never $0 for unknown."""
        if self.price_in is None or self.price_out is None:
            return "free" if self.free else "unknown"
        if self.free and not (self.price_in or self.price_out):
            return "free"
        return f"${dollars(self.price_in)}/${dollars(self.price_out)}"

    @property
    def context_words(self) -> str:
        """The context length in words: `128k`, `1M`, or `?`."""
        return token_words(self.context)


def dollars(amount: Decimal) -> str:
    """Return an amount with at least two decimals and no idle zeros behind them."""
    text = format(amount.normalize(), "f")
    whole, _, cents = text.partition(".")
    return f"{whole}.{cents.ljust(2, '0')}"


def token_words(count: int | None) -> str:
    """Return a number of tokens in few letters."""
    if not count:
        return "?"
    for size, letter in ((1_000_000, "M"), (1_000, "k")):
        if count >= size:
            return f"{count / size:.1f}".rstrip("0").rstrip(".") + letter
    return str(count)


_CAPABILITIES = (
    ("supports_tools", "tools"),
    ("supports_thinking", "reasoning"),
    ("supports_structured_output", "structured output"),
)


def card_from(row: object) -> ModelCard | None:
    """Read one row of any catalogue; None where it has no id, all else may be missing or odd."""
    if not isinstance(row, Mapping) or not isinstance(row.get("id"), str) or not row["id"].strip():
        return None
    pricing = row.get("pricing") if isinstance(row.get("pricing"), Mapping) else {}
    assert isinstance(pricing, Mapping)  # noqa: S101 - for the type checker
    inputs, outputs = _words(row.get("input_modalities")), _words(row.get("output_modalities"))
    can = [word for flag, word in _CAPABILITIES if row.get(flag) is True]
    can += ["vision"] if "image" in inputs else []
    can += ["audio"] if "audio" in inputs + outputs else []
    per_token = pricing.get("pricing_unit") in (None, "per_1m_tokens")
    return ModelCard(
        id=row["id"],
        name=_text(row.get("name")) or row["id"],
        provider=_text(row.get("provider")) or _text(row.get("owned_by")) or row["id"].partition("/")[0],
        description=_text(row.get("description")),
        kind=_text(row.get("model_type")),
        context=_count(row.get("context_length")) or _count(row.get("context_window")),
        free=row.get("is_free") if isinstance(row.get("is_free"), bool) else None,
        price_in=_money(pricing.get("prompt_usd_per_1m")) if per_token else None,
        price_out=_money(pricing.get("completion_usd_per_1m")) if per_token else None,
        price_cached=_money(pricing.get("cache_read_input_usd_per_1m")) if per_token else None,
        discount_pct=_money(pricing.get("discount_pct")),
        capabilities=tuple(can),
        inputs=inputs,
        outputs=outputs,
        raw=row,
    )


def cards_from(rows: Iterable[object]) -> list[ModelCard]:
    """Read a catalogue; rows without an id are left out, an id said twice counts once."""
    cards: dict[str, ModelCard] = {}
    for row in rows:
        card = card_from(row)
        if card is not None:
            cards.setdefault(card.id, card)
    return list(cards.values())


def search(cards: Sequence[ModelCard], query: str) -> list[ModelCard]:
    """Return the cards that hold every word of `query` in id, name or provider, the best first."""
    words = query.casefold().split()
    if not words:
        return list(cards)
    found = []
    for card in cards:
        text = f"{card.id} {card.name} {card.provider}".casefold()
        if all(word in text for word in words):
            id = card.id.casefold()
            found.append((id != query.casefold(), not id.rpartition("/")[2].startswith(words[0]), len(id), card))
    return [row[-1] for row in sorted(found, key=lambda row: row[:3])]


def priced(cards: Mapping[str, ModelCard], model: str) -> ModelCard | None:
    """Find the card that prices a served model: exact id, then last segment, then the longest tail before it."""
    if model in cards:
        return cards[model]
    tail = model.rpartition("/")[2]
    best: ModelCard | None = None
    for card in cards.values():
        name = card.id.rpartition("/")[2]
        if name == tail:
            return card
        if name and tail.startswith(name) and (best is None or len(name) > len(best.id.rpartition("/")[2])):
            best = card
    return best


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _words(value: object) -> tuple[str, ...]:
    return tuple(word for word in value if isinstance(word, str)) if isinstance(value, list) else ()


def _count(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else None


def _money(value: object) -> Decimal | None:
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        return None
    try:
        amount = Decimal(str(value))
    except InvalidOperation:
        return None
    return amount if amount.is_finite() and amount >= 0 else None
