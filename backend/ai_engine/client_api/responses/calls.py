"""The calls of tools in a streamed chat, told apart and begun as soon as it is known what they call.

Pieces belong together by their index, where that tells (`call_pieces`). Servers exist that send the name or the id after the
first piece.
"""

from collections.abc import Callable, Mapping
from typing import Any

from ai_engine.client_api.call_pieces import begins_another
from ai_engine.client_api.responses.answers import call_id_of, function_of
from ai_engine.client_api.responses.open_items import Events, OpenCall

BeginCall = Callable[[str, str, Events], OpenCall]
"""By the name of its function and its id."""


class _Call:
    """One call, as far as it has come."""

    __slots__ = ("arguments", "call_id", "name", "told")

    def __init__(self) -> None:
        self.name = ""
        self.call_id = ""
        self.arguments: list[str] = []
        """Until it is begun."""
        self.told: OpenCall | None = None


class Calls:
    """The open calls of one answer."""

    __slots__ = ("_all", "_begin_call", "_by_index", "_last")

    def __init__(self, begin_call: BeginCall) -> None:
        self._begin_call = begin_call
        self._all: list[_Call] = []
        self._by_index: dict[int, _Call] = {}
        self._last: _Call | None = None

    def __bool__(self) -> bool:
        return bool(self._all)

    def read(self, piece: Mapping[str, Any], events: Events) -> None:
        """One element of a delta's `tool_calls`."""
        name, arguments = function_of(piece)
        given = piece.get("id")
        given = given if isinstance(given, str) else ""
        call = self._call_of(piece.get("index"), given, name)
        call.name = call.name or name
        call.call_id = call.call_id or given
        if call.told is None:
            if arguments:
                call.arguments.append(arguments)
            if call.name and (call.call_id or call.arguments):
                self._begin(call, events)
        elif arguments:
            call.told.add(arguments, events)

    def end(self, status: str, events: Events) -> None:
        """No more is to come of any."""
        calls, self._all, self._by_index, self._last = self._all, [], {}, None
        for call in calls:
            told = call.told or self._begin(call, events)
            told.end(status, events)

    def _call_of(self, index: object, given: str, name: str) -> _Call:
        call = self._by_index.get(index) if type(index) is int else self._last
        if call is None or (name and begins_another(call.call_id, call.name, index, given)):
            call = _Call()
            self._all.append(call)
            if type(index) is int:
                self._by_index[index] = call
        self._last = call
        return call

    def _begin(self, call: _Call, events: Events) -> OpenCall:
        told = call.told = self._begin_call(call.name, call_id_of({"id": call.call_id}), events)
        for arguments in call.arguments:
            told.add(arguments, events)
        call.arguments = []
        return told
