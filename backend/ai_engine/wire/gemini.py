"""Google's Gemini format: finish reasons, usage, probabilities and sources, and their counterparts in OpenAI's chat format.

Source: https://ai.google.dev/api/generate-content and the types of `google-genai` 3.6.1 for Python (read 2026-11-28).
"""

from collections.abc import Mapping

from ai_engine.wire import openai
from ai_engine.wire.finish_reasons import reason_in
from ai_engine.wire.json_types import Json, JsonMapping
from ai_engine.wire.openai_usage import count_in
from ai_engine.wire.tolerant import array_in, object_in, objects_in, string_in

REASONING_FORMAT = "google-gemini-v1"
"""The `format` of `reasoning_details` with Gemini's signatures."""

ANY_SIGNATURE = "skip_thought_signature_validator"
"""The signature of a call by another model: Gemini 3 refuses a call without one.

Source: https://ai.google.dev/gemini-api/docs/thought-signatures#faqs (read 2026-11-28).
"""

FINISH_REASONS: Mapping[str, str] = {
    "STOP": "stop",
    "FUNCTION_CALL": "stop",  # from compatible servers; with calls it becomes `tool_calls`
    "MAX_TOKENS": "length",
    "CONTINUATION": "length",  # the limit of one request; native clients can continue it with a token
    "SAFETY": "content_filter",
    "RECITATION": "content_filter",
    "LANGUAGE": "content_filter",
    "BLOCKLIST": "content_filter",
    "PROHIBITED_CONTENT": "content_filter",
    "SPII": "content_filter",
    "ESCALATION": "content_filter",
    "MODEL_ARMOR": "content_filter",
    "IMAGE_SAFETY": "content_filter",
    "IMAGE_PROHIBITED_CONTENT": "content_filter",
    "IMAGE_RECITATION": "content_filter",
}
"""`finishReason` → `finish_reason`. Every other value, such as `MALFORMED_FUNCTION_CALL`, marks an incomplete answer."""


def finish_reason_in(candidate: JsonMapping) -> str | None:
    """A candidate's `finishReason`, in capitals as in Google's own answers; `None` where the answer goes on."""
    reason = reason_in(candidate.get("finishReason"))
    return None if reason is None else reason.upper()


def chat_usage(usage: object) -> Json | None:
    """`usageMetadata` as the `usage` of a chat completion; `None` where it has no count of the input.

    `promptTokenCount` includes the cached tokens and excludes the results of Google's own tools, `candidatesTokenCount` excludes
    thoughts, and a count of 0 is left out.
    """
    sent = count_in(usage.get("promptTokenCount")) if isinstance(usage, dict) else None
    if not isinstance(usage, dict) or sent is None:
        return None
    prompt = sent + (count_in(usage.get("toolUsePromptTokenCount")) or 0)
    thoughts = count_in(usage.get("thoughtsTokenCount")) or 0
    completion = (count_in(usage.get("candidatesTokenCount")) or 0) + thoughts
    total = count_in(usage.get("totalTokenCount"))
    if total is not None and total > prompt + completion:
        completion = total - prompt  # models that count thoughts in the total alone
    cached = min(count_in(usage.get("cachedContentTokenCount")) or 0, prompt)
    return openai.usage(prompt, completion) | {
        "prompt_tokens_details": {"cached_tokens": cached},
        "completion_tokens_details": {"reasoning_tokens": thoughts},
    }


def logprobs(result: object) -> Json | None:
    """`logprobsResult` as the `logprobs` of a choice."""
    if not isinstance(result, dict) or not isinstance(result.get("chosenCandidates"), list):
        return None
    others = array_in(result, "topCandidates")
    content = []
    for place, candidate in enumerate(result["chosenCandidates"]):
        entry = _token(candidate)
        if entry is not None:
            alternatives = objects_in(others[place], "candidates") if place < len(others) else ()
            entry["top_logprobs"] = [token for token in map(_token, alternatives) if token is not None]
            content.append(entry)
    return {"content": content, "refusal": None}


def _token(candidate: object) -> Json | None:
    if not isinstance(candidate, dict):
        return None
    token, probability = candidate.get("token"), candidate.get("logProbability")
    if not isinstance(token, str) or isinstance(probability, bool) or not isinstance(probability, int | float):
        return None
    return {"token": token, "logprob": probability, "bytes": None}


def annotations(candidate: JsonMapping, text: str) -> list[Json]:
    """The web pages that `text`, the candidate's whole, is based on, from its `groundingMetadata` and `citationMetadata`.

    Gemini's offsets are in UTF-8 bytes, the chat format's in characters. A page without an offset cites the whole text.
    """
    grounding = object_in(candidate, "groundingMetadata")
    encoded = text.encode("utf-8", "replace")
    pages = [_page(chunk) for chunk in array_in(grounding, "groundingChunks")]
    found: list[Json] = []
    for support in objects_in(grounding, "groundingSupports"):
        span = _span(object_in(support, "segment"), encoded)
        for number in array_in(support, "groundingChunkIndices"):
            page = pages[number] if type(number) is int and 0 <= number < len(pages) else None
            if page is not None:
                found.append(openai.url_citation(*page, *span))
    if not found:
        found = [openai.url_citation(*page, 0, len(text)) for page in pages if page is not None]
    for source in objects_in(object_in(candidate, "citationMetadata"), "citationSources"):
        if uri := string_in(source, "uri"):
            found.append(openai.url_citation(uri, uri, *_span(source, encoded)))
    return found


def _page(chunk: object) -> tuple[str, str] | None:
    """URL and title."""
    web = object_in(chunk, "web")
    uri = string_in(web, "uri")
    return (uri, string_in(web, "title") or uri) if uri else None


def _span(segment: JsonMapping, encoded: bytes) -> tuple[int, int]:
    start, end = segment.get("startIndex", 0), segment.get("endIndex", len(encoded))
    if type(start) is not int or type(end) is not int or not 0 <= start <= end:
        start, end = 0, len(encoded)
    before = len(encoded[:start].decode("utf-8", "ignore"))
    return before, before + len(encoded[start:end].decode("utf-8", "ignore"))
