"""The latency of statistics and of pages of requests on a ledger filled by `ledger_rows.py`.

    backend/.venv/bin/python benchmarks/statistics_speed.py --database sqlite:///ledger.db

Prints the median and the maximum in milliseconds, and exits with 1 if a median exceeds its budget: 100 ms for
statistics, 50 ms for a page.
"""

import argparse
import asyncio
import itertools
import resource
import statistics as of_numbers
import sys
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import func, select

from ai_engine.clock import SystemClock
from ai_engine.database import open_database
from ai_engine.database.schema import requests
from ai_engine.events import Ending
from ai_engine.ledger.repository import SqlLedger
from ai_engine.ledger.statistics import Bucket, LedgerStatistics, RollupRetention
from ai_engine.ledger.store import RequestFilter

STATISTICS_BUDGET_MS = 100
PAGE_BUDGET_MS = 50


async def measured(name: str, budget_ms: float, rounds: int, work: Callable[[], Awaitable[object]]) -> bool:
    """Prints how long it takes; says whether it is within its budget."""
    times = []
    for _ in range(rounds):
        began = time.perf_counter()
        await work()
        times.append((time.perf_counter() - began) * 1000)
    median = of_numbers.median(times)
    print(f"{name:52} {median:8.1f} {max(times):8.1f}  {'' if median <= budget_ms else 'OVER BUDGET'}", flush=True)
    return median <= budget_ms


async def every_combination(ledger: SqlLedger, now: datetime) -> bool:
    """Asks for a page with every combination of filters, with values that are frequent, rare and unknown; prints the slowest."""
    combinations = [
        RequestFilter(*values)
        for values in itertools.product(
            (None, "provider-1", "unknown"),
            (None, "model-1"),
            (None, "key_01"),
            (None, Ending.COMPLETED, Ending.ERROR, Ending.RESCUED),
            (None, 2, 5),
            (None, "rate_limit"),
            (None, now - timedelta(days=30)),
            (None, now - timedelta(days=15)),
        )
    ]
    times: list[tuple[float, RequestFilter]] = []
    for wanted in combinations:
        tries = []
        for _ in range(3):
            began = time.perf_counter()
            await ledger.page(wanted, None, 50)
            tries.append((time.perf_counter() - began) * 1000)
        times.append((of_numbers.median(tries), wanted))
    slowest, slowest_filter = max(times, key=lambda each: each[0])
    named = ", ".join(f"{name} {value}" for name, value in slowest_filter._asdict().items() if value is not None)
    over = sum(each[0] > PAGE_BUDGET_MS for each in times)
    print(f"page of 50, {len(combinations):,} combinations of filters: median {of_numbers.median(each[0] for each in times):.1f}")
    print(f"    {over} over budget; slowest {slowest:.1f}: {named}", flush=True)
    return over == 0


async def measure(url: str, rounds: int) -> bool:
    """Measures everything; says whether all of it is within its budget."""
    database = await open_database(url)
    async with database.engine.connect() as connection:
        counted = await connection.scalar(select(func.count()).select_from(requests))
    ledger = SqlLedger(database)
    statistics = LedgerStatistics(ledger, SystemClock(), RollupRetention())
    now = datetime.now(UTC)
    print(f"{counted:,} requests on {database.engine.dialect.name}: median and worst of {rounds}, ms")
    fine = True
    questions: tuple[tuple[str, timedelta, dict[str, Any]], ...] = (
        ("1 hour", timedelta(hours=1), {}),
        ("24 hours", timedelta(days=1), {}),
        ("16 hours by minute", timedelta(hours=16), {"bucket": Bucket.MINUTE}),
        ("7 days", timedelta(days=7), {}),
        ("40 days by hour", timedelta(days=40), {"bucket": Bucket.HOUR}),
        ("90 days", timedelta(days=90), {}),
        ("90 days, one provider", timedelta(days=90), {"provider": "provider-1"}),
        ("90 days, one model", timedelta(days=90), {"model": "model-1"}),
        ("90 days, one client", timedelta(days=90), {"client": "key_01"}),
        ("7 days, one client and provider", timedelta(days=7), {"client": "key_01", "provider": "provider-1"}),
    )
    for name, span, filters in questions:

        async def ask(span: timedelta = span, filters: dict[str, Any] = filters) -> object:
            return await statistics.statistics(now - span, now, **filters)

        fine &= await measured(f"statistics, {name}", STATISTICS_BUDGET_MS, rounds, ask)
    middle = now - timedelta(days=45)
    for name, wanted in (
        ("all", RequestFilter()),
        ("of 45 days ago", RequestFilter(ends_at=middle)),
        ("one provider", RequestFilter(provider="provider-1")),
        ("one client, one model", RequestFilter(client="key_01", model="model-1")),
        ("an unknown client", RequestFilter(client="unknown")),
        ("errors", RequestFilter(ending=Ending.ERROR)),
        ("a status of 4xx, one provider", RequestFilter(status_class=4, provider="provider-1")),
        ("an ending that never came, one client", RequestFilter(client="key_01", ending=Ending.RESCUED)),
        ("a failure that never came", RequestFilter(failure="nothing")),
        ("a rare one, of 45 days ago", RequestFilter(provider="provider-1", failure="nothing", ends_at=middle)),
        ("one client of an unknown provider", RequestFilter(client="key_01", provider="unknown")),
    ):

        async def turn(wanted: RequestFilter = wanted) -> object:
            return await ledger.page(wanted, None, 50)

        fine &= await measured(f"page of 50, {name}", PAGE_BUDGET_MS, rounds, turn)
    fine &= await every_combination(ledger, now)
    await database.close()
    print(f"memory at most {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:,.0f} MiB")
    return fine


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--database", required=True)
    arguments.add_argument("--rounds", type=int, default=7)
    given = arguments.parse_args()
    sys.exit(0 if asyncio.run(measure(given.database, given.rounds)) else 1)


if __name__ == "__main__":
    main()
