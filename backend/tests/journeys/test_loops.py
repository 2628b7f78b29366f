"""A base URL that leads back to this gateway ends in an error, not in a circle."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

import pytest

from tests.fakes.gateway import Provider, gateway_in_front_of
from tests.fakes.scripted_upstream import ScriptedUpstream
from tests.journeys.steps import CHAT, sound
from tests.patience import within

pytestmark = pytest.mark.anyio


class Forwarder:
    """Passes bytes on to a port that is named later: an address of the gateway that its configuration cannot recognise."""

    def __init__(self) -> None:
        self.target = 0
        self.connections = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        there_reader, there_writer = await asyncio.open_connection("127.0.0.1", self.target)
        await asyncio.gather(_pump(reader, there_writer), _pump(there_reader, writer))


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(ConnectionError):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    writer.close()


@contextlib.asynccontextmanager
async def forwarding() -> AsyncIterator[tuple[Forwarder, str]]:
    forwarder = Forwarder()
    server = await asyncio.start_server(forwarder.serve, "127.0.0.1", 0)
    async with server:
        yield forwarder, f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1"


async def test_a_request_that_comes_round_again_is_refused_inside_and_fails_cleanly_outside(*, stream: bool) -> None:
    async with forwarding() as (forwarder, address), gateway_in_front_of(Provider("mirror", address)) as gateway:
        forwarder.target = gateway.port
        async with within(5):
            reply = await gateway.chat(stream=stream)
        assert (reply.status, reply.is_stream) == (502, False)
        assert reply.error["message"].endswith("mirror: The provider answered with status 508.")
        performance = (await gateway.get("/api/status"))["performance"]
        assert performance["in_flight"] == 0
    assert forwarder.connections <= 3


async def test_the_inner_request_gets_508(alpha: ScriptedUpstream) -> None:
    alpha.on(CHAT, sound(stream=False))
    async with gateway_in_front_of(Provider("alpha", alpha.base_url)) as gateway:
        await gateway.chat()
        reply = await gateway.chat(headers={"via": alpha.requests[0].headers["via"]})
    assert (reply.status, reply.error["code"]) == (508, "loop_detected")
    assert reply.headers["x-should-retry"] == "false"
    assert len(alpha.requests) == 1


async def test_another_gateways_via_is_no_loop(alpha: ScriptedUpstream) -> None:
    alpha.on(CHAT, sound(stream=False))
    async with gateway_in_front_of(Provider("alpha", alpha.base_url)) as gateway:
        assert (await gateway.chat(headers={"via": "1.1 ai-engine-00000000, 1.1 nginx"})).status == 200


async def test_a_loop_leaves_healthy_providers_in_service(alpha: ScriptedUpstream, *, stream: bool) -> None:
    alpha.on(CHAT, sound(stream=stream))
    async with forwarding() as (forwarder, address):
        providers = Provider("mirror", address), Provider("alpha", alpha.base_url)
        async with gateway_in_front_of(*providers) as gateway:
            forwarder.target = gateway.port
            reply = await gateway.chat(stream=stream)
    assert (reply.status, reply.provider, reply.text) == (200, "alpha", "hello there")


async def test_the_gateways_before_this_one_are_named_to_the_next_one(alpha: ScriptedUpstream) -> None:
    alpha.on(CHAT, sound(stream=False))
    async with gateway_in_front_of(Provider("alpha", alpha.base_url)) as gateway:
        await gateway.chat(headers={"via": "1.0 secret.intern, 1.1 ai-engine-00000000"})
    before, own = alpha.requests[0].headers["via"].split(", ")
    assert before == "1.1 ai-engine-00000000"
    assert own.startswith("1.1 ai-engine-")
