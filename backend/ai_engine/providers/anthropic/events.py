"""What both decoders of Anthropic's streams know of its events: their names, their usage, and bodies that are no stream.

Source: https://platform.claude.com/docs/en/build-with-claude/streaming (read 2026-11-28).
"""

from collections.abc import Mapping
from typing import Any

import orjson

from ai_engine.providers.adapter import EventKind, StreamEvent
from ai_engine.providers.failures import Failure, classify_error_value, malformed_answer

DONE = StreamEvent(EventKind.DONE)
INVALID = StreamEvent(EventKind.INVALID)


def failed(failure: Failure) -> StreamEvent:
    return StreamEvent(EventKind.FAILURE, failure=failure)


def is_error(value: object) -> bool:
    """Parsed JSON is the error envelope, or looks like another server's."""
    return isinstance(value, dict) and (value.get("type") == "error" or bool(value.get("error")))


def no_stream(body: bytes) -> StreamEvent:
    """A body without a single event: an error under a 200, or an answer from a server that cannot stream."""
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError:
        value = None
    if is_error(value):
        return failed(classify_error_value(value))
    return failed(malformed_answer("The provider did not answer a streaming request with a stream."))


def merged(known: Mapping[str, Any], reported: object) -> Mapping[str, Any]:
    """`known` usage with what an event reports; its numbers are totals so far, and absent where nothing changed."""
    if not isinstance(reported, dict):
        return known
    return {**known, **{name: value for name, value in reported.items() if value is not None}}


def mapping(event: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """The object under `name`; an empty one where there is none."""
    value = event.get(name)
    return value if isinstance(value, dict) else {}


def index_of(event: Mapping[str, Any]) -> int:
    index = event.get("index")
    return index if type(index) is int else 0
