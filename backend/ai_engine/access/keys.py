"""Making access keys, hashing them, and recognising one that comes with a request."""

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
    """`aie_` and 32 characters that go anywhere a URL goes."""
    return KEY_PREFIX + secrets.token_urlsafe(_SECRET_BYTES)


def hash_of(key: str) -> str:
    """What is stored of a key."""
    return hashlib.sha256(key.encode()).hexdigest()


async def create_access_key(repository: AccessKeyRepository, name: str, role: Role) -> str:
    """Issues a key and gives it to whoever will see it, once: only its hash is kept."""
    key = new_access_key()
    await repository.add(name, role, hash_of(key))
    return key


class KeyRing:
    """The keys that open something now, by their hash. Immutable: a change makes a new one."""

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
        """Whether any of them is an admin's."""
        return any(caller.role is Role.ADMIN for entries in self._by_index.values() for _, caller in entries)

    def recognise(self, key: bytes) -> Caller | None:
        """Who the key belongs to.

        It is hashed each time: that costs 1 µs, and remembering the keys that came would keep them in memory. The index is a part
        of the hash, which nobody can aim at; the rest is compared in constant time.
        """
        return self._holder(hashlib.sha256(key).digest())

    def holder_of(self, key_hash: str) -> Caller | None:
        """Who the key of this hash (SHA-256 in hex) belongs to."""
        return self._holder(bytes.fromhex(key_hash))

    def _holder(self, digest: bytes) -> Caller | None:
        for stored, caller in self._by_index.get(digest[:_INDEX_BYTES], ()):
            if hmac.compare_digest(stored, digest):
                return caller
        return None
