import logging
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import insert

from ai_engine.access.audit import Action, Actor, AuditEntry, AuditTrail, StoredEntry
from ai_engine.access.repository import MAX_AUDIT_ENTRIES, SqlAuditStore
from ai_engine.clock import SystemClock
from ai_engine.database import Database, migrate, open_database
from ai_engine.database.schema import audit_entries
from ai_engine.errors import Unavailable

pytestmark = pytest.mark.anyio

OPERATOR = Actor("laptop", "id-1", "admin", "10.0.0.7", "req-1")


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    database = await open_database(f"sqlite:///{tmp_path}/ai-engine.db")
    await migrate(database)
    yield database
    await database.close()


async def test_a_recorded_change_has_all_its_fields(database: Database) -> None:
    trail = AuditTrail(SqlAuditStore(database), SystemClock())
    began_at = datetime.now(UTC)
    await trail.record(OPERATOR, Action.UNFLAG, "groq", {"flag": "server_error"}, {"flag": None})
    (stored,) = await trail.page(10)
    at, *rest = stored.entry
    assert began_at <= at <= datetime.now(UTC)
    assert rest == [OPERATOR, "provider.unflag", "groq", {"flag": "server_error"}, {"flag": None}]


async def test_a_change_stays_when_it_cannot_be_noted_and_the_log_has_all_of_it(caplog: pytest.LogCaptureFixture) -> None:
    class Full:
        async def add(self, entry: AuditEntry) -> None:
            raise Unavailable("The disk is full.")

        async def page(
            self, limit: int, before_id: int | None, action: Action | None, target: str | None
        ) -> Sequence[StoredEntry]:
            return ()

    trail = AuditTrail(Full(), SystemClock())
    with caplog.at_level(logging.ERROR, "ai_engine"):
        await trail.record(OPERATOR, Action.UNFLAG, "groq", {"flag": "server_error"}, {"flag": None})
    for part in ("provider.unflag of groq", "laptop (admin)", "10.0.0.7", "req-1", "{'flag': 'server_error'}", "{'flag': None}"):
        assert part in caplog.text


async def test_entries_beyond_the_limit_are_deleted(database: Database) -> None:
    store = SqlAuditStore(database)
    row = {"at": datetime.now(UTC), "actor": "a", "actor_role": "admin", "action": "x", "before": {}, "after": {}}
    async with database.engine.begin() as connection:
        for entry_id in (1, 2, MAX_AUDIT_ENTRIES):
            await connection.execute(insert(audit_entries).values(id=entry_id, target=str(entry_id), **row))
    await store.add(AuditEntry(datetime.now(UTC), OPERATOR, Action.TOGGLE, "newest", {}, {}))
    kept = [stored.entry.target for stored in await store.page(10, None, None, None)]
    assert kept == ["newest", str(MAX_AUDIT_ENTRIES), "2"]
