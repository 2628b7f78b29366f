"""Cohere's v2 format: what its finish reasons, usage, probabilities and citations are in OpenAI's chat format.

Source: https://docs.cohere.com/reference/chat and the types of `cohere` 7.3.1 for Python (read 2026-11-28).
"""

from collections.abc import Mapping

from ai_engine.wire import openai
from ai_engine.wire.json_types import Json, JsonMapping
from ai_engine.wire.openai_usage import count_in

FINISH_REASONS: Mapping[str, str] = {
    "COMPLETE": "stop",
    "STOP_SEQUENCE": "stop",
    "MAX_TOKENS": "length",
    "TOOL_CALL": "tool_calls",
    "ERROR_LIMIT": "length",  # the context was full
    "ERROR_TOXIC": "content_filter",
}
"""`finish_reason` → chat's. `ERROR`, `TIMEOUT` and whatever else there is say that the answer is torn."""


def chat_usage(usage: object) -> Json | None:
    """`usage` as a chat completion has it; `None` where it says nothing.

    Counted are `billed_units`, which is what an answer costs; `tokens` also counts the words that Cohere puts around a
    conversation, and stands in where nothing is billed by tokens.
    """
    if not isinstance(usage, Mapping):
        return None
    counts = [tokens_in(usage.get(name)) for name in ("billed_units", "tokens")]
    prompt, completion = next((pair for pair in counts if pair != (None, None)), (None, None))
    if prompt is None and completion is None:
        return None
    prompt, completion = prompt or 0, completion or 0
    said: Json = {"prompt_tokens": prompt, "completion_tokens": completion, "total_tokens": prompt + completion}
    cached = count_in(usage.get("cached_tokens"))
    if cached is not None:
        said["prompt_tokens_details"] = {"cached_tokens": min(cached, prompt)}
    return said


def tokens_in(units: object) -> tuple[int | None, int | None]:
    """Tokens in and out, of `billed_units` or `tokens`. They come as floats."""
    if not isinstance(units, Mapping):
        return None, None
    return count_in(units.get("input_tokens")), count_in(units.get("output_tokens"))


def logprobs(items: object) -> Json | None:
    """The probabilities of the answer's pieces. A piece of several tokens has their joint one: where they part is not told."""
    if not isinstance(items, list):
        return None
    content = []
    for item in items:
        text = item.get("text") if isinstance(item, Mapping) else None
        values = item.get("logprobs") if isinstance(item, Mapping) else None
        if isinstance(text, str) and isinstance(values, list) and all(type(value) in (int, float) for value in values):
            content.append({"token": text, "logprob": float(sum(values)), "bytes": None, "top_logprobs": []})
    return {"content": content, "refusal": None}


def annotations(citation: JsonMapping) -> list[Json]:
    """Those sources of a citation that are pages, as the chat format has them. It has no other kind.

    A source is what a tool or a document said; it is a page where it names its `url`.
    """
    start, end = citation.get("start"), citation.get("end")
    sources = citation.get("sources")
    if type(start) is not int or type(end) is not int or not isinstance(sources, list):
        return []
    if citation.get("type") not in (None, "TEXT_CONTENT"):
        return []  # in the reasoning, whose places are not the text's
    found = []
    for source in sources:
        held = (source.get("document") or source.get("tool_output")) if isinstance(source, Mapping) else None
        url = held.get("url") if isinstance(held, Mapping) else None
        if isinstance(held, Mapping) and isinstance(url, str) and url.startswith(("https://", "http://")):
            title = held.get("title")
            found.append(openai.url_citation(url, title if isinstance(title, str) and title else url, start, end))
    return found
