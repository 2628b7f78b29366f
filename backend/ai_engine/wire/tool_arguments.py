"""The arguments of tool calls: JSON in a string, which some servers and clients send as an object, empty, `null` or cut off."""

import orjson

from ai_engine.wire import exact_json
from ai_engine.wire.json_types import Json


def arguments_text(given: object) -> str:
    """The text of a provider's arguments, or of a piece of them; empty where there are none.

    Raises `orjson.JSONEncodeError` where they are nested too deeply.
    """
    if isinstance(given, str):
        return given
    return "" if given is None else exact_json.dumps(given).decode()


def whole_arguments(given: object) -> str:
    """As `arguments_text`, for a whole call: an empty object where there are none."""
    return arguments_text(given) or "{}"


def arguments_object(given: object) -> Json:
    """A call's arguments as an object: empty for blank ones and `null`; the text under one name where it is no object.

    The tool rejects that name, and the model sees its own text.
    """
    if isinstance(given, dict):
        return given
    text = arguments_text(given)
    value = _read(text)
    if isinstance(value, str):  # encoded twice
        value = _read(value)
    if isinstance(value, dict):
        return value
    return {} if value is None else unreadable(text)


def sound_arguments(given: object) -> str:
    """As `arguments_object`, as text; the text of an object is returned unchanged."""
    if isinstance(given, str) and isinstance(_read(given), dict):
        return given
    return arguments_text(arguments_object(given))


def unreadable(text: str) -> Json:
    """The object for arguments that are not one."""
    return {"unreadable_arguments": text}


def _read(text: str) -> object:
    """The value; `None` for blank text and `null`; a number where it is not JSON."""
    if not text.strip():
        return None
    try:
        return exact_json.loads(text)
    except orjson.JSONDecodeError:
        return 0
