"""Pieces of tools' calls in a streamed chat, and to which call each belongs."""

from collections.abc import Callable, Mapping
from typing import Generic, Protocol, TypeVar

from ai_engine.wire.json_types import JsonMapping


class NamedCall(Protocol):
    """A call, as far as it is known; its id and name are empty until they come."""

    id: str
    name: str


CallT = TypeVar("CallT", bound=NamedCall)


class CallsByPiece(Generic[CallT]):
    """The calls of one answer, found by their pieces."""

    __slots__ = ("_begin", "_by_index", "_last")

    def __init__(self, begin: Callable[[], CallT]) -> None:
        """`begin` makes a call that nothing is known of yet."""
        self._begin = begin
        self._by_index: dict[int, CallT] = {}
        self._last: CallT | None = None

    def call_of(self, piece: JsonMapping) -> CallT:
        """The call that an element of a delta's `tool_calls` belongs to: by its index, where that tells, else the last one."""
        index = piece.get("index")
        call = self._by_index.get(index) if type(index) is int else self._last
        if call is None or _begins_another(piece, call):
            call = self._begin()
            if type(index) is int:
                self._by_index[index] = call
        self._last = call
        return call


def _begins_another(piece: JsonMapping, call: NamedCall) -> bool:
    """Whether a piece that `call` would be taken for begins another one.

    Servers exist that give every call the index 0, or none, and such as repeat id and name with every piece.
    """
    function, given = piece.get("function"), piece.get("id")
    name = function.get("name") if isinstance(function, Mapping) else None
    if not isinstance(name, str) or not name:
        return False
    if isinstance(given, str) and given and call.id:
        return given != call.id
    return type(piece.get("index")) is not int and bool(call.name)
