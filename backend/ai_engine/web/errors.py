"""The table from error to HTTP status, and the error body: `{"error": {message, type, param, code}}`."""

import logging
import math
from collections.abc import Callable, Mapping, MutableMapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import orjson
from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from fastapi.routing import iter_route_contexts
from starlette.exceptions import HTTPException
from starlette.requests import HTTPConnection
from starlette.responses import Response
from starlette.types import ExceptionHandler

from ai_engine.errors import (
    AIEngineError,
    AttemptsFailed,
    BodyTooLarge,
    CallerError,
    ConfigurationError,
    Conflict,
    DeadlineExceeded,
    InvalidRequest,
    MethodNotAllowed,
    ModelNotFound,
    NoProviderConfigured,
    NoRouteAvailable,
    NotAuthenticated,
    NotFound,
    NotPermitted,
    Overloaded,
    ProviderKeyInvalid,
    RateLimited,
    RefusedByProvider,
    RequestLoop,
    Unavailable,
    UnsupportedMediaType,
)
from ai_engine.settings.validation import field_path
from ai_engine.web.request_body import is_json, unsupported_content_type
from ai_engine.wire import openai
from ai_engine.wire.redaction import redact
from ai_engine.wire.sse import Event

HeaderList = list[tuple[bytes, bytes]]

_logger = logging.getLogger("ai_engine")
_LONGEST_SHOWN = 200


@dataclass(frozen=True, slots=True)
class ErrorShape:
    """Status, type and code of one kind of error."""

    status: int
    type: str
    """OpenAI's `error.type`."""
    code: str | None
    """`error.code` if the error itself has none."""


ERROR_SHAPES: Mapping[type[AIEngineError], ErrorShape] = MappingProxyType(
    {
        AIEngineError: ErrorShape(500, "server_error", "internal_error"),
        ConfigurationError: ErrorShape(400, "invalid_request_error", "configuration_error"),
        CallerError: ErrorShape(400, "invalid_request_error", None),
        InvalidRequest: ErrorShape(400, "invalid_request_error", None),
        RefusedByProvider: ErrorShape(400, "invalid_request_error", None),
        NotAuthenticated: ErrorShape(401, "authentication_error", "invalid_api_key"),
        NotPermitted: ErrorShape(403, "permission_error", "not_permitted"),
        NotFound: ErrorShape(404, "not_found_error", "not_found"),
        ModelNotFound: ErrorShape(404, "invalid_request_error", "model_not_found"),
        MethodNotAllowed: ErrorShape(405, "invalid_request_error", "method_not_allowed"),
        Conflict: ErrorShape(409, "conflict_error", "conflict"),
        BodyTooLarge: ErrorShape(413, "invalid_request_error", "request_too_large"),
        UnsupportedMediaType: ErrorShape(415, "invalid_request_error", "unsupported_media_type"),
        RateLimited: ErrorShape(429, "rate_limit_error", "rate_limit_exceeded"),
        AttemptsFailed: ErrorShape(502, "server_error", "attempts_failed"),
        ProviderKeyInvalid: ErrorShape(502, "server_error", "provider_key_invalid"),
        Unavailable: ErrorShape(503, "server_error", "service_unavailable"),
        NoProviderConfigured: ErrorShape(503, "server_error", "no_provider_configured"),
        NoRouteAvailable: ErrorShape(503, "server_error", "no_route_available"),
        Overloaded: ErrorShape(503, "server_error", "overloaded"),
        DeadlineExceeded: ErrorShape(504, "server_error", "deadline_exceeded"),
        RequestLoop: ErrorShape(508, "invalid_request_error", "loop_detected"),
    }
)
"""A class that is not listed has the shape of its nearest listed ancestor."""


