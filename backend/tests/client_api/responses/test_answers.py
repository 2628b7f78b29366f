"""A chat completion as a response."""

import pytest

from ai_engine.client_api.responses.reasoning import unseal
from ai_engine.wire.chat_shape import sound_answer
from ai_engine.wire.json_types import Json
from tests.client_api.relayed import relayed_answer
from tests.client_api.responses.response_builders import (
    MADE,
    PATCH,
    PICTURE,
    RESPONSE_ID,
    SIGNED,
    WEATHER,
    call,
    chat,
    translation,
)


def test_a_response_has_every_field_that_sdks_ask_for() -> None:
    request = translation(instructions="Be brief.", metadata={"a": "b"}, tools=[WEATHER], temperature=0.5)
    assert request.answer(chat({"content": "Hello."})) == {
        "id": RESPONSE_ID,
        "object": "response",
        "created_at": 1795435200,
        "completed_at": 1795435200,
        "status": "completed",
        "background": False,
        "error": None,
        "incomplete_details": None,
        "instructions": "Be brief.",
        "max_output_tokens": None,
        "max_tool_calls": None,
        "metadata": {"a": "b"},
        "model": "tiny-1",
        "output": [
            {
                "id": f"msg_{'0' * 48}01",
                "type": "message",
                "role": "assistant",
                "status": "completed",
                "content": [{"type": "output_text", "text": "Hello.", "annotations": [], "logprobs": []}],
            }
        ],
        "parallel_tool_calls": True,
        "previous_response_id": None,
        "reasoning": {"effort": None, "summary": None},
        "service_tier": "default",
        "store": True,
        "temperature": 0.5,
        "text": {"format": {"type": "text"}, "verbosity": "medium"},
        "tool_choice": "auto",
        "tools": [WEATHER],
        "top_logprobs": 0,
        "top_p": None,
        "truncation": "disabled",
        "usage": {
            "input_tokens": 7,
            "input_tokens_details": {"cached_tokens": 0, "cache_write_tokens": 0},
            "output_tokens": 5,
            "output_tokens_details": {"reasoning_tokens": 0},
            "total_tokens": 12,
        },
    }


def test_calls_are_items_of_the_tools_own_kind() -> None:
    namespace = {"type": "namespace", "name": "crm", "description": "Customers.", "tools": [WEATHER]}
    search = {"type": "tool_search", "execution": "client", "parameters": {"type": "object"}}
    request = translation(tools=[WEATHER, PATCH, namespace, search])
    calls = [
        call("c1", "get_weather", '{"city":"Oslo"}'),
        call("c2", "apply_patch", '{"input":"*** Begin"}'),
        call("c3", "crm__get_weather", "{}"),
        call("c4", "tool_search", '{"query":"x"}'),
        call("c5", "made_up", "{}"),
    ]
    output = request.answer(chat({"tool_calls": calls}, "tool_calls"))["output"]
    assert [(item["type"], item["call_id"], item.get("name"), item.get("namespace")) for item in output] == [
        ("function_call", "c1", "get_weather", None),
        ("custom_tool_call", "c2", "apply_patch", None),
        ("function_call", "c3", "get_weather", "crm"),
        ("tool_search_call", "c4", None, None),
        ("function_call", "c5", "made_up", None),
    ]
    assert output[1]["input"] == "*** Begin"
    assert output[3]["arguments"] == {"query": "x"}
    assert len({item["id"] for item in output}) == 5


def test_arguments_that_are_no_object_are_a_custom_tools_text() -> None:
    output = translation(tools=[PATCH]).answer(chat({"tool_calls": [call("c1", "apply_patch", "*** Begin")]}, "tool_calls"))[
        "output"
    ]
    assert output[0]["input"] == "*** Begin"


def test_reasoning_is_shown_and_what_a_next_turn_needs_is_sealed() -> None:
    message = {"content": "So.", "reasoning_content": "Hm.", "reasoning_details": [SIGNED]}
    item = translation().answer(chat(message))["output"][0]
    assert item["summary"] == [{"type": "summary_text", "text": "Hm."}]
    assert unseal(item["encrypted_content"], item["id"], "here") == [SIGNED]


@pytest.mark.parametrize("field", ["reasoning_content", "reasoning"])
def test_unsigned_reasoning_is_shown_only(field: str) -> None:
    item = translation().answer(chat({"content": "So.", field: "Hm."}))["output"][0]
    assert (item["summary"][0]["text"], item["encrypted_content"]) == ("Hm.", None)


def test_a_refusal_is_a_part_of_its_own() -> None:
    content = translation().answer(chat({"refusal": "No."}))["output"][0]["content"]
    assert content == [{"type": "refusal", "refusal": "No."}]


