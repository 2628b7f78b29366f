from dataclasses import replace
from typing import Any

import orjson
import pytest

from ai_engine.errors import InvalidRequest, UnsupportedByProvider
from ai_engine.names import Blame, Operation, TokenCounts
from ai_engine.providers.adapter import ListedModel, PlainAnswer
from ai_engine.providers.cloud_credentials import CloudCredentials, GoogleToken, InForce
from ai_engine.providers.failures import Failure, FailureClass
from ai_engine.providers.listings import NoListing
from ai_engine.providers.registry.definition import ProviderDefinition, WireProtocol
from ai_engine.providers.vertex.adapter import VertexAI
from ai_engine.upstream.port import Headers, UpstreamRequest
from tests.builders import provider
from tests.contracts.published_specifications import check
from tests.fakes.clock import HandTurnedClock

Json = dict[str, Any]

BASE = "https://us-central1-aiplatform.googleapis.com/v1/projects/mine/locations/us-central1"
PROVIDER: ProviderDefinition = provider("vertex", protocol=WireProtocol.VERTEX, base_url=BASE)
KEYLESS = replace(PROVIDER, keys=())
TOKEN = GoogleToken("ya29.a-token", "billed-project")
GEMINI = "gemini-3-flash-preview"
CLAUDE = "claude-sonnet-4-5@20250929"
HI: Json = {"role": "user", "content": "hi"}
CALL: Json = {"id": "call_1", "type": "function", "function": {"name": "weather", "arguments": '{"city":"Oslo"}'}}


def adapter(token: GoogleToken | None = None) -> VertexAI:
    return VertexAI(HandTurnedClock(), CloudCredentials(google=InForce(token)))


def encode(
    body: Json,
    model: str = GEMINI,
    operation: Operation = Operation.CHAT,
    row: ProviderDefinition = PROVIDER,
    token: GoogleToken | None = None,
    extra_headers: Headers = (),
) -> UpstreamRequest:
    key = row.keys[0] if row.keys else None
    return adapter(token).encode(operation, body, row, model, key, ask_usage=True, extra_headers=extra_headers)


def sent(request: UpstreamRequest) -> Json:
    content: Json = orjson.loads(request.body)
    return content


def chat(*messages: Json, **fields: Any) -> Json:
    return {"model": "asked", "messages": list(messages) or [HI], **fields}


@pytest.mark.parametrize("model", [GEMINI, f"google/{GEMINI}", f"publishers/google/models/{GEMINI}", f"models/{GEMINI}"])
def test_google_s_own_models_speak_gemini_s_format(model: str) -> None:
    request = encode(chat(), model)
    assert request.url == f"{BASE}/publishers/google/models/{GEMINI}:generateContent"
    assert dict(request.headers)[b"x-goog-api-key"] == b"vertex-key-1"
    assert sent(request) == {"contents": [{"role": "user", "parts": [{"text": "hi"}]}]}


def test_a_stream_of_google_s_models_is_one_of_server_sent_events() -> None:
    request = encode(chat(stream=True))
    assert request.url.endswith(f"{GEMINI}:streamGenerateContent?alt=sse")
    assert dict(request.headers)[b"accept"] == b"text/event-stream"


@pytest.mark.parametrize("model", [CLAUDE, f"anthropic/{CLAUDE}", f"publishers/anthropic/models/{CLAUDE}"])
def test_claude_speaks_anthropic_s_format_with_the_model_in_the_url(model: str) -> None:
    request = encode(chat(max_tokens=9), model)
    assert request.url == f"{BASE}/publishers/anthropic/models/{CLAUDE}:rawPredict"
    assert sent(request) == {
        "anthropic_version": "vertex-2023-10-16",
        "max_tokens": 9,
        "messages": [{"role": "user", "content": [{"type": "text", "text": "hi"}]}],
    }
    assert b"anthropic-version" not in dict(request.headers)


def test_a_stream_of_claude_s_has_a_method_of_its_own() -> None:
    request = encode(chat(stream=True), CLAUDE)
    assert request.url.endswith(":streamRawPredict")
    assert sent(request)["stream"] is True


def test_messages_of_a_native_client_go_through_with_its_headers() -> None:
    body = {"model": "asked", "max_tokens": 9, "messages": [HI], "service_tier": "auto", "a_new_field": 1}
    beta: Headers = ((b"anthropic-beta", b"context-1m"),)
    request = encode(body, CLAUDE, Operation.MESSAGES, extra_headers=beta)
    assert request.url.endswith(f"{CLAUDE}:rawPredict")
    assert sent(request) == {"anthropic_version": "vertex-2023-10-16", "max_tokens": 9, "messages": [HI], "a_new_field": 1}
    assert dict(request.headers)[b"anthropic-beta"] == b"context-1m"
    assert body["model"] == "asked"


def test_tokens_are_counted_at_one_address_by_the_model_s_name_without_its_version() -> None:
    request = encode({"model": "asked", "messages": [HI]}, CLAUDE, Operation.COUNT_TOKENS)
    assert request.url == f"{BASE}/publishers/anthropic/models/count-tokens:rawPredict"
    assert sent(request)["model"] == "claude-sonnet-4-5"


