"""A chat as a Converse request.

Source: https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html and the service model of `botocore`
1.44.8 (read 2026-11-30). Parameters without a field in Converse become the model's own in `additionalModelRequestFields`
(`model_traits`), and are unsupported where the model has none. `guardrailConfig`, `performanceConfig` and
`additionalModelRequestFields` are Converse's own fields; a chat may have them.
"""

from collections.abc import Sequence

from ai_engine.providers import chat_parameters
from ai_engine.providers.anthropic.reasoning import ThinkingOptions
from ai_engine.providers.anthropic.requests import check_forced_tools, sampling
from ai_engine.providers.bedrock.content import PROVIDER, ContentReader
from ai_engine.providers.bedrock.conversation import conversation
from ai_engine.providers.bedrock.model_traits import ModelTraits, traits_of
from ai_engine.providers.bedrock.reasoning import add_effort, claudes_thinking
from ai_engine.providers.chat_parameters import Function, ToolChoice, not_by
from ai_engine.providers.schema_dialects import BEDROCK, JSON_ONLY, SCHEMA_PATH
from ai_engine.providers.schema_writer import as_object, in_dialect
from ai_engine.wire.fields import json_text, optional, unsupported
from ai_engine.wire.json_types import Json, JsonMapping
from ai_engine.wire.tolerant import string_in

_OWN_FIELDS = ("guardrailConfig", "performanceConfig", "additionalModelRequestFields")
_KNOWN = frozenset(
    {"messages", "tools", "tool_choice", "parallel_tool_calls", "response_format", "reasoning_effort", "thinking"}
    | {"temperature", "top_p", "top_k", "stop", "max_tokens", "max_completion_tokens", "service_tier", "cache_control"}
    | {*_OWN_FIELDS}
)
_SERVICE_TIERS = {"auto": None, "default": "default", "flex": "flex", "priority": "priority"}
_NO_PARAMETERS: Json = {"type": "object", "properties": {}}


def converse_request(body: JsonMapping, model: str) -> Json:
    """The body for `converse` and `converse-stream`. Raises `InvalidRequest` and `UnsupportedByProvider`."""
    traits = traits_of(model)
    chat_parameters.check_fields(body, _KNOWN, PROVIDER)
    functions = chat_parameters.functions(body, PROVIDER)
    choice = chat_parameters.tool_choice(body, functions, PROVIDER)
    has_tools = bool(functions) and (choice is None or choice.mode != "none")
    system, turns = conversation(body, traits, has_tools=has_tools)
    is_json, schema = chat_parameters.response_format(body)
    if is_json and schema is None:
        system.append({"text": JSON_ONLY})  # Converse has JSON with a schema only
    request: Json = {"messages": turns}
    if system:
        request["system"] = system
    additional: Json = {}
    thinking = claudes_thinking(body, traits, turns)
    chosen = _sampling(body, traits, thinking)
    config = _inference(body, traits, thinking, chosen)
    if config:
        request["inferenceConfig"] = config
    if "stopSequences" in config and traits.claude is not None:
        request["additionalModelResponseFieldPaths"] = ["/stop_sequence"]
    if "top_k" in chosen:
        _add_top_k(additional, chosen["top_k"], traits)
    add_effort(request, additional, body, traits, thinking)
    if has_tools:
        _add_tools(request, additional, body, functions, choice, traits, thinking)
    if schema is not None:
        _add_format(request, body, schema, traits)
    _add_tier(request, body)
    _add_own_fields(request, additional, body)
    if additional:
        request["additionalModelRequestFields"] = additional
    return request


def _inference(body: JsonMapping, traits: ModelTraits, thinking: ThinkingOptions, chosen: JsonMapping) -> Json:
    """`inferenceConfig`; `chosen` is the sampling."""
    config: Json = {}
    most = chat_parameters.most_output_tokens(body)
    if most is None and thinking.thinking is not None and "budget_tokens" in thinking.thinking and traits.claude is not None:
        most = traits.claude.largest_output_tokens  # the budget is part of it
    if most is not None:
        config["maxTokens"] = most
    for name, theirs in (("temperature", "temperature"), ("top_p", "topP")):
        if name in chosen:
            config[theirs] = chosen[name]
    stops = chat_parameters.stops(body)
    if traits.claude is not None and any(not stop.strip() for stop in stops):
        raise unsupported("stop", "must not be blank: blank stop sequences are not supported by this model")
    if stops:
        config["stopSequences"] = stops
    return config


