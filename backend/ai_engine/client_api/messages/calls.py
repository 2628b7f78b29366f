"""Streams parallel tool calls with interleaved pieces one after the other.

The first call is sent as it arrives. Anything else that arrives before its arguments are a complete JSON object waits: most
providers finish one call before the next, and then nothing waits. Once the call is complete, or the answer ends, what waited is
sent, and the first incomplete call among it is the live one.
"""

from collections import deque
from collections.abc import Callable
from typing import Protocol

import orjson

from ai_engine.wire.json_types import JsonMapping
from ai_engine.wire.tool_arguments import arguments_object, arguments_text


class EventSink(Protocol):
    """The client's stream."""

    def begin_call(self, call: "Call") -> None: ...

    def continue_call(self, arguments: str) -> None: ...

    def end_call(self) -> None: ...


class Call:
    """One tool call so far."""

    __slots__ = ("_blank", "_checked", "_first", "arguments", "has_begun", "id", "name", "unsent")

    def __init__(self, call_id: str, name: str) -> None:
        self.id = call_id
        self.name = name
        self.arguments: list[str] = []
        self.unsent: list[str] = []
        self.has_begun = False
        self._checked = 0
        self._first = ""
        self._blank = 0
        """The number of first pieces that are white space, or were checked."""

    @property
    def is_object(self) -> bool:
        """Its arguments begin like a JSON object."""
        while not self._first and self._blank < len(self.unsent):
            self._first = self.unsent[self._blank].lstrip()[:1]
            self._blank += 1
        return self._first == "{"

    @property
    def is_complete(self) -> bool:
        """Its arguments are a complete JSON object. Checked only while something waits, and once for each piece."""
        if len(self.arguments) == self._checked or not self.arguments[-1].rstrip().endswith("}"):
            return False
        self._checked = len(self.arguments)
        try:
            return isinstance(orjson.loads("".join(self.arguments)), dict)
        except orjson.JSONDecodeError:
            return False


class Calls:
    """All calls of one answer."""

    def __init__(self, sink: EventSink) -> None:
        self._sink = sink
        self._by_index: dict[int, Call] = {}
        self._live: Call | None = None
        self._waiting: deque[Call | Callable[[], None]] = deque()

    @property
    def are_quiet(self) -> bool:
        """Whether something else may be sent now. Ends a complete call."""
        if self._live is None:
            return True
        if self._waiting or not self._live.is_complete:
            return False
        self._end_live()
        return True

    def queue(self, emit: Callable[[], None]) -> None:
        """Adds something else to the queue."""
        self._waiting.append(emit)

    def read(self, piece: JsonMapping) -> None:
        """One element of a delta's `tool_calls`, as `wire.sound_calls` has them."""
        function = piece["function"]
        call = self._by_index.get(piece["index"])
        if call is None:
            call = self._by_index[piece["index"]] = Call(piece["id"], function["name"])
            self._waiting.append(call)
        if function["arguments"]:
            call.arguments.append(function["arguments"])
            call.unsent.append(function["arguments"])
        if call is self._live:
            self._emit(call)
            if self._waiting and call.is_complete:
                self._go_on()
        elif not call.has_begun and (self._live is None or self._live.is_complete):
            self._go_on()

    def settle(self) -> None:
        """Sends everything: the answer has ended."""
        self._go_on(is_last=True)

    def _go_on(self, *, is_last: bool = False) -> None:
        """Ends the live call and sends what waits, in order, up to an incomplete call: that one is live."""
        if self._live is not None:
            self._end_live()
        while self._waiting:
            next_one = self._waiting.popleft()
            if not isinstance(next_one, Call):
                next_one()
                continue
            self._live = next_one
            self._emit(next_one)
            if not is_last and (not self._waiting or not next_one.is_complete):
                return
            self._end_live()

    def _emit(self, call: Call) -> None:
        if not call.has_begun:
            call.has_begun = True
            self._sink.begin_call(call)
        if call.unsent and call.is_object:
            for arguments in call.unsent:
                self._sink.continue_call(arguments)
            call.unsent.clear()

    def _emit_rest(self, call: Call) -> None:
        """Sends arguments that are not an object inside of one, since SDKs require an object."""
        self._emit(call)
        rest = arguments_object("".join(call.unsent))
        if rest:
            self._sink.continue_call(arguments_text(rest))

    def _end_live(self) -> None:
        assert self._live is not None
        call, self._live = self._live, None
        self._emit_rest(call)
        self._sink.end_call()
