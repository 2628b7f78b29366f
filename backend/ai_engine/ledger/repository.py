"""The ledger in the database: the only place that knows its SQL."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from functools import partial
from operator import itemgetter
from typing import Any

from sqlalchemy import ColumnElement, Connection, Table, delete, func, select, text, tuple_
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, SQLAlchemyError

from ai_engine.database import Database
from ai_engine.database.rows import delete_rows, insert_rows, let_others_run, overwrite_rows, rows_with_keys, take_turns
from ai_engine.database.schema import attempt_rollups, attempts, ledger_horizon, request_rollups, requests
from ai_engine.events import Ending, RequestFinished
from ai_engine.ledger.lines import AttemptRow, Entry, RequestRow, microseconds, request_of
from ai_engine.ledger.rollups import ALL, AttemptGroup, RequestGroup, Totals, attempt_totals, request_totals
from ai_engine.ledger.store import EntriesRefused, Page, Piece, Position, RequestFilter, StoredRequest, StoreUnavailable

TIMEOUT_SECONDS = 30
"""How long a transaction may take before the database counts as unavailable."""

ROWS_SCANNED = 5_000
"""How many rows a page of requests reads at most."""

ADVISORY_LOCK = 0x4C45_4447_4552
"""An arbitrary number ("LEDGER"). Adding to rollups reads and then writes them, one transaction at a time."""

GROUPS_AT_ONCE = 64
"""Rollups added up before the event loop gets its turn."""

_NOT_COMPLETED = text("ending <> 'completed'")
"""Written as the partial index has it: with a parameter in it, no database would see that the index serves."""


class SqlLedger:
    """`EntryStore`, `RequestStore`, `RollupStore` and `OldRows` over the ledger's four tables.

    Reading raises SQLAlchemy's errors, writing the port's.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._engine = database.engine

    async def store(self, entries: Sequence[Entry]) -> int:
        """As the port promises."""
        by_id = {entry.request.id: entry for entry in entries}
        async with _port_errors():
            try:
                return await self._database.write(partial(_add, list(by_id.values())))
            except IntegrityError:
                # Some are stored already: a segment is drained again after its drainer was killed.
                return await self._database.write(partial(_add_new, by_id))

    async def page(self, wanted: RequestFilter, after: Position | None, limit: int) -> Page:
        """As the port promises: at most `ROWS_SCANNED` rows of the filter's best index are looked at."""
        place = tuple_(requests.c.received_at_us, requests.c.id)
        newest_first = (requests.c.received_at_us.desc(), requests.c.id.desc())
        by_index, others = _conditions(wanted)
        # One bound for each end of the range: of two, SQLite begins at the wider one and looks through all that is between.
        ends_us = None if wanted.ends_at is None else microseconds(wanted.ends_at)
        if after is not None and (ends_us is None or after.received_at_us < ends_us):
            by_index.append(place < after)
        elif ends_us is not None:
            by_index.append(requests.c.received_at_us < ends_us)
        begin = [] if wanted.begins_at is None else [requests.c.received_at_us >= microseconds(wanted.begins_at)]
        last_look = select(requests.c.received_at_us, requests.c.id).where(*by_index, *begin).order_by(*newest_first)
        async with self._engine.connect() as connection:
            end = None
            if others:
                end = (await connection.execute(last_look.offset(ROWS_SCANNED - 1).limit(1))).first()
            if end is not None:
                # PostgreSQL's planner has an idea of how few rows a number bounds, but none of a pair.
                begin = [requests.c.received_at_us >= end.received_at_us, place >= tuple(end)]
            found = select(requests).where(*by_index, *begin, *others).order_by(*newest_first).limit(limit + 1)
            rows = [RequestRow(*row) for row in await connection.execute(found)]
        page = [StoredRequest(request_of(row, ()), row.attempts) for row in rows[:limit]]
        if len(rows) > limit:
            return page, Position(rows[limit - 1].received_at_us, rows[limit - 1].id)
        return page, Position(*end) if end is not None else None

    async def request(self, record_id: str) -> RequestFinished | None:
        """As the port promises."""
        of_request = select(attempts).where(attempts.c.request == record_id).order_by(attempts.c.number)
        async with self._engine.connect() as connection:
            row = (await connection.execute(select(requests).where(requests.c.id == record_id))).first()
            if row is None:
                return None
            tried = [AttemptRow(*attempt) for attempt in await connection.execute(of_request)]
        return request_of(RequestRow(*row), tried)

    async def request_rollups(
        self, piece: Piece, client: str | None, provider: str | None, model: str | None
    ) -> Sequence[tuple[RequestGroup, Sequence[object]]]:
        """As the port promises."""
        groups = request_rollups.c
        conditions = [groups.client == (ALL if client is None else client), *_within(request_rollups, piece)]
        if client is None and provider is None and model is None:
            conditions.append(groups.provider == ALL)
        else:
            conditions.append(groups.provider != ALL if provider is None else groups.provider == provider)
        if model is not None:
            conditions.append(groups.model == model)
        async with self._engine.connect() as connection:
            rows = await connection.execute(select(request_rollups).where(*conditions))
            return [(RequestGroup(*row[:5]), row[5:]) for row in rows]

    async def attempt_rollups(
        self, piece: Piece, provider: str | None, model: str | None
    ) -> Sequence[tuple[AttemptGroup, Sequence[object]]]:
        """As the port promises."""
        conditions = _within(attempt_rollups, piece)
        if provider is not None:
            conditions.append(attempt_rollups.c.provider == provider)
        if model is not None:
            conditions.append(attempt_rollups.c.model == model)
        async with self._engine.connect() as connection:
            rows = await connection.execute(select(attempt_rollups).where(*conditions))
            return [(AttemptGroup(*row[:5]), row[5:]) for row in rows]

    async def delete_requests(self, before: datetime, at_most: int) -> int:
        """As the port promises."""
        oldest = (
            select(requests.c.id, requests.c.attempts, requests.c.received_at_us)
            .where(requests.c.received_at_us < microseconds(before))
            .order_by(requests.c.received_at_us, requests.c.id)
            .limit(at_most)
        )
        async with _port_errors():
            async with self._engine.connect() as connection:
                candidates = (await connection.execute(oldest)).all()
            ids: list[str] = []
            rows = horizon_us = 0
            for record_id, attempt_count, received_at_us in candidates:
                if ids and rows + 1 + attempt_count > at_most:
                    break
                ids.append(record_id)
                rows += 1 + attempt_count
                horizon_us = received_at_us
            if ids:
                await self._database.write(partial(_delete_requests, ids, horizon_us))
            return rows

    async def delete_rollups(self, resolution_seconds: int, before: datetime, at_most: int) -> int:
        """As the port promises."""
        most = 0
        async with _port_errors():
            for table in (request_rollups, attempt_rollups):
                old = select(*table.primary_key).where(
                    table.c.resolution_seconds == resolution_seconds, table.c.begins_at_s < microseconds(before) // 1_000_000
                )
                async with self._engine.connect() as connection:
                    keys = (await connection.execute(old.limit(at_most))).all()
                if keys:
                    await self._database.write(partial(delete_rows, table=table, keys=[tuple(key) for key in keys]))
                    most = max(most, len(keys))
        return most


