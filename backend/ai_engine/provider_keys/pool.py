"""The key pool: which provider key the next attempt uses, and what each key has been through."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from ai_engine.clock import Chance, Clock, system_chance
from ai_engine.errors import Conflict, NotFound
from ai_engine.provider_keys.cooldown import Cooldown, CooldownPolicy, cooldown_seconds
from ai_engine.providers.failures import Failure, FailureClass, KeyScope
from ai_engine.providers.registry.definition import ProviderDefinition, ProviderKey
from ai_engine.upstream.port import Headers, header

_RATE_LIMIT_NEWS_SECONDS = 60
"""`x-ratelimit-*` older than this says nothing any more: most providers count by the minute."""

_MOST_MODELS = 1000
"""Beyond it what a key learnt model by model begins anew: names that clients make up must not fill the memory."""


@dataclass(slots=True)
class PooledKey:
    """One key and its state. `key` is `None` for a provider that takes none; it then cools like any other."""

    provider: str
    key: ProviderKey | None
    in_flight: int = 0
    requests: int = 0
    failures: int = 0
    last_turn: int = 0
    """The pool's turn at which it was used last: the key that rested longest comes first among equals."""
    cooldown: Cooldown | None = None
    """Out for every model."""
    model_cooldowns: dict[str, Cooldown] = field(default_factory=dict)
    is_invalid: bool = False
    """The provider does not know the key; only a successful listing, or a person, brings it back."""
    recheck_at: float = 0
    """When a key that was set aside is asked about again, in monotonic seconds."""
    strikes: dict[tuple[FailureClass, str | None], int] = field(default_factory=dict)
    """Failures of a kind in a row, by model; `None` for those that concern every model."""
    remaining: dict[str, tuple[float, float]] = field(default_factory=dict)
    """By model: the share of the rate limit that is left, and when the provider said so."""

    @property
    def fingerprint(self) -> str | None:
        return self.key.fingerprint if self.key else None

    def cooldown_for(self, model: str, now: float) -> Cooldown | None:
        """What keeps the key from this model now, the later end of two."""
        whole, own = self.cooldown, self.model_cooldowns.get(model)
        if whole is not None and whole.until <= now and not self.is_invalid:
            whole = None
        if own is None or own.until <= now:
            return whole
        return own if whole is None else _later(whole, own)

    def share_left(self, model: str, now: float) -> float:
        share, said_at = self.remaining.get(model, (1.0, now))
        return share if now - said_at < _RATE_LIMIT_NEWS_SECONDS else 1.0


