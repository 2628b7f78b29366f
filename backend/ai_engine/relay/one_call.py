"""`parallel_tool_calls: false` where a provider's protocol lacks it: of the calls made at once, the first is passed on.

That is the field's promise, "exactly zero or one tool is called" (https://platform.openai.com/docs/guides/function-calling, read
2026-11-28), and agents that work one call at a time send it with every request. The model sees the result of its first call, and
makes the others again where it still wants to.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from ai_engine.wire.json_types import Json


def first_call_in_chunk(chunk: Mapping[str, Any]) -> Mapping[str, Any]:
    """A chunk of a stream whose calls are numbered from 0 in each choice."""
    if not any(call["index"] for choice in chunk["choices"] for call in _calls(choice["delta"])):
        return chunk
    choices = [
        _with_calls(choice, "delta", [call for call in _calls(choice["delta"]) if not call["index"]])
        for choice in chunk["choices"]
    ]
    return {**chunk, "choices": choices}


def with_first_call(chat: Mapping[str, Any]) -> Mapping[str, Any]:
    """A whole chat with the first call of every choice alone; `chat` itself where none has more."""
    if all(len(_calls(choice["message"])) <= 1 for choice in chat["choices"]):
        return chat
    return {**chat, "choices": [_with_calls(choice, "message", _calls(choice["message"])[:1]) for choice in chat["choices"]]}


def _calls(said: Json) -> Sequence[Json]:
    calls: Sequence[Json] = said.get("tool_calls") or ()
    return calls


def _with_calls(choice: Json, part: str, calls: Sequence[Json]) -> Json:
    said = {field: value for field, value in choice[part].items() if field != "tool_calls"}
    return {**choice, part: {**said, "tool_calls": calls} if calls else said}
