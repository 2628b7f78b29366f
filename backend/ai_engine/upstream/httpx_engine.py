"""The upstream port over httpx: every proxy and every odd TLS that httpx understands.

Each connection is an httpx transport of its own that never holds more than one, and this module keeps the idle ones.
`AsyncClient` and a shared pool are left aside on purpose:

- the client has opinions that the port forbids: it stores cookies, reads a redirect's target (and fails on a bad one), takes
  credentials from a URL, and logs every URL;
- httpcore's pool looks at all its connections for every request, so its cost grows with the load, and a request cancelled in
  the wrong moment leaves an entry in it for ever. Here a cancelled request throws its whole transport away.

A connection that the server closed while it was idle is noticed before it is used again (httpcore looks whether the socket is
readable) and replaced unseen. If it dies after the request was written, nobody can know whether the server began to work on
it: that is `ConnectionReset`, and the relay decides. Idle connections go after `keepalive_seconds`, sooner than the minute or
more after which hosted providers close theirs, which keeps such crossings rare.
"""

import asyncio
import ipaddress
import socket
import ssl
import urllib.request
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from functools import lru_cache
from typing import Any, NamedTuple

import httpx

from ai_engine.upstream.decompression import ACCEPTED_ENCODINGS, decompression_of
from ai_engine.upstream.port import (
    AnswerTooLarge,
    ConnectFailed,
    ConnectionCut,
    ConnectionReset,
    Headers,
    UpstreamError,
    UpstreamRequest,
    UpstreamSilent,
    header,
)

_LIBRARY_ERRORS = (httpx.HTTPError, OSError, UnicodeError)
"""What httpx, httpcore, ssl and the sockets raise about the other side. The rest is a mistake of ours, and stays one."""

_OURS_TO_SAY = frozenset({b"host", b"content-length", b"transfer-encoding", b"connection", b"accept-encoding"})
"""Headers that describe this exchange; the engine writes them itself, whatever the request has."""

_WRITE_BYTES = 256 * 1024


class _Target(NamedTuple):
    """A request's URL, taken apart once."""

    url: httpx.URL
    origin: tuple[str, str, int | None]
    is_loopback: bool


@lru_cache(maxsize=1024)
def _target(url: str) -> _Target:
    parsed = httpx.URL(url)
    return _Target(parsed, (parsed.scheme, parsed.host, parsed.port), _is_loopback(parsed.host))


def _is_loopback(host: str) -> bool:
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


FindProxy = Callable[[str, str], str | None]
"""The proxy's URL for a scheme and a host, `None` for a direct connection."""


def proxy_from_environment(scheme: str, host: str) -> str | None:
    """What `HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY` and `NO_PROXY` say, in either case, as the standard library reads them."""
    proxies = urllib.request.getproxies()
    proxy = proxies.get(scheme) or proxies.get("all")
    if not proxy or urllib.request.proxy_bypass(host):
        return None
    return proxy if "://" in proxy else f"http://{proxy}"


class HttpxEngine:
    """Implements `upstream.port.Upstream`. One engine serves one event loop."""

    def __init__(
        self,
        *,
        tls: ssl.SSLContext | None = None,
        find_proxy: FindProxy = proxy_from_environment,
        keepalive_seconds: float = 30,
        max_idle_per_origin: int = 64,
    ) -> None:
        """`tls` replaces the default trust in the public authorities (or `SSL_CERT_FILE`). Loopback never asks `find_proxy`."""
        self._tls = tls or httpx.create_ssl_context()
        self._find_proxy = find_proxy
        self._keepalive_seconds = keepalive_seconds
        self._max_idle = max_idle_per_origin
        self._origins: dict[tuple[str, str, int | None], _Origin] = {}
        self._is_closed = False

    async def send(self, request: UpstreamRequest) -> "_Answer":
        """As the port promises."""
        if self._is_closed:
            raise ConnectFailed("The engine is shutting down.")
        try:
            target = _target(request.url)
        except httpx.InvalidURL:
            raise ConnectFailed("The provider's address is no usable URL.") from None
        connection = self._origin_of(target).take()
        try:
            return await connection.send(request, target)
        except BaseException:
            await connection.close()
            raise

    def _origin_of(self, target: _Target) -> "_Origin":
        origin = self._origins.get(target.origin)
        if origin is None:
            scheme, host, _ = target.origin
            proxy = None if target.is_loopback else self._find_proxy(scheme, host)
            origin = _Origin(self._tls, proxy, self._keepalive_seconds, self._max_idle)
            self._origins[target.origin] = origin
        return origin

    async def close(self) -> None:
        """Ends every connection, those in use too, and refuses further requests."""
        self._is_closed = True
        for origin in self._origins.values():
            await origin.close()


