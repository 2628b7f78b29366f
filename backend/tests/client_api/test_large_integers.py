"""Integers beyond 64 bits on their way to a provider and back."""

from typing import Any

import httpx
import pytest

from tests.fakes.gateway import Gateway
from tests.fakes.scripted_upstream import Answer, ScriptedUpstream, Stream, chunks, completion

pytestmark = pytest.mark.anyio

WEI = 123_456_789_012_345_678_901_234_567_890
HI = [{"role": "user", "content": "hi"}]


@pytest.mark.parametrize("stream", [False, True])
async def test_an_untranslated_request_and_its_answer_keep_their_digits(
    gateway: Gateway, upstream: ScriptedUpstream, stream: bool
) -> None:
    body: dict[str, Any] = {"model": "tiny", "messages": HI, "seed": WEI, "tools": [{"maximum": -WEI}], "stream": stream}
    upstream.on(
        "/chat/completions", Stream([{**each, "x": WEI} for each in chunks()]) if stream else Answer({**completion(), "x": WEI})
    )
    answer = await gateway.http.post("/v1/chat/completions", json=body)
    assert answer.status_code == httpx.codes.OK
    assert (upstream.requests[-1].body["seed"], upstream.requests[-1].body["tools"]) == (WEI, body["tools"])
    assert str(WEI).encode() in answer.content
    upstream.on("/chat/completions", Answer(completion()))


async def test_an_answer_that_is_written_again_keeps_its_digits(gateway: Gateway, upstream: ScriptedUpstream) -> None:
    nameless = {**completion(), "x": WEI, "model": None}
    lines = b'{"choices":[{"index":0,"delta":{"content":"hi"},', b'"finish_reason":"stop"}],"x":%d}' % WEI
    event = b"data: " + b"\ndata: ".join(lines) + b"\n\n"
    for step, stream in ((Answer(nameless), False), (Stream([event]), True)):
        upstream.on("/chat/completions", step)
        answer = await gateway.http.post("/v1/chat/completions", json={"model": "tiny", "messages": HI, "stream": stream})
        assert str(WEI).encode() in answer.content, answer.text
    upstream.on("/chat/completions", Answer(completion()))


async def test_a_stored_response_keeps_the_digits_of_its_tools(gateway: Gateway, upstream: ScriptedUpstream) -> None:
    tool = {"type": "function", "name": "f", "parameters": {"type": "object", "properties": {"wei": {"maximum": WEI}}}}
    answer = await gateway.http.post("/v1/responses", json={"model": "tiny", "input": "hi", "tools": [tool]})
    stored = await gateway.get(f"/v1/responses/{answer.json()['id']}")
    for response in (answer.json(), stored):
        assert response["tools"][0]["parameters"] == tool["parameters"]
    assert upstream.requests[-1].body["tools"][0]["function"]["parameters"] == tool["parameters"]


@pytest.mark.parametrize("digits", [400, 5000])
async def test_a_number_beyond_all_measure_is_refused(gateway: Gateway, digits: int) -> None:
    body = b'{"model":"tiny","messages":[{"role":"user","content":"hi"}],"seed":%b}' % (b"1" * digits)
    answer = await gateway.http.post("/v1/chat/completions", content=body, headers={"content-type": "application/json"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "invalid_json")
