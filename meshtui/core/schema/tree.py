"""The parameters of a tool as a tree: the rows that a form shows, and what stands at a place.

A place in a schema is a path of keys and numbers, as in `("properties", "address", "properties", "city")`; the root is
`()`. Nothing is resolved: a `$ref` is a member like any other. The edits are in `core.schema.edit`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from meshtui.core.json.place import json_path

Path = tuple[str | int, ...]
RowKind = Literal["root", "property", "items", "item", "branch", "values", "definition"]

BRANCHES = ("anyOf", "oneOf", "allOf")
DEFINITIONS = ("$defs", "definitions")

_SHOWN = frozenset(
    ("type", "description", "enum", "default", "required", "properties", "items", "prefixItems", *BRANCHES)
) | frozenset(("additionalProperties", *DEFINITIONS))

_KINDS: Mapping[str | int, RowKind] = {
    "properties": "property",
    "items": "items",
    "prefixItems": "item",
    "anyOf": "branch",
    "oneOf": "branch",
    "allOf": "branch",
    "$defs": "definition",
    "definitions": "definition",
}


@dataclass(frozen=True, slots=True)
class Row:
    """One place of a schema as a form shows it; rows come in the order of the schema, parents before children.

    `path` leads to it and stays good until the schema is edited. `kind` says what it is to its parent: a `property`,
    the `items` of an array, one `item` of a tuple, a `branch` of anyOf, oneOf or allOf, the `values` under names that
    no property has, a `definition` under $defs. `name` is what to call it: a property's name, `items`, `anyOf 1`.

    `types` are the plain types allowed, from `type` or from an anyOf of nothing but types, empty where any is;
    `words` tells that, a $ref, branches and what a list is of in a few words. `required` says it of a property.
    `can_hold_children` says that a property can be added; `closed` that no other names are allowed. `other` are the
    names of members that have no field here and are kept as they are. A `raw` row is no object (true, false, or
    broken): it is shown as JSON and only `replaced` and `edit.removed` change it.
    """

    path: Path
    kind: RowKind
    name: str
    depth: int
    types: tuple[str, ...] = ()
    words: str = "any"
    description: str = ""
    enum: tuple[Any, ...] | None = None
    default: Any = None
    has_default: bool = False
    required: bool = False
    can_hold_children: bool = False
    closed: bool = False
    other: tuple[str, ...] = ()
    raw: bool = False


def rows(schema: object) -> list[Row]:
    """Return the rows of a schema: the root, then what is in it. An absent schema (None) is an empty object."""
    found: list[Row] = []
    root: object = {} if schema is None else schema
    waiting: list[tuple[Path, RowKind, str, int, bool, object]] = [((), "root", "parameters", 0, False, root)]
    while waiting:
        path, kind, name, depth, required, value = waiting.pop()
        found.append(_row(path, kind, name, depth, required, value))
        waiting += [
            (path + step, below, called, depth + 1, needed, item)
            for step, below, called, needed, item in reversed(list(_children(value)))
        ]
    return found


def _row(path: Path, kind: RowKind, name: str, depth: int, required: bool, value: object) -> Row:
    if not isinstance(value, Mapping):
        return Row(path, kind, name, depth, words=type_words(value), required=required, raw=True)
    types, description, enum = types_of(value), value.get("description"), value.get("enum")
    broken = [
        name
        for name, fits in (
            ("description", isinstance(description, str)),
            ("enum", isinstance(enum, list)),
            ("required", isinstance(value.get("required"), list)),
            ("type", bool(types)),
            ("properties", isinstance(value.get("properties"), Mapping)),
            *((word, _is_branches(value.get(word))) for word in BRANCHES),
            *((word, isinstance(value.get(word), Mapping)) for word in DEFINITIONS),
        )
        if name in value and not fits
    ]
    return Row(
        path,
        kind,
        name,
        depth,
        types=types,
        words=type_words(value),
        description=description if isinstance(description, str) else "",
        enum=tuple(enum) if isinstance(enum, list) else None,
        default=value.get("default"),
        has_default="default" in value,
        required=required,
        can_hold_children=_holds_properties(value, types, root=not path) and "properties" not in broken,
        closed=value.get("additionalProperties") is False,
        other=tuple(name for name in value if name not in _SHOWN or name in broken),
    )


def _holds_properties(value: Mapping[str, Any], types: Sequence[str], *, root: bool) -> bool:
    if types:
        return "object" in types
    return "properties" in value or (root and "type" not in value and "$ref" not in value)


def _children(value: object) -> Iterator[tuple[Path, RowKind, str, bool, object]]:
    """Yield the places right below one: the step that leads there, what it is, its name, required or not, its value."""
    if not isinstance(value, Mapping):
        return
    required, properties = value.get("required"), value.get("properties")
    needed = required if isinstance(required, list) else []
    if isinstance(properties, Mapping):
        for name, item in properties.items():
            yield ("properties", name), "property", name, name in needed, item
    if "items" in value:
        yield ("items",), "items", "items", False, value["items"]
    for number, item in enumerate(value["prefixItems"] if _is_branches(value.get("prefixItems")) else ()):
        yield ("prefixItems", number), "item", f"item {number + 1}", False, item
    for word in BRANCHES:
        branches = value.get(word)
        if isinstance(branches, list) and not (word == "anyOf" and plain_types(branches)):
            for number, item in enumerate(branches):
                yield (word, number), "branch", f"{word} {number + 1}", False, item
    if isinstance(value.get("additionalProperties"), Mapping):
        yield ("additionalProperties",), "values", "any other name", False, value["additionalProperties"]
    for word in DEFINITIONS:
        definitions = value.get(word)
        for name, item in definitions.items() if isinstance(definitions, Mapping) else ():
            yield (word, name), "definition", name, False, item


def _is_branches(value: object) -> bool:
    return isinstance(value, list) and bool(value)


def plain_types(branches: object) -> tuple[str, ...]:
    """Return the types of branches that say nothing else; empty where one says more."""
    if not isinstance(branches, list) or not all(
        isinstance(item, Mapping) and set(item) == {"type"} for item in branches
    ):
        return ()
    types = [item["type"] for item in branches]
    return tuple(types) if all(isinstance(word, str) for word in types) else ()


def types_of(schema: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the plain types that a schema allows, in its order; empty where it does not say, or not plainly."""
    word = schema.get("type")
    if isinstance(word, str):
        return (word,)
    if isinstance(word, list) and all(isinstance(item, str) for item in word):
        return tuple(word)
    return plain_types(schema.get("anyOf")) if word is None else ()


