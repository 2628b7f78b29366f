"""Reading fields of a client's JSON: each gives the value in its type, or refuses it by its place."""

from collections.abc import Mapping
from typing import Any, TypeVar

from ai_engine.errors import InvalidRequest
from ai_engine.wire.json_types import Json, JsonMapping

Kind = TypeVar("Kind")

_NAMES: Mapping[type, str] = {dict: "an object", list: "an array", str: "a string", bool: "true or false", int: "a whole number"}


def refused(where: str, must: str) -> InvalidRequest:
    """The refusal of the field at `where`, such as `input[2].content`."""
    return InvalidRequest(f"{where} must be {must}.", param=where)


def an_object(value: object, where: str) -> Json:
    if type(value) is not dict:
        raise refused(where, "an object")
    return value


def an_array(value: object, where: str) -> list[Any]:
    if type(value) is not list:
        raise refused(where, "an array")
    return value


def a_string(value: object, where: str) -> str:
    if type(value) is not str:
        raise refused(where, "a string")
    return value


def a_name(value: object, where: str) -> str:
    """A string that is not empty."""
    if type(value) is not str or not value:
        raise refused(where, "a string that is not empty")
    return value


def optional(given: JsonMapping, field: str, kind: type[Kind]) -> Kind | None:
    """A field that may be missing or null. A bool is no number."""
    value = given.get(field)
    if value is None or type(value) is kind:
        return value
    raise refused(field, _NAMES[kind])


def optional_number(given: JsonMapping, field: str) -> float | None:
    """As `optional`, for a number of either kind."""
    value = given.get(field)
    if value is None or type(value) is int or type(value) is float:
        return value
    raise refused(field, "a number")
