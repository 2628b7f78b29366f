"""Bodies in OpenAI's formats as `ClientRequest`s: fields that the gateway reads are checked, others pass unchanged."""

from ai_engine.autodecide.candidates import Needs
from ai_engine.client_api.steering import Arrival, steered_request
from ai_engine.names import Operation
from ai_engine.relay.request import ClientRequest
from ai_engine.wire.fields import invalid, non_empty, objects_of, optional, parse_object, required
from ai_engine.wire.json_types import JsonMapping


def chat_request(raw: bytes, arrival: Arrival) -> ClientRequest:
    """Reads `POST /v1/chat/completions`. Raises `InvalidRequest`."""
    body = parse_object(raw)
    needs = _chat_needs(body, len(raw))
    is_stream, wants_usage = stream_of(body)
    return steered_request(body, Operation.CHAT, arrival, is_stream=is_stream, wants_usage=wants_usage, needs=needs)


def embeddings_request(raw: bytes, arrival: Arrival) -> ClientRequest:
    """Reads `POST /v1/embeddings`. Raises `InvalidRequest`."""
    body = parse_object(raw)
    given = body.get("input")
    if not isinstance(given, str | list) or not given:
        raise invalid("input", "must be a non-empty string, or a non-empty array of strings or tokens")
    return steered_request(body, Operation.EMBEDDINGS, arrival)


def stream_of(body: JsonMapping) -> tuple[bool, bool]:
    """Whether the client requests a stream, and usage in it. Raises `InvalidRequest`."""
    is_stream = optional(body, "stream", bool) or False
    options = optional(body, "stream_options", dict)
    return is_stream, is_stream and options is not None and options.get("include_usage") is True


def _chat_needs(body: JsonMapping, size_bytes: int) -> Needs:
    """What the request demands of a model. Texts are not read. Raises `InvalidRequest`."""
    has_images = has_files = False
    for where, message in objects_of(non_empty(body, "messages", list), "messages"):
        required(message, "role", str, where)
        content = message.get("content")
        if isinstance(content, list):
            for part in content:
                kind = part.get("type") if isinstance(part, dict) else None
                has_images = has_images or kind == "image_url"
                has_files = has_files or kind not in ("text", "image_url")
    response_format = body.get("response_format")
    return Needs(
        tools=bool(body.get("tools")),
        images=has_images,
        json_schema=isinstance(response_format, dict) and response_format.get("type") == "json_schema",
        text_bytes=0 if has_images or has_files else size_bytes,
    )
