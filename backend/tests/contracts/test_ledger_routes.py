"""The routes over the ledger: one suite, every database."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest

from tests.client_api.refusals import refusal
from tests.fakes.gateway import Gateway, running_gateway
from tests.ledger.builders import random_records
from tests.management_api.stored_requests import store

pytestmark = pytest.mark.anyio

NOW = datetime.now(UTC)
RECORDS = random_records(31, 200, over=timedelta(hours=20), until=NOW)


@pytest.fixture
async def gateway(database_url: str) -> AsyncIterator[Gateway]:
    async with running_gateway({"AI_ENGINE_DATABASE_URL": database_url}) as gateway:
        await store(gateway, RECORDS)
        yield gateway


async def test_statistics_requests_and_a_request_are_told(gateway: Gateway) -> None:
    summary = (await gateway.get("/api/statistics"))["summary"]
    assert summary["requests"] == len(RECORDS)
    assert (await gateway.get("/api/statistics?provider=openai&model=o3"))["provider_stats"].keys() == {"openai"}

    newest_first = sorted(RECORDS, key=lambda record: record.received_at, reverse=True)
    first = await gateway.get("/api/requests?limit=120")
    rest = await gateway.get(f"/api/requests?limit=120&cursor={first['next_cursor']}")
    assert [item["id"] for item in first["items"] + rest["items"]] == [record.id for record in newest_first]
    assert rest["next_cursor"] is None

    one = newest_first[0]
    shown = await gateway.get(f"/api/requests/{one.id}")
    assert datetime.fromisoformat(shown["received_at"]) == one.received_at
    assert [attempt["number"] for attempt in shown["attempts"]] == [attempt.number for attempt in one.attempts]


@pytest.mark.parametrize(
    ("query", "param"),
    [
        ("provider=a%00b", "provider"),
        ("model=%00", "model"),
        ("client=%00", "client"),
        ("provider=%F0%9F%A6%8A%ED%A0%80", "provider"),
        ("model=' OR 1=1 --", "model"),
        ("model=%25", "model"),
        ("client=" + "k" * 256, "client"),
        ("from=2999-12-31T23:59:59Z&to=2999-12-31T23:59:59Z", "from"),
    ],
)
async def test_odd_names_and_times_are_refused_by_every_database(gateway: Gateway, query: str, param: str) -> None:
    for route in ("/api/statistics", "/api/statistics/export", "/api/requests"):
        refusal(await gateway.http.get(f"{route}?{query}"), 400, param=param)


async def test_the_edges_of_time_are_answered(gateway: Gateway) -> None:
    for query in ("from=2999-12-31T00:00:00Z&to=2999-12-31T23:59:59.999999Z", "to=1970-01-01T00:00:00%2B23:59"):
        assert (await gateway.get(f"/api/statistics?{query}&bucket=day"))["summary"]["requests"] == 0
        assert (await gateway.get(f"/api/requests?{query}"))["items"] == []
