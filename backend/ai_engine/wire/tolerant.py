"""Reads JSON from providers: a value that is missing, or of another type, reads as empty. `fields` is the strict counterpart."""

from typing import Any

from ai_engine.wire.json_types import Json


def string_in(given: object, name: str) -> str:
    value = given.get(name) if isinstance(given, dict) else None
    return value if isinstance(value, str) else ""


def object_in(given: object, name: str) -> Json:
    value = given.get(name) if isinstance(given, dict) else None
    return value if isinstance(value, dict) else {}


def array_in(given: object, name: str) -> list[Any]:
    value = given.get(name) if isinstance(given, dict) else None
    return value if isinstance(value, list) else []


def objects_in(given: object, name: str) -> list[Json]:
    """The objects of an array; its other values are left out."""
    value = given.get(name) if isinstance(given, dict) else None
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []
