"""A chat as a `generateContent` request.

Source: https://ai.google.dev/api/generate-content (read 2026-11-28).
"""

from collections.abc import Sequence

from ai_engine.providers import chat_parameters as chat
from ai_engine.providers.chat_parameters import Function, ToolChoice
from ai_engine.providers.gemini.contents import contents
from ai_engine.providers.gemini.listing import is_before_3, thinks_by_budget
from ai_engine.providers.schema_dialects import GEMINI, JSON_ONLY, SCHEMA_PATH
from ai_engine.providers.schema_writer import as_object, in_dialect
from ai_engine.wire.fields import check_known, non_empty, optional, required, unsupported
from ai_engine.wire.json_types import Json, JsonMapping

_PROVIDER = "Gemini"
_KNOWN = frozenset(
    {
        "messages",
        "tools",
        "tool_choice",
        "response_format",
        "reasoning_effort",
        "modalities",
        "service_tier",
        "web_search_options",
    }
    | {"temperature", "top_p", "top_k", "n", "seed", "stop", "max_tokens", "max_completion_tokens"}
    | {"presence_penalty", "frequency_penalty", "logprobs", "top_logprobs"}
)
_NUMBERS = {
    "temperature": "temperature",
    "top_p": "topP",
    "presence_penalty": "presencePenalty",
    "frequency_penalty": "frequencyPenalty",
}
_INTEGERS = {"top_k": "topK", "n": "candidateCount", "seed": "seed"}
_MODES = {"auto": "AUTO", "required": "ANY", "none": "NONE"}

# Google's own mapping, for its OpenAI endpoint: https://ai.google.dev/gemini-api/docs/openai#thinking (read 2026-11-28). It ends
# at `high`. All of these models allow 24,576, some 32,768.
_BUDGETS = {"minimal": 1024, "low": 1024, "medium": 8192, "high": 24576}
_LARGEST_PRO_BUDGET = 32768
# Only these have `minimal`: https://ai.google.dev/gemini-api/docs/thinking#levels (read 2026-11-28).
_WITH_MINIMAL = ("gemini-3-flash", "gemini-3.1-flash-lite", "gemini-3.5-flash")
_LEVELS = frozenset({"low", "medium", "high", "xhigh"})


def generate_content(body: JsonMapping, model: str) -> Json:
    """The request's body. Raises `UnsupportedByProvider` and `InvalidRequest` with the chat's own field."""
    chat.check_fields(body, _KNOWN, _PROVIDER)
    turns, instruction = contents(body, model)
    request: Json = {"contents": turns}
    tools, calling = _tools(body)
    may_call = "web_search_options" in body or (bool(tools) and (calling is None or calling["mode"] != "NONE"))
    output, is_json_in_words = _output(body, model, may_call=may_call)
    if output and not may_call:
        tools, calling = [], None  # they may not be called
    if is_json_in_words:
        instruction.append({"text": JSON_ONLY})
    if instruction:
        request["systemInstruction"] = {"parts": instruction}
    if tools:
        request["tools"] = tools
    if calling is not None:
        request["toolConfig"] = {"functionCallingConfig": calling}
    config = _generation_config(body, model) | output
    if config:
        request["generationConfig"] = config
    tier = optional(body, "service_tier", str)
    if tier not in (None, "auto", "default"):
        if tier not in ("flex", "priority"):
            raise unsupported("service_tier", f"is {tier[:60]!r}, which {chat.not_by(_PROVIDER)}")
        request["serviceTier"] = tier
    return request


def _tools(body: JsonMapping) -> tuple[list[Json], Json | None]:
    """`tools`, and the `functionCallingConfig`."""
    functions = chat.functions(body, _PROVIDER)
    tools: list[Json] = []
    if functions:
        tools.append({"functionDeclarations": [_declaration(function, place) for place, function in enumerate(functions)]})
    if body.get("web_search_options") is not None:
        tools.append(_web_search(required(body, "web_search_options", dict)))
    return tools, _calling(chat.tool_choice(body, functions, _PROVIDER), functions)


def _declaration(function: Function, place: int) -> Json:
    declaration: Json = {"name": function.name}
    if function.description is not None:
        declaration["description"] = function.description
    if function.parameters is not None:
        # `parameters` is OpenAPI's dialect, without `$ref` and `additionalProperties`.
        where = f"tools[{place}].function.parameters"
        declaration["parametersJsonSchema"] = in_dialect(as_object(function.parameters), GEMINI, where)
    return declaration


