"""Streamed download of statistics: the series and the sums by provider, model, key and failure, one row each."""

import csv
import io
from collections.abc import AsyncGenerator, Iterable, Iterator
from datetime import datetime
from enum import StrEnum
from typing import Any, Literal

import orjson
from pydantic import BaseModel, Field

from ai_engine.management_api.schemas import Usd
from ai_engine.management_api.views.statistics import StatisticsView


class ExportRow(BaseModel):
    """One row of a download. `null` (empty in CSV) is unknown or does not apply to the section."""

    section: Literal["summary", "provider", "model", "key", "error", "series"]
    name: str | None = Field(description="The provider, the model, the key (`provider/fingerprint`) or the class of failure.")
    begins_at: datetime = Field(description="The start of the range or, in the series, of the bucket.")
    requests: int | None
    attempts: int | None
    completed: int | None
    rescued: int | None
    client_cancelled: int | None
    upstream_cut: int | None
    client_errors: int | None
    failed: int | None
    successes: int | None
    absorbed: int | None
    success_rate: float | None
    input_tokens: int | None
    cached_input_tokens: int | None
    cache_write_tokens: int | None
    output_tokens: int | None
    reasoning_tokens: int | None
    unknown_usage: int | None
    estimated_usage: int | None
    cost_usd: Usd | None
    absorbed_usd: Usd | None
    unpriced: int | None
    latency_p50_ms: float | None
    latency_p95_ms: float | None
    latency_p99_ms: float | None
    first_token_p50_ms: float | None
    first_token_p95_ms: float | None
    first_token_p99_ms: float | None
    overhead_p50_ms: float | None
    overhead_p95_ms: float | None
    overhead_p99_ms: float | None


FIELDS = tuple(ExportRow.model_fields)
_RISKY = (
    *("=", "+", "-", "@", "\t", "\r", "\n"),
    *("\N{FULLWIDTH EQUALS SIGN}", "\N{FULLWIDTH PLUS SIGN}", "\N{FULLWIDTH HYPHEN-MINUS}", "\N{FULLWIDTH COMMERCIAL AT}"),
)
"""Characters that start a formula (https://owasp.org/www-community/attacks/CSV_Injection, read 2026-11-23)."""


class ExportFormat(StrEnum):
    """The format of a download."""

    CSV = "csv"
    JSON = "json"


async def export(statistics: StatisticsView, form: ExportFormat) -> AsyncGenerator[str, None]:
    """The text, a row at a time: CSV with a header (RFC 4180), or a JSON array of objects."""
    pieces = _csv(statistics) if form is ExportFormat.CSV else _json(statistics)
    for piece in pieces:
        yield piece


def _csv(statistics: StatisticsView) -> Iterator[str]:
    yield _csv_line(FIELDS)
    for row in _rows(statistics):
        yield _csv_line(_cell(row.get(field)) for field in FIELDS)


def _csv_line(cells: Iterable[str]) -> str:
    line = io.StringIO()
    csv.writer(line, lineterminator="\r\n").writerow(cells)
    return line.getvalue()


def _cell(value: object) -> str:
    """The value as text, with an apostrophe before text that a spreadsheet would evaluate as a formula."""
    if value is None:
        return ""
    return f"'{value}" if isinstance(value, str) and value.startswith(_RISKY) else str(value)


def _json(statistics: StatisticsView) -> Iterator[str]:
    opening = "["
    for row in _rows(statistics):
        yield opening + orjson.dumps({field: row.get(field) for field in FIELDS}).decode()
        opening = ",\n"
    yield "]\n"


def _rows(statistics: StatisticsView) -> Iterator[dict[str, Any]]:
    begins_at = statistics.begins_at
    yield _row("summary", None, begins_at, statistics.summary)
    for name, attempts in (statistics.provider_stats or {}).items():
        yield _row("provider", name, begins_at, attempts)
    for name, attempts in (statistics.model_stats or {}).items():
        yield _row("model", name, begins_at, attempts)
    for key in statistics.key_stats or ():
        yield _row("key", f"{key.provider}/{key.key_fingerprint or ''}", begins_at, key)
    for name, errors in statistics.error_stats.items():
        yield _row("error", name, begins_at, errors)
    for point in statistics.series:
        yield _row("series", None, point.begins_at, point)


def _row(section: str, name: str | None, begins_at: datetime, sums: BaseModel) -> dict[str, Any]:
    """The fields of `ExportRow`, and possibly more: nested sums get names of their own."""
    row: dict[str, Any] = {}
    for field, value in sums.model_dump().items():
        if field == "tokens":
            row |= {f"{part}_tokens": count for part, count in (value or {}).items()}
        elif isinstance(value, dict):
            row |= {f"{field.removesuffix('_ms')}_{part}_ms": duration for part, duration in value.items()}
        else:
            row[field] = value
    return row | {"section": section, "name": name, "begins_at": begins_at.isoformat()}
