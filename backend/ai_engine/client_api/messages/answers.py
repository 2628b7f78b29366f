"""A whole chat completion as a `Message`.

Source: https://platform.claude.com/docs/en/api/messages and `anthropic` 2.14.0 for Python, `types/message.py` (read 2026-11-28).
"""

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from ai_engine.client_api.messages import reasoning
from ai_engine.client_api.messages.reasoning import Showing
from ai_engine.names import UNKNOWN_TOKENS
from ai_engine.wire.anthropic import messages_usage, stop_reason
from ai_engine.wire.chat_shape import text_of
from ai_engine.wire.json_types import Json, JsonMapping
from ai_engine.wire.openai_usage import characters_in, token_counts, tokens_of
from ai_engine.wire.tolerant import object_in, objects_in, string_in
from ai_engine.wire.tool_arguments import arguments_object

IMAGE_PLACEHOLDER = "[An image, which Anthropic's format cannot show.]"
"""Replaces a model's image. Its bytes as text would be repeated in every later turn."""


class RequestContext(NamedTuple):
    """The fields of a request that its answer needs."""

    message_id: str
    model: str
    shown: Showing
    names: Mapping[str, str]
    """Of tools, by their shortened names."""
    estimated_input: Callable[[], int]
    """In tokens, for a provider that sends no counts."""


def message(chat: JsonMapping, context: RequestContext) -> Json:
    """The message: thinking, then text, then tool calls."""
    choice: JsonMapping = chat["choices"][0]
    reply: JsonMapping = choice.get("message") or {}
    calls = [tool_use(call, context) for call in objects_in(reply, "tool_calls")]
    refusal = string_in(reply, "refusal")
    return {
        "id": context.message_id,
        "type": "message",
        "role": "assistant",
        "model": string_in(chat, "model") or context.model,
        "content": _content(reply, refusal, calls, context.shown),
        **end_of(choice, refusal, has_calls=bool(calls)),
        "usage": usage_of(chat.get("usage"), context, lambda: characters_in(reply)),
    }


def usage_of(usage: object, context: RequestContext, characters: Callable[[], int]) -> Json:
    """The usage of a chat, with estimates for what it does not count; `characters` gives the length of the answer.

    Clients measure the context by it.
    """
    counts = token_counts(usage) or UNKNOWN_TOKENS
    counted = messages_usage(counts)
    if not counts.all_input:
        counted["input_tokens"] = context.estimated_input()
    if not counts.all_output:
        counted["output_tokens"] = tokens_of(characters())
    return counted


def _content(reply: JsonMapping, refusal: str, calls: Sequence[Json], shown: Showing) -> Sequence[Json]:
    """Thinking that was not requested is only sent beside calls, whose next turn may need it."""
    texts, thoughts = _texts(reply, refusal), reasoning.blocks(reply, shown)
    if shown is not Showing.SHOWN and not thoughts:
        unseen = reasoning.unsigned_text(reply)
        return [*texts, reasoning.hidden(unseen), *calls] if unseen and calls else [*texts, *calls]
    if shown is Showing.NOT_REQUESTED:
        return [*texts, *thoughts, *calls] if calls else texts
    return [*thoughts, *texts, *calls]


def end_of(choice: JsonMapping, refusal: str, *, has_calls: bool) -> Json:
    """`stop_reason`, `stop_sequence` and, for a refusal with a text, `stop_details`; `choice` is a chat's, or a chunk's last.

    Only some providers send the stop sequence that ended a text; without it, the end is an ordinary one.
    """
    matched = choice["stop_sequence"] if isinstance(choice.get("stop_sequence"), str) else None
    if refusal:
        reason = "refusal"
    else:
        reason = stop_reason(choice.get("finish_reason"), string_in(choice, "native_finish_reason") or None, matched)
        # Some servers end with `stop` after calls, and some with `tool_calls` without any.
        if reason == "end_turn" and has_calls:
            reason = "tool_use"
        elif reason == "tool_use" and not has_calls:
            reason = "end_turn"
    return {
        "stop_reason": reason,
        "stop_sequence": matched if reason == "stop_sequence" else None,
        "stop_details": {"type": "refusal", "category": None, "explanation": refusal} if refusal else None,
        "container": None,
    }


def tool_use(call: JsonMapping, context: RequestContext) -> Json:
    """A tool call."""
    function = call["function"]
    return {
        "type": "tool_use",
        "id": call["id"],
        "name": tool_name(function["name"], context),
        "input": arguments_object(function["arguments"]),
        "caller": {"type": "direct"},
    }


def tool_name(name: str, context: RequestContext) -> str:
    """The client's own name of the tool. A call without a name gets one that the client rejects."""
    return context.names.get(name, name) or "unnamed_tool"


def _texts(reply: JsonMapping, refusal: str) -> Sequence[Json]:
    blocks: list[Json] = []
    if text := text_of(reply.get("content")):
        citations = [citation(each, text) for each in objects_in(reply, "annotations") if is_citation(each)]
        blocks.append({"type": "text", "text": text, "citations": citations or None})
    if refusal:
        blocks.append({"type": "text", "text": refusal, "citations": None})
    if reply.get("images"):
        blocks.append({"type": "text", "text": IMAGE_PLACEHOLDER, "citations": None})
    return blocks


def is_citation(annotation: object) -> bool:
    """Whether this annotation cites a web page, the only kind in both formats."""
    return isinstance(object_in(annotation, "url_citation").get("url"), str)


def citation(annotation: JsonMapping, text: str) -> Json:
    """The citation of a web page; `text` is the answer, for the cited text."""
    cited: JsonMapping = annotation["url_citation"]
    start, end = cited.get("start_index"), cited.get("end_index")
    cited_text = text[start:end] if isinstance(start, int) and isinstance(end, int) and 0 <= start < end else ""
    return {
        "type": "web_search_result_location",
        "url": cited["url"],
        "title": string_in(cited, "title") or None,
        "cited_text": cited_text,
        "encrypted_index": reasoning.PREFIX,
    }
