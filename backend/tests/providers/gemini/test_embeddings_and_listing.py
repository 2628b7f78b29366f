import base64
import struct
from typing import Any

import orjson
import pytest

from ai_engine.errors import InvalidRequest, UnsupportedByProvider
from ai_engine.names import Operation
from ai_engine.providers.adapter import ListedModel, PlainAnswer
from ai_engine.providers.embedding_texts import packed
from ai_engine.providers.failures import Failure
from ai_engine.upstream.port import header
from ai_engine.wire.json_types import Json
from tests.providers.gemini.gemini_exchange import PROVIDER, adapter, decode, encode, sent
from tests.providers.made_answers import made_answer, written


def embed(**fields: Any) -> Json:
    return sent({"model": "asked", **fields}, model="gemini-embedding-001", operation=Operation.EMBEDDINGS)


def embedded(content: object) -> PlainAnswer:
    decoded = decode(content, Operation.EMBEDDINGS)
    assert isinstance(decoded, PlainAnswer)
    return decoded


def test_one_text_is_asked_for_alone_and_several_in_one_batch() -> None:
    def url(given: object) -> str:
        return encode({"input": given}, model="gemini-embedding-001", operation=Operation.EMBEDDINGS).url

    assert url("a") == url(["a"]) == f"{PROVIDER.base_url}/models/gemini-embedding-001:embedContent"
    assert url(["a", "b"]) == f"{PROVIDER.base_url}/models/gemini-embedding-001:batchEmbedContents"
    one = {"model": "models/gemini-embedding-001", "content": {"parts": [{"text": "a"}]}}
    assert embed(input="a", encoding_format="base64") == one
    given = embed(input=["a", "b"], dimensions=8, input_type="search_query")
    assert [request["content"]["parts"][0]["text"] for request in given["requests"]] == ["a", "b"]
    assert {(request["outputDimensionality"], request["taskType"]) for request in given["requests"]} == {(8, "RETRIEVAL_QUERY")}


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"input": [1, 2]}, "input"),
        ({"input": [[1, 2], [3]]}, "input"),
        ({"input": "a", "input_type": "image"}, "input_type"),
        ({"input": "a", "odd": 1}, "odd"),
        ({"input": "a", "user": "u"}, "user"),
    ],
)
def test_what_cannot_be_embedded_is_refused_by_name(fields: Json, param: str) -> None:
    with pytest.raises(UnsupportedByProvider) as refused:
        embed(**fields)
    assert refused.value.param == param


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({}, "input"),
        ({"input": []}, "input"),
        ({"input": ["a", None]}, "input[1]"),
        ({"input": "a", "encoding_format": "hex"}, "encoding_format"),
        ({"input": "a", "dimensions": "many"}, "dimensions"),
        ({"input": "a", "input_type": 7}, "input_type"),
    ],
)
def test_an_invalid_request_names_its_field(fields: Json, param: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        embed(**fields)
    assert refused.value.param == param


def test_vectors_come_back_in_openais_format() -> None:
    decoded = embedded({"embeddings": [{"values": [0.5, -1]}, {"values": [2]}], "usageMetadata": {"promptTokenCount": 4}})
    assert made_answer(decoded) == {
        "object": "list",
        "data": [
            {"object": "embedding", "index": 0, "embedding": [0.5, -1]},
            {"object": "embedding", "index": 1, "embedding": [2]},
        ],
        "model": "asked",
        "usage": {"prompt_tokens": 4, "total_tokens": 4},
    }
    assert decoded.usage is not None
    assert (decoded.usage.all_input, decoded.usage.all_output) == (4, 0)


def test_an_answer_that_counts_nothing_leaves_its_tokens_unknown() -> None:
    decoded = embedded({"embeddings": [{"values": [1]}]})
    assert decoded.usage is None
    assert decoded.answer is not None
    assert decoded.answer["usage"] == {"prompt_tokens": 0, "total_tokens": 0}


def test_one_vector_alone_comes_back_as_one_of_many() -> None:
    assert embedded({"embedding": {"values": [0.5]}}).answer == embedded({"embeddings": [{"values": [0.5]}]}).answer


@pytest.mark.parametrize(
    "content", [{}, {"embedding": {}}, {"embeddings": []}, {"embeddings": 7}, {"embeddings": [{}]}, {"embeddings": [7]}]
)
def test_what_has_no_vectors_is_no_answer(content: object) -> None:
    assert isinstance(decode(content, Operation.EMBEDDINGS), Failure)


def test_vectors_are_packed_as_little_endian_floats_for_base64() -> None:
    answer = packed(made_answer(embedded({"embeddings": [{"values": [0.5, -1]}]})))
    assert struct.unpack("<2f", base64.b64decode(written(answer)["data"][0]["embedding"])) == (0.5, -1)
    assert packed(answer) == answer


@pytest.mark.parametrize("data", [7, [7], [{"embedding": ["x"]}], [{"embedding": [1e300]}], [{}]])
def test_what_is_no_vector_is_packed_as_it_is(data: object) -> None:
    assert packed({"data": data}) == {"data": data}
    assert packed({"error": "x"}) == {"error": "x"}


def test_the_listing_is_asked_for_whole_and_with_the_key_in_a_header() -> None:
    request = adapter().encode_listing(PROVIDER, PROVIDER.keys[0])
    assert (request.method, request.url) == ("GET", f"{PROVIDER.base_url}/models?pageSize=1000")
    assert header(request.headers, b"x-goog-api-key") == "gemini-key-1"


def test_the_listing_has_what_can_be_asked_for() -> None:
    listing = {
        "models": [
            {
                "name": "models/gemini-3-flash",
                "inputTokenLimit": 1048576,
                "supportedGenerationMethods": ["generateContent"],
                "thinking": True,
            },
            {"name": "models/gemini-3-flash", "inputTokenLimit": 1},
            {"name": "models/imagen-4", "supportedGenerationMethods": ["predict"]},
            {"name": "models/gemini-live", "supportedGenerationMethods": ["bidiGenerateContent"]},
            {"name": "tunedModels/mine", "inputTokenLimit": 0, "supportedGenerationMethods": [7, "generateContent"]},
            {"name": "models/"},
            {"name": 7},
            7,
        ]
    }
    assert list(adapter().decode_listing(orjson.dumps(listing))) == [
        ListedModel("gemini-3-flash", context_tokens=1048576, is_reasoning=True),
        ListedModel("tunedModels/mine"),
    ]


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"models":{}}'])
def test_what_is_no_listing_is_none(body: bytes) -> None:
    with pytest.raises(ValueError, match=r"listing|Input"):
        adapter().decode_listing(body)