class _Origin:
    """The connections to one scheme, host and port. The most recently used is taken first, so that a surplus ages and goes."""

    def __init__(self, tls: ssl.SSLContext, proxy: str | None, keepalive_seconds: float, max_idle: int) -> None:
        self._tls = tls
        self._proxy = proxy
        self._keepalive_seconds = keepalive_seconds
        self._max_idle = max_idle
        self._loop = asyncio.get_running_loop()
        self._open: set[_Connection] = set()
        self._idle: deque[_Connection] = deque()
        """Oldest first."""
        self._timer: asyncio.TimerHandle | None = None
        self._closings: set[asyncio.Task[None]] = set()

    def take(self) -> "_Connection":
        """An idle connection, or a new one that is not yet connected. Raises `ConnectFailed` if the proxy cannot be used."""
        if self._idle:
            return self._idle.pop()
        try:
            transport = httpx.AsyncHTTPTransport(
                verify=self._tls,
                trust_env=False,
                proxy=self._proxy,
                limits=httpx.Limits(max_connections=1, max_keepalive_connections=1, keepalive_expiry=self._keepalive_seconds),
            )
        except (ImportError, ValueError, httpx.InvalidURL):
            raise ConnectFailed("The proxy that the environment names cannot be used.") from None
        connection = _Connection(transport, self)
        self._open.add(connection)
        return connection

    def give_back(self, connection: "_Connection") -> None:
        """Keep it for the next request, at the cost of the oldest if there are too many."""
        if connection not in self._open:
            return
        connection.idle_since = self._loop.time()
        self._idle.append(connection)
        if len(self._idle) > self._max_idle:
            self._close_soon(self._idle.popleft())
        if self._timer is None:
            self._timer = self._loop.call_later(self._keepalive_seconds, self._close_expired)

    def forget(self, connection: "_Connection") -> None:
        """It is closed, or about to be."""
        self._open.discard(connection)

    def _close_expired(self) -> None:
        self._timer = None
        while self._idle and self._idle[0].idle_since + self._keepalive_seconds <= self._loop.time():
            self._close_soon(self._idle.popleft())
        if self._idle:
            self._timer = self._loop.call_at(self._idle[0].idle_since + self._keepalive_seconds, self._close_expired)

    def _close_soon(self, connection: "_Connection") -> None:
        task = self._loop.create_task(connection.close())
        self._closings.add(task)
        task.add_done_callback(self._closings.discard)

    async def close(self) -> None:
        """End every connection."""
        if self._timer is not None:
            self._timer.cancel()
        self._idle.clear()
        for connection in list(self._open):
            await connection.close()
        await asyncio.gather(*self._closings)


class _Connection:
    """An httpx transport with at most one connection in it, serving one exchange at a time."""

    def __init__(self, transport: httpx.AsyncHTTPTransport, origin: _Origin) -> None:
        self.idle_since = 0.0
        self._transport = transport
        self._origin = origin
        self._tcp: Any = None
        """httpcore's network stream, under any TLS; `None` before the first connection."""
        self._connecting: asyncio.Timeout | None = None
        """Runs while there is no connection that the request could be written to."""

    async def send(self, request: UpstreamRequest, target: _Target) -> "_Answer":
        """Connects if need be, writes the request and reads the head of the answer."""
        prepared = self._prepare(request, target)
        try:
            async with asyncio.timeout(request.connect_seconds) as self._connecting:
                response = await self._transport.handle_async_request(prepared)
        except _LIBRARY_ERRORS as error:
            # `from None`: the library's own words may hold the address or, for an illegal header, a provider key.
            raise self._failure_before_headers(error) from None
        return _Answer(self, response)

    def _prepare(self, request: UpstreamRequest, target: _Target) -> httpx.Request:
        headers = [(b"host", target.url.netloc), *(pair for pair in request.headers if pair[0] not in _OURS_TO_SAY)]
        headers.append((b"accept-encoding", ACCEPTED_ENCODINGS))
        if request.body or request.method not in ("GET", "HEAD", "DELETE"):
            headers.append((b"content-length", b"%d" % len(request.body)))
        timeouts = {
            "connect": request.connect_seconds,
            "pool": request.connect_seconds,
            "read": request.silence_seconds,
            "write": request.silence_seconds,
        }
        return httpx.Request(
            request.method,
            target.url,
            headers=headers,
            stream=_Body(request.body),
            extensions={"timeout": timeouts, "trace": self._hear},
        )

    async def _hear(self, event: str, info: Mapping[str, Any]) -> None:
        """Listens to httpcore's `trace` extension for two facts that nothing else tells."""
        if event.endswith("connect_tcp.complete"):
            # A TLS handshake that is cancelled would leave this open: httpcore closes it for errors only.
            self._tcp = info["return_value"]
        elif event == "http11.send_request_headers.started" and info["request"].method != b"CONNECT":
            self._end_connecting()

    def _end_connecting(self) -> None:
        # httpcore gives TCP and TLS `connect_seconds` each; the one deadline over both ends here.
        if self._connecting is not None and not self._connecting.expired():
            self._connecting.reschedule(None)
            self._connecting = None

    def _failure_before_headers(self, error: Exception) -> UpstreamError:
        if isinstance(error, httpx.LocalProtocolError):
            return ConnectFailed("The request is not valid HTTP, so it was not sent: a header or a key has an illegal character.")
        if self._connecting is not None:
            return ConnectFailed(f"No connection: {_reason(error)}.")
        if isinstance(error, httpx.TimeoutException):
            return UpstreamSilent("The provider was silent before its answer's headers.")
        return ConnectionReset("The provider's connection ended, or stopped making sense as HTTP, before its answer's headers.")

    def give_back(self) -> None:
        """The exchange is over, and the connection fit for another."""
        self._origin.give_back(self)

    async def close(self) -> None:
        """End the connection now, whatever state it is in. Safe to call twice."""
        self._origin.forget(self)
        # First, because it cuts the socket before it waits for anything: a second cancellation comes too late to keep it open.
        if self._tcp is not None:
            await self._tcp.aclose()
        await self._transport.aclose()


