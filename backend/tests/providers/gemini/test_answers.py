from typing import Any

import pytest

from ai_engine.names import Blame, Operation, TokenCounts
from ai_engine.providers.adapter import PlainAnswer
from ai_engine.providers.failures import Failure, FailureClass, KeyScope
from ai_engine.wire.json_types import Json
from tests.providers.gemini.gemini_exchange import CREATED, adapter, answer, candidate, decode, failure_of, plain

USAGE: Json = {
    "promptTokenCount": 20,
    "cachedContentTokenCount": 5,
    "toolUsePromptTokenCount": 3,
    "candidatesTokenCount": 7,
    "thoughtsTokenCount": 11,
    "totalTokenCount": 41,
}


def text(words: str, **fields: object) -> Json:
    return {"text": words, **fields}


def call(name: str, **fields: object) -> Json:
    return {"functionCall": {"name": name, "args": {"a": "ü"}, **fields}}


def message_of(*parts: Json, **fields: Any) -> Json:
    message: Json = plain(answer(candidate(*parts, **fields)))["choices"][0]["message"]
    return message


def test_an_answer_becomes_a_chat_completion() -> None:
    completion = plain(answer(candidate(text("hel"), text("lo")), usageMetadata=USAGE))
    assert completion == {
        "id": "r1",
        "object": "chat.completion",
        "created": CREATED,
        "model": "gemini-3",
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": "hello", "refusal": None},
                "logprobs": None,
                "finish_reason": "stop",
                "native_finish_reason": "STOP",
            }
        ],
        "usage": {
            "prompt_tokens": 23,
            "completion_tokens": 18,
            "total_tokens": 41,
            "prompt_tokens_details": {"cached_tokens": 5},
            "completion_tokens_details": {"reasoning_tokens": 11},
        },
    }
    decoded = decode(answer(candidate(text("hello")), usageMetadata=USAGE))
    assert isinstance(decoded, PlainAnswer)
    assert (decoded.model, decoded.characters_since_usage) == ("gemini-3", 0)
    assert decoded.usage == TokenCounts(input=18, cached_input=5, output=7, reasoning=11)


def test_an_answer_that_says_little_of_itself_gets_the_rest() -> None:
    content = {"candidates": [candidate(text("hi"), call("f"))]}
    completion = plain(content)
    assert completion["model"] == "asked"
    assert completion["id"].startswith("chatcmpl-")
    assert completion == plain(content)
    assert "usage" not in completion
    decoded = decode(content)
    assert isinstance(decoded, PlainAnswer)
    assert (decoded.model, decoded.usage, decoded.characters_since_usage) == (None, None, len('hif{"a":"ü"}'))


@pytest.mark.parametrize(
    ("usage", "counts"),
    [
        ({"promptTokenCount": 3}, TokenCounts(3, 0, None, 0, 0)),
        ({"promptTokenCount": 3, "totalTokenCount": 9}, TokenCounts(3, 0, None, 6, 0)),
        ({"promptTokenCount": 3, "cachedContentTokenCount": 9}, TokenCounts(0, 3, None, 0, 0)),
        ({"trafficType": "ON_DEMAND"}, None),
        ({"promptTokenCount": "3"}, None),
        ({"promptTokenCount": -1}, None),
        (7, None),
    ],
)
def test_usage_that_is_incomplete_or_absurd(usage: object, counts: TokenCounts | None) -> None:
    decoded = decode(answer(candidate(text("x")), usageMetadata=usage))
    assert isinstance(decoded, PlainAnswer)
    assert decoded.usage == counts


def test_thoughts_are_reasoning_and_signatures_are_kept_for_the_next_turn() -> None:
    message = message_of(
        text("I ", thought=True),
        text("think.", thought=True),
        text("Hi.", thoughtSignature="S0"),
        text("", thoughtSignature="S1"),
    )
    assert (message["content"], message["reasoning_content"]) == ("Hi.", "I think.")
    assert message["reasoning_details"] == [
        {"type": "reasoning.text", "text": "I think.", "format": "google-gemini-v1", "index": 0},
        {"type": "reasoning.encrypted", "data": "S0", "format": "google-gemini-v1", "index": 1},
        {"type": "reasoning.encrypted", "data": "S1", "format": "google-gemini-v1", "index": 2},
    ]


