"""The upstream port: send a request, get status and headers, then the body as a stream of bytes.

An engine implements HTTP and knows no models. Every engine passes `tests/contracts/test_upstream_engines*.py`:

- redirects are not followed, cookies not stored, and no credentials added;
- compressed bodies are decompressed by `chunks()` and `read()`;
- cancelling `send()`, and `close()` before the end of the body, close the connection at once;
- a connection is reused after a body was read to its end;
- all failures are raised as one of the `UpstreamError`s below.
"""

from collections.abc import AsyncIterator
from typing import NamedTuple, Protocol

from ai_engine.errors import AIEngineError

Headers = tuple[tuple[bytes, bytes], ...]
"""Lower-case names, in the order received."""


class UpstreamRequest(NamedTuple):
    """An HTTP request."""

    method: str
    url: str
    headers: Headers
    body: bytes
    connect_seconds: float
    """Name resolution, TCP and TLS together."""
    silence_seconds: float
    """Idle timeout: the longest time without a byte in either direction, before and after the headers."""

    def __repr__(self) -> str:
        """Method and URL only: headers contain a provider key, the body a client's messages."""
        return f"UpstreamRequest({self.method} {self.url})"


class UpstreamAnswer(Protocol):
    """A provider's response whose body may not have arrived yet. Its owner calls `close()` on every path."""

    @property
    def status(self) -> int:
        """The HTTP status."""

    @property
    def headers(self) -> Headers:
        """The response's headers."""

    def chunks(self) -> AsyncIterator[bytes]:
        """The body as it arrives; can be iterated once. Raises `ConnectionCut`, `UpstreamTimeout`."""

    async def read(self, limit_bytes: int) -> bytes:
        """The whole body. Raises `ConnectionCut`, `UpstreamTimeout`, `AnswerTooLarge`."""

    async def close(self) -> None:
        """Ends the exchange; idempotent, also after the end of the body."""


class Upstream(Protocol):
    """An HTTP client for providers."""

    async def send(self, request: UpstreamRequest) -> UpstreamAnswer:
        """Sends the request and waits for status and headers. Raises `ConnectFailed`, `ConnectionReset`, `UpstreamTimeout`."""

    async def close(self) -> None:
        """Closes every connection."""


class UpstreamError(AIEngineError):
    """An exchange with a provider failed. The message contains no URL and no header."""


class ConnectFailed(UpstreamError):
    """No connection: DNS, refused, unreachable, TLS, or `connect_seconds` exceeded. Nothing was sent."""


class ConnectionReset(UpstreamError):
    """The connection was closed, or the response was not valid HTTP, before the headers were complete."""


class ConnectionCut(UpstreamError):
    """The connection was closed, or the response was not valid HTTP, within the body."""


class UpstreamTimeout(UpstreamError):
    """No byte was transferred for `silence_seconds`."""


class AnswerTooLarge(UpstreamError):
    """The body is larger than the reader allows."""


def header(headers: Headers, name: bytes) -> str | None:
    """The first value of a header by its lower-case name, or `None`."""
    for key, value in headers:
        if key == name:
            return value.decode("latin-1")
    return None
