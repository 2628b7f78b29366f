"""The end of a streamed answer, held back until it is known: some providers send a finish reason with every piece.

Content after a reason takes it back. Only the last reason reaches the client, after all content.
"""

import orjson

from ai_engine.providers.adapter import EventKind, StreamEvent
from ai_engine.wire import exact_json
from ai_engine.wire.finish_reasons import (
    content_alone,
    end_alone,
    reasons_in,
    speaking_in,
    stronger,
    with_reasons,
    without_choices,
)
from ai_engine.wire.json_types import JsonMapping

_MOST_OTHERS = 16
"""Events without content, held after an end. Those before them are let go."""


class HeldEnd:
    """The events of one stream from a finish reason, or from a separate usage, on."""

    __slots__ = ("_ends", "_others", "_reasons", "content_waits", "has_reopened", "is_doubtful")

    def __init__(self) -> None:
        self.has_reopened = False
        """Content came after a reason: the reasons of this stream prove little."""
        self.is_doubtful = False
        """The last reason came beside content, as do those with every piece."""
        self.content_waits = False
        """The last event with a reason has content as well."""
        self._ends: list[StreamEvent] = []
        """The events with reasons."""
        self._others: list[StreamEvent] = []
        """Those behind them, such as usage."""
        self._reasons: dict[int, str] = {}
        """By choice."""

    @property
    def is_empty(self) -> bool:
        return not self._ends and not self._others

    @property
    def is_closed(self) -> bool:
        """The provider's own usage, separate from its content, came last. An adapter may make one of any event."""
        return any(event.kind is EventKind.USAGE and event.data for event in self._others)

    def take(self, event: StreamEvent, *, is_divided: bool) -> list[StreamEvent]:
        """Holds an end, and returns what goes to the client now, in order.

        An event of the provider's own with content beside its reason may well be the last, and is not divided at once unless
        `is_divided`: `let_content_go` does so. Raises `orjson.JSONEncodeError`.
        """
        chunk = event.chunk
        if chunk is None:
            return [event]
        if event.kind is EventKind.CONTENT:
            return [*self._reopen(speaking_in(chunk)), event]
        if event.kind is not EventKind.FINISH:
            return self._hold_other(event)
        reasons = reasons_in(chunk)
        if not reasons:
            return [event]
        speaking = speaking_in(chunk) if "choices" in chunk else set()
        now = self._reopen(speaking) if speaking else self.let_content_go()
        chunk = self._with_earlier(chunk, reasons)
        event = event if chunk is event.chunk else _made(event, chunk)
        self.is_doubtful = bool(speaking)
        self._reasons |= reasons
        self._ends.append(event)
        self.content_waits = bool(speaking)
        if speaking and (is_divided or self.has_reopened or not event.data):
            now += self.let_content_go()
        return now

    def let_content_go(self) -> list[StreamEvent]:
        """The content that waits, if any."""
        if not self.content_waits:
            return []
        self.content_waits = False
        event = self._ends.pop()
        assert event.chunk is not None
        try:
            content, end = _made(event, content_alone(event.chunk), EventKind.CONTENT), _made(event, end_alone(event.chunk))
        except orjson.JSONEncodeError:  # nested too deeply to be written again
            return [event]
        self._ends.append(end)
        return [content]

    def release(self) -> list[StreamEvent]:
        """Everything that is held: the answer has ended."""
        held = [*self._ends, *self._others]
        self._ends, self._others = [], []
        return held

    def _reopen(self, speaking: set[int]) -> list[StreamEvent]:
        now = self.let_content_go()
        now += [event for event in self._others if event.data]  # an adapter makes its usage anew for the next end
        self._others = []
        if not self._reasons.keys().isdisjoint(speaking):
            self.has_reopened = True
            self._drop(speaking)
        return now

    def _with_earlier(self, chunk: JsonMapping, reasons: dict[int, str]) -> JsonMapping:
        """The chunk in place of earlier ends of its choices, with no content between them."""
        repeated = self._reasons.keys() & reasons.keys()
        if not repeated:
            return chunk
        chosen = {index: stronger(reasons[index], self._reasons[index]) for index in repeated}
        self._drop(repeated)
        if all(reasons[index] == reason for index, reason in chosen.items()):
            return chunk
        reasons |= chosen
        return with_reasons(chunk, chosen)

    def _drop(self, indexes: set[int]) -> None:
        ends = []
        for event in self._ends:
            assert event.chunk is not None
            left = without_choices(event.chunk, indexes)
            if left is not None:
                ends.append(event if left is event.chunk else _made(event, left))
        self._ends = ends
        for index in indexes:
            self._reasons.pop(index, None)

    def _hold_other(self, event: StreamEvent) -> list[StreamEvent]:
        now = self.let_content_go() if event.kind is EventKind.OPENING else []
        if len(self._others) >= _MOST_OTHERS:
            now, self._others = [*now, *self._others], []
        self._others.append(event)
        return now


def _made(event: StreamEvent, chunk: JsonMapping, kind: EventKind = EventKind.FINISH) -> StreamEvent:
    """Encoded now: what cannot be is the provider's failure, and not the end of its answer."""
    return StreamEvent(kind, exact_json.dumps(chunk), None, chunk, event.name)
