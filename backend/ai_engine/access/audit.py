"""The audit: changes made at run time, with actor, time and address."""

import logging
from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any, NamedTuple, Protocol

from ai_engine.clock import Clock
from ai_engine.errors import Unavailable

_log = logging.getLogger("ai_engine")


class Action(StrEnum):
    """The kinds of change."""

    UPDATE = "provider.update"
    TOGGLE = "provider.toggle"
    ROLL_KEY = "provider.roll_key"
    UNFLAG = "provider.unflag"
    DRAIN = "provider.drain"
    RESTORE = "provider.restore"
    RESTORE_KEY = "provider_key.restore"
    REFRESH = "models.refresh"
    RELOAD = "config.reload"


class Actor(NamedTuple):
    """The caller or trigger of a change."""

    name: str
    """The access key's name, `local` if no key was needed, or the trigger: `SIGHUP` or `file change`."""
    key_id: str | None
    """The issued key's id; `None` for keys from the configuration, and if no key was needed."""
    role: str
    """`admin`, or `system` for triggers."""
    address: str | None
    """The client's address; `None` for triggers."""
    request_id: str | None


class AuditEntry(NamedTuple):
    """A change. It contains no secret: provider keys are named by their fingerprints."""

    at: datetime
    actor: Actor
    action: str
    """One of `Action`; entries of other versions may have others."""
    target: str
    """A provider, `provider/fingerprint` for a provider key, `*` for all providers, or `configuration`."""
    before: Mapping[str, Any]
    after: Mapping[str, Any]
    """The changed fields as JSON, as `before`."""


class StoredEntry(NamedTuple):
    """An entry with its id; ids ascend in time."""

    id: int
    entry: AuditEntry


class AuditContext(NamedTuple):
    """Action and actor, for a change whose entry is written by the repository that stores the change."""

    action: Action
    actor: Actor


class AuditStore(Protocol):
    """Persistent storage of entries."""

    async def add(self, entry: AuditEntry) -> None:
        """Raises `Unavailable` if it cannot be stored."""

    async def page(self, limit: int, before_id: int | None, action: Action | None, target: str | None) -> Sequence[StoredEntry]:
        """Up to `limit` entries before `before_id` with this action and target (`None`: any), newest first."""


class AuditTrail:
    """Records changes of state that is only in memory: restored keys, refreshed model lists, a reloaded configuration.

    A change that is stored in the database writes its entry in the same transaction (`preferences.repository`), so that both are
    stored or neither.
    """

    def __init__(self, store: AuditStore, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    async def record(
        self, actor: Actor, action: Action, target: str, before: Mapping[str, Any], after: Mapping[str, Any]
    ) -> None:
        """Stores a change that is in force. Call it after the change.

        If the database is unavailable the change stays, because operators must be able to restore a provider during an outage;
        the entry is then logged as an error.
        """
        entry = AuditEntry(self._clock.now(), actor, action, target, before, after)
        try:
            await self._store.add(entry)
        except Unavailable:
            _log.error("Audit entry not stored: %s", _described(entry))

    async def page(
        self, limit: int, before_id: int | None = None, action: Action | None = None, target: str | None = None
    ) -> Sequence[StoredEntry]:
        """As `AuditStore.page`. Raises `Unavailable` if the database does not respond."""
        return await self._store.page(limit, before_id, action, target)


def _described(entry: AuditEntry) -> str:
    actor = entry.actor
    return (
        f"{entry.at.isoformat()} {entry.action} of {entry.target} by {actor.name} ({actor.role}) from {actor.address}, "
        f"request {actor.request_id}, before {dict(entry.before)}, after {dict(entry.after)}"
    )
