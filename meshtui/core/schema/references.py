"""References of a JSON Schema that lead nowhere, or round in a ring; nothing is ever fetched."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote

from meshtui.core.json.place import Keys
from meshtui.core.schema.metaschema import subschemas

_REFERENCES = ("$ref", "$dynamicRef", "$recursiveRef")


def dead_references(schema: Any) -> Iterator[tuple[Keys, str, str]]:
    """Yield each reference that leads to no schema, here or in the known drafts: keys, keyword and address.

    The schema must be a right one by the meta-schema.
    """
    found: list[tuple[Keys, str, str]] = []
    bases: dict[Keys, Any] = {}
    for keys, value in subschemas(schema):
        if isinstance(value, dict):
            found += [(keys, name, value[name]) for name in _REFERENCES if isinstance(value.get(name), str)]
            if keys and isinstance(value.get("$id"), str):
                bases[keys] = value
    known: dict[tuple[Keys, str], bool] = {}
    for keys, name, address in found:
        base = next((keys[:end] for end in range(len(keys), 0, -1) if keys[:end] in bases), ()) if bases else ()
        if (base, address) not in known:
            inner = [bases[base[:end]] for end in range(1, len(base) + 1) if base[:end] in bases]
            known[base, address] = _leads_somewhere(schema, inner, address)
        if not known[base, address]:
            yield keys, name, address


def endless_references(schema: Any) -> Iterator[tuple[Keys, str]]:
    """Yield, once for each ring, a `$ref` that leads through others back to itself: its keys and its address.

    Nothing can be checked by such a schema. Only paths from the root are followed, and none past an `$id`.
    """
    rows = [(keys, value) for keys, value in subschemas(schema) if isinstance(value, dict)]
    if any(keys and "$id" in value for keys, value in rows):
        return
    keys_of = {id(value): keys for keys, value in rows}
    known: set[int] = set()
    for _, value in rows:
        way: set[int] = set()
        node: Any = value
        while isinstance(node, dict) and id(node) not in known and isinstance(node.get("$ref"), str):
            if id(node) in way:
                yield keys_of.get(id(node), ()), node["$ref"]
                break
            way.add(id(node))
            node = _at(schema, node["$ref"])
        known |= way


def _at(schema: Any, address: str) -> Any:
    """Return what stands at an address such as `#/$defs/a`; None where it is of another kind, or nothing is there."""
    if address != "#" and not address.startswith("#/"):
        return None
    for step in unquote(address).split("/")[1:]:
        name = step.replace("~1", "/").replace("~0", "~")
        if isinstance(schema, list):
            schema = schema[int(name)] if name.isdecimal() and int(name) < len(schema) else None
        else:
            schema = schema.get(name) if isinstance(schema, dict) else None
    return schema


def _leads_somewhere(schema: Any, inner: list[Any], address: str) -> bool:
    """Return whether an address that stands below the `inner` resources of a schema leads to a schema."""
    from jsonschema_specifications import REGISTRY
    from referencing.exceptions import CannotDetermineSpecification, Unresolvable
    from referencing.jsonschema import DRAFT202012

    try:
        resolver = REGISTRY.resolver_with_root(DRAFT202012.create_resource(schema))
        for one in inner:
            resolver = resolver.in_subresource(DRAFT202012.create_resource(one))
        return isinstance(resolver.lookup(address).contents, dict | bool)
    except (Unresolvable, CannotDetermineSpecification, LookupError, ValueError, TypeError, AttributeError):
        return False
