"""Answers of providers as the relay hands them to a translation."""

from collections.abc import Iterable, Iterator

from ai_engine.wire.json_types import Json, JsonMapping
from ai_engine.wire.sound_calls import SoundCalls


def relayed(chunks: Iterable[Json]) -> Iterator[JsonMapping]:
    """The chunks of one stream."""
    calls = SoundCalls(tuple)
    for chunk in chunks:
        yield calls.chunk(chunk, b"{}")
    if (waiting := calls.waiting()) is not None:
        yield waiting


def relayed_answer(chat: Json) -> JsonMapping:
    """A whole chat."""
    return SoundCalls(tuple).answer(chat, b"")
