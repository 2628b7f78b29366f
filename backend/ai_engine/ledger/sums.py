"""What sums over rollups say: counts, rates, tokens, money and percentiles of requests and of attempts."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple

from ai_engine.ledger.histograms import percentiles
from ai_engine.ledger.money import usd
from ai_engine.ledger.rollups import Totals


class Percentiles(NamedTuple):
    """Milliseconds within 10 %; `None` where nothing was measured."""

    p50: float | None
    p95: float | None
    p99: float | None


class Tokens(NamedTuple):
    """Sums of what is known, in disjoint classes."""

    input: int
    cached_input: int
    cache_write: int
    output: int
    reasoning: int


@dataclass(frozen=True, slots=True)
class RequestStatistics:
    """Of requests. `completed` to `errors` add up to `requests`."""

    requests: int
    completed: int
    rescued: int
    client_cancelled: int
    upstream_cut: int
    refused: int
    """The client's own fault."""
    errors: int
    success_rate: float | None
    """0 to 1, of those that were ours to answer: not those that a client cancelled or got wrong."""
    attempts: int
    tokens: Tokens | None
    """`None` where nobody knows those of any request."""
    unknown_usage: int
    """How many requests are not in `tokens`, because nobody knows theirs."""
    estimated_usage: int
    """How many requests are in `tokens` as we counted them, because their provider did not say."""
    cost_usd: Decimal | None
    """`None` where nobody knows that of any request."""
    absorbed_usd: Decimal
    unpriced: int
    """How many requests are not in `cost_usd`, because nobody knows their price."""
    latency_ms: Percentiles
    first_token_ms: Percentiles
    overhead_ms: Percentiles


@dataclass(frozen=True, slots=True)
class AttemptStatistics:
    """Of attempts. Those that no number but `attempts` counts were cancelled with their request."""

    attempts: int
    successes: int
    failed: int
    refused: int
    """Refused for what was asked, which is nobody's fault here."""
    absorbed: int
    success_rate: float | None
    """0 to 1, of the successes and failures."""
    tokens: Tokens | None
    """`None` where nobody knows those of any attempt."""
    unknown_usage: int
    estimated_usage: int
    cost_usd: Decimal | None
    """`None` where nobody knows that of any attempt."""
    absorbed_usd: Decimal
    unpriced: int
    latency_ms: Percentiles
    first_token_ms: Percentiles


def of_requests(totals: Totals) -> RequestStatistics:
    """What the sums of `REQUESTS` say."""
    number = dict(zip(totals.kind.numbers, totals.numbers, strict=True))
    answered = number["completed"] + number["rescued"]
    return RequestStatistics(
        requests=number["requests"],
        completed=number["completed"],
        rescued=number["rescued"],
        client_cancelled=number["client_cancelled"],
        upstream_cut=number["upstream_cut"],
        refused=number["refused"],
        errors=number["errors"],
        success_rate=_rate(answered, number["upstream_cut"] + number["errors"]),
        attempts=number["attempts"],
        tokens=_tokens(number, of=number["requests"]),
        unknown_usage=number["unknown_usage"],
        estimated_usage=number["estimated_usage"],
        cost_usd=_cost(number, of=number["requests"]),
        absorbed_usd=usd(number["absorbed_pico_usd"]),
        unpriced=number["unpriced"],
        latency_ms=_percentiles(totals, "latency"),
        first_token_ms=_percentiles(totals, "first_token"),
        overhead_ms=_percentiles(totals, "overhead"),
    )


def of_attempts(totals: Totals) -> AttemptStatistics:
    """What the sums of `ATTEMPTS` say."""
    number = dict(zip(totals.kind.numbers, totals.numbers, strict=True))
    return AttemptStatistics(
        attempts=number["attempts"],
        successes=number["successes"],
        failed=number["failed"],
        refused=number["refused"],
        absorbed=number["absorbed"],
        success_rate=_rate(number["successes"], number["failed"]),
        tokens=_tokens(number, of=number["attempts"]),
        unknown_usage=number["unknown_usage"],
        estimated_usage=number["estimated_usage"],
        cost_usd=_cost(number, of=number["attempts"]),
        absorbed_usd=usd(number["absorbed_pico_usd"]),
        unpriced=number["unpriced"],
        latency_ms=_percentiles(totals, "latency"),
        first_token_ms=_percentiles(totals, "first_token"),
    )


def _tokens(number: Mapping[str, int], of: int) -> Tokens | None:
    """The sums; `None` where all of them are sums of nothing. A sum over no request at all is a known 0."""
    if of and number["unknown_usage"] == of:
        return None
    return Tokens(*(number[f"{name}_tokens"] for name in Tokens._fields))


def _cost(number: Mapping[str, int], of: int) -> Decimal | None:
    return None if of and number["unpriced"] == of else usd(number["cost_pico_usd"])


def _percentiles(totals: Totals, name: str) -> Percentiles:
    return Percentiles(*percentiles(totals.histogram(name), 0.5, 0.95, 0.99))


def _rate(successes: int, failures: int) -> float | None:
    return successes / (successes + failures) if successes + failures else None
