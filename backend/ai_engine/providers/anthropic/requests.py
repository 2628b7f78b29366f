"""A chat request as a request of Anthropic's Messages API.

Translated: messages and instructions (`conversation`), parts (`content`), tools and their choice, JSON Schema
(`output_config.format`), `reasoning_effort` and `thinking` (`reasoning`), limits, sampling, `stop`, the user's id. Without a
limit, the model's largest is sent: the API requires one, and a chat's default is the model's largest too.

Unsupported, unless null or the default: `n`, `logprobs`, `logit_bias`, penalties, `seed`, audio, `functions`, and unknown fields;
the hints among them are dropped (`wire.hints`). A temperature above 1 too: Claude's range is 0 to 1 and both scales have their
default at 1, so neither scaling nor clipping would keep the meaning. Schemas that Claude must follow are in Anthropic's dialect
(`schema_writer`). `json_object` is an instruction: the API has JSON with a schema only, and Anthropic's own endpoint for OpenAI's
clients ignores it.
"""

from ai_engine.providers import chat_parameters
from ai_engine.providers.anthropic.content import PROVIDER
from ai_engine.providers.anthropic.conversation import conversation
from ai_engine.providers.anthropic.reasoning import ThinkingOptions, thinking_options
from ai_engine.providers.anthropic.traits import Thinking, Traits, traits_of
from ai_engine.providers.chat_parameters import Function, not_by
from ai_engine.providers.schema_dialects import ANTHROPIC, JSON_ONLY, SCHEMA_PATH
from ai_engine.providers.schema_writer import as_object, in_dialect
from ai_engine.wire.anthropic import continues_without_thinking
from ai_engine.wire.fields import check_known, optional, unsupported
from ai_engine.wire.json_types import Json, JsonMapping

_KNOWN = frozenset(
    {"messages", "max_tokens", "max_completion_tokens", "temperature", "top_p", "top_k", "stop", "tools", "tool_choice"}
    | {"parallel_tool_calls", "response_format", "reasoning_effort", "thinking", "service_tier", "cache_control"}
    | {"user", "safety_identifier", "metadata"}
)
_SERVICE_TIERS = {"auto": None, "default": "standard_only"}
_SMALLEST_TOP_P_OF_THINKING = 0.95
_LONGEST_USER_ID = 256


def messages_request(body: JsonMapping, model: str) -> Json:
    """The body for `POST /messages`. Raises `InvalidRequest` and `UnsupportedByProvider`."""
    traits = traits_of(model)
    chat_parameters.check_fields(body, _KNOWN, PROVIDER)
    account = _account(body)
    most = chat_parameters.most_output_tokens(body)
    most = most if most is not None else traits.largest_output_tokens
    system, turns = conversation(body, traits)
    thinking = thinking_options(body, traits, most, continues_without=continues_without_thinking(turns))
    is_json, schema = chat_parameters.response_format(body)
    if is_json and schema is None:
        system.append({"type": "text", "text": JSON_ONLY})
    request: Json = {"model": model, "max_tokens": most, "messages": turns}
    if system:
        request["system"] = system
    _add_tools(request, body, traits, thinking)
    request.update(sampling(body, traits, is_thinking=thinking.is_on))
    _add_output(request, schema, traits, thinking)
    stops = chat_parameters.stops(body)
    if any(not stop.strip() for stop in stops):
        raise unsupported("stop", f"must not be blank: blank stop sequences are not supported by {PROVIDER}")
    if stops:
        request["stop_sequences"] = stops
    request.update(account)
    if body.get("cache_control") is not None:
        request["cache_control"] = body["cache_control"]
    if body.get("stream"):
        request["stream"] = True
    return request


def _add_output(request: Json, schema: Json | None, traits: Traits, thinking: ThinkingOptions) -> None:
    output: Json = {}
    if thinking.thinking is not None:
        request["thinking"] = thinking.thinking
    if thinking.effort is not None:
        output["effort"] = thinking.effort
    if schema is not None:
        if not traits.takes_schemas:
            raise unsupported("response_format.type", "is 'json_schema', which is not supported by this model")
        output["format"] = {"type": "json_schema", "schema": in_dialect(schema, ANTHROPIC, SCHEMA_PATH)}
    if output:
        request["output_config"] = output


