"""OpenAPI's description of streamed answers: `itemSchema` of OpenAPI 3.2, as in FastAPI, is one event."""

from ai_engine.wire.json_types import Json


def _events(*fields: str) -> Json:
    event = {"type": "object", "properties": {field: {"type": "string"} for field in fields}, "required": list(fields)}
    return {"text/event-stream": {"itemSchema": event}}


EVENTS = _events("data")
NAMED_EVENTS = _events("event", "data")


def may_be_streamed(description: str, content: Json = EVENTS) -> dict[int | str, Json]:
    """A route's `responses`; `content` is what a 200 may have beside the route's JSON."""
    return {200: {"description": description, "content": content}}
