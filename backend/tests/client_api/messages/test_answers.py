from typing import Any

import pytest

from ai_engine.client_api.messages.answers import IMAGE_PLACEHOLDER
from ai_engine.client_api.messages.reasoning import PREFIX
from ai_engine.wire.json_types import Json
from tests.client_api.messages.message_reader import essence
from tests.client_api.messages.message_requests import chat, text, translation
from tests.client_api.relayed import relayed_answer

THINKING: Json = {"thinking": {"type": "enabled", "budget_tokens": 2048}}


def answered(message: Json, finish: str = "stop", usage: Any = None, **fields: Any) -> Any:
    choice = {"index": 0, "message": {"role": "assistant", **message}, "finish_reason": finish}
    whole = {"id": "c-1", "object": "chat.completion", "model": "tiny-1", "choices": [choice], "usage": usage}
    return essence(translation(**fields).answer(relayed_answer(whole)))


def call(arguments: Any, call_id: Any = "c0", name: Any = "f") -> Json:
    return {"id": call_id, "type": "function", "function": {"name": name, "arguments": arguments}}


def test_an_answer_is_a_message() -> None:
    usage = {"prompt_tokens": 100, "completion_tokens": 5, "prompt_tokens_details": {"cached_tokens": 60}, "total_tokens": 105}
    assert answered({"content": "Hello"}, usage=usage) == {
        "id": "msg_req-1",
        "type": "message",
        "role": "assistant",
        "model": "tiny-1",
        "content": [{"type": "text", "text": "Hello"}],
        "stop_reason": "end_turn",
        "stop_sequence": None,
        "usage": {
            "input_tokens": 40,
            "cache_read_input_tokens": 60,
            "cache_creation_input_tokens": 0,
            "output_tokens": 5,
        },
    }


def test_thoughts_come_first_then_text_then_calls() -> None:
    message = answered(
        {"content": "Let me see.", "reasoning_content": "Hm", "tool_calls": [call('{"a":1}'), call("", "c1", "g")]},
        "tool_calls",
        **THINKING,
    )
    assert message["content"] == [
        {"type": "thinking", "thinking": "Hm", "signature": PREFIX},
        {"type": "text", "text": "Let me see."},
        {"type": "tool_use", "id": "c0", "name": "f", "input": {"a": 1}},
        {"type": "tool_use", "id": "c1", "name": "g", "input": {}},
    ]
    assert message["stop_reason"] == "tool_use"


@pytest.mark.parametrize("arguments", ['{"a', "[1]", "hello"])
def test_arguments_that_are_no_object_are_handed_on(arguments: str) -> None:
    message = answered({"content": None, "tool_calls": [call(arguments)]}, "length")
    assert message["content"][0]["input"] == {"unreadable_arguments": arguments}
    assert message["stop_reason"] == "max_tokens"


def test_a_call_without_id_or_name_is_still_one() -> None:
    message = answered({"tool_calls": [call("null", None, None), call({"a": 1}, "", "f")]}, "tool_calls")
    assert [(block["name"], block["input"]) for block in message["content"]] == [("unnamed_tool", {}), ("f", {"a": 1})]
    assert len({block["id"] for block in message["content"]}) == 2


def test_a_refusal_is_text_and_stop_reason() -> None:
    message = answered({"content": None, "refusal": "No."})
    assert message["content"] == [{"type": "text", "text": "No."}]
    assert message["stop_reason"] == "refusal"
    assert message["stop_details"]["explanation"] == "No."


def test_pages_are_quoted() -> None:
    quote = {"url": "https://example.org", "title": "Page", "start_index": 0, "end_index": 5}
    message = answered(
        {"content": "Hello there", "annotations": [{"type": "url_citation", "url_citation": quote}, {"type": "x"}]}
    )
    assert message["content"][0]["citations"] == [
        {
            "type": "web_search_result_location",
            "url": "https://example.org",
            "title": "Page",
            "cited_text": "Hello",
            "encrypted_index": PREFIX,
        }
    ]
    assert chat(
        messages=[
            {"role": "user", "content": "a"},
            {"role": "assistant", "content": message["content"]},
            {"role": "user", "content": "b"},
        ]
    )["messages"][1] == {"role": "assistant", "content": "Hello there"}


def test_an_image_is_mentioned() -> None:
    message = answered({"content": "See:", "images": [{"type": "image_url", "image_url": {"url": "data:image/png;base64,aGk="}}]})
    assert [block["text"] for block in message["content"]] == ["See:", IMAGE_PLACEHOLDER]


@pytest.mark.parametrize("reported", [None, {"prompt_tokens": 0, "completion_tokens": 0, "total_tokens": 0}])
def test_a_provider_that_counts_nothing_is_estimated(reported: Json | None) -> None:
    usage = answered({"content": "x" * 40}, usage=reported, messages=[{"role": "user", "content": [text("y" * 400)]}])["usage"]
    assert usage["output_tokens"] == 10
    assert 100 <= usage["input_tokens"] <= 110


def test_the_model_is_the_requests_where_the_answer_names_none() -> None:
    assert translation().answer({"choices": [{"message": {"content": "a"}}]})["model"] == "tiny"


def test_thinking_is_sent_on_request() -> None:
    secret = {"type": "reasoning.encrypted", "data": "s", "format": "google-gemini-v1", "id": "c0", "index": 0}
    said = {"reasoning_content": "Hm", "reasoning_details": [secret], "content": "Hi"}
    assert [block["type"] for block in answered(said)["content"]] == ["text"]
    assert [block["type"] for block in answered(said, thinking={"type": "disabled"})["content"]] == ["text"]
    assert [block["type"] for block in answered({**said, "tool_calls": [call("{}")]})["content"]] == [
        "text",
        "redacted_thinking",
        "tool_use",
    ]
    omitted: Json = {"thinking": {"type": "adaptive", "display": "omitted"}}
    assert [block["type"] for block in answered(said, **omitted)["content"]] == ["redacted_thinking", "text"]
    assert [block["type"] for block in answered(said, **THINKING)["content"]] == ["thinking", "redacted_thinking", "text"]
