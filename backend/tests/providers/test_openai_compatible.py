from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ai_engine import __version__
from ai_engine.errors import InvalidRequest
from ai_engine.names import Blame, Operation, TokenCounts
from ai_engine.providers.adapter import EventKind, PlainAnswer, StreamDecoder, StreamEvent
from ai_engine.providers.definition import ProviderDefinition, ProviderKey, Timeouts
from ai_engine.providers.failures import Failure, FailureClass
from ai_engine.providers.openai_compatible import OpenAICompatible
from ai_engine.upstream.port import UpstreamRequest, header

KEY = ProviderKey.of("sk-one")
PROVIDER = ProviderDefinition("one", "One", "https://one.example/v1", "ONE_API_KEY", keys=(KEY,), timeouts=Timeouts(connect=3))
REQUEST: dict[str, Any] = {"model": "asked", "messages": [{"role": "user", "content": "hi"}]}
ANSWER: dict[str, Any] = {
    "id": "c1",
    "model": "m-1",
    "choices": [{"index": 0, "message": {"role": "assistant", "content": "hi"}, "finish_reason": "stop"}],
    "usage": {"prompt_tokens": 3, "completion_tokens": 4, "total_tokens": 7},
}


def encode(
    body: dict[str, Any], *, provider: ProviderDefinition = PROVIDER, ask_usage: bool = True, **options: Any
) -> UpstreamRequest:
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


def sse(events: Iterable[object]) -> bytes:
    return b"".join(b"data: " + (event if isinstance(event, bytes) else orjson.dumps(event)) + b"\n\n" for event in events)


def chunk(delta: object = None, finish: str | None = None, index: int = 0, **fields: object) -> dict[str, object]:
    return {"model": "m-1", "choices": [{"index": index, "delta": delta or {}, "finish_reason": finish}], **fields}


def stream(*events: object) -> tuple[list[StreamEvent], StreamDecoder]:
    decoder = OpenAICompatible().decode_stream(Operation.CHAT, "their-name")
    return [*decoder.feed(sse(events)), *decoder.end()], decoder


def kinds(*events: object) -> list[EventKind]:
    return [event.kind for event in stream(*events)[0]]


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
        assert answer.model is None
        assert orjson.loads(answer.body) == ANSWER | {"model": "their-name"}


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
    assert (failure.kind, failure.blame) == (FailureClass.MALFORMED_ANSWER, Blame.ROUTE)


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


# Streams


def test_a_stream_opens_speaks_finishes_reports_and_ends() -> None:
    usage = {"choices": [], "usage": {"prompt_tokens": 3, "completion_tokens": 2}}
    events, decoder = stream(
        chunk({"role": "assistant", "content": ""}), chunk({"content": "hi"}), chunk({}, "stop"), usage, b"[DONE]"
    )
    expected = [EventKind.OPENING, EventKind.CONTENT, EventKind.FINISH, EventKind.USAGE, EventKind.DONE]
    assert [event.kind for event in events] == expected
    assert (decoder.model, decoder.usage, decoder.is_finished) == ("m-1", TokenCounts(input=3, output=2), True)
    assert events[-1].data == b""


@pytest.mark.parametrize(
    "delta",
    [
        {"content": "x"},
        {"tool_calls": [{"index": 0, "id": "c", "type": "function", "function": {"name": "f"}}]},
        {"reasoning": "x"},
        {"reasoning_content": "x"},
        {"refusal": "x"},
        {"audio": {"id": "a"}},
        {"function_call": {"name": "f"}},
        {"role": "assistant", "unheard_of": [1]},
    ],
)
def test_whatever_is_not_empty_is_content(delta: dict[str, object]) -> None:
    assert kinds(chunk(delta)) == [EventKind.CONTENT]


@pytest.mark.parametrize(
    "delta",
    [
        {},
        {"role": "assistant"},
        {"role": "assistant", "content": None, "tool_calls": [], "refusal": None},
        {"content": "", "reasoning": None},
    ],
)
def test_a_delta_that_only_opens_waits(delta: dict[str, object]) -> None:
    assert kinds(chunk(delta)) == [EventKind.OPENING]


def test_a_chunk_without_a_delta_opens() -> None:
    assert kinds({"choices": [{"index": 0, "finish_reason": None, "content_filter_results": {}}]}) == [EventKind.OPENING]


def test_content_and_finish_in_one_event_finish() -> None:
    events, decoder = stream(chunk({"content": "all"}, "stop"))
    assert events[0].kind is EventKind.FINISH
    assert decoder.is_finished


def test_a_stream_of_several_choices_is_finished_when_all_are() -> None:
    events, decoder = stream(chunk({"content": "a"}), chunk({"content": "b"}, index=1), chunk({}, "stop"))
    assert events[-1].kind is EventKind.CONTENT
    assert not decoder.is_finished
    assert decoder.feed(sse([chunk({}, "length", index=1)]))[0].kind is EventKind.FINISH
    assert decoder.is_finished


def test_a_stream_without_any_finish_is_not_finished() -> None:
    assert not stream()[1].is_finished
    assert not stream(chunk({"content": "a"}))[1].is_finished


def test_an_empty_finish_reason_is_none() -> None:
    assert kinds(chunk({"content": "a"}, "")) == [EventKind.CONTENT]


