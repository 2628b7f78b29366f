"""The CPU cost of the ledger: recording a request, and moving it from the spool into the database.

    backend/.venv/bin/python benchmarks/drain_cost.py [--database URL] [--batch N]

CPU time of the whole process including threads, per request of one attempt, over a few clients, routes and keys: `--batch`
requests are in the spool whenever it is drained. It is compared, interleaved in one run, with a lower bound for SQLite: a bare
`executemany` of the same rows into the same tables, without rollups. The database must be migrated or new; the default is a
temporary SQLite file.
"""

import argparse
import asyncio
import gc
import random
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Sequence
from contextlib import closing
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

from ai_engine.clock import SystemClock
from ai_engine.database import migrate, open_database
from ai_engine.events import AttemptFinished, Ending, RequestFinished, new_record_id
from ai_engine.ledger.drainer import Drainer
from ai_engine.ledger.lines import decode, encode
from ai_engine.ledger.repository import SqlLedger
from ai_engine.ledger.spool import SpoolWriter
from ai_engine.names import Operation, Route, TokenCounts

ROUTES = [
    Route("openai", "gpt-4o"),
    Route("openai", "gpt-4o-mini"),
    Route("anthropic", "claude-sonnet-4-5"),
    Route("groq", "llama"),
]
KEYS = ["0a1b2c3d", "99887766"]
CLIENTS = [None, "key_1", "key_2", "key_3", "key_4"]


def a_request(chance: random.Random, at: datetime) -> RequestFinished:
    """A completed plain chat request of one attempt."""
    route, key, client = chance.choice(ROUTES), chance.choice(KEYS), chance.choice(CLIENTS)
    record_id = new_record_id(at, chance.getrandbits)
    latency, cost = chance.lognormvariate(6.5, 0.8), Decimal(chance.randrange(10**6)) / 10**8
    tokens = TokenCounts(input=chance.randrange(2000), output=chance.randrange(800))
    attempt = AttemptFinished(
        request_id=record_id,
        number=1,
        route=route,
        key_fingerprint=key,
        reason="first_candidate",
        started_ms=0.21,
        succeeded=True,
        failure=None,
        blame=None,
        status=200,
        duration_ms=latency,
        first_token_ms=None,
        tokens=tokens,
        tokens_are_estimated=False,
        cost_usd=cost,
        is_absorbed=False,
        detail=None,
    )
    return RequestFinished(
        id=record_id,
        request_id=record_id,
        received_at=at,
        client=client,
        client_name=client,
        operation=Operation.CHAT,
        requested_model=route.model,
        route=route,
        key_fingerprint=key,
        is_stream=False,
        status=200,
        ending=Ending.COMPLETED,
        error_class=None,
        error_detail=None,
        tokens=tokens,
        tokens_are_estimated=False,
        cost_usd=cost,
        absorbed_usd=Decimal(0),
        price_version="listing",
        first_token_ms=None,
        duration_ms=latency + 0.4,
        upstream_ms=latency,
        client_wait_ms=0.0,
        attempts=(attempt,),
    )


def batches_of(count: int, size: int, seed: int) -> list[list[RequestFinished]]:
    """Half a second apart, up to now."""
    chance, began = random.Random(seed), datetime.now(UTC) - timedelta(seconds=count / 2)
    return [
        [a_request(chance, began + timedelta(milliseconds=500 * number + 500 * place / size)) for place in range(size)]
        for number in range(count)
    ]


class Stopwatch:
    """CPU time of the whole process."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __enter__(self) -> None:
        self._began = time.process_time()

    def __exit__(self, *_: object) -> None:
        self.seconds += time.process_time() - self._began


async def the_ledger(url: str, folder: Path, batches: Sequence[Sequence[RequestFinished]]) -> tuple[float, float]:
    """Seconds for recording, and for draining."""
    database = await open_database(url)
    await migrate(database)
    clock = SystemClock()
    spool, drainer = SpoolWriter(folder, clock), Drainer(folder, SqlLedger(database), clock, random.Random(1).random)
    recording, draining = Stopwatch(), Stopwatch()
    for batch in batches:
        with recording:
            for request in batch:
                spool.record(request)
        with draining:
            spool.seal()
            await drainer.flush()
    if spool.backlog() != (0, 0, 0.0) or spool.dropped or drainer.damaged or drainer.refused:
        raise AssertionError("not everything was stored")
    await spool.close()
    await drainer.close()
    await database.close()
    return recording.seconds, draining.seconds


async def bare_rows(folder: Path, batches: Sequence[Sequence[RequestFinished]]) -> float:
    """Seconds for the same rows in the same tables, by the driver alone."""
    file = folder / "bare.db"
    database = await open_database(f"sqlite:///{file}")
    await migrate(database)
    await database.close()
    entries = [[entry for request in batch if (entry := decode(encode(request).rstrip(b"\n")))] for batch in batches]
    rows = [
        ([tuple(entry.request) for entry in batch], [tuple(row) for entry in batch for row in entry.attempts])
        for batch in entries
    ]
    inserting = Stopwatch()
    with closing(sqlite3.connect(file, isolation_level=None)) as connection, inserting:
        for requests, attempts in rows:
            connection.execute("BEGIN")
            for table, of_table in (("requests", requests), ("attempts", attempts)):
                places = ", ".join("?" * len(of_table[0]))
                connection.executemany(f"INSERT INTO {table} VALUES ({places})", of_table)  # noqa: S608 - names from here alone
            connection.execute("COMMIT")
    return inserting.seconds


async def measure(url: str | None, count: int, size: int, rounds: int) -> None:
    """Prints microseconds for each request, the median of the rounds."""
    recording, draining, bare = [], [], []
    microseconds_each = 1e6 / (count * size)
    for seed in range(rounds):
        batches = batches_of(count, size, seed)
        gc.freeze()  # they are the benchmark's, and would be looked through again and again
        with tempfile.TemporaryDirectory() as folder:
            recorded, drained = await the_ledger(url or f"sqlite:///{folder}/ledger.db", Path(folder) / "spool", batches)
            recording.append(recorded * microseconds_each)
            draining.append(drained * microseconds_each)
            bare.append(await bare_rows(Path(folder), batches) * microseconds_each)
    least = statistics.median(bare)
    print(f"{count} batches of {size}, median of {rounds}: µs of processor for each request")
    print(f"recording    {statistics.median(recording):6.1f}")
    print(f"draining     {statistics.median(draining):6.1f}   {statistics.median(draining) / least:4.1f} × bare rows")
    print(f"bare rows    {least:6.1f}")


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--database", help="default: an SQLite file that goes with the run")
    arguments.add_argument("--batches", type=int, default=10)
    arguments.add_argument("--batch", type=int, default=1000, help="requests in each")
    arguments.add_argument("--rounds", type=int, default=3)
    given = arguments.parse_args()
    asyncio.run(measure(given.database, given.batches, given.batch, given.rounds))


if __name__ == "__main__":
    main()
