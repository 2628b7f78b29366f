"""Columns, classes of failure and reasons of attempts have the names that the API has."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"

COLUMNS = (
    ("requests", "asked_model", "requested_model"),
    ("attempts", "why", "reason"),
    ("request_rollups", "refused", "client_errors"),
    ("request_rollups", "errors", "failed"),
    ("attempt_rollups", "refused", "client_errors"),
)
FAILURES = {
    "malformed_answer": "malformed_response",
    "connect": "connection_failed",
    "reset": "connection_reset",
    "silent": "timeout",
    "cut": "incomplete_stream",
    "abandoned": "cancelled",
    "routes_out": "no_route_available",
    "deadline_passed": "deadline_exceeded",
    "request_loop": "loop_detected",
    "catalogue_incomplete": "model_list_pending",
}
REASONS = {
    "first choice": "first_candidate",
    "another key": "next_key",
    "next candidate": "next_candidate",
    "after a rate limit": "after_cooldown",
    "fallback model": "fallback_model",
    "without stream_options": "without_stream_options",
    "as a chat": "as_chat",
    "without reasoning": "without_reasoning",
}


def upgrade() -> None:
    for table, old, new in COLUMNS:
        op.alter_column(table, old, new_column_name=new)
    _rename_values(FAILURES, REASONS)


def downgrade() -> None:
    _rename_values({new: old for old, new in FAILURES.items()}, {new: old for old, new in REASONS.items()})
    for table, old, new in COLUMNS:
        op.alter_column(table, new, new_column_name=old)


def _rename_values(failures: dict[str, str], reasons: dict[str, str]) -> None:
    for old, new in reasons.items():
        _execute("UPDATE attempts SET reason = :new WHERE reason = :old", old, new)
    for old, new in failures.items():
        _execute("UPDATE attempts SET failure = :new WHERE failure = :old", old, new)
        _execute("UPDATE requests SET error_class = :new WHERE error_class = :old", old, new)
        for table in ("request_rollups", "attempt_rollups"):
            _execute(f"UPDATE {table} SET failures = REPLACE(failures, :old, :new)", f'"{old}"', f'"{new}"')  # noqa: S608


def _execute(statement: str, old: str, new: str) -> None:
    op.execute(sa.text(statement).bindparams(old=old, new=new))
