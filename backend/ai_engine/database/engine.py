"""Opening the database: one URL from the settings, one engine, and SQLite's manners where it is SQLite."""

import asyncio
import errno
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any, BinaryIO, NoReturn, TypeVar

from sqlalchemy import URL, Connection, Engine, column, create_engine, event, make_url, select, table
from sqlalchemy.exc import ArgumentError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from ai_engine.database.file_lock import take_file_lock
from ai_engine.errors import ConfigurationError

DRIVERS = {
    "sqlite": "sqlite+aiosqlite",
    "sqlite+aiosqlite": "sqlite+aiosqlite",
    "postgres": "postgresql+asyncpg",
    "postgresql": "postgresql+asyncpg",
    "postgresql+asyncpg": "postgresql+asyncpg",
}

BUSY_SECONDS = 5
"""How long an SQLite connection waits for another one's transaction."""

CONNECT_SECONDS = 10
"""How long a PostgreSQL server may take to accept a connection before it counts as away."""

PATIENCE_SECONDS = 60
"""How long a start waits for another process to finish migrating."""

DATABASE_FAILURES = (TimeoutError, SQLAlchemyError, OSError)
"""What a query raises that the database did not answer."""

revision_table = table("alembic_version", column("version_num"))
"""Where the migrations note how far they came. Alembic makes it, so it does not stand in the schema."""


ResultT = TypeVar("ResultT")


class Database:
    """An open database. `engine` is for repositories."""

    def __init__(self, engine: AsyncEngine, sqlite_file: Path | None = None, writer: Engine | None = None) -> None:
        self.engine = engine
        self.sqlite_file = sqlite_file
        """`None` for SQLite in memory and for every other database."""
        self.writer = writer
        """Serves `write` where it works in a thread; `None` where `engine` does."""
        self._thread: ThreadPoolExecutor | None = None
        self._opened = _identity_of(sqlite_file)

    @property
    def is_gone(self) -> bool:
        """Whether SQLite's file was deleted or replaced. SQLite would go on with the deleted one, which nobody finds again."""
        return _identity_of(self.sqlite_file) != self._opened

    def refuse_if_gone(self) -> None:
        """Raises `FileNotFoundError` where the file `is_gone`: what is written would be lost, and seem kept."""
        if self.is_gone:
            raise FileNotFoundError(errno.ENOENT, "the database's file is gone", str(self.sqlite_file))

    async def write(self, work: Callable[[Connection], ResultT]) -> ResultT:
        """Does `work` in a transaction, which is committed once it returns and taken back if it raises.

        An SQLite file is written to in one thread from beginning to end: a transaction of many statements then asks the event
        loop once, not for each of them. Cancelling does not stop the thread, so that the work may be committed all the same.
        Raises `FileNotFoundError` where that file `is_gone`.
        """
        self.refuse_if_gone()
        if self.writer is None:
            async with self.engine.begin() as connection:
                return await connection.run_sync(work)
        if self._thread is None:
            self._thread = ThreadPoolExecutor(1, "database")
        return await asyncio.get_running_loop().run_in_executor(self._thread, _do_in_transaction, self.writer, work)

    async def is_answering(self, timeout_seconds: float) -> bool:
        """Whether a migrated database answers in time. Reads the revision: `SELECT 1` does not even touch SQLite's file."""
        if self.is_gone:
            return False
        try:
            async with asyncio.timeout(timeout_seconds), self.engine.connect() as connection:
                return (await connection.execute(select(revision_table))).first() is not None
        except DATABASE_FAILURES:
            return False

    async def close(self) -> None:
        """Closes every connection, once the transaction has ended that `write` may be in."""
        if self._thread is not None:
            await asyncio.to_thread(self._thread.shutdown)
            self._thread = None
        if self.writer is not None:
            self.writer.dispose()
        await self.engine.dispose()


async def open_database(url: str) -> Database:
    """Opens `sqlite:///file` (its folder is made where it is missing) or `postgresql://…`.

    A SQLite file is opened at once; PostgreSQL is first spoken to by the first query.
    Raises `ConfigurationError` that names the variable, never the URL: it may hold a password.
    """
    address = _address(url)
    if address.get_backend_name() != "sqlite":
        return Database(_postgresql_engine(address))
    _bind_quickly()
    if address.database in (None, "", ":memory:"):
        return Database(_sqlite_engine(address))
    file = Path(str(address.database))
    _make_folder(file.parent)
    with await only_process_at(file):
        await asyncio.to_thread(_use_write_ahead_log, file)
    return Database(_sqlite_engine(address), file, _sqlite_writer(address))


