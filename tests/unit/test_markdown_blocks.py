"""The structure that is read of a document: the same as a full CommonMark parser reads, and what we add."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from meshtui.ui.widgets.markdown_code import Code
from meshtui.ui.widgets.markdown_inline import References, read_inline
from meshtui.ui.widgets.markdown_leaves import Rule
from meshtui.ui.widgets.markdown_lines import MarkdownLines
from meshtui.ui.widgets.markdown_paragraph import Paragraph
from meshtui.ui.widgets.markdown_styles import S
from meshtui.ui.widgets.markdown_table import share_width

PARSER = MarkdownIt("commonmark", {"html": False}).enable("strikethrough").disable("html_block")
PIECES = st.sampled_from(
    ["a", "word ", "\n", "\n\n", "- ", "  - ", "1. ", "2) ", "> ", "# ", "```\n", "```py\n", "~~~\n", "      code\n"]
    + ["**", "*", "_", "`x`", "---\n", "===\n", "***\n", "  \n", "&amp;", "漢", "1) ", "+ ", ">", "[l](/u)"]
)


def expected(source: str) -> list[tuple[str, str, str]]:
    """Outline a document with markdown-it: containers, kind and text of each leaf."""
    outline: list[tuple[str, str, str]] = []
    path: list[str] = []
    tag = ""
    for token in PARSER.parse(source):
        if token.type in ("blockquote_open", "list_item_open"):
            path.append("q" if token.type == "blockquote_open" else "i")
        elif token.type in ("blockquote_close", "list_item_close"):
            path.pop()
        elif token.type == "inline":
            outline.append(("".join(path), tag, read_inline(token.content, References()).text))
        elif token.type in ("fence", "code_block"):
            outline.append(("".join(path), "code", token.content))
        elif token.type == "hr":
            outline.append(("".join(path), "hr", ""))
        tag = token.tag
    return [(path, tag, " ".join(text.split())) for path, tag, text in outline if text.strip() or tag != "p"]


def found(source: str) -> list[tuple[str, str, str]]:
    """Outline a document with the engine."""
    outline: list[tuple[str, str, str]] = []
    for leaf in MarkdownLines(source).leaves:
        path = "".join("q" if text.strip() else "i" for text, _ in leaf.rest)
        if isinstance(leaf, Code):
            outline.append((path, "code", leaf.text))
        elif isinstance(leaf, Rule):
            outline.append((path, "hr", ""))
        elif isinstance(leaf, Paragraph):
            outline.append((path, f"h{leaf.level}" if leaf.level else "p", leaf.text))
    return [(path, tag, " ".join(text.split())) for path, tag, text in outline if text.strip() or tag != "p"]


def lazy_after_indent(source: str) -> bool:
    """Tell whether a line could be lazy and indented by four: there markdown-it differs from CommonMark."""
    return any(line.startswith("    ") and line.strip() for line in source.split("\n"))


@settings(deadline=None, max_examples=600)
@given(st.lists(PIECES, max_size=14).map("".join).filter(lambda source: not lazy_after_indent(source)))
def test_blocks_are_those_of_commonmark(source: str) -> None:
    assert found(source) == expected(source)


def rows(source: str, width: int = 40) -> list[str]:
    lines = MarkdownLines(source)
    return ["".join(part[0] for part in lines.row(n)[1].parts).rstrip() for n in range(lines.count(width))]


def test_tight_and_loose_lists() -> None:
    assert rows("- a\n- b\n  - c\n- d") == ["• a", "• b", "  ◦ c", "• d"]
    assert rows("- a\n\n- b\n- c") == ["• a", "", "• b", "", "• c"]
    assert rows("- a\n\n  second\n- b") == ["• a", "", "  second", "", "• b"]
    assert rows("- a\n  - b\n\n  - c\n- d") == ["• a", "  ◦ b", "", "  ◦ c", "• d"]
    assert rows("7. a\n8. b\n\ntext") == ["7. a", "8. b", "", "text"]
    assert rows("- [ ] open\n- [x] done") == ["• [ ] open", "• [x] done"]


def test_footnotes_are_text_on_lines_of_their_own() -> None:
    source = "See [^1] and [^note].\n\n[^1]: word\n[^note]: https://a.example/b"
    assert rows(source) == ["See [^1] and [^note].", "", "[^1]: word", "[^note]: https://a.example/b"]


def test_images_are_text_with_their_address() -> None:
    assert rows("![a cat](http://a.example/c.png) ![](x.png)", 80) == ["a cat (http://a.example/c.png) image (x.png)"]


def test_bare_addresses_are_links_and_file_names_are_not() -> None:
    lines = MarkdownLines("see https://a.example/x_(y), http://b.example. and main.py or www.example.com")
    assert [link.target for link in lines.links()] == ["https://a.example/x_(y)", "http://b.example"]


def test_tables_align_and_break_their_cells() -> None:
    table = "| name | n | mid |\n|:--|--:|:-:|\n| a | 1 | x |\n| bb | 22 | long |"
    assert rows(table) == [
        "name │  n │ mid",
        "─────┼────┼─────",
        "a    │  1 │  x",
        "bb   │ 22 │ long",
    ]
    wide = "| a | b |\n|---|---|\n| one two three four five six | seven eight nine ten eleven twelve |"
    shown = rows(wide, 30)
    assert all(len(row) <= 30 for row in shown) and len(shown) > 4
    assert "six" in " ".join(shown) and "twelve" in " ".join(shown)


def test_too_many_columns_become_a_list() -> None:
    heads = [f"head{n}" for n in range(12)]
    table = "|" + "|".join(heads) + "|\n|" + "---|" * 12 + "\n|" + "|".join(f"value{n}" for n in range(12)) + "|"
    shown = rows(table, 40)
    assert "head3 : value3" in shown and "head11: value11" in shown


def test_cells_beyond_the_last_column_stay_visible() -> None:
    assert "2 | 3 | 4" in rows("| a | b |\n|---|---|\n| 1 | 2 | 3 | 4 |")[2]


@given(st.lists(st.integers(1, 200), min_size=1, max_size=9), st.integers(1, 160))
def test_columns_share_the_width(wanted: list[int], room: int) -> None:
    shares = share_width(wanted, room)
    if shares is not None:
        assert sum(shares) <= max(room, len(wanted)) or sum(wanted) <= room
        assert all(1 <= share <= max(want, 1) for share, want in zip(shares, wanted, strict=True))
        if sum(wanted) <= room:
            assert shares == wanted


def test_code_keeps_its_characters_and_folds() -> None:
    lines = MarkdownLines("```make\nall:\n\techo 'a long line of code that does not fit'\n```\n")
    [block] = [leaf for leaf in lines.leaves if isinstance(leaf, Code)]
    assert (block.source, block.language) == ("all:\n\techo 'a long line of code that does not fit'", "make")
    assert rows("```make\nall:\n\techo 'a long line of code'\n```\n", 20) == [
        "▎ make",
        "▎ all:",
        "▎     echo 'a long l",
        "▎↪ine of code'",
    ]


def test_code_is_coloured_over_line_ends() -> None:
    lines = MarkdownLines('```python\nx = """a\nb"""\ny = 1\n```\n\n```js\n/* a\nb */ let x\n```\n')
    lines.count(40)
    styles = {
        part[0]: part[1] for number in range(lines.count(40)) for part in lines.row(number)[1].parts if part[2] >= 0
    }
    assert styles['b"""'] == S["code-string"] and styles["1"] == S["code-number"]
    assert styles["b */"] == S["code-comment"] and styles["let"] == S["code-keyword"]


def test_lines_of_a_paragraph_stay_lines_and_wraps_are_not_copied() -> None:
    lines = MarkdownLines("Tokens fall like rain,\none by one they fill the screen, and then some more of them")
    assert lines.count(30) == 4
    assert (
        lines.copy((0, 0), None)
        == "Tokens fall like rain,\none by one they fill the screen, and then some more of them"
    )


def test_copies_are_clean() -> None:
    source = "> a quote that is\n> broken\n\n1. one\n2. two\n   - three\n\n| a | b |\n|---|---|\n| **1** | 2 |"
    assert MarkdownLines(source).copy((0, 0), None) == (
        "a quote that is\nbroken\n\n1. one\n2. two\n- three\n\na\tb\n1\t2"
    )
