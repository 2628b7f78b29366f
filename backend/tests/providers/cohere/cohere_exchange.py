"""Asks Cohere's adapter, and reads what it makes of an answer."""

from typing import Any

import orjson

from ai_engine.names import Operation
from ai_engine.providers.adapter import PlainAnswer, StreamEvent
from ai_engine.providers.cohere.adapter import Cohere
from ai_engine.providers.cohere.stream import CohereStreamDecoder
from ai_engine.providers.failures import Failure
from ai_engine.providers.registry.definition import ProviderDefinition, WireProtocol
from ai_engine.upstream.port import UpstreamRequest
from ai_engine.wire.json_types import Json
from tests.builders import provider
from tests.fakes.clock import HandTurnedClock
from tests.providers.made_answers import made_answer

PROVIDER: ProviderDefinition = provider("cohere", protocol=WireProtocol.COHERE, base_url="https://api.cohere.com/v2")
HI: Json = {"role": "user", "content": "hi"}
WEATHER: Json = {
    "type": "function",
    "function": {"name": "weather", "description": "The weather.", "parameters": {"type": "object"}},
}
CREATED = 1795435200
"""What the clock of the adapter says."""


def adapter() -> Cohere:
    return Cohere(HandTurnedClock())


def encode(body: Json, operation: Operation = Operation.CHAT) -> UpstreamRequest:
    return adapter().encode(operation, body, PROVIDER, "command-a", PROVIDER.keys[0], ask_usage=True)


def sent(body: Json, operation: Operation = Operation.CHAT) -> Json:
    """The body that goes out."""
    content: Json = orjson.loads(encode(body, operation).body)
    return content


def chat(**fields: Any) -> Json:
    return {"model": "asked", "messages": [HI], **fields}


def of_messages(*messages: Json) -> list[Json]:
    """The `messages` that a chat's become."""
    found: list[Json] = sent({"messages": list(messages)})["messages"]
    return found


def answer(reason: str = "COMPLETE", *, message: Json | None = None, **fields: Any) -> Json:
    said = message if message is not None else {"role": "assistant", "content": [{"type": "text", "text": "hello"}]}
    return {"id": "c1", "finish_reason": reason, "message": said, **fields}


def decode(content: object, operation: Operation = Operation.CHAT) -> PlainAnswer | Failure:
    body = content if isinstance(content, bytes) else orjson.dumps(content)
    return adapter().decode_answer(operation, (), body, "asked")


def decoded(content: object, operation: Operation = Operation.CHAT) -> PlainAnswer:
    found = decode(content, operation)
    assert isinstance(found, PlainAnswer)
    assert found.body is None or orjson.loads(found.body) == found.answer
    return found


def plain(content: object) -> Json:
    """The chat completion."""
    return made_answer(decoded(content))


def failure_of(content: object, operation: Operation = Operation.CHAT) -> Failure:
    found = decode(content, operation)
    assert isinstance(found, Failure)
    return found


def sse(*events: object) -> bytes:
    return b"".join(
        b"event: x\ndata: " + (event if isinstance(event, bytes) else orjson.dumps(event)) + b"\n\n" for event in events
    )


def stream(*events: object) -> tuple[list[StreamEvent], CohereStreamDecoder]:
    decoder = CohereStreamDecoder("asked", CREATED)
    return [*decoder.feed(sse(*events)), *decoder.end()], decoder
