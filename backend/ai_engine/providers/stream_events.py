"""What decoders of streams share: events that carry nothing, failures, and a translating one's way through a body."""

from collections.abc import Callable, Sequence

import orjson

from ai_engine.providers.adapter import EventKind, StreamEvent
from ai_engine.providers.failures import Failure, classify_error_value, malformed_answer
from ai_engine.wire import openai
from ai_engine.wire.sse import EventReader, EventTooLarge, encode_event

CHAT_END = encode_event(openai.DONE)
"""What ends a streamed chat."""

DONE = StreamEvent(EventKind.DONE)
INVALID = StreamEvent(EventKind.INVALID)


def failed(failure: Failure) -> StreamEvent:
    return StreamEvent(EventKind.FAILURE, failure=failure)


def too_large(error: EventTooLarge) -> StreamEvent:
    """The end of a stream that cannot be read any further."""
    return failed(malformed_answer(f"The provider's stream has {error}."))


def no_stream() -> StreamEvent:
    """A sound body, but not one of events: the answer of a server that cannot stream."""
    return failed(malformed_answer("The provider did not answer a streaming request with a stream."))


def of_plain(body: bytes, is_error: Callable[[object], bool]) -> StreamEvent:
    """A body without a single event. `is_error` says of parsed JSON whether it is an error in the protocol's form."""
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError:
        return no_stream()
    return failed(classify_error_value(value)) if is_error(value) else no_stream()


def is_json(rest: bytes) -> bool:
    """What came of a body without a single event looks like JSON: an error under a 200, or an answer that is whole."""
    return rest.lstrip().startswith((b"{", b"["))


class TranslatingDecoder:
    """The part of an `adapter.StreamDecoder` that is the same in all that make a chat of another protocol's events."""

    __slots__ = ("_has_events", "_reader", "invalid_events")

    def __init__(self) -> None:
        self.invalid_events = 0
        self._reader = EventReader()
        self._has_events = False

    def feed(self, chunk: bytes) -> Sequence[StreamEvent]:
        try:
            payloads = self._reader.feed(chunk)
        except EventTooLarge as error:
            return [too_large(error)]
        return self._all_events(payloads)

    def end(self) -> Sequence[StreamEvent]:
        rest = self._reader.unfinished
        payloads = self._reader.end()
        if not payloads and not self._has_events and is_json(rest):
            return [of_plain(rest, self._is_error)]
        return self._all_events(payloads)

    def ending(self) -> bytes:
        return CHAT_END

    def _all_events(self, payloads: Sequence[bytes]) -> Sequence[StreamEvent]:
        if payloads:
            self._has_events = True
        return [event for payload in payloads for event in self._events(payload)]

    def _events(self, data: bytes) -> Sequence[StreamEvent]:
        """What one payload is in a chat."""
        raise NotImplementedError

    def _is_error(self, value: object) -> bool:
        """As `of_plain` asks."""
        raise NotImplementedError

    def _invalid(self) -> StreamEvent:
        self.invalid_events += 1
        return INVALID
