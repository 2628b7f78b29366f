"""What another decoder reads, each event changed on its way."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ai_engine.names import TokenCounts
from ai_engine.providers.adapter import StreamDecoder, StreamEvent


class MappedStream:
    """`adapter.StreamDecoder` over another one; `change` gets each of its events and gives what takes its place."""

    __slots__ = ("_change", "_decoder")

    def __init__(self, decoder: StreamDecoder, change: Callable[[StreamEvent], StreamEvent]) -> None:
        self._decoder = decoder
        self._change = change

    @property
    def model(self) -> str | None:
        return self._decoder.model

    @property
    def usage(self) -> TokenCounts | None:
        return self._decoder.usage

    @property
    def characters_since_usage(self) -> int:
        return self._decoder.characters_since_usage

    @property
    def invalid_events(self) -> int:
        return self._decoder.invalid_events

    @property
    def answer(self) -> Mapping[str, Any] | None:
        return self._decoder.answer

    @property
    def is_finished(self) -> bool:
        return self._decoder.is_finished

    def feed(self, chunk: bytes) -> Sequence[StreamEvent]:
        return [self._change(event) for event in self._decoder.feed(chunk)]

    def end(self) -> Sequence[StreamEvent]:
        return [self._change(event) for event in self._decoder.end()]

    def ending(self) -> bytes:
        return self._decoder.ending()
