"""How rows are written that may be there already, and many at once, in words that every database understands."""

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import Dialect, Row, Table, and_, bindparam, column, delete, func, insert, select, values
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

_INSERT: dict[str, Callable[[Table], postgresql.Insert | sqlite.Insert]] = {
    "sqlite": sqlite.insert,
    "postgresql": postgresql.insert,
}
KEYS_AT_ONCE = (1, 16, 64, 256)
"""How many primary keys one query names: few numbers, because a statement is made for each."""
ROWS_AT_ONCE = 128
"""How many rows go to the driver in one call, which nothing else of this connection, and little of the process, interrupts."""


async def replace_row(connection: AsyncConnection, table: Table, row: Mapping[str, Any]) -> None:
    """Leaves exactly `row` under its primary key. Call it inside a transaction, so that nobody sees the moment without it.

    What `row` does not name becomes the column's default.
    """
    same_key = and_(*(column == row[column.name] for column in table.primary_key))
    await connection.execute(delete(table).where(same_key))
    await connection.execute(insert(table).values(dict(row)))


async def insert_rows(connection: AsyncConnection, table: Table, rows: Sequence[Sequence[Any]]) -> None:
    """Inserts rows whose values stand in the order of the table's columns, as its database stores them.

    They go to the driver as they are: a third of the work of `insert(table)`. Raises `IntegrityError` if one is there already.
    """
    await _execute_many(connection, _insertion(table, connection.dialect), rows)


async def overwrite_rows(connection: AsyncConnection, table: Table, rows: Sequence[Sequence[Any]]) -> None:
    """As `insert_rows`, in place of the rows that are there under the same primary keys."""
    await _execute_many(connection, _overwriting(table, connection.dialect), rows)


async def rows_with_keys(connection: AsyncConnection, table: Table, keys: Sequence[Sequence[Any]]) -> list[Row[Any]]:
    """The rows that are there under these primary keys, as their database stores them, in no order, some twice."""
    found: list[Row[Any]] = []
    for at in range(0, len(keys), max(KEYS_AT_ONCE)):
        some = [tuple(key) for key in keys[at : at + max(KEYS_AT_ONCE)]]
        count = next(count for count in KEYS_AT_ONCE if len(some) <= count)
        # The last key fills the statement up: it is found again, which is no harm, and there are few statements.
        named = tuple(value for key in [*some, *[some[-1]] * (count - len(some))] for value in key)
        found.extend(await connection.exec_driver_sql(_selection(table, connection.dialect, count), named))
    return found


async def delete_rows(connection: AsyncConnection, table: Table, keys: Sequence[Sequence[Any]]) -> None:
    """Deletes the rows under these primary keys."""
    await _execute_many(connection, _deletion(table, connection.dialect), keys)


async def take_turns(connection: AsyncConnection, turnstile: int) -> None:
    """Waits until no other transaction of any process is behind this `turnstile`, an arbitrary number, until this one ends.

    SQLite needs none: it has one writer at a time, whose first statement must be the writing one.
    """
    if connection.dialect.name == "postgresql":
        await connection.execute(select(func.pg_advisory_xact_lock(turnstile)))


async def _execute_many(connection: AsyncConnection, statement: str, rows: Sequence[Sequence[Any]]) -> None:
    for at in range(0, len(rows), ROWS_AT_ONCE):
        await connection.exec_driver_sql(statement, [tuple(row) for row in rows[at : at + ROWS_AT_ONCE]])


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
    # A join, because SQLite reads the whole table for `(a, b) IN (VALUES …)`.
    columns = list(table.primary_key)
    wanted = values(*(column(key.name, key.type) for key in columns), name="wanted").data([("",) * len(columns)] * count)
    named = wanted.cte("wanted")
    same = and_(*(key == named.c[key.name] for key in columns))
    return str(select(table).select_from(named.join(table, same)).compile(dialect=dialect))


@lru_cache(maxsize=64)
def _deletion(table: Table, dialect: Dialect) -> str:
    keys = [key == bindparam(f"wanted_{key.name}", type_=key.type) for key in table.primary_key]
    return str(delete(table).where(*keys).compile(dialect=dialect))
