"""`POST /v1/messages` and `/v1/messages/count_tokens` as requests for the relay, and the translation that goes with them."""

import re
from datetime import date
from typing import Any

from ai_engine.autodecide.candidates import Needs
from ai_engine.client_api.messages import answers, native, reasoning
from ai_engine.client_api.messages.answers import Asked
from ai_engine.client_api.messages.conversation import chat_messages
from ai_engine.client_api.messages.count_tokens import estimate
from ai_engine.client_api.messages.errors import THREAD_UNSUPPORTED
from ai_engine.client_api.messages.options import chat_options
from ai_engine.client_api.messages.refusals import Refused
from ai_engine.client_api.messages.stream import MessagesStream
from ai_engine.client_api.steering import Arrival, optional_flag, parse_object, steered_request
from ai_engine.client_api.tool_names import originals
from ai_engine.errors import InvalidRequest
from ai_engine.names import Operation
from ai_engine.relay.request import ClientRequest
from ai_engine.wire.json_types import Json, JsonMapping

_ROLES = frozenset({"user", "assistant", "system"})
_is_date = re.compile(r"\d{4}-\d{2}-\d{2}").fullmatch


def messages_request(raw: bytes, arrival: Arrival) -> ClientRequest:
    """Reads `POST /v1/messages`. Raises `InvalidRequest` naming the field."""
    body = parse_object(raw)
    most = body.get("max_tokens")
    if type(most) is not int or most < 0:
        raise InvalidRequest(
            "max_tokens must be given: how many tokens the answer may have at most, as a whole number.", param="max_tokens"
        )
    if body.get("thread") is not None:
        raise InvalidRequest(
            "thread is a state that one provider alone has: send the whole conversation.", param="thread", code=THREAD_UNSUPPORTED
        )
    needs, has_foreign = _checked(body, len(raw))
    is_stream = optional_flag(body, "stream") or False
    request = steered_request(
        body,
        Operation.MESSAGES,
        arrival,
        is_stream=is_stream,
        wants_usage=is_stream,
        needs=needs,
    )
    translation = MessagesTranslation(request.body, request.id)
    return request._replace(translation=translation, body=native.without_foreign(request.body) if has_foreign else request.body)


def count_tokens_request(raw: bytes, arrival: Arrival) -> ClientRequest:
    """Reads `POST /v1/messages/count_tokens`. Raises `InvalidRequest` naming the field."""
    body = parse_object(raw)
    needs, has_foreign = _checked(body, len(raw))
    request = steered_request(body, Operation.COUNT_TOKENS, arrival, needs=needs)
    asked = request.body
    return request._replace(
        body=native.without_foreign(asked) if has_foreign else asked, local_fallback=lambda: {"input_tokens": estimate(asked)}
    )


def takes_header(name: bytes, value: bytes) -> bool:
    """As `ClientFormat.takes_header`. The version stays here: every provider gets the one that our adapter writes."""
    if name == b"anthropic-version":
        check_version(value)
    return name == b"anthropic-beta"


def check_version(value: bytes) -> None:
    """The header `anthropic-version`: any date since the first one. Raises `InvalidRequest`."""
    text = value.decode("latin-1")
    try:
        if _is_date(text) and date.fromisoformat(text) >= date(2023, 1, 1):
            return
    except ValueError:
        pass
    raise InvalidRequest("anthropic-version must be a date such as 2023-06-01.", param="anthropic-version")


class MessagesTranslation:
    """`relay.translation.Translation` of one request."""

    def __init__(self, body: JsonMapping, request_id: str) -> None:
        """`body` was checked (`messages_request`). The answer's id is made of the request's, so that either finds the other."""
        self._body = body
        self._request_id = request_id

    def chat_request(self) -> JsonMapping:
        try:
            chat = {
                "model": self._body["model"],
                "messages": chat_messages(self._body),
                **chat_options(self._body),
            }
        except Refused as refused:
            raise refused.error() from None
        if self._body.get("stream"):
            chat["stream"] = True
        return chat

    def answer(self, chat: JsonMapping) -> JsonMapping:
        return answers.message(chat, self._asked())

    def stream(self) -> MessagesStream:
        return MessagesStream(self._asked())

    def _asked(self) -> Asked:
        return Asked(
            f"msg_{self._request_id}",
            self._body["model"],
            reasoning.showing(self._body.get("thinking")),
            originals(self._body),
            lambda: estimate(self._body),
        )


def _checked(body: JsonMapping, size_bytes: int) -> tuple[Needs, bool]:
    """Checks the form that everything here relies on. Says what a model needs, and whether anything in it is ours (`native`)."""
    has_images, has_files, has_foreign = _check_messages(body.get("messages"))
    system = body.get("system")
    if system is not None and not isinstance(system, str):
        _check_blocks(system, "system")
    tools = body.get("tools")
    if tools is not None and not (isinstance(tools, list) and all(isinstance(tool, dict) for tool in tools)):
        raise InvalidRequest("tools must be an array of objects.", param="tools")
    stops = body.get("stop_sequences")
    if stops is not None and not (isinstance(stops, list) and all(isinstance(stop, str) for stop in stops)):
        raise InvalidRequest("stop_sequences must be an array of texts.", param="stop_sequences")
    config = body.get("output_config")
    wants_schema = bool(body.get("output_format") or (isinstance(config, dict) and config.get("format")))
    needs = Needs(
        tools=bool(tools),
        images=has_images,
        json_schema=wants_schema,
        text_bytes=0 if has_images or has_files else size_bytes,
    )
    return needs, has_foreign


def _check_messages(messages: Any) -> tuple[bool, bool, bool]:
    """Whether there are images, files, and blocks with something of ours."""
    if not isinstance(messages, list) or not messages:
        raise InvalidRequest("messages must be an array with at least one message.", param="messages")
    has_images = has_files = has_foreign = False
    for index, message in enumerate(messages):
        if not isinstance(message, dict):
            raise InvalidRequest(f"messages[{index}] must be an object with a role.", param=f"messages[{index}]")
        role = message.get("role")
        if not isinstance(role, str) or role not in _ROLES:
            raise InvalidRequest(
                f"messages[{index}].role must be user or assistant, or system for later instructions.",
                param=f"messages[{index}].role",
            )
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


def _check_blocks(content: Any, where: str) -> list[Json]:
    if not isinstance(content, list):
        raise InvalidRequest(f"{where} must be a text or an array of blocks.", param=where)
    for place, block in enumerate(content):
        if not isinstance(block, dict) or not isinstance(block.get("type"), str):
            at = f"{where}[{place}].type" if isinstance(block, dict) else f"{where}[{place}]"
            raise InvalidRequest(f"{where}[{place}] must be an object with a type.", param=at)
    return content
