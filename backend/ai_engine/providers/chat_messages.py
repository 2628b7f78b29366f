"""Reads the messages of a chat in OpenAI's format for those adapters that say it in other words. Raises as `chat_reading`."""

import base64
from collections.abc import Iterator, Mapping
from typing import NamedTuple
from urllib.parse import unquote_to_bytes

from ai_engine.errors import InvalidRequest, UnsupportedByProvider
from ai_engine.wire.json_types import Json, JsonMapping

_PART_FIELDS: Mapping[str, frozenset[str]] = {
    "text": frozenset({"type", "text", "cache_control"}),
    "refusal": frozenset({"type", "refusal"}),
    "image_url": frozenset({"type", "image_url", "cache_control"}),
    "input_audio": frozenset({"type", "input_audio", "cache_control"}),
    "file": frozenset({"type", "file", "cache_control"}),
}
_MESSAGE_FIELDS: Mapping[str, frozenset[str]] = {
    "system": frozenset({"role", "content"}),
    "developer": frozenset({"role", "content"}),
    "user": frozenset({"role", "content"}),
    # `name` is how older clients repeat the tool's name.
    "tool": frozenset({"role", "content", "tool_call_id", "is_error", "name"}),
    # Clients send back what they were given, and much of that is for them alone.
    "assistant": frozenset(
        {"role", "content", "refusal", "tool_calls", "annotations", "citations", "images"}
        | {"reasoning", "reasoning_content", "reasoning_details"}
    ),
}


class Call(NamedTuple):
    """A call of a tool that the conversation holds."""

    id: str
    name: str
    arguments: str
    """JSON, as the model wrote it."""
    field: Json
    """The call whole, for what a protocol keeps in it."""


class DataUrl(NamedTuple):
    """What a `data:` URL holds."""

    media_type: str | None
    data: str
    """Base64."""


def messages(body: JsonMapping, provider: str) -> Iterator[tuple[str, str, Json]]:
    """Each message's path and role, and the message itself."""
    given = body.get("messages")
    if not isinstance(given, list) or not given:
        raise InvalidRequest("messages must be a list of messages, and not empty.", param="messages")
    for place, message in enumerate(given):
        where = f"messages[{place}]"
        if not isinstance(message, dict):
            raise InvalidRequest("A message is an object.", param=where)
        role = message.get("role")
        fields = _MESSAGE_FIELDS.get(role) if isinstance(role, str) else None
        if role == "function":
            raise UnsupportedByProvider(f"{provider} has no messages of the role 'function'.", param=f"{where}.role")
        if not isinstance(role, str) or fields is None:
            raise InvalidRequest("role must be system, developer, user, assistant or tool.", param=f"{where}.role")
        for name in message.keys() - fields:
            if message[name] is not None:
                raise UnsupportedByProvider(f"{provider} has no words for {name!r} of a message.", param=f"{where}.{name}")
        yield where, role, message


def parts(content: object, where: str, provider: str) -> list[Json]:
    """A message's content as a list of parts, each of which has a `type` that the format knows and that type's fields alone."""
    if content is None:
        return []
    if isinstance(content, str):
        return [{"type": "text", "text": content}]
    if not isinstance(content, list):
        raise InvalidRequest("content must be a text, a list of parts, or null.", param=f"{where}.content")
    for place, part in enumerate(content):
        kind = part.get("type") if isinstance(part, dict) else None
        if not isinstance(kind, str):
            raise InvalidRequest("A part is an object with a type.", param=f"{where}.content[{place}].type")
        fields = _PART_FIELDS.get(kind)
        if fields is None:
            raise UnsupportedByProvider(f"{provider} has no parts of the type {kind!r}.", param=f"{where}.content[{place}].type")
        if unknown := [name for name in part.keys() - fields if part[name] is not None]:
            first = min(unknown)
            raise UnsupportedByProvider(f"{provider} has no words for {first!r} here.", param=f"{where}.content[{place}].{first}")
        if kind in ("text", "refusal") and not isinstance(part.get(kind), str):
            raise InvalidRequest("A part of text needs its text.", param=f"{where}.content[{place}].{kind}")
    return content


def texts(content: object, where: str, provider: str) -> list[str]:
    """The texts of a message that may hold nothing else."""
    if isinstance(content, str):
        return [content]
    found = []
    for place, part in enumerate(parts(content, where, provider)):
        kind = part["type"]
        if kind not in ("text", "refusal"):
            raise UnsupportedByProvider(f"{provider} takes only text here, no {kind}.", param=f"{where}.content[{place}].type")
        found.append(part[kind])
    return found


def tool_calls(message: Json, where: str, provider: str) -> list[Call]:
    calls = message.get("tool_calls")
    if calls is None:
        return []
    if not isinstance(calls, list):
        raise InvalidRequest("tool_calls must be a list.", param=f"{where}.tool_calls")
    return [_call(call, f"{where}.tool_calls[{place}]", provider) for place, call in enumerate(calls)]


def _call(call: object, where: str, provider: str) -> Call:
    if not isinstance(call, dict) or not isinstance(call.get("id"), str):
        raise InvalidRequest("A tool call needs its id.", param=f"{where}.id")
    kind = call.get("type", "function")
    if kind != "function":
        raise UnsupportedByProvider(f"{provider} has no tool calls of the type {kind!r}.", param=f"{where}.type")
    function = call.get("function")
    name = function.get("name") if isinstance(function, dict) else None
    if not isinstance(function, dict) or not isinstance(name, str) or not name:
        raise InvalidRequest("A tool call names its function.", param=f"{where}.function.name")
    arguments = function.get("arguments")
    if not isinstance(arguments, str):
        raise InvalidRequest("A tool call's arguments are JSON in a string.", param=f"{where}.function.arguments")
    return Call(call["id"], name, arguments, call)


def answered_call(message: Json, where: str, made: Mapping[str, str]) -> str:
    """The id of the call that a tool message answers; `made` holds every call before it, with the name of its function."""
    call_id = message.get("tool_call_id")
    if not isinstance(call_id, str) or call_id not in made:
        raise InvalidRequest("tool_call_id must be the id of a tool call before it.", param=f"{where}.tool_call_id")
    return call_id


def address(part: Json, kind: str, name: str, where: str) -> str:
    """The text in `part[kind][name]`, such as the URL of an image."""
    held = part.get(kind)
    value = held.get(name) if isinstance(held, dict) else None
    if not isinstance(value, str) or not value:
        raise InvalidRequest(f"{kind}.{name} must be a text.", param=f"{where}.{kind}.{name}")
    return value


def data_url(url: str, where: str) -> DataUrl | None:
    """What a `data:` URL holds; `None` for any other. https://www.rfc-editor.org/rfc/rfc2397 (read 2026-11-28)."""
    if url[:5].lower() != "data:":
        return None
    head, comma, data = url[5:].partition(",")
    if not comma:
        raise InvalidRequest("A data: URL has a comma before its data.", param=where)
    media_type, *parameters = head.split(";")
    if "base64" not in parameters:
        data = base64.b64encode(unquote_to_bytes(data)).decode()
    return DataUrl(media_type.lower() or None, data)
