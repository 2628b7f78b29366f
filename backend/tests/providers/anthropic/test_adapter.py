from dataclasses import replace
from typing import Any

import orjson
import pytest

from ai_engine import __version__
from ai_engine.errors import InvalidRequest
from ai_engine.names import Operation
from ai_engine.providers.adapter import Adapter
from ai_engine.providers.anthropic.adapter import AnthropicMessages
from ai_engine.providers.registry.definition import ProviderDefinition, ProviderKey, Timeouts, WireProtocol
from ai_engine.upstream.port import UpstreamRequest, header
from ai_engine.wire.hints import DroppedHints
from ai_engine.wire.json_types import Json
from tests.fakes.clock import HandTurnedClock

KEY = ProviderKey.of("sk-ant-one")
PROVIDER = ProviderDefinition(
    "one",
    "One",
    "https://one.example/v1",
    "ONE_API_KEY",
    protocol=WireProtocol.ANTHROPIC,
    keys=(KEY,),
    timeouts=Timeouts(connect=3),
)
CHAT: Json = {"model": "asked", "messages": [{"role": "user", "content": "hi"}]}


def adapter() -> Adapter:
    return AnthropicMessages(HandTurnedClock())


def encode(body: Json, operation: Operation = Operation.CHAT, **options: Any) -> UpstreamRequest:
    return adapter().encode(operation, body, PROVIDER, "claude-sonnet-4-5", options.pop("key", KEY), ask_usage=True, **options)


def test_a_request_has_address_key_version_and_times() -> None:
    request = encode(CHAT)
    assert (request.method, request.url) == ("POST", "https://one.example/v1/messages")
    assert (request.connect_seconds, request.silence_seconds) == (3, 300)
    expected = {
        b"x-api-key": "sk-ant-one",
        b"authorization": None,
        b"anthropic-version": "2023-06-01",
        b"content-type": "application/json",
        b"accept": "application/json",
        b"accept-encoding": "identity",
        b"user-agent": f"ai-engine/{__version__}",
    }
    assert {name: header(request.headers, name) for name in expected} == expected
    assert orjson.loads(request.body)["model"] == "claude-sonnet-4-5"
    assert CHAT["model"] == "asked"


def test_a_stream_is_asked_for_as_one() -> None:
    request = encode(CHAT | {"stream": True})
    assert header(request.headers, b"accept") == "text/event-stream"
    assert orjson.loads(request.body)["stream"] is True


def test_without_a_key_none_is_sent() -> None:
    assert header(encode(CHAT, key=None).headers, b"x-api-key") is None


def test_every_key_and_address_has_its_own_headers() -> None:
    made = adapter()
    other = replace(PROVIDER, base_url="https://two.example/v1")
    for provider, key in ((PROVIDER, KEY), (other, KEY), (PROVIDER, ProviderKey.of("sk-two")), (PROVIDER, KEY)):
        request = made.encode(Operation.CHAT, CHAT, provider, "m", key, ask_usage=True)
        assert request.url.startswith(provider.base_url)
        assert header(request.headers, b"x-api-key") == key.secret


def test_it_supports_chats_and_its_own_format() -> None:
    spoken = {operation for operation in Operation if adapter().speaks(operation, PROVIDER, "m")}
    assert spoken == {Operation.CHAT, Operation.MESSAGES, Operation.COUNT_TOKENS}
    assert list(adapter().chat_requests(CHAT, PROVIDER, "tiny", DroppedHints())) == [(Operation.CHAT, CHAT)]


@pytest.mark.parametrize(
    ("operation", "path"), [(Operation.MESSAGES, "/messages"), (Operation.COUNT_TOKENS, "/messages/count_tokens")]
)
def test_its_own_format_goes_out_whole(operation: Operation, path: str) -> None:
    body = {"model": "asked", "messages": [{"role": "user", "content": "hi"}], "unheard_of": [1, None], "top_k": 7}
    request = encode(body, operation)
    assert request.url == "https://one.example/v1" + path
    assert orjson.loads(request.body) == body | {"model": "claude-sonnet-4-5"}


def test_a_native_client_chooses_version_and_betas() -> None:
    own = ((b"anthropic-version", b"2026-10-21"), (b"anthropic-beta", b"fast-mode-2026-02-01"))
    request = encode({"messages": []}, Operation.MESSAGES, extra_headers=own)
    assert [value for name, value in request.headers if name == b"anthropic-version"] == [b"2026-10-21"]
    assert request.headers[-1] == own[1]
    via = ((b"via", b"1.1 ai-engine"),)
    assert header(encode(CHAT, extra_headers=via).headers, b"anthropic-version") == "2023-06-01"


@pytest.mark.parametrize("operation", [Operation.CHAT, Operation.MESSAGES])
def test_a_request_nested_beyond_all_measure_is_the_clients_fault(operation: Operation) -> None:
    deep = orjson.loads('{"a":' * 300 + "1" + "}" * 300)
    tool = {"type": "function", "function": {"name": "f", "parameters": deep}}
    with pytest.raises(InvalidRequest):
        encode(CHAT | {"tools": [tool]}, operation)


def test_the_listing_is_one_large_page() -> None:
    request = adapter().encode_listing(PROVIDER, KEY)
    assert (request.method, request.url, request.body) == ("GET", "https://one.example/v1/models?limit=1000", b"")
    assert header(request.headers, b"x-api-key") == "sk-ant-one"
    assert header(request.headers, b"anthropic-version") == "2023-06-01"
    assert header(request.headers, b"content-type") is None


def test_a_listing_names_each_model_once_and_none_that_is_gone() -> None:
    entries = [{"id": "a"}, {"id": "a"}, {"id": "b", "lifecycle": "retired"}, {"id": ""}, {"id": 7}, 7, {"id": "c\n"}]
    assert [model.name for model in adapter().decode_listing(orjson.dumps({"data": entries}))] == ["a"]


@pytest.mark.parametrize("capabilities", [None, 7, {}, {"image_input": None}, {"image_input": {"supported": "yes"}}])
def test_what_a_listing_does_not_say_is_unknown(capabilities: object) -> None:
    entry = {"id": "claude-haiku-4-5", "capabilities": capabilities, "max_input_tokens": "many"}
    (model,) = adapter().decode_listing(orjson.dumps({"data": [entry]}))
    assert (model.takes_images, model.takes_json_schema, model.context_tokens, model.is_reasoning) == (None, None, None, None)


@pytest.mark.parametrize("body", [b"{}", b"[]", b"{", b'{"data": {}}'])
def test_a_body_that_is_not_a_listing_is_an_error(body: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        adapter().decode_listing(body)