def test_usage_on_a_content_chunk_is_noted_and_stays() -> None:
    events, decoder = stream(chunk({"content": "a"}, "stop", usage={"prompt_tokens": 1, "completion_tokens": 2}))
    assert events[0].kind is EventKind.FINISH
    assert decoder.usage == TokenCounts(input=1, output=2)
    assert orjson.loads(events[0].data.removeprefix(b"data: "))["usage"] == {"prompt_tokens": 1, "completion_tokens": 2}


def test_text_that_no_usage_tells_of_is_measured() -> None:
    call = {"tool_calls": [{"index": 0, "id": "call_1", "type": "function", "function": {"name": "f", "arguments": "{}"}}]}
    events: list[dict[str, object]] = [chunk({"role": "assistant", "content": "four"}), chunk({"reasoning": "ab"}), chunk(call)]
    assert stream(*events)[1].characters_since_usage == 4 + 2 + 3
    told = chunk({"content": "told of"}, usage={"prompt_tokens": 1, "completion_tokens": 2})
    assert stream(*events, told)[1].characters_since_usage == 0
    assert stream(*events, told, chunk({"content": "on"}, "stop"))[1].characters_since_usage == 2


def test_the_last_of_several_usages_counts() -> None:
    usages = [{"prompt_tokens": 1, "completion_tokens": count} for count in (1, 2, 3)]
    assert stream(*(chunk({"content": "a"}, usage=usage) for usage in usages))[1].usage == TokenCounts(input=1, output=3)


def test_empty_choices_without_usage_open() -> None:
    assert kinds({"choices": [], "model": "", "prompt_filter_results": [{}], "usage": None}) == [EventKind.OPENING]
    assert stream({"choices": [], "model": ""}, chunk({"content": "a"}))[1].model == "m-1"


@pytest.mark.parametrize(
    "event", [b"{broken", b"17", b'"text"', b"null", b"[]", b"{}", b'{"choices":[7]}', b'{"choices":"x"}', b"\xff"]
)
def test_an_event_that_makes_no_sense_is_counted_and_skipped(event: bytes) -> None:
    events, decoder = stream(chunk({"content": "a"}), event, chunk({"content": "b"}))
    assert [each.kind for each in events] == [EventKind.CONTENT, EventKind.INVALID, EventKind.CONTENT]
    assert decoder.invalid_events == 1


@pytest.mark.parametrize(
    ("event", "kind"),
    [
        (
            {"error": {"message": "x", "code": "server_error"}, "choices": [{"delta": {}, "finish_reason": "error"}]},
            FailureClass.SERVER_ERROR,
        ),
        ({"error": {"message": "x", "code": "429"}}, FailureClass.RATE_LIMIT),
        ({"error": "x"}, FailureClass.SERVER_ERROR),
        ({"detail": "x"}, FailureClass.SERVER_ERROR),
        ({"object": "error", "message": "x", "type": "BadRequestError", "code": 400}, FailureClass.BAD_REQUEST),
        ([{"error": {"code": 503, "message": "x"}}], FailureClass.SERVER_ERROR),
        (chunk({"content": "a"}, "error"), FailureClass.SERVER_ERROR),
        (chunk({}, "insufficient_system_resource"), FailureClass.SERVER_ERROR),
    ],
)
def test_an_error_in_a_stream_is_a_failure(event: object, kind: FailureClass) -> None:
    events, decoder = stream(event)
    assert [each.kind for each in events] == [EventKind.FAILURE]
    assert events[0].failure is not None
    assert events[0].failure.kind is kind
    assert not decoder.is_finished


def test_events_are_relayed_byte_for_byte() -> None:
    odd = b'{ "choices" : [{"delta":{"content":"\\u00fc"},"index":0}], "created": 1.7e9, "code": "7" }'
    assert stream(odd)[0][0].data == b"data: " + odd + b"\n\n"


def test_an_event_of_several_lines_becomes_one() -> None:
    decoder = OpenAICompatible().decode_stream(Operation.CHAT, "their-name")
    events = decoder.feed(b'data: {"choices":\ndata: [{"delta":{"content":"a"}}]}\n\n')
    assert events[0].data == b'data: {"choices":[{"delta":{"content":"a"}}]}\n\n'


def test_an_end_with_spaces_is_an_end() -> None:
    assert kinds(b" [DONE] ") == [EventKind.DONE]


def test_an_error_instead_of_a_stream_is_a_failure() -> None:
    decoder = OpenAICompatible().decode_stream(Operation.CHAT, "their-name")
    assert not decoder.feed(b'{"error":{"message":"no",')
    assert not decoder.feed(b'"code":"insufficient_quota"}}')
    failure = decoder.end()[0].failure
    assert failure is not None
    assert failure.kind is FailureClass.QUOTA


def test_a_plain_answer_instead_of_a_stream_is_malformed() -> None:
    """`stream: true` returned plain JSON in the first AI Engine; a provider that does so is not believed."""
    decoder = OpenAICompatible().decode_stream(Operation.CHAT, "their-name")
    decoder.feed(orjson.dumps(ANSWER))
    failure = decoder.end()[0].failure
    assert failure is not None
    assert failure.kind is FailureClass.MALFORMED_ANSWER


def test_an_endless_event_ends_the_stream() -> None:
    decoder = OpenAICompatible().decode_stream(Operation.CHAT, "their-name")
    events: list[StreamEvent] = []
    for _ in range(18):
        events += decoder.feed(b"x" * 1024 * 1024)
        if events:
            break
    assert events[0].failure is not None
    assert events[0].failure.kind is FailureClass.MALFORMED_ANSWER


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
    assert len([*decoder.feed(sse([value])), *decoder.end()]) == 1
