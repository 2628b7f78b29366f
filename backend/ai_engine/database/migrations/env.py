"""Alembic runs this file. It works on the connection, and inside the transaction, that `migrate` hands it."""

from alembic import context

from ai_engine.database.schema import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata)
context.run_migrations()
