"""Edits of a schema by place: each takes a schema and returns a new one, and loses nothing that it does not know.

Paths are those of `core.schema.tree`. What did not change is shared with the schema given, which is never changed.
Whatever cannot be done raises ValueError with one sentence.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from meshtui.core.json.place import json_path
from meshtui.core.schema.metaschema import TYPES
from meshtui.core.schema.tree import Path, at, place_kind, plain_types, replaced, types_of


def _object_at(schema: object, path: Path) -> dict[str, Any]:
    """Return a copy of the object at a path; raises ValueError where it is none."""
    value = at(schema, path)
    if not isinstance(value, Mapping):
        raise ValueError(f"{json_path(path)} is no object: edit it as JSON")
    return dict(value)


# Editing one place


def with_member(schema: object, path: Path, member: str, value: Any) -> Any:
    """Return the schema with one member of a place set, as it is: default, title, minimum, items …"""
    return replaced(schema, path, _object_at(schema, path) | {member: value})


def without_member(schema: object, path: Path, member: str) -> Any:
    """Return the schema without one member of a place."""
    rest = {name: item for name, item in _object_at(schema, path).items() if name != member}
    return replaced(schema, path, rest)


def with_description(schema: object, path: Path, text: str) -> Any:
    """Return the schema with another description at a place; an empty text takes it away."""
    return with_member(schema, path, "description", text) if text else without_member(schema, path, "description")


def with_enum(schema: object, path: Path, values: Iterable[Any] | None) -> Any:
    """Return the schema with the values that a place allows; None or no value takes the enum away."""
    allowed = list(values or ())
    return with_member(schema, path, "enum", allowed) if allowed else without_member(schema, path, "enum")


def with_type(schema: object, path: Path, types: Sequence[str], *, any_of: bool | None = None) -> Any:
    """Return the schema with the types that a place allows; none at all allows any.

    Several are a list under `type`, or an anyOf where `any_of` says so or the place has one already. A new array is
    one of strings, a new object has no properties; what belonged to the former type stays, for it may be wanted back.
    """
    value = _object_at(schema, path)
    types = list(dict.fromkeys(types))
    unknown = [word for word in types if word not in TYPES]
    if unknown:
        raise ValueError(f"{unknown[0]!r} is no type of JSON Schema; it has {', '.join(TYPES)}")
    was_any_of = bool(plain_types(value.get("anyOf"))) and "type" not in value
    if any_of is None:
        any_of = was_any_of and len(types) > 1
    if any_of and not was_any_of and "anyOf" in value:
        raise ValueError(f"{json_path(path)} has an anyOf already: add a branch to it")
    member = "anyOf" if any_of and types else "type"
    new: Any = [{"type": word} for word in types] if member == "anyOf" else types[0] if len(types) == 1 else types
    former = "anyOf" if was_any_of else "type"
    value = _put_in_place(value, former, member, new) if types else _without(value, former)
    if "array" in types and "items" not in value and "prefixItems" not in value:
        value["items"] = {"type": "string"}
    if "object" in types and "properties" not in value and "additionalProperties" not in value:
        value["properties"] = {}
        if _is_closed(schema):
            value |= {"required": [], "additionalProperties": False}
    return replaced(schema, path, value)


def _is_closed(schema: object) -> bool:
    return isinstance(schema, Mapping) and schema.get("additionalProperties") is False


def _put_in_place(value: Mapping[str, Any], old: str, new: str, item: Any) -> dict[str, Any]:
    """Return an object with the member `new` where `old` was, or first where there was none."""
    if old not in value:
        return {new: item, **value}
    return {new if name == old else name: item if name == old else kept for name, kept in value.items()}


def _without(value: Mapping[str, Any], member: str) -> dict[str, Any]:
    return {name: item for name, item in value.items() if name != member}


def nullable(schema: object, path: Path, flag: bool) -> Any:
    """Return the schema with null allowed at a place, or not; the other types stay."""
    types = types_of(_object_at(schema, path))
    if not types:
        raise ValueError(f"{json_path(path)} has no plain type: add a branch, or set its type first")
    return with_type(schema, path, [*(word for word in types if word != "null"), *(["null"] if flag else [])])


def with_closed(schema: object, path: Path, flag: bool) -> Any:
    """Return the schema with no other names allowed in an object (what strict mode asks for), or with any."""
    if flag:
        return with_member(schema, path, "additionalProperties", False)
    return without_member(schema, path, "additionalProperties")


def with_required(schema: object, path: Path, flag: bool) -> Any:
    """Return the schema with a property required, or not."""
    if place_kind(path) != "property":
        raise ValueError("only a property can be required")
    at(schema, path)
    parent, name = path[:-2], path[-1]
    needed = _required(_object_at(schema, parent), parent)
    if flag == (name in needed):
        return schema
    needed = [*needed, name] if flag else [item for item in needed if item != name]
    return with_member(schema, parent, "required", needed)


def _required(value: Mapping[str, Any], path: Path) -> list[Any]:
    required = value.get("required", [])
    if not isinstance(required, list):
        raise ValueError(f"required of {json_path(path)} is no list: edit it as JSON")
    return required


# Adding, removing, renaming, moving


def with_property(schema: object, path: Path, name: str, value: Any = None, *, required: bool | None = None) -> Any:
    """Return the schema with another property, last, in the object at a path; it is a text unless `value` says more.

    Without a word on `required` it is where all others are and the object is closed, as strict mode wants it.
    An absent or empty schema becomes an object.
    """
    here = _object_at(schema, path)
    properties = here.get("properties", {})
    if not isinstance(properties, Mapping):
        raise ValueError(f"properties of {json_path(path)} is no object: edit it as JSON")
    _check_name(name, properties)
    if not here:
        here = {"type": "object"}
    needed = _required(here, path)
    if required is None:
        required = here.get("additionalProperties") is False and all(item in needed for item in properties)
    here["properties"] = {**properties, name: {"type": "string"} if value is None else value}
    if required:
        here["required"] = [*needed, name]
    return replaced(schema, path, here)


def _check_name(name: str, taken: Mapping[str, Any]) -> None:
    if not name:
        raise ValueError("a property needs a name")
    if name in taken:
        raise ValueError(f"there is a property {name!r} already")


def free_name(schema: object, path: Path, wanted: str = "property") -> str:
    """Return a name that no property of the object at a path has, as near to `wanted` as that goes."""
    value = at(schema, path)
    properties = value.get("properties") if isinstance(value, Mapping) else None
    taken = properties if isinstance(properties, Mapping) else {}
    name, number = wanted, 2
    while name in taken:
        name, number = f"{wanted}_{number}", number + 1
    return name


def with_branch(schema: object, path: Path, value: Any = None) -> Any:
    """Return the schema with another branch of anyOf at a place; the types that it had become branches of their own.

    Without a `value` it is an object.
    """
    here = _object_at(schema, path)
    types = types_of(here)
    branches = here.get("anyOf")
    if branches is None and types:
        here = _put_in_place(here, "type", "anyOf", [{"type": word} for word in types])
    elif branches is not None and not isinstance(branches, list):
        raise ValueError(f"anyOf of {json_path(path)} is no list: edit it as JSON")
    here["anyOf"] = [*here.get("anyOf", []), {"type": "object", "properties": {}} if value is None else value]
    return replaced(schema, path, here)


def removed(schema: object, path: Path) -> Any:
    """Return the schema without the place at a path, a property's name in `required`, and an anyOf left empty.

    Raises ValueError for the root, and for a definition that a $ref leads to.
    """
    at(schema, path)
    if not path:
        raise ValueError("the parameters themselves cannot be removed: remove its properties")
    if place_kind(path) == "definition" and any(True for _ in _references(schema, _pointer(path))):
        raise ValueError(f"the definition {path[1]!r} is used by a $ref: change that first")
    parent, step = path[:-1], path[-1]
    if isinstance(step, int):
        left = [item for number, item in enumerate(at(schema, parent)) if number != step]
        return replaced(schema, parent, left) if left else removed(schema, parent)
    if place_kind(path) == "property":
        schema = with_required(schema, path, False) if _is_required(schema, path) else schema
    return replaced(schema, parent, _without(at(schema, parent), step))


def _is_required(schema: object, path: Path) -> bool:
    needed = at(schema, path[:-2]).get("required")
    return isinstance(needed, list) and path[-1] in needed


def renamed(schema: object, path: Path, name: str) -> Any:
    """Return the schema with a property or a definition under another name, in its place.

    What names it goes along: `required`, `dependentRequired`, and each local $ref that leads to a definition.
    """
    at(schema, path)
    if place_kind(path) not in ("property", "definition"):
        raise ValueError("only a property or a definition has a name")
    old, parent = path[-1], path[:-1]
    if name == old:
        return schema
    _check_name(name, at(schema, parent))
    schema = replaced(schema, parent, {name if key == old else key: item for key, item in at(schema, parent).items()})
    if place_kind(path) == "definition":
        for place, pointer in list(_references(schema, _pointer(path))):
            rest = pointer.removeprefix(_pointer(path))
            schema = replaced(schema, place, _pointer((*parent, name)) + rest)
        return schema
    here = _object_at(schema, path[:-2])
    if isinstance(here.get("required"), list):
        here["required"] = [name if item == old else item for item in here["required"]]
    if isinstance(here.get("dependentRequired"), Mapping):
        here["dependentRequired"] = {
            name if key == old else key: [name if item == old else item for item in names]
            if isinstance(names, list)
            else names
            for key, names in here["dependentRequired"].items()
        }
    return replaced(schema, path[:-2], here)


def moved(schema: object, path: Path, steps: int) -> tuple[Any, Path]:
    """Return the schema with a place moved down among its like by `steps` (up where below 0), and its path now."""
    at(schema, path)
    if place_kind(path) not in ("property", "definition", "branch", "item"):
        raise ValueError("this has no others beside it to move among")
    parent, step = path[:-1], path[-1]
    siblings = at(schema, parent)
    keys: list[Any] = list(siblings) if isinstance(siblings, Mapping) else list(range(len(siblings)))
    place = keys.index(step)
    new = min(max(place + steps, 0), len(keys) - 1)
    keys.insert(new, keys.pop(place))
    if isinstance(siblings, Mapping):
        return replaced(schema, parent, {key: siblings[key] for key in keys}), path
    return replaced(schema, parent, [siblings[key] for key in keys]), (*parent, new)


def _pointer(path: Path) -> str:
    return "#/" + "/".join(str(step).replace("~", "~0").replace("/", "~1") for step in path)


def _references(schema: object, pointer: str) -> Iterator[tuple[Path, str]]:
    """Yield the places of every $ref to a pointer or below it, each with what it says."""
    waiting: list[tuple[Path, object]] = [((), schema)]
    while waiting:
        path, value = waiting.pop()
        if isinstance(value, Mapping):
            reference = value.get("$ref")
            if isinstance(reference, str) and (reference == pointer or reference.startswith(pointer + "/")):
                yield (*path, "$ref"), reference
            waiting += [((*path, key), item) for key, item in value.items()]
        elif isinstance(value, list):
            waiting += [((*path, number), item) for number, item in enumerate(value)]
