"""The key pool: which provider key the next attempt uses.

An attempt holds what `acquire` gives and reports with it. All other readers get views, with durations from now.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from ai_engine.clock import Chance, Clock, system_chance
from ai_engine.errors import Conflict, NotFound
from ai_engine.provider_keys.cooldown import Cooldown, CooldownPolicy
from ai_engine.provider_keys.key_record import KeyRecord, KeyView
from ai_engine.providers.failures import Failure
from ai_engine.providers.registry.definition import ProviderDefinition, ProviderKey
from ai_engine.upstream.port import Headers

_CHECK_SECONDS = 1
"""What an invalid key whose check is due has left at least: about as long as the check takes."""


@dataclass(frozen=True, eq=False, slots=True)
class PooledKey:
    """A key in the pool, the same object for as long as it is configured. It says nothing of the key's state."""

    provider: str
    key: ProviderKey | None
    """`None` for a provider that takes none; it then has cooldowns like any other."""

    @property
    def fingerprint(self) -> str | None:
        return self.key.fingerprint if self.key else None


_Pool = tuple[tuple[PooledKey, KeyRecord], ...]
"""The keys of one provider, in configured order."""


class KeyPool:
    """The keys of every provider. All of it is in memory and O(keys of one provider)."""

    def __init__(self, clock: Clock, policy: CooldownPolicy | None = None, chance: Chance = system_chance) -> None:
        self._clock = clock
        self._policy = policy or CooldownPolicy()
        self._chance = chance
        self._pools: dict[str, _Pool] = {}
        self._records: dict[PooledKey, KeyRecord] = {}
        self._preferred: dict[str, str] = {}
        self._turn = 0

    # Configuration, and what an operator does

    def set_providers(self, providers: Mapping[str, ProviderDefinition]) -> None:
        """Takes the configured keys. A key that was there before keeps its state; one that is gone is forgotten."""
        known = {(pooled.provider, pooled.fingerprint): (pooled, record) for pooled, record in self._records.items()}
        self._pools = {}
        for name, definition in providers.items():
            keys: Sequence[ProviderKey | None] = definition.keys if definition.keys or definition.needs_key else (None,)
            self._pools[name] = tuple(
                known.get((name, key.fingerprint if key else None)) or (PooledKey(name, key), KeyRecord()) for key in keys
            )
        self._records = dict(one for pool in self._pools.values() for one in pool)

    def set_preferred(self, provider: str, fingerprint: str | None) -> None:
        """This key is used while it is usable; `None` lets the headroom decide. An unknown fingerprint waits for its key."""
        if fingerprint is None:
            self._preferred.pop(provider, None)
        else:
            self._preferred[provider] = fingerprint

    def next_to_roll_to(self, provider: str) -> str:
        """The fingerprint after the active key, in configured order, among those usable for some model.

        Raises `Conflict` if there is no other. Changes nothing: the caller stores the choice, then calls `set_preferred`.
        """
        now = self._clock.monotonic()
        pool, active = self._pools.get(provider, ()), self.active(provider)
        start = next((place for place, (pooled, _) in enumerate(pool) if pooled is active), -1)
        for pooled, record in (*pool[start + 1 :], *pool[: start + 1]):
            if pooled is not active and pooled.fingerprint and record.cooldown_end(None, now) is None:
                return pooled.fingerprint
        raise Conflict(
            f"{provider} has no other usable key to roll to; add one as a further numbered variable.", code="no_other_key"
        )

    def restore(self, provider: str, fingerprint: str | None = None) -> None:
        """Ends every cooldown, by hand: of one key, or of all of the provider's. Raises `NotFound`."""
        pool = self._pools.get(provider, ())
        chosen = [record for pooled, record in pool if fingerprint is None or pooled.fingerprint == fingerprint]
        if not chosen and fingerprint is not None:
            raise NotFound(f"{provider} has no key with the fingerprint {fingerprint!r}.", param="fingerprint")
        for record in chosen:
            record.restore()

    # An attempt

    def acquire(
        self, provider: str, model: str, tried: Collection[str | None] = (), *, even_in_cooldown: bool = False
    ) -> PooledKey | None:
        """The key for the next attempt, counted as in flight until `release`; `None` if none is usable.

        The preferred key while it is usable, else the most headroom: fewest in flight, then the largest share of the rate
        limit left, then the longest unused. A client's request never gets a key in cooldown; `even_in_cooldown` is for an
        operator who wants to know, and gives such a key only where there is no other.
        """
        now = self._clock.monotonic()
        pool = self._pools.get(provider, ())
        if tried:
            pool = tuple(one for one in pool if one[0].fingerprint not in tried)
        usable = [one for one in pool if one[1].cooldown_end(model, now) is None] or (pool if even_in_cooldown else ())
        if not usable:
            return None
        chosen, record = usable[0]
        if len(usable) > 1:
            preferred = self._preferred.get(provider)
            chosen, record = min(
                usable,
                key=lambda one: (
                    one[0].fingerprint != preferred,
                    one[1].in_flight,
                    -one[1].share_left(model, now),
                    one[1].last_turn,
                ),
            )
        self._turn += 1
        record.last_turn = self._turn
        record.in_flight += 1
        record.requests += 1
        return chosen

    def release(self, pooled: PooledKey) -> None:
        """The attempt is over, whatever became of it. A key that is no longer configured is ignored, here and below."""
        if record := self._records.get(pooled):
            record.in_flight -= 1

    def record_success(self, pooled: PooledKey, model: str, headers: Headers) -> None:
        """Ends the escalation for this model and takes what the answer says of the rate limit."""
        if record := self._records.get(pooled):
            record.record_success(model)
            if len(self._pools[pooled.provider]) > 1:
                record.record_rate_limit(model, headers, self._clock.monotonic())

    def record_failure(self, pooled: PooledKey, model: str, failure: Failure) -> None:
        """Counts the failure, and starts a cooldown where it is the key's. Of two cooldowns the later end counts."""
        if record := self._records.get(pooled):
            record.record_failure(model, failure, self._clock.monotonic(), self._policy, self._chance)

    # Invalid keys

    def due_for_recheck(self) -> list[PooledKey]:
        """The invalid keys whose time has come to be checked by the listing call."""
        now = self._clock.monotonic()
        return [pooled for pooled, record in self._records.items() if record.is_invalid and record.recheck_at <= now]

    def pooled(self, provider: str) -> tuple[PooledKey, ...]:
        """The keys of a provider, in configured order."""
        return tuple(pooled for pooled, _ in self._pools.get(provider, ()))

    def accept(self, pooled: PooledKey) -> None:
        """The provider accepts an invalid key again.

        Its other cooldowns stay, and so does its escalation, until a request succeeds: some listings are free for every key.
        """
        if record := self._records.get(pooled):
            record.accept()

    # Readers

    def cooldown_of(self, provider: str, model: str) -> Cooldown | None:
        """The cooldown that ends first, where every key is in one; `None` if the provider has no key, or one is usable.

        An invalid key counts only where there is no other: its check is no promise.
        """
        now = self._clock.monotonic()
        soonest: tuple[bool, float] | None = None
        cooldown: Cooldown | None = None
        for _, record in self._pools.get(provider, ()):
            end = record.cooldown_end(model, now)
            if end is None:
                return None
            if soonest is None or (record.is_invalid, end.at) < soonest:
                soonest = record.is_invalid, end.at
                cooldown = Cooldown(end.at - now if end.at > now else _CHECK_SECONDS, end.reason)
        return cooldown

    def in_flight_per_key(self, provider: str) -> float:
        """Requests under way for each key that is usable for some model."""
        now = self._clock.monotonic()
        in_flight = usable = 0
        for _, record in self._pools.get(provider, ()):
            in_flight += record.in_flight
            usable += record.cooldown_end(None, now) is None
        return in_flight / usable if usable else float(in_flight)

    def active(self, provider: str) -> PooledKey | None:
        """The key that the next request would get, single models apart."""
        now, preferred = self._clock.monotonic(), self._preferred.get(provider)
        usable = [one for one in self._pools.get(provider, ()) if one[1].cooldown_end(None, now) is None]
        first = min(usable, key=lambda one: (one[0].fingerprint != preferred, one[1].in_flight, one[1].last_turn), default=None)
        return first[0] if first else None

    def keys_of(self, provider: str) -> tuple[KeyView, ...]:
        """Every key of a provider, in configured order."""
        now, active = self._clock.monotonic(), self.active(provider)
        return tuple(record.view(pooled.key, now, is_active=pooled is active) for pooled, record in self._pools.get(provider, ()))
