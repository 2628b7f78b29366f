"""Sessions of the pages: whoever signed in with a key goes on with a cookie, for as long as the key itself opens something."""

import hashlib
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

from ai_engine.clock import Clock

COOKIE = "ai_engine_session"
LIFETIME = timedelta(days=7)
MOST_SESSIONS = 1000
"""Beyond it, whoever signs in ends the oldest one."""

_TOKEN_BYTES = 32


@dataclass(frozen=True, slots=True)
class Session:
    """What is kept of one. The cookie's token is nowhere, and neither is the key."""

    token_hash: str = field(repr=False)
    """SHA-256 in hex. The token is 256 bits of chance, so no slow hash is needed."""
    key_hash: str = field(repr=False)
    """SHA-256 in hex of the key that it was opened with: gone from the gateway, it takes its sessions with it."""
    created_at: datetime
    expires_at: datetime


class SessionRepository(Protocol):
    """Where sessions outlive the process."""

    async def all(self) -> Sequence[Session]:
        """Every kept session, oldest first."""

    async def add(self, session: Session) -> None:
        """Raises `Unavailable` if it cannot be kept."""

    async def remove(self, token_hashes: Iterable[str]) -> None:
        """Raises `Unavailable` if it cannot be done; those that are not there are no fault."""


class Sessions:
    """The sessions in force. Looking one up is a hash and a dictionary."""

    def __init__(self, repository: SessionRepository, clock: Clock) -> None:
        self._repository = repository
        self._clock = clock
        self._by_token_hash: dict[str, Session] = {}

    async def load(self) -> None:
        """Takes over what earlier runs kept. Called once, before the first request."""
        self._by_token_hash = {session.token_hash: session for session in await self._repository.all()}

    async def open(self, key_hash: str) -> tuple[str, Session]:
        """A new session for the bearer of this key, and its token: for the cookie, and for nobody else."""
        too_many = max(len(self._by_token_hash) - MOST_SESSIONS + 1, 0)
        await self._end([*self._over(), *list(self._by_token_hash)[:too_many]])
        token, now = secrets.token_urlsafe(_TOKEN_BYTES), self._clock.now()
        session = Session(_hash_of(token.encode()), key_hash, now, now + LIFETIME)
        await self._repository.add(session)
        self._by_token_hash[session.token_hash] = session
        return token, session

    def find(self, token: bytes) -> Session | None:
        """The session of this token, `None` if there is none, or not any more."""
        session = self._by_token_hash.get(_hash_of(token))
        return session if session is not None and session.expires_at > self._clock.now() else None

    async def close(self, tokens: Iterable[bytes]) -> None:
        """Ends the sessions of these tokens, if there are any."""
        await self._end([_hash_of(token) for token in tokens])

    def _over(self) -> list[str]:
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
