from typing import Any

import pytest

from ai_engine.errors import InvalidRequest, UnsupportedByProvider
from ai_engine.names import Operation
from ai_engine.providers.schema_dialects import JSON_ONLY
from ai_engine.upstream.port import header
from ai_engine.wire.hints import DroppedHints
from ai_engine.wire.json_types import Json
from tests.providers.gemini.gemini_exchange import HI, PROVIDER, WEATHER, adapter, chat, config, encode, sent

# Where to


def test_a_chat_goes_to_its_model_with_the_key_in_a_header() -> None:
    request = encode(chat(), model="gemini-2.5-flash")
    assert request.url == "https://generativelanguage.googleapis.com/v1beta/models/gemini-2.5-flash:generateContent"
    assert header(request.headers, b"x-goog-api-key") == "gemini-key-1"
    assert header(request.headers, b"authorization") is None
    assert header(request.headers, b"accept") == "application/json"


def test_a_stream_is_asked_for_as_events() -> None:
    request = encode(chat(stream=True, stream_options={"include_usage": True}), model="gemini-2.5-flash")
    assert request.url.endswith("/models/gemini-2.5-flash:streamGenerateContent?alt=sse")
    assert header(request.headers, b"accept") == "text/event-stream"


@pytest.mark.parametrize(
    ("model", "path"),
    [
        ("models/gemini-x", "models/gemini-x"),
        ("tunedModels/mine", "tunedModels/mine"),
        ("../secrets?key=#a", "models/..%2Fsecrets%3Fkey%3D%23a"),
        ("tunedModels/../x", "tunedModels/..%2Fx"),
        ("a:b/ü", "models/a%3Ab%2F%C3%BC"),
    ],
)
def test_a_models_name_stays_in_its_segment_of_the_path(model: str, path: str) -> None:
    assert encode(chat(), model=model).url == f"{PROVIDER.base_url}/{path}:generateContent"


def test_without_a_key_none_is_sent() -> None:
    request = adapter().encode(Operation.CHAT, chat(), PROVIDER, "m", None, ask_usage=False, extra_headers=((b"via", b"1.1 us"),))
    assert header(request.headers, b"x-goog-api-key") is None
    assert request.headers[-1] == (b"via", b"1.1 us")


def test_it_supports_chats_and_embeddings() -> None:
    spoken = {operation for operation in Operation if adapter().speaks(operation, PROVIDER, "m")}
    assert spoken == {Operation.CHAT, Operation.EMBEDDINGS}
    body = chat()
    ((operation, request),) = adapter().chat_requests(body, PROVIDER, "tiny", DroppedHints())
    assert operation is Operation.CHAT
    assert request is body
    with pytest.raises(UnsupportedByProvider):
        encode({}, operation=Operation.SPEECH)


def test_the_clients_body_is_not_changed() -> None:
    body = chat(tools=[WEATHER], messages=[{"role": "system", "content": "be"}, HI, HI])
    before = repr(body)
    sent(body)
    assert repr(body) == before


def test_what_no_json_holds_is_the_clients_fault() -> None:
    deep: Any = {}
    for _ in range(300):
        deep = {"a": deep}
    tool = {"type": "function", "function": {"name": "f", "parameters": deep}}
    with pytest.raises(InvalidRequest):
        encode(chat(tools=[tool]))


# Parameters


def test_sampling_parameters_have_their_own_names_there() -> None:
    given = config(
        temperature=0.5,
        top_p=0.9,
        top_k=4,
        n=2,
        seed=7,
        stop=["a", "b"],
        max_tokens=5,
        presence_penalty=0.1,
        frequency_penalty=-1,
    )
    assert given == {
        "temperature": 0.5,
        "topP": 0.9,
        "topK": 4,
        "candidateCount": 2,
        "seed": 7,
        "stopSequences": ["a", "b"],
        "maxOutputTokens": 5,
        "presencePenalty": 0.1,
        "frequencyPenalty": -1,
    }
    assert config(stop="x", max_tokens=5, max_completion_tokens=9) == {"stopSequences": ["x"], "maxOutputTokens": 9}
    assert config(temperature=0) == {"temperature": 0}


def test_nothing_said_is_nothing_sent() -> None:
    assert sent(chat(temperature=None, tools=None, response_format=None)) == {
        "contents": [{"role": "user", "parts": [{"text": "hi"}]}]
    }


def test_probabilities() -> None:
    assert config(logprobs=True) == {"responseLogprobs": True}
    assert config(logprobs=True, top_logprobs=3) == {"responseLogprobs": True, "logprobs": 3}
    assert config(logprobs=False, top_logprobs=0) == {}


