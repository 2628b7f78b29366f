"""The engines under contract, and what their tests share. A further engine joins by one line in `ENGINES`."""

import asyncio
import random
import ssl
import traceback
from collections.abc import Awaitable
from typing import Protocol

import pytest

from ai_engine.upstream.httpx_engine import HttpxEngine
from ai_engine.upstream.port import (
    Headers,
    Upstream,
    UpstreamAnswer,
    UpstreamError,
    UpstreamRequest,
)
from tests.fakes.raw_server import Handler, RawConnection, RawServer
from tests.patience import PATIENCE_SECONDS, within


class EngineFactory(Protocol):
    def __call__(self, *, tls: ssl.SSLContext | None = None) -> Upstream: ...


ENGINES = [
    pytest.param(HttpxEngine, id="httpx"),
]

SECRET = "sk-not-to-be-told"
LARGE = random.Random(1).randbytes(10_000_000)
OK = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"
CLOSES_WITHIN_SECONDS = 0.1


def request_to(
    server: RawServer,
    body: bytes = b"{}",
    *,
    method: str = "POST",
    scheme: str = "http",
    host: str = "127.0.0.1",
    headers: Headers = (),
    connect_seconds: float = 5,
    silence_seconds: float = 5,
) -> UpstreamRequest:
    return UpstreamRequest(
        method=method,
        url=f"{scheme}://{host}:{server.port}/v1/hidden-path",
        headers=((b"authorization", b"Bearer " + SECRET.encode()), *headers),
        body=body,
        connect_seconds=connect_seconds,
        silence_seconds=silence_seconds,
    )


def answering(*answers: bytes) -> Handler:
    """Writes one of `answers` a request, in turn, then closes the connection."""

    async def handle(connection: RawConnection) -> None:
        for answer in answers:
            if await connection.read_request() is None:
                return
            connection.write(answer)

    return handle


def always(answer: bytes) -> Handler:
    """Writes `answer` to every request, for as long as the client stays."""

    async def handle(connection: RawConnection) -> None:
        while await connection.read_request() is not None:
            connection.write(answer)

    return handle


def holding(answer: bytes) -> Handler:
    """Writes `answer` to the first request and keeps the connection until the client leaves."""

    async def handle(connection: RawConnection) -> None:
        await connection.read_request()
        connection.write(answer)
        await connection.gone.wait()

    return handle


def answer_with(body: bytes, *headers: str) -> bytes:
    head = "\r\n".join(["HTTP/1.1 200 OK", f"content-length: {len(body)}", *headers])
    return head.encode() + b"\r\n\r\n" + body


async def exchange(engine: Upstream, request: UpstreamRequest, limit_bytes: int = 50_000_000) -> tuple[UpstreamAnswer, bytes]:
    answer = await engine.send(request)
    try:
        return answer, await answer.read(limit_bytes)
    finally:
        await answer.close()


async def failure_of(work: Awaitable[object], kind: type[UpstreamError]) -> UpstreamError:
    """Expects exactly `kind`, and that neither the error nor its printed trace tells the address or a header."""
    with pytest.raises(UpstreamError) as caught:
        await work
    assert type(caught.value) is kind
    report = caught.value.message + "".join(traceback.format_exception(caught.value))
    assert SECRET not in report
    assert "hidden-path" not in caught.value.message
    assert "127.0.0.1" not in caught.value.message
    return caught.value


class Watched:
    """A server's handler that lets a test wait for a request, and for the moment at which its client leaves."""

    def __init__(self, answer: bytes = b"") -> None:
        self._answer = answer
        self._received = asyncio.Event()
        self.connections: list[RawConnection] = []

    async def __call__(self, connection: RawConnection) -> None:
        self.connections.append(connection)
        await connection.read_request()
        connection.write(self._answer)
        self._received.set()
        await connection.gone.wait()

    async def has_request(self) -> None:
        await asyncio.wait_for(self._received.wait(), PATIENCE_SECONDS)

    async def is_left_at_once(self) -> None:
        async with within(CLOSES_WITHIN_SECONDS):
            await self.connections[0].gone.wait()
