"""The order of a chat's messages that other protocols demand: the results of calls directly after them, one for each call.

OpenAI demands it too, and programs that were interrupted do not always keep it.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import NamedTuple

from ai_engine.wire.json_types import Json
from ai_engine.wire.tolerant import objects_in, string_in

BEGINNING = "(The conversation begins with the assistant.)"
"""The user's turn before an assistant's, where the protocol wants the user's first."""
CONTINUE = "Continue."
"""The user's turn after an assistant's, where the protocol wants the user's last."""
NO_OUTPUT = "(no output)"
"""A tool's result that is empty, where the protocol wants text."""
_NO_RESULT = "(The call was interrupted: it has no result.)"

_Message = tuple[str, str, Json]
"""Path, role and message, as from `chat_messages.messages`."""


class _Slot(NamedTuple):
    """The results of one call."""

    call_id: str
    found: list[_Message]


def in_order(messages: Iterable[_Message]) -> Iterator[_Message]:
    """The messages with the results of calls directly after them, in the calls' order, and one result for each call.

    A further result of a call joins the first. A result without a call keeps its place.
    """
    given = list(messages)
    slots: dict[int, list[_Slot]] = {}
    """By the place of the assistant's message."""
    unanswered: defaultdict[str, list[_Slot]] = defaultdict(list)
    answered: dict[str, _Slot] = {}
    moved: set[int] = set()
    for place, (_, role, message) in enumerate(given):
        call_id = string_in(message, "tool_call_id")
        if role == "assistant":
            slots[place] = [_Slot(string_in(call, "id"), []) for call in objects_in(message, "tool_calls")]
            for slot in reversed(slots[place]):
                unanswered[slot.call_id].append(slot)
        elif role == "tool" and (unanswered[call_id] or call_id in answered):
            slot = answered[call_id] = unanswered[call_id].pop() if unanswered[call_id] else answered[call_id]
            slot.found.append(given[place])
            moved.add(place)
    for place, each in enumerate(given):
        if place not in moved:
            yield each
        for slot in slots.get(place, ()):
            yield _joined(slot, each[0])


def _joined(slot: _Slot, where: str) -> _Message:
    """One result; `where` is the path of the message with the call."""
    if not slot.found:
        return where, "tool", {"role": "tool", "tool_call_id": slot.call_id, "content": _NO_RESULT}
    first, *others = slot.found
    if not others:
        return first
    contents = [message.get("content") for _, _, message in slot.found]
    parts = [content if isinstance(content, list) else [{"type": "text", "text": content or ""}] for content in contents]
    return first[0], "tool", {**first[2], "content": list(chain.from_iterable(parts))}
