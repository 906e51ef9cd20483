"""Finding models: what fits, in which order, and that a query which grows finds what it would find at once."""

from __future__ import annotations

import time
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meshtui.core.catalogue import ModelCard, cards_from
from meshtui.core.model_search import Filter, ModelIndex, Sort, typed_filters
from meshtui.sandbox.catalogue import Catalogue

CARDS = cards_from(model.row() for model in Catalogue().models)


def ids(index: ModelIndex, query: str = "", filter: Filter | None = None, **more: object) -> list[str]:
    return [card.id for card in index.find(query, filter or Filter(), **more)]  # type: ignore[arg-type]


@pytest.fixture
def index() -> ModelIndex:
    return ModelIndex(CARDS)


@pytest.mark.parametrize(
    ("query", "best"),
    [
        ("gpt-4o", "openai/gpt-4o"),
        ("openai/gpt-4o", "openai/gpt-4o"),
        ("OPENAI/GPT-4O-MINI", "openai/gpt-4o-mini"),
        ("GPT-4o mini", "openai/gpt-4o-mini"),
        ("gpt4omini", "openai/gpt-4o-mini"),
        ("sonnet", "anthropic/claude-sonnet-4.5"),
        ("cldsnnt", "anthropic/claude-sonnet-4.5"),
        ("4.5 haiku", "anthropic/claude-haiku-4.5"),
        ("r1", "deepseek/deepseek-r1"),
        ("多语言模型", "qwen/qwen3-32b"),
        ("cheap reads", "openai/gpt-4o-mini"),
    ],
)
def test_the_best_match_comes_first(index: ModelIndex, query: str, best: str) -> None:
    assert ids(index, query)[0] == best


def test_ranks_go_from_the_whole_id_to_scattered_letters() -> None:
    names = ["z/g-p-t", "mygpt/x", "a/old-gpt", "a/gpt-long", "b/gpt"]
    cards = [ModelCard(id, id) for id in names] + [ModelCard("c/other", "other", description="beats gpt")]
    assert ids(ModelIndex(cards), "gpt") == ["b/gpt", "a/gpt-long", "a/old-gpt", "mygpt/x", "c/other", "z/g-p-t"]


def test_every_word_must_be_found(index: ModelIndex) -> None:
    assert ids(index, "claude zzz") == []
    assert set(ids(index, "claude opus")) <= set(ids(index, "opus"))


def test_two_letters_are_not_looked_for_scattered(index: ModelIndex) -> None:
    assert all("zi" in f"{card.id} {card.name} {card.provider} {card.description}".lower() for card in index.find("zi"))


def test_favourites_come_first_among_equals_and_survive_a_filter(index: ModelIndex) -> None:
    first = ("openai/gpt-5", "anthropic/claude-haiku-4.5")
    assert ids(index, "", first=first)[:2] == list(first)
    assert ids(index, "", Filter(vision=True), first=first)[:2] == list(first)
    assert ids(index, "claude", Filter(tools=True), first=first)[0] == "anthropic/claude-haiku-4.5"
    assert ids(index, "openai/gpt-4o", first=("openai/gpt-4o-mini",))[0] == "openai/gpt-4o"


@pytest.mark.parametrize("name", ["tools", "vision", "reasoning", "structured_output", "audio", "free"])
def test_a_switch_leaves_what_says_so(index: ModelIndex, name: str) -> None:
    found = index.find("", Filter(**{name: True}))  # type: ignore[arg-type]
    assert 0 < len(found) < len(CARDS)
    word = name.replace("_", " ")
    assert all(card.free is True if name == "free" else word in card.capabilities for card in found)


def test_numbers_leave_out_what_is_unknown() -> None:
    cards = [
        ModelCard("a", context=None, price_in=Decimal(1), price_out=Decimal(2)),
        ModelCard("b", context=128_000),
        ModelCard("c", context=200_000, price_in=Decimal("0.1"), price_out=Decimal(9)),
        ModelCard("d", context=1, free=True),
        ModelCard("e", context=1, price_in=Decimal(1)),
    ]
    index = ModelIndex(cards)
    assert ids(index, "", Filter(context=128_000)) == ["b", "c"]
    assert ids(index, "", Filter(price=Decimal(2))) == ["a", "d"]
    assert ids(index, "", Filter(price=Decimal(9))) == ["a", "c", "d"]


