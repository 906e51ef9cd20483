"""The classes of a piece of Python as JSON Schema: models, dataclasses, TypedDicts, Enums, and what they refer to."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from meshtui.core.tools.python.annotations import (
    ENUM_NAMES,
    FIELDS,
    PLAIN,
    Extras,
    Schema,
    Types,
    constant,
    enum_of,
    name_of,
)
from meshtui.core.tools.python.docstrings import docs_from

MODELS = ("BaseModel", "SQLModel", "TypedDict", "NamedTuple", "Struct")
ENUMS = ("Enum", "StrEnum", "IntEnum", "Flag", "IntFlag")
DATACLASSES = frozenset(("dataclass", "define", "frozen", "attrs"))

MOST_LOOKUPS = 10_000
"""Names of its own that are followed in one source: each that is used twice doubles the schema that it is in."""


class TooIntricate(ValueError):
    """The types of a source refer to one another too often to be written out."""

    def __init__(self) -> None:
        super().__init__("its types refer to one another too often to be written out")


@dataclass(slots=True)
class Module:
    """What a source defines by name, and the schemas of its classes made so far."""

    tree: ast.Module
    classes: dict[str, ast.ClassDef] = field(default_factory=dict)
    names: dict[str, ast.expr] = field(default_factory=dict)
    aliases: dict[str, str] = field(default_factory=dict)
    used: set[str] = field(default_factory=set)
    open: list[str] = field(default_factory=list)
    recursive: dict[str, Schema] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    models: dict[ast.ClassDef, bool] = field(default_factory=dict)
    lookups: int = 0

    def __post_init__(self) -> None:
        for node in ast.walk(self.tree):
            if isinstance(node, ast.ClassDef):
                self.classes.setdefault(node.name, node)
            elif isinstance(node, ast.ImportFrom | ast.Import):
                self.aliases |= {alias.asname: alias.name for alias in node.names if alias.asname}
        for node in self.tree.body:
            if isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(node.targets[0], ast.Name):
                self.names[node.targets[0].id] = node.value
            elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.value is not None:
                self.names[node.target.id] = node.value

    def types(self) -> Types:
        """Return what reads annotations of this module."""
        return Types(self._named, self.aliases, self.notes)

    def _named(self, name: str) -> Schema | None:
        """Return the schema of a name that this source defines, None where it does not."""
        if name in self.classes and (self.is_model(self.classes[name]) or self.is_enum(self.classes[name])):
            if name in self.open:
                self.recursive.setdefault(name, {})
                return {"$ref": f"#/$defs/{name}"}
            self.used.add(name)
            self._look_up()
            return self.class_schema(self.classes[name])
        if name in self.names and name not in self.open and name not in PLAIN:
            self._look_up()
            self.open.append(name)
            try:
                return self._alias(self.names[name], name)
            finally:
                self.open.remove(name)
        return None

    def _look_up(self) -> None:
        self.lookups += 1
        if self.lookups > MOST_LOOKUPS:
            raise TooIntricate

    def _alias(self, node: ast.expr, name: str) -> Schema | None:
        """Return what a name stands for that was assigned: a type, a NewType; None for anything else."""
        if isinstance(node, ast.Call) and name_of(node.func) == "NewType" and len(node.args) == 2:
            return self.types().schema(node.args[1], name)
        if isinstance(node, ast.Subscript | ast.BinOp | ast.Name | ast.Attribute):
            return self.types().schema(node, name)
        return None

    def _bases(self, node: ast.ClassDef) -> Iterator[str]:
        for base in node.bases:
            name = name_of(base.value if isinstance(base, ast.Subscript) else base)
            yield self.aliases.get(name, name)

    def is_model(self, node: ast.ClassDef) -> bool:
        """Whether a class is data with fields: a model, a dataclass, a TypedDict, or derived from one."""
        if node not in self.models:
            self.models[node] = False  # for a class that is derived from itself
            self.models[node] = self._is_model(node)
        return self.models[node]

    def _is_model(self, node: ast.ClassDef) -> bool:
        marks = {self.aliases.get(mark_of(mark), mark_of(mark)) for mark in node.decorator_list}
        if marks & DATACLASSES:
            return True
        bases = list(self._bases(node))
        if any(base in MODELS for base in bases):
            return True
        return any(self.is_model(self.classes[base]) for base in bases if base in self.classes)

    def is_enum(self, node: ast.ClassDef) -> bool:
        """Whether a class is an Enum."""
        return any(base in ENUMS for base in self._bases(node))

    def class_schema(self, node: ast.ClassDef) -> Schema:
        """Return the schema of a model or an Enum; one that refers to itself is a definition."""
        self.open.append(node.name)
        try:
            schema = self._enum(node) if self.is_enum(node) else self._model(node)
        finally:
            self.open.remove(node.name)
        if node.name in self.recursive:
            self.recursive[node.name] = schema
            return {"$ref": f"#/$defs/{node.name}"} if self.open else schema
        return schema

    def _enum(self, node: ast.ClassDef) -> Schema:
        names: dict[str, Any] = {}
        bases, last = set(self._bases(node)), 0
        for row in node.body:
            if not isinstance(row, ast.Assign) or name_of(row.targets[0]).startswith("_"):
                continue
            name = name_of(row.targets[0])
            if isinstance(row.value, ast.Call) and name_of(row.value.func) == "auto":
                names[name] = name.lower() if "StrEnum" in bases else last + 1
            else:
                try:
                    names[name] = constant(row.value)
                except ValueError:
                    self.types().note(row, f"{node.name}.{name} is not spelled out and is left out of the values")
                    continue
            last = names[name] if isinstance(names[name], int) else last
        return {**enum_of(list(names.values())), ENUM_NAMES: names} if names else {}

    def _model(self, node: ast.ClassDef) -> Schema:
        properties, required = self._fields(node)
        docs = docs_from(ast.get_docstring(node) or "")
        for name, said in docs.parameters.items():
            if name in properties and said.description:
                properties[name].setdefault("description", said.description)
        schema: Schema = {"type": "object"}
        if docs.text:
            schema["description"] = docs.text
        schema["properties"] = properties
        if required:
            schema["required"] = required
        if _forbids_extras(node):
            schema["additionalProperties"] = False
        return schema

    def _fields(self, node: ast.ClassDef) -> tuple[dict[str, Schema], list[str]]:
        self._look_up()
        properties: dict[str, Schema] = {}
        required: list[str] = []
        for base in self._bases(node):
            if base in self.classes and base != node.name and base not in self.open:
                self.used.add(base)
                above, needed = self._fields(self.classes[base])
                properties |= above
                required += [name for name in needed if name not in required]
        total = not any(key.arg == "total" and is_value(key.value, False) for key in node.keywords)
        for row, below in zip(node.body, [*node.body[1:], None], strict=True):
            if not isinstance(row, ast.AnnAssign) or not isinstance(row.target, ast.Name):
                continue
            name = row.target.id
            annotation = row.annotation
            if name.startswith("_") or name == "model_config" or outermost(annotation) == "ClassVar":
                continue
            what = f"{node.name}.{name}"
            schema, extras = self.field_schema(annotation, row.value, what)
            text = below.value if isinstance(below, ast.Expr) else None
            if isinstance(text, ast.Constant) and isinstance(text.value, str):
                schema.setdefault("description", " ".join(text.value.split()))
            name = extras.alias or name
            properties[name] = schema
            optional = extras.optional or outermost(annotation) == "NotRequired"
            needed_here = (total or outermost(annotation) == "Required") and not optional
            required = [item for item in required if item != name] + ([name] if needed_here else [])
        return properties, required

    def field_schema(self, annotation: ast.expr, default: ast.expr | None, what: str) -> tuple[Schema, Extras]:
        """Return the schema of a field or a parameter, and what its default and its `Field(…)` say beyond."""
        types, extras = self.types(), Extras()
        schema = types.schema(annotation, what)
        if default is not None and types.is_field(default):
            types.take_extras(default, schema, extras, what)
        elif default is not None and not is_value(default, ...):
            types.take_default(default, extras, what)
        if outermost(annotation) == "Annotated" and isinstance(annotation, ast.Subscript):
            inner = Extras()
            for part in annotation.slice.elts[1:] if isinstance(annotation.slice, ast.Tuple) else ():
                if isinstance(part, ast.Call) and types.known_name(part.func) in FIELDS:
                    Types(self._named, self.aliases).take_extras(part, {}, inner, what)
            extras = replace(extras, alias=extras.alias or inner.alias, optional=extras.optional or inner.optional)
        return {**schema, **extras.members}, extras


def mark_of(node: ast.expr) -> str:
    """Return the name of a decorator."""
    return name_of(node.func if isinstance(node, ast.Call) else node)


def outermost(node: ast.expr) -> str:
    """Return the name of the outermost type of an annotation: `Optional` of `Optional[list[int]]`."""
    return name_of(node.value) if isinstance(node, ast.Subscript) else name_of(node)


def is_value(node: ast.expr, value: object) -> bool:
    """Whether an expression is this very constant."""
    return isinstance(node, ast.Constant) and node.value is value


def _forbids_extras(node: ast.ClassDef) -> bool:
    """Whether a pydantic model says that no other names are allowed."""
    for row in node.body:
        if isinstance(row, ast.Assign) and name_of(row.targets[0]) == "model_config":
            return "forbid" in ast.unparse(row.value)
    return any(
        key.arg in ("extra", "forbid_unknown_fields") and ast.unparse(key.value) in ("'forbid'", "True")
        for key in node.keywords
    )
