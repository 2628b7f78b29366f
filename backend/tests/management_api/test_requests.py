import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import combinations
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from sqlalchemy import event
from sqlalchemy import text as sql

from ai_engine.events import Ending
from ai_engine.names import Route, TokenCounts
from tests.client_api.refusals import refusal
from tests.fakes.gateway import Gateway, Provider, gateway_in_front_of, running_gateway
from tests.fakes.scripted_upstream import Answer, ScriptedUpstream, completion, error
from tests.ledger.builders import a_failed_attempt, a_request, an_attempt, random_records
from tests.management_api.stored_requests import database_of, store
from tests.patience import eventually

pytestmark = pytest.mark.anyio

NOW = datetime.now(UTC)
RECORDS = sorted(random_records(23, 240, over=timedelta(days=2), until=NOW), key=lambda record: record.received_at, reverse=True)
FIELDS = [
    *("id", "request_id", "received_at", "client", "client_name", "operation", "requested_model", "provider", "model"),
    *(
        "key_fingerprint",
        "stream",
        "status",
        "ending",
        "failure",
        "detail",
        "tokens",
        "tokens_estimated",
        "cost_usd",
        "absorbed_usd",
    ),
    *("price_version", "first_token_ms", "duration_ms", "upstream_ms", "overhead_ms", "attempts_count"),
]


def iso(at: datetime) -> str:
    return at.isoformat().replace("+00:00", "Z")


@pytest.fixture(scope="module")
async def gateway(anyio_backend: str) -> AsyncIterator[Gateway]:
    async with running_gateway({}) as gateway:
        await store(gateway, RECORDS)
        yield gateway


async def page(gateway: Gateway, **parameters: str | int) -> Any:
    answer = await gateway.http.get("/api/requests", params=parameters)
    assert answer.status_code == 200, answer.text
    assert answer.json().keys() == {"items", "next_cursor"}
    return answer.json()


async def ids(gateway: Gateway, **parameters: str | int) -> list[str]:
    """Those of every page, one after the other."""
    found: list[str] = []
    cursor = None
    while True:
        shown = await page(gateway, **parameters, **({"cursor": cursor} if cursor else {}))
        found += [item["id"] for item in shown["items"]]
        cursor = shown["next_cursor"]
        if cursor is None:
            return found


async def test_the_newest_come_first_fifty_at_once(gateway: Gateway) -> None:
    shown = await page(gateway)
    assert [item["id"] for item in shown["items"]] == [record.id for record in RECORDS[:50]]
    assert all(list(item) == FIELDS for item in shown["items"])


@pytest.mark.parametrize("limit", [11, 37, 200])
async def test_the_pages_together_have_each_request_once(gateway: Gateway, limit: int) -> None:
    expected = [record.id for record in RECORDS]
    assert await ids(gateway, limit=limit) == expected


@pytest.mark.parametrize(
    ("parameters", "is_wanted"),
    [
        ({"provider": "openai"}, lambda record: record.route is not None and record.route.provider == "openai"),
        ({"model": "llama"}, lambda record: record.route is not None and record.route.model == "llama"),
        ({"client": "key_2"}, lambda record: record.client == "key_2"),
        ({"ending": "rescued"}, lambda record: record.ending is Ending.RESCUED),
        ({"ending": "completed"}, lambda record: record.ending is Ending.COMPLETED),
        ({"status": "5xx"}, lambda record: record.status >= 500),
        ({"status": "4xx"}, lambda record: 400 <= record.status < 500),
        ({"status": "2xx"}, lambda record: record.status == 200),
        ({"failure": "incomplete_stream"}, lambda record: record.error_class == "incomplete_stream"),
        ({"from": iso(NOW - timedelta(days=1))}, lambda record: record.received_at >= NOW - timedelta(days=1)),
        ({"to": iso(NOW - timedelta(days=1))}, lambda record: record.received_at < NOW - timedelta(days=1)),
        (
            {"provider": "openai", "model": "o3", "client": "key_1", "status": "2xx"},
            lambda record: record.route == Route("openai", "o3") and record.client == "key_1" and record.status == 200,
        ),
    ],
)
async def test_filters_leave_those_that_were_asked_for(gateway: Gateway, parameters: dict[str, str], is_wanted: Any) -> None:
    expected = [record.id for record in RECORDS if is_wanted(record)]
    assert expected, "a filter that finds nothing shows nothing"
    assert await ids(gateway, limit=17, **parameters) == expected


