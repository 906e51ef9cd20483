"""The one door for foreign text, and text that arrives in pieces."""

from __future__ import annotations

import json
import math
import re
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meshtui.core.text import (
    Growing,
    clean,
    json_text,
    looks_like_key,
    mask_key,
    mask_secrets,
    one_line,
    whole_characters,
)
from tests.cases import load, needs_cases

KEY = "rsk_01JDEMO000000000000000000"

anything = st.text(st.characters(codec=None))  # surrogates too
hostile = st.text(
    st.sampled_from("\x00\x07\x08\x1b\r\x7f\x85\x9b\x9d\u202e\u2066\u2028\u00ad\u2062\U000e0041\ud83d\udc00ab \t\n")
)
pieces_of = st.lists(anything | hostile)


def acts(character: str) -> bool:
    """Whether a character could act on a terminal, reorder what is read, or hide text in plain sight."""
    code = ord(character)
    return (
        (unicodedata.category(character) in ("Cc", "Cs", "Zl", "Zp") and character not in "\t\n")
        or 0x202A <= code <= 0x202E
        or 0x2066 <= code <= 0x2069
        or 0xE0000 <= code <= 0xE0FFF
    )


@given(anything | hostile)
def test_nothing_that_acts_survives_and_one_character_stays_one(text: str) -> None:
    shown = clean(text)
    assert len(shown) == len(text)
    assert not any(acts(character) for character in shown)
    shown.encode()
    assert clean(shown) == shown
    assert all(a == b for a, b in zip(text, shown, strict=True) if a.isprintable() or a in "\t\n")


@given(pieces_of)
def test_cleaning_knows_no_neighbours(pieces: list[str]) -> None:
    assert clean("".join(pieces)) == "".join(clean(piece) for piece in pieces)


@pytest.mark.parametrize("code", [*range(0x20), *range(0x7F, 0xA0), 0x202E, 0x2069, 0xE0001, 0xE0100, 0xD800, 0xDFFF])
def test_each_control_character_has_a_visible_stand_in(code: int) -> None:
    if chr(code) not in "\t\n":
        shown = clean(chr(code))
        assert len(shown) == 1 and shown != chr(code) and (shown.isprintable() and not shown.isspace())


def test_readable_text_of_every_kind_stays_as_it_came() -> None:
    for text in ("Größe 名前 עברית العربية हिन्दी", "👩🏽‍💻 🇨🇭 1️⃣ ❤️ e\u0301", "a\tb\nc", "<b>[bold]&#27;</b>"):
        assert clean(text) is text


@needs_cases
def test_no_control_character_of_a_hostile_text_survives() -> None:
    for case in load("hostile.json")["cases"]:
        text = case.get("text") or "".join(str(part) * times for part, times in case["parts"])
        shown = clean(text)
        assert not any(acts(character) for character in shown), case["id"]
        if case.get("marker") and case["marker"] in text:
            assert case["marker"] in shown


@given(anything | hostile, st.integers(1, 60))
def test_one_line_is_one_clean_line_of_at_most_its_limit(text: str, limit: int) -> None:
    line = one_line(text, limit)
    assert len(line) <= limit and "\n" not in line and "\t" not in line
    assert not any(acts(character) for character in line)
    assert line == line.strip() or line.endswith("…")


def test_one_line_folds_and_cuts() -> None:
    assert one_line(" a\n\n b\tc ") == "a b c"
    assert one_line("abcdef", 4) == "abc…"
    assert one_line("abcd", 4) == "abcd"
    assert one_line("x" * 10_000_000, 5) == "xxxx…"


# Pieces


@given(anything | hostile)
def test_whole_characters_can_be_encoded_and_keep_what_was_whole(text: str) -> None:
    whole = whole_characters(text)
    whole.encode()
    assert whole_characters(whole) == whole
    assert [c for c in whole if c != "\ufffd"] == [
        c for c in joined_pairs(text) if not "\ud800" <= c <= "\udfff" and c != "\ufffd"
    ]


