"""What `upstream.port` promises when the other side misbehaves, for every engine, over real sockets."""

import asyncio
import gzip
import ssl

import pytest

from ai_engine.upstream.port import (
    ConnectFailed,
    ConnectionCut,
    ConnectionReset,
    Upstream,
    UpstreamRequest,
    UpstreamTimeout,
)
from tests.contracts.upstream_engines import (
    CLOSES_WITHIN_SECONDS,
    LARGE,
    OK,
    SECRET,
    always,
    answer_with,
    answering,
    exchange,
    failure_of,
    holding,
    request_to,
)
from tests.fakes.raw_server import RawConnection, RawServer
from tests.patience import within

pytestmark = pytest.mark.anyio


# What goes wrong


async def test_a_reset_before_the_headers_is_a_reset(engine: Upstream) -> None:
    async def reset(connection: RawConnection) -> None:
        await connection.read_request()
        connection.reset()

    async with RawServer(reset) as server:
        await failure_of(engine.send(request_to(server)), ConnectionReset)


@pytest.mark.parametrize(
    "wire",
    [
        b"",
        b"HTTP/1.1 200 OK\r\ncontent-le",
        b"\x16\x03\x01 this is not HTTP\r\n\r\n",
        b"HTTP/1.1 abc Nonsense\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ncontent-length: many\r\n\r\n",
        b"HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: upgrade\r\n\r\n",
    ],
)
async def test_an_end_or_nonsense_before_the_headers_are_complete_is_a_reset(engine: Upstream, wire: bytes) -> None:
    async with RawServer(answering(wire)) as server:
        await failure_of(engine.send(request_to(server)), ConnectionReset)


@pytest.mark.parametrize(
    "wire",
    [
        b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhello",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n9\r\nhello",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\nnonsense\r\n\r\n",
    ],
    ids=["short content-length", "no last chunk", "inside a chunk", "inside the trailer", "nonsense for a chunk size"],
)
async def test_an_incomplete_body_is_a_cut_and_never_taken_for_whole(engine: Upstream, wire: bytes) -> None:
    async with RawServer(answering(wire)) as server:
        await failure_of(exchange(engine, request_to(server)), ConnectionCut)


