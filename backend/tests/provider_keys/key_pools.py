"""A pool of one provider's keys, and requests in one word."""

from ai_engine.provider_keys.cooldown import Cooldown
from ai_engine.provider_keys.key_record import KeyView
from ai_engine.provider_keys.pool import KeyPool, PooledKey
from ai_engine.providers.failures import FailureClass
from tests.builders import failure, provider
from tests.fakes.clock import HandTurnedClock

clock = HandTurnedClock()
"""One for all: every pool is new, and only differences mean anything."""


def pool_of(keys: int = 2, chance: float = 0.5) -> KeyPool:
    """Without jitter, unless `chance` says otherwise."""
    pool = KeyPool(clock, chance=lambda: chance)
    pool.set_providers({"alpha": provider("alpha", keys=keys)})
    return pool


def taken(pool: KeyPool, model: str = "tiny") -> PooledKey:
    pooled = pool.acquire("alpha", model)
    assert pooled is not None
    return pooled


def used(pool: KeyPool, model: str = "tiny") -> str | None:
    """The secret of the key that one quick request gets."""
    pooled = pool.acquire("alpha", model)
    if pooled is None:
        return None
    pool.release(pooled)
    return pooled.key.secret if pooled.key else "anonymous"


def fail(pool: KeyPool, kind: FailureClass, *, model: str = "tiny", retry_after: float | None = None) -> PooledKey:
    pooled = taken(pool, model)
    pool.release(pooled)
    pool.record_failure(pooled, model, failure(kind, retry_after=retry_after))
    return pooled


def cooldown_after(pool: KeyPool, kind: FailureClass, *, retry_after: float | None = None) -> float:
    """The seconds of the only key's cooldown after one more failure of this kind, which have then passed."""
    fail(pool, kind, retry_after=retry_after)
    seconds = cooldown_of(pool).seconds
    clock.advance(seconds)
    return seconds


def cooldown_of(pool: KeyPool) -> Cooldown:
    """Where every key is in one."""
    cooldown = pool.cooldown_of("alpha", "tiny")
    assert cooldown is not None
    return cooldown


def view_of(pool: KeyPool, pooled: PooledKey) -> KeyView:
    return next(view for view in pool.keys_of("alpha") if view.fingerprint == pooled.fingerprint)
