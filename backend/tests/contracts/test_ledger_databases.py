"""The ledger's repository: one suite, every database."""

import asyncio
import random
from collections import Counter
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, func, select

from ai_engine.database import Database, migrate, open_database
from ai_engine.database.schema import attempt_rollups, attempts, metadata, request_rollups, requests
from ai_engine.events import Ending, RequestFinished
from ai_engine.ledger.lines import Entry
from ai_engine.ledger.money import LARGEST_USD, usd
from ai_engine.ledger.repository import ROWS_SCANNED, SqlLedger
from ai_engine.ledger.retention import Retention
from ai_engine.ledger.rollups import DAY, HOUR, LARGEST_SUM, MINUTE, attempt_totals, request_totals
from ai_engine.ledger.statistics import Bucket, LedgerStatistics, RollupRetention, Statistics
from ai_engine.ledger.store import EntriesRefused, Position, RequestFilter, StoreUnavailable
from tests.fakes.clock import HandTurnedClock
from tests.ledger.builders import NOON, a_failed_attempt, a_request, an_attempt, entries_of, entry_of, random_records

pytestmark = pytest.mark.anyio


async def stored_rollups(database: Database) -> tuple[dict[tuple[object, ...], tuple[object, ...]], ...]:
    async with database.engine.connect() as connection:
        return tuple(
            [
                {tuple(row[:5]): tuple(row[5:]) for row in await connection.execute(select(table))}
                for table in (request_rollups, attempt_rollups)
            ]
        )


def recounted(entries: list[Entry]) -> tuple[dict[tuple[object, ...], tuple[object, ...]], ...]:
    return tuple(
        {tuple(group): of.columns() for group, of in totals.items()}
        for totals in (request_totals(entries), attempt_totals(entries))
    )


async def count(database: Database) -> tuple[int, int]:
    """Rows of requests and of attempts."""
    async with database.engine.connect() as connection:
        counted = [await connection.scalar(select(func.count()).select_from(table)) for table in (requests, attempts)]
    return counted[0] or 0, counted[1] or 0


async def test_the_migrations_and_the_schema_describe_the_same_tables(database: Database) -> None:
    def differences(connection: Connection) -> list[object]:
        return list(compare_metadata(MigrationContext.configure(connection, opts={"compare_server_default": True}), metadata))

    async with database.engine.connect() as connection:
        assert await connection.run_sync(differences) == []


async def test_a_request_comes_back_with_its_attempts_exactly(database: Database) -> None:
    ledger = SqlLedger(database)
    record = a_request(
        attempts=(a_failed_attempt(1), an_attempt(2, reason="next_key", cost_usd=Decimal("0.000000000001"))),
        cost_usd=Decimal("123456.789012345678"),
        absorbed_usd=None,
        requested_model="naïve \0 模型",
    )

    await ledger.store(entries_of([record]))

    assert await ledger.request(record.id) == record._replace(requested_model="naïve \N{REPLACEMENT CHARACTER} 模型")
    assert await ledger.request("0" * 32) is None


@pytest.mark.parametrize("seed", range(3))
async def test_rollups_equal_a_recount_of_the_rows_however_they_came(database: Database, seed: int) -> None:
    ledger, chance = SqlLedger(database), random.Random(seed)
    entries = entries_of(random_records(seed, 120))
    rest = list(entries)
    while rest:
        size = chance.randrange(1, 40)
        await ledger.store(rest[:size])
        rest = rest[size:]

    assert await stored_rollups(database) == recounted(entries)
    assert await count(database) == (120, sum(len(entry.attempts) for entry in entries))


async def test_what_is_stored_again_changes_nothing_and_what_is_new_beside_it_is_added(database: Database) -> None:
    ledger = SqlLedger(database)
    entries = entries_of(random_records(5, 60))

    await ledger.store(entries[:30])
    await ledger.store(entries[:30])
    await ledger.store([*entries[20:], *entries[20:]])
    await ledger.store(entries)

    assert await stored_rollups(database) == recounted(entries)
    assert (await count(database))[0] == 60


