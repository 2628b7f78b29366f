"""A chat and embeddings as Cohere's requests.

Sources: https://docs.cohere.com/reference/chat, https://docs.cohere.com/reference/embed (read 2026-11-28).
"""

from collections.abc import Mapping

import orjson

from ai_engine.errors import InvalidRequest, UnsupportedByProvider
from ai_engine.providers import chat_reading as chat
from ai_engine.providers.chat_messages import address, answered_call, messages, parts, texts, tool_calls
from ai_engine.providers.chat_reading import Function
from ai_engine.providers.embedding_texts import input_texts, wants_base64
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
"""What `p` may be at most: OpenAI's 1, which chooses from all tokens, is this nearly."""
_BUDGETS: Mapping[str, int | None] = {"minimal": 1024, "low": 1024, "medium": 4096, "high": None, "xhigh": None}
"""`reasoning_effort` → `thinking.token_budget`; `None` is as much as the model likes."""
_INPUT_TYPES = frozenset({"search_document", "search_query", "classification", "clustering", "image"})
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
        # Cohere cannot be held to some of the tools, but need not know the others.
        functions = [function for function in functions if function.name in choice.names]
    if functions:
        request["tools"] = [_tool(function) for function in functions]
        if any(function.is_strict for function in functions):
            request["strict_tools"] = True
    if choice is not None and choice.mode != "auto":
        request["tool_choice"] = choice.mode.upper()
    is_json, schema = chat.wanted_format(body)
    if is_json:
        request["response_format"] = {"type": "json_object"} if schema is None else {"type": "json_object", "json_schema": schema}
    effort = body.get("reasoning_effort")
    if effort is not None:
        request["thinking"] = _thinking(effort)
    return request


def _sampling(body: JsonMapping) -> Json:
    nucleus = chat.number(body, "top_p")
    values: Json = {
        "temperature": chat.number(body, "temperature"),
        "p": min(nucleus, _LARGEST_P) if nucleus is not None and nucleus <= 1 else nucleus,
        "k": chat.whole(body, "top_k"),
        "seed": chat.whole(body, "seed"),
        "frequency_penalty": chat.number(body, "frequency_penalty"),
        "presence_penalty": chat.number(body, "presence_penalty"),
        "max_tokens": chat.most_output_tokens(body),
        "stop_sequences": chat.stops(body) or None,
        "logprobs": chat.flag(body, "logprobs") or None,
    }
    return {name: value for name, value in values.items() if value is not None}


def _tool(function: Function) -> Json:
    said: Json = {"name": function.name, "parameters": function.parameters or _NO_PARAMETERS}
    if function.description is not None:
        said["description"] = function.description
    return {"type": "function", "function": said}


def _thinking(effort: object) -> Json:
    """https://docs.cohere.com/docs/reasoning (read 2026-11-28)."""
    if effort == "none":
        return {"type": "disabled"}
    if not isinstance(effort, str) or effort not in _BUDGETS:
        raise UnsupportedByProvider(f"Cohere has no reasoning_effort {effort!r}.", param="reasoning_effort")
    budget = _BUDGETS[effort]
    return {"type": "enabled"} if budget is None else {"type": "enabled", "token_budget": budget}


def _messages(body: JsonMapping) -> list[Json]:
    """Left out is reasoning of earlier turns, which nobody can check. What is empty Cohere refuses, so that is left out too."""
    said: list[Json] = []
    made: dict[str, str] = {}
    for where, role, message in messages(body, _PROVIDER):
        content = message.get("content")
        if role in ("system", "developer"):
            said.append({"role": "system", "content": _text_content(texts(content, where, _PROVIDER))})
        elif role == "user":
            said.append({"role": "user", "content": content if isinstance(content, str) else _user_content(content, where)})
        elif role == "tool":
            call_id = answered_call(message, where, made)
            result: object = _text_content(texts(content, where, _PROVIDER))
            if message.get("is_error") is True:
                # There is no field for it; results are JSON by custom: https://docs.cohere.com/docs/tool-use-overview.
                result = orjson.dumps({"error": result}).decode()
            said.append({"role": "tool", "tool_call_id": call_id, "content": result})
        elif (turn := _assistant(message, where, made)) is not None:
            said.append(turn)
    return said


def _text_content(given: list[str]) -> str | list[Json]:
    return "".join(given) if len(given) <= 1 else [{"type": "text", "text": text} for text in given]


def _user_content(content: object, where: str) -> list[Json]:
    said: list[Json] = []
    for place, part in enumerate(parts(content, where, _PROVIDER)):
        path, kind = f"{where}.content[{place}]", part["type"]
        if kind == "text":
            said.append({"type": "text", "text": part["text"]})
        elif kind == "image_url":
            image: Json = {"url": address(part, kind, "url", path)}
            detail = part["image_url"].get("detail")
            if detail is not None:
                image["detail"] = detail
            said.append({"type": "image_url", "image_url": image})
        else:
            raise UnsupportedByProvider(f"Cohere takes texts and images, no {kind}.", param=f"{path}.type")
    return said


def _assistant(message: Json, where: str, made: dict[str, str]) -> Json | None:
    """`None` where it says nothing."""
    if message.get("images"):
        raise UnsupportedByProvider("Cohere takes no images from an assistant.", param=f"{where}.images")
    turn: Json = {"role": "assistant"}
    said = [text for text in texts(message.get("content"), where, _PROVIDER) if text]
    refusal = message.get("refusal")
    if isinstance(refusal, str) and refusal:
        said.append(refusal)
    if said:
        turn["content"] = _text_content(said)
    calls = tool_calls(message, where, _PROVIDER)
    if calls:
        made.update((call.id, call.name) for call in calls)
        turn["tool_calls"] = [
            {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": call.arguments}} for call in calls
        ]
    return turn if len(turn) > 1 else None


def embed_request(body: JsonMapping, model: str) -> Json:
    """The request's body. `input_type`, which OpenAI has no word for, is `search_document` unless the client says otherwise.

    A text that is too long is an error, as it is with OpenAI; Cohere's own default would cut it off in silence.
    """
    chat.check_fields(body, _KNOWN_OF_EMBEDDINGS, _PROVIDER)
    given = input_texts(body, _PROVIDER)
    if len(given) > _MOST_TEXTS:
        raise UnsupportedByProvider(f"Cohere embeds at most {_MOST_TEXTS} texts at once.", param="input")
    purpose = body.get("input_type") or _DEFAULT_INPUT_TYPE
    if not isinstance(purpose, str) or purpose not in _INPUT_TYPES:
        raise InvalidRequest(f"input_type must be one of {', '.join(sorted(_INPUT_TYPES))}.", param="input_type")
    request: Json = {
        "model": model,
        "texts": given,
        "input_type": purpose,
        "embedding_types": ["base64" if wants_base64(body) else "float"],
        "truncate": "NONE",
    }
    dimensions = chat.whole(body, "dimensions")
    if dimensions is not None:
        request["output_dimension"] = dimensions
    return request
