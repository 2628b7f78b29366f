from typing import Any

import orjson
import pytest

from ai_engine.errors import InvalidRequest, UnsupportedByProvider
from ai_engine.names import Operation
from ai_engine.providers.cohere.requests import embed_request
from ai_engine.providers.schema_dialects import JSON_ONLY
from ai_engine.upstream.port import header
from ai_engine.wire.hints import DroppedHints
from ai_engine.wire.json_types import Json
from tests.providers.cohere.cohere_exchange import HI, PROVIDER, WEATHER, adapter, chat, encode, of_messages, sent

CALL: Json = {"id": "a", "type": "function", "function": {"name": "weather", "arguments": '{"city":"Oslo"}'}}
CALLED: Json = {"role": "assistant", "content": None, "tool_calls": [CALL]}


def user(*parts: Json) -> Json:
    return {"role": "user", "content": list(parts)}


# Where to


def test_a_chat_goes_to_v2_with_the_key_as_a_bearer() -> None:
    request = encode(chat())
    assert request.url == "https://api.cohere.com/v2/chat"
    assert header(request.headers, b"authorization") == "Bearer cohere-key-1"
    assert header(request.headers, b"accept") == "application/json"
    assert orjson.loads(request.body) == {"model": "command-a", "messages": [HI]}
    streamed = encode(chat(stream=True))
    assert header(streamed.headers, b"accept") == "text/event-stream"
    assert orjson.loads(streamed.body)["stream"] is True


def test_it_supports_chats_embeddings_and_rankings() -> None:
    spoken = {operation for operation in Operation if adapter().speaks(operation, PROVIDER, "m")}
    assert spoken == {Operation.CHAT, Operation.EMBEDDINGS, Operation.RERANK}
    body = chat()
    ((operation, request),) = adapter().chat_requests(body, PROVIDER, "tiny", DroppedHints())
    assert operation is Operation.CHAT
    assert request is body
    with pytest.raises(UnsupportedByProvider):
        encode({}, Operation.SPEECH)


def test_a_ranking_goes_out_whole_but_for_its_model() -> None:
    body = {"model": "asked", "query": "q", "documents": ["a", {"text": "b"}], "top_n": 1, "odd": [1]}
    assert encode(body, Operation.RERANK).url == "https://api.cohere.com/v2/rerank"
    assert sent(body, Operation.RERANK) == body | {"model": "command-a"}


def test_without_a_key_none_is_sent() -> None:
    request = adapter().encode(Operation.CHAT, chat(), PROVIDER, "m", None, ask_usage=False, extra_headers=((b"via", b"1.1 us"),))
    assert header(request.headers, b"authorization") is None
    assert request.headers[-1] == (b"via", b"1.1 us")


def test_what_no_json_holds_is_the_clients_fault() -> None:
    deep: Any = {}
    for _ in range(300):
        deep = {"a": deep}
    with pytest.raises(InvalidRequest):
        encode({"query": deep}, Operation.RERANK)


# Parameters


def test_sampling_parameters_have_their_own_names_there() -> None:
    given = chat(
        temperature=0.5,
        top_p=0.9,
        top_k=4,
        seed=7,
        stop="x",
        max_completion_tokens=5,
        presence_penalty=0.1,
        frequency_penalty=0.2,
        logprobs=True,
        top_logprobs=0,
        n=1,
    )
    assert sent(given) == {
        "model": "command-a",
        "messages": [HI],
        "temperature": 0.5,
        "p": 0.9,
        "k": 4,
        "seed": 7,
        "stop_sequences": ["x"],
        "max_tokens": 5,
        "presence_penalty": 0.1,
        "frequency_penalty": 0.2,
        "logprobs": True,
    }


@pytest.mark.parametrize(("given", "expected"), [(1, 0.99), (1.0, 0.99), (0.995, 0.99), (0.4, 0.4), (0, 0), (7, 7)])
def test_a_nucleus_of_everything_is_the_largest_that_cohere_has(given: float, expected: float) -> None:
    assert sent(chat(top_p=given))["p"] == expected


def test_formats() -> None:
    schema = {"type": "object"}
    assert "response_format" not in sent(chat(response_format={"type": "text"}))
    assert sent(chat(response_format={"type": "json_object"}))["response_format"] == {"type": "json_object"}
    wanted = {"type": "json_schema", "json_schema": {"name": "n", "schema": schema}}
    assert sent(chat(response_format=wanted))["response_format"] == {"type": "json_object", "json_schema": schema}


