"""Tool calls put together from what providers send: every case of the list of quirks under "Tool calls"."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meshtui.core.calls.assemble import NO_ID, NO_INDEX, SAME_ID, SAME_INDEX, WRONG_INDEX, CallAssembler

Fragment = tuple[int | None, str | None, str | None, str | None]


def assemble(*fragments: Fragment, extra: dict[str, Any] | None = None) -> CallAssembler:
    """Feed fragments of (index, id, name, arguments)."""
    assembler = CallAssembler("turn-000000000042")
    for fragment in fragments:
        assembler.add(*fragment, extra or {})
    return assembler


def calls(*fragments: Fragment) -> list[tuple[str, str, str]]:
    """Return (id, name, arguments) of what the fragments make."""
    return [(call.id, call.name, call.arguments) for call in assemble(*fragments).calls()]


WEATHER = ("w1", "get_weather", '{"city": "Oslo"}')
TIME = ("t1", "get_time", '{"zone": "CET"}')

CASES: dict[str, tuple[list[Fragment], list[tuple[str, str, str]]]] = {
    "one call in many fragments": (
        [(0, "w1", "get_weather", ""), (0, None, None, '{"city"'), (0, None, None, ': "Oslo"}')],
        [WEATHER],
    ),
    "two calls side by side": (
        [
            (0, "w1", "get_weather", ""),
            (1, "t1", "get_time", ""),
            (0, None, None, WEATHER[2]),
            (1, None, None, TIME[2]),
        ],
        [WEATHER, TIME],
    ),
    "20: no index, each call whole": ([(None, *WEATHER), (None, *TIME)], [WEATHER, TIME]),
    "20: no index, fragments follow their call": (
        [(None, "w1", "get_weather", '{"city"'), (None, None, None, ': "Oslo"}'), (None, *TIME)],
        [WEATHER, TIME],
    ),
    "21: index 0 for every call": ([(0, *WEATHER), (0, *TIME)], [WEATHER, TIME]),
    "21: index 0 for every call, in fragments": (
        [
            (0, "w1", "get_weather", ""),
            (0, None, None, WEATHER[2]),
            (0, "t1", "get_time", ""),
            (0, None, None, TIME[2]),
        ],
        [WEATHER, TIME],
    ),
    "22: an empty id in each further fragment": (
        [(0, "w1", "get_weather", '{"city"'), (0, "", None, ': "Oslo"}')],
        [WEATHER],
    ),
    "22: an empty name in each further fragment": (
        [(0, "w1", "get_weather", '{"city"'), (0, None, "", ': "Oslo"}')],
        [WEATHER],
    ),
    "23: id and name in full in every fragment": (
        [(0, "w1", "get_weather", '{"city"'), (0, "w1", "get_weather", ': "Oslo"}')],
        [WEATHER],
    ),
    "24: fragments with neither index nor id": (
        [(0, "w1", "get_weather", ""), (None, None, None, '{"city"'), (None, None, None, ': "Oslo"}')],
        [WEATHER],
    ),
    "25: half a JSON at the end": ([(0, "w1", "get_weather", '{"city')], [("w1", "get_weather", '{"city')]),
    "26: arguments that end in a blank": (
        [(0, "w1", "get_weather", WEATHER[2]), (0, None, None, " ")],
        [("w1", "get_weather", WEATHER[2] + " ")],
    ),
    "26: no arguments at all": ([(0, "w1", "now", None)], [("w1", "now", "")]),
    "26: JSON inside a string": ([(0, "w1", "f", '"{}"')], [("w1", "f", '"{}"')]),
    "arguments under another, lower index": (
        [(0, *WEATHER), (1, "t1", "get_time", ""), (0, None, None, TIME[2])],
        [WEATHER, TIME],
    ),
    "arguments under an index never seen": (
        [(0, "w1", "get_weather", ""), (1, None, None, WEATHER[2])],
        [WEATHER],
    ),
    "a name in pieces": ([(0, "w1", "get_", ""), (0, None, "weather", WEATHER[2])], [WEATHER]),
    "the id comes after the name": ([(0, None, "get_weather", ""), (0, "w1", None, WEATHER[2])], [WEATHER]),
    "the same id under another index": ([(0, "w1", "get_weather", ""), (3, "w1", None, WEATHER[2])], [WEATHER]),
}


@pytest.mark.parametrize("name", CASES)
def test_calls_are_told_apart(name: str) -> None:
    fragments, expected = CASES[name]
    assert calls(*fragments) == expected


def test_two_calls_without_id_get_ids_of_their_own() -> None:
    assembler = assemble((0, None, "f", "{}"), (1, None, "g", "{}"))
    first, second = assembler.calls()
    assert first.id and second.id and first.id != second.id
    assert NO_ID in first.notes and assembler.calls() == (first, second), "the same each time"
    other = CallAssembler("turn-000000000043")
    other.add(0, None, "f", "{}", {})
    assert other.calls()[0].id != first.id, "another turn, another id"


def test_calls_that_share_an_id_are_told_apart() -> None:
    made = assemble((0, "c", "f", ""), (0, None, None, "{}"), (1, "c", "g", ""), (1, None, None, '{"a": 1}'))
    first, second = made.calls()
    assert (first.id, first.name, first.arguments, first.notes) == ("c", "f", "{}", ())
    assert (second.name, second.arguments, second.notes) == ("g", '{"a": 1}', (SAME_ID,)) and second.id != "c"
    each = assemble((0, "c", "f", "{}"), (1, "c", "f", '{"a"'), (1, "c", "f", ": 1}"))
    assert [call.arguments for call in each.calls()] == ["{}", '{"a": 1}']


def test_a_made_id_never_meets_a_real_one() -> None:
    made = assemble((0, None, "f", "{}")).calls()[0].id
    again = assemble((0, None, "f", "{}"), (1, made, "g", "{}"))
    assert len({call.id for call in again.calls()}) == 2


def test_what_was_repaired_is_noted() -> None:
    assert NO_INDEX in assemble((None, *WEATHER)).calls()[0].notes
    assert SAME_INDEX in assemble((0, *WEATHER), (0, *TIME)).calls()[1].notes
    wrong = assemble((0, *WEATHER), (1, "t1", "get_time", ""), (0, None, None, "{}"))
    assert [WRONG_INDEX in call.notes for call in wrong.calls()] == [False, True]
    assert assemble((0, "w1", "get_weather", ""), (0, None, None, "{}")).calls()[0].notes == ()


def test_a_call_without_a_name_is_left_out_and_counted() -> None:
    assembler = assemble((0, *WEATHER), (1, "x", None, "{}"))
    assert [call.name for call in assembler.calls()] == ["get_weather"] and assembler.dropped == 1


def test_metadata_that_must_go_back_is_kept() -> None:
    assembler = assemble((0, *WEATHER))
    assembler.add(0, None, None, None, {"thought_signature": "s1"})
    (call,) = assembler.calls()
    assert call.to_wire()["thought_signature"] == "s1" and call.arguments == WEATHER[2]


def test_every_fragment_is_a_change() -> None:
    assembler = assemble((0, *WEATHER))
    before = assembler.version
    assembler.add(0, None, None, " ", {})
    assert assembler.version > before and bool(assembler) and not CallAssembler()


fragment = st.tuples(
    st.none() | st.integers(-1, 2),
    st.none() | st.sampled_from(["", "a", "b"]),
    st.none() | st.sampled_from(["", "f", "g"]),
    st.none() | st.text('{}"a ', max_size=4),
)


@given(st.lists(fragment, max_size=12))
def test_no_argument_is_lost_and_no_id_stands_twice(fragments: list[Fragment]) -> None:
    assembler = assemble(*fragments)
    made = assembler.calls()
    assert len({call.id for call in made}) == len(made)
    assert all(call.id and call.name for call in made)
    arrived = sorted("".join(part[3] or "" for part in fragments))
    assert sorted("".join(str(call.arguments) for call in assembler.partial)) == arrived
    assert len(made) + assembler.dropped == len(assembler.partial)


def cut(text: str, places: list[int]) -> list[str]:
    """Cut a text at places."""
    bounds = [0, *sorted({place % (len(text) + 1) for place in places}), len(text)]
    return [text[a:b] for a, b in zip(bounds, bounds[1:], strict=False)]


@given(st.lists(st.integers(0, 99)), st.lists(st.integers(0, 99)), st.sampled_from(["index", "zero", "none"]))
def test_any_cutting_of_two_calls_gives_the_same_two(first: list[int], second: list[int], style: str) -> None:
    fragments: list[Fragment] = []
    for number, (call, places) in enumerate(((WEATHER, first), (TIME, second))):
        index = {"index": number, "zero": 0, "none": None}[style]
        head, *rest = cut(call[2], places)
        fragments += [(index, call[0], call[1], head), *((index, None, None, piece) for piece in rest)]
    assert calls(*fragments) == [WEATHER, TIME]
