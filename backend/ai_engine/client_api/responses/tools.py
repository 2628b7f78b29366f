"""The tools of a request, both ways: what a chat offers to the model for them, and what each of its calls is in the client's
words.

A chat knows functions alone. A *custom* tool, whose input is any text, becomes a function with one string, `input`; its grammar,
which only OpenAI enforces, is told in the description. The tools of a *namespace* become functions named `namespace__tool`. A
*tool search* that the client carries out becomes a function as well; one that the provider would carry out is not needed where
every tool is offered at once. Which tools Codex sends: https://github.com/openai/codex/blob/main/codex-rs/tools/src/tool_spec.rs
(read 2026-11-28).
"""

from collections.abc import Mapping, Sequence
from enum import Enum, auto
from typing import Any, NamedTuple

import orjson

from ai_engine.client_api.responses.fields import a_name, a_string, an_array, an_object, refused
from ai_engine.client_api.tool_names import shortened
from ai_engine.errors import InvalidRequest, UnsupportedByProvider
from ai_engine.wire import responses as wire
from ai_engine.wire.json_types import Json, JsonMapping

_TOOL_SEARCH = "tool_search"

_SIDE_OFFERS = frozenset(
    {"web_search", "web_search_2025_08_26", "web_search_preview", "web_search_preview_2025_03_11"}
) | frozenset({"image_generation"})
"""What agents offer beside their own tools, whoever is asked, as Codex does. It is left out where the model may do without it:
the answer's `tools` lists what was really offered. A request whose only tools these are is about them, and is refused."""

# Of a tool's fields, those that change nothing but speed where all tools are offered at once.
_HINTS = frozenset({"defer_loading", "cache_control"})
_FUNCTION_FIELDS = frozenset({"type", "name", "description", "parameters", "strict", "allowed_callers", "async"}) | _HINTS
_CUSTOM_FIELDS = frozenset({"type", "name", "description", "format", "allowed_callers", "async"}) | _HINTS

_ANY_TEXT = {
    "type": "object",
    "properties": {"input": {"type": "string"}},
    "required": ["input"],
    "additionalProperties": False,
}


class Kind(Enum):
    """What the client calls a function of the chat."""

    FUNCTION = auto()
    CUSTOM = auto()
    SEARCH = auto()


class Tool(NamedTuple):
    """One tool in the client's words."""

    kind: Kind
    name: str
    namespace: str | None = None


class Tools:
    """The tools of one request."""

    def __init__(self) -> None:
        self.offered: list[Json] = []
        """As a chat has them."""
        self.in_effect: list[Json] = []
        """As the answer's `tools` tells."""
        self._by_chat_name: dict[str, Tool] = {}
        self._left_out: str | None = None

    def read(self, given: Sequence[Any], where: str = "tools") -> None:
        """Offers these too. Raises `UnsupportedByProvider` for a tool that only some providers carry out themselves."""
        for index, value in enumerate(given):
            self._add(an_object(value, f"{where}[{index}]"), f"{where}[{index}]")
        if self._left_out is not None and not self.offered:
            raise _not_ours(self._left_out)

    def _add(self, tool: Json, where: str) -> None:
        kind = a_name(tool.get("type"), f"{where}.type")
        if kind == "namespace":
            self._add_namespace(tool, where)
        elif kind == _TOOL_SEARCH:
            if tool.get("execution") != "client":
                return
            self._offer(Tool(Kind.SEARCH, _TOOL_SEARCH), _description(tool, where), tool.get("parameters"), where=where)
        elif kind in _SIDE_OFFERS:
            self._left_out = self._left_out or f"{where}.type"
            return
        else:
            self._add_callable(tool, kind, None, where)
        self.in_effect.append(_told(tool))

    def _add_namespace(self, tool: Json, where: str) -> None:
        namespace = a_name(tool.get("name"), f"{where}.name")
        introduction = _description(tool, where)
        for index, value in enumerate(an_array(tool.get("tools"), f"{where}.tools")):
            place = f"{where}.tools[{index}]"
            inner = an_object(value, place)
            if introduction and index == 0:
                # Said once: the model reads all tools together.
                about = f"{namespace}: {introduction}\n\n{_description(inner, place) or ''}".rstrip()
                inner = {**inner, "description": about}
            self._add_callable(inner, a_name(inner.get("type"), f"{place}.type"), namespace, place)

    def _add_callable(self, tool: Json, kind: str, namespace: str | None, where: str) -> None:
        if kind not in ("function", "custom"):
            raise _not_ours(f"{where}.type")
        name = a_name(tool.get("name"), f"{where}.name")
        _refuse_unknown(tool, _FUNCTION_FIELDS if kind == "function" else _CUSTOM_FIELDS, where)
        if kind == "function":
            described, parameters = _description(tool, where), tool.get("parameters")
            self._offer(Tool(Kind.FUNCTION, name, namespace), described, parameters, tool.get("strict"), where=where)
        else:
            self._offer(Tool(Kind.CUSTOM, name, namespace), _with_grammar(tool, where), _ANY_TEXT, where=where)

    def _offer(self, tool: Tool, description: str | None, parameters: object, strict: object = None, *, where: str) -> None:
        name = chat_name(tool.name, tool.namespace)
        function: Json = {"name": name}
        if description is not None:
            function["description"] = description
        if parameters is not None:
            function["parameters"] = an_object(parameters, f"{where}.parameters")
        if strict is not None:
            if type(strict) is not bool:
                raise refused(f"{where}.strict", "true or false")
            function["strict"] = strict
        if name not in self._by_chat_name:
            self.offered.append({"type": "function", "function": function})
        self._by_chat_name[name] = tool

    def named(self, name: str) -> Tool:
        """What the client calls this function of the chat."""
        return self._by_chat_name.get(name) or Tool(Kind.FUNCTION, name)

    def choice(self, given: object) -> object:
        """`tool_choice` as a chat has it; `None` leaves it to the model. Choosing among few of them offers no others."""
        if given is None or given == "auto":
            return None
        if given in ("none", "required"):
            return given
        if type(given) is not dict:
            raise refused("tool_choice", '"none", "auto", "required" or an object')
        kind = given.get("type")
        if kind == "allowed_tools":
            return self._allow(given)
        if kind not in ("function", "custom"):
            raise UnsupportedByProvider("This provider carries out no tools of its own to choose.", param="tool_choice.type")
        return {"type": "function", "function": {"name": self._chosen(given, "tool_choice")}}

    def _allow(self, given: Json) -> object:
        mode = given.get("mode", "auto")
        if mode not in ("auto", "required"):
            raise refused("tool_choice.mode", '"auto" or "required"')
        allowed = set()
        for index, value in enumerate(an_array(given.get("tools"), "tool_choice.tools")):
            where = f"tool_choice.tools[{index}]"
            tool = an_object(value, where)
            kind = a_name(tool.get("type"), f"{where}.type")
            if kind in ("function", "custom"):
                allowed.add(self._chosen(tool, where))
            elif kind not in _SIDE_OFFERS:
                raise _not_ours(f"{where}.type")
        self.offered = [tool for tool in self.offered if tool["function"]["name"] in allowed]
        return mode if mode == "required" else None

    def _chosen(self, given: JsonMapping, where: str) -> str:
        name = chat_name(a_name(given.get("name"), f"{where}.name"), given.get("namespace"))
        if name not in self._by_chat_name:
            raise InvalidRequest(f"{where} names a tool that is not in tools.", param=f"{where}.name")
        return name


