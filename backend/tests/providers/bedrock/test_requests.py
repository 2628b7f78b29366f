import orjson
import pytest

from ai_engine.errors import InvalidRequest, UnsupportedByProvider
from ai_engine.providers.schema_dialects import JSON_ONLY
from tests.providers.bedrock.bedrock_exchange import (
    CLAUDE,
    GPT_OSS,
    HI,
    LLAMA,
    NEW_CLAUDE,
    NOVA,
    NOVA_2,
    OLD_CLAUDE,
    WEATHER,
    Json,
    call,
    chat,
    encode,
    result,
    sent,
)

SCHEMA: Json = {"type": "object", "properties": {"answer": {"type": "string"}}, "required": ["answer"]}
JSON_SCHEMA: Json = {"type": "json_schema", "json_schema": {"name": "it", "schema": SCHEMA}}
STRICT: Json = {"type": "function", "function": {**WEATHER["function"], "strict": True}}


def test_a_chat_becomes_messages_and_nothing_that_was_not_asked_for() -> None:
    assert sent(chat()) == {"messages": [{"role": "user", "content": [{"text": "hi"}]}]}


def test_limits_sampling_and_stops_stand_in_the_inference_configuration() -> None:
    body = sent(chat(max_completion_tokens=9, temperature=0.5, top_p=0.25, stop=["END"]), NOVA)
    assert body["inferenceConfig"] == {"maxTokens": 9, "temperature": 0.5, "topP": 0.25, "stopSequences": ["END"]}


def test_claude_is_asked_which_sequence_stopped_it() -> None:
    assert sent(chat(stop="END"))["additionalModelResponseFieldPaths"] == ["/stop_sequence"]
    assert "additionalModelResponseFieldPaths" not in sent(chat(stop="END"), NOVA)


@pytest.mark.parametrize(
    ("model", "additional"),
    [
        (CLAUDE, {"top_k": 5}),
        (NOVA, {"inferenceConfig": {"topK": 5}}),
        ("mistral.mistral-large-2407-v1:0", {"top_k": 5}),
        ("cohere.command-r-plus-v1:0", {"k": 5}),
    ],
)
def test_top_k_is_said_in_the_models_own_words(model: str, additional: Json) -> None:
    assert sent(chat(top_k=5), model)["additionalModelRequestFields"] == additional


