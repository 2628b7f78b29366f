"""`POST /v1/messages` and `/v1/messages/count_tokens` as requests for the relay, with their translation."""

import re
from collections.abc import Mapping
from datetime import date
from typing import ClassVar

from ai_engine.autodecide.candidates import Needs
from ai_engine.client_api.messages import answers, native, reasoning
from ai_engine.client_api.messages.answers import RequestContext
from ai_engine.client_api.messages.conversation import chat_messages
from ai_engine.client_api.messages.count_tokens import estimate
from ai_engine.client_api.messages.errors import THREAD_UNSUPPORTED
from ai_engine.client_api.messages.options import chat_options
from ai_engine.client_api.messages.stream import MessagesStream
from ai_engine.client_api.steering import Arrival, steered_request
from ai_engine.client_api.tool_names import originals
from ai_engine.names import Operation
from ai_engine.relay.request import ClientRequest
from ai_engine.wire.fields import (
    invalid,
    non_empty,
    one_of,
    optional,
    optional_objects,
    parse_object,
    required,
    strings,
)
from ai_engine.wire.hints import DroppedHints
from ai_engine.wire.json_types import Json, JsonMapping

_ROLES = ("user", "assistant", "system")
_is_date = re.compile(r"\d{4}-\d{2}-\d{2}").fullmatch


def messages_request(raw: bytes, arrival: Arrival) -> ClientRequest:
    """Reads `POST /v1/messages`. Raises `InvalidRequest`."""
    body = parse_object(raw)
    if required(body, "max_tokens", int) < 0:
        raise invalid("max_tokens", "must be at least 0")
    if body.get("thread") is not None:
        raise invalid("thread", "is not supported; send the whole conversation", code=THREAD_UNSUPPORTED)
    needs, has_foreign = _checked(body, len(raw))
    is_stream = optional(body, "stream", bool) or False
    request = steered_request(
        body,
        Operation.MESSAGES,
        arrival,
        is_stream=is_stream,
        wants_usage=is_stream,
        needs=needs,
    )
    translation = MessagesTranslation(request.body, request.id)
    return request._replace(translation=translation, body=native.native_body(request.body, has_foreign=has_foreign))


def count_tokens_request(raw: bytes, arrival: Arrival) -> ClientRequest:
    """Reads `POST /v1/messages/count_tokens`. Raises `InvalidRequest`."""
    body = parse_object(raw)
    needs, has_foreign = _checked(body, len(raw))
    request = steered_request(body, Operation.COUNT_TOKENS, arrival, needs=needs)
    body = request.body
    return request._replace(
        body=native.native_body(body, has_foreign=has_foreign), local_fallback=lambda: {"input_tokens": estimate(body)}
    )


def takes_header(name: bytes, value: bytes) -> bool:
    """`ClientFormat.takes_header`. The version is not passed on: the adapter writes its own."""
    if name == b"anthropic-version":
        check_version(value)
    return name == b"anthropic-beta"


def check_version(value: bytes) -> None:
    """Checks the header `anthropic-version`: any date since 2023-01-01. Raises `InvalidRequest`."""
    text = value.decode("latin-1")
    try:
        if _is_date(text) and date.fromisoformat(text) >= date(2023, 1, 1):
            return
    except ValueError:
        pass
    raise invalid("anthropic-version", "must be a date since 2023-01-01, such as 2023-06-01")


class MessagesTranslation:
    """`relay.translation.Translation` of one request."""

    field_names: ClassVar[Mapping[str, str]] = {
        "max_completion_tokens": "max_tokens",
        "stop": "stop_sequences",
        "user": "metadata.user_id",
        "response_format": "output_config.format",
        "response_format.type": "output_config.format.type",
        "reasoning_effort": "output_config.effort",
        "parallel_tool_calls": "tool_choice.disable_parallel_tool_use",
    }

    def __init__(self, body: JsonMapping, request_id: str) -> None:
        """`body` is checked (`messages_request`). The answer's id contains the request's."""
        self.body = body
        self._request_id = request_id

    def chat_request(self, body: JsonMapping, dropped: DroppedHints) -> JsonMapping:
        options = chat_options(body, dropped)
        chat: Json = {"model": body["model"], "messages": chat_messages(body), **options}
        if body.get("stream"):
            chat["stream"] = True
        return chat

    def answer(self, chat: JsonMapping) -> JsonMapping:
        return answers.message(chat, self._context())

    def stream(self) -> MessagesStream:
        return MessagesStream(self._context())

    def _context(self) -> RequestContext:
        return RequestContext(
            f"msg_{self._request_id}",
            self.body["model"],
            reasoning.showing(self.body.get("thinking")),
            originals(self.body),
            lambda: estimate(self.body),
        )


def _checked(body: JsonMapping, size_bytes: int) -> tuple[Needs, bool]:
    """Checks the outer form of a request. Returns what a model needs, and whether a block needs cleaning (`native`)."""
    has_images, has_files, has_foreign = _check_messages(body)
    system = body.get("system")
    if system is not None and not isinstance(system, str):
        _check_blocks(system, "system")
    tools = list(optional_objects(body, "tools"))
    strings(body, "stop_sequences")
    config = body.get("output_config")
    wants_schema = bool(body.get("output_format") or (isinstance(config, dict) and config.get("format")))
    needs = Needs(
        tools=bool(tools),
        images=has_images,
        json_schema=wants_schema,
        text_bytes=0 if has_images or has_files else size_bytes,
    )
    return needs, has_foreign


def _check_messages(body: JsonMapping) -> tuple[bool, bool, bool]:
    """Whether there are images, files, and blocks that need cleaning."""
    has_images = has_files = has_foreign = False
    for index, message in enumerate(non_empty(body, "messages", list)):
        # A path costs more than a check, and a conversation has hundreds of messages.
        if type(message) is not dict:
            raise invalid(f"messages[{index}]", "must be an object")
        if message.get("role") not in _ROLES:
            one_of(message, "role", _ROLES, f"messages[{index}]")
        content = message.get("content")
        if isinstance(content, str):
            continue
        for block in _check_blocks(content, f"messages[{index}].content"):
            kind = block["type"]
            if kind in ("image", "document"):
                has_images, has_files = has_images or kind == "image", has_files or kind == "document"
            elif kind == "tool_result" and isinstance(block.get("content"), list):
                inner = [part.get("type") for part in block["content"] if isinstance(part, dict)]
                has_images, has_files = has_images or "image" in inner, has_files or "document" in inner
            has_foreign = has_foreign or native.is_foreign(block)
    return has_images, has_files, has_foreign


def _check_blocks(content: object, where: str) -> list[Json]:
    if not isinstance(content, list):
        raise invalid(where, "must be a string or an array of blocks")
    for place, block in enumerate(content):
        if type(block) is not dict:
            raise invalid(f"{where}[{place}]", "must be an object")
        if type(block.get("type")) is not str:
            raise invalid(f"{where}[{place}].type", "must be a string")
    return content
