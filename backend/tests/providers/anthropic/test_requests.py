from typing import Any

import pytest

from ai_engine.errors import InvalidRequest, UnsupportedByProvider
from ai_engine.providers.anthropic.requests import messages_request
from ai_engine.providers.schema_dialects import JSON_ONLY
from ai_engine.wire.json_types import Json

HELLO = {"role": "user", "content": "hi"}
WEATHER: Json = {
    "type": "function",
    "function": {"name": "weather", "description": "Where?", "parameters": {"type": "object", "properties": {}}},
}
TIME: Json = {"type": "function", "function": {"name": "time"}}
SCHEMA = {"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"], "additionalProperties": False}
OLD, MIDDLE, NEW = "claude-sonnet-4-5", "claude-sonnet-4-6", "claude-opus-5-5"


def request(model: str = OLD, **fields: Any) -> Json:
    return messages_request({"model": "asked", "messages": [HELLO], **fields}, model)


def refused(model: str = OLD, **fields: Any) -> str | None:
    """The field that is named."""
    with pytest.raises(UnsupportedByProvider) as caught:
        request(model, **fields)
    assert caught.value.message.startswith(f"{caught.value.param} ")
    return caught.value.param


def invalid(model: str = OLD, **fields: Any) -> str | None:
    with pytest.raises(InvalidRequest) as caught:
        request(model, **fields)
    assert not isinstance(caught.value, UnsupportedByProvider)
    assert caught.value.message.startswith(f"{caught.value.param} ")
    return caught.value.param


# Limits and fields


def test_a_chat_becomes_a_request_with_the_models_largest_limit() -> None:
    assert request() == {
        "model": OLD,
        "max_tokens": 64_000,
        "messages": [{"role": "user", "content": [{"type": "text", "text": "hi"}]}],
    }
    assert request("tiny")["max_tokens"] == 8_192


def test_either_name_of_the_limit_is_taken_the_newer_first() -> None:
    assert request(max_tokens=7)["max_tokens"] == 7
    assert request(max_completion_tokens=8, max_tokens=7)["max_tokens"] == 8


def test_what_happens_anyway_may_be_said() -> None:
    plain = request()
    neutral: Json = {
        "n": 1,
        "logprobs": False,
        "top_logprobs": 0,
        "logit_bias": {},
        "presence_penalty": 0,
        "frequency_penalty": 0.0,
        "modalities": ["text"],
        "store": False,
        "seed": None,
        "audio": None,
        "response_format": {"type": "text"},
        "service_tier": "auto",
        "tool_choice": "auto",
        "parallel_tool_calls": True,
        "temperature": 1,
        "top_p": 1,
        "unheard_of": None,
    }
    assert request(**neutral) == plain
    assert request(stream_options={"include_usage": True}) == plain


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("n", 2),
        ("logprobs", True),
        ("logit_bias", {"1": 2}),
        ("presence_penalty", 0.1),
        ("frequency_penalty", -1),
        ("seed", 7),
        ("modalities", ["text", "audio"]),
        ("audio", {"voice": "alloy"}),
        ("store", True),
        ("functions", [{"name": "f"}]),
        ("web_search_options", {}),
        ("verbosity", "low"),
        ("prompt_cache_key", "k"),
        ("prediction", {"type": "content", "content": "x"}),
        ("service_tier", "flex"),
        ("unheard_of", 0),
    ],
)
def test_unsupported_fields_are_named(field: str, value: Any) -> None:
    assert refused(**{field: value}) == field


def test_a_stream_is_asked_for() -> None:
    assert request(stream=True)["stream"] is True
    assert "stream" not in request(stream=False)


def test_who_the_user_is_and_which_service_is_meant() -> None:
    assert request(user="u1")["metadata"] == {"user_id": "u1"}
    assert request(user="u1", safety_identifier="s1")["metadata"] == {"user_id": "s1"}
    assert request(metadata={"user_id": "m1"}, user="u1")["metadata"] == {"user_id": "m1"}
    assert refused(metadata={"user_id": "m1", "team": "x"}) == "metadata.team"
    assert refused(user="u" * 257) == "user"
    assert request(service_tier="default")["service_tier"] == "standard_only"
    assert invalid(service_tier=7) == "service_tier"


def test_automatic_caching_is_asked_for_where_the_client_does() -> None:
    assert request(cache_control={"type": "ephemeral"})["cache_control"] == {"type": "ephemeral"}


@pytest.mark.parametrize("stop", ["END", ["END"]])
def test_stops_are_sequences(stop: object) -> None:
    assert request(stop=stop)["stop_sequences"] == ["END"]


