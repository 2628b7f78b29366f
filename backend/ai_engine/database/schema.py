"""All tables on one screen. A change here comes with a migration; `tests/database/test_migrations.py` compares the two."""

from datetime import UTC, datetime

from sqlalchemy import JSON, Boolean, Column, DateTime, Dialect, Integer, MetaData, String, Table
from sqlalchemy.types import TypeDecorator


class UtcDateTime(TypeDecorator[datetime]):
    """A time with its zone, in UTC on both sides. SQLite keeps no zone, so a time without one is refused on the way in."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a time without a zone cannot be stored")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
        "ix": "ix_%(table_name)s_%(column_0_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
    }
)

provider_preferences = Table(
    "provider_preferences",
    metadata,
    Column("provider", String, primary_key=True),
    Column("enabled", Boolean),
    Column("preferred_key", String),  # a fingerprint, never a secret
    Column("priority", Integer),
    Column("default_model", String),
    Column("changed_at", UtcDateTime, nullable=False),
)

catalogue_listings = Table(
    "catalogue_listings",
    metadata,
    Column("provider", String, primary_key=True),
    Column("fetched_at", UtcDateTime, nullable=False),
    Column("models", JSON, nullable=False),
)

access_keys = Table(
    "access_keys",
    metadata,
    Column("id", String, primary_key=True),
    Column("name", String, nullable=False),
    Column("role", String, nullable=False),
    Column("key_hash", String, nullable=False, unique=True),  # the SHA-256 in hex; the key itself is nowhere
    Column("created_at", UtcDateTime, nullable=False),
)
