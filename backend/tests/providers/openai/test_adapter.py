from dataclasses import replace
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ai_engine import __version__
from ai_engine.errors import InvalidRequest
from ai_engine.names import Blame, Operation, TokenCounts
from ai_engine.providers.adapter import PlainAnswer
from ai_engine.providers.failures import Failure, FailureClass
from ai_engine.providers.openai.adapter import OpenAICompatible
from ai_engine.providers.registry.definition import ProviderDefinition, ProviderKey, Timeouts
from ai_engine.upstream.port import UpstreamRequest, header
from ai_engine.wire.json_types import Json

KEY = ProviderKey.of("sk-one")
PROVIDER = ProviderDefinition("one", "One", "https://one.example/v1", "ONE_API_KEY", keys=(KEY,), timeouts=Timeouts(connect=3))
REQUEST: Json = {"model": "asked", "messages": [{"role": "user", "content": "hi"}]}
ANSWER: Json = {
    "id": "c1",
    "model": "m-1",
    "choices": [{"index": 0, "message": {"role": "assistant", "content": "hi"}, "finish_reason": "stop"}],
    "usage": {"prompt_tokens": 3, "completion_tokens": 4, "total_tokens": 7},
}


def encode(body: Json, *, provider: ProviderDefinition = PROVIDER, ask_usage: bool = True, **options: Any) -> UpstreamRequest:
    return OpenAICompatible().encode(
        options.pop("operation", Operation.CHAT),
        body,
        provider,
        "their-name",
        options.pop("key", KEY),
        ask_usage=ask_usage,
        **options,
    )


def decode(answer: object, operation: Operation = Operation.CHAT) -> PlainAnswer | Failure:
    body = answer if isinstance(answer, bytes) else orjson.dumps(answer)
    return OpenAICompatible().decode_answer(operation, (), body, "their-name")


def failure_of(answer: object, operation: Operation = Operation.CHAT) -> Failure:
    failure = decode(answer, operation)
    assert isinstance(failure, Failure)
    return failure


# Asking


def test_the_body_passes_through_with_the_providers_own_name_for_the_model() -> None:
    body = REQUEST | {"seed": 7, "metadata": {"a": "b"}, "unheard_of": [1, None], "tools": [{"type": "web_search"}]}
    assert orjson.loads(encode(body).body) == body | {"model": "their-name"}
    assert body["model"] == "asked"


def test_a_request_has_address_key_and_times() -> None:
    request = encode(REQUEST)
    assert (request.method, request.url) == ("POST", "https://one.example/v1/chat/completions")
    assert request.connect_seconds == 3
    assert request.silence_seconds == 300
    expected = {
        b"authorization": "Bearer sk-one",
        b"content-type": "application/json",
        b"accept": "application/json",
        b"accept-encoding": "identity",
        b"user-agent": f"ai-engine/{__version__}",
    }
    assert {name: header(request.headers, name) for name in expected} == expected


def test_embeddings_have_their_own_path() -> None:
    assert encode({"input": "x"}, operation=Operation.EMBEDDINGS).url == "https://one.example/v1/embeddings"


def test_without_a_key_no_authorization_is_sent() -> None:
    assert header(encode(REQUEST, key=None).headers, b"authorization") is None


def test_every_key_and_address_has_its_own_headers() -> None:
    adapter = OpenAICompatible()
    other = replace(PROVIDER, base_url="https://two.example/v1")
    for provider, key in ((PROVIDER, KEY), (other, KEY), (PROVIDER, ProviderKey.of("sk-two")), (PROVIDER, KEY)):
        request = adapter.encode(Operation.CHAT, REQUEST, provider, "m", key, ask_usage=True)
        assert request.url.startswith(provider.base_url)
        assert header(request.headers, b"authorization") == f"Bearer {key.secret}"


def test_extra_headers_are_sent_too() -> None:
    assert encode(REQUEST, extra_headers=((b"via", b"1.1 ai-engine"),)).headers[-1] == (b"via", b"1.1 ai-engine")


def test_a_stream_is_asked_for_as_one_with_its_usage_and_the_clients_own_options() -> None:
    request = encode(REQUEST | {"stream": True, "stream_options": {"include_obfuscation": False, "include_usage": False}})
    assert header(request.headers, b"accept") == "text/event-stream"
    assert orjson.loads(request.body)["stream_options"] == {"include_obfuscation": False, "include_usage": True}
    assert orjson.loads(encode(REQUEST | {"stream": True}).body)["stream_options"] == {"include_usage": True}


def test_usage_is_not_asked_where_it_must_not_be() -> None:
    streamed = REQUEST | {"stream": True}
    assert "stream_options" not in orjson.loads(encode(streamed, ask_usage=False).body)
    assert "stream_options" not in orjson.loads(encode(streamed, provider=replace(PROVIDER, takes_stream_options=False)).body)
    assert "stream_options" not in orjson.loads(encode(REQUEST).body)
    own = streamed | {"stream_options": {"include_usage": True}}
    assert orjson.loads(encode(own, ask_usage=False).body)["stream_options"] == {"include_usage": True}


def test_a_request_nested_beyond_all_measure_is_the_clients_fault() -> None:
    deep = orjson.loads("[" * 300 + "]" * 300)
    with pytest.raises(InvalidRequest):
        encode(REQUEST | {"tools": deep})


