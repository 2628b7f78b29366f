"""The preferences in force, in memory, one immutable mapping at a time."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from types import MappingProxyType
from typing import Protocol, TypedDict, Unpack

from ai_engine.access.audit import AuditEntry, Note
from ai_engine.clock import Clock
from ai_engine.providers.registry.definition import ProviderDefinition


@dataclass(frozen=True, slots=True)
class ProviderPreference:
    """What an admin decided about one provider; `None` leaves it to the provider's definition."""

    enabled: bool | None = None
    preferred_key: str | None = None
    """A provider key's fingerprint."""
    priority: int | None = None
    default_model: str | None = None
    drained: bool = False
    """Out of rotation for new requests until somebody restores it; those in flight go on."""


class Changes(TypedDict, total=False):
    """The parts of a preference to change; what is not named stays."""

    enabled: bool | None
    preferred_key: str | None
    priority: int | None
    default_model: str | None
    drained: bool


class PreferencesRepository(Protocol):
    """Where preferences outlive the process."""

    async def load(self) -> Mapping[str, ProviderPreference]:
        """Every kept preference by provider name."""

    async def save(
        self, provider: str, preference: ProviderPreference, changed_at: datetime, audited: AuditEntry | None = None
    ) -> None:
        """Keeps it in place of the provider's earlier one, and its audit entry with it: both or neither."""


Listener = Callable[[str, ProviderPreference], None]
"""Hears the provider's name and its new preference, once it is in force."""

NOTHING_PREFERRED = ProviderPreference()


class LivePreferences:
    """The preferences in force. Reading is a dictionary look-up; a change is in force when it is kept, not before."""

    def __init__(self, repository: PreferencesRepository, clock: Clock) -> None:
        self._repository = repository
        self._clock = clock
        self._by_provider: Mapping[str, ProviderPreference] = MappingProxyType({})
        self._one_at_a_time = asyncio.Lock()
        self._listeners: list[Listener] = []

    def of(self, provider: str) -> ProviderPreference:
        """The provider's preference; one of only `None`s where nobody has changed anything."""
        return self._by_provider.get(provider, NOTHING_PREFERRED)

    def on_change(self, listener: Listener) -> None:
        """Calls `listener` after every change, in the order of registration."""
        self._listeners.append(listener)

    async def load(self) -> None:
        """Takes over what earlier runs kept. Called once, before the first request."""
        self._by_provider = MappingProxyType(dict(await self._repository.load()))

    async def set(self, provider: str, note: Note | None = None, **changes: Unpack[Changes]) -> ProviderPreference:
        """Keeps the changes, then puts them in force; gives the whole preference. One that changes nothing is not written.

        `note` is for the audit, which keeps what changed under the preferences' own names; `null` there is "as configured".
        If keeping them fails, the repository's error escapes and everything stays as it was.
        """
        return await self._change(provider, note, lambda _: changes)

    async def flip(self, definition: ProviderDefinition, note: Note | None = None) -> ProviderPreference:
        """As `set`: switches the provider off if it is on, else on. Of two flips at once the second undoes the first."""
        return await self._change(definition.name, note, lambda now: {"enabled": not is_enabled(definition, now)})

    async def _change(
        self, provider: str, note: Note | None, changes: Callable[[ProviderPreference], Changes]
    ) -> ProviderPreference:
        async with self._one_at_a_time:
            before = self.of(provider)
            after = replace(before, **changes(before))
            if after == before:
                return before
            now = self._clock.now()
            await self._repository.save(provider, after, now, _audited(note, provider, before, after, now))
            self._by_provider = MappingProxyType({**self._by_provider, provider: after})
        for listener in self._listeners:
            listener(provider, after)
        return after


def _audited(
    note: Note | None, provider: str, before: ProviderPreference, after: ProviderPreference, at: datetime
) -> AuditEntry | None:
    if note is None:
        return None
    old, new = asdict(before), asdict(after)
    changed = [name for name in new if old[name] != new[name]]
    return AuditEntry(
        at, note.actor, note.action, provider, {name: old[name] for name in changed}, {name: new[name] for name in changed}
    )


def is_enabled(definition: ProviderDefinition, preference: ProviderPreference) -> bool:
    """The admin's word; without one, every provider is on except the unofficial resellers."""
    return preference.enabled if preference.enabled is not None else not definition.is_community
