"""Serves every relayed request as a thin ASGI endpoint: checks access, reads, parses, relays, answers.

It is in front of FastAPI (`app.AIEngine`), which costs more than all of this (`docs/performance.md`), and encodes its own errors.
The same paths are declared as ordinary routes for OpenAPI.
"""

import logging
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import NoReturn

from pydantic import BaseModel

from ai_engine.access.guards import Guard
from ai_engine.client_api.sse_response import SILENCE_SECONDS, SseResponse
from ai_engine.client_api.steering import Arrival, timeout_of
from ai_engine.configuration import LiveConfiguration
from ai_engine.errors import AIEngineError, NotFound, RequestLoop, error_detail
from ai_engine.names import Role, Route
from ai_engine.relay.client import UncommittedClient
from ai_engine.relay.relay import Answer, Relay
from ai_engine.relay.request import ClientRequest
from ai_engine.telemetry.logs import SERVER_LOGGER
from ai_engine.telemetry.performance import Performance
from ai_engine.web.disconnect import DisconnectMonitor, Receive
from ai_engine.web.errors import HeaderList, error_answer, error_events, error_status
from ai_engine.web.middleware import Scope, Send, request_id_of
from ai_engine.web.request_body import form_in, read_body
from ai_engine.wire.json_types import JsonMapping
from ai_engine.wire.multipart import Form
from ai_engine.wire.sse import Event, encode_events

_REMEMBERED_ROUTES = 1024
_LONGEST_DROPPED = 1024
"""Bytes of the header that names hints."""

_logger = logging.getLogger(SERVER_LOGGER)

_gateways_in = re.compile(rb"ai-engine-[0-9a-f]{8}").findall
"""The gateways in a `via` header. The rest of the header is not passed on."""


ParseRequest = Callable[[bytes, Arrival], ClientRequest]


def served_in_front(path: str, _: BaseModel) -> NoReturn:
    """The body of a route for OpenAPI only: `app.AIEngine` passes its path to a `RelayedEndpoint` before FastAPI.

    Only a path with a trailing line end comes here: the router accepts it, the dispatcher does not.
    """
    raise NotFound(f"There is nothing at {path} with a trailing line end.")


@dataclass(frozen=True, slots=True)
class ClientFormat:
    """The parts that depend on the format: parsing, errors, headers, storage."""

    parse: ParseRequest
    """Parses a body, such as `chat.chat_request`. Raises `InvalidRequest`."""
    error_answer: Callable[[AIEngineError, str | None], tuple[int, HeaderList, bytes]] = error_answer
    error_events: Callable[[AIEngineError], Sequence[Event]] = error_events
    """The end of a stream whose status is already sent."""
    status_for: Callable[[AIEngineError], int] = error_status
    """The status of `error_answer`."""
    request_id_header: bytes | None = None
    """The header in which the format's SDKs read the request's id, beside `x-request-id`."""
    takes_header: Callable[[bytes, bytes], bool] | None = None
    """Whether a header (lower-case name, value) is passed on to providers of the format. Raises `InvalidRequest`."""
    keep: Callable[[ClientRequest, JsonMapping], None] | None = None
    """Stores a whole answer, before the client has its last byte."""
    defer: Callable[[ClientRequest], bytes | None] | None = None
    """Starts a background request and returns its first state; `None` for all others. Raises as relaying."""
    parse_form: Callable[[Form, Arrival], ClientRequest] | None = None
    """As `parse`, for routes that accept forms beside JSON."""


