"""Values that fit a JSON Schema, so that a tool call's arguments do: the same schema and mark give the same value.

Reads types, enum, const, objects, arrays, allOf/anyOf/oneOf/if-then, local $ref, ranges, lengths, formats and
patterns. `not`, `unevaluated*` and remote references are ignored; a schema that is nonsense still gives a value.
"""

from __future__ import annotations

import math
import random
import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any
from urllib.parse import unquote

from meshtui.core.schema.lenient import (
    anchored,
    bounds,
    has_type,
    listed,
    matches,
    merged,
    simply_fits,
    tidy,
    type_of,
    types,
)
from meshtui.core.schema.pattern_text import BadPattern, text_matching

DEPTH = 3
"""Levels below which only what is required is made, so that recursive schemas end."""

DEPTH_MAX = 24
"""Levels below which nothing is made."""

TRIES = 12
"""How often a text is made anew that does not fit yet, and four times as often an item that is there already."""

MOST_VALUES = 5_000
"""Values that are made for one schema: lists of lists may ask for more than any memory holds."""

LONGEST = 100_000
"""Characters that a text may have to have."""

_FORMATS = {
    "date": "2026-03-14",
    "time": "09:30:00Z",
    "date-time": "2026-03-14T09:30:00Z",
    "duration": "PT1H30M",
    "email": "ada@example.com",
    "idn-email": "ada@example.com",
    "hostname": "example.com",
    "idn-hostname": "example.com",
    "ipv4": "192.0.2.17",
    "ipv6": "2001:db8::17",
    "uri": "https://example.com/page",
    "uri-reference": "/page",
    "iri": "https://example.com/page",
    "iri-reference": "/page",
    "uri-template": "https://example.com/{id}",
    "uuid": "3f1d2c4b-0a9e-4c58-9d21-6b7f0e5a1c22",
    "json-pointer": "/items/0",
    "relative-json-pointer": "1/items",
    "regex": "^[a-z]+$",
}
_NAMES = (
    (("email",), "ada@example.com"),
    (("date", "day"), "2026-03-14"),
    (("time",), "09:30"),
    (("country",), "France"),
    (("currency",), "EUR"),
    (("language", "lang", "locale"), "en"),
    (("url", "uri", "link"), "https://example.com/page"),
    (("path", "file"), "notes/today.md"),
    (("phone",), "+33 1 23 45 67 89"),
    (("unit",), "metric"),
    (("id",), "A-1042"),
    (("name", "person", "user"), "Ada Lovelace"),
)
"""What a parameter of such a name usually holds; the first entry whose word is in the name counts."""
_PLACES = ("city", "location", "place", "destination", "origin", "address", "town")
_WORDS = ("query", "question", "text", "prompt", "message", "content", "search", "topic", "input", "body")


class _NoValue(ValueError):
    """No value fits, or none that is small enough to be made."""


def value_for(schema: Any, mark: str, hint: str = "") -> Any:
    """Return a value that fits the schema; `mark` decides among the fitting ones, `hint` may be quoted in it.

    It is an empty object where no value fits, or only one too large to be made.
    """
    return _made(schema, _Maker(schema, random.Random(mark), hint))


def example(schema: Any) -> Any:
    """Return a small value that fits the schema and shows all of it: what is optional is there, too.

    It is an empty object where no value fits, or only one too large to be made.
    """
    return _made(schema, _Maker(schema, random.Random("example"), "", whole=True))


def _made(schema: Any, maker: _Maker) -> Any:
    try:
        return maker.make(schema, 0, "")
    except (_NoValue, RecursionError):
        return {}