async def test_a_reset_inside_the_body_is_a_cut_after_what_had_arrived(engine: Upstream) -> None:
    arrived = asyncio.Event()

    async def handle(connection: RawConnection) -> None:
        await connection.read_request()
        connection.write(b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhello")
        await arrived.wait()
        connection.reset()

    async with RawServer(handle) as server:
        answer = await engine.send(request_to(server))
        chunks = answer.chunks()
        assert await anext(chunks) == b"hello"
        arrived.set()
        await failure_of(anext(chunks), ConnectionCut)
        await answer.close()


async def test_silence_before_the_headers(engine: Upstream) -> None:
    async with RawServer(holding(b"")) as server:
        await failure_of(engine.send(request_to(server, silence_seconds=0.15)), UpstreamTimeout)
        for connection in list(server.open):
            async with within(CLOSES_WITHIN_SECONDS):
                await connection.gone.wait()


async def test_silence_inside_the_body(engine: Upstream) -> None:
    async with RawServer(holding(b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhello")) as server:
        await failure_of(exchange(engine, request_to(server, silence_seconds=0.15)), UpstreamTimeout)


async def test_a_provider_that_stops_reading_is_silent(engine: Upstream) -> None:
    async def deaf(connection: RawConnection) -> None:
        connection.stop_reading()
        await asyncio.Event().wait()

    async with RawServer(deaf) as server:
        await failure_of(engine.send(request_to(server, LARGE * 2, silence_seconds=0.15)), UpstreamTimeout)


async def test_a_slow_answer_that_keeps_moving_is_not_silent(engine: Upstream) -> None:
    async def slow(connection: RawConnection) -> None:
        await connection.read_request()
        connection.write(b"HTTP/1.1 200 OK\r\ncontent-length: 8\r\n\r\n")
        for _ in range(8):
            await asyncio.sleep(0.1)
            connection.write(b"x")
        await connection.gone.wait()

    async with RawServer(slow) as server:
        assert (await exchange(engine, request_to(server, silence_seconds=0.7)))[1] == b"x" * 8


async def test_the_time_to_connect_is_not_the_time_to_answer(engine: Upstream) -> None:
    async def later(connection: RawConnection) -> None:
        while await connection.read_request() is not None:
            await asyncio.sleep(0.7)
            connection.write(OK)

    async with RawServer(later) as server:
        for _ in range(2):
            assert (await exchange(engine, request_to(server, connect_seconds=0.6)))[1] == b"ok"


async def test_a_refused_connection(engine: Upstream) -> None:
    async with RawServer(always(OK)) as server:
        pass
    error = await failure_of(engine.send(request_to(server)), ConnectFailed)
    assert "refused" in error.message


async def test_a_name_that_does_not_resolve(engine: Upstream) -> None:
    request = UpstreamRequest("GET", "http://provider.invalid/", (), b"", 5, 5)
    error = await failure_of(engine.send(request), ConnectFailed)
    assert "DNS" in error.message
    assert "provider.invalid" not in error.message


@pytest.mark.parametrize("url", ["ftp://127.0.0.1/", "http://[nonsense/", "http://" + "a" * 300 + ".test/", "nothing"])
async def test_an_address_that_cannot_be_used(engine: Upstream, url: str) -> None:
    await failure_of(engine.send(UpstreamRequest("GET", url, (), b"", 5, 5)), ConnectFailed)


async def test_a_key_with_an_illegal_character_is_not_sent_and_not_told(engine: Upstream) -> None:
    async with RawServer(always(OK)) as server:
        request = request_to(server, headers=((b"x-api-key", f"{SECRET}\nx-injected: 1".encode()),))
        await failure_of(engine.send(request), ConnectFailed)


# TLS


async def test_a_certificate_that_nobody_vouches_for_is_refused(engine: Upstream, server_tls: ssl.SSLContext) -> None:
    async with RawServer(always(OK), tls=server_tls) as server:
        request = request_to(server, scheme="https", host="localhost")
        error = await failure_of(engine.send(request), ConnectFailed)
    assert "certificate" in error.message


async def test_a_certificate_for_another_name_is_refused(trusting_engine: Upstream, server_tls: ssl.SSLContext) -> None:
    async with RawServer(always(OK), tls=server_tls) as server:
        await failure_of(trusting_engine.send(request_to(server, scheme="https")), ConnectFailed)


async def test_a_trusted_certificate_works_and_its_connection_is_reused(
    trusting_engine: Upstream, server_tls: ssl.SSLContext
) -> None:
    async with RawServer(always(answer_with(LARGE)), tls=server_tls) as server:
        for _ in range(2):
            _, body = await exchange(trusting_engine, request_to(server, scheme="https", host="localhost"))
            assert body == LARGE
        assert server.accepted == 1


async def test_a_body_cut_under_tls_is_a_cut(trusting_engine: Upstream, server_tls: ssl.SSLContext) -> None:
    async with RawServer(answering(b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhello"), tls=server_tls) as server:
        request = request_to(server, scheme="https", host="localhost")
        await failure_of(exchange(trusting_engine, request), ConnectionCut)


async def test_a_server_that_speaks_no_tls_is_no_connection(engine: Upstream) -> None:
    async def no_tls(connection: RawConnection) -> None:
        connection.write(OK)
        await connection.gone.wait()

    async with RawServer(no_tls) as server:
        await failure_of(engine.send(request_to(server, scheme="https")), ConnectFailed)


async def test_a_handshake_that_takes_longer_than_the_time_to_connect_is_no_connection(engine: Upstream) -> None:
    accepted: list[RawConnection] = []

    async def mute(connection: RawConnection) -> None:
        accepted.append(connection)
        await connection.gone.wait()

    async with RawServer(mute) as server:
        await failure_of(engine.send(request_to(server, scheme="https", connect_seconds=0.15)), ConnectFailed)
        async with within(CLOSES_WITHIN_SECONDS):
            await accepted[0].gone.wait()


async def test_a_body_that_unfolds_into_a_huge_one_lets_others_have_their_turn(engine: Upstream) -> None:
    packed = gzip.compress(b"hello " * 5_000_000)
    turns = 0

    async def take_turns() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    async with RawServer(answering(answer_with(packed, "content-encoding: gzip"))) as server:
        answer = await engine.send(request_to(server))
        others = asyncio.create_task(take_turns())
        pieces = 0
        async for _ in answer.chunks():
            pieces += 1
        others.cancel()
        await answer.close()
    assert turns >= pieces > 10
