import asyncio
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from ai_engine.access.audit import Action, Actor, AuditContext, AuditEntry
from ai_engine.clock import SystemClock
from ai_engine.database import Database, migrate, open_database
from ai_engine.errors import Unavailable
from ai_engine.preferences.preferences import LivePreferences, ProviderPreference, is_enabled
from ai_engine.preferences.repository import SqlPreferencesRepository
from ai_engine.providers.registry.definition import ProviderDefinition

pytestmark = pytest.mark.anyio


class Notebook:
    """A `PreferencesRepository` in memory whose writing can be held up or made to fail."""

    def __init__(self) -> None:
        self.kept: dict[str, ProviderPreference] = {}
        self.audited: list[AuditEntry | None] = []
        self.saves = 0
        self.may_write = asyncio.Event()
        self.may_write.set()
        self.is_full = False

    async def load(self) -> Mapping[str, ProviderPreference]:
        return self.kept

    async def save(
        self, provider: str, preference: ProviderPreference, changed_at: datetime, audited: AuditEntry | None = None
    ) -> None:
        self.saves += 1
        await self.may_write.wait()
        if self.is_full:
            raise OSError("disk full")
        self.kept[provider] = preference
        self.audited.append(audited)


async def opened(file: Path) -> Database:
    database = await open_database(f"sqlite:///{file}")
    await migrate(database)
    return database


def definition(**changes: Any) -> ProviderDefinition:
    return replace(ProviderDefinition("p", "P", "http://127.0.0.1", None), **changes)


async def test_a_change_is_kept_across_a_restart(tmp_path: Path) -> None:
    database = await opened(tmp_path / "engine.db")
    preferences = LivePreferences(SqlPreferencesRepository(database), SystemClock())
    await preferences.set("groq", enabled=False, preferred_key="0a1b2c3d")
    await preferences.set("groq", priority=7, default_model="llama-4-maverick")
    await preferences.set("openai", enabled=True)
    await preferences.set("openai", enabled=None, priority=1)
    await database.close()

    database = await opened(tmp_path / "engine.db")
    again = LivePreferences(SqlPreferencesRepository(database), SystemClock())
    assert again.of("groq") == ProviderPreference()
    await again.load()

    assert again.of("groq") == ProviderPreference(False, "0a1b2c3d", 7, "llama-4-maverick")
    assert again.of("openai") == ProviderPreference(priority=1)
    assert again.of("anthropic") == ProviderPreference()
    await database.close()


async def test_a_change_is_in_force_only_once_it_is_kept() -> None:
    notebook = Notebook()
    preferences = LivePreferences(notebook, SystemClock())
    notebook.may_write.clear()

    change = asyncio.create_task(preferences.set("groq", enabled=False))
    await asyncio.sleep(0)
    assert notebook.saves == 1
    assert preferences.of("groq").enabled is None

    notebook.may_write.set()
    assert (await change).enabled is False
    assert preferences.of("groq").enabled is False


async def test_a_change_that_cannot_be_stored_has_no_effect_and_no_listener_is_called() -> None:
    notebook = Notebook()
    preferences = LivePreferences(notebook, SystemClock())
    heard: list[str] = []
    preferences.on_change(lambda provider, _: heard.append(provider))
    notebook.is_full = True

    with pytest.raises(OSError, match="disk full"):
        await preferences.set("groq", enabled=False)

    assert preferences.of("groq") == ProviderPreference()
    assert heard == []


async def test_changes_to_different_parts_at_once_are_both_kept() -> None:
    notebook = Notebook()
    preferences = LivePreferences(notebook, SystemClock())
    notebook.may_write.clear()
    both = asyncio.gather(preferences.set("groq", enabled=False), preferences.set("groq", priority=2))
    await asyncio.sleep(0)
    notebook.may_write.set()

    await both

    assert preferences.of("groq") == notebook.kept["groq"] == ProviderPreference(enabled=False, priority=2)


async def test_of_two_flips_at_once_the_second_undoes_the_first() -> None:
    notebook = Notebook()
    preferences = LivePreferences(notebook, SystemClock())
    notebook.may_write.clear()
    both = asyncio.gather(preferences.toggle(definition()), preferences.toggle(definition()))
    await asyncio.sleep(0)
    notebook.may_write.set()
    assert [preference.enabled for preference in await both] == [False, True]
    assert (await preferences.toggle(definition(is_community=True))).enabled is False
    assert notebook.saves == 3


async def test_listeners_hear_a_change_when_it_is_in_force_and_nothing_of_one_that_changes_nothing() -> None:
    notebook = Notebook()
    preferences = LivePreferences(notebook, SystemClock())
    heard: list[tuple[str, ProviderPreference, ProviderPreference]] = []
    preferences.on_change(lambda provider, new: heard.append((provider, new, preferences.of(provider))))

    await preferences.set("groq", priority=2)
    await preferences.set("groq", priority=2)
    await preferences.set("groq", enabled=None)

    new = ProviderPreference(priority=2)
    assert heard == [("groq", new, new)]
    assert notebook.saves == 1


async def test_a_change_notes_when_it_was_made(tmp_path: Path) -> None:
    database = await opened(tmp_path / "engine.db")
    before = datetime.now(UTC)
    await LivePreferences(SqlPreferencesRepository(database), SystemClock()).set("groq", enabled=False)

    async with database.engine.connect() as connection:
        changed_at = (await connection.exec_driver_sql("SELECT changed_at FROM provider_preferences")).scalar_one()

    assert before <= datetime.fromisoformat(changed_at).replace(tzinfo=UTC) <= datetime.now(UTC)
    await database.close()


@pytest.mark.parametrize(
    ("is_community", "enabled", "expected"),
    [
        (False, None, True),
        (False, False, False),
        (False, True, True),
        (True, None, False),
        (True, True, True),
        (True, False, False),
    ],
)
def test_a_provider_is_on_unless_it_is_a_reseller_and_the_admin_has_the_last_word(
    is_community: bool, enabled: bool | None, expected: bool
) -> None:
    assert is_enabled(definition(is_community=is_community), ProviderPreference(enabled)) is expected


async def test_a_database_that_takes_no_change_says_so_and_changes_nothing(tmp_path: Path) -> None:
    database = await opened(tmp_path / "ai-engine.db")
    preferences = LivePreferences(SqlPreferencesRepository(database), SystemClock())
    async with database.engine.begin() as connection:
        await connection.exec_driver_sql("DROP TABLE provider_preferences")
    with pytest.raises(Unavailable):
        await preferences.set("openai", enabled=False)
    assert preferences.of("openai") == ProviderPreference()
    await database.close()


async def test_a_database_whose_file_was_deleted_takes_no_change(tmp_path: Path) -> None:
    database = await opened(tmp_path / "ai-engine.db")
    preferences = LivePreferences(SqlPreferencesRepository(database), SystemClock())
    (tmp_path / "ai-engine.db").unlink()
    with pytest.raises(Unavailable):
        await preferences.set("openai", enabled=False)
    assert preferences.of("openai") == ProviderPreference()
    await database.close()


async def test_what_the_audit_is_to_say_goes_with_the_preference_and_only_what_changed() -> None:
    notebook, actor = Notebook(), Actor("laptop", None, "admin", None, None)
    preferences = LivePreferences(notebook, SystemClock())
    await preferences.set("groq", priority=2)
    await preferences.set("groq", AuditContext(Action.DRAIN, actor), drained=True, priority=2)
    unaudited, entry = notebook.audited
    assert unaudited is None
    assert entry is not None
    assert entry[1:] == (actor, Action.DRAIN, "groq", {"drained": False}, {"drained": True})
