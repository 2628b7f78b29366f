"""Reads the many shapes in which providers say that something went wrong into one."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from ai_engine.upstream.port import Headers
from ai_engine.wire.json_types import JsonMapping
from ai_engine.wire.redaction import redact

_LONGEST_MESSAGE = 1000
_LONGEST_READ = 8 * _LONGEST_MESSAGE

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
_TITLE = re.compile(r"<title[^>]*>([^<]{1,200})", re.IGNORECASE)

# MiniMax answers 200 with its own numbers: https://platform.minimax.io/docs/api-reference/errorcode (read 2026-11-23).
_MINIMAX_STATUS = {1002: 429, 1004: 401, 1008: 402, 1039: 429, 2013: 400, 2049: 401}
_MINIMAX_CODE = {1026: "content_filter", 1027: "content_filter"}


@dataclass(frozen=True, slots=True)
class ErrorBody:
    """What an error says in its structure. Nothing is concluded here."""

    message: str = ""
    """The provider's words, cleaned; empty where it had none."""
    type: str | None = None
    code: str | None = None
    param: str | None = None
    status: int | None = None
    """The HTTP status that the body itself names, in whatever field."""
    identifiers: frozenset[str] = frozenset()
    """Everything in the structure that names the error, in lower case."""
    nested_identifiers: frozenset[str] = frozenset()
    """The same from the error of a further provider that an aggregator passes on: true of the request, not of our key there."""
    is_moderation: bool = False
    """The body carries a moderation's findings."""
    details: object = None
    """Google's error details, as they are."""
    limit_headers: Headers = ()
    """`x-ratelimit-…` headers that OpenRouter puts into the body."""


def read_body(body: bytes) -> ErrorBody:
    """`body` as an error: JSON of any shape, text, a web page or nothing."""
    try:
        return read_value(orjson.loads(body))
    except orjson.JSONDecodeError:
        text = body[:_LONGEST_READ].decode("utf-8", "replace").strip()
    if text.startswith("<"):
        title = _TITLE.search(text)
        return ErrorBody(clean(title[1]) if title else "")
    return ErrorBody(clean(text))


def read_value(value: object) -> ErrorBody:
    """Parsed JSON as an error."""
    if isinstance(value, list):  # Gemini's OpenAI endpoint wraps the object into a list
        value = value[0] if value else {}
    if isinstance(value, str):
        return ErrorBody(clean(value))
    if not isinstance(value, Mapping):
        return ErrorBody()
    error = value.get("error")
    if isinstance(error, Mapping):
        return read_object(error)
    if isinstance(error, str):  # xAI, Hugging Face: the text in `error`, the rest beside it
        return read_object({**value, "message": error})
    if isinstance(errors := value.get("errors"), list) and errors and isinstance(errors[0], Mapping):  # Cloudflare
        return read_object(errors[0])
    if isinstance(base := value.get("base_resp"), Mapping):
        number = base.get("status_code")
        if not isinstance(number, int):
            return ErrorBody()
        code = _MINIMAX_CODE.get(number, str(number))
        return read_object({"message": base.get("status_msg"), "code": code, "status": _MINIMAX_STATUS.get(number)})
    return read_object(value)  # Mistral, vLLM, Cerebras: no envelope; FastAPI: `detail`


def read_object(error: JsonMapping) -> ErrorBody:
    """The object that other bodies have under `error`."""
    message, param = _words(error)
    metadata = error.get("metadata")
    metadata = metadata if isinstance(metadata, Mapping) else {}
    inner = error.get("innererror")
    details = error.get("details")
    named = [error.get("code"), error.get("type"), error.get("status"), _get(inner, "code")]
    # Anthropic's stable name of the cause: https://platform.claude.com/docs/en/api/errors (read 2026-11-28).
    named.append(_get(details, "error_code"))
    for detail in details if isinstance(details, list) else ():
        violations = _get(detail, "violations")
        named.append(_get(detail, "reason"))
        named += [_get(violation, "quotaId") for violation in violations] if isinstance(violations, list) else []
    kind = error.get("type")
    if not isinstance(kind, str) or not kind:
        kind = error.get("status")
    return ErrorBody(
        message=clean(message),
        type=clean(kind) if isinstance(kind, str) and kind else None,
        code=_code(error.get("code")) or _code(_get(details, "error_code")),
        param=param,
        status=_status(error),
        identifiers=_identifiers(named),
        nested_identifiers=_nested(metadata.get("raw")),
        is_moderation=bool(metadata.get("flagged_input") or metadata.get("reasons")),
        details=details,
        limit_headers=_limit_headers(metadata.get("headers")),
    )


def has_error(value: object) -> bool:
    """Parsed JSON that is no answer has some field in which errors are told."""
    if isinstance(value, list):
        value = value[0] if value else None
    return isinstance(value, dict) and any(value.get(name) for name in ("error", "errors", "detail", "message", "base_resp"))


def clean(text: str) -> str:
    """`text` in one line, without anything that looks like a key, at most 1,000 characters."""
    text = redact(_CONTROL.sub(" ", text[:_LONGEST_READ])).strip()
    return text if len(text) <= _LONGEST_MESSAGE else text[: _LONGEST_MESSAGE - 1] + "…"


def _words(error: JsonMapping) -> tuple[str, str | None]:
    """The message, and the parameter that it is about."""
    param = error.get("param")
    param = clean(param) if isinstance(param, str) and param else None
    message = error.get("message")
    if not message:
        message = error.get("detail")
    if isinstance(message, Mapping):  # Mistral puts FastAPI's `detail` into `message`
        message = message.get("detail") or message.get("message")
    if isinstance(message, str):
        return message, param
    if not isinstance(message, list):
        return "", param
    sentences = []
    for item in message:
        location = _get(item, "loc")
        place = ".".join(str(part) for part in location if part != "body") if isinstance(location, list) else ""
        param = param or place or None
        words = _get(item, "msg")
        if isinstance(words, str):
            sentences.append(f"{place}: {words}" if place else words)
    return "; ".join(sentences), param


def _get(value: object, name: str) -> Any:
    return value.get(name) if isinstance(value, Mapping) else None


def _code(code: object) -> str | None:
    if isinstance(code, bool) or not isinstance(code, int | str):
        return None
    return clean(str(code)) or None


def _status(error: JsonMapping) -> int | None:
    for name in ("status", "code", "status_code"):
        value = error.get(name)
        if isinstance(value, str) and value.isascii() and value.isdigit():
            value = int(value[:4])
        if isinstance(value, int) and not isinstance(value, bool) and 300 <= value <= 599:
            return value
    return None


def _identifiers(values: Iterable[object]) -> frozenset[str]:
    return frozenset(str(value).lower() for value in values if isinstance(value, int | str) and value != "")


def _limit_headers(headers: object) -> Headers:
    if not isinstance(headers, Mapping):
        return ()
    return tuple(
        (name.lower().encode("latin-1", "replace"), str(value).encode("latin-1", "replace"))
        for name, value in headers.items()
        if name.lower().startswith("x-ratelimit-")
    )


def _nested(raw: object) -> frozenset[str]:
    # OpenRouter: https://openrouter.ai/docs/api/reference/errors-and-debugging#provider-errors (read 2026-11-23).
    if not isinstance(raw, str) or not raw.lstrip().startswith(("{", "[")):
        return frozenset()
    try:
        return read_value(orjson.loads(raw)).identifiers
    except (orjson.JSONDecodeError, RecursionError):
        return frozenset()
