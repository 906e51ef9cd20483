"""A tool as it is kept: what the gateway is told of it, and what answers its calls here.

The file has the members of the function object (name, description, parameters, strict, and any other) or the
whole wire object with `function`; beside them `output`, a JSON Schema of results, and `responder`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from meshtui.core.json.text import kind_of

ResponderKind = Literal["hand", "canned", "command"]

OURS = ("output", "responder")
"""Members of a tool file that are this program's own and never sent."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One canned answer: for calls of `tool` (empty: of any) whose arguments have the values of `when` by path.

    `latency` is in seconds. Where `error` is given it is the answer instead of `result`, told as a failure.
    """

    result: Any = None
    when: Mapping[str, Any] = field(default_factory=dict)
    tool: str = ""
    latency: float = 0.0
    error: str = ""


@dataclass(frozen=True, slots=True)
class Command:
    """A program that answers calls: `argv` without a shell, arguments as JSON on stdin, stdout as result.

    `timeout` is in seconds, `folder` relative to the tool's file, `environment` are the names let through beyond PATH
    and the like; the gateway's key never is.
    """

    argv: tuple[str, ...]
    timeout: float = 30.0
    folder: str = ""
    environment: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Responder:
    """What answers the calls of a tool: the user by hand, canned rules (the first that matches), or a command."""

    kind: ResponderKind = "hand"
    rules: tuple[Rule, ...] = ()
    command: Command | None = None


@dataclass(frozen=True, slots=True)
class Tool:
    """A tool. `definition` is the wire object whole, `{"type": "function", "function": {…}}` or another type."""

    definition: Mapping[str, Any]
    output: Mapping[str, Any] | None = None
    responder: Responder = Responder()

    @property
    def function(self) -> Mapping[str, Any]:
        """The function object, empty where the definition has none."""
        inner = self.definition.get("function")
        return inner if isinstance(inner, Mapping) else {}

    @property
    def name(self) -> str:
        """The name that the model calls, an empty text where there is none."""
        name = self.function.get("name", self.definition.get("name"))
        return name if isinstance(name, str) else ""

    @property
    def description(self) -> str:
        """What the model is told of it."""
        text = self.function.get("description")
        return text if isinstance(text, str) else ""

    @property
    def parameters(self) -> Any:
        """The JSON Schema of the arguments as it stands, None where there is none."""
        return self.function.get("parameters")

    @property
    def fault(self) -> str:
        """What keeps it from being sent at all, in a few words; what only some providers refuse is left to them."""
        if self.definition.get("type") != "function":
            return ""
        if not self.name.strip():
            return "it needs a name, a text"
        if self.parameters is not None and not isinstance(self.parameters, Mapping):
            return f"parameters is {kind_of(self.parameters)}, not a JSON Schema object"
        return ""

    @property
    def strict(self) -> bool:
        """Whether the provider is asked to keep arguments to the schema."""
        return self.function.get("strict") is True
