"""Text that is nearly JSON: where it goes wrong, and a repair that is JSON and says the same."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from meshtui.core.json.repair import json_fault

MENDED: list[tuple[str, Any]] = [
    ('{"a": [1, 2,],}', {"a": [1, 2]}),
    ("{'a': 'it\\'s \"so\"'}", {"a": 'it\'s "so"'}),
    ('{"a": True, "b": None, "c": NaN}', {"a": True, "b": None, "c": None}),
    ('{"a": [1, {"b": "c', {"a": [1, {"b": "c"}]}),
    ('{"a": 1, "b', {"a": 1}),
    ('{"a": 1, "b":', {"a": 1}),
    ('{"a": tru', {"a": True}),
    ("{city: Rome, n: 2}", {"city": "Rome", "n": 2}),
    ('```json\n{"a": 1}\n```', {"a": 1}),
    ('Here you are:\n{"a": 1}\nAnything else?', {"a": 1}),
    ('"{\\"a\\": {\\"b\\": 1}}"', {"a": {"b": 1}}),
    ('{\\"a\\": 1}', {"a": 1}),
    ('{"a": 1}{"a": 1}', {"a": 1}),
    ('{}{"a": 1}', {"a": 1}),
    ('{"a": "two\nlines"}', {"a": "two\nlines"}),
    ('{"a" 1, "b": 2 "c": 3}', {"a": 1, "b": 2, "c": 3}),
    ('{"a": "say "hi" now", "b": 1}', {"a": 'say "hi" now', "b": 1}),
    ('{"a": "C:\\Users\\me"}', {"a": "C:\\Users\\me"}),
    ('{"a": .5, "b": 01, "c": +1, "d": 1_000}', {"a": 0.5, "b": 1, "c": 1, "d": 1000}),
    ('{"a": 1, // why\n "b": 2 /* so */}', {"a": 1, "b": 2}),
    ('{"a": (1, 2)}', {"a": [1, 2]}),
    ("{“a”: “b”}", {"a": "b"}),
    ("", {}),
    ('{\n "a": "x\n}', {"a": "x"}),
    ('{\n "a": "x, y,  \n "b": {"c": "d\n }\n}', {"a": "x, y", "b": {"c": "d"}}),
]


@pytest.mark.parametrize(("text", "meant"), MENDED, ids=[text for text, _ in MENDED])
def test_a_repair_says_what_was_meant(text: str, meant: Any) -> None:
    fault = json_fault(text)
    assert fault is not None and fault.repaired is not None
    assert json.loads(fault.repaired) == meant


@pytest.mark.parametrize("text", ["nope", "city=Rome", "use {name} here", "{", "[[[", "```", "I cannot do that."])
def test_nothing_is_offered_where_nothing_can_be_meant(text: str) -> None:
    fault = json_fault(text)
    assert fault is not None and fault.repaired is None


def test_the_place_is_told_by_line_and_column() -> None:
    fault = json_fault('{\n  "a": 1,\n  "b": True\n}')
    assert fault is not None
    assert (fault.line, fault.column, fault.offset) == (3, 8, 19) and "True" in fault.message


def test_a_repair_keeps_the_layout() -> None:
    fault = json_fault('{\n  "a": 1,\n  "b": [\n    2,\n  ],\n}')
    assert fault is not None and fault.repaired == '{\n  "a": 1,\n  "b": [\n    2\n  ]\n}'


@pytest.mark.parametrize("text", ['{"a": 1}', " [1]", "true", '"words"', '"{no"', "0"])
def test_json_has_no_fault(text: str) -> None:
    assert json_fault(text) is None


@settings(max_examples=500, deadline=None)
@given(st.text(alphabet="{}[]:,\"'\\/ \n#*`ab1-.eTun\ud800", max_size=40))
def test_whatever_is_offered_is_json(text: str) -> None:
    fault = json_fault(text)
    if fault is not None:
        assert fault.line >= 1 and fault.column >= 1 and 0 <= fault.offset <= len(text)
        assert fault.repaired is None or isinstance(json.loads(fault.repaired), dict | list)


_leaves = st.one_of(st.integers(), st.booleans(), st.text(max_size=8))
_documents = st.dictionaries(
    st.text(max_size=5), st.recursive(_leaves, lambda inner: st.lists(inner, min_size=1, max_size=3)), min_size=1
)


@settings(max_examples=200, deadline=None)
@given(_documents, st.data())
def test_arguments_that_were_cut_off_keep_what_came(document: dict[str, Any], data: st.DataObject) -> None:
    text = json.dumps(document, ensure_ascii=data.draw(st.booleans()))
    end = data.draw(st.integers(1, len(text) - 1))
    fault = json_fault(text[:end])
    assert fault is not None
    if fault.repaired is not None:
        found = json.loads(fault.repaired)
        assert list(found) == list(document)[: len(found)]
        assert all(found[name] == document[name] for name in list(found)[:-1])


@pytest.mark.parametrize(
    "text",
    [
        '{"a": "x' * 30_000,
        '{"a":' * 50_000,
        '{"a": [' + '{"b": 1,}, ' * 20_000,
        '"' * 100_000,
        "}{" * 50_000,
        '{"a": "' + "\n" * 200_000,
    ],
    ids=["texts", "deep", "commas", "quotes", "braces", "lines"],
)
def test_a_long_broken_text_takes_no_long_time(text: str) -> None:
    begun = time.process_time()
    json_fault(text)
    assert time.process_time() - begun < 3
