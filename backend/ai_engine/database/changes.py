"""Database access for operators' requests: failures become `Unavailable`, and their reason is logged."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sqlalchemy.ext.asyncio import AsyncConnection

from ai_engine.database.engine import DATABASE_FAILURES, Database
from ai_engine.errors import Unavailable

TIMEOUT_SECONDS = 15
"""For a server that hangs. Longer than SQLite waits for another transaction."""
_RETRY_SECONDS = 1

_logger = logging.getLogger("ai_engine")


@asynccontextmanager
async def transaction(database: Database, what: str) -> AsyncIterator[AsyncConnection]:
    """A transaction that stores `what`, as the log calls it.

    Raises `Unavailable` if the database is locked, full or gone: then nothing was stored.
    """
    try:
        database.refuse_if_gone()
        async with asyncio.timeout(TIMEOUT_SECONDS), database.engine.begin() as connection:
            yield connection
    except DATABASE_FAILURES as error:
        _logger.error("%s could not be stored: %s", what, _reason(error))  # noqa: TRY400 - see `_reason`
        raise _unavailable("The database is not writable, so nothing was changed") from None


@asynccontextmanager
async def reading(database: Database, what: str) -> AsyncIterator[AsyncConnection]:
    """A connection to read `what`, as the log calls it. Raises `Unavailable` if the database does not respond."""
    try:
        async with asyncio.timeout(TIMEOUT_SECONDS), database.engine.connect() as connection:
            yield connection
    except DATABASE_FAILURES as error:
        _logger.error("%s could not be read: %s", what, _reason(error))  # noqa: TRY400 - see `_reason`
        raise _unavailable("The database does not respond") from None


def _unavailable(reason: str) -> Unavailable:
    return Unavailable(f"{reason}; see the log.", retry_after_seconds=_RETRY_SECONDS, code="database_unavailable")


def _reason(error: Exception) -> object:
    """The driver's message: SQLAlchemy's contains the statement, and a traceback would not help an operator."""
    return getattr(error, "orig", None) or type(error).__name__
