import asyncio
from collections.abc import AsyncIterator

import pytest

from ai_engine.web.disconnect import Receive
from ai_engine.web.middleware import Scope, Send
from ai_engine.web.request_head import LARGEST_HEAD_BYTES, BoundedHeads
from tests.web.uvicorn_server import exchange, serving

pytestmark = pytest.mark.anyio

LINE = b"x-filler: " + b"y" * 1000 + b"\r\n"


async def answer_ok(scope: Scope, receive: Receive, send: Send) -> None:
    while (await receive()).get("more_body"):
        pass
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
    await send({"type": "http.response.body", "body": b"ok"})


@pytest.fixture
async def port() -> AsyncIterator[int]:
    async with serving(answer_ok, BoundedHeads) as port:
        yield port


@pytest.mark.parametrize("start", [b"GET /", b"GET / HTTP/1.1\r\nx-one: ", b"GET / HTTP/1.1\r\n"], ids=["path", "value", "lines"])
async def test_a_head_without_end_is_refused(port: int, start: bytes) -> None:
    filler = LINE if start.endswith(b"\n") else b"y" * 1000
    answer = await exchange(port, start + filler * (LARGEST_HEAD_BYTES // 1000 + 1), until=b"}}")
    assert answer.startswith(b"HTTP/1.1 431 ")
    assert b'"code":"headers_too_large"' in answer


async def test_trailers_without_end_cut_the_connection(port: int) -> None:
    head = b"POST / HTTP/1.1\r\nhost: localhost\r\ntransfer-encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n"
    with pytest.raises((asyncio.IncompleteReadError, ConnectionError)):
        await exchange(port, head + LINE * (10 * LARGEST_HEAD_BYTES // 1000), until=b"ok")


@pytest.mark.parametrize("size", [1, 10 * LARGEST_HEAD_BYTES])
async def test_a_large_body_is_no_head(port: int, size: int) -> None:
    request = b"POST / HTTP/1.1\r\nhost: localhost\r\ncontent-length: %d\r\n\r\n" % size + b"x" * size
    assert (await exchange(port, request * 3, until=b"ok")).startswith(b"HTTP/1.1 200 ")


async def test_many_requests_on_one_connection_are_each_measured_alone(port: int) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for _ in range(2 * LARGEST_HEAD_BYTES // 1000):
        writer.write(b"GET / HTTP/1.1\r\nhost: localhost\r\n" + LINE + b"\r\n")
        assert (await reader.readuntil(b"ok")).startswith(b"HTTP/1.1 200 ")
    writer.close()
    await writer.wait_closed()


@pytest.mark.parametrize("key", [b"sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n", b""])
async def test_a_handshake_where_no_websocket_is_gets_the_answer_of_the_request(port: int, key: bytes) -> None:
    request = (
        b"GET /v1/responses?a=b HTTP/1.1\r\nhost: localhost\r\nconnection: upgrade\r\nupgrade: websocket\r\n" + key + b"\r\n"
    )
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for _ in range(2):  # the connection stays usable
        writer.write(request)
        assert (await reader.readuntil(b"ok")).startswith(b"HTTP/1.1 200 ")
    writer.close()
    await writer.wait_closed()