async def test_two_that_store_at_once_lose_and_double_nothing(database_url: str) -> None:
    entries = entries_of(random_records(6, 200, over=timedelta(minutes=2)))
    databases = [await open_database(database_url) for _ in range(3)]
    ledgers = [SqlLedger(database) for database in databases]

    async def store(ledger: SqlLedger, mine: list[Entry]) -> None:
        for at in range(0, len(mine), 10):
            await ledger.store(mine[at : at + 10])

    overlapping = [entries[:90], entries[60:150], entries[120:]]
    await asyncio.gather(*(store(ledger, mine) for ledger, mine in zip(ledgers, overlapping, strict=True)))

    assert await stored_rollups(databases[0]) == recounted(entries)
    assert (await count(databases[0]))[0] == 200
    for database in databases:
        await database.close()


async def test_a_value_that_no_column_holds_is_refused_and_nothing_of_its_batch_is_stored(database: Database) -> None:
    ledger = SqlLedger(database)
    good, bad = entries_of([a_request(), a_request()])
    poisoned = Entry(bad.request._replace(status=2**70), bad.attempts)

    with pytest.raises(EntriesRefused):
        await ledger.store([good, poisoned])

    assert await count(database) == (0, 0)
    assert await stored_rollups(database) == ({}, {})


async def test_the_dearest_bills_fill_a_sum_up_and_keep_no_request_out(database: Database) -> None:
    ledger = SqlLedger(database)
    dearest = Decimal(LARGEST_USD)
    for _ in range(3):
        await ledger.store([entry_of(a_request(cost_usd=dearest, attempts=(an_attempt(cost_usd=dearest),)))])

    assert await count(database) == (3, 3)
    for rollups in await stored_rollups(database):
        assert all(LARGEST_SUM in columns for columns in rollups.values())


async def test_a_database_that_is_not_there_is_unavailable(tmp_path: Path) -> None:
    nobody = await open_database("postgresql://nobody@127.0.0.1:1/nothing")
    with pytest.raises(StoreUnavailable):
        await SqlLedger(nobody).store(entries_of([a_request()]))
    await nobody.close()


async def test_a_table_that_is_gone_makes_the_store_unavailable_and_the_same_batch_goes_in_once_it_is_back(
    database: Database,
) -> None:
    ledger, entries = SqlLedger(database), entries_of(random_records(8, 10))
    async with database.engine.begin() as connection:
        await connection.exec_driver_sql("ALTER TABLE attempt_rollups RENAME TO hidden")

    with pytest.raises(StoreUnavailable):
        await ledger.store(entries)
    assert await count(database) == (0, 0)

    async with database.engine.begin() as connection:
        await connection.exec_driver_sql("ALTER TABLE hidden RENAME TO attempt_rollups")
    await ledger.store(entries)
    assert await stored_rollups(database) == recounted(entries)


FILTERS = [
    RequestFilter(),
    RequestFilter(provider="openai"),
    RequestFilter(model="o3", provider="openai"),
    RequestFilter(client="key_1"),
    RequestFilter(client="key_2", provider="groq", ending=Ending.RESCUED),
    RequestFilter(ending=Ending.COMPLETED),
    RequestFilter(ending=Ending.UPSTREAM_CUT),
    RequestFilter(status_class=4),
    RequestFilter(status_class=2, model="llama"),
    RequestFilter(failure="incomplete_stream"),
    RequestFilter(provider="nobody"),
    RequestFilter(begins_at=NOON - timedelta(days=2), ends_at=NOON - timedelta(days=1)),
    RequestFilter(client="key_1", begins_at=NOON - timedelta(hours=30), failure="rate_limit"),
]


