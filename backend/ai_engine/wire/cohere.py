"""Cohere's v2 format: finish reasons, usage, probabilities and citations, and their counterparts in OpenAI's chat format.

Source: https://docs.cohere.com/reference/chat and the types of `cohere` 7.3.1 for Python (read 2026-11-28).
"""

from collections.abc import Mapping

from ai_engine.wire import openai
from ai_engine.wire.json_types import Json, JsonMapping
from ai_engine.wire.openai_usage import count_in
from ai_engine.wire.tolerant import array_in, object_in, objects_in, string_in

FINISH_REASONS: Mapping[str, str] = {
    "COMPLETE": "stop",
    "STOP_SEQUENCE": "stop",
    "MAX_TOKENS": "length",
    "TOOL_CALL": "tool_calls",
    "ERROR_LIMIT": "length",  # the context was full
    "ERROR_TOXIC": "content_filter",
}
"""`finish_reason` → the chat format's. Every other value, such as `ERROR` or `TIMEOUT`, marks an incomplete answer."""


def chat_usage(usage: object) -> Json | None:
    """`usage` as a chat completion has it; `None` where it has no count.

    `billed_units` is what an answer costs. `tokens` also counts Cohere's own template around a conversation, and is used where
    nothing is billed by tokens.
    """
    counts = [tokens_in(object_in(usage, name)) for name in ("billed_units", "tokens")]
    prompt, completion = next((pair for pair in counts if pair != (None, None)), (None, None))
    if prompt is None and completion is None:
        return None
    prompt, completion = prompt or 0, completion or 0
    counted = openai.usage(prompt, completion)
    cached = count_in(usage.get("cached_tokens")) if isinstance(usage, dict) else None
    if cached is not None:
        counted["prompt_tokens_details"] = {"cached_tokens": min(cached, prompt)}
    return counted


def tokens_in(units: JsonMapping) -> tuple[int | None, int | None]:
    """Tokens in and out, of `billed_units` or `tokens`. They come as floats."""
    return count_in(units.get("input_tokens")), count_in(units.get("output_tokens"))


def logprobs(items: object) -> Json | None:
    """The probabilities of the answer's pieces. A piece of several tokens has one joint probability."""
    if not isinstance(items, list):
        return None
    content = []
    for item in items:
        values = array_in(item, "logprobs")
        if values and all(type(value) in (int, float) for value in values):
            logprob = float(sum(values))
            content.append({"token": string_in(item, "text"), "logprob": logprob, "bytes": None, "top_logprobs": []})
    return {"content": content, "refusal": None}


def annotations(citation: JsonMapping) -> list[Json]:
    """The web pages among a citation's sources, the only kind of source in the chat format.

    A source is the output of a tool or a document; it is a web page if it has a `url`.
    """
    start, end = citation.get("start"), citation.get("end")
    if type(start) is not int or type(end) is not int:
        return []
    if citation.get("type") not in (None, "TEXT_CONTENT"):
        return []  # a citation in the reasoning: its offsets are not the text's
    found = []
    for source in objects_in(citation, "sources"):
        page = object_in(source, "document") or object_in(source, "tool_output")
        url = string_in(page, "url")
        if url.startswith(("https://", "http://")):
            found.append(openai.url_citation(url, string_in(page, "title") or url, start, end))
    return found
