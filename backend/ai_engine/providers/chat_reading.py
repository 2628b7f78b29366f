"""Reads the parameters of a chat in OpenAI's format for those adapters that say it in other words.

Here and in `chat_messages`, what is no sound chat raises `InvalidRequest`, and what the asked protocol has no words for raises
`UnsupportedByProvider`, both with the field's path. A field that is `null` is a field that is absent.
"""

from collections.abc import Collection, Mapping
from typing import NamedTuple

from ai_engine.errors import InvalidRequest, UnsupportedByProvider
from ai_engine.wire.json_types import Json, JsonMapping

LEFT_OUT = frozenset(
    {"model", "stream", "stream_options", "user", "metadata", "safety_identifier", "thinking"}
    | {"prompt_cache_key", "prompt_cache_retention", "prediction"}
)
"""Said elsewhere, or hints whose absence changes nothing but speed and price; beside `thinking` stands `reasoning_effort`."""

_DEFAULTS: Mapping[str, Collection[object]] = {
    "store": (False,),
    "service_tier": ("auto", "default"),
    "verbosity": ("medium",),
    "logit_bias": ({},),
    "modalities": (["text"],),
    "top_logprobs": (0,),
    "n": (1,),
}
"""What may be left out because it is what happens anyway."""

_FUNCTION_FIELDS = frozenset({"name", "description", "parameters", "strict"})


class Function(NamedTuple):
    """A tool that the model may call."""

    name: str
    description: str | None
    parameters: Json | None
    """JSON Schema."""
    is_strict: bool


class ToolChoice(NamedTuple):
    """How free the model is in calling tools."""

    mode: str
    """`auto`, `required` or `none`."""
    names: tuple[str, ...] | None
    """The only tools that it may call; `None` is all."""


def check_fields(body: JsonMapping, known: Collection[str], provider: str) -> None:
    """Refuses every field that is neither in `known` nor may be left out. `provider` is how messages call it."""
    for name, value in body.items():
        if value is None or name in known or name in LEFT_OUT or (name in _DEFAULTS and value in _DEFAULTS[name]):
            continue
        if name == "parallel_tool_calls" and type(value) is bool:
            continue  # who is not told is held to it all the same (`relay.one_call`)
        raise UnsupportedByProvider(f"{provider} has no words for {name!r}{_said(value)}.", param=name)


def _said(value: object) -> str:
    return f" as {value!r}" if isinstance(value, str | int | float) and len(str(value)) <= 20 else ""


def number(body: JsonMapping, name: str) -> float | None:
    """A number of whatever size: what is too large or too small, the provider says."""
    value = body.get(name)
    if value is not None and (isinstance(value, bool) or not isinstance(value, int | float)):
        raise InvalidRequest(f"{name} must be a number.", param=name)
    return value


def whole(body: JsonMapping, name: str) -> int | None:
    value = body.get(name)
    if value is not None and type(value) is not int:
        raise InvalidRequest(f"{name} must be a whole number.", param=name)
    return value


def flag(body: JsonMapping, name: str) -> bool:
    value = body.get(name)
    if value is not None and type(value) is not bool:
        raise InvalidRequest(f"{name} must be true or false.", param=name)
    return bool(value)


def most_output_tokens(body: JsonMapping) -> int | None:
    most = whole(body, "max_completion_tokens")
    return most if most is not None else whole(body, "max_tokens")


def stops(body: JsonMapping) -> list[str]:
    stop = body.get("stop")
    if stop is None:
        return []
    given = [stop] if isinstance(stop, str) else stop
    if not isinstance(given, list) or not all(isinstance(each, str) for each in given):
        raise InvalidRequest("stop must be a string or a list of strings.", param="stop")
    return given


def top_logprobs(body: JsonMapping) -> int | None:
    """How many alternatives of each token are wanted; `None` where no probabilities are, 0 where only the tokens' own."""
    most = whole(body, "top_logprobs")
    if flag(body, "logprobs"):
        return most or 0
    if most:
        raise InvalidRequest("top_logprobs needs logprobs.", param="top_logprobs")
    return None


