"""The items of a conversation as the messages of a chat.

Items are flatter than messages: reasoning, text and calls of one turn are separate items, and results may come later than in a
chat. The items of one assistant's turn become one message, followed at once by the results of its calls.
"""

from collections import defaultdict, deque
from collections.abc import Sequence

from ai_engine.client_api.responses.content import Content, assistant_parts, content_of, plain
from ai_engine.client_api.responses.foreign_items import agent_message_text, call_of, is_output, output_of
from ai_engine.client_api.responses.images import image_of
from ai_engine.client_api.responses.reasoning import is_sealed, unseal
from ai_engine.client_api.responses.tools import Tools, chat_name
from ai_engine.wire.call_ids import CallIds
from ai_engine.wire.fields import invalid, json_text, non_empty, objects, optional, required, unsupported
from ai_engine.wire.json_types import Json, JsonMapping
from ai_engine.wire.tolerant import string_in
from ai_engine.wire.tool_arguments import sound_arguments

_CALLS = frozenset({"function_call", "custom_tool_call", "tool_search_call"})
_OUTPUTS = frozenset({"function_call_output", "custom_tool_call_output", "tool_search_output"})


def kind_of(item: JsonMapping, where: str) -> str:
    """The item's `type`, which messages and references may leave out. Raises `InvalidRequest`."""
    if item.get("type") is None:
        if "role" in item:
            return "message"
        if isinstance(item.get("id"), str) and item.keys() <= {"id", "type"}:
            return "item_reference"
    return non_empty(item, "type", str, where)


