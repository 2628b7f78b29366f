"""Chats that OpenAI accepts only at `/responses`: those with tools for reasoning models, from GPT-5.4 on.

"Function tools with reasoning_effort are not supported for gpt-5.4 in /v1/chat/completions. Please use /v1/responses instead."
(https://github.com/pipecat-ai/pipecat/issues/4043; GPT-5.6 and later reason unasked, and refuse every tool there:
https://github.com/danny-avila/LibreChat/issues/14355; all read 2026-11-28). Only translated chats are sent there; a client's
own chat is sent unchanged. The fields: https://platform.openai.com/docs/api-reference/responses/create (read 2026-11-28).
"""

import re
from collections.abc import Mapping, Sequence

from ai_engine.providers.adapter import PlainAnswer, StreamEvent
from ai_engine.providers.openai.dialects import FAILED_TOOL
from ai_engine.providers.openai.model_traits import base_name
from ai_engine.providers.openai.responses import ResponsesStreamDecoder, usage_counts
from ai_engine.providers.stream_events import CHAT_END
from ai_engine.wire import openai
from ai_engine.wire.json_types import Json, JsonMapping
from ai_engine.wire.openai_usage import chat_usage
from ai_engine.wire.responses import REASONING_FORMAT
from ai_engine.wire.sse import Event
from ai_engine.wire.tolerant import objects_in

_FIRST_VERSION = (5, 4)
_LEAST_OUTPUT_TOKENS = 16
"""A smaller limit is refused there: "integer below minimum value. Expected a value >= 16"
(https://github.com/vectorize-io/hindsight/issues/58, read 2026-11-28)."""
# One digit before the dot: Azure has `gpt-35-turbo` for GPT-3.5 (https://learn.microsoft.com/azure/ai-foundry/openai/, read
# 2026-11-28), and deployments may have no dot in their names.
_version_in = re.compile(r"gpt-(\d)(?:\.(\d{1,2}))?(?![\d.])").match
_SAME = ("temperature", "top_p", "parallel_tool_calls", "service_tier", "user", "stream")
_KNOWN = frozenset(_SAME) | {
    *("model", "messages", "max_completion_tokens", "tools", "tool_choice", "response_format", "reasoning_effort", "thinking")
}
_FINISHES = {"max_output_tokens": "length", "content_filter": "content_filter"}
"""By the reason of an incomplete response."""


def is_only_way(chat: JsonMapping, model: str) -> bool:
    """Whether this chat must be sent to `/responses`, and all its fields are supported there."""
    if not chat.get("tools") or chat.get("reasoning_effort") == "none":
        return False
    version = _version_in(base_name(model))
    if version is None or (int(version[1]), int(version[2] or 0)) < _FIRST_VERSION:
        return False
    if any(message.get("images") for message in chat["messages"]):
        return False
    return all(field in _KNOWN or value is None for field, value in chat.items())


def responses_request(chat: JsonMapping) -> Json:
    """The request. OpenAI stores nothing: reasoning is sent back and forth encrypted."""
    request: Json = {"store": False, "include": ["reasoning.encrypted_content"]}
    request["input"] = [item for message in chat["messages"] for item in _items(message)]
    request |= {field: chat[field] for field in _SAME if chat.get(field) is not None}
    if chat.get("max_completion_tokens") is not None:
        request["max_output_tokens"] = max(chat["max_completion_tokens"], _LEAST_OUTPUT_TOKENS)
    # Functions are strict by default there, but not in chats.
    request["tools"] = [{"type": "function", "strict": False, **tool["function"]} for tool in chat["tools"]]
    choice = chat.get("tool_choice")
    if choice is not None:
        request["tool_choice"] = {"type": "function", **choice["function"]} if isinstance(choice, Mapping) else choice
    if chat.get("reasoning_effort") is not None:
        request["reasoning"] = {"effort": chat["reasoning_effort"]}
    form = chat.get("response_format")
    if form is not None:
        request["text"] = {"format": {"type": form["type"], **form.get("json_schema", {})}}
    return request


