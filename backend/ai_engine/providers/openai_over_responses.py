"""Chats that OpenAI takes at `/responses` alone: those with tools, for its models that reason, from GPT-5.4 on.

"Function tools with reasoning_effort are not supported for gpt-5.4 in /v1/chat/completions. Please use /v1/responses instead."
(https://github.com/pipecat-ai/pipecat/issues/4043; GPT-5.6 and later reason unasked, and refuse every tool there:
https://github.com/danny-avila/LibreChat/issues/14355; all read 2026-11-28). Only chats that the engine wrote go this way; a
client's own goes out as it is. The fields: https://platform.openai.com/docs/api-reference/responses/create (read 2026-11-28).
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from ai_engine.providers.openai_dialects import FAILED_TOOL
from ai_engine.providers.openai_models import base_name
from ai_engine.wire.responses import REASONING_FORMAT

Json = dict[str, Any]

_FIRST_VERSION = (5, 4)
_LEAST_OUTPUT_TOKENS = 16
"""A smaller limit is refused there: "integer below minimum value. Expected a value >= 16"
(https://github.com/vectorize-io/hindsight/issues/58, read 2026-11-28)."""
# One digit before the dot: Azure says `gpt-35-turbo` for GPT-3.5 (https://learn.microsoft.com/azure/ai-foundry/openai/, read
# 2026-11-28), and deployments may have no dot in their names.
_version_in = re.compile(r"gpt-(\d)(?:\.(\d{1,2}))?(?![\d.])").match
_SAME = ("temperature", "top_p", "parallel_tool_calls", "service_tier", "user", "stream")
_KNOWN = frozenset(_SAME) | {
    *("model", "messages", "max_completion_tokens", "tools", "tool_choice", "response_format", "reasoning_effort", "thinking")
}


def is_only_way(chat: Mapping[str, Any], model: str) -> bool:
    """Whether this chat must go to `/responses`, and can: what else it asks for has words there."""
    if not chat.get("tools") or chat.get("reasoning_effort") == "none":
        return False
    version = _version_in(base_name(model))
    if version is None or (int(version[1]), int(version[2] or 0)) < _FIRST_VERSION:
        return False
    if any(message.get("images") for message in chat["messages"]):
        return False
    return all(field in _KNOWN or value is None for field, value in chat.items())


def responses_request(chat: Mapping[str, Any]) -> Json:
    """The request. Nothing is kept there: reasoning comes and goes encrypted."""
    request: Json = {"store": False, "include": ["reasoning.encrypted_content"]}
    request["input"] = [item for message in chat["messages"] for item in _items(message)]
    request |= {field: chat[field] for field in _SAME if chat.get(field) is not None}
    if chat.get("max_completion_tokens") is not None:
        request["max_output_tokens"] = max(chat["max_completion_tokens"], _LEAST_OUTPUT_TOKENS)
    # A function is strict there unless it says otherwise, and here only where it says so.
    request["tools"] = [{"type": "function", "strict": False, **tool["function"]} for tool in chat["tools"]]
    choice = chat.get("tool_choice")
    if choice is not None:
        request["tool_choice"] = {"type": "function", **choice["function"]} if isinstance(choice, Mapping) else choice
    if chat.get("reasoning_effort") is not None:
        request["reasoning"] = {"effort": chat["reasoning_effort"]}
    form = chat.get("response_format")
    if form is not None:
        request["text"] = {"format": {"type": form["type"], **form.get("json_schema", {})}}
    return request


def _items(message: Mapping[str, Any]) -> Sequence[Json]:
    role, content = message["role"], message.get("content")
    if role == "tool":
        return [{"type": "function_call_output", "call_id": message["tool_call_id"], "output": _result(message)}]
    if role == "assistant":
        return _turn(message)
    return [{"type": "message", "role": role, "content": content if isinstance(content, str) else _parts(content or ())}]


def _turn(message: Mapping[str, Any]) -> Sequence[Json]:
    """What the assistant thought, said and called. The index of a thought is its place among all of it."""
    content = message.get("content")
    texts = [content] if isinstance(content, str) else [part["text"] for part in content or ()]
    if not any(texts) and message.get("refusal"):
        texts = [message["refusal"]]
    said: list[Json] = [{"type": "message", "role": "assistant", "content": text} for text in texts if text]
    calls = message.get("tool_calls") or ()
    said += ({"type": "function_call", "call_id": call["id"], **call["function"]} for call in calls)
    foreign = 0
    for detail in message.get("reasoning_details") or ():
        if detail.get("format") != REASONING_FORMAT or not isinstance(detail.get("data"), str):
            foreign += 1
            continue
        thought: Json = {"type": "reasoning", "summary": [], "encrypted_content": detail["data"]}
        if isinstance(detail.get("id"), str):
            thought["id"] = detail["id"]
        index = detail.get("index")
        said.insert(max(index - foreign, 0) if type(index) is int else 0, thought)
    return said


def _result(message: Mapping[str, Any]) -> str | list[Json]:
    content = message.get("content") or ""
    if isinstance(content, str):
        return FAILED_TOOL + content if message.get("is_error") else content
    parts = _parts(content)
    return [{"type": "input_text", "text": FAILED_TOOL.rstrip()}, *parts] if message.get("is_error") else parts


def _parts(content: Sequence[Mapping[str, Any]]) -> list[Json]:
    parts: list[Json] = []
    for part in content:
        if part["type"] == "text":
            parts.append({"type": "input_text", "text": part["text"]})
        elif part["type"] == "image_url":
            image = part["image_url"]
            parts.append({"type": "input_image", "image_url": image["url"], "detail": image.get("detail", "auto")})
        else:
            parts.append({"type": "input_file", **part["file"]})
    return parts
