"""Reads the messages of a chat in OpenAI's format, for adapters that translate it. Raises as `chat_parameters` does."""

import base64
from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple
from urllib.parse import unquote_to_bytes

from ai_engine.providers.chat_parameters import not_by, with_caching
from ai_engine.wire.call_ids import CallIds
from ai_engine.wire.fields import (
    check_known,
    invalid,
    non_empty,
    objects_of,
    one_of,
    optional,
    optional_objects,
    path_of,
    required,
    unsupported,
)
from ai_engine.wire.json_types import Json, JsonMapping
from ai_engine.wire.tool_arguments import arguments_object, sound_arguments

_PART_FIELDS: Mapping[str, frozenset[str]] = {
    "text": frozenset({"type", "text"}),
    "refusal": frozenset({"type", "refusal"}),
    "image_url": frozenset({"type", "image_url"}),
    "input_audio": frozenset({"type", "input_audio"}),
    "file": frozenset({"type", "file"}),
}
_MISNAMED = {"image/jpg": "image/jpeg"}
_MESSAGE_FIELDS: Mapping[str, frozenset[str]] = {
    "system": frozenset({"role", "content"}),
    "developer": frozenset({"role", "content"}),
    "user": frozenset({"role", "content"}),
    # `name` is how older clients repeat the tool's name.
    "tool": frozenset({"role", "content", "tool_call_id", "is_error", "name"}),
    # Clients send back all that they received.
    "assistant": frozenset(
        {"role", "content", "refusal", "tool_calls", "annotations", "citations", "images"}
        | {"reasoning", "reasoning_content", "reasoning_details"}
    ),
}


class Call(NamedTuple):
    """A tool call in the conversation."""

    id: str
    """Its own, as the protocol allows it."""
    name: str
    given_arguments: object
    field: Json
    """The call whole, for what a protocol adds to it."""

    @property
    def arguments(self) -> Json:
        return arguments_object(self.given_arguments)

    @property
    def arguments_text(self) -> str:
        return sound_arguments(self.given_arguments)


class DataUrl(NamedTuple):
    """The content of a `data:` URL."""

    media_type: str | None
    data: str
    """Base64."""


def messages(body: JsonMapping, provider: str) -> Iterator[tuple[str, str, Json]]:
    """The path and role of each message, and the message itself."""
    known = {role: with_caching(fields, provider) for role, fields in _MESSAGE_FIELDS.items()}
    found = []
    lacking: dict[tuple[str, str], str] = {}
    for where, message in objects_of(non_empty(body, "messages", list), "messages"):
        if message.get("role") == "function":
            raise unsupported(f"{where}.role", f"is 'function', which {not_by(provider)}")
        role = one_of(message, "role", _MESSAGE_FIELDS, where)
        for field, value in message.items():
            if field not in known[role] and value is not None:
                lacking.setdefault((role, field), path_of(where, field))
        found.append((where, role, message))
    if lacking:  # those of all messages at once: each refusal costs an encoding
        first, *others = lacking.values()
        raise unsupported(first, not_by(provider), *others)
    yield from found


def parts(message: JsonMapping, where: str, provider: str) -> list[tuple[str, Json]]:
    """A message's content as parts with their paths. Each has a known `type` and only that type's fields.

    A message's own `cache_control` is that of its last part.
    """
    hint = message.get("cache_control")
    content, where = message.get("content"), f"{where}.content"
    if content is None:
        return []
    if isinstance(content, str):
        text = {"type": "text", "text": content}
        return [(where, text if hint is None else {**text, "cache_control": hint})]
    if not isinstance(content, list):
        raise invalid(where, "must be a string, an array of parts, or null")
    found = list(objects_of(content, where))
    for at, part in found:
        kind = required(part, "type", str, at)
        if kind not in _PART_FIELDS:
            raise unsupported(f"{at}.type", f"is {kind[:60]!r}, which {not_by(provider)}")
        check_known(part, with_caching(_PART_FIELDS[kind], provider), at, not_by(provider))
        if kind in ("text", "refusal"):
            required(part, kind, str, at)
    if hint is not None and found:
        at, last = found[-1]
        found[-1] = at, {"cache_control": hint, **last}
    return found


def texts(message: JsonMapping, where: str, provider: str) -> list[str]:
    """The texts of a message that may hold only text."""
    found = []
    for at, part in parts(message, where, provider):
        kind = part["type"]
        if kind not in ("text", "refusal"):
            raise unsupported(f"{at}.type", f"is {kind!r}; {provider} supports only text in this message")
        found.append(part[kind])
    return found


class ToolCalls:
    """The tool calls of one conversation, read in order. Missing and repeated ids are replaced (`wire.call_ids`)."""

    def __init__(self, provider: str, valid_id: Callable[[str], str] = str) -> None:
        """`valid_id` makes an id one that the protocol allows."""
        self._provider = provider
        self._ids = CallIds(valid_id)
        self._by_id: dict[str, Call] = {}

    def of(self, message: JsonMapping, where: str) -> list[Call]:
        """The calls of an assistant's message."""
        self._ids.begin_turn()
        return [self._call(call, at) for at, call in optional_objects(message, "tool_calls", where)]

    def _call(self, call: Json, where: str) -> Call:
        name, arguments = self._function(call, where)
        own_id = self._ids.call(optional(call, "id", str, where) or "", f"{where}.id")
        known = self._by_id[own_id] = Call(own_id, name, arguments, call)
        return known

    def _function(self, call: Json, where: str) -> tuple[str, object]:
        """The name and the arguments."""
        kind = call.get("type", "function")
        if kind == "custom":
            # A conversation that moved here. Its input is a text, where a function has an object.
            custom, at = required(call, "custom", dict, where), f"{where}.custom"
            text = required(custom, "input", str, at)
            return non_empty(custom, "name", str, at), {"input": text}
        if kind != "function":
            raise unsupported(f"{where}.type", f"is {str(kind)[:60]!r}, which {not_by(self._provider)}")
        function = required(call, "function", dict, where)
        name, arguments = non_empty(function, "name", str, f"{where}.function"), function.get("arguments")
        if not isinstance(arguments, str | dict | None):
            raise invalid(f"{where}.function.arguments", "must be JSON in a string")
        return name, arguments

    def answered(self, message: JsonMapping, where: str) -> Call:
        """The call that a tool's message answers."""
        own_id = self._ids.result(optional(message, "tool_call_id", str, where) or "")
        if own_id is None:
            raise invalid(f"{where}.tool_call_id", "must be the id of an earlier tool call")
        return self._by_id[own_id]


def part_string(part: JsonMapping, kind: str, field: str, where: str) -> str:
    """The string in `part[kind][field]`, such as the URL of an image."""
    return non_empty(required(part, kind, dict, where), field, str, f"{where}.{kind}")


def data_url(url: str, where: str) -> DataUrl | None:
    """The content of a `data:` URL; `None` for any other. https://www.rfc-editor.org/rfc/rfc2397 (read 2026-11-28)."""
    if url[:5].lower() != "data:":
        return None
    head, comma, data = url[5:].partition(",")
    if not comma:
        raise invalid(where, "must have a comma before the data of its data: URL")
    media_type, *parameters = head.split(";")
    if "base64" not in parameters:
        data = base64.b64encode(unquote_to_bytes(data)).decode()
    if not data:
        raise invalid(where, "must have data after the comma of its data: URL")
    media_type = media_type.strip().lower()
    return DataUrl(_MISNAMED.get(media_type, media_type) or None, data)
