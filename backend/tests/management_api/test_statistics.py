import asyncio
import csv
import io
import json
import socket
from collections import Counter
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from sqlalchemy import text as sql
from sqlalchemy.pool import QueuePool

from ai_engine.access.repository import AccessKeyRepository
from ai_engine.clock import SystemClock
from ai_engine.events import Ending, RequestFinished
from ai_engine.management_api.views.export import ExportRow
from ai_engine.names import Role, Route, TokenCounts
from tests.client_api.refusals import refusal
from tests.fakes.gateway import Gateway, running_gateway
from tests.ledger.builders import a_failed_attempt, a_request, an_attempt, random_records
from tests.management_api.stored_requests import database_of, store
from tests.patience import eventually

pytestmark = pytest.mark.anyio

NOW = datetime.now(UTC)
BEGIN, END = NOW - timedelta(minutes=990), NOW
RECORDS = random_records(11, 1200, over=END - BEGIN, until=END)
OLD = a_request(received_at=NOW - timedelta(days=40), client="key_old")
ROUTES = ["/api/statistics", "/api/statistics/export"]


def iso(at: datetime) -> str:
    return at.isoformat().replace("+00:00", "Z")


def whole(**more: str) -> dict[str, str]:
    """The question for exactly the minutes of the stored requests."""
    return {"from": iso(BEGIN), "to": iso(END), "bucket": "minute", **more}


@pytest.fixture(scope="module")
async def gateway(anyio_backend: str) -> AsyncIterator[Gateway]:
    async with running_gateway({}) as gateway:
        for first in range(0, len(RECORDS), 300):
            await store(gateway, RECORDS[first : first + 300])
        await store(gateway, [OLD])
        yield gateway


async def asked(gateway: Gateway, **parameters: str) -> Any:
    answer = await gateway.http.get("/api/statistics", params=parameters)
    assert answer.status_code == 200, answer.text
    return answer.json()


def spent(records: list[RequestFinished]) -> Decimal:
    return sum((record.cost_usd or Decimal(0) for record in records), Decimal(0))


async def test_it_says_what_the_requests_add_up_to(gateway: Gateway) -> None:
    found = await asked(gateway, **whole())

    assert list(found) == [
        *("begins_at", "ends_at", "bucket", "bucket_seconds"),
        *("summary", "provider_stats", "model_stats", "key_stats", "error_stats", "series"),
    ]
    summary = found["summary"]
    assert summary["requests"] == len(RECORDS)
    endings = ("completed", "rescued", "client_cancelled", "upstream_cut", "client_errors", "failed")
    assert sum(summary[ending] for ending in endings) == len(RECORDS)
    assert summary["attempts"] == sum(len(record.attempts) for record in RECORDS)
    assert Decimal(summary["cost_usd"]) == spent(RECORDS)
    assert summary["unpriced"] == sum(record.cost_usd is None for record in RECORDS)
    assert summary["estimated_usage"] == sum(record.tokens_are_estimated for record in RECORDS)
    assert summary["tokens"]["cached_input"] == sum(record.tokens.cached_input or 0 for record in RECORDS)
    for name in ("latency_ms", "first_token_ms", "overhead_ms"):
        assert 0 < summary[name]["p50"] <= summary[name]["p95"] <= summary[name]["p99"]


async def test_attempts_are_summed_by_provider_model_key_and_class_of_failure(gateway: Gateway) -> None:
    found = await asked(gateway, **whole())

    attempts = [attempt for record in RECORDS for attempt in record.attempts]
    by_provider = {name: of["attempts"] for name, of in found["provider_stats"].items()}
    assert by_provider == Counter(attempt.route.provider for attempt in attempts)
    assert found["model_stats"].keys() == {attempt.route.model for attempt in attempts}
    assert {(of["provider"], of["key_fingerprint"]) for of in found["key_stats"]} == {
        (attempt.route.provider, attempt.key_fingerprint) for attempt in attempts
    }
    assert found["error_stats"]["rate_limit"] == {
        "attempts": sum(attempt.failure == "rate_limit" for attempt in attempts),
        "requests": sum(record.error_class == "rate_limit" for record in RECORDS),
    }


async def test_the_series_is_in_order_of_time_and_adds_up_to_the_summary(gateway: Gateway) -> None:
    found = await asked(gateway, **whole())

    times = [datetime.fromisoformat(point["begins_at"]) for point in found["series"]]
    assert (found["bucket"], found["bucket_seconds"]) == ("minute", 60)
    assert times == sorted(set(times))
    assert BEGIN - timedelta(minutes=1) <= times[0]
    assert times[-1] <= END
    assert sum(point["requests"] for point in found["series"]) == found["summary"]["requests"]
    assert sum(Decimal(point["cost_usd"] or 0) for point in found["series"]) == spent(RECORDS)