def test_older_models_have_no_format_of_the_answer_beside_tools() -> None:
    old, any_json = "gemini-2.5-flash", {"type": "json_object"}
    body = sent(chat(tools=[WEATHER], response_format=any_json), model=old)
    assert body["systemInstruction"] == {"parts": [{"text": JSON_ONLY}]}
    assert "generationConfig" not in body
    body = sent(chat(tools=[WEATHER], tool_choice="none", response_format=any_json), model=old)
    assert body.keys() == {"contents", "generationConfig"}
    schema = {"type": "json_schema", "json_schema": {"name": "n", "schema": {"type": "object"}}}
    with pytest.raises(UnsupportedByProvider) as refused:
        sent(chat(tools=[WEATHER], response_format=schema), model=old)
    assert refused.value.param == "response_format.type"
    assert sent(chat(tools=[WEATHER], response_format=schema))["generationConfig"]["responseMimeType"] == "application/json"


def test_formats_keep_the_json_schema_as_it_is() -> None:
    schema = {"type": "object", "$defs": {"a": {}}, "additionalProperties": False}
    assert config(response_format={"type": "text"}) == {}
    assert config(response_format={"type": "json_object"}) == {"responseMimeType": "application/json"}
    wanted = {"type": "json_schema", "json_schema": {"name": "n", "strict": True, "schema": schema, "description": "What."}}
    assert config(response_format=wanted) == {
        "responseMimeType": "application/json",
        "responseJsonSchema": schema | {"description": "What."},
    }


@pytest.mark.parametrize(
    ("model", "effort", "expected"),
    [
        ("gemini-2.5-flash", "none", {"thinkingBudget": 0}),
        ("gemini-2.5-flash", "minimal", {"thinkingBudget": 1024, "includeThoughts": True}),
        ("gemini-2.5-flash", "medium", {"thinkingBudget": 8192, "includeThoughts": True}),
        ("gemini-2.5-flash", "xhigh", {"thinkingBudget": 24576, "includeThoughts": True}),
        ("gemini-2.5-pro", "xhigh", {"thinkingBudget": 32768, "includeThoughts": True}),
        ("models/gemini-3-flash-preview", "minimal", {"thinkingLevel": "MINIMAL", "includeThoughts": True}),
        ("gemini-3.1-pro-preview", "minimal", {"thinkingLevel": "LOW", "includeThoughts": True}),
        ("gemini-3-pro-preview", "high", {"thinkingLevel": "HIGH", "includeThoughts": True}),
        ("gemini-flash-latest", "xhigh", {"thinkingLevel": "XHIGH", "includeThoughts": True}),
        ("gemini-2.0-flash", "none", {}),
    ],
)
def test_effort_is_a_budget_before_gemini_3_and_a_level_since(model: str, effort: str, expected: Json) -> None:
    assert config(model, reasoning_effort=effort)["thinkingConfig"] == expected


@pytest.mark.parametrize(
    ("model", "effort"),
    [
        ("gemini-2.5-pro", "none"),
        ("gemini-3-flash", "none"),
        ("gemini-2.0-flash", "low"),
        ("gemma-3-27b-it", "high"),
        ("gemini-3-flash", "immense"),
        ("gemini-2.5-flash", "immense"),
    ],
)
def test_an_effort_that_the_model_does_not_have_is_refused(model: str, effort: str) -> None:
    with pytest.raises(UnsupportedByProvider) as refused:
        config(model, reasoning_effort=effort)
    assert refused.value.param == "reasoning_effort"


def test_tools_keep_their_json_schema_and_strict_ones_are_validated() -> None:
    body = sent(chat(tools=[WEATHER, {"type": "function", "function": {"name": "now"}}]))
    assert body["tools"] == [
        {
            "functionDeclarations": [
                {"name": "weather", "description": "The weather.", "parametersJsonSchema": WEATHER["function"]["parameters"]},
                {"name": "now"},
            ]
        }
    ]
    assert "toolConfig" not in body
    strict = {"type": "function", "function": {"name": "f", "strict": True}}
    assert sent(chat(tools=[strict]))["toolConfig"] == {"functionCallingConfig": {"mode": "VALIDATED"}}


@pytest.mark.parametrize(
    ("choice", "expected"),
    [
        ("auto", {"mode": "AUTO"}),
        ("none", {"mode": "NONE"}),
        ("required", {"mode": "ANY"}),
        ({"type": "function", "function": {"name": "weather"}}, {"mode": "ANY", "allowedFunctionNames": ["weather"]}),
        (
            {"type": "allowed_tools", "allowed_tools": {"mode": "auto", "tools": [{"function": {"name": "weather"}}]}},
            {"mode": "VALIDATED", "allowedFunctionNames": ["weather"]},
        ),
        (
            {"type": "allowed_tools", "allowed_tools": {"mode": "required", "tools": [{"function": {"name": "weather"}}]}},
            {"mode": "ANY", "allowedFunctionNames": ["weather"]},
        ),
    ],
)
def test_the_choice_of_tools(choice: object, expected: Json) -> None:
    body = sent(chat(tools=[WEATHER], tool_choice=choice, parallel_tool_calls=True))
    assert body["toolConfig"] == {"functionCallingConfig": expected}


