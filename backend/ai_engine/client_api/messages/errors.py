"""Errors in Anthropic's envelope: `{"type": "error", "error": {"type", "message"}, "request_id"}`.

Status and retry headers are those of all answers (`web.errors`): Anthropic's SDKs choose the exception by the status, retry 408,
409, 429 and 5xx, and follow `x-should-retry` and `retry-after` as OpenAI's do (`anthropic` 2.14.0, `_base_client.py`,
`_error_classes.py`, read 2026-11-28). They read an answer's id from `request-id`.

An overloaded provider is 529, as Anthropic's own; 503 has the same type, `overloaded_error`, except without any provider. 504 is
`timeout_error`. A provider's own type for a client's error is kept if this format has it.
"""

from collections.abc import MutableMapping, Sequence
from typing import Any

import orjson

from ai_engine.errors import AIEngineError, CallerError, NoProviderConfigured, Overloaded, RefusedByProvider
from ai_engine.web import errors as openai_errors
from ai_engine.web.errors import HeaderList
from ai_engine.wire import anthropic
from ai_engine.wire.anthropic import ERROR_TYPES
from ai_engine.wire.redaction import redact
from ai_engine.wire.sse import Event

_TYPES = frozenset(ERROR_TYPES.values())
_OVERLOADED = 529
_TOO_LONG = "prompt is too long"
"""The text by which Claude Code recognises that it must compact its conversation and retry
(https://github.com/Menci/Floway/pull/166, read 2026-11-28)."""

THREAD_UNSUPPORTED = "thread_unsupported_request"
"""The code at which the tool runners of Anthropic's SDKs, which request a thread first, send the whole conversation instead
(`anthropic` 2.14.0, `lib/threads/_thread_state.py`, read 2026-11-28)."""


def error_answer(error: AIEngineError, request_id: str | None) -> tuple[int, HeaderList, bytes]:
    """Status, headers and body. `request_id` is in `x-request-id`, `request-id` and the body."""
    _, headers, _ = openai_errors.error_answer(error, request_id)
    status = error_status(error)
    body = _body(error, status, request_id)
    headers = [(name, b"%d" % len(body) if name == b"content-length" else value) for name, value in headers]
    if request_id is not None:
        headers.append((b"request-id", request_id.encode("latin-1", "replace")))
    return status, headers, body


def error_status(error: AIEngineError) -> int:
    """The HTTP status of the error's response: the usual one, except for an overloaded provider."""
    return _OVERLOADED if isinstance(error, Overloaded) else openai_errors.error_status(error)


def error_events(error: AIEngineError) -> Sequence[Event]:
    """The end of a stream whose status is already sent. SDKs raise it."""
    return (("error", _body(error, error_status(error), None)),)


def is_asked_for(scope: MutableMapping[str, Any]) -> bool:
    """Whether the request is for the Messages API, or for models by one of Anthropic's SDKs."""
    path: str = scope["path"]
    if path == "/v1/messages" or path.startswith("/v1/messages/"):
        return True
    if not path.startswith("/v1/models"):
        return False
    return any(name == b"anthropic-version" for name, _ in scope["headers"])


def _body(error: AIEngineError, status: int, request_id: str | None) -> bytes:
    kind = anthropic.error_type(status)
    if isinstance(error, RefusedByProvider) and error.kind in _TYPES:
        kind = error.kind
    elif isinstance(error, NoProviderConfigured):
        kind = "api_error"
    envelope = anthropic.error(redact(_message(error)), kind=kind, request_id=request_id)
    if isinstance(error, CallerError) and error.code == THREAD_UNSUPPORTED:
        envelope["error"]["details"] = {"error_code": error.code, "unsupported": [error.param]}
    return orjson.dumps(envelope)


def _message(error: AIEngineError) -> str:
    """The message with the path of the field, for which this format has no field of its own."""
    message = error.message
    if isinstance(error, CallerError):
        if error.param and error.param not in message:
            message = f"{error.param}: {message}"
        if error.code == "context_length_exceeded" and _TOO_LONG not in message.lower():
            message = f"{_TOO_LONG}: {message}"
    return message
