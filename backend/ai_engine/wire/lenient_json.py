"""JSON that `orjson` refuses and lenient parsers read: `NaN`, `Infinity`, lone surrogates, control characters, invalid UTF-8."""

import json
import re
from sys import float_info
from typing import Any

import orjson

from ai_engine.wire import exact_json

_CONSTANTS = {"NaN": None, "Infinity": float_info.max, "-Infinity": -float_info.max}
"""What JSON has in their place; the logarithm of an impossible token stays a number, the smallest."""
_surrogate_in = re.compile("[\ud800-\udfff]").search
_half_pair_in = re.compile("[\ud800-\udbff]\\Z").search
_MOST_HALVES = 64

Path = tuple[object, ...]


def loads(data: bytes) -> Any:
    """The value, which can be written as JSON: half a surrogate pair becomes U+FFFD. Raises `ValueError`."""
    return PairJoiner().loads(data, is_last=True)


def repaired(data: bytes) -> bytes:
    """The value of `loads` as JSON. Raises `ValueError`."""
    return _dumps(loads(data))


class PairJoiner:
    """Joins surrogate pairs that a stream splits between two events: the first half waits for the second.

    JSON allows halves as escapes (https://www.rfc-editor.org/rfc/rfc8259#section-8.2, read 2026-12-01).
    """

    __slots__ = ("_halves",)

    def __init__(self) -> None:
        self._halves: dict[Path, str] = {}
        """First halves, by the place of their text in the event."""

    def repaired(self, event: bytes) -> bytes:
        """The event as JSON. Raises `ValueError`."""
        return _dumps(self.loads(event))

    def loads(self, event: bytes, *, is_last: bool = False) -> Any:
        """As the function; `is_last`: no event follows."""
        try:
            value = json.loads(event.decode("utf-8-sig", "replace"), strict=False, parse_constant=_CONSTANTS.__getitem__)
            return self._joined(value, (), may_wait=not is_last)
        except RecursionError:
            raise _too_deep() from None

    def _joined(self, value: Any, path: Path, *, may_wait: bool) -> Any:
        if isinstance(value, str):
            return self._text(value, path, may_wait=may_wait)
        if isinstance(value, list):
            return [self._joined(each, (*path, _place(each, at)), may_wait=may_wait) for at, each in enumerate(value)]
        if isinstance(value, dict):
            return {
                self._text(name, (), may_wait=False): self._joined(each, (*path, name), may_wait=may_wait)
                for name, each in value.items()
            }
        return value

    def _text(self, text: str, path: Path, *, may_wait: bool) -> str:
        if not _surrogate_in(text) and path not in self._halves:
            return text
        if text:
            text = self._halves.pop(path, "") + text
        if may_wait and (half := _half_pair_in(text)) is not None and len(self._halves) < _MOST_HALVES:
            self._halves[path] = half[0]
            text = text[:-1]
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def _place(value: Any, at: int) -> int:
    """Choices and calls have numbers of their own."""
    index = value.get("index") if isinstance(value, dict) else None
    return index if type(index) is int else at


def _dumps(value: Any) -> bytes:
    try:
        return exact_json.dumps(value)
    except orjson.JSONEncodeError:
        raise _too_deep() from None


def _too_deep() -> ValueError:
    return ValueError("The JSON is nested too deeply.")