@pytest.mark.parametrize(
    ("fields", "model", "param"),
    [
        ({"top_k": 5}, LLAMA, "top_k"),
        ({"temperature": 1.5}, NOVA, "temperature"),
        ({"temperature": 1.5}, CLAUDE, "temperature"),
        ({"temperature": 0.5, "top_p": 0.5}, CLAUDE, "top_p"),
        ({"n": 2}, CLAUDE, "n"),
        ({"logit_bias": {"1": 2}}, CLAUDE, "logit_bias"),
        ({"stop": " "}, CLAUDE, "stop"),
        ({"temperature": 0.5}, "us.openai.gpt-5.6-sol", "temperature"),
        ({"reasoning_effort": "none"}, "qwen.qwen3-32b-v1:0", "reasoning_effort"),
        ({"response_format": JSON_SCHEMA}, "us.anthropic.claude-opus-4-7", "response_format.type"),
        ({"response_format": JSON_SCHEMA}, NOVA, "response_format.type"),
        ({"tools": [STRICT]}, LLAMA, "tools[0].function.strict"),
        ({"tools": [WEATHER], "tool_choice": "required"}, LLAMA, "tool_choice"),
        ({"tools": [WEATHER], "tool_choice": "required", "reasoning_effort": "low"}, CLAUDE, "reasoning_effort"),
        ({"reasoning_effort": "high"}, LLAMA, "reasoning_effort"),
        ({"reasoning_effort": "none"}, GPT_OSS, "reasoning_effort"),
        ({"service_tier": "scale"}, CLAUDE, "service_tier"),
    ],
)
def test_what_neither_converse_nor_the_model_can_do_is_refused_by_name(fields: Json, model: str, param: str) -> None:
    with pytest.raises(UnsupportedByProvider) as refused:
        encode(chat(**fields), model)
    assert refused.value.param == param


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"temperature": "hot"}, "temperature"),
        ({"max_tokens": 1.5}, "max_tokens"),
        ({"reasoning_effort": 3}, "reasoning_effort"),
        ({"service_tier": 3}, "service_tier"),
        ({"guardrailConfig": "mine"}, "guardrailConfig"),
        ({"stop": [1]}, "stop[0]"),
    ],
)
def test_a_field_of_the_wrong_type_is_the_requests_own_fault(fields: Json, param: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        encode(chat(**fields), NOVA)
    assert (refused.value.param, refused.value.code) == (param, None)


def test_a_temperature_that_is_the_default_anyway_is_not_told_to_models_that_take_none() -> None:
    assert "inferenceConfig" not in sent(chat(temperature=1, top_p=1), "us.openai.gpt-5.6-sol")


def test_tools_have_their_schema_under_json() -> None:
    specification = {"name": "weather", "description": "The weather.", "inputSchema": {"json": {"type": "object"}}}
    assert sent(chat(tools=[WEATHER]))["toolConfig"] == {"tools": [{"toolSpec": specification}]}


def test_a_tool_without_parameters_and_description_has_an_empty_schema() -> None:
    body = sent(chat(tools=[{"type": "function", "function": {"name": "clock", "description": " "}}]))
    specification = {"name": "clock", "inputSchema": {"json": {"type": "object", "properties": {}}}}
    assert body["toolConfig"]["tools"] == [{"toolSpec": specification}]


@pytest.mark.parametrize(
    ("choice", "expected"),
    [
        ("auto", None),
        ("required", {"any": {}}),
        ({"type": "function", "function": {"name": "weather"}}, {"tool": {"name": "weather"}}),
        (
            {
                "type": "allowed_tools",
                "allowed_tools": {"mode": "required", "tools": [{"type": "function", "function": {"name": "weather"}}]},
            },
            {"tool": {"name": "weather"}},
        ),
    ],
)
def test_the_choice_of_a_tool_is_told(choice: object, expected: Json | None) -> None:
    assert sent(chat(tools=[WEATHER], tool_choice=choice))["toolConfig"].get("toolChoice") == expected


def test_of_some_allowed_tools_the_others_are_not_told() -> None:
    clock = {"type": "function", "function": {"name": "clock"}}
    allowed = {"mode": "auto", "tools": [{"type": "function", "function": {"name": "clock"}}]}
    body = sent(chat(tools=[WEATHER, clock], tool_choice={"type": "allowed_tools", "allowed_tools": allowed}))
    assert [tool["toolSpec"]["name"] for tool in body["toolConfig"]["tools"]] == ["clock"]


def test_tools_that_may_not_be_called_are_not_offered_and_earlier_calls_are_told_as_text() -> None:
    body = sent(chat(HI, call(), result(), tools=[WEATHER], tool_choice="none"))
    assert "toolConfig" not in body
    assert [turn["content"] for turn in body["messages"]] == [
        [{"text": "hi"}],
        [{"text": '[Called the tool weather with {"city":"Oslo"}]'}],
        [{"text": "[The tool weather answered: rain]"}],
    ]


def test_one_call_at_a_time_is_told_to_claude_in_anthropics_words() -> None:
    one = {"disable_parallel_tool_use": True}
    body = sent(chat(tools=[WEATHER], parallel_tool_calls=False))
    assert body["additionalModelRequestFields"] == {"tool_choice": {"type": "auto", **one}}
    body = sent(chat(tools=[WEATHER], parallel_tool_calls=False, tool_choice="required"))
    assert body["additionalModelRequestFields"] == {"tool_choice": one}
    assert "additionalModelRequestFields" not in sent(chat(tools=[WEATHER], parallel_tool_calls=False), NOVA)


def test_a_json_schema_is_told_as_text_beside_its_name() -> None:
    body = sent(chat(response_format=JSON_SCHEMA))
    definition = body["outputConfig"]["textFormat"]["structure"]["jsonSchema"]
    assert definition["name"] == "it"
    assert orjson.loads(definition["schema"]) == {**SCHEMA, "additionalProperties": False}


def test_json_without_a_schema_is_an_instruction() -> None:
    body = sent(chat(response_format={"type": "json_object"}))
    assert body["system"] == [{"text": JSON_ONLY}]
    assert "outputConfig" not in body


@pytest.mark.parametrize(
    ("effort", "model", "expected"),
    [
        ("low", CLAUDE, {"additionalModelRequestFields": {"thinking": {"type": "enabled", "budget_tokens": 1024}}}),
        ("low", GPT_OSS, {"additionalModelRequestFields": {"reasoning_effort": "low"}}),
        ("xhigh", GPT_OSS, {"additionalModelRequestFields": {"reasoning_effort": "high"}}),
        ("high", "us.openai.gpt-5.5", {"additionalModelRequestFields": {"reasoning": {"effort": "high"}}}),
        ("high", "qwen.qwen3-32b-v1:0", {"additionalModelRequestFields": {"reasoning_config": "high"}}),
        ("low", NOVA_2, {"additionalModelRequestFields": {"reasoningConfig": {"type": "enabled", "maxReasoningEffort": "low"}}}),
        (
            "high",
            NOVA_2,
            {"additionalModelRequestFields": {"reasoningConfig": {"type": "enabled", "maxReasoningEffort": "high"}}},
        ),
        ("none", NOVA_2, {}),
        ("none", CLAUDE, {}),
    ],
)
def test_an_effort_is_told_in_the_words_of_the_models_maker(effort: str, model: str, expected: Json) -> None:
    body = sent(chat(reasoning_effort=effort), model)
    body.pop("inferenceConfig", None)
    assert body == {"messages": [{"role": "user", "content": [{"text": "hi"}]}], **expected}


def test_a_budget_for_thinking_has_a_limit_around_it() -> None:
    assert sent(chat(reasoning_effort="low"))["inferenceConfig"] == {"maxTokens": 64_000}


def test_newer_claude_thinks_as_much_as_it_finds_right_within_its_effort() -> None:
    body = sent(chat(reasoning_effort="high"), NEW_CLAUDE)
    assert body["additionalModelRequestFields"] == {"thinking": {"type": "adaptive", "display": "summarized"}}
    assert body["outputConfig"] == {"effort": "high"}


def test_the_highest_effort_of_nova_takes_no_limit_and_becomes_the_next_beside_one() -> None:
    body = sent(chat(reasoning_effort="high", max_tokens=100), NOVA_2)
    assert body["additionalModelRequestFields"]["reasoningConfig"]["maxReasoningEffort"] == "medium"


def test_a_round_of_tools_that_began_without_thinking_goes_on_without() -> None:
    signed = {"type": "reasoning.text", "text": "hm", "signature": "c2ln", "format": "anthropic-claude-v1", "index": 0}
    without = sent(chat(HI, call(), result(), tools=[WEATHER], reasoning_effort="low"))
    thinking = sent(chat(HI, call(reasoning_details=[signed]), result(), tools=[WEATHER], reasoning_effort="low"))
    assert "additionalModelRequestFields" not in without
    assert thinking["additionalModelRequestFields"]["thinking"]["type"] == "enabled"


def test_converses_own_fields_go_through_as_they_are() -> None:
    guardrail = {"guardrailIdentifier": "abc123", "guardrailVersion": "1", "trace": "enabled"}
    own = {"guardrailConfig": guardrail, "performanceConfig": {"latency": "optimized"}}
    body = sent(chat(**own, additionalModelRequestFields={"anthropic_beta": ["x"]}, top_k=3))
    assert {name: body[name] for name in own} == own
    assert body["additionalModelRequestFields"] == {"top_k": 3, "anthropic_beta": ["x"]}


@pytest.mark.parametrize(
    ("tier", "expected"), [("auto", None), ("default", "default"), ("flex", "flex"), ("priority", "priority")]
)
def test_the_service_tier_is_told(tier: str, expected: str | None) -> None:
    assert sent(chat(service_tier=tier)).get("serviceTier") == (expected and {"type": expected})


def test_a_cache_hint_becomes_a_cache_point_where_the_model_has_those() -> None:
    hint = {"cache_control": {"type": "ephemeral"}}
    hour = {"cache_control": {"type": "ephemeral", "ttl": "1h"}}
    system = {"role": "system", "content": [{"type": "text", "text": "Be brief.", **hour}]}
    said = {"role": "user", "content": [{"type": "text", "text": "hi", **hint}]}
    request = chat(system, said, tools=[{**WEATHER, **hint}], cache_control={"type": "ephemeral"})
    point, long_point = {"cachePoint": {"type": "default"}}, {"cachePoint": {"type": "default", "ttl": "1h"}}
    body = sent(request)
    assert body["system"] == [{"text": "Be brief."}, long_point]
    assert body["messages"][0]["content"] == [{"text": "hi"}, point, point]
    assert body["toolConfig"]["tools"][1:] == [point]
    assert sent(request, OLD_CLAUDE)["system"] == [{"text": "Be brief."}, point]
    body = sent(request, NOVA)
    assert (body["system"][1:], body["toolConfig"]["tools"][1:]) == ([point], [])
    assert b"cachePoint" not in encode(request, LLAMA).body
