"""The items of a conversation as the messages of a chat.

Items are flatter than messages: what an assistant thinks, says and calls are items of their own, and results may come later than
a chat has them. Whatever one assistant turn holds becomes one message, and the results of its calls follow it at once.
"""

from collections.abc import Sequence
from typing import Any

import orjson

from ai_engine.client_api.responses.content import Content, assistant_parts, content_of, plain
from ai_engine.client_api.responses.fields import a_name, a_string, an_array, an_object, refused
from ai_engine.client_api.responses.images import image_of
from ai_engine.client_api.responses.reasoning import is_sealed, unseal
from ai_engine.client_api.responses.tools import Tools, chat_name
from ai_engine.errors import InvalidRequest, UnsupportedByProvider
from ai_engine.wire.json_types import Json, JsonMapping

_LEFT_OUT = frozenset({"web_search_call", "mcp_list_tools"})
"""What a provider did by itself earlier: what came of it stands in the messages that follow."""

_OUTPUTS = frozenset({"function_call_output", "custom_tool_call_output", "tool_search_output"})


def kind_of(item: JsonMapping, where: str) -> str:
    """The item's `type`, which messages and references may leave out. Raises `InvalidRequest`."""
    kind = item.get("type")
    if kind is None:
        if "role" in item:
            return "message"
        if isinstance(item.get("id"), str) and item.keys() <= {"id", "type"}:
            return "item_reference"
    return a_name(kind, f"{where}.type")


