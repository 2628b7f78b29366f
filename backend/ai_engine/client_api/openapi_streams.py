"""How OpenAPI shows answers that may be streams: its 3.2 has `itemSchema`, as FastAPI uses it, for what one event is."""

from typing import Any


def _events(*fields: str) -> dict[str, Any]:
    event = {"type": "object", "properties": {field: {"type": "string"} for field in fields}, "required": list(fields)}
    return {"text/event-stream": {"itemSchema": event}}


EVENTS = _events("data")
NAMED_EVENTS = _events("event", "data")


def may_be_streamed(description: str, content: dict[str, Any] = EVENTS) -> dict[int | str, dict[str, Any]]:
    """A route's `responses`; `content` is what a 200 may hold beside the route's JSON."""
    return {200: {"description": description, "content": content}}
