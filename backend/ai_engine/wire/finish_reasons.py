"""The finish reasons of answers, in chats and in other protocols: when there is one, and how to take it back."""

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from ai_engine.wire.json_types import Json, JsonMapping
from ai_engine.wire.tolerant import object_in, objects_in

OPENING_FIELDS = frozenset({"role", "name"})
"""Fields of deltas that only open a message. Every other field that is not empty is content, unknown ones too."""

_NO_REASONS = frozenset({"", "null", "none", "finish_reason_unspecified"})
"""Words of servers that have a reason in every piece; the last is Gemini's."""
_ORDINARY = frozenset({"stop", "end_turn"})
_OF_THE_END = ("native_finish_reason", "stop_sequence", "stop_reason")
"""Fields beside a choice's `finish_reason`; the last is vLLM's."""


def reason_in(value: object) -> str | None:
    """The reason that a provider gives for an end, in its own word; `None` where the answer goes on.

    A value that is no string marks an ordinary end if it is not empty.
    """
    if isinstance(value, str):
        return None if value.strip().lower() in _NO_REASONS else value
    return "stop" if value else None


def reason_of(choice: JsonMapping) -> str:
    """The reason of a choice of a whole answer; without one, an ordinary end, with calls or without."""
    calls = object_in(choice, "message").get("tool_calls")
    return reason_in(choice.get("finish_reason")) or ("tool_calls" if calls else "stop")


def has_content(choice: JsonMapping) -> bool:
    """Whether a piece of a choice says something."""
    delta = choice.get("delta")
    if type(delta) is not dict:
        return bool(choice.get("text"))
    return any(value and name not in OPENING_FIELDS for name, value in delta.items())


def speaking_in(event: JsonMapping) -> set[int]:
    """The choices that this event of a stream has content for. An event of another format than chats belongs to choice 0."""
    if "choices" not in event:
        return {0}
    return {index for index, choice in _choices(event) if has_content(choice)}


def reasons_in(event: JsonMapping) -> dict[int, str]:
    """The reasons in a chunk of a chat or in Anthropic's `message_delta`, by choice; empty where nothing can be taken back."""
    if event.get("type") == "message_delta":
        reason = reason_in(object_in(event, "delta").get("stop_reason"))
        return {} if reason is None else {0: reason}
    reasons = ((index, reason_in(choice.get("finish_reason"))) for index, choice in _choices(event))
    return {index: reason for index, reason in reasons if reason is not None}


def stronger(reason: str, earlier: str | None) -> str:
    """Of two reasons without content between them, the one that says more than an ordinary end; else the later one."""
    return earlier if earlier is not None and reason in _ORDINARY else reason


def with_reasons(event: JsonMapping, reasons: Mapping[int, str]) -> Json:
    """The event with these reasons for its own."""
    if "choices" not in event:
        return {**event, "delta": {**event["delta"], "stop_reason": reasons[0]}}
    return _with_choices(
        event, ({**each, "finish_reason": reasons[at]} if at in reasons else each for at, each in _choices(event))
    )


def content_alone(chunk: JsonMapping) -> Json:
    """A chunk without its reasons, and without the usage, which belongs to the end."""
    content = _with_choices(
        chunk,
        (
            {**{name: value for name, value in choice.items() if name not in _OF_THE_END}, "finish_reason": None}
            for _, choice in _choices(chunk)
        ),
    )
    content.pop("usage", None)
    return content


def end_alone(chunk: JsonMapping) -> Json:
    """A chunk without its content."""
    ends = (choice for _, choice in _choices(chunk) if reason_in(choice.get("finish_reason")) is not None)
    return _with_choices(chunk, ({**choice, **_nothing_in(choice), "logprobs": None} for choice in ends))


def without_choices(event: JsonMapping, indexes: Collection[int]) -> JsonMapping | None:
    """An event of the end without these choices; `None` where no other is left."""
    if "choices" not in event:
        return None if 0 in indexes else event
    left = [choice for index, choice in _choices(event) if index not in indexes]
    if len(left) == len(event["choices"]):
        return event
    return _with_choices(event, left) if left else None


def _choices(event: JsonMapping) -> Iterator[tuple[int, Json]]:
    for choice in objects_in(event, "choices"):
        index = choice.get("index")
        yield (index if type(index) is int else 0), choice


def _with_choices(chunk: JsonMapping, choices: Any) -> Json:
    return {**chunk, "choices": list(choices)}


def _nothing_in(choice: JsonMapping) -> Json:
    return {"text": ""} if "text" in choice else {"delta": {}}
