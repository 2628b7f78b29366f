"""ConverseStream's events as chat completion chunks.

Source: https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ConverseStream.html (read 2026-11-30). `messageStop`
has the reason, the `metadata` after it has the usage, and the body ends without a mark.
"""

from collections.abc import Sequence

from ai_engine.providers.adapter import EventKind, StreamEvent
from ai_engine.providers.bedrock.answers import (
    ending,
    failure_of_stop,
    is_hosted,
    reasoning_detail,
    routed_model,
    service_tier,
    url_citation,
)
from ai_engine.providers.failures import classify_error_object, classify_error_value
from ai_engine.providers.stream_events import TranslatingDecoder, failed
from ai_engine.wire import exact_json, openai
from ai_engine.wire.bedrock import token_counts
from ai_engine.wire.eventstream import JsonFrameReader
from ai_engine.wire.finish_reasons import reason_in
from ai_engine.wire.json_types import Json, JsonMapping
from ai_engine.wire.openai_usage import chat_usage
from ai_engine.wire.tolerant import string_in
from ai_engine.wire.tool_arguments import arguments_text


class _Call:
    """A tool call that has started."""

    __slots__ = ("has_arguments", "number")

    def __init__(self, number: int) -> None:
        self.number = number
        self.has_arguments = False


class ConverseStreamDecoder(TranslatingDecoder):
    """`adapter.StreamDecoder`. It never raises: events that make no sense are skipped and counted."""

    __slots__ = ("_calls", "_calls_by_block", "_chunk_head", "_hosted_blocks", "_text_length", "is_finished")

    def __init__(self, model: str, answer_id: str, created: int) -> None:
        """A stream from Bedrock has neither a model nor an id. `created` is in seconds since the epoch."""
        super().__init__(JsonFrameReader())
        self.is_finished = False
        self._chunk_head: Json = {"id": answer_id, "object": "chat.completion.chunk", "created": created, "model": model}
        self._calls = 0
        self._calls_by_block: dict[int, _Call] = {}
        self._hosted_blocks: set[int] = set()
        """Blocks with calls of tools that Bedrock runs itself."""
        self._text_length = 0

    def infer_finish(self) -> Sequence[StreamEvent]:
        if not self._is_speaking or self._calls_by_block:
            return ()
        self.inferred_finish = "tool_calls" if self._calls else "stop"
        return (self._chunk({}, EventKind.FINISH, {"finish_reason": self.inferred_finish}),)

    def _events(self, data: bytes) -> Sequence[StreamEvent]:
        union = exact_json.loads(data)
        for name, event in union.items():
            if type(event) is not dict:
                return (self._invalid(),)
            if name == "contentBlockDelta":
                return self._delta(event)
            return self._other(name, event)
        return (self._invalid(),)

    def _other(self, name: str, event: Json) -> Sequence[StreamEvent]:
        match name:
            case "messageStart":
                return (self._chunk({"role": "assistant", "content": ""}, EventKind.OPENING),)
            case "contentBlockStart":
                return (*self._end(event), *self._begin(event))
            case "contentBlockStop":
                return self._end(event)
            case "messageStop":
                return self._stop(event)
            case "metadata":
                return self._metadata(event)
            case "error":
                return (failed(classify_error_value({"error": event})),)
            case _ if name.endswith("Exception"):
                return (failed(classify_error_object({**event, "type": name})),)
            case _:
                return (self._invalid(),)

    def _delta(self, event: Json) -> Sequence[StreamEvent]:
        index, delta = _index(event), event.get("delta")
        if type(delta) is not dict:
            return (self._invalid(),)
        text = delta.get("text")
        if type(text) is str:
            return self._text(text)
        if type(call := delta.get("toolUse")) is dict:
            return self._more_of_call(index, call.get("input"))
        if type(reasoning := delta.get("reasoningContent")) is dict:
            return self._think(index, reasoning)
        if type(citation := delta.get("citation")) is dict:
            note = url_citation(citation, 0, self._text_length)
            return () if note is None else (self._chunk({"annotations": [note]}, EventKind.CONTENT),)
        return () if "toolResult" in delta else (self._invalid(),)

    def _text(self, text: str) -> Sequence[StreamEvent]:
        if not text:
            return ()
        self._text_length += len(text)
        self.characters_since_usage += len(text)
        return (self._chunk({"content": text}, EventKind.CONTENT),)

    def _think(self, index: int, given: Json) -> Sequence[StreamEvent]:
        thought, detail = reasoning_detail(index, given)
        if detail is None:
            return ()
        self.characters_since_usage += len(thought)
        delta: Json = {"reasoning_details": [detail]}
        if thought:
            delta["reasoning_content"] = thought
        return (self._chunk(delta, EventKind.CONTENT),)

    def _begin(self, event: Json) -> Sequence[StreamEvent]:
        index, start = _index(event), event.get("start")
        call = start.get("toolUse") if type(start) is dict else None
        if type(call) is not dict:
            return ()  # text and reasoning start with their first delta
        if is_hosted(call):
            self._hosted_blocks.add(index)
            return ()
        known = self._calls_by_block[index] = _Call(self._calls)
        self._calls += 1
        name = string_in(call, "name")
        self.characters_since_usage += len(name)
        opening = {"index": known.number, **openai.tool_call(string_in(call, "toolUseId"), name, "")}
        return (self._chunk({"tool_calls": [opening]}, EventKind.CONTENT),)

    def _more_of_call(self, index: int, piece: object) -> Sequence[StreamEvent]:
        call = self._calls_by_block.get(index)
        if index in self._hosted_blocks:
            return ()
        if call is None:
            return (self._invalid(),)
        arguments = arguments_text(piece)
        return (self._arguments(call, arguments),) if arguments else ()

    def _arguments(self, call: _Call, piece: str) -> StreamEvent:
        call.has_arguments = True
        self.characters_since_usage += len(piece)
        return self._chunk({"tool_calls": [{"index": call.number, "function": {"arguments": piece}}]}, EventKind.CONTENT)

    def _end(self, event: Json) -> Sequence[StreamEvent]:
        call = self._calls_by_block.pop(_index(event), None)
        # Without deltas, or with empty ones, the call has no arguments.
        return (self._arguments(call, "{}"),) if call is not None and not call.has_arguments else ()

    def _stop(self, event: Json) -> Sequence[StreamEvent]:
        reason = reason_in(event.get("stopReason"))
        if reason is None:
            return self.infer_finish() or (self._invalid(),)
        failure = failure_of_stop(reason)
        if failure is not None:
            return (failed(failure),)
        return (self._chunk({}, EventKind.FINISH, ending(event)),)

    def _metadata(self, event: Json) -> Sequence[StreamEvent]:
        counts = token_counts(event.get("usage"))
        self.model = routed_model(event.get("trace")) or self.model
        if counts is None:
            return ()
        self._note(counts)
        chunk: Json = {**self._chunk_head, "choices": [], "usage": chat_usage(counts)}
        tier = service_tier(event)
        if tier is not None:
            chunk["service_tier"] = tier
        return (StreamEvent(EventKind.USAGE, chunk=chunk),)

    def _chunk(self, delta: Json, kind: EventKind, end: JsonMapping | None = None) -> StreamEvent:
        choice: Json = {"index": 0, "delta": delta, "finish_reason": None}
        if end is not None:
            choice.update(end)
            self.is_finished, self._is_speaking = True, False
        elif kind is EventKind.CONTENT:
            self.is_finished, self._is_speaking = False, True
        return StreamEvent(kind, chunk={**self._chunk_head, "choices": [choice]})


def _index(event: Json) -> int:
    index = event.get("contentBlockIndex")
    return index if type(index) is int else 0
