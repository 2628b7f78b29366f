"""Encodes with Bedrock's adapter and decodes answers. Every request is checked against AWS's service model."""

from collections.abc import Sequence
from typing import Any
from urllib.parse import unquote

import orjson

from ai_engine.names import Operation
from ai_engine.providers.adapter import PlainAnswer, StreamEvent
from ai_engine.providers.bedrock.adapter import Bedrock
from ai_engine.providers.bedrock.stream import ConverseStreamDecoder
from ai_engine.providers.cloud_credentials import AwsCredentials, CloudCredentials, InForce
from ai_engine.providers.failures import Failure
from ai_engine.providers.registry.definition import ProviderDefinition, WireProtocol
from ai_engine.upstream.port import Headers, UpstreamRequest
from tests.builders import provider
from tests.contracts.aws_service_model import check_answer, check_request
from tests.fakes.clock import HandTurnedClock
from tests.fakes.eventstream import event

Json = dict[str, Any]

CLAUDE = "us.anthropic.claude-sonnet-4-5-20250929-v1:0"
OLD_CLAUDE = "anthropic.claude-3-haiku-20240307-v1:0"
NEW_CLAUDE = "global.anthropic.claude-opus-4-6-v1"
NOVA = "amazon.nova-lite-v1:0"
NOVA_2 = "us.amazon.nova-2-lite-v1:0"
LLAMA = "meta.llama3-3-70b-instruct-v1:0"
GPT_OSS = "openai.gpt-oss-120b-1:0"

PROVIDER: ProviderDefinition = provider(
    "bedrock", protocol=WireProtocol.BEDROCK, base_url="https://bedrock-runtime.us-east-1.amazonaws.com", region="us-east-1"
)
CREDENTIALS = AwsCredentials("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", "a-session-token/of+some=length")
HI: Json = {"role": "user", "content": "hi"}
WEATHER: Json = {
    "type": "function",
    "function": {"name": "weather", "description": "The weather.", "parameters": {"type": "object"}},
}
PNG = "iVBORw0KGgo="
CREATED = 1795435200
"""What the clock of the adapter says."""


def adapter(credentials: AwsCredentials | None = None) -> Bedrock:
    return Bedrock(HandTurnedClock(), CloudCredentials(aws=InForce(credentials)))


def encode(body: Json, model: str = CLAUDE) -> UpstreamRequest:
    return adapter().encode(Operation.CHAT, body, PROVIDER, model, PROVIDER.keys[0], ask_usage=True)


def sent(body: Json, model: str = CLAUDE) -> Json:
    """The body that goes out."""
    request = encode(body, model)
    content: Json = orjson.loads(request.body)
    check_request("Converse", {"modelId": unquote(request.url.split("/")[-2]), **content})
    return content


def chat(*messages: Json, **fields: Any) -> Json:
    return {"model": "asked", "messages": list(messages) or [HI], **fields}


def turns(*messages: Json, model: str = CLAUDE, **fields: Any) -> list[Json]:
    """The `messages` that a chat's become."""
    found: list[Json] = sent(chat(*messages, **fields), model)["messages"]
    return found


def call(call_id: str = "call_1", name: str = "weather", arguments: str = '{"city":"Oslo"}', **message: Any) -> Json:
    """An assistant's message that calls a tool."""
    function = {"name": name, "arguments": arguments}
    return {
        "role": "assistant",
        "content": None,
        "tool_calls": [{"id": call_id, "type": "function", "function": function}],
        **message,
    }


def result(content: object = "rain", call_id: str = "call_1", **message: Any) -> Json:
    return {"role": "tool", "tool_call_id": call_id, "content": content, **message}


def answer(*blocks: Json, reason: str = "end_turn", **fields: Any) -> Json:
    """A whole answer, as the service model has it."""
    made: Json = {
        "output": {"message": {"role": "assistant", "content": list(blocks) or [{"text": "hello"}]}},
        "stopReason": reason,
        "usage": {"inputTokens": 7, "outputTokens": 5, "totalTokens": 12},
        "metrics": {"latencyMs": 100},
        **fields,
    }
    check_answer("Converse", made)
    return made


def decode(content: object, model: str = CLAUDE, headers: Headers = ()) -> PlainAnswer | Failure:
    body = content if isinstance(content, bytes) else orjson.dumps(content)
    return adapter().decode_answer(Operation.CHAT, headers, body, model)


def decoded(content: object, headers: Headers = ()) -> Json:
    """The chat completion."""
    plain = decode(content, headers=headers)
    assert isinstance(plain, PlainAnswer), plain
    assert plain.answer is not None
    return dict(plain.answer)


def streamed(*events: tuple[str, Json], is_sound: bool = True) -> tuple[list[StreamEvent], ConverseStreamDecoder]:
    """What the decoder makes of these events, and the decoder."""
    for name, payload in events if is_sound else ():
        check_answer("ConverseStream", {name: payload})
    decoder = ConverseStreamDecoder(CLAUDE, "chatcmpl-1", CREATED)
    data = b"".join(event(name, payload) for name, payload in events)
    return [*decoder.feed(data), *decoder.end()], decoder


def deltas(events: Sequence[StreamEvent]) -> list[Json]:
    """The deltas of the first choice, without empty ones."""
    chunks = [each.chunk for each in events if each.chunk is not None and each.chunk["choices"]]
    return [chunk["choices"][0]["delta"] for chunk in chunks if chunk["choices"][0]["delta"]]
