"""A schema as a tree: what a form shows of it, and edits that lose nothing."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meshtui.core.schema import edit
from meshtui.core.schema.tree import Path, Row, at, place_kind, replaced, rows

SCHEMA: dict[str, Any] = {
    "x-origin": "desk",
    "type": "object",
    "properties": {
        "city": {"type": "string", "description": "As in Paris", "pattern": "^[A-Z]", "minLength": 2},
        "unit": {"type": ["string", "null"], "enum": ["C", "F", None], "default": None},
        "days": {"anyOf": [{"type": "integer"}, {"type": "null"}]},
        "places": {
            "type": "array",
            "items": {"type": "object", "properties": {"lat": {"type": "number"}}, "required": ["lat"]},
        },
        "shape": {
            "anyOf": [{"$ref": "#/$defs/Circle"}, {"type": "object", "properties": {"side": {"type": "number"}}}]
        },
        "free": True,
        "broken": 5,
        "tags": {"type": "array", "items": {"type": "string"}},
    },
    "required": ["city", "places"],
    "$defs": {"Circle": {"type": "object", "properties": {"r": {"type": "number"}, "in": {"$ref": "#/$defs/Circle"}}}},
}

CITY: Path = ("properties", "city")


def row(schema: object, *path: str | int) -> Row:
    """The row of a place."""
    return next(row for row in rows(schema) if row.path == path)


def test_rows_come_in_order_with_what_a_form_shows() -> None:
    assert [(row.depth, row.kind, row.name, row.words, row.required) for row in rows(SCHEMA)] == [
        (0, "root", "parameters", "object", False),
        (1, "property", "city", "string", True),
        (1, "property", "unit", "string or null", False),
        (1, "property", "days", "integer or null", False),
        (1, "property", "places", "array of object", True),
        (2, "items", "items", "object", False),
        (3, "property", "lat", "number", True),
        (1, "property", "shape", "any of 2", False),
        (2, "branch", "anyOf 1", "→ Circle", False),
        (2, "branch", "anyOf 2", "object", False),
        (3, "property", "side", "number", False),
        (1, "property", "free", "anything", False),
        (1, "property", "broken", "not a schema", False),
        (1, "property", "tags", "array of string", False),
        (2, "items", "items", "string", False),
        (1, "definition", "Circle", "object", False),
        (2, "property", "r", "number", False),
        (2, "property", "in", "→ Circle", False),
    ]
    city, unit = row(SCHEMA, *CITY), row(SCHEMA, "properties", "unit")
    assert (city.description, city.other, city.raw) == ("As in Paris", ("pattern", "minLength"), False)
    assert (unit.types, unit.enum, unit.has_default, unit.default) == (("string", "null"), ("C", "F", None), True, None)
    assert row(SCHEMA, "properties", "free").raw and row(SCHEMA, "properties", "broken").raw
    assert row(SCHEMA).can_hold_children and not city.can_hold_children
    assert row(SCHEMA).other == ("x-origin",)


@pytest.mark.parametrize(
    "schema",
    [None, {}, True, 5, "text", [1], {"properties": 5}, {"type": 7, "required": "x", "enum": 3, "anyOf": {}}],
)
def test_what_is_no_schema_is_shown_and_not_refused(schema: object) -> None:
    (only,) = rows(schema)
    assert only.kind == "root" and only.raw == (schema is not None and not isinstance(schema, dict))


def test_a_member_of_the_wrong_kind_is_said_to_be_beside_the_form() -> None:
    (only,) = rows({"type": 7, "required": "x", "enum": 3, "properties": [], "description": None})
    assert set(only.other) == {"type", "required", "enum", "properties", "description"}
    assert not only.can_hold_children and only.words == "not a type"


def test_a_property_is_added_to_nothing_and_to_a_strict_object() -> None:
    assert edit.with_property(None, (), "a") == {"type": "object", "properties": {"a": {"type": "string"}}}
    strict = {"type": "object", "properties": {"a": {}}, "required": ["a"], "additionalProperties": False}
    assert edit.with_property(strict, (), "b")["required"] == ["a", "b"]
    assert "required" not in edit.with_property({"type": "object", "properties": {"a": {}}}, (), "b")
    assert edit.free_name(strict, (), "a") == "a_2"
    nested = edit.with_property(SCHEMA, ("properties", "places", "items"), "lon", {"type": "number"}, required=True)
    assert at(nested, ("properties", "places", "items", "required")) == ["lat", "lon"]


def test_a_renamed_property_keeps_its_place_and_takes_along_what_names_it() -> None:
    schema = {**SCHEMA, "dependentRequired": {"city": ["unit"], "unit": ["city"]}}
    new = edit.renamed(schema, CITY, "town")
    assert list(new["properties"])[:2] == ["town", "unit"] and new["required"] == ["town", "places"]
    assert new["dependentRequired"] == {"town": ["unit"], "unit": ["town"]}
    assert new["properties"]["town"] == SCHEMA["properties"]["city"]


def test_a_renamed_definition_takes_its_references_along() -> None:
    new = edit.renamed(SCHEMA, ("$defs", "Circle"), "a/b~c")
    assert at(new, ("properties", "shape", "anyOf", 0, "$ref")) == "#/$defs/a~1b~0c"
    assert at(new, ("$defs", "a/b~c", "properties", "in", "$ref")) == "#/$defs/a~1b~0c"
    assert "Circle" not in json.dumps(new)


def test_a_removed_property_is_not_required_any_more() -> None:
    new = edit.removed(SCHEMA, CITY)
    assert new["required"] == ["places"] and "city" not in new["properties"]
    one = edit.removed(SCHEMA, ("properties", "shape", "anyOf", 0))
    assert len(at(one, ("properties", "shape", "anyOf"))) == 1
    none = edit.removed(one, ("properties", "shape", "anyOf", 0))
    assert at(none, ("properties", "shape")) == {}


def test_moving_stays_among_its_like() -> None:
    new, path = edit.moved(SCHEMA, CITY, 2)
    assert list(new["properties"])[:3] == ["unit", "days", "city"] and path == CITY
    assert list(edit.moved(SCHEMA, CITY, -3)[0]["properties"]) == list(SCHEMA["properties"])
    new, path = edit.moved(SCHEMA, ("properties", "shape", "anyOf", 1), -9)
    assert path == ("properties", "shape", "anyOf", 0) and at(new, (*path, "type")) == "object"


@pytest.mark.parametrize(
    ("before", "types", "any_of", "after"),
    [
        ({"type": "string", "x": 1}, ["integer"], None, {"type": "integer", "x": 1}),
        ({"x": 1, "type": "string"}, ["string", "null"], None, {"x": 1, "type": ["string", "null"]}),
        ({"type": "string"}, ["string", "null"], True, {"anyOf": [{"type": "string"}, {"type": "null"}]}),
        ({"anyOf": [{"type": "string"}]}, ["null", "number"], None, {"anyOf": [{"type": "null"}, {"type": "number"}]}),
        ({"anyOf": [{"type": "string"}]}, ["number"], None, {"type": "number"}),
        ({"anyOf": [{"type": "string"}]}, [], None, {}),
        ({"type": "string", "pattern": "a"}, [], None, {"pattern": "a"}),
        ({}, ["array"], None, {"type": "array", "items": {"type": "string"}}),
        ({}, ["object"], None, {"type": "object", "properties": {}}),
        ({"$ref": "#/x"}, ["string"], None, {"type": "string", "$ref": "#/x"}),
        ({"anyOf": [{"type": "object", "title": "A"}]}, [], None, {"anyOf": [{"type": "object", "title": "A"}]}),
    ],
)
def test_types_are_set_and_nothing_else(
    before: dict[str, Any], types: list[str], any_of: bool | None, after: dict[str, Any]
) -> None:
    assert edit.with_type({"properties": {"a": before}}, ("properties", "a"), types, any_of=any_of) == {
        "properties": {"a": after}
    }


def test_null_comes_and_goes() -> None:
    new = edit.nullable(SCHEMA, CITY, True)
    assert at(new, (*CITY, "type")) == ["string", "null"]
    assert edit.nullable(new, CITY, False) == SCHEMA
    assert at(edit.nullable(SCHEMA, ("properties", "days"), False), ("properties", "days")) == {"type": "integer"}


def test_a_new_object_in_a_strict_schema_is_strict() -> None:
    strict = {"type": "object", "properties": {"a": {}}, "required": ["a"], "additionalProperties": False}
    new = edit.with_type(strict, ("properties", "a"), ["object"])
    assert new["properties"]["a"] == {
        "type": "object",
        "properties": {},
        "required": [],
        "additionalProperties": False,
    }


def test_a_branch_beside_a_plain_type_leaves_the_type_as_a_branch() -> None:
    new = edit.with_branch(SCHEMA, CITY)
    assert at(new, (*CITY, "anyOf")) == [{"type": "string"}, {"type": "object", "properties": {}}]
    assert at(new, (*CITY, "pattern")) == "^[A-Z]" and "type" not in at(new, CITY)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda: edit.removed(SCHEMA, ()), "cannot be removed"),
        (lambda: edit.removed(SCHEMA, ("$defs", "Circle")), "used by a $ref"),
        (lambda: edit.removed(SCHEMA, ("properties", "gone")), "nothing at $.properties.gone"),
        (lambda: edit.renamed(SCHEMA, CITY, "unit"), "already"),
        (lambda: edit.renamed(SCHEMA, CITY, ""), "needs a name"),
        (lambda: edit.with_property(SCHEMA, ("properties", "free"), "x"), "edit it as JSON"),
        (lambda: edit.with_property({"properties": []}, (), "x"), "edit it as JSON"),
        (lambda: edit.with_required({"properties": {"a": {}}, "required": 1}, ("properties", "a"), True), "no list"),
        (lambda: edit.with_required(SCHEMA, (), True), "only a property"),
        (lambda: edit.with_type(SCHEMA, CITY, ["text"]), "no type of JSON Schema"),
        (lambda: edit.moved(SCHEMA, ("properties", "tags", "items"), 1), "no others"),
    ],
)
def test_what_cannot_be_done_is_one_sentence(change: Callable[[], object], words: str) -> None:
    with pytest.raises(ValueError, match="^[^\n]+$") as error:
        change()
    assert words in str(error.value)


def test_properties_named_like_keywords_are_properties() -> None:
    schema = {"properties": {"properties": {"type": "array", "items": {"type": "string"}}, "items": {}, "anyOf": {}}}
    assert place_kind(("properties", "properties", "items")) == "items"
    assert place_kind(("properties", "items")) == place_kind(("properties", "anyOf")) == "property"
    assert edit.renamed(schema, ("properties", "items"), "x")["properties"].keys() == {"properties", "x", "anyOf"}


WORDS = st.sampled_from(["a", "type", "properties", "items", "anyOf", "$ref", "required", "x-more", "pattern"])
LEAVES = st.none() | st.booleans() | st.integers(0, 9) | st.sampled_from(["string", "object", "array", "#/$defs/a"])
ANYTHING = st.recursive(LEAVES, lambda s: st.lists(s, max_size=3) | st.dictionaries(WORDS, s, max_size=4), max_leaves=9)
SCHEMAS = st.recursive(
    st.sampled_from([True, 5, {"type": "string"}, {"$ref": "#/$defs/a"}])
    | st.dictionaries(WORDS, ANYTHING, max_size=3),
    lambda inner: st.fixed_dictionaries(
        {},
        optional={
            "type": st.sampled_from(["object", "array", ["string", "null"], "text", 5]),
            "properties": st.dictionaries(WORDS, inner, max_size=3) | st.just(5),
            "required": st.lists(WORDS, max_size=3) | st.just("a"),
            "items": inner,
            "anyOf": st.lists(inner, max_size=3),
            "$defs": st.dictionaries(WORDS, inner, max_size=2),
            "x-more": ANYTHING,
            "pattern": st.just("a+"),
        },
    ),
    max_leaves=12,
)


@given(schema=SCHEMAS, data=st.data())
def test_any_edit_of_any_schema_changes_its_place_and_nothing_else(schema: Any, data: st.DataObject) -> None:
    before = copy.deepcopy(schema)
    place = data.draw(st.sampled_from(rows(schema)))
    assert at(schema, place.path) == ({} if schema is None else at(before, place.path))
    edits: list[Callable[[], Any]] = [
        lambda: edit.with_description(schema, place.path, "words"),
        lambda: edit.with_enum(schema, place.path, [1, None]),
        lambda: edit.with_type(schema, place.path, ["integer", "null"]),
        lambda: edit.with_member(schema, place.path, "default", None),
        lambda: edit.with_property(schema, place.path, "new"),
        lambda: edit.with_required(schema, place.path, not place.required),
        lambda: edit.renamed(schema, place.path, "new"),
        lambda: edit.moved(schema, place.path, 1)[0],
        lambda: edit.removed(schema, place.path),
        lambda: edit.with_branch(schema, place.path),
    ]
    number = data.draw(st.integers(0, len(edits) - 1))
    try:
        new = edits[number]()
    except ValueError as error:
        assert "\n" not in str(error)
        new = schema
    assert schema == before, "the schema given was changed"
    rows(new)
    if number < 4 and new is not schema:
        gone = "anyOf" if number == 2 and "type" not in at(schema, place.path) and place.types else ""
        kept = {key: item for key, item in at(schema, place.path).items() if key != gone}
        now = at(new, place.path)
        assert all(
            now[key] == kept[key] for key in kept if key not in ("description", "enum", "type", "default", "anyOf")
        )
        assert replaced(new, place.path, None) == replaced(schema, place.path, None)
