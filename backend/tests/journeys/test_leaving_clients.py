"""A client that hangs up ends its request at the provider within 100 ms."""

import asyncio

import pytest

from ai_engine.wiring.tuning import Tuning
from tests.fakes.gateway import Gateway, Provider, chat_body, gateway_in_front_of
from tests.fakes.scripted_upstream import ScriptedUpstream, Silence, Stall, Step, Stream, chunk, chunks
from tests.journeys.steps import CHAT, refused, sound
from tests.patience import PATIENCE_SECONDS, eventually

pytestmark = pytest.mark.anyio

AT_ONCE_SECONDS = 0.1


async def leave(gateway: Gateway, alpha: ScriptedUpstream, *, stream: bool, after: bytes = b"") -> None:
    """Asks, reads up to `after`, hangs up, and looks how long the provider's connection lasts."""
    async with gateway.raw(chat_body(stream=stream)) as (reader, writer):
        request = (await alpha.received(1))[0]
        if after:
            await asyncio.wait_for(reader.readuntil(after), PATIENCE_SECONDS)
        assert request.closed_at is None
        writer.close()
        await request.closed(within_seconds=AT_ONCE_SECONDS)


@pytest.mark.parametrize("step", [Silence(), Stall(0, Stream([])), Stall(1, Stream(chunks()))], ids=["headers", "role", "token"])
async def test_leaving_before_the_first_content_ends_the_providers_request(
    alpha: ScriptedUpstream, step: Step, *, stream: bool
) -> None:
    alpha.on(CHAT, step)
    async with gateway_in_front_of(Provider("alpha", alpha.base_url)) as gateway:
        await leave(gateway, alpha, stream=stream)


async def test_leaving_after_a_committed_status_and_before_the_first_content_ends_it(alpha: ScriptedUpstream) -> None:
    alpha.on(CHAT, Silence())
    tuning = Tuning(stream_silence_seconds=0.05)
    async with gateway_in_front_of(Provider("alpha", alpha.base_url), tuning=tuning) as gateway:
        await leave(gateway, alpha, stream=True, after=b": keep-alive\n\n")


async def test_leaving_after_the_first_content_ends_it(alpha: ScriptedUpstream) -> None:
    alpha.on(CHAT, Stall(2, Stream(chunks("one two"))))
    async with gateway_in_front_of(Provider("alpha", alpha.base_url)) as gateway:
        await leave(gateway, alpha, stream=True, after=b'"content": "one"')


async def test_leaving_while_a_second_chance_is_waited_for_sends_nothing_more(alpha: ScriptedUpstream, *, stream: bool) -> None:
    alpha.on(CHAT, refused(429, retry_after="1"), sound(stream=stream))
    async with gateway_in_front_of(Provider("alpha", alpha.base_url)) as gateway:
        async with gateway.raw(chat_body(stream=stream)):
            await alpha.received(1)
        await eventually(lambda: gateway.get("/api/status"), until=lambda seen: seen["performance"]["in_flight"] == 0)
        with pytest.raises(TimeoutError):
            await alpha.received(2, within_seconds=1.5)


async def test_a_client_that_left_blames_nobody_and_occupies_nothing(alpha: ScriptedUpstream, *, stream: bool) -> None:
    alpha.on(CHAT, *[Silence()] * 8, sound(stream=stream))
    async with gateway_in_front_of(Provider("alpha", alpha.base_url)) as gateway:
        for count in range(1, 9):
            async with gateway.raw(chat_body(stream=stream)):
                await alpha.received(count)
        await eventually(lambda: gateway.get("/api/status"), until=lambda seen: seen["performance"]["in_flight"] == 0)
        seen = await gateway.provider("alpha")
        assert (seen["status"], seen["routes"]) == ("available", [])
        assert (await gateway.chat(stream=stream)).attempts == 1


async def test_a_client_that_does_not_read_holds_the_provider_until_its_deadline_alone(alpha: ScriptedUpstream) -> None:
    alpha.on(CHAT, Stream([chunk({"content": "x" * 100_000})] * 200))
    total = {"timeouts": {"total": 1}}
    async with (
        gateway_in_front_of(Provider("alpha", alpha.base_url, fields=total)) as gateway,
        gateway.raw(chat_body(stream=True)),
    ):
        await (await alpha.received(1))[0].closed(within_seconds=3)
