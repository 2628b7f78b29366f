"""A TCP server below HTTP, which can do to a client what no framework would: reset, cut, fall silent, talk nonsense."""

import asyncio
import socket
import ssl
import struct
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from types import TracebackType
from typing import Self, cast


@dataclass(frozen=True, slots=True)
class RawRequest:
    """One HTTP request as it came over the wire."""

    method: str
    target: str
    headers: tuple[tuple[str, str], ...]
    """Names in lower case, in the order they came."""
    body: bytes

    def header(self, name: str) -> str | None:
        return next((value for key, value in self.headers if key == name), None)


class RawConnection(asyncio.Protocol):
    """One accepted connection: the handler reads requests from it and writes whatever it likes."""

    def __init__(self, server: "RawServer") -> None:
        self._server = server
        self._received = bytearray()
        self._progress = asyncio.Event()
        self.gone = asyncio.Event()
        """Set when the client has ended the connection, politely or not, or when it was ended here."""
        self.gone_at: float | None = None
        """Monotonic time of that moment."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's is one without being an instance
        self._server._accept(self)

    async def _start_tls(self, tls: ssl.SSLContext) -> None:
        secured = await asyncio.get_running_loop().start_tls(self._transport, self, tls, server_side=True)
        self._transport = cast(asyncio.Transport, secured)

    def data_received(self, data: bytes) -> None:
        self._received += data
        self._progress.set()

    def eof_received(self) -> bool:
        self._leave()
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        self._leave()
        self._server.open.discard(self)

    def _leave(self) -> None:
        if not self.gone.is_set():
            self.gone_at = time.monotonic()
            self.gone.set()
            self._progress.set()

    async def _has(self, enough: Callable[[], bool]) -> bool:
        while not enough():
            if self.gone.is_set():
                return False
            self._progress.clear()
            await self._progress.wait()
        return True

    async def hears_something(self) -> bool:
        """Waits for the first byte that nobody has read; `False` if the client leaves first."""
        return await self._has(lambda: bool(self._received))

    async def read_request(self) -> RawRequest | None:
        """The next request, its body (of a `content-length`) included; `None` if the client leaves first."""
        if not await self._has(lambda: b"\r\n\r\n" in self._received):
            return None
        head, _, rest = bytes(self._received).partition(b"\r\n\r\n")
        self._received = bytearray(rest)
        first, *lines = head.decode("latin-1").split("\r\n")
        method, target, _ = first.split(" ")
        headers = tuple((name.lower(), value.strip()) for name, _, value in (line.partition(":") for line in lines))
        length = int(next((value for name, value in headers if name == "content-length"), "0"))
        if not await self._has(lambda: len(self._received) >= length):
            return None
        body = bytes(self._received[:length])
        del self._received[:length]
        return RawRequest(method, target, headers, body)

    def write(self, data: bytes) -> None:
        """Send it; what is written after the client left goes nowhere."""
        if not self._transport.is_closing():
            self._transport.write(data)

    def stop_reading(self) -> None:
        """Let the client's bytes pile up. From here on `gone` does not hear the client either."""
        self._transport.pause_reading()

    def close(self) -> None:
        """End it politely, once everything written is sent."""
        self._transport.close()

    def reset(self) -> None:
        """End it with a TCP reset; what was written and has not yet arrived may be lost."""
        raw: socket.socket = self._transport.get_extra_info("socket")
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._transport.abort()


Handler = Callable[[RawConnection], Awaitable[None]]
"""Serves one connection; when it returns, the connection is closed."""


class RawServer:
    """Listens on a free loopback port while its `async with` lasts, and counts."""

    def __init__(self, handler: Handler, *, tls: ssl.SSLContext | None = None) -> None:
        self._handler = handler
        self._tls = tls
        self._tasks: list[asyncio.Task[None]] = []
        self.accepted = 0
        """Connections so far, with TLS also those whose handshake failed."""
        self.open: set[RawConnection] = set()

    async def __aenter__(self) -> Self:
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: RawConnection(self), "127.0.0.1", 0, backlog=1024)
        self.port: int = self._server.sockets[0].getsockname()[1]
        return self

    def _accept(self, connection: RawConnection) -> None:
        self.accepted += 1
        self.open.add(connection)
        if self._tls is not None:
            connection.stop_reading()  # until `start_tls` reads in its place
        self._tasks.append(asyncio.get_running_loop().create_task(self._serve(connection)))

    async def _serve(self, connection: RawConnection) -> None:
        try:
            if self._tls is not None:
                try:
                    await connection._start_tls(self._tls)
                except OSError:  # the client did not like the certificate: nothing to serve
                    return
            await self._handler(connection)
        finally:
            connection.close()

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Raises what a handler raised, unless the test failed first."""
        self._server.close()
        for task in self._tasks:
            task.cancel()
        outcomes = await asyncio.gather(*self._tasks, return_exceptions=True)
        for connection in list(self.open):
            connection._transport.abort()
        await self._server.wait_closed()
        for outcome in outcomes:
            if isinstance(outcome, Exception) and error is None:
                raise outcome
