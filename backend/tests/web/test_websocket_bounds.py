import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Mapping
from typing import Any

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from ai_engine.web.disconnect import Receive
from ai_engine.web.middleware import Scope, Send
from ai_engine.web.websocket_bounds import LARGEST_BACKLOG_BYTES, UVICORN_OPTIONS
from tests.patience import PATIENCE_SECONDS, within
from tests.web.uvicorn_server import serving

pytestmark = pytest.mark.anyio

HANDSHAKE = (
    b"GET /ws?token=sk-secret-in-the-query HTTP/1.1\r\nhost: localhost\r\nupgrade: websocket\r\nconnection: Upgrade\r\n"
    b"sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\nauthorization: Bearer sk-secret-in-a-header\r\n"
)
PING = b"\x89\xfd\x00\x00\x00\x00" + b"p" * 125


class Listening:
    """An app that accepts, and waits until the connection ends."""

    def __init__(self) -> None:
        self.ended = asyncio.Event()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "websocket.accept"})
        while (await receive())["type"] != "websocket.disconnect":
            pass
        self.ended.set()


@contextlib.asynccontextmanager
async def raw_connection(
    app: Any, options: Mapping[str, Any] = UVICORN_OPTIONS, handshake: bytes = HANDSHAKE + b"\r\n"
) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    """An accepted one, whose other end is a mere socket: it answers no ping, and reads when the test does."""
    async with serving(app, **options) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        try:
            writer.write(handshake)
            assert (await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), PATIENCE_SECONDS)).startswith(b"HTTP/1.1 101 ")
            yield reader, writer
        finally:
            writer.close()
            with contextlib.suppress(ConnectionError):
                await writer.wait_closed()


async def test_a_peer_that_answers_no_ping_is_cut(anyio_backend: str) -> None:
    app = Listening()
    options = {**UVICORN_OPTIONS, "ws_ping_interval": 0.05, "ws_ping_timeout": 0.05}
    async with raw_connection(app, options) as (reader, _), within(5):
        with contextlib.suppress(ConnectionError):
            assert b"\x88" not in await reader.read(), "no close frame to a peer that is gone"
        await app.ended.wait()


async def test_a_peer_that_answers_pings_stays(anyio_backend: str) -> None:
    app = Listening()
    async with serving(app, **{**UVICORN_OPTIONS, "ws_ping_interval": 0.02, "ws_ping_timeout": 5}) as port:
        async with connect(f"ws://127.0.0.1:{port}/", proxy=None) as connection:
            for _ in range(5):
                await (await connection.ping())
            assert not app.ended.is_set()
        await asyncio.wait_for(app.ended.wait(), PATIENCE_SECONDS)


async def test_pings_without_end_from_a_peer_that_takes_no_answer_end_the_connection(anyio_backend: str) -> None:
    app, sent = Listening(), 0
    async with raw_connection(app) as (_, writer):
        with contextlib.suppress(ConnectionError):
            while not app.ended.is_set():
                assert sent < 8 * LARGEST_BACKLOG_BYTES
                writer.write(PING * 1000)
                sent += len(PING) * 1000
                await writer.drain()
        await asyncio.wait_for(app.ended.wait(), PATIENCE_SECONDS)


@pytest.mark.parametrize("size", [9_000, 30_000])
async def test_a_head_that_is_too_long_is_refused_at_once(anyio_backend: str, size: int) -> None:
    async with serving(Listening(), **UVICORN_OPTIONS) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(HANDSHAKE + b"cookie: " + b"c" * size + b"\r\n\r\n")
        answer = await asyncio.wait_for(reader.read(), PATIENCE_SECONDS)
        writer.close()
    assert answer.startswith(b"HTTP/1.1 431 ")
    assert b'"code":"headers_too_large"' in answer


async def test_a_handshake_that_is_none_is_refused_at_once(anyio_backend: str) -> None:
    async with serving(Listening(), **UVICORN_OPTIONS) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"GET /ws HTTP/1.1\r\nhost: localhost\r\nupgrade: websocket\r\nconnection: Upgrade\r\n\r\n")
        answer = await asyncio.wait_for(reader.read(), PATIENCE_SECONDS)
        writer.close()
    assert answer.startswith(b"HTTP/1.1 4")


async def test_no_log_says_what_came_in_query_and_headers(anyio_backend: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, logger="uvicorn")
    caplog.set_level(logging.DEBUG, logger="uvicorn.error")
    async with raw_connection(Listening()):
        pass
    assert "Shutting down" in caplog.text
    assert "sk-secret" not in caplog.text


async def test_a_refused_handshake_is_no_error_of_ours(anyio_backend: str, caplog: pytest.LogCaptureFixture) -> None:
    async def refuse(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "websocket.http.response.start", "status": 401, "headers": []})
        await send({"type": "websocket.http.response.body", "body": b"no"})

    async with serving(refuse, **UVICORN_OPTIONS) as port:
        with pytest.raises(InvalidStatus, match="401"):
            async with connect(f"ws://127.0.0.1:{port}/", proxy=None):
                pass
    assert not [record for record in caplog.records if record.levelno >= logging.WARNING]
