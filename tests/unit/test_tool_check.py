"""Tool definitions are checked: JSON, the tool object, JSON Schema, strict mode, each with its place."""

from __future__ import annotations

import json
from typing import Any

import pytest

from meshtui.core.tool_check import check_text, check_tool, schema_state
from tests.cases import load, needs_cases

CASES: list[dict[str, Any]] = load("tools.json").get("tools", [])


@needs_cases
@pytest.mark.parametrize("case", CASES, ids=[case["id"] for case in CASES])
def test_each_definition_gets_the_verdict_given(case: dict[str, Any]) -> None:
    expect = case["expect"]
    text = case.get("text", json.dumps(case.get("tool")))
    value, findings = check_text(text)
    assert any(finding.code == "not json" for finding in findings) is (expect["json"] != "ok")
    if expect["json"] != "ok":
        assert value is None and findings[0].line and findings[0].column
        return
    errors = [finding for finding in findings if finding.severity == "error" or finding.kind == "strict"]
    assert sorted({one.code for one in errors if one.kind == "tool"}) == sorted(expect["tool_faults"])
    if "schema_2020_12" in expect:
        assert schema_state(findings) == expect["schema_2020_12"]
        assert sorted({one.code for one in errors if one.kind == "strict"}) == sorted(expect["strict_faults"])
    assert {(one.kind, one.code) for one in findings} == {(one.kind, one.code) for one in check_tool(value)}
