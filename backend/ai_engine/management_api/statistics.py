"""`/api/statistics`: aggregates of requests and attempts over a time range, and their download."""

from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Query
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, ConfigDict, Field

from ai_engine.access.guards import GuardedRoute, requires
from ai_engine.ledger.provider_history import MOST_POINTS, ProviderHistories
from ai_engine.ledger.statistics import Bucket, LedgerStatistics, Statistics
from ai_engine.management_api.ledger_queries import LedgerNames, LedgerQuery, ledger_access
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
    """Range, filters and bucket. Defaults: until now, and 24 hours long."""

    bucket: Bucket = Field(
        Bucket.AUTO,
        description="The width of a point of the series. `auto`: minutes for a range of up to 200 minutes, hours for up to 200 "
        "hours, else days; and a wider one if the data has expired.",
        examples=["hour"],
    )


class ExportQuery(StatisticsQuery):
    """As `StatisticsQuery`, with the format."""

    format: ExportFormat = Field(ExportFormat.CSV, description="The format of the download.", examples=["csv"])


class ProviderHistoryQuery(BaseModel):
    """Bucket and number of points."""

    model_config = ConfigDict(extra="forbid")

    bucket: Literal[Bucket.MINUTE, Bucket.HOUR] = Field(Bucket.HOUR, description="The width of a point.", examples=["minute"])
    points: int = Field(24, ge=1, le=MOST_POINTS, description="The number of points, including the current one.", examples=[60])


class StatisticsReader:
    """Reads statistics, and refuses unknown names."""

    def __init__(self, statistics: LedgerStatistics, names: LedgerNames) -> None:
        self._statistics = statistics
        self._names = names

    async def read(self, query: StatisticsQuery) -> Statistics:
        """Raises `InvalidRequest`, or `Unavailable` if the database does not respond."""
        async with ledger_access():
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


@router.get("", summary="Statistics of a time range")
async def show_statistics(query: Annotated[StatisticsQuery, Query()], reader: Reader) -> StatisticsView:
    """Sums and percentiles of the requests in the range, by provider, model, provider key and class of failure, and over time.

    Default range: the last 24 hours. `provider` and `model` filter requests by the route that answered, and attempts by the route
    that was tried. An unknown name is a 400.
    """
    return await statistics_view(await reader.read(query))


@router.get("/providers", summary="Recent attempts per provider")
async def show_provider_history(
    query: Annotated[ProviderHistoryQuery, Query()], histories: Annotated[ProviderHistories, Depends(provided(ProviderHistories))]
) -> ProviderHistoryView:
    """The attempts of each provider in the latest buckets, with successes and failures. Providers without any are omitted."""
    async with ledger_access():
        return provider_history_view(await histories.latest(query.bucket, query.points))


@router.get(
    "/export",
    summary="Download statistics",
    response_model=list[ExportRow],
    responses={200: {"content": {"text/csv": {"schema": {"type": "string"}, "example": "section,name,begins_at,requests\r\n"}}}},
)
async def export_statistics(query: Annotated[ExportQuery, Query()], reader: Reader) -> StreamingResponse:
    """The data of `/api/statistics`, one row per sum: a CSV file with a header (RFC 4180), or a JSON array.

    In CSV, names that a spreadsheet would evaluate as a formula are prefixed with an apostrophe.
    """
    found = await statistics_view(await reader.read(query))
    file = f"ai-engine-statistics-{found.begins_at:%Y%m%dT%H%MZ}-{found.ends_at:%Y%m%dT%H%MZ}.{query.format}"
    # The database has been read by now, so a client that disconnects leaves no connection open.
    return StreamingResponse(
        export(found, query.format),
        media_type=MEDIA_TYPES[query.format],
        headers={"content-disposition": f'attachment; filename="{file}"'},
    )