def _identity_of(file: Path | None) -> tuple[int, int] | None:
    """Which file it is, whatever its name; `None` for none."""
    try:
        found = file.stat() if file is not None else None
    except OSError:
        return None
    return (found.st_dev, found.st_ino) if found is not None else None


def _do_in_transaction(engine: Engine, work: Callable[[Connection], ResultT]) -> ResultT:
    with engine.begin() as connection:
        return work(connection)


async def only_process_at(sqlite_file: Path) -> BinaryIO:
    """Waits until no other process opens or migrates this file; closing the result lets the next one in.

    Raises `ConfigurationError` if the other one does not finish.
    """
    lock = sqlite_file.with_name(sqlite_file.name + ".lock")
    try:
        return await take_file_lock(lock, PATIENCE_SECONDS)
    except TimeoutError:
        refuse(f"another process has been migrating it for {PATIENCE_SECONDS} seconds; end that one and start again")
    except OSError as error:
        refuse(f"{str(lock)!r} cannot be written ({type(error).__name__})")


def refuse(reason: str) -> NoReturn:
    """Raises the `ConfigurationError` that names the variable."""
    raise ConfigurationError(f"AI_ENGINE_DATABASE_URL is not usable: {reason}.") from None


def _address(url: str) -> URL:
    try:
        address = make_url(url)
        driver = DRIVERS[address.drivername]
    except (ArgumentError, ValueError, KeyError):
        refuse("it must look like sqlite:///data/ai-engine.db or postgresql://user:password@host/name")
    return address.set(drivername=driver)


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        refuse(f"the folder {str(folder)!r} cannot be made ({type(error).__name__})")


def _use_write_ahead_log(file: Path) -> None:
    """So that readers do not wait for a writer. The file remembers it; two processes that switch at once would be refused."""
    try:
        with closing(sqlite3.connect(file, timeout=BUSY_SECONDS)) as connection:
            connection.execute("PRAGMA journal_mode = WAL")
    except sqlite3.Error as error:
        refuse(f"{str(file)!r} cannot be opened as an SQLite database ({error})")


def _bind_quickly() -> None:
    """Names adapters for the two types for which Python's driver would search for one in vain before it binds a value of them.

    That search is most of the work of inserting a row with many unknown values: 0.4 µs each time, against 0.1 with these.
    """
    nothing: dict[None, None] = {}
    sqlite3.register_adapter(type(None), nothing.get)
    sqlite3.register_adapter(bool, int)


# Without `isolation_level=None` the driver begins transactions when it likes, and never before a CREATE TABLE: a migration that
# fails half way would stay half done.
_SQLITE_ARGUMENTS = {"isolation_level": None, "timeout": BUSY_SECONDS}


def _sqlite_engine(address: URL) -> AsyncEngine:
    engine = create_async_engine(address, connect_args=_SQLITE_ARGUMENTS)
    _teach_sqlite_manners(engine.sync_engine, "BEGIN")
    return engine


def _sqlite_writer(address: URL) -> Engine:
    engine = create_engine(address.set(drivername="sqlite"), connect_args=_SQLITE_ARGUMENTS, pool_size=1, max_overflow=0)
    # What reads before it writes would be refused if another one wrote in between.
    _teach_sqlite_manners(engine, "BEGIN IMMEDIATE")
    return engine


def _teach_sqlite_manners(engine: Engine, beginning: str) -> None:
    event.listen(engine, "connect", _prepare_sqlite_connection)
    event.listen(engine, "begin", lambda connection: connection.exec_driver_sql(beginning))


def _prepare_sqlite_connection(connection: Any, _record: object) -> None:
    cursor = connection.cursor()
    cursor.execute("PRAGMA foreign_keys = ON")
    cursor.close()


def _postgresql_engine(address: URL) -> AsyncEngine:
    try:
        return create_async_engine(address, pool_pre_ping=True, connect_args={"timeout": CONNECT_SECONDS})
    except ModuleNotFoundError as error:
        refuse(f"the package {error.name} that speaks with PostgreSQL is not installed")
