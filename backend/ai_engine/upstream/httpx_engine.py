"""The upstream port over httpx, with all of its proxy and TLS support.

Each connection is an httpx transport of its own that never holds more than one, and this module keeps the idle ones.
`AsyncClient` and a shared pool are not used because

- the client does what the port forbids: it stores cookies, parses a redirect's target (and fails on a bad one), takes
  credentials from a URL, and logs every URL;
- httpcore's pool scans all its connections for every request, so its cost grows with the load, and a request cancelled at
  the wrong moment leaks an entry. Here a cancelled request discards its transport.

A connection that the server closed while it was idle is detected before it is reused (httpcore checks whether the socket is
readable) and replaced. If it fails after the request was written, the server may have started to process it: that is
`ConnectionReset`, and the relay decides. Idle connections are closed after `keepalive_seconds`, sooner than the minute or more
after which hosted providers close theirs, which makes such races rare.
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
    UpstreamTimeout,
    header,
)

_LIBRARY_ERRORS = (httpx.HTTPError, OSError, UnicodeError)
"""What httpx, httpcore, ssl and sockets raise about the peer. Other exceptions are bugs and propagate."""

_ENGINE_HEADERS = frozenset({b"host", b"content-length", b"transfer-encoding", b"connection", b"accept-encoding"})
"""Headers that describe this exchange; the engine sets them itself, whatever the request has."""

_WRITE_BYTES = 256 * 1024


class _Target(NamedTuple):
    """A parsed request URL, cached."""

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
"""The proxy's URL for a scheme and a host; `None` for a direct connection."""


def proxy_from_environment(scheme: str, host: str) -> str | None:
    """The proxy from `HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY` and `NO_PROXY`, as the standard library reads them."""
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
        """`tls` replaces the default trust store (public CAs, or `SSL_CERT_FILE`). Loopback never uses a proxy."""
        self._tls = tls or httpx.create_ssl_context()
        self._find_proxy = find_proxy
        self._keepalive_seconds = keepalive_seconds
        self._max_idle = max_idle_per_origin
        self._origins: dict[tuple[str, str, int | None], _Origin] = {}
        self._is_closed = False

    async def send(self, request: UpstreamRequest) -> "_Answer":
        """See `port`."""
        if self._is_closed:
            raise ConnectFailed("The engine is shutting down.")
        try:
            target = _target(request.url)
        except httpx.InvalidURL:
            raise ConnectFailed("The provider's base URL is invalid.") from None
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
        """Closes every connection, including those in use, and refuses further requests."""
        self._is_closed = True
        for origin in self._origins.values():
            await origin.close()


class _Origin:
    """The connections to one scheme, host and port. The most recently used is taken first, so that surplus ones expire."""

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
        """An idle connection, or a new one that is not connected yet. Raises `ConnectFailed` if the proxy is invalid."""
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
            raise ConnectFailed("The proxy in the environment is invalid.") from None
        connection = _Connection(transport, self)
        self._open.add(connection)
        return connection

    def release(self, connection: "_Connection") -> None:
        """Keeps it for reuse; beyond the limit the oldest idle one is closed."""
        if connection not in self._open:
            return
        connection.idle_since = self._loop.time()
        self._idle.append(connection)
        if len(self._idle) > self._max_idle:
            self._close_soon(self._idle.popleft())
        if self._timer is None:
            self._timer = self._loop.call_later(self._keepalive_seconds, self._close_expired)

    def forget(self, connection: "_Connection") -> None:
        """Removes a connection that is closed or closing."""
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
        """Closes every connection."""
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
        """The timeout until the request can be written; `None` afterwards."""

    async def send(self, request: UpstreamRequest, target: _Target) -> "_Answer":
        """Connects if needed, sends the request and reads status and headers."""
        prepared = self._prepare(request, target)
        try:
            async with asyncio.timeout(request.connect_seconds) as self._connecting:
                response = await self._transport.handle_async_request(prepared)
        except _LIBRARY_ERRORS as error:
            # `from None`: the library's message may contain the address or, for an illegal header, a provider key.
            raise self._failure_before_headers(error) from None
        return _Answer(self, response)

    def _prepare(self, request: UpstreamRequest, target: _Target) -> httpx.Request:
        headers = [(b"host", target.url.netloc), *(pair for pair in request.headers if pair[0] not in _ENGINE_HEADERS)]
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
            extensions={"timeout": timeouts, "trace": self._trace},
        )

    async def _trace(self, event: str, info: Mapping[str, Any]) -> None:
        """Httpcore's `trace` extension, for two facts that are not available otherwise."""
        if event.endswith("connect_tcp.complete"):
            # A cancelled TLS handshake would leave this open: httpcore closes it on errors only.
            self._tcp = info["return_value"]
        elif event == "http11.send_request_headers.started" and info["request"].method != b"CONNECT":
            self._end_connecting()

    def _end_connecting(self) -> None:
        # httpcore applies `connect_seconds` to TCP and TLS separately; the timeout over both ends here.
        if self._connecting is not None and not self._connecting.expired():
            self._connecting.reschedule(None)
            self._connecting = None

    def _failure_before_headers(self, error: Exception) -> UpstreamError:
        if isinstance(error, httpx.LocalProtocolError):
            return ConnectFailed("The request was not sent: a header or a key contains an illegal character.")
        if self._connecting is not None:
            return ConnectFailed(f"Connection failed: {_reason(error)}.")
        if isinstance(error, httpx.TimeoutException):
            return UpstreamTimeout("Timeout while waiting for the provider's response headers.")
        return ConnectionReset("The provider closed the connection or sent invalid HTTP before its response headers.")

    def release(self) -> None:
        """The exchange is complete, and the connection reusable."""
        self._origin.release(self)

    async def close(self) -> None:
        """Closes the connection now, in any state. Idempotent."""
        self._origin.forget(self)
        # First, because it closes the socket before it awaits anything, so that a second cancellation cannot keep it open.
        if self._tcp is not None:
            await self._tcp.aclose()
        await self._transport.aclose()


