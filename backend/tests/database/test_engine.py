import sqlite3
import sys
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from sqlalchemy import insert, select
from sqlalchemy.exc import StatementError

from ai_engine.database import migrate, open_database
from ai_engine.database.rows import replace_row
from ai_engine.database.schema import access_keys, provider_preferences
from ai_engine.errors import ConfigurationError

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("scheme", ["sqlite", "sqlite+aiosqlite"])
async def test_an_sqlite_url_with_or_without_its_driver_makes_the_file_and_its_folder(tmp_path: Path, scheme: str) -> None:
    file = tmp_path / "some where" / "deep" / "engine.db"

    database = await open_database(f"{scheme}:///{file}")

    assert file.exists()
    assert database.sqlite_file == file
    await database.close()


async def test_connections_use_the_write_ahead_log_wait_for_each_other_and_check_foreign_keys(tmp_path: Path) -> None:
    database = await open_database(f"sqlite:///{tmp_path}/engine.db")

    async with database.engine.connect() as connection:
        values = [
            (await connection.exec_driver_sql(f"PRAGMA {name}")).scalar()
            for name in ("journal_mode", "busy_timeout", "foreign_keys")
        ]

    assert values == ["wal", 5000, 1]
    await database.close()


async def test_a_memory_database_needs_no_file() -> None:
    database = await open_database("sqlite://")

    await migrate(database)

    assert database.sqlite_file is None
    assert await database.is_answering(1)
    await database.close()


@pytest.mark.parametrize(
    "url",
    [
        "",
        "data/ai-engine.db",
        "mysql://root:hunter2@localhost/engine",
        "postgresql+psycopg://engine:hunter2@localhost/engine",
        "postgresql://engine:hunter2@localhost:port/engine",
    ],
)
async def test_a_url_of_no_database_that_we_speak_is_refused_by_the_variable_without_its_password(url: str) -> None:
    with pytest.raises(ConfigurationError, match=r"^AI_ENGINE_DATABASE_URL is invalid: must be a URL such as") as refusal:
        await open_database(url)

    assert "hunter2" not in refusal.value.message
    assert refusal.value.__suppress_context__


async def test_a_folder_that_cannot_be_made_is_refused_by_the_variable(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(
        ConfigurationError, match=r"^AI_ENGINE_DATABASE_URL is invalid: the folder '.*file/data' cannot be created"
    ):
        await open_database(f"sqlite:///{tmp_path}/file/data/engine.db")


async def test_a_file_that_is_no_database_is_refused_by_the_variable(tmp_path: Path) -> None:
    file = tmp_path / "engine.db"
    file.write_text("These are the minutes of the meeting. " * 100)

    with pytest.raises(ConfigurationError, match=r"^AI_ENGINE_DATABASE_URL is invalid: '.*' cannot be opened .*not a database"):
        await open_database(f"sqlite:///{file}")


async def test_a_database_answers_once_it_is_migrated_and_no_longer_when_its_file_is_spoilt(tmp_path: Path) -> None:
    file = tmp_path / "engine.db"
    database = await open_database(f"sqlite:///{file}")
    assert not await database.is_answering(1)

    await migrate(database)
    assert await database.is_answering(1)

    await database.close()
    file.write_bytes(b"These are the minutes of the meeting. " * 100)
    assert not await database.is_answering(1)
    await database.close()


async def test_a_failed_transaction_leaves_nothing_behind_not_even_a_table(tmp_path: Path) -> None:
    database = await open_database(f"sqlite:///{tmp_path}/engine.db")

    async def break_half_way() -> None:
        async with database.engine.begin() as connection:
            await connection.exec_driver_sql("CREATE TABLE half (id INTEGER)")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await break_half_way()

    with sqlite3.connect(tmp_path / "engine.db") as plain:
        tables = plain.execute("SELECT name FROM sqlite_master").fetchall()
    plain.close()
    assert tables == []
    await database.close()


async def test_times_come_back_in_utc_and_one_without_a_zone_is_refused(tmp_path: Path) -> None:
    database = await open_database(f"sqlite:///{tmp_path}/engine.db")
    await migrate(database)
    row = {"id": "1", "name": "laptop", "role": "client", "key_hash": "ab" * 32}
    in_delhi = datetime(2026, 11, 23, 12, 0, tzinfo=timezone(timedelta(hours=5, minutes=30)))

    async with database.engine.begin() as connection:
        await connection.execute(insert(access_keys).values(row | {"created_at": in_delhi}))
        created_at = await connection.scalar(select(access_keys.c.created_at))
        with pytest.raises(StatementError, match="without a zone"):
            await connection.execute(insert(access_keys).values(row | {"created_at": in_delhi.replace(tzinfo=None)}))

    assert created_at == datetime(2026, 11, 23, 6, 30, tzinfo=UTC)
    assert created_at.tzinfo is UTC
    await database.close()


async def test_replacing_a_row_leaves_one_with_only_the_new_values(tmp_path: Path) -> None:
    database = await open_database(f"sqlite:///{tmp_path}/engine.db")
    await migrate(database)
    now = datetime(2026, 11, 23, tzinfo=UTC)

    async with database.engine.begin() as connection:
        await replace_row(connection, provider_preferences, {"provider": "groq", "priority": 3, "changed_at": now})
        await replace_row(connection, provider_preferences, {"provider": "openai", "changed_at": now})
        await replace_row(connection, provider_preferences, {"provider": "groq", "enabled": False, "changed_at": now})
        rows = (await connection.execute(select(provider_preferences).order_by(provider_preferences.c.provider))).all()

    assert [(row.provider, row.enabled, row.priority) for row in rows] == [("groq", False, None), ("openai", None, None)]
    await database.close()


async def test_postgresql_without_its_driver_is_refused_by_the_package_that_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "asyncpg", None)  # how Python itself marks a module that must not be found
    with pytest.raises(ConfigurationError, match="PostgreSQL driver asyncpg is not installed") as refusal:
        await open_database("postgresql://engine:hunter2@localhost/engine")

    assert "hunter2" not in refusal.value.message
