"""Reads the fields of a request's JSON. Every error names the full path of its field: `messages[3].content[0].image_url.url`.

`where` is the path of the object that has the field, empty for the body itself. A field that is null counts as missing.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import TypeVar

import orjson

from ai_engine.errors import InvalidRequest, UnsupportedByProvider
from ai_engine.wire import exact_json
from ai_engine.wire.json_types import Json, JsonMapping

Kind = TypeVar("Kind")

_LONGEST_PATH = 200
"""The client chooses the names of fields, and so the length of paths."""
KIND_NAMES: Mapping[type, str] = {
    dict: "an object",
    list: "an array",
    str: "a string",
    bool: "true or false",
    int: "an integer",
    float: "a number",
}


def path_of(where: str, field: str) -> str:
    return f"{where}.{field}" if where else field


def invalid(path: str, problem: str, *, code: str | None = None) -> InvalidRequest:
    """`problem` continues the sentence that the path begins, without its full stop: `must be an object`."""
    path = path[:_LONGEST_PATH]
    return InvalidRequest(f"{path} {problem}.", param=path, code=code)


def unsupported(path: str, problem: str, *further: str) -> UnsupportedByProvider:
    """As `invalid`, for a valid field that this provider does not support, and `further` ones of the same object."""
    shown = path[:_LONGEST_PATH]
    return UnsupportedByProvider(f"{shown} {problem}.", param=shown, params=(path, *further))


def parse_object(raw: bytes) -> Json:
    """The body as a JSON object. Raises `InvalidRequest`."""
    if not raw:
        raise InvalidRequest("The body is empty; send a JSON object.", code="invalid_json")
    try:
        body = exact_json.loads(raw)
    except orjson.JSONDecodeError as error:
        raise InvalidRequest(f"The body is not valid JSON: {error}.", code="invalid_json") from None
    if not isinstance(body, dict):
        raise InvalidRequest("The body must be a JSON object.", code="invalid_json")
    return body


def required(given: JsonMapping, field: str, kind: type[Kind], where: str = "") -> Kind:
    """A field of this type. `float` takes integers too, and a boolean is no number."""
    value = given.get(field)
    if type(value) is kind or (kind is float and type(value) is int):
        return value  # type: ignore[return-value]  # an int stands for a float
    raise invalid(path_of(where, field), f"must be {KIND_NAMES[kind]}")


def optional(given: JsonMapping, field: str, kind: type[Kind], where: str = "") -> Kind | None:
    """As `required`; `None` where the field is missing."""
    return None if given.get(field) is None else required(given, field, kind, where)


def non_empty(given: JsonMapping, field: str, kind: type[Kind], where: str = "") -> Kind:
    """As `required`, for a string or an array that is not empty."""
    value = given.get(field)
    if type(value) is not kind or not value:
        raise invalid(path_of(where, field), f"must be a non-empty {KIND_NAMES[kind].split()[-1]}")
    return value


def one_of(given: JsonMapping, field: str, choices: Collection[str], where: str = "") -> str:
    """One of these strings."""
    value = given.get(field)
    if type(value) is not str or value not in choices:
        raise invalid(path_of(where, field), f"must be one of {', '.join(choices)}")
    return value


def objects(given: JsonMapping, field: str, where: str = "") -> Iterator[tuple[str, Json]]:
    """The path and value of each object in an array."""
    return objects_of(required(given, field, list, where), path_of(where, field))


def optional_objects(given: JsonMapping, field: str, where: str = "") -> Iterator[tuple[str, Json]]:
    """As `objects`; nothing where the field is missing."""
    return objects_of(optional(given, field, list, where) or (), path_of(where, field))


def objects_of(array: Iterable[object], path: str) -> Iterator[tuple[str, Json]]:
    """As `objects`, of the array at `path`."""
    for index, value in enumerate(array):
        if type(value) is not dict:
            raise invalid(f"{path}[{index}]", "must be an object")
        yield f"{path}[{index}]", value


def strings(given: JsonMapping, field: str, where: str = "") -> list[str]:
    """The strings of an array; none where the field is missing."""
    array = optional(given, field, list, where) or []
    for index, value in enumerate(array):
        if type(value) is not str:
            raise invalid(f"{path_of(where, field)}[{index}]", "must be a string")
    return array


def check_known(given: JsonMapping, known: Collection[str], where: str, problem: str) -> None:
    """Raises `UnsupportedByProvider` with `problem` for the fields that are not in `known`."""
    if lacking := [path_of(where, field) for field, value in given.items() if field not in known and value is not None]:
        raise unsupported(lacking[0], problem, *lacking[1:])


def json_text(value: object, path: str) -> str:
    """`value` as JSON. Raises `InvalidRequest` where it is nested too deeply."""
    try:
        return exact_json.dumps(value).decode()
    except orjson.JSONEncodeError:
        raise invalid(path, "is nested too deeply") from None
