"""Tools out of Python, read and never run."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meshtui.core.tools.python.docstrings import docs_from
from meshtui.core.tools.python.source import python_tools
from meshtui.core.tools.tool import Tool


def tools_in(source: str) -> list[Tool]:
    return [found.tool for found in python_tools(source)]


WEATHER = '''
import os
from typing import Annotated, Any, Literal, Optional
from enum import Enum, StrEnum, auto
from pydantic import BaseModel, Field as F

os.system("exit 1")
raise SystemExit("this must not run")

class Unit(Enum):
    """A unit."""
    C = "celsius"
    F = "fahrenheit"

class Place(BaseModel):
    """Where.

    Attributes:
        lat: From -90 to 90.
    """
    lat: float = F(ge=-90, le=90)
    lon: float = F(..., gt=-180, description="From -180")
    tags: list[str] = F(default_factory=list, max_length=3)

@tool
async def get_weather(
    place: Place,
    unit: Unit = Unit.C,
    days: Annotated[int, F(ge=1, le=14)] = 3,
    detail: Literal["low", "high"] | None = None,
    extra: dict[str, list[int]] = {},
) -> dict[str, Any]:
    """Tell the weather.

    It comes from the desk.

    Args:
        place: Where it is
            asked for.
        unit (Unit): What to count in.

    Returns:
        The weather.
    """

class Desk:
    def order(self, item: str, *notes: str, count=1, **more): ...

    @staticmethod
    def hours(day: "Optional[str]" = None, zone: "Zone" = None) -> str:
        """Tell the hours."""

    def _hidden(self): ...
'''


def function(source: str, name: str = "") -> dict[str, Any]:
    """The function object of the tool of that name, or of the only one."""
    found = {tool.name: dict(tool.function) for tool in tools_in(source)}
    return found[name] if name else next(iter(found.values()))


def properties(source: str) -> dict[str, Any]:
    """The properties of the only tool."""
    (tool,) = tools_in(source)
    return dict(tool.parameters["properties"])


def test_a_function_with_models_enums_and_a_docstring() -> None:
    assert [tool.name for tool in tools_in(WEATHER)] == ["get_weather", "order", "hours"]
    assert function(WEATHER, "get_weather") == {
        "name": "get_weather",
        "description": "Tell the weather.\n\nIt comes from the desk.",
        "parameters": {
            "type": "object",
            "properties": {
                "place": {
                    "type": "object",
                    "description": "Where it is asked for.",
                    "properties": {
                        "lat": {"type": "number", "minimum": -90, "maximum": 90, "description": "From -90 to 90."},
                        "lon": {"type": "number", "exclusiveMinimum": -180, "description": "From -180"},
                        "tags": {"type": "array", "items": {"type": "string"}, "maxItems": 3, "default": []},
                    },
                    "required": ["lat", "lon"],
                },
                "unit": {
                    "type": "string",
                    "enum": ["celsius", "fahrenheit"],
                    "default": "celsius",
                    "description": "What to count in.",
                },
                "days": {"type": "integer", "minimum": 1, "maximum": 14, "default": 3},
                "detail": {
                    "anyOf": [{"type": "string", "enum": ["low", "high"]}, {"type": "null"}],
                },
                "extra": {
                    "type": "object",
                    "additionalProperties": {"type": "array", "items": {"type": "integer"}},
                    "default": {},
                },
            },
            "required": ["place"],
        },
    }
    weather = tools_in(WEATHER)[0]
    assert weather.output == {"type": "object"}


def test_what_is_not_known_is_said_with_its_line() -> None:
    found = {row.tool.name: row for row in python_tools(WEATHER)}
    assert found["get_weather"].notes == ()
    assert list(found["order"].tool.parameters["properties"]) == ["item", "count"]
    assert found["order"].tool.parameters["additionalProperties"] is True
    lines = {number: line for number, line in enumerate(WEATHER.split("\n"), 1)}
    notes = found["order"].notes
    assert any("count has no annotation" in note for note in notes) and any("*notes" in note for note in notes)
    assert any("**more" in note for note in notes) and any("no docstring" in note for note in notes)
    (zone,) = found["hours"].notes
    assert "Zone" in zone and "hours" in lines[int(zone.split(":")[0].removeprefix("line "))]
    assert found["hours"].tool.parameters["properties"]["zone"] == {}


MODELS = '''
from dataclasses import dataclass, field
from typing import TypedDict, NotRequired, NewType, ClassVar
import typing as t
import datetime, uuid

Sku = NewType("Sku", str)
Tags = t.Optional[t.Set[str]]

class Base(TypedDict):
    id: uuid.UUID

class Order(Base, total=True):
    """An order."""
    lines: "list[Line]"
    note: NotRequired[str]
    """What the customer said."""

@dataclass(frozen=True)
class Line:
    sku: Sku
    LIMIT: ClassVar[int] = 5
    count: int = 1
    tags: Tags = None
    pair: tuple[int, str] = (1, "a")
    many: tuple[float, ...] = field(default_factory=tuple)
    at: datetime.datetime = field(default_factory=datetime.datetime.now)
'''


def test_models_that_another_one_uses_are_part_of_it() -> None:
    (order,) = tools_in(MODELS)
    assert (order.name, order.description) == ("Order", "An order.")
    assert order.parameters["required"] == ["id", "lines"]
    assert order.parameters["properties"]["id"] == {"type": "string", "format": "uuid"}
    assert order.parameters["properties"]["note"] == {"type": "string", "description": "What the customer said."}
    line = order.parameters["properties"]["lines"]["items"]
    assert line["required"] == ["sku"] and "LIMIT" not in line["properties"]
    assert line["properties"]["tags"] == {
        "anyOf": [{"type": "array", "items": {"type": "string"}, "uniqueItems": True}, {"type": "null"}],
    }
    assert line["properties"]["pair"]["prefixItems"] == [{"type": "integer"}, {"type": "string"}]
    assert line["properties"]["many"] == {"type": "array", "items": {"type": "number"}, "default": []}
    assert line["properties"]["at"] == {"type": "string", "format": "date-time"}


def test_a_model_of_itself_is_a_definition() -> None:
    source = (
        "class Node(BaseModel):\n    left: 'Node | None' = None\n    leaf: Leaf\nclass Leaf(BaseModel):\n    up: Node"
    )
    node = next(tool for tool in tools_in(source) if tool.name == "Node")
    assert node.parameters["properties"]["left"]["anyOf"][0] == {"$ref": "#/$defs/Node"}
    assert set(node.parameters["$defs"]) == {"Node"}
    import jsonschema

    check = jsonschema.Draft202012Validator(node.parameters)
    assert check.is_valid({"leaf": {"up": {"leaf": {"up": {"leaf": {"up": {}}}}}}}) is False
    json.dumps(node.parameters)


GOOGLE = """Do it.

    More words: with a colon.

    Args:
        a (int, optional): The first,
            on two lines.
        b: The second.
        *rest: Others.

    Raises:
        ValueError: never
    """
NUMPY = """Do it.

    More words: with a colon.

    Parameters
    ----------
    a : int, optional
        The first,
        on two lines.
    b
        The second.
    *rest
        Others.

    Returns
    -------
    int
        Nothing.
    """
SPHINX = """Do it.

    More words: with a colon.

    :param int a: The first,
        on two lines.
    :param b: The second.
    :param rest: Others.
    :returns: nothing
    :rtype: int
    """


@pytest.mark.parametrize("docstring", [GOOGLE, NUMPY, SPHINX])
def test_three_styles_say_the_same(docstring: str) -> None:
    import inspect

    docs = docs_from(inspect.cleandoc(docstring))
    assert docs.text == "Do it.\n\nMore words: with a colon."
    assert {name: said.description for name, said in docs.parameters.items()} == {
        "a": "The first, on two lines.",
        "b": "The second.",
        "rest": "Others.",
    }
    assert docs.parameters["a"].type == "int"
    body = docstring.replace("\n", "\n    ")
    (found,) = python_tools(f'def f(a, b):\n    """{body}"""')
    assert found.tool.parameters["properties"]["a"] == {"type": "integer", "description": "The first, on two lines."}
    assert found.tool.parameters["properties"]["b"] == {"description": "The second."}
    assert len(found.notes) == 2


@pytest.mark.parametrize(
    ("annotation", "schema"),
    [
        ("Union[int, str, None]", {"anyOf": [{"type": "integer"}, {"type": "string"}, {"type": "null"}]}),
        ("Literal[1, 'a', None]", {"type": ["integer", "string", "null"], "enum": [1, "a", None]}),
        ("Literal[True]", {"type": "boolean", "enum": [True]}),
        (
            "Annotated[str, 'the words', Field(pattern='^a')]",
            {"type": "string", "description": "the words", "pattern": "^a"},
        ),
        ("Annotated[str, Doc('the words')]", {"type": "string", "description": "the words"}),
        ("Optional[Annotated[int, Gt(3)]]", {"anyOf": [{"type": "integer", "exclusiveMinimum": 3}, {"type": "null"}]}),
        ("conint(ge=1)", {"type": "integer", "minimum": 1}),
        ("constr(min_length=2)", {"type": "string", "minLength": 2}),
        ("conlist(int, min_length=1)", {"type": "array", "items": {"type": "integer"}, "minItems": 1}),
        ("typing.Mapping[str, Any]", {"type": "object"}),
        ("list", {"type": "array", "items": {}}),
        ("Any", {}),
    ],
)
def test_annotations(annotation: str, schema: dict[str, Any]) -> None:
    assert properties(f"def f(x: {annotation}):\n    'Do.'") == {"x": schema}


def test_a_decorator_and_a_field_may_name_and_describe() -> None:
    source = "@function_tool(name_override='look', description_override='Look it up')\n"
    source += "def f(q: str = Field(alias='query')): ..."
    assert function(source)["name"] == "look" and function(source)["description"] == "Look it up"
    assert function(source)["parameters"]["required"] == ["query"]


def test_what_a_framework_puts_in_is_left_out_and_said() -> None:
    (found,) = python_tools("def f(ctx: RunContextWrapper[State], query: str) -> None:\n    'Look.'")
    assert list(found.tool.parameters["properties"]) == ["query"]
    assert found.notes == ("line 1: ctx is left out: a RunContextWrapper comes from the framework",)


def test_an_unpacked_typed_dict_gives_its_names() -> None:
    source = "class F(TypedDict, total=False):\n    price: float\n    brand: Required[str]\n\n"
    source += "def f(query: str, **more: Unpack[F]):\n    'Look.'"
    assert function(source)["parameters"]["required"] == ["query", "brand"]
    assert list(function(source)["parameters"]["properties"]) == ["query", "price", "brand"]


def test_methods_named_alike_are_told_apart() -> None:
    source = "class A:\n    def go(self): ...\nclass B:\n    def go(self): ...\n    def __call__(self, x: int): ..."
    assert [tool.name for tool in tools_in(source)] == ["A_go", "B_go", "B"]


@pytest.mark.parametrize(
    "source", ["def f(:", "x = '", "\0", "(" * 500, "def f(x: " + "list[" * 900 + "int" + "]" * 900 + "): ..."]
)
def test_what_is_no_python_is_said_in_one_sentence(source: str) -> None:
    with pytest.raises(ValueError, match="^[^\n]+$"):
        tools_in(source)


@given(st.text(st.sampled_from("def f(x:int=3)->str|[]'\"\n    class A(BaseModel):*@Field,."), max_size=80))
def test_no_text_brings_anything_but_tools_or_one_sentence(source: str) -> None:
    try:
        json.dumps([tool.definition for tool in tools_in(source)])
    except ValueError as error:
        assert "\n" not in str(error)


BASES = "class A{0}(A{1}, B{1}):\n x: int\nclass B{0}(A{1}, B{1}): ...\n"


def _doubling(first: str, line: str, last: str = "") -> str:
    return first + "".join(line.format(i, i - 1) for i in range(1, 30)) + last


@pytest.mark.parametrize(
    "source",
    [
        _doubling("class A0: pass\nclass B0: pass\n", BASES),
        _doubling("class A0(BaseModel): x: int\nclass B0: pass\n", BASES),
        _doubling("class A0(BaseModel):\n x: int\n", "class A{0}(BaseModel):\n a: A{1}\n b: A{1}\n"),
        _doubling("A0 = int\n", "A{0} = tuple[A{1}, A{1}]\n", "def f(a: A29): ..."),
    ],
    ids=["bases", "models", "fields", "aliases"],
)
def test_types_that_double_with_each_line_are_given_up_soon(source: str) -> None:
    began = time.thread_time()
    try:
        python_tools(source)
    except ValueError as error:
        assert "too often" in str(error)
    assert time.thread_time() - began < 3.0