def joined_pairs(text: str) -> str:
    return re.sub(
        "([\ud800-\udbff])([\udc00-\udfff])",
        lambda pair: chr(0x10000 + (ord(pair[1]) - 0xD800) * 0x400 + ord(pair[2]) - 0xDC00),
        text,
    )


@given(st.lists(anything), st.lists(st.integers(0, 50), max_size=5))
def test_growing_text_is_its_pieces(pieces: list[str], offsets: list[int]) -> None:
    growing = Growing()
    for piece in pieces:
        growing.append(piece)
    whole = "".join(pieces)
    assert [growing.since(offset) for offset in offsets] == [whole[offset:] for offset in offsets]
    assert len(growing) == len(whole) and bool(growing) == bool(whole)
    assert str(growing) == whole and str(growing) == whole
    assert [growing.since(offset) for offset in offsets] == [whole[offset:] for offset in offsets]
    assert str(Growing(whole)) == whole


@given(st.lists(st.text(), min_size=1))
def test_reading_on_from_where_one_was_gives_each_character_once(pieces: list[str]) -> None:
    growing, read = Growing(), ""
    for number, piece in enumerate(pieces):
        growing.append(piece)
        if number % 2:
            read += growing.since(len(read))
    assert read + growing.since(len(read)) == "".join(pieces)


# Keys


def test_a_key_is_shown_by_its_kind_and_its_end() -> None:
    assert mask_key(KEY) == "rsk_…0000" and mask_key("") == "" and mask_key("short") == "…"
    assert mask_key("abcdefghijklmnop") == "…mnop" and "\x1b" not in mask_key("rsk_" + "\x1b" * 20)


@pytest.mark.parametrize(
    "text",
    [f"key {KEY}", f"Authorization: Bearer {KEY}", f'{{"k":"{KEY}"}}', f"a={KEY}&b", "bearer abcdefgh12345678==",
     "Incorrect API key provided: sk-live-PWN-128-abcdef", f"{KEY},{KEY}"],
)  # fmt: skip
def test_whatever_looks_like_a_key_is_shortened(text: str) -> None:
    shown = mask_secrets(text)
    for secret in (KEY, "abcdefgh12345678", "live-PWN-128"):
        assert secret not in shown
    assert "…" in shown


@pytest.mark.parametrize("text", ["no key here", "task_list and risk_free", "sk- alone", "Bearer of news", ""])
def test_plain_words_stay(text: str) -> None:
    assert mask_secrets(text) == text


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | anything,
    lambda inner: st.lists(inner) | st.dictionaries(anything, inner),
)


@given(json_values, st.sampled_from([None, 2]))
def test_json_is_harmless_and_the_same_to_a_reader(value: object, indent: int | None) -> None:
    text = json_text(value, indent)
    assert json.loads(text) == json.loads(json.dumps(value))
    assert not any(acts(character) for character in text if character != "\n")


@pytest.mark.parametrize("indent", [None, 2])
def test_numbers_that_json_has_not_are_null(indent: int | None) -> None:
    text = json_text({"a": [math.nan, math.inf, -math.inf], "ü": 1.5, "path": Path("x")}, indent)
    assert json.loads(text, parse_constant=pytest.fail) == {"a": [None, None, None], "ü": 1.5, "path": "x"}
    assert "ü" in text


def test_a_lone_word_with_a_key_in_it_looks_like_a_key() -> None:
    assert all(map(looks_like_key, ("rsk_01JDEMO000000000000000000", " sk-proj-abcdef123456\n", "key=rsk_01JDEMO0000")))
    assert not any(map(looks_like_key, ("", "rsk_", "what is rsk_01JDEMO000000000000000000?", "risk_of_rain", "hello")))


@pytest.mark.parametrize(
    "text",
    [
        "hf_hub_download",
        "sk-learn-contrib",
        "https://example.com/sk-learn-2024-tutorial",
        "请问，hf_hub_download2怎么用？",
        '{"id":"pk_1234567890ab"}',
    ],
)
def test_a_word_that_only_begins_like_a_key_can_be_said(text: str) -> None:
    assert not looks_like_key(text)