def _items(message: JsonMapping) -> Sequence[Json]:
    role, content = message["role"], message.get("content")
    if role == "tool":
        return [{"type": "function_call_output", "call_id": message["tool_call_id"], "output": _result(message)}]
    if role == "assistant":
        return _turn(message)
    return [{"type": "message", "role": role, "content": content if isinstance(content, str) else _parts(content or ())}]


def _turn(message: JsonMapping) -> Sequence[Json]:
    """Reasoning, text and calls of an assistant's message. The index of reasoning is its position among all of them."""
    content = message.get("content")
    texts = [content] if isinstance(content, str) else [part["text"] for part in content or ()]
    if not any(texts) and message.get("refusal"):
        texts = [message["refusal"]]
    said: list[Json] = [{"type": "message", "role": "assistant", "content": text} for text in texts if text]
    calls = message.get("tool_calls") or ()
    said += ({"type": "function_call", "call_id": call["id"], **call["function"]} for call in calls)
    foreign = 0
    for detail in message.get("reasoning_details") or ():
        if detail.get("format") != REASONING_FORMAT or not isinstance(detail.get("data"), str):
            foreign += 1
            continue
        thought: Json = {"type": "reasoning", "summary": [], "encrypted_content": detail["data"]}
        if isinstance(detail.get("id"), str):
            thought["id"] = detail["id"]
        index = detail.get("index")
        said.insert(max(index - foreign, 0) if type(index) is int else 0, thought)
    return said


def _result(message: JsonMapping) -> str | list[Json]:
    content = message.get("content") or ""
    if isinstance(content, str):
        return FAILED_TOOL + content if message.get("is_error") else content
    parts = _parts(content)
    return [{"type": "input_text", "text": FAILED_TOOL.rstrip()}, *parts] if message.get("is_error") else parts


def _parts(content: Sequence[JsonMapping]) -> list[Json]:
    parts: list[Json] = []
    for part in content:
        if part["type"] == "text":
            parts.append({"type": "input_text", "text": part["text"]})
        elif part["type"] == "image_url":
            image = part["image_url"]
            parts.append({"type": "input_image", "image_url": image["url"], "detail": image.get("detail", "auto")})
        else:
            parts.append({"type": "input_file", **part["file"]})
    return parts


def chat_answer(plain: PlainAnswer) -> PlainAnswer:
    """A whole response as the answer to a chat."""
    assert plain.answer is not None, "a response is a JSON object"
    return plain._replace(body=None, answer=chat_of(plain.answer))


def chat_of(response: JsonMapping) -> Json:
    """A whole response as a chat completion. Items without a counterpart are left out."""
    said: Json = {"role": "assistant", "content": None, "refusal": None}
    calls: list[Json] = []
    details: list[Json] = []
    for place, item in enumerate(objects_in(response, "output")):
        kind = item.get("type")
        if kind == "message":
            for part in objects_in(item, "content"):
                field, text = ("refusal", part.get("refusal")) if part.get("type") == "refusal" else ("content", part.get("text"))
                if isinstance(text, str):
                    said[field] = (said[field] or "") + text
        elif kind == "function_call":
            calls.append(openai.tool_call(_text(item.get("call_id")), _text(item.get("name")), _text(item.get("arguments"))))
        elif kind == "reasoning":
            details += _details(item, place)
    if calls:
        said["tool_calls"] = calls
    if details:
        said["reasoning_details"] = details
    choice = {"index": 0, "message": said, "logprobs": None, "finish_reason": _finish(response, has_calls=bool(calls))}
    return openai.chat_completion(
        completion_id=_text(response.get("id")),
        created=0,
        model=_text(response.get("model")),
        choices=[choice],
        usage=chat_usage(usage_counts(response.get("usage"))),
    )