def chat_name(name: str, namespace: object = None) -> str:
    """What the function is called in a chat. Long names are cut and told apart by a piece of their hash."""
    if type(namespace) is not str or not namespace:
        return name
    whole = f"{namespace}{name}" if namespace.endswith("__") else f"{namespace}__{name}"
    return shortened(whole)


def custom_input(arguments: str) -> str:
    """The text in the arguments of a custom tool's function; arguments that are no such object are the text themselves."""
    try:
        given = orjson.loads(arguments)
    except orjson.JSONDecodeError:
        return arguments
    text = given.get("input") if isinstance(given, dict) else None
    return text if isinstance(text, str) else arguments


def call_item(tool: Tool, item_id: str, call_id: str, arguments: str, status: str) -> Json:
    """The model's call in the client's words."""
    if tool.kind is Kind.FUNCTION:
        return wire.function_call(item_id, call_id, tool.name, arguments, status, tool.namespace)
    if tool.kind is Kind.CUSTOM:
        return wire.custom_tool_call(item_id, call_id, tool.name, custom_input(arguments), status, tool.namespace)
    try:
        searched = orjson.loads(arguments or "{}")
    except orjson.JSONDecodeError:
        searched = {"query": arguments}
    return wire.tool_search_call(item_id, call_id, searched, status)


ITEM_PREFIX: Mapping[Kind, str] = {Kind.FUNCTION: "fc", Kind.CUSTOM: "ctc", Kind.SEARCH: "tsc"}
"""How the ids of calls begin."""


def _with_grammar(tool: JsonMapping, where: str) -> str:
    description = _description(tool, where) or ""
    form = tool.get("format")
    if form is None or (isinstance(form, dict) and form.get("type") == "text"):
        return description or "Takes any text as its input."
    if not isinstance(form, dict) or form.get("type") != "grammar":
        raise refused(f"{where}.format", "an object of type text or grammar")
    return f"{description}\n\nIts input must follow this {form.get('syntax')} grammar:\n{form.get('definition')}".lstrip()


def _description(tool: JsonMapping, where: str) -> str | None:
    description = tool.get("description")
    return None if description is None else a_string(description, f"{where}.description")


def _refuse_unknown(tool: JsonMapping, known: frozenset[str], where: str) -> None:
    for field, value in tool.items():
        if field not in known and value is not None:
            raise UnsupportedByProvider(f"{where}.{field} means nothing to this provider.", param=f"{where}.{field}")
    callers = tool.get("allowed_callers")
    if tool.get("async") or (callers is not None and "direct" not in an_array(callers, f"{where}.allowed_callers")):
        raise UnsupportedByProvider(f"This provider calls {where} directly and waits for it, or not at all.", param=where)


def _not_ours(where: str) -> UnsupportedByProvider:
    return UnsupportedByProvider(f"{where} is a tool that this provider does not carry out itself.", param=where)


def _told(tool: Json) -> Json:
    """As the answer repeats it, with the fields that SDKs ask for."""
    if tool["type"] != "function":
        return tool
    return {"parameters": None, "strict": False, **tool}
