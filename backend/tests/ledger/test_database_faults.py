import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event, select

from ai_engine.database import Database, migrate, open_database
from ai_engine.database.schema import requests
from ai_engine.ledger.drainer import Drainer
from ai_engine.ledger.lines import Entry
from ai_engine.ledger.repository import SqlLedger
from ai_engine.ledger.spool import SpoolWriter
from ai_engine.ledger.store import StoreUnavailable
from tests.fakes.clock import HandTurnedClock
from tests.ledger.builders import a_request

pytestmark = pytest.mark.anyio


async def opened_with(url: str, *pragmas: str) -> Database:
    """The database through connections that have a fault."""
    database = await open_database(url)

    def spoil(connection: Any, _record: object) -> None:
        cursor = connection.cursor()
        for pragma in pragmas:
            cursor.execute(pragma)
        cursor.close()

    assert database.writer is not None
    for engine in (database.engine.sync_engine, database.writer):
        event.listen(engine, "connect", spoil)
    return database


class Switched:
    """A store whose database can be exchanged."""

    def __init__(self, store: SqlLedger) -> None:
        self.now = store

    async def store(self, entries: Sequence[Entry]) -> int:
        return await self.now.store(entries)


async def record_and_flush_for_ever(spool: SpoolWriter, drainer: Drainer, recorded: list[str]) -> None:
    """Until flushing fails: a database that is full has a page or two left."""
    while True:
        for _ in range(200):
            record = a_request()
            spool.record(record)
            recorded.append(record.id)
        spool.seal()
        await drainer.flush()


async def test_a_database_that_is_read_only_full_or_locked_in_turn_loses_nothing(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/engine.db"
    healthy = await open_database(url)
    await migrate(healthy)
    faults = {
        "read-only": await opened_with(url, "PRAGMA query_only = ON"),
        "full": await opened_with(url, "PRAGMA max_page_count = 1"),
        "locked": await opened_with(url, "PRAGMA busy_timeout = 10"),
    }
    store = Switched(SqlLedger(healthy))
    folder, clock = tmp_path / "spool", HandTurnedClock()
    spool, drainer = SpoolWriter(folder, clock), Drainer(folder, store, clock, lambda: 0.5)
    recorded: list[str] = []

    for name, faulty in faults.items():
        store.now = SqlLedger(faulty)
        with closing(sqlite3.connect(tmp_path / "engine.db", isolation_level=None)) as other:
            if name == "locked":
                other.execute("BEGIN IMMEDIATE")
            with pytest.raises(StoreUnavailable):
                await record_and_flush_for_ever(spool, drainer, recorded)
        assert spool.backlog().records > 0, name
        assert spool.health().is_recording
        store.now = SqlLedger(healthy)
        await drainer.flush()

    async with healthy.engine.connect() as connection:
        stored = [row.id for row in await connection.execute(select(requests.c.id))]
    assert sorted(stored) == sorted(recorded)
    assert spool.backlog() == (0, 0, 0.0)
    assert (spool.dropped, drainer.damaged, drainer.refused) == (0, 0, 0)
    await spool.close()
    await drainer.close()
    for database in (healthy, *faults.values()):
        await database.close()
