"""Values that fit a JSON Schema, so that a tool call's arguments do: the same schema and mark give the same value."""

from __future__ import annotations

from typing import Any


def value_for(schema: Any, mark: str, hint: str = "") -> Any:
    """A value that fits the schema."""
    properties = schema.get("properties") or {} if isinstance(schema, dict) else {}
    return {name: mark[:6] for name in properties}