def type_words(schema: object) -> str:
    """Tell in a few words what a schema allows."""
    if isinstance(schema, bool):
        return "anything" if schema else "nothing"
    if not isinstance(schema, Mapping):
        return "not a schema"
    types = types_of(schema)
    if types:
        words, items = " or ".join(types), schema.get("items")
        inner = types_of(items) if isinstance(items, Mapping) else ()
        return words.replace("array", f"array of {' or '.join(inner)}", 1) if inner and "array" in types else words
    if isinstance(schema.get("$ref"), str):
        return f"→ {schema['$ref'].rpartition('/')[2] or schema['$ref']}"
    if "type" in schema:
        return "not a type"
    for word, told in (("anyOf", "any"), ("oneOf", "one"), ("allOf", "all")):
        if _is_branches(schema.get(word)):
            return f"{told} of {len(schema[word])}"
    if "const" in schema:
        return "one value"
    return "values" if "enum" in schema else "object" if "properties" in schema else "any"


# Reading and replacing a place


def at(schema: object, path: Path) -> Any:
    """Return what stands at a path; raises ValueError where there is nothing."""
    return along(schema, path)[-1]


def along(schema: object, path: Path) -> list[Any]:
    """Return the values from the root to a path; raises ValueError where there is nothing."""
    values: list[Any] = [{} if schema is None else schema]
    for step in path:
        here = values[-1]
        inside = step in here if isinstance(here, Mapping) else _is_index(here, step)
        if not inside:
            raise ValueError(f"there is nothing at {json_path(path)} any more")
        values.append(here[step])
    return values


def _is_index(value: object, step: str | int) -> bool:
    return isinstance(value, list) and isinstance(step, int) and 0 <= step < len(value)


def replaced(schema: object, path: Path, value: Any) -> Any:
    """Return the schema with another value at a path, whatever it is: how a raw row, or any subtree, is edited."""
    values = along(schema, path)
    for here, step in zip(reversed(values[:-1]), reversed(path), strict=True):
        copy = dict(here) if isinstance(here, Mapping) else list(here)
        copy[step] = value  # type: ignore[index]  # the way here proved that it fits
        value = copy
    return value


def place_kind(path: Path) -> RowKind:
    """Return what a path leads to, by its steps alone."""
    kind: RowKind = "root"
    place = 0
    while place < len(path):
        kind = _KINDS.get(path[place], "values")
        place += 1 if kind in ("items", "values") else 2
    return kind
