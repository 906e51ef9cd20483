"""A tool while it is edited: every part as the text that stands there, whether it can be read or not."""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

from meshtui.core.json.text import json_value
from meshtui.core.tools.responder import TIME_LIMIT, responder_from, responder_value, rule_value, rules_from
from meshtui.core.tools.tool import Responder, Tool


@dataclass(frozen=True, slots=True)
class ToolEdit:
    """The texts of one tool. `definition` and `output` are JSON, `rules` JSON or TOML, `argv` words as in a shell.

    An empty `output` says that there is no schema of results.
    """

    definition: str
    output: str = ""
    kind: str = "hand"
    rules: str = ""
    argv: str = ""
    timeout: str = f"{TIME_LIMIT:g}"
    folder: str = ""
    environment: str = ""

    @classmethod
    def of(cls, tool: Tool) -> ToolEdit:
        """Return the texts of a tool."""
        value = responder_value(tool.responder)
        return cls(
            pretty(tool.definition),
            "" if tool.output is None else pretty(tool.output),
            tool.responder.kind,
            pretty(value["rules"]) if "rules" in value else "",
            shlex.join(value.get("argv", ())),
            f"{value.get('timeout', TIME_LIMIT):g}",
            str(value.get("folder", "")),
            " ".join(value.get("environment", ())),
        )

    def tool(self) -> Tool:
        """Read the texts; raises ValueError, one sentence that says which part and what is wrong with it."""
        try:
            definition = json_value(self.definition)
        except ValueError as error:
            raise ValueError(f"the definition, {error}") from None
        if not isinstance(definition, dict):
            raise ValueError("the definition is no object: {…}")
        try:
            output = json_value(self.output) if self.output.strip() else None
        except ValueError as error:
            raise ValueError(f"the result's schema, {error}") from None
        if output is not None and not isinstance(output, dict):
            raise ValueError("the result's schema is no object: {…}")
        return Tool(definition, output, self.responder())

    def responder(self) -> Responder:
        """Read what answers; raises ValueError, one sentence. What another kind needs is kept as well."""
        value: dict[str, Any] = {"kind": self.kind}
        if self.rules.strip():
            value["rules"] = read_rules(self.rules)
        if self.argv.strip():
            value |= {"argv": words_of(self.argv), "folder": self.folder, "environment": self.environment.split()}
            value["timeout"] = _seconds(self.timeout)
        elif self.kind == "command":
            raise ValueError("responder: type the program and its arguments, as in a shell: python3 weather.py")
        return responder_from(value)

    def to_json(self) -> dict[str, str]:
        """Return the texts, to be kept."""
        return asdict(self)

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> ToolEdit:
        """Return the texts that were kept."""
        known = {field.name for field in fields(cls)}
        return cls(**{name: text for name, text in value.items() if name in known and isinstance(text, str)})


def pretty(value: object) -> str:
    """Write JSON as the editor shows it."""
    return json.dumps(value, ensure_ascii=False, indent=2)


def words_of(line: str) -> list[str]:
    """Split a command line as a shell would; raises ValueError. No shell ever sees it."""
    try:
        return shlex.split(line)
    except ValueError as error:
        raise ValueError(f"responder: the command cannot be split into words: {str(error).lower()}") from None


def read_rules(text: str) -> Any:
    """Read canned rules written as JSON or as TOML; raises ValueError, one sentence with the place."""
    try:
        value = json_value(text)
    except ValueError as error:
        import tomllib

        try:
            value = tomllib.loads(text)
        except tomllib.TOMLDecodeError as fault:
            said = error if text.lstrip().startswith(("{", "[{", "[\n", "[ ", "[]")) else fault
            raise ValueError(f"the rules, {said}") from None
    return [rule_value(rule) for rule in rules_from(value)]


def _seconds(text: str) -> float:
    try:
        return float(text.strip() or TIME_LIMIT)
    except ValueError:
        raise ValueError(f"responder: timeout is {text.strip()[:40]!r}, not a number of seconds") from None
