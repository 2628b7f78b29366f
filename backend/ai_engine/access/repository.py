"""The access keys that we issued, as the database holds them: hashes, never keys."""

import secrets
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import delete, insert, select

from ai_engine.clock import Clock
from ai_engine.database import Database
from ai_engine.database.schema import access_keys
from ai_engine.names import Role


@dataclass(frozen=True, slots=True)
class AccessKey:
    """A key that we issued. What it opens is known, what it reads is not."""

    id: str
    name: str
    role: Role
    key_hash: str = field(repr=False)
    """SHA-256 in hex. The key itself is 192 bits of chance, so no slow hash is needed."""
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

    async def add(self, name: str, role: Role, key_hash: str) -> AccessKey:
        """Stores a new key under a new id."""
        key = AccessKey(secrets.token_hex(8), name, role, key_hash, self._clock.now())
        values = {"id": key.id, "name": name, "role": role.name.lower(), "key_hash": key_hash, "created_at": key.created_at}
        async with self._database.engine.begin() as connection:
            await connection.execute(insert(access_keys).values(values))
        return key

    async def remove(self, key_id: str) -> bool:
        """Whether there was such a key."""
        async with self._database.engine.begin() as connection:
            result = await connection.execute(delete(access_keys).where(access_keys.c.id == key_id))
        return result.rowcount > 0