def test_a_tool_choice_without_tools_is_left_out() -> None:
    assert "toolConfig" not in sent(chat(tool_choice="auto", parallel_tool_calls=False))


def test_parallel_tool_calls_is_not_sent_to_gemini() -> None:
    assert sent(chat(tools=[WEATHER], parallel_tool_calls=False)) == sent(chat(tools=[WEATHER]))


def test_a_search_images_and_tiers() -> None:
    assert sent(chat(web_search_options={"search_context_size": "medium"}))["tools"] == [{"googleSearch": {}}]
    assert config(modalities=["text", "image"]) == {"responseModalities": ["TEXT", "IMAGE"]}
    assert sent(chat(service_tier="flex"))["serviceTier"] == "flex"
    assert "serviceTier" not in sent(chat(service_tier="auto"))


def test_values_that_ask_for_nothing_are_left_out() -> None:
    neutral: Json = {"verbosity": "medium", "logit_bias": {}, "modalities": ["text"], "store": False, "metadata": {}}
    assert sent(chat(thinking={"type": "enabled"}, **neutral)) == {"contents": [{"role": "user", "parts": [{"text": "hi"}]}]}


# What cannot be said is refused by name


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"logit_bias": {"50256": -100}}, "logit_bias"),
        ({"store": True}, "store"),
        ({"user": "u"}, "user"),
        ({"metadata": {"a": "b"}}, "metadata"),
        ({"prompt_cache_key": "k"}, "prompt_cache_key"),
        ({"prediction": {"type": "content"}}, "prediction"),
        ({"messages": [{"role": "user", "content": "a", "cache_control": {}}]}, "messages[0].cache_control"),
        ({"audio": {"voice": "alloy"}}, "audio"),
        ({"modalities": ["text", "audio"]}, "modalities"),
        ({"verbosity": "low"}, "verbosity"),
        ({"service_tier": "scale"}, "service_tier"),
        ({"unheard_of": 1}, "unheard_of"),
        ({"functions": [{"name": "f"}]}, "functions"),
        ({"tools": [{"type": "custom", "custom": {"name": "f"}}]}, "tools[0].type"),
        ({"tools": [WEATHER, {"type": "function", "function": {"name": "f", "odd": 1}}]}, "tools[1].function.odd"),
        ({"tools": [WEATHER], "tool_choice": {"type": "custom"}}, "tool_choice.type"),
        ({"web_search_options": {"user_location": {"type": "approximate"}}}, "web_search_options.user_location"),
    ],
)
def test_what_gemini_does_not_support_is_named(fields: Json, param: str) -> None:
    with pytest.raises(UnsupportedByProvider) as refused:
        sent(chat(**fields))
    assert refused.value.param == param
    assert refused.value.message.startswith(f"{param} ")


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"temperature": "warm"}, "temperature"),
        ({"tools": [WEATHER], "parallel_tool_calls": "no"}, "parallel_tool_calls"),
        ({"temperature": True}, "temperature"),
        ({"n": 1.5}, "n"),
        ({"stop": 7}, "stop"),
        ({"logprobs": 1}, "logprobs"),
        ({"top_logprobs": 3}, "top_logprobs"),
        ({"reasoning_effort": 7}, "reasoning_effort"),
        ({"modalities": []}, "modalities"),
        ({"web_search_options": True}, "web_search_options"),
        ({"response_format": "json"}, "response_format"),
        ({"response_format": {"type": "json_schema", "json_schema": {}}}, "response_format.json_schema.schema"),
        ({"tools": {}}, "tools"),
        ({"tools": [7]}, "tools[0]"),
        ({"tools": [{"type": "function", "function": {}}]}, "tools[0].function.name"),
        ({"tools": [{"type": "function", "function": {"name": "f", "parameters": 7}}]}, "tools[0].function.parameters"),
        ({"tools": [{"type": "function", "function": {"name": "f", "description": 7}}]}, "tools[0].function.description"),
        ({"tool_choice": "required"}, "tool_choice"),
        ({"tools": [WEATHER], "tool_choice": 7}, "tool_choice"),
        ({"tools": [WEATHER], "tool_choice": {"type": "allowed_tools"}}, "tool_choice.allowed_tools"),
        ({"tools": [WEATHER], "tool_choice": {"type": "function", "function": {"name": "g"}}}, "tool_choice.function.name"),
    ],
)
def test_an_invalid_request_names_its_field(fields: Json, param: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        sent(chat(**fields))
    assert refused.value.param == param
    assert refused.value.message.startswith(f"{param} ")
    assert not isinstance(refused.value, UnsupportedByProvider)