def sampling(body: JsonMapping, traits: Traits, *, is_thinking: bool) -> Json:
    """1 is the default of `temperature` and `top_p` in both formats. It is left out: newer models refuse the two together."""
    temperature, top_p = optional(body, "temperature", float), optional(body, "top_p", float)
    top_k = optional(body, "top_k", int)
    chosen: Json = {}
    if temperature is not None and temperature != 1:
        if temperature > 1:
            raise unsupported("temperature", f"must be at most 1 for {PROVIDER}")
        _check_sampling(traits, "temperature", is_allowed=not is_thinking)
        chosen["temperature"] = temperature
    if top_p is not None and top_p != 1:
        _check_sampling(traits, "top_p", is_allowed=not is_thinking or top_p >= _SMALLEST_TOP_P_OF_THINKING)
        if "temperature" in chosen and not traits.takes_two_samplings:
            raise unsupported("top_p", "is not supported by this model together with temperature")
        chosen["top_p"] = top_p
    if top_k is not None:
        _check_sampling(traits, "top_k", is_allowed=not is_thinking)
        chosen["top_k"] = top_k
    return chosen


def _check_sampling(traits: Traits, name: str, *, is_allowed: bool) -> None:
    if not traits.takes_sampling:
        raise unsupported(name, "is not supported by this model")
    if not is_allowed:
        raise unsupported(name, "is not supported by this model while it reasons, or not with this value")


def _add_tools(request: Json, body: JsonMapping, traits: Traits, thinking: ThinkingOptions) -> None:
    functions = chat_parameters.functions(body, PROVIDER)
    choice = chat_parameters.tool_choice(body, functions, PROVIDER)
    one_at_a_time = optional(body, "parallel_tool_calls", bool) is False
    if not functions:
        return
    names = choice.names if choice is not None else None
    is_forced = choice is not None and choice.mode == "required"
    tools = [_tool(function, place, traits) for place, function in enumerate(functions)]
    if is_forced:
        check_forced_tools(traits, thinking)
    picked: Json = {"type": "auto"}
    if choice is not None and choice.mode == "none":
        picked = {"type": "none"}
    elif is_forced:
        picked = {"type": "tool", "name": names[0]} if names is not None and len(names) == 1 else {"type": "any"}
    if names is not None and picked["type"] != "tool":
        tools = [tool for tool in tools if tool["name"] in names]
    if one_at_a_time and picked["type"] != "none":
        picked["disable_parallel_tool_use"] = True
    request["tools"] = tools
    if picked != {"type": "auto"}:
        request["tool_choice"] = picked


def check_forced_tools(traits: Traits, thinking: ThinkingOptions) -> None:
    """Raises `UnsupportedByProvider` where the model cannot be forced to call a tool."""
    if not traits.takes_forced_tools:
        raise unsupported("tool_choice", "must be auto or none: this model cannot be forced to call a tool")
    if thinking.is_on and traits.thinking is Thinking.BUDGET:
        raise unsupported("reasoning_effort", "is not supported by this model together with a tool that it must call")


def _tool(function: Function, place: int, traits: Traits) -> Json:
    schema = as_object(function.parameters or {})
    tool: Json = {"name": function.name, "input_schema": schema}
    if function.description is not None:
        tool["description"] = function.description
    if function.is_strict:
        if not traits.takes_schemas:
            raise unsupported(f"tools[{place}].function.strict", "is not supported by this model")
        tool["input_schema"] = in_dialect(schema, ANTHROPIC, f"tools[{place}].function.parameters")
        tool["strict"] = True
    if function.cache_control is not None:
        tool["cache_control"] = function.cache_control
    return tool


def _account(body: JsonMapping) -> Json:
    """Who the end user is, from the first of three fields that say it, and the service tier."""
    account: Json = {}
    metadata = optional(body, "metadata", dict) or {}
    check_known(metadata, ("user_id",), "metadata", not_by(PROVIDER))
    names = (("metadata.user_id", metadata.get("user_id")), ("safety_identifier", body.get("safety_identifier")))
    for name, user_id in (*names, ("user", body.get("user"))):
        if user_id is None:
            continue
        if not isinstance(user_id, str) or not 0 < len(user_id) <= _LONGEST_USER_ID:
            raise unsupported(name, f"must be a string of at most {_LONGEST_USER_ID} characters for {PROVIDER}")
        account.setdefault("metadata", {"user_id": user_id})
    tier = optional(body, "service_tier", str)
    if tier is not None:
        if tier not in _SERVICE_TIERS:
            raise unsupported("service_tier", f"is {tier[:60]!r}, which {not_by(PROVIDER)}")
        if _SERVICE_TIERS[tier] is not None:
            account["service_tier"] = _SERVICE_TIERS[tier]
    return account
