import base64
import struct
from dataclasses import replace

import orjson
import pytest

from ai_engine.names import Blame, Operation, Route, TokenCounts
from ai_engine.providers.adapter import ListedModel, PlainAnswer
from ai_engine.providers.failures import Failure, FailureClass
from ai_engine.relay.exchange import Exchange
from ai_engine.relay.whole_answer import in_client_format
from ai_engine.upstream.port import header
from ai_engine.wire.hints import DroppedHints
from ai_engine.wire.json_types import Json
from tests.providers.cohere.cohere_exchange import CREATED, PROVIDER, adapter, answer, chat, decoded, failure_of, plain
from tests.providers.made_answers import made_answer

USAGE: Json = {
    "billed_units": {"input_tokens": 5.0, "output_tokens": 8.0},
    "tokens": {"input_tokens": 71, "output_tokens": 9},
    "cached_tokens": 2,
}


def message_of(**message: object) -> Json:
    found: Json = plain(answer(message={"role": "assistant", **message}))["choices"][0]["message"]
    return found


def test_an_answer_becomes_a_chat_completion() -> None:
    assert plain(answer(usage=USAGE)) == {
        "id": "c1",
        "object": "chat.completion",
        "created": CREATED,
        "model": "asked",
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": "hello", "refusal": None},
                "logprobs": None,
                "finish_reason": "stop",
                "native_finish_reason": "COMPLETE",
            }
        ],
        "usage": {
            "prompt_tokens": 5,
            "completion_tokens": 8,
            "total_tokens": 13,
            "prompt_tokens_details": {"cached_tokens": 2},
        },
    }
    found = decoded(answer(usage=USAGE))
    assert (found.model, found.usage, found.characters_since_usage) == (None, TokenCounts(3, 2, None, 8), 0)


@pytest.mark.parametrize(
    ("usage", "counts"),
    [
        ({"billed_units": {"search_units": 1}, "tokens": {"input_tokens": 3}}, TokenCounts(3, None, None, 0)),
        ({"billed_units": {"output_tokens": 3.0}, "cached_tokens": 900}, TokenCounts(0, 0, None, 3)),
        ({"billed_units": {"input_tokens": "3", "output_tokens": -1}}, None),
        ({}, None),
        (7, None),
    ],
)
def test_usage_that_is_incomplete_or_absurd(usage: object, counts: TokenCounts | None) -> None:
    found = decoded(answer(usage=usage))
    assert found.usage == counts
    assert found.characters_since_usage == (0 if counts and counts.output else 5)


def test_an_answer_without_an_id_gets_one() -> None:
    content = answer() | {"id": None}
    assert plain(content)["id"].startswith("chatcmpl-")
    assert plain(content) == plain(content)


def test_thinking_and_plans_are_reasoning() -> None:
    content = [{"type": "thinking", "thinking": "hm"}, {"type": "text", "text": "a"}, {"type": "text", "text": "b"}, 7]
    message = message_of(content=content, tool_plan="I look.")
    assert (message["content"], message["reasoning_content"]) == ("ab", "hm\nI look.")


def test_calls() -> None:
    call = {"id": "x1", "type": "function", "function": {"name": "f", "arguments": '{"a": 1}'}}
    bare = {"id": "x2", "function": {"name": "f"}}
    content = answer("TOOL_CALL", message={"tool_plan": "I look.", "tool_calls": [call, bare, {"id": 7}, 7]})
    choice = plain(content)["choices"][0]
    assert choice["finish_reason"] == "tool_calls"
    assert choice["message"] == {
        "role": "assistant",
        "content": None,
        "refusal": None,
        "reasoning_content": "I look.",
        "tool_calls": [call, {"id": "x2", "type": "function", "function": {"name": "f", "arguments": "{}"}}],
    }
    assert decoded(content).characters_since_usage == len('I look.f{"a": 1}f{}')


