"""The options of a request: tools, limits, thinking, the format of the answer."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from ai_engine.client_api.messages.blocks import ANTHROPIC_ONLY
from ai_engine.client_api.tool_names import shortened
from ai_engine.wire.fields import check_known, invalid, objects, one_of, optional, optional_objects, required, unsupported
from ai_engine.wire.hints import DroppedHints
from ai_engine.wire.json_types import Json, JsonMapping

_LONGEST_USER = 64
"""Longer ones are left out, Claude Code's among them: OpenAI refuses them, and nothing depends on it
(https://github.com/maximhq/bifrost/pull/1000, read 2026-11-28)."""

_TOOL = frozenset({"type", "name", "description", "input_schema", "strict", "cache_control"})
_TOOL_DEFAULTS = MappingProxyType({"defer_loading": (False,), "allowed_callers": (["direct"],), "input_examples": ([],)})
"""Fields of a tool that change nothing with these values."""
_EFFORTS = MappingProxyType({"low": "low", "medium": "medium", "high": "high", "xhigh": "high", "max": "high"})
"""OpenAI's levels; few models support what lies above `high`, and all that reason support `high`."""
_CHOICES = MappingProxyType({"auto": "auto", "any": "required", "none": "none", "tool": None})
_THINKING = ("enabled", "disabled", "adaptive", "between_tools")


def chat_options(body: JsonMapping, dropped: DroppedHints) -> Json:
    """All fields but the model, the conversation and `stream`. Raises `InvalidRequest` and `UnsupportedByProvider`.

    `context_management` that only clears old thinking is left to the provider, and a long `metadata.user_id` left out.
    """
    options: Json = {}
    lacking = [
        field
        for field, value in body.items()
        if field not in _FIELDS and field not in _SEPARATE and value not in _NOTHING and value != _DEFAULTS.get(field)
    ]
    if lacking:
        raise unsupported(lacking[0], ANTHROPIC_ONLY, *lacking[1:])
    for field, value in body.items():
        if field in _SEPARATE or value is None:
            continue
        if field in _FIELDS:
            _FIELDS[field](body, options)
    if len(options.get("user", "")) > _LONGEST_USER:
        del options["user"]
        dropped.note("metadata.user_id")
    _tool_choice(body, options)
    _reasoning(body, options)
    return options


def _limit(body: JsonMapping, options: Json) -> None:
    if body["max_tokens"] == 0:
        raise unsupported("max_tokens", f"is 0, which fills Anthropic's cache and {ANTHROPIC_ONLY}")
    options["max_completion_tokens"] = body["max_tokens"]


def _number(field: str) -> Callable[[JsonMapping, Json], None]:
    def translate(body: JsonMapping, options: Json) -> None:
        options[field] = required(body, field, float)

    return translate


def _stops(body: JsonMapping, options: Json) -> None:
    if body["stop_sequences"]:
        options["stop"] = body["stop_sequences"]


def _metadata(body: JsonMapping, options: Json) -> None:
    metadata = required(body, "metadata", dict)
    check_known(metadata, ("user_id",), "metadata", ANTHROPIC_ONLY)
    user = optional(metadata, "user_id", str, "metadata") or ""
    if user:
        options["user"] = user


def _tools(body: JsonMapping, options: Json) -> None:
    if tools := [_tool(tool, where) for where, tool in objects(body, "tools")]:
        options["tools"] = tools


def _tool(tool: JsonMapping, where: str) -> Json:
    kind = tool.get("type")
    if kind not in (None, "custom"):
        raise unsupported(f"{where}.type", f"is {str(kind)[:60]!r}, a tool that {ANTHROPIC_ONLY}")
    if not _TOOL.issuperset(tool):
        tool = {field: value for field, value in tool.items() if value not in _TOOL_DEFAULTS.get(field, ())}
        check_known(tool, _TOOL, where, ANTHROPIC_ONLY)
    schema = required(tool, "input_schema", dict, where)
    function: Json = {"name": shortened(required(tool, "name", str, where))}
    if (description := optional(tool, "description", str, where)) is not None:
        function["description"] = description
    function["parameters"] = schema
    if tool.get("strict") is not None:
        function["strict"] = tool["strict"]
    translated: Json = {"type": "function", "function": function}
    if tool.get("cache_control") is not None:
        translated["cache_control"] = tool["cache_control"]
    return translated


def _tool_choice(body: JsonMapping, options: Json) -> None:
    choice = optional(body, "tool_choice", dict)
    if choice is None:
        return
    where = "tool_choice"
    check_known(choice, ("type", "name", "disable_parallel_tool_use"), where, ANTHROPIC_ONLY)
    chosen: str | Json | None = _CHOICES[one_of(choice, "type", _CHOICES, where)]
    if chosen is None:
        chosen = {"type": "function", "function": {"name": shortened(required(choice, "name", str, where))}}
    if "tools" not in options:
        if chosen in ("auto", "none"):  # without tools they mean nothing, and OpenAI refuses them
            return
        raise invalid(where, "demands a tool, and tools is empty")
    options["tool_choice"] = chosen
    if choice.get("disable_parallel_tool_use"):
        options["parallel_tool_calls"] = False


def _thinking(body: JsonMapping, options: Json) -> None:
    thinking = required(body, "thinking", dict)
    one_of(thinking, "type", _THINKING, "thinking")
    optional(thinking, "budget_tokens", int, "thinking")
    options["thinking"] = thinking


def _reasoning(body: JsonMapping, options: Json) -> None:
    """`reasoning_effort`, by the effort, else by the budget; without either the model decides, as with `adaptive`."""
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


def _output_config(body: JsonMapping, options: Json) -> None:
    config = required(body, "output_config", dict)
    check_known(config, ("effort", "format"), "output_config", ANTHROPIC_ONLY)
    if config.get("effort") is not None:
        one_of(config, "effort", _EFFORTS, "output_config")
    if config.get("format") is not None:
        _set_format(required(config, "format", dict, "output_config"), options, "output_config.format")


def _output_format(body: JsonMapping, options: Json) -> None:
    _set_format(required(body, "output_format", dict), options, "output_format")


def _set_format(form: JsonMapping, options: Json, where: str) -> None:
    if form.get("type") != "json_schema":
        raise unsupported(f"{where}.type", f"is not 'json_schema'; every other type {ANTHROPIC_ONLY}")
    schema = required(form, "schema", dict, where)
    json_schema = {"name": "answer", "schema": schema, "strict": _is_strict(schema)}
    options["response_format"] = {"type": "json_schema", "json_schema": json_schema}


def _is_strict(schema: Json) -> bool:
    """Whether OpenAI accepts it as strict: every object closed and every property required, which Anthropic does not demand.

    Source: https://platform.openai.com/docs/guides/structured-outputs#supported-schemas (read 2026-11-28).
    """
    rest: list[Any] = [schema]
    while rest:
        part = rest.pop()
        if isinstance(part, list):
            rest.extend(part)
        elif isinstance(part, dict):
            properties = part.get("properties")
            if part.get("type") == "object" or properties is not None:
                required_names = part.get("required")
                if part.get("additionalProperties") is not False or not isinstance(properties, dict):
                    return False
                if not isinstance(required_names, list) or not all(name in required_names for name in properties):
                    return False
            rest.extend(part.values())
    return True


def _context_management(body: JsonMapping, _: Json) -> None:
    """Edits of earlier turns. Clearing their thinking is left to each provider, and Claude Code asks for it."""
    management = required(body, "context_management", dict)
    for where, edit in optional_objects(management, "edits", "context_management"):
        if not required(edit, "type", str, where).startswith("clear_thinking_"):
            raise unsupported(f"{where}.type", ANTHROPIC_ONLY)
    check_known(management, ("edits",), "context_management", ANTHROPIC_ONLY)


_NOTHING: tuple[object, ...] = (None, [], {})
_DEFAULTS: JsonMapping = {"service_tier": "auto", "speed": "standard"}
_SEPARATE = frozenset({"model", "messages", "system", "stream", "tool_choice"})
_FIELDS: Mapping[str, Callable[[JsonMapping, Json], None]] = MappingProxyType(
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
        "output_format": _output_format,
        "context_management": _context_management,
    }
)
