import copy
from contextlib import suppress
from time import perf_counter, process_time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ai_engine.errors import InvalidRequest, UnsupportedByProvider
from ai_engine.providers.schema_dialects import ANTHROPIC, BEDROCK, COHERE, GEMINI, Dialect
from ai_engine.providers.schema_writer import as_object, in_dialect
from ai_engine.wire.json_types import Json
from tests.providers.published_rules import closed_schema, gemini_schema

ALL = [ANTHROPIC, BEDROCK, GEMINI, COHERE]
NODE: Json = {
    "type": "object",
    "properties": {"name": {"type": "string"}, "children": {"type": "array", "items": {"$ref": "#/$defs/Node"}}},
    "required": ["name", "children"],
}


def obj(**properties: Any) -> Json:
    return {"type": "object", "properties": properties, "required": list(properties), "additionalProperties": False}


def written(schema: Json, dialect: Dialect = ANTHROPIC) -> Json:
    """The schema, of which the given one is not changed by the writing."""
    before = copy.deepcopy(schema)
    made = in_dialect(schema, dialect, "s")
    assert schema == before
    return made


def refused(schema: Json, dialect: Dialect = ANTHROPIC) -> str | None:
    with pytest.raises(UnsupportedByProvider) as caught:
        in_dialect(schema, dialect, "s")
    return caught.value.param


# What all dialects have in common


@pytest.mark.parametrize("dialect", ALL)
@pytest.mark.parametrize(
    "schema",
    [
        obj(a={"type": "string", "description": "An a.", "title": "A"}, b={"type": "array", "items": {"type": "integer"}}),
        obj(a={"type": "string", "enum": ["x", "y"]}, b={"type": "string", "format": "date-time"}),
        obj(a={"anyOf": [{"type": "string"}, {"type": "null"}]}, b={"type": ["string", "null"]}),
        {**obj(a={"$ref": "#/$defs/A"}), "$defs": {"A": obj(b={"type": "number"})}},
    ],
)
def test_a_schema_in_the_dialect_is_the_same_object(schema: Json, dialect: Dialect) -> None:
    assert written(schema, dialect) is schema


@pytest.mark.parametrize("dialect", ALL)
def test_references_to_any_place_become_references_to_definitions(dialect: Dialect) -> None:
    a = obj(x={"type": "string"})
    old = {**obj(a={"$ref": "#/definitions/A"}, b={"$ref": "#/properties/a"}), "definitions": {"A": a}}
    made = written(old, dialect)
    assert made["properties"] == {"a": {"$ref": "#/$defs/A"}, "b": {"$ref": "#/$defs/a"}}
    assert made["$defs"]["A"] == made["$defs"]["a"] == a
    odd = {**obj(a={"$ref": "#/$defs/a~1b%20~0"}), "$defs": {"a/b ~": a}}
    assert written(odd, dialect)["$defs"] == {"a/b ~": a}


@pytest.mark.parametrize("dialect", ALL)
def test_nothing_remains_beside_a_reference_and_its_parent_says_it(dialect: Dialect) -> None:
    schema = {**obj(a={"$ref": "#/$defs/A", "description": "The a.", "title": "A"}), "$defs": {"A": {"type": "string"}}}
    made = written(schema, dialect)
    assert made["properties"]["a"] == {"$ref": "#/$defs/A"}
    assert made["description"] == '{properties: {"a":{"description":"The a."}}}'


@pytest.mark.parametrize("dialect", ALL)
def test_all_of_becomes_one_schema(dialect: Dialect) -> None:
    base = obj(x={"type": "string"})
    inherited = {"allOf": [{"$ref": "#/$defs/Base"}, obj(y={"type": "string"})], "description": "Both.", "$defs": {"Base": base}}
    made = written(inherited, dialect)
    assert made["properties"] == {"x": {"type": "string"}, "y": {"type": "string"}}
    assert sorted(made["required"]) == ["x", "y"]
    extended = {"$ref": "#/$defs/Base", "properties": {"y": {"type": "string"}}, "$defs": {"Base": base}}
    assert written(extended, dialect)["properties"].keys() == {"x", "y"}
    alone = {**obj(a={"allOf": [{"$ref": "#/$defs/Base"}]}), "$defs": {"Base": base}}
    assert written(alone, dialect)["properties"]["a"] == {"$ref": "#/$defs/Base"}
    odds: Json = obj(a={"allOf": [{"type": "string", "minLength": 1}, {"type": "string", "minLength": 2}]})
    assert written(odds, dialect)["properties"]["a"] == {
        "type": "string",
        "description": '{minLength: 1, allOf: [{"minLength":2}]}',
    }


