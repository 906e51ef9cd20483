"""Slots of templates: the grammar and the expansion of the gateway (contract, section 4), rendered here.

A slot is `{{`, optional white space, a name of ASCII letters, digits and underscores, optional white space,
`}}`. Anything else in braces is literal. Values go in once, as they are.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from meshtui.core.chat import Message, TextPart

_SLOT = re.compile(r"\{\{\s*([A-Za-z0-9_]+)\s*\}\}")


@dataclass(frozen=True, slots=True)
class Slot:
    """One place of a slot in a text: its name and where it stands."""

    name: str
    start: int
    end: int


def scan(text: str) -> list[Slot]:
    """Return the slots of `text` in order of appearance."""
    return [Slot(match[1], match.start(), match.end()) for match in _SLOT.finditer(text)]


def fill(text: str, variables: Mapping[str, str]) -> str:
    """Return `text` with every slot that has a value replaced, in one pass; the others stay as they are."""
    return _SLOT.sub(lambda match: variables.get(match[1], match[0]), text)


@dataclass(frozen=True, slots=True)
class Template:
    """A stored prompt: system text, messages, and defaults for the model, the parameters and the variables."""

    name: str
    description: str = ""
    system: str = ""
    messages: tuple[Message, ...] = ()
    model: str = ""
    params: Mapping[str, Any] = field(default_factory=dict)
    variables: Mapping[str, str] = field(default_factory=dict)

    @property
    def texts(self) -> tuple[str, ...]:
        """The texts in which slots count, in the order in which they are sent."""
        return (self.system, *(message.text for message in self.messages))

    @property
    def said(self) -> str:
        """Its name, description and texts as one text, to look for words in."""
        return "\n".join((self.name, self.description, *self.texts))

    @property
    def slots(self) -> tuple[str, ...]:
        """The names of the slots, each once, in order of appearance."""
        return tuple(dict.fromkeys(slot.name for text in self.texts for slot in scan(text)))

    def missing(self, variables: Mapping[str, str]) -> tuple[str, ...]:
        """Return the slots that have neither a value in `variables` nor a default; an empty text is a value."""
        return tuple(name for name in self.slots if name not in variables and name not in self.variables)

    def expand(self, variables: Mapping[str, str]) -> tuple[str, tuple[Message, ...]]:
        """Return the system text and the messages with the values filled in.

        Raises KeyError with the first missing name.
        """
        for name in self.missing(variables):
            raise KeyError(name)
        values = {**self.variables, **variables}
        return fill(self.system, values), tuple(_filled(message, values) for message in self.messages)

    def rendered(self, variables: Mapping[str, str]) -> tuple[Message, ...]:
        """Return every message of the template as it goes out, the system text first; KeyError as `expand`."""
        system, messages = self.expand(variables)
        return (*((Message("system", system),) if self.system else ()), *messages)

    def sent(self) -> dict[str, Any]:
        """Return what of the template decides about an answer: texts, model and parameters."""
        return {
            "system": self.system,
            "messages": [message.to_wire() for message in self.messages],
            "model": self.model,
            "params": dict(self.params),
        }

    def to_json(self) -> dict[str, Any]:
        """Return the whole template as JSON values."""
        known = {"name": self.name, "description": self.description, "variables": dict(self.variables)}
        return {**known, **self.sent()}

    @classmethod
    def from_json(cls, raw: Mapping[str, Any]) -> Template:
        """Read what `to_json` returned, or an object of the gateway; names without values are no defaults."""
        variables = raw.get("variables")
        return cls(
            name=raw.get("name") or "",
            description=raw.get("description") or "",
            system=raw.get("system") or "",
            messages=tuple(Message.from_json(row) for row in raw.get("messages") or ()),
            model=raw.get("model") or "",
            params=dict(raw.get("params") or {}),
            variables=dict(variables) if isinstance(variables, Mapping) else {},
        )

    def body(self) -> dict[str, Any]:
        """Return the template as the body of a request, its slots as they stand."""
        sent = self.sent()
        system = [Message("system", self.system).to_wire()] if self.system else []
        model = {"model": self.model} if self.model else {}
        return {**model, "messages": [*system, *sent["messages"]], **sent["params"]}

    def with_body(self, body: Mapping[str, Any]) -> Template:
        """Return this template with another body; a system message at its beginning is the system text."""
        if body == self.body():
            return self
        messages = [Message.from_json(row) for row in body.get("messages") or ()]
        system = ""
        if messages and messages[0].text and messages[0] == Message("system", messages[0].text):
            system = messages.pop(0).text
        params = {name: value for name, value in body.items() if name not in ("model", "messages")}
        return replace(self, system=system, messages=tuple(messages), model=body.get("model", ""), params=params)

    def to_wire(self) -> dict[str, Any]:
        """Return the fields of `POST /v1/templates`; the slots are its list of variables. What is empty is None."""
        fields = {"name": self.name, "description": self.description, **self.sent(), "variables": list(self.slots)}
        return {name: value or None for name, value in fields.items()}

    @property
    def hash(self) -> str:
        """The name of this version: the same for the same texts, model and parameters (SHA-256, 16 letters)."""
        import hashlib  # late: OpenSSL takes a while to load

        body = json.dumps(self.sent(), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        return hashlib.sha256(body.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def _filled(message: Message, values: Mapping[str, str]) -> Message:
    content = message.content
    if isinstance(content, str):
        return replace(message, content=fill(content, values))
    parts = (
        replace(part, text=fill(part.text, values)) if isinstance(part, TextPart) else part for part in content or ()
    )
    return replace(message, content=tuple(parts))