def test_pictures_are_items_after_what_is_said() -> None:
    elsewhere = {"type": "image_url", "image_url": {"url": "https://example.test/1.png"}}
    message = {"content": "Look:", "reasoning_content": "Hm.", "images": [MADE, elsewhere, {"type": "image_url"}, 7]}
    reasoning, said, made = translation().answer(chat(message))["output"]
    assert (reasoning["type"], [part["text"] for part in said["content"]]) == (
        "reasoning",
        ["Look:", "https://example.test/1.png"],
    )
    assert made == {"id": made["id"], "type": "image_generation_call", "status": "completed", "result": PICTURE}


def test_citations_and_logprobs_come_with_the_text() -> None:
    citation = {"url": "https://example.test", "title": "Example", "start_index": 0, "end_index": 2}
    token = {"token": "Hi", "logprob": -0.5, "bytes": None, "top_logprobs": []}
    message = {"content": "Hi", "annotations": [{"type": "url_citation", "url_citation": citation}]}
    part = translation().answer(chat(message, logprobs={"content": [token]}))["output"][0]["content"][0]
    assert part["annotations"] == [{"type": "url_citation", **citation}]
    assert part["logprobs"] == [{**token, "bytes": []}]


@pytest.mark.parametrize(("finish", "reason"), [("length", "max_output_tokens"), ("content_filter", "content_filter")])
def test_an_answer_that_was_cut_is_incomplete(finish: str, reason: str) -> None:
    answer = translation().answer(chat({"content": "Hel", "reasoning_content": "Hm."}, finish))
    assert (answer["status"], answer["incomplete_details"]) == ("incomplete", {"reason": reason})
    assert [item["status"] for item in answer["output"]] == ["completed", "incomplete"]
    assert answer["completed_at"] is None


def test_usage_is_complete_or_missing() -> None:
    usage = {
        "prompt_tokens": 10,
        "prompt_tokens_details": {"cached_tokens": 4, "cache_write_tokens": 3},
        "completion_tokens": 6,
        "completion_tokens_details": {"reasoning_tokens": 5},
        "total_tokens": 16,
    }
    echoed = translation().answer(chat({"content": "x"}, usage=usage))["usage"]
    assert echoed == {
        "input_tokens": 10,
        "input_tokens_details": {"cached_tokens": 4, "cache_write_tokens": 3},
        "output_tokens": 6,
        "output_tokens_details": {"reasoning_tokens": 5},
        "total_tokens": 16,
    }
    assert "usage" not in translation().answer(chat({"content": "x"}, usage=None))


def test_the_user_of_a_request_is_repeated() -> None:
    echoed: Json = {"prompt_cache_key": "k", "safety_identifier": "ada", "user": "ada"}
    answer = translation(**echoed).answer(chat({"content": "x"}))
    assert {field: answer[field] for field in echoed} == echoed


@pytest.mark.parametrize(
    "broken",
    [
        {},
        {"choices": []},
        {"choices": [7]},
        {"choices": [{"message": 7}]},
        {"choices": [{"message": {"content": 7, "tool_calls": 7, "annotations": 7, "reasoning_details": 7}, "logprobs": 7}]},
        {"choices": [{"message": {"tool_calls": [{"function": 7}, 7]}, "finish_reason": ["x"]}], "usage": 7, "service_tier": []},
    ],
)
def test_whatever_a_provider_sends_becomes_a_response(broken: Json) -> None:
    assert translation().answer(relayed_answer(broken))["object"] == "response"


@pytest.mark.parametrize("place", ["choice", "answer"])
def test_usage_counts_wherever_it_is(place: str) -> None:
    answered = chat({"content": "Hi."})
    counts = {"prompt_tokens": 9, "completion_tokens": 2, "cached_tokens": 4}
    answered |= {"usage": None if place == "choice" else counts}
    answered["choices"][0]["usage"] = counts if place == "choice" else None
    usage = translation().answer(sound_answer(answered))["usage"]
    assert (usage["input_tokens"], usage["input_tokens_details"]["cached_tokens"], usage["output_tokens"]) == (9, 4, 2)


def test_real_text_that_a_provider_counts_as_nothing_is_estimated() -> None:
    answered = chat({"content": "x" * 40}) | {"usage": {"prompt_tokens": 0, "completion_tokens": 0, "total_tokens": 0}}
    usage = translation(input="y" * 80).answer(answered)["usage"]
    assert (usage["input_tokens"], usage["output_tokens"], usage["total_tokens"]) == (20, 10, 30)