class ChatStreamDecoder(ResponsesStreamDecoder):
    """`adapter.StreamDecoder` for the events of a response as chunks of a chat."""

    __slots__ = ("_calls", "_head", "_without_arguments")

    def __init__(self) -> None:
        super().__init__()
        self._head: Json = {"id": "", "object": "chat.completion.chunk", "created": 0, "model": ""}
        self._calls: dict[object, int] = {}
        """The index of each call, by the index of its item."""
        self._without_arguments: set[object] = set()
        """Calls without any arguments so far."""

    def ending(self) -> Sequence[Event]:
        return CHAT_END

    def _event(self, data: bytes) -> StreamEvent:
        event = super()._event(data)
        return StreamEvent(event.kind, failure=event.failure, chunk=None if event.chunk is None else self._chunk(event.chunk))

    def _chunk(self, event: JsonMapping) -> Json | None:
        """`None` for an event without a counterpart in a chat."""
        match event.get("type"):
            case "response.created":
                response = _object(event.get("response"))
                self._head |= {"id": _text(response.get("id")), "model": _text(response.get("model"))}
                return self._said({"role": "assistant", "content": ""})
            case "response.output_text.delta":
                return self._said({"content": _text(event.get("delta"))})
            case "response.refusal.delta":
                return self._said({"refusal": _text(event.get("delta"))})
            case "response.output_item.added":
                return self._added(event.get("output_index"), _object(event.get("item")))
            case "response.function_call_arguments.delta":
                return self._argued(event.get("output_index"), event.get("delta"))
            case "response.output_item.done":
                return self._done(event.get("output_index"), _object(event.get("item")))
            case "response.completed" | "response.incomplete":
                return self._end(_object(event.get("response")))
            case _:
                return None

    def _said(self, delta: Json, finish: str | None = None) -> Json:
        return {**self._head, "choices": [{"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}]}

    def _added(self, place: object, item: Json) -> Json | None:
        if item.get("type") != "function_call" or type(place) is not int:
            return None
        index = self._calls[place] = len(self._calls)
        self._without_arguments.add(place)
        call = openai.tool_call(_text(item.get("call_id")), _text(item.get("name")), "")
        return self._said({"tool_calls": [{"index": index, **call}]})

    def _argued(self, place: object, piece: object) -> Json | None:
        index = self._calls.get(place) if type(place) is int else None
        if index is None or not isinstance(piece, str) or not piece:
            return None
        self._without_arguments.discard(place)
        return self._said({"tool_calls": [{"index": index, "function": {"arguments": piece}}]})

    def _done(self, place: object, item: Json) -> Json | None:
        if item.get("type") == "function_call" and type(place) is int and place in self._without_arguments:
            return self._argued(place, item.get("arguments"))
        details = _details(item, place if type(place) is int else 0) if item.get("type") == "reasoning" else ()
        return self._said({"reasoning_details": details}) if details else None

    def _end(self, response: Json) -> Json:
        chunk = self._said({}, _finish(response, has_calls=bool(self._calls)))
        usage = chat_usage(usage_counts(response.get("usage")))
        return chunk if usage is None else {**chunk, "usage": usage}


def _finish(response: JsonMapping, *, has_calls: bool) -> str:
    if response.get("status") == "incomplete":
        return _FINISHES.get(_text(_object(response.get("incomplete_details")).get("reason")), "length")
    return "tool_calls" if has_calls else "stop"


def _details(item: JsonMapping, place: int) -> list[Json]:
    data = item.get("encrypted_content")
    if not isinstance(data, str):
        return []
    detail: Json = {"type": "reasoning.encrypted", "data": data, "format": REASONING_FORMAT, "index": place}
    return [{**detail, "id": item["id"]} if isinstance(item.get("id"), str) else detail]


def _object(value: object) -> Json:
    return value if isinstance(value, dict) else {}


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
