"""Pydantic's validation errors as short sentences with the path of the field."""

from collections.abc import Sequence
from typing import Any

NAME_PATTERN = r"^[a-z0-9][a-z0-9._-]*$"
ROUTE_PATTERN = r"^[^/]+/.+$"
VARIABLE_PATTERN = r"^[A-Za-z_][A-Za-z0-9_]*$"

_PATTERN_REASONS = {
    NAME_PATTERN: "must be lower-case letters, digits, dots, hyphens and underscores",
    ROUTE_PATTERN: "must be written provider/model",
    VARIABLE_PATTERN: "must be the name of an environment variable",
}
_REASONS = {
    "int_parsing": "must be a whole number",
    "int_type": "must be a whole number",
    "int_from_float": "must be a whole number",
    "float_parsing": "must be a number",
    "float_type": "must be a number",
    "bool_parsing": "must be true or false",
    "bool_type": "must be true or false",
    "string_type": "must be text; put it in quotes",
    "tuple_type": "must be a list",
    "dict_type": "must be a mapping",
    "model_type": "must be a mapping",
    "missing": "is missing",
}


def reason_of(error: Any) -> str:
    """What is wrong with a value, to follow its name: `must be a whole number`. `error` is one of `ValidationError.errors()`."""
    context = error.get("ctx", {})
    kind = error["type"]
    if kind == "string_pattern_mismatch":
        return _PATTERN_REASONS[context["pattern"]]
    if kind == "too_short" and context["field_type"] == "Tuple":
        return "must not be empty"
    if kind in ("too_short", "string_too_short"):  # `too_short` for a `SecretStr`
        return f"must have {context['min_length']} characters or more"
    message = str(error["msg"]).removeprefix("Value error, ").replace("Input should be", "must be")
    return _REASONS.get(kind, message)


def field_path(location: Sequence[int | str]) -> str:
    """A pydantic location as a path: `("models", 0, "name")` is `models[0].name`."""
    path = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in location if part != "[key]")
    return path.removeprefix(".")
