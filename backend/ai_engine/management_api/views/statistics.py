"""Schemas of the statistics. `null` is unknown."""

import asyncio
from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from ai_engine.ledger.histograms import Counts, percentiles
from ai_engine.ledger.money import usd
from ai_engine.ledger.provider_history import ProviderHistory
from ai_engine.ledger.rollups import Totals
from ai_engine.ledger.statistics import SECONDS_OF, Bucket, Statistics
from ai_engine.management_api.schemas import Usd

POINTS_AT_ONCE = 32
"""Points of a series converted before yielding to other tasks."""
Rounded = Annotated[float, AfterValidator(lambda value: round(value, 3))]


class PercentilesView(BaseModel):
    """In milliseconds, with an error of up to 10 %; `null` without measurements."""

    p50: Rounded | None = Field(examples=[840.5])
    p95: Rounded | None = Field(examples=[2310.2])
    p99: Rounded | None = Field(examples=[4100.9])


class TokenSums(BaseModel):
    """Sums of known tokens in disjoint classes: their sum is the total."""

    input: int = Field(description="Without cached tokens.", examples=[412_000])
    cached_input: int = Field(examples=[96_000])
    cache_write: int = Field(examples=[0])
    output: int = Field(description="Without reasoning tokens, if the provider reports them.", examples=[88_100])
    reasoning: int = Field(examples=[0])


class RequestSums(BaseModel):
    """Sums over requests. `completed` to `failed` add up to `requests`."""

    requests: int = Field(examples=[1000])
    completed: int = Field(examples=[960])
    rescued: int = Field(examples=[4])
    client_cancelled: int = Field(examples=[20])
    upstream_cut: int = Field(examples=[1])
    client_errors: int = Field(description="Failed because of the request itself.", examples=[10])
    failed: int = Field(description="Failed for any other reason.", examples=[5])
    success_rate: float | None = Field(
        description="0 to 1, without client errors and requests that the client cancelled.", examples=[0.994]
    )
    attempts: int = Field(examples=[1043])
    tokens: TokenSums | None = Field(description="`null` if all are unknown.")
    unknown_usage: int = Field(description="Requests that are not in `tokens`: theirs are unknown.", examples=[0])
    estimated_usage: int = Field(description="How many are in `tokens` with the gateway's estimate.", examples=[3])
    cost_usd: Usd | None = Field(description="What clients are charged; `null` if unknown for all.", examples=["3.1875"])
    absorbed_usd: Usd = Field(description="The cost of attempts that clients are not charged for.", examples=["0.0021"])
    unpriced: int = Field(description="How many are not in `cost_usd` because their price is unknown.", examples=[0])
    latency_ms: PercentilesView = Field(description="Of answered requests.")
    first_token_ms: PercentilesView = Field(description="Of answered streams.")
    overhead_ms: PercentilesView = Field(description="The gateway's own part of the duration.")


class AttemptSums(BaseModel):
    """Sums over attempts. Cancelled attempts count in `attempts` only."""

    attempts: int = Field(examples=[1043])
    successes: int = Field(examples=[964])
    failed: int = Field(examples=[41])
    client_errors: int = Field(description="Failed because of the request itself.", examples=[10])
    absorbed: int = Field(description="Attempts whose cost is not charged to clients.", examples=[2])
    success_rate: float | None = Field(description="0 to 1: successes / (successes + failed).", examples=[0.959])
    tokens: TokenSums | None = Field(description="`null` if all are unknown.")
    unknown_usage: int = Field(description="Attempts that are not in `tokens`: theirs are unknown.", examples=[52])
    estimated_usage: int = Field(description="How many are in `tokens` with the gateway's estimate.", examples=[3])
    cost_usd: Usd | None = Field(description="At list price; `null` if unknown for all.", examples=["3.1875"])
    absorbed_usd: Usd = Field(description="The cost of attempts that clients are not charged for.", examples=["0.0021"])
    unpriced: int = Field(description="How many are not in `cost_usd` because their price is unknown.", examples=[0])
    latency_ms: PercentilesView = Field(description="Of successful attempts.")
    first_token_ms: PercentilesView = Field(description="Of successful streams.")


class KeySums(AttemptSums):
    """Sums over one provider key's attempts."""

    provider: str = Field(examples=["openai"])
    key_fingerprint: str | None = Field(description="`null` for a provider without keys.", examples=["9f86d081"])


class ErrorCounts(BaseModel):
    """Counts of one class of failure."""

    model_config = ConfigDict(from_attributes=True)

    attempts: int | None = Field(description="`null` with a `client` filter.", examples=[41])
    requests: int = Field(description="Requests that failed with it.", examples=[5])


class SeriesPoint(RequestSums):
    """One bucket of the series."""

    begins_at: datetime


