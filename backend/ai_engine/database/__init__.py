"""The relational database: how it is opened (`engine`), its tables (`schema`) and how it comes up to date (`migrations`)."""

from ai_engine.database.engine import Database, open_database
from ai_engine.database.migrations import migrate

__all__ = ["Database", "migrate", "open_database"]
