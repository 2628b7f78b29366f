import asyncio
import json
from collections.abc import AsyncIterator

import pytest

from tests.client_api.refusals import refusal
from tests.fakes.gateway import Gateway, Provider, chat_body, gateway_in_front_of
from tests.fakes.scripted_upstream import ScriptedUpstream
from tests.patience import PATIENCE_SECONDS

pytestmark = pytest.mark.anyio

LIMIT = 4096
PATHS = ["/v1/chat/completions", "/v1/embeddings", "/api/autodecide/test", "/api/providers/alpha/test"]


@pytest.fixture(scope="module")
async def small(upstream: ScriptedUpstream) -> AsyncIterator[Gateway]:
    """A gateway that takes bodies of 4 KiB."""
    environment = {"AI_ENGINE_MAX_REQUEST_SIZE": str(LIMIT)}
    async with gateway_in_front_of(Provider("alpha", upstream.base_url), environment=environment) as gateway:
        yield gateway


def padded(size_bytes: int) -> bytes:
    """A sound chat request of exactly that size."""
    bare = len(json.dumps(chat_body(user="")))
    return json.dumps(chat_body(user="x" * (size_bytes - bare))).encode()


async def head_of(reader: asyncio.StreamReader) -> bytes:
    return await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), PATIENCE_SECONDS)


@pytest.mark.parametrize("path", PATHS)
async def test_a_body_over_the_limit_is_a_413_that_names_limit_and_variable(small: Gateway, path: str) -> None:
    error = refusal(await small.http.post(path, content=padded(LIMIT + 1)), 413, code="request_too_large")
    assert str(LIMIT) in error["message"]
    assert "AI_ENGINE_MAX_REQUEST_SIZE" in error["message"]
    assert (await small.get("/api/status"))["performance"]["in_flight"] == 0


async def test_a_body_of_exactly_the_limit_is_taken(small: Gateway) -> None:
    assert (await small.http.post("/v1/chat/completions", content=padded(LIMIT))).status_code == 200


@pytest.mark.parametrize("path", PATHS)
async def test_a_body_in_chunks_is_counted(small: Gateway, path: str) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(5):
            yield b" " * 1024

    refusal(await small.http.post(path, content=pieces(), headers={"content-type": "application/json"}), 413)


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("expectation", [b"", b"expect: 100-continue\r\n"], ids=["sent at once", "asked first"])
async def test_a_length_over_the_limit_is_refused_before_a_byte_of_the_body(
    small: Gateway, path: str, expectation: bytes
) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", small.port)
    head = b"POST %s HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n%scontent-length: 99999999999\r\n\r\n"
    writer.write(head % (path.encode(), expectation))
    assert b" 413 " in (await head_of(reader)).splitlines()[0]
    writer.close()
    await writer.wait_closed()


@pytest.mark.parametrize("path", PATHS)
async def test_an_endless_body_is_refused_while_it_comes(small: Gateway, path: str) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", small.port)
    head = b"POST %s HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n"
    writer.write(head % path.encode() + b"800\r\n%s\r\n" % (b" " * 0x800) * 3)
    assert b" 413 " in (await head_of(reader)).splitlines()[0]
    writer.close()
    await writer.wait_closed()


async def test_a_client_that_asks_first_is_told_to_go_on(small: Gateway) -> None:
    body = padded(1024)
    reader, writer = await asyncio.open_connection("127.0.0.1", small.port)
    head = b"POST /v1/chat/completions HTTP/1.1\r\nhost: localhost\r\nexpect: 100-continue\r\ncontent-length: %d\r\n\r\n"
    writer.write(head % len(body))
    assert b" 100 " in (await head_of(reader)).splitlines()[0]
    writer.write(body)
    assert b" 200 " in (await head_of(reader)).splitlines()[0]
    writer.close()
    await writer.wait_closed()


@pytest.mark.parametrize("path", PATHS)
async def test_a_client_that_hangs_up_half_way_leaves_nothing_behind(
    small: Gateway, upstream: ScriptedUpstream, path: str
) -> None:
    asked = len(upstream.requests)
    _, writer = await asyncio.open_connection("127.0.0.1", small.port)
    head = b"POST %s HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: 1000\r\n\r\n"
    writer.write(head % path.encode() + b'{"model": "tiny"')
    await writer.drain()
    writer.close()
    await writer.wait_closed()
    assert (await small.get("/api/status"))["performance"]["in_flight"] == 0
    assert len(upstream.requests) == asked
