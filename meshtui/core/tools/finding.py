"""What a check of a tool definition found: what, where, how bad, and the one-key fix."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from meshtui.core.json.place import Keys, json_path

Kind = Literal["json", "tool", "schema", "strict"]
Severity = Literal["error", "warning"]

MOST_FINDINGS = 200
"""Findings of one definition that are told."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One fault of a definition.

    `code` is a short fixed word for it. `keys` leads from the root of the definition to the object that is wrong,
    `inner` from there to the member that it is about; `path` is both in words. Line and column (from 1) are its place
    in the text, where there is one. `fix` says in a few words what `fixes.mended` would do, empty where nothing
    sensible can be done with one key.
    """

    kind: Kind
    code: str
    message: str
    keys: Keys = ()
    inner: Keys = ()
    severity: Severity = "error"
    fix: str = ""
    line: int | None = None
    column: int | None = None

    @property
    def path(self) -> str:
        """Where it is: `$.function.parameters.properties.age`."""
        return json_path((*self.keys, *self.inner))

    def below(self, *keys: str | int) -> Finding:
        """Return the same for a definition that stands deeper."""
        return replace(self, keys=(*keys, *self.keys))

    def to_json(self) -> dict[str, object]:
        """Return it as JSON members."""
        return {
            "kind": self.kind,
            "code": self.code,
            "severity": self.severity,
            "path": self.path,
            "message": self.message,
            "line": self.line,
            "column": self.column,
            "fix": self.fix or None,
        }
