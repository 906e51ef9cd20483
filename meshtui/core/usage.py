"""What a turn used: tokens from any usage object, and its price by the catalogue (contract, section 5)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from meshtui.core.catalogue import ROUTER, ModelCard, priced

MOST_COUNTED = 10**12
"""A count of tokens from here on is none."""

_MILLION = Decimal(1_000_000)


def day_words(key: str | None) -> str:
    """Return a day such as 20261120 as 2026-11-20."""
    return f"{key[:4]}-{key[4:6]}-{key[6:]}" if key and len(key) == 8 else key or ""


@dataclass(frozen=True, slots=True)
class Tokens:
    """Tokens of one turn; None means that nobody said.

    `cached` is a part of `prompt`, `reasoning` a part of `completion`; those of the router's classifier are extra.
    """

    prompt: int | None = None
    completion: int | None = None
    cached: int | None = None
    reasoning: int | None = None
    classifier_prompt: int = 0
    classifier_completion: int = 0

    @property
    def classifier(self) -> int:
        """Tokens that choosing the model took."""
        return self.classifier_prompt + self.classifier_completion

    @property
    def total(self) -> int:
        """All tokens, as far as they are known."""
        return (self.prompt or 0) + (self.completion or 0) + self.classifier


def tokens_of(usage: object, meta: Mapping[str, Any] | None = None) -> Tokens:
    """Read a usage object in any of the shapes that gateways send; whatever is no sane count is unknown.

    Known are the names of OpenAI (both APIs), Anthropic, DeepSeek and the Mesh API. `meta` is what the reply said
    beside it: `x_classifier_usage` counts where the usage object itself names no classifier.
    """
    usage = usage if isinstance(usage, Mapping) else {}
    prompt = _first(usage, "prompt_tokens", "input_tokens")
    completion = _first(usage, "completion_tokens", "output_tokens")
    details_in = _table(usage, "prompt_tokens_details", "input_tokens_details")
    details_out = _table(usage, "completion_tokens_details", "output_tokens_details")
    cached = _first(details_in, "cached_tokens")
    if cached is None:
        cached = _first(usage, "prompt_cache_hit_tokens", "cached_tokens")
    read = _first(usage, "cache_read_input_tokens")
    if cached is None and read is not None:
        cached = read
        if prompt is not None and "prompt_tokens" not in usage:
            # Anthropic counts what came from its cache, or went into it, apart from `input_tokens`.
            prompt += read + (_first(usage, "cache_creation_input_tokens") or 0)
    if cached is not None and prompt is not None:
        cached = min(cached, prompt)
    classifier = _classifier(usage, meta or {})
    return Tokens(prompt, completion, cached, _first(details_out, "reasoning_tokens"), *classifier)


def _classifier(usage: Mapping[str, Any], meta: Mapping[str, Any]) -> tuple[int, int]:
    asked, said = _first(usage, "classifier_prompt_tokens"), _first(usage, "classifier_completion_tokens")
    if asked is not None or said is not None:
        return asked or 0, said or 0
    total = _first(usage, "classifier_tokens")
    if total is not None:
        return total, 0
    rows = meta.get("x_classifier_usage")
    rows = [row for row in rows if isinstance(row, Mapping)] if isinstance(rows, list) else []
    return (
        sum(_first(row, "prompt_tokens") or 0 for row in rows),
        sum(_first(row, "completion_tokens") or 0 for row in rows),
    )


def _first(values: Mapping[str, Any], *names: str) -> int | None:
    for name in names:
        value = values.get(name)
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < MOST_COUNTED:
            return value
    return None


def _table(values: Mapping[str, Any], *names: str) -> Mapping[str, Any]:
    return next((table for name in names if isinstance(table := values.get(name), Mapping)), {})


def total_usage(usages: Iterable[Mapping[str, Any] | None]) -> dict[str, Any]:
    """Return what several turns used together: each number of their usage summed, nested ones too."""
    total: dict[str, Any] = {}
    for usage in usages:
        for name, value in (usage or {}).items():
            if isinstance(value, Mapping):
                known = total.get(name)
                total[name] = total_usage([known if isinstance(known, Mapping) else None, value])
            elif isinstance(value, int | float) and not isinstance(value, bool):
                known = total.get(name, 0)
                total[name] = value + known if isinstance(known, int | float) else value
    return total


def price_of(card: ModelCard | None, tokens: Tokens) -> Decimal | None:
    """Return what these tokens cost by the catalogue, in US dollars; None where a price or a count is unknown.

    (prompt - cached) at the prompt's rate, cached at its own where there is one, completion at its rate, the
    classifier's at the same two, a flat price for the request; then the discount. A prompt beyond the model's standard
    context is charged at the long-context rates as far as there are any.
    """
    if card is None or tokens.prompt is None or tokens.completion is None:
        return None
    rate_in, rate_out, rate_cached = _rates(card, tokens.prompt)
    if rate_in is None and rate_out is None:
        return Decimal(0) if card.free else None
    fresh = tokens.prompt - (tokens.cached or 0)
    counts = (
        (fresh + tokens.classifier_prompt, rate_in),
        (tokens.cached or 0, rate_in if rate_cached is None else rate_cached),
        (tokens.completion + tokens.classifier_completion, rate_out),
    )
    total = Decimal(0)
    for count, rate in counts:
        if count and rate is None:
            return None
        total += count * (rate or 0)
    total = total / _MILLION + (card.price_request or 0)
    discount = card.discount_pct
    return total * (1 - discount / 100) if discount is not None and discount <= 100 else total


def _rates(card: ModelCard, prompt: int) -> tuple[Decimal | None, Decimal | None, Decimal | None]:
    rates = (card.price_in, card.price_out, card.price_cached)
    if card.long_from is None or prompt <= card.long_from:
        return rates
    long_in, long_out, long_cached = card.long_prices
    # Where only the prompt's long rate is named, the cheap cached one of the short context no longer holds.
    cached = long_cached if long_cached is not None else (rates[2] if long_in is None else None)
    return long_in if long_in is not None else rates[0], long_out if long_out is not None else rates[1], cached


def card_for(cards: Mapping[str, ModelCard], asked: str, served: str = "", resolved: str = "") -> ModelCard | None:
    """Return the card that prices a turn, by the model that the router resolved, the one that served, the one asked.

    The model asked for goes before another provider's of the same name; `auto` has no price of its own.
    """
    if resolved and (found := priced(cards, resolved)) is not None:
        return found
    own = cards.get(asked) if asked != ROUTER else None
    found = priced(cards, served) if served else None
    if found is not None:
        same = own is not None and own.id.rpartition("/")[2] == found.id.rpartition("/")[2]
        return own if same else found
    return own or (priced(cards, asked) if asked and asked != ROUTER else None)