class _Body(httpx.AsyncByteStream):
    """A request's body in pieces, so that the write timeout watches over progress and not over the whole of a large body."""

    def __init__(self, body: bytes) -> None:
        self._body = body

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for start in range(0, len(self._body), _WRITE_BYTES):
            yield self._body[start : start + _WRITE_BYTES]


class _Answer:
    """Implements `upstream.port.UpstreamAnswer`."""

    __slots__ = ("_connection", "_is_over", "_response", "headers", "status")

    def __init__(self, connection: _Connection, response: httpx.Response) -> None:
        self._connection = connection
        self._response = response
        self._is_over = False
        self.status = response.status_code
        self.headers: Headers = tuple((name.lower(), value) for name, value in response.headers.raw)

    async def chunks(self) -> AsyncIterator[bytes]:
        """As the port promises."""
        decompression = decompression_of(self.headers)
        assert isinstance(self._response.stream, httpx.AsyncByteStream)
        try:
            async for chunk in self._response.stream:
                if decompression is None:
                    yield chunk
                else:
                    for piece in decompression.feed(chunk):
                        yield piece
                        # A few bytes may unfold into a thousand pieces, and others want their turn between them.
                        await asyncio.sleep(0)
        except httpx.TimeoutException:
            raise UpstreamSilent("The provider fell silent inside its answer.") from None
        except _LIBRARY_ERRORS:
            raise ConnectionCut("The provider's answer ended before it was complete.") from None
        if decompression is not None:
            decompression.end()
        await self._finish()

    async def _finish(self) -> None:
        await self._response.aclose()
        if not self._is_over:
            self._is_over = True
            if self._is_reusable():
                self._connection.give_back()
            else:
                await self._connection.close()

    def _is_reusable(self) -> bool:
        if self._response.extensions.get("http_version") != b"HTTP/1.1":
            return False
        return "close" not in (header(self.headers, b"connection") or "").lower()

    async def read(self, limit_bytes: int) -> bytes:
        """As the port promises. The limit counts decompressed bytes, and holds while they are being decompressed."""
        pieces: list[bytes] = []
        size = 0
        async for piece in self.chunks():
            size += len(piece)
            if size > limit_bytes:
                raise AnswerTooLarge(f"The provider's answer is larger than {limit_bytes} bytes.")
            pieces.append(piece)
        return b"".join(pieces)

    async def close(self) -> None:
        """As the port promises."""
        if not self._is_over:
            self._is_over = True
            await self._connection.close()


_REASONS: tuple[tuple[type[BaseException], str], ...] = (
    (ssl.SSLCertVerificationError, "the provider's TLS certificate is not trusted"),
    (ssl.SSLError, "the TLS handshake failed"),
    (socket.gaierror, "the provider's name does not resolve"),
    (UnicodeError, "the provider's name does not resolve"),
    (ConnectionRefusedError, "it was refused"),
    (httpx.TimeoutException, "it took too long"),
    (TimeoutError, "it took too long"),
    (httpx.ProxyError, "the proxy refused it"),
    (httpx.UnsupportedProtocol, "the address is neither http nor https"),
)


def _reason(error: Exception) -> str:
    """Why there is no connection, in words that hold no address."""
    for cause in _causes(error):
        for kind, words in _REASONS:
            if isinstance(cause, kind):
                return words
    return "the network could not make one"


def _causes(error: BaseException) -> Iterator[BaseException]:
    """The error and what led to it; of several addresses that were tried, the first."""
    current: BaseException | None = error
    while current is not None:
        yield current
        current = current.exceptions[0] if isinstance(current, BaseExceptionGroup) else current.__cause__ or current.__context__
