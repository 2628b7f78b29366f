"""Migrations: the files in `versions/` in the order of their numbers, run by alembic.

A new one is written by hand from `script.py.mako`, as `versions/NNNN_what_it_does.py` with `NNNN` as its revision.
"""

from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Function, func, inspect, select

from ai_engine.database.engine import DATABASE_FAILURES, Database, migration_lock, refuse, revision_table

FOLDER = Path(__file__).parent
POSTGRESQL_LOCK = 0x4149_454E_4749_4E45
"""An arbitrary number ("AIENGINE") for the advisory lock of migrations."""


def postgresql_lock() -> Function[Any]:
    """Waits for the lock of migrations; released at the end of the transaction."""
    return func.pg_advisory_xact_lock(POSTGRESQL_LOCK)


def known_revisions() -> list[str]:
    """Every known revision, oldest first."""
    return sorted(path.name[:4] for path in (FOLDER / "versions").glob("[0-9]*.py"))


async def migrate(database: Database) -> None:
    """Applies outstanding migrations in one transaction. Concurrent processes wait for the first one.

    An up-to-date database costs a single query: alembic, slow to import, is not imported.
    Raises `ConfigurationError` if the database does not respond, has a newer revision, or is being migrated for too long.
    """
    try:
        async with database.engine.connect() as connection:
            if await connection.run_sync(is_up_to_date):
                return
    except DATABASE_FAILURES as error:
        refuse(f"the database does not respond ({type(error).__name__}); start it, or correct the URL")
    if database.sqlite_file is None:
        await _upgrade_in_one_transaction(database)
        return
    with await migration_lock(database.sqlite_file):
        await _upgrade_in_one_transaction(database)


def is_up_to_date(connection: Connection) -> bool:
    """Whether no migration is outstanding. Raises `ConfigurationError` if the database is newer than the code."""
    if not inspect(connection).has_table(revision_table.name):
        return False
    revision = connection.scalar(select(revision_table.c.version_num))
    known = known_revisions()
    if revision is not None and revision not in known:
        refuse(
            f"its revision {revision} is of a newer version of AI Engine (this one has {known[-1]}); "
            "run that version, or restore a backup"
        )
    return bool(revision == known[-1])


async def _upgrade_in_one_transaction(database: Database) -> None:
    async with database.engine.begin() as connection:
        await connection.run_sync(_upgrade)


def _upgrade(connection: Connection) -> None:
    if connection.dialect.name == "postgresql":
        connection.execute(select(postgresql_lock()))
    if is_up_to_date(connection):  # another process has migrated it
        return
    from alembic import command
    from alembic.config import Config

    configuration = Config()
    configuration.set_main_option("script_location", str(FOLDER).replace("%", "%%"))
    configuration.attributes["connection"] = connection
    command.upgrade(configuration, "head")
