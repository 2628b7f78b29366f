"""The common part of stream decoders: empty events, failures, and reading a body."""

from abc import ABC, abstractmethod
from collections.abc import Sequence

import orjson

from ai_engine.names import TokenCounts
from ai_engine.providers.adapter import EventKind, StreamEvent
from ai_engine.providers.error_bodies import has_error
from ai_engine.providers.failures import Failure, classify_error_value, malformed_response
from ai_engine.wire import openai
from ai_engine.wire.eventstream import BrokenFrame, JsonFrameReader, unions
from ai_engine.wire.json_types import JsonMapping
from ai_engine.wire.lenient_json import PairJoiner
from ai_engine.wire.sse import Event, EventReader, EventTooLarge

CHAT_END: Sequence[Event] = (("", openai.DONE),)
"""The end of a streamed chat."""

DONE = StreamEvent(EventKind.DONE)
INVALID = StreamEvent(EventKind.INVALID)


def failed(failure: Failure) -> StreamEvent:
    return StreamEvent(EventKind.FAILURE, failure=failure)


TOO_DEEP = failed(malformed_response("The provider's stream is nested too deeply."))
"""An event that can be read but not encoded again."""


def no_stream() -> StreamEvent:
    """A body without events: the answer of a server that does not stream."""
    return failed(malformed_response("The provider did not answer a streaming request with a stream."))


def is_json(rest: bytes) -> bool:
    """Whether a body without events looks like JSON: an error in a 200, or a whole answer."""
    return rest.lstrip().startswith((b"{", b"["))


class BodyDecoder(ABC):
    """The common part of every `adapter.StreamDecoder`: reads a body and keeps counts."""

    __slots__ = (
        "_has_events",
        "_is_speaking",
        "_pairs",
        "_reader",
        "answer",
        "characters_since_usage",
        "inferred_finish",
        "invalid_events",
        "model",
        "saw_end",
        "usage",
    )

    def __init__(self, reader: EventReader | JsonFrameReader | None = None) -> None:
        """`reader` reads the framing; `None` is server-sent events."""
        self.model: str | None = None
        self.usage: TokenCounts | None = None
        self.characters_since_usage = 0
        self.invalid_events = 0
        self.answer: JsonMapping | None = None
        self.inferred_finish: str | None = None
        self.saw_end = False
        self._reader = EventReader() if reader is None else reader
        self._has_events = False
        self._is_speaking = False
        """Content came, and no finish after it; unused where an answer has several choices."""
        self._pairs = PairJoiner()

    def feed(self, chunk: bytes) -> Sequence[StreamEvent]:
        try:
            return self._read(self._reader.feed(chunk))
        except EventTooLarge as error:
            return [failed(malformed_response(f"The provider's stream has {error}."))]
        except BrokenFrame as error:
            return [*self._read(unions(error.valid_frames)), failed(malformed_response(f"The provider's stream has {error}."))]

    def end(self) -> Sequence[StreamEvent]:
        rest = self._reader.unfinished
        payloads = self._reader.end()
        if not payloads and not self._has_events and is_json(rest):
            return [self._of_plain(rest)]
        return self._read(payloads)

    def ending(self) -> Sequence[Event]:
        return CHAT_END

    def infer_finish(self) -> Sequence[StreamEvent]:
        return ()

    def _read(self, payloads: Sequence[bytes]) -> Sequence[StreamEvent]:
        """The events of these payloads."""
        events: list[StreamEvent] = []
        for payload in payloads:
            self._has_events = True
            try:
                events += self._events(payload)
            except orjson.JSONDecodeError:
                events += self._repaired(payload)
            except orjson.JSONEncodeError:
                events.append(TOO_DEEP)
        return events

    @abstractmethod
    def _events(self, data: bytes) -> Sequence[StreamEvent]:
        """The events of one payload. Raises `orjson.JSONDecodeError` and `orjson.JSONEncodeError`."""

    def _repaired(self, payload: bytes) -> Sequence[StreamEvent]:
        """The events of a payload that is not JSON: the end that OpenAI's streams have, or what a lenient parser reads."""
        if payload.strip() == openai.DONE:
            return (DONE,)
        try:
            return self._events(self._pairs.repaired(payload))
        except orjson.JSONEncodeError:
            return (TOO_DEEP,)
        except ValueError:
            return (self._invalid(),)

    def _of_plain(self, body: bytes) -> StreamEvent:
        """A body without a single event."""
        try:
            value = orjson.loads(body)
        except orjson.JSONDecodeError:
            return no_stream()
        return failed(classify_error_value(value)) if self._is_error(value) else no_stream()

    def _is_error(self, value: object) -> bool:
        """Whether parsed JSON that is not an event is an error of the protocol."""
        return has_error(value)

    def _invalid(self) -> StreamEvent:
        self.invalid_events += 1
        return INVALID

    def _note(self, counts: TokenCounts | None) -> None:
        """The usage of an event, where it has any. An output of 0 beside text is no count, and becomes an estimate."""
        if counts is None:
            return
        if self.characters_since_usage and not counts.all_output:
            counts = counts._replace(output=None, reasoning=None)
        else:
            self.characters_since_usage = 0
        self.usage = counts


class EventDecoder(BodyDecoder):
    """Of a format that passes through unchanged: one event for each of the provider's."""

    __slots__ = ()

    def _read(self, payloads: Sequence[bytes]) -> Sequence[StreamEvent]:
        if len(payloads) != 1:
            return super()._read(payloads)
        self._has_events = True
        try:
            return (self._event(payloads[0]),)  # as nearly every read
        except orjson.JSONDecodeError:
            return self._repaired(payloads[0])

    def _events(self, data: bytes) -> Sequence[StreamEvent]:
        return (self._event(data),)

    @abstractmethod
    def _event(self, data: bytes) -> StreamEvent:
        """The event of one payload. Raises `orjson.JSONDecodeError`."""


class TranslatingDecoder(BodyDecoder):
    """Of a protocol that is translated to chats: one event may become several chunks, or none."""

    __slots__ = ()
