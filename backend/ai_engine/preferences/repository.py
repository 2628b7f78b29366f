"""Preferences in the database."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime

from sqlalchemy import select

from ai_engine.access.audit import AuditEntry
from ai_engine.access.repository import insert_audit_entry
from ai_engine.database import Database
from ai_engine.database.changes import transaction
from ai_engine.database.rows import replace_row
from ai_engine.database.schema import provider_preferences as table
from ai_engine.preferences.preferences import ProviderPreference


class SqlPreferencesRepository:
    """`PreferencesRepository` over the table `provider_preferences`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def load(self) -> Mapping[str, ProviderPreference]:
        async with self._database.engine.connect() as connection:
            rows = await connection.execute(select(table))
            return {
                row.provider: ProviderPreference(
                    row.enabled, row.preferred_key, row.priority, row.default_model, drained=bool(row.drained)
                )
                for row in rows
            }

    async def save(
        self, provider: str, preference: ProviderPreference, changed_at: datetime, audited: AuditEntry | None = None
    ) -> None:
        """Raises `Unavailable` if the database is locked, full or gone."""
        async with transaction(self._database, f"A preference of {provider}") as connection:
            await replace_row(connection, table, {"provider": provider, "changed_at": changed_at, **asdict(preference)})
            if audited is not None:
                await insert_audit_entry(connection, audited)