def test_unknown_comes_last_in_every_order() -> None:
    cards = [
        ModelCard("unknown"),
        ModelCard("dear", context=10, price_in=Decimal(5), price_out=Decimal(7)),
        ModelCard("half", context=None, price_in=Decimal("0.1")),
        ModelCard("cheap", context=99, price_in=Decimal(1), price_out=Decimal(1)),
        ModelCard("free", context=5, free=True),
    ]
    index = ModelIndex(cards)
    assert ids(index, sort=Sort.PRICE) == ["free", "cheap", "dear", "unknown", "half"]
    assert ids(index, sort=Sort.CONTEXT) == ["cheap", "dear", "free", "unknown", "half"]


def test_sorting_keeps_to_what_was_found(index: ModelIndex) -> None:
    found = index.find("gemini", Filter(), Sort.PRICE)
    assert {card.id for card in found} <= set(ids(index, "gemini"))
    prices = [card.dearest for card in found if "gemini" in card.id and card.dearest is not None]
    assert prices == sorted(prices) and len(prices) > 2


def test_what_fits_by_scattered_letters_is_not_sorted_among_what_fits() -> None:
    cards = [
        ModelCard("a/g-x-p-t", price_in=Decimal(0), price_out=Decimal(0)),
        ModelCard("b/gpt-dear", price_in=Decimal(9), price_out=Decimal(9)),
        ModelCard("b/gpt-cheap", price_in=Decimal(1), price_out=Decimal(1)),
    ]
    index = ModelIndex(cards)
    assert ids(index, "gpt", sort=Sort.PRICE) == ["b/gpt-cheap", "b/gpt-dear"]
    assert ids(index, "gpt")[-1] == "a/g-x-p-t" and ids(index, "gxpt", sort=Sort.PRICE) == ["a/g-x-p-t"]


@given(st.text(alphabet="gpt4o-mini clau/.", max_size=12), st.sampled_from([Filter(), Filter(tools=True)]))
def test_a_query_that_grows_finds_what_it_would_find_at_once(query: str, filter: Filter) -> None:
    growing = ModelIndex(CARDS[:60])
    for end in range(len(query) + 1):
        found = growing.find(query[:end], filter)
    assert found == ModelIndex(CARDS[:60]).find(query, filter)


def test_taking_letters_back_and_changing_the_filter_finds_more_again(index: ModelIndex) -> None:
    whole = ids(index, "gem")
    assert len(ids(index, "gemini-2.5-flash-lite")) < len(whole)
    assert ids(index, "gem") == whole
    assert len(ids(index, "gem", Filter(free=True))) < len(whole)
    assert ids(index, "gem") == whole


def test_odd_rows_neither_break_nor_slow_a_search() -> None:
    hostile = [ModelCard("a" * 100_000, "b" * 100_000, description="c" * 100_000), ModelCard("\x1b[2J", "[/x]")]
    index = ModelIndex([*hostile, *CARDS])
    began = time.thread_time()
    for query in ("a" * 60 + "z", "\x1b", "[/x]", "(((", "a.*b", "\\"):
        index.find(query)
    assert time.thread_time() - began < 1.0
    assert ids(index, "[/x]")[0] == "\x1b[2J"


def test_what_is_asked_in_words() -> None:
    asked = Filter(free=True, structured_output=True, provider="openai", context=128_000, price=Decimal("0.5"))
    assert list(asked.words.values()) == ["free", "structured output", "openai", "context ≥ 128k", "price ≤ $0.50"]
    assert asked and not Filter()


@pytest.mark.parametrize(
    ("typed", "left", "asked"),
    [
        ("context:200k ", "", Filter(context=200_000)),
        ("gpt price:$0.5 ", "gpt  ", Filter(price=Decimal("0.5"))),
        ("provider:openai x", "x", Filter(provider="openai")),
        ("provider:openai", "provider:openai", Filter()),
        ("context:many ", "context:many ", Filter()),
        ("llama3:8b ", "llama3:8b ", Filter()),
    ],
)
def test_typed_filters_become_chips_once_they_are_whole(typed: str, left: str, asked: Filter) -> None:
    assert typed_filters(typed, Filter()) == (left, asked)
