"""A chat that the engine wrote, in the words of one OpenAI-compatible provider."""

from dataclasses import replace
from typing import Any

import pytest

from ai_engine.errors import UnsupportedByProvider
from ai_engine.providers.openai import dialects
from ai_engine.providers.registry.definition import ProviderDefinition
from ai_engine.wire.hints import DroppedHints
from ai_engine.wire.json_types import Json
from tests.builders import provider

PLAIN = provider("alpha")
HINTED = replace(PLAIN, takes_hints=True, takes_reasoning_content=True)
HINT = {"cache_control": {"type": "ephemeral"}}


def adopted(asked: Json, row: ProviderDefinition, model: str = "tiny") -> Json:
    return dialects.adopted(asked, row, model, DroppedHints())


def chat(*messages: Json, **fields: Any) -> Json:
    return {"model": "tiny", "messages": list(messages) or [{"role": "user", "content": "hi"}], **fields}


def test_the_limit_goes_by_the_name_that_the_provider_knows() -> None:
    asked = chat(max_completion_tokens=9)
    assert adopted(asked, PLAIN)["max_tokens"] == 9
    assert "max_completion_tokens" not in adopted(asked, PLAIN)
    assert adopted(asked, replace(PLAIN, output_limit_field="max_completion_tokens"))["max_completion_tokens"] == 9
    assert asked["max_completion_tokens"] == 9


@pytest.mark.parametrize(
    ("model", "limit", "reasons"),
    [
        ("gpt-4o-mini", 16_384, False),
        ("openai/gpt-4o-2024-05-13", 4_096, False),
        ("gpt-4.1-nano-2025-04-14", 32_768, False),
        ("gpt-4-turbo", 4_096, False),
        ("gpt-35-turbo-16k", 4_096, False),
        ("ft:gpt-4o-mini-2024-07-18:acme::7p4lURel", 16_384, False),
        ("gpt-5-mini", 64_000, True),
        ("kimi-k2.6", 64_000, True),
    ],
)
def test_no_more_is_asked_of_a_model_than_it_is_known_to_take(model: str, limit: int, reasons: bool) -> None:
    claude_codes = chat(max_completion_tokens=64_000, reasoning_effort="medium", thinking={"type": "enabled"})
    said = adopted(claude_codes, PLAIN, model)
    assert (said["max_tokens"], "reasoning_effort" in said) == (limit, reasons)
    assert adopted(chat(max_completion_tokens=9), PLAIN, model)["max_tokens"] == 9
    assert adopted(chat(reasoning_effort="low"), PLAIN, model)["reasoning_effort"] == "low"


def test_hints_and_details_go_only_where_they_are_known() -> None:
    answer = {"role": "assistant", "content": "x", "reasoning_content": "hm", "reasoning_details": [{"type": "reasoning.text"}]}
    asked = chat(
        {"role": "user", "content": [{"type": "text", "text": "hi", **HINT}]},
        answer,
        tools=[{"type": "function", "function": {"name": "f"}, **HINT}],
        thinking={"type": "adaptive"},
    )
    said = adopted(asked, PLAIN)
    assert said["messages"] == [
        {"role": "user", "content": [{"type": "text", "text": "hi"}]},
        {"role": "assistant", "content": "x"},
    ]
    assert said["tools"] == [{"type": "function", "function": {"name": "f"}}]
    assert adopted(asked, HINTED) == {field: value for field, value in asked.items() if field != "thinking"}


@pytest.mark.parametrize("role", ["system", "developer", "tool"])
def test_texts_in_parts_are_one_text_where_servers_take_no_parts(role: str) -> None:
    parts = [{"type": "text", "text": "One."}, {"type": "text", "text": "Two.", **HINT}]
    assert adopted(chat({"role": role, "content": parts}), PLAIN)["messages"] == [{"role": role, "content": "One.\n\nTwo."}]
    assert adopted(chat({"role": role, "content": parts}), HINTED)["messages"] == [{"role": role, "content": parts}]


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("no such file", "The tool failed: no such file"),
        (None, "The tool failed: "),
        ([{"type": "text", "text": "One."}, {"type": "text", "text": "Two."}], "The tool failed: One.\n\nTwo."),
    ],
)
def test_a_tools_failure_becomes_text(content: Any, expected: Any) -> None:
    failed = {"role": "tool", "tool_call_id": "c", "content": content, "is_error": True}
    assert adopted(chat(failed), PLAIN)["messages"] == [{"role": "tool", "tool_call_id": "c", "content": expected}]


