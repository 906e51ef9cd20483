"""Two texts beside each other: nothing lost, rows that fit, the same lines on the same row."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from meshtui.ui.widgets.differences import side_by_side


def lines(old: str, new: str, width: int = 43, *, whole: bool = True) -> list[str]:
    """Return the rows as texts."""
    return side_by_side(old, new, width, whole=whole).plain.split("\n")


def test_what_both_have_stands_on_one_row() -> None:
    assert [row.split() for row in lines("a\nb\nc\n", "a\nB\nx\nc\n")[:4]] == [
        ["a", "│", "a"],
        ["[-b-]", "┃", "{+B"],
        ["┃", "x+}"],
        ["c", "│", "c"],
    ]


def test_words_are_marked_and_wide_characters_fit() -> None:
    assert lines("You are 友好.", "You are kind.")[0] == "You are [-友好-].".ljust(18) + " ┃ You are {+kind+}."


def test_what_did_not_change_is_left_out() -> None:
    old = "\n".join(str(number) for number in range(50))
    rows = lines(old, old.replace("25", "x"), whole=False)
    assert [row.split()[0] for row in rows] == ["…", "23", "24", "[-25-]", "26", "27", "…"]


def test_markup_and_escapes_are_shown_as_they_are() -> None:
    assert "[red]" in lines("[red]a", "[red]b")[0] and "\x1b" not in "".join(lines("\x1b[31m", "x"))


@given(st.text("ab \n", max_size=60), st.text("ab \n", max_size=60), st.integers(23, 80))
def test_nothing_is_lost_and_rows_fit(old: str, new: str, width: int) -> None:
    column = (width - 3) // 2
    rows = lines(old, new, width)
    assert all(len(row) <= 2 * column + 3 for row in rows)
    left = "".join(row[:column] for row in rows)
    right = "".join(row[column + 3 :] for row in rows)
    for text, found in ((old, left), (new, right)):
        plain = "".join(character for character in found if character in "ab")
        assert plain == "".join(text.split())
