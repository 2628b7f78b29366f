"""Portable statements to replace rows, and to write, read and delete many at once."""

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from itertools import chain
from typing import Any

from sqlalchemy import Connection, Dialect, Row, Table, and_, bindparam, column, delete, func, insert, select, values
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.util import await_only

_INSERT: dict[str, Callable[[Table], postgresql.Insert | sqlite.Insert]] = {
    "sqlite": sqlite.insert,
    "postgresql": postgresql.insert,
}
KEY_BATCH_SIZES = (1, 16, 64, 256)
"""How many primary keys one query selects; few sizes, since a statement is compiled for each."""
ROW_BATCH_SIZE = 128
"""How many rows an asynchronous driver gets in one call, which blocks the event loop."""


async def replace_row(connection: AsyncConnection, table: Table, row: Mapping[str, Any]) -> None:
    """Replaces the row with `row`'s primary key. Call it in a transaction, since it deletes and inserts.

    Columns that are not in `row` get their default.
    """
    same_key = and_(*(column == row[column.name] for column in table.primary_key))
    await connection.execute(delete(table).where(same_key))
    await connection.execute(insert(table).values(dict(row)))


def insert_rows(connection: Connection, table: Table, rows: Sequence[tuple[Any, ...]]) -> None:
    """Inserts rows whose values are in the order of the table's columns, as the database stores them.

    They are passed to the driver unchanged: a third of the work of `insert(table)`. Raises `IntegrityError` if one exists.
    """
    _execute_many(connection, _insertion(table, connection.dialect), rows)


def overwrite_rows(connection: Connection, table: Table, rows: Sequence[tuple[Any, ...]]) -> None:
    """As `insert_rows`, in place of the rows that are there under the same primary keys."""
    _execute_many(connection, _overwriting(table, connection.dialect), rows)


def rows_with_keys(connection: Connection, table: Table, keys: Sequence[Sequence[Any]]) -> list[Row[Any]]:
    """The rows that are there under these primary keys, as their database stores them, in no order."""
    found: list[Row[Any]] = []
    for at in range(0, len(keys), max(KEY_BATCH_SIZES)):
        some = keys[at : at + max(KEY_BATCH_SIZES)]
        count = next(count for count in KEY_BATCH_SIZES if len(some) <= count)
        # Nothing equals NULL, so that it can fill a statement up, and there are few of them.
        unknown = (None,) * (count - len(some)) * len(table.primary_key)
        found.extend(
            connection.exec_driver_sql(_selection(table, connection.dialect, count), (*chain.from_iterable(some), *unknown))
        )
    return found


def delete_rows(connection: Connection, table: Table, keys: Sequence[tuple[Any, ...]]) -> None:
    """Deletes the rows under these primary keys."""
    _execute_many(connection, _deletion(table, connection.dialect), keys)


def take_turns(connection: Connection, turnstile: int) -> None:
    """Waits until no other transaction of any process is behind this `turnstile`, an arbitrary number, until this one ends.

    SQLite needs none: it has one writer at a time.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(select(func.pg_advisory_xact_lock(turnstile)))


def let_others_run(connection: Connection) -> None:
    """Yields within `Database.write` to other threads, or to other tasks of its event loop."""
    if connection.dialect.is_async:
        await_only(asyncio.sleep(0))
    else:
        time.sleep(0)  # noqa: TID251 - in the thread of `Database.write`, to release the interpreter lock


def _execute_many(connection: Connection, statement: str, rows: Sequence[tuple[Any, ...]]) -> None:
    at_once = ROW_BATCH_SIZE if connection.dialect.is_async else max(len(rows), 1)
    for at in range(0, len(rows), at_once):
        # SQLite's driver binds the values of a named tuple at half the speed of a plain tuple's.
        connection.exec_driver_sql(statement, [tuple(row) for row in rows[at : at + at_once]])


@lru_cache(maxsize=64)
def _insertion(table: Table, dialect: Dialect) -> str:
    return str(insert(table).compile(dialect=dialect))


@lru_cache(maxsize=64)
def _overwriting(table: Table, dialect: Dialect) -> str:
    statement = _INSERT[dialect.name](table)
    keys = list(table.primary_key)
    others = {column.name: statement.excluded[column.name] for column in table.columns if column not in keys}
    return str(statement.on_conflict_do_update(index_elements=keys, set_=others).compile(dialect=dialect))


@lru_cache(maxsize=256)
def _selection(table: Table, dialect: Dialect, count: int) -> str:
    # A join, because SQLite scans the whole table for `(a, b) IN (VALUES …)`.
    columns = list(table.primary_key)
    wanted = values(*(column(key.name, key.type) for key in columns), name="wanted").data([("",) * len(columns)] * count)
    named = wanted.cte("wanted")
    same = and_(*(key == named.c[key.name] for key in columns))
    return str(select(table).select_from(named.join(table, same)).compile(dialect=dialect))


@lru_cache(maxsize=64)
def _deletion(table: Table, dialect: Dialect) -> str:
    keys = [key == bindparam(f"wanted_{key.name}", type_=key.type) for key in table.primary_key]
    return str(delete(table).where(*keys).compile(dialect=dialect))