def test_calls_keep_their_ids_and_signatures_and_get_ids_where_they_have_none() -> None:
    completion = plain(answer(candidate(call("f", id="g1") | {"thoughtSignature": "S"}, call("g"), call("g"))))
    choice = completion["choices"][0]
    assert choice["finish_reason"] == "tool_calls"
    assert choice["message"]["content"] is None
    first, *others = choice["message"]["tool_calls"]
    assert first == {
        "id": "g1",
        "type": "function",
        "function": {"name": "f", "arguments": '{"a":"ü"}'},
        "extra_content": {"google": {"thought_signature": "S"}},
    }
    assert choice["message"]["reasoning_details"][0]["id"] == "g1"
    made = [other["id"] for other in others]
    assert len(set(made)) == 2
    assert all(each.startswith("call_") and len(each) <= 40 for each in made)


def test_a_call_without_arguments_has_an_empty_object() -> None:
    assert message_of({"functionCall": {"name": "f"}})["tool_calls"][0]["function"] == {"name": "f", "arguments": "{}"}


def test_pictures_are_the_messages_images_and_those_of_its_thoughts_are_not() -> None:
    blob = {"inlineData": {"mimeType": "image/png", "data": "AAAA"}}
    message = message_of(blob | {"thought": True}, text("See:"), blob)
    assert message["content"] == "See:"
    assert message["images"] == [{"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}}]
    assert message_of(blob)["content"] is None


def test_parts_that_a_chat_has_no_place_for_are_skipped() -> None:
    assert message_of({"executableCode": {"code": "1"}}, text("x"), {"odd": 1}) == {
        "role": "assistant",
        "content": "x",
        "refusal": None,
    }
    empty = plain(answer({"finishReason": "STOP"}, candidate(finish="STOP", content={"parts": [7]}) | {"index": 1}))
    assert [choice["message"]["content"] for choice in empty["choices"]] == ["", ""]


def test_several_candidates_are_several_choices() -> None:
    first, second = candidate(text("b"), finish="MAX_TOKENS", index=1), candidate(text("a"), index=0)
    choices = plain(answer(first, second))["choices"]
    assert [(choice["index"], choice["message"]["content"], choice["finish_reason"]) for choice in choices] == [
        (1, "b", "length"),
        (0, "a", "stop"),
    ]


@pytest.mark.parametrize(
    ("reason", "expected"),
    [
        ("FUNCTION_CALL", "tool_calls"),
        ("MAX_TOKENS", "length"),
        ("SAFETY", "content_filter"),
        ("RECITATION", "content_filter"),
        ("PROHIBITED_CONTENT", "content_filter"),
        ("SPII", "content_filter"),
        ("IMAGE_SAFETY", "content_filter"),
    ],
)
def test_ends(reason: str, expected: str) -> None:
    choice = plain(answer(candidate(call("f"), finish=reason)))["choices"][0]
    assert (choice["finish_reason"], choice["native_finish_reason"]) == (expected, reason)


@pytest.mark.parametrize("reason", ["MALFORMED_FUNCTION_CALL", "UNEXPECTED_TOOL_CALL", "OTHER", "NO_IMAGE", "NEVER_HEARD_OF"])
def test_an_incomplete_answer_is_the_routes_failure_and_may_be_repeated(reason: str) -> None:
    failure = failure_of(answer(candidate(text("half"), finish=reason)))
    assert (failure.kind, failure.blame, failure.type) == (FailureClass.MALFORMED_RESPONSE, Blame.ROUTE, reason)
    assert failure.is_worth_repeating


def test_an_end_may_be_the_clients_or_the_keys_doing() -> None:
    failure = failure_of(answer(candidate(finish="MISSING_THOUGHT_SIGNATURE")))
    assert (failure.kind, failure.blame, failure.status) == (FailureClass.BAD_REQUEST, Blame.REQUEST, 400)
    failure = failure_of(answer(candidate(finish="PUP_LIMITED_DISABLED")))
    assert (failure.blame, failure.key_scope) == (Blame.KEY, KeyScope.ALL_MODELS)


def test_a_blocked_prompt_is_the_clients_own_fault() -> None:
    failure = failure_of({"promptFeedback": {"blockReason": "SAFETY"}, "usageMetadata": USAGE})
    assert (failure.kind, failure.blame, failure.status) == (FailureClass.CONTENT_FILTER, Blame.REQUEST, 400)
    assert (failure.code, failure.type) == ("content_filter", "SAFETY")
    assert "SAFETY" in failure.message_for_client


@pytest.mark.parametrize(
    "content",
    [
        b"not json",
        b"[]",
        b"7",
        {},
        {"candidates": []},
        {"candidates": {}},
        {"candidates": [7]},
        {"candidates": [{"content": {"parts": [{"text": "half"}]}}]},
        {"promptFeedback": {"blockReason": 7}},
    ],
)
def test_what_is_no_answer_is_malformed(content: object) -> None:
    failure = failure_of(content)
    assert (failure.kind, failure.blame) == (FailureClass.MALFORMED_RESPONSE, Blame.ROUTE)


def test_an_error_dressed_as_a_success_is_one() -> None:
    error = {"error": {"code": 429, "message": "x", "status": "RESOURCE_EXHAUSTED", "details": [{"retryDelay": "3s"}]}}
    for content in (error, [error]):
        failure = failure_of(content)
        assert (failure.kind, failure.retry_after_seconds) == (FailureClass.RATE_LIMIT, 3)


def test_errors_are_classified_like_other_providers() -> None:
    body = b'{"error":{"code":400,"message":"x","status":"INVALID_ARGUMENT","details":[{"reason":"API_KEY_INVALID"}]}}'
    assert adapter().classify(400, (), body).kind is FailureClass.INVALID_KEY


def test_probabilities() -> None:
    result = {
        "chosenCandidates": [
            {"token": "a", "logProbability": -0.5, "tokenId": 1},
            {"token": 7},
            {"token": "b", "logProbability": 0},
        ],
        "topCandidates": [{"candidates": [{"token": "a", "logProbability": -0.5}, {"token": "c", "logProbability": -2}]}],
    }
    logprobs = plain(answer(candidate(text("ab"), logprobsResult=result)))["choices"][0]["logprobs"]
    assert logprobs == {
        "content": [
            {
                "token": "a",
                "logprob": -0.5,
                "bytes": None,
                "top_logprobs": [
                    {"token": "a", "logprob": -0.5, "bytes": None},
                    {"token": "c", "logprob": -2, "bytes": None},
                ],
            },
            {"token": "b", "logprob": 0, "bytes": None, "top_logprobs": []},
        ],
        "refusal": None,
    }


def test_pages_that_an_answer_rests_on_are_annotations_in_characters() -> None:
    grounding = {
        "groundingChunks": [{"web": {"uri": "https://a.test", "title": "A"}}, {"web": {"uri": "https://b.test"}}, {"maps": {}}],
        "groundingSupports": [
            {"segment": {"startIndex": 5, "endIndex": 12, "text": "Zürich"}, "groundingChunkIndices": [0, 1, 2, 9, "x"]},
            {"segment": {"endIndex": 3}, "groundingChunkIndices": [1]},
            7,
        ],
    }
    citations = {"citationSources": [{"startIndex": 0, "endIndex": 3, "uri": "https://c.test"}, {"uri": ""}]}
    message = message_of(text("Öl: Zürich"), groundingMetadata=grounding, citationMetadata=citations)
    cited = [(each["url_citation"]["url"], each["url_citation"]["title"]) for each in message["annotations"]]
    assert cited == [
        ("https://a.test", "A"),
        ("https://b.test", "https://b.test"),
        ("https://b.test", "https://b.test"),
        ("https://c.test", "https://c.test"),
    ]
    places = [(each["url_citation"]["start_index"], each["url_citation"]["end_index"]) for each in message["annotations"]]
    assert places == [(4, 10), (4, 10), (0, 2), (0, 2)]


def test_pages_that_no_place_names_are_of_the_whole_text() -> None:
    grounding = {"groundingChunks": [{"web": {"uri": "https://a.test", "title": "A"}}], "searchEntryPoint": {}}
    [note] = message_of(text("four"), groundingMetadata=grounding)["annotations"]
    assert (note["url_citation"]["start_index"], note["url_citation"]["end_index"]) == (0, 4)


def test_what_is_nested_too_deeply_is_no_answer() -> None:
    args = b'{"a":' * 300 + b"1" + b"}" * 300
    body = b'{"candidates":[{"content":{"parts":[{"functionCall":{"name":"f","args":' + args + b'}}]},"finishReason":"STOP"}]}'
    decoded = adapter().decode_answer(Operation.CHAT, (), body, "asked")
    assert isinstance(decoded, Failure)
    assert decoded.kind is FailureClass.MALFORMED_RESPONSE
