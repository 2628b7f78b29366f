"""The ids of a conversation's tool calls. Some providers repeat them in every turn, and some send none."""

import hashlib
from collections import deque
from collections.abc import Callable, Collection

from ai_engine.wire.json_types import JsonMapping
from ai_engine.wire.tolerant import objects_in, string_in


def ids_in(chat: JsonMapping) -> set[str]:
    """Of all calls in the messages of a chat."""
    return {string_in(call, "id") for message in objects_in(chat, "messages") for call in objects_in(message, "tool_calls")}


def distinct(call_id: str, taken: Collection[str], answer: str = "") -> str:
    """`call_id`, or one made of it where it is taken or empty: always the same for the same arguments.

    `answer` is the id of the answer with the call. OpenAI allows 40 characters.
    """
    made, number = call_id, len(taken)
    while not made or made in taken:
        made = "call_" + hashlib.sha256(f"{answer}/{call_id}/{number}".encode("utf-8", "surrogatepass")).hexdigest()[:24]
        number += 1
    return made


class CallIds:
    """Reads a conversation in order: gives each call an id of its own, and finds the call of each result."""

    __slots__ = ("_latest", "_open", "_taken", "_turn", "_valid", "unanswered")

    def __init__(self, valid: Callable[[str], str] = str) -> None:
        """`valid` makes an id one that the protocol allows."""
        self._valid = valid
        self._turn = 0
        self._taken: set[str] = set()
        self._open: dict[str, list[tuple[int, deque[str]]]] = {}
        """By the id as given: for each turn the own ids of its calls without a result."""
        self._latest: dict[str, str] = {}
        """The own id of the last call, by the id as given."""
        self.unanswered: dict[str, str] = {}
        """The paths of calls without a result, by their own ids."""

    def begin_turn(self) -> None:
        """The calls that follow are made at once: their results come in their order."""
        self._turn += 1

    def call(self, call_id: str, where: str) -> str:
        """The own id of the call at this path."""
        own = distinct(self._valid(call_id) if call_id else "", self._taken)
        self._taken.add(own)
        self._latest[call_id] = own
        turns = self._open.setdefault(call_id, [])
        if not turns or turns[-1][0] != self._turn:
            turns.append((self._turn, deque()))
        turns[-1][1].append(own)
        self.unanswered[own] = where
        return own

    def is_open(self, call_id: str) -> bool:
        """Whether a call of this id has no result yet."""
        return bool(self._open.get(call_id))

    def result(self, call_id: str) -> str | None:
        """The own id of the call that a result answers: the nearest without one, else the last of this id; `None` if none is."""
        turns = self._open.get(call_id)
        if not turns:
            return self._latest.get(call_id)
        own = turns[-1][1].popleft()
        if not turns[-1][1]:
            turns.pop()
        del self.unanswered[own]
        return own
