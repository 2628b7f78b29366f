"""Anthropic's turns of blocks as the messages of a chat."""

from ai_engine.client_api.messages.blocks import ANTHROPIC_ONLY, parts_of, text_part
from ai_engine.client_api.messages.reasoning import detail_of, text_of
from ai_engine.client_api.tool_names import shortened
from ai_engine.wire.call_ids import CallIds
from ai_engine.wire.fields import check_known, invalid, json_text, objects_of, optional, required, unsupported
from ai_engine.wire.json_types import Json, JsonMapping
from ai_engine.wire.tool_arguments import arguments_object

_TOOL_USE = frozenset({"type", "id", "name", "input", "cache_control", "caller"})
_TOOL_RESULT = frozenset({"type", "tool_use_id", "content", "is_error", "cache_control"})
_BILLING = "x-anthropic-billing-header:"
"""Claude Code's first block of `system`, for Anthropic's billing. It changes with every request: other providers could not cache
the prompt (https://github.com/anthropics/claude-code/issues/68900, read 2026-11-28)."""


def chat_messages(body: JsonMapping) -> list[Json]:
    """`system` and `messages`, whose outer form `requests` has checked. Raises `InvalidRequest` and `UnsupportedByProvider`.

    Consecutive turns of one role are one turn, as they are for Anthropic. Results of tools come first in theirs.
    """
    conversation = _Conversation()
    system = body.get("system")
    if system is not None:
        conversation.add_system(system, "system")
    for index, message in enumerate(body["messages"]):
        conversation.add(index, message)
    return conversation.end()


_OF_USERS = frozenset({"tool_result", "image", "document", "search_result", "tool_reference"})


