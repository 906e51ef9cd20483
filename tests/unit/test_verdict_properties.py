"""What holds for every schema and every document: agreement with jsonschema, and no alarm that more text mends."""

from __future__ import annotations

import json
import random
from typing import Any

import jsonschema
from hypothesis import given, settings
from hypothesis import strategies as st

from meshtui.core.calls.verdict import LiveVerdict, verdict
from meshtui.core.json.stream import JsonStream

NAMES = ("a", "b", "kind", "größe x")
names = st.sampled_from(NAMES)
texts = st.sampled_from(["", "a", "ab", "abc", "b", "x\ny", "é", "😀", '"', "\\"])
numbers = st.sampled_from([0, 1, -1, 2, 3, 10, 12, 1.0, 1.5, -0.25, 1e3, 100])
scalars = st.one_of(st.none(), st.booleans(), numbers, texts)
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(names, inner, max_size=4),
    max_leaves=12,
)
documents = st.dictionaries(names, values, max_size=4)
counts = st.integers(0, 3)
TYPES = ["null", "boolean", "object", "array", "number", "string", "integer"]

_leaf = st.fixed_dictionaries(
    {},
    optional={
        "type": st.one_of(
            st.sampled_from(TYPES), st.lists(st.sampled_from(TYPES), min_size=1, max_size=3, unique=True)
        ),
        "enum": st.lists(values, min_size=1, max_size=3),
        "minimum": numbers,
        "exclusiveMaximum": numbers,
        "multipleOf": st.sampled_from([1, 2, 0.5, 0.1]),
        "minLength": counts,
        "maxLength": counts,
        "pattern": st.sampled_from(["^a", "b$", "[a-c]+", "."]),
    },
)


def _around(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    branches = st.lists(inner, min_size=1, max_size=3)
    return st.one_of(
        st.fixed_dictionaries({"anyOf": branches}),
        st.fixed_dictionaries({"oneOf": branches}),
        st.fixed_dictionaries({"allOf": branches}),
        st.fixed_dictionaries({"not": inner}),
        st.fixed_dictionaries({"if": inner, "then": inner}, optional={"else": inner}),
        st.fixed_dictionaries({"const": values}),
        st.fixed_dictionaries({"$ref": st.just("#/$defs/d")}),
        st.fixed_dictionaries(
            {"properties": st.dictionaries(names, inner, max_size=3)},
            optional={
                "type": st.just("object"),
                "required": st.lists(names, max_size=2, unique=True),
                "additionalProperties": inner,
                "patternProperties": st.dictionaries(st.sampled_from(["^a", "x$"]), inner, max_size=1),
                "propertyNames": inner,
                "dependentRequired": st.dictionaries(names, st.lists(names, max_size=2, unique=True), max_size=1),
                "dependentSchemas": st.dictionaries(names, inner, max_size=1),
                "minProperties": counts,
                "maxProperties": counts,
                "unevaluatedProperties": st.booleans(),
            },
        ),
        st.fixed_dictionaries(
            {},
            optional={
                "type": st.just("array"),
                "items": inner,
                "prefixItems": branches,
                "minItems": counts,
                "maxItems": counts,
                "uniqueItems": st.booleans(),
                "contains": inner,
                "minContains": counts,
                "maxContains": counts,
                "unevaluatedItems": st.booleans(),
            },
        ),
    )


below = st.recursive(st.booleans() | _leaf, _around, max_leaves=6)
schemas = st.builds(
    lambda schema, shared: {**schema, "$defs": {"d": shared}},
    _around(below),
    _leaf,
)


def fits(schema: Any, document: Any) -> bool:
    return bool(jsonschema.Draft202012Validator(schema).is_valid(document))


@settings(max_examples=400, deadline=None)
@given(schemas, documents)
def test_the_verdict_agrees_with_jsonschema(schema: dict[str, Any], document: dict[str, Any]) -> None:
    assert verdict(json.dumps(document), schema).state == ("fits" if fits(schema, document) else "misfits")


@settings(max_examples=300, deadline=None)
@given(schemas, documents, st.booleans())
def test_no_beginning_of_what_fits_is_called_a_misfit(
    schema: dict[str, Any], document: dict[str, Any], is_spaced: bool
) -> None:
    text = json.dumps(document, indent=1 if is_spaced else None, ensure_ascii=is_spaced)
    final = verdict(text, schema)
    live = LiveVerdict(schema)
    for end in range(len(text) + 1):
        said = LiveVerdict(schema).feed(text[:end]).state
        assert said == "fits" or final.state == "misfits", text[:end]
        if end:
            assert live.feed(text[end - 1]).state == said
    assert live.verdict.state == final.state
    assert live.finish() == final == verdict(text, schema)


@settings(max_examples=300, deadline=None)
@given(values, st.randoms(use_true_random=False))
def test_json_is_read_the_same_however_it_is_cut(value: Any, chance: random.Random) -> None:
    text = json.dumps(value, ensure_ascii=chance.random() < 0.5, indent=chance.choice([None, 2]))
    stream = JsonStream()
    place = 0
    while place < len(text):
        step = chance.randint(1, 5)
        stream.feed(text[place : place + step])
        place += step
    stream.finish()
    assert stream.fault is None and stream.value == value


@settings(max_examples=500, deadline=None)
@given(st.text(alphabet=" {}[]:,\"\\'-.01eEtruefalsn/b\nu", max_size=20), st.randoms(use_true_random=False))
def test_what_is_no_json_is_refused_at_the_same_place_however_it_is_cut(text: str, chance: random.Random) -> None:
    whole, cut = JsonStream(), JsonStream()
    whole.feed(text)
    whole.finish()
    for char in text:
        cut.feed(char)
    cut.finish()
    assert whole.fault == cut.fault
    try:
        json.loads(text)
        right = True
    except ValueError:
        right = False
    assert (whole.fault is None) is right
