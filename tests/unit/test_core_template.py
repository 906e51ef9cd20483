"""Slots: what is one, and what a text becomes with values."""

from __future__ import annotations

import hashlib
import re
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meshtui.core.chat import Message
from meshtui.core.template import Template, fill, scan
from tests.cases import load, needs_cases

CASES: list[dict[str, Any]] = load("templates.json").get("cases", [])
_OURS = re.compile(r"[A-Za-z0-9_]+")


def names(text: str) -> list[str]:
    """The names of the slots of a text, each once."""
    return list(dict.fromkeys(slot.name for slot in scan(text)))


@needs_cases
@pytest.mark.parametrize("case", CASES, ids=lambda case: str(case["id"]))
def test_the_slots_of_a_text(case: dict[str, Any]) -> None:
    """The one-pass rule with the gateway's names: ASCII letters, digits and underscores."""
    assert names(case["text"]) == [name for name in case["slots_one_pass"] if _OURS.fullmatch(name)]


def ours(case: dict[str, Any]) -> bool:
    """Whether the values are texts and the names are such as the gateway takes."""
    texts = all(isinstance(value, str) for value in case["variables"].values())
    return texts and all(_OURS.fullmatch(name) for name in case["slots_one_pass"])


@needs_cases
@pytest.mark.parametrize("case", [case for case in CASES if ours(case)], ids=lambda case: str(case["id"]))
def test_a_text_with_its_values(case: dict[str, Any]) -> None:
    variables = case["variables"]
    filled = fill(case["text"], variables)
    expected = case.get("rendered", case["by_engine"].get("one pass, trimmed", {}).get("rendered"))
    if expected is None:  # long results are given by their hash
        assert hashlib.sha256(filled.encode()).hexdigest() == next(iter(case["by_engine"].values()))["sha256"]
    else:
        assert filled == expected
    template = Template("t", system=case["text"])
    assert list(template.missing(variables)) == case["missing_one_pass"]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("{{a}} {{ b_2 }}{{\n\tc\n}}", ["a", "b_2", "c"]),
        ("{a} {{}} {{ }} {{a b}} {{a-b}} {{a.b}} {{größe}} {{ a", []),
        ("{{{a}}} {{{{b}}}}", ["a", "b"]),
        ("{{{{a}} }}", ["a"]),
        ("{{A}} {{a}} {{A}}", ["A", "a"]),
    ],
)
def test_what_is_a_slot(text: str, found: list[str]) -> None:
    assert names(text) == found


def test_values_go_in_once_and_as_they_are() -> None:
    values = {"a": "{{b}}", "b": r"\1 \g<0> $& %s", "c": ""}
    assert fill("{{a}}|{{ b }}|{{c}}|{{d}}", values) == r"{{b}}|\1 \g<0> $& %s||{{d}}"


@given(
    st.text("{} ab_\n", max_size=30), st.dictionaries(st.sampled_from(["a", "b", "ab"]), st.text("{}ab", max_size=4))
)
def test_only_slots_change(text: str, variables: dict[str, str]) -> None:
    expected, end = "", 0
    for slot in scan(text):
        assert re.fullmatch(r"\{\{\s*" + slot.name + r"\s*\}\}", text[slot.start : slot.end])
        expected += text[end : slot.start] + variables.get(slot.name, text[slot.start : slot.end])
        end = slot.end
    assert fill(text, variables) == expected + text[end:]


def test_scanning_a_hostile_text_takes_no_time() -> None:
    assert scan("{{" * 200_000 + " " * 200_000) == []


def test_a_template_expands_with_defaults_beneath_values() -> None:
    template = Template(
        "support",
        system="You are {{tone}}.",
        messages=(Message("user", "Order {{id}} at {{company}}"), Message("assistant", "Yes?", name="bot")),
        variables={"tone": "friendly", "company": "Acme"},
    )
    assert template.slots == ("tone", "id", "company")
    assert template.missing({}) == ("id",) and template.missing({"id": ""}) == ()
    system, messages = template.expand({"id": "17", "company": "Bolt", "extra": "x"})
    assert system == "You are friendly." and [m.content for m in messages] == ["Order 17 at Bolt", "Yes?"]
    assert messages[1].name == "bot"
    with pytest.raises(KeyError, match="id"):
        template.expand({})


@pytest.mark.parametrize(
    "template",
    [
        Template("a"),
        Template("a", system="{{x}}", model="m", params={"seed": 1}),
        Template("a", messages=(Message("user", "{{x}}"), Message("assistant", "y"))),
        Template("a", system="s", messages=(Message("system", "t"), Message("user", "u"))),
        Template("a", description="d", system="s", variables={"x": "1"}),
    ],
)
def test_the_body_of_a_template_reads_back(template: Template) -> None:
    body = template.body()
    assert template.with_body(body) is template
    assert template.with_body({**body, "top_p": 0.5}) == replace(template, params={**template.params, "top_p": 0.5})
    assert template.with_body({}) == replace(template, system="", messages=(), model="", params={})
