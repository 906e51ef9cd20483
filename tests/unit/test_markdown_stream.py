"""Markdown that streams shows, at any moment, the rows of the same source read in one go."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from meshtui.ui.widgets.markdown_lines import MarkdownLines
from meshtui.ui.widgets.markdown_styles import Row

DOCUMENTS = [
    "Setext\n===\n\nand\nmore lines\n---\nrest",
    "See [one] and [two][b].\n\n- [one]\n\nText.\n\n[one]: http://a.example 'x'\n[b]: <http://b.example>\n",
    "[a]: /u\n[a]: /v\n[b]:\n/w\n'title'\n\n[a] [b]\n",
    "a | b\n--|--\n1 | 2\n3 | [x]\n\n[x]: /y\n",
    "text\nhead | er\n:-:|--:\nlong cell that grows and grows | 2\n| only one\nafter\n\ndone",
    "- a\n- b\n- c\n\n- d\n  - e\n\n    f\n- g\n",
    "1. x\n2. y\n\n   ```py\n   a = '''\n   b'''\n\n   c\n   ```\n3. z\n",
    "> quote\nlazy\n> - item\n>   more\n\n> - next\n>\n> - loose\n",
    "```python\ndef f():\n    '''doc\n    more'''\n\treturn 1\n```\nafter\n~~~\nopen fence\n",
    "    indented\n\n\n    code\n\nend\n    not code\n",
    "-\n-\n  x\n\n-\n\n  y\n",
    "# one #\n## two ##\nthree\n#four\n####### seven\n***\n* * *\n_ _ _\n- - -\n",
    "word **bold *both* more** `code` ~~gone~~ <http://x.example> &amp; &#27; \\* end  \nbreak\\\nagain",
    "[^1] and [^2]\n\n[^1]: one\n[^2]: http://two.example\n",
    "- [ ] todo\n- [x] done\n- [x]no\n",
    "x" * 700 + " y **z** " + "word " * 400 + "**" + "open " * 1200 + "**",
    ("a *b* `c` [d](http://e.example) " * 300) + "\n---\n",
    "`" * 3 + "js\n/* long\ncomment */ x = 1\nlet s = `a\nb`\n" + "y" * 900 + "\n```\n",
    "漢字かな交じり文、" * 60 + "\n\n👨‍👩‍👧‍👦 🇩🇪 e\u0301 ❤️ " * 30,
    "| a | b | c |\n|---|---|---|\n" + "".join(f"| {n} | {'w' * (n % 40)} | **x** |\n" for n in range(60)),
    "a\r\nb\r\n\r\n- c\r\n",
    "1) a\n2) b\n1. c\n+ d\n* e\n- f\n",
    "> > deep\n> back\n>\n>     code\n> ```\n> fence\nout\n",
    "- a\n\n      code\n\n- b\n\n\n\n- c\n",
    "[foo]: /url\n===\n\n[foo]\n\npara [bar]\n===\n[bar]: /x\n",
]

FRAGMENTS = st.sampled_from(
    ["a", "word ", " ", "\n", "\n\n", "- ", "  - ", "1. ", "2) ", "> ", "# ", "```", "```py\n", "~~~\n", "    ", "\t"]
    + ["**", "*", "_", "`", "[", "]", "](", ")", "[x]", "[x]: /u\n", "[x]: /v", "| ", "|", "--|--\n", ":-:", "---\n"]
    + [
        "===\n",
        "***\n",
        "\\",
        "  \n",
        "<",
        ">",
        "&amp;",
        "![",
        "http://a.example/b",
        "漢",
        "é",
        "👍🏽",
        "~~",
        "[ ] ",
        "\r\n",
    ]
)
SOURCES = st.lists(FRAGMENTS, max_size=30).map("".join)


def rows_of(lines: MarkdownLines, width: int) -> list[Row]:
    return [lines.row(number)[1] for number in range(lines.count(width))]


def check_stream(source: str, width: int, chance: Random, sizes: Sequence[int]) -> None:
    """Feed `source` in pieces; compare with one go now and then, and what is said to have changed each time."""
    streamed = MarkdownLines()
    shown: list[Row] = []
    at = 0
    while at < len(source):
        size = chance.choice(sizes)
        streamed.append(source[at : at + size])
        at = min(at + size, len(source))
        rows = rows_of(streamed, width)
        changed = streamed.take_changed()
        assert rows[:changed] == shown[:changed], "a row was said to be the same and is not"
        shown = rows
        if at == len(source) or chance.random() < 0.2:
            assert rows == rows_of(MarkdownLines(source[:at]), width), source[:at]


@settings(deadline=None, max_examples=500)
@given(SOURCES, st.integers(8, 90), st.randoms(use_true_random=False))
def test_rows_do_not_depend_on_the_pieces(source: str, width: int, chance: Random) -> None:
    check_stream(source, width, chance, (1, 2, 3, 5, 8, 40))


@pytest.mark.parametrize("source", DOCUMENTS, ids=lambda source: source[:12].split("\n")[0])
@pytest.mark.parametrize("width", [8, 33, 80])
def test_documents_do_not_depend_on_the_pieces(source: str, width: int) -> None:
    small = (17, 31, 90) if len(source) > 2000 else (1, 2, 3, 5, 8)
    for seed, sizes in enumerate((small, (1, 40, 200, 3000), (40, 200))):
        check_stream(source, width, Random(seed), sizes)


@settings(deadline=None, max_examples=100)
@given(SOURCES, st.integers(8, 90), st.integers(8, 90))
def test_a_new_width_shows_what_a_fresh_layout_shows(source: str, before: int, after: int) -> None:
    lines = MarkdownLines(source)
    rows_of(lines, before)
    assert rows_of(lines, after) == rows_of(MarkdownLines(source), after)
    lines.append("\n\nmore *text*")
    assert rows_of(lines, after) == rows_of(MarkdownLines(source + "\n\nmore *text*"), after)