def _sampling(body: JsonMapping, traits: ModelTraits, thinking: ThinkingOptions) -> Json:
    if traits.claude is not None:
        return sampling(body, traits.claude, is_thinking=thinking.is_on)
    chosen = {name: optional(body, name, float) for name in ("temperature", "top_p")}
    for name, value in chosen.items():
        if value is not None and value > 1:
            raise unsupported(name, f"must be at most 1 for {PROVIDER}")
        if value is not None and value != 1 and not traits.takes_sampling:
            raise unsupported(name, "is not supported by this model")
    if not traits.takes_sampling:
        chosen = {}
    return {name: value for name, value in {**chosen, "top_k": optional(body, "top_k", int)}.items() if value is not None}


def _add_top_k(additional: Json, top_k: int, traits: ModelTraits) -> None:
    if traits.top_k is None:
        raise unsupported("top_k", "is not supported by this model")
    *outer, inner = traits.top_k
    for name in outer:
        additional = additional.setdefault(name, {})
    additional[inner] = top_k


def _add_tools(
    request: Json,
    additional: Json,
    body: JsonMapping,
    functions: Sequence[Function],
    choice: ToolChoice | None,
    traits: ModelTraits,
    thinking: ThinkingOptions,
) -> None:
    names = choice.names if choice is not None else None
    is_forced = choice is not None and choice.mode == "required"
    if is_forced:
        if traits.claude is not None:
            check_forced_tools(traits.claude, thinking)
        elif not traits.takes_forced_tools:
            raise unsupported("tool_choice", "must be auto or none: this model cannot be forced to call a tool")
    picked: Json | None = None
    if is_forced:
        picked = {"tool": {"name": names[0]}} if names is not None and len(names) == 1 else {"any": {}}
    tools: list[Json] = []
    points = ContentReader(traits)
    for place, function in enumerate(functions):
        # Converse has no choice among some of the tools: the others are left out.
        if names is None or function.name in names or (picked is not None and "tool" in picked):
            tools.append(_tool(function, traits, f"tools[{place}]"))
            tools += points.cache_points(function.cache_control) if traits.has_tool_cache_points else []
    request["toolConfig"] = {"tools": tools} if picked is None else {"tools": tools, "toolChoice": picked}
    if optional(body, "parallel_tool_calls", bool) is False and traits.claude is not None:
        # In Anthropic's form, without the type where Converse has one.
        one = {"disable_parallel_tool_use": True}
        additional["tool_choice"] = {"type": "auto", **one} if picked is None else one


def _tool(function: Function, traits: ModelTraits, where: str) -> Json:
    schema = as_object(function.parameters or _NO_PARAMETERS)
    specification: Json = {"name": function.name, "inputSchema": {"json": schema}}
    if function.description is not None and function.description.strip():
        specification["description"] = function.description
    if function.is_strict:
        if not traits.takes_schemas:
            raise unsupported(f"{where}.function.strict", "is not supported by this model")
        specification["inputSchema"] = {"json": in_dialect(schema, BEDROCK, f"{where}.function.parameters")}
        specification["strict"] = True
    return {"toolSpec": specification}


def _add_format(request: Json, body: JsonMapping, schema: Json, traits: ModelTraits) -> None:
    if not traits.takes_schemas:
        raise unsupported("response_format.type", "is 'json_schema', which is not supported by this model")
    definition: Json = {"schema": json_text(in_dialect(schema, BEDROCK, SCHEMA_PATH), SCHEMA_PATH)}
    name = string_in(body["response_format"]["json_schema"], "name")
    if name:
        definition["name"] = name
    text_format = {"type": "json_schema", "structure": {"jsonSchema": definition}}
    request["outputConfig"] = {**request.get("outputConfig", {}), "textFormat": text_format}


def _add_tier(request: Json, body: JsonMapping) -> None:
    tier = optional(body, "service_tier", str)
    if tier is None:
        return
    if tier not in _SERVICE_TIERS:
        raise unsupported("service_tier", f"is {tier[:60]!r}, which {not_by(PROVIDER)}")
    if _SERVICE_TIERS[tier] is not None:
        request["serviceTier"] = {"type": _SERVICE_TIERS[tier]}


def _add_own_fields(request: Json, additional: Json, body: JsonMapping) -> None:
    for name in _OWN_FIELDS:
        value = optional(body, name, dict)
        if name == "additionalModelRequestFields":
            additional.update(value or {})
        elif value is not None:
            request[name] = value
