"""The ASGI middlewares around every route; none of them uses `BaseHTTPMiddleware`."""

import itertools
import logging
import os
import re
from collections.abc import Awaitable, Callable, Mapping, MutableMapping, Sequence
from http import HTTPStatus
from types import MappingProxyType
from typing import Any

from starlette.exceptions import HTTPException
from starlette.middleware.cors import CORSMiddleware

from ai_engine.clock import Clock
from ai_engine.errors import AIEngineError, BodyTooLarge
from ai_engine.events import CLIENT_CLOSED_REQUEST
from ai_engine.telemetry.logs import AccessLog
from ai_engine.web.client_address import ClientAddresses
from ai_engine.web.disconnect import ClientDisconnected, Message, Receive
from ai_engine.web.errors import HeaderList, error_answer, internal_error
from ai_engine.web.request_body import exceeds_limit, too_large

Scope = MutableMapping[str, Any]
Send = Callable[[Message], Awaitable[None]]
ASGIApp = Callable[[Scope, Receive, Send], Awaitable[None]]

_logger = logging.getLogger("ai_engine")
_valid_request_id = re.compile(rb"[A-Za-z0-9._-]{1,128}").fullmatch


def request_id_of(scope: Scope) -> str:
    """The request's id, set by `RequestContext`; empty outside it."""
    request_id: str = scope.get("state", {}).get("request_id", "")
    return request_id


def client_address_of(scope: Scope) -> str | None:
    """The client's address (`ClientAddresses.effective`), set by `RequestContext`; `None` if unknown."""
    address: str | None = scope.get("state", {}).get("client_address")
    return address


class RequestContext:
    """The outermost middleware. Sets the request id and client address, adds the id to the response, and writes the access log.

    Uncaught exceptions end here: a 500 without details if the response has not started, and the traceback in the log. Once it
    has started, the exception is re-raised, and the server signals the failure by closing the connection.
    """

    def __init__(self, app: ASGIApp, addresses: ClientAddresses, access_log: AccessLog | None, clock: Clock) -> None:
        """`access_log` is `None` where `AI_ENGINE_ACCESS_LOG=false`."""
        self._app = app
        self._effective = addresses.effective
        self._access_log = access_log
        self._monotonic = clock.monotonic
        # Unique to this process, so that a counter can follow: 0.2 µs instead of 2 for a UUID.
        self._prefix = f"req-{os.urandom(8).hex()}-"
        self._numbers = itertools.count(1)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        request_id = self._set_context(scope)
        started_at = self._monotonic()
        if scope["type"] == "websocket":
            handshake = _Handshake(send, request_id, lambda status: self._record(scope, status, started_at))
            await self._app(scope, receive, handshake.send)
            return
        response = _Response(send, request_id)
        try:
            await self._app(scope, receive, response.send)
        except ClientDisconnected:
            pass
        except Exception as error:  # noqa: BLE001 - the outermost handler
            await self._handle_uncaught(error, response, request_id)
        finally:
            self._record(scope, response.status, started_at)

    def _record(self, scope: Scope, status: int, started_at: float) -> None:
        if self._access_log is not None:
            self._access_log.record(
                scope["state"]["client_address"],
                scope.get("method", "GET"),
                scope.get("raw_path") or scope["path"].encode("utf-8", "backslashreplace"),
                scope["http_version"],
                status,
                (self._monotonic() - started_at) * 1000,
                scope["state"]["request_id"],
            )

    def _set_context(self, scope: Scope) -> str:
        request_id = ""
        forwarded_for: list[bytes] = []
        for name, value in scope["headers"]:
            if name == b"x-request-id":
                if _valid_request_id(value):
                    request_id = value.decode("ascii")
            elif name == b"x-forwarded-for":
                forwarded_for.append(value)
        if not request_id:
            request_id = f"{self._prefix}{next(self._numbers):x}"
        state = scope.setdefault("state", {})
        state["request_id"] = request_id
        peer = scope.get("client")
        state["client_address"] = self._effective(peer[0] if peer else None, forwarded_for)
        return request_id

    async def _handle_uncaught(self, error: Exception, response: "_Response", request_id: str) -> None:
        if response.has_started and not response.is_complete:
            error.add_note(f"In request {request_id}, after its response had started.")
            raise error
        _logger.error("Internal error in request %s.", request_id, exc_info=error)
        if not response.has_started:
            await _send_error(internal_error(), response.send)


class _Response:
    """Sends the response's messages and tracks its status and progress."""

    __slots__ = ("_request_id", "_send", "has_started", "is_complete", "status")

    def __init__(self, send: Send, request_id: str) -> None:
        self._send = send
        self._request_id = request_id
        self.has_started = False
        self.is_complete = False
        self.status = CLIENT_CLOSED_REQUEST

    def send(self, message: Message) -> Awaitable[None]:
        # Not a coroutine: it returns the server's own, which saves one per event of a stream.
        if message["type"] == "http.response.start":
            self.has_started = True
            self.status = message["status"]
            headers = message.get("headers", ())
            # The headers of an error response may already contain the id.
            if self.status < HTTPStatus.BAD_REQUEST or all(name != b"x-request-id" for name, _ in headers):
                message["headers"] = [*headers, (b"x-request-id", self._request_id.encode("ascii"))]
        elif not message.get("more_body"):
            self.is_complete = True
        return self._send(message)


