"""What a request says beside its conversation: tools, limits, thinking, the form of the answer."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from ai_engine.client_api.messages.refusals import Refused, Untold, only_known, text_in
from ai_engine.client_api.tool_names import shortened
from ai_engine.wire.json_types import Json, JsonMapping

_HINTS = frozenset({"cache_control", "service_tier", "speed", "diagnostics"})
"""Left out: they change speed or price, or tell of Anthropic's own cache."""
_LONGEST_USER = 64
"""Longer ones are left out, Claude Code's among them: OpenAI refuses them, and nothing depends on it
(https://github.com/maximhq/bifrost/pull/1000, read 2026-11-28)."""

_TOOL = frozenset(
    {"type", "name", "description", "input_schema", "strict", "cache_control"}
    # How Anthropic streams a tool's input: the input is the same.
    | {"eager_input_streaming"}
)
_EFFORTS = MappingProxyType({"low": "low", "medium": "medium", "high": "high", "xhigh": "high", "max": "high"})
"""OpenAI's words; what lies above `high` only few models take, and `high` all that reason."""
_CHOICES = MappingProxyType({"auto": "auto", "any": "required", "none": "none"})
_THINKING = ("enabled", "disabled", "adaptive", "between_tools")


def chat_options(body: JsonMapping) -> Json:
    """All fields but the model, the conversation and `stream`. Raises `Refused` with the field's whole path.

    Left out are `cache_control`, `service_tier`, `speed`, `diagnostics`, a long `metadata.user_id`, `context_management` where it
    only clears old thinking, and of a tool `eager_input_streaming`. What has no words is refused.
    """
    options: Json = {}
    for field, value in body.items():
        if field in _SEPARATE or value is None:
            continue
        translate = _FIELDS.get(field)
        if translate is not None:
            translate(value, options)
        elif field not in _HINTS and value not in ([], {}):
            raise Untold(field, "means nothing to providers of other protocols")
    _tool_choice(body.get("tool_choice"), options)
    _reasoning(body, options)
    return options


def _limit(value: Any, options: Json) -> None:
    if value == 0:
        raise Untold("max_tokens", "is 0, which fills Anthropic's cache and asks for no answer")
    options["max_completion_tokens"] = value


def _number(field: str) -> Callable[[Any, Json], None]:
    def translate(value: Any, options: Json) -> None:
        if type(value) not in (int, float):
            raise Refused(field, "must be a number")
        options[field] = value

    return translate


def _stops(value: Any, options: Json) -> None:
    if value:
        options["stop"] = value


def _metadata(value: Any, options: Json) -> None:
    if not isinstance(value, Mapping):
        raise Refused("metadata", "must be an object")
    try:
        only_known(value, frozenset({"user_id"}))
        user = text_in(value, "user_id") if value.get("user_id") is not None else ""
    except Refused as refused:
        raise refused.within("metadata") from None
    if 0 < len(user) <= _LONGEST_USER:
        options["user"] = user


def _tools(value: Any, options: Json) -> None:
    tools = []
    for index, tool in enumerate(value):
        try:
            tools.append(_tool(tool))
        except Refused as refused:
            raise refused.within(f"tools[{index}]") from None
    if tools:
        options["tools"] = tools


def _tool(tool: JsonMapping) -> Json:
    kind = tool.get("type")
    if kind not in (None, "custom"):
        raise Untold("type", f"is {str(kind)[:60]!r}, one of Anthropic's own tools, which other providers do not have")
    if not _TOOL.issuperset(tool):
        tool = _without_ordinary(tool)
    only_known(tool, _TOOL)
    schema = tool.get("input_schema")
    if not isinstance(schema, Mapping):
        raise Refused("input_schema", "must be an object")
    function: Json = {"name": shortened(text_in(tool, "name"))}
    if tool.get("description") is not None:
        function["description"] = text_in(tool, "description")
    function["parameters"] = schema
    if tool.get("strict") is not None:
        function["strict"] = tool["strict"]
    translated: Json = {"type": "function", "function": function}
    if tool.get("cache_control") is not None:
        translated["cache_control"] = tool["cache_control"]
    return translated


def _without_ordinary(tool: JsonMapping) -> JsonMapping:
    """Without what says that a tool is as tools are: called by the model itself, there from the start, without examples."""
    ordinary = {"defer_loading": (False,), "allowed_callers": (["direct"],), "input_examples": ([],)}
    return {field: value for field, value in tool.items() if value not in ordinary.get(field, ())}


def _tool_choice(choice: Any, options: Json) -> None:
    if choice is None:
        return
    if not isinstance(choice, Mapping):
        raise Refused("tool_choice", "must be an object with a type")
    try:
        chosen = _chosen(choice)
    except Refused as refused:
        raise refused.within("tool_choice") from None
    if "tools" not in options:
        if chosen in ("auto", "none"):  # without tools they say nothing, and OpenAI refuses them
            return
        raise Refused("tool_choice", "asks for a tool, and tools has none")
    options["tool_choice"] = chosen
    if choice.get("disable_parallel_tool_use"):
        options["parallel_tool_calls"] = False


