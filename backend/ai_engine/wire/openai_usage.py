"""The token counts of an answer in OpenAI's format, and the length of its text, for estimates where it has no counts."""

from ai_engine.names import UNKNOWN_TOKENS, TokenCounts
from ai_engine.wire.json_types import Json

CHARACTERS_PER_TOKEN = 4
"""The rule of thumb for English text (https://help.openai.com/en/articles/4936856, read 2026-11-23)."""

_NOT_TEXT = frozenset(
    {"role", "id", "type", "index", "finish_reason", "logprobs", "audio", "images", "annotations"}
    | {"image_url", "input_audio", "file", "file_data", "source", "signature", "encrypted_content", "data"}
)

_LARGEST_COUNT = 10**9
"""More tokens than any request uses. A larger count is ignored."""


def token_counts(usage: object) -> TokenCounts | None:
    """The `usage` of an answer in disjoint classes; a missing or implausible count is unknown. `None` if all are.

    OpenAI counts cached tokens inside `prompt_tokens` and reasoning inside `completion_tokens`
    (https://platform.openai.com/docs/api-reference/chat/object, read 2026-11-23). xAI counts reasoning beside them
    (https://docs.x.ai/docs/guides/reasoning, read 2026-11-23): `total_tokens` shows which. DeepSeek names cached tokens
    `prompt_cache_hit_tokens` (https://api-docs.deepseek.com/guides/kv_cache, read 2026-11-23).
    """
    if not isinstance(usage, dict):
        return None
    get = usage.get
    prompt, completion = count_in(get("prompt_tokens")), count_in(get("completion_tokens"))
    cached = written = reasoning = None
    details = get("prompt_tokens_details")
    if isinstance(details, dict):
        cached, written = count_in(details.get("cached_tokens")), count_in(details.get("cache_write_tokens"))
    if cached is None:
        cached = count_in(get("prompt_cache_hit_tokens"))
    details = get("completion_tokens_details")
    if isinstance(details, dict):
        reasoning = count_in(details.get("reasoning_tokens"))
    if reasoning and (prompt or 0) + (completion or 0) + reasoning != count_in(get("total_tokens")):
        completion = _without(completion, reasoning)
    if cached or written:
        prompt = _without(prompt, (cached or 0) + (written or 0))
    counts = TokenCounts(prompt, cached, written, completion, reasoning)
    return None if counts == UNKNOWN_TOKENS else counts


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


def _without(whole: int | None, part: int) -> int | None:
    """`whole` minus the `part` counted in it; a part larger than the whole is not counted in it."""
    return whole if whole is None or part > whole else whole - part


def count_in(value: object) -> int | None:
    """A reported number of tokens, an integer or a float without a fraction; `None` where it is implausible."""
    if type(value) is int:
        return value if 0 <= value <= _LARGEST_COUNT else None
    return int(value) if isinstance(value, float) and 0 <= value <= _LARGEST_COUNT and value.is_integer() else None