async def test_one_request_is_shown_with_its_attempts_and_their_reasons(anyio_backend: str) -> None:
    limited = a_failed_attempt(1, started_ms=0.25, duration_ms=80.5)
    answered = an_attempt(
        2, reason="next_key", started_ms=81, duration_ms=420.5, first_token_ms=120.25, key_fingerprint="99887766"
    )
    record = a_request(
        received_at=NOW - timedelta(hours=1), is_stream=True, tokens_are_estimated=True, attempts=(limited, answered)
    )
    async with running_gateway({}) as gateway:
        await store(gateway, [record])
        shown = await gateway.get(f"/api/requests/{record.id}")

    assert list(shown) == [*FIELDS, "attempts"]
    assert datetime.fromisoformat(shown["received_at"]) == record.received_at
    assert (shown["stream"], shown["tokens_estimated"], shown["attempts_count"]) == (True, True, 2)
    assert shown["tokens"] == {"input": 10, "cached_input": 2, "cache_write": 0, "output": 5, "reasoning": 3}
    first, second = shown["attempts"]
    assert first == {
        "number": 1,
        "provider": "openai",
        "model": "gpt-4o",
        "key_fingerprint": "0a1b2c3d",
        "reason": "first_candidate",
        "started_ms": 0.25,
        "duration_ms": 80.5,
        "first_token_ms": None,
        "succeeded": False,
        "failure": "rate_limit",
        "detail": None,
        "blame": "key",
        "status": 429,
        "tokens": dict.fromkeys(shown["tokens"]),
        "tokens_estimated": False,
        "cost_usd": "0",
        "absorbed": False,
    }
    assert (second["reason"], second["key_fingerprint"], second["cost_usd"]) == ("next_key", "99887766", "0.000075")
    assert second["started_ms"] + second["first_token_ms"] <= shown["duration_ms"] + first["duration_ms"]


async def test_unknown_is_null_and_nothing_is_0(anyio_backend: str) -> None:
    unknown = a_request(received_at=NOW, tokens=TokenCounts(), cost_usd=None, absorbed_usd=None, route=None, attempts=())
    free = a_request(received_at=NOW, tokens=TokenCounts(0, 0, 0, 0, 0), cost_usd=Decimal(0))
    async with running_gateway({}) as gateway:
        await store(gateway, [unknown, free])
        of_unknown, of_free = [await gateway.get(f"/api/requests/{record.id}") for record in (unknown, free)]
    assert [of_unknown[name] for name in ("cost_usd", "absorbed_usd", "provider", "model")] == [None] * 4
    assert set(of_unknown["tokens"].values()) == {None}
    assert (of_free["cost_usd"], set(of_free["tokens"].values())) == ("0", {0})


async def test_a_request_that_failed_over_is_in_the_ledger_with_both_attempts(anyio_backend: str) -> None:
    async with ScriptedUpstream() as alpha, ScriptedUpstream() as beta:
        alpha.on("/chat/completions", Answer(error("Too many.", code="rate_limit_exceeded"), 429))
        beta.on("/chat/completions", Answer(completion("here", "tiny")))
        async with gateway_in_front_of(Provider("alpha", alpha.base_url), Provider("beta", beta.base_url)) as gateway:
            reply = await gateway.chat("tiny")
            assert reply.status == 200
            items = (await eventually(lambda: page(gateway), until=lambda found: bool(found["items"])))["items"]
            shown = await gateway.get(f"/api/requests/{items[0]['id']}")
    assert shown["request_id"] == reply.headers["x-request-id"]
    assert (shown["provider"], shown["status"], shown["ending"], shown["attempts_count"]) == ("beta", 200, "completed", 2)
    assert [(attempt["provider"], attempt["succeeded"], attempt["reason"]) for attempt in shown["attempts"]] == [
        ("alpha", False, "first_candidate"),
        ("beta", True, "next_candidate"),
    ]
    assert 0 <= shown["attempts"][0]["started_ms"] < shown["attempts"][1]["started_ms"] < shown["duration_ms"]


async def test_an_unknown_request_is_a_404(gateway: Gateway) -> None:
    for request_id in ("0" * 32, "x", RECORDS[0].id.upper(), RECORDS[0].request_id, "%00", "a" * 5000, RECORDS[0].id + "%0A"):
        refusal(await gateway.http.get(f"/api/requests/{request_id}"), 404, param="id", code="not_found")


