"""Anthropic's messages as chat completions. Blocks of Anthropic's own tools are left out: a chat cannot request them."""

from collections.abc import Sequence

from ai_engine.wire import openai
from ai_engine.wire.anthropic import REASONING_FORMAT, chat_usage, finish_reason
from ai_engine.wire.finish_reasons import reason_in
from ai_engine.wire.json_types import Json, JsonMapping
from ai_engine.wire.tolerant import object_in, string_in
from ai_engine.wire.tool_arguments import whole_arguments

SERVICE_TIERS = {"standard": "default", "priority": "priority"}
"""`usage.service_tier` → the `service_tier` of a chat completion."""


def chat_completion(message: JsonMapping, model: str, created: int) -> Json:
    """`message` has an array as its `content`; malformed blocks are left out. `created` in seconds since the epoch."""
    reply: Json = {"role": "assistant", "content": None, "refusal": refusal(message)}
    texts: list[str] = []
    thoughts: list[str] = []
    details: list[Json] = []
    calls: list[Json] = []
    annotations: list[Json] = []
    length = 0
    for index, block in enumerate(message["content"]):
        kind = block.get("type") if isinstance(block, dict) else None
        if kind == "text" and isinstance(block.get("text"), str):
            texts.append(block["text"])
            annotations += url_citations(block.get("citations"), length, length + len(block["text"]))
            length += len(block["text"])
        elif kind == "tool_use":
            calls.append(openai.tool_call(string_in(block, "id"), string_in(block, "name"), whole_arguments(block.get("input"))))
        elif kind == "thinking" and isinstance(block.get("thinking"), str):
            thoughts.append(block["thinking"])
            details.append(thinking_detail(index, block["thinking"], block.get("signature")))
        elif kind == "redacted_thinking" and isinstance(block.get("data"), str):
            details.append(encrypted_detail(index, block["data"]))
    if texts:
        reply["content"] = "".join(texts)
    if any(thoughts):
        reply["reasoning_content"] = "".join(thoughts)
    for name, values in (("reasoning_details", details), ("tool_calls", calls), ("annotations", annotations)):
        if values:
            reply[name] = values
    choice = {"index": 0, "message": reply, "logprobs": None, **ending(message, has_calls=bool(calls))}
    usage = object_in(message, "usage")
    completion = openai.chat_completion(
        completion_id=str(message.get("id")), created=created, model=model, choices=[choice], usage=chat_usage(usage)
    )
    tier = SERVICE_TIERS.get(string_in(usage, "service_tier"))
    if tier is not None:
        completion["service_tier"] = tier
    return completion


def ending(delta: JsonMapping, *, has_calls: bool = False) -> Json:
    """The fields of a choice about its end, from the message or its last delta. Without a reason, `has_calls` decides."""
    native = reason_in(delta.get("stop_reason")) or ("tool_use" if has_calls else "end_turn")
    end: Json = {"finish_reason": finish_reason(native), "native_finish_reason": native}
    if isinstance(delta.get("stop_sequence"), str):
        end["stop_sequence"] = delta["stop_sequence"]
    return end


def refusal(delta: JsonMapping) -> str | None:
    """The explanation of a refusal, where there is one."""
    return string_in(object_in(delta, "stop_details"), "explanation") or None


def thinking_detail(index: int, text: str, signature: object = None) -> Json:
    """A `reasoning_details` entry, or a piece of one; `index` is the block's."""
    detail: Json = {"type": "reasoning.text", "text": text}
    if isinstance(signature, str) and signature:
        detail["signature"] = signature
    detail["format"] = REASONING_FORMAT
    detail["index"] = index
    return detail


def encrypted_detail(index: int, data: str) -> Json:
    """A `reasoning_details` entry of encrypted thinking."""
    return {"type": "reasoning.encrypted", "data": data, "format": REASONING_FORMAT, "index": index}


def url_citations(citations: object, start: int, end: int) -> Sequence[Json]:
    """Citations of web pages as annotations of the text from `start` to `end`; other citations are left out."""
    found = []
    for citation in citations if isinstance(citations, list) else ():
        url = string_in(citation, "url") or string_in(citation, "source")
        if url.startswith(("http://", "https://")):
            found.append(openai.url_citation(url, string_in(citation, "title"), start, end))
    return found
