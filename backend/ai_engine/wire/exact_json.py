"""JSON with integers of any size: `orjson` reads those beyond 64 bits as floats, and refuses to write them.

Amounts in wei and ids of some services are such integers. The standard library keeps them; it is slower, and used only for what
has one.
"""

import json
import re
from typing import Any

import orjson

_IS_DIGIT = bytes(ord("0") if chr(byte).isdecimal() else ord(" ") for byte in range(256))
_EVERY_OTHER = b"0" * 9
"""What 18 digits in a row leave of every second byte."""
_long_integer_in = re.compile(rb"(?<![0-9.])[0-9]{19}[0-9]*(?![0-9.eE])").search


def loads(data: bytes | str) -> Any:
    """Raises `orjson.JSONDecodeError`."""
    return exact(orjson.loads(data), data)


def exact(value: Any, data: bytes | str) -> Any:
    """`value`, as `orjson` read it from `data`, with its integers exact."""
    if isinstance(data, str):
        data = data.encode()
    if _EVERY_OTHER not in data[::2].translate(_IS_DIGIT) or _long_integer_in(data) is None:
        return value
    try:
        return json.loads(data)
    except RecursionError:  # nested more deeply than can be written again
        return value


def dumps(value: object) -> bytes:
    """Raises `orjson.JSONEncodeError`, as for a value that is nested too deeply."""
    try:
        return orjson.dumps(value)
    except orjson.JSONEncodeError as error:
        if "64-bit" not in str(error):
            raise
    try:
        return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()
    except (RecursionError, ValueError) as error:
        raise orjson.JSONEncodeError(str(error)) from None
