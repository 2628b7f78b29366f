"""Preferences and the audit: one suite, every database."""

from datetime import UTC, datetime

import pytest

from ai_engine.access.audit import Action, Actor, AuditContext, AuditEntry
from ai_engine.access.repository import SqlAuditStore
from ai_engine.clock import SystemClock
from ai_engine.database import Database
from ai_engine.errors import Unavailable
from ai_engine.preferences.preferences import LivePreferences, ProviderPreference
from ai_engine.preferences.repository import SqlPreferencesRepository

pytestmark = pytest.mark.anyio

OPERATOR = Actor("admin key", None, "admin", "127.0.0.1", "req-1")


async def test_a_preference_and_its_audit_entry_are_kept_together(database: Database) -> None:
    preferences = LivePreferences(SqlPreferencesRepository(database), SystemClock())
    await preferences.set("groq", AuditContext(Action.UPDATE, OPERATOR), priority=7, default_model="tiny")
    await preferences.set("groq", AuditContext(Action.DRAIN, OPERATOR), drained=True)
    await preferences.set("groq", AuditContext(Action.UPDATE, OPERATOR), priority=7)

    again = LivePreferences(SqlPreferencesRepository(database), SystemClock())
    await again.load()
    assert again.of("groq") == ProviderPreference(priority=7, default_model="tiny", drained=True)
    entries = [stored.entry[1:] for stored in await SqlAuditStore(database).page(10, None, None, None)]
    assert entries == [
        (OPERATOR, "provider.drain", "groq", {"drained": False}, {"drained": True}),
        (
            OPERATOR,
            "provider.update",
            "groq",
            {"priority": None, "default_model": None},
            {"priority": 7, "default_model": "tiny"},
        ),
    ]


async def test_a_preference_whose_audit_entry_cannot_be_kept_is_not_kept_either(database: Database) -> None:
    preferences = LivePreferences(SqlPreferencesRepository(database), SystemClock())
    await preferences.set("groq", AuditContext(Action.TOGGLE, OPERATOR), enabled=True)
    async with database.engine.begin() as connection:
        await connection.exec_driver_sql("ALTER TABLE audit_entries RENAME TO out_of_reach")
    with pytest.raises(Unavailable):
        await preferences.set("groq", AuditContext(Action.TOGGLE, OPERATOR), enabled=False)

    again = LivePreferences(SqlPreferencesRepository(database), SystemClock())
    await again.load()
    assert again.of("groq") == preferences.of("groq") == ProviderPreference(enabled=True)


async def test_an_audit_that_cannot_be_read_says_so(database: Database) -> None:
    async with database.engine.begin() as connection:
        await connection.exec_driver_sql("ALTER TABLE audit_entries RENAME TO out_of_reach")
    with pytest.raises(Unavailable):
        await SqlAuditStore(database).page(10, None, None, None)


async def test_pages_of_any_filter_follow_one_another_without_gap_or_repetition(database: Database) -> None:
    store = SqlAuditStore(database)
    for number in range(20):
        action, target = (Action.TOGGLE, Action.DRAIN)[number % 2], ("groq", "openai", "mistral")[number % 3]
        await store.add(AuditEntry(datetime.now(UTC), OPERATOR, action, target, {}, {"number": number}))

    async def numbers(action: Action | None, target: str | None) -> list[int]:
        seen: list[int] = []
        before_id = None
        while page := await store.page(3, before_id, action, target):
            seen += [stored.entry.after["number"] for stored in page]
            before_id = page[-1].id
        return seen

    assert await numbers(None, None) == list(range(20))[::-1]
    assert await numbers(Action.DRAIN, None) == [number for number in reversed(range(20)) if number % 2]
    assert await numbers(None, "groq") == [18, 15, 12, 9, 6, 3, 0]
    assert await numbers(Action.TOGGLE, "groq") == [18, 12, 6, 0]
    assert await numbers(None, "nobody") == []
