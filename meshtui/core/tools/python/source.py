"""Tools out of Python source, read by its syntax tree and never run: functions, models, dataclasses, TypedDicts."""

from __future__ import annotations

import ast
import warnings
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from meshtui.core.tools.python.annotations import Extras, Schema, Types, constant, without_names
from meshtui.core.tools.python.classes import Module, is_value, mark_of, outermost
from meshtui.core.tools.python.docstrings import Docs, Said, docs_from
from meshtui.core.tools.shapes import Found
from meshtui.core.tools.tool import Tool

Function = ast.FunctionDef | ast.AsyncFunctionDef

INJECTED = frozenset(("RunContextWrapper", "RunContext", "ToolContext", "CallbackContext", "ToolRuntime", "Context"))
"""Types that agent frameworks put in by themselves and never show to a model."""

_PASSED_OVER = frozenset(
    "property,cached_property,setter,overload,fixture,validator,field_validator,model_validator,root_validator".split(
        ","
    )
)


def python_tools(source: str) -> list[Found]:
    """Return the tools of a piece of Python: one for each public function, method and model that stands for itself.

    Notes say what cannot be known without running it. Raises ValueError, one sentence with the line, where it is no
    Python.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what the source's own author is told, as of odd escapes
            tree = ast.parse(source)
    except SyntaxError as error:
        raise ValueError(f"line {error.lineno}, column {error.offset}: this is not Python ({error.msg})") from None
    except (ValueError, RecursionError, MemoryError) as error:
        raise ValueError(f"this is not Python ({error})") from None
    try:
        return _Reading(tree).tools()
    except RecursionError:
        raise ValueError("a type in it is nested too deeply") from None


class _Reading(Module):
    """One reading of a module: its tools, each with the notes that belong to it."""

    def tools(self) -> list[Found]:
        """Return the tools in the order of the source."""
        found: list[tuple[int, str, Found]] = []
        for node, owner in self._functions():
            found.append((node.lineno, owner, self._function(node, owner)))
        models = [node for node in self.classes.values() if self.is_model(node) and not node.name.startswith("_")]
        made = [(node, self._begin(lambda: self._model_tool(node))) for node in models]  # noqa: B023 - called at once
        alone = [row for row in made if row[0].name not in self.used] or ([] if found else made)
        found += [(node.lineno, "", tool) for node, tool in alone]
        found.sort(key=lambda row: row[0])
        return _told_apart([(owner, tool) for _, owner, tool in found])

    def _functions(self) -> Iterator[tuple[Function, str]]:
        """Yield the public functions and the public methods of plain classes, with the class's name."""
        rows: list[tuple[Function, str]] = []
        for node in self.tree.body:
            if isinstance(node, Function):
                rows.append((node, ""))
            elif isinstance(node, ast.ClassDef) and not (node.name.startswith("_") or self.is_model(node)):
                rows += [(row, node.name) for row in node.body if isinstance(row, Function)]
        for row, owner in rows:
            marks = {mark_of(mark) for mark in row.decorator_list}
            public = not row.name.startswith("_") or (row.name == "__call__" and bool(owner))
            if public and not marks & _PASSED_OVER:
                yield row, owner

    def _begin(self, make: Callable[[], Tool]) -> Found:
        """Make one tool with notes of its own."""
        self.notes, self.recursive = [], {}
        tool = make()
        definition: dict[str, Any] = without_names(dict(tool.definition))
        parameters = definition["function"]["parameters"]
        if self.recursive:
            parameters["$defs"] = {name: without_names(schema) for name, schema in self.recursive.items()}
        output = without_names(tool.output)
        return Found(Tool(definition, output), tuple(dict.fromkeys(self.notes)))

    def _model_tool(self, node: ast.ClassDef) -> Tool:
        schema = dict(self.class_schema(node))
        return _tool(node.name, str(schema.pop("description", "")), schema)

    def _function(self, node: Function, owner: str) -> Found:
        return self._begin(lambda: self._function_tool(node, owner))

    def _function_tool(self, node: Function, owner: str) -> Tool:
        docs = docs_from(ast.get_docstring(node) or "")
        if not docs.text and owner and node.name == "__call__":
            docs.text = docs_from(ast.get_docstring(self.classes[owner]) or "").text
        properties: dict[str, Schema] = {}
        required: list[str] = []
        for argument, default in _arguments(node, bool(owner)):
            given = outermost(argument.annotation) if argument.annotation is not None else ""
            if given in INJECTED and given not in self.classes:
                self.types().note(argument, f"{argument.arg} is left out: a {given} comes from the framework")
                continue
            schema, extras = self._parameter(argument, default, docs)
            name = extras.alias or argument.arg
            properties[name] = schema
            if not extras.optional:
                required.append(name)
        more = self._rest(node, properties, required)
        schema = {"type": "object", "properties": properties, **({"required": required} if required else {}), **more}
        name, description = _from_decorators(node)
        if not docs.text and not description:
            self.types().note(node, f"{node.name} has no docstring, so the model is told nothing of it")
        tool = _tool(name or node.name, description or docs.text, schema)
        return replace(tool, output=self._output(node))

    def _parameter(self, argument: ast.arg, default: ast.expr | None, docs: Docs) -> tuple[Schema, Extras]:
        types, name = self.types(), argument.arg
        said = docs.parameters.get(name, Said())
        extras = Extras()
        if argument.annotation is not None:
            schema, extras = self.field_schema(argument.annotation, default, name)
        else:
            schema = self._untyped(argument, default, said, types)
            if default is not None and types.is_field(default):
                types.take_extras(default, schema, extras, name)
            elif default is not None:
                types.take_default(default, extras, name)
            schema |= extras.members
        told = "description" in (
            schema if argument.annotation and outermost(argument.annotation) == "Annotated" else {}
        )
        if said.description and not told and "description" not in extras.members:
            schema = {**schema, "description": said.description}
        return schema, extras

    def _untyped(self, argument: ast.arg, default: ast.expr | None, said: Said, types: Types) -> Schema:
        """Return the schema of a parameter without an annotation, and say where it comes from."""
        name = argument.arg
        if said.type:
            types.note(argument, f"{name} has no annotation; its type is the docstring's, {said.type[:60]}")
            return types.written(said.type, name, argument)
        try:
            value = constant(default)
        except ValueError:
            value = None
        if default is None or value is None:
            types.note(argument, f"{name} has no annotation, so any value is allowed")
            return {}
        types.note(argument, f"{name} has no annotation; its type is that of its default")
        kinds = {str: "string", bool: "boolean", int: "integer", float: "number", list: "array", dict: "object"}
        word = kinds[type(value)]
        return {"type": word, "items": {}} if word == "array" else {"type": word}

    def _rest(self, node: Function, properties: dict[str, Schema], required: list[str]) -> Schema:
        """Say what *args and **kwargs are to a model; the names of an unpacked TypedDict are taken over."""
        types = self.types()
        if node.args.vararg is not None:
            types.note(
                node.args.vararg, f"*{node.args.vararg.arg}: values without a name cannot be asked for; left out"
            )
        rest = node.args.kwarg
        if rest is None:
            return {}
        if isinstance(rest.annotation, ast.Subscript) and outermost(rest.annotation) == "Unpack":
            schema = types.schema(rest.annotation.slice, rest.arg)
            properties |= schema.get("properties", {})
            required += schema.get("required", [])
            return {}
        types.note(rest, f"**{rest.arg}: any other names are taken as well, and are not named here")
        return {"additionalProperties": True}

    def _output(self, node: Function) -> Mapping[str, Any] | None:
        """Return the schema of results, None where nothing is said of them."""
        if node.returns is None or is_value(node.returns, None):
            return None
        if outermost(node.returns) in ("Iterator", "Iterable", "Generator", "AsyncIterator", "AsyncGenerator"):
            return None
        return self.types().schema(node.returns, "what it returns") or None


