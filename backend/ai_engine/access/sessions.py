"""Sessions of the pages: a cookie instead of the key that signed in, valid as long as that key."""

import hashlib
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

from ai_engine.clock import Clock

COOKIE = "ai_engine_session"
LIFETIME = timedelta(days=7)
MAX_SESSIONS = 1000
"""Beyond it, a new session ends the oldest."""

_TOKEN_BYTES = 32


@dataclass(frozen=True, slots=True)
class Session:
    """A stored session, without the cookie's token and without the key."""

    token_hash: str = field(repr=False)
    """SHA-256 in hex. The token has 256 random bits, so no slow hash is needed."""
    key_hash: str = field(repr=False)
    """SHA-256 in hex of the key that signed in; when that key is removed, its sessions end."""
    created_at: datetime
    expires_at: datetime


class SessionRepository(Protocol):
    """Persistent storage of sessions."""

    async def all(self) -> Sequence[Session]:
        """All stored sessions, oldest first."""

    async def add(self, session: Session) -> None:
        """Raises `Unavailable` if it cannot be stored."""

    async def remove(self, token_hashes: Iterable[str]) -> None:
        """Raises `Unavailable` on failure. Unknown hashes are ignored."""


class Sessions:
    """The active sessions. A look-up costs a hash and a dictionary access."""

    def __init__(self, repository: SessionRepository, clock: Clock) -> None:
        self._repository = repository
        self._clock = clock
        self._by_token_hash: dict[str, Session] = {}

    async def load(self) -> None:
        """Loads the stored sessions. Called once, before the first request."""
        self._by_token_hash = {session.token_hash: session for session in await self._repository.all()}

    async def open(self, key_hash: str) -> tuple[str, Session]:
        """A new session for the key with this hash, and its token for the cookie."""
        excess = max(len(self._by_token_hash) - MAX_SESSIONS + 1, 0)
        await self._end([*self._expired(), *list(self._by_token_hash)[:excess]])
        token, now = secrets.token_urlsafe(_TOKEN_BYTES), self._clock.now()
        session = Session(_hash_of(token.encode()), key_hash, now, now + LIFETIME)
        await self._repository.add(session)
        self._by_token_hash[session.token_hash] = session
        return token, session

    def find(self, token: bytes) -> Session | None:
        """The session of this token; `None` if unknown or expired."""
        session = self._by_token_hash.get(_hash_of(token))
        return session if session is not None and session.expires_at > self._clock.now() else None

    async def close(self, tokens: Iterable[bytes]) -> None:
        """Ends the sessions of these tokens; unknown tokens are ignored."""
        await self._end([_hash_of(token) for token in tokens])

    def _expired(self) -> list[str]:
        now = self._clock.now()
        return [token_hash for token_hash, session in self._by_token_hash.items() if session.expires_at <= now]

    async def _end(self, token_hashes: Sequence[str]) -> None:
        known = [token_hash for token_hash in dict.fromkeys(token_hashes) if token_hash in self._by_token_hash]
        if known:
            await self._repository.remove(known)
            for token_hash in known:
                self._by_token_hash.pop(token_hash, None)


def _hash_of(token: bytes) -> str:
    return hashlib.sha256(token).hexdigest()
