"""References of a JSON Schema that lead nowhere; nothing is ever fetched."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

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
