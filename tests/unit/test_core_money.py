"""Amounts, their words, and prices against cases worked out by hand."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meshtui.core.catalogue import ModelCard, card_from, cards_from
from meshtui.core.money import Certainty, amount_from, charge_of, from_units, price_words, units
from meshtui.core.quote import Learned, Quote, price_of_all, quote, weight, weight_of_request
from meshtui.core.usage import Tokens, card_for, price_of, tokens_of


@pytest.mark.parametrize(
    ("amount", "words"),
    [
        ("0", "$0.00"),
        ("4.1", "$4.10"),
        ("1234.567", "$1,234.57"),
        ("0.0113", "$0.0113"),
        ("0.25", "$0.25"),
        ("0.00033249", "$0.000332"),
        ("0.0000162", "$0.0000162"),
        ("0.00000000000004", "$0.00000000000004"),
        ("-0.02", "-$0.02"),
    ],
)
def test_an_amount_is_written_with_the_digits_that_say_something(amount: str, words: str) -> None:
    assert price_words(Decimal(amount)) == words


@given(st.decimals(min_value=Decimal("1e-12"), max_value=1_000_000, places=12))
def test_no_price_is_rounded_to_nothing_and_units_are_exact(amount: Decimal) -> None:
    assert price_words(amount).strip("$0.") != ""
    count = units(amount)
    assert count is not None and from_units(count) == amount


@pytest.mark.parametrize(
    ("value", "amount"), [("0.0001", "0.0001"), (1e-05, "0.00001"), (0, "0"), ("$1.5", "1.5"), (" 1,000.50 ", "1000.5")]
)
def test_an_amount_is_read_as_gateways_write_it(value: object, amount: str) -> None:
    assert amount_from(value) == Decimal(amount)


@pytest.mark.parametrize("value", ["", "free", None, True, "NaN", "Infinity", "-1", -1, {}, [], "1e30", float("nan")])
def test_what_is_no_amount_is_unknown(value: object) -> None:
    assert amount_from(value) is None


def test_the_bill_goes_before_the_reply_s_word_and_that_before_the_estimate() -> None:
    one, two, three = Decimal("0.001"), Decimal("0.002"), Decimal("0.003")
    assert str(charge_of(one, two, three)) == "$0.003 ✓"
    assert str(charge_of(one, two, None)) == "$0.002"
    assert str(charge_of(one, None, None)) == "~$0.001"
    assert str(charge_of(None, None, None)) == "unknown"
    assert str(charge_of(Decimal(0), None, None)) == "free"
    assert charge_of(None, None, Decimal(0)).certainty is Certainty.BILLED


@pytest.mark.parametrize(
    ("usage", "expected"),
    [
        (
            {"prompt_tokens": 12, "completion_tokens": 2, "prompt_tokens_details": {"cached_tokens": 4}},
            Tokens(12, 2, 4),
        ),
        ({"completion_tokens": 9, "completion_tokens_details": {"reasoning_tokens": 7}}, Tokens(None, 9, None, 7)),
        (
            {"input_tokens": 10, "output_tokens": 5, "cache_read_input_tokens": 90, "cache_creation_input_tokens": 7},
            Tokens(107, 5, 90),
        ),
        ({"input_tokens": 100, "input_tokens_details": {"cached_tokens": 90}, "output_tokens": 1}, Tokens(100, 1, 90)),
        ({"prompt_tokens": 8, "completion_tokens": 1, "prompt_cache_hit_tokens": 6}, Tokens(8, 1, 6)),
        ({"prompt_tokens": 8.0, "completion_tokens": 1, "classifier_tokens": 1400}, Tokens(8, 1, None, None, 1400)),
        (
            {
                "prompt_tokens": 3,
                "completion_tokens": 1,
                "classifier_prompt_tokens": 9,
                "classifier_completion_tokens": 2,
            },
            Tokens(3, 1, None, None, 9, 2),
        ),
        ({"prompt_tokens": -1, "completion_tokens": "7", "prompt_tokens_details": []}, Tokens()),
        ({"prompt_tokens": 3, "completion_tokens": True}, Tokens(3)),
        ({"prompt_tokens": 3, "prompt_tokens_details": {"cached_tokens": 9}}, Tokens(3, None, 3)),
        (None, Tokens()),
        ("lots", Tokens()),
    ],
)
def test_tokens_are_read_from_any_usage_object(usage: Any, expected: Tokens) -> None:
    assert tokens_of(usage) == expected


def test_the_router_s_tokens_may_stand_beside_the_usage() -> None:
    rows = [{"model_id": "m", "prompt_tokens": 1400, "completion_tokens": 6}, "odd", {"prompt_tokens": 100}]
    tokens = tokens_of({"prompt_tokens": 3, "completion_tokens": 1}, {"x_classifier_usage": rows})
    assert (tokens.classifier_prompt, tokens.classifier_completion, tokens.total) == (1500, 6, 1510)


def card(**more: Any) -> ModelCard:
    pricing = {"pricing_unit": "per_1m_tokens", "prompt_usd_per_1m": "3.00", "completion_usd_per_1m": "15.00"}
    row = {"id": "a/m", "is_free": False, "pricing": {**pricing, **more.pop("pricing", {})}, **more}
    made = card_from(row)
    assert made is not None
    return made


LONG = {
    "standard_context_threshold": 200_000,
    "pricing": {"long_context_input_usd_per_1m": "6", "long_context_output_usd_per_1m": "22.5"},
}


@pytest.mark.parametrize(
    ("more", "tokens", "expected"),
    [
        ({}, Tokens(1000, 100), "0.0045"),  # 1000 x 3 + 100 x 15 = 4500 millionths
        ({}, Tokens(1000, 100, 400), "0.0045"),  # no cached rate: the prompt's
        ({"pricing": {"cache_read_input_usd_per_1m": "0.30"}}, Tokens(1000, 100, 400), "0.00342"),  # 1800+120+1500
        ({"pricing": {"discount_pct": "10"}}, Tokens(1000, 100), "0.00405"),
        ({"pricing": {"discount_pct": "100"}}, Tokens(1000, 100), "0"),
        ({"pricing": {"discount_pct": "900"}}, Tokens(1000, 100), "0.0045"),  # no discount at all
        ({"pricing": {"request_usd": "0.005"}}, Tokens(1000, 100), "0.0095"),
        ({}, Tokens(3, 1, None, None, 1400, 10), "0.004374"),  # 1403 x 3 + 11 x 15
        (LONG, Tokens(200_000, 10), "0.60015"),
        (LONG, Tokens(200_001, 10), "1.200231"),  # 200001 x 6 + 10 x 22.5
        (LONG, Tokens(200_001, 10, 1), "1.200231"),
        ({}, Tokens(None, 100), None),
        ({}, Tokens(100, None), None),
        ({"pricing": {"prompt_usd_per_1m": None, "completion_usd_per_1m": None}}, Tokens(9, 9), None),
        ({"pricing": {"completion_usd_per_1m": None}}, Tokens(9, 9), None),
        ({"pricing": {"completion_usd_per_1m": None}}, Tokens(9, 0), "0.000027"),
        ({"pricing": None, "is_free": True}, Tokens(9, 9), "0"),
    ],
)
def test_a_price_follows_the_contract(more: dict[str, Any], tokens: Tokens, expected: str | None) -> None:
    if "pricing" in more and more["pricing"] is None:
        made = card_from({"id": "a/m", **more})
        assert made is not None
    else:
        made = card(**{**more, "pricing": dict(more.get("pricing", {}))})
    assert price_of(made, tokens) == (None if expected is None else Decimal(expected))


def test_an_unknown_model_has_no_price() -> None:
    assert price_of(None, Tokens(9, 9)) is None


def test_the_card_is_found_by_id_then_last_segment_then_the_longest_tail() -> None:
    rows = [{"id": id} for id in ("openai/gpt-4o", "openai/gpt-4o-mini", "azure/gpt-4o", "free/other")]
    cards = {one.id: one for one in cards_from(rows)}

    def found(asked: str, served: str = "", resolved: str = "") -> str | None:
        one = card_for(cards, asked, served, resolved)
        return one.id if one is not None else None

    assert found("openai/gpt-4o") == "openai/gpt-4o"
    assert found("openai/gpt-4o-mini", "gpt-4o-mini-2024-07-18") == "openai/gpt-4o-mini"
    assert found("azure/gpt-4o", "gpt-4o-2024-08-06") == "azure/gpt-4o", "the provider asked for goes first"
    assert found("openai/gpt-4o", "free/other") == "free/other", "a fallback answered"
    assert found("auto", "gpt-4o-mini-2024", "openai/gpt-4o-mini") == "openai/gpt-4o-mini"
    assert found("openai/gpt-4o", "engine-7") == "openai/gpt-4o"
    assert found("auto") is None and found("") is None and found("none/such") is None


def test_a_model_teaches_how_far_off_the_guess_is() -> None:
    request = {"messages": [{"role": "user", "content": "x" * 4000}], "tools": [{"type": "function"}]}
    guessed = weight_of_request(request)
    assert 1000 < guessed < 1030
    learned = Learned()
    for _ in range(6):
        learned = learned.after(guessed, 1500)
    assert abs(quote(guessed, None, learned).prompt - 1500) < 15
    assert learned.spread < Learned().spread
    assert Learned().after(10, 10**9).factor <= 5 and Learned().after(0, 5) == Learned()


def test_scripts_weigh_by_their_bytes() -> None:
    assert weight("日本語") > weight("abc") and weight("\ud83d") > 0


def test_what_several_requests_cost_together_says_what_is_unknown() -> None:
    some, nothing = Quote(9, Decimal("0.001"), Decimal("0.02")), Quote(9, Decimal(0), Decimal(0))
    assert price_of_all([some, some, nothing]) == "~$0.002–0.04"
    assert price_of_all([some, Quote(9)]) == "~$0.001–0.02 and 1 of unknown price"
    assert price_of_all([Quote(9), Quote(9)]) == "price unknown" and price_of_all([nothing]) == "free"


def test_a_quote_gives_a_range_and_warns_of_the_context() -> None:
    one = card(context_length=1000)
    made = quote(400, one, Learned(1.0, 5), answers=(10, 100))
    assert (made.low, made.high) == (Decimal("0.00123"), Decimal("0.00282"))  # 360 x 3 + 10 x 15, 440 x 3 + 100 x 15
    assert made.part == 0.4 and made.warning == "" and made.price == "~$0.00123–0.00282"
    assert quote(400, one, Learned(), most=550).warning.startswith("nearly full: 95%")
    assert quote(1200, one, Learned()).warning.startswith("does not fit: 120%")
    assert quote(400, None, Learned()).price == "price unknown"
    assert quote(400, ModelCard("f", free=True), Learned()).price == "free"
