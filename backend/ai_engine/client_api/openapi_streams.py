"""How OpenAPI shows answers that may be streams: its 3.2 has `itemSchema`, as FastAPI uses it, for what one event is."""

from ai_engine.wire.json_types import Json


def _events(*fields: str) -> Json:
    event = {"type": "object", "properties": {field: {"type": "string"} for field in fields}, "required": list(fields)}
    return {"text/event-stream": {"itemSchema": event}}


EVENTS = _events("data")
NAMED_EVENTS = _events("event", "data")


def may_be_streamed(description: str, content: Json = EVENTS) -> dict[int | str, Json]:
    """A route's `responses`; `content` is what a 200 may hold beside the route's JSON."""
    return {200: {"description": description, "content": content}}
