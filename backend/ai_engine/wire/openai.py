"""Objects in OpenAI's format, built as plain dictionaries: translated answers, the sandbox's, and the gateway's errors.

Source: https://platform.openai.com/docs/api-reference/chat/object and its neighbours (read 2026-11-23).
"""

from collections.abc import Sequence

import orjson

from ai_engine.errors import InvalidRequest
from ai_engine.wire import exact_json
from ai_engine.wire.json_types import Json, JsonMapping

DONE = b"[DONE]"
"""The payload that ends a stream."""


def encoded(request: JsonMapping) -> bytes:
    """A request as JSON. Raises `InvalidRequest` where it is nested too deeply."""
    try:
        return exact_json.dumps(request)
    except orjson.JSONEncodeError:
        raise InvalidRequest("The request is nested more than 250 levels deep; no provider accepts that.") from None


def error(message: str, *, kind: str, param: str | None = None, code: str | None = None) -> Json:
    """The error envelope; `kind` is its `type`."""
    return {"error": {"message": message, "type": kind, "param": param, "code": code}}


def usage(input_tokens: int, output_tokens: int) -> Json:
    return {
        "prompt_tokens": input_tokens,
        "completion_tokens": output_tokens,
        "total_tokens": input_tokens + output_tokens,
    }


def tool_call(call_id: str, name: str, arguments: str) -> Json:
    """`arguments` is JSON in a string."""
    return {"id": call_id, "type": "function", "function": {"name": name, "arguments": arguments}}


def url_citation(url: str, title: str, start: int, end: int) -> Json:
    """The annotation of a web page that the text from `start` to `end` cites, in characters."""
    return {"type": "url_citation", "url_citation": {"url": url, "title": title, "start_index": start, "end_index": end}}


def choice(index: int, *, content: str | None, finish_reason: str, tool_calls: Sequence[Json] = ()) -> Json:
    message: Json = {"role": "assistant", "content": content, "refusal": None}
    if tool_calls:
        message["tool_calls"] = list(tool_calls)
    return {"index": index, "message": message, "logprobs": None, "finish_reason": finish_reason}


def chat_completion(*, completion_id: str, created: int, model: str, choices: Sequence[Json], usage: Json | None) -> Json:
    """`created` in seconds since the epoch."""
    return {
        "id": completion_id,
        "object": "chat.completion",
        "created": created,
        "model": model,
        "choices": list(choices),
        "usage": usage,
    }


def chunk_choice(index: int, delta: Json, finish_reason: str | None = None) -> Json:
    return {"index": index, "delta": delta, "logprobs": None, "finish_reason": finish_reason}


def chat_chunk(*, completion_id: str, created: int, model: str, choices: Sequence[Json], usage: Json | None = None) -> Json:
    """One event of a stream; the one that only reports usage has no choices."""
    chunk: Json = {
        "id": completion_id,
        "object": "chat.completion.chunk",
        "created": created,
        "model": model,
        "choices": list(choices),
    }
    if usage is not None:
        chunk["usage"] = usage
    return chunk


def embeddings(*, model: str, vectors: Sequence[list[float] | str], input_tokens: int) -> Json:
    """`vectors` as numbers, or each as base64 of little-endian float32."""
    return {
        "object": "list",
        "data": [{"object": "embedding", "index": index, "embedding": vector} for index, vector in enumerate(vectors)],
        "model": model,
        "usage": {"prompt_tokens": input_tokens, "total_tokens": input_tokens},
    }


def model(name: str, *, created: int, owned_by: str) -> Json:
    return {"id": name, "object": "model", "created": created, "owned_by": owned_by}


def model_list(models: Sequence[Json]) -> Json:
    return {"object": "list", "data": list(models)}
