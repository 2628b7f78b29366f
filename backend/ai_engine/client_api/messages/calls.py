"""Parallel calls of tools whose pieces come mixed, told one after the other and still live.

The first call is told as it comes. When something else comes while its arguments are not a whole JSON object yet, that waits:
providers nearly always finish one call before they begin the next, and then nothing ever waits. Once the call is whole, or the
answer is at its end, what waited is told, and the first unfinished call among it is live.
"""

from collections import deque
from collections.abc import Callable, Mapping
from typing import Protocol

import orjson

from ai_engine.client_api.messages.answers import unreadable
from ai_engine.client_api.tool_call_pieces import CallsByPiece
from ai_engine.wire.json_types import JsonMapping


class EventSink(Protocol):
    """Who tells the client."""

    def begin_call(self, call: "Call") -> None: ...

    def continue_call(self, arguments: str) -> None: ...

    def end_call(self) -> None: ...


class Call:
    """One call of a tool, as far as it has come."""

    __slots__ = ("_blank", "_first", "_looked_at", "arguments", "has_begun", "id", "is_waiting", "name", "place", "untold")

    def __init__(self, place: int) -> None:
        self.place = place
        """Among the answer's calls."""
        self.id = ""
        self.name = ""
        self.arguments: list[str] = []
        self.untold: list[str] = []
        self.has_begun = False
        self.is_waiting = False
        self._looked_at = 0
        self._first = ""
        self._blank = 0
        """So many of the pieces in front are white space, or were looked at."""

    @property
    def is_known(self) -> bool:
        """It can be told of: it has a name, and an id, or arguments already, which come after the id where there is one."""
        return bool(self.name and (self.id or self.untold))

    @property
    def is_object(self) -> bool:
        """Its arguments begin as a JSON object does."""
        while not self._first and self._blank < len(self.untold):
            self._first = self.untold[self._blank].lstrip()[:1]
            self._blank += 1
        return self._first == "{"

    @property
    def is_whole(self) -> bool:
        """Its arguments are a JSON object. Looked at only where something waits for it, and once for every piece."""
        if len(self.arguments) == self._looked_at or not self.arguments[-1].rstrip().endswith("}"):
            return False
        self._looked_at = len(self.arguments)
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
        """Whether something else may be told now. A call that is whole is ended by it."""
        if self._live is None:
            return True
        if self._waiting or not self._live.is_whole:
            return False
        self._end_live()
        return True

    def queue(self, emit: Callable[[], None]) -> None:
        """Something else, for its turn."""
        self._waiting.append(emit)

    def read(self, piece: JsonMapping) -> None:
        """One element of a delta's `tool_calls`."""
        call = self._by_piece.call_of(piece)
        function = piece.get("function")
        name, arguments = (function.get("name"), function.get("arguments")) if isinstance(function, Mapping) else (None, None)
        given = piece.get("id")
        if not call.id and isinstance(given, str):
            call.id = given
        if not call.name and isinstance(name, str):
            call.name = name
        if isinstance(arguments, dict):
            arguments = orjson.dumps(arguments).decode()
        if isinstance(arguments, str) and arguments:
            call.arguments.append(arguments)
            call.untold.append(arguments)
        if call is self._live:
            self._emit(call)
            if self._waiting and call.is_whole:
                self._go_on()
        elif not call.has_begun:  # what follows a whole object is white space, which nobody misses
            if not call.is_waiting:
                call.is_waiting = True
                self._waiting.append(call)
            if self._live is None or self._live.is_whole:
                self._go_on()

    def settle(self) -> None:
        """No more is to come."""
        self._go_on(is_last=True)

    def _begin(self) -> Call:
        self._count += 1
        return Call(self._count - 1)

    def _go_on(self, *, is_last: bool = False) -> None:
        """The live call is whole. Tells what waits, in its order, until a call that is not: that one is live."""
        if self._live is not None:
            self._end_live()
        while self._waiting:
            next_one = self._waiting.popleft()
            if not isinstance(next_one, Call):
                next_one()
                continue
            self._live = next_one
            self._emit(next_one)
            if not is_last and (not self._waiting or not next_one.is_whole):
                return
            self._end_live()

    def _emit(self, call: Call, *, is_last: bool = False) -> None:
        if not call.has_begun:
            if not (call.is_known or is_last):
                return
            call.has_begun = True
            self._sink.begin_call(call)
        if call.untold and call.is_object:
            for arguments in call.untold:
                self._sink.continue_call(arguments)
            call.untold.clear()

    def _emit_rest(self, call: Call) -> None:
        """What was not told because it is no object: SDKs would fail over it, so it is told inside of one."""
        self._emit(call, is_last=True)
        rest = "".join(call.untold)
        if rest.strip():
            self._sink.continue_call(orjson.dumps(unreadable(rest)).decode())

    def _end_live(self) -> None:
        assert self._live is not None
        call, self._live = self._live, None
        self._emit_rest(call)
        self._sink.end_call()