class Conversation:
    """Reads the items of one request, in order. Tools in its items, such as those that a search found, are added to `tools`."""

    def __init__(self, instructions: str | None, tools: Tools) -> None:
        self.messages: list[Json] = []
        self._tools = tools
        self._outputs: dict[str, Content] = {}
        """By the own ids of their calls."""
        self._own_ids: dict[str, str] = {}
        """Of the calls, by their paths."""
        self._foreign_calls: dict[str, tuple[Json, str]] = {}
        """Calls of another provider's tools that have an output, and their arguments, by their paths."""
        self._turn: Json | None = None
        self._texts: list[Json] = []
        self._details: list[Json] = []
        if instructions:
            self.messages.append({"role": "system", "content": instructions})

    def read(self, body: JsonMapping) -> None:
        """Reads the request's `input`. Raises `InvalidRequest` and `UnsupportedByProvider`."""
        given = body.get("input")
        if type(given) is str:
            self.messages.append({"role": "user", "content": given})
            return
        items = [(where, item, kind_of(item, where)) for where, item in objects(body, "input")]
        self._pair(items)
        for where, item, kind in items:
            self._read_item(item, kind, where)
        self._end_turn()

    def _pair(self, items: Sequence[tuple[str, Json, str]]) -> None:
        """Finds the call of each output: results may come later than in a chat. Reads the tools, too."""
        ids = CallIds()
        foreign_outputs: defaultdict[str, deque[Content]] = defaultdict(deque)
        for where, item, kind in items:
            if kind not in _OUTPUTS and is_output(kind) and (found := output_of(item, where)) is not None:
                foreign_outputs[found[0]].append(found[1])
        for where, item, kind in items:
            if kind == "additional_tools":
                self._tools.read(item, where)
            elif kind in _OUTPUTS:
                self._pair_output(item, kind, where, ids)
            elif kind in _CALLS:
                if kind != "tool_search_call" or item.get("call_id") is not None:
                    self._own_ids[where] = ids.call(non_empty(item, "call_id", str, where), f"{where}.call_id")
            elif (call := call_of(item, kind, foreign_outputs, where)) is not None:
                call_id = call[0]["call_id"]
                self._foreign_calls[where] = call
                self._own_ids[where] = own_id = ids.call(call_id, where)
                self._outputs[own_id] = foreign_outputs[call_id].popleft()
                ids.result(call_id)
            if kind in _OUTPUTS or item.get("role") == "user":
                ids.begin_turn()
        for own_id, where in ids.unanswered.items():
            raise invalid(where, f"has no output: No tool output found for function call {own_id[:100]}")

    def _pair_output(self, item: Json, kind: str, where: str, ids: CallIds) -> None:
        if kind == "tool_search_output":
            found = required(item, "tools", list, where)
            self._tools.read(item, where)
            if item.get("call_id") is None:
                return
            content: Content = json_text(found, f"{where}.tools")
        else:
            content = content_of(item.get("output"), f"{where}.output")
        call_id = non_empty(item, "call_id", str, where)
        own_id = ids.result(call_id)
        if own_id is None:
            problem = f"has no call: No tool call found for function call output with call_id {call_id[:100]}"
            raise invalid(f"{where}.call_id", problem)
        if own_id in self._outputs:
            raise invalid(f"{where}.call_id", f"is {call_id[:100]!r}, as in an earlier output; send one output for a call")
        self._outputs[own_id] = content

    def _read_item(self, item: Json, kind: str, where: str) -> None:
        match kind:
            case "message":
                self._read_message(item, where)
            case "reasoning" | "agent_reasoning":
                self._read_reasoning(item, where)
            case "function_call":
                self._call(item, _arguments(item, where), where)
            case "custom_tool_call":
                self._call(item, json_text({"input": required(item, "input", str, where)}, f"{where}.input"), where)
            case "image_generation_call":
                if item.get("result") is not None:
                    image = image_of(non_empty(item, "result", str, where))
                    self._assistant().setdefault("images", []).append(image)
            case "tool_search_call":
                if item.get("call_id") is not None:
                    arguments = json_text(item.get("arguments"), f"{where}.arguments")
                    self._call({**item, "name": "tool_search"}, arguments, where)
            case "function_call_output" | "custom_tool_call_output" | "tool_search_output":
                self._end_calls(item)
            case "item_reference":
                raise unsupported(where, "refers to an item that is not stored here; send the item itself")
            case _:
                self._read_foreign(item, kind, where)

    def _read_message(self, item: Json, where: str) -> None:
        role, content = item.get("role"), item.get("content")
        if role == "assistant":
            texts, refusals = assistant_parts(content, f"{where}.content")
            turn = self._assistant()
            self._texts += texts
            turn.setdefault("refusal", []).extend(refusals)
            return
        if role not in ("user", "system", "developer"):
            raise invalid(f"{where}.role", "must be one of user, assistant, system, developer")
        message = content_of(content, f"{where}.content")
        self._end_turn()
        # Every chat server knows `system`; to OpenAI the two are the same.
        self.messages.append({"role": "user" if role == "user" else "system", "content": message})

    def _read_reasoning(self, item: Json, where: str) -> None:
        encrypted = optional(item, "encrypted_content", str, where)
        if encrypted is not None:
            details = unseal(encrypted, item.get("id"), f"{where}.encrypted_content")
            self._assistant()
            self._details += details
        if encrypted is None or is_sealed(encrypted):
            # Some providers want their reasoning back as text; a summary of encrypted reasoning is no such text.
            parts = [part for field in ("summary", "content") for part in optional(item, field, list, where) or ()]
            texts = [string_in(part, "text") for part in (item, *parts)]
            if any(texts):
                self._assistant().setdefault("reasoning_content", []).extend(texts)

    def _call(self, item: Json, arguments: str, where: str) -> None:
        name = chat_name(non_empty(item, "name", str, where), item.get("namespace"))
        call = {"id": self._own_ids[where], "type": "function", "function": {"name": name, "arguments": arguments}}
        self._assistant().setdefault("tool_calls", []).append(call)

    def _read_foreign(self, item: Json, kind: str, where: str) -> None:
        if kind == "agent_message":
            if text := agent_message_text(item, where):
                self._end_turn()
                self.messages.append({"role": "user", "content": text})
        elif is_output(kind):
            if self._turn is not None and self._turn.get("tool_calls"):
                self._end_turn()
        elif where in self._foreign_calls:
            self._call(*self._foreign_calls[where], where)

    def _end_calls(self, output: Json) -> None:
        if output.get("call_id") is not None:
            self._end_turn()

    def _assistant(self) -> Json:
        if self._turn is None:
            self._turn = {"role": "assistant"}
        return self._turn

    def _end_turn(self) -> None:
        turn = self._turn
        if turn is None:
            return
        self._turn = None
        texts, self._texts = self._texts, []
        details, self._details = self._details, []
        turn["content"] = plain(texts) if texts else None
        for field in ("refusal", "reasoning_content"):  # joined once: many small pieces would take seconds
            if pieces := turn.pop(field, None):
                turn[field] = "".join(pieces)
        if details:
            # They come from several items; in one message they are numbered anew.
            turn["reasoning_details"] = [{**detail, "index": index} for index, detail in enumerate(details)]
        if texts or turn.keys() & {"refusal", "images", "tool_calls"}:
            self.messages.append(turn)
        for call in turn.get("tool_calls", ()):
            self.messages.append({"role": "tool", "tool_call_id": call["id"], "content": self._outputs[call["id"]]})


def _arguments(call: Json, where: str) -> str:
    given = call.get("arguments")
    if not isinstance(given, str | dict | None):
        raise invalid(f"{where}.arguments", "must be JSON in a string")
    return sound_arguments(given)
