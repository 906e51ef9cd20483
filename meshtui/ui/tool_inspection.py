"""What there is to say of a tool while it is typed: what was read, what is wrong with it, what it costs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from meshtui.core.json.place import Keys
from meshtui.core.json.text import json_or, json_value
from meshtui.core.tools.check import PARAMETERS, check_text, check_tool, tokens_of
from meshtui.core.tools.edit import ToolEdit, pretty
from meshtui.core.tools.finding import Finding
from meshtui.core.tools.tool import Tool
from meshtui.ui.widgets.findings import FindingRow

_BEFORE = '{"type":"function","function":{"name":"result","parameters":'
_ORDER = {"json": 0, "tool": 1, "schema": 2, "strict": 3}


@dataclass(frozen=True, slots=True)
class Inspection:
    """What was found. `definition` and `output` are what was read last; `broken` says why the text cannot be now."""

    definition: Mapping[str, Any] | None = None
    broken: str = ""
    output: Mapping[str, Any] | None = None
    broken_output: str = ""
    findings: tuple[Finding, ...] = ()
    output_findings: tuple[Finding, ...] = ()
    responder_fault: str = ""
    tokens: int = 0
    tool: Tool | None = None

    def after(self, before: Inspection) -> Inspection:
        """Return this, with what could be read before where nothing can be read now."""
        return replace(
            self,
            definition=before.definition if self.broken else self.definition,
            output=before.output if self.broken_output else self.output,
            tokens=before.tokens if self.broken else self.tokens,
        )

    @property
    def function(self) -> Mapping[str, Any] | None:
        """The function object, None where the definition has none."""
        inner = self.definition.get("function") if self.definition is not None else None
        return inner if isinstance(inner, Mapping) else None

    @property
    def parameters(self) -> Mapping[str, Any] | None:
        """The schema of the arguments, an empty one where there is none, None where it is no object."""
        inner = self.function.get("parameters", {}) if self.function is not None else None
        return inner if isinstance(inner, Mapping) else None

    def marks(self, section: str) -> Mapping[Keys, bool]:
        """Return the places in the schema of a section at which something is wrong: True for an error."""
        marks: dict[Keys, bool] = {}
        for finding in self.findings if section == "definition" else self.output_findings:
            keys = place_in_schema(finding)
            if keys is not None:
                marks[keys] = marks.get(keys, False) or finding.severity == "error"
        return marks

    @property
    def wrong_members(self) -> frozenset[str]:
        """The members of the function object at which something was found."""
        return frozenset(filter(None, map(member_of, self.findings)))

    @property
    def rows(self) -> list[FindingRow]:
        """The findings as the list shows them: errors before warnings, faults of strict mode last."""
        rows = [*_rows("definition", self.findings), *_rows("result", self.output_findings)]
        if self.responder_fault:
            rows.append(FindingRow("responder", self.responder_fault))
        return rows

    @property
    def errors(self) -> int:
        """How many errors there are."""
        return sum(row.is_error for row in self.rows)

    @property
    def warnings(self) -> int:
        """How many warnings there are."""
        return sum(not row.is_error for row in self.rows)


def place_in_schema(finding: Finding) -> Keys | None:
    """Return where in the schema a finding is, None where it is about something else."""
    keys = (*finding.keys, *finding.inner)
    return keys[len(PARAMETERS) :] if keys[: len(PARAMETERS)] == PARAMETERS else None


def member_of(finding: Finding) -> str:
    """Return the member of the function object that a finding is about, none for one in the schema."""
    keys = (*finding.keys, *finding.inner)
    return str(keys[1]) if len(keys) == 2 and keys[0] == "function" and keys != PARAMETERS else ""


def _rows(section: Literal["definition", "result"], findings: Sequence[Finding]) -> list[FindingRow]:
    ordered = sorted(findings, key=lambda one: (one.severity != "error", _ORDER[one.kind]))
    return [
        FindingRow(section, one.message, one.severity == "error", one, one.line, one.column, one.fix) for one in ordered
    ]


def inspect_edit(edit: ToolEdit) -> Inspection:
    """Look at the texts of a tool; safe to be done in a thread."""
    definition, findings = check_text(edit.definition)
    output, output_findings = _check_output(edit.output)
    try:
        tool = edit.tool()
    except ValueError:
        tool = None
    fault = ""
    try:
        edit.responder()
    except ValueError as error:
        fault = str(error).removeprefix("responder: ")
    broken = _unread(edit.definition) if isinstance(definition, dict) else _broken(findings)
    return Inspection(
        None if broken else definition,
        broken,
        output if isinstance(output, dict) else None,
        "" if isinstance(output, dict) or not edit.output.strip() else _broken(output_findings),
        tuple(findings),
        tuple(output_findings),
        fault,
        0 if broken else tokens_of(definition),
        tool,
    )


def _broken(findings: Sequence[Finding]) -> str:
    first = next((one for one in findings if one.kind == "json" and one.severity == "error"), None)
    return f"line {first.line}, column {first.column}: {first.message}" if first else "an object is expected: {…}"


def _unread(text: str) -> str:
    """Say why JSON that can be read is not taken as it stands: a name that stands twice would be lost."""
    try:
        json_value(text)
    except ValueError as error:
        return str(error)
    return ""


def _check_output(text: str) -> tuple[Any, list[Finding]]:
    """Check the schema of results: it need not be of an object, and strict mode is not for it."""
    if not text.strip():
        return None, []
    value, findings = check_text(f"{_BEFORE}{text}}}}}")
    last, kept = text.count("\n") + 1, []
    for one in findings:
        if one.kind in ("json", "schema"):
            line, column = min(one.line or 1, last), one.column or 1
            kept.append(replace(one, line=line, column=max(column - len(_BEFORE), 1) if line == 1 else column))
    try:
        own = json_value(text)
    except ValueError as error:
        return None, kept or [Finding("json", "not json", str(error), line=last, column=1)]
    if value is None or not isinstance(own, dict):
        return None, kept or [Finding("json", "not json", "the schema of results is an object: {…}", line=1, column=1)]
    return own, kept


def fixed(edit: ToolEdit, row: FindingRow) -> ToolEdit | None:
    """Return the texts with one finding put right, None where they cannot be read."""
    from meshtui.core.tools.fixes import mended

    if row.finding is None:
        return edit
    if row.section == "result":
        whole = _whole(edit.output)
        if whole is None:
            return None
        return replace(edit, output=pretty(mended(whole, row.finding)["function"]["parameters"]))
    definition = _object(edit.definition)
    return None if definition is None else replace(edit, definition=pretty(mended(definition, row.finding)))


def fixed_all(edit: ToolEdit, section: str) -> ToolEdit | None:
    """Return the texts with the schema of a section made to fit strict mode, None where they cannot be read."""
    from meshtui.core.tools.fixes import mended_all

    if section == "result":
        whole = _whole(edit.output)
        return None if whole is None else replace(edit, output=pretty(mended_all(whole)["function"]["parameters"]))
    definition = _object(edit.definition)
    return None if definition is None else replace(edit, definition=pretty(mended_all(definition)))


def _object(text: str) -> dict[str, Any] | None:
    value = json_or(text)
    return value if isinstance(value, dict) else None


def _whole(text: str) -> dict[str, Any] | None:
    schema = _object(text)
    return None if schema is None else {"type": "function", "function": {"name": "result", "parameters": schema}}


def counts_of(tool: Tool) -> tuple[int, int, int]:
    """Return how many errors and warnings a tool's definition has, and the tokens that it costs."""
    errors = warnings = 0
    for finding in check_tool(tool.definition):
        if finding.severity == "error":
            errors += 1
        elif finding.kind != "strict":
            warnings += 1
    return errors, warnings, tokens_of(tool.definition)
