"""Reads the parameters of a chat in OpenAI's format, for adapters that translate it.

Here and in `chat_messages`, an invalid chat raises `InvalidRequest`, and what the protocol does not support raises
`UnsupportedByProvider`. `provider` is the protocol's name in these errors.
"""

from collections.abc import Collection
from typing import NamedTuple

from ai_engine.wire.fields import (
    check_known,
    invalid,
    non_empty,
    objects_of,
    one_of,
    optional,
    optional_objects,
    required,
    strings,
    unsupported,
)
from ai_engine.wire.hints import CHAT_PARAMETERS
from ai_engine.wire.json_types import Json, JsonMapping

_READ_ELSEWHERE = frozenset({"model", "stream", "stream_options", "thinking", "parallel_tool_calls"})
"""By the adapter's caller. `reasoning_effort` says the same as `thinking`; the relay cuts parallel calls (`relay.one_call`)."""
_TOOL_FIELDS = frozenset({"type", "function"})
_FUNCTION_FIELDS = frozenset({"name", "description", "parameters", "strict"})
_CACHING = frozenset({"Anthropic", "Amazon Bedrock"})


class Function(NamedTuple):
    """A tool that the model may call."""

    name: str
    description: str | None
    parameters: Json | None
    """JSON Schema."""
    is_strict: bool
    cache_control: object = None
    """Anthropic's hint, where the protocol has it; clients write it beside the function or into it."""


class ToolChoice(NamedTuple):
    """Whether the model must call tools, and which."""

    mode: str
    """`auto`, `required` or `none`."""
    names: tuple[str, ...] | None
    """The only tools that it may call; `None` is all."""


def check_fields(body: JsonMapping, known: Collection[str], provider: str) -> None:
    """Raises `UnsupportedByProvider` for the fields that are not in `known`, but for those with a value that asks for nothing."""
    optional(body, "parallel_tool_calls", bool)
    lacking = [
        name
        for name, value in body.items()
        if name not in known and value is not None and name not in _READ_ELSEWHERE and not _is_default(name, value)
    ]
    if lacking:
        raise unsupported(lacking[0], not_by(provider), *lacking[1:])


def _is_default(name: str, value: object) -> bool:
    parameter = CHAT_PARAMETERS.get(name)
    return parameter is not None and type(value) in parameter.kinds and value in parameter.defaults


def with_caching(known: frozenset[str], provider: str) -> frozenset[str]:
    """These fields, and `cache_control` where the protocol has it."""
    return known | {"cache_control"} if provider in _CACHING else known


def not_by(provider: str) -> str:
    return f"is not supported by {provider}"


def most_output_tokens(body: JsonMapping) -> int | None:
    most = optional(body, "max_completion_tokens", int)
    return most if most is not None else optional(body, "max_tokens", int)


def stops(body: JsonMapping) -> list[str]:
    stop = body.get("stop")
    return [stop] if isinstance(stop, str) else strings(body, "stop")


def top_logprobs(body: JsonMapping) -> int | None:
    """How many alternatives of each token to return; `None` for no probabilities, 0 for the tokens' own only."""
    most = optional(body, "top_logprobs", int)
    if optional(body, "logprobs", bool):
        return most or 0
    if most:
        raise invalid("top_logprobs", "needs logprobs: true")
    return None


def response_format(body: JsonMapping) -> tuple[bool, Json | None]:
    """Whether the answer must be JSON, and its JSON Schema, if any."""
    form = optional(body, "response_format", dict)
    if form is None:
        return False, None
    kind = one_of(form, "type", ("text", "json_object", "json_schema"), "response_format")
    if kind != "json_schema":
        return kind == "json_object", None
    given = required(form, "json_schema", dict, "response_format")
    schema: Json = required(given, "schema", dict, "response_format.json_schema")
    description = given.get("description")
    if isinstance(description, str) and "description" not in schema:
        schema = {**schema, "description": description}
    return True, schema


def functions(body: JsonMapping, provider: str) -> list[Function]:
    return [_function(tool, where, provider) for where, tool in optional_objects(body, "tools")]


def _function(tool: JsonMapping, where: str, provider: str) -> Function:
    kind = required(tool, "type", str, where)
    if kind != "function":
        raise unsupported(f"{where}.type", f"is {kind[:60]!r}, which {not_by(provider)}")
    check_known(tool, with_caching(_TOOL_FIELDS, provider), where, not_by(provider))
    function = required(tool, "function", dict, where)
    where = f"{where}.function"
    check_known(function, with_caching(_FUNCTION_FIELDS, provider), where, not_by(provider))
    return Function(
        non_empty(function, "name", str, where),
        optional(function, "description", str, where),
        optional(function, "parameters", dict, where),
        function.get("strict") is True,
        tool.get("cache_control") or function.get("cache_control"),
    )


def tool_choice(body: JsonMapping, known: Collection[Function], provider: str) -> ToolChoice | None:
    """`None` where the field is missing, or changes nothing."""
    choice = body.get("tool_choice")
    if choice is None or (not known and choice in ("auto", "none")):
        return None
    if choice in ("auto", "none", "required"):
        if not known:
            raise invalid("tool_choice", "needs tools")
        return ToolChoice(choice, None)
    if not isinstance(choice, dict):
        raise invalid("tool_choice", "must be none, auto, required or an object")
    kind = choice.get("type")
    if kind == "function":
        return ToolChoice("required", (_chosen(choice, known, "tool_choice"),))
    if kind != "allowed_tools":
        raise unsupported("tool_choice.type", f"is {str(kind)[:60]!r}, which {not_by(provider)}")
    where = "tool_choice.allowed_tools"
    allowed = required(choice, "allowed_tools", dict, "tool_choice")
    mode = one_of(allowed, "mode", ("auto", "required"), where) if "mode" in allowed else "auto"
    tools = objects_of(non_empty(allowed, "tools", list, where), f"{where}.tools")
    return ToolChoice(mode, tuple(_chosen(tool, known, at) for at, tool in tools))


def _chosen(choice: JsonMapping, known: Collection[Function], where: str) -> str:
    name = required(required(choice, "function", dict, where), "name", str, f"{where}.function")
    if not any(function.name == name for function in known):
        raise invalid(f"{where}.function.name", "must be the name of a function in tools")
    return name
