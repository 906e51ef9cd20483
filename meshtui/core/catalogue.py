"""The gateway's models as values: what a row of the catalogue says, read leniently (contract, section 5)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from meshtui.core.money import dollars

MOST_TOKENS = 10**12
"""A context length from here on is no length."""

DEAREST, CHEAPEST = Decimal(10**9), Decimal("1e-15")


@dataclass(frozen=True, slots=True)
class ModelCard:
    """One model. Prices are US dollars per million tokens; None means that the gateway did not say.

    `price_request` is a flat price for each request. A prompt of more than `long_from` tokens is charged at
    `long_prices`: in, out and cached.
    """

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
    price_request: Decimal | None = None
    long_from: int | None = None
    long_prices: tuple[Decimal | None, Decimal | None, Decimal | None] = (None, None, None)
    capabilities: tuple[str, ...] = ()
    inputs: tuple[str, ...] = ()
    outputs: tuple[str, ...] = ()

    @property
    def chats(self) -> bool:
        """Whether it answers messages, as far as the gateway says."""
        return self.kind.casefold() in ("", "text", "chat")

    @property
    def dearest(self) -> Decimal | None:
        """The higher of the prices in and out; None where one of them is unknown."""
        if self.price_in is None or self.price_out is None:
            return Decimal(0) if self.free else None
        return max(self.price_in, self.price_out)

    @property
    def price(self) -> str:
        """The price in and out in words: `$0.15/$0.60`, `$0.02/?`, `free` or `unknown`; never $0 for unknown."""
        if self.price_in is None and self.price_out is None:
            return "free" if self.free else "unknown"
        if self.free and not (self.price_in or self.price_out):
            return "free"
        return "/".join("?" if rate is None else f"${dollars(rate)}" for rate in (self.price_in, self.price_out))

    @property
    def context_words(self) -> str:
        """The context length in words: `128k`, `1M`, or `?`."""
        return token_words(self.context)


def token_words(count: int | None) -> str:
    """Return a number of tokens in few letters; 131,072 is 128k and 128,000 as well, as everyone calls them."""
    if not count:
        return "?"
    if count % 1000 and not count % 1024:
        count = count // 1024 * 1000 if count < 1 << 20 else round(count / (1 << 20) * 1_000_000)
    for size, letter in ((1_000_000, "M"), (1_000, "k")):
        if count >= size:
            return f"{count / size:.1f}".rstrip("0").rstrip(".") + letter
    return str(count)


_TOKENS = re.compile(r"(\d{1,9}(?:\.\d{1,6})?)\s*([km]?)", re.IGNORECASE)


def tokens_from(text: str) -> int:
    """Read a number of tokens such as `128k`, `1M` or `32000`; raises ValueError with a sentence."""
    match = _TOKENS.fullmatch(text.strip().replace(",", ""))
    if match is None:
        raise ValueError(f"{text!r} is no number of tokens; write it like 128k or 1M")
    return int(Decimal(match[1]) * {"": 1, "k": 1_000, "m": 1_000_000}[match[2].lower()])


def price_from(text: str) -> Decimal:
    """Read a price in dollars per million tokens such as `0.5` or `$2`; raises ValueError with a sentence."""
    price = _money(text.strip().removeprefix("$"))
    if price is None:
        raise ValueError(f"{text!r} is no price; write dollars per million tokens, like 0.50")
    return price


CAPABILITIES = ("tools", "vision", "audio", "reasoning", "structured output")
"""What a model may be able to do, in the words that are shown and searched."""

_FLAGS = {
    "tools": ("supports_tools",),
    "reasoning": ("supports_thinking",),
    "structured output": ("supports_structured_output",),
}
_PARAMETERS = {
    "tools": ("tools",),
    "reasoning": ("reasoning", "include_reasoning", "reasoning_effort"),
    "structured output": ("structured_outputs",),
}
_LISTED = {"tools": "function_calling", "vision": "vision", "audio": "audio", "reasoning": "reasoning"}
_CONTEXTS = ("context_length", "context_window", "max_context_length", "max_model_len")
_MILLION = Decimal(1_000_000)

ROUTER = "auto"
"""The id under which the gateway chooses the model itself (contract, section 7)."""


def card_from(row: object) -> ModelCard | None:
    """Read one row of any catalogue; None where it has no id, all else may be missing or odd.

    Known are the rows of the Mesh API and those of OpenRouter, vLLM, llama.cpp, Mistral, Groq, LiteLLM and Ollama.
    """
    if not isinstance(row, Mapping) or not isinstance(row.get("id"), str) or not row["id"].strip():
        return None
    architecture = _table(row.get("architecture"))
    inputs = _words(row.get("input_modalities")) or _words(architecture.get("input_modalities"))
    outputs = _words(row.get("output_modalities")) or _words(architecture.get("output_modalities"))
    pricing = _table(row.get("pricing"))
    price_in, price_out, price_cached = _prices(pricing)
    free = row.get("is_free")
    if not isinstance(free, bool):
        free = None if price_in is None or price_out is None else not (price_in or price_out)
    return ModelCard(
        id=row["id"],
        name=_text(row.get("name")).strip() or row["id"],
        provider=_text(row.get("provider")) or _text(row.get("owned_by")) or row["id"].partition("/")[0],
        description=_text(row.get("description")),
        kind=_text(row.get("model_type")),
        context=_context(row),
        free=free,
        price_in=price_in,
        price_out=price_out,
        price_cached=price_cached,
        discount_pct=_money(pricing.get("discount_pct")),
        price_request=_money(pricing.get("request_usd")),
        long_from=_count(row.get("standard_context_threshold")),
        long_prices=_long_prices(pricing),
        capabilities=_capabilities(row, inputs, outputs),
        inputs=inputs,
        outputs=outputs,
    )


def _context(row: Mapping[str, Any]) -> int | None:
    counts = [_count(row.get(name)) for name in _CONTEXTS]
    counts += [_count(_table(row.get("top_provider")).get("context_length"))]
    counts += [_count(_table(row.get("meta")).get(name)) for name in ("n_ctx", "n_ctx_train")]
    return next((count for count in counts if count), None)


def _prices(pricing: Mapping[str, Any]) -> tuple[Decimal | None, Decimal | None, Decimal | None]:
    """Return the prices in, out and of cached input, per million tokens; None for what was not said."""
    if pricing.get("pricing_unit") not in (None, "per_1m_tokens"):
        return None, None, None
    found = []
    for per_million, per_token in (
        ("prompt_usd_per_1m", "prompt"),
        ("completion_usd_per_1m", "completion"),
        ("cache_read_input_usd_per_1m", "input_cache_read"),
    ):
        price = _money(pricing.get(per_million))
        if price is None and (single := _money(pricing.get(per_token))) is not None:
            price = single * _MILLION
        found.append(price)
    return found[0], found[1], found[2]


def _long_prices(pricing: Mapping[str, Any]) -> tuple[Decimal | None, Decimal | None, Decimal | None]:
    """Return the prices in, out and of cached input beyond the standard context; the names go by prefix and part."""
    if not any(name.startswith("long_context_") for name in pricing):
        return None, None, None
    names = (("prompt", "input"), ("completion", "output"), ("cache_read_input", "cache_read"))
    found = [[_money(pricing.get(f"long_context_{part}_usd_per_1m")) for part in parts] for parts in names]
    said = [next((price for price in prices if price is not None), None) for prices in found]
    return said[0], said[1], said[2]


def _capabilities(row: Mapping[str, Any], inputs: Sequence[str], outputs: Sequence[str]) -> tuple[str, ...]:
    parameters, listed = _words(row.get("supported_parameters")), row.get("capabilities")
    can = {word for word, flags in _FLAGS.items() if any(row.get(flag) is True for flag in flags)}
    can |= {word for word, names in _PARAMETERS.items() if any(name in parameters for name in names)}
    if isinstance(listed, Mapping):
        can |= {word for word, name in _LISTED.items() if listed.get(name) is True}
    can |= {"vision"} if "image" in inputs else set()
    can |= {"audio"} if "audio" in (*inputs, *outputs) else set()
    return tuple(word for word in CAPABILITIES if word in can)


def cards_from(rows: Iterable[object]) -> list[ModelCard]:
    """Read a catalogue; rows without an id are left out, an id said twice counts once.

    A catalogue of the Mesh API gets its router as the first entry: every such gateway takes `auto`, none lists it.
    """
    cards: dict[str, ModelCard] = {}
    routes = False
    for row in rows:
        card = card_from(row)
        if card is not None:
            cards.setdefault(card.id, card)
            routes = routes or (isinstance(row, Mapping) and "is_free" in row)
    if routes and ROUTER not in cards:
        return [_AUTO, *cards.values()]
    return list(cards.values())


_AUTO = ModelCard(
    ROUTER,
    name="Auto router",
    provider="mesh",
    description="The gateway chooses a model for each message; which one is shown on the answer. Choosing is billed"
    " as well: about 1,400 tokens.",
)


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


def _table(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _words(value: object) -> tuple[str, ...]:
    return tuple(word for word in value if isinstance(word, str)) if isinstance(value, list) else ()


def _count(value: object) -> int | None:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 < value < MOST_TOKENS:
        return None
    return int(value)


def _money(value: object) -> Decimal | None:
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        return None
    try:
        amount = Decimal(str(value)[:40])
    except (InvalidOperation, ValueError):
        return None
    # What is beyond these bounds is no price, and would be written with as many digits as its exponent says.
    if not amount.is_finite() or amount < 0 or amount > DEAREST or 0 < amount < CHEAPEST:
        return None
    return amount