class _Conversation:
    """The messages so far. The last turn is open, since the next message may continue it."""

    def __init__(self) -> None:
        self._messages: list[Json] = []
        self._role = ""
        self._index = -1
        self._parts: list[Json] = []
        self._calls: list[Json] = []
        self._details: list[Json] = []
        self._thoughts: list[str] = []
        self._has_results = False
        self._ids = CallIds()

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
        add_block = self._add_of_user if role == "user" else self._add_of_assistant
        for place, block in enumerate(content):
            add_block(block, f"messages[{index}].content[{place}]")

    def add_system(self, content: str | list[Json], where: str) -> None:
        if isinstance(content, str):
            parts: list[Json] = [{"type": "text", "text": content}]
        else:
            parts = [text_part(block, f"{where}[{place}]") for place, block in enumerate(content)]
        parts = [part for part in parts if not part["text"].startswith(_BILLING)]
        if parts:
            self._messages.append({"role": "system", "content": _content(parts)})

    def end(self) -> list[Json]:
        self._close_turn()
        self._check_answered()
        if self._messages and self._messages[-1]["role"] == "assistant":
            raise unsupported(f"messages[{self._index}]", f"is an assistant's turn to continue, which {ANTHROPIC_ONLY}")
        return self._messages

    def _add_of_user(self, block: Json, where: str) -> None:
        kind = block["type"]
        if kind in ("tool_use", "thinking", "redacted_thinking"):
            raise invalid(f"{where}.type", f"is {kind!r}, which belongs in an assistant's turn")
        if kind != "tool_result":
            if not _is_of_own_tool(kind):
                self._parts += parts_of(block, where)
            return
        check_known(block, _TOOL_RESULT, where, ANTHROPIC_ONLY)
        given_id = required(block, "tool_use_id", str, where)
        call_id = self._ids.result(given_id) if self._ids.is_open(given_id) else None
        if call_id is None:
            raise invalid(f"{where}.tool_use_id", "must be the id of a tool_use in the assistant's turn before")
        message: Json = {"role": "tool", "tool_call_id": call_id, "content": _result(block, where)}
        if block.get("is_error"):
            message["is_error"] = True
        self._messages.append(message)
        self._has_results = True

    def _add_of_assistant(self, block: Json, where: str) -> None:
        kind = block["type"]
        if kind == "text":
            self._parts.append(text_part(block, where))
        elif kind == "tool_use":
            self._add_call(block, where)
        elif kind in ("thinking", "redacted_thinking"):
            required(block, "thinking" if kind == "thinking" else "data", str, where)
            # The position in the turn: models that think between tools do not do all of it first.
            detail = detail_of(block, len(self._parts) + len(self._calls) + len(self._details))
            if detail is not None:
                self._details.append(detail)
            self._thoughts.append(text_of(block, detail))
        elif kind in _OF_USERS:
            raise invalid(f"{where}.type", f"is {kind!r}, which belongs in a user's turn")
        elif kind == "compaction":
            if summary := optional(block, "content", str, where):
                self._parts.append({"type": "text", "text": summary})
        else:
            # The work of Anthropic's own tools, whose outcome is in the text that follows.
            raise unsupported(f"{where}.type", f"is {kind[:60]!r}, which {ANTHROPIC_ONLY}")

    def _add_call(self, block: Json, where: str) -> None:
        check_known(block, _TOOL_USE, where, ANTHROPIC_ONLY)
        caller = block.get("caller")
        if caller is not None and (not isinstance(caller, dict) or caller.get("type") != "direct"):
            raise unsupported(f"{where}.caller", f"is one of Anthropic's own tools, which {ANTHROPIC_ONLY}")
        given = block.get("input")
        if not isinstance(given, dict | str | None):
            raise invalid(f"{where}.input", "must be an object")
        arguments = json_text(arguments_object(given), f"{where}.input")
        call_id = self._ids.call(required(block, "id", str, where), f"{where}.id")
        function = {"name": shortened(required(block, "name", str, where)), "arguments": arguments}
        self._calls.append({"id": call_id, "type": "function", "function": function})

    def _close_turn(self) -> None:
        if self._role == "user":
            if self._parts or not self._has_results:
                self._messages.append({"role": "user", "content": _content(self._parts)})
            self._check_answered()
        elif self._role == "assistant" and (self._parts or self._calls or self._thoughts):
            message: Json = {"role": "assistant", "content": _content(self._parts) if self._parts or not self._calls else None}
            if self._details:
                message["reasoning_details"] = self._details
            if any(self._thoughts):
                message["reasoning_content"] = "".join(self._thoughts)
            if self._calls:
                message["tool_calls"] = self._calls
            self._messages.append(message)
        self._parts, self._calls, self._details, self._thoughts, self._has_results = [], [], [], [], False

    def _check_answered(self) -> None:
        for call_id, where in self._ids.unanswered.items():
            raise invalid(where, f"is {call_id[:60]!r}, and the next turn has no tool_result for it")


def _is_of_own_tool(kind: str) -> bool:
    """Whether a block is a call or a result of one of Anthropic's own tools, such as `web_search_tool_result`."""
    return kind in ("server_tool_use", "mcp_tool_use") or kind.endswith("_tool_result")


def _result(block: JsonMapping, where: str) -> str | list[Json]:
    content, hint = block.get("content"), block.get("cache_control")
    if content is None:
        content = ""
    if isinstance(content, str):
        return content if hint is None else [{"type": "text", "text": content, "cache_control": hint}]
    if not isinstance(content, list):
        raise invalid(f"{where}.content", "must be a string or an array of blocks")
    parts = [part for at, inner in objects_of(content, f"{where}.content") for part in parts_of(inner, at)]
    if hint is not None and parts:
        parts[-1]["cache_control"] = hint
    return _content(parts)


def _content(parts: list[Json]) -> str | list[Json]:
    """One plain text as a string, which every server accepts; not all accept it as a part."""
    if not parts:
        return ""
    if len(parts) == 1 and parts[0].keys() == {"type", "text"}:
        text: str = parts[0]["text"]
        return text
    return parts
