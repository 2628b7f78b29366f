"""Objects and events in the format of OpenAI's Responses API, built as plain dictionaries.

Source: https://platform.openai.com/docs/api-reference/responses/object and .../responses-streaming (read 2026-11-28), and the
types of openai-python 2.54 and 3.54, which refuse an object that lacks one of these fields when they validate strictly.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence

from ai_engine.wire import exact_json
from ai_engine.wire.json_types import Json, JsonMapping
from ai_engine.wire.sse import Event

REASONING_FORMAT = "openai-responses-v1"
"""The `format` of `reasoning_details` that OpenAI encrypted."""

_ITEMS_WITHOUT_ID = frozenset({"message", "function_call", "custom_tool_call", "function_call_output", "custom_tool_call_output"})
"""Items that need no id: a provider refuses the id of another provider."""
_HOSTED_ITEMS = frozenset({"web_search_call", "file_search_call", "code_interpreter_call", "mcp_call"})
"""Calls of tools that a provider runs itself."""

COMPLETED = "completed"
INCOMPLETE = "incomplete"
IN_PROGRESS = "in_progress"


def event(kind: str, sequence_number: int, fields: Json) -> Event:
    """One event; its name is repeated as `type`, as OpenAI has it."""
    fields["type"] = kind
    fields["sequence_number"] = sequence_number
    return kind, exact_json.dumps(fields)


def text_part(text: str, annotations: Sequence[Json] = (), logprobs: Sequence[Json] = ()) -> Json:
    return {"type": "output_text", "text": text, "annotations": list(annotations), "logprobs": list(logprobs)}


def refusal_part(refusal: str) -> Json:
    return {"type": "refusal", "refusal": refusal}


def message_item(item_id: str, content: Sequence[Json], status: str) -> Json:
    return {"id": item_id, "type": "message", "role": "assistant", "status": status, "content": list(content)}


def reasoning_item(item_id: str, summary: Sequence[str], encrypted_content: str | None, status: str) -> Json:
    """`summary` is for the user, `encrypted_content` for the next turn."""
    parts = [summary_part(text) for text in summary]
    return {"id": item_id, "type": "reasoning", "status": status, "summary": parts, "encrypted_content": encrypted_content}


def summary_part(text: str) -> Json:
    return {"type": "summary_text", "text": text}


def function_call(item_id: str, call_id: str, name: str, arguments: str, status: str, namespace: str | None = None) -> Json:
    """`arguments` is JSON in a string."""
    item = {
        "id": item_id,
        "type": "function_call",
        "status": status,
        "call_id": call_id,
        "name": name,
        "arguments": arguments,
    }
    return item if namespace is None else {**item, "namespace": namespace}


def custom_tool_call(item_id: str, call_id: str, name: str, text: str, status: str, namespace: str | None = None) -> Json:
    """`text` is the tool's input."""
    item = {"id": item_id, "type": "custom_tool_call", "status": status, "call_id": call_id, "name": name, "input": text}
    return item if namespace is None else {**item, "namespace": namespace}


def tool_search_call(item_id: str, call_id: str, arguments: object, status: str) -> Json:
    """A search for tools that the client runs."""
    return {
        "id": item_id,
        "type": "tool_search_call",
        "status": status,
        "call_id": call_id,
        "execution": "client",
        "arguments": arguments,
    }


def image_generation_call(item_id: str, result: str | None, status: str) -> Json:
    """An image by the model; `result` is base64."""
    return {"id": item_id, "type": "image_generation_call", "status": status, "result": result}


def usage(*, prompt: int, cached: int, cache_write: int, completion: int, reasoning: int, total: int) -> Json:
    """Tokens; `cached` and `cache_write` are parts of `prompt`, `reasoning` of `completion`."""
    return {
        "input_tokens": prompt,
        "input_tokens_details": {"cached_tokens": cached, "cache_write_tokens": cache_write},
        "output_tokens": completion,
        "output_tokens_details": {"reasoning_tokens": reasoning},
        "total_tokens": total,
    }


def failed_response(response_id: str, created_at: int, model: str | None, code: str, message: str) -> Json:
    """A minimal failed response. `code` is one of OpenAI's, such as `server_error`."""
    return {
        "id": response_id,
        "object": "response",
        "created_at": created_at,
        "status": "failed",
        "error": {"code": code, "message": message},
        "incomplete_details": None,
        "instructions": None,
        "metadata": {},
        "model": model or "",
        "output": [],
        "parallel_tool_calls": True,
        "temperature": None,
        "tool_choice": "auto",
        "tools": [],
        "top_p": None,
        "usage": None,
    }


def portable_items(items: Iterable[tuple[Json, bool]], is_lost: Callable[[Json, bool], bool]) -> Iterator[Json]:
    """The items for a provider that did not make all of them: each comes with whether another provider may have made it.

    Foreign items lose their ids. Items for which `is_lost` is true, mostly reasoning that the provider cannot read, are left out,
    and so are hosted calls after such reasoning. OpenAI answers 404 to an id that it did not store, "Item with id
    'rs_…' not found" (https://github.com/vercel/ai/issues/7543, https://github.com/langchain-ai/langchain/pull/38372), and 400 to
    "Item 'ws_…' of type 'web_search_call' was provided without its required 'reasoning' item"
    (https://github.com/LionSR/TeXRA/pull/1775, all read 2026-11-28).
    """
    has_lost_reasoning = False
    for item, is_foreign in items:
        kind, is_left_out = item.get("type", "message"), is_lost(item, is_foreign)
        if kind == "reasoning":
            has_lost_reasoning = is_left_out
        else:
            has_lost_reasoning = has_lost_reasoning and item.get("role") != "user"
            is_left_out = is_left_out or (is_foreign and has_lost_reasoning and kind in _HOSTED_ITEMS)
        if not is_left_out:
            yield _without_id(item, kind) if is_foreign else item


def _without_id(item: Json, kind: object) -> Json:
    return {
        field: value for field, value in item.items() if value is not None and not (field == "id" and kind in _ITEMS_WITHOUT_ID)
    }


def item_list(items: Sequence[JsonMapping], *, has_more: bool) -> Json:
    """A page of input items, each with its `id`."""
    return {
        "object": "list",
        "data": list(items),
        "first_id": items[0]["id"] if items else None,
        "last_id": items[-1]["id"] if items else None,
        "has_more": has_more,
    }
