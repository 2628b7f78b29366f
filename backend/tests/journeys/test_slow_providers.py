"""A provider that hangs holds up its own requests and nobody else's."""

import asyncio
import time

import pytest

from tests.fakes.gateway import Provider, gateway_in_front_of
from tests.fakes.scripted_upstream import Answer, ScriptedUpstream, Silence, Stall, Stream, chunks, completion
from tests.journeys.steps import CHAT, asked, sound
from tests.patience import within

pytestmark = pytest.mark.anyio

HANGING = 50


async def test_neither_health_nor_other_providers_wait_for_it(
    alpha: ScriptedUpstream, beta: ScriptedUpstream, *, stream: bool
) -> None:
    released = asyncio.Event()
    held = Stream(chunks("slow"), gates={0: released}) if stream else Answer(completion("slow"), gate=released)
    alpha.on(CHAT, held)
    beta.on(CHAT, sound(stream=stream))
    async with gateway_in_front_of(Provider("alpha", alpha.base_url, ["slow"]), Provider("beta", beta.base_url)) as gateway:
        await gateway.get("/health")
        slow = [asyncio.create_task(gateway.chat("slow", stream=stream)) for _ in range(HANGING)]
        await alpha.received(HANGING)
        async with within(1):
            for _ in range(10):
                await gateway.get("/health")
            assert (await gateway.chat(stream=stream)).text == "hello there"
        released.set()
        assert {reply.text for reply in await asyncio.gather(*slow)} == {"slow"}


async def test_a_provider_that_is_slow_to_list_its_models_holds_up_no_start_and_no_request(
    alpha: ScriptedUpstream, beta: ScriptedUpstream
) -> None:
    alpha.on("/models", Silence())
    beta.on(CHAT, sound(stream=False))
    providers = Provider("alpha", alpha.base_url, models=None), Provider("beta", beta.base_url)
    async with gateway_in_front_of(*providers) as gateway:
        assert (await gateway.chat()).text == "hello there"
        (listing,) = await alpha.received(1)
        assert listing.closed_at is None, "it is still waited for"


async def test_the_clients_own_deadline_ends_the_request_in_time_here_and_at_the_provider(
    alpha: ScriptedUpstream, beta: ScriptedUpstream, *, stream: bool
) -> None:
    alpha.on(CHAT, Silence())
    async with gateway_in_front_of(Provider("alpha", alpha.base_url), Provider("beta", beta.base_url)) as gateway:
        began = time.perf_counter()
        async with within(0.6):
            reply = await gateway.chat(stream=stream, headers={"x-ai-engine-timeout": "0.3"})
        assert time.perf_counter() - began > 0.25
        assert (reply.status, reply.is_stream, reply.error["code"]) == (504, False, "deadline_exceeded")
        await alpha.requests[0].closed(within_seconds=0.1)
        assert (await gateway.provider("alpha"))["status"] == "available"
    assert not beta.requests


async def test_the_clients_deadline_ends_a_stream_that_has_begun(alpha: ScriptedUpstream) -> None:
    alpha.on(CHAT, Stall(2, Stream(chunks("one two"))))
    async with gateway_in_front_of(Provider("alpha", alpha.base_url)) as gateway:
        async with within(2):
            reply = await gateway.chat(stream=True, headers={"x-ai-engine-timeout": "0.3"})
        assert (reply.text, reply.finish_reasons, reply.is_ended) == ("one", [], True)
        assert reply.error["message"]
        await alpha.requests[0].closed(within_seconds=0.1)


@pytest.mark.parametrize("value", ["soon", "0", "-1", "inf", "nan"])
async def test_a_deadline_that_is_none_is_refused(alpha: ScriptedUpstream, value: str) -> None:
    async with gateway_in_front_of(Provider("alpha", alpha.base_url)) as gateway:
        reply = await gateway.chat(headers={"x-ai-engine-timeout": value})
    assert (reply.status, reply.error["param"]) == (400, "x-ai-engine-timeout")
    assert not asked(alpha)