@pytest.mark.parametrize("dialect", ALL)
def test_a_reference_at_the_root_is_what_it_refers_to(dialect: Dialect) -> None:
    schema = {"$ref": "#/$defs/A", "$defs": {"A": obj(x={"type": "string"})}}
    assert written(schema, dialect)["properties"] == {"x": {"type": "string"}}


@pytest.mark.parametrize("dialect", ALL)
def test_a_required_property_exists(dialect: Dialect) -> None:
    made = written({"type": "object", "properties": {"a": {"type": "string"}, "b": False}, "required": ["a", "b", "c"]}, dialect)
    assert (made["required"], made["properties"].keys()) == (["a"], {"a"})
    assert made["description"] == '{required: ["b","c"]}'


# Each dialect's own


def test_anthropic_wants_objects_closed_and_gets_lost_constraints_as_words() -> None:
    schema = {
        "type": "object",
        "description": "It.",
        "properties": {
            "a": {"type": "string", "minLength": 2, "pattern": "^a", "default": None, "format": "uri-reference"},
            "b": {"type": "integer", "minimum": 1, "maximum": 9, "description": "A number."},
            "c": {"type": "array", "items": {"type": "object"}, "minItems": 1, "maxItems": 4},
            "d": {"type": "array", "items": {"type": "string"}, "minItems": 2},
            "e": {"oneOf": [{"type": "string", "const": "x"}, {"type": "object", "additionalProperties": {"type": "string"}}]},
            "f": {},
            "g": {"enum": [{"a": 1}, 2], "x-order": 1, "$comment": "?"},
        },
        "patternProperties": {"^x": {"type": "string"}},
    }
    closed = {"type": "object", "properties": {}, "additionalProperties": False}
    scalars = {"type": ["string", "number", "boolean", "null"]}
    made = written(schema)
    assert made["properties"] == {
        "a": {"type": "string", "description": '{minLength: 2, pattern: "^a", default: null, format: "uri-reference"}'},
        "b": {"type": "integer", "description": "A number.\n\n{minimum: 1, maximum: 9}"},
        "c": {"type": "array", "items": closed, "minItems": 1, "description": "{maxItems: 4}"},
        "d": {"type": "array", "items": {"type": "string"}, "description": "{minItems: 2}"},
        "e": {
            "anyOf": [
                {"type": "string", "const": "x"},
                {**closed, "description": '{additionalProperties: {"type":"string"}}'},
            ]
        },
        "f": scalars,
        "g": {**scalars, "description": '{enum: [{"a":1},2]}'},
    }
    assert made["additionalProperties"] is False
    assert made["description"] == 'It.\n\n{patternProperties: {"^x":{"type":"string"}}}'


def test_anthropic_takes_variants_without_a_type_beside_them() -> None:
    made = written(obj(a={"type": "string", "anyOf": [{"format": "date"}, {"type": "null"}]}))
    assert made["properties"]["a"] == {"anyOf": [{"type": "string", "format": "date"}, {"type": "null"}]}
    either = {**obj(a={"type": "string"}), "required": [], "anyOf": [{"required": ["a"]}, {"required": ["b"]}]}
    assert written(either)["description"] == '{anyOf: [{"required":["a"]},{"required":["b"]}]}'


@pytest.mark.parametrize("dialect", [ANTHROPIC, BEDROCK])
@pytest.mark.parametrize(
    ("schema", "field"),
    [
        ({**NODE, "$defs": {"Node": NODE}}, "s"),
        ({"type": "object", "properties": {"self": {"$ref": "#"}}}, "s"),
        (obj(a={"$ref": "https://example.org/schema"}), "s.properties.a.$ref"),
        (obj(a={"$ref": "#/$defs/Missing"}), "s.properties.a.$ref"),
        (obj(a=obj(b=False) | {"items": {"anyOf": [False]}}), "s.properties.a.items.anyOf[0]"),
    ],
)
def test_what_the_dialect_cannot_express_is_named(schema: Json, field: str, dialect: Dialect) -> None:
    assert refused(schema, dialect) == field