def test_the_listing_is_a_plain_get() -> None:
    request = OpenAICompatible().encode_listing(PROVIDER, KEY)
    assert (request.method, request.url, request.body) == ("GET", "https://one.example/v1/models", b"")
    assert header(request.headers, b"authorization") == "Bearer sk-one"
    assert header(request.headers, b"content-type") is None


# Plain answers


def test_an_answer_is_passed_on_byte_for_byte() -> None:
    body = orjson.dumps(ANSWER).replace(b'"id"', b' "id" ')
    answer = decode(body)
    assert answer == PlainAnswer(body, "m-1", TokenCounts(input=3, output=4), answer=ANSWER)


def test_a_missing_model_is_filled_in() -> None:
    for nothing in ({}, {"model": None}, {"model": ""}):
        answer = decode({name: value for name, value in ANSWER.items() if name != "model"} | nothing)
        assert isinstance(answer, PlainAnswer)
        assert (answer.model, answer.body) == (None, None)
        assert answer.answer == ANSWER | {"model": "their-name"}


@pytest.mark.parametrize(
    ("usage", "expected"),
    [
        (None, None),
        ("many", None),
        ({}, None),
        ({"prompt_tokens": None, "completion_tokens": 4}, TokenCounts(input=None, output=4)),
        ({"prompt_tokens": 3.0, "completion_tokens": True}, TokenCounts(input=3, output=None)),
        ({"prompt_tokens": -1, "completion_tokens": 0.5}, None),
        ({"prompt_tokens": 0, "completion_tokens": 0}, TokenCounts(input=0, output=0)),
    ],
)
def test_usage_is_read_where_it_is_there_and_never_guessed(usage: object, expected: TokenCounts | None) -> None:
    answer = decode(ANSWER | {"usage": usage})
    assert isinstance(answer, PlainAnswer)
    assert answer.usage == expected


def test_where_no_usage_is_reported_the_length_of_the_answer_is_known() -> None:
    choices = [{"index": 0, "message": {"role": "assistant", "content": "four", "reasoning": "five!"}, "finish_reason": "stop"}]
    answer, counted = decode({"choices": choices}), decode({"choices": choices, "usage": {"completion_tokens": 9}})
    assert isinstance(answer, PlainAnswer)
    assert isinstance(counted, PlainAnswer)
    assert (answer.characters_since_usage, counted.characters_since_usage) == (9, 0)


def test_embeddings_are_an_answer() -> None:
    answer = decode({"data": [{"embedding": [0.5]}], "model": "e", "usage": {"prompt_tokens": 2}}, Operation.EMBEDDINGS)
    assert isinstance(answer, PlainAnswer)
    assert answer.usage == TokenCounts(input=2, output=0)


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"<html>",
        b"[]",
        b"17",
        {},
        {"choices": []},
        {"choices": None},
        {"choices": [None]},
        {"data": [{}]},
        {"choices": {"0": {}}},
    ],
)
def test_what_is_no_answer_is_malformed_and_the_routes_fault(answer: object) -> None:
    failure = failure_of(answer)
    assert (failure.kind, failure.blame) == (FailureClass.MALFORMED_RESPONSE, Blame.ROUTE)


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        ({"error": {"message": "slow down", "code": 429}}, FailureClass.RATE_LIMIT),
        ({"error": {"message": "x", "code": "invalid_api_key"}, "choices": []}, FailureClass.INVALID_KEY),
        ({"error": "x"}, FailureClass.SERVER_ERROR),
        ([{"error": {"message": "x", "code": 400, "status": "INVALID_ARGUMENT"}}], FailureClass.BAD_REQUEST),
        ({"detail": "x"}, FailureClass.SERVER_ERROR),
        ({"choices": None, "base_resp": {"status_code": 1008, "status_msg": "insufficient balance"}}, FailureClass.QUOTA),
        (ANSWER | {"choices": [{"finish_reason": "error", "error": {"code": 502, "message": "x"}}]}, FailureClass.SERVER_ERROR),
        (ANSWER | {"choices": [{"finish_reason": "insufficient_system_resource", "message": {}}]}, FailureClass.SERVER_ERROR),
    ],
)
def test_an_error_dressed_as_a_success_is_a_failure(answer: object, kind: FailureClass) -> None:
    assert failure_of(answer).kind is kind


def test_an_empty_error_beside_an_answer_is_none() -> None:
    assert isinstance(decode(ANSWER | {"error": None}), PlainAnswer)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 600) | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["choices", "delta", "content", "error", "usage", "code", "message", "detail", "index", "finish_reason"]
            )
            | st.sampled_from(
                ["prompt_tokens", "metadata", "raw", "details", "base_resp", "errors", "status", "type", "param", "data"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=20,
)


@given(JSON)
def test_no_json_whatever_breaks_the_reader(value: object) -> None:
    body = orjson.dumps(value)
    adapter = OpenAICompatible()
    for operation in Operation:
        adapter.decode_answer(operation, (), body, "m")
    adapter.classify(400, (), body)
    decoder = adapter.decode_stream(Operation.CHAT, "their-name")
    assert len([*decoder.feed(b"data: " + body + b"\n\n"), *decoder.end()]) == 1
