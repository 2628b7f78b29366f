"""The tools of a request as functions of a chat, and the calls of these functions as calls of the tools.

A chat has only functions. A *custom* tool, whose input is any text, becomes a function with one string, `input`; its grammar,
which only OpenAI enforces, is part of the description. The tools of a *namespace* become functions named `namespace__tool`. A
*tool search* by the client becomes a function too; one by the provider is not needed, since every tool is offered at once. Which
tools Codex sends: https://github.com/openai/codex/blob/main/codex-rs/tools/src/tool_spec.rs (read 2026-11-28).
"""

from collections.abc import Mapping
from enum import Enum, auto
from typing import NamedTuple

import orjson

from ai_engine.client_api.tool_names import shortened
from ai_engine.wire import exact_json
from ai_engine.wire import responses as wire
from ai_engine.wire.fields import check_known, invalid, non_empty, objects, one_of, optional, optional_objects, unsupported
from ai_engine.wire.json_types import Json, JsonMapping

RESPONSES_ONLY = "is supported only by providers of the Responses API"
_HOSTED = f"is a tool that the provider runs, which {RESPONSES_ONLY}"
_TOOL_SEARCH = "tool_search"

_OPTIONAL_HOSTED = frozenset(
    {"web_search", "web_search_2025_08_26", "web_search_preview", "web_search_preview_2025_03_11"}
) | frozenset({"image_generation"})
"""Hosted tools that agents, such as Codex, offer to every model beside their own. They are left out, and the answer's `tools` has
the others. A request without other tools is refused."""

# Fields of a tool that affect only speed where all tools are offered at once.
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
    """The kind of a client's tool."""

    FUNCTION = auto()
    CUSTOM = auto()
    SEARCH = auto()


class Tool(NamedTuple):
    """One of the client's tools."""

    kind: Kind
    name: str
    namespace: str | None = None


class Tools:
    """The tools of one request."""

    def __init__(self) -> None:
        self.offered: list[Json] = []
        """As functions of a chat."""
        self.in_effect: list[Json] = []
        """For the answer's `tools`."""
        self._by_chat_name: dict[str, Tool] = {}
        self.dropped: str | None = None
        """The path of the first hosted tool, which a chat goes without."""

    def read(self, given: JsonMapping, where: str = "") -> None:
        """Adds the `tools` of a request or an item. Raises `UnsupportedByProvider` for one that a provider must run itself."""
        for at, tool in optional_objects(given, "tools", where):
            self._add(tool, at)

    def check(self) -> None:
        """Raises `UnsupportedByProvider` where all tools were left out, once all are read."""
        if self.dropped is not None and not self.offered:
            raise unsupported(self.dropped, _HOSTED)

    def _add(self, tool: Json, where: str) -> None:
        kind = non_empty(tool, "type", str, where)
        if kind == "namespace":
            self._add_namespace(tool, where)
        elif kind == _TOOL_SEARCH:
            if tool.get("execution") != "client":
                return
            self._offer(Tool(Kind.SEARCH, _TOOL_SEARCH), tool, where)
        elif kind in _OPTIONAL_HOSTED:
            self.dropped = self.dropped or f"{where}.type"
            return
        else:
            self._add_callable(tool, kind, None, where)
        self.in_effect.append(_echoed(tool))

    def _add_namespace(self, tool: Json, where: str) -> None:
        namespace = non_empty(tool, "name", str, where)
        introduction = _description(tool, where)
        for at, inner in objects(tool, "tools", where):
            kind, given = non_empty(inner, "type", str, at), inner
            if introduction:
                # With the first tool only: the model reads all of them together.
                about = f"{namespace}: {introduction}\n\n{_description(inner, at) or ''}".rstrip()
                given, introduction = {**inner, "description": about}, None
            self._add_callable(given, kind, namespace, at)

    def _add_callable(self, tool: Json, kind: str, namespace: str | None, where: str) -> None:
        if kind not in ("function", "custom"):
            raise unsupported(f"{where}.type", _HOSTED)
        name = non_empty(tool, "name", str, where)
        check_known(tool, _FUNCTION_FIELDS if kind == "function" else _CUSTOM_FIELDS, where, RESPONSES_ONLY)
        callers = optional(tool, "allowed_callers", list, where)
        if callers is not None and "direct" not in callers:
            raise unsupported(f"{where}.allowed_callers", f"has no 'direct'; every other caller {RESPONSES_ONLY}")
        if tool.get("async"):
            raise unsupported(f"{where}.async", RESPONSES_ONLY)
        if kind == "function":
            self._offer(Tool(Kind.FUNCTION, name, namespace), tool, where)
        else:
            function = {"description": _with_grammar(tool, where), "parameters": _ANY_TEXT}
            self._offer(Tool(Kind.CUSTOM, name, namespace), function, where)

    def _offer(self, tool: Tool, given: JsonMapping, where: str) -> None:
        name = chat_name(tool.name, tool.namespace)
        function: Json = {
            "name": name,
            "description": _description(given, where),
            "parameters": optional(given, "parameters", dict, where),
            "strict": optional(given, "strict", bool, where),
        }
        function = {field: value for field, value in function.items() if value is not None}
        if name not in self._by_chat_name:
            self.offered.append({"type": "function", "function": function})
        self._by_chat_name[name] = tool

    def named(self, name: str) -> Tool:
        """The client's tool for this function of the chat."""
        return self._by_chat_name.get(name) or Tool(Kind.FUNCTION, name)

    def choice(self, given: object) -> object:
        """`tool_choice` of a chat; `None` leaves the choice to the model. `allowed_tools` removes all other tools."""
        if given is None or given == "auto":
            return None
        if given in ("none", "required"):
            return given
        if type(given) is not dict:
            raise invalid("tool_choice", "must be none, auto, required or an object")
        kind = given.get("type")
        if kind == "allowed_tools":
            return self._allow(given)
        if kind not in ("function", "custom"):
            raise unsupported("tool_choice.type", _HOSTED)
        return {"type": "function", "function": {"name": self._chosen(given, "tool_choice")}}

    def _allow(self, given: Json) -> object:
        mode = one_of(given, "mode", ("auto", "required"), "tool_choice") if "mode" in given else "auto"
        allowed = set()
        for where, tool in objects(given, "tools", "tool_choice"):
            kind = non_empty(tool, "type", str, where)
            if kind in ("function", "custom"):
                allowed.add(self._chosen(tool, where))
            elif kind not in _OPTIONAL_HOSTED:
                raise unsupported(f"{where}.type", _HOSTED)
        self.offered = [tool for tool in self.offered if tool["function"]["name"] in allowed]
        return mode if mode == "required" else None

    def _chosen(self, given: JsonMapping, where: str) -> str:
        name = chat_name(non_empty(given, "name", str, where), given.get("namespace"))
        if name not in self._by_chat_name:
            raise invalid(f"{where}.name", "must be the name of one of the tools")
        return name


