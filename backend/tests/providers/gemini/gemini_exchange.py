"""Asks Gemini's adapter, and reads what it makes of an answer."""

from typing import Any

import orjson

from ai_engine.names import Operation
from ai_engine.providers.adapter import PlainAnswer, StreamEvent
from ai_engine.providers.failures import Failure
from ai_engine.providers.gemini.adapter import Gemini
from ai_engine.providers.gemini.stream import GeminiStreamDecoder
from ai_engine.providers.registry.definition import ProviderDefinition, WireProtocol
from ai_engine.upstream.port import UpstreamRequest
from ai_engine.wire.json_types import Json
from tests.builders import provider
from tests.fakes.clock import HandTurnedClock
from tests.providers.made_answers import made_answer

PROVIDER: ProviderDefinition = provider(
    "gemini", protocol=WireProtocol.GEMINI, base_url="https://generativelanguage.googleapis.com/v1beta"
)
HI: Json = {"role": "user", "content": "hi"}
WEATHER: Json = {
    "type": "function",
    "function": {
        "name": "weather",
        "description": "The weather.",
        "parameters": {"type": "object", "additionalProperties": False},
    },
}
CREATED = 1795435200
"""What the clock of the adapter says."""


def adapter() -> Gemini:
    return Gemini(HandTurnedClock())


def encode(body: Json, *, model: str = "gemini-3-flash-preview", operation: Operation = Operation.CHAT) -> UpstreamRequest:
    return adapter().encode(operation, body, PROVIDER, model, PROVIDER.keys[0], ask_usage=True)


def sent(body: Json, *, model: str = "gemini-3-flash-preview", operation: Operation = Operation.CHAT) -> Json:
    """The body that goes out."""
    content: Json = orjson.loads(encode(body, model=model, operation=operation).body)
    return content


def chat(**fields: Any) -> Json:
    return {"model": "asked", "messages": [HI], **fields}


def of_messages(*messages: Json, model: str = "gemini-3-flash-preview") -> list[Json]:
    """The `contents` that messages become."""
    contents: list[Json] = sent({"messages": list(messages)}, model=model)["contents"]
    return contents


def config(model: str = "gemini-3-flash-preview", **fields: Any) -> Json:
    found: Json = sent(chat(**fields), model=model).get("generationConfig", {})
    return found


def candidate(*parts: Json, finish: str | None = "STOP", **fields: Any) -> Json:
    end = {} if finish is None else {"finishReason": finish}
    return {"content": {"role": "model", "parts": list(parts)}, **end, **fields}


def answer(*candidates: Json, **fields: Any) -> Json:
    return {"candidates": list(candidates), "modelVersion": "gemini-3", "responseId": "r1", **fields}


def decode(content: object, operation: Operation = Operation.CHAT) -> PlainAnswer | Failure:
    body = content if isinstance(content, bytes) else orjson.dumps(content)
    return adapter().decode_answer(operation, (), body, "asked")


def plain(content: object) -> Json:
    """The chat completion."""
    decoded = decode(content)
    assert isinstance(decoded, PlainAnswer)
    return made_answer(decoded)


def failure_of(content: object) -> Failure:
    decoded = decode(content)
    assert isinstance(decoded, Failure)
    return decoded


def sse(*events: object) -> bytes:
    return b"".join(b"data: " + (event if isinstance(event, bytes) else orjson.dumps(event)) + b"\r\n\r\n" for event in events)


def stream(*events: object) -> tuple[list[StreamEvent], GeminiStreamDecoder]:
    decoder = GeminiStreamDecoder("asked", CREATED)
    return [*decoder.feed(sse(*events)), *decoder.end()], decoder