@pytest.mark.parametrize(
    ("effort", "expected"),
    [
        ("none", {"type": "disabled"}),
        ("minimal", {"type": "enabled", "token_budget": 1024}),
        ("medium", {"type": "enabled", "token_budget": 4096}),
        ("high", {"type": "enabled"}),
    ],
)
def test_effort_is_a_budget_of_thinking(effort: str, expected: Json) -> None:
    assert sent(chat(reasoning_effort=effort))["thinking"] == expected


def test_tools() -> None:
    bare = {"type": "function", "function": {"name": "now", "strict": True}}
    body = sent(chat(tools=[WEATHER, bare], tool_choice="auto", parallel_tool_calls=True))
    assert body["tools"] == [
        WEATHER,
        {"type": "function", "function": {"name": "now", "parameters": {"type": "object", "properties": {}}}},
    ]
    assert body["strict_tools"] is True
    assert "tool_choice" not in body
    assert sent(chat(tools=[WEATHER, bare], parallel_tool_calls=False)) == body


@pytest.mark.parametrize(
    ("choice", "names", "expected"),
    [
        ("required", ["weather", "now"], "REQUIRED"),
        ("none", ["weather", "now"], "NONE"),
        ({"type": "function", "function": {"name": "now"}}, ["now"], "REQUIRED"),
        ({"type": "allowed_tools", "allowed_tools": {"mode": "auto", "tools": [{"function": {"name": "now"}}]}}, ["now"], None),
    ],
)
def test_a_choice_of_some_tools_leaves_the_others_out(choice: object, names: list[str], expected: str | None) -> None:
    body = sent(chat(tools=[WEATHER, {"type": "function", "function": {"name": "now"}}], tool_choice=choice))
    assert [tool["function"]["name"] for tool in body["tools"]] == names
    assert body.get("tool_choice") == expected


# Messages


def test_a_conversation_with_a_tool_round_trip() -> None:
    said = of_messages(
        {"role": "developer", "content": "be"},
        HI,
        CALLED | {"content": "I look.", "reasoning_content": "hm", "annotations": [], "refusal": None},
        {"role": "tool", "tool_call_id": "a", "content": "rain", "name": "weather"},
        {"role": "assistant", "content": [{"type": "text", "text": "Rain."}, {"type": "refusal", "refusal": "No."}]},
    )
    assert said == [
        {"role": "system", "content": "be"},
        HI,
        {"role": "assistant", "content": "I look.", "tool_calls": [CALL]},
        {"role": "tool", "tool_call_id": "a", "content": "rain"},
        {"role": "assistant", "content": [{"type": "text", "text": "Rain."}, {"type": "text", "text": "No."}]},
    ]


def test_results_of_several_parts_and_of_failed_tools() -> None:
    def result(content: object, **fields: object) -> object:
        return of_messages(HI, CALLED, {"role": "tool", "tool_call_id": "a", "content": content, **fields})[-1]["content"]

    texts = [{"type": "text", "text": "1"}, {"type": "text", "text": "2"}]
    assert result(texts) == [{"type": "text", "text": "1"}, {"type": "text", "text": "2"}]
    assert result("no", is_error=True) == '{"error":"no"}'
    assert result(None) == result(" ") == "(no output)"


def test_images_go_as_they_are() -> None:
    image = {"type": "image_url", "image_url": {"url": "https://x.test/a", "detail": "low"}}
    data = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}}
    [message] = of_messages(user({"type": "text", "text": "see"}, image, data))
    assert message["content"] == [{"type": "text", "text": "see"}, image, data]
    [message] = of_messages(user({"type": "image_url", "image_url": {"url": "data:image/jpg;base64,AAAA"}}))
    assert message["content"][0]["image_url"] == {"url": "data:image/jpeg;base64,AAAA"}


def test_blank_texts_are_left_out() -> None:
    blank = {"type": "text", "text": " "}
    assert of_messages({"role": "system", "content": " "}, user(blank), HI, user(blank, {"type": "text", "text": "a"})) == [
        HI,
        {"role": "user", "content": "a"},
    ]


def test_a_format_of_the_answer_is_never_beside_tools() -> None:
    tool = {"type": "function", "function": {"name": "f"}}
    body = sent(chat(tools=[tool], response_format={"type": "json_object"}))
    assert body["messages"][0] == {"role": "system", "content": JSON_ONLY}
    assert "response_format" not in body
    assert "tools" not in sent(chat(tools=[tool], tool_choice="none", response_format={"type": "json_object"}))
    wanted = {"type": "json_schema", "json_schema": {"name": "n", "schema": {"type": "object"}}}
    with pytest.raises(UnsupportedByProvider) as refused:
        sent(chat(tools=[tool], response_format=wanted))
    assert refused.value.param == "response_format.type"


