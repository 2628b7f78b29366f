"""What the tests of the Responses API build: requests, chats, chunks; and what a client makes of the events."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import orjson

from ai_engine.client_api.responses.translation import ResponsesTranslation
from ai_engine.wire.json_types import Json, JsonMapping
from ai_engine.wire.sse import encode_events
from tests.builders import chat_of
from tests.client_api.relayed import relayed
from tests.fakes.clock import HandTurnedClock

RESPONSE_ID = "resp_" + "0" * 48
WEATHER: Json = {
    "type": "function",
    "name": "get_weather",
    "description": "The weather in a city.",
    "parameters": {"type": "object", "properties": {"city": {"type": "string"}}},
    "strict": True,
}
PATCH: Json = {
    "type": "custom",
    "name": "apply_patch",
    "description": "Edits files.",
    "format": {"type": "grammar", "syntax": "lark", "definition": "start: PATCH"},
}
PICTURE = "iVBORw0KGgo="
"""The beginning of a PNG."""
MADE: Json = {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{PICTURE}"}}
SIGNED: Json = {"type": "reasoning.text", "text": "Hm.", "signature": "c2ln", "format": "anthropic-claude-v1", "index": 0}


def translation(body: JsonMapping | None = None, **fields: Any) -> ResponsesTranslation:
    whole = {"model": "tiny", "input": "Hello!", **(body or {}), **fields}
    return ResponsesTranslation(whole, response_id=RESPONSE_ID, clock=HandTurnedClock())


def as_chat(given: Any, **fields: Any) -> Json:
    """The chat of a request with this input."""
    return dict(chat_of(translation(input=given, **fields)))


def chat(message: Json | None = None, finish: str = "stop", **fields: Any) -> Json:
    whole = {"role": "assistant", "content": None, **(message or {})}
    choice = {"index": 0, "message": whole, "finish_reason": finish, "logprobs": fields.pop("logprobs", None)}
    usage = {"prompt_tokens": 7, "completion_tokens": 5, "total_tokens": 12}
    return {"id": "chatcmpl-1", "created": 1, "model": "tiny-1", "choices": [choice], "usage": usage, **fields}


def call(call_id: str, name: str, arguments: str) -> Json:
    return {"id": call_id, "type": "function", "function": {"name": name, "arguments": arguments}}


def chunk(delta: Json | None = None, finish: str | None = None, **fields: Any) -> Json:
    choice = {"index": 0, "delta": delta or {}, "finish_reason": finish, **fields.pop("choice", {})}
    return {"id": "chatcmpl-1", "created": 1, "model": "tiny-1", "choices": [choice], **fields}


USAGE_CHUNK: Json = {
    "id": "chatcmpl-1",
    "model": "tiny-1",
    "choices": [],
    "usage": {
        "prompt_tokens": 7,
        "prompt_tokens_details": {"cached_tokens": 3, "cache_write_tokens": 2},
        "completion_tokens": 5,
        "completion_tokens_details": {"reasoning_tokens": 4},
        "total_tokens": 12,
    },
}


def read_events(data: bytes) -> list[Json]:
    """The events on the wire; their names must stand in both places."""
    events = []
    for block in data.decode().split("\n\n")[:-1]:
        name, payload = block.split("\n")
        event = orjson.loads(payload.removeprefix("data: "))
        assert name == f"event: {event['type']}"
        events.append(event)
    return events


def streamed(request: ResponsesTranslation, chunks: Iterable[Json]) -> tuple[list[Json], Json]:
    """What a client gets for these chunks: the events, and what the stream itself says is the answer."""
    stream = request.stream()
    events = [event for each in relayed(chunks) for event in stream.translate(each)]
    data = encode_events([*events, *stream.ending()])
    assert stream.answer is not None
    return read_events(data), dict(stream.answer)


def kinds(events: Sequence[Json]) -> list[str]:
    return [event["type"].removeprefix("response.") for event in events]


class Reader:
    """A client that believes nothing: it accumulates the events, and refuses what OpenAI's SDKs would."""

    def __init__(self) -> None:
        self.response: Json | None = None
        self.output: list[Json] = []
        self._done: set[int] = set()
        self._open_parts: dict[tuple[int, str], int] = {}

    def read(self, events: Sequence[Json]) -> Json:
        assert [event["sequence_number"] for event in events] == list(range(len(events)))
        assert kinds(events)[:2] == ["created", "in_progress"]
        for event in events[2:-1]:
            self._take(event["type"].removeprefix("response."), event)
        assert kinds(events)[-1] in ("completed", "incomplete")
        assert not self._open_parts
        assert self._done == set(range(len(self.output)))
        final: Json = events[-1]["response"]
        assert final["output"] == self.output
        assert {event["response"]["id"] for event in (*events[:2], events[-1])} == {final["id"]}
        assert events[0]["response"]["status"] == "in_progress"
        return final

    def _take(self, kind: str, event: Json) -> None:
        index = event["output_index"]
        if kind == "output_item.added":
            assert index == len(self.output)
            self.output.append(orjson.loads(orjson.dumps(event["item"])))
            return
        assert index not in self._done
        item = self.output[index]
        if kind == "output_item.done":
            assert event["item"]["id"] == item["id"]
            assert event["item"] == {**item, "status": event["item"]["status"], **self._only_at_the_end(event["item"])}
            assert event["item"]["status"] in ("completed", "incomplete")
            self.output[index] = event["item"]
            self._done.add(index)
            return
        assert event["item_id"] == item["id"]
        self._grow(kind, event, item)

    @staticmethod
    def _only_at_the_end(item: Json) -> Json:
        return {field: item[field] for field in ("encrypted_content", "result") if field in item} | (
            {"arguments": item["arguments"]} if item["type"] == "tool_search_call" else {}
        )

    def _grow(self, kind: str, event: Json, item: Json) -> None:
        match kind:
            case "content_part.added":
                assert event["content_index"] == len(item["content"])
                item["content"].append(event["part"])
            case "reasoning_summary_part.added":
                assert event["summary_index"] == len(item["summary"])
                item["summary"].append(event["part"])
            case "output_text.delta":
                item["content"][event["content_index"]]["text"] += event["delta"]
            case "refusal.delta":
                item["content"][event["content_index"]]["refusal"] += event["delta"]
            case "output_text.annotation.added":
                assert event["annotation_index"] == len(item["content"][event["content_index"]]["annotations"])
                item["content"][event["content_index"]]["annotations"].append(event["annotation"])
            case "reasoning_summary_text.delta":
                item["summary"][event["summary_index"]]["text"] += event["delta"]
            case "function_call_arguments.delta":
                item["arguments"] += event["delta"]
            case "custom_tool_call_input.delta":
                item["input"] += event["delta"]
            case _:
                self._check(kind, event, item)

    @staticmethod
    def _check(kind: str, event: Json, item: Json) -> None:
        match kind:
            case "output_text.done":
                part = item["content"][event["content_index"]]
                assert event["text"] == part["text"]
            case "refusal.done":
                assert event["refusal"] == item["content"][event["content_index"]]["refusal"]
            case "content_part.done":
                part = item["content"][event["content_index"]]
                part["logprobs"] = event["part"].get("logprobs", [])
                assert event["part"] == part or part["type"] == "refusal"
                part.pop("logprobs", None) if part["type"] == "refusal" else None
            case "reasoning_summary_text.done":
                assert event["text"] == item["summary"][event["summary_index"]]["text"]
            case "reasoning_summary_part.done":
                assert event["part"] == item["summary"][event["summary_index"]]
            case "function_call_arguments.done":
                assert (event["arguments"], event["name"]) == (item["arguments"], item["name"])
            case "custom_tool_call_input.done":
                assert event["input"] == item["input"]
            case "image_generation_call.in_progress" | "image_generation_call.generating" | "image_generation_call.completed":
                assert (item["type"], item["result"]) == ("image_generation_call", None)
            case _:
                raise AssertionError(f"Nobody knows the event {kind}.")


def texts(items: Iterable[Json]) -> Iterator[str]:
    """All that the messages among the items say."""
    for item in items:
        if item["type"] == "message":
            yield from (part["text"] for part in item["content"] if part["type"] == "output_text")
