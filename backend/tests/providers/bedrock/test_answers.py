import orjson
import pytest

from ai_engine.names import Blame, TokenCounts
from ai_engine.providers.adapter import PlainAnswer
from ai_engine.providers.failures import Failure, FailureClass
from tests.providers.bedrock.bedrock_exchange import CLAUDE, CREATED, PNG, Json, answer, decode, decoded


def message(*blocks: Json, reason: str = "end_turn") -> Json:
    choice = decoded(answer(*blocks, reason=reason))["choices"][0]
    made: Json = choice["message"]
    return made


def test_an_answer_is_a_chat_completion_of_the_model_that_was_asked() -> None:
    chat = decoded(answer(), headers=((b"x-amzn-requestid", b"req-7"),))
    assert (chat["id"], chat["object"], chat["created"], chat["model"]) == ("req-7", "chat.completion", CREATED, CLAUDE)
    assert chat["choices"] == [
        {
            "index": 0,
            "message": {"role": "assistant", "content": "hello", "refusal": None},
            "logprobs": None,
            "finish_reason": "stop",
            "native_finish_reason": "end_turn",
        }
    ]
    assert chat["usage"] == {"prompt_tokens": 7, "completion_tokens": 5, "total_tokens": 12}


@pytest.mark.parametrize(
    ("reason", "finish"),
    [
        ("end_turn", "stop"),
        ("stop_sequence", "stop"),
        ("tool_use", "tool_calls"),
        ("max_tokens", "length"),
        ("model_context_window_exceeded", "length"),
        ("guardrail_intervened", "content_filter"),
        ("content_filtered", "content_filter"),
    ],
)
def test_stop_reasons_become_finish_reasons(reason: str, finish: str) -> None:
    choice = decoded(answer(reason=reason))["choices"][0]
    assert (choice["finish_reason"], choice["native_finish_reason"]) == (finish, reason)


@pytest.mark.parametrize("reason", ["malformed_model_output", "malformed_tool_use"])
def test_an_answer_that_the_model_garbled_is_none_and_worth_another_try(reason: str) -> None:
    failure = decode(answer(reason=reason))
    assert isinstance(failure, Failure)
    assert (failure.kind, failure.blame, failure.is_worth_repeating) == (FailureClass.MALFORMED_RESPONSE, Blame.ROUTE, True)


def test_the_sequence_that_stopped_it_is_told() -> None:
    choice = decoded(answer(reason="stop_sequence", additionalModelResponseFields={"stop_sequence": "END"}))["choices"][0]
    assert choice["stop_sequence"] == "END"


def test_calls_have_their_arguments_as_text() -> None:
    said = message({"text": "I look."}, {"toolUse": {"toolUseId": "t1", "name": "weather", "input": {"city": "Oslø"}}})
    assert said["content"] == "I look."
    assert said["tool_calls"] == [
        {"id": "t1", "type": "function", "function": {"name": "weather", "arguments": '{"city":"Oslø"}'}}
    ]


def test_calls_alone_have_no_content_and_those_of_hosted_tools_are_left_out() -> None:
    own = {"toolUse": {"toolUseId": "t1", "name": "weather", "input": {}}}
    hosted = {"toolUse": {"toolUseId": "t2", "name": "nova_grounding", "input": {}, "type": "server_tool_use"}}
    said = message(hosted, own, reason="tool_use")
    assert said["content"] is None
    assert [call["id"] for call in said["tool_calls"]] == ["t1"]


def test_reasoning_is_told_with_what_the_next_turn_needs_of_it() -> None:
    said = message(
        {"reasoningContent": {"reasoningText": {"text": "Let me see.", "signature": "c2ln"}}},
        {"reasoningContent": {"redactedContent": "cmVk"}},
        {"text": "Rain."},
    )
    assert said["reasoning_content"] == "Let me see."
    assert said["reasoning_details"] == [
        {"type": "reasoning.text", "text": "Let me see.", "signature": "c2ln", "format": "anthropic-claude-v1", "index": 0},
        {"type": "reasoning.encrypted", "data": "cmVk", "format": "aws-bedrock-v1", "index": 1},
    ]