class StatisticsView(BaseModel):
    """Statistics of a time range."""

    begins_at: datetime
    ends_at: datetime = Field(description="Exclusive. Both ends of the requested range are moved outward to whole buckets.")
    bucket: Bucket = Field(description="The width of a point of the series; never `auto`.", examples=["hour"])
    bucket_seconds: int = Field(examples=[3600])
    summary: RequestSums
    provider_stats: dict[str, AttemptSums] | None = Field(
        description="By provider. `null` with a `client` filter, as `model_stats` and `key_stats`."
    )
    model_stats: dict[str, AttemptSums] | None = Field(description="By the provider's name for the model.")
    key_stats: list[KeySums] | None
    error_stats: dict[str, ErrorCounts] = Field(description="By class of failure.")
    series: list[SeriesPoint] = Field(description="By time, at most 1,000 points; empty buckets are left out.", max_length=1000)


class HealthPoint(BaseModel):
    """One provider's attempts in one bucket."""

    model_config = ConfigDict(from_attributes=True)

    begins_at: datetime
    attempts: int = Field(examples=[42])
    successes: int = Field(examples=[40])
    failed: int = Field(description="Failures of the provider, the key or the connection.", examples=[2])


class ProviderHistoryView(BaseModel):
    """The latest buckets of every provider."""

    begins_at: datetime
    ends_at: datetime = Field(description="The end of the current, incomplete bucket.")
    bucket: Literal[Bucket.MINUTE, Bucket.HOUR] = Field(description="The width of a point.", examples=["hour"])
    bucket_seconds: int = Field(examples=[3600])
    providers: dict[str, list[HealthPoint]] = Field(description="By provider, by time; buckets without attempts are left out.")


async def statistics_view(found: Statistics) -> StatisticsView:
    """Converts the statistics; it yields to other tasks between points, of which there may be a thousand."""
    series: list[SeriesPoint] = []
    for begins_at, requests in found.series:
        series.append(SeriesPoint(begins_at=begins_at, **_of_requests(requests)))
        if len(series) % POINTS_AT_ONCE == 0:
            await asyncio.sleep(0)
    return StatisticsView(
        begins_at=found.begins_at,
        ends_at=found.ends_at,
        bucket=found.bucket,
        bucket_seconds=SECONDS_OF[found.bucket],
        summary=RequestSums(**_of_requests(found.summary)),
        provider_stats=_by_name(found.provider_stats),
        model_stats=_by_name(found.model_stats),
        key_stats=None
        if found.key_stats is None
        else [
            KeySums(provider=provider, key_fingerprint=fingerprint or None, **_of_attempts(attempts))
            for provider, fingerprint, attempts in found.key_stats
        ],
        error_stats={name: ErrorCounts.model_validate(errors) for name, errors in found.error_stats.items()},
        series=series,
    )


def provider_history_view(found: ProviderHistory) -> ProviderHistoryView:
    """Converts the history."""
    return ProviderHistoryView(
        begins_at=found.begins_at,
        ends_at=found.ends_at,
        bucket=found.bucket,
        bucket_seconds=SECONDS_OF[found.bucket],
        providers={name: [HealthPoint.model_validate(counts) for counts in points] for name, points in found.providers.items()},
    )


def _by_name(stats: Mapping[str, Totals] | None) -> dict[str, AttemptSums] | None:
    return None if stats is None else {name: AttemptSums(**_of_attempts(attempts)) for name, attempts in stats.items()}


def _of_requests(totals: Totals) -> dict[str, Any]:
    """The fields of `RequestSums`."""
    number = totals.by_name()
    answered, failed = number["completed"] + number["rescued"], number["upstream_cut"] + number["failed"]
    return _fields(totals, number, number["requests"]) | {"success_rate": _rate(answered, failed)}


def _of_attempts(totals: Totals) -> dict[str, Any]:
    """The fields of `AttemptSums`."""
    number = totals.by_name()
    return _fields(totals, number, number["attempts"]) | {"success_rate": _rate(number["successes"], number["failed"])}


def _fields(totals: Totals, number: Mapping[str, int], count: int) -> dict[str, Any]:
    """What both have. `None` is a sum of which nothing is known; a sum over no request at all is a known 0."""
    tokens = TokenSums(**{name: number[f"{name}_tokens"] for name in TokenSums.model_fields})
    return {
        **number,
        "tokens": None if count and number["unknown_usage"] == count else tokens,
        "cost_usd": None if count and number["unpriced"] == count else usd(number["cost_pico_usd"]),
        "absorbed_usd": usd(number["absorbed_pico_usd"]),
        **{f"{name}_ms": _percentiles(totals.histogram(name)) for name in totals.kind.histograms},
    }


def _percentiles(counts: Counts) -> PercentilesView:
    p50, p95, p99 = percentiles(counts, 0.5, 0.95, 0.99)
    return PercentilesView(p50=p50, p95=p95, p99=p99)


def _rate(successes: int, failures: int) -> float | None:
    return successes / (successes + failures) if successes + failures else None
