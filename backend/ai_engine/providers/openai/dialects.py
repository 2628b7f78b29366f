"""Adapts chats that were translated from another format to what an OpenAI-compatible provider accepts.

A client's own chat is sent unchanged. A translated one may have the hub's fields beside OpenAI's
(docs/decisions/0005-one-hub-format.md), and servers answer 400 to unknown fields
(https://console.groq.com/docs/openai#currently-unsupported-openai-features, read 2026-11-28).
"""

from typing import Any

from ai_engine.providers.openai.model_traits import traits_of
from ai_engine.providers.openai.tool_turns import arranged
from ai_engine.providers.registry.definition import ProviderDefinition
from ai_engine.wire.fields import unsupported
from ai_engine.wire.hints import DroppedHints
from ai_engine.wire.json_types import Json, JsonMapping

FAILED_TOOL = "The tool failed: "
"""The beginning of a failed tool's result: OpenAI's tool messages have no field for it."""

_ONE_TEXT = frozenset({"system", "developer", "tool"})
"""Roles whose content must be one string for some servers; several parts become paragraphs."""
# By whether the provider takes hints, and reasoning in messages.
_REMOVED = {
    (takes_hints, takes_reasoning): frozenset(
        {"is_error"}
        | (set() if takes_hints else {"reasoning_details", "cache_control"})
        | (set() if takes_reasoning else {"reasoning_content"})
    )
    for takes_hints in (True, False)
    for takes_reasoning in (True, False)
}


def adopted(chat: JsonMapping, provider: ProviderDefinition, model: str, dropped: DroppedHints) -> Json:
    """`chat` for this provider's `model`. Raises `UnsupportedByProvider`.

    A limit above the model's largest output becomes that. A model without reasoning gets no effort that comes from `thinking`,
    which clients send for every model.
    """
    traits = traits_of(model)
    outgoing = {field: value for field, value in chat.items() if field != "thinking"}
    limit = outgoing.pop("max_completion_tokens", None)
    if limit is not None:
        most = traits.largest_output_tokens
        outgoing[provider.output_limit_field] = limit if most is None else min(limit, most)
    if not traits.reasons and chat.get("thinking") is not None and outgoing.pop("reasoning_effort", None) is not None:
        dropped.note("thinking")
    outgoing["messages"] = arranged(
        (_message(message, index, provider, dropped) for index, message in enumerate(chat["messages"])), provider
    )
    tools = outgoing.get("tools")
    if tools and not provider.takes_hints:
        outgoing["tools"] = [_without_hint(tool, "tools[]", dropped) for tool in tools]
    return outgoing


def _message(message: JsonMapping, index: int, provider: ProviderDefinition, dropped: DroppedHints) -> JsonMapping:
    content = message.get("content")
    if isinstance(content, list) and not provider.takes_hints:
        content = [_without_hint(part, "messages[].content[]", dropped) for part in content]
    if isinstance(content, list) and not provider.takes_hints and message["role"] in _ONE_TEXT and _is_text_alone(content):
        message = {**message, "content": "\n\n".join(part["text"] for part in content)}
    elif isinstance(content, list):
        for place, part in enumerate(content):
            _check_part(part, f"messages[{index}].content[{place}]", provider)
        message = {**message, "content": content}
    if message.get("images") and not provider.takes_hints:
        raise unsupported(f"messages[{index}].images", f"is not supported by {provider.display_name}")
    if message.get("is_error"):
        message = {**message, "content": _marked_as_failed(message.get("content"))}
    removed = _REMOVED[provider.takes_hints, provider.takes_reasoning_content]
    return message if removed.isdisjoint(message) else {field: value for field, value in message.items() if field not in removed}


def _is_text_alone(content: list[Any]) -> bool:
    return all(part.get("type") == "text" for part in content)


def _check_part(part: JsonMapping, where: str, provider: ProviderDefinition) -> None:
    if part.get("type") == "file" and "file_url" in part.get("file", {}):
        raise unsupported(f"{where}.file.file_url", f"is not supported by {provider.display_name}; send file_data")


def _without_hint(part: JsonMapping, where: str, dropped: DroppedHints) -> JsonMapping:
    if "cache_control" not in part:
        return part
    dropped.note(f"{where}.cache_control")
    return {field: value for field, value in part.items() if field != "cache_control"}


def _marked_as_failed(content: Any) -> Any:
    if isinstance(content, list):
        return [{"type": "text", "text": FAILED_TOOL.rstrip()}, *content]
    return FAILED_TOOL + (content or "")
