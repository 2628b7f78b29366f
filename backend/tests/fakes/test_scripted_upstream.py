import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from typing import Any

import httpx
import pytest

from tests.fakes.scripted_upstream import (
    Answer,
    CutAfter,
    Reset,
    ScriptedUpstream,
    Silence,
    Stream,
    chunks,
    completion,
    models,
)

pytestmark = pytest.mark.anyio


@pytest.fixture
async def upstream() -> AsyncIterator[ScriptedUpstream]:
    async with ScriptedUpstream() as scripted:
        yield scripted


@pytest.fixture
async def client(upstream: ScriptedUpstream) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=upstream.base_url, timeout=5, trust_env=False) as client:
        yield client


async def ask(client: httpx.AsyncClient, model: str = "tiny", key: str = "k1") -> httpx.Response:
    return await client.post("chat/completions", json={"model": model}, headers={"authorization": f"Bearer {key}"})


async def test_steps_are_taken_in_order_and_the_last_repeats(upstream: ScriptedUpstream, client: httpx.AsyncClient) -> None:
    upstream.on("/chat/completions", Answer(status=503), Answer(completion("hi")))
    assert [(await ask(client)).status_code for _ in range(3)] == [503, 200, 200]


async def test_a_script_can_start_over(upstream: ScriptedUpstream, client: httpx.AsyncClient) -> None:
    upstream.on("/chat/completions", Answer(status=503), Answer(), then="start over")
    assert [(await ask(client)).status_code for _ in range(3)] == [503, 200, 503]


async def test_the_most_particular_script_wins_and_a_newer_one_replaces_an_older(
    upstream: ScriptedUpstream, client: httpx.AsyncClient
) -> None:
    upstream.on("/chat/completions", Answer(status=402), key="k1", model="tiny")
    upstream.on("/chat/completions", Answer(status=429), key="k1")
    upstream.on("/chat/completions", Answer(status=500))
    upstream.on("/chat/completions", Answer(status=503))
    answers = [await ask(client), await ask(client, model="big"), await ask(client, key="k2")]
    assert [answer.status_code for answer in answers] == [402, 429, 503]


async def test_what_is_not_scripted_is_answered_404(client: httpx.AsyncClient) -> None:
    assert (await client.get("models")).json()["error"]["code"] == "not_scripted"


async def test_the_journal_holds_what_came(upstream: ScriptedUpstream, client: httpx.AsyncClient) -> None:
    upstream.on("/models", Answer(models("a", "b")))
    await ask(client, key="secret")
    await client.get("models?page=2")
    first, second = await upstream.received(2)
    assert (first.method, first.path, first.body, first.key, first.model) == (
        "POST",
        "/v1/chat/completions",
        {"model": "tiny"},
        "secret",
        "tiny",
    )
    assert (second.path, second.query, second.body, second.key) == ("/v1/models", "page=2", None, None)
    assert first.closed_at is None
    assert upstream.accepted_connections == 1


async def test_a_gate_holds_an_event_back_until_the_test_opens_it(upstream: ScriptedUpstream, client: httpx.AsyncClient) -> None:
    gate = asyncio.Event()
    upstream.on("/chat/completions", Stream(chunks("one two"), gates={2: gate}))
    async with client.stream("POST", "chat/completions", json={}) as response:
        lines = response.aiter_lines()
        deltas = [await _next_event(lines), await _next_event(lines)]
        assert [event["choices"][0]["delta"].get("content") for event in deltas] == ["", "one"]
        third = asyncio.ensure_future(_next_event(lines))
        await asyncio.wait([third], timeout=0.02)
        assert not third.done()
        gate.set()
        assert (await third)["choices"][0]["delta"] == {"content": " two"}
        rest = [line async for line in lines if line]
    assert rest[-1] == "data: [DONE]"


async def _next_event(lines: AsyncIterator[str]) -> Mapping[str, Any]:
    async for line in lines:
        if line.startswith("data: "):
            event: Mapping[str, Any] = json.loads(line.removeprefix("data: "))
            return event
    raise AssertionError("the stream ended")


async def test_a_reset_and_a_cut_reach_the_client_as_such(upstream: ScriptedUpstream, client: httpx.AsyncClient) -> None:
    upstream.on("/chat/completions", Reset(), CutAfter(2, Stream(chunks())), CutAfter(2, Stream(chunks()), reset=True))
    with pytest.raises(httpx.ReadError):
        await ask(client)
    with pytest.raises(httpx.RemoteProtocolError, match="incomplete chunked read"):
        await ask(client)
    with pytest.raises(httpx.ReadError):
        await ask(client)


async def test_the_journal_says_when_the_client_left(upstream: ScriptedUpstream, client: httpx.AsyncClient) -> None:
    upstream.on("/chat/completions", Silence())
    asking = asyncio.ensure_future(ask(client))
    [request] = await upstream.received(1)
    assert request.closed_at is None
    asking.cancel()
    await request.closed()
    [left] = upstream.requests
    assert left.closed_at is not None
    assert left.closed_at >= left.at


async def test_it_shuts_down_cleanly_with_a_client_still_waiting() -> None:
    async with httpx.AsyncClient(timeout=5, trust_env=False) as client:
        async with ScriptedUpstream() as upstream:
            upstream.on("/chat/completions", Silence())
            asking = asyncio.ensure_future(client.post(f"{upstream.base_url}/chat/completions"))
            await upstream.received(1)
        with pytest.raises(httpx.HTTPError):
            await asking
    assert upstream.open_connections == 0
