"""The plain ASGI middlewares around every route, hot or not: each one class or function, none of them `BaseHTTPMiddleware`."""

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
from ai_engine.web.disconnect import ClientGone, Message, Receive
from ai_engine.web.errors import HeaderList, error_answer, internal_error
from ai_engine.web.request_body import announces_more, too_large

Scope = MutableMapping[str, Any]
Send = Callable[[Message], Awaitable[None]]
ASGIApp = Callable[[Scope, Receive, Send], Awaitable[None]]

_logger = logging.getLogger("ai_engine")
_sane_request_id = re.compile(rb"[A-Za-z0-9._-]{1,128}").fullmatch


def request_id_of(scope: Scope) -> str:
    """The request's id, which `RequestContext` chose; empty outside it."""
    request_id: str = scope.get("state", {}).get("request_id", "")
    return request_id


def client_address_of(scope: Scope) -> str | None:
    """The effective client (`ClientAddresses.effective`), which `RequestContext` found; `None` where it cannot be known."""
    address: str | None = scope.get("state", {}).get("client_address")
    return address


class RequestContext:
    """The outermost one. Gives every request an id and an effective client, and every answer that id; writes the access line.

    What nobody else caught ends here: a 500 without detail if the answer has not begun, the traceback to the log. Within an
    answer only the server can show the client that it is broken, by cutting the connection, so there the error goes on.
    """

    def __init__(self, app: ASGIApp, addresses: ClientAddresses, access_log: AccessLog | None, clock: Clock) -> None:
        """`access_log` is `None` where `AI_ENGINE_ACCESS_LOG=false`."""
        self._app = app
        self._effective = addresses.effective
        self._access_log = access_log
        self._monotonic = clock.monotonic
        # Unique to this process, so that the rest can be a mere number: 0.2 µs instead of a UUID's 2.
        self._prefix = f"req-{os.urandom(8).hex()}-"
        self._numbers = itertools.count(1)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        request_id = self._introduce(scope)
        started_at = self._monotonic()
        if scope["type"] == "websocket":
            handshake = _Handshake(send, request_id, lambda status: self._record(scope, status, started_at))
            await self._app(scope, receive, handshake.send)
            return
        answer = _Answer(send, request_id)
        try:
            await self._app(scope, receive, answer.send)
        except ClientGone:
            pass
        except Exception as error:  # noqa: BLE001 - the last resort for all of them
            await self._last_resort(error, answer, request_id)
        finally:
            self._record(scope, answer.status, started_at)

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

    def _introduce(self, scope: Scope) -> str:
        request_id = ""
        forwarded_for: list[bytes] = []
        for name, value in scope["headers"]:
            if name == b"x-request-id":
                if _sane_request_id(value):
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

    async def _last_resort(self, error: Exception, answer: "_Answer", request_id: str) -> None:
        if answer.has_begun and not answer.is_complete:
            error.add_note(f"This was request {request_id}, whose answer had begun.")
            raise error
        _logger.error("Request %s failed inside the gateway.", request_id, exc_info=error)
        if not answer.has_begun:
            await _send_error(internal_error(), answer.send)


class _Answer:
    """What has been sent so far."""

    __slots__ = ("_request_id", "_send", "has_begun", "is_complete", "status")

    def __init__(self, send: Send, request_id: str) -> None:
        self._send = send
        self._request_id = request_id
        self.has_begun = False
        self.is_complete = False
        self.status = CLIENT_CLOSED_REQUEST

    def send(self, message: Message) -> Awaitable[None]:
        # Not a coroutine itself: it hands the server's own on, which saves one for every event of a stream.
        if message["type"] == "http.response.start":
            self.has_begun = True
            self.status = message["status"]
            headers = message.get("headers", ())
            # An error's headers may have been made outside of a request's way and name it already.
            if self.status < HTTPStatus.BAD_REQUEST or all(name != b"x-request-id" for name, _ in headers):
                message["headers"] = [*headers, (b"x-request-id", self._request_id.encode("ascii"))]
        elif not message.get("more_body"):
            self.is_complete = True
        return self._send(message)


