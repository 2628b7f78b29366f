import base64
import struct
from typing import Any

import pytest

from ai_engine.wire.json_types import Json
from tests.client_api.refusals import refusal
from tests.fakes.gateway import Gateway
from tests.fakes.scripted_upstream import ScriptedUpstream

pytestmark = pytest.mark.anyio


async def embedded(gateway: Gateway, **fields: Any) -> Any:
    answer = await gateway.http.post("/v1/embeddings", json={"model": "text-embedding-3-small", **fields})
    assert answer.status_code == 200, answer.text
    assert answer.headers["x-ai-engine-provider"] == "sandbox"
    assert answer.headers["x-ai-engine-model"] == "text-embedding-3-small"
    assert answer.headers["x-ai-engine-attempts"] == "1"
    assert "gateway;dur=" in answer.headers["server-timing"]
    return answer.json()


async def test_the_answer_is_openais(sandbox: Gateway) -> None:
    answer = await embedded(sandbox, input=["one", "two"])
    assert answer.keys() == {"object", "data", "model", "usage"}
    assert (answer["object"], answer["model"]) == ("list", "text-embedding-3-small")
    assert answer["usage"] == {"prompt_tokens": 2, "total_tokens": 2}
    assert [row["index"] for row in answer["data"]] == [0, 1]
    assert all(row["object"] == "embedding" for row in answer["data"])
    assert all(len(row["embedding"]) == 1536 and isinstance(row["embedding"][0], float) for row in answer["data"])


@pytest.mark.parametrize("given", ["one", ["one"], [1, 2, 3], [[1, 2], [3]]])
async def test_texts_and_tokens_are_taken(sandbox: Gateway, given: Any) -> None:
    answer = await embedded(sandbox, input=given)
    assert len(answer["data"]) == (2 if given == [[1, 2], [3]] else 1)


async def test_base64_holds_the_same_numbers(sandbox: Gateway) -> None:
    plain = (await embedded(sandbox, input="one", dimensions=8, encoding_format="float"))["data"][0]["embedding"]
    packed = (await embedded(sandbox, input="one", dimensions=8, encoding_format="base64"))["data"][0]["embedding"]
    assert list(struct.unpack("<8f", base64.b64decode(packed))) == pytest.approx(plain, abs=1e-6)


@pytest.mark.parametrize("fields", [{"dimensions": 0}, {"dimensions": "8"}, {"encoding_format": "hex"}, {"input": ["", "x"]}])
async def test_a_providers_refusal_is_quoted(sandbox: Gateway, fields: Json) -> None:
    answer = await sandbox.http.post("/v1/embeddings", json={"model": "m", "input": "x", **fields})
    error = refusal(answer, 400, param=next(iter(fields)))
    assert error["message"].startswith("[sandbox]")


async def test_a_real_provider_gets_the_request_without_our_fields(gateway: Gateway, upstream: ScriptedUpstream) -> None:
    body = {"model": "small", "input": "x", "user": "u", "autodecide": True, "provider": {"only": ["alpha"]}, "hedge": False}
    answer = await gateway.http.post("/v1/embeddings", json=body)
    assert answer.json()["data"][0]["embedding"] == [0.5, -0.5]
    assert upstream.requests[-1].body == {"model": "tiny", "input": "x", "user": "u"}
