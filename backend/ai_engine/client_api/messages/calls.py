"""Streams parallel tool calls with interleaved pieces one after the other.

The first call is sent as it arrives. Anything else that arrives before its arguments are a complete JSON object waits: most
providers finish one call before the next, and then nothing waits. Once the call is complete, or the answer ends, what waited is
sent, and the first incomplete call among it is the live one.
"""

from collections import deque
from collections.abc import Callable
from typing import Protocol

import orjson

from ai_engine.client_api.messages.answers import unreadable
from ai_engine.client_api.tool_call_pieces import CallsByPiece
from ai_engine.wire.json_types import JsonMapping
from ai_engine.wire.tolerant import object_in, string_in


class EventSink(Protocol):
    """The client's stream."""

    def begin_call(self, call: "Call") -> None: ...

    def continue_call(self, arguments: str) -> None: ...

    def end_call(self) -> None: ...


class Call:
    """One tool call so far."""

    __slots__ = ("_blank", "_checked", "_first", "arguments", "has_begun", "id", "is_waiting", "name", "place", "unsent")

    def __init__(self, place: int) -> None:
        self.place = place
        """Its position among the answer's calls."""
        self.id = ""
        self.name = ""
        self.arguments: list[str] = []
        self.unsent: list[str] = []
        self.has_begun = False
        self.is_waiting = False
        self._checked = 0
        self._first = ""
        self._blank = 0
        """The number of first pieces that are white space, or were checked."""

    @property
    def is_known(self) -> bool:
        """It can be sent: it has a name, and an id or arguments, which follow an id if there is one."""
        return bool(self.name and (self.id or self.unsent))

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
        self._by_piece = CallsByPiece(self._begin)
        self._count = 0
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
        """One element of a delta's `tool_calls`."""
        call = self._by_piece.call_of(piece)
        function = object_in(piece, "function")
        call.id = call.id or string_in(piece, "id")
        call.name = call.name or string_in(function, "name")
        arguments = function.get("arguments")
        if isinstance(arguments, dict):
            arguments = orjson.dumps(arguments).decode()
        if isinstance(arguments, str) and arguments:
            call.arguments.append(arguments)
            call.unsent.append(arguments)
        if call is self._live:
            self._emit(call)
            if self._waiting and call.is_complete:
                self._go_on()
        elif not call.has_begun:  # what follows a complete object is white space
            if not call.is_waiting:
                call.is_waiting = True
                self._waiting.append(call)
            if self._live is None or self._live.is_complete:
                self._go_on()

    def settle(self) -> None:
        """Sends everything: the answer has ended."""
        self._go_on(is_last=True)

    def _begin(self) -> Call:
        self._count += 1
        return Call(self._count - 1)

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

    def _emit(self, call: Call, *, is_last: bool = False) -> None:
        if not call.has_begun:
            if not (call.is_known or is_last):
                return
            call.has_begun = True
            self._sink.begin_call(call)
        if call.unsent and call.is_object:
            for arguments in call.unsent:
                self._sink.continue_call(arguments)
            call.unsent.clear()

    def _emit_rest(self, call: Call) -> None:
        """Sends arguments that are not an object inside of one, since SDKs require an object."""
        self._emit(call, is_last=True)
        rest = "".join(call.unsent)
        if rest.strip():
            self._sink.continue_call(orjson.dumps(unreadable(rest)).decode())

    def _end_live(self) -> None:
        assert self._live is not None
        call, self._live = self._live, None
        self._emit_rest(call)
        self._sink.end_call()
