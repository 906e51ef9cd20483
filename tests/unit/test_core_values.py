"""Slots under inspection, values out of files, versions."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meshtui.core.chat import Message
from meshtui.core.slot_check import Doubt, inspect, slot_name
from meshtui.core.slot_values import ValueSet, guess_format, parse_values
from meshtui.core.template import Template, scan
from meshtui.core.text import row_and_column
from tests.cases import load, needs_cases


def found(text: str, **values: str) -> list[tuple[str, str, str]]:
    """The doubts about a text: kind, name, the text at its place."""
    return [(f.doubt.value, f.name, text[f.start : f.end]) for f in inspect([text], values)]


def test_missing_unused_and_repeated_slots_have_their_places() -> None:
    text = "Dear {{name}}, {{ name }} at {{company}}"
    assert found(text, company="Acme", tone="kind") == [
        ("missing", "name", "{{name}}"),
        ("unused", "tone", ""),
        ("repeated", "name", "{{ name }}"),
    ]
    findings = inspect(["{{a}}", "x\n{{a}}"], {"a": ""})
    assert [(f.doubt, f.text, f.start) for f in findings] == [(Doubt.REPEATED, 1, 2)]
    assert row_and_column("x\n{{a}}", 2) == (1, 0) and row_and_column("abc", 2) == (0, 2)


@pytest.mark.parametrize(
    ("text", "near", "meant"),
    [
        ("Hi {{ user name }}", "{{ user name }}", "user_name"),
        ("Hi {user}", "{user}", "user"),
        ("Hi ${user}", "${user}", "user"),
        ("Hi {{user-name}}", "{{user-name}}", "user_name"),
        ("Die {{größe}}", "{{größe}}", "groe"),
        ("Hi {{user}", "{{user}", "user"),
        ("Hi {user}}", "{user}}", "user"),
    ],
)
def test_what_was_meant_to_be_a_slot(text: str, near: str, meant: str) -> None:
    (finding,) = [f for f in inspect([text], {}) if f.doubt is Doubt.NEAR]
    assert (finding.name, text[finding.start : finding.end]) == (near, near)
    assert finding.meant == meant


@pytest.mark.parametrize(
    "text", ['{"a": 1}', "{}", "{ }", "{{}}", "{{a}}", "{{{a}}}", "set {1, 2}", "{a: b}", "{x, y}"]
)
def test_what_is_nothing_of_the_kind(text: str) -> None:
    assert [f for f in inspect([text], {"a": ""}) if f.doubt is Doubt.NEAR] == []


def test_slots_that_differ_in_case_alone() -> None:
    (twin,) = [f for f in inspect(["{{Name}} {{name}} {{na_me}}"], {"Name": "", "name": ""}) if f.meant == "Name"][:1]
    assert twin.name == "name"
    assert slot_name(" a - b ") == "a_b"


@needs_cases
@pytest.mark.parametrize("case", load("templates.json").get("cases", []), ids=lambda case: str(case["id"]))
def test_every_case_can_be_inspected(case: dict[str, str]) -> None:
    text = case["text"]
    names = [slot.name for slot in scan(text)]
    missing = [f.name for f in inspect([text], {}) if f.doubt is Doubt.MISSING]
    assert missing == list(dict.fromkeys(names))


@given(st.text("{}$ ab\n", max_size=60))
def test_findings_never_overlap_a_slot(text: str) -> None:
    for finding in inspect([text], {}):
        if finding.doubt is Doubt.NEAR and finding.name.startswith(("{", "$")):
            assert not any(slot.start < finding.end and finding.start < slot.end for slot in scan(text))


def test_inspecting_a_hostile_text_takes_no_time() -> None:
    inspect(["{" * 200_000 + "a " * 200_000, "{{a" * 100_000], {})


@pytest.mark.parametrize(
    ("text", "format", "sets"),
    [
        (
            '{"a": 1.50, "b": null, "c": true, "d": [1, 0.5]}',
            "json",
            [("", {"a": "1.50", "b": "", "c": "true", "d": "[1, 0.5]"})],
        ),
        ('[{"set": "x", "a": "1"}, {"a": "2"}]', "json", [("x", {"a": "1"}), ("", {"a": "2"})]),
        ('{"x": {"a": "1"}, "y": {"a": "2"}}', "json", [("x", {"a": "1"}), ("y", {"a": "2"})]),
        ("a = 'x'\nb = 1.0", "toml", [("", {"a": "x", "b": "1.0"})]),
        ("[x]\na = 'u'\n[y]\na = 'v'", "toml", [("x", {"a": "u"}), ("y", {"a": "v"})]),
        (
            "# c\nexport A=x y # note\nB='#1'\nC=\"a\\nb\"\nD=",
            "env",
            [("", {"A": "x y", "B": "#1", "C": "a\nb", "D": ""})],
        ),
        ('set,a,b\nx,1,"2, 3"\ny,"l\n2",\n', "csv", [("x", {"a": "1", "b": "2, 3"}), ("y", {"a": "l\n2", "b": ""})]),
        ("a;b\n1;2\n", "csv", [("", {"a": "1", "b": "2"})]),
        ("a\tb\n1\t2", "csv", [("", {"a": "1", "b": "2"})]),
        ("name\nAda\nBob", "csv", [("", {"name": "Ada"}), ("", {"name": "Bob"})]),
    ],
)
def test_values_are_read_from_what_is_at_hand(text: str, format: str, sets: list[tuple[str, dict[str, str]]]) -> None:
    parsed = parse_values(text)
    assert (guess_format(text), parsed.format) == (format, format)
    assert parsed.sets == tuple(ValueSet(name, values) for name, values in sets)


@pytest.mark.parametrize(
    ("text", "format", "fault"),
    [
        ("", "", "empty"),
        ("{", "", "line 1, column 2: this is not JSON"),
        ("[1]", "json", "row 1 is no object"),
        ("a,b\n1", "csv", "row 2 of the CSV has 1 values for 2 columns"),
        ("a,b", "csv", "a line of values"),
        ("a,a\n1,2", "csv", "a name of its own"),
        ("A=1\n?", "env", "line 2"),
        ("a = ", "toml", "not TOML"),
        ("x", "yaml", "known are json"),
        ("[" * 100_000, "json", "nested too deeply"),
    ],
)
def test_what_cannot_be_read_is_told(text: str, format: str, fault: str) -> None:
    with pytest.raises(ValueError, match=fault):
        parse_values(text, format)


def test_a_version_is_named_by_what_is_sent() -> None:
    one = Template("a", system="x {{b}}", messages=(Message("user", "y"),), model="m", params={"t": 1, "s": 2})
    same = Template("other", "description", "x {{b}}", (Message("user", "y"),), "m", {"s": 2, "t": 1}, {"b": "1"})
    assert one.hash == same.hash and len(one.hash) == 16
    assert one.hash != Template("a", system="x {{b}} ", messages=one.messages, model="m", params=one.params).hash
    assert Template.from_json(same.to_json()) == same
    wire = same.to_wire()
    assert wire["variables"] == ["b"] and Template("n").to_wire()["system"] is None