def _add(given: Sequence[Entry], connection: Connection) -> int:
    """Adds all entries but those that are too old, and returns how many those are."""
    take_turns(connection, ADVISORY_LOCK)
    horizon_us = connection.scalar(select(func.max(ledger_horizon.c.received_at_us)))
    entries = given if horizon_us is None else [entry for entry in given if entry.request.received_at_us > horizon_us]
    insert_rows(connection, requests, [entry.request for entry in entries])
    insert_rows(connection, attempts, [attempt for entry in entries for attempt in entry.attempts])
    add_totals(connection, request_rollups, request_totals(entries))
    let_others_run(connection)
    add_totals(connection, attempt_rollups, attempt_totals(entries))
    return len(given) - len(entries)


def _add_new(by_id: Mapping[str, Entry], connection: Connection) -> int:
    take_turns(connection, ADVISORY_LOCK)
    known = {row.id for row in rows_with_keys(connection, requests, [(record_id,) for record_id in by_id])}
    return _add([entry for record_id, entry in by_id.items() if record_id not in known], connection)


def _delete_requests(ids: Sequence[str], horizon_us: int, connection: Connection) -> None:
    take_turns(connection, ADVISORY_LOCK)
    connection.execute(delete(ledger_horizon).where(ledger_horizon.c.received_at_us <= horizon_us))
    insert_rows(connection, ledger_horizon, [(horizon_us,)])
    connection.execute(delete(attempts).where(attempts.c.request.in_(ids)))
    delete_rows(connection, requests, [(record_id,) for record_id in ids])


