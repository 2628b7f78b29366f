"""Provider preferences, catalogue listings and access keys."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "provider_preferences",
        sa.Column("provider", sa.String, nullable=False),
        sa.Column("enabled", sa.Boolean),
        sa.Column("preferred_key", sa.String),
        sa.Column("priority", sa.Integer),
        sa.Column("default_model", sa.String),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("provider", name="pk_provider_preferences"),
    )
    op.create_table(
        "catalogue_listings",
        sa.Column("provider", sa.String, nullable=False),
        sa.Column("fetched_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("models", sa.JSON, nullable=False),
        sa.PrimaryKeyConstraint("provider", name="pk_catalogue_listings"),
    )
    op.create_table(
        "access_keys",
        sa.Column("id", sa.String, nullable=False),
        sa.Column("name", sa.String, nullable=False),
        sa.Column("role", sa.String, nullable=False),
        sa.Column("key_hash", sa.String, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_access_keys"),
        sa.UniqueConstraint("key_hash", name="uq_access_keys_key_hash"),
    )


def downgrade() -> None:
    op.drop_table("access_keys")
    op.drop_table("catalogue_listings")
    op.drop_table("provider_preferences")
