import csv
import io
import json
from datetime import timedelta

import pytest

from ai_engine.management_api.views.export import FIELDS, ExportFormat, export
from ai_engine.management_api.views.statistics import StatisticsView, statistics_view
from tests.ledger.builders import NOON
from tests.ledger.test_statistics import statistics

pytestmark = pytest.mark.anyio


async def exported(found: StatisticsView, form: ExportFormat) -> str:
    return "".join([piece async for piece in export(found, form)])


@pytest.fixture
async def found() -> StatisticsView:
    return await statistics_view(await statistics().statistics(NOON - timedelta(days=3), NOON))


async def test_csv_and_json_tell_the_same_rows(found: StatisticsView) -> None:
    rows = list(csv.DictReader(io.StringIO(await exported(found, ExportFormat.CSV), newline="")))
    objects = json.loads(await exported(found, ExportFormat.JSON))

    assert [{name: "" if value is None else str(value) for name, value in row.items()} for row in objects] == rows
    assert rows[0]["section"] == "summary"
    assert int(rows[0]["requests"]) == found.summary.requests
    assert rows[0]["cost_usd"] == f"{found.summary.cost_usd:f}"
    assert {row["section"] for row in rows} == {"summary", "provider", "model", "key", "error", "series"}


async def test_csv_is_as_rfc_4180_has_it(found: StatisticsView) -> None:
    lines = (await exported(found, ExportFormat.CSV)).split("\r\n")

    assert lines[0] == ",".join(FIELDS)
    assert lines[-1] == ""
    assert not any("\n" in line for line in lines)


@pytest.mark.parametrize("name", ['=HYPERLINK("http://evil")', "+1", "-1", "@sum", "\tx", "\rx", "\nx", "\uff1d1"])
async def test_a_name_that_a_spreadsheet_would_run_is_text(found: StatisticsView, name: str) -> None:
    assert found.model_stats is not None
    named = found.model_copy(update={"model_stats": {name: next(iter(found.model_stats.values()))}})

    rows = list(csv.DictReader(io.StringIO(await exported(named, ExportFormat.CSV), newline="")))

    assert [row["name"] for row in rows if row["section"] == "model"] == [f"'{name}"]


async def test_an_export_that_is_abandoned_ends_there(found: StatisticsView) -> None:
    pieces = export(found, ExportFormat.CSV)

    assert (await anext(pieces)).startswith("section,")
    await pieces.aclose()
    assert [piece async for piece in pieces] == []