async def test_without_parameters_it_tells_the_last_day_by_the_hour(gateway: Gateway) -> None:
    found = await asked(gateway)

    begins_at, ends_at = (datetime.fromisoformat(found[name]) for name in ("begins_at", "ends_at"))
    assert found["bucket"] == "hour"
    assert ends_at - begins_at == timedelta(hours=25), "24 hours, and the rest of the hours at both edges"
    assert found["summary"]["requests"] == len(RECORDS)


async def test_a_provider_a_model_and_a_client_are_filters(gateway: Gateway) -> None:
    def to(provider: str, model: str) -> list[RequestFinished]:
        return [record for record in RECORDS if record.route == Route(provider, model)]

    of_route = await asked(gateway, **whole(provider="openai", model="o3"))
    of_client = await asked(gateway, **whole(client="key_2"))

    assert of_route["summary"]["requests"] == len(to("openai", "o3")) > 0
    assert of_route["provider_stats"].keys() == {"openai"}
    assert of_route["model_stats"].keys() == {"o3"}
    assert of_client["summary"]["requests"] == sum(record.client == "key_2" for record in RECORDS) > 0


async def test_unknown_is_null_and_nothing_is_0(anyio_backend: str) -> None:
    nothing_known = a_request(
        received_at=NOW, tokens=TokenCounts(), cost_usd=None, attempts=(an_attempt(tokens=TokenCounts(), cost_usd=None),)
    )
    async with running_gateway({}) as gateway:
        empty = (await asked(gateway))["summary"]
        await store(gateway, [nothing_known])
        unknown = await asked(gateway)

    assert (empty["requests"], empty["cost_usd"], empty["success_rate"]) == (0, "0", None)
    assert empty["tokens"] == dict.fromkeys(empty["tokens"], 0)
    assert empty["latency_ms"] == {"p50": None, "p95": None, "p99": None}
    assert unknown["provider_stats"]["openai"]["cost_usd"] is None
    assert (unknown["summary"]["tokens"], unknown["summary"]["cost_usd"], unknown["summary"]["unpriced"]) == (None, None, 1)


async def test_money_is_exact(anyio_backend: str) -> None:
    """Each of them is more digits than a number in JSON would keep."""
    costs = (Decimal("123456.789012345678"), Decimal("0.000000000001"), Decimal(100000))
    async with running_gateway({}) as gateway:
        await store(gateway, [a_request(received_at=NOW, cost_usd=cost) for cost in costs])
        assert (await asked(gateway))["summary"]["cost_usd"] == "223456.789012345679"


@pytest.mark.parametrize("route", ROUTES)
@pytest.mark.parametrize(
    ("query", "param"),
    [
        ("provider=unknown", "provider"),
        ("provider=*", "provider"),
        ("provider=", "provider"),
        ("provider=a%00b", "provider"),
        ("provider=" + "a" * 257, "provider"),
        ("model=nothing", "model"),
        ("model=*", "model"),
        ("client=unknown", "client"),
        ("client=*", "client"),
        ("bucket=week", "bucket"),
        ("bucket=", "bucket"),
        ("from=yesterday", "from"),
        ("from=1700000000", "from"),
        ("from=2026-11-23", "from"),
        ("from=2026-11-23T12:00:00", "from"),
        ("to=2026-11-23T12:00:00", "to"),
        ("from=2026-11-23T12:00:00+01:00", "from"),
        ("from=2026-02-30T12:00:00Z", "from"),
        ("from=2016-12-31T23:59:60Z", "from"),
        ("from=0001-01-01T00:00:00%2B14:00", "from"),
        ("to=9999-12-31T23:59:59-14:00", "to"),
        ("to=3000-01-01T00:00:00Z", "to"),
        ("from=99999999999999999999999999", "from"),
        ("from=" + "9" * 6000, "from"),
        ("from=\uff12026-11-23T12:00:00Z", "from"),
        ("from=2026-11-23T12:00:00Z&to=2026-11-23T12:00:00Z", "from"),
        ("from=2026-11-24T12:00:00Z&to=2026-11-23T12:00:00Z", "from"),
        ("from=2999-01-01T00:00:00Z", "from"),
        ("from=1970-01-01T00:00:00Z", "from"),
        ("from=2026-01-01T00:00:00Z&to=2026-03-01T00:00:00Z&bucket=hour", "bucket"),
        ("from=2020-01-01T00:00:00Z&to=2020-01-01T01:00:00Z&bucket=minute", "bucket"),
        ("limit=5", "limit"),
        ("group_by=day", "group_by"),
        ("From=2026-11-23T12:00:00Z", "From"),
    ],
)
async def test_what_cannot_be_asked_is_refused_by_name(gateway: Gateway, route: str, query: str, param: str) -> None:
    refusal(await gateway.http.get(f"{route}?{query}"), 400, param=param)