class _Handshake:
    """Adds the request id to a WebSocket's handshake response, and logs it."""

    __slots__ = ("_is_complete", "_record", "_request_id", "_send")

    _STATUSES: Mapping[str, int] = MappingProxyType(
        # The server responds with 403 to a connection that is closed before it was accepted.
        {"websocket.accept": HTTPStatus.SWITCHING_PROTOCOLS, "websocket.close": HTTPStatus.FORBIDDEN}
    )

    def __init__(self, send: Send, request_id: str, record: Callable[[int], None]) -> None:
        self._send = send
        self._request_id = request_id
        self._record = record
        self._is_complete = False

    def send(self, message: Message) -> Awaitable[None]:
        if not self._is_complete:
            self._is_complete = True
            if message["type"] != "websocket.close":
                message["headers"] = [*message.get("headers", ()), (b"x-request-id", self._request_id.encode("ascii"))]
            self._record(message.get("status") or self._STATUSES[message["type"]])
        return self._send(message)


_SECURITY_HEADERS: HeaderList = [
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"x-frame-options", b"DENY"),
]
# Swagger UI needs an inline script, and ReDoc's search a worker from a blob.
_DOCUMENTATION_POLICY = (
    b"default-src 'none'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    b"font-src 'self' data:; connect-src 'self'; worker-src 'self' blob:; base-uri 'none'; form-action 'self'; "
    b"frame-ancestors 'none'"
)
_DOCUMENTATION_HEADERS: HeaderList = [*_SECURITY_HEADERS, (b"content-security-policy", _DOCUMENTATION_POLICY)]


class SecurityHeaders:
    """Sets security headers for browsers. Responses under `/v1` go to programs and do not have them."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        if scope["type"] != "http" or scope["path"].startswith("/v1/"):
            return self._app(scope, receive, send)
        extra = _DOCUMENTATION_HEADERS if scope["path"].startswith(("/docs", "/redoc")) else _SECURITY_HEADERS

        def send_with_headers(message: Message) -> Awaitable[None]:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", ()), *extra]
            return send(message)

        return self._app(scope, receive, send_with_headers)


EXPOSED_HEADERS = (
    "x-request-id",
    "request-id",
    *(f"x-ratelimit-{what}-{of}" for what in ("limit", "remaining", "reset") for of in ("requests", "tokens")),
    "retry-after",
    "retry-after-ms",
    "x-should-retry",
    "x-ai-engine-provider",
    "x-ai-engine-model",
    "x-ai-engine-attempts",
    "x-ai-engine-family",
    "x-ai-engine-dropped",
    "server-timing",
)
"""Response headers that pages of allowed origins may read."""


class CrossOrigin:
    """CORS for the origins in `AI_ENGINE_CORS_ORIGINS`. Requests without `Origin`, as programs send them, bypass it.

    Credentials are not allowed: pages of other origins authenticate with a key in a header.
    """

    def __init__(self, app: ASGIApp, origins: Sequence[str]) -> None:
        self._app = app
        self.allow(origins)

    def allow(self, origins: Sequence[str]) -> None:
        """Replaces the allowed origins."""
        self._cors: ASGIApp | None = None
        if origins:
            self._cors = CORSMiddleware(
                self._app, origins, allow_methods=("*",), allow_headers=("*",), expose_headers=EXPOSED_HEADERS
            )

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        if self._cors is not None and scope["type"] == "http":
            for name, _ in scope["headers"]:
                if name == b"origin":
                    return self._cors(scope, receive, send)
        return self._app(scope, receive, send)


BODY_LIMITS = (("/api/session", 8 * 1024), ("/api/", 1024 * 1024))
"""Path prefix and maximum body size in bytes; the first match applies.

Management requests have a few fields, and at most a test message of 100,000 characters. Signing in needs no key, and parsing
ten megabytes of JSON blocks all streams for seconds.
"""


class BodyLimit:
    """Refuses bodies over the limit for routes whose body FastAPI reads; hot endpoints use `read_body`."""

    def __init__(self, app: ASGIApp, limit_bytes: int) -> None:
        self._app = app
        self.limit_bytes = limit_bytes
        """May be changed at any time; it applies to requests that start afterwards."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        limit_bytes = self._limit_at(scope["path"])
        for name, value in scope["headers"]:
            if name == b"content-length" and exceeds_limit(value, limit_bytes):
                await _send_error(self._error(limit_bytes), send)
                return
        received_bytes = 0

        async def receive_counted() -> Message:
            nonlocal received_bytes
            message = await receive()
            received_bytes += len(message.get("body", b""))
            if received_bytes > limit_bytes:
                # The only exception type that FastAPI does not wrap while it reads a body.
                raise HTTPException(413, self._error(limit_bytes).message)
            return message

        await self._app(scope, receive_counted, send)

    def _limit_at(self, path: str) -> int:
        smaller = next((limit for prefix, limit in BODY_LIMITS if path.startswith(prefix)), self.limit_bytes)
        return min(smaller, self.limit_bytes)

    def _error(self, limit_bytes: int) -> BodyTooLarge:
        if limit_bytes == self.limit_bytes:
            return too_large(limit_bytes)
        return BodyTooLarge(f"The request body is larger than {limit_bytes} bytes, the limit of this route.")


async def _send_error(error: AIEngineError, send: Send) -> None:
    status, headers, body = error_answer(error, None)
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