def test_calls_go_without_ids_to_google_s_models_and_with_them_to_claude() -> None:
    request = chat(
        HI,
        {"role": "assistant", "tool_calls": [CALL]},
        {"role": "tool", "tool_call_id": "call_1", "content": "rain"},
        tools=[{"type": "function", "function": {"name": "weather"}}],
    )
    gemini = sent(encode(request))
    check("vertex", "GoogleCloudAiplatformV1GenerateContentRequest", gemini)
    parts = [part for content in gemini["contents"] for part in content["parts"]]
    assert [list(part["functionCall"]) for part in parts if "functionCall" in part] == [["name", "args"]]
    assert [list(part["functionResponse"]) for part in parts if "functionResponse" in part] == [["name", "response"]]
    assert b"call_1" in encode(request, CLAUDE).body


def test_a_tier_is_a_header_for_google_s_models() -> None:
    request = encode(chat(service_tier="flex"))
    assert dict(request.headers)[b"x-vertex-ai-llm-shared-request-type"] == b"flex"
    assert "serviceTier" not in sent(request)


def test_without_a_key_requests_carry_the_token_in_force() -> None:
    headers = dict(encode(chat(), row=KEYLESS, token=TOKEN).headers)
    assert headers[b"authorization"] == b"Bearer ya29.a-token"
    assert headers[b"x-goog-user-project"] == b"billed-project"
    headers = dict(encode(chat(), CLAUDE, row=KEYLESS, token=TOKEN).headers)
    assert headers[b"authorization"] == b"Bearer ya29.a-token"


def test_without_key_and_token_nothing_is_claimed() -> None:
    headers = dict(encode(chat(), row=KEYLESS).headers)
    assert not {b"authorization", b"x-goog-api-key"} & headers.keys()


def test_a_key_is_used_before_a_token() -> None:
    headers = dict(encode(chat(), token=TOKEN).headers)
    assert (headers[b"x-goog-api-key"], headers.get(b"authorization")) == (b"vertex-key-1", None)


@pytest.mark.parametrize("model", [".", "..", "google/.."])
def test_a_model_that_means_another_place_is_refused(model: str) -> None:
    with pytest.raises(UnsupportedByProvider):
        encode(chat(), model)


def test_each_model_takes_what_its_format_takes() -> None:
    vertex = adapter()
    assert {each for each in Operation if vertex.speaks(each, PROVIDER, GEMINI)} == {Operation.CHAT, Operation.EMBEDDINGS}
    anthropic = {Operation.CHAT, Operation.MESSAGES, Operation.COUNT_TOKENS}
    assert {each for each in Operation if vertex.speaks(each, PROVIDER, CLAUDE)} == anthropic
    assert (vertex.says_one_call_at_a_time(GEMINI), vertex.says_one_call_at_a_time(CLAUDE)) == (False, True)


def test_answers_are_read_in_the_model_s_format() -> None:
    vertex = adapter()
    candidate = {"content": {"role": "model", "parts": [{"text": "hello"}]}, "finishReason": "STOP"}
    gemini = vertex.decode_answer(Operation.CHAT, (), orjson.dumps({"candidates": [candidate]}), GEMINI)
    message = {"id": "msg_1", "model": "claude-sonnet-4-5-20250929", "content": [{"type": "text", "text": "hello"}]}
    claude = vertex.decode_answer(Operation.CHAT, (), orjson.dumps(message), CLAUDE)
    for plain in (gemini, claude):
        assert isinstance(plain, PlainAnswer)
        assert plain.answer is not None
        assert plain.answer["choices"][0]["message"]["content"] == "hello"


def test_embeddings_are_predictions() -> None:
    body = {"input": ["one", "two"], "dimensions": 3, "input_type": "search_query", "encoding_format": "base64"}
    request = encode(body, "gemini-embedding-001", Operation.EMBEDDINGS)
    assert request.url == f"{BASE}/publishers/google/models/gemini-embedding-001:predict"
    assert sent(request) == {
        "instances": [{"content": "one", "task_type": "RETRIEVAL_QUERY"}, {"content": "two", "task_type": "RETRIEVAL_QUERY"}],
        "parameters": {"autoTruncate": False, "outputDimensionality": 3},
    }
    check("vertex", "GoogleCloudAiplatformV1PredictRequest", sent(request))


def predictions(*predicted: object) -> PlainAnswer | Failure:
    return adapter().decode_answer(
        Operation.EMBEDDINGS, (), orjson.dumps({"predictions": list(predicted)}), "gemini-embedding-001"
    )


def test_predictions_become_embeddings_and_their_tokens_are_counted() -> None:
    one = {"embeddings": {"values": [0.5], "statistics": {"truncated": False, "token_count": 2}}}
    two = {"embeddings": {"values": [0.25], "statistics": {"truncated": False, "token_count": 3}}}
    plain = predictions(one, two)
    assert isinstance(plain, PlainAnswer)
    assert plain.usage == TokenCounts(input=5, output=0)
    assert plain.answer is not None
    assert [each["embedding"] for each in plain.answer["data"]] == [[0.5], [0.25]]
    assert plain.answer["usage"] == {"prompt_tokens": 5, "total_tokens": 5}


