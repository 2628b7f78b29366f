"""Assigns the pieces of tool calls in a streamed chat to their calls."""

from collections.abc import Callable
from typing import Generic, Protocol, TypeVar

from ai_engine.wire.json_types import JsonMapping
from ai_engine.wire.tolerant import string_in


class NamedCall(Protocol):
    """A call so far; its id and name are empty until they arrive."""

    id: str
    name: str


CallT = TypeVar("CallT", bound=NamedCall)


class CallsByPiece(Generic[CallT]):
    """The calls of one answer, by their pieces."""

    __slots__ = ("_begin", "_by_index", "_last")

    def __init__(self, begin: Callable[[], CallT]) -> None:
        """`begin` makes an empty call."""
        self._begin = begin
        self._by_index: dict[int, CallT] = {}
        self._last: CallT | None = None

    def call_of(self, piece: JsonMapping) -> CallT:
        """The call of an element of a delta's `tool_calls`: by its index if there is one, else the last call."""
        index = piece.get("index")
        call = self._by_index.get(index) if type(index) is int else self._last
        if call is None or _begins_another(piece, call):
            call = self._begin()
            if type(index) is int:
                self._by_index[index] = call
        self._last = call
        return call


def _begins_another(piece: JsonMapping, call: NamedCall) -> bool:
    """Whether a piece with the index of `call` begins another call.

    Some servers send index 0, or no index, for every call, and some repeat id and name with every piece.
    """
    if not string_in(piece.get("function"), "name"):
        return False
    call_id = string_in(piece, "id")
    if call_id and call.id:
        return call_id != call.id
    return type(piece.get("index")) is not int and bool(call.name)