def test_citations_are_kept_and_those_of_pages_are_annotations() -> None:
    sources = [
        {"type": "document", "id": "d", "document": {"url": "https://a.test", "title": "A"}},
        {"type": "tool", "id": "t", "tool_output": {"url": "https://b.test"}},
        {"type": "tool", "id": "u", "tool_output": {"temperature": 20}},
        7,
    ]
    citation = {"start": 1, "end": 3, "text": "el", "sources": sources, "type": "TEXT_CONTENT"}
    others = [citation | {"type": "PLAN"}, {"start": "1"}, 7]
    message = message_of(content=[{"type": "text", "text": "hello"}], citations=[citation, *others])
    assert message["citations"] == [citation, *others]
    assert message["annotations"] == [
        {"type": "url_citation", "url_citation": {"url": "https://a.test", "title": "A", "start_index": 1, "end_index": 3}},
        {
            "type": "url_citation",
            "url_citation": {"url": "https://b.test", "title": "https://b.test", "start_index": 1, "end_index": 3},
        },
    ]


def test_probabilities() -> None:
    items = [{"text": "hel", "token_ids": [1, 2], "logprobs": [-0.5, -0.25]}, {"text": "lo", "token_ids": [3]}, 7]
    assert plain(answer(logprobs=items))["choices"][0]["logprobs"] == {
        "content": [{"token": "hel", "logprob": -0.75, "bytes": None, "top_logprobs": []}],
        "refusal": None,
    }


@pytest.mark.parametrize(
    ("reason", "expected"),
    [("STOP_SEQUENCE", "stop"), ("MAX_TOKENS", "length"), ("ERROR_LIMIT", "length"), ("ERROR_TOXIC", "content_filter")],
)
def test_ends(reason: str, expected: str) -> None:
    choice = plain(answer(reason))["choices"][0]
    assert (choice["finish_reason"], choice["native_finish_reason"]) == (expected, reason)


@pytest.mark.parametrize("reason", ["ERROR", "TIMEOUT", "USER_CANCEL", "NEVER_HEARD_OF"])
def test_an_incomplete_answer_is_the_routes_failure_and_may_be_repeated(reason: str) -> None:
    failure = failure_of(answer(reason))
    assert (failure.kind, failure.blame, failure.type) == (FailureClass.SERVER_ERROR, Blame.ROUTE, reason)
    assert failure.is_worth_repeating


@pytest.mark.parametrize(
    "content", [b"x", b"[]", b"7", {}, {"message": {}}, {"message": {}, "finish_reason": 7}, {"finish_reason": "COMPLETE"}]
)
def test_what_is_no_answer_is_malformed(content: object) -> None:
    failure = failure_of(content)
    assert (failure.kind, failure.blame) == (FailureClass.MALFORMED_RESPONSE, Blame.ROUTE)


def test_an_error_dressed_as_a_success_is_one() -> None:
    assert failure_of({"message": "internal error"}).kind is FailureClass.SERVER_ERROR
    assert failure_of({"error": {"code": 429, "message": "slow"}}).kind is FailureClass.RATE_LIMIT


def test_a_deny_listed_word_is_the_clients_own_fault() -> None:
    failure = adapter().classify(498, (), b'{"message":"blocked"}')
    assert (failure.kind, failure.blame, failure.status, failure.message) == (
        FailureClass.CONTENT_FILTER,
        Blame.REQUEST,
        400,
        "blocked",
    )
    assert adapter().classify(500, (), b"").kind is FailureClass.SERVER_ERROR


# Embeddings and rankings


def test_vectors_come_back_in_openais_format() -> None:
    content = {"embeddings": {"float": [[0.5, -1], [2, 0]]}, "meta": {"billed_units": {"input_tokens": 4}}}
    found = decoded(content, Operation.EMBEDDINGS)
    assert found.usage == TokenCounts(input=4, output=0)
    assert made_answer(found) == {
        "object": "list",
        "data": [
            {"object": "embedding", "index": 0, "embedding": [0.5, -1]},
            {"object": "embedding", "index": 1, "embedding": [2, 0]},
        ],
        "model": "asked",
        "usage": {"prompt_tokens": 4, "total_tokens": 4},
    }