def add_totals(
    connection: Connection, table: Table, totals: Mapping[RequestGroup, Totals] | Mapping[AttemptGroup, Totals]
) -> None:
    """Adds to the rollups: reads those that are there, adds, writes all."""
    groups = sorted(totals.items(), key=itemgetter(0))
    there = {tuple(row[:5]): row[5:] for row in rows_with_keys(connection, table, [key for key, _ in groups])}
    rows: list[tuple[Any, ...]] = []
    for number, (key, added) in enumerate(groups):
        before = there.get(tuple(key))
        if before is not None:
            whole = added.copy()
            whole.add_columns(before)
        else:
            whole = added
        rows.append((*key, *whole.columns()))
        if number % GROUPS_AT_ONCE == GROUPS_AT_ONCE - 1:
            let_others_run(connection)
    overwrite_rows(connection, table, rows)


def _within(table: Table, piece: Piece) -> list[ColumnElement[bool]]:
    return [
        table.c.resolution_seconds == piece.resolution_seconds,
        table.c.begins_at_s >= piece.begins_at_s,
        table.c.begins_at_s < piece.ends_at_s,
    ]


def _conditions(wanted: RequestFilter) -> tuple[list[Any], list[ColumnElement[bool]]]:
    """The conditions but the range of time: those that one index serves, and those that are looked at row by row."""
    columns = requests.c
    by_index: list[Any] = []
    others: list[ColumnElement[bool]] = []
    # The fewest rows are expected under a client, then a model, then a provider.
    for column, value in ((columns.client, wanted.client), (columns.model, wanted.model), (columns.provider, wanted.provider)):
        if value is not None and not by_index:
            by_index.append(column == value)
        elif value is not None:
            # `coalesce`, so that no planner takes the index of this column instead: it would read far more.
            others.append(func.coalesce(column, "") == value)
    is_of_the_few = (
        (wanted.ending is not None and wanted.ending is not Ending.COMPLETED)
        or (wanted.status_class is not None and wanted.status_class >= 4)
        or wanted.failure is not None
    )
    if is_of_the_few and not by_index:
        by_index.append(_NOT_COMPLETED)
    if wanted.ending is not None:
        others.append(columns.ending == wanted.ending.value)
    if wanted.status_class is not None:
        others.append(columns.status.between(wanted.status_class * 100, wanted.status_class * 100 + 99))
    if wanted.failure is not None:
        others.append(columns.error_class == wanted.failure)
    return by_index, others


@asynccontextmanager
async def _port_errors() -> AsyncIterator[None]:
    """Turns every error into `StoreUnavailable`, or `EntriesRefused` if the values are the cause."""
    try:
        async with asyncio.timeout(TIMEOUT_SECONDS):
            yield
    except (IntegrityError, DataError, ValueError, TypeError, OverflowError) as error:
        raise EntriesRefused(type(error).__name__) from error
    except DBAPIError as error:
        # asyncpg's own check of values has no class of its own in SQLAlchemy, but PostgreSQL's code for "data exception".
        is_about_values = str(getattr(error.orig, "sqlstate", "")).startswith("22")
        raise (EntriesRefused if is_about_values else StoreUnavailable)(type(error).__name__) from error
    except (SQLAlchemyError, OSError) as error:
        raise StoreUnavailable(type(error).__name__) from error
