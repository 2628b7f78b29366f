"""Fills a ledger with as many made-up requests as wanted, in the order of time up to now, with the rollups that they would have.

    backend/.venv/bin/python benchmarks/ledger_rows.py --database sqlite:///ledger.db --rows 10000000

The database must be empty or new; it is brought up to date first. Six providers with four models and two keys each, twenty
clients, a tenth of the requests with a failed first attempt, one in fifty ended by an error. Minute and hour rollups are only
made for the time for which they would be kept.
"""

import argparse
import asyncio
import random
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, event

from ai_engine.database import Database, migrate, open_database
from ai_engine.database.rows import insert_rows
from ai_engine.database.schema import attempt_rollups, attempts, request_rollups, requests
from ai_engine.ledger.lines import AttemptRow, Entry, RequestRow
from ai_engine.ledger.repository import add_totals
from ai_engine.ledger.rollups import HOUR, MINUTE, Totals, attempt_totals, request_totals
from ai_engine.ledger.statistics import Kept

PROVIDERS = [f"provider-{number}" for number in range(6)]
MODELS = [f"model-{number}" for number in range(4)]
CLIENTS = [f"key_{number:02}" for number in range(20)]
KEPT = Kept()


def an_entry(chance: random.Random, at_us: int) -> Entry:
    """One request that was received then."""
    provider, model = chance.choice(PROVIDERS), chance.choice(MODELS)
    record_id = f"{at_us // 1000:012x}{chance.getrandbits(80):020x}"
    has_failed_first, is_error = chance.random() < 0.1, chance.random() < 0.02
    latency = chance.lognormvariate(6.5, 0.8)
    first_token = latency * 0.3
    used = (chance.randrange(2000), 0, 0, chance.randrange(800), None)
    cost = used[0] * 2_500_000 + used[3] * 10_000_000
    tried = []
    for number in range(1 + has_failed_first):
        is_last = number == has_failed_first
        succeeded = is_last and not is_error
        tried.append(
            AttemptRow(
                record_id,
                number + 1,
                provider,
                model,
                f"0a1b2c{chance.randrange(2):02}",
                "first choice" if number == 0 else "another key",
                0.2,
                succeeded,
                None if succeeded else "rate_limit",
                None if succeeded else "key",
                200 if succeeded else 429,
                latency,
                first_token if succeeded else None,
                *(used if succeeded else (None,) * 5),
                False,
                cost if succeeded else 0,
                False,
            )
        )
    request = RequestRow(
        record_id,
        record_id,
        at_us,
        chance.choice(CLIENTS),
        "a client",
        "chat",
        model,
        provider,
        model,
        tried[-1].key_fingerprint,
        True,
        429 if is_error else 200,
        "error" if is_error else "completed",
        "rate_limit" if is_error else None,
        *(used if not is_error else (None,) * 5),
        False,
        cost if not is_error else 0,
        0,
        "listing",
        first_token,
        latency,
        latency - 0.5,
        0.5,
        len(tried),
    )
    return Entry(request, tried)


def hours_until(now: datetime, days: int) -> Iterator[datetime]:
    """The beginning of every hour."""
    last = now.replace(minute=0, second=0, microsecond=0)
    yield from (last - timedelta(hours=number) for number in range(days * 24 - 1, -1, -1))


def still_kept(totals: dict[Any, Totals], now_s: float) -> dict[Any, Totals]:
    """The groups whose resolution is kept for that time."""
    kept = {MINUTE: KEPT.minutes.total_seconds(), HOUR: KEPT.hours.total_seconds()}
    return {
        group: of for group, of in totals.items() if now_s - group.begins_at_s <= kept.get(group.resolution_seconds, float("inf"))
    }


async def fill_hour(database: Database, chance: random.Random, begins_at: datetime, count: int, now: datetime) -> None:
    """Writes one hour's requests, and what they add up to."""
    begin_us = int(begins_at.timestamp()) * 1_000_000
    ends_us = min(begin_us + 3_600_000_000, int(now.timestamp()) * 1_000_000)
    times = sorted(chance.randrange(begin_us, max(ends_us, begin_us + 1)) for _ in range(count))
    entries = [an_entry(chance, at) for at in times]
    counted = entries
    if now - begins_at > KEPT.minutes + timedelta(hours=1):
        # Its minutes are no longer kept: counting the hour as one saves most of the work.
        counted = [Entry(entry.request._replace(received_at_us=begin_us), entry.attempts) for entry in entries]

    def write(connection: Connection) -> None:
        insert_rows(connection, requests, [entry.request for entry in entries])
        insert_rows(connection, attempts, [attempt for entry in entries for attempt in entry.attempts])
        add_totals(connection, request_rollups, still_kept(request_totals(counted), now.timestamp()))
        add_totals(connection, attempt_rollups, still_kept(attempt_totals(counted), now.timestamp()))

    await database.write(write)


def in_a_hurry(connection: Any, _record: object) -> None:
    """What is generated can be generated again."""
    cursor = connection.cursor()
    cursor.execute("PRAGMA synchronous = OFF")
    cursor.execute("PRAGMA cache_size = -200000")
    cursor.close()


async def fill(url: str, rows: int, days: int, seed: int) -> None:
    """Writes everything, and says how far it is."""
    database = await open_database(url)
    if database.writer is not None:
        event.listen(database.writer, "connect", in_a_hurry)
    await migrate(database)
    chance = random.Random(seed)  # noqa: S311 - makes up traffic; nothing secret depends on it
    now, began = datetime.now(UTC), time.perf_counter()
    hours = list(hours_until(now, days))
    written = 0
    for number, begins_at in enumerate(hours):
        count = rows * (number + 1) // len(hours) - written
        await fill_hour(database, chance, begins_at, count, now)
        written += count
        if number % 240 == 239 or number == len(hours) - 1:
            print(f"{written:,} requests in {time.perf_counter() - began:,.0f} s", flush=True)
    await database.close()


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--database", required=True)
    arguments.add_argument("--rows", type=int, default=1_000_000)
    arguments.add_argument("--days", type=int, default=90)
    arguments.add_argument("--seed", type=int, default=1)
    given = arguments.parse_args()
    asyncio.run(fill(given.database, given.rows, given.days, given.seed))


if __name__ == "__main__":
    main()
