"""The conversation: Anthropic's turns of blocks become the chat format's messages."""

from collections.abc import Mapping
from typing import Any

import orjson

from ai_engine.client_api.messages.blocks import parts_of
from ai_engine.client_api.messages.reasoning import detail_of, text_of
from ai_engine.client_api.messages.refusals import Refused, Untold, only_known, text_in
from ai_engine.client_api.tool_names import shortened
from ai_engine.wire.json_types import Json, JsonMapping

_TOOL_USE = frozenset({"type", "id", "name", "input", "cache_control", "caller"})
_TOOL_RESULT = frozenset({"type", "tool_use_id", "content", "is_error", "cache_control"})
_BILLING = "x-anthropic-billing-header:"
"""Claude Code's first block of `system`, which speaks to Anthropic's billing and says something else in every request: for
anybody else it is no instruction, and it would keep the whole prompt out of every cache
(https://github.com/anthropics/claude-code/issues/68900, read 2026-11-28)."""


def chat_messages(body: JsonMapping) -> list[Json]:
    """`system` and `messages`. Their outer form was checked (`requests`). Raises `Refused` with the whole path.

    Turns of the same role that follow each other are one turn, as they are for Anthropic. Results of tools come first in theirs.
    """
    conversation = _Conversation()
    system = body.get("system")
    if system is not None:
        conversation.add_system(system, "system")
    for index, message in enumerate(body["messages"]):
        conversation.add(index, message)
    return conversation.end()