class KeyPool:
    """The keys of every provider. All of it is in memory and O(keys of one provider)."""

    def __init__(self, clock: Clock, policy: CooldownPolicy | None = None, chance: Chance = system_chance) -> None:
        self._clock = clock
        self._policy = policy or CooldownPolicy()
        self._chance = chance
        self._pools: dict[str, tuple[PooledKey, ...]] = {}
        self._preferred: dict[str, str] = {}
        self._turn = 0

    # What the operator says

    def set_providers(self, providers: Mapping[str, ProviderDefinition]) -> None:
        """Takes the configured keys. A key that was there before keeps its state; one that is gone is forgotten."""
        known = {(pooled.provider, pooled.fingerprint): pooled for pool in self._pools.values() for pooled in pool}
        self._pools = {}
        for name, definition in providers.items():
            keys: Sequence[ProviderKey | None] = definition.keys if definition.keys or definition.needs_key else (None,)
            self._pools[name] = tuple(known.get((name, key.fingerprint if key else None)) or PooledKey(name, key) for key in keys)

    def set_preferred(self, provider: str, fingerprint: str | None) -> None:
        """This key is used while it is usable; `None` lets the headroom decide. An unknown fingerprint waits for its key."""
        if fingerprint is None:
            self._preferred.pop(provider, None)
        else:
            self._preferred[provider] = fingerprint

    def next_to_roll_to(self, provider: str) -> str:
        """The fingerprint after the active key, in configured order, among those not resting altogether.

        Raises `Conflict` if there is no other. Changes nothing: the caller stores the choice, then calls `set_preferred`.
        """
        now = self._clock.monotonic()
        pool = self.keys_of(provider)
        active = self.active(provider)
        start = pool.index(active) if active else -1
        for step in range(1, len(pool) + 1):
            pooled = pool[(start + step) % len(pool)]
            is_in_cooldown = pooled.is_invalid or (pooled.cooldown is not None and pooled.cooldown.until > now)
            if pooled is not active and pooled.fingerprint and not is_in_cooldown:
                return pooled.fingerprint
        raise Conflict(
            f"{provider} has no other usable key to roll to; add one as a further numbered variable.", code="no_other_key"
        )

    def restore(self, provider: str, fingerprint: str | None = None) -> None:
        """Ends every rest, by hand: of one key, or of all of the provider's. Raises `NotFound`."""
        pool = self.keys_of(provider)
        chosen = [pooled for pooled in pool if fingerprint is None or pooled.fingerprint == fingerprint]
        if not chosen and fingerprint is not None:
            raise NotFound(f"{provider} has no key with the fingerprint {fingerprint!r}.", param="fingerprint")
        for pooled in chosen:
            pooled.cooldown = None
            pooled.is_invalid = False
            pooled.model_cooldowns.clear()
            pooled.strikes.clear()

    def accept(self, pooled: PooledKey) -> None:
        """The provider knows a key again that was set aside.

        Its other rests stay, and so does its escalation, until a request succeeds: some listings are free for every key.
        """
        pooled.is_invalid = False
        if pooled.cooldown is not None and pooled.cooldown.reason is FailureClass.INVALID_KEY:
            pooled.cooldown = None

    # What a request asks

    def acquire(
        self, provider: str, model: str, tried: Collection[str | None] = (), *, even_in_cooldown: bool = False
    ) -> PooledKey | None:
        """The key for the next attempt, counted as in flight until `release`; `None` if none is usable.

        The preferred key while it is usable, else the most headroom: fewest in flight, then the largest share of the rate
        limit left, then the longest unused. A client's request never gets a key that rests; `even_in_cooldown` is for an
        operator who wants to know, and gives such a key only where there is no other.
        """
        now = self._clock.monotonic()
        pool = self._pools.get(provider, ())
        usable = [key for key in pool if key.fingerprint not in tried and key.cooldown_for(model, now) is None]
        if not usable and even_in_cooldown:
            usable = [key for key in pool if key.fingerprint not in tried]
        if not usable:
            return None
        chosen = usable[0]
        if len(usable) > 1:
            preferred = self._preferred.get(provider)
            chosen = min(
                usable,
                key=lambda key: (key.fingerprint != preferred, key.in_flight, -key.share_left(model, now), key.last_turn),
            )
        self._turn += 1
        chosen.last_turn = self._turn
        chosen.in_flight += 1
        chosen.requests += 1
        return chosen

    def release(self, pooled: PooledKey) -> None:
        """The attempt is over, whatever became of it."""
        pooled.in_flight -= 1

    def record_success(self, pooled: PooledKey, model: str, headers: Headers) -> None:
        """Ends the escalation for this model and hears what the answer says of the rate limit."""
        if pooled.strikes:
            pooled.strikes = {strike: count for strike, count in pooled.strikes.items() if strike[1] not in (model, None)}
        if len(self._pools.get(pooled.provider, ())) > 1:
            self._note_rate_limit(pooled, model, headers)

    def _note_rate_limit(self, pooled: PooledKey, model: str, headers: Headers) -> None:
        limit, left = header(headers, b"x-ratelimit-limit-requests"), header(headers, b"x-ratelimit-remaining-requests")
        try:
            share = float(left or "") / float(limit or "")
        except (ValueError, ZeroDivisionError):
            return
        if 0 <= share <= 1:  # Azure answers -1 for "not counted"
            if len(pooled.remaining) >= _MOST_MODELS:
                pooled.remaining.clear()
            pooled.remaining[model] = (share, self._clock.monotonic())

    def record_failure(self, pooled: PooledKey, model: str, failure: Failure) -> None:
        """Counts the failure, and where it is the key's, lets the key rest. Of two rests the later end counts."""
        pooled.failures += 1
        if failure.key_scope is None:
            return
        now = self._clock.monotonic()
        if failure.key_scope is KeyScope.MODEL:
            pooled.model_cooldowns = {name: cooldown for name, cooldown in pooled.model_cooldowns.items() if cooldown.until > now}
            own = pooled.model_cooldowns.get(model)
            cooldown = self._cooldown(pooled, model, failure, is_known=own is not None)
            pooled.model_cooldowns[model] = _later(own, cooldown)
        elif failure.key_scope is KeyScope.ALL_MODELS:
            is_known = pooled.cooldown is not None and pooled.cooldown.until > now
            pooled.cooldown = _later(pooled.cooldown, self._cooldown(pooled, None, failure, is_known=is_known))
        elif not pooled.is_invalid or pooled.recheck_at <= now:
            cooldown = self._cooldown(pooled, None, failure, is_known=False)
            pooled.is_invalid, pooled.recheck_at = True, cooldown.until
            pooled.cooldown = _later(pooled.cooldown, cooldown)

    def _cooldown(self, pooled: PooledKey, model: str | None, failure: Failure, *, is_known: bool) -> Cooldown:
        """The rest that the failure earns. One of an attempt from before the rest (`is_known`) does not escalate it."""
        strike = failure.kind, model
        strikes = pooled.strikes.get(strike, 0)
        if is_known and strikes:
            strikes -= 1
        else:
            if len(pooled.strikes) >= _MOST_MODELS:
                pooled.strikes.clear()
            pooled.strikes[strike] = strikes + 1
        seconds = cooldown_seconds(failure, strikes=strikes, policy=self._policy, chance=self._chance)
        return Cooldown(self._clock.monotonic() + seconds, failure.kind)

    # What others want to know

    def cooldown_of(self, provider: str, model: str) -> Cooldown | None:
        """The rest that ends first, when every key rests; `None` if the provider has no key at all, or one is usable.

        A key that was set aside counts only where there is no other: its recheck is no promise.
        """
        now = self._clock.monotonic()
        cooldowns: list[tuple[bool, float, Cooldown]] = []
        for pooled in self._pools.get(provider, ()):
            cooldown = pooled.cooldown_for(model, now)
            if cooldown is None:
                return None
            cooldowns.append((pooled.is_invalid, cooldown.until, cooldown))
        return min(cooldowns, key=lambda cooldown: cooldown[:2])[2] if cooldowns else None

    def in_flight_per_key(self, provider: str) -> float:
        """Requests under way for each key that does not rest altogether."""
        now = self._clock.monotonic()
        usable = flying = 0
        for pooled in self._pools.get(provider, ()):
            flying += pooled.in_flight
            usable += pooled.cooldown is None or (not pooled.is_invalid and pooled.cooldown.until <= now)
        return flying / usable if usable else float(flying)

    def active(self, provider: str) -> PooledKey | None:
        """The key that the next request would get, models apart."""
        now = self._clock.monotonic()
        usable = [
            pooled
            for pooled in self._pools.get(provider, ())
            if not pooled.is_invalid and (pooled.cooldown is None or pooled.cooldown.until <= now)
        ]
        preferred = self._preferred.get(provider)
        return min(usable, key=lambda key: (key.fingerprint != preferred, key.in_flight, key.last_turn), default=None)

    def keys_of(self, provider: str) -> tuple[PooledKey, ...]:
        """Every key of a provider, in configured order."""
        return self._pools.get(provider, ())

    def invalid_keys(self) -> list[PooledKey]:
        """Every key that waits for its recheck; `recheck_at` says when it is due."""
        return [pooled for pool in self._pools.values() for pooled in pool if pooled.is_invalid]


def _later(one: Cooldown | None, other: Cooldown) -> Cooldown:
    return one if one is not None and one.until > other.until else other
