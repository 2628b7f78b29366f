"""The one way to write a row whether or not it is there, in words that every database understands."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Table, and_, delete, insert
from sqlalchemy.ext.asyncio import AsyncConnection


async def replace_row(connection: AsyncConnection, table: Table, row: Mapping[str, Any]) -> None:
    """Leaves exactly `row` under its primary key. Call it inside a transaction, so that nobody sees the moment without it.

    What `row` does not name becomes the column's default.
    """
    same_key = and_(*(column == row[column.name] for column in table.primary_key))
    await connection.execute(delete(table).where(same_key))
    await connection.execute(insert(table).values(dict(row)))