def _chosen(choice: JsonMapping) -> str | Json:
    only_known(choice, frozenset({"type", "name", "disable_parallel_tool_use"}))
    kind = text_in(choice, "type")
    if kind == "tool":
        return {"type": "function", "function": {"name": shortened(text_in(choice, "name"))}}
    if kind not in _CHOICES:
        raise Refused("type", "must be auto, any, tool or none")
    return _CHOICES[kind]


def _thinking(value: Any, options: Json) -> None:
    if not isinstance(value, Mapping) or value.get("type") not in _THINKING:
        raise Refused("thinking.type" if isinstance(value, Mapping) else "thinking", f"must be one of {', '.join(_THINKING)}")
    budget = value.get("budget_tokens")
    if budget is not None and type(budget) is not int:
        raise Refused("thinking.budget_tokens", "must be a whole number")
    options["thinking"] = value


def _reasoning(body: JsonMapping, options: Json) -> None:
    """How much to think: a budget says it, else the effort; without either the model decides, as `adaptive` has it."""
    thinking = options.get("thinking") or {}
    kind, budget = thinking.get("type"), thinking.get("budget_tokens")
    if kind == "disabled":
        return
    effort = (body.get("output_config") or {}).get("effort")
    if effort is not None:
        options["reasoning_effort"] = _EFFORTS[effort]
    elif kind == "enabled":
        # Claude Code sends it without a budget to models that it does not know.
        budget = 4096 if budget is None else budget
        options["reasoning_effort"] = "low" if budget < 2048 else "medium" if budget < 8192 else "high"


def _output_config(value: Any, options: Json) -> None:
    if not isinstance(value, Mapping):
        raise Refused("output_config", "must be an object")
    try:
        only_known(value, frozenset({"effort", "format"}))
        _check_effort(value.get("effort"))
        if value.get("format") is not None:
            _format(value["format"], options, "format")
    except Refused as refused:
        raise refused.within("output_config") from None


def _check_effort(effort: Any) -> None:
    if effort is not None and (not isinstance(effort, str) or effort not in _EFFORTS):
        raise Refused("effort", f"must be one of {', '.join(_EFFORTS)}")


def _format(value: Any, options: Json, where: str = "output_format") -> None:
    if not isinstance(value, Mapping):
        raise Refused(where, "must be an object with a type")
    if value.get("type") != "json_schema":
        raise Untold(f"{where}.type", "is not json_schema")
    schema = value.get("schema")
    if not isinstance(schema, Mapping):
        raise Refused(f"{where}.schema", "must be an object")
    json_schema = {"name": "answer", "schema": schema, "strict": _is_strict(schema)}
    options["response_format"] = {"type": "json_schema", "json_schema": json_schema}


def _is_strict(schema: Any) -> bool:
    """Whether OpenAI takes it as a strict one: every object closed and every property required, which Anthropic does not ask for.

    Source: https://platform.openai.com/docs/guides/structured-outputs#supported-schemas (read 2026-11-28).
    """
    rest = [schema]
    while rest:
        part = rest.pop()
        if isinstance(part, list):
            rest.extend(part)
        elif isinstance(part, Mapping):
            properties = part.get("properties")
            if part.get("type") == "object" or properties is not None:
                required = part.get("required")
                if part.get("additionalProperties") is not False or not isinstance(properties, Mapping):
                    return False
                if not isinstance(required, list) or not all(name in required for name in properties):
                    return False
            rest.extend(part.values())
    return True


def _context_management(value: Any, _: Json) -> None:
    """What is done to earlier turns. Clearing their thinking is each provider's own affair, and Claude Code asks for it."""
    edits = value.get("edits") if isinstance(value, Mapping) else None
    if not isinstance(edits, list | None):
        raise Refused("context_management.edits", "must be an array")
    for index, edit in enumerate(edits or ()):
        kind = edit.get("type") if isinstance(edit, Mapping) else None
        if not isinstance(kind, str):
            raise Refused(f"context_management.edits[{index}].type", "must be a text")
        if not kind.startswith("clear_thinking_"):
            raise Untold(f"context_management.edits[{index}].type", "is an edit that only Anthropic makes")
    if isinstance(value, Mapping):
        for field, other in value.items():
            if field != "edits" and other is not None:
                raise Untold(f"context_management.{field}", "means nothing to providers of other protocols")
    else:
        raise Refused("context_management", "must be an object")


_SEPARATE = frozenset({"model", "messages", "system", "stream", "tool_choice"})
_FIELDS: Mapping[str, Callable[[Any, Json], None]] = MappingProxyType(
    {
        "max_tokens": _limit,
        "temperature": _number("temperature"),
        "top_p": _number("top_p"),
        "top_k": _number("top_k"),
        "stop_sequences": _stops,
        "metadata": _metadata,
        "tools": _tools,
        "thinking": _thinking,
        "output_config": _output_config,
        "output_format": _format,
        "context_management": _context_management,
    }
)