def error_shape(error: AIEngineError) -> ErrorShape:
    """The row for `error`; for a client error reported by a provider, that provider's status, type and code."""
    shape = next(ERROR_SHAPES[kind] for kind in type(error).__mro__ if kind in ERROR_SHAPES)
    if isinstance(error, RefusedByProvider):
        status = error.status if 400 <= error.status <= 599 else shape.status
        return ErrorShape(status, error.kind or shape.type, error.code)
    code = error.code if isinstance(error, CallerError | Unavailable) else None
    return ErrorShape(shape.status, shape.type, code) if code else shape


def error_body(error: AIEngineError) -> bytes:
    """The JSON body, with secrets redacted."""
    shape = error_shape(error)
    param = error.param if isinstance(error, CallerError) else None
    return _body(error.message, shape, param)


def _body(message: str, shape: ErrorShape, param: str | None) -> bytes:
    param, code = (text and redact(text) for text in (param, shape.code))
    return orjson.dumps(openai.error(redact(message), kind=redact(shape.type), param=param, code=code))


def error_status(error: AIEngineError) -> int:
    """The HTTP status of the error's response."""
    return error_shape(error).status


def error_events(error: AIEngineError) -> Sequence[Event]:
    """The end of a stream whose status was already sent: the error as an event, which every SDK raises, then `[DONE]`."""
    return ("", error_body(error)), ("", openai.DONE)


def error_answer(error: AIEngineError, request_id: str | None) -> tuple[int, HeaderList, bytes]:
    """Status, headers and body. A `request_id` is sent as `x-request-id`."""
    body = error_body(error)
    headers: HeaderList = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]
    if request_id is not None:
        headers.append((b"x-request-id", request_id.encode("latin-1", "replace")))
    if isinstance(error, NotAuthenticated):
        headers.append((b"www-authenticate", b"Bearer"))
    elif isinstance(error, MethodNotAllowed):
        headers.append((b"allow", ", ".join(error.allowed).encode("latin-1", "replace")))
    headers.extend(_retry_headers(error))
    if error.attempts is not None:
        headers.append((b"x-ai-engine-attempts", b"%d" % error.attempts))
    return error_shape(error).status, headers, body


def _retry_headers(error: AIEngineError) -> HeaderList:
    """When to retry. SDKs retry 408, 409, 429 and 5xx by default; `x-should-retry: false` stops them."""
    if isinstance(error, Unavailable) and error.retry_after_seconds is not None:
        seconds = max(error.retry_after_seconds, 0)
        return [
            (b"retry-after", b"%d" % max(1, math.ceil(seconds))),
            (b"retry-after-ms", b"%d" % max(1, math.ceil(seconds * 1000))),
        ]
    if isinstance(error, CallerError | Unavailable | ConfigurationError) and not isinstance(error, Overloaded):
        return [(b"x-should-retry", b"false")]
    return []


def internal_error() -> AIEngineError:
    """The error for an unexpected exception, without its details."""
    return AIEngineError("Internal error. The gateway's log has the details under this response's x-request-id.")


ErrorRenderer = Callable[[AIEngineError, str | None], tuple[int, HeaderList, bytes]]
"""As `error_answer`, in the error shape of a format."""


def install_error_handlers(
    app: FastAPI, *, others: Sequence[tuple[Callable[[MutableMapping[str, Any]], bool], ErrorRenderer]] = ()
) -> None:
    """Gives everything that FastAPI's routes and router raise the one error shape.

    `others` are the error shapes of other formats, each with a predicate on the ASGI scope that selects its requests.
    """

    def handler(convert: Callable[[HTTPConnection, Exception], AIEngineError | Response]) -> ExceptionHandler:
        async def handle(connection: HTTPConnection, error: Exception) -> Response:
            converted = convert(connection, error)
            if isinstance(converted, Response):
                return converted
            for applies, other in others:
                if applies(connection.scope):
                    # `RequestContext` has set the id; this shape has it in the body as well.
                    return _response(*other(converted, connection.scope.get("state", {}).get("request_id")))
            return _response(*error_answer(converted, None))

        return handle

    app.add_exception_handler(AIEngineError, handler(_of_engine))
    app.add_exception_handler(HTTPException, handler(_of_starlette))
    app.add_exception_handler(RequestValidationError, handler(_of_validation))
    app.add_exception_handler(Exception, handler(_of_uncaught))


