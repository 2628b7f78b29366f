from typing import Any

import orjson
import pytest

from ai_engine.names import Blame, Operation, TokenCounts
from ai_engine.providers.adapter import PlainAnswer
from ai_engine.providers.anthropic.adapter import AnthropicMessages
from ai_engine.providers.failures import Failure, FailureClass
from ai_engine.wire.json_types import Json
from tests.fakes.clock import HandTurnedClock
from tests.providers.made_answers import made_answer

CITATION = {"type": "web_search_result_location", "url": "https://example.com", "title": "Example", "cited_text": "x"}


def message(*content: Json, **fields: Any) -> Json:
    return {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": "claude-x",
        "content": list(content),
        "stop_reason": "end_turn",
        "stop_sequence": None,
        "usage": {"input_tokens": 3, "output_tokens": 4},
        **fields,
    }


def decode(answer: object, operation: Operation = Operation.CHAT) -> PlainAnswer | Failure:
    body = answer if isinstance(answer, bytes) else orjson.dumps(answer)
    return AnthropicMessages(HandTurnedClock()).decode_answer(operation, (), body, "asked")


def plain(answer: object, operation: Operation = Operation.CHAT) -> PlainAnswer:
    decoded = decode(answer, operation)
    assert isinstance(decoded, PlainAnswer)
    return decoded


def chat(answer: object) -> Json:
    return made_answer(plain(answer))


def choice(answer: object) -> Json:
    made: Json = chat(answer)["choices"][0]
    return made


def text(value: str, **more: Any) -> Json:
    return {"type": "text", "text": value, **more}


def test_a_message_is_a_chat_completion() -> None:
    assert chat(message(text("Hel"), text("lo"))) == {
        "id": "msg_1",
        "object": "chat.completion",
        "created": 1795435200,
        "model": "claude-x",
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": "Hello", "refusal": None},
                "logprobs": None,
                "finish_reason": "stop",
                "native_finish_reason": "end_turn",
            }
        ],
        "usage": {"prompt_tokens": 3, "completion_tokens": 4, "total_tokens": 7},
    }


def test_calls_of_tools_have_their_arguments_as_text() -> None:
    made = choice(message({"type": "tool_use", "id": "t1", "name": "f", "input": {"a": "é"}}, stop_reason="tool_use"))
    assert made["message"]["content"] is None
    assert made["message"]["tool_calls"] == [
        {"id": "t1", "type": "function", "function": {"name": "f", "arguments": '{"a":"é"}'}}
    ]
    assert made["finish_reason"] == "tool_calls"


def test_thinking_is_shown_and_kept_for_the_next_turn() -> None:
    made = choice(
        message(
            {"type": "thinking", "thinking": "hm", "signature": "sig"},
            {"type": "redacted_thinking", "data": "ZW5j"},
            text("so"),
            {"type": "thinking", "thinking": "", "signature": "sig2"},
        )
    )["message"]
    assert made["reasoning_content"] == "hm"
    assert made["reasoning_details"] == [
        {"type": "reasoning.text", "text": "hm", "signature": "sig", "format": "anthropic-claude-v1", "index": 0},
        {"type": "reasoning.encrypted", "data": "ZW5j", "format": "anthropic-claude-v1", "index": 1},
        {"type": "reasoning.text", "text": "", "signature": "sig2", "format": "anthropic-claude-v1", "index": 3},
    ]


@pytest.mark.parametrize(
    ("reason", "finish"),
    [
        ("end_turn", "stop"),
        ("stop_sequence", "stop"),
        ("pause_turn", "stop"),
        ("tool_use", "tool_calls"),
        ("max_tokens", "length"),
        ("model_context_window_exceeded", "length"),
        ("refusal", "content_filter"),
        ("of_the_future", "stop"),
    ],
)
def test_every_end_has_its_finish(reason: str, finish: str) -> None:
    made = choice(message(text("x"), stop_reason=reason))
    assert (made["finish_reason"], made["native_finish_reason"]) == (finish, reason)


def test_the_stop_sequence_and_the_refusal_are_reported() -> None:
    assert choice(message(text("x"), stop_reason="stop_sequence", stop_sequence="END"))["stop_sequence"] == "END"
    why = {"type": "refusal", "category": "cyber", "explanation": "No."}
    assert choice(message(stop_reason="refusal", stop_details=why))["message"]["refusal"] == "No."


