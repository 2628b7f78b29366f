"""Requests and attempts say in a sentence what failed."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    op.add_column("requests", sa.Column("error_detail", sa.String))
    op.add_column("attempts", sa.Column("detail", sa.String))


def downgrade() -> None:
    op.drop_column("attempts", "detail")
    op.drop_column("requests", "error_detail")