def test_blank_stop_sequences_are_unsupported() -> None:
    assert refused(stop=["END", "\n"]) == "stop"
    assert invalid(stop=[7]) == "stop[0]"
    assert "stop_sequences" not in request(stop=[])


# Sampling


def test_sampling_keeps_its_scale() -> None:
    assert request(temperature=0)["temperature"] == 0
    assert request(top_p=0.9, top_k=40) | {"top_p": 0.9, "top_k": 40} == request(top_p=0.9, top_k=40)


def test_more_than_one_is_not_squeezed_into_claudes_range() -> None:
    assert refused(temperature=1.2) == "temperature"
    assert invalid(temperature="warm") == "temperature"
    assert invalid(top_k=0.5) == "top_k"


def test_newer_models_take_no_sampling_and_some_only_one_of_it() -> None:
    for field, value in (("temperature", 0.5), ("top_p", 0.5), ("top_k", 4)):
        assert refused(NEW, **{field: value}) == field
    assert refused(temperature=0.5, top_p=0.5) == "top_p"
    assert request("claude-3-7-sonnet-20250219", temperature=0.5, top_p=0.5)["top_p"] == 0.5


def test_a_model_that_reasons_takes_next_to_no_sampling() -> None:
    for field, value in (("temperature", 0.5), ("top_p", 0.5), ("top_k", 4)):
        assert refused(MIDDLE, reasoning_effort="low", **{field: value}) == field
    assert request(MIDDLE, reasoning_effort="low", top_p=0.97)["top_p"] == 0.97
    assert request(MIDDLE, reasoning_effort="none", temperature=0.5)["temperature"] == 0.5


# Reasoning


@pytest.mark.parametrize(("effort", "budget"), [("minimal", 1024), ("low", 1024), ("medium", 4096), ("high", 16_384)])
def test_older_models_get_a_budget(effort: str, budget: int) -> None:
    made = request(reasoning_effort=effort)
    assert made["thinking"] == {"type": "enabled", "budget_tokens": budget}
    assert made["max_tokens"] > budget
    assert "output_config" not in made


def test_a_budget_leaves_room_for_the_answer() -> None:
    assert request(reasoning_effort="high", max_tokens=4000)["thinking"]["budget_tokens"] == 2000
    assert request(reasoning_effort="high", max_tokens=1500)["thinking"]["budget_tokens"] == 1024
    assert refused(reasoning_effort="high", max_tokens=1024) == "reasoning_effort"


@pytest.mark.parametrize(
    ("model", "effort", "level"),
    [
        (MIDDLE, "minimal", "low"),
        (MIDDLE, "low", "low"),
        (MIDDLE, "xhigh", "high"),
        (MIDDLE, "max", "max"),
        (NEW, "xhigh", "xhigh"),
        (NEW, "high", "high"),
    ],
)
def test_newer_models_get_a_level_and_show_what_they_think(model: str, effort: str, level: str) -> None:
    made = request(model, reasoning_effort=effort)
    assert made["thinking"] == {"type": "adaptive", "display": "summarized"}
    assert made["output_config"] == {"effort": level}


def test_effort_none_is_sent_where_needed_and_unsupported_where_the_model_always_reasons() -> None:
    for model in (OLD, MIDDLE, "claude-opus-4-8", "claude-3-haiku-20240307"):
        assert "thinking" not in request(model, reasoning_effort="none")
    assert request("claude-opus-5", reasoning_effort="none")["thinking"] == {"type": "disabled"}
    assert request("claude-sonnet-5-5", reasoning_effort="none")["thinking"] == {"type": "between_tools"}
    assert refused(NEW, reasoning_effort="none") == "reasoning_effort"


def test_a_model_that_cannot_reason_is_not_asked_to() -> None:
    assert refused("claude-3-5-haiku-20241022", reasoning_effort="low") == "reasoning_effort"
    assert invalid(reasoning_effort="enormous") == "reasoning_effort"
    assert invalid(reasoning_effort=3) == "reasoning_effort"


def test_thinking_takes_precedence_and_is_sent_unchanged() -> None:
    thinking = {"type": "enabled", "budget_tokens": 2000, "display": "omitted"}
    made = request(thinking=thinking, reasoning_effort="high")
    assert made["thinking"] == thinking
    assert "output_config" not in made
    adaptive = request(NEW, thinking={"type": "adaptive"}, reasoning_effort="low")
    assert (adaptive["thinking"], adaptive["output_config"]) == ({"type": "adaptive"}, {"effort": "low"})
    assert request(thinking={"type": "disabled"}, temperature=0.5)["temperature"] == 0.5
    assert invalid(thinking="yes") == "thinking"