def test_gemini_takes_recursion_from_properties_that_are_not_required() -> None:
    made = written({**NODE, "$defs": {"Node": NODE}}, GEMINI)
    assert made["required"] == ["name", "children"]
    assert made["$defs"]["Node"]["required"] == ["name"]
    assert made["$defs"]["Node"]["description"] == '{required: ["children"]}'
    own = written({"type": "object", "properties": {"self": {"$ref": "#"}}}, GEMINI)
    assert own["properties"]["self"] == {"$ref": "#/$defs/root"}
    assert own["$defs"]["root"]["properties"]["self"] == {"$ref": "#/$defs/root"}


def test_gemini_keeps_what_it_has() -> None:
    schema = obj(
        a={"type": "integer", "minimum": 0, "maximum": 5},
        b={"type": "array", "prefixItems": [{"type": "string"}], "minItems": 2, "maxItems": 3},
        c={"oneOf": [{"type": "string"}, {"type": "object", "additionalProperties": {"type": "string"}}]},
    )
    assert written(schema, GEMINI) is schema
    made = written(obj(a={"const": "x"}, b={"const": True}, c={"enum": ["x", None]}, d={"items": [{"type": "string"}]}), GEMINI)
    assert made["properties"] == {
        "a": {"enum": ["x"]},
        "b": {"description": "{const: true}"},
        "c": {"description": '{enum: ["x",null]}'},
        "d": {"type": "array", "prefixItems": [{"type": "string"}]},
    }


def test_cohere_wants_an_object_with_a_required_property() -> None:
    made = written({"type": "object", "properties": {"a": {"type": "string", "pattern": "^a"}, "b": {"type": "string"}}}, COHERE)
    assert made["required"] == ["a"]
    assert made["properties"]["a"] == {"type": "string", "description": '{pattern: "^a"}'}
    assert refused({"type": "array", "items": {"type": "string"}}, COHERE) == "s.type"


@pytest.mark.parametrize("key", ["anyOf", "oneOf", "allOf"])
def test_a_tools_parameters_are_one_object(key: str) -> None:
    variants: list[Any] = [{"$ref": "#/$defs/A"}, {"properties": {"y": {"type": "string"}}}, {"required": ["z"]}, 7]
    made = as_object({key: variants, "properties": {"z": {"type": "null"}}, "$defs": {"A": obj(x={"type": "string"})}})
    assert (made["type"], made["properties"].keys()) == ("object", {"x", "y", "z"})
    assert not made.keys() & {"anyOf", "oneOf", "allOf"}
    assert made["description"].startswith(f"{{{key}: ")
    assert as_object(plain := obj(a={"type": "string"})) is plain
    assert as_object({"properties": {}}) == {"type": "object", "properties": {}}


# Bad input


@pytest.mark.parametrize("dialect", ALL)
@pytest.mark.parametrize(
    ("schema", "field"),
    [
        (obj(a="string"), "s.properties.a"),
        (obj(a=["string"]), "s.properties.a"),
        ({"type": "object", "properties": []}, "s.properties"),
        ({"type": "word"}, "s.type"),
        ({"type": []}, "s.type"),
        ({"type": {"a": 1}}, "s.type"),
        ({"type": "array", "items": 7}, "s.items"),
        (obj(a={"anyOf": {}}), "s.properties.a.anyOf"),
        (obj(a={"allOf": []}), "s.properties.a.allOf"),
        (obj(a={"allOf": [7]}), "s.properties.a.allOf[0]"),
        (obj(a={"$ref": 7}), "s.properties.a.$ref"),
        ({"type": "object", "additionalProperties": "no"}, "s.additionalProperties"),
        ({"type": "object", "$defs": []}, "s.$defs"),
    ],
)
def test_what_is_no_schema_is_the_clients_error(schema: Json, field: str, dialect: Dialect) -> None:
    with pytest.raises(InvalidRequest) as caught:
        in_dialect(schema, dialect, "s")
    assert not isinstance(caught.value, UnsupportedByProvider)
    assert caught.value.param == field


def deep(levels: int) -> Json:
    schema: Json = {"type": "string"}
    for _ in range(levels):
        schema = {"type": "array", "items": schema}
    return schema