class _Conversation:
    """What has become of the turns so far; the last one is still open, since the next may continue it."""

    def __init__(self) -> None:
        self._messages: list[Json] = []
        self._role = ""
        self._index = -1
        self._parts: list[Json] = []
        self._calls: list[Json] = []
        self._details: list[Json] = []
        self._thoughts: list[str] = []
        self._had_results = False
        self._unanswered: dict[str, str] = {}
        """Ids of the last assistant's calls that have no result yet, and where they stand."""

    def add(self, index: int, message: JsonMapping) -> None:
        role, content = message["role"], message["content"]
        if role == "system":
            self._close_turn()
            self._role = ""
            self.add_system(content, f"messages[{index}].content")
            return
        if role != self._role:
            self._close_turn()
            self._role = role
        self._index = index
        if isinstance(content, str):
            self._parts.append({"type": "text", "text": content})
            return
        for place, block in enumerate(content):
            try:
                if role == "user":
                    self._add_of_user(block)
                else:
                    self._add_of_assistant(block, index, place)
            except Refused as refused:
                raise refused.within(f"messages[{index}].content[{place}]") from None

    def add_system(self, content: Any, where: str) -> None:
        if isinstance(content, str):
            parts = [{"type": "text", "text": content}]
        else:
            parts = []
            for place, block in enumerate(content):
                try:
                    parts.append(_text_alone(block))
                except Refused as refused:
                    raise refused.within(f"{where}[{place}]") from None
        parts = [part for part in parts if not part["text"].startswith(_BILLING)]
        if parts:
            self._messages.append({"role": "system", "content": _content(parts)})

    def end(self) -> list[Json]:
        role = self._role
        self._close_turn()
        if self._unanswered:
            self._refuse_unanswered()
        if role == "assistant":
            raise Untold(
                f"messages[{self._index}]",
                "is an assistant's, to be continued; providers of other protocols answer a turn and cannot go on with one",
            )
        return self._messages

    def _add_of_user(self, block: Json) -> None:
        if block["type"] != "tool_result":
            if block["type"] in ("tool_use", "thinking", "redacted_thinking"):
                raise Refused("type", f"is {block['type']!r}, which only an assistant's turn may have")
            self._parts += parts_of(block)
            return
        only_known(block, _TOOL_RESULT)
        call_id = text_in(block, "tool_use_id")
        if self._unanswered.pop(call_id, None) is None:
            raise Refused("tool_use_id", "names no tool_use of the assistant's turn before")
        message: Json = {"role": "tool", "tool_call_id": call_id, "content": _result(block)}
        if block.get("is_error"):
            message["is_error"] = True
        self._messages.append(message)
        self._had_results = True

    def _add_of_assistant(self, block: Json, index: int, place: int) -> None:
        kind = block["type"]
        if kind == "text":
            self._parts.append(_text_alone(block))
        elif kind == "tool_use":
            self._add_call(block, f"messages[{index}].content[{place}].id")
        elif kind in ("thinking", "redacted_thinking"):
            text_in(block, "thinking" if kind == "thinking" else "data")
            # Its place in the turn: models that think between tools do not do all of it first.
            detail = detail_of(block, len(self._parts) + len(self._calls) + len(self._details))
            if detail is not None:
                self._details.append(detail)
            self._thoughts.append(text_of(block, detail))
        elif kind == "tool_result":
            raise Refused("type", "is 'tool_result', which only a user's turn may have")
        else:
            raise Untold("type", f"is {kind[:60]!r}, which providers of other protocols do not know")

    def _add_call(self, block: Json, where: str) -> None:
        only_known(block, _TOOL_USE)
        caller = block.get("caller")
        if caller is not None and (not isinstance(caller, Mapping) or caller.get("type") != "direct"):
            raise Untold("caller", "is a tool on Anthropic's side, which providers of other protocols do not have")
        given = block.get("input")
        if not isinstance(given, Mapping):
            raise Refused("input", "must be an object")
        call_id = text_in(block, "id")
        try:
            arguments = orjson.dumps(given).decode()
        except orjson.JSONEncodeError:
            raise Refused("input", "is nested too deeply") from None
        function = {"name": shortened(text_in(block, "name")), "arguments": arguments}
        self._calls.append({"id": call_id, "type": "function", "function": function})
        self._unanswered[call_id] = where

    def _close_turn(self) -> None:
        if self._role == "user":
            if self._parts or not self._had_results:
                self._messages.append({"role": "user", "content": _content(self._parts)})
            if self._unanswered:
                self._refuse_unanswered()
        elif self._role == "assistant":
            message: Json = {"role": "assistant", "content": _content(self._parts) if self._parts or not self._calls else None}
            if self._details:
                message["reasoning_details"] = self._details
            if any(self._thoughts):
                message["reasoning_content"] = "".join(self._thoughts)
            if self._calls:
                message["tool_calls"] = self._calls
            self._messages.append(message)
        self._parts, self._calls, self._details, self._thoughts, self._had_results = [], [], [], [], False

    def _refuse_unanswered(self) -> None:
        call_id, where = next(iter(self._unanswered.items()))
        raise Refused(where, f"is {call_id[:60]!r}, and the turn after has no tool_result for it")


def _result(block: JsonMapping) -> str | list[Json]:
    content, hint = block.get("content"), block.get("cache_control")
    if content is None:
        content = ""
    if isinstance(content, str):
        return content if hint is None else [{"type": "text", "text": content, "cache_control": hint}]
    if not isinstance(content, list):
        raise Refused("content", "must be a text or an array of blocks")
    parts: list[Json] = []
    for place, inner in enumerate(content):
        try:
            parts += _parts_of_result(inner)
        except Refused as refused:
            raise refused.within(f"content[{place}]") from None
    if hint is not None and parts:
        parts[-1]["cache_control"] = hint
    return _content(parts)


def _parts_of_result(block: Any) -> list[Json]:
    if not isinstance(block, Mapping) or not isinstance(block.get("type"), str):
        raise Refused("type", "must be a text, in an object")
    return parts_of(block)


def _text_alone(block: JsonMapping) -> Json:
    if block["type"] != "text":
        raise Refused("type", "must be text")
    return parts_of(block)[0]


def _content(parts: list[Json]) -> str | list[Json]:
    """One plain text as a text, which every server takes; not all take it as a part."""
    if not parts:
        return ""
    if len(parts) == 1 and parts[0].keys() == {"type", "text"}:
        text: str = parts[0]["text"]
        return text
    return parts
