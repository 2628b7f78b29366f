"""However a provider sprinkles finish reasons over its events, every client format has the whole text and one end."""

import asyncio
import dataclasses
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ai_engine.client_api.completions import completions_request
from ai_engine.client_api.steering import Arrival
from ai_engine.events import Ending
from ai_engine.names import Operation
from ai_engine.providers.anthropic.adapter import AnthropicMessages
from ai_engine.providers.cohere.adapter import Cohere
from ai_engine.providers.gemini.adapter import Gemini
from ai_engine.providers.registry.definition import WireProtocol
from ai_engine.relay.relay import Relay
from ai_engine.relay.request import ClientRequest
from ai_engine.wire.json_types import Json
from tests.builders import provider
from tests.client_api.messages import message_requests
from tests.client_api.responses import response_builders
from tests.fakes.upstream import Part, Streamed
from tests.relay.relay_bench import BODY, CLIENT, RelayBench

pytestmark = pytest.mark.anyio

DONE = b"data: [DONE]\n\n"


class Answer(NamedTuple):
    """What a client has of a stream."""

    text: str
    ends: list[str]


def sse(*events: Json) -> list[bytes]:
    return [b"data: " + orjson.dumps(event) + b"\n\n" for event in events]


def data_of(stream: bytes) -> list[Any]:
    lines = [line.removeprefix(b"data: ") for line in stream.split(b"\n") if line.startswith(b"data: ")]
    return [orjson.loads(line) for line in lines if line != b"[DONE]"]


def read_chat(stream: bytes) -> Answer:
    choices = [choice for event in data_of(stream) for choice in event["choices"]]
    text = "".join(choice.get("delta", {}).get("content") or choice.get("text") or "" for choice in choices)
    return Answer(text, [choice["finish_reason"] for choice in choices if choice.get("finish_reason")])


def read_message(stream: bytes) -> Answer:
    deltas = [event["delta"] for event in data_of(stream) if "delta" in event]
    return Answer(
        "".join(each.get("text", "") for each in deltas), [each["stop_reason"] for each in deltas if each.get("stop_reason")]
    )


def read_response(stream: bytes) -> Answer:
    events = data_of(stream)
    text = "".join(event["delta"] for event in events if event["type"] == "response.output_text.delta")
    return Answer(
        text, [event["response"]["status"] for event in events if event["type"] in ("response.completed", "response.incomplete")]
    )


def chat_request() -> ClientRequest:
    return ClientRequest("r", Operation.CHAT, "tiny", {**BODY, "stream": True}, is_stream=True, wants_usage=True)


def messages_request() -> ClientRequest:
    return message_requests.parsed(model="tiny", stream=True)


def responses_request() -> ClientRequest:
    body = {"model": "tiny", "input": "Hello!", "stream": True}
    translation = response_builders.translation(body)
    return ClientRequest("r", Operation.RESPONSES, "tiny", body, is_stream=True, translation=translation)


def text_request() -> ClientRequest:
    return completions_request(orjson.dumps({"model": "tiny", "prompt": "Say hi", "stream": True}), Arrival("r"))


CLIENTS: dict[str, tuple[Callable[[], ClientRequest], Callable[[bytes], Answer], dict[str, str]]] = {
    "chat": (chat_request, read_chat, {"stop": "stop", "length": "length"}),
    "messages": (messages_request, read_message, {"stop": "end_turn", "length": "max_tokens"}),
    "responses": (responses_request, read_response, {"stop": "completed", "length": "incomplete"}),
    "completions": (text_request, read_chat, {"stop": "stop", "length": "length"}),
}


def openai_event(text: str, finish: str | None) -> Json:
    return {
        "id": "c",
        "model": "m",
        "choices": [{"index": 0, "delta": {"content": text} if text else {}, "finish_reason": finish}],
    }


def gemini_event(text: str, finish: str | None) -> Json:
    words = {None: None, "stop": "STOP", "length": "MAX_TOKENS", "": "", "null": "FINISH_REASON_UNSPECIFIED"}
    candidate = {"content": {"parts": [{"text": text}]}, "finishReason": words[finish]}
    return {"candidates": [candidate], "usageMetadata": {"promptTokenCount": 3, "candidatesTokenCount": 2}}


PROVIDERS = {"openai": openai_event, "gemini": gemini_event}


async def relayed(protocol: str, request: ClientRequest, parts: Sequence[Part]) -> tuple[bytes, RelayBench]:
    """What the client gets; the bench has what became of it."""
    bench = RelayBench(provider("alpha", models=("tiny",), protocol=WireProtocol(protocol)))
    bench.upstream.on("alpha", Streamed(parts))
    adapters = {
        **bench.services.adapters,
        WireProtocol.GEMINI: Gemini(bench.clock),
        WireProtocol.ANTHROPIC: AnthropicMessages(bench.clock),
        WireProtocol.COHERE: Cohere(bench.clock),
    }
    relay = Relay(dataclasses.replace(bench.services, adapters=adapters))
    written: list[bytes] = []

    async def write(events: bytes) -> None:
        written.append(events)

    answer = await relay.answer(request, CLIENT)
    assert answer.stream is not None
    if await answer.stream.relay_to(write) is None:
        written.append(answer.stream.ending())
    await answer.stream.close()
    bench.check_nothing_leaked()
    return b"".join(written), bench


