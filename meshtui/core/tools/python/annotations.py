"""Python annotations as JSON Schema, read from the syntax tree alone: nothing is imported or run."""

from __future__ import annotations

import ast
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

Schema = dict[str, Any]

PLAIN: Mapping[str, Schema] = {
    "str": {"type": "string"},
    "int": {"type": "integer"},
    "float": {"type": "number"},
    "bool": {"type": "boolean"},
    "None": {"type": "null"},
    "NoneType": {"type": "null"},
    "bytes": {"type": "string"},
    "Any": {},
    "object": {},
    "dict": {"type": "object"},
    "Dict": {"type": "object"},
    "Mapping": {"type": "object"},
    "list": {"type": "array", "items": {}},
    "List": {"type": "array", "items": {}},
    "tuple": {"type": "array", "items": {}},
    "Tuple": {"type": "array", "items": {}},
    "Sequence": {"type": "array", "items": {}},
    "set": {"type": "array", "items": {}, "uniqueItems": True},
    "Set": {"type": "array", "items": {}, "uniqueItems": True},
    "frozenset": {"type": "array", "items": {}, "uniqueItems": True},
    "datetime": {"type": "string", "format": "date-time"},
    "date": {"type": "string", "format": "date"},
    "time": {"type": "string", "format": "time"},
    "timedelta": {"type": "string", "format": "duration"},
    "UUID": {"type": "string", "format": "uuid"},
    "Decimal": {"type": "number"},
    "Path": {"type": "string"},
    "EmailStr": {"type": "string", "format": "email"},
    "HttpUrl": {"type": "string", "format": "uri"},
    "AnyUrl": {"type": "string", "format": "uri"},
    "AnyHttpUrl": {"type": "string", "format": "uri"},
    "SecretStr": {"type": "string"},
    "StrictStr": {"type": "string"},
    "StrictInt": {"type": "integer"},
    "StrictFloat": {"type": "number"},
    "StrictBool": {"type": "boolean"},
    "PositiveInt": {"type": "integer", "exclusiveMinimum": 0},
    "NonNegativeInt": {"type": "integer", "minimum": 0},
    "NegativeInt": {"type": "integer", "exclusiveMaximum": 0},
    "PositiveFloat": {"type": "number", "exclusiveMinimum": 0},
    "NonNegativeFloat": {"type": "number", "minimum": 0},
    "conint": {"type": "integer"},
    "confloat": {"type": "number"},
    "condecimal": {"type": "number"},
    "constr": {"type": "string"},
    # as docstrings say it
    "string": {"type": "string"},
    "integer": {"type": "integer"},
    "number": {"type": "number"},
    "boolean": {"type": "boolean"},
}
ARRAYS = ("list", "List", "Sequence", "MutableSequence", "Iterable", "Collection", "Deque", "deque", "conlist")
SETS = ("set", "Set", "frozenset", "FrozenSet", "AbstractSet", "MutableSet")
MAPPINGS = ("dict", "Dict", "Mapping", "MutableMapping", "OrderedDict", "defaultdict", "DefaultDict")
WRAPPERS = ("Final", "Required", "NotRequired", "ReadOnly", "InitVar", "Awaitable", "Coroutine")
FIELDS = ("Field", "field", "Query", "Body", "Param", "Parameter", "Header", "Cookie", "Form", "attrib", "Meta")
"""Calls that say something of a field: pydantic's, dataclasses' and what is written like them."""

_LIMITS = {"ge": "minimum", "gt": "exclusiveMinimum", "le": "maximum", "lt": "exclusiveMaximum"}
_LIMITS |= {"multiple_of": "multipleOf", "pattern": "pattern", "regex": "pattern"}
_LENGTHS = {"min_length": ("minLength", "minItems"), "max_length": ("maxLength", "maxItems")}
_LENGTHS |= {"min_items": ("minItems", "minItems"), "max_items": ("maxItems", "maxItems")}
_FACTORIES: Mapping[str, Any] = {"list": [], "dict": {}, "set": [], "tuple": [], "str": "", "int": 0, "bool": False}
_UNKNOWN = object()


def name_of(node: ast.AST | None) -> str:
    """Return the last part of a name: `Optional` of `typing.Optional`; an empty text for what is no name."""
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""


def constant(node: ast.AST | None) -> Any:
    """Return the value that an expression spells out; raises ValueError where it does not, or JSON has it not."""
    try:
        value = ast.literal_eval(node) if isinstance(node, ast.expr) else None
        if isinstance(value, set | frozenset | tuple):
            value = list(value)
        json.dumps(value, allow_nan=False)
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        raise ValueError("not spelled out") from None
    return value


@dataclass(slots=True)
class Extras:
    """What a default or a `Field(…)` says of a field beyond its type."""

    members: Schema = field(default_factory=dict)
    alias: str = ""
    optional: bool = False


