"""The check of a file with tools in it: each definition, what is beside it, and where in the file it stands."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Literal

from meshtui.core.json.place import Keys
from meshtui.core.json.stream import places_in
from meshtui.core.nearest import did_you_mean
from meshtui.core.schema.metaschema import schema_faults
from meshtui.core.toml_json import AS_JSON, toml_value
from meshtui.core.toml_lines import line_of
from meshtui.core.tools.check import check_text, check_tool, check_tools
from meshtui.core.tools.finding import MOST_FINDINGS, Finding
from meshtui.core.tools.responder import RESPONDER_WORDS, responder_from
from meshtui.core.tools.shapes import import_tool, places_of, rows_in
from meshtui.core.tools.tool import OURS

FileForm = Literal["json", "toml", "python"]
Places = Callable[[Sequence[Keys]], Mapping[Keys, tuple[int, int]]]
"""Tells for each way to a value the line and column where it stands in the file, from 1."""


@dataclass(frozen=True, slots=True)
class Checked:
    """What the check of one tool of a file says. The name is empty where none can be read."""

    name: str
    findings: tuple[Finding, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether there is no error; warnings may be."""
        return all(finding.severity != "error" for finding in self.findings)


def check_file(text: str, form: FileForm, stem: str = "") -> list[Checked]:
    """Check the text of a file: one row for each tool in it, one in all where it cannot be read.

    `stem` names a single tool that has no name. Lines and columns are those of the file; paths begin at the wire
    object, whatever shape the file has.
    """
    if form == "python":
        return _check_python(text)
    if form == "toml":
        try:
            return _check_rows(toml_value(text), stem, [], lambda ways: {way: _in_toml(text, way) for way in ways})
        except ValueError as error:
            return [Checked("", (_unreadable("not toml", str(error)),))]
    value, findings = check_text(text)
    if value is None and findings:
        return [Checked("", tuple(findings))]
    twice = [finding for finding in findings if finding.code == "name twice" and finding.line is not None]
    return _check_rows(value, stem, twice, lambda ways: _in_json(text, ways))


def _unreadable(code: str, sentence: str) -> Finding:
    """Return a sentence that may begin with its place as a finding."""
    match = re.match(r"line (\d+)(?:, column (\d+))?: (.*)", sentence, re.DOTALL)
    if match is None:
        return Finding("json", code, sentence, line=1, column=1)
    return Finding("json", code, match[3], line=int(match[1]), column=int(match[2] or 1))


def _check_python(source: str) -> list[Checked]:
    from meshtui.core.tools.python.source import python_tools

    try:
        found = python_tools(source)
    except ValueError as error:
        return [Checked("", (_unreadable("not python", str(error)),))]
    rows = []
    for row in found:
        notes = [replace(_unreadable("not known", note), kind="tool", severity="warning") for note in row.notes]
        rows.append(Checked(row.tool.name, (*notes, *check_tool(row.tool.definition))))
    return rows


def _check_rows(value: object, stem: str, whole: Sequence[Finding], places: Places) -> list[Checked]:
    """Check each tool in the values of a file; `whole` are findings on the file, `places` tells where ways lead."""
    rows = rows_in(value)
    found: list[tuple[str, list[tuple[Keys, Finding]]]] = []
    for keys, row in rows:
        name, findings = _check_row(row, stem if len(rows) == 1 else "")
        found.append((name, [(keys + way, finding) for way, finding in findings]))
    if len(rows) > 1:
        for finding in check_tools([{"type": "function", "function": {"name": name}} for name, _ in found]):
            if finding.code == "name twice":
                number = int(finding.keys[0])
                found[number][1].append((rows[number][0], replace(finding, keys=("function",))))
    starts = places([way for _, findings in found for way, _ in findings])
    checked: list[Checked] = []
    for name, findings in found:
        placed = [replace(one, line=starts[way][0], column=starts[way][1]) for way, one in findings]
        checked.append(Checked(name, (*(whole if not checked else ()), *placed)))
    return checked


def _check_row(row: object, stem: str) -> tuple[str, list[tuple[Keys, Finding]]]:
    """Return a tool's name and what is found, each with the way that leads to it from the tool's object."""
    beside = list(_beside(row))
    is_bare = isinstance(row, Mapping) and "function" not in row and row.get("type", "object") == "object"
    is_foreign = (
        isinstance(row, Mapping) and "function" not in row and places_of(row).get("parameters") != ("parameters",)
    )
    definition: object = row
    if is_bare or is_foreign:
        try:
            clean = {name: item for name, item in row.items() if name not in OURS} if isinstance(row, Mapping) else row
            definition = import_tool(clean, stem).tool.definition
        except ValueError:
            is_bare = is_foreign = False
    findings = check_tool(definition)
    places = places_of(row) if is_bare or is_foreign else {"": ("function",)}
    tool = definition.get("function") if isinstance(definition, Mapping) else None
    name = tool.get("name") if isinstance(tool, Mapping) else None
    ways = [(_way((*one.keys, *one.inner), places), one) for one in findings]
    return name if isinstance(name, str) else "", [*ways, *(((*one.keys, *one.inner), one) for one in beside)]


def _way(keys: Keys, places: Mapping[str, Keys]) -> Keys:
    """Return where a place of the wire object is in an object of another shape."""
    if keys[:1] != ("function",):
        return keys
    if len(keys) > 1 and keys[1] == "parameters" and "parameters" in places:
        return places["parameters"] + keys[2:]
    return places[""] + keys[1:]


def _beside(row: object) -> Iterator[Finding]:
    """Yield what is wrong with the members that are ours: the schema of results, and the responder."""
    if not isinstance(row, Mapping):
        return
    for keys, inner, message in islice(schema_faults(row["output"]), MOST_FINDINGS) if "output" in row else ():
        yield Finding("schema", "output: invalid", f"output is no JSON Schema: {message}", ("output", *keys), inner)
    responder = row.get("responder")
    try:
        responder_from(responder)
    except ValueError as error:
        yield Finding("tool", "responder", str(error), ("responder",))
    for name in responder if isinstance(responder, Mapping) else ():
        if name not in RESPONDER_WORDS:
            meant = did_you_mean(str(name), RESPONDER_WORDS)
            message = f"{name!r} is no part of a responder and is passed over; {meant}"
            yield Finding("tool", "responder: unknown member", message, ("responder", str(name)), (), "warning")


def _in_json(text: str, ways: Sequence[Keys]) -> dict[Keys, tuple[int, int]]:
    """Return the line and column of each way in JSON."""
    return {way: (place.line, place.column) for way, place in places_in(text, ways).items()}


def _in_toml(text: str, keys: Keys) -> tuple[int, int]:
    """Return the line and column of a way in TOML, or of the nearest above it that is found."""
    names = tuple(str(key) for key in keys if isinstance(key, str))
    line = next(
        (
            line
            for end in range(len(names), 0, -1)
            for way in (names[:end], (*names[: end - 1], names[end - 1] + AS_JSON))
            if (line := line_of(text, way))
        ),
        1,
    )
    content = text.split("\n")[line - 1]
    return line, len(content) - len(content.lstrip()) + 1
