"""What `upstream.port` promises of connections: kept, replaced, and ended at once when somebody leaves."""

import asyncio
import random

import pytest

from ai_engine.upstream.port import (
    ConnectFailed,
    ConnectionCut,
    ConnectionReset,
    Upstream,
)
from tests.contracts.upstream_engines import (
    CLOSES_WITHIN_SECONDS,
    OK,
    Watched,
    always,
    answer_with,
    answering,
    exchange,
    failure_of,
    request_to,
)
from tests.fakes.raw_server import RawConnection, RawRequest, RawServer
from tests.patience import PATIENCE_SECONDS, within

pytestmark = pytest.mark.anyio


# Connections


async def test_a_connection_is_reused_after_a_body_was_read_to_its_end(engine: Upstream) -> None:
    async with RawServer(always(OK)) as server:
        for _ in range(5):
            await exchange(engine, request_to(server))
        answer = await engine.send(request_to(server))
        assert [chunk async for chunk in answer.chunks()] == [b"ok"]
        await answer.close()
        await exchange(engine, request_to(server))
        assert server.accepted == 1


async def test_a_server_that_asks_to_close_is_connected_to_anew(engine: Upstream) -> None:
    async with RawServer(answering(answer_with(b"ok", "connection: close"))) as server:
        for _ in range(3):
            assert (await exchange(engine, request_to(server)))[1] == b"ok"
        assert server.accepted == 3


@pytest.mark.parametrize("is_reset", [False, True])
async def test_a_connection_that_the_server_ended_while_idle_is_replaced_unseen(engine: Upstream, is_reset: bool) -> None:
    ended: list[RawConnection] = []

    async def once(connection: RawConnection) -> None:
        await connection.read_request()
        connection.write(OK)
        ended.append(connection)
        await end_it.wait()
        if is_reset:
            connection.reset()

    async with RawServer(once) as server:
        for _ in range(3):
            end_it = asyncio.Event()
            assert (await exchange(engine, request_to(server)))[1] == b"ok"
            end_it.set()
            await asyncio.wait_for(ended[-1].gone.wait(), PATIENCE_SECONDS)
        assert server.accepted == 3


async def test_a_request_that_may_have_been_worked_on_is_not_repeated(engine: Upstream) -> None:
    received: list[RawRequest | None] = []

    async def second_is_reset(connection: RawConnection) -> None:
        received.append(await connection.read_request())
        connection.write(OK)
        received.append(await connection.read_request())
        connection.reset()

    async with RawServer(second_is_reset) as server:
        await exchange(engine, request_to(server))
        await failure_of(engine.send(request_to(server)), ConnectionReset)
    assert len(received) == 2


async def test_two_origins_share_no_connection(engine: Upstream) -> None:
    async with RawServer(always(OK)) as one, RawServer(always(OK)) as other:
        for _ in range(2):
            await exchange(engine, request_to(one))
            await exchange(engine, request_to(other))
        assert (one.accepted, other.accepted) == (1, 1)


async def test_requests_to_one_origin_do_not_wait_for_each_other(engine: Upstream) -> None:
    everybody = asyncio.Barrier(100)

    async def wait_for_everybody(connection: RawConnection) -> None:
        while await connection.read_request() is not None:
            await everybody.wait()
            connection.write(OK)

    async with RawServer(wait_for_everybody) as server:
        answers = await asyncio.gather(*(exchange(engine, request_to(server)) for _ in range(100)))
        assert [body for _, body in answers] == [b"ok"] * 100


# Leaving


async def test_cancelling_before_the_headers_closes_the_connection_at_once(engine: Upstream) -> None:
    watched = Watched()
    async with RawServer(watched) as server:
        sending = asyncio.ensure_future(engine.send(request_to(server)))
        await watched.has_request()
        sending.cancel()
        await watched.is_left_at_once()
        with pytest.raises(asyncio.CancelledError):
            await sending


