"""What a request will take, said before it is sent: tokens, a range of prices, room in the context.

There is no tokenizer here. Text is weighed by its bytes, and what comes back from a model teaches how far off that is
for this model.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from meshtui.core.catalogue import ModelCard, token_words
from meshtui.core.money import price_words
from meshtui.core.usage import Tokens, price_of

BYTES_PER_TOKEN = 4.0
"""Of English text. Other scripts take more bytes a letter and more tokens a letter, so bytes carry over well."""

PER_MESSAGE, PER_FILE = 4, 300
LEAST_FACTOR, MOST_FACTOR = 0.2, 5.0
LEARNING = 0.3
"""How much of the difference the last turn corrects."""

UNSURE, SURE = 0.35, 0.1
"""How far off a guess may be, as a part of it, before a model has taught anything and after."""

FULL = 0.9
"""From this part of the context on a warning is due."""

USUAL_ANSWER = (1, 1000)
"""Tokens of an answer, least and most, where nothing is known of the model's answers."""


def weight(text: str) -> float:
    """Return the tokens of a text, roughly, before any learning."""
    return len(text.encode("utf-8", "replace")) / BYTES_PER_TOKEN


def weight_of(message: Mapping[str, Any]) -> float:
    """Return the tokens of a message as it goes over the wire, roughly; a file counts a fixed number."""
    content = message.get("content")
    total = PER_MESSAGE + (weight(content) if isinstance(content, str) else 0.0)
    if isinstance(content, list | tuple):
        for part in content:
            text = part.get("text") if isinstance(part, Mapping) else None
            total += weight(text) if isinstance(text, str) else PER_FILE
    for call in message.get("tool_calls") or ():
        function = call.get("function") if isinstance(call, Mapping) else None
        if isinstance(function, Mapping):
            total += weight(str(function.get("name") or "")) + weight(str(function.get("arguments") or ""))
    return total


def weight_of_tools(tools: Iterable[object]) -> float:
    """Return the tokens of tool definitions, roughly."""
    return sum(weight(json.dumps(tool, ensure_ascii=False, default=str)) for tool in tools)


def weight_of_request(request: Mapping[str, Any]) -> float:
    """Return the prompt tokens of a request's body, roughly."""
    messages, tools = request.get("messages"), request.get("tools")
    total = sum(weight_of(message) for message in messages if isinstance(message, Mapping)) if messages else 0.0
    return total + (weight_of_tools(tools) if isinstance(tools, list | tuple) else 0.0) + 3


@dataclass(frozen=True, slots=True)
class Learned:
    """What the turns of a model taught: its tokens for one of ours, and from how many turns."""

    factor: float = 1.0
    turns: int = 0

    def after(self, guessed: float, counted: int) -> Learned:
        """Return what is known after one more turn, of which `guessed` by weight and `counted` came back."""
        if guessed <= 0 or counted <= 0:
            return self
        seen = min(max(counted / guessed, LEAST_FACTOR), MOST_FACTOR)
        part = 1.0 if not self.turns else LEARNING
        return Learned(self.factor + (seen - self.factor) * part, self.turns + 1)

    @property
    def spread(self) -> float:
        """How far off a guess may be, as a part of it."""
        return SURE if self.turns >= 3 else UNSURE


@dataclass(frozen=True, slots=True)
class Quote:
    """What sending would take. `low` and `high` are in US dollars, None where the price is unknown.

    `context` is the model's window where the catalogue has it, `room` what the answer is allowed to take of it.
    """

    prompt: int
    low: Decimal | None = None
    high: Decimal | None = None
    context: int | None = None
    room: int = 0

    @property
    def part(self) -> float | None:
        """The part of the context that the prompt and the answer's allowance take; above 1 it does not fit."""
        return (self.prompt + self.room) / self.context if self.context else None

    @property
    def warning(self) -> str:
        """What is wrong with the context, in a few words, or nothing."""
        part = self.part
        if part is None or part < FULL:
            return ""
        words = f"{part:.0%} of the {token_words(self.context)} context"
        return f"does not fit: {words}" if part > 1 else f"nearly full: {words}"

    @property
    def price(self) -> str:
        """The range in words: `~$0.00002–0.0006`, `free`, `price unknown`."""
        if self.low is None or self.high is None:
            return "price unknown"
        if not self.high:
            return "free"
        low, high = price_words(self.low), price_words(self.high)
        return f"~{low}" if low == high else f"~{low}–{high.removeprefix('$')}"

    def __str__(self) -> str:
        return f"~{self.prompt:,} tok · {self.price}"


def price_of_all(quotes: Sequence[Quote]) -> str:
    """Return the range of several requests together, in words; how many have no known price is said."""
    known = [(one.low, one.high) for one in quotes if one.low is not None and one.high is not None]
    if not known:
        return "price unknown"
    words = Quote(0, sum((low for low, _ in known), Decimal(0)), sum((high for _, high in known), Decimal(0))).price
    missing = len(quotes) - len(known)
    return f"{words} and {missing} of unknown price" if missing else words


def quote(
    guessed: float,
    card: ModelCard | None,
    learned: Learned,
    answers: tuple[int, int] | None = None,
    most: int | None = None,
) -> Quote:
    """Return what a request of so many guessed tokens takes with a model.

    `answers` are the shortest and the longest of the model's last answers in tokens, `most` what the request allows.
    """
    tokens = guessed * learned.factor
    short, long = answers or USUAL_ANSWER
    if learned.turns < 5:
        short, long = max(short // 2, 1), max(long * 2, USUAL_ANSWER[1])  # a few answers are no pattern yet
    long = long if most is None else most
    context = card.context if card is not None else None
    if context is not None:
        long = max(min(long, context - int(tokens)), 1)
    short = min(short, long)
    low = price_of(card, Tokens(round(tokens * (1 - learned.spread)), short))
    high = price_of(card, Tokens(round(tokens * (1 + learned.spread)), long))
    return Quote(max(round(tokens), 1), low, high, context, most or 0)


def allowance(request: Mapping[str, Any]) -> int | None:
    """Return the tokens that a request allows for the answer, None where it sets no bound."""
    for name in ("max_completion_tokens", "max_tokens"):
        value = request.get(name)
        if isinstance(value, int) and not isinstance(value, bool) and value > 0:
            return value
    return None