class Conversation:
    """Reads the items of one request, in order. `tools` learns of those that a search found."""

    def __init__(self, instructions: str | None, tools: Tools) -> None:
        self.messages: list[Json] = []
        self._tools = tools
        self._outputs: dict[str, Content] = {}
        self._called: set[str] = set()
        self._turn: Json | None = None
        self._texts: list[Json] = []
        self._details: list[Json] = []
        if instructions:
            self.messages.append({"role": "system", "content": instructions})

    def read(self, given: object) -> None:
        """Takes the request's `input`. Raises `InvalidRequest` or `UnsupportedByProvider`, naming the item."""
        if type(given) is str:
            self.messages.append({"role": "user", "content": given})
            return
        items = [an_object(item, f"input[{index}]") for index, item in enumerate(an_array(given, "input"))]
        kinds = [kind_of(item, f"input[{index}]") for index, item in enumerate(items)]
        self._gather_outputs(items, kinds)
        for index, (item, kind) in enumerate(zip(items, kinds, strict=True)):
            self._read_item(item, kind, f"input[{index}]")
        self._end_turn()

    def _gather_outputs(self, items: Sequence[Json], kinds: Sequence[str]) -> None:
        for index, (item, kind) in enumerate(zip(items, kinds, strict=True)):
            if kind not in _OUTPUTS:
                continue
            where = f"input[{index}]"
            if kind == "tool_search_output":
                found = an_array(item.get("tools"), f"{where}.tools")
                self._tools.read(found, f"{where}.tools")
                if item.get("call_id") is None:
                    continue
                content: Content = _json(found, f"{where}.tools")
            else:
                content = content_of(item.get("output"), f"{where}.output")
            call_id = a_name(item.get("call_id"), f"{where}.call_id")
            if call_id in self._outputs:
                raise InvalidRequest(f"{where} is a second output for the call {call_id[:100]!r}.", param=f"{where}.call_id")
            self._outputs[call_id] = content

    def _read_item(self, item: Json, kind: str, where: str) -> None:
        match kind:
            case "message":
                self._read_message(item, where)
            case "reasoning":
                self._read_reasoning(item, where)
            case "function_call":
                self._call(item, a_string(item.get("arguments"), f"{where}.arguments"), where)
            case "custom_tool_call":
                given = a_string(item.get("input"), f"{where}.input")
                self._call(item, _json({"input": given}, where), where)
            case "image_generation_call":
                result = item.get("result")
                if result is not None:
                    self._assistant().setdefault("images", []).append(image_of(a_name(result, f"{where}.result")))
            case "tool_search_call":
                if item.get("call_id") is not None:
                    self._call({**item, "name": "tool_search"}, _json(item.get("arguments"), where), where)
            case "function_call_output" | "custom_tool_call_output" | "tool_search_output":
                self._check_output(item, where)
            case "item_reference":
                raise UnsupportedByProvider(
                    f"{where} refers to an item that is not kept here; send the item itself.", param=where
                )
            case _:
                if kind not in _LEFT_OUT:
                    raise UnsupportedByProvider(
                        f"{where} is a {kind[:100]!r}, which this provider does not have.", param=f"{where}.type"
                    )

    def _read_message(self, item: Json, where: str) -> None:
        role, content = item.get("role"), item.get("content")
        if role == "assistant":
            texts, refusals = assistant_parts(content, f"{where}.content")
            turn = self._assistant()
            self._texts += texts
            turn.setdefault("refusal", []).extend(refusals)
            return
        if role not in ("user", "system", "developer"):
            raise refused(f"{where}.role", "user, assistant, system or developer")
        made = content_of(content, f"{where}.content")
        self._end_turn()
        # Every chat server knows `system`; to OpenAI the two are the same.
        self.messages.append({"role": "user" if role == "user" else "system", "content": made})

    def _read_reasoning(self, item: Json, where: str) -> None:
        encrypted = item.get("encrypted_content")
        if encrypted is not None:
            details = unseal(a_string(encrypted, f"{where}.encrypted_content"), item.get("id"), f"{where}.encrypted_content")
            self._assistant()
            self._details += details
        if encrypted is None or is_sealed(encrypted):
            # For the few that want their thoughts back as text; a summary of what is encrypted is no such text.
            texts = [_text_in(part) for part in (*_parts(item, "summary", where), *_parts(item, "content", where))]
            if any(texts):
                self._assistant().setdefault("reasoning_content", []).extend(texts)

    def _call(self, item: Json, arguments: str, where: str) -> None:
        call_id = a_name(item.get("call_id"), f"{where}.call_id")
        name = chat_name(a_name(item.get("name"), f"{where}.name"), item.get("namespace"))
        if call_id in self._called:
            raise InvalidRequest(f"{where} is a second call {call_id[:100]!r}.", param=f"{where}.call_id")
        if call_id not in self._outputs:
            raise InvalidRequest(f"No tool output found for function call {call_id[:100]}.", param="input")
        self._called.add(call_id)
        call = {"id": call_id, "type": "function", "function": {"name": name, "arguments": arguments}}
        self._assistant().setdefault("tool_calls", []).append(call)

    def _check_output(self, item: Json, where: str) -> None:
        call_id = item.get("call_id")
        if call_id is None:
            return
        if call_id not in self._called:
            raise InvalidRequest(
                f"No tool call found for function call output with call_id {call_id[:100]}.", param=f"{where}.call_id"
            )
        if self._turn is not None:
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
            # They come from several items, and count anew in one message.
            turn["reasoning_details"] = [{**detail, "index": index} for index, detail in enumerate(details)]
        if texts or turn.keys() & {"refusal", "images", "tool_calls"}:
            self.messages.append(turn)
        for call in turn.get("tool_calls", ()):
            self.messages.append({"role": "tool", "tool_call_id": call["id"], "content": self._outputs[call["id"]]})


def _json(value: object, where: str) -> str:
    try:
        return orjson.dumps(value).decode()
    except orjson.JSONEncodeError:
        raise InvalidRequest(f"{where} is nested too deeply.", param=where) from None


def _parts(item: JsonMapping, field: str, where: str) -> list[Any]:
    value = item.get(field)
    return [] if value is None else an_array(value, f"{where}.{field}")


def _text_in(part: object) -> str:
    text = part.get("text") if isinstance(part, dict) else None
    return text if isinstance(text, str) else ""
