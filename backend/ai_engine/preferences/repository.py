"""Preferences in the database."""

import logging
from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from ai_engine.database import Database
from ai_engine.database.rows import replace_row
from ai_engine.database.schema import provider_preferences as kept
from ai_engine.errors import Unavailable
from ai_engine.preferences.preferences import ProviderPreference

_RETRY_SECONDS = 1

_logger = logging.getLogger("ai_engine")


class SqlPreferencesRepository:
    """`PreferencesRepository` over the table `provider_preferences`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def load(self) -> Mapping[str, ProviderPreference]:
        async with self._database.engine.connect() as connection:
            rows = await connection.execute(select(kept))
            return {
                row.provider: ProviderPreference(row.enabled, row.preferred_key, row.priority, row.default_model) for row in rows
            }

    async def save(self, provider: str, preference: ProviderPreference, changed_at: datetime) -> None:
        """Raises `Unavailable` where the database is locked, full or gone."""
        try:
            async with self._database.engine.begin() as connection:
                await replace_row(connection, kept, {"provider": provider, "changed_at": changed_at, **asdict(preference)})
        except SQLAlchemyError as error:
            # The driver's own words alone: SQLAlchemy's hold the statement, and a traceback tells no operator more.
            reason = getattr(error, "orig", None) or type(error).__name__
            _logger.error("A preference of %s could not be kept: %s", provider, reason)  # noqa: TRY400 - see above
            raise Unavailable(
                "The database does not take the change, so nothing was changed; the log names the reason.",
                retry_after_seconds=_RETRY_SECONDS,
                code="database_down",
            ) from None