def wanted_format(body: JsonMapping) -> tuple[bool, Json | None]:
    """Whether the answer must be JSON, and the JSON Schema that it must follow, if any."""
    wanted = body.get("response_format")
    if wanted is None:
        return False, None
    kind = wanted.get("type") if isinstance(wanted, dict) else None
    if kind == "text":
        return False, None
    if kind == "json_object":
        return True, None
    if kind != "json_schema":
        raise InvalidRequest("response_format.type must be text, json_object or json_schema.", param="response_format.type")
    given = wanted.get("json_schema")
    schema = given.get("schema") if isinstance(given, dict) else None
    if not isinstance(given, dict) or not isinstance(schema, dict):
        raise InvalidRequest("response_format.json_schema.schema must be a JSON Schema.", param="response_format.json_schema")
    description = given.get("description")
    if isinstance(description, str) and "description" not in schema:
        schema = {**schema, "description": description}
    return True, schema


def functions(body: JsonMapping, provider: str) -> list[Function]:
    tools = body.get("tools")
    if tools is None:
        return []
    if not isinstance(tools, list):
        raise InvalidRequest("tools must be a list of tools.", param="tools")
    return [_function(tool, f"tools[{place}]", provider) for place, tool in enumerate(tools)]


def _function(tool: object, where: str, provider: str) -> Function:
    kind = tool.get("type") if isinstance(tool, dict) else None
    if not isinstance(tool, dict) or not isinstance(kind, str):
        raise InvalidRequest("A tool is an object with a type.", param=where)
    if kind != "function":
        raise UnsupportedByProvider(f"{provider} has no tools of the type {kind!r}.", param=f"{where}.type")
    function = tool.get("function")
    name = function.get("name") if isinstance(function, dict) else None
    if not isinstance(function, dict) or not isinstance(name, str) or not name:
        raise InvalidRequest("A function needs a name.", param=f"{where}.function.name")
    if unknown := [name for name in function.keys() - _FUNCTION_FIELDS if function[name] is not None]:
        first = min(unknown)
        raise UnsupportedByProvider(f"{provider} has no words for {first!r} of a function.", param=f"{where}.function.{first}")
    description, parameters = function.get("description"), function.get("parameters")
    if description is not None and not isinstance(description, str):
        raise InvalidRequest("A function's description is a text.", param=f"{where}.function.description")
    if parameters is not None and not isinstance(parameters, dict):
        raise InvalidRequest("A function's parameters are a JSON Schema.", param=f"{where}.function.parameters")
    return Function(name, description, parameters, function.get("strict") is True)


def tool_choice(body: JsonMapping, known: Collection[Function], provider: str) -> ToolChoice | None:
    """`None` where nothing is said, or nothing that makes a difference."""
    choice = body.get("tool_choice")
    if choice is None or (not known and choice in ("auto", "none")):
        return None
    if choice in ("auto", "none", "required"):
        if not known:
            raise InvalidRequest("tool_choice needs tools.", param="tool_choice")
        return ToolChoice(choice, None)
    if not isinstance(choice, dict):
        raise InvalidRequest("tool_choice must be none, auto, required or a tool.", param="tool_choice")
    kind = choice.get("type")
    if kind == "function":
        return ToolChoice("required", (_named(choice, known, "tool_choice.function.name"),))
    if kind != "allowed_tools":
        raise UnsupportedByProvider(f"{provider} has no tool_choice of the type {kind!r}.", param="tool_choice.type")
    allowed = choice.get("allowed_tools")
    tools = allowed.get("tools") if isinstance(allowed, dict) else None
    mode = allowed.get("mode", "auto") if isinstance(allowed, dict) else None
    if not isinstance(tools, list) or not tools or mode not in ("auto", "required"):
        raise InvalidRequest("allowed_tools needs a mode, auto or required, and tools.", param="tool_choice.allowed_tools")
    place = "tool_choice.allowed_tools.tools"
    return ToolChoice(mode, tuple(_named(tool, known, f"{place}[{index}]") for index, tool in enumerate(tools)))


def _named(choice: object, known: Collection[Function], where: str) -> str:
    function = choice.get("function") if isinstance(choice, dict) else None
    name = function.get("name") if isinstance(function, dict) else None
    if not isinstance(name, str) or not any(function.name == name for function in known):
        raise InvalidRequest(f"{where} must name a function in tools.", param=where)
    return name
