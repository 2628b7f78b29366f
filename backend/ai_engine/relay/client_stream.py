"""What is written to the client of a streamed answer: one writer for the whole answer, which outlives every attempt."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import orjson

from ai_engine.providers.adapter import EventKind, StreamDecoder, StreamEvent
from ai_engine.providers.failures import Failure
from ai_engine.providers.stream_events import TOO_DEEP
from ai_engine.relay.exchange import Exchange
from ai_engine.relay.held_end import HeldEnd
from ai_engine.relay.one_call import first_call_in_chunk
from ai_engine.relay.translation import StreamTranslator, Translation
from ai_engine.wire import exact_json
from ai_engine.wire.sound_calls import SoundCalls
from ai_engine.wire.sse import encode_event, encode_events

OnChunk = Callable[[Mapping[str, Any]], None]

# By name in this module: before Python 3.12 a member of an enum is looked up by a function, and every event would do it.
_CONTENT, _FINISH, _USAGE = EventKind.CONTENT, EventKind.FINISH, EventKind.USAGE
_DONE, _INVALID, _FAILURE = EventKind.DONE, EventKind.INVALID, EventKind.FAILURE


class ClientStream:
    """Turns the events of upstream streams into the client's, and frames them.

    `has_content` says what the last `read` came to, the others what the stream has come to since `open`.
    """

    __slots__ = (
        "_calls",
        "_is_raw",
        "_on_chunk",
        "_translation",
        "_translator",
        "_wants_usage",
        "end",
        "failure",
        "has_content",
        "may_be_over",
        "saw_done",
        "saw_finish",
    )

    def __init__(self, translation: Translation | None, *, wants_usage: bool, on_chunk: OnChunk | None = None) -> None:
        """`translation` makes the client's format of a chat; `on_chunk` gets every event parsed, as the adapter gives it."""
        self._translation = translation
        self._translator: StreamTranslator | None = None
        self._wants_usage = wants_usage
        self._on_chunk = on_chunk
        self._calls: SoundCalls | None = None
        """`None` where calls go to the client as the provider wrote them."""
        self._is_raw = False
        """Events go to the client as the provider wrote them."""
        self.may_be_over = False
        """A finish or a separate usage came, and what follows is looked at more closely."""
        self.end = HeldEnd()
        """What waits until it is known that no content follows."""
        self.has_content = False
        """The answer got further."""
        self.saw_finish = False
        """A `FINISH` was among them, with no content after it. Behind a failure none is read, though the decoder may have seen
        one there."""
        self.saw_done = False
        """The protocol's own end was among them."""
        self.failure: Failure | None = None
        """The error that ends the stream."""

    def open(self, exchange: Exchange, events: Sequence[StreamEvent]) -> bytes:
        """As `read`, for the first events of an answer. Nothing has been written, so that it may yet begin again elsewhere."""
        self._translator = None
        self._calls = SoundCalls(exchange.call_ids) if exchange.translates_calls else None
        self._is_raw = not exchange.is_translated and not exchange.keeps_first_call and self._on_chunk is None
        self.may_be_over, self.end = False, HeldEnd()
        self.saw_finish, self.saw_done, self.failure = False, False, None
        return self.read(exchange, events)

    def read(self, exchange: Exchange, events: Sequence[StreamEvent]) -> bytes:
        """What these events are for the client, framed; `exchange` is the one whose stream they are from."""
        framed: list[bytes] = []
        self.has_content = False
        try:
            for event in events:
                kind = event.kind
                if kind is _CONTENT:
                    self.has_content = True
                elif kind is _DONE:
                    self.saw_done = True
                    break
                elif kind is _FAILURE:
                    self.failure = event.failure
                    break
                elif kind is _INVALID:
                    continue
                if self.may_be_over or kind is _FINISH or kind is _USAGE:
                    framed += self._at_the_end(exchange, event)
                else:
                    is_ready = self._is_raw and event.data
                    framed.append(encode_event(event.data, event.name) if is_ready else self._framed(exchange, event))
        except orjson.JSONEncodeError:
            self.failure = TOO_DEEP.failure
        return framed[0] if len(framed) == 1 else b"".join(framed)

    def _at_the_end(self, exchange: Exchange, event: StreamEvent) -> Sequence[bytes]:
        """As `read`, for an event of the end, or behind one."""
        now = self.end.take(event, is_divided=not self._is_raw)
        if event.kind is _FINISH:
            self.saw_finish = True
            self.has_content = self.has_content or self.end.is_doubtful
        elif event.kind is _CONTENT:
            self.saw_finish = False
        self.may_be_over = self.saw_finish or not self.end.is_empty
        return self._all_framed(exchange, now)

    def let_content_go(self, exchange: Exchange) -> bytes:
        """The content that waits for the end together with a finish reason (`end.content_waits`)."""
        return b"".join(self._all_framed(exchange, self.end.let_content_go()))

    def _all_framed(self, exchange: Exchange, events: Sequence[StreamEvent]) -> Sequence[bytes]:
        framed = [(event.kind, self._framed(exchange, event)) for event in events]
        return [data for kind, data in framed if kind is not _USAGE or self._wants_usage]

    def _framed(self, exchange: Exchange, event: StreamEvent) -> bytes:
        chunk, data = event.chunk, event.data
        if self._calls is not None and chunk is not None:
            chunk = self._calls.chunk(chunk, data)
            if exchange.keeps_first_call:
                chunk = first_call_in_chunk(chunk)
            if chunk is not event.chunk:
                data = b""
        if self._on_chunk is not None and chunk is not None:
            self._on_chunk(chunk)
        if not exchange.is_translated:
            return encode_event(data or exact_json.dumps(chunk), event.name)
        if chunk is None:  # an event that a chat has no place for
            return b""
        return encode_events(self._translating().translate(chunk))

    def _translating(self) -> StreamTranslator:
        if self._translator is None:
            assert self._translation is not None, "an exchange is translated where the client's format is not a chat"
            self._translator = self._translation.stream()
        return self._translator

    def ending(self, exchange: Exchange, decoder: StreamDecoder) -> bytes:
        """The end of a sound answer in the client's format."""
        held = [*self._all_framed(exchange, self.end.release()), self._waiting_calls(exchange)]
        return b"".join(held) + encode_events(self._translating().ending() if exchange.is_translated else decoder.ending())

    def _waiting_calls(self, exchange: Exchange) -> bytes:
        waiting = None if self._calls is None else self._calls.waiting()
        if waiting is None:
            return b""
        if exchange.is_translated:
            return encode_events(self._translating().translate(waiting))
        return encode_event(exact_json.dumps(waiting))

    def answer(self, exchange: Exchange, decoder: StreamDecoder) -> Mapping[str, Any] | None:
        """The whole answer, where the client's format repeats it at its end; known after `ending`."""
        return self._translating().answer if exchange.is_translated else decoder.answer
