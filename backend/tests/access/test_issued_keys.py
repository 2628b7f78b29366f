import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime

import pytest
from sqlalchemy.exc import OperationalError

from ai_engine.access.issued_keys import IssuedKeys
from ai_engine.access.repository import AccessKey
from ai_engine.errors import ConfigurationError
from ai_engine.names import Role
from tests.fakes.clock import HandTurnedClock, quiet

pytestmark = pytest.mark.anyio


def issued(name: str) -> AccessKey:
    return AccessKey(name, name, Role.CLIENT, "ab" * 32, datetime(2026, 11, 23, tzinfo=UTC))


class FakeRepository:
    def __init__(self) -> None:
        self.keys: list[AccessKey] = []
        self.reads = 0
        self.is_away = False
        self.adds_after_stamp: list[AccessKey] = []

    async def all(self) -> Sequence[AccessKey]:
        self.reads += 1
        return list(self.keys)

    async def stamp(self) -> tuple[int, datetime | None]:
        if self.is_away:
            raise OperationalError("select", {}, Exception("away"))
        stamp = len(self.keys), max((key.created_at for key in self.keys), default=None)
        self.keys += self.adds_after_stamp
        self.adds_after_stamp = []
        return stamp


async def test_keys_are_read_when_they_changed_and_only_then() -> None:
    repository = FakeRepository()
    known: list[Sequence[AccessKey]] = []
    keys = IssuedKeys(repository, known.append, HandTurnedClock())
    await keys.refresh()
    repository.keys.append(issued("a"))
    await keys.refresh()
    await keys.refresh()
    repository.keys.clear()
    await keys.refresh()
    assert [[key.name for key in valid] for valid in known] == [[], ["a"], []]
    assert repository.reads == 3


async def test_a_key_that_comes_between_two_reads_is_noticed_when_it_goes() -> None:
    repository = FakeRepository()
    known: list[Sequence[AccessKey]] = []
    keys = IssuedKeys(repository, known.append, HandTurnedClock())
    repository.adds_after_stamp = [issued("a")]
    await keys.refresh()
    repository.keys.clear()
    await keys.refresh()
    assert [[key.name for key in valid] for valid in known] == [["a"], []]


async def test_keys_that_cannot_be_applied_are_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    def refuse(_: Sequence[AccessKey]) -> None:
        raise ConfigurationError("AI_ENGINE_CORS_ORIGINS is invalid.")

    keys = IssuedKeys(FakeRepository(), refuse, HandTurnedClock())
    await keys.refresh()
    await keys.refresh()
    assert [record.getMessage() for record in caplog.records] == [
        "The issued keys stay unchanged: AI_ENGINE_CORS_ORIGINS is invalid."
    ]


async def test_a_database_that_is_away_leaves_the_keys_as_they_are() -> None:
    repository, clock = FakeRepository(), HandTurnedClock()
    known: list[Sequence[AccessKey]] = []
    repository.is_away = True
    running = asyncio.create_task(IssuedKeys(repository, known.append, clock).run())
    await quiet()
    assert known == []
    repository.is_away = False
    await clock.turn(1)
    running.cancel()
    assert known == [[]]