async def test_cancelling_while_reading_the_body_closes_the_connection_at_once(engine: Upstream) -> None:
    watched = Watched(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n")
    first = asyncio.Event()

    async def read(server: RawServer) -> None:
        answer = await engine.send(request_to(server))
        try:
            async for _ in answer.chunks():
                first.set()
        finally:
            await answer.close()

    async with RawServer(watched) as server:
        reading = asyncio.ensure_future(read(server))
        await asyncio.wait_for(first.wait(), PATIENCE_SECONDS)
        reading.cancel()
        await watched.is_left_at_once()
        with pytest.raises(asyncio.CancelledError):
            await reading


async def test_cancelling_inside_the_tls_handshake_closes_the_connection_at_once(engine: Upstream) -> None:
    accepted: list[RawConnection] = []
    has_begun = asyncio.Event()

    async def mute(connection: RawConnection) -> None:
        accepted.append(connection)
        await connection.hears_something()
        has_begun.set()
        await connection.gone.wait()

    async with RawServer(mute) as server:
        sending = asyncio.ensure_future(engine.send(request_to(server, scheme="https")))
        await asyncio.wait_for(has_begun.wait(), PATIENCE_SECONDS)
        sending.cancel()
        async with within(CLOSES_WITHIN_SECONDS):
            await accepted[0].gone.wait()
        with pytest.raises(asyncio.CancelledError):
            await sending


@pytest.mark.parametrize("is_reused", [False, True])
@pytest.mark.parametrize("turns_between", range(6))
async def test_a_second_cancellation_does_not_keep_the_connection_open(
    engine: Upstream, turns_between: int, is_reused: bool
) -> None:
    connections: list[RawConnection] = []
    is_waiting = asyncio.Event()

    async def second_waits(connection: RawConnection) -> None:
        connections.append(connection)
        if is_reused:
            await connection.read_request()
            connection.write(OK)
        await connection.read_request()
        is_waiting.set()
        await connection.gone.wait()

    async with RawServer(second_waits) as server:
        if is_reused:
            await exchange(engine, request_to(server))
        sending = asyncio.ensure_future(engine.send(request_to(server)))
        await asyncio.wait_for(is_waiting.wait(), PATIENCE_SECONDS)
        sending.cancel()
        for _ in range(turns_between):
            await asyncio.sleep(0)
        sending.cancel()
        [connection] = connections
        async with within(CLOSES_WITHIN_SECONDS):
            await connection.gone.wait()
        await asyncio.wait([sending])


async def test_closing_an_answer_before_its_end_closes_the_connection_at_once(engine: Upstream) -> None:
    watched = Watched(b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhello")
    async with RawServer(watched) as server:
        answer = await engine.send(request_to(server))
        assert await anext(answer.chunks()) == b"hello"
        await answer.close()
        await watched.is_left_at_once()
        await answer.close()


async def test_closing_an_unread_answer_closes_the_connection_at_once(engine: Upstream) -> None:
    watched = Watched(OK)
    async with RawServer(watched) as server:
        await (await engine.send(request_to(server))).close()
        await watched.is_left_at_once()


async def test_closing_an_answer_ends_its_reading_elsewhere(engine: Upstream) -> None:
    watched = Watched(b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhello")
    async with RawServer(watched) as server:
        answer = await engine.send(request_to(server))
        reading = asyncio.ensure_future(answer.read(100))
        await watched.has_request()
        await answer.close()
        await failure_of(reading, ConnectionCut)


async def test_closing_the_engine_ends_every_connection_and_later_requests_are_refused(engine: Upstream) -> None:
    watched = Watched(b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhello")
    async with RawServer(watched) as server, RawServer(always(OK)) as other:
        answer = await engine.send(request_to(server))
        await exchange(engine, request_to(other))
        [idle] = other.open
        await engine.close()
        await watched.is_left_at_once()
        async with within(CLOSES_WITHIN_SECONDS):
            await idle.gone.wait()
        await answer.close()
        await engine.close()
        await failure_of(engine.send(request_to(server)), ConnectFailed)


async def test_cancelling_many_requests_at_any_moment_leaves_nothing_open_and_the_engine_usable(engine: Upstream) -> None:
    chance = random.Random(7)
    serving: set[RawConnection] = set()

    async def handle(connection: RawConnection) -> None:
        while await connection.read_request() is not None:
            serving.add(connection)
            await asyncio.sleep(chance.uniform(0, 0.03))
            connection.write(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\no")
            await asyncio.sleep(chance.uniform(0, 0.03))
            connection.write(b"k")
            serving.discard(connection)

    async def ask(server: RawServer, leaves_after_seconds: float | None) -> bool:
        asking = asyncio.ensure_future(exchange(engine, request_to(server)))
        await asyncio.wait([asking], timeout=leaves_after_seconds)
        asking.cancel()
        await asyncio.wait([asking])
        return not asking.cancelled()

    async with RawServer(handle) as server:
        patience = [chance.uniform(0, 0.2) if index % 2 else None for index in range(200)]
        outcomes = await asyncio.gather(*(ask(server, seconds) for seconds in patience))
        assert 100 <= sum(outcomes) < 200
        async with within(1):
            for connection in list(serving):
                await connection.gone.wait()
        assert len(server.open) <= sum(outcomes)
        before = server.accepted
        for _ in range(20):
            assert (await exchange(engine, request_to(server)))[1] == b"ok"
        assert server.accepted <= before + 1