def test_hints_of_other_protocols_are_left_out_and_noted() -> None:
    dropped = DroppedHints()
    cached = {"role": "user", "content": [{"type": "text", "text": "hi", **HINT}]}
    tool = {"type": "function", "function": {"name": "f"}, **HINT}
    body = dialects.adopted(chat(cached, tools=[tool]), PLAIN, "tiny", dropped)
    assert "cache_control" not in str(body)
    assert list(dropped.paths) == ["messages[].content[].cache_control", "tools[].cache_control"]
    kept = DroppedHints()
    assert "cache_control" in str(dialects.adopted(chat(cached, tools=[tool]), HINTED, "tiny", kept))
    assert not kept.paths


def test_pictures_that_an_assistant_made_go_only_where_they_are_known() -> None:
    drawn = chat({"role": "assistant", "content": "Look:", "images": [PICTURE]})
    with pytest.raises(UnsupportedByProvider) as refusal:
        adopted(drawn, PLAIN)
    assert refusal.value.param == "messages[0].images"
    assert adopted(drawn, replace(PLAIN, takes_hints=True))["messages"] == drawn["messages"]


def test_a_file_by_its_url_is_refused_by_its_place() -> None:
    with pytest.raises(UnsupportedByProvider) as refusal:
        adopted(chat({"role": "user", "content": [{"type": "file", "file": {"file_url": "https://example.org/a.pdf"}}]}), PLAIN)
    assert refusal.value.param == "messages[0].content[0].file.file_url"


PICTURE = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AA=="}}
CALLED: Json = {
    "role": "assistant",
    "content": None,
    "tool_calls": [{"id": "toolu_01Aa", "type": "function", "function": {"name": "f"}}],
}


def result(*parts: Json, call_id: str = "toolu_01Aa") -> Json:
    return {"role": "tool", "tool_call_id": call_id, "content": list(parts)}


def test_what_a_tool_shows_follows_all_results_as_the_users_message() -> None:
    asked = chat(
        CALLED, result({"type": "text", "text": "One page."}, PICTURE), result(PICTURE, call_id="b"), result(call_id="c")
    )
    assert adopted(asked, PLAIN)["messages"][1:] == [
        {"role": "tool", "tool_call_id": "toolu_01Aa", "content": "One page.\n\nWhat it shows follows."},
        {"role": "tool", "tool_call_id": "b", "content": "What it shows follows."},
        {"role": "tool", "tool_call_id": "c", "content": ""},
        {
            "role": "user",
            "content": [
                {"type": "text", "text": "Shown by the tool call toolu_01Aa:"},
                PICTURE,
                {"type": "text", "text": "Shown by the tool call b:"},
                PICTURE,
            ],
        },
    ]


@pytest.mark.parametrize("said", ["What is it?", [{"type": "text", "text": "What is it?"}]])
def test_the_media_of_a_tool_precede_the_users_text(said: Any) -> None:
    asked = chat(CALLED, result(PICTURE), {"role": "user", "content": said}, {"role": "assistant", "content": "A dot."})
    _, answered, shown, last = adopted(asked, PLAIN)["messages"]
    assert (answered["role"], last["content"]) == ("tool", "A dot.")
    assert shown["content"] == [
        {"type": "text", "text": "Shown by the tool call toolu_01Aa:"},
        PICTURE,
        {"type": "text", "text": "What is it?"},
    ]


def test_an_assistants_message_separates_a_tool_and_a_user() -> None:
    strict = replace(PLAIN, wants_assistant_after_tools=True)
    asked = chat(CALLED, result({"type": "text", "text": "21"}), {"role": "user", "content": "And?"})
    assert [message["role"] for message in adopted(asked, PLAIN)["messages"]] == ["assistant", "tool", "user"]
    said = adopted(asked, strict)["messages"]
    assert [message["role"] for message in said] == ["assistant", "tool", "assistant", "user"]
    assert said[2]["content"]
    assert [message["role"] for message in adopted(chat(CALLED, result(PICTURE)), strict)["messages"]][2:] == [
        "assistant",
        "user",
    ]


def test_ids_of_calls_have_nine_characters_where_no_others_are_taken() -> None:
    short = replace(PLAIN, takes_short_call_ids=True)
    own = {**CALLED, "tool_calls": [{"id": "D681PevKs", "type": "function", "function": {"name": "f"}}]}
    made, answered, other, kept = adopted(chat(CALLED, result(), own, result(call_id="D681PevKs")), short)["messages"]
    call_id = made["tool_calls"][0]["id"]
    assert len(call_id) == 9
    assert call_id.isalnum()
    assert answered["tool_call_id"] == call_id
    assert (other["tool_calls"][0]["id"], kept["tool_call_id"]) == ("D681PevKs", "D681PevKs")
    assert CALLED["tool_calls"][0]["id"] == "toolu_01Aa"
