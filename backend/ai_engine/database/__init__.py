"""The relational database: connections (`engine`), tables (`schema`) and `migrations`."""

from ai_engine.database.engine import DATABASE_FAILURES, Database, open_database
from ai_engine.database.migrations import migrate

__all__ = ["DATABASE_FAILURES", "Database", "migrate", "open_database"]
