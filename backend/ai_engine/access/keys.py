"""Access keys: creation, hashing, and look-up of the key in a request."""

import hashlib
import hmac
import secrets
from collections.abc import Iterable

from pydantic import SecretStr

from ai_engine.access.repository import AccessKey, AccessKeyRepository
from ai_engine.access.roles import Caller
from ai_engine.names import Role

KEY_PREFIX = "aie_"
_SECRET_BYTES = 24  # 32 characters of base64
_INDEX_BYTES = 8


def new_access_key() -> str:
    """`aie_` and 32 URL-safe characters."""
    return KEY_PREFIX + secrets.token_urlsafe(_SECRET_BYTES)


def hash_of(key: str) -> str:
    """The SHA-256 of a key in hex, which is all that is stored of it."""
    return hashlib.sha256(key.encode()).hexdigest()


async def create_access_key(repository: AccessKeyRepository, name: str, role: Role) -> str:
    """Issues a key and returns it; only its hash is stored."""
    key = new_access_key()
    await repository.add(name, role, hash_of(key))
    return key


class KeyRing:
    """The valid keys by hash. Immutable: a change creates a new one."""

    def __init__(self, admin: SecretStr | None, viewer: SecretStr | None, issued: Iterable[AccessKey]) -> None:
        self._by_index: dict[bytes, list[tuple[bytes, Caller]]] = {}
        for configured, caller in (
            (admin, Caller(Role.ADMIN, "admin key", None)),
            (viewer, Caller(Role.VIEWER, "viewer key", None)),
        ):
            if configured is not None:
                self._put(hashlib.sha256(configured.get_secret_value().encode()).digest(), caller)
        for key in issued:
            self._put(bytes.fromhex(key.key_hash), Caller(key.role, key.name, key.id))

    def _put(self, digest: bytes, caller: Caller) -> None:
        self._by_index.setdefault(digest[:_INDEX_BYTES], []).append((digest, caller))

    @property
    def has_admin(self) -> bool:
        """Whether any of them has the role admin."""
        return any(caller.role is Role.ADMIN for entries in self._by_index.values() for _, caller in entries)

    def caller_of(self, key: bytes) -> Caller | None:
        """The caller with this key.

        The key is hashed on each call: that costs 1 µs, and a cache would keep keys in memory. The index is a part of the hash,
        which cannot be chosen by an attacker; the rest is compared in constant time.
        """
        return self._find(hashlib.sha256(key).digest())

    def caller_of_hash(self, key_hash: str) -> Caller | None:
        """The caller whose key has this SHA-256 (hex)."""
        return self._find(bytes.fromhex(key_hash))

    def _find(self, digest: bytes) -> Caller | None:
        for stored, caller in self._by_index.get(digest[:_INDEX_BYTES], ()):
            if hmac.compare_digest(stored, digest):
                return caller
        return None