async def test_an_unknown_parameter_is_called_unknown(gateway: Gateway) -> None:
    answer = await gateway.http.get("/api/statistics?group_by=day")
    assert refusal(answer, 400, param="group_by")["message"] == "Unknown field group_by; see /docs."


async def test_a_download_has_one_of_the_two_formats(gateway: Gateway) -> None:
    refusal(await gateway.http.get("/api/statistics/export?format=xlsx"), 400, param="format")
    refusal(await gateway.http.get("/api/statistics?format=csv"), 400, param="format")


async def test_a_name_that_is_known_but_did_nothing_has_nothing_to_show(gateway: Gateway) -> None:
    """Configured (`anthropic`, `sandbox`), or in the ledger at another time (`key_old`)."""
    for parameter, name in (("provider", "anthropic"), ("provider", "sandbox"), ("client", "key_old")):
        assert (await asked(gateway, **{parameter: name}))["summary"]["requests"] == 0
    of_then = await asked(gateway, client="key_old", **{"from": iso(OLD.received_at), "to": iso(NOW)})
    assert of_then["summary"]["requests"] == 1


async def test_a_client_key_that_was_issued_and_never_used_is_known(anyio_backend: str) -> None:
    async with running_gateway({}) as gateway:
        key = await AccessKeyRepository(database_of(gateway), SystemClock()).add("shop", Role.CLIENT, "0" * 64)
        assert (await asked(gateway, client=key.id))["summary"]["requests"] == 0


async def test_the_csv_and_the_json_download_tell_what_the_page_tells(gateway: Gateway) -> None:
    shown = await asked(gateway, **whole())
    as_csv = await gateway.http.get("/api/statistics/export", params=whole(format="csv"))
    as_json = await gateway.http.get("/api/statistics/export", params=whole(format="json"))

    rows = list(csv.DictReader(io.StringIO(as_csv.text, newline="")))
    objects = as_json.json()
    assert [{name: "" if value is None else str(value) for name, value in row.items()} for row in objects] == rows
    summary = objects[0]
    assert tuple(summary) == tuple(ExportRow.model_fields)
    assert (summary["requests"], summary["cost_usd"]) == (shown["summary"]["requests"], shown["summary"]["cost_usd"])
    assert summary["latency_p95_ms"] == shown["summary"]["latency_ms"]["p95"]
    assert {row["name"]: row["attempts"] for row in objects if row["section"] == "provider"} == {
        name: of["attempts"] for name, of in shown["provider_stats"].items()
    }
    assert sum(row["section"] == "series" for row in objects) == len(shown["series"])


async def test_a_download_is_a_file_with_a_name(gateway: Gateway) -> None:
    for form, kind in (("csv", "text/csv; charset=utf-8; header=present"), ("json", "application/json")):
        headers = (await gateway.http.get("/api/statistics/export", params={"format": form})).headers
        assert headers["content-type"] == kind
        assert headers["content-disposition"].startswith('attachment; filename="ai-engine-statistics-')
        assert headers["content-disposition"].endswith(f'.{form}"')
        assert headers["transfer-encoding"] == "chunked"


async def test_a_model_whose_name_is_a_formula_is_text_in_the_download(anyio_backend: str) -> None:
    evil = Route("openai", '=HYPERLINK("http://example.invalid")')
    async with running_gateway({}) as gateway:
        await store(gateway, [a_request(received_at=NOW, route=evil, attempts=(an_attempt(route=evil),))])
        text = (await gateway.http.get("/api/statistics/export")).text
    assert f"\"'{evil.model}".replace('("', '(""').replace('")', '"")') in text


async def test_a_download_that_is_abandoned_leaves_nothing_open(gateway: Gateway) -> None:
    pool = database_of(gateway).engine.pool
    assert isinstance(pool, QueuePool)
    for _ in range(5):
        with socket.socket() as abandoning:
            abandoning.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
            abandoning.setblocking(False)
            loop = asyncio.get_running_loop()
            await loop.sock_connect(abandoning, ("127.0.0.1", gateway.port))
            query = "&".join(f"{name}={value}" for name, value in whole(format="json").items())
            head = f"GET /api/statistics/export?{query} HTTP/1.1\r\nhost: 127.0.0.1:{gateway.port}\r\n\r\n"
            await loop.sock_sendall(abandoning, head.encode())
            assert (await loop.sock_recv(abandoning, 100)).startswith(b"HTTP/1.1 200")

    assert (await gateway.http.get("/api/statistics/export", params=whole())).status_code == 200
    # The gateway itself reads in the background; what is abandoned would stay.
    await eventually(lambda: pool.checkedout() == 0)


