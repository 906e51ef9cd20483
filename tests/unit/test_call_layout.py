"""Arguments laid out while they arrive: the same in any pieces, nothing lost, each path at its line."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meshtui.ui.widgets.call_layout import LONGEST, JsonLayout

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=6), inner, max_size=4),
    max_leaves=20,
)


def laid_out(text: str, size: int = 1 << 30) -> list[str]:
    layout = JsonLayout()
    for at in range(0, len(text), size):
        layout.feed(text[at : at + size])
    return [*layout.lines, layout.open]


@given(st.dictionaries(st.text(max_size=6), JSON, min_size=1, max_size=4), st.integers(1, 7))
def test_pieces_make_no_difference_and_the_value_stays(value: dict[str, object], size: int) -> None:
    text = json.dumps(value)
    assert laid_out(text, size) == laid_out(text)
    assert json.loads("\n".join(laid_out(text))) == value


@pytest.mark.parametrize("text", ['{"a":1,"a":2}', '{"a": tru, }', '{"a":[1,2', '{"a":"b\nc"}', '{"a":1}}', "[1 2]"])
def test_mistakes_stay_to_be_seen(text: str) -> None:
    assert "".join("".join(laid_out(text)).split()) == "".join(text.split())


def test_a_text_that_is_no_json_is_shown_as_it_came() -> None:
    assert laid_out("{{city}} is  nice\n  indeed", 3) == ["{{city}} is  nice", "  indeed"]


def test_a_path_leads_to_its_line_or_to_the_nearest_above() -> None:
    layout = JsonLayout()
    layout.feed('{"a":1,"b":[{"x":1},{"odd name":{"y":2}}],"c')
    lines = [*layout.lines, layout.open]
    assert lines[layout.line_of('$.b[1]["odd name"].y') or 0].strip() == '"y": 2'
    assert lines[layout.line_of("$.b[0].missing") or 0].strip() == "{"
    assert layout.line_of("$") == 0 and layout.line_of("$.zzz") == 0


def test_a_text_that_grows_is_broken_into_lines_of_bounded_length() -> None:
    layout = JsonLayout()
    layout.feed('{"text":"')
    for _ in range(40):
        layout.feed("é" * 333)
    assert all(len(line) <= LONGEST for line in [*layout.lines, layout.open])
    assert "".join(layout.lines[1:] + [layout.open]).count("é") == 40 * 333
