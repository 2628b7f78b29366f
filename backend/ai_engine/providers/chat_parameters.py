"""Reads the parameters of a chat in OpenAI's format, for adapters that translate it.

Here and in `chat_messages`, an invalid chat raises `InvalidRequest`, and what the protocol does not support raises
`UnsupportedByProvider`. `provider` is the protocol's name in these errors.
"""

from collections.abc import Collection, Mapping
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
from ai_engine.wire.json_types import Json, JsonMapping

LEFT_OUT = frozenset(
    {"model", "stream", "stream_options", "user", "metadata", "safety_identifier", "thinking"}
    | {"prompt_cache_key", "prompt_cache_retention", "prediction"}
)
"""Fields read elsewhere, and hints that only affect speed and price. `reasoning_effort` says the same as `thinking`."""

_DEFAULTS: Mapping[str, Collection[object]] = {
    "store": (False,),
    "service_tier": ("auto", "default"),
    "verbosity": ("medium",),
    "logit_bias": ({},),
    "modalities": (["text"],),
    "top_logprobs": (0,),
    "n": (1,),
}
"""Values that change nothing, and so may be left out."""

_FUNCTION_FIELDS = frozenset({"name", "description", "parameters", "strict"})


class Function(NamedTuple):
    """A tool that the model may call."""

    name: str
    description: str | None
    parameters: Json | None
    """JSON Schema."""
    is_strict: bool


class ToolChoice(NamedTuple):
    """Whether the model must call tools, and which."""

    mode: str
    """`auto`, `required` or `none`."""
    names: tuple[str, ...] | None
    """The only tools that it may call; `None` is all."""


def check_fields(body: JsonMapping, known: Collection[str], provider: str) -> None:
    """Raises `UnsupportedByProvider` for a field that is neither in `known` nor may be left out."""
    for name, value in body.items():
        if value is None or name in known or name in LEFT_OUT:
            continue
        if name == "parallel_tool_calls" and type(value) is bool:
            continue  # the relay cuts parallel calls (`relay.one_call`)
        if name not in _DEFAULTS:
            raise unsupported(name, not_by(provider))
        if value not in _DEFAULTS[name]:
            raise unsupported(name, f"is {str(value)[:20]}, which {not_by(provider)}")


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
    function = required(tool, "function", dict, where)
    where = f"{where}.function"
    check_known(function, _FUNCTION_FIELDS, where, not_by(provider))
    return Function(
        non_empty(function, "name", str, where),
        optional(function, "description", str, where),
        optional(function, "parameters", dict, where),
        function.get("strict") is True,
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
