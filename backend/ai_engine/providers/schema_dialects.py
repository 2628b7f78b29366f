"""What providers support of JSON Schema; `schema_writer` rewrites schemas by these tables.

Sources (read 2026-11-30): https://platform.claude.com/docs/en/build-with-claude/structured-outputs and `transform_schema` of
Anthropic's Python SDK · https://docs.aws.amazon.com/bedrock/latest/userguide/structured-output.html (the same subset) ·
https://ai.google.dev/api/generate-content#FIELDS.response_json_schema and https://ai.google.dev/gemini-api/docs/structured-output
· https://docs.cohere.com/docs/structured-outputs.
"""

import math
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import NamedTuple

SCHEMA_PATH = "response_format.json_schema.schema"

JSON_ONLY = (
    "Answer with one JSON object and nothing else: the first character of the answer is { and the last is }, "
    "without any other text and without a code fence."
)
"""Stands for `json_object` where a protocol has JSON with a schema only: a schema without properties would allow only `{}`."""


class Dialect(NamedTuple):
    """What a provider supports of JSON Schema."""

    provider: str
    """Its name in errors."""
    keywords: Mapping[str, Callable[[object], bool]]
    """Keywords without schemas inside, and whether a value is supported."""
    structure: frozenset[str]
    """Keywords with schemas inside, beside `$ref`, `$defs`, `properties`, `required` and `items`, which all have."""
    closes_objects: bool = False
    """`additionalProperties` must be false."""
    wants_types: bool = False
    """Each schema must say its type, its variants or its values."""
    takes_cycles: bool = False
    """A definition may refer to itself, from properties that are not required."""
    wants_required: bool = False
    """The schema must be an object's, and each object must have a required property."""


def _is_scalar(value: object) -> bool:
    return value is None or isinstance(value, (str, int, float))


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)


def _is_word_or_number(value: object) -> bool:
    return isinstance(value, str) or _is_number(value)


def _is_count(value: object) -> bool:
    return type(value) is int and value >= 0


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _is_flag(value: object) -> bool:
    return type(value) is int and value in (0, 1)


def _is_list_of(accepts: Callable[[object], bool]) -> Callable[[object], bool]:
    return lambda value: isinstance(value, list) and bool(value) and all(map(accepts, value))


def _is_one_of(*words: str) -> Callable[[object], bool]:
    known = frozenset(words)
    return lambda value: isinstance(value, str) and value in known


def _is_plain_pattern(value: object) -> bool:
    """A regular expression without anchors and lookaheads."""
    return isinstance(value, str) and not any(sign in value for sign in ("^", "$", "(?"))


_TEXTS = {"title": _is_text, "description": _is_text}

ANTHROPIC = Dialect(
    "Anthropic",
    MappingProxyType(
        {
            **_TEXTS,
            "enum": _is_list_of(_is_scalar),
            "const": _is_scalar,
            "minItems": _is_flag,
            "format": _is_one_of(
                *("date-time", "time", "date", "duration", "email", "hostname", "uri", "ipv4", "ipv6", "uuid"),
            ),
        }
    ),
    structure=frozenset({"anyOf"}),
    closes_objects=True,
    wants_types=True,
)

BEDROCK = ANTHROPIC._replace(provider="Amazon Bedrock")

GEMINI = Dialect(
    "Gemini",
    MappingProxyType(
        {
            **_TEXTS,
            "enum": _is_list_of(_is_word_or_number),
            "minItems": _is_count,
            "maxItems": _is_count,
            "minimum": _is_number,
            "maximum": _is_number,
            "format": _is_one_of("date-time", "date", "time", "float", "double", "int32", "int64"),
            "propertyOrdering": _is_list_of(_is_text),
        }
    ),
    structure=frozenset({"anyOf", "oneOf", "prefixItems", "additionalProperties"}),
    takes_cycles=True,
)

COHERE = Dialect(
    "Cohere",
    MappingProxyType(
        {
            **_TEXTS,
            "enum": _is_list_of(_is_scalar),
            "const": _is_scalar,
            "pattern": _is_plain_pattern,
            "format": _is_one_of("date-time", "uuid", "date", "time"),
        }
    ),
    structure=frozenset({"anyOf", "additionalProperties"}),
    takes_cycles=True,
    wants_required=True,
)