def _of_engine(_: HTTPConnection, error: Exception) -> AIEngineError:
    assert isinstance(error, AIEngineError)
    if error_shape(error).status == 500:
        _logger.error("An error without a status of its own reached a client.", exc_info=error)
    return error


def _of_starlette(connection: HTTPConnection, error: Exception) -> AIEngineError | Response:
    """The router's 404 and 405, and other `HTTPException`s of libraries."""
    assert isinstance(error, HTTPException)
    method, path = connection.scope.get("method", "GET"), connection.scope["path"]
    extra = error.headers or {}
    if error.status_code == 400:
        # FastAPI's status for a body that it cannot parse: nested too deeply, or not UTF-8.
        return InvalidRequest("The body is not valid JSON.", code="invalid_json")
    if error.status_code == 404:
        return NotFound(f"No route at {_shown(path)}; /docs lists all routes.")
    if error.status_code == 405:
        allowed = _methods_at(path, connection.app)
        return MethodNotAllowed(f"{_shown(path)} does not support {method}; it supports {', '.join(allowed)}.", allowed=allowed)
    shape = next((row for row in ERROR_SHAPES.values() if row.status == error.status_code), None)
    if shape is None:
        kind = "invalid_request_error" if error.status_code < 500 else "server_error"
        shape = ErrorShape(error.status_code, kind, None)
    if error.status_code < 500 and error.status_code != 429:
        extra = {**extra, "x-should-retry": "false"}
    body = _body(str(error.detail), shape, None)
    headers: HeaderList = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]
    headers.extend((name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in extra.items())
    return _response(error.status_code, headers, body)


def _shown(text: str) -> str:
    """Text of the caller's, shortened."""
    return text if len(text) <= _LONGEST_SHOWN else text[:_LONGEST_SHOWN] + "…"


def _methods_at(path: str, app: FastAPI) -> list[str]:
    """Every method of all routes at this path. The router reports those of the first route only."""
    routes = [route for route in iter_route_contexts(app.routes) if route.methods and route.path_regex.match(path)]
    return sorted({method for route in routes for method in route.methods or ()})


def _of_validation(connection: HTTPConnection, error: Exception) -> AIEngineError:
    assert isinstance(error, RequestValidationError)
    problems = error.errors()
    content_type = connection.headers.get("content-type", "").encode("latin-1")
    if problems[0]["loc"][0] == "body" and content_type and not is_json(content_type):
        return unsupported_content_type(content_type)
    return _invalid_request(problems)


def _invalid_request(problems: Sequence[Any]) -> InvalidRequest:
    """Pydantic's first error as a sentence, without the input, which may hold a secret."""
    first = problems[0]
    if first["type"] == "json_invalid":
        return InvalidRequest("The body is not valid JSON.", code="invalid_json")
    field = _shown(field_path(first["loc"][1:]))
    reason = str(first["msg"]).removeprefix("Value error, ")
    reason = reason[:1].lower() + reason[1:]
    if first["type"] == "extra_forbidden":
        return InvalidRequest(f"Unknown field {field}; see /docs.", param=field)
    if not field:
        return InvalidRequest(f"The {first['loc'][0]} is invalid: {reason}.")
    return InvalidRequest(f"{field} is invalid: {reason}.", param=field)


def _of_uncaught(_connection: HTTPConnection, _: Exception) -> AIEngineError:
    # Starlette re-raises the exception once this is sent, and `RequestContext` logs it.
    return internal_error()


def _response(status: int, headers: HeaderList, body: bytes) -> Response:
    """Starlette also sends it as the response to a WebSocket handshake."""
    response = Response(body, status)
    response.raw_headers = headers
    return response