@pytest.mark.parametrize(
    ("query", "param"),
    [
        ("limit=0", "limit"),
        ("limit=-1", "limit"),
        ("limit=201", "limit"),
        ("limit=1.5", "limit"),
        ("limit=" + "9" * 5000, "limit"),
        ("limit=many", "limit"),
        ("limit=", "limit"),
        ("cursor=", "cursor"),
        ("cursor=eyJpZCI6MX0", "cursor"),
        ("cursor=" + "A" * 5000, "cursor"),
        ("cursor=%00", "cursor"),
        ("cursor=cmVxdWVzdHM6MTIuMGY", "cursor"),  # requests:12.0f
        ("cursor=YXVkaXQ6NDI", "cursor"),  # audit:42
        ("ending=happily", "ending"),
        ("status=200", "status"),
        ("status=6xx", "status"),
        ("failure=Rate%20limit", "failure"),
        ("failure=", "failure"),
        ("provider=unknown", "provider"),
        ("provider=*", "provider"),
        ("model=nothing", "model"),
        ("client=unknown", "client"),
        ("client=a%00", "client"),
        ("provider=unknown&ending=error&status=5xx", "provider"),
        ("from=now", "from"),
        ("from=2026-11-23T12:00:00", "from"),
        ("to=9999-12-31T23:59:59Z", "to"),
        ("to=0001-01-01T00:00:00Z", "to"),
        ("from=2026-11-24T00:00:00Z&to=2026-11-23T00:00:00Z", "from"),
        ("offset=50", "offset"),
        ("bucket=hour", "bucket"),
    ],
)
async def test_what_cannot_be_asked_is_refused_by_name(gateway: Gateway, query: str, param: str) -> None:
    refusal(await gateway.http.get(f"/api/requests?{query}"), 400, param=param)


async def test_a_known_name_with_nothing_to_show_is_an_empty_page(gateway: Gateway) -> None:
    for parameters in ({"provider": "anthropic"}, {"provider": "groq", "model": "o3"}, {"from": "2999-01-01T00:00:00Z"}):
        assert await page(gateway, **parameters) == {"items": [], "next_cursor": None}


async def test_without_its_database_it_is_a_503_that_says_so(anyio_backend: str) -> None:
    async with running_gateway({}) as gateway:
        async with database_of(gateway).engine.begin() as connection:
            await connection.execute(sql("DROP TABLE requests"))
        for path in ("/api/requests", f"/api/requests/{'0' * 32}"):
            answer = await gateway.http.get(path)
            assert (answer.status_code, answer.json()["error"]["code"]) == (503, "database_unavailable")


async def test_no_question_is_answered_by_reading_the_whole_ledger(gateway: Gateway) -> None:
    """Whatever the filters, an index serves them in the order of the page: no table is read whole, and nothing is sorted."""
    asked = {
        "provider": "openai",
        "model": "o3",
        "client": "key_1",
        "ending": "error",
        "status": "5xx",
        "failure": "incomplete_stream",
        "from": "2026-11-20T00:00:00Z",
    }
    engine, statements = database_of(gateway).engine, set[tuple[str, tuple[Any, ...]]]()

    def listen(_connection: object, _cursor: object, statement: str, parameters: tuple[Any, ...], *_: object) -> None:
        if "FROM requests" in statement:
            statements.add((statement, parameters))

    event.listen(engine.sync_engine, "before_cursor_execute", listen)
    for count in range(len(asked) + 1):
        for names in combinations(asked, count):
            await page(gateway, **{name: asked[name] for name in names})
    event.remove(engine.sync_engine, "before_cursor_execute", listen)

    assert len(statements) > 100
    async with engine.connect() as connection:
        for statement, parameters in statements:
            plan = await connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
            for step in plan:
                assert "INDEX" in step.detail, (statement, step.detail)
                assert "TEMP B-TREE" not in step.detail, (statement, step.detail)


texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
queries = st.fixed_dictionaries(
    {},
    optional={
        "from": st.datetimes().map(lambda at: f"{at.isoformat()}Z") | texts,
        "to": st.datetimes().map(lambda at: f"{at.isoformat()}+14:00") | texts,
        "provider": st.sampled_from(["openai", "sandbox"]) | texts,
        "model": st.sampled_from(["o3", "gpt-4o"]) | texts,
        "client": st.sampled_from(["key_1"]) | texts,
        "ending": st.sampled_from([*Ending]) | texts,
        "status": st.sampled_from(["2xx", "4xx", "5xx"]) | texts,
        "failure": st.sampled_from(["incomplete_stream", "rate_limit"]) | texts,
        "limit": st.integers().map(str) | texts,
        "cursor": st.binary(max_size=60).map(lambda raw: raw.hex()) | texts,
        "x": texts,
    },
)


@settings(max_examples=120, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(query=queries)
@example(query={"cursor": "cmVxdWVzdHM6OTk5OTk5OTk5OTk5OTk5OTk5LjAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAw"})
async def test_any_question_is_answered_or_refused_by_a_parameters_name(gateway: Gateway, query: dict[str, str]) -> None:
    answer = await gateway.http.get("/api/requests", params=query)
    if answer.status_code == 200:
        assert all(item["id"] for item in json.loads(answer.text)["items"])
    else:
        param = answer.json()["error"]["param"]
        assert param in query, answer.text
        refusal(answer, 400, param=param)


@given(path=st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=40))
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_any_id_is_a_404(gateway: Gateway, path: str) -> None:
    answer = await gateway.http.get(f"/api/requests/{quote(path, safe='')}")
    assert answer.status_code in (200, 404) if set(path) <= {".", "/"} else answer.status_code == 404
