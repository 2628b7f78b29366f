import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import URL, select

from ai_engine.database import migrate, migrations, open_database
from ai_engine.database.file_lock import take_file_lock
from ai_engine.database.schema import metadata
from ai_engine.errors import ConfigurationError
from tests.fakes.ports import free_port
from tests.patience import PATIENCE_SECONDS

pytestmark = pytest.mark.anyio

START_AND_MIGRATE = """
import asyncio, sys
from ai_engine.database import migrate, open_database
from tests.fakes.ports import free_port

async def main():
    print("ready", flush=True)
    sys.stdin.readline()
    database = await open_database(sys.argv[1])
    await migrate(database)
    print(await database.is_answering(5))
    await database.close()

asyncio.run(main())
"""


def tables_in(file: Path) -> set[str]:
    with closing(sqlite3.connect(file)) as plain:
        return {name for (name,) in plain.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}


def test_the_revisions_in_file_names_are_those_that_alembic_finds_in_one_line() -> None:
    configuration = Config()
    configuration.set_main_option("script_location", str(migrations.FOLDER))
    scripts = ScriptDirectory.from_config(configuration)

    assert [script.revision for script in scripts.walk_revisions()] == migrations.known_revisions()[::-1]
    assert scripts.get_current_head() == migrations.known_revisions()[-1]


async def test_an_up_to_date_database_is_left_alone_and_alembic_is_not_even_imported(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/engine.db"
    database = await open_database(url)
    await migrate(database)
    await database.close()

    start_again = START_AND_MIGRATE + "\nprint([name for name in sys.modules if name.startswith('alembic')])"
    finished = subprocess.run([sys.executable, "-c", start_again, url], input="\n", capture_output=True, text=True, check=True)

    assert finished.stdout.split("\n")[1:3] == ["True", "[]"]


def test_two_processes_that_start_at_once_both_find_a_migrated_database(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/data/engine.db"
    command = [sys.executable, "-c", START_AND_MIGRATE, url]
    processes = [
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()

    outputs = [process.communicate(timeout=PATIENCE_SECONDS) for process in processes]

    assert outputs == [("True\n", "")] * 2
    with closing(sqlite3.connect(tmp_path / "data/engine.db")) as plain:
        assert plain.execute("SELECT version_num FROM alembic_version").fetchall() == [(migrations.known_revisions()[-1],)]


async def test_a_database_that_a_newer_version_migrated_is_refused_and_not_touched(tmp_path: Path) -> None:
    file = tmp_path / "engine.db"
    with closing(sqlite3.connect(file)) as plain:
        plain.execute("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL)")
        plain.execute("INSERT INTO alembic_version VALUES ('9999')")
        plain.commit()
    database = await open_database(f"sqlite:///{file}")

    with pytest.raises(ConfigurationError, match=r"AI_ENGINE_DATABASE_URL .* revision 9999 is of a newer version of AI Engine"):
        await migrate(database)

    assert tables_in(file) == {"alembic_version"}
    await database.close()


async def test_a_migration_that_fails_half_way_is_undone_whole_and_can_be_tried_again(tmp_path: Path) -> None:
    file = tmp_path / "engine.db"
    with closing(sqlite3.connect(file)) as plain:
        plain.execute("CREATE TABLE access_keys (in_the_way INTEGER)")
    database = await open_database(f"sqlite:///{file}")

    with pytest.raises(Exception, match="access_keys already exists"):
        await migrate(database)
    assert tables_in(file) == {"access_keys"}

    with closing(sqlite3.connect(file)) as plain:
        plain.execute("DROP TABLE access_keys")
    await migrate(database)
    assert tables_in(file) == {*metadata.tables, "alembic_version"}
    await database.close()


async def test_waiting_for_a_held_lock_times_out_and_its_release_frees_it(tmp_path: Path) -> None:
    lock = tmp_path / "engine.db.lock"

    with await take_file_lock(lock, timeout_seconds=5), pytest.raises(TimeoutError):
        await take_file_lock(lock, timeout_seconds=0.05)

    with await take_file_lock(lock, timeout_seconds=5):
        pass


async def test_a_server_that_does_not_answer_is_refused_in_one_sentence_without_its_password() -> None:
    database = await open_database(f"postgresql://user:secret@127.0.0.1:{free_port()}/engine")
    with pytest.raises(
        ConfigurationError, match=r"^AI_ENGINE_DATABASE_URL is invalid: the database does not respond \(ConnectionRefusedError\);"
    ) as refusal:
        await migrate(database)
    assert "secret" not in refusal.value.message
    await database.close()


def test_the_lock_is_one_that_postgresql_can_take() -> None:
    dialect = URL.create("postgresql+asyncpg").get_dialect()()
    taking = select(migrations.postgresql_lock()).compile(dialect=dialect, compile_kwargs={"literal_binds": True})

    assert str(taking).startswith(f"SELECT pg_advisory_xact_lock({migrations.POSTGRESQL_LOCK})")
    assert migrations.POSTGRESQL_LOCK < 2**63
