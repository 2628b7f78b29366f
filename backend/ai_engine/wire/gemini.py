"""Google's Gemini format: what its finish reasons, usage, probabilities and sources are in OpenAI's chat format.

Source: https://ai.google.dev/api/generate-content and the types of `google-genai` 3.6.1 for Python (read 2026-11-28).
"""

from collections.abc import Mapping

from ai_engine.wire import openai
from ai_engine.wire.json_types import Json, JsonMapping
from ai_engine.wire.openai_usage import count_in

REASONING_FORMAT = "google-gemini-v1"
"""The `format` of those `reasoning_details` whose signatures only Gemini can check."""

ANY_SIGNATURE = "skip_thought_signature_validator"
"""Stands for the signature of a call that another model made: Gemini 3 refuses a call without any.

Source: https://ai.google.dev/gemini-api/docs/thought-signatures#faqs (read 2026-11-28).
"""

FINISH_REASONS: Mapping[str, str] = {
    "STOP": "stop",
    "FUNCTION_CALL": "stop",  # of servers that speak this protocol and are not Google's; calls make it `tool_calls`
    "MAX_TOKENS": "length",
    "CONTINUATION": "length",  # the limit of one request; the token to go on with is for native clients
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
"""`finishReason` → `finish_reason`. Whatever else there is says that the answer is torn: `MALFORMED_FUNCTION_CALL`, `OTHER` …"""


def chat_usage(usage: object) -> Json | None:
    """`usageMetadata` as a chat completion has it; `None` where it does not tell the input.

    `promptTokenCount` includes the cached tokens and excludes the results of Google's own tools, `candidatesTokenCount` excludes
    thoughts, and a count of 0 is left out.
    """
    if not isinstance(usage, Mapping):
        return None
    asked = count_in(usage.get("promptTokenCount"))
    if asked is None:
        return None
    prompt = asked + (count_in(usage.get("toolUsePromptTokenCount")) or 0)
    thoughts = count_in(usage.get("thoughtsTokenCount")) or 0
    completion = (count_in(usage.get("candidatesTokenCount")) or 0) + thoughts
    total = count_in(usage.get("totalTokenCount"))
    if total is not None and total > prompt + completion:
        completion = total - prompt  # models that count thoughts in the total alone
    cached = min(count_in(usage.get("cachedContentTokenCount")) or 0, prompt)
    return {
        "prompt_tokens": prompt,
        "completion_tokens": completion,
        "total_tokens": prompt + completion,
        "prompt_tokens_details": {"cached_tokens": cached},
        "completion_tokens_details": {"reasoning_tokens": thoughts},
    }


def logprobs(result: object) -> Json | None:
    """`logprobsResult` as a choice has it."""
    chosen = result.get("chosenCandidates") if isinstance(result, Mapping) else None
    if not isinstance(result, Mapping) or not isinstance(chosen, list):
        return None
    others = result.get("topCandidates")
    others = others if isinstance(others, list) else []
    content = []
    for place, candidate in enumerate(chosen):
        entry = _token(candidate)
        if entry is not None:
            alternatives = others[place].get("candidates") if place < len(others) and isinstance(others[place], dict) else None
            alternatives = alternatives if isinstance(alternatives, list) else []
            entry["top_logprobs"] = [token for token in map(_token, alternatives) if token is not None]
            content.append(entry)
    return {"content": content, "refusal": None}


def _token(candidate: object) -> Json | None:
    if not isinstance(candidate, Mapping):
        return None
    token, probability = candidate.get("token"), candidate.get("logProbability")
    if not isinstance(token, str) or isinstance(probability, bool) or not isinstance(probability, int | float):
        return None
    return {"token": token, "logprob": probability, "bytes": None}


def annotations(candidate: JsonMapping, text: str) -> list[Json]:
    """The pages that `text`, the candidate's whole, rests on, from its `groundingMetadata` and `citationMetadata`.

    Theirs are places in UTF-8 bytes, ours in characters. A page that no place names is one of the whole text.
    """
    grounding = candidate.get("groundingMetadata")
    found: list[Json] = []
    if isinstance(grounding, Mapping):
        chunks = grounding.get("groundingChunks")
        pages = [_page(chunk) for chunk in chunks] if isinstance(chunks, list) else []
        supports = grounding.get("groundingSupports")
        encoded = text.encode("utf-8", "replace")
        for support in supports if isinstance(supports, list) else ():
            if not isinstance(support, Mapping):
                continue
            numbers, segment = support.get("groundingChunkIndices"), support.get("segment")
            place = _place(segment, encoded)
            for number in numbers if isinstance(numbers, list) else ():
                page = pages[number] if type(number) is int and 0 <= number < len(pages) else None
                if page is not None:
                    found.append(openai.url_citation(*page, *place))
        if not found:
            found = [openai.url_citation(*page, 0, len(text)) for page in pages if page is not None]
    citations = candidate.get("citationMetadata")
    sources = citations.get("citationSources") if isinstance(citations, Mapping) else None
    for source in sources if isinstance(sources, list) else ():
        uri = source.get("uri") if isinstance(source, Mapping) else None
        if isinstance(uri, str) and uri:
            found.append(openai.url_citation(uri, uri, *_place(source, text.encode("utf-8", "replace"))))
    return found


def _page(chunk: object) -> tuple[str, str] | None:
    """URL and title."""
    web = chunk.get("web") if isinstance(chunk, Mapping) else None
    uri = web.get("uri") if isinstance(web, Mapping) else None
    if not isinstance(web, Mapping) or not isinstance(uri, str) or not uri:
        return None
    title = web.get("title")
    return uri, title if isinstance(title, str) and title else uri


def _place(segment: object, encoded: bytes) -> tuple[int, int]:
    start = segment.get("startIndex", 0) if isinstance(segment, Mapping) else 0
    end = segment.get("endIndex", len(encoded)) if isinstance(segment, Mapping) else len(encoded)
    if type(start) is not int or type(end) is not int or not 0 <= start <= end:
        start, end = 0, len(encoded)
    before = len(encoded[:start].decode("utf-8", "ignore"))
    return before, before + len(encoded[start:end].decode("utf-8", "ignore"))
