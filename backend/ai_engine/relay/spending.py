"""What an attempt took of a provider: tokens as it reported them, or as many as came; and their cost."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, NamedTuple

from ai_engine.catalogue.prices import Price
from ai_engine.names import UNKNOWN_TOKENS, TokenCounts
from ai_engine.wire.openai_usage import CHARACTERS_PER_TOKEN, characters_in

_PROMPT_FIELDS = ("messages", "input", "tools", "functions", "system", "instructions", "prompt", "query", "documents")


class Spent(NamedTuple):
    """What one attempt took."""

    tokens: TokenCounts
    is_estimated: bool
    cost_usd: Decimal | None
    """At list price; `None` where tokens or price are unknown."""


NOTHING_SPENT = Spent(TokenCounts(0, 0, 0, 0, 0), False, Decimal(0))
"""Who refuses, or cannot be reached, bills nothing."""
UNKNOWN_SPENT = Spent(UNKNOWN_TOKENS, False, None)
"""Whoever was at work when we left may bill for it, and nobody says how much."""


def spent_on(body: Mapping[str, Any], usage: TokenCounts | None, characters_since_usage: int, price: Price | None) -> Spent:
    """What an answer took that came, whole or in part.

    `body` is the request's, for estimating its length where the provider did not report it; so is the text that came after the
    last report (`adapter.StreamDecoder.characters_since_usage`).
    """
    tokens, is_estimated = usage or UNKNOWN_TOKENS, False
    if tokens.all_input is None:
        asked = sum(characters_in(body.get(field)) for field in _PROMPT_FIELDS)
        tokens, is_estimated = tokens._replace(input=_in_tokens(asked)), True
    if characters_since_usage or tokens.output is None:
        tokens = tokens._replace(output=(tokens.output or 0) + _in_tokens(characters_since_usage))
        is_estimated = True
    return Spent(tokens, is_estimated, price.cost_usd(tokens) if price is not None else None)


def _in_tokens(characters: int) -> int:
    return -(-characters // CHARACTERS_PER_TOKEN)
