import time
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ai_engine.providers.sandbox.schema_examples import example


@pytest.mark.parametrize(
    ("schema", "value"),
    [
        ({"type": "string"}, "said"),
        ({"type": "string", "maxLength": 2}, "sa"),
        ({"type": "string", "minLength": 6}, "said.."),
        ({"type": "string", "format": "date"}, "2026-01-01"),
        ({"type": "integer"}, 0),
        ({"type": "integer", "minimum": 3}, 3),
        ({"type": "integer", "exclusiveMinimum": 3}, 4),
        ({"type": "integer", "minimum": 4, "multipleOf": 5}, 5),
        ({"type": "number", "maximum": -2}, -2),
        ({"type": "boolean"}, False),
        ({"type": "null"}, None),
        ({"type": ["string", "null"]}, "said"),
        ({"enum": ["b", "a"]}, "b"),
        ({"const": {"x": 1}}, {"x": 1}),
        ({"type": "array", "items": {"type": "integer"}, "minItems": 2}, [0, 0]),
        ({"type": "array", "items": {"type": "integer"}}, []),
        ({"type": "array", "prefixItems": [{"type": "null"}, {"type": "string"}]}, [None, "said"]),
        ({"anyOf": [{"type": "integer"}, {"type": "string"}]}, 0),
        ({"properties": {"a": {"type": "string"}, "b": {"type": "string"}}, "required": ["a"]}, {"a": "said"}),
        ({"type": "object", "required": ["unknown"]}, {"unknown": "said"}),
        ({"$ref": "#/$defs/x", "$defs": {"x": {"type": "integer", "minimum": 1}}}, 1),
        (
            {"allOf": [{"required": ["a"]}, {"$ref": "#/$defs/x"}], "$defs": {"x": {"required": ["b"]}}},
            {"a": "said", "b": "said"},
        ),
        (True, {}),
        (None, {}),
    ],
)
def test_the_smallest_value_that_fits(schema: object, value: Any) -> None:
    made = example(schema, "said")
    assert made == value
    assert type(made) is type(value)


def test_a_recursive_schema_ends() -> None:
    node = {"type": "object", "required": ["next"], "properties": {"next": {"anyOf": [{"$ref": "#"}, {"type": "null"}]}}}
    depth, value = 0, example(node)
    while value is not None:
        depth, value = depth + 1, value["next"]
    assert 1 < depth < 24


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "object", "required": list("abcd"), "properties": {name: {"$ref": "#"} for name in "abcd"}},
        {"allOf": [{"$ref": "#"}] * 10},
        {"$ref": "#"},
        {"anyOf": [{"$ref": "#"}]},
        {"type": "array", "minItems": 10**9, "items": {"$ref": "#"}},
    ],
)
def test_a_schema_that_would_never_end_costs_little(schema: object) -> None:
    started = time.process_time()
    orjson.dumps(example(schema))
    assert time.process_time() - started < 1


KEYWORDS = st.sampled_from(
    [
        "type",
        "properties",
        "required",
        "items",
        "enum",
        "const",
        "$ref",
        "allOf",
        "anyOf",
        "minLength",
        "maxLength",
        "minItems",
        "minimum",
        "exclusiveMinimum",
        "maximum",
        "multipleOf",
        "format",
        "prefixItems",
        "a",
    ]
)
SCHEMAS = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-9, 9)
    | st.floats(-2, 2)
    | st.sampled_from(["string", "array", "object", "integer", "#", "a"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYWORDS, inner, max_size=5),
    max_leaves=25,
)


@given(SCHEMAS)
def test_no_schema_however_odd_breaks_it(schema: object) -> None:
    orjson.dumps(example(schema))
