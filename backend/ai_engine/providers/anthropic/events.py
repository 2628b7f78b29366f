"""Anthropic's stream events, for both decoders: errors, usage, fields.

Source: https://platform.claude.com/docs/en/build-with-claude/streaming (read 2026-11-28).
"""

from ai_engine.wire.json_types import JsonMapping


def is_error(value: object) -> bool:
    """Parsed JSON is the error envelope, of Anthropic or another server."""
    return isinstance(value, dict) and (value.get("type") == "error" or bool(value.get("error")))


def merged(known: JsonMapping, reported: object) -> JsonMapping:
    """`known` usage updated with an event's. Its numbers are totals so far; unchanged ones are absent."""
    if not isinstance(reported, dict):
        return known
    return {**known, **{name: value for name, value in reported.items() if value is not None}}


def mapping(event: JsonMapping, name: str) -> JsonMapping:
    """The object under `name`; an empty one where there is none."""
    value = event.get(name)
    return value if isinstance(value, dict) else {}


def index_of(event: JsonMapping) -> int:
    index = event.get("index")
    return index if type(index) is int else 0