async def test_without_its_database_it_is_a_503_that_says_so(anyio_backend: str) -> None:
    async with running_gateway({}) as gateway:
        async with database_of(gateway).engine.begin() as connection:
            await connection.execute(sql("DROP TABLE request_rollups"))
        for route in ROUTES:
            answer = await gateway.http.get(route)
            assert answer.status_code == 503
            assert answer.json()["error"]["code"] == "database_unavailable"
            assert int(answer.headers["retry-after"]) >= 1


async def test_the_first_request_is_counted_soon_after_it_was_answered(anyio_backend: str) -> None:
    async with running_gateway({}) as gateway:
        assert (await gateway.chat("gpt-4o")).status == 200
        found = await eventually(lambda: asked(gateway), until=lambda found: found["summary"]["requests"] > 0)
    assert found["provider_stats"].keys() == {"sandbox"}
    assert found["summary"]["success_rate"] == 1.0


def test_the_random_requests_try_every_ending() -> None:
    assert {record.ending for record in RECORDS} == set(Ending)
    assert any(not attempt.succeeded for record in RECORDS for attempt in record.attempts)
    assert a_failed_attempt().failure == "rate_limit"


texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
recently = NOW.replace(tzinfo=None)
moments = st.datetimes() | st.datetimes(recently - timedelta(days=3), recently)
zones = st.sampled_from(["Z", "+00:00", "+14:00", "-12:00", "+23:59", "+24:00", "z", ""])
times = (
    st.builds(
        lambda at, zone: f"{at.isoformat()}{zone}", st.datetimes() | st.datetimes(recently - timedelta(days=3), recently), zones
    )
    | st.from_regex(r"\A[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,9})?Z\Z")
    | texts
)
names = st.sampled_from(["openai", "o3", "gpt-4o", "key_1", "sandbox"]) | texts
buckets = st.sampled_from(["auto", "minute", "hour", "day"]) | texts
queries = st.fixed_dictionaries(
    {},
    optional={
        "from": times,
        "to": times,
        "bucket": buckets,
        "provider": names,
        "model": names,
        "client": names,
        "format": st.sampled_from(["csv", "json", "xml"]),
        "x": texts,
    },
)


@settings(max_examples=120, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(route=st.sampled_from(ROUTES), query=queries)
@example(route="/api/statistics", query={"to": "2999-12-31T23:59:59Z", "from": "2999-12-31T00:00:00Z"})
@example(route="/api/statistics", query={"to": "1970-01-01T00:00:00+23:59"})
@example(route="/api/statistics/export", query={"from": "2026-11-23T00:00:00.123456789Z", "to": "2026-11-23T00:00:01Z"})
async def test_any_question_is_answered_or_refused_by_a_parameters_name(
    gateway: Gateway, route: str, query: dict[str, str]
) -> None:
    answer = await gateway.http.get(route, params=query)
    if answer.status_code == 200:
        if answer.headers["content-type"] == "application/json":
            assert json.loads(answer.text)
    else:
        param = answer.json()["error"]["param"]
        assert param in query or (param == "from" and "to" in query), answer.text
        refusal(answer, 400, param=param)


async def test_every_provider_has_its_recent_history_in_one_answer(gateway: Gateway) -> None:
    answer = await gateway.http.get("/api/statistics/providers", params={"bucket": "hour", "points": "24"})
    found = answer.json()

    assert answer.status_code == 200, answer.text
    assert (found["bucket"], found["bucket_seconds"]) == ("hour", 3600)
    asked_at = Counter(attempt.route.provider for record in RECORDS for attempt in record.attempts)
    assert {name: sum(point["attempts"] for point in points) for name, points in found["providers"].items()} == asked_at
    assert all(
        found["begins_at"] <= point["begins_at"] < found["ends_at"] and point["successes"] + point["failed"] <= point["attempts"]
        for points in found["providers"].values()
        for point in points
    )


@pytest.mark.parametrize(("name", "value"), [("points", "0"), ("points", "169"), ("bucket", "day"), ("provider", "openai")])
async def test_an_invalid_history_query_is_refused_by_its_parameter(gateway: Gateway, name: str, value: str) -> None:
    answer = await gateway.http.get("/api/statistics/providers", params={name: value})

    refusal(answer, 400, param=name)
