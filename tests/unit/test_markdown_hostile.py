"""Whatever a model says: no exception, no pause, no control character in a row, nothing that vanishes."""

from __future__ import annotations

import re
import sys
import time
from typing import Any

import pytest
from rich.cells import cell_len

from meshtui.ui.widgets.markdown_lines import MarkdownLines
from meshtui.ui.widgets.markdown_styles import S
from meshtui.ui.widgets.markdown_wrap import shown
from tests.hostile import cases, text_of

CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff\U000e0000-\U000e007f]")
# Marks that Markdown reads away in these two, as it should: an escaped bracket and a code span.
READ_AWAY = {62: "\\", 66: "`"}


CASES = [pytest.param(case, id=str(case["id"])) for case in cases()]


def rows_of(lines: MarkdownLines, width: int, most: int = 20_000) -> list[str]:
    """Return the rows, of very many the first and the last."""
    count = lines.count(width)
    numbers = [*range(min(count, most)), *range(max(most, count - 100), count)]
    return ["".join(part[0] for part in lines.row(number)[1].parts) for number in numbers]


def check_rows(rows: list[str], width: int) -> None:
    for row in rows:
        assert not CONTROL.search(row), repr(row)
        assert cell_len(shown(row)) <= width, repr(row)
        shown(row).encode()


@pytest.mark.parametrize("case", CASES)
def test_hostile_text_is_harmless(case: dict[str, Any]) -> None:
    text = text_of(case)
    began = time.thread_time()
    lines = MarkdownLines(text)
    rows = rows_of(lines, 80)
    assert time.thread_time() - began < 8
    check_rows(rows, 80)
    for wanted in case.get("must_stay_visible", ()):
        wanted = "".join(wanted.replace(READ_AWAY.get(case["id"], "\0"), "").split())
        assert wanted in "".join("".join(rows).split()), "a reader must be able to see it"


@pytest.mark.parametrize("case", CASES)
def test_hostile_text_streams_without_a_pause(case: dict[str, Any]) -> None:
    text = text_of(case)
    lines = MarkdownLines()
    size = max(len(text) // 150, 1)
    for at in range(0, len(text), size):
        began = time.thread_time()
        lines.append(text[at : at + size])
        lines.count(80)
        assert time.thread_time() - began < 0.5
    assert rows_of(lines, 80, 500) == rows_of(MarkdownLines(text), 80, 500)


BIG = {
    "a line of a megabyte": "x" * 1_000_000,
    "wide characters": "漢字" * 100_000,
    "brackets": "[" * 50_000,
    "images": "![a](" * 10_000,
    "link openers": "[![" * 3_000,
    "emphasis": "*a _b " * 20_000,
    "underscores": "_" * 100_000,
    "backticks": "`a" * 30_000,
    "entities": "<&" * 20_000,
    "quotes": ">" * 100_000,
    "list levels": "- " * 1_000 + "x",
    "indented levels": "".join("  " * level + "- x\n" for level in range(500)),
    "headings": "# h\n" * 5_000,
    "short lines": "a\n" * 100_000,
    "pipes": "|" * 100_000,
    "a wide table": "|" + "h|" * 60 + "\n|" + "-|" * 60 + "\n" + ("|" + "cell|" * 60 + "\n") * 300,
    "definitions": "".join(f"[{n}]: http://a/{n}\n" for n in range(5_000)),
    "uses": "[a] x\n\n" * 5_000 + "[a]: /u\n",
    "blanks": " \t" * 50_000,
    "fences": "```\n~~~\n" * 10_000,
    "one open fence": "```js\n" + "/* " * 30_000,
    "markers": "1. \n" * 10_000,
}


@pytest.mark.parametrize("name", BIG)
def test_size_is_no_reason_to_pause(name: str) -> None:
    text = BIG[name]
    began = time.thread_time()
    lines = MarkdownLines(text)
    count = lines.count(80)
    assert time.thread_time() - began < 8
    check_rows([*rows_of(lines, 80, 100)], 80)
    if count:
        lines.row(count - 1)
    began = time.thread_time()
    lines.count(33)
    assert time.thread_time() - began < 4


@pytest.mark.parametrize("shape", ["word ", "漢", "- item *a*\n", "> quote\n", "| a | bb |\n", "x = f(1)  # c\n"])
def test_cost_does_not_grow_with_the_length(shape: str) -> None:
    begin = {"| a | bb |\n": "| h | i |\n|---|---|\n", "x = f(1)  # c\n": "```python\n"}.get(shape, "")

    def calls(lines: MarkdownLines) -> int:
        """Count the calls that some frames take: unlike seconds, they do not depend on the machine."""
        count = 0

        def note(_frame: object, _event: str, _argument: object) -> None:
            nonlocal count
            count += 1

        sys.setprofile(note)
        try:
            for _ in range(40):
                lines.append(shape * 4)
                lines.count(80)
        finally:
            sys.setprofile(None)
        return count

    short, long = MarkdownLines(begin + shape * 400), MarkdownLines(begin + shape * 40_000)
    short.count(80), long.count(80)
    assert calls(long) < 1.5 * calls(short) + 500, "a hundred times the text may not cost more per frame"


def test_a_link_that_says_another_address_shows_its_own() -> None:
    rows = rows_of(MarkdownLines("[https://bank.example](https://evil.example/x) and [words](https://b.example)"), 90)
    assert rows == ["https://bank.example (https://evil.example/x) and words"]
    [first, second] = MarkdownLines("[https://bank.example](https://evil.example/x) [words](https://b.example)").links()
    assert (first.target, second.target) == ("https://evil.example/x", "https://b.example")


def test_html_is_text() -> None:
    source = "use <T> here <script>alert(1)</script>\n\n<details>\n<summary>x</summary>\n\n<!-- open\n\nrest"
    shown_text = "\n".join(rows_of(MarkdownLines(source), 80))
    for part in ("<T>", "<script>", "<details>", "<summary>", "<!-- open", "rest"):
        assert part in shown_text


def test_dangerous_schemes_are_no_links() -> None:
    lines = MarkdownLines("[a](javascript:alert(1)) [b](data:text/html,x) [c](vbscript:x)")
    assert lines.links() == []
    assert "javascript:alert(1)" in rows_of(lines, 90)[0]


def test_deep_nesting_keeps_room_for_the_text() -> None:
    lines = MarkdownLines("> " * 20 + "words to read")
    for width in (10, 20, 40):
        rows = rows_of(lines, width)
        assert "words" in "".join(rows) and all(cell_len(row) <= width for row in rows)
        assert len(rows) <= 3
    assert any(part[1] == S["bar"] for part in lines.row(0)[1].parts)
