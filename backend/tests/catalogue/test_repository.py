import json
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

from ai_engine.catalogue.repository import SqlListingRepository
from ai_engine.catalogue.snapshot import Listing
from ai_engine.database import Database, migrate, open_database
from ai_engine.providers.adapter import ListedModel
from tests.catalogue.fakes import NOW, listing

pytestmark = pytest.mark.anyio


async def opened(file: Path) -> Database:
    database = await open_database(f"sqlite:///{file}")
    await migrate(database)
    return database


async def test_listings_come_back_after_a_restart_with_every_fact_and_time(tmp_path: Path) -> None:
    full = ListedModel("m1", 8192, True, False, None, True, "0.15", "0.60")
    at = datetime(2026, 11, 23, 13, 0, tzinfo=timezone(timedelta(hours=1)))
    database = await opened(tmp_path / "engine.db")
    repository = SqlListingRepository(database)
    await repository.save("a", listing("stale"))
    await repository.save("a", Listing((full, ListedModel("m2")), at))
    await repository.save("b", listing("m3"))
    await database.close()

    database = await opened(tmp_path / "engine.db")
    kept = await SqlListingRepository(database).load()

    assert kept == {"a": Listing((full, ListedModel("m2")), NOW), "b": listing("m3")}
    await database.close()


async def test_facts_that_another_version_kept_are_passed_over(tmp_path: Path) -> None:
    database = await opened(tmp_path / "engine.db")
    repository = SqlListingRepository(database)
    await repository.save("a", listing("m1"))
    models = json.dumps([{"name": "m1", "smells_of": "roses"}])

    async with database.engine.begin() as connection:
        await connection.exec_driver_sql("UPDATE catalogue_listings SET models = ?", (models,))

    assert await repository.load() == {"a": listing("m1")}
    await database.close()
