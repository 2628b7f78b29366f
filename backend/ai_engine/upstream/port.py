"""The upstream port: send a request, get status and headers, then the body's bytes as they come.

An engine knows HTTP and nothing of models. Every engine passes `tests/contracts/test_upstream_engines*.py`:

- no redirect is followed, no cookie is kept, no credential is added that the request does not carry;
- a compressed body is decoded, so `chunks()` and `read()` give what the provider wrote;
- leaving `send()` by cancellation, and `close()` before the end of the body, close the connection at once;
- a body that was read to its end gives the connection back for reuse;
- what goes wrong is raised as one of the `UpstreamError`s below, and as nothing else.
"""

from collections.abc import AsyncIterator
from typing import NamedTuple, Protocol

from ai_engine.errors import AIEngineError

Headers = tuple[tuple[bytes, bytes], ...]
"""Lower-case names, in the order they came."""


class UpstreamRequest(NamedTuple):
    """One HTTP request, ready to go."""

    method: str
    url: str
    headers: Headers
    body: bytes
    connect_seconds: float
    """Name resolution, TCP and TLS together."""
    silence_seconds: float
    """The longest time without a byte in either direction, before and after the headers."""

    def __repr__(self) -> str:
        """Method and URL alone: the headers hold a provider key, the body what a client said."""
        return f"UpstreamRequest({self.method} {self.url})"


class UpstreamAnswer(Protocol):
    """A provider's answer whose body may still be on its way. Whoever holds it calls `close()`, on every path."""

    @property
    def status(self) -> int:
        """The HTTP status."""

    @property
    def headers(self) -> Headers:
        """The answer's headers."""

    def chunks(self) -> AsyncIterator[bytes]:
        """The body as it arrives, once. Raises `ConnectionCut`, `UpstreamSilent`."""

    async def read(self, limit_bytes: int) -> bytes:
        """The whole body. Raises `ConnectionCut`, `UpstreamSilent`, `AnswerTooLarge`."""

    async def close(self) -> None:
        """End the exchange; safe to call twice, and after the body's end."""


class Upstream(Protocol):
    """A way to reach providers."""

    async def send(self, request: UpstreamRequest) -> UpstreamAnswer:
        """Send it and wait for the status line and headers. Raises `ConnectFailed`, `ConnectionReset`, `UpstreamSilent`."""

    async def close(self) -> None:
        """Give every connection back."""


class UpstreamError(AIEngineError):
    """An exchange with a provider that did not become an HTTP answer. The message names no URL and no header."""


class ConnectFailed(UpstreamError):
    """No connection came to be: DNS, refused, unreachable, TLS, or `connect_seconds` passed. Nothing was sent."""


class ConnectionReset(UpstreamError):
    """The connection ended, or stopped making sense as HTTP, before the headers were complete."""


class ConnectionCut(UpstreamError):
    """The connection ended, or stopped making sense as HTTP, inside the body."""


class UpstreamSilent(UpstreamError):
    """No byte moved for `silence_seconds`."""


class AnswerTooLarge(UpstreamError):
    """The body is larger than the reader allows."""


def header(headers: Headers, name: bytes) -> str | None:
    """The first value of a header by its lower-case name, or `None`."""
    for key, value in headers:
        if key == name:
            return value.decode("latin-1")
    return None