def chat_name(name: str, namespace: object = None) -> str:
    """The name of the function in a chat, shortened where it is too long."""
    if type(namespace) is not str or not namespace:
        return name
    whole = f"{namespace}{name}" if namespace.endswith("__") else f"{namespace}__{name}"
    return shortened(whole)


def custom_input(arguments: str) -> str:
    """The `input` in the arguments of a custom tool's function; the arguments themselves where they have none."""
    try:
        given = exact_json.loads(arguments)
    except orjson.JSONDecodeError:
        return arguments
    text = given.get("input") if isinstance(given, dict) else None
    return text if isinstance(text, str) else arguments


def call_item(tool: Tool, item_id: str, call_id: str, arguments: str, status: str) -> Json:
    """The model's call of a tool, as an item."""
    if tool.kind is Kind.FUNCTION:
        return wire.function_call(item_id, call_id, tool.name, arguments, status, tool.namespace)
    if tool.kind is Kind.CUSTOM:
        return wire.custom_tool_call(item_id, call_id, tool.name, custom_input(arguments), status, tool.namespace)
    try:
        searched = exact_json.loads(arguments or "{}")
    except orjson.JSONDecodeError:
        searched = {"query": arguments}
    return wire.tool_search_call(item_id, call_id, searched, status)


ITEM_PREFIX: Mapping[Kind, str] = {Kind.FUNCTION: "fc", Kind.CUSTOM: "ctc", Kind.SEARCH: "tsc"}
"""The prefix of a call's id."""


def _with_grammar(tool: JsonMapping, where: str) -> str:
    description = _description(tool, where) or ""
    form = tool.get("format")
    if form is None or (isinstance(form, dict) and form.get("type") == "text"):
        return description or "Takes any text as its input."
    if not isinstance(form, dict) or form.get("type") != "grammar":
        raise invalid(f"{where}.format", "must be an object of type text or grammar")
    return f"{description}\n\nIts input must follow this {form.get('syntax')} grammar:\n{form.get('definition')}".lstrip()


def _description(tool: JsonMapping, where: str) -> str | None:
    return optional(tool, "description", str, where)


def _echoed(tool: Json) -> Json:
    """As in the answer, with the fields that SDKs require."""
    if tool["type"] != "function":
        return tool
    return {"parameters": None, "strict": False, **tool}
