"""Reads the error bodies of all providers into one form."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import orjson

from ai_engine.upstream.port import Headers
from ai_engine.wire.json_types import JsonMapping
from ai_engine.wire.redaction import redact
from ai_engine.wire.tolerant import array_in, object_in, objects_in, string_in

_LONGEST_MESSAGE = 1000
_LONGEST_READ = 8 * _LONGEST_MESSAGE

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
_TITLE = re.compile(r"<title[^>]*>([^<]{1,200})", re.IGNORECASE)

# MiniMax answers 200 with its own numbers: https://platform.minimax.io/docs/api-reference/errorcode (read 2026-11-23).
_MINIMAX_STATUS = {1002: 429, 1004: 401, 1008: 402, 1039: 429, 2013: 400, 2049: 401}
_MINIMAX_CODE = {1026: "content_filter", 1027: "content_filter"}


@dataclass(frozen=True, slots=True)
class ErrorBody:
    """The fields of an error body, unclassified."""

    message: str = ""
    """The provider's message, cleaned; empty where there is none."""
    type: str | None = None
    code: str | None = None
    param: str | None = None
    status: int | None = None
    """The HTTP status in the body, from any field."""
    identifiers: frozenset[str] = frozenset()
    """All codes, types and reasons, in lower case."""
    nested_identifiers: frozenset[str] = frozenset()
    """The same from an upstream's error that an aggregator passes on: about the request, not about the aggregator's key."""
    is_moderation: bool = False
    """The body has the result of a moderation."""
    details: object = None
    """Google's error details, unchanged."""
    limit_headers: Headers = ()
    """`x-ratelimit-…` headers in OpenRouter's body."""


def read_body(body: bytes) -> ErrorBody:
    """`body` as an error: JSON of any shape, text, a web page or empty."""
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
    if isinstance(value, list):  # Gemini's OpenAI endpoint has the object in an array
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
    """An error object, such as the one under `error`."""
    message, param = _message_and_param(error)
    metadata = object_in(error, "metadata")
    details = error.get("details")
    # Anthropic's stable name of the cause: https://platform.claude.com/docs/en/api/errors (read 2026-11-28).
    cause = string_in(details, "error_code")
    named = [error.get("code"), error.get("type"), error.get("status"), object_in(error, "innererror").get("code"), cause]
    # AWS: https://smithy.io/2.0/aws/protocols/aws-restjson1-protocol.html (read 2026-11-30).
    named.append(string_in(error, "__type").rpartition("#")[2])
    for detail in objects_in(error, "details"):
        named.append(string_in(detail, "reason"))
        named += [string_in(violation, "quotaId") for violation in objects_in(detail, "violations")]
    return ErrorBody(
        message=clean(message),
        type=clean(string_in(error, "type") or string_in(error, "status")) or None,
        code=_code(error.get("code")) or _code(cause),
        param=param,
        status=_status(error),
        identifiers=_identifiers(named),
        nested_identifiers=_nested(metadata.get("raw")),
        is_moderation=bool(metadata.get("flagged_input") or metadata.get("reasons")),
        details=details,
        limit_headers=_limit_headers(object_in(metadata, "headers")),
    )


def has_error(value: object) -> bool:
    """Whether parsed JSON that is not an answer has a field for errors."""
    if isinstance(value, list):
        value = value[0] if value else None
    names = ("error", "errors", "detail", "message", "Message", "base_resp")
    return isinstance(value, dict) and any(value.get(name) for name in names)


def clean(text: str) -> str:
    """`text` in one line, redacted, at most 1,000 characters."""
    text = redact(_CONTROL.sub(" ", text[:_LONGEST_READ])).strip()
    return text if len(text) <= _LONGEST_MESSAGE else text[: _LONGEST_MESSAGE - 1] + "…"


def _message_and_param(error: JsonMapping) -> tuple[str, str | None]:
    param = clean(string_in(error, "param")) or None
    message = error.get("message") or error.get("Message")  # the second is AWS's
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
        path = ".".join(str(part) for part in array_in(item, "loc") if part != "body")
        param = param or path or None
        if sentence := string_in(item, "msg"):
            sentences.append(f"{path}: {sentence}" if path else sentence)
    return "; ".join(sentences), param


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


def _limit_headers(headers: JsonMapping) -> Headers:
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
