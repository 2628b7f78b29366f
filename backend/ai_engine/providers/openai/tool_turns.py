"""Rounds of tools in a chat that the engine wrote, as OpenAI-compatible servers take them: what a tool shows, and who follows it.

A tool's message holds text alone ("Image URLs are only allowed for messages with role 'user'",
https://github.com/OpenHands/OpenHands/issues/7700, read 2026-11-28), while in Anthropic's and the Responses API a tool may show
pictures and files, and what the user says may stand right behind its results.
"""

import hashlib
import re
from collections.abc import Iterable
from typing import Any

from ai_engine.providers.registry.definition import ProviderDefinition
from ai_engine.wire.json_types import JsonMapping

_FOLLOWS = "What it shows follows."
_BETWEEN: JsonMapping = {"role": "assistant", "content": "I have the results."}
"""What the assistant says where a user may not follow a tool."""
_SHORT_ID_CHARACTERS = 9

_is_short_id = re.compile(r"[a-zA-Z0-9]{9}").fullmatch


def arranged(messages: Iterable[JsonMapping], provider: ProviderDefinition) -> list[JsonMapping]:
    """`messages` with what tools show in the user's message behind all results of the round."""
    turns = _Turns(provider)
    for message in messages:
        turns.add(_with_short_ids(message) if provider.takes_short_call_ids else message)
    return turns.end()


class _Turns:
    """The messages so far, and what tools have shown since the last that was none of theirs."""

    def __init__(self, provider: ProviderDefinition) -> None:
        self._wants_assistant_after_tools = provider.wants_assistant_after_tools
        self._said: list[JsonMapping] = []
        self._shown: list[JsonMapping] = []

    def add(self, message: JsonMapping) -> None:
        if message["role"] == "tool":
            result, shown = _split(message)
            self._shown += shown
            self._said.append(result)
        elif self._shown and message["role"] == "user":
            shown, self._shown = self._shown, []
            self._follow({**message, "content": shown + _parts(message["content"])})
        else:
            self._show()
            self._follow(message)

    def end(self) -> list[JsonMapping]:
        self._show()
        return self._said

    def _show(self) -> None:
        if self._shown:
            shown, self._shown = self._shown, []
            self._follow({"role": "user", "content": shown})

    def _follow(self, message: JsonMapping) -> None:
        is_behind_tool = bool(self._said) and self._said[-1]["role"] == "tool"
        if self._wants_assistant_after_tools and is_behind_tool and message["role"] == "user":
            self._said.append(_BETWEEN)
        self._said.append(message)


def _split(result: JsonMapping) -> tuple[JsonMapping, list[JsonMapping]]:
    """A tool's message with its texts alone, and what it shows, with its name."""
    content = result.get("content")
    if not isinstance(content, list):
        return result, []
    texts = [part for part in content if part.get("type") == "text"]
    shown = [part for part in content if part.get("type") != "text"]
    if not shown:
        return result, []
    text = "\n\n".join([*(part["text"] for part in texts), _FOLLOWS])
    return {**result, "content": text}, [{"type": "text", "text": f"Shown by the tool call {result['tool_call_id']}:"}, *shown]


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
    """The same for the same, so that calls and results stay together from turn to turn."""
    return call_id if _is_short_id(call_id) else hashlib.sha256(call_id.encode()).hexdigest()[:_SHORT_ID_CHARACTERS]
