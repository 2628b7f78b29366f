"""Anthropic's stream as chat completion chunks, event by event.

Whatever order events come in, nothing here raises: what makes no sense is skipped and counted.
"""

from collections.abc import Sequence

import orjson

from ai_engine.providers.adapter import EventKind, StreamEvent
from ai_engine.providers.anthropic.answers import (
    SERVICE_TIERS,
    encrypted_detail,
    ending,
    refusal,
    thinking_detail,
    url_citations,
)
from ai_engine.providers.anthropic.events import index_of, is_error, mapping, merged
from ai_engine.providers.failures import classify_error_value
from ai_engine.providers.stream_events import DONE, TranslatingDecoder, failed
from ai_engine.wire import exact_json, openai
from ai_engine.wire.anthropic import chat_usage, token_counts
from ai_engine.wire.finish_reasons import reason_in
from ai_engine.wire.json_types import Json, JsonMapping
from ai_engine.wire.tolerant import string_in
from ai_engine.wire.tool_arguments import arguments_text, whole_arguments


class _Block:
    """An open content block."""

    __slots__ = ("call", "citations", "has_arguments", "input", "kind", "start")

    def __init__(self, kind: str, start: int) -> None:
        self.kind = kind
        self.start = start
        """The position of its text in the answer's text."""
        self.call = -1
        """The index of its tool call."""
        self.input: object = None
        self.has_arguments = False
        self.citations: list[object] = []


