"""A route or provider that fails goes out of rotation, is probed by single requests, and comes back at once."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from ai_engine.health.breaker import BreakerPolicy
from ai_engine.wiring.tuning import Tuning
from tests.fakes.gateway import Gateway, Provider, gateway_in_front_of
from tests.fakes.scripted_upstream import Answer, ScriptedUpstream, completion
from tests.journeys.steps import CHAT, asked, refused, sound
from tests.patience import eventually

pytestmark = pytest.mark.anyio

# Later than the second chance that a request takes after 0.3 s at most, which would else be the probe.
SOON = Tuning(breaker=BreakerPolicy(first_probe_seconds=1.5, longest_early_probe_seconds=1.5))
ALPHA_FIRST = {"order": ["alpha"]}
LATE = Tuning(breaker=BreakerPolicy(first_probe_seconds=30, longest_early_probe_seconds=30))


async def fail(gateway: Gateway, model: str = "tiny", *, stream: bool = False) -> None:
    """Two attempts a request, until the route is out."""
    for _ in range(2):
        await gateway.chat(model, stream=stream)


async def test_after_failures_in_a_row_nothing_more_goes_there(alpha: ScriptedUpstream, *, stream: bool) -> None:
    alpha.on(CHAT, refused(500))
    async with gateway_in_front_of(Provider("alpha", alpha.base_url), tuning=LATE) as gateway:
        await fail(gateway, stream=stream)
        sent = len(alpha.requests)
        assert sent == 3
        for _ in range(5):
            reply = await gateway.chat(stream=stream)
            assert (reply.status, reply.error["code"]) == (503, "no_route_available")
            assert 20 <= int(reply.headers["retry-after"]) <= 40
    assert len(alpha.requests) == sent


async def test_a_route_that_is_out_leaves_the_providers_other_models_alone(alpha: ScriptedUpstream) -> None:
    alpha.on(CHAT, refused(500), model="broken")
    alpha.on(CHAT, sound(stream=False), model="tiny")
    async with gateway_in_front_of(Provider("alpha", alpha.base_url, ["broken", "tiny"]), tuning=LATE) as gateway:
        await fail(gateway, "broken")
        assert (await gateway.chat("tiny")).status == 200
        seen = await gateway.provider("alpha")
        assert seen["status"] == "available"
        assert [(route["model"], route["reason"]) for route in seen["routes"]] == [("broken", "server_error")]


async def test_two_models_out_flag_the_provider_where_everyone_can_see_it(
    alpha: ScriptedUpstream, beta: ScriptedUpstream
) -> None:
    alpha.on(CHAT, refused(500))
    beta.on(CHAT, sound(stream=False))
    providers = Provider("alpha", alpha.base_url, ["one", "two", "three"]), Provider("beta", beta.base_url)
    async with gateway_in_front_of(*providers, tuning=LATE) as gateway:
        await fail(gateway, "one")
        await fail(gateway, "two")
        assert (await gateway.chat("three")).status == 503
        assert "three" not in asked(alpha)
        await assert_is_flagged(gateway, "server_error")


async def test_a_connection_that_cannot_be_made_flags_the_whole_provider(beta: ScriptedUpstream) -> None:
    async with ScriptedUpstream() as gone:
        nobody = gone.base_url
    beta.on(CHAT, sound(stream=False))
    providers = Provider("alpha", nobody, ["one", "two"]), Provider("beta", beta.base_url)
    async with gateway_in_front_of(*providers, tuning=LATE) as gateway:
        await fail(gateway, "one")
        assert (await gateway.chat("two")).status == 503
        await assert_is_flagged(gateway, "connection_failed")


async def assert_is_flagged(gateway: Gateway, reason: str) -> None:
    seen = await gateway.provider("alpha")
    assert (seen["status"], seen["flag"]["reason"]) == ("flagged", reason)
    until = datetime.fromisoformat(seen["flag"]["until"])
    assert timedelta(0) < until - datetime.now(UTC) < timedelta(seconds=60)
    status: Any = await gateway.get("/api/status")
    assert (status["status"], status["flagged_providers"]) == ("degraded", 1)
    assert status["flagged_details"][0]["provider"] == "alpha"
    assert status["flagged_details"][0]["flag"]["reason"] == reason


async def test_one_probe_goes_out_however_many_ask_and_its_success_lets_everybody_in(
    alpha: ScriptedUpstream, beta: ScriptedUpstream
) -> None:
    answers = asyncio.Event()
    alpha.on(CHAT, *[refused(500)] * 3, Answer(completion("back"), gate=answers), Answer(completion("back")))
    beta.on(CHAT, sound("meanwhile", stream=False))
    providers = Provider("alpha", alpha.base_url), Provider("beta", beta.base_url)
    async with gateway_in_front_of(*providers, tuning=SOON) as gateway:
        for _ in range(3):
            assert (await gateway.chat(provider=ALPHA_FIRST)).text == "meanwhile"
        asking = []
        while len(alpha.requests) == 3:
            asking.append(asyncio.create_task(gateway.chat(provider=ALPHA_FIRST)))
            await asyncio.sleep(0.02)
        others = await asyncio.gather(*(gateway.chat(provider=ALPHA_FIRST) for _ in range(20)))
        assert {reply.text for reply in others} == {"meanwhile"}
        assert len(alpha.requests) == 4
        answers.set()
        assert [reply.text for reply in await asyncio.gather(*asking)].count("back") == 1
        after = await asyncio.gather(*(gateway.chat(provider=ALPHA_FIRST) for _ in range(20)))
        assert {reply.text for reply in after} == {"back"}


async def test_a_probe_that_fails_keeps_it_out(alpha: ScriptedUpstream) -> None:
    alpha.on(CHAT, refused(500))
    async with gateway_in_front_of(Provider("alpha", alpha.base_url), tuning=SOON) as gateway:
        await fail(gateway)
        reply = await eventually(gateway.chat, until=lambda _: len(alpha.requests) == 4)
        assert reply.status == 502
        assert (await gateway.chat()).status == 503
    assert len(alpha.requests) == 4


async def test_a_clients_fault_answered_to_a_probe_does_not_hold_the_route(alpha: ScriptedUpstream) -> None:
    alpha.on(CHAT, *[refused(500)] * 3, refused(400), sound(stream=False))
    async with gateway_in_front_of(Provider("alpha", alpha.base_url), tuning=SOON) as gateway:
        await fail(gateway)
        await eventually(gateway.chat, until=lambda reply: reply.status == 400)
        assert (await gateway.chat()).text == "hello there"


@pytest.mark.parametrize("status", [503, 529])
async def test_an_overloaded_provider_may_be_asked_again(alpha: ScriptedUpstream, status: int, *, stream: bool) -> None:
    alpha.on(CHAT, refused(status))
    async with gateway_in_front_of(Provider("alpha", alpha.base_url)) as gateway:
        reply = await gateway.chat(stream=stream)
        assert (reply.status, reply.error["code"], reply.headers.get("x-should-retry")) == (503, "overloaded", None)
    async with gateway_in_front_of(Provider("alpha", alpha.base_url)) as gateway:
        body = {"model": "tiny", "max_tokens": 9, "messages": [{"role": "user", "content": "hi"}], "stream": stream}
        answer = await gateway.http.post("/v1/messages", json=body)
        assert (answer.status_code, answer.json()["error"]["type"]) == (529, "overloaded_error")
        assert "x-should-retry" not in answer.headers
        seen = await eventually(lambda: gateway.get("/api/requests"), until=lambda page: page["items"])
        assert seen["items"][0]["status"] == 529
