"""One request as the sandbox's models see it; what every choice of theirs is made from."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from .catalogue import Model
from .ids import digest
from .tokens import text_of


@dataclass(frozen=True, slots=True)
class Ask:
    """One request to one model: what it got after templates and overrides.

    length: number of tokens asked for (X-Sandbox-Tokens). force_tools: call two tools whatever was offered.
    """

    model: Model
    name: str
    body: Mapping[str, Any]
    seed: int = 0
    length: int | None = None
    force_tools: bool = False
    words: str = field(init=False)

    def __post_init__(self) -> None:
        """Write down once what every choice is made from."""
        object.__setattr__(self, "words", json.dumps([self.messages, self.body.get("tools")], sort_keys=True))

    @property
    def messages(self) -> Sequence[Mapping[str, Any]]:
        """The messages, in order."""
        found: Sequence[Mapping[str, Any]] = self.body.get("messages") or ()
        return found

    @property
    def question(self) -> str:
        """The text of the last user message."""
        for message in reversed(self.messages):
            if message.get("role") == "user":
                return text_of(message.get("content"))
        return ""

    @property
    def functions(self) -> list[Mapping[str, Any]]:
        """The function tools offered."""
        tools = self.body.get("tools") or ()
        return [tool["function"] for tool in tools if tool.get("type", "function") == "function" and "function" in tool]

    def pick(self, choices: Sequence[str], salt: str) -> str:
        """One of the choices, always the same for the same request."""
        return choices[int(self.mark(salt)[:8], 16) % len(choices)]

    def mark(self, salt: str) -> str:
        """A digest of the request: messages, model and seeds."""
        return digest(salt, self.name, self.seed, self.body.get("seed"), self.words)
