"""Who may call: keys, sessions and the audit trail."""

import sys
from dataclasses import dataclass

from ai_engine.access.audit import AuditTrail
from ai_engine.access.first_key import ensure_admin_key
from ai_engine.access.guards import Guard
from ai_engine.access.issued_keys import IssuedKeys
from ai_engine.access.repository import AccessKeyRepository, SqlAuditStore, SqlSessionRepository
from ai_engine.access.sessions import Sessions
from ai_engine.clock import Clock
from ai_engine.database import Database
from ai_engine.settings import Settings


@dataclass(frozen=True, slots=True)
class Access:
    guard: Guard
    sessions: Sessions
    keys: AccessKeyRepository
    issued_keys: IssuedKeys
    trail: AuditTrail


async def build_access(settings: Settings, clock: Clock, database: Database) -> Access:
    """With the keys that callers have been given, a first admin key among them where one was needed, and the open sessions."""
    keys, sessions = AccessKeyRepository(database, clock), Sessions(SqlSessionRepository(database), clock)
    data_folder = database.sqlite_file.parent if database.sqlite_file else settings.spool_dir.parent
    await ensure_admin_key(settings, keys, data_folder, sys.stderr)
    await sessions.load()
    guard = Guard(settings, await keys.all(), sessions)
    issued_keys = IssuedKeys(keys, guard.replace_issued, clock)
    return Access(guard, sessions, keys, issued_keys, AuditTrail(SqlAuditStore(database), clock))
