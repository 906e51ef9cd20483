"""Finding models: a catalogue made ready for searching, what is asked of a model, and in which order they come.

A search answers within a frame at 5,000 rows, because what can be known of a row before the first key is worked out
once, because a query that grew looks only at what the shorter one found, and because ranks are small numbers.
`benchmarks/search.py` has the figures.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from enum import StrEnum

from meshtui.core.catalogue import ModelCard, price_from, token_words, tokens_from
from meshtui.core.money import dollars

_LOOKED_AT = 600
"""Characters of a description that are searched."""


class Sort(StrEnum):
    """The order of what was found; `MATCH` is the best match, without a query the gateway's own order."""

    MATCH = "match"
    NAME = "name"
    PRICE = "price"
    CONTEXT = "context"


@dataclass(frozen=True, slots=True)
class Filter:
    """What is asked of a model. Whatever a row does not say, it does not have: unknown prices fit no `price`.

    `price` is in US dollars per million tokens, and neither the price in nor the price out may be higher.
    """

    free: bool = False
    tools: bool = False
    vision: bool = False
    reasoning: bool = False
    structured_output: bool = False
    audio: bool = False
    provider: str = ""
    context: int | None = None
    price: Decimal | None = None

    def fits(self, card: ModelCard) -> bool:
        """Whether a model has everything that is asked."""
        if self.free and card.free is not True:
            return False
        if not self._wanted.issubset(card.capabilities):
            return False
        if self.provider and card.provider.casefold() != self.provider.casefold():
            return False
        if self.context is not None and (card.context is None or card.context < self.context):
            return False
        return self.price is None or ((dearest := card.dearest) is not None and dearest <= self.price)

    @property
    def _wanted(self) -> frozenset[str]:
        return _wanted((self.tools, self.vision, self.reasoning, self.structured_output, self.audio))

    @property
    def words(self) -> dict[str, str]:
        """What is asked, in words for a chip, by the name of the field."""
        said = {name: label for name, label in SWITCHES.items() if getattr(self, name)}
        if self.provider:
            said["provider"] = self.provider
        if self.context is not None:
            said["context"] = f"context ≥ {token_words(self.context)}"
        if self.price is not None:
            said["price"] = f"price ≤ ${dollars(self.price)}"
        return said

    def __bool__(self) -> bool:
        return self != _ANY


SWITCHES: Mapping[str, str] = {
    "free": "free",
    "tools": "tools",
    "vision": "vision",
    "reasoning": "reasoning",
    "structured_output": "structured output",
    "audio": "audio",
}
"""The fields of a filter that are on or off, in words."""

_ANY = Filter()
_SETS: dict[tuple[bool, ...], frozenset[str]] = {}


def _wanted(flags: tuple[bool, ...]) -> frozenset[str]:
    if flags not in _SETS:
        words = ("tools", "vision", "reasoning", "structured output", "audio")
        _SETS[flags] = frozenset(word for word, on in zip(words, flags, strict=True) if on)
    return _SETS[flags]


_TYPED = re.compile(r"(?:^|(?<=\s))(provider|context|price):(\S+)(?=\s)", re.IGNORECASE)


def typed_filters(query: str, filter: Filter) -> tuple[str, Filter]:
    """Take `provider:NAME`, `context:128k` and `price:0.5` out of a query; return what is left and the filter.

    A word counts once a blank follows it; one whose value cannot be read stays in the query.
    """
    for match in _TYPED.finditer(query):
        name, value = match[1].lower(), match[2]
        try:
            if name == "provider":
                filter = replace(filter, provider=value)
            elif name == "context":
                filter = replace(filter, context=tokens_from(value))
            else:
                filter = replace(filter, price=price_from(value))
        except ValueError:
            continue
        query = query.replace(match[0], "", 1)
    return query.lstrip(), filter


EXACT, BEGINS, WORD, INSIDE, ABOUT, SCATTERED = range(0, 6000, 1000)
"""How well a query fits a row, the best first: the whole id or its last part; the beginning of that; the beginning
of a word; anywhere in id or name; in provider, description or capabilities; the letters in this order in id or name,
where the distance from the first to the last of them is added."""

_FUZZY_FROM = 3
"""Letters that a word must have to be looked for scattered: two letters in a row are in nearly every name."""

_GAPS = re.compile(r"[^0-9a-z\u0080-\uffff]+")


class _Row:
    """What can be known of a card before the first key."""

    __slots__ = ("about", "id", "name", "own", "tail", "words")

    def __init__(self, card: ModelCard) -> None:
        self.id = card.id[:_LOOKED_AT].casefold()
        self.tail = self.id.rpartition("/")[2]
        self.name = card.name[:_LOOKED_AT].casefold()
        self.own = self.id if self.name == self.id else f"{self.id} {self.name}"
        self.words = f" {_GAPS.sub(' ', self.own)}"
        about = f"{card.provider[:_LOOKED_AT]} {card.description[:_LOOKED_AT]} {' '.join(card.capabilities)}"
        self.about = about.casefold()


