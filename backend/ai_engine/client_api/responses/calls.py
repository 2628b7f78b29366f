"""The tool calls of a streamed chat; each is opened as soon as its name is known.

Pieces are assigned by their index where they have one (`tool_call_pieces`). Some servers send the name or the id after the first
piece.
"""

from collections.abc import Callable

from ai_engine.client_api.responses.answers import call_id_of, function_of
from ai_engine.client_api.responses.output_items import Events, OpenCall
from ai_engine.client_api.tool_call_pieces import CallsByPiece
from ai_engine.wire.json_types import JsonMapping
from ai_engine.wire.tolerant import string_in

BeginCall = Callable[[str, str, Events], OpenCall]
"""Opens a call, by the name of its function and its id."""


class _Call:
    """One call so far."""

    __slots__ = ("arguments", "id", "name", "opened")

    def __init__(self) -> None:
        self.name = ""
        self.id = ""
        self.arguments: list[str] = []
        """Until it is opened."""
        self.opened: OpenCall | None = None


class Calls:
    """The open calls of one answer."""

    __slots__ = ("_all", "_begin_call", "_by_piece")

    def __init__(self, begin_call: BeginCall) -> None:
        self._begin_call = begin_call
        self._all: list[_Call] = []
        self._by_piece = CallsByPiece(self._new)

    def __bool__(self) -> bool:
        return bool(self._all)

    def read(self, piece: JsonMapping, events: Events) -> None:
        """One element of a delta's `tool_calls`."""
        name, arguments = function_of(piece)
        call = self._by_piece.call_of(piece)
        call.name = call.name or name
        call.id = call.id or string_in(piece, "id")
        if call.opened is None:
            if arguments:
                call.arguments.append(arguments)
            if call.name and (call.id or call.arguments):
                self._begin(call, events)
        elif arguments:
            call.opened.add(arguments, events)

    def end(self, status: str, events: Events) -> None:
        """Ends all calls."""
        calls, self._all, self._by_piece = self._all, [], CallsByPiece(self._new)
        for call in calls:
            opened = call.opened or self._begin(call, events)
            opened.end(status, events)

    def _new(self) -> _Call:
        call = _Call()
        self._all.append(call)
        return call

    def _begin(self, call: _Call, events: Events) -> OpenCall:
        opened = call.opened = self._begin_call(call.name, call_id_of({"id": call.id}), events)
        for arguments in call.arguments:
            opened.add(arguments, events)
        call.arguments = []
        return opened