def test_vectors_that_were_asked_for_in_base64_stay_so() -> None:
    packed = base64.b64encode(struct.pack("<2f", 0.5, -1)).decode()
    found = decoded({"embeddings": {"base64": [packed]}}, Operation.EMBEDDINGS)
    assert made_answer(found)["data"][0]["embedding"] == packed
    assert found.usage is None


@pytest.mark.parametrize("content", [{}, {"embeddings": []}, {"embeddings": {"int8": [[1]]}}, {"embeddings": {"float": [7]}}])
def test_what_has_no_vectors_is_no_answer(content: object) -> None:
    assert failure_of(content, Operation.EMBEDDINGS).kind is FailureClass.MALFORMED_RESPONSE


def test_a_ranking_comes_back_as_it_is_and_searches_are_no_tokens() -> None:
    body = b'{ "results": [{"index": 1, "relevance_score": 0.9}], "meta": {"billed_units": {"search_units": 1}} }'
    found = decoded(body, Operation.RERANK)
    assert (found.body, found.usage) == (body, TokenCounts(input=0, output=0))
    billed = decoded({"results": [], "meta": {"billed_units": {"input_tokens": 9}}}, Operation.RERANK)
    assert billed.usage == TokenCounts(input=9, output=0)
    assert failure_of({"id": "x"}, Operation.RERANK).kind is FailureClass.MALFORMED_RESPONSE


# The listing


@pytest.mark.parametrize(
    ("base_url", "expected"),
    [
        ("https://api.cohere.com/v2", "https://api.cohere.com/v1/models?page_size=1000"),
        ("https://proxy.test/cohere/v2", "https://proxy.test/cohere/v1/models?page_size=1000"),
        ("https://proxy.test/v2x", "https://proxy.test/v2x/v1/models?page_size=1000"),
    ],
)
def test_the_listing_is_beside_the_base(base_url: str, expected: str) -> None:
    request = adapter().encode_listing(replace(PROVIDER, base_url=base_url), PROVIDER.keys[0])
    assert (request.method, request.url) == ("GET", expected)
    assert header(request.headers, b"authorization") == "Bearer cohere-key-1"


def test_the_listing_has_what_can_be_asked_for() -> None:
    listing = {
        "models": [
            {
                "name": "command",
                "endpoints": ["chat", 7],
                "context_length": 128000.0,
                "features": ["tools", "vision", "reasoning"],
            },
            {"name": "command", "endpoints": ["chat"]},
            {"name": "old", "endpoints": ["generate"]},
            {"name": "plain", "endpoints": ["chat"], "context_length": 0, "features": None},
            {"name": "unknown", "context_length": True},
            {"name": ""},
            7,
        ]
    }
    assert list(adapter().decode_listing(orjson.dumps(listing))) == [
        ListedModel("command", 128000, takes_tools=True, takes_images=True, takes_json_schema=False, is_reasoning=True),
        ListedModel("plain"),
        ListedModel("unknown"),
    ]


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"models":{}}'])
def test_what_is_no_listing_is_none(body: bytes) -> None:
    with pytest.raises(ValueError, match=r"listing|Input"):
        adapter().decode_listing(body)


def test_what_is_nested_too_deeply_is_no_answer() -> None:
    deep = b'{"a":' * 300 + b"1" + b"}" * 300
    body = b'{"message":{"citations":[' + deep + b']},"finish_reason":"COMPLETE"}'
    exchange = Exchange(
        adapter(), PROVIDER, Route("cohere", "command-a"), Operation.CHAT, chat(), DroppedHints(), asks_usage=False
    )
    decoded = exchange.decode_answer((), body)
    assert isinstance(decoded, PlainAnswer)
    failure = in_client_format(exchange, decoded, None)
    assert isinstance(failure, Failure)
    assert (failure.kind, failure.blame) == (FailureClass.MALFORMED_RESPONSE, Blame.ROUTE)