def test_an_assistant_that_said_nothing_is_left_out_and_a_refusal_is_what_it_said() -> None:
    nothing: Json = {"role": "assistant", "content": ""}
    assert of_messages(HI, nothing, {"role": "assistant", "content": None, "refusal": "no"}) == [
        HI,
        {"role": "assistant", "content": "no"},
    ]


# What cannot be said is refused by name


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"n": 2}, "n"),
        ({"logprobs": True, "top_logprobs": 2}, "top_logprobs"),
        ({"logit_bias": {"1": 1}}, "logit_bias"),
        ({"documents": ["a"]}, "documents"),
        ({"service_tier": "flex"}, "service_tier"),
        ({"web_search_options": {}}, "web_search_options"),
        ({"reasoning_effort": "immense"}, "reasoning_effort"),
        ({"tools": [{"type": "web_search"}]}, "tools[0].type"),
        ({"messages": [user({"type": "input_audio", "input_audio": {}})]}, "messages[0].content[0].type"),
        ({"messages": [user({"type": "file", "file": {}})]}, "messages[0].content[0].type"),
        ({"messages": [HI | {"name": "Ada"}]}, "messages[0].name"),
        ({"messages": [{"role": "assistant", "content": "a", "images": [{}]}]}, "messages[0].images"),
        (
            {"messages": [HI, CALLED, {"role": "tool", "tool_call_id": "a", "content": [{"type": "image_url"}]}]},
            "messages[2].content[0].type",
        ),
    ],
)
def test_what_cohere_does_not_support_is_named(fields: Json, param: str) -> None:
    with pytest.raises(UnsupportedByProvider) as refused:
        sent(chat(**fields))
    assert refused.value.param == param
    assert refused.value.message.startswith(f"{param} ")


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"messages": []}, "messages"),
        ({"messages": [{"role": "tool", "tool_call_id": "never", "content": "x"}]}, "messages[0].tool_call_id"),
        ({"messages": [user({"type": "image_url"})]}, "messages[0].content[0].image_url"),
        ({"temperature": "x"}, "temperature"),
        ({"tools": [WEATHER], "parallel_tool_calls": "no"}, "parallel_tool_calls"),
        ({"top_k": 1.5}, "top_k"),
        ({"tool_choice": "required"}, "tool_choice"),
    ],
)
def test_an_invalid_request_names_its_field(fields: Json, param: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        sent(chat(**fields))
    assert refused.value.param == param
    assert refused.value.message.startswith(f"{param} ")
    assert not isinstance(refused.value, UnsupportedByProvider)


# Embeddings


def test_texts_to_embed() -> None:
    assert encode({"input": "a"}, Operation.EMBEDDINGS).url == "https://api.cohere.com/v2/embed"
    assert sent({"model": "asked", "input": "a"}, Operation.EMBEDDINGS) == {
        "model": "command-a",
        "texts": ["a"],
        "input_type": "search_document",
        "embedding_types": ["float"],
        "truncate": "NONE",
    }
    body = sent(
        {"input": ["a", "b"], "input_type": "search_query", "encoding_format": "base64", "dimensions": 256}, Operation.EMBEDDINGS
    )
    assert (body["texts"], body["input_type"], body["embedding_types"]) == (["a", "b"], "search_query", ["base64"])
    assert body["output_dimension"] == 256


@pytest.mark.parametrize(
    ("fields", "param", "kind"),
    [
        ({"input": [1, 2]}, "input", UnsupportedByProvider),
        ({"input": ["a"] * 97}, "input", UnsupportedByProvider),
        ({"input": "a", "odd": 1}, "odd", UnsupportedByProvider),
        ({"input": ""}, None, None),
        ({"input": 7}, "input", InvalidRequest),
        ({"input": "a", "input_type": "odd"}, "input_type", InvalidRequest),
        ({"input": "a", "encoding_format": "odd"}, "encoding_format", InvalidRequest),
    ],
)
def test_what_cannot_be_embedded(fields: Json, param: str | None, kind: type[InvalidRequest] | None) -> None:
    if kind is None:
        assert sent(fields, Operation.EMBEDDINGS)["texts"] == [""]
        return
    with pytest.raises(kind) as refused:
        sent(fields, Operation.EMBEDDINGS)
    assert refused.value.param == param
    assert refused.value.message.startswith(f"{param} ")


@pytest.mark.parametrize("odd", [["search_query"], {"a": 1}, 5, "x"])
def test_a_purpose_of_another_type_is_refused(odd: object) -> None:
    with pytest.raises(InvalidRequest, match="input_type must be one of"):
        embed_request({"model": "m", "input": "a", "input_type": odd}, "embed-v4.0")