class _Maker:
    def __init__(self, root: Any, chance: random.Random, hint: str, *, whole: bool = False) -> None:
        self._root = root
        self._chance = chance
        self._hint = hint
        self._whole = whole
        self._left = MOST_VALUES

    def make(self, schema: Any, depth: int, name: str) -> Any:
        self._left -= 1
        if schema is False or depth > DEPTH_MAX or self._left < 0:
            raise _NoValue
        if not isinstance(schema, Mapping) or not schema:
            return self._words(name)
        schema = tidy(self._flat(schema, depth))
        for key in ("anyOf", "oneOf"):
            if isinstance(schema.get(key), list) and schema[key]:
                return self._any_of(schema, key, depth, name)
        if "const" in schema:
            return schema["const"]
        if isinstance(schema.get("enum"), list) and schema["enum"]:
            return self._chosen(schema)
        return self._of_type(schema, depth, name)

    def _of_type(self, schema: Mapping[str, Any], depth: int, name: str) -> Any:
        kind = type_of(schema)
        for suggestion in (schema.get("default"), *listed(schema.get("examples"))):
            if simply_fits(suggestion, kind, schema):
                return suggestion
        match kind:
            case "object":
                return self._object(schema, depth)
            case "array":
                return self._array(schema, depth, name)
            case "string":
                return self._string(schema, name)
            case "integer" | "number":
                return self._number(schema, whole=kind == "integer")
            case "boolean":
                return self._chance.random() < 0.5
            case _:
                return None

    # Combining

    def _flat(self, schema: Mapping[str, Any], depth: int) -> Mapping[str, Any]:
        """Return the schema with $ref, allOf and if/then put together."""
        for _ in range(DEPTH_MAX):
            if isinstance(schema.get("$ref"), str):
                rest = {key: value for key, value in schema.items() if key != "$ref"}
                schema = merged(self._target(schema["$ref"]), rest)
            elif isinstance(schema.get("allOf"), list):
                parts = schema["allOf"]
                schema = {key: value for key, value in schema.items() if key != "allOf"}
                for part in parts:
                    schema = merged(schema, self._flat(part, depth) if isinstance(part, Mapping) else {})
            elif isinstance(schema.get("if"), Mapping) and "then" in schema:
                condition, then = schema["if"], schema["then"]
                schema = {key: value for key, value in schema.items() if key not in ("if", "then", "else")}
                schema = merged(merged(schema, condition), then if isinstance(then, Mapping) else {})
            else:
                return schema
        raise _NoValue

    def _target(self, reference: str) -> Mapping[str, Any]:
        if not reference.startswith("#"):
            return {}
        pointer = unquote(reference[1:])
        if pointer and not pointer.startswith("/"):
            return anchored(self._root, pointer) or {}
        target = self._root
        for step in pointer.split("/")[1:]:
            step = step.replace("~1", "/").replace("~0", "~")
            if isinstance(target, Mapping):
                target = target.get(step)
            elif isinstance(target, list) and step.isdigit() and int(step) < len(target):
                target = target[int(step)]
            else:
                return {}
        return target if isinstance(target, Mapping) else {}

    def _any_of(self, schema: Mapping[str, Any], key: str, depth: int, name: str) -> Any:
        base = {field: value for field, value in schema.items() if field != key}
        options: list[Any] = list(schema[key])
        # Deep down the plain options first, so that recursion ends; null only when nothing else works.
        if depth < DEPTH:
            self._chance.shuffle(options)
        else:
            options.sort(key=lambda option: len(str(option)))
        options.sort(key=lambda option: isinstance(option, Mapping) and option.get("type") == "null")
        for option in options:
            try:
                flat = self._flat(option, depth) if isinstance(option, Mapping) else option
                return self.make(merged(base, flat) if isinstance(flat, Mapping) else flat, depth + 1, name)
            except _NoValue:
                continue
        raise _NoValue

    def _chosen(self, schema: Mapping[str, Any]) -> Any:
        kind = type_of(schema) if "type" in schema else None
        fitting = [value for value in schema["enum"] if kind is None or has_type(value, types(schema))]
        if not fitting:
            raise _NoValue
        real = [value for value in fitting if value is not None]
        return self._chance.choice(real or fitting)

    # Lists and objects

    def _object(self, schema: Mapping[str, Any], depth: int) -> dict[str, Any]:
        properties = schema.get("properties")
        properties = properties if isinstance(properties, Mapping) else {}
        required = [name for name in listed(schema.get("required")) if isinstance(name, str)]
        most = schema.get("maxProperties", math.inf)
        made: dict[str, Any] = {}
        for name in self._wanted(properties, required, depth):
            if name not in required and len(made) >= max(most, len(required)):
                continue
            try:
                made[name] = self.make(self._property_schema(schema, properties, name), depth + 1, name)
            except _NoValue:
                if name in required:
                    raise
        self._add_dependents(schema, properties, made, depth)
        number = 0
        while len(made) < schema.get("minProperties", 0) and number < 100:
            number += 1
            name = self._free_name(schema, number)
            if name not in made:
                made[name] = self.make(self._property_schema(schema, properties, name), depth + 1, name)
        return made

    def _wanted(self, properties: Mapping[str, Any], required: Sequence[str], depth: int) -> list[str]:
        optional = [name for name in properties if name not in required]
        if depth >= DEPTH:
            return list(required)
        chosen = [name for name in optional if self._whole or self._chance.random() < 0.6]
        return [*(name for name in properties if name in required or name in chosen)] + [
            name for name in required if name not in properties
        ]

    def _add_dependents(
        self, schema: Mapping[str, Any], properties: Mapping[str, Any], made: dict[str, Any], depth: int
    ) -> None:
        needs = schema.get("dependentRequired")
        if not isinstance(needs, Mapping):
            return
        open_names = list(made)
        while open_names:
            for name in listed(needs.get(open_names.pop())):
                if name not in made:
                    made[name] = self.make(self._property_schema(schema, properties, name), depth + 1, name)
                    open_names.append(name)

    def _property_schema(self, schema: Mapping[str, Any], properties: Mapping[str, Any], name: str) -> Any:
        if name in properties:
            return properties[name]
        patterns = schema.get("patternProperties")
        for pattern, found in (patterns if isinstance(patterns, Mapping) else {}).items():
            if matches(pattern, name):
                return found
        more = schema.get("additionalProperties", {})
        return more if isinstance(more, Mapping | bool) else {}

    def _free_name(self, schema: Mapping[str, Any], number: int) -> str:
        patterns = schema.get("patternProperties")
        names = schema.get("propertyNames")
        wanted = next(iter(patterns), "") if isinstance(patterns, Mapping) else ""
        if isinstance(names, Mapping):
            if isinstance(names.get("enum"), list):
                return str(names["enum"][(number - 1) % len(names["enum"])])
            wanted = str(names.get("pattern", wanted))
        return self._matching(wanted, 0) if wanted else f"item_{number}"

    def _array(self, schema: Mapping[str, Any], depth: int, name: str) -> list[Any]:
        prefix = [item for item in listed(schema.get("prefixItems"))]
        items = schema.get("items", {})
        if isinstance(items, list):
            prefix, items = items, schema.get("additionalItems", {})
        least = int(schema.get("minItems", 0))
        contains = schema.get("contains")
        wanted = max(least, int(schema.get("minContains", 1))) if contains is not None else least
        count = max(wanted, len(prefix), 1 if self._whole or depth >= DEPTH else self._chance.randint(1, 3))
        count = min(count, int(schema.get("maxItems", count)))
        if items is False:
            count = min(count, len(prefix))
        elif depth >= DEPTH:
            count = max(least, len(prefix))
        singular = name.removesuffix("s")
        made: list[Any] = []
        for number in range(count):
            part = prefix[number] if number < len(prefix) else items
            if contains is not None and number < wanted and isinstance(part, Mapping) and isinstance(contains, Mapping):
                part = merged(part, contains)
            made.append(self._other_than(made, part, depth, singular, unique=bool(schema.get("uniqueItems"))))
        return made

    def _other_than(self, made: list[Any], schema: Any, depth: int, name: str, *, unique: bool) -> Any:
        value = self.make(schema, depth + 1, name)
        free_text = isinstance(schema, Mapping) and schema.get("type") == "string" and "enum" not in schema
        for number in range(TRIES * 4):
            if not unique or value not in made:
                return value
            value = self.make(schema, depth + 1, name)
            longer = f"{value} {number}"
            if free_text and simply_fits(longer, "string", tidy(schema)):
                value = longer
        raise _NoValue

    # Scalars

    def _words(self, name: str) -> str:
        lowered = name.casefold()
        if self._hint and any(word in lowered for word in _WORDS):
            return " ".join(self._hint.split())[:80]
        if any(word in lowered for word in _PLACES):
            found = re.findall(r"(?<=\s)[A-Z][a-zà-ÿ]{2,}", self._hint)
            return found[-1] if found else "Paris"
        for words, value in _NAMES:
            if any(word in lowered for word in words):
                return value
        return f"sample {name.replace('_', ' ')}".strip()

    def _string(self, schema: Mapping[str, Any], name: str) -> str:
        least, most = schema.get("minLength", 0), schema.get("maxLength", math.inf)
        if isinstance(schema.get("pattern"), str):
            for number in range(TRIES if least <= LONGEST else 0):
                text = self._matching(schema["pattern"], least if number % 2 else 0)
                if least <= len(text) <= most and matches(schema["pattern"], text):
                    return text
        text = _FORMATS.get(str(schema.get("format"))) or self._words(name)
        if least > LONGEST:
            raise _NoValue
        if len(text) < least:
            text += "." * int(least - len(text))
        return text if len(text) <= most else text[: int(most)]

    def _matching(self, pattern: str, at_least: int) -> str:
        try:
            return text_matching(pattern, self._chance, int(at_least))
        except (BadPattern, RecursionError):
            return "sample"

    def _number(self, schema: Mapping[str, Any], *, whole: bool) -> int | float:
        step = Decimal(str(schema.get("multipleOf") or (1 if whole else "0.5")))
        low, high = bounds(schema, step)
        if low is None and high is None:
            low, high = step, step * 40
        elif low is None:
            assert high is not None  # noqa: S101 - for the type checker
            low = high - 20 * step
        elif high is None:
            high = low + 20 * step
        assert high is not None  # noqa: S101 - for the type checker
        first, last = math.ceil(low / step), math.floor(high / step)
        if first > last:
            # Nothing on the steps: half-way is inside, unless whole numbers are wanted.
            if whole or "multipleOf" in schema:
                raise _NoValue
            return float((low + high) / 2)
        value = step * self._chance.randint(first, min(last, first + 1000))
        return int(value) if value == value.to_integral_value() else float(value)