def test_cited_text_is_text_and_cited_pages_are_annotations() -> None:
    citation = {"title": "Rain", "location": {"web": {"url": "https://rain.example"}}}
    elsewhere = {"title": "A file", "location": {"documentPage": {"documentIndex": 0, "start": 1, "end": 2}}}
    cited = {"citationsContent": {"content": [{"text": "It rains."}], "citations": [citation, elsewhere]}}
    said = message({"text": "Well. "}, cited)
    assert said["content"] == "Well. It rains."
    page = {"url": "https://rain.example", "title": "Rain", "start_index": 6, "end_index": 15}
    assert said["annotations"] == [{"type": "url_citation", "url_citation": page}]


def test_a_picture_that_the_model_made_is_shown() -> None:
    said = message({"image": {"format": "png", "source": {"bytes": PNG}}})
    assert said["images"] == [{"type": "image_url", "image_url": {"url": f"data:image/png;base64,{PNG}"}}]


def test_input_is_counted_by_class() -> None:
    usage = {"inputTokens": 4, "outputTokens": 5, "totalTokens": 39, "cacheReadInputTokens": 20, "cacheWriteInputTokens": 10}
    plain = decode(answer(usage=usage))
    assert isinstance(plain, PlainAnswer)
    assert plain.usage == TokenCounts(4, 20, 10, 5)
    assert plain.answer is not None
    assert plain.answer["usage"]["prompt_tokens"] == 34
    assert plain.answer["usage"]["prompt_tokens_details"] == {"cached_tokens": 20, "cache_write_tokens": 10}


def test_what_is_not_counted_is_estimated_from_its_length() -> None:
    plain = decode({**answer({"text": "12345678"}), "usage": None})
    assert isinstance(plain, PlainAnswer)
    assert (plain.usage, plain.characters_since_usage) == (None, 8)
    assert plain.answer is not None
    assert "usage" not in plain.answer


def test_a_router_says_which_model_it_chose() -> None:
    invoked = "arn:aws:bedrock:us-east-1:123456789012:inference-profile/us.anthropic.claude-haiku-4-5-20251001-v1:0"
    plain = decode(answer(trace={"promptRouter": {"invokedModelId": invoked}}, serviceTier={"type": "flex"}))
    assert isinstance(plain, PlainAnswer)
    assert plain.model == "us.anthropic.claude-haiku-4-5-20251001-v1:0"
    assert plain.answer is not None
    assert (plain.answer["model"], plain.answer["service_tier"]) == (plain.model, "flex")


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"", FailureClass.MALFORMED_RESPONSE),
        (b"<html>", FailureClass.MALFORMED_RESPONSE),
        (b"[]", FailureClass.MALFORMED_RESPONSE),
        (b"{}", FailureClass.MALFORMED_RESPONSE),
        (b'{"output":{"message":{"content":[]}}}', FailureClass.MALFORMED_RESPONSE),
        (b'{"output":7,"stopReason":"end_turn"}', FailureClass.MALFORMED_RESPONSE),
        (b'{"message":"Too hot","__type":"com.amazon#ThrottlingException"}', FailureClass.RATE_LIMIT),
    ],
)
def test_what_is_no_answer_is_a_failure(body: bytes, kind: FailureClass) -> None:
    failure = decode(body)
    assert isinstance(failure, Failure)
    assert failure.kind is kind


def test_odd_blocks_are_passed_over() -> None:
    odd: list[object] = [
        7,
        None,
        {},
        {"text": 7},
        {"toolUse": 7},
        {"reasoningContent": {}},
        {"image": {}},
        {"audio": {}},
        {"text": "ok"},
    ]
    given = {**answer(), "output": {"message": {"role": "assistant", "content": odd}}}
    assert decoded(given)["choices"][0]["message"] == {"role": "assistant", "content": "ok", "refusal": None}


def test_arguments_that_are_nested_too_deeply_to_be_written_make_the_answer_none() -> None:
    deep: object = 1
    for _ in range(300):
        deep = [deep]
    body = orjson.dumps(
        {**answer(), "output": {"message": {"content": [{"toolUse": {"toolUseId": "t", "name": "n", "input": {}}}]}}}
    )
    nested = body.replace(b'"input":{}', b'"input":{"a":' + b"[" * 300 + b"]" * 300 + b"}")
    failure = decode(nested)
    assert isinstance(failure, Failure)
    assert failure.kind is FailureClass.MALFORMED_RESPONSE
