"""Up to when the ledger's requests have been deleted."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.create_table(
        "ledger_horizon",
        sa.Column("received_at_us", sa.BigInteger, autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("received_at_us", name="pk_ledger_horizon"),
    )


def downgrade() -> None:
    op.drop_table("ledger_horizon")
