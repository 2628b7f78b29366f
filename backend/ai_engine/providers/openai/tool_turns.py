"""Tool results of translated chats, in the order and form that OpenAI-compatible servers accept.

A tool's message may only hold text ("Image URLs are only allowed for messages with role 'user'",
https://github.com/OpenHands/OpenHands/issues/7700, read 2026-11-28), while in Anthropic's and the Responses API results may have
images and files, and a user's text may follow them directly.
"""

import hashlib
import re
from collections.abc import Iterable
from typing import Any

from ai_engine.providers.registry.definition import ProviderDefinition
from ai_engine.wire.json_types import JsonMapping

_FOLLOWS = "What it shows follows."
_BETWEEN: JsonMapping = {"role": "assistant", "content": "I have the results."}
"""The message between a tool's and a user's, where one may not follow the other."""
_SHORT_ID_CHARACTERS = 9

_is_short_id = re.compile(r"[a-zA-Z0-9]{9}").fullmatch


def arranged(messages: Iterable[JsonMapping], provider: ProviderDefinition) -> list[JsonMapping]:
    """`messages`, with the media of tool results moved to the user's message after them."""
    turns = _Turns(provider)
    for message in messages:
        turns.add(_with_short_ids(message) if provider.takes_short_call_ids else message)
    return turns.end()


class _Turns:
    """The messages so far, and the media of the last tool results."""

    def __init__(self, provider: ProviderDefinition) -> None:
        self._wants_assistant_after_tools = provider.wants_assistant_after_tools
        self._messages: list[JsonMapping] = []
        self._media: list[JsonMapping] = []

    def add(self, message: JsonMapping) -> None:
        if message["role"] == "tool":
            result, media = _split(message)
            self._media += media
            self._messages.append(result)
        elif self._media and message["role"] == "user":
            media, self._media = self._media, []
            self._append({**message, "content": media + _parts(message["content"])})
        else:
            self._flush()
            self._append(message)

    def end(self) -> list[JsonMapping]:
        self._flush()
        return self._messages

    def _flush(self) -> None:
        if self._media:
            media, self._media = self._media, []
            self._append({"role": "user", "content": media})

    def _append(self, message: JsonMapping) -> None:
        is_after_tool = bool(self._messages) and self._messages[-1]["role"] == "tool"
        if self._wants_assistant_after_tools and is_after_tool and message["role"] == "user":
            self._messages.append(_BETWEEN)
        self._messages.append(message)


def _split(result: JsonMapping) -> tuple[JsonMapping, list[JsonMapping]]:
    """A tool's message with its texts only, and its media with a title."""
    content = result.get("content")
    if not isinstance(content, list):
        return result, []
    texts = [part for part in content if part.get("type") == "text"]
    media = [part for part in content if part.get("type") != "text"]
    if not media:
        return result, []
    text = "\n\n".join([*(part["text"] for part in texts), _FOLLOWS])
    return {**result, "content": text}, [{"type": "text", "text": f"Shown by the tool call {result['tool_call_id']}:"}, *media]


def _parts(content: Any) -> list[JsonMapping]:
    return content if isinstance(content, list) else [{"type": "text", "text": content or ""}]


def _with_short_ids(message: JsonMapping) -> JsonMapping:
    if message["role"] == "tool":
        return {**message, "tool_call_id": _short(message["tool_call_id"])}
    calls = message.get("tool_calls")
    if not calls:
        return message
    return {**message, "tool_calls": [{**call, "id": _short(call["id"])} for call in calls]}


def _short(call_id: str) -> str:
    """Always the same for one id, so that calls and results keep matching."""
    return call_id if _is_short_id(call_id) else hashlib.sha256(call_id.encode()).hexdigest()[:_SHORT_ID_CHARACTERS]
