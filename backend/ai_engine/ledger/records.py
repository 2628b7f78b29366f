"""The frozen records that the ledger is fed with. `None` means unknown everywhere in here; `0` is a number like any other."""

from collections.abc import Callable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple

from ai_engine.events import Ending
from ai_engine.names import Blame, Operation

LARGEST_COUNT = 2**53
"""What a program can mean by a number of tokens. A provider that reports more reports nothing."""


class TokenCounts(NamedTuple):
    """Tokens in disjoint classes: no token is counted in two of them, and their sum is what was processed."""

    input: int | None = None
    """Neither read from a cache nor written to one."""
    cached_input: int | None = None
    cache_write: int | None = None
    output: int | None = None
    """Without reasoning, where the provider tells the two apart."""
    reasoning: int | None = None


UNKNOWN_TOKENS = TokenCounts()


class AttemptRecord(NamedTuple):
    """One request sent on one route with one provider key."""

    number: int
    """From 1, in the order in which they were begun."""
    provider: str
    model: str
    """The provider's own name for it."""
    key_fingerprint: str | None
    why: str
    started_ms: float
    """After the request was received."""
    succeeded: bool
    failure: str | None
    """The failure's class (`providers.failures.FailureClass`); `None` after a success, and where nobody failed."""
    blame: Blame | None
    status: int | None
    duration_ms: float
    first_token_ms: float | None
    """After the attempt began."""
    tokens: TokenCounts
    tokens_are_estimated: bool
    cost_usd: Decimal | None
    is_absorbed: bool
    """Paid by us and charged to nobody: the loser of a hedge."""


class RequestRecord(NamedTuple):
    """One client request, whatever became of it, with its attempts."""

    id: str
    """Ours alone (`new_record_id`): what makes a replay harmless. `request_id` may have come from the client, twice."""
    request_id: str
    received_at: datetime
    client: str | None
    """The client key's id; `None` in open mode."""
    client_name: str | None
    operation: Operation
    asked_model: str
    provider: str | None
    """Who answered; where nobody did, who was tried last; `None` if nobody was."""
    model: str | None
    key_fingerprint: str | None
    is_stream: bool
    status: int
    ending: Ending
    error_class: str | None
    """Why it did not end well, in a word for statistics; `None` where it did."""
    tokens: TokenCounts
    tokens_are_estimated: bool
    cost_usd: Decimal | None
    """What the client pays: the winning and continuing attempts."""
    absorbed_usd: Decimal | None
    price_version: str | None
    """Where the price is from: `genai-prices 0.2.3`, `listing`, `configuration`."""
    first_token_ms: float | None
    duration_ms: float
    upstream_ms: float
    overhead_ms: float
    attempts: tuple[AttemptRecord, ...]


RandomBits = Callable[[int], int]
"""As many random bits as asked for, as `random.getrandbits` gives them."""


def new_record_id(now: datetime, random_bits: RandomBits) -> str:
    """A new `RequestRecord.id`: 128 bits in hex, 48 of them milliseconds, so that rows of one time lie together on disk."""
    return f"{int(now.timestamp() * 1000) & 0xFFFFFFFFFFFF:012x}{random_bits(80):020x}"


def disjoint_openai(usage: Mapping[str, Any] | None) -> TokenCounts:
    """The `usage` of an answer in OpenAI's format in disjoint classes; what it does not say, or says absurdly, is unknown.

    OpenAI counts cached tokens inside `prompt_tokens` and reasoning inside `completion_tokens`
    (https://platform.openai.com/docs/api-reference/chat/object, read 2026-11-23). xAI counts reasoning beside them
    (https://docs.x.ai/docs/guides/reasoning, read 2026-11-23): there `total_tokens` says so. DeepSeek names its cached ones
    `prompt_cache_hit_tokens` (https://api-docs.deepseek.com/guides/kv_cache, read 2026-11-23).
    """
    if not isinstance(usage, Mapping):
        return UNKNOWN_TOKENS
    prompt, completion = _count(usage.get("prompt_tokens")), _count(usage.get("completion_tokens"))
    asked, answered = _details(usage, "prompt_tokens_details"), _details(usage, "completion_tokens_details")
    cached, written = _count(asked.get("cached_tokens")), _count(asked.get("cache_write_tokens"))
    if cached is None:
        cached = _count(usage.get("prompt_cache_hit_tokens"))
    reasoning = _count(answered.get("reasoning_tokens"))
    total = _count(usage.get("total_tokens"))
    reasons_beside = reasoning and total is not None and (prompt or 0) + (completion or 0) + reasoning == total
    return TokenCounts(
        input=_without(prompt, (cached or 0) + (written or 0)),
        cached_input=cached,
        cache_write=written,
        output=completion if reasons_beside else _without(completion, reasoning or 0),
        reasoning=reasoning,
    )


def _without(whole: int | None, part: int) -> int | None:
    """`whole` less the `part` that is counted in it; a part larger than the whole was never in it."""
    return whole if whole is None or part > whole else whole - part


def _details(usage: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    details = usage.get(name)
    return details if isinstance(details, Mapping) else {}


def _count(value: object) -> int | None:
    if not isinstance(value, int | float) or isinstance(value, bool):
        return None
    return int(value) if 0 <= value <= LARGEST_COUNT else None