def _arguments(node: Function, method: bool) -> Iterator[tuple[ast.arg, ast.expr | None]]:
    """Yield the named parameters with their defaults, without what a method is called on."""
    spec = node.args
    named = [*spec.posonlyargs, *spec.args]
    defaults: list[ast.expr | None] = [None] * (len(named) - len(spec.defaults)) + list(spec.defaults)
    rows = list(zip(named, defaults, strict=True))
    if method and "staticmethod" not in {mark_of(mark) for mark in node.decorator_list}:
        rows = rows[1:]
    yield from rows
    yield from zip(spec.kwonlyargs, spec.kw_defaults, strict=True)


def _from_decorators(node: Function) -> tuple[str, str]:
    """Return the name and the description that a decorator such as `@tool("name")` gives."""
    name = description = ""
    for mark in node.decorator_list:
        if not isinstance(mark, ast.Call) or "tool" not in ast.unparse(mark.func).lower():
            continue
        told = {key.arg: key.value.value for key in mark.keywords if isinstance(key.value, ast.Constant)}
        if mark.args and isinstance(mark.args[0], ast.Constant):
            told.setdefault("name", mark.args[0].value)
        name = str(told.get("name_override") or told.get("name") or name)
        description = str(told.get("description_override") or told.get("description") or description)
    return name, description


def _tool(name: str, description: str, parameters: Schema) -> Tool:
    function: dict[str, Any] = {"name": name}
    if description:
        function["description"] = description
    return Tool({"type": "function", "function": {**function, "parameters": parameters}})


def _told_apart(rows: list[tuple[str, Found]]) -> list[Found]:
    """Put the class before the name of methods that are named alike."""
    names = [found.tool.name for _, found in rows]
    result = []
    for owner, found in rows:
        name = found.tool.name
        if owner and (names.count(name) > 1 or name == "__call__"):
            new = owner if name == "__call__" else f"{owner}_{name}"
            function = {**found.tool.function, "name": new}
            tool = replace(found.tool, definition={**found.tool.definition, "function": function})
            found = replace(found, tool=tool)
        result.append(found)
    return result
