"""Statistics as a download, piece by piece: the series and the sums by provider, model, key and failure, one row each."""

import csv
import io
from collections.abc import AsyncGenerator, Iterator
from decimal import Decimal
from enum import StrEnum
from typing import Any

import orjson

from ai_engine.ledger.statistics import Statistics
from ai_engine.ledger.sums import AttemptStatistics, RequestStatistics

FIELDS = (
    "section",
    "name",
    "begins_at",
    "requests",
    "attempts",
    "completed",
    "rescued",
    "client_cancelled",
    "upstream_cut",
    "refused",
    "errors",
    "successes",
    "failed",
    "absorbed",
    "success_rate",
    "input_tokens",
    "cached_input_tokens",
    "cache_write_tokens",
    "output_tokens",
    "reasoning_tokens",
    "unknown_usage",
    "estimated_usage",
    "cost_usd",
    "absorbed_usd",
    "unpriced",
    "latency_p50_ms",
    "latency_p95_ms",
    "latency_p99_ms",
    "first_token_p50_ms",
    "first_token_p95_ms",
    "first_token_p99_ms",
    "overhead_p50_ms",
    "overhead_p95_ms",
    "overhead_p99_ms",
)
"""The columns. Empty, or `null`, is what a section does not count, or nobody knows."""

_PERCENTILES = ("latency", "first_token", "overhead")
_RISKY = (
    *("=", "+", "-", "@", "\t", "\r", "\n"),
    *("\N{FULLWIDTH EQUALS SIGN}", "\N{FULLWIDTH PLUS SIGN}", "\N{FULLWIDTH HYPHEN-MINUS}", "\N{FULLWIDTH COMMERCIAL AT}"),
)
"""What begins a formula (https://owasp.org/www-community/attacks/CSV_Injection, read 2026-11-23)."""


class ExportFormat(StrEnum):
    """How a download is written."""

    CSV = "csv"
    JSON = "json"


async def export(statistics: Statistics, form: ExportFormat) -> AsyncGenerator[str, None]:
    """The text, a row at a time: CSV as RFC 4180 has it, with a header, or one JSON array of objects."""
    pieces = _csv(statistics) if form is ExportFormat.CSV else _json(statistics)
    for piece in pieces:
        yield piece


def _csv(statistics: Statistics) -> Iterator[str]:
    yield _csv_line(FIELDS)
    for row in _rows(statistics):
        yield _csv_line([_cell(row.get(field)) for field in FIELDS])


def _csv_line(cells: "list[str] | tuple[str, ...]") -> str:
    line = io.StringIO()
    csv.writer(line, lineterminator="\r\n").writerow(cells)
    return line.getvalue()


def _cell(value: object) -> str:
    """A number or time as it is; a name behind an apostrophe where a spreadsheet would take it for a formula."""
    if value is None:
        return ""
    if isinstance(value, str) and value.startswith(_RISKY):
        return f"'{value}"
    return str(value) if not isinstance(value, Decimal) else f"{value:f}"


def _json(statistics: Statistics) -> Iterator[str]:
    opening = "["
    for row in _rows(statistics):
        yield opening + orjson.dumps({field: row.get(field) for field in FIELDS}, default=_in_json).decode()
        opening = ",\n"
    yield "]\n"


def _in_json(value: object) -> str:
    if isinstance(value, Decimal):
        return f"{value:f}"
    raise TypeError


def _rows(statistics: Statistics) -> Iterator[dict[str, Any]]:
    begins_at = statistics.begins_at.isoformat()
    yield {"section": "summary", "begins_at": begins_at} | _numbers(statistics.summary)
    for name, attempts in (statistics.provider_stats or {}).items():
        yield {"section": "provider", "name": name, "begins_at": begins_at} | _numbers(attempts)
    for name, attempts in (statistics.model_stats or {}).items():
        yield {"section": "model", "name": name, "begins_at": begins_at} | _numbers(attempts)
    for provider, fingerprint, attempts in statistics.key_stats or ():
        yield {"section": "key", "name": f"{provider}/{fingerprint}", "begins_at": begins_at} | _numbers(attempts)
    for name, errors in statistics.error_stats.items():
        row = {"section": "error", "name": name, "begins_at": begins_at}
        yield row | {"requests": errors.requests, "attempts": errors.attempts}
    for at, requests in statistics.series:
        yield {"section": "series", "begins_at": at.isoformat()} | _numbers(requests)


def _numbers(of: RequestStatistics | AttemptStatistics) -> dict[str, Any]:
    row: dict[str, Any] = {field: getattr(of, field) for field in FIELDS if hasattr(of, field)}
    if of.tokens is not None:
        row |= {f"{name}_tokens": count for name, count in of.tokens._asdict().items()}
    for name in _PERCENTILES:
        percentiles = getattr(of, f"{name}_ms", None)
        if percentiles is not None:
            row |= {f"{name}_{rank}_ms": value and round(value, 3) for rank, value in percentiles._asdict().items()}
    return row