def doubling(levels: int) -> Json:
    """Each definition holds the next one twice."""
    definitions: Json = {
        f"A{level}": {"allOf": [{"$ref": f"#/$defs/A{level + 1}"}, {"$ref": f"#/$defs/A{level + 1}"}]} for level in range(levels)
    }
    return {**obj(a={"$ref": "#/$defs/A0"}), "$defs": {**definitions, f"A{levels}": obj(x={"type": "string"})}}


LOOP: Json = {"$ref": "#/$defs/B", "$defs": {"A": {"$ref": "#/$defs/B"}, "B": {"$ref": "#/$defs/A"}}}
ENDLESS: Json = {"allOf": [{"$ref": "#"}, {"type": "object"}]}
WIDE: Json = obj(**{f"a{number}": {"type": "string"} for number in range(20_000)})


@pytest.mark.parametrize("dialect", ALL)
@pytest.mark.parametrize("schema", [deep(10_000), doubling(40), LOOP, {"$ref": "#"}, ENDLESS, WIDE])
def test_a_schema_without_bounds_is_refused_in_no_time(schema: Json, dialect: Dialect) -> None:
    started = perf_counter()
    with pytest.raises(UnsupportedByProvider) as caught:
        in_dialect(schema, dialect, "s")
    assert (caught.value.param or "").startswith("s")
    assert perf_counter() - started < 5


@pytest.mark.parametrize("dialect", ALL)
def test_a_large_schema_is_written(dialect: Dialect) -> None:
    schema = obj(a={"type": "string", "enum": [str(number) for number in range(100_000)]}, b=deep(60))
    assert written(schema, dialect) is schema


# Any schema

NAMES = st.sampled_from(["a", "b", "c"])
REFERENCES = st.sampled_from(["#", "#/$defs/a", "#/$defs/b", "#/definitions/c", "#/properties/a", "#/$defs/z", "x"])
SCALARS = st.none() | st.booleans() | st.integers(-2, 3) | st.sampled_from(["", "a", "date", "^x"])
LEAVES: st.SearchStrategy[Any] = st.one_of(
    st.booleans(),
    st.fixed_dictionaries({}, optional={"type": st.sampled_from(["string", "integer", "object", "array", ["string", "null"]])}),
    st.builds(lambda reference, beside: {"$ref": reference, **beside}, REFERENCES, st.sampled_from([{}, {"description": "x"}])),
)


def _schemas(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    lists = st.lists(inner, min_size=1, max_size=2)
    maps = st.dictionaries(NAMES, inner, max_size=2)
    return st.fixed_dictionaries(
        {},
        optional={
            "type": st.sampled_from(["string", "integer", "object", "array", ["object", "null"]]),
            "properties": maps,
            "required": st.lists(NAMES, max_size=2),
            "additionalProperties": inner,
            "items": inner | lists,
            "prefixItems": lists,
            "anyOf": lists,
            "oneOf": lists,
            "allOf": lists,
            "$defs": maps,
            "definitions": maps,
            "enum": st.lists(SCALARS, max_size=2),
            "const": SCALARS,
            "description": SCALARS,
            "not": inner,
            **dict.fromkeys(("minimum", "minItems", "maxItems", "minLength", "format", "pattern", "default"), SCALARS),
        },
    )


@given(_schemas(st.recursive(LEAVES, _schemas, max_leaves=6)), st.sampled_from(ALL))
def test_any_schema_is_in_the_dialect_or_refused_by_name(schema: Json, dialect: Dialect) -> None:
    try:
        made = written(schema, dialect)
    except InvalidRequest as refused:
        if not (refused.param or "").startswith("s"):
            raise
        return
    rules = gemini_schema if dialect is GEMINI else closed_schema
    assert dialect is COHERE or list(rules(made)) == []


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "object", "properties": {"a": {}}, "required": ["a", "b"] * 20_000},
        {"type": "object", "allOf": [{"required": [f"{word}{number}" for number in range(20_000)]} for word in "ab"]},
        {"type": "object", "x": {f"k{number}": 0 for number in range(5000)}, "allOf": [{"$ref": "#/x"}] * 5000},
    ],
    ids=["repeated names", "many names", "a large part often"],
)
def test_a_schema_that_is_large_in_one_place_is_written_at_once(schema: Json) -> None:
    start = process_time()
    with suppress(UnsupportedByProvider):
        written(schema, ANTHROPIC)
    assert process_time() - start < 2
