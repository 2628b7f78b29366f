"""The preferences in force, as an immutable mapping in memory."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from types import MappingProxyType
from typing import Protocol, TypedDict, Unpack

from ai_engine.access.audit import AuditContext, AuditEntry
from ai_engine.clock import Clock
from ai_engine.providers.registry.definition import ProviderDefinition


@dataclass(frozen=True, slots=True)
class ProviderPreference:
    """An admin's choices for one provider; `None` is the configured value."""

    enabled: bool | None = None
    preferred_key: str | None = None
    """A provider key's fingerprint."""
    priority: int | None = None
    default_model: str | None = None
    drained: bool = False
    """Out of rotation for new requests until restored; requests in flight finish."""


class Changes(TypedDict, total=False):
    """The fields of a preference to change; others stay unchanged."""

    enabled: bool | None
    preferred_key: str | None
    priority: int | None
    default_model: str | None
    drained: bool


class PreferencesRepository(Protocol):
    """Persistent storage of preferences."""

    async def load(self) -> Mapping[str, ProviderPreference]:
        """All stored preferences by provider."""

    async def save(
        self, provider: str, preference: ProviderPreference, changed_at: datetime, audited: AuditEntry | None = None
    ) -> None:
        """Replaces the provider's preference and inserts the audit entry, atomically."""


Listener = Callable[[str, ProviderPreference], None]
"""Called with the provider's name and its new preference once it is in force."""

NO_PREFERENCE = ProviderPreference()


class LivePreferences:
    """The preferences in force. Reading is a dictionary access; a change is in force once it is stored."""

    def __init__(self, repository: PreferencesRepository, clock: Clock) -> None:
        self._repository = repository
        self._clock = clock
        self._by_provider: Mapping[str, ProviderPreference] = MappingProxyType({})
        self._lock = asyncio.Lock()
        self._listeners: list[Listener] = []

    def of(self, provider: str) -> ProviderPreference:
        """The provider's preference; `NO_PREFERENCE` if unchanged."""
        return self._by_provider.get(provider, NO_PREFERENCE)

    def on_change(self, listener: Listener) -> None:
        """Calls `listener` after every change, in the order of registration."""
        self._listeners.append(listener)

    async def load(self) -> None:
        """Loads the stored preferences. Called once, before the first request."""
        self._by_provider = MappingProxyType(dict(await self._repository.load()))

    async def set(self, provider: str, audit: AuditContext | None = None, **changes: Unpack[Changes]) -> ProviderPreference:
        """Stores the changes, then puts them in force; returns the whole preference. A change without effect is not stored.

        `audit` adds an entry with the changed fields, where `null` is the configured value.
        If storing fails, the repository's error is raised and nothing changes.
        """
        return await self._change(provider, audit, lambda _: changes)

    async def toggle(self, definition: ProviderDefinition, audit: AuditContext | None = None) -> ProviderPreference:
        """As `set`: disables the provider if it is enabled, else enables it."""
        return await self._change(definition.name, audit, lambda now: {"enabled": not is_enabled(definition, now)})

    async def _change(
        self, provider: str, audit: AuditContext | None, changes: Callable[[ProviderPreference], Changes]
    ) -> ProviderPreference:
        async with self._lock:
            before = self.of(provider)
            after = replace(before, **changes(before))
            if after == before:
                return before
            now = self._clock.now()
            await self._repository.save(provider, after, now, _audit_entry(audit, provider, before, after, now))
            self._by_provider = MappingProxyType({**self._by_provider, provider: after})
        for listener in self._listeners:
            listener(provider, after)
        return after


def _audit_entry(
    audit: AuditContext | None, provider: str, before: ProviderPreference, after: ProviderPreference, at: datetime
) -> AuditEntry | None:
    if audit is None:
        return None
    old, new = asdict(before), asdict(after)
    changed = [name for name in new if old[name] != new[name]]
    return AuditEntry(
        at, audit.actor, audit.action, provider, {name: old[name] for name in changed}, {name: new[name] for name in changed}
    )


def is_enabled(definition: ProviderDefinition, preference: ProviderPreference) -> bool:
    """The admin's choice; by default every provider is enabled except unofficial resellers."""
    return preference.enabled if preference.enabled is not None else not definition.is_community
