"""Requests of no client stand in no index of clients."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"

COLUMNS = ["client", "received_at_us", "id"]
HAS_CLIENT = sa.text("client IS NOT NULL")


def upgrade() -> None:
    op.drop_index("ix_requests_client", "requests")
    op.create_index("ix_requests_client", "requests", COLUMNS, sqlite_where=HAS_CLIENT, postgresql_where=HAS_CLIENT)


def downgrade() -> None:
    op.drop_index("ix_requests_client", "requests")
    op.create_index("ix_requests_client", "requests", COLUMNS)
