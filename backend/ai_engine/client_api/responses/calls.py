"""The tool calls of a streamed chat, open side by side until the answer ends."""

from collections.abc import Callable

from ai_engine.client_api.responses.output_items import Events, OpenCall
from ai_engine.wire.json_types import JsonMapping

BeginCall = Callable[[str, str, Events], OpenCall]
"""Opens a call, by the name of its function and its id."""


class Calls:
    """The open calls of one answer."""

    __slots__ = ("_begin_call", "_by_index")

    def __init__(self, begin_call: BeginCall) -> None:
        self._begin_call = begin_call
        self._by_index: dict[int, OpenCall | None] = {}
        """`None` for one that has ended."""

    def __bool__(self) -> bool:
        return any(self._by_index.values())

    def read(self, piece: JsonMapping, events: Events) -> None:
        """One element of a delta's `tool_calls`, as `wire.sound_calls` has them."""
        index, function = piece["index"], piece["function"]
        if index not in self._by_index:
            self._by_index[index] = self._begin_call(function["name"], piece["id"], events)
        call = self._by_index[index]
        if call is not None and function["arguments"]:
            call.add(function["arguments"], events)

    def end(self, status: str, events: Events) -> None:
        """Ends all calls."""
        calls, self._by_index = self._by_index, dict.fromkeys(self._by_index)
        for call in calls.values():
            if call is not None:
                call.end(status, events)
