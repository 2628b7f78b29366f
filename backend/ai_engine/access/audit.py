"""Who changed what, when and from where: the entry of the audit, and the trail that keeps them."""

import logging
from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any, NamedTuple, Protocol

from ai_engine.clock import Clock
from ai_engine.errors import Unavailable

_log = logging.getLogger("ai_engine")


class Action(StrEnum):
    """What can be done to the engine at run time."""

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
    """Who did it, and from where."""

    name: str
    """The access key's name, `local` where none is needed, or what made the engine act by itself: `SIGHUP`, `file change`."""
    key_id: str | None
    """The stored key's id; `None` for the configured keys, and where no key is needed."""
    role: str
    """`admin`, or `system` where nobody called."""
    address: str | None
    """The effective client; `None` where nobody called."""
    request_id: str | None


class AuditEntry(NamedTuple):
    """One change that happened. No secret stands in it: keys are named by their fingerprints."""

    at: datetime
    actor: Actor
    action: str
    """One of `Action`; of an older or newer version perhaps another."""
    target: str
    """The provider's name, `provider/fingerprint` for a provider key, `*` for all of them, `configuration`."""
    before: Mapping[str, Any]
    after: Mapping[str, Any]
    """Both JSON, and only what changed."""


class StoredEntry(NamedTuple):
    """An entry with its place: later ones have greater ids."""

    id: int
    entry: AuditEntry


class Note(NamedTuple):
    """What the audit is to say of a change that somebody else carries out and keeps."""

    action: Action
    actor: Actor


class AuditStore(Protocol):
    """Where entries outlive the process."""

    async def add(self, entry: AuditEntry) -> None:
        """Raises `Unavailable` if it cannot be kept."""

    async def page(self, limit: int, before_id: int | None, action: Action | None, target: str | None) -> Sequence[StoredEntry]:
        """Up to `limit` entries of this action and target (`None`: any), newest first, those before `before_id`."""


class AuditTrail:
    """Keeps what was changed in memory only: rests that were ended, listings that were asked for, a configuration reloaded.

    A change that the database keeps is not noted here: its entry goes with it in one transaction (`preferences.repository`), so
    that there is neither without the other.
    """

    def __init__(self, store: AuditStore, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    async def note(self, actor: Actor, action: Action, target: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> None:
        """Keeps a change that is in force. Call it after the change: one that failed is none.

        If the database does not take it the change stays, because an operator must be able to put a provider back while the
        database is out; the log then has the whole entry, as an error.
        """
        entry = AuditEntry(self._clock.now(), actor, action, target, before, after)
        try:
            await self._store.add(entry)
        except Unavailable:
            _log.error("Audit entry that could not be kept: %s", _told(entry))

    async def page(
        self, limit: int, before_id: int | None = None, action: Action | None = None, target: str | None = None
    ) -> Sequence[StoredEntry]:
        """As `AuditStore.page`. Raises `Unavailable` where the database does not answer."""
        return await self._store.page(limit, before_id, action, target)


def _told(entry: AuditEntry) -> str:
    actor = entry.actor
    return (
        f"{entry.at.isoformat()} {entry.action} of {entry.target} by {actor.name} ({actor.role}) from {actor.address}, "
        f"request {actor.request_id}, before {dict(entry.before)}, after {dict(entry.after)}"
    )