class ModelIndex:
    """A catalogue that can be searched at the speed of typing. Not for several threads at once."""

    def __init__(self, cards: Iterable[ModelCard] = ()) -> None:
        self.cards = tuple(cards)
        self.by_id = {card.id: card for card in self.cards}
        self._rows = [_Row(card) for card in self.cards]
        self._fitting: tuple[Filter, Sequence[int]] = (_ANY, range(len(self.cards)))
        self._last: tuple[Filter, str, dict[int, int]] | None = None
        self._orders: dict[Sort, list[int]] = {}

    def __len__(self) -> int:
        return len(self.cards)

    def find(
        self, query: str = "", filter: Filter = _ANY, sort: Sort = Sort.MATCH, first: Sequence[str] = ()
    ) -> list[ModelCard]:
        """Return the models that fit, in order.

        `first` are ids that come before others that fit equally well: favourites, then those used lately. Sorted by
        name, price or context they keep the place which that gives them, and unknown comes last; what fits by
        scattered letters only is left out there, as long as anything fits better.
        """
        ranks = self._ranked(query.casefold(), filter)
        if sort is not Sort.MATCH:
            real = {place for place, rank in ranks.items() if rank < SCATTERED} or ranks
            return [self.cards[place] for place in self._order(sort) if place in real]
        ahead = {id: number for number, id in enumerate(first)}
        if not query.strip():
            order = list(ranks)
            if ahead:
                order.sort(key=lambda place: ahead.get(self.cards[place].id, len(ahead)))
            return [self.cards[place] for place in order]
        rows, last = self._rows, len(ahead)
        keyed = [(rank, ahead.get(self.cards[at].id, last), len(rows[at].id), at) for at, rank in ranks.items()]
        keyed.sort()
        return [self.cards[row[3]] for row in keyed]

    def _order(self, sort: Sort) -> list[int]:
        if sort not in self._orders:
            self._orders[sort] = sorted(range(len(self.cards)), key=lambda place: _key(self.cards[place], sort))
        return self._orders[sort]

    def _fit(self, filter: Filter) -> Sequence[int]:
        if self._fitting[0] != filter:
            places = [place for place, card in enumerate(self.cards) if filter.fits(card)] if filter else None
            self._fitting = (filter, range(len(self.cards)) if places is None else places)
        return self._fitting[1]

    def _ranked(self, query: str, filter: Filter) -> dict[int, int]:
        """Return the places of what fits with their ranks; what a longer query finds, the shorter one found too."""
        words, last, places = query.split(), self._last, self._fit(filter)
        if last is not None and last[0] == filter and query.startswith(last[1]) and _narrows(last[1]):
            places = list(last[2])
        ranks = dict.fromkeys(places, 0) if not words else self._ranks(words, places)
        self._last = (filter, query, ranks)
        return ranks

    def _ranks(self, words: Sequence[str], places: Iterable[int]) -> dict[int, int]:
        whole = " ".join(words)
        tests = [(word, f" {word}", _scattered(word) if len(word) >= _FUZZY_FROM else None) for word in words]
        found: dict[int, int] = {}
        rows = self._rows
        for place in places:
            row = rows[place]
            worst = -1
            for word, beginning, scattered in tests:
                if word in row.own:
                    rank = WORD if beginning in row.words else INSIDE
                elif beginning in row.words:
                    rank = WORD
                elif word in row.about:
                    rank = ABOUT
                elif scattered is not None and (match := scattered(row.own)):
                    rank = SCATTERED + match.end() - match.end(1)
                else:
                    break
                worst = max(worst, rank)
            else:
                if worst < ABOUT:
                    if whole in (row.id, row.tail, row.name):
                        worst = EXACT
                    elif row.tail.startswith(whole) or row.id.startswith(whole):
                        worst = BEGINS
                found[place] = worst
        return found


def _narrows(query: str) -> bool:
    """Whether all that a longer query finds is among what this one finds."""
    return len((query.split() or [""])[-1]) >= _FUZZY_FROM or query.endswith(" ")


def _scattered(word: str) -> Callable[[str], re.Match[str] | None]:
    """Return what finds the letters of a word in this order, in time proportional to the text."""
    first, *others = (re.escape(letter) for letter in word)
    return re.compile(f"([^{first}]*+){first}" + "".join(f"[^{letter}]*+{letter}" for letter in others)).match


def _key(card: ModelCard, sort: Sort) -> tuple[bool, Decimal | int | str, str]:
    """Return what a card is sorted by; unknown is last."""
    name = card.name.casefold()
    if sort is Sort.PRICE:
        return card.dearest is None, card.dearest or Decimal(0), name
    if sort is Sort.CONTEXT:
        return card.context is None, -(card.context or 0), name
    return False, name, card.id
