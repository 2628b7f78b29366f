"""Database repositories of issued keys (as hashes), sessions and the audit."""

import secrets
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import delete, func, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from ai_engine.access.audit import Action, Actor, AuditEntry, StoredEntry
from ai_engine.access.sessions import Session
from ai_engine.clock import Clock
from ai_engine.database import Database
from ai_engine.database.changes import reading, transaction
from ai_engine.database.schema import access_keys, audit_entries, sessions
from ai_engine.names import Role

MAX_AUDIT_ENTRIES = 100_000
"""Beyond it each new entry replaces the oldest."""


@dataclass(frozen=True, slots=True)
class AccessKey:
    """An issued key, without the key itself."""

    id: str
    name: str
    role: Role
    key_hash: str = field(repr=False)
    """SHA-256 in hex. The key has 192 random bits, so no slow hash is needed."""
    created_at: datetime


class AccessKeyRepository:
    """The table `access_keys`."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def all(self) -> tuple[AccessKey, ...]:
        """Every key, oldest first."""
        query = select(access_keys).order_by(access_keys.c.created_at, access_keys.c.id)
        async with self._database.engine.connect() as connection:
            rows = (await connection.execute(query)).all()
        return tuple(AccessKey(row.id, row.name, Role[row.role.upper()], row.key_hash, row.created_at) for row in rows)

    async def stamp(self) -> tuple[int, datetime | None]:
        """The number of keys, and when the newest was created."""
        async with self._database.engine.connect() as connection:
            row = (await connection.execute(select(func.count(), func.max(access_keys.c.created_at)))).one()
        return row[0], row[1]

    async def add(self, name: str, role: Role, key_hash: str) -> AccessKey:
        """Stores a key with a new id."""
        key = AccessKey(secrets.token_hex(8), name, role, key_hash, self._clock.now())
        values = {"id": key.id, "name": name, "role": role.name.lower(), "key_hash": key_hash, "created_at": key.created_at}
        async with self._database.engine.begin() as connection:
            await connection.execute(insert(access_keys).values(values))
        return key

    async def remove(self, key_id: str) -> bool:
        """Deletes a key; `False` if it did not exist."""
        async with self._database.engine.begin() as connection:
            result = await connection.execute(delete(access_keys).where(access_keys.c.id == key_id))
        return result.rowcount > 0


class SqlSessionRepository:
    """`SessionRepository` over the table `sessions`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def all(self) -> Sequence[Session]:
        async with self._database.engine.connect() as connection:
            rows = (await connection.execute(select(sessions).order_by(sessions.c.created_at))).all()
        return [Session(row.token_hash, row.key_hash, row.created_at, row.expires_at) for row in rows]

    async def add(self, session: Session) -> None:
        async with transaction(self._database, "A session") as connection:
            await connection.execute(insert(sessions).values(asdict(session)))

    async def remove(self, token_hashes: Iterable[str]) -> None:
        async with transaction(self._database, "The end of a session") as connection:
            await connection.execute(delete(sessions).where(sessions.c.token_hash.in_(list(token_hashes))))


class SqlAuditStore:
    """`AuditStore` over the table `audit_entries`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, entry: AuditEntry) -> None:
        async with transaction(self._database, f"The audit entry of {entry.action}") as connection:
            await insert_audit_entry(connection, entry)

    async def page(self, limit: int, before_id: int | None, action: Action | None, target: str | None) -> Sequence[StoredEntry]:
        """Each filter has an index, so a page costs only its own rows."""
        query = select(audit_entries).order_by(audit_entries.c.id.desc()).limit(limit)
        if before_id is not None:
            query = query.where(audit_entries.c.id < before_id)
        if action is not None:
            query = query.where(audit_entries.c.action == action)
        if target is not None:
            query = query.where(audit_entries.c.target == target)
        async with reading(self._database, "The audit") as connection:
            rows = (await connection.execute(query)).all()
        return [StoredEntry(row.id, _entry(row)) for row in rows]


async def insert_audit_entry(connection: AsyncConnection, entry: AuditEntry) -> None:
    """Inserts the entry in the transaction of its change, and deletes entries beyond the limit."""
    actor = entry.actor
    row = {
        "at": entry.at,
        "actor": actor.name,
        "actor_key_id": actor.key_id,
        "actor_role": actor.role,
        "address": actor.address,
        "request_id": actor.request_id,
        "action": entry.action,
        "target": entry.target,
        "before": dict(entry.before),
        "after": dict(entry.after),
    }
    written = await connection.execute(insert(audit_entries).values(row))
    (entry_id,) = written.inserted_primary_key or (0,)
    await connection.execute(delete(audit_entries).where(audit_entries.c.id <= entry_id - MAX_AUDIT_ENTRIES))


def _entry(row: Any) -> AuditEntry:
    actor = Actor(row.actor, row.actor_key_id, row.actor_role, row.address, row.request_id)
    return AuditEntry(row.at, actor, row.action, row.target, row.before, row.after)