class ChatStreamDecoder(TranslatingDecoder):
    """`adapter.StreamDecoder` of Anthropic's events for `Operation.CHAT`."""

    __slots__ = ("_asked", "_blocks", "_calls", "_created", "_id", "_text_length", "_usage", "is_finished")

    def __init__(self, asked: str, created: int) -> None:
        """`asked` is the requested model, for a stream without one; `created` in seconds since the epoch."""
        super().__init__()
        self.is_finished = False
        self._asked = asked
        self._created = created
        self._id = "msg"
        self._usage: JsonMapping = {}
        self._blocks: dict[int, _Block] = {}
        self._calls = 0
        self._text_length = 0

    def _is_error(self, value: object) -> bool:
        return is_error(value)

    def infer_finish(self) -> Sequence[StreamEvent]:
        if not self._is_speaking or any(block.call >= 0 for block in self._blocks.values()):
            return ()
        self.inferred_finish = "tool_calls" if self._calls else "stop"
        return (self._chunk(EventKind.FINISH, {}, {"finish_reason": self.inferred_finish}),)

    def _events(self, data: bytes) -> Sequence[StreamEvent]:
        event = orjson.loads(data)
        if type(event) is not dict:
            return (self._invalid(),)
        if event.get("type") != "content_block_delta":  # nearly every event
            return self._turn(exact_json.exact(event, data))
        delta = event.get("delta")
        if type(delta) is not dict:
            return (self._invalid(),)
        text = delta.get("text")
        if delta.get("type") == "text_delta" and type(text) is str:
            return self._say(text)
        if type(delta.get("partial_json")) is dict:
            delta = exact_json.exact(event, data)["delta"]
        return self._advance(index_of(event), delta)

    def _turn(self, event: JsonMapping) -> Sequence[StreamEvent]:
        match event.get("type"):
            case "message_start":
                return self._start(event)
            case "content_block_start":
                # Some servers give every block the index 0, and some do not end it.
                before = self._end(event) if index_of(event) in self._blocks else ()
                return (*before, *self._begin(event))
            case "content_block_stop":
                return self._end(event)
            case "message_delta":
                return self._finish(event)
            case "message_stop":
                return (DONE,)
            case "ping":
                return ()
            case "error":
                return (failed(classify_error_value(event)),)
            case _:
                return (self._invalid(),)

    def _advance(self, index: int, delta: JsonMapping) -> Sequence[StreamEvent]:
        match delta.get("type"):
            case "input_json_delta":
                return self._on_arguments(index, delta)
            case "thinking_delta" | "signature_delta":
                return self._think(index, delta)
            case "citations_delta":
                return self._cite(index, delta)
            case _:
                return (self._invalid(),)

    def _chunk(self, kind: EventKind, delta: Json, end: JsonMapping | None = None) -> StreamEvent:
        choice: Json = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": None}
        if end is not None:
            choice.update(end)
            self.is_finished, self._is_speaking = True, False
        elif kind is EventKind.CONTENT:
            self.is_finished, self._is_speaking = False, True
        return self._of_choices(kind, [choice])

    def _of_choices(self, kind: EventKind, choices: list[Json], more: JsonMapping | None = None) -> StreamEvent:
        chunk: Json = {
            "id": self._id,
            "object": "chat.completion.chunk",
            "created": self._created,
            "model": self.model or self._asked,
            "choices": choices,
        }
        if more is not None:
            chunk.update(more)
        return StreamEvent(kind, chunk=chunk)

    def _say(self, text: str) -> Sequence[StreamEvent]:
        if not text:
            return ()
        length = len(text)
        self._text_length += length
        self.characters_since_usage += length
        return (self._chunk(EventKind.CONTENT, {"content": text}),)

    def _note_usage(self, reported: object) -> None:
        self._usage = merged(self._usage, reported)
        self._note(token_counts(self._usage))

    # Events of the message

    def _start(self, event: JsonMapping) -> Sequence[StreamEvent]:
        message = mapping(event, "message")
        model, message_id = message.get("model"), message.get("id")
        self.model = model if isinstance(model, str) and model else self.model
        self._id = message_id if isinstance(message_id, str) and message_id else self._id
        self._note_usage(message.get("usage"))
        return (self._chunk(EventKind.OPENING, {"role": "assistant", "content": ""}),)

    def _finish(self, event: JsonMapping) -> Sequence[StreamEvent]:
        delta = mapping(event, "delta")
        self._note_usage(event.get("usage"))
        if reason_in(delta.get("stop_reason")) is None:
            return ()
        why = refusal(delta)
        found = [chunk for index in list(self._blocks) for chunk in self._end({"index": index})]
        found += [self._chunk(EventKind.FINISH, {} if why is None else {"refusal": why}, ending(delta))]
        usage = chat_usage(self._usage)
        if usage is not None:
            tier = SERVICE_TIERS.get(str(self._usage.get("service_tier")))
            fields = {"usage": usage} if tier is None else {"usage": usage, "service_tier": tier}
            found.append(self._of_choices(EventKind.USAGE, [], fields))
        return found

    # Events of a block

    def _begin(self, event: JsonMapping) -> Sequence[StreamEvent]:
        given, index = mapping(event, "content_block"), index_of(event)
        kind = given.get("type")
        block = self._blocks[index] = _Block(kind if isinstance(kind, str) else "", self._text_length)
        if kind == "text":
            text = given.get("text")
            return self._say(text) if isinstance(text, str) else ()
        if kind == "tool_use":
            block.call, block.input = self._calls, given.get("input")
            self._calls += 1
            call = openai.tool_call(string_in(given, "id"), string_in(given, "name"), "")
            return (self._chunk(EventKind.CONTENT, {"tool_calls": [{"index": block.call, **call}]}),)
        if kind == "thinking":
            return self._think(index, given)
        if kind == "redacted_thinking":
            data = given.get("data")
            details = [encrypted_detail(index, data)] if isinstance(data, str) else []
            return (self._chunk(EventKind.CONTENT, {"reasoning_details": details}),) if details else (self._invalid(),)
        # Results of Anthropic's own tools are left out.
        return () if block.kind == "server_tool_use" or block.kind.endswith("_tool_result") else (self._invalid(),)

    def _end(self, event: JsonMapping) -> Sequence[StreamEvent]:
        block = self._blocks.pop(index_of(event), None)
        if block is None:
            return (self._invalid(),)
        if block.call >= 0 and not block.has_arguments:
            # Without any delta, the input is that of the block's start, mostly empty.
            return self._argue(block, whole_arguments(block.input))
        annotations = url_citations(block.citations, block.start, self._text_length)
        return (self._chunk(EventKind.CONTENT, {"annotations": annotations}),) if annotations else ()

    def _argue(self, block: _Block, piece: str) -> Sequence[StreamEvent]:
        block.has_arguments = True
        self.characters_since_usage += len(piece)
        return (self._chunk(EventKind.CONTENT, {"tool_calls": [{"index": block.call, "function": {"arguments": piece}}]}),)

    def _on_arguments(self, index: int, delta: JsonMapping) -> Sequence[StreamEvent]:
        block, piece = self._blocks.get(index), arguments_text(delta.get("partial_json"))
        if block is None:
            return (self._invalid(),)
        return self._argue(block, piece) if piece and block.call >= 0 else ()

    def _think(self, index: int, delta: JsonMapping) -> Sequence[StreamEvent]:
        text, signature = delta.get("thinking"), delta.get("signature")
        text = text if isinstance(text, str) else ""
        if not text and not (isinstance(signature, str) and signature):
            return ()
        said: Json = {"reasoning_details": [thinking_detail(index, text, signature)]}
        if text:
            said["reasoning_content"] = text
            self.characters_since_usage += len(text)
        return (self._chunk(EventKind.CONTENT, said),)

    def _cite(self, index: int, delta: JsonMapping) -> Sequence[StreamEvent]:
        block = self._blocks.get(index)
        if block is None:
            return (self._invalid(),)
        block.citations.append(delta.get("citation"))
        return ()
