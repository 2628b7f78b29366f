"""Anthropic's own format for native clients: passed through unchanged, and classified."""

from collections.abc import Sequence

import orjson

from ai_engine.names import Operation, TokenCounts
from ai_engine.providers.adapter import EventKind, PlainAnswer, StreamEvent
from ai_engine.providers.anthropic.events import index_of, is_error, mapping, merged
from ai_engine.providers.failures import Failure, classify_error_value, malformed_response
from ai_engine.providers.plain_answers import answer_object, uncounted_characters
from ai_engine.providers.stream_events import DONE, EventDecoder, failed
from ai_engine.wire import exact_json
from ai_engine.wire.anthropic import MESSAGE_STOP, token_counts
from ai_engine.wire.finish_reasons import reason_in
from ai_engine.wire.json_types import Json, JsonMapping
from ai_engine.wire.openai_usage import characters_in, count_in
from ai_engine.wire.sse import Event

_NOT_COUNTED_TOKENS = TokenCounts(0, 0, 0, 0, 0)
"""Counting tokens uses none."""

# Blocks that begin empty: their content comes in deltas.
_EMPTY_BLOCKS = ("text", "thinking")


def native_answer(operation: Operation, body: bytes) -> PlainAnswer | Failure:
    """Reads a 2xx answer to `MESSAGES` or `COUNT_TOKENS`. The body is unchanged."""
    message = sound_answer(body, "input_tokens" if operation is Operation.COUNT_TOKENS else "content")
    if isinstance(message, Failure):
        return message
    if operation is Operation.COUNT_TOKENS:
        return PlainAnswer(body, None, _NOT_COUNTED_TOKENS, answer=message)
    model, usage = message.get("model"), token_counts(message.get("usage"))
    characters = uncounted_characters(message["content"], usage)
    return PlainAnswer(body, model if isinstance(model, str) and model else None, usage, characters, message)


def sound_answer(body: bytes, field: str) -> Json | Failure:
    """A 2xx body as an object with `field`, a message's `content` or a count; a `Failure` for anything else."""
    message = answer_object(body)
    if isinstance(message, Failure):
        return message
    if is_error(message):
        return classify_error_value(message)
    if not isinstance(message.get(field), int if field == "input_tokens" else list):
        return malformed_response(f"The provider's answer has no {field}.")
    return message


class NativeStreamDecoder(EventDecoder):
    """`adapter.StreamDecoder` for `Operation.MESSAGES`: events unchanged and in order, unknown types too."""

    __slots__ = ("_has_calls", "_last", "_open_calls", "_usage", "is_finished")

    def __init__(self) -> None:
        super().__init__()
        self.is_finished = False
        self._usage: JsonMapping = {}
        self._last = MESSAGE_STOP
        self._has_calls = False
        self._open_calls: set[int] = set()
        """The indexes of their blocks."""

    def ending(self) -> Sequence[Event]:
        return (self._last,)

    def infer_finish(self) -> Sequence[StreamEvent]:
        if not self._is_speaking or self._open_calls:
            return ()
        self.inferred_finish = "tool_calls" if self._has_calls else "stop"
        self.is_finished, self._is_speaking = True, False
        end = {"stop_reason": "tool_use" if self._has_calls else "end_turn", "stop_sequence": None}
        counts = {"output_tokens": count_in(self._usage.get("output_tokens")) or 0}
        event: Json = {"type": "message_delta", "delta": end, "usage": counts}
        return (StreamEvent(EventKind.FINISH, orjson.dumps(event), None, event, "message_delta"),)

    def _is_error(self, value: object) -> bool:
        return is_error(value)

    def _event(self, data: bytes) -> StreamEvent:
        event = orjson.loads(data)
        if b"\n" in data:
            try:
                data = exact_json.dumps(exact_json.exact(event, data))
            except orjson.JSONEncodeError:
                return self._invalid()
        name = event.get("type") if type(event) is dict else None
        if type(name) is not str or not name.isprintable():
            return self._invalid()
        if name == "error":
            return failed(classify_error_value(event))
        if name == "message_stop":
            self._last = name, data
            return DONE
        kind = self._kind_of(name, event)
        if kind is EventKind.CONTENT:
            self.is_finished, self._is_speaking = False, True
        elif kind is EventKind.FINISH:
            self.is_finished, self._is_speaking = True, False
        return StreamEvent(kind, data, None, event, name)

    def _kind_of(self, name: str, event: JsonMapping) -> EventKind:
        if name == "content_block_delta":
            self.characters_since_usage += _length_of(event.get("delta"))
            return EventKind.CONTENT
        if name == "content_block_start":
            block = mapping(event, "content_block")
            is_empty = block.get("type") in _EMPTY_BLOCKS and not block.get("text") and not block.get("thinking")
            self.characters_since_usage += 0 if is_empty else characters_in(block)
            if block.get("type") == "tool_use":
                self._has_calls = True
                self._open_calls.add(index_of(event))
            return EventKind.OPENING if is_empty else EventKind.CONTENT
        if name == "content_block_stop":
            self._open_calls.discard(index_of(event))
        elif name == "message_start":
            message = mapping(event, "message")
            model = message.get("model")
            self.model = model if isinstance(model, str) and model else self.model
            self._note_usage(message.get("usage"))
        elif name == "message_delta":
            self._note_usage(event.get("usage"))
            if reason_in(mapping(event, "delta").get("stop_reason")) is not None:
                return EventKind.FINISH
        return EventKind.OPENING

    def _note_usage(self, reported: object) -> None:
        self._usage = merged(self._usage, reported)
        self._note(token_counts(self._usage))


def _length_of(delta: object) -> int:
    if type(delta) is not dict:
        return 0
    for name in ("text", "thinking", "partial_json"):
        piece = delta.get(name)
        if type(piece) is str:
            return len(piece)
    return 0
