"""What an attempt took of a provider: tokens as it reported them, or as many as came; and their cost."""

from collections.abc import Collection, Mapping
from decimal import Decimal
from typing import Any, NamedTuple

from ai_engine.catalogue.prices import Price
from ai_engine.names import UNKNOWN_TOKENS, Operation, TokenCounts
from ai_engine.wire.openai_usage import characters_in, tokens_of

_PROMPT_FIELDS = ("messages", "input", "tools", "functions", "system", "instructions", "prompt", "query", "documents")

_OF_TEXT = frozenset({Operation.MODERATIONS, Operation.RERANK})
"""Those of `PASSED_THROUGH` whose tokens are text."""


class Spent(NamedTuple):
    """What one attempt took."""

    tokens: TokenCounts
    is_estimated: bool
    cost_usd: Decimal | None
    """At list price; `None` where tokens or price are unknown."""


NOTHING_SPENT = Spent(TokenCounts(0, 0, 0, 0, 0), False, Decimal(0))
"""A provider that refuses, or cannot be reached, bills nothing."""
UNKNOWN_SPENT = Spent(UNKNOWN_TOKENS, False, None)
"""A provider whose answer was abandoned may bill for it, and does not say how much."""


def spent_on(body: Mapping[str, Any], usage: TokenCounts | None, characters_since_usage: int, price: Price | None) -> Spent:
    """What an answer took that came, whole or in part.

    `body` is the request's, for estimating its length where the provider did not report it, or reported 0; so is the text that
    came after the last report (`adapter.StreamDecoder.characters_since_usage`).
    """
    tokens, is_estimated = usage or UNKNOWN_TOKENS, False
    if not tokens.all_input:
        asked = sum(characters_in(body.get(field)) for field in _PROMPT_FIELDS)
        if asked or tokens.input is None:
            tokens, is_estimated = tokens._replace(input=tokens_of(asked)), True
    if characters_since_usage or tokens.output is None:
        tokens = tokens._replace(output=(tokens.output or 0) + tokens_of(characters_since_usage))
        is_estimated = True
    return Spent(tokens, is_estimated, price.cost_usd(tokens) if price is not None else None)


def spent_as_reported(
    operation: Operation, usage: TokenCounts | None, price: Price | None, free: Collection[Operation] = ()
) -> Spent:
    """What an answer took that was passed through: as it says itself. Nothing is estimated from pictures and sound.

    `free` is what the provider charges nothing for. Published prices are those of text: what tokens of pictures and sound cost,
    only an operator's own price says.
    """
    tokens = usage or UNKNOWN_TOKENS
    if operation in free:
        return Spent(tokens, False, Decimal(0))
    is_meant = price is not None and (operation in _OF_TEXT or price.source == "configuration")
    return Spent(tokens, False, price.cost_usd(tokens) if price is not None and is_meant else None)
