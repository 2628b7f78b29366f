"""Whatever happens in whatever order: nothing leaks, and no resting key is ever handed out."""

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, MultipleResults, RuleBasedStateMachine, consumes, invariant, multiple, rule

from ai_engine.provider_keys.pool import KeyPool, PooledKey
from ai_engine.providers.failures import FailureClass, KeyScope
from tests.builders import failure, provider
from tests.fakes.clock import HandTurnedClock

MODELS = st.sampled_from(["tiny", "large"])
KINDS = st.sampled_from(sorted(FailureClass))


class Keys(RuleBasedStateMachine):
    """A pool beside a plain list of what it said about rests."""

    in_flight: Bundle[tuple[PooledKey, str]] = Bundle("in_flight")

    def __init__(self) -> None:
        super().__init__()
        self.clock = HandTurnedClock()
        self.pool = KeyPool(self.clock, chance=lambda: 0.5)
        self.pool.set_providers({"alpha": provider("alpha", keys=3)})
        self.keys = self.pool.keys_of("alpha")
        self.flying = 0
        self.rests: dict[tuple[str | None, str | None], float] = {}
        """By key and model (`None`: all) the time before which the key must not be used."""

    def may_be_used(self, pooled: PooledKey, model: str) -> bool:
        ends = [self.rests.get((pooled.fingerprint, scope), 0) for scope in (model, None)]
        return max(ends) <= self.clock.monotonic()

    @rule(target=in_flight, model=MODELS)
    def acquire(self, model: str) -> tuple[PooledKey, str] | MultipleResults[tuple[PooledKey, str]]:
        usable = [pooled for pooled in self.keys if self.may_be_used(pooled, model)]
        pooled = self.pool.acquire("alpha", model)
        assert (pooled is not None) == bool(usable)
        if pooled is None:
            return multiple()
        assert pooled in usable
        self.flying += 1
        return pooled, model

    @rule(flight=consumes(in_flight))
    def succeed(self, flight: tuple[PooledKey, str]) -> None:
        self.pool.record_success(*flight, ())
        self.land(flight)

    @rule(flight=consumes(in_flight))
    def land(self, flight: tuple[PooledKey, str]) -> None:
        self.pool.release(flight[0])
        self.flying -= 1

    @rule(flight=consumes(in_flight), kind=KINDS, stated=st.none() | st.floats(0, 10_000))
    def fail(self, flight: tuple[PooledKey, str], kind: FailureClass, stated: float | None) -> None:
        pooled, model = flight
        happened = failure(kind, retry_after=stated)
        self.pool.record_failure(pooled, model, happened)
        self.land(flight)
        if happened.key_scope is None:
            return
        scope = model if happened.key_scope is KeyScope.MODEL else None
        least = {FailureClass.QUOTA: 3600, FailureClass.FORBIDDEN: 600, FailureClass.RATE_LIMIT: 1}.get(kind, 0)
        end = self.clock.monotonic() + (least if stated is None else stated)
        place = (pooled.fingerprint, scope)
        seen = pooled.model_cooldowns.get(model) if scope else pooled.cooldown
        if kind is FailureClass.INVALID_KEY:
            end = float("inf")
        elif seen is not None:
            assert seen.until >= end
            end = seen.until
        self.rests[place] = max(end, self.rests.get(place, 0))

    @rule(seconds=st.floats(0, 4000))
    def wait(self, seconds: float) -> None:
        self.clock.advance(seconds)

    @rule(number=st.integers(0, 2))
    def restore(self, number: int) -> None:
        fingerprint = self.keys[number].fingerprint
        self.pool.restore("alpha", fingerprint)
        self.rests = {place: end for place, end in self.rests.items() if place[0] != fingerprint}

    @invariant()
    def what_flies_is_counted(self) -> None:
        assert all(pooled.in_flight >= 0 for pooled in self.keys)
        assert sum(pooled.in_flight for pooled in self.keys) == self.flying

    @invariant()
    def the_soonest_return_is_when_the_first_key_may_be_used(self) -> None:
        for model in ("tiny", "large"):
            cooldown = self.pool.cooldown_of("alpha", model)
            assert (cooldown is None) == any(self.may_be_used(pooled, model) for pooled in self.keys)
            if cooldown is None:
                continue
            ends = [max(self.rests.get((pooled.fingerprint, scope), 0) for scope in (model, None)) for pooled in self.keys]
            if min(ends) < float("inf"):
                assert cooldown.until == min(ends)


Keys.TestCase.settings = settings(max_examples=60, stateful_step_count=40)
TestKeys = Keys.TestCase
