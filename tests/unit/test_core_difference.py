"""Differences of answers: nothing is lost, words are told apart, structure is compared by path, all of it in time."""

from __future__ import annotations

import random
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from meshtui.core.answer_difference import blocks_of, compare_calls, compare_values, difference, json_of, likeness
from meshtui.core.chat import ToolCall

WORDS = [f"word{number}" for number in range(400)] + ["the", "of", "a", "and", "is"] * 60
TEXTS = st.lists(st.sampled_from(["a ", "b ", "c", "\n", "\n\n", "```\n", "é "]), max_size=40).map("".join)


@settings(max_examples=150, deadline=None)
@given(TEXTS, TEXTS)
def test_both_texts_can_be_put_together_from_the_pieces(old: str, new: str) -> None:
    pieces = difference(old, new)
    assert "".join(piece.text for piece in pieces if piece.kind != "added") == old
    assert "".join(piece.text for piece in pieces if piece.kind != "removed") == new


def test_a_changed_word_is_a_changed_word() -> None:
    pieces = difference("Paris is big.\n\nIt rains.\n", "Paris is small.\n\nIt rains.\n")
    assert [(piece.kind, piece.text) for piece in pieces] == [
        ("same", "Paris is "),
        ("removed", "big"),
        ("added", "small"),
        ("same", ".\n\n"),
        ("same", "It rains.\n"),
    ]


def test_a_block_that_came_in_does_not_stain_the_others() -> None:
    old = "First thought here.\n\nSecond thought there.\n"
    new = "A whole new opening.\n\nFirst thought here.\n\nSecond thought there.\n"
    assert [(p.kind, p.text) for p in difference(old, new) if p.kind != "same"] == [
        ("added", "A whole new opening.\n\n")
    ]


def test_code_stays_one_block() -> None:
    assert blocks_of("a\n\n```\nx\n\ny\n```\n\nb\n") == ["a\n\n", "```\nx\n\ny\n```\n\n", "b\n"]


@pytest.mark.parametrize("shape", ["paragraphs", "one block", "nothing in common"])
def test_two_answers_of_two_thousand_words_are_compared_in_time(shape: str) -> None:
    chance = random.Random(7)
    words = [chance.choice(WORDS) for _ in range(2000)]
    other = [chance.choice(WORDS) if chance.random() < 0.3 else word for word in words]
    if shape == "nothing in common":
        other = [chance.choice(WORDS) for _ in range(2000)]
    gap = 10_000 if shape == "one block" else 80
    one, two = (
        "\n\n".join(" ".join(text[at : at + gap]) for at in range(0, len(text), gap)) for text in (words, other)
    )
    began = time.process_time()
    pieces = difference(one, two)
    assert time.process_time() - began < 0.5
    assert 0 <= likeness(pieces) <= 1


def test_json_is_compared_by_path() -> None:
    old = {"name": "a", "items": [{"price": 1}, {"price": 2}], "gone": None, "odd name": 1}
    new = {"name": "b", "items": [{"price": 1.0}, {"price": True}, 3], "odd name": 2, "more": []}
    assert [(change.path, change.kind, change.old, change.new) for change in compare_values(old, new)] == [
        ("$.name", "changed", "a", "b"),
        ("$.items[1].price", "changed", 2, True),
        ("$.items[2]", "extra", None, 3),
        ("$.gone", "missing", None, None),
        ('$["odd name"]', "changed", 1, 2),
        ("$.more", "extra", None, []),
    ]


@pytest.mark.parametrize(
    ("text", "good"), [('{"a": 1}', True), ("```json\n[1]\n```", True), ("12", False), ("no", False)]
)
def test_an_answer_counts_as_json_where_it_has_structure(text: str, good: bool) -> None:
    if good:
        assert json_of(text)
    else:
        with pytest.raises(ValueError):
            json_of(text)


def test_tool_calls_are_compared_by_name_and_argument() -> None:
    old = [ToolCall("1", "find", '{"q": "x", "n": 1}'), ToolCall("2", "open", "{}")]
    new = [ToolCall("9", "find", '{"q": "y", "n": 1}'), ToolCall("8", "find", "{broken")]
    assert [(change.path, change.kind) for change in compare_calls(old, new)] == [
        ("find().q", "changed"),
        ("open()", "missing"),
        ("find()#2", "extra"),
    ]


def test_a_long_block_of_code_is_compared_by_lines() -> None:
    old = "```\n" + "".join(f"value_{number} = {number}\n" for number in range(3_000)) + "```\n"
    pieces = difference(old, old.replace("value_1500 = 1500", "value_1500 = x"))
    assert [(piece.kind, piece.text) for piece in pieces if piece.kind != "same"] == [
        ("removed", "1500"),
        ("added", "x"),
    ]