class _Handshake:
    """A WebSocket's first answer, which gets its id and its line like any other. What is said over an open one gets neither."""

    __slots__ = ("_is_answered", "_record", "_request_id", "_send")

    _STATUSES: Mapping[str, int] = MappingProxyType(
        # The server makes a 403 of a connection that is closed before it was accepted.
        {"websocket.accept": HTTPStatus.SWITCHING_PROTOCOLS, "websocket.close": HTTPStatus.FORBIDDEN}
    )

    def __init__(self, send: Send, request_id: str, record: Callable[[int], None]) -> None:
        self._send = send
        self._request_id = request_id
        self._record = record
        self._is_answered = False

    def send(self, message: Message) -> Awaitable[None]:
        if not self._is_answered:
            self._is_answered = True
            if message["type"] != "websocket.close":
                message["headers"] = [*message.get("headers", ()), (b"x-request-id", self._request_id.encode("ascii"))]
            self._record(message.get("status") or self._STATUSES[message["type"]])
        return self._send(message)


_SECURITY_HEADERS: HeaderList = [
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"x-frame-options", b"DENY"),
]
# Swagger UI starts from an inline script, and ReDoc searches in a worker that it makes from a blob.
_DOCUMENTATION_POLICY = (
    b"default-src 'none'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    b"font-src 'self' data:; connect-src 'self'; worker-src 'self' blob:; base-uri 'none'; form-action 'self'; "
    b"frame-ancestors 'none'"
)
_DOCUMENTATION_HEADERS: HeaderList = [*_SECURITY_HEADERS, (b"content-security-policy", _DOCUMENTATION_POLICY)]


class SecurityHeaders:
    """Tells browsers to guess nothing, leak nothing and frame nothing. Answers under `/v1` go to programs and stay lean."""

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
    "server-timing",
)
"""What a page of a listed origin may read of an answer."""


class CrossOrigin:
    """Lets pages of `AI_ENGINE_CORS_ORIGINS` call us. A request without `Origin`, as every program sends it, goes straight on.

    No credentials are allowed: a page of another origin sends a key in a header, or nothing.
    """

    def __init__(self, app: ASGIApp, origins: Sequence[str]) -> None:
        self._app = app
        self.allow(origins)

    def allow(self, origins: Sequence[str]) -> None:
        """Lets pages of these origins call us from now on, and of no others."""
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


SMALLER_BODIES = (("/api/session", 8 * 1024), ("/api/", 1024 * 1024))
"""By the beginning of a path: how many bytes a body may have there at most, the first that fits.

Operators send a few fields, and a message of 100,000 characters to try a provider. Anybody may try to sign in, and what is
made of ten megabytes of JSON keeps everybody's streams waiting for seconds.
"""


class BodyLimit:
    """Refuses bodies over the limit for routes that let FastAPI read theirs; the hot ones have `read_body`."""

    def __init__(self, app: ASGIApp, limit_bytes: int) -> None:
        self._app = app
        self.limit_bytes = limit_bytes
        """May be moved at any time; a body under way is held to the one of its beginning."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        limit_bytes = self._limit_at(scope["path"])
        for name, value in scope["headers"]:
            if name == b"content-length" and announces_more(value, limit_bytes):
                await _send_error(self._refusal(limit_bytes), send)
                return
        received_bytes = 0

        async def receive_counted() -> Message:
            nonlocal received_bytes
            message = await receive()
            received_bytes += len(message.get("body", b""))
            if received_bytes > limit_bytes:
                # The one kind of exception that FastAPI lets out of reading a body as it is.
                raise HTTPException(413, self._refusal(limit_bytes).message)
            return message

        await self._app(scope, receive_counted, send)

    def _limit_at(self, path: str) -> int:
        smaller = next((limit for beginning, limit in SMALLER_BODIES if path.startswith(beginning)), self.limit_bytes)
        return min(smaller, self.limit_bytes)

    def _refusal(self, limit_bytes: int) -> BodyTooLarge:
        if limit_bytes == self.limit_bytes:
            return too_large(limit_bytes)
        return BodyTooLarge(f"The body is larger than the {limit_bytes} bytes that are taken here.")


async def _send_error(error: AIEngineError, send: Send) -> None:
    status, headers, body = error_answer(error, None)
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