# JSON


def test_a_schema_is_followed_beside_a_level_of_effort() -> None:
    wanted = {"type": "json_schema", "json_schema": {"name": "a", "schema": SCHEMA, "strict": True}}
    made = request(MIDDLE, response_format=wanted, reasoning_effort="low")
    assert made["output_config"] == {"effort": "low", "format": {"type": "json_schema", "schema": SCHEMA}}


def test_json_without_a_schema_is_an_instruction() -> None:
    made = request(messages=[{"role": "system", "content": "a"}, HELLO], response_format={"type": "json_object"})
    assert made["system"] == [{"type": "text", "text": "a"}, {"type": "text", "text": JSON_ONLY}]
    assert "output_config" not in made


def test_a_schema_needs_a_model_that_follows_it() -> None:
    wanted = {"type": "json_schema", "json_schema": {"name": "a", "schema": SCHEMA}}
    assert refused("claude-3-7-sonnet-20250219", response_format=wanted) == "response_format.type"


# Tools


def test_functions_become_tools() -> None:
    made = request(tools=[{**WEATHER, "cache_control": {"type": "ephemeral"}}, TIME])
    assert made["tools"] == [
        {
            "name": "weather",
            "description": "Where?",
            "input_schema": {"type": "object", "properties": {}},
            "cache_control": {"type": "ephemeral"},
        },
        {"name": "time", "input_schema": {"type": "object"}},
    ]
    assert "tool_choice" not in made


def test_strictness_is_kept_where_the_model_can_keep_it() -> None:
    strict = {"type": "function", "function": {"name": "f", "parameters": SCHEMA, "strict": True}}
    assert request(tools=[strict])["tools"] == [{"name": "f", "input_schema": SCHEMA, "strict": True}]
    assert refused("claude-3-7-sonnet-20250219", tools=[TIME, strict]) == "tools[1].function.strict"
    lax = {"type": "function", "function": {"name": "f", "parameters": SCHEMA, "strict": False}}
    assert "strict" not in request(tools=[lax])["tools"][0]


@pytest.mark.parametrize(
    ("choice", "made"),
    [
        ("auto", None),
        ("none", {"type": "none"}),
        ("required", {"type": "any"}),
        ({"type": "function", "function": {"name": "time"}}, {"type": "tool", "name": "time"}),
    ],
)
def test_the_choice_of_tools(choice: object, made: object) -> None:
    assert request(tools=[WEATHER, TIME], tool_choice=choice).get("tool_choice") == made


def test_only_allowed_tools_are_sent() -> None:
    allowed = [{"type": "function", "function": {"name": "time"}}]
    choice = {"type": "allowed_tools", "allowed_tools": {"mode": "auto", "tools": allowed}}
    made = request(tools=[WEATHER, TIME], tool_choice=choice)
    assert [tool["name"] for tool in made["tools"]] == ["time"]
    assert "tool_choice" not in made


def test_one_call_at_a_time() -> None:
    made = request(tools=[WEATHER], parallel_tool_calls=False)
    assert made["tool_choice"] == {"type": "auto", "disable_parallel_tool_use": True}
    made = request(tools=[WEATHER], parallel_tool_calls=False, tool_choice="required")
    assert made["tool_choice"] == {"type": "any", "disable_parallel_tool_use": True}
    assert request(tools=[WEATHER], parallel_tool_calls=False, tool_choice="none")["tool_choice"] == {"type": "none"}
    assert request(parallel_tool_calls=False) == request()


def test_models_that_cannot_be_made_to_call_a_tool() -> None:
    assert refused(NEW, tools=[WEATHER], tool_choice="required") == "tool_choice"
    assert refused(OLD, tools=[WEATHER], tool_choice="required", reasoning_effort="low") == "reasoning_effort"
    assert request(MIDDLE, tools=[WEATHER], tool_choice="required", reasoning_effort="low")["tool_choice"] == {"type": "any"}


def test_tools_of_other_types_and_choices_of_no_tool_are_named() -> None:
    assert refused(tools=[WEATHER, {"type": "custom", "custom": {"name": "x"}}]) == "tools[1].type"
    assert invalid(tools=[{"type": "function", "function": {}}]) == "tools[0].function.name"
    assert invalid(tool_choice="required") == "tool_choice"
    named = {"type": "function", "function": {"name": "nobody"}}
    assert invalid(tools=[WEATHER], tool_choice=named) == "tool_choice.function.name"
