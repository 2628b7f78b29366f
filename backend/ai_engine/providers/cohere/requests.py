"""Chats and embeddings as Cohere's requests.

Sources: https://docs.cohere.com/reference/chat, https://docs.cohere.com/reference/embed (read 2026-11-28).
"""

from collections.abc import Mapping

from ai_engine.providers import chat_parameters as chat
from ai_engine.providers.chat_messages import ToolCalls, data_url, messages, part_string, parts, texts
from ai_engine.providers.chat_parameters import Function
from ai_engine.providers.embedding_texts import input_texts, wants_base64
from ai_engine.providers.schema_dialects import COHERE, JSON_ONLY, SCHEMA_PATH
from ai_engine.providers.schema_writer import as_object, in_dialect
from ai_engine.providers.turn_order import NO_OUTPUT, in_order
from ai_engine.wire import exact_json, openai
from ai_engine.wire.fields import one_of, optional, unsupported
from ai_engine.wire.json_types import Json, JsonMapping

_PROVIDER = "Cohere"
_KNOWN = frozenset(
    {"messages", "tools", "tool_choice", "response_format", "reasoning_effort", "logprobs"}
    | {"temperature", "top_p", "top_k", "seed", "stop", "max_tokens", "max_completion_tokens"}
    | {"presence_penalty", "frequency_penalty"}
)
_KNOWN_OF_EMBEDDINGS = frozenset({"input", "dimensions", "encoding_format", "input_type"})
_NO_PARAMETERS: Json = {"type": "object", "properties": {}}
_LARGEST_P = 0.99
"""The largest `p`, nearly the same as OpenAI's 1."""
_BUDGETS: Mapping[str, int | None] = {"minimal": 1024, "low": 1024, "medium": 4096, "high": None, "xhigh": None}
"""`reasoning_effort` → `thinking.token_budget`; `None` is no limit."""
_INPUT_TYPES = ("classification", "clustering", "image", "search_document", "search_query")
_DEFAULT_INPUT_TYPE = "search_document"
_MOST_TEXTS = 96


def chat_request(body: JsonMapping, model: str) -> Json:
    """The request's body. Raises `UnsupportedByProvider` and `InvalidRequest` with the chat's own field."""
    chat.check_fields(body, _KNOWN, _PROVIDER)
    request: Json = {"model": model, "messages": _messages(body), **_sampling(body)}
    if body.get("stream"):
        request["stream"] = True
    functions = chat.functions(body, _PROVIDER)
    choice = chat.tool_choice(body, functions, _PROVIDER)
    if choice is not None and choice.names is not None:
        # Cohere cannot restrict the choice of tools, so the others are left out.
        functions = [function for function in functions if function.name in choice.names]
    is_json, schema = chat.response_format(body)
    if is_json and choice is not None and choice.mode == "none":
        functions, choice = [], None
    if is_json and functions:
        # Cohere has only one of the two: https://docs.cohere.com/reference/chat (read 2026-11-30).
        if schema is not None:
            raise unsupported("response_format.type", f"is 'json_schema' beside tools, which {chat.not_by(_PROVIDER)}")
        request["messages"].insert(0, {"role": "system", "content": JSON_ONLY})
    elif is_json:
        request["response_format"] = {"type": "json_object"}
        if schema is not None:
            request["response_format"]["json_schema"] = in_dialect(schema, COHERE, SCHEMA_PATH)
    is_strict = any(function.is_strict for function in functions)
    if functions:
        request["tools"] = [_tool(function, place, is_strict=is_strict) for place, function in enumerate(functions)]
        if is_strict:
            request["strict_tools"] = True
    if choice is not None and choice.mode != "auto":
        request["tool_choice"] = choice.mode.upper()
    effort = optional(body, "reasoning_effort", str)
    if effort is not None:
        request["thinking"] = _thinking(effort)
    return request


def _sampling(body: JsonMapping) -> Json:
    nucleus = optional(body, "top_p", float)
    values: Json = {
        "temperature": optional(body, "temperature", float),
        "p": min(nucleus, _LARGEST_P) if nucleus is not None and nucleus <= 1 else nucleus,
        "k": optional(body, "top_k", int),
        "seed": optional(body, "seed", int),
        "frequency_penalty": optional(body, "frequency_penalty", float),
        "presence_penalty": optional(body, "presence_penalty", float),
        "max_tokens": chat.most_output_tokens(body),
        "stop_sequences": chat.stops(body) or None,
        "logprobs": optional(body, "logprobs", bool) or None,
    }
    return {name: value for name, value in values.items() if value is not None}


