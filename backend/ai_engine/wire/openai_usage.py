"""The token counts of an answer in OpenAI's format, and the length of its text, for estimates where it has no counts."""

from ai_engine.names import UNKNOWN_TOKENS, TokenCounts
from ai_engine.wire.json_types import Json, JsonMapping
from ai_engine.wire.tolerant import array_in, object_in

CHARACTERS_PER_TOKEN = 4
"""The rule of thumb for English text (https://help.openai.com/en/articles/4936856, read 2026-11-23)."""

_NOT_TEXT = frozenset(
    {"role", "id", "type", "status", "index", "finish_reason", "logprobs", "audio", "images", "annotations"}
    | {"image_url", "input_audio", "file", "file_data", "source", "signature", "encrypted_content", "data"}
)

_WHOLES = frozenset({"prompt_tokens", "completion_tokens", "total_tokens"})
_CACHED = ("cached_tokens", "prompt_cache_hit_tokens", "cache_read_input_tokens")

_LARGEST_COUNT = 10**9
"""More tokens than any request uses. A larger count is ignored."""


def usage_in(chat: JsonMapping) -> object:
    """The `usage` of an answer or of a chunk, wherever its server puts it.

    Moonshot streams it inside the choice (https://github.com/earendil-works/pi/issues/2017), Groq in `x_groq`, and in the usual
    place where it was asked for (https://github.com/Portkey-AI/gateway/issues/1072, both read 2026-11-30).
    """
    usage = chat.get("usage")
    if usage:
        return usage
    nested = (object_in(choice, "usage") for choice in array_in(chat, "choices"))
    return next(filter(None, nested), None) or object_in(object_in(chat, "x_groq"), "usage")


def token_counts(usage: object) -> TokenCounts | None:
    """The `usage` of an answer in disjoint classes; a missing or implausible count is unknown. `None` if all are.

    OpenAI counts cached tokens inside `prompt_tokens` and reasoning inside `completion_tokens`
    (https://platform.openai.com/docs/api-reference/chat/object, read 2026-11-23). xAI counts reasoning beside them
    (https://docs.x.ai/docs/guides/reasoning, read 2026-11-23): only `total_tokens` shows that a part is beside its whole. Without
    such a total, a part is at most its whole, so that no class is negative and all together are what was reported.
    """
    if not isinstance(usage, dict):
        return None
    get = usage.get
    prompt, completion = count_in(get("prompt_tokens")), count_in(get("completion_tokens"))
    if usage.keys() <= _WHOLES:  # many servers have no more
        return None if prompt is None and completion is None else TokenCounts(prompt, None, None, completion, None)
    cached, written = _cache_counts(usage)
    reasoning = None
    details = get("completion_tokens_details")
    if isinstance(details, dict):
        reasoning = count_in(details.get("reasoning_tokens"))
    if cached or written or reasoning:
        beside = (count_in(get("total_tokens")) or 0) - (prompt or 0) - (completion or 0)
        if (cached or written) and prompt is not None:
            from_cache = (cached or 0) + (written or 0)
            if beside != reasoning and beside in (from_cache, from_cache + (reasoning or 0)):
                beside -= from_cache
            else:
                cached = cached and min(cached, prompt)
                written = written and min(written, prompt - (cached or 0))
                prompt -= (cached or 0) + (written or 0)
        if reasoning and completion is not None and beside != reasoning:
            reasoning = min(reasoning, completion)
            completion -= reasoning
    counts = TokenCounts(prompt, cached, written, completion, reasoning)
    return None if counts == UNKNOWN_TOKENS else counts


def _cache_counts(usage: Json) -> tuple[int | None, int | None]:
    """The tokens read from a cache and written to it, by each name that a provider has for them.

    Beside OpenAI's: `cached_tokens` (Moonshot: https://github.com/vercel/ai/issues/12352), `prompt_cache_hit_tokens` (DeepSeek:
    https://api-docs.deepseek.com/guides/kv_cache), and Anthropic's, which Qwen has among the details
    (https://www.alibabacloud.com/help/en/model-studio/context-cache) and gateways in front of Claude beside them
    (https://docs.litellm.ai/docs/completion/prompt_caching, all read 2026-11-30).
    """
    cached = written = None
    details = usage.get("prompt_tokens_details")
    if isinstance(details, dict):
        cached, written = count_in(details.get("cached_tokens")), count_in(details.get("cache_write_tokens"))
        if written is None:
            written = count_in(details.get("cache_creation_input_tokens"))
    if cached is None:
        for name in _CACHED:
            if (cached := count_in(usage.get(name))) is not None:
                break
    return cached, count_in(usage.get("cache_creation_input_tokens")) if written is None else written


def chat_usage(counts: TokenCounts | None) -> Json | None:
    """The counts as the `usage` of a chat completion: all input together, with the known parts beside it."""
    if counts is None:
        return None
    prompt, completion = counts.all_input or 0, counts.all_output or 0
    usage: Json = {"prompt_tokens": prompt, "completion_tokens": completion, "total_tokens": prompt + completion}
    if counts.cached_input is not None or counts.cache_write is not None:
        usage["prompt_tokens_details"] = {
            "cached_tokens": counts.cached_input or 0,
            "cache_write_tokens": counts.cache_write or 0,
        }
    if counts.reasoning is not None:
        usage["completion_tokens_details"] = {"reasoning_tokens": counts.reasoning}
    return usage


def characters_in(value: object) -> int:
    """The length of the text in a message or a part of one, without images and audio. An integer is a token of an embedding."""
    characters = 0
    rest = [value]
    while rest:
        part = rest.pop()
        if isinstance(part, str):
            characters += len(part)
        elif isinstance(part, list):
            rest.extend(part)
        elif isinstance(part, dict):
            rest.extend(inner for name, inner in part.items() if name not in _NOT_TEXT)
        elif type(part) is int:
            characters += CHARACTERS_PER_TOKEN
    return characters


def tokens_of(characters: int) -> int:
    """The estimated tokens of a text of this length."""
    return -(-characters // CHARACTERS_PER_TOKEN)


def count_in(value: object) -> int | None:
    """A reported number of tokens, an integer or a float without a fraction; `None` where it is implausible."""
    if type(value) is int:
        return value if 0 <= value <= _LARGEST_COUNT else None
    return int(value) if isinstance(value, float) and 0 <= value <= _LARGEST_COUNT and value.is_integer() else None
