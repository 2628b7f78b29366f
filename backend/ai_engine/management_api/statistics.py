"""`/api/statistics`: what requests and attempts add up to over a range of time, to look at and to take away."""

from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Query
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, ConfigDict, Field

from ai_engine.access.guards import GuardedRoute, requires
from ai_engine.ledger.provider_history import MOST_POINTS, ProviderHistories
from ai_engine.ledger.statistics import Bucket, LedgerStatistics, Statistics
from ai_engine.management_api.ledger_queries import LedgerNames, LedgerQuery, reading_the_ledger
from ai_engine.management_api.views.export import ExportFormat, ExportRow, export
from ai_engine.management_api.views.statistics import (
    ProviderHistoryView,
    StatisticsView,
    provider_history_view,
    statistics_view,
)
from ai_engine.names import Role
from ai_engine.web.provide import provided

router = APIRouter(prefix="/api/statistics", tags=["Statistics"], dependencies=[requires(Role.VIEWER)], route_class=GuardedRoute)

MEDIA_TYPES = {ExportFormat.CSV: "text/csv; charset=utf-8; header=present", ExportFormat.JSON: "application/json"}


class StatisticsQuery(LedgerQuery):
    """Which range, cut how finely. Without `to` it ends now, without `from` it has 24 hours."""

    bucket: Bucket = Field(
        Bucket.AUTO,
        description="The distance between two points of the series. `auto` is the minute in a range of up to 200 minutes, the "
        "hour in one of up to 200 hours, the day beyond, and never one that is no longer kept for that time.",
        examples=["hour"],
    )


class ExportQuery(StatisticsQuery):
    """The same, and how it is written."""

    format: ExportFormat = Field(ExportFormat.CSV, description="How the download is written.", examples=["csv"])


class ProviderHistoryQuery(BaseModel):
    """How far back, and how finely."""

    model_config = ConfigDict(extra="forbid")

    bucket: Literal[Bucket.MINUTE, Bucket.HOUR] = Field(
        Bucket.HOUR, description="The distance between two points.", examples=["minute"]
    )
    points: int = Field(24, ge=1, le=MOST_POINTS, description="How many points, the current one included.", examples=[60])


class StatisticsReader:
    """Answers a query, or refuses it by the parameter that is wrong."""

    def __init__(self, statistics: LedgerStatistics, names: LedgerNames) -> None:
        self._statistics = statistics
        self._names = names

    async def read(self, query: StatisticsQuery) -> Statistics:
        """Raises `InvalidRequest`, or `Unavailable` without a database."""
        async with reading_the_ledger():
            found = await self._statistics.statistics(
                query.begins_at,
                query.ends_at,
                bucket=query.bucket,
                provider=query.provider,
                model=query.model,
                client=query.client,
            )
            if not found.summary.number("requests") and not found.provider_stats:
                await self._names.refuse_unknown(query)
        return found


Reader = Annotated[StatisticsReader, Depends(provided(StatisticsReader))]


@router.get("", summary="Statistics over a range of time")
async def show_statistics(query: Annotated[StatisticsQuery, Query()], reader: Reader) -> StatisticsView:
    """Sums and percentiles of all requests in the range, by provider, model, provider key and class of failure, and over time.

    Without `from` and `to`: the last 24 hours. A range has at most 1,000 points. `provider` and `model` tell requests by who
    answered and attempts by who was asked. A name that is neither configured nor in the ledger is a 400.
    """
    return await statistics_view(await reader.read(query))


@router.get("/providers", summary="How each provider has been lately")
async def show_provider_history(
    query: Annotated[ProviderHistoryQuery, Query()], histories: Annotated[ProviderHistories, Depends(provided(ProviderHistories))]
) -> ProviderHistoryView:
    """Every provider's attempts in the latest buckets: how many it was asked for, how many succeeded, how many it failed.

    One question for all providers, for a strip of recent health beside each. A provider that was not asked is not in it.
    """
    async with reading_the_ledger():
        return provider_history_view(await histories.latest(query.bucket, query.points))


@router.get(
    "/export",
    summary="Download statistics",
    response_model=list[ExportRow],
    responses={200: {"content": {"text/csv": {"schema": {"type": "string"}, "example": "section,name,begins_at,requests\r\n"}}}},
)
async def export_statistics(query: Annotated[ExportQuery, Query()], reader: Reader) -> StreamingResponse:
    """The same as `/api/statistics`, one row for each sum: a CSV file with a header (RFC 4180), or a JSON array.

    In CSV, a name that a spreadsheet would take for a formula stands behind an apostrophe.
    """
    found = await statistics_view(await reader.read(query))
    file = f"ai-engine-statistics-{found.begins_at:%Y%m%dT%H%MZ}-{found.ends_at:%Y%m%dT%H%MZ}.{query.format}"
    # The database has been read by now: whoever leaves half-way leaves nothing open.
    return StreamingResponse(
        export(found, query.format),
        media_type=MEDIA_TYPES[query.format],
        headers={"content-disposition": f'attachment; filename="{file}"'},
    )
