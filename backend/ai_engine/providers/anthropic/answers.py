"""Anthropic's messages as chat completions.

Blocks of tools that Anthropic runs itself are left out: a chat cannot ask for them, and has no words for what they did.
"""

from collections.abc import Mapping, Sequence

import orjson

from ai_engine.wire import openai
from ai_engine.wire.anthropic import REASONING_FORMAT, chat_usage, finish_reason
from ai_engine.wire.json_types import Json, JsonMapping

SERVICE_TIERS = {"standard": "default", "priority": "priority"}
"""`usage.service_tier` → the `service_tier` of a chat completion."""


def chat_completion(message: JsonMapping, model: str, created: int) -> Json:
    """`message` has a list as its `content`; what is not sound in it is left out. `created` in seconds since the epoch."""
    said: Json = {"role": "assistant", "content": None, "refusal": refusal(message)}
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
            calls.append(openai.tool_call(str(block.get("id")), str(block.get("name")), arguments(block.get("input"))))
        elif kind == "thinking" and isinstance(block.get("thinking"), str):
            thoughts.append(block["thinking"])
            details.append(thinking_detail(index, block["thinking"], block.get("signature")))
        elif kind == "redacted_thinking" and isinstance(block.get("data"), str):
            details.append(encrypted_detail(index, block["data"]))
    if texts:
        said["content"] = "".join(texts)
    if any(thoughts):
        said["reasoning_content"] = "".join(thoughts)
    for name, values in (("reasoning_details", details), ("tool_calls", calls), ("annotations", annotations)):
        if values:
            said[name] = values
    choice = {"index": 0, "message": said, "logprobs": None, **ending(message)}
    usage = message.get("usage")
    completion = openai.chat_completion(
        completion_id=str(message.get("id")), created=created, model=model, choices=[choice], usage=chat_usage(usage)
    )
    tier = SERVICE_TIERS.get(str(usage.get("service_tier"))) if isinstance(usage, Mapping) else None
    if tier is not None:
        completion["service_tier"] = tier
    return completion


def ending(delta: JsonMapping) -> Json:
    """What a choice says of its end, from the message or its last delta."""
    reason, sequence = delta.get("stop_reason"), delta.get("stop_sequence")
    native = reason if isinstance(reason, str) else "end_turn"
    said: Json = {"finish_reason": finish_reason(native), "native_finish_reason": native}
    if isinstance(sequence, str):
        said["stop_sequence"] = sequence
    return said


def refusal(delta: JsonMapping) -> str | None:
    """Why the answer was refused, where it was and that is said."""
    details = delta.get("stop_details")
    explanation = details.get("explanation") if isinstance(details, Mapping) else None
    return explanation if isinstance(explanation, str) and explanation else None


def arguments(value: object) -> str:
    """A tool's input as JSON in a string. Raises `orjson.JSONEncodeError` where it is nested too deeply."""
    return orjson.dumps(value if isinstance(value, dict) else {}).decode()


def thinking_detail(index: int, text: str, signature: object = None) -> Json:
    """A `reasoning_details` entry, or a piece of one; `index` is the block's."""
    detail: Json = {"type": "reasoning.text", "text": text}
    if isinstance(signature, str) and signature:
        detail["signature"] = signature
    detail["format"] = REASONING_FORMAT
    detail["index"] = index
    return detail


def encrypted_detail(index: int, data: str) -> Json:
    """A `reasoning_details` entry of thinking that nobody but Anthropic can read."""
    return {"type": "reasoning.encrypted", "data": data, "format": REASONING_FORMAT, "index": index}


def url_citations(citations: object, start: int, end: int) -> Sequence[Json]:
    """Those citations that name a web page, as annotations of the text from `start` to `end`."""
    found = []
    for citation in citations if isinstance(citations, list) else ():
        if not isinstance(citation, dict):
            continue
        url = citation.get("url") or citation.get("source")
        if isinstance(url, str) and url.startswith(("http://", "https://")):
            title = citation.get("title")
            found.append(openai.url_citation(url, title if isinstance(title, str) else "", start, end))
    return found