def _web_search(options: Json) -> Json:
    known = ("search_context_size",) if options.get("search_context_size") == "medium" else ()
    check_known(options, known, "web_search_options", chat.not_by(_PROVIDER))
    return {"googleSearch": {}}


def _calling(choice: ToolChoice | None, functions: Sequence[Function]) -> Json | None:
    """`functionCallingConfig`. `VALIDATED` is `AUTO` with arguments by the schemas, as `strict` demands; `ANY` implies it."""
    is_strict = any(function.is_strict for function in functions)
    if choice is None:
        return {"mode": "VALIDATED"} if is_strict else None
    mode = _MODES[choice.mode]
    if mode == "AUTO" and (is_strict or choice.names is not None):
        mode = "VALIDATED"
    return {"mode": mode} if choice.names is None else {"mode": mode, "allowedFunctionNames": list(choice.names)}


def _generation_config(body: JsonMapping, model: str) -> Json:
    config = _sampling(body)
    alternatives = chat.top_logprobs(body)
    if alternatives is not None:
        config["responseLogprobs"] = True
        if alternatives:
            config["logprobs"] = alternatives
    modalities = body.get("modalities")
    if modalities is not None and modalities != ["text"]:
        config["responseModalities"] = _modalities(body)
    effort = optional(body, "reasoning_effort", str)
    if effort is not None:
        config["thinkingConfig"] = _thinking(effort, model)
    return config


def _output(body: JsonMapping, model: str, *, may_call: bool) -> tuple[Json, bool]:
    """The format of the answer, and whether JSON is an instruction instead.

    Models before Gemini 3 have either JSON or tools (https://github.com/googleapis/python-genai/issues/867, read 2026-11-30). A
    schema beside tools is for another route: as a last tool's parameters, it would hold only if the model called that tool.
    """
    is_json, schema = chat.response_format(body)
    if not is_json:
        return {}, False
    if may_call and is_before_3(model):
        if schema is not None:
            raise unsupported("response_format.type", f"is 'json_schema' beside tools, which is not supported by {model}")
        return {}, True
    output: Json = {"responseMimeType": "application/json"}
    if schema is not None:
        output["responseJsonSchema"] = in_dialect(schema, GEMINI, SCHEMA_PATH)
    return output, False


def _sampling(body: JsonMapping) -> Json:
    config: Json = {}
    for name, native in _NUMBERS.items():
        if (value := optional(body, name, float)) is not None:
            config[native] = value
    for name, native in _INTEGERS.items():
        if (count := optional(body, name, int)) is not None:
            config[native] = count
    most = chat.most_output_tokens(body)
    if most is not None:
        config["maxOutputTokens"] = most
    if stops := chat.stops(body):
        config["stopSequences"] = stops
    return config


def _modalities(body: JsonMapping) -> list[str]:
    modalities = non_empty(body, "modalities", list)
    if not all(modality in ("text", "image") for modality in modalities):
        raise unsupported("modalities", f"must be text and image only for {_PROVIDER}")
    return [modality.upper() for modality in modalities]


def _thinking(effort: str, model: str) -> Json:
    """`thinkingConfig`. A request with an effort gets the thoughts too."""
    if thinks_by_budget(model):
        is_pro = model.startswith("gemini-2.5-pro")
        if effort == "none" and not is_pro:
            return {"thinkingBudget": 0}
        budget = _BUDGETS.get(effort)
        if effort == "xhigh":
            budget = _LARGEST_PRO_BUDGET if is_pro else _BUDGETS["high"]
        if budget is not None:
            return {"thinkingBudget": budget, "includeThoughts": True}
    elif is_before_3(model):
        if effort == "none":
            return {}
        raise unsupported("reasoning_effort", f"is not supported by {model}")
    elif effort in _LEVELS:
        return {"thinkingLevel": effort.upper(), "includeThoughts": True}
    elif effort == "minimal":
        return {"thinkingLevel": "MINIMAL" if model.startswith(_WITH_MINIMAL) else "LOW", "includeThoughts": True}
    raise unsupported("reasoning_effort", f"is {effort[:60]!r}, which is not supported by {model}")
