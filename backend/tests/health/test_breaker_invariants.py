"""Whatever happens in whatever order: never two probes at once, and nothing stays out for ever."""

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from ai_engine.health.breaker import Breaker, Permit
from ai_engine.names import Route
from ai_engine.providers.failures import FailureClass
from tests.builders import failure
from tests.fakes.clock import HandTurnedClock

ALL = [Route("alpha", "tiny"), Route("alpha", "large")]
ROUTES = st.sampled_from(ALL)
KINDS = st.sampled_from(
    [FailureClass.SERVER_ERROR, FailureClass.CONNECTION_FAILED, FailureClass.MODEL_NOT_FOUND, FailureClass.RATE_LIMIT]
)
STATED = st.none() | st.floats(0, 100_000)


class Attempts(RuleBasedStateMachine):
    """Attempts that begin where they are admitted, and end in every way, late ones included."""

    def __init__(self) -> None:
        super().__init__()
        self.clock = HandTurnedClock()
        self.breaker = Breaker(self.clock, chance=lambda: 0.5)
        self.flying: list[Permit] = []
        self.probes: dict[str | Route, Permit] = {}
        """The one attempt that each outage, of a provider or of a route, lets through."""

    @rule(route=ROUTES)
    def acquire(self, route: Route) -> None:
        if not self.breaker.allows(route):
            return
        permit = self.breaker.acquire(route)
        self.flying.append(permit)
        is_provider_out = self.breaker.provider_outage(route.provider) is not None
        is_route_out = any(out == route for out, _ in self.breaker.route_outages(route.provider))
        for scope, is_out in ((route.provider, is_provider_out), (route, is_route_out)):
            if is_out:
                assert scope not in self.probes, "a second probe"
                self.probes[scope] = permit

    @precondition(lambda self: self.flying)
    @rule(place=st.sampled_from([0, -1]), kind=st.sampled_from(["left", "success"]) | KINDS, stated=STATED)
    def end(self, place: int, kind: FailureClass | str, stated: float | None) -> None:
        permit = self.flying.pop(place)
        self.probes = {scope: probe for scope, probe in self.probes.items() if probe is not permit}
        if isinstance(kind, FailureClass):
            self.breaker.record_failure(permit, failure(kind, retry_after=stated))
        elif kind == "left":
            self.breaker.abandon(permit)
        else:
            self.breaker.record_success(permit)
            assert self.breaker.outage_of(permit.route) is None
            self.forget(permit.route.provider, permit.route)

    def forget(self, *scopes: str | Route) -> None:
        for scope in scopes:
            self.probes.pop(scope, None)

    @rule(route=ROUTES, kind=KINDS)
    def fail_in_a_row(self, route: Route, kind: FailureClass) -> None:
        for _ in range(3):
            if self.breaker.allows(route):
                self.breaker.record_failure(self.breaker.acquire(route), failure(kind))

    @rule(seconds=st.sampled_from([2, 20, 600]))
    def wait(self, seconds: float) -> None:
        self.clock.advance(seconds)

    @rule(route=ROUTES)
    def restore(self, route: Route) -> None:
        self.breaker.restore(route.provider)
        self.forget(route.provider, *(known for known in ALL if known.provider == route.provider))

    @invariant()
    def an_outage_ends_within_ten_minutes(self) -> None:
        for route in ALL:
            outage = self.breaker.outage_of(route)
            assert outage is None or outage.retry_in_seconds <= 600

    def teardown(self) -> None:
        """Once every attempt has ended, each route is admitted again before long."""
        for permit in self.flying:
            self.breaker.abandon(permit)
        self.clock.advance(600)
        assert all(self.breaker.allows(route) for route in ALL)


Attempts.TestCase.settings = settings(max_examples=150, stateful_step_count=50)
TestAttempts = Attempts.TestCase
