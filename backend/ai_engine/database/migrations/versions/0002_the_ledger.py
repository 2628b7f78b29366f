"""The ledger: requests, attempts, and their rollups."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

TOKENS = ("input_tokens", "cached_input_tokens", "cache_write_tokens", "output_tokens", "reasoning_tokens")
SUMS = (*TOKENS, "unknown_usage", "estimated_usage", "cost_pico_usd", "absorbed_pico_usd", "unpriced")
NOT_COMPLETED = sa.text("ending <> 'completed'")


def upgrade() -> None:
    _create_rows()
    _create_rollups()


def _create_rows() -> None:
    op.create_table(
        "requests",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("request_id", sa.String, nullable=False),
        sa.Column("received_at_us", sa.BigInteger, nullable=False),
        sa.Column("client", sa.String),
        sa.Column("client_name", sa.String),
        sa.Column("operation", sa.String, nullable=False),
        sa.Column("asked_model", sa.String, nullable=False),
        sa.Column("provider", sa.String),
        sa.Column("model", sa.String),
        sa.Column("key_fingerprint", sa.String),
        sa.Column("is_stream", sa.Boolean, nullable=False),
        sa.Column("status", sa.Integer, nullable=False),
        sa.Column("ending", sa.String, nullable=False),
        sa.Column("error_class", sa.String),
        *[sa.Column(name, sa.BigInteger) for name in TOKENS],
        sa.Column("tokens_are_estimated", sa.Boolean, nullable=False),
        sa.Column("cost_pico_usd", sa.BigInteger),
        sa.Column("absorbed_pico_usd", sa.BigInteger),
        sa.Column("price_version", sa.String),
        sa.Column("first_token_ms", sa.Double),
        *[sa.Column(name, sa.Double, nullable=False) for name in ("duration_ms", "upstream_ms", "overhead_ms")],
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_requests"),
    )
    op.create_index("ix_requests_received_at_us", "requests", ["received_at_us", "id"])
    for column in ("client", "provider", "model"):
        op.create_index(f"ix_requests_{column}", "requests", [column, "received_at_us", "id"])
    op.create_index(
        "ix_requests_not_completed",
        "requests",
        ["received_at_us", "id"],
        sqlite_where=NOT_COMPLETED,
        postgresql_where=NOT_COMPLETED,
    )
    op.create_table(
        "attempts",
        sa.Column("request", sa.String(32), nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("provider", sa.String, nullable=False),
        sa.Column("model", sa.String, nullable=False),
        sa.Column("key_fingerprint", sa.String),
        sa.Column("why", sa.String, nullable=False),
        sa.Column("started_ms", sa.Double, nullable=False),
        sa.Column("succeeded", sa.Boolean, nullable=False),
        sa.Column("failure", sa.String),
        sa.Column("blame", sa.String),
        sa.Column("status", sa.Integer),
        sa.Column("duration_ms", sa.Double, nullable=False),
        sa.Column("first_token_ms", sa.Double),
        *[sa.Column(name, sa.BigInteger) for name in TOKENS],
        sa.Column("tokens_are_estimated", sa.Boolean, nullable=False),
        sa.Column("cost_pico_usd", sa.BigInteger),
        sa.Column("is_absorbed", sa.Boolean, nullable=False),
        sa.PrimaryKeyConstraint("request", "number", name="pk_attempts"),
    )


def _create_rollups() -> None:
    requests = ("requests", "completed", "rescued", "client_cancelled", "upstream_cut", "refused", "errors", "attempts")
    op.create_table(
        "request_rollups",
        sa.Column("client", sa.String, nullable=False),
        sa.Column("resolution_seconds", sa.Integer, nullable=False),
        sa.Column("begins_at_s", sa.BigInteger, nullable=False),
        sa.Column("provider", sa.String, nullable=False),
        sa.Column("model", sa.String, nullable=False),
        *_totals(requests, ("latency", "first_token", "overhead")),
        sa.PrimaryKeyConstraint("client", "resolution_seconds", "begins_at_s", "provider", "model", name="pk_request_rollups"),
    )
    op.create_index("ix_request_rollups_begins_at_s", "request_rollups", ["resolution_seconds", "begins_at_s"])
    op.create_table(
        "attempt_rollups",
        sa.Column("resolution_seconds", sa.Integer, nullable=False),
        sa.Column("begins_at_s", sa.BigInteger, nullable=False),
        sa.Column("provider", sa.String, nullable=False),
        sa.Column("model", sa.String, nullable=False),
        sa.Column("key_fingerprint", sa.String, nullable=False),
        *_totals(("attempts", "successes", "failed", "refused", "absorbed"), ("latency", "first_token")),
        sa.PrimaryKeyConstraint(
            "resolution_seconds", "begins_at_s", "provider", "model", "key_fingerprint", name="pk_attempt_rollups"
        ),
    )


def _totals(counts: tuple[str, ...], histograms: tuple[str, ...]) -> "list[sa.Column[int] | sa.Column[str] | sa.Column[bytes]]":
    return [
        *[sa.Column(name, sa.BigInteger, nullable=False) for name in (*counts, *SUMS)],
        sa.Column("failures", sa.String),
        *[sa.Column(f"{name}_histogram", sa.LargeBinary, nullable=False) for name in histograms],
    ]


def downgrade() -> None:
    for table in ("attempt_rollups", "request_rollups", "attempts", "requests"):
        op.drop_table(table)