class _Body(httpx.AsyncByteStream):
    """A request body in chunks, so that the write timeout applies to progress and not to a large body as a whole."""

    def __init__(self, body: bytes) -> None:
        self._body = body

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for start in range(0, len(self._body), _WRITE_BYTES):
            yield self._body[start : start + _WRITE_BYTES]


class _Answer:
    """Implements `upstream.port.UpstreamAnswer`."""

    __slots__ = ("_connection", "_is_finished", "_response", "headers", "status")

    def __init__(self, connection: _Connection, response: httpx.Response) -> None:
        self._connection = connection
        self._response = response
        self._is_finished = False
        self.status = response.status_code
        self.headers: Headers = tuple((name.lower(), value) for name, value in response.headers.raw)

    async def chunks(self) -> AsyncIterator[bytes]:
        """See `port`."""
        decompression = decompression_of(self.headers)
        assert isinstance(self._response.stream, httpx.AsyncByteStream)
        try:
            async for chunk in self._response.stream:
                if decompression is None:
                    yield chunk
                else:
                    for decompressed in decompression.feed(chunk):
                        yield decompressed
                        # A few bytes may decompress to thousands of chunks; other tasks run between them.
                        await asyncio.sleep(0)
        except httpx.TimeoutException:
            raise UpstreamTimeout("Timeout within the provider's response.") from None
        except _LIBRARY_ERRORS:
            raise ConnectionCut("The provider's response is incomplete.") from None
        if decompression is not None:
            decompression.end()
        await self._finish()

    async def _finish(self) -> None:
        await self._response.aclose()
        if not self._is_finished:
            self._is_finished = True
            if self._is_reusable():
                self._connection.release()
            else:
                await self._connection.close()

    def _is_reusable(self) -> bool:
        if self._response.extensions.get("http_version") != b"HTTP/1.1":
            return False
        return "close" not in (header(self.headers, b"connection") or "").lower()

    async def read(self, limit_bytes: int) -> bytes:
        """See `port`. The limit applies to decompressed bytes, during decompression."""
        chunks: list[bytes] = []
        size = 0
        async for chunk in self.chunks():
            size += len(chunk)
            if size > limit_bytes:
                raise AnswerTooLarge(f"The provider's response is larger than {limit_bytes} bytes.")
            chunks.append(chunk)
        return b"".join(chunks)

    async def close(self) -> None:
        """See `port`."""
        if not self._is_finished:
            self._is_finished = True
            await self._connection.close()


_REASONS: tuple[tuple[type[BaseException], str], ...] = (
    (ssl.SSLCertVerificationError, "untrusted TLS certificate"),
    (ssl.SSLError, "TLS handshake failed"),
    (socket.gaierror, "DNS lookup failed"),
    (UnicodeError, "DNS lookup failed"),
    (ConnectionRefusedError, "connection refused"),
    (httpx.TimeoutException, "timeout"),
    (TimeoutError, "timeout"),
    (httpx.ProxyError, "refused by the proxy"),
    (httpx.UnsupportedProtocol, "unsupported URL scheme"),
)


def _reason(error: Exception) -> str:
    """Why there is no connection, without any address."""
    for cause in _causes(error):
        for kind, reason in _REASONS:
            if isinstance(cause, kind):
                return reason
    return "network error"


def _causes(error: BaseException) -> Iterator[BaseException]:
    """The error and its causes; of several addresses that were tried, the first."""
    current: BaseException | None = error
    while current is not None:
        yield current
        current = current.exceptions[0] if isinstance(current, BaseExceptionGroup) else current.__cause__ or current.__context__
