"""Differences as rows: every mark is readable without colour, structure is told by path."""

from __future__ import annotations

from meshtui.core.chat import ToolCall
from meshtui.ui.panes.lane_difference import difference_rows


def shown(base: str, text: str, width: int = 60, calls: tuple[ToolCall, ...] = ()) -> list[str]:
    rows = difference_rows(base, (), text, calls, "lane 1")
    return ["".join(part[0] for part in rows.row(number)[1].parts) for number in range(rows.count(width))]


def test_words_that_go_and_come_are_marked_in_their_line() -> None:
    lines = shown("Paris is big.\n\nIt rains.", "Paris is small.\n\nIt rains.")
    assert lines[0].startswith("84% the same as lane 1")
    assert lines[2:] == ["Paris is [-big-]{+small+}.", "", "It rains."]


def test_json_is_told_by_path() -> None:
    lines = shown('{"a": 1, "b": [1, 2]}', '{"a": 2, "b": [1], "c": "\\u001b[31m"}')
    assert lines[0] == "3 differences of structure from lane 1"
    assert lines[2:] == ["~ $.a  [-1-] → {+2+}", "- $.b[1]  [-2-]", '+ $.c  {+"\\u001b[31m"+}']


def test_the_same_is_said_to_be_the_same() -> None:
    assert shown("x\ny", "x\ny")[0] == "the same text as lane 1"
    assert shown("[1]", "[1.0]")[0] == "the same JSON as lane 1"


def test_tool_calls_stand_below_the_text() -> None:
    lines = shown("x", "x", calls=(ToolCall("1", "find", '{"q": 1}'),))
    assert lines[0] == "the same text as lane 1 · 1 in tool calls" and lines[-1] == '+ find()  {+{"q": 1}+}'


def test_every_row_fits_the_column() -> None:
    rows = difference_rows("word " * 300, (), "other " * 300 + "\x1b]0;title\x07", (), "lane 1")
    for number in range(rows.count(36)):
        text = "".join(part[0] for part in rows.row(number)[1].parts)
        assert len(text) <= 36 and "\x1b" not in text