def test_pages_that_were_cited_annotate_their_text() -> None:
    made = choice(message(text("I looked. "), text("Sunny.", citations=[CITATION, {"type": "char_location"}, 7])))
    assert made["message"]["annotations"] == [
        {
            "type": "url_citation",
            "url_citation": {"url": "https://example.com", "title": "Example", "start_index": 10, "end_index": 16},
        }
    ]


def test_what_a_chat_does_not_have_is_left_out() -> None:
    made = choice(message({"type": "server_tool_use", "id": "s"}, text("x"), {"type": "of_the_future"}, text("y"), {}, text("")))
    assert made["message"] == {"role": "assistant", "content": "xy", "refusal": None}


def test_usage_is_disjoint_inside_and_together_outside() -> None:
    usage = {
        "input_tokens": 5,
        "cache_read_input_tokens": 100,
        "cache_creation_input_tokens": 20,
        "output_tokens": 50,
        "output_tokens_details": {"thinking_tokens": 30},
        "service_tier": "priority",
    }
    decoded = plain(message(text("x"), usage=usage))
    assert decoded.usage == TokenCounts(5, 100, 20, 20, 30)
    assert decoded.characters_since_usage == 0
    assert decoded.answer is not None
    assert decoded.answer["service_tier"] == "priority"
    assert decoded.answer["usage"] == {
        "prompt_tokens": 125,
        "completion_tokens": 50,
        "total_tokens": 175,
        "prompt_tokens_details": {"cached_tokens": 100, "cache_write_tokens": 20},
        "completion_tokens_details": {"reasoning_tokens": 30},
    }


def test_without_usage_its_length_is_known() -> None:
    decoded = plain(message(text("12345678"), usage=None))
    assert (decoded.usage, decoded.characters_since_usage) == (None, 8)


def test_an_answer_without_a_model_bears_the_asked_one() -> None:
    decoded = plain(message(text("x"), model=None))
    assert decoded.model is None
    assert decoded.answer is not None
    assert decoded.answer["model"] == "asked"


@pytest.mark.parametrize("answer", [b"<html>", b"[]", b"7", {"id": "m"}, {"content": "x"}])
@pytest.mark.parametrize("operation", [Operation.CHAT, Operation.MESSAGES, Operation.COUNT_TOKENS])
def test_what_is_no_answer_is_the_routes_fault(answer: object, operation: Operation) -> None:
    failure = decode(answer, operation)
    assert isinstance(failure, Failure)
    assert (failure.kind, failure.blame) == (FailureClass.MALFORMED_RESPONSE, Blame.ROUTE)


@pytest.mark.parametrize("operation", [Operation.CHAT, Operation.MESSAGES, Operation.COUNT_TOKENS])
def test_an_error_under_a_200_is_what_it_says(operation: Operation) -> None:
    failure = decode({"type": "error", "error": {"type": "rate_limit_error", "message": "slow"}}, operation)
    assert isinstance(failure, Failure)
    assert failure.kind is FailureClass.RATE_LIMIT


def test_input_nested_beyond_all_measure_is_no_answer() -> None:
    deep = b'{"a":' * 300 + b"1" + b"}" * 300
    body = orjson.dumps(message()).replace(b'"content":[]', b'"content":[{"type":"tool_use","input":' + deep + b"}]")
    failure = decode(body)
    assert isinstance(failure, Failure)
    assert failure.kind is FailureClass.MALFORMED_RESPONSE


# In its own format


def test_a_message_for_who_speaks_the_format_is_passed_on_byte_for_byte() -> None:
    body = orjson.dumps(message(text("x"), container=None)).replace(b'"id"', b' "id" ')
    decoded = plain(body, Operation.MESSAGES)
    assert decoded.body == body
    assert (decoded.model, decoded.usage) == ("claude-x", TokenCounts(3, None, None, 4, None))
    assert decoded.answer == orjson.loads(body)


def test_counting_tokens_takes_none() -> None:
    decoded = plain(b'{"input_tokens": 2095}', Operation.COUNT_TOKENS)
    assert decoded.body == b'{"input_tokens": 2095}'
    assert decoded.usage == TokenCounts(0, 0, 0, 0, 0)