def _tool(function: Function, place: int, *, is_strict: bool) -> Json:
    schema = as_object(function.parameters or _NO_PARAMETERS)
    if is_strict:
        schema = in_dialect(schema, COHERE, f"tools[{place}].function.parameters")
    tool: Json = {"name": function.name, "parameters": schema}
    if function.description is not None:
        tool["description"] = function.description
    return {"type": "function", "function": tool}


def _thinking(effort: str) -> Json:
    """https://docs.cohere.com/docs/reasoning (read 2026-11-28)."""
    if effort == "none":
        return {"type": "disabled"}
    if effort not in _BUDGETS:
        raise unsupported("reasoning_effort", f"is {effort[:60]!r}, which {chat.not_by(_PROVIDER)}")
    budget = _BUDGETS[effort]
    return {"type": "enabled"} if budget is None else {"type": "enabled", "token_budget": budget}


def _messages(body: JsonMapping) -> list[Json]:
    """Left out are reasoning of earlier turns, which is unsigned, and empty messages, which Cohere refuses."""
    turns: list[Json] = []
    calls = ToolCalls(_PROVIDER)
    for where, role, message in in_order(messages(body, _PROVIDER)):
        if role in ("system", "developer"):
            if content := _said(message, where):
                turns.append({"role": "system", "content": _text_content(content)})
        elif role == "user":
            if user := _user_content(message, where):
                is_text = len(user) == 1 and user[0]["type"] == "text"
                turns.append({"role": "user", "content": user[0]["text"] if is_text else user})
        elif role == "tool":
            call_id = calls.answered(message, where).id
            result: object = _text_content(_said(message, where)) or NO_OUTPUT
            if message.get("is_error") is True:
                # There is no field for it; results are usually JSON: https://docs.cohere.com/docs/tool-use-overview.
                result = exact_json.dumps({"error": result}).decode()
            turns.append({"role": "tool", "tool_call_id": call_id, "content": result})
        elif (turn := _assistant(message, where, calls)) is not None:
            turns.append(turn)
    if not turns:
        raise unsupported("messages", f"must have a message that is not blank for {_PROVIDER}")
    return turns


def _said(message: Json, where: str) -> list[str]:
    return [text for text in texts(message, where, _PROVIDER) if text.strip()]


def _text_content(given: list[str]) -> str | list[Json]:
    return "".join(given) if len(given) <= 1 else [{"type": "text", "text": text} for text in given]


def _user_content(message: Json, where: str) -> list[Json]:
    content: list[Json] = []
    for at, part in parts(message, where, _PROVIDER):
        kind = part["type"]
        if kind == "text":
            if part["text"].strip():
                content.append({"type": "text", "text": part["text"]})
        elif kind == "image_url":
            url = part_string(part, kind, "url", at)
            inline = data_url(url, f"{at}.image_url.url")
            image: Json = {"url": url if inline is None else f"data:{inline.media_type or ''};base64,{inline.data}"}
            detail = part["image_url"].get("detail")
            if detail is not None:
                image["detail"] = detail
            content.append({"type": "image_url", "image_url": image})
        else:
            raise unsupported(f"{at}.type", f"is {kind!r}, which {chat.not_by(_PROVIDER)}")
    return content


def _assistant(message: Json, where: str, calls: ToolCalls) -> Json | None:
    """`None` where it is empty."""
    if message.get("images"):
        raise unsupported(f"{where}.images", chat.not_by(_PROVIDER))
    turn: Json = {"role": "assistant"}
    content = _said(message, where)
    if (refusal := optional(message, "refusal", str, where)) and refusal.strip():
        content.append(refusal)
    if content:
        turn["content"] = _text_content(content)
    if own_calls := calls.of(message, where):
        turn["tool_calls"] = [openai.tool_call(call.id, call.name, call.arguments_text) for call in own_calls]
    return turn if len(turn) > 1 else None


def embed_request(body: JsonMapping, model: str) -> Json:
    """The request's body. `input_type`, a field of Cohere's, is `search_document` by default.

    A text that is too long is an error, as with OpenAI; Cohere's own default is to truncate it.
    """
    chat.check_fields(body, _KNOWN_OF_EMBEDDINGS, _PROVIDER)
    given = input_texts(body, _PROVIDER)
    if len(given) > _MOST_TEXTS:
        raise unsupported("input", f"must have at most {_MOST_TEXTS} texts for {_PROVIDER}")
    purpose = one_of(body, "input_type", _INPUT_TYPES) if body.get("input_type") else _DEFAULT_INPUT_TYPE
    request: Json = {
        "model": model,
        "texts": given,
        "input_type": purpose,
        "embedding_types": ["base64" if wants_base64(body) else "float"],
        "truncate": "NONE",
    }
    dimensions = optional(body, "dimensions", int)
    if dimensions is not None:
        request["output_dimension"] = dimensions
    return request