class RelayedEndpoint:
    """`POST` of one operation. Stateless; serves any number of requests at once."""

    def __init__(
        self,
        client_format: ClientFormat,
        relay: Relay,
        guard: Guard,
        configuration: LiveConfiguration,
        performance: Performance,
        own_via: bytes,
        stream_silence_seconds: float = SILENCE_SECONDS,
    ) -> None:
        self._format = client_format
        self._relay = relay
        self._guard = guard
        self._configuration = configuration
        self._performance = performance
        self._own_via = own_via
        self._monitor = DisconnectMonitor()
        self._stream_silence_seconds = stream_silence_seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request_id = request_id_of(scope)
        try:
            request = await self._admit(scope, receive, request_id)
            deferred = None if self._format.defer is None else self._format.defer(request)
        except AIEngineError as error:
            # It never reaches the relay, whose events say the same of every other request.
            _logger.info("Request refused: %s (%s)", error_detail(error), request_id)
            await self._send_error(error, request_id, send)
            return
        if deferred is not None:
            await _send_whole(200, [(b"content-type", b"application/json")], deferred, send)
            return
        self._performance.started()
        if request.is_stream:
            await self._stream(request, receive, send)
        else:
            await self._plain(request, receive, send)

    async def _admit(self, scope: Scope, receive: Receive, request_id: str) -> ClientRequest:
        caller = self._guard.admit(scope, Role.CLIENT)
        timeout_seconds: float | None = None
        hops: list[bytes] = []
        native: list[tuple[bytes, bytes]] = []
        takes_header = self._format.takes_header
        for name, value in scope["headers"]:
            if name == b"x-ai-engine-timeout":
                timeout_seconds = timeout_of(value)
            elif name == b"via":
                hops += _gateways_in(value)
                if self._own_via in hops:
                    raise RequestLoop(
                        "The request was sent by this gateway: the base URL of one of its providers leads back to it.",
                        code="loop_detected",
                    )
            elif takes_header is not None and takes_header(name, value):
                native.append((name, value))
        settings = self._configuration.current.settings
        arrival = Arrival(
            request_id, caller, settings.autodecide, settings.strict_parameters, timeout_seconds, tuple(native), tuple(hops)
        )
        parse_form = self._format.parse_form
        body = await read_body(scope["headers"], receive, settings.max_request_size, takes_forms=parse_form is not None)
        if parse_form is not None and (form := form_in(scope["headers"], body)) is not None:
            return parse_form(form, arrival)
        return self._format.parse(body, arrival)

    async def _plain(self, request: ClientRequest, receive: Receive, send: Send) -> None:
        answer: Answer | None = None
        try:
            with self._monitor.watch(receive):
                answer = await self._relay.answer(request, UncommittedClient(self._format.status_for))
        except AIEngineError as error:
            await self._send_error(error, request.id, send)
            return
        if answer is None or answer.plain is None:  # the client left
            return
        self._keep(request, answer.plain.answer)
        body = answer.plain.body
        await _send_whole(200, [(b"content-type", answer.plain.content_type), *self._about(request, answer)], body, send)

    async def _stream(self, request: ClientRequest, receive: Receive, send: Send) -> None:
        events = SseResponse(send, self._format.status_for, self._stream_silence_seconds)
        answer: Answer | None = None
        try:
            with self._monitor.watch(receive) as watch:
                answer = await self._relay.answer(request, events)
                assert answer.stream is not None
                await events.begin(self._about(request, answer))
                broken = await answer.stream.relay_to(events.write)
                if broken is not None:
                    raise broken
            if not watch.client_left:
                assert answer is not None, "only a client that left has none"
                assert answer.stream is not None
                ending = answer.stream.ending()
                self._keep(request, answer.stream.answer)
                await events.end(ending)
        except AIEngineError as error:
            if answer is not None and answer.stream is not None:
                # A client that does not read would keep the provider's connection open.
                await answer.stream.close()
            await events.stop()
            if events.committed_status is not None:
                await events.end(encode_events(self._format.error_events(error)))
            else:
                await self._send_error(error, request.id, send)
        finally:
            try:
                if answer is not None and answer.stream is not None:
                    await answer.stream.close()  # first: a cancellation while a comment is being sent must not leave it open
            finally:
                await events.stop()

    def _about(self, request: ClientRequest, answer: Answer) -> HeaderList:
        headers = _about(answer)
        if self._format.request_id_header is not None:
            headers.append((self._format.request_id_header, request.id.encode("latin-1", "replace")))
        return headers

    def _keep(self, request: ClientRequest, answer: JsonMapping | None) -> None:
        if self._format.keep is not None and answer is not None:
            self._format.keep(request, answer)

    async def _send_error(self, error: AIEngineError, request_id: str, send: Send) -> None:
        status, headers, body = self._format.error_answer(error, request_id)
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})


async def _send_whole(status: int, headers: HeaderList, body: bytes, send: Send) -> None:
    headers.append((b"content-length", b"%d" % len(body)))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def _about(answer: Answer) -> HeaderList:
    """The headers about the route, the attempts and the timing."""
    headers = [
        *_about_route(answer.route),
        (b"x-ai-engine-attempts", b"%d" % answer.attempts),
        (b"server-timing", b"gateway;dur=%.2f, upstream;dur=%.1f" % (answer.gateway_ms, answer.upstream_ms)),
    ]
    if answer.dropped:
        headers.append((b"x-ai-engine-dropped", _header_text(",".join(answer.dropped))[:_LONGEST_DROPPED]))
    if answer.family is not None:
        headers.append((b"x-ai-engine-family", answer.family.encode("ascii", "replace")))
    return headers


@lru_cache(_REMEMBERED_ROUTES)
def _about_route(route: Route) -> tuple[tuple[bytes, bytes], ...]:
    return (
        (b"x-ai-engine-provider", route.provider.encode("ascii", "replace")),
        (b"x-ai-engine-model", _header_text(route.model)),
    )


def _header_text(text: str) -> bytes:
    """Characters of a model's name that a header cannot have become `?`."""
    if text.isascii() and text.isprintable():
        return text.encode("ascii")
    return "".join(char if char.isascii() and char.isprintable() else "?" for char in text).encode("ascii")