@pytest.mark.parametrize("predicted", [(), (7,), ({"embeddings": {}},), ({"embeddings": {"values": 7}},)])
def test_what_is_no_prediction_is_a_failure(predicted: tuple[object, ...]) -> None:
    failure = predictions(*predicted)
    assert isinstance(failure, Failure)
    assert failure.kind is FailureClass.MALFORMED_RESPONSE


@pytest.mark.parametrize(("fields", "param"), [({"input_type": 7}, "input_type"), ({"input_type": "image"}, "input_type")])
def test_an_odd_purpose_of_embeddings_is_refused_by_name(fields: Json, param: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        encode({"input": "hi", **fields}, "gemini-embedding-001", Operation.EMBEDDINGS)
    assert refused.value.param == param


@pytest.mark.parametrize(
    ("base_url", "root"),
    [
        (BASE, "https://us-central1-aiplatform.googleapis.com"),
        ("https://aiplatform.googleapis.com/v1", "https://aiplatform.googleapis.com"),
        ("http://127.0.0.1:8081/v1", "http://127.0.0.1:8081"),
    ],
)
def test_models_are_listed_publisher_by_publisher(base_url: str, root: str) -> None:
    row = replace(PROVIDER, base_url=base_url)
    request = adapter().encode_listing(row, row.keys[0])
    assert request.url == f"{root}/v1beta1/publishers/google/models?pageSize=300"

    def following(name: str, **page: Any) -> str | None:
        body = orjson.dumps({"publisherModels": [{"name": name}], **page})
        request = adapter().encode_next_listing(row, row.keys[0], body)
        return request and request.url

    google, anthropic = f"{root}/v1beta1/publishers/google/models", f"{root}/v1beta1/publishers/anthropic/models"
    gemini, claude = "publishers/google/models/gemini-2.5-pro", "publishers/anthropic/models/claude-opus-4-6"
    assert following(gemini, nextPageToken="a/b") == f"{google}?pageSize=300&pageToken=a%2Fb"
    assert following(gemini) == f"{anthropic}?pageSize=300"
    assert following(claude, nextPageToken="c") == f"{anthropic}?pageSize=300&pageToken=c"
    assert following(claude) is None
    assert adapter().encode_next_listing(row, None, b"{}") is None


def test_those_models_are_listed_that_hold_conversations_or_embed() -> None:
    google = ("gemini-2.5-flash", "imagen-4", "gemini-live-2.5-flash-preview", "gemini-2.0-flash", "text-embedding-005")
    names = [*(f"google/models/{name}" for name in google), "meta/models/llama-3"]
    models: list[Json] = [{"name": f"publishers/{name}", "versionId": "default"} for name in names]
    models.append({"name": "publishers/anthropic/models/claude-sonnet-4-5", "versionId": "20250929"})
    models.append({"name": "publishers/anthropic/models/claude-opus-4-6", "versionId": "default"})
    assert list(adapter().decode_listing(orjson.dumps({"publisherModels": models}))) == [
        ListedModel("gemini-2.5-flash", is_reasoning=True),
        ListedModel("gemini-2.0-flash", is_reasoning=False),
        ListedModel(
            "text-embedding-005", None, takes_tools=False, takes_images=False, takes_json_schema=False, is_reasoning=False
        ),
        ListedModel("claude-sonnet-4-5@20250929"),
        ListedModel("claude-opus-4-6"),
    ]


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"publisherModels":7}'])
def test_what_is_no_listing_is_told_so(body: bytes) -> None:
    with pytest.raises((orjson.JSONDecodeError, NoListing)):
        adapter().decode_listing(body)


@pytest.mark.parametrize(
    ("status", "word", "kind", "blame"),
    [
        (400, "INVALID_ARGUMENT", FailureClass.BAD_REQUEST, Blame.REQUEST),
        (401, "UNAUTHENTICATED", FailureClass.INVALID_KEY, Blame.KEY),
        (403, "PERMISSION_DENIED", FailureClass.FORBIDDEN, Blame.KEY),
        (404, "NOT_FOUND", FailureClass.MODEL_NOT_FOUND, Blame.ROUTE),
        (429, "RESOURCE_EXHAUSTED", FailureClass.RATE_LIMIT, Blame.KEY),
        (503, "UNAVAILABLE", FailureClass.SERVER_ERROR, Blame.ROUTE),
    ],
)
def test_google_s_errors_are_classified(status: int, word: str, kind: FailureClass, blame: Blame) -> None:
    body = orjson.dumps({"error": {"code": status, "message": f"no {TOKEN.token}", "status": word}})
    failure = adapter(TOKEN).classify(status, (), body)
    assert (failure.kind, failure.blame, failure.type) == (kind, blame, word)
    assert TOKEN.token not in failure.message
