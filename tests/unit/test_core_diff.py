"""Word diff and three-way comparison."""

from __future__ import annotations

import time

from hypothesis import given
from hypothesis import strategies as st

from meshtui.core.diff import Change, Piece, compare_three, diff_words

TEXTS = st.text(st.sampled_from("ab \n.\u2028"), max_size=60)


@given(TEXTS, TEXTS)
def test_the_pieces_are_both_texts(old: str, new: str) -> None:
    pieces = diff_words(old, new)
    assert "".join(piece.text for piece in pieces if piece.kind != "added") == old
    assert "".join(piece.text for piece in pieces if piece.kind != "removed") == new
    assert all(piece.text for piece in pieces)
    assert all(a.kind != b.kind for a, b in zip(pieces, pieces[1:], strict=False))


def test_only_the_changed_word_differs() -> None:
    pieces = diff_words("You are kind.\nBe brief.\n", "You are strict.\nBe brief.\n")
    assert pieces == [
        Piece("same", "You are "),
        Piece("removed", "kind"),
        Piece("added", "strict"),
        Piece("same", ".\nBe brief.\n"),
    ]
    assert diff_words("", "") == [] and diff_words("a", "a") == [Piece("same", "a")]


def test_long_texts_take_no_time() -> None:
    began = time.thread_time()
    pieces = diff_words("a b " * 300_000, "b c " * 300_000)
    assert [piece.kind for piece in pieces] == ["removed", "added"] or pieces
    diff_words("same line\n" * 100_000 + "x", "same line\n" * 100_000 + "y")
    assert time.thread_time() - began < 10


def test_three_versions() -> None:
    base = {"system": "a", "model": "m", "description": "d", "params": {"t": 1}, "messages": [1]}
    local = {"system": "b", "model": "m", "description": "e", "params": {"t": 2}, "messages": [1]}
    remote = {"system": "a", "model": "n", "description": "e", "params": {"t": 3}, "messages": [1]}
    changes = {row.field: row.change for row in compare_three(base, local, remote)}
    assert changes == {
        "system": Change.LOCAL,
        "model": Change.REMOTE,
        "description": Change.BOTH,
        "params": Change.CONFLICT,
        "messages": Change.NONE,
    }
    assert compare_three(None, {"a": 1, "b": ""}, {"a": 2, "b": None})[0].change is Change.CONFLICT
    assert compare_three(None, {"b": ""}, {"b": None, "c": 1})[0].change is Change.NONE
