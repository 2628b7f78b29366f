"""The databases that the contract suite runs on: SQLite always, and the PostgreSQL server that the environment names."""

import os
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from sqlalchemy import make_url
from sqlalchemy.ext.asyncio import create_async_engine

from tests.fakes.needed import go_without

SERVER_VARIABLE = "AI_ENGINE_TEST_POSTGRESQL_URL"
"""The URL of a server on which databases may be made and dropped, such as postgresql://user@127.0.0.1/postgres."""

DATABASES = ("sqlite", "postgresql")


@asynccontextmanager
async def fresh_database_url(kind: str, folder: Path) -> AsyncIterator[str]:
    """The URL of a database that nobody else uses, gone afterwards."""
    if kind == "sqlite":
        yield f"sqlite:///{folder}/ledger.db"
        return
    server = os.environ.get(SERVER_VARIABLE)
    if server is None:
        go_without(f"{SERVER_VARIABLE} names no PostgreSQL server, so nothing is tried on PostgreSQL.")
    name = f"ai_engine_test_{secrets.token_hex(6)}"
    address = make_url(server).set(drivername="postgresql+asyncpg")
    engine = create_async_engine(address, isolation_level="AUTOCOMMIT")
    try:
        async with engine.connect() as connection:
            await connection.exec_driver_sql(f"CREATE DATABASE {name}")
        yield address.set(drivername="postgresql", database=name).render_as_string(hide_password=False)
        async with engine.connect() as connection:
            await connection.exec_driver_sql(f"DROP DATABASE {name} WITH (FORCE)")
    finally:
        await engine.dispose()
