"""Responses as the chats that were asked for (`openai_over_responses`), plain and streamed."""

from collections.abc import Mapping
from typing import Any

from ai_engine.providers.adapter import StreamEvent
from ai_engine.providers.openai_responses import usage_counts
from ai_engine.wire import openai
from ai_engine.wire.chat_shape import objects_in
from ai_engine.wire.openai_usage import chat_usage
from ai_engine.wire.responses import REASONING_FORMAT

Json = dict[str, Any]

_FINISHES = {"max_output_tokens": "length", "content_filter": "content_filter"}
"""By why a response is incomplete."""


def chat_of(response: Mapping[str, Any]) -> Json:
    """A whole response as a chat completion. Items of other kinds are none of a chat's."""
    said: Json = {"role": "assistant", "content": None, "refusal": None}
    calls: list[Json] = []
    details: list[Json] = []
    for place, item in enumerate(objects_in(response.get("output"))):
        kind = item.get("type")
        if kind == "message":
            for part in objects_in(item.get("content")):
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


class ChunksOfResponse:
    """The events of one response as chunks of a chat."""

    def __init__(self) -> None:
        self._head: Json = {"id": "", "object": "chat.completion.chunk", "created": 0, "model": ""}
        self._calls: dict[object, int] = {}
        """By the place of their items, which of the calls they are."""
        self._untold: set[object] = set()
        """Those without a piece of their arguments so far."""

    def in_chat(self, event: StreamEvent) -> StreamEvent:
        """What a decoder of the response tells, as it would tell it of the chat."""
        return event._replace(data=b"", chunk=None if event.chunk is None else self.chunk(event.chunk))

    def chunk(self, event: Mapping[str, Any]) -> Json | None:
        """`None` for an event that a chat has no words for."""
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
        self._untold.add(place)
        call = openai.tool_call(_text(item.get("call_id")), _text(item.get("name")), "")
        return self._said({"tool_calls": [{"index": index, **call}]})

    def _argued(self, place: object, piece: object) -> Json | None:
        index = self._calls.get(place) if type(place) is int else None
        if index is None or not isinstance(piece, str) or not piece:
            return None
        self._untold.discard(place)
        return self._said({"tool_calls": [{"index": index, "function": {"arguments": piece}}]})

    def _done(self, place: object, item: Json) -> Json | None:
        if item.get("type") == "function_call" and type(place) is int and place in self._untold:
            return self._argued(place, item.get("arguments"))
        details = _details(item, place if type(place) is int else 0) if item.get("type") == "reasoning" else ()
        return self._said({"reasoning_details": details}) if details else None

    def _end(self, response: Json) -> Json:
        chunk = self._said({}, _finish(response, has_calls=bool(self._calls)))
        usage = chat_usage(usage_counts(response.get("usage")))
        return chunk if usage is None else {**chunk, "usage": usage}


def _finish(response: Mapping[str, Any], *, has_calls: bool) -> str:
    if response.get("status") == "incomplete":
        return _FINISHES.get(_text(_object(response.get("incomplete_details")).get("reason")), "length")
    return "tool_calls" if has_calls else "stop"


def _details(item: Mapping[str, Any], place: int) -> list[Json]:
    data = item.get("encrypted_content")
    if not isinstance(data, str):
        return []
    detail: Json = {"type": "reasoning.encrypted", "data": data, "format": REASONING_FORMAT, "index": place}
    return [{**detail, "id": item["id"]} if isinstance(item.get("id"), str) else detail]


def _object(value: object) -> Json:
    return value if isinstance(value, dict) else {}


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