pieces = st.lists(
    st.tuples(st.text("ab ", min_size=1, max_size=3), st.sampled_from([None, "", "null", "stop"])), min_size=1, max_size=5
)


@pytest.mark.parametrize("protocol", PROVIDERS)
@pytest.mark.parametrize("client", CLIENTS)
@given(pieces, st.sampled_from(["stop", "length"]), st.booleans(), st.integers(1, 80))
def test_the_text_is_whole_and_has_one_end(
    client: str, protocol: str, said: list[tuple[str, str | None]], end: str, has_last: bool, size: int
) -> None:
    make, read, ends = CLIENTS[client]
    event = PROVIDERS[protocol]
    last = [event("", end)] if has_last else []
    body = b"".join([*sse(*(event(text, finish) for text, finish in said), *last), DONE])
    parts = [body[at : at + size] for at in range(0, len(body), size)]
    stream, bench = asyncio.run(relayed(protocol, make(), parts))
    assert read(stream) == Answer("".join(text for text, _ in said), [ends[end if has_last else "stop"]])
    assert bench.requests[0].ending is Ending.COMPLETED
    has_reason = has_last or said[-1][1] == "stop"
    assert bench.attempts[0].detail == (None if has_reason else "No finish reason came; stop was inferred.")


@pytest.mark.parametrize("client", CLIENTS)
@pytest.mark.parametrize("finish", [None, "", "null", [], {}, 0, False], ids=repr)
async def test_an_empty_reason_is_no_end(client: str, finish: object) -> None:
    make, *_ = CLIENTS[client]
    event = openai_event("Hel", None)
    event["choices"][0]["finish_reason"] = finish
    _, bench = await relayed("openai", make(), sse(event))
    assert bench.requests[0].ending is Ending.UPSTREAM_CUT


@pytest.mark.parametrize("client", CLIENTS)
@pytest.mark.parametrize(
    "finish", [["stop"], {"why": "stop"}, 5, True, "x" * 100_000], ids=["list", "object", "number", "true", "long"]
)
async def test_an_odd_reason_is_an_ordinary_end(client: str, finish: object) -> None:
    make, read, _ = CLIENTS[client]
    event = openai_event("Hello", None)
    event["choices"][0]["finish_reason"] = finish
    stream, bench = await relayed("openai", make(), sse(event))
    assert (read(stream).text, len(read(stream).ends)) == ("Hello", 1)
    assert bench.attempts[0].detail is None


def anthropic(*events: Json) -> list[bytes]:
    return sse({"type": "message_start", "message": {"id": "m", "usage": {"input_tokens": 3}}}, *events, {"type": "message_stop"})


def block(index: int, text: str) -> list[Json]:
    return [
        {"type": "content_block_start", "index": index, "content_block": {"type": "text", "text": ""}},
        {"type": "content_block_delta", "index": index, "delta": {"type": "text_delta", "text": text}},
        {"type": "content_block_stop", "index": index},
    ]


def message_delta(reason: str | None) -> Json:
    return {"type": "message_delta", "delta": {"stop_reason": reason, "stop_sequence": None}, "usage": {"output_tokens": 2}}


@pytest.mark.parametrize("client", CLIENTS)
@pytest.mark.parametrize(
    ("events", "inferred"),
    [
        ([*block(0, "Hel"), message_delta("end_turn"), *block(1, "lo"), message_delta("end_turn")], None),
        ([*block(0, "Hel"), message_delta("end_turn"), *block(1, "lo")], "stop"),
        ([*block(0, "Hello"), message_delta("")], "stop"),
        ([*block(0, "Hello")], "stop"),
        ([*block(0, "Hello"), message_delta("end_turn"), message_delta("end_turn")], None),
    ],
    ids=["reopened", "reopened for good", "empty", "none", "twice"],
)
async def test_anthropics_streams_end_once_too(client: str, events: list[Json], inferred: str | None) -> None:
    make, read, ends = CLIENTS[client]
    stream, bench = await relayed("anthropic", make(), anthropic(*events))
    assert read(stream) == Answer("Hello", [ends["stop"]])
    assert (bench.attempts[0].detail is not None) == (inferred is not None)


COHERE: list[Json] = [
    {"type": "message-start", "id": "m", "delta": {"message": {"role": "assistant"}}},
    {"type": "content-delta", "index": 0, "delta": {"message": {"content": {"text": "Hello"}}}},
]


@pytest.mark.parametrize("client", CLIENTS)
@pytest.mark.parametrize("reason", [None, "", "COMPLETE"])
async def test_coheres_end_may_lack_its_reason(client: str, reason: str | None) -> None:
    make, read, ends = CLIENTS[client]
    stream, bench = await relayed("cohere", make(), sse(*COHERE, {"type": "message-end", "delta": {"finish_reason": reason}}))
    assert read(stream) == Answer("Hello", [ends["stop"]])
    assert (bench.attempts[0].detail is None) == (reason == "COMPLETE")