def is_wanted(record: RequestFinished, wanted: RequestFilter) -> bool:
    provider, model = record.route or (None, None)
    return (
        wanted.provider in (None, provider)
        and wanted.model in (None, model)
        and wanted.client in (None, record.client)
        and wanted.ending in (None, record.ending)
        and wanted.status_class in (None, record.status // 100)
        and wanted.failure in (None, record.error_class)
        and (wanted.begins_at is None or record.received_at >= wanted.begins_at)
        and (wanted.ends_at is None or record.received_at < wanted.ends_at)
    )


@pytest.mark.parametrize("at_once", [False, True])
async def test_pages_give_every_request_that_a_filter_wants_once_newest_first(database: Database, at_once: bool) -> None:
    ledger = SqlLedger(database)
    records = random_records(9, 150)
    if at_once:  # many of one microsecond
        records = [record._replace(received_at=NOON) for record in records]
    await ledger.store(entries_of(records))

    for wanted in FILTERS:
        found: list[str] = []
        end: Position | None = None
        while True:
            items, end = await ledger.page(wanted, end, 7)
            assert len(items) <= 7
            found.extend(item.record.id for item in items)
            if end is None:
                break
        expected = sorted((r for r in records if is_wanted(r, wanted)), key=lambda r: (r.received_at, r.id), reverse=True)
        assert found == [record.id for record in expected], wanted


async def test_a_cursor_from_another_range_never_leads_out_of_the_one_that_is_asked_for(database: Database) -> None:
    ledger = SqlLedger(database)
    records = sorted(random_records(13, 60), key=lambda record: record.received_at, reverse=True)
    await ledger.store(entries_of(records))
    _, young = await ledger.page(RequestFilter(), None, 5)
    _, old = await ledger.page(RequestFilter(), None, 50)
    middle = RequestFilter(begins_at=records[39].received_at, ends_at=records[19].received_at)

    from_young, _ = await ledger.page(middle, young, 100)
    from_old, _ = await ledger.page(middle, old, 100)

    assert [item.record.id for item in from_young] == [record.id for record in records[20:40]]
    assert from_old == []


async def test_a_rare_match_is_reached_by_going_on_and_no_page_looks_at_more_than_its_bound(database: Database) -> None:
    ledger = SqlLedger(database)
    rare = a_request(received_at=NOON - timedelta(days=1), ending=Ending.RESCUED)
    common = [a_request(received_at=NOON - timedelta(milliseconds=number)) for number in range(ROWS_SCANNED + 10)]
    template = entry_of(common[0])
    entries = [
        Entry(template.request._replace(id=record.id, received_at_us=template.request.received_at_us - number * 1000), [])
        for number, record in enumerate(common)
    ]
    for at in range(0, len(entries), 1000):
        await ledger.store(entries[at : at + 1000])
    await ledger.store(entries_of([rare]))
    wanted = RequestFilter(client="key_1", ending=Ending.RESCUED)

    first, end = await ledger.page(wanted, None, 10)
    assert first == []
    assert end is not None
    second, end = await ledger.page(wanted, end, 10)
    assert [item.record.id for item in second] == [rare.id]
    assert end is None


RANGES = [
    (3, Bucket.AUTO, MINUTE),
    (7, Bucket.MINUTE, MINUTE),
    (7, Bucket.AUTO, HOUR),
    (70, Bucket.AUTO, HOUR),
    (70, Bucket.DAY, DAY),
]
"""Hours, the bucket that is asked for, and the seconds that it has."""


async def test_statistics_equal_a_recount_of_the_requests_in_their_range(database: Database) -> None:
    records = random_records(11, 300, over=timedelta(hours=80))
    await SqlLedger(database).store(entries_of(records))
    statistics = LedgerStatistics(SqlLedger(database), HandTurnedClock(), RollupRetention())

    for hours, bucket, step in RANGES:
        asked_from = NOON - timedelta(hours=hours, minutes=1, seconds=7)
        for wanted in (
            RequestFilter(),
            RequestFilter(provider="openai"),
            RequestFilter(model="llama"),
            RequestFilter(client="key_1", provider="groq"),
        ):
            found = await statistics.statistics(
                asked_from,
                NOON - timedelta(seconds=31),
                bucket=bucket,
                provider=wanted.provider,
                model=wanted.model,
                client=wanted.client,
            )
            assert found.begins_at <= asked_from < found.begins_at + timedelta(seconds=step)
            in_range = wanted._replace(begins_at=found.begins_at, ends_at=found.ends_at)
            assert_is_recount(found, [record for record in records if is_wanted(record, in_range)])


def assert_is_recount(found: Statistics, counted: list[RequestFinished]) -> None:
    number = found.summary.number
    assert number("requests") == len(counted) == sum(point.requests.number("requests") for point in found.series)
    assert usd(number("cost_pico_usd")) == sum((record.cost_usd or Decimal(0) for record in counted), Decimal(0))
    assert number("output_tokens") == sum(record.tokens.output or 0 for record in counted)
    assert number("unpriced") == sum(record.cost_usd is None for record in counted)
    assert number("rescued") == Counter(record.ending for record in counted)[Ending.RESCUED]
    assert len(found.series) <= 1000


async def test_statistics_of_providers_models_keys_and_errors_count_attempts(database: Database) -> None:
    records = random_records(12, 200, over=timedelta(hours=80))
    await SqlLedger(database).store(entries_of(records))
    statistics = LedgerStatistics(SqlLedger(database), HandTurnedClock(), RollupRetention())
    begins_at, ends_at = NOON - timedelta(hours=80), NOON + timedelta(hours=1)

    found = await statistics.statistics(begins_at, ends_at)
    of_one = await statistics.statistics(begins_at, ends_at, client="key_1")

    tried = [attempt for record in records for attempt in record.attempts]
    assert found.provider_stats is not None
    assert {name: of.number("attempts") for name, of in found.provider_stats.items()} == Counter(
        of.route.provider for of in tried
    )
    assert found.model_stats is not None
    assert {name: of.number("attempts") for name, of in found.model_stats.items()} == Counter(of.route.model for of in tried)
    assert found.key_stats is not None
    assert {key[:2]: key.attempts.number("attempts") for key in found.key_stats} == Counter(
        (of.route.provider, of.key_fingerprint or "") for of in tried
    )
    failures = Counter(of.failure for of in tried if of.failure)
    assert {name: of.attempts for name, of in found.error_stats.items() if of.attempts} == failures
    ended = Counter(record.error_class for record in records if record.error_class)
    assert {name: of.requests for name, of in found.error_stats.items() if of.requests} == ended
    assert (of_one.provider_stats, of_one.model_stats, of_one.key_stats) == (None, None, None)
    assert all(of.attempts is None for of in of_one.error_stats.values())


async def test_retention_deletes_what_is_too_old_in_small_pieces_and_keeps_the_rest(database: Database) -> None:
    ledger, clock = SqlLedger(database), HandTurnedClock(skips_sleep=True)
    old = [
        a_request(received_at=NOON - timedelta(days=91, seconds=number), attempts=tuple(an_attempt(n + 1) for n in range(6)))
        for number in range(200)
    ]
    young = [a_request(received_at=NOON - timedelta(days=89)), a_request(received_at=NOON)]
    await ledger.store(entries_of([*old, *young]))
    pieces: list[int] = []

    class Watched(SqlLedger):
        async def delete_requests(self, before: datetime, at_most: int) -> int:
            pieces.append(await super().delete_requests(before, at_most))
            return pieces[-1]

    await Retention(Watched(database), clock, lambda: timedelta(days=90), RollupRetention()).delete_expired()

    assert await count(database) == (2, 2)
    assert sum(pieces) == 200 * 7
    assert max(pieces) <= 500
    async with database.engine.connect() as connection:
        left = (await connection.execute(select(request_rollups.c.resolution_seconds, request_rollups.c.begins_at_s))).all()
    oldest = {seconds: min(at for of, at in left if of == seconds) for seconds in (MINUTE, HOUR, DAY)}
    now = NOON.timestamp()
    assert now - oldest[MINUTE] <= 2 * DAY + MINUTE
    assert now - oldest[HOUR] <= 90 * DAY + HOUR
    assert now - oldest[DAY] >= 91 * DAY


async def test_a_record_that_comes_again_after_retention_deleted_it_is_left_out_and_counts_once(database: Database) -> None:
    ledger, clock = SqlLedger(database), HandTurnedClock(skips_sleep=True)
    old = [a_request(received_at=NOON - timedelta(days=91, seconds=number)) for number in range(20)]
    young = a_request(received_at=NOON - timedelta(days=80))
    assert await ledger.store(entries_of([*old, young])) == 0
    await Retention(ledger, clock, lambda: timedelta(days=90), RollupRetention()).delete_expired()
    rollups = await stored_rollups(database)

    # Retention has been made longer meanwhile; one that was never stored is as old.
    late = a_request(received_at=NOON - timedelta(days=92))
    new = a_request(received_at=NOON)
    assert await ledger.store(entries_of([*old, late, young])) == 21
    assert await stored_rollups(database) == rollups

    assert await ledger.store(entries_of([*old, new])) == 20
    assert await count(database) == (2, 2)


async def test_migrating_an_older_database_brings_the_ledgers_tables(tmp_path: Path) -> None:
    database = await open_database(f"sqlite:///{tmp_path}/older.db")
    await migrate(database)

    await SqlLedger(database).store(entries_of([a_request()]))

    assert await count(database) == (1, 1)
    await database.close()
