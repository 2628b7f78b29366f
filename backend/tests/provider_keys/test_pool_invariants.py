"""Whatever happens in whatever order: nothing leaks, and no key in cooldown is ever handed out."""

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, MultipleResults, RuleBasedStateMachine, consumes, invariant, multiple, rule

from ai_engine.provider_keys.key_record import KeyView
from ai_engine.provider_keys.pool import KeyPool, PooledKey
from ai_engine.providers.failures import FailureClass, KeyScope
from tests.builders import failure, provider
from tests.fakes.clock import HandTurnedClock

MODELS = st.sampled_from(["tiny", "large"])
KINDS = st.sampled_from(sorted(FailureClass))


def seconds(most: int) -> st.SearchStrategy[float]:
    """In eighths, so that sums and differences of moments are exact."""
    return st.integers(0, 8 * most).map(lambda eighths: eighths / 8)


class Keys(RuleBasedStateMachine):
    """A pool beside a plain list of what it said about cooldowns."""

    in_flight: Bundle[tuple[PooledKey, str]] = Bundle("in_flight")

    def __init__(self) -> None:
        super().__init__()
        self.clock = HandTurnedClock()
        self.pool = KeyPool(self.clock, chance=lambda: 0.5)
        self.pool.set_providers({"alpha": provider("alpha", keys=3)})
        self.fingerprints = [view.fingerprint for view in self.keys]
        self.flying = 0
        self.cooldowns: dict[tuple[str | None, str | None], float] = {}
        """By key and model (`None`: all) the time before which the key must not be used."""

    @property
    def keys(self) -> tuple[KeyView, ...]:
        return self.pool.keys_of("alpha")

    def end(self, fingerprint: str | None, model: str) -> float:
        return max(self.cooldowns.get((fingerprint, scope), 0) for scope in (model, None))

    def may_be_used(self, fingerprint: str | None, model: str) -> bool:
        return self.end(fingerprint, model) <= self.clock.monotonic()

    @rule(target=in_flight, model=MODELS)
    def acquire(self, model: str) -> tuple[PooledKey, str] | MultipleResults[tuple[PooledKey, str]]:
        usable = [fingerprint for fingerprint in self.fingerprints if self.may_be_used(fingerprint, model)]
        pooled = self.pool.acquire("alpha", model)
        assert (pooled is not None) == bool(usable)
        if pooled is None:
            return multiple()
        assert pooled.fingerprint in usable
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

    @rule(flight=consumes(in_flight), kind=KINDS, stated=st.none() | seconds(10_000))
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
        (view,) = [view for view in self.keys if view.fingerprint == pooled.fingerprint]
        own = view.model_cooldowns.get(model)
        left = view.cooldown_seconds if scope is None else own.seconds if own else None
        if kind is FailureClass.INVALID_KEY:
            end = float("inf")
        elif left is not None:
            assert self.clock.monotonic() + left >= end
            end = self.clock.monotonic() + left
        self.cooldowns[place] = max(end, self.cooldowns.get(place, 0))

    @rule(passed=seconds(4000))
    def wait(self, passed: float) -> None:
        self.clock.advance(passed)

    @rule(number=st.integers(0, 2))
    def restore(self, number: int) -> None:
        fingerprint = self.fingerprints[number]
        self.pool.restore("alpha", fingerprint)
        self.cooldowns = {place: end for place, end in self.cooldowns.items() if place[0] != fingerprint}

    @invariant()
    def what_flies_is_counted(self) -> None:
        assert all(view.in_flight >= 0 for view in self.keys)
        assert sum(view.in_flight for view in self.keys) == self.flying

    @invariant()
    def the_soonest_return_is_when_the_first_key_may_be_used(self) -> None:
        for model in ("tiny", "large"):
            cooldown = self.pool.cooldown_of("alpha", model)
            assert (cooldown is None) == any(self.may_be_used(fingerprint, model) for fingerprint in self.fingerprints)
            if cooldown is None:
                continue
            assert cooldown.seconds > 0
            soonest = min(self.end(fingerprint, model) for fingerprint in self.fingerprints)
            if soonest < float("inf"):
                assert cooldown.seconds == soonest - self.clock.monotonic()


Keys.TestCase.settings = settings(max_examples=60, stateful_step_count=40)
TestKeys = Keys.TestCase
