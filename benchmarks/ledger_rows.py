"""Fills a ledger with generated requests up to the start of this hour, and with their rollups.

    backend/.venv/bin/python benchmarks/ledger_rows.py --database sqlite:///ledger.db --rows 10000000

The database must be empty or new; it is migrated first. Six providers with four models and two keys each, twenty clients, a tenth
of the requests with a failed first attempt, about one in fifty ended by an error. Afternoons are busy and slow, nights and
weekends quiet. Minute and hour rollups are generated only for the time for which they would be kept.

The first day is generated; the database copies its hours to all others, which is much faster than sending every row, and builds
its indexes at the end.
"""

import argparse
import asyncio
import math
import random
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Connection, Table, event, func, insert, literal, select

from ai_engine.database import migrate, open_database
from ai_engine.database.rows import insert_rows
from ai_engine.database.schema import attempt_rollups, attempts, request_rollups, requests
from ai_engine.ledger.lines import AttemptRow, Entry, RequestRow
from ai_engine.ledger.rollups import DAY, HOUR, MINUTE, Totals, attempt_totals, request_totals
from ai_engine.ledger.statistics import RollupRetention

PROVIDERS = [f"provider-{number}" for number in range(6)]
MODELS = [f"model-{number}" for number in range(4)]
FAILED = "The provider answered with status 429."
CLIENTS = [f"key_{number:02}" for number in range(20)]
KEPT = RollupRetention()
HOURS_MADE_UP = 24
BUSIEST_HOUR = 14
"""Of the day, in UTC."""
SATURDAY = 5


def busyness(begins_at_s: int) -> float:
    """How much is going on in the hour that begins then: between 0.2 at night and 1.8 in the afternoon."""
    hour = begins_at_s // HOUR % 24
    return 1 + 0.8 * math.cos((hour - BUSIEST_HOUR) / 24 * math.tau)


def an_entry(chance: random.Random, at_us: int, busy: float, error_share: float) -> Entry:
    """One request that was received then."""
    provider, model = chance.choice(PROVIDERS), chance.choice(MODELS)
    record_id = f"{at_us // 1000:012x}{chance.getrandbits(80):020x}"
    has_failed_first, is_error = chance.random() < 0.1, chance.random() < error_share
    latency = chance.lognormvariate(6.2 + 0.3 * busy, 0.8)
    first_token = latency * chance.uniform(0.2, 0.4)
    overhead = chance.lognormvariate(-2.2, 0.5)
    input_tokens, output_tokens = chance.randrange(2000), chance.randrange(800)
    cost = input_tokens * 2_500_000 + output_tokens * 10_000_000
    tried = []
    for number in range(1, 2 + has_failed_first):
        succeeded = number == 1 + has_failed_first and not is_error
        tried.append(
            AttemptRow(
                request=record_id,
                number=number,
                provider=provider,
                model=model,
                key_fingerprint=f"0a1b2c{chance.randrange(2):02}",
                reason="first_candidate" if number == 1 else "next_key",
                started_ms=0.2,
                succeeded=succeeded,
                failure=None if succeeded else "rate_limit",
                blame=None if succeeded else "key",
                status=200 if succeeded else 429,
                duration_ms=latency,
                first_token_ms=first_token if succeeded else None,
                input_tokens=input_tokens if succeeded else None,
                cached_input_tokens=0 if succeeded else None,
                cache_write_tokens=0 if succeeded else None,
                output_tokens=output_tokens if succeeded else None,
                reasoning_tokens=None,
                tokens_are_estimated=False,
                cost_pico_usd=cost if succeeded else 0,
                is_absorbed=False,
                detail=None if succeeded else FAILED,
            )
        )
    last = tried[-1]
    request = RequestRow(
        id=record_id,
        request_id=record_id,
        received_at_us=at_us,
        client=chance.choice(CLIENTS),
        client_name="a client",
        operation="chat",
        requested_model=model,
        provider=provider,
        model=model,
        key_fingerprint=last.key_fingerprint,
        is_stream=True,
        status=429 if is_error else 200,
        ending="error" if is_error else "completed",
        error_class=last.failure,
        input_tokens=last.input_tokens,
        cached_input_tokens=last.cached_input_tokens,
        cache_write_tokens=last.cache_write_tokens,
        output_tokens=last.output_tokens,
        reasoning_tokens=last.reasoning_tokens,
        tokens_are_estimated=False,
        cost_pico_usd=last.cost_pico_usd,
        absorbed_pico_usd=0,
        price_version="listing",
        first_token_ms=first_token,
        duration_ms=latency,
        upstream_ms=latency - overhead,
        overhead_ms=overhead,
        attempts=len(tried),
        error_detail=last.detail,
    )
    return Entry(request, tried)


