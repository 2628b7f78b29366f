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
from ai_engine.wire.tool_arguments import arguments_text

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
_DELTAS: Mapping[object, str] = {
    "response.output_text.delta": "content",
    "response.refusal.delta": "refusal",
    "response.function_call_arguments.delta": "arguments",
}
"""The fields that events continue."""
_WHOLES: Mapping[str, tuple[str, str]] = {
    "response.output_text.done": ("content", "text"),
    "response.refusal.done": ("refusal", "refusal"),
    "response.function_call_arguments.done": ("arguments", "arguments"),
}
"""The fields that events repeat whole, and their names there."""


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
            for field, text in _texts(item).items():
                said[field] = (said[field] or "") + text
        elif kind == "function_call":
            arguments = arguments_text(item.get("arguments"))
            calls.append(openai.tool_call(_text(item.get("call_id")), _text(item.get("name")), arguments))
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
    """`adapter.StreamDecoder` for the events of a response as chunks of a chat.

    Servers leave out events: text, arguments and whole items may come only with the `done` event, or with the whole response.
    """

    __slots__ = ("_calls", "_head", "_items", "_seen")

    def __init__(self) -> None:
        super().__init__()
        self._head: Json = {"id": "", "object": "chat.completion.chunk", "created": 0, "model": ""}
        self._items: dict[object, _Item] = {}
        """By id, and by index."""
        self._seen = 0
        """The number of items."""
        self._calls = 0

    def ending(self) -> Sequence[Event]:
        return CHAT_END

    def _event(self, data: bytes) -> StreamEvent:
        event = super()._event(data)
        return StreamEvent(event.kind, failure=event.failure, chunk=None if event.chunk is None else self._chunk(event.chunk))

    def _chunk(self, event: JsonMapping) -> Json | None:
        """`None` for an event without a counterpart in a chat."""
        kind = event.get("type")
        if kind in _DELTAS:
            return self._more(event, _DELTAS[kind], event.get("delta"))
        match kind:
            case "response.created":
                response = _object(event.get("response"))
                self._head |= {"id": _text(response.get("id")), "model": _text(response.get("model"))}
                return self._said({"role": "assistant", "content": ""})
            case "response.output_text.done" | "response.refusal.done" | "response.function_call_arguments.done":
                field, name = _WHOLES[kind]
                return self._whole(event, field, event.get(name))
            case "response.output_item.added":
                return self._begin(event, _object(event.get("item")))
            case "response.output_item.done":
                return self._end_item(event, _object(event.get("item")))
            case "response.completed" | "response.incomplete":
                return self._end(_object(event.get("response")))
            case _:
                return None

    def _said(self, delta: Json, finish: str | None = None) -> Json:
        return {**self._head, "choices": [{"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}]}

    def _more(self, event: JsonMapping, field: str, piece: object) -> Json | None:
        """A piece of an item's text or arguments."""
        text = arguments_text(piece) if field == "arguments" else _text(piece)
        if not text:
            return None
        item = self._item_of(event)
        item.sent.add(field)
        if field != "arguments":
            return self._said({field: text})
        if item.call < 0:
            item.arguments += text
            return None
        return self._said({"tool_calls": [{"index": item.call, "function": {"arguments": text}}]})

    def _whole(self, event: JsonMapping, field: str, text: object) -> Json | None:
        """The whole of it, where no piece came."""
        return None if field in self._item_of(event).sent else self._more(event, field, text)

    def _begin(self, event: JsonMapping, given: Json) -> Json | None:
        item = self._item_of(event, is_new=True)
        if given.get("type") != "function_call" or not given.get("name"):
            return None
        return self._said({"tool_calls": [self._call(item, given)]})

    def _call(self, item: "_Item", given: JsonMapping) -> Json:
        item.call, self._calls = self._calls, self._calls + 1
        return {"index": item.call, **openai.tool_call(_text(given.get("call_id")), _text(given.get("name")), item.arguments)}

    def _rest_of(self, item: "_Item", given: Json, place: object) -> Json:
        """The delta of what no event before has sent of an item."""
        item.is_over = True
        if given.get("type") == "function_call":
            if "arguments" not in item.sent:
                item.arguments = arguments_text(given.get("arguments"))
            if item.call < 0:
                return {"tool_calls": [self._call(item, given)]}
            if "arguments" in item.sent or not item.arguments:
                return {}
            return {"tool_calls": [{"index": item.call, "function": {"arguments": item.arguments}}]}
        if given.get("type") == "message":
            return {field: text for field, text in _texts(given).items() if field not in item.sent}
        details = _details(given, place if type(place) is int else 0) if given.get("type") == "reasoning" else ()
        return {"reasoning_details": details} if details else {}

    def _end_item(self, event: JsonMapping, given: Json) -> Json | None:
        item = self._item_of(event)
        delta = self._rest_of(self._item_of(event, is_new=True) if item.is_over else item, given, event.get("output_index"))
        return self._said(delta) if delta else None

    def _end(self, response: Json) -> Json:
        """The finish, and the items of the response that had no events."""
        delta: Json = {}
        output = objects_in(response, "output")
        for place, given in enumerate(output):
            item = self._find(_text(given.get("id")), place)
            if item is None and self._seen < len(output):
                item = self._item_of({"item_id": given.get("id"), "output_index": place}, is_new=True)
            if item is not None and not item.is_over:
                _add(delta, self._rest_of(item, given, place))
        chunk = self._said(delta, _finish(response, has_calls=self._calls > 0))
        usage = chat_usage(usage_counts(response.get("usage")))
        return chunk if usage is None else {**chunk, "usage": usage}

    def _find(self, item_id: str, place: object) -> "_Item | None":
        """By its id, else by its index, else the one of events that have neither."""
        by_id = self._items.get(item_id) if item_id else None
        by_place = self._items.get(place) if type(place) is int else None
        return by_id or by_place or self._items.get(None)

    def _item_of(self, event: JsonMapping, *, is_new: bool = False) -> "_Item":
        item_id, place = _text(event.get("item_id")) or _text(_object(event.get("item")).get("id")), event.get("output_index")
        item = None if is_new else self._find(item_id, place)
        if item is None:
            item, self._seen = _Item(), self._seen + 1
        if item_id:
            self._items[item_id] = item
        if type(place) is int:
            self._items[place] = item
        elif not item_id:
            self._items[None] = item
        return item


class _Item:
    """What events have sent of an item."""

    __slots__ = ("arguments", "call", "is_over", "sent")

    def __init__(self) -> None:
        self.call = -1
        """The number of its call, once that has begun."""
        self.arguments = ""
        """Of a call, before it has begun."""
        self.sent: set[str] = set()
        """The fields of a delta that have begun."""
        self.is_over = False


def _add(delta: Json, more: Json) -> None:
    """Both are text and lists."""
    for field, value in more.items():
        delta[field] = delta[field] + value if field in delta else value


def _finish(response: JsonMapping, *, has_calls: bool) -> str:
    if response.get("status") == "incomplete":
        return _FINISHES.get(_text(_object(response.get("incomplete_details")).get("reason")), "length")
    return "tool_calls" if has_calls else "stop"


def _texts(item: JsonMapping) -> Json:
    """The text and the refusal of a message, by the fields of a chat."""
    said: Json = {}
    for part in objects_in(item, "content"):
        field, text = ("refusal", part.get("refusal")) if part.get("type") == "refusal" else ("content", part.get("text"))
        if isinstance(text, str):
            said[field] = said.get(field, "") + text
    return said


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
