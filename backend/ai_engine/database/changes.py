"""What operators change and look up: a database that does not answer is told to them as such, and its reason to the log."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sqlalchemy.ext.asyncio import AsyncConnection

from ai_engine.database.engine import DATABASE_FAILURES, Database
from ai_engine.errors import Unavailable

PATIENCE_SECONDS = 15
"""A server that hangs neither answers nor ends the connection. Longer than SQLite waits for another transaction."""
_RETRY_SECONDS = 1

_logger = logging.getLogger("ai_engine")


@asynccontextmanager
async def change(database: Database, what: str) -> AsyncIterator[AsyncConnection]:
    """A transaction for something that an operator changes; `what` is it, for the log.

    Raises `Unavailable` where the database is locked, full or gone: then nothing of it was kept.
    """
    try:
        database.refuse_if_gone()
        async with asyncio.timeout(PATIENCE_SECONDS), database.engine.begin() as connection:
            yield connection
    except DATABASE_FAILURES as error:
        _logger.error("%s could not be kept: %s", what, _reason(error))  # noqa: TRY400 - see `_reason`
        raise _unavailable("The database does not take the change, so nothing was changed") from None


@asynccontextmanager
async def look(database: Database, what: str) -> AsyncIterator[AsyncConnection]:
    """A connection to read `what` for an operator. Raises `Unavailable` where the database does not answer."""
    try:
        async with asyncio.timeout(PATIENCE_SECONDS), database.engine.connect() as connection:
            yield connection
    except DATABASE_FAILURES as error:
        _logger.error("%s could not be read: %s", what, _reason(error))  # noqa: TRY400 - see `_reason`
        raise _unavailable("The database does not answer") from None


def _unavailable(what_happened: str) -> Unavailable:
    return Unavailable(f"{what_happened}; the log names the reason.", retry_after_seconds=_RETRY_SECONDS, code="database_down")


def _reason(error: Exception) -> object:
    """The driver's own words alone: SQLAlchemy's hold the statement, and a traceback tells no operator more."""
    return getattr(error, "orig", None) or type(error).__name__