@dataclass(slots=True)
class Types:
    """Turns annotations into schemas. `named` gives the schema of a name that the source defines, None for others.

    What cannot be known is said in `notes`, one sentence each with its line.
    """

    named: Callable[[str], Schema | None]
    aliases: Mapping[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    def note(self, node: ast.AST, words: str) -> None:
        """Note what cannot be known about a piece of the source."""
        line = getattr(node, "lineno", 0)
        self.notes.append(f"line {line}: {words}" if line else words)

    def known_name(self, node: ast.AST | None) -> str:
        """Return the last part of a name, as it was called before it was imported under another one."""
        name = name_of(node)
        return self.aliases.get(name, name)

    def schema(self, node: ast.expr, what: str) -> Schema:
        """Return the schema of an annotation; `what` names in notes what it belongs to."""
        match node:
            case ast.Constant(None):
                return {"type": "null"}
            case ast.Constant(str(text)):
                return self.written(text, what, node)
            case ast.BinOp(op=ast.BitOr()):
                return _union([self.schema(side, what) for side in _sides(node)])
            case ast.Subscript(value, inner):
                return self._generic(self.known_name(value), inner, node, what)
            case ast.Call():
                return self._made(node, what)
            case ast.Name() | ast.Attribute():
                return self._plain(node, what)
        return self._unknown(node, what)

    def written(self, text: str, what: str, near: ast.AST) -> Schema:
        """Return the schema of an annotation in a text: of a quoted one, or of a type in a docstring."""
        try:
            node = ast.parse(text.strip(), mode="eval").body
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return self._unknown(near, what, text)
        for inner in ast.walk(node):
            ast.copy_location(inner, near)
        return self.schema(node, what)

    def _plain(self, node: ast.expr, what: str) -> Schema:
        name = self.known_name(node)
        schema = self.named(name_of(node))
        if schema is None and name in PLAIN:
            schema = json.loads(json.dumps(PLAIN[name]))
        if schema is None and name in (*ARRAYS, *MAPPINGS):
            schema = {"type": "array", "items": {}} if name in ARRAYS else {"type": "object"}
        return self._unknown(node, what) if schema is None else schema

    def _unknown(self, node: ast.AST, what: str, text: str = "") -> Schema:
        text = text or (ast.unparse(node) if isinstance(node, ast.expr) else "")
        self.note(node, f"{what}: the type {text[:60]} is not known here, so any value is allowed")
        return {}

    def _generic(self, name: str, inner: ast.expr, node: ast.expr, what: str) -> Schema:
        parts = inner.elts if isinstance(inner, ast.Tuple) else [inner]
        if name == "Optional":
            return _union([self.schema(inner, what), {"type": "null"}])
        if name == "Union":
            return _union([self.schema(part, what) for part in parts])
        if name == "Literal":
            return self._literal(parts, what)
        if name == "Annotated":
            schema, extras = self.schema(parts[0], what), Extras()
            for part in parts[1:]:
                self.take_extras(part, schema, extras, what)
            return schema | extras.members
        if name in WRAPPERS:
            return self.schema(parts[-1], what)
        if name in MAPPINGS:
            schema = self.schema(parts[-1], what) if len(parts) == 2 else {}
            return {"type": "object", "additionalProperties": schema} if schema else {"type": "object"}
        if name in ("tuple", "Tuple") and not (len(parts) == 2 and _is_dots(parts[1])):
            items = [self.schema(part, what) for part in parts]
            return {"type": "array", "prefixItems": items, "minItems": len(items), "maxItems": len(items)}
        if name in (*ARRAYS, *SETS, "tuple", "Tuple"):
            more = {"uniqueItems": True} if name in SETS else {}
            return {"type": "array", "items": self.schema(parts[0], what), **more}
        return self._unknown(node, what)

    def _literal(self, parts: Iterable[ast.expr], what: str) -> Schema:
        values = []
        for part in parts:
            try:
                values.append(constant(part))
            except ValueError:
                self.note(part, f"{what}: the value {ast.unparse(part)[:40]} of Literal is not known here")
        return enum_of(values)

    def _made(self, node: ast.Call, what: str) -> Schema:
        """Return the schema of a type that a call makes: conint(ge=1), conlist(str)."""
        name, extras = self.known_name(node.func), Extras()
        if name == "conlist" and node.args:
            schema: Schema = {"type": "array", "items": self.schema(node.args[0], what)}
        elif name in PLAIN:
            schema = dict(PLAIN[name])
        else:
            return self._unknown(node, what)
        self._keywords(node, schema, extras, what)
        return schema | extras.members

    # Fields

    def is_field(self, node: ast.expr | None) -> bool:
        """Whether an expression is a call such as `Field(…)`."""
        return isinstance(node, ast.Call) and self.known_name(node.func) in FIELDS

    def take_extras(self, node: ast.expr, schema: Schema, extras: Extras, what: str) -> None:
        """Take over what one more argument of Annotated, or a `Field(…)` as default, says."""
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            extras.members["description"] = node.value
        elif isinstance(node, ast.Call) and self.known_name(node.func) in (*FIELDS, "Doc", "StringConstraints", "Len"):
            if self.known_name(node.func) == "Doc" and node.args:
                self._set(extras.members, "description", node.args[0], what)
            elif node.args and not _is_dots(node.args[0]):
                self.take_default(node.args[0], extras, what)
            self._keywords(node, schema, extras, what)
        elif isinstance(node, ast.Call) and len(node.args) == 1 and name_of(node.func) in ("Ge", "Gt", "Le", "Lt"):
            self._set(_inner(schema), _LIMITS[name_of(node.func).lower()], node.args[0], what)

    def _keywords(self, node: ast.Call, schema: Schema, extras: Extras, what: str) -> None:
        inner = _inner(schema)
        for keyword in node.keywords:
            name, value = keyword.arg or "", keyword.value
            if name in ("description", "title", "examples", "deprecated"):
                self._set(extras.members, name, value, what)
            elif name in _LIMITS:
                self._set(inner, _LIMITS[name], value, what)
            elif name in _LENGTHS:
                self._set(inner, _LENGTHS[name][inner.get("type") == "array"], value, what)
            elif name in ("alias", "validation_alias") and isinstance(value, ast.Constant):
                extras.alias = str(value.value)
            elif name == "default" and not _is_dots(value):
                self.take_default(value, extras, what)
            elif name in ("default_factory", "factory"):
                extras.optional = True
                if name_of(value) in _FACTORIES:
                    extras.members["default"] = _FACTORIES[name_of(value)]
            elif name in ("json_schema_extra", "metadata"):
                try:
                    more = constant(value)
                    extras.members |= more if isinstance(more, dict) else {}
                except ValueError:
                    self.note(value, f"{what}: {name} is made when the program runs and is not known here")

    def take_default(self, node: ast.expr, extras: Extras, what: str) -> None:
        """Take a default over; one that is only known when the program runs is said in a note.

        None is not written down: that the argument may be left out says it already.
        """
        extras.optional = True
        if not (isinstance(node, ast.Constant) and node.value is None):
            self._set(extras.members, "default", node, what)

    def _set(self, members: Schema, name: str, node: ast.expr, what: str) -> None:
        value = self.value_of(node)
        if value is _UNKNOWN:
            self.note(node, f"{what}: {name} is {ast.unparse(node)[:60]}, which is not known here")
        else:
            members[name] = value

    def value_of(self, node: ast.expr) -> Any:
        """Return what an expression spells out, or a member of an Enum of the source stands for."""
        try:
            return constant(node)
        except ValueError:
            pass  # perhaps a member of an Enum
        if isinstance(node, ast.Attribute) and node.attr == "value":
            node = node.value
        if isinstance(node, ast.Attribute):
            schema = self.named(name_of(node.value)) or {}
            members = schema.get(ENUM_NAMES, {})
            return members.get(node.attr, _UNKNOWN)
        return _UNKNOWN


ENUM_NAMES = "\0names"
"""Where the schema of an Enum keeps its members by name, until `without_names`."""


def without_names(schema: Any) -> Any:
    """Return a schema without what was kept for the reading alone."""
    if isinstance(schema, dict):
        return {key: without_names(item) for key, item in schema.items() if key != ENUM_NAMES}
    return [without_names(item) for item in schema] if isinstance(schema, list) else schema


def enum_of(values: list[Any]) -> Schema:
    """Return the schema of some values: with their type where they have one in common."""
    kinds = {"str": "string", "bool": "boolean", "int": "integer", "float": "number", "NoneType": "null"}
    types = list(dict.fromkeys(kinds[type(value).__name__] for value in values if type(value).__name__ in kinds))
    return {"type": types[0] if len(types) == 1 else types, "enum": values} if types else {"enum": values}


def _sides(node: ast.expr) -> list[ast.expr]:
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr):
        return [*_sides(node.left), *_sides(node.right)]
    return [node]


def _union(schemas: list[Schema]) -> Schema:
    """Return any of several schemas; nested unions are one, and one that allows anything allows anything."""
    flat: list[Schema] = []
    for schema in schemas:
        for branch in schema["anyOf"] if set(schema) == {"anyOf"} else [schema]:
            if branch not in flat:
                flat.append(branch)
    if {} in flat:
        return {}
    return flat[0] if len(flat) == 1 else {"anyOf": flat}


def _inner(schema: Schema) -> Schema:
    """Return the part of a schema that limits belong to: of something or null, the something."""
    branches = [branch for branch in schema.get("anyOf", []) if branch != {"type": "null"}]
    return branches[0] if len(branches) == 1 else schema


def _is_dots(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is ...