class MadeUpHour:
    """One hour's requests, and what they add up to."""

    def __init__(self, chance: random.Random, begins_at_s: int, count: int) -> None:
        busy, error_share = busyness(begins_at_s), chance.lognormvariate(-3.6, 0.6)
        begin_us = begins_at_s * 1_000_000
        times = sorted(chance.randrange(begin_us, begin_us + HOUR * 1_000_000) for _ in range(count))
        self.begins_at_s = begins_at_s
        self.entries = [an_entry(chance, at, busy, error_share) for at in times]
        self.totals: dict[Table, Mapping[Any, Totals]] = {
            request_rollups: request_totals(self.entries),
            attempt_rollups: attempt_totals(self.entries),
        }

    def insert(self, connection: Connection) -> None:
        """Its own rows."""
        insert_rows(connection, requests, [entry.request for entry in self.entries])
        insert_rows(connection, attempts, [attempt for entry in self.entries for attempt in entry.attempts])

    def copy_to(self, connection: Connection, begins_at_s: int) -> None:
        """The same requests in the hour that begins then."""
        later_us = (begins_at_s - self.begins_at_s) * 1_000_000
        # The first twelve digits of an id are its request's time in milliseconds.
        begin, end = (f"{at_s * 1000:012x}" for at_s in (self.begins_at_s, self.begins_at_s + HOUR))
        received_at_us = requests.c.received_at_us + literal(later_us, BigInteger)
        new_id = _hex(connection, received_at_us // 1000).concat(func.substr(requests.c.id, 13))
        changed = {
            requests.c.id: new_id,
            requests.c.request_id: new_id,
            requests.c.received_at_us: received_at_us,
            attempts.c.request: new_id,
        }
        of_hour = (requests.c.id >= begin, requests.c.id < end)
        its_requests = select(*(changed.get(column, column) for column in requests.columns)).where(*of_hour)
        its_attempts = select(*(changed.get(column, column) for column in attempts.columns)).where(*of_hour)
        # The attempts first: they are found by the requests that are there.
        connection.execute(
            insert(attempts).from_select(
                list(attempts.columns), its_attempts.join_from(attempts, requests, attempts.c.request == requests.c.id)
            )
        )
        connection.execute(insert(requests).from_select(list(requests.columns), its_requests))

    def rollups(self, table: Table, resolution_seconds: int, begins_at_s: int) -> list[tuple[Any, ...]]:
        """The table's rows of that resolution for the hour that begins then."""
        later_s = begins_at_s - self.begins_at_s
        return [
            (*group._replace(begins_at_s=group.begins_at_s + later_s), *of.columns())
            for group, of in self.totals[table].items()
            if group.resolution_seconds == resolution_seconds
        ]


def planned(chance: random.Random, hours: Sequence[int]) -> dict[int, int]:
    """For each hour the one of the first day that it is a copy of: its own or one beside it, on weekends one of the night."""
    first_day = {at // HOUR % 24: at for at in hours[:HOURS_MADE_UP]}
    plan = {at: at for at in first_day.values()}
    for at in hours[HOURS_MADE_UP:]:
        hour = at // HOUR % 24
        is_weekend = datetime.fromtimestamp(at, UTC).weekday() >= SATURDAY
        copied = 2 + min(hour, 24 - hour) // 3 if is_weekend else hour + chance.choice((-1, 0, 0, 1))
        plan[at] = first_day[copied % 24]
    return plan


def _hex(connection: Connection, ms: ColumnElement[int]) -> ColumnElement[str]:
    """Twelve digits."""
    return func.printf("%012x", ms) if connection.dialect.name == "sqlite" else func.lpad(func.to_hex(ms), 12, "0")


def of_day(hours: Counter[MadeUpHour], table: Table, begins_at_s: int) -> list[tuple[Any, ...]]:
    """The rows of a day that has these hours."""
    sums: dict[Any, Totals] = {}
    for hour, times in hours.items():
        for group, of in hour.totals[table].items():
            if group.resolution_seconds == HOUR:
                whole = sums.setdefault(group._replace(resolution_seconds=DAY, begins_at_s=begins_at_s), Totals(of.kind))
                for _ in range(times):
                    whole.add(of)
    return [(*group, *of.columns()) for group, of in sums.items()]


def in_a_hurry(connection: Any, _record: object) -> None:
    """What is generated can be generated again."""
    cursor = connection.cursor()
    cursor.execute("PRAGMA synchronous = OFF")
    cursor.execute("PRAGMA cache_size = -200000")
    cursor.close()


def fill_hours(connection: Connection, hours: Mapping[int, MadeUpHour], now_s: float) -> None:
    """Those hours' rows, and their rollups by minute and hour as far as they would be kept."""
    for begins_at_s, hour in hours.items():
        if begins_at_s == hour.begins_at_s:
            hour.insert(connection)
        else:
            hour.copy_to(connection, begins_at_s)
        for resolution, kept in ((MINUTE, KEPT.minutes), (HOUR, KEPT.hours)):
            if now_s - begins_at_s <= kept.total_seconds():
                for table in (request_rollups, attempt_rollups):
                    insert_rows(connection, table, hour.rollups(table, resolution, begins_at_s))


def drop_indexes(connection: Connection) -> None:
    """Rows are written faster without the indexes of the requests."""
    for index in requests.indexes:
        index.drop(connection)


def create_indexes(connection: Connection) -> None:
    """Those that `drop_indexes` took away."""
    for index in requests.indexes:
        index.create(connection)


async def fill(url: str, rows: int, days: int, seed: int) -> None:
    """Writes everything, and says how far it is."""
    database = await open_database(url)
    if database.writer is not None:
        event.listen(database.writer, "connect", in_a_hurry)
    await migrate(database)
    chance = random.Random(seed)
    now_s, began = time.time(), time.perf_counter()
    ends_at_s = int(now_s) // HOUR * HOUR
    hours = range(ends_at_s - days * DAY, ends_at_s, HOUR)
    copied = planned(chance, hours)
    a_busyness_of_one = rows / sum(map(busyness, copied.values()))
    made_up = {at: MadeUpHour(chance, at, math.ceil(busyness(at) * a_busyness_of_one)) for at in hours[:HOURS_MADE_UP]}
    plan = {at: made_up[copied[at]] for at in hours}
    await database.write(drop_indexes)
    written = 0
    for day in sorted({at // DAY for at in hours}):
        its_hours = {at: hour for at, hour in plan.items() if at // DAY == day}

        def write(connection: Connection, day: int = day, its_hours: Mapping[int, MadeUpHour] = its_hours) -> None:
            fill_hours(connection, its_hours, now_s)
            for table in (request_rollups, attempt_rollups):
                insert_rows(connection, table, of_day(Counter(its_hours.values()), table, day * DAY))

        await database.write(write)
        written += sum(len(hour.entries) for hour in its_hours.values())
        if day % 10 == 0:
            print(f"{written:,} requests in {time.perf_counter() - began:,.0f} s", flush=True)
    await database.write(create_indexes)
    print(f"{written:,} requests and their indexes in {time.perf_counter() - began:,.0f} s", flush=True)
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
