"""All tables. A change here needs a migration; `tests/database/test_migrations.py` compares the two."""

from datetime import UTC, datetime

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Dialect,
    Double,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    text,
)
from sqlalchemy.types import TypeDecorator


class UtcDateTime(TypeDecorator[datetime]):
    """A time with zone, in UTC. SQLite stores no zone, so a time without one is refused."""

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


TOKEN_COLUMNS = ("input_tokens", "cached_input_tokens", "cache_write_tokens", "output_tokens", "reasoning_tokens")


def token_columns() -> list[Column[int]]:
    """Tokens in disjoint classes; NULL is unknown."""
    return [Column(name, BigInteger) for name in TOKEN_COLUMNS]


def count_columns(*names: str) -> list[Column[int]]:
    """Counters."""
    return [Column(name, BigInteger, nullable=False) for name in names]


def sum_columns() -> list[Column[int]]:
    """Sums of tokens and cost, and how many rows are not in them because theirs are unknown."""
    return count_columns(*TOKEN_COLUMNS, "unknown_usage", "estimated_usage", "cost_pico_usd", "absorbed_pico_usd", "unpriced")


def histogram_columns(*names: str) -> list[Column[bytes]]:
    """Histograms of durations in the encoding of `ledger/histograms.py`."""
    return [Column(f"{name}_histogram", LargeBinary, nullable=False) for name in names]


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
    Column("drained", Boolean),
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
    Column("key_hash", String, nullable=False, unique=True),  # SHA-256 in hex; the key itself is not stored
    Column("created_at", UtcDateTime, nullable=False),
)

sessions = Table(
    "sessions",
    metadata,
    Column("token_hash", String, primary_key=True),  # SHA-256 of the cookie's token, in hex
    Column("key_hash", String, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime, nullable=False),
)

audit_entries = Table(
    "audit_entries",
    metadata,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    Column("at", UtcDateTime, nullable=False),
    Column("actor", String, nullable=False),
    Column("actor_key_id", String),
    Column("actor_role", String, nullable=False),
    Column("address", String),
    Column("request_id", String),
    Column("action", String, nullable=False),
    Column("target", String, nullable=False),
    Column("before", JSON, nullable=False),
    Column("after", JSON, nullable=False),
    Index("ix_audit_entries_action", "action", "id"),
    Index("ix_audit_entries_target", "target", "id"),
)

# The ledger writes and deletes its rows together, so foreign keys are not needed. Times are microseconds since
# the epoch, money is in pico-USD: exact, compact, and the same in every database.

requests = Table(
    "requests",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("request_id", String, nullable=False),
    Column("received_at_us", BigInteger, nullable=False),
    Column("client", String),
    Column("client_name", String),
    Column("operation", String, nullable=False),
    Column("requested_model", String, nullable=False),
    Column("provider", String),
    Column("model", String),
    Column("key_fingerprint", String),
    Column("is_stream", Boolean, nullable=False),
    Column("status", Integer, nullable=False),
    Column("ending", String, nullable=False),
    Column("error_class", String),
    *token_columns(),
    Column("tokens_are_estimated", Boolean, nullable=False),
    Column("cost_pico_usd", BigInteger),
    Column("absorbed_pico_usd", BigInteger),
    Column("price_version", String),
    Column("first_token_ms", Double),
    Column("duration_ms", Double, nullable=False),
    Column("upstream_ms", Double, nullable=False),
    Column("overhead_ms", Double, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("error_detail", String),
    Index("ix_requests_received_at_us", "received_at_us", "id"),
    # Queries for requests without a client do not exist, and in open mode all are without one.
    Index(
        "ix_requests_client",
        "client",
        "received_at_us",
        "id",
        sqlite_where=text("client IS NOT NULL"),
        postgresql_where=text("client IS NOT NULL"),
    ),
    Index("ix_requests_provider", "provider", "received_at_us", "id"),
    Index("ix_requests_model", "model", "received_at_us", "id"),
    # A small share of the rows, and the one that is queried most.
    Index(
        "ix_requests_not_completed",
        "received_at_us",
        "id",
        sqlite_where=text("ending <> 'completed'"),
        postgresql_where=text("ending <> 'completed'"),
    ),
)

attempts = Table(
    "attempts",
    metadata,
    Column("request", String(32), primary_key=True),  # the id of its row in `requests`
    Column("number", Integer, primary_key=True),
    Column("provider", String, nullable=False),
    Column("model", String, nullable=False),
    Column("key_fingerprint", String),
    Column("reason", String, nullable=False),
    Column("started_ms", Double, nullable=False),
    Column("succeeded", Boolean, nullable=False),
    Column("failure", String),
    Column("blame", String),
    Column("status", Integer),
    Column("duration_ms", Double, nullable=False),
    Column("first_token_ms", Double),
    *token_columns(),
    Column("tokens_are_estimated", Boolean, nullable=False),
    Column("cost_pico_usd", BigInteger),
    Column("is_absorbed", Boolean, nullable=False),
    Column("detail", String),
)

# One row once something has been deleted: requests received up to then are only in the rollups, so that none of them
# may be added again.
ledger_horizon = Table(
    "ledger_horizon",
    metadata,
    Column("received_at_us", BigInteger, primary_key=True, autoincrement=False),
)

request_rollups = Table(
    "request_rollups",
    metadata,
    # `*` is the sum of all clients, the empty string requests without one.
    Column("client", String, primary_key=True),
    Column("resolution_seconds", Integer, primary_key=True),
    Column("begins_at_s", BigInteger, primary_key=True),
    Column("provider", String, primary_key=True),
    Column("model", String, primary_key=True),
    *count_columns("requests", "completed", "rescued", "client_cancelled", "upstream_cut", "client_errors", "failed", "attempts"),
    *sum_columns(),
    Column("failures", String),  # JSON: count by class
    *histogram_columns("latency", "first_token", "overhead"),
    Index("ix_request_rollups_begins_at_s", "resolution_seconds", "begins_at_s"),
)

attempt_rollups = Table(
    "attempt_rollups",
    metadata,
    Column("resolution_seconds", Integer, primary_key=True),
    Column("begins_at_s", BigInteger, primary_key=True),
    Column("provider", String, primary_key=True),
    Column("model", String, primary_key=True),
    Column("key_fingerprint", String, primary_key=True),
    *count_columns("attempts", "successes", "failed", "client_errors", "absorbed"),
    *sum_columns(),
    Column("failures", String),
    *histogram_columns("latency", "first_token"),
)
