"""Reading a catalogue: both shapes, the servers that speak them, and rows that are odd or hostile."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest

from meshtui.core.catalogue import ROUTER, ModelCard, card_from, cards_from, price_from, token_words, tokens_from
from meshtui.sandbox.catalogue import Catalogue


def card(**row: Any) -> ModelCard:
    found = card_from({"id": "a/b", **row})
    assert found is not None
    return found


def test_a_row_of_the_gateway_says_everything() -> None:
    row = next(model.row() for model in Catalogue().models if model.id == "openai/gpt-4o-mini")
    found = card_from(row)
    assert found is not None
    assert (found.id, found.name, found.provider) == ("openai/gpt-4o-mini", "GPT-4o mini", "openai")
    assert (found.context, found.price, found.price_cached) == (128_000, "$0.15/$0.60", Decimal("0.075"))
    assert found.capabilities == ("tools", "vision", "structured output") and found.chats and found.free is False


def test_the_shape_of_openrouter() -> None:
    found = card(
        name="Anthropic: Claude Sonnet 4.5",
        context_length=1_000_000,
        architecture={"input_modalities": ["text", "image"], "output_modalities": ["text"]},
        pricing={"prompt": "0.000003", "completion": "0.000015", "input_cache_read": "0.0000003", "image": "0.0048"},
        supported_parameters=["tools", "reasoning", "structured_outputs", "temperature"],
    )
    assert (found.price, found.price_cached, found.free) == ("$3.00/$15.00", Decimal("0.3"), False)
    assert found.capabilities == ("tools", "vision", "reasoning", "structured output")


def test_what_costs_nothing_for_certain_is_free_and_a_router_of_unknown_price_is_not() -> None:
    assert card(pricing={"prompt": "0", "completion": "0"}).price == "free"
    router = card(pricing={"prompt": "-1", "completion": "-1"})
    assert (router.price, router.free, router.dearest) == ("unknown", None, None)


@pytest.mark.parametrize(
    ("row", "provider", "context"),
    [
        ({"id": "llama3.2:3b", "object": "model", "created": 1, "owned_by": "library"}, "library", None),  # Ollama
        ({"id": "qwen", "object": "model", "owned_by": "vllm", "max_model_len": 32768}, "vllm", 32768),
        ({"id": "/m/x.gguf", "owned_by": "llamacpp", "meta": {"n_ctx_train": 8192}}, "llamacpp", 8192),
        ({"id": "gpt-4o", "object": "model", "created": 1, "owned_by": "openai"}, "openai", None),  # LiteLLM
        ({"id": "groq/x", "owned_by": "Meta", "context_window": 131072}, "Meta", 131072),
        ({"id": "mistral-small", "owned_by": "mistralai", "max_context_length": 131072}, "mistralai", 131072),
        ({"id": "bare"}, "bare", None),
    ],
)
def test_rows_of_other_servers(row: dict[str, Any], provider: str, context: int | None) -> None:
    found = card_from(row)
    assert found is not None
    assert (found.provider, found.context, found.price) == (provider, context, "unknown")


def test_mistral_lists_what_its_models_can_do() -> None:
    assert card(capabilities={"function_calling": True, "vision": True, "completion_fim": True}).capabilities == (
        "tools",
        "vision",
    )


@pytest.mark.parametrize(
    "row", [None, 7, "x", [], {}, {"id": None}, {"id": 3}, {"id": ""}, {"id": "  "}, {"name": "nameless"}]
)
def test_a_row_without_an_id_is_no_model(row: object) -> None:
    assert card_from(row) is None


def test_hostile_members_are_passed_over_and_text_is_kept_as_it_came() -> None:
    row = {
        "id": "x\x1b[31m/y",
        "name": "[bold]a[/x] \x1b]0;t\x07",
        "description": ["no", "text"],
        "context_length": "many",
        "context_window": 10**30,
        "pricing": {"prompt_usd_per_1m": "1e999999", "completion_usd_per_1m": True, "discount_pct": "NaN"},
        "input_modalities": ["image", 4, None],
        "is_free": "yes",
        "supports_tools": "true",
        "architecture": "none",
        "capabilities": ["x"],
    }
    found = card_from(row)
    assert found is not None
    assert (found.id, found.name) == ("x\x1b[31m/y", "[bold]a[/x] \x1b]0;t\x07")
    assert (found.context, found.price, found.free, found.description) == (None, "unknown", None, "")
    assert found.capabilities == ("vision",) and found.discount_pct is None


def test_one_known_price_does_not_make_the_other_zero() -> None:
    assert card(pricing={"prompt_usd_per_1m": "0.02"}).price == "$0.02/?"
    assert card(pricing={"prompt_usd_per_1m": "0.02"}).dearest is None


def test_prices_of_another_unit_are_not_prices_of_tokens() -> None:
    assert card(pricing={"pricing_unit": "per_second", "prompt_usd_per_1m": "3"}).price == "unknown"


def test_an_id_said_twice_counts_once() -> None:
    assert [found.name for found in cards_from([{"id": "a", "name": "1"}, {"id": "a", "name": "2"}])] == ["1"]


def test_the_router_is_an_entry_where_the_gateway_has_one() -> None:
    assert cards_from([{"id": "a", "is_free": False}])[0].id == ROUTER
    assert [found.id for found in cards_from([{"id": "a"}])] == ["a"]
    listed = cards_from([{"id": "a", "is_free": False}, {"id": ROUTER, "is_free": False, "name": "theirs"}])
    assert [found.name for found in listed] == ["a", "theirs"]


@pytest.mark.parametrize(
    ("count", "words"),
    [
        (None, "?"),
        (0, "?"),
        (512, "512"),
        (8192, "8k"),
        (128_000, "128k"),
        (131_072, "128k"),
        (200_000, "200k"),
        (1_047_576, "1M"),
        (1_048_576, "1M"),
        (2_097_152, "2M"),
        (1_500_000, "1.5M"),
    ],
)
def test_context_in_few_letters(count: int | None, words: str) -> None:
    assert token_words(count) == words


def test_numbers_as_people_write_them() -> None:
    assert [tokens_from(text) for text in ("128k", "1M", "32,000", " 1.5m ")] == [128_000, 1_000_000, 32_000, 1_500_000]
    assert [price_from(text) for text in ("$2", "0.50")] == [Decimal(2), Decimal("0.50")]
    for text in ("", "k", "many", "-1", "1e3", "9" * 40):
        with pytest.raises(ValueError, match="write it like"):
            tokens_from(text)
    for text in ("", "cheap", "-1", "nan"):
        with pytest.raises(ValueError, match="write dollars"):
            price_from(text)


def test_a_whole_catalogue_survives_a_round_trip_through_json() -> None:
    rows = [model.row() for model in Catalogue(300).models]
    assert cards_from(json.loads(json.dumps(rows))) == cards_from(rows)
