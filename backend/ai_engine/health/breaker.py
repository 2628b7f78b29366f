"""The circuit breaker: routes and providers that fail go out of rotation, and come back by single half-open probes.

There is a circuit for each route. The provider's opens as well when two or more of its models are out, or the connection itself
fails. A key's failures never count here: they put the key into cooldown.
"""

from collections import deque
from dataclasses import dataclass, field
from typing import NamedTuple

from ai_engine.clock import Chance, Clock, jittered, system_chance
from ai_engine.names import Blame, Route
from ai_engine.providers.failures import Failure, FailureClass

_MOST_ROUTES = 10_000
"""Beyond it the circuits that are closed are forgotten: names that clients make up must not fill the memory."""


@dataclass(frozen=True, slots=True)
class BreakerPolicy:
    """When a circuit opens, and how soon it is probed."""

    consecutive_failures: int = 3
    rate_window_seconds: float = 30
    rate_evidence: int = 10
    """The failure rate counts only with that many attempts in the window …"""
    rate_threshold: float = 0.5
    """… and opens the circuit from here on."""
    first_probe_seconds: float = 2
    early_seconds: float = 300
    """In this first stretch of an outage …"""
    longest_early_probe_seconds: float = 16
    """… probes are never further apart than this and a quarter (jitter), ≤ 20 s, whatever `Retry-After` the provider names."""
    longest_probe_seconds: float = 120
    missing_model_seconds: float = 600
    """How long a route is out whose provider says that it does not have the model, unless rediscovery says otherwise."""


class Outage(NamedTuple):
    """An open circuit, as readers see it at one moment."""

    reason: FailureClass
    message: str
    """Without the provider's wording, as `Failure.message_for_others`: later requests' clients may read it."""
    open_seconds: float
    """How long it has been open."""
    retry_in_seconds: float
    """Until the next half-open probe is let through; 0 or less where it is due or under way."""


@dataclass(eq=False, slots=True)
class Permit:
    """One attempt that was let through, for the report of its end."""

    route: Route


class _Opening(NamedTuple):
    """Why and when a circuit opened; times are monotonic seconds of this process."""

    reason: FailureClass
    message: str
    opened_at: float
    probe_at: float

    def view(self, now: float) -> Outage:
        return Outage(self.reason, self.message, now - self.opened_at, self.probe_at - now)


@dataclass(slots=True)
class _Circuit:
    """Closed while `opening` is `None`."""

    opening: _Opening | None = None
    failed_probes: int = 0
    """Since it opened; each doubles the wait for the next."""
    probe: Permit | None = None
    """The one attempt that is let through while the circuit is half-open."""
    consecutive_failures: int = 0
    recent: deque[tuple[float, bool]] = field(default_factory=lambda: deque(maxlen=200))
    """`(when, succeeded)`, bounded."""

    def allows(self, now: float) -> bool:
        return self.opening is None or (self.probe is None and self.opening.probe_at <= now)

    def close(self) -> None:
        self.consecutive_failures = 0
        if self.opening is not None:
            self.opening = None
            self.failed_probes = 0
            self.probe = None
            self.recent.clear()


class Breaker:
    """Every circuit. All operations are O(1) in the number of routes, but for a restore and the lists of open circuits."""

    def __init__(self, clock: Clock, policy: BreakerPolicy | None = None, chance: Chance = system_chance) -> None:
        self._clock = clock
        self._policy = policy or BreakerPolicy()
        self._chance = chance
        self._routes: dict[Route, _Circuit] = {}
        self._providers: dict[str, _Circuit] = {}
        self._failing: dict[str, set[Route]] = {}
        """By provider: the routes that opened since anything succeeded there."""

    # An attempt

    def allows(self, route: Route) -> bool:
        """True if an attempt may go there now: its circuits are closed, or a half-open probe is due and none is under way."""
        provider, circuit = self._providers.get(route.provider), self._routes.get(route)
        if (provider is None or provider.opening is None) and (circuit is None or circuit.opening is None):
            return True
        now = self._clock.monotonic()
        return (provider is None or provider.allows(now)) and (circuit is None or circuit.allows(now))

    def acquire(self, route: Route) -> Permit:
        """An attempt goes there. Where a circuit of it is open, this attempt is its one probe until it ends."""
        permit = Permit(route)
        for circuit in (self._providers.get(route.provider), self._routes.get(route)):
            if circuit is not None and circuit.opening is not None and circuit.probe is None:
                circuit.probe = permit
        return permit

    def abandon(self, permit: Permit) -> None:
        """The attempt ended without a verdict (the client left, or the key was to blame): another may probe at once."""
        for circuit in (self._providers.get(permit.route.provider), self._routes.get(permit.route)):
            if circuit is not None and circuit.probe is permit:
                circuit.probe = None

    def record_success(self, permit: Permit) -> None:
        """Closes the route's circuit and its provider's at once."""
        route, now = permit.route, self._clock.monotonic()
        circuit, provider = self._circuit(route), self._providers.get(route.provider)
        circuit.close()
        circuit.recent.append((now, True))
        if provider is not None:
            provider.close()
            provider.recent.append((now, True))
        self._failing.pop(route.provider, None)

    def record_failure(self, permit: Permit, failure: Failure) -> None:
        """Counts a failure of the route or the network. Any other blame only ends the probe."""
        route = permit.route
        if failure.blame is Blame.NETWORK:
            self._fail(self._providers.setdefault(route.provider, _Circuit()), permit, failure)
        elif failure.blame is Blame.ROUTE:
            circuit = self._circuit(route)
            if failure.kind is FailureClass.MODEL_NOT_FOUND:
                self._open(circuit, failure, self._policy.missing_model_seconds)
            elif self._fail(circuit, permit, failure):
                self._widen(route, circuit, failure)
            provider = self._providers.get(route.provider)
            if provider is not None and provider.probe is permit and failure.kind is not FailureClass.MODEL_NOT_FOUND:
                self._fail(provider, permit, failure)
        self.abandon(permit)

    def _circuit(self, route: Route) -> _Circuit:
        circuit = self._routes.get(route)
        if circuit is None:
            if len(self._routes) >= _MOST_ROUTES:
                opened = [(known, kept) for known, kept in self._routes.items() if kept.opening is not None]
                self._routes = dict(opened[-_MOST_ROUTES // 2 :])
                self._failing.clear()
            circuit = self._routes[route] = _Circuit()
        return circuit

    def _fail(self, circuit: _Circuit, permit: Permit, failure: Failure) -> bool:
        """True if the circuit is open now because of this failure."""
        now, policy = self._clock.monotonic(), self._policy
        if circuit.opening is None:
            circuit.consecutive_failures += 1
            circuit.recent.append((now, False))
            if circuit.consecutive_failures < policy.consecutive_failures and not self._fails_too_often(circuit, now):
                return False
        elif circuit.probe is permit:
            circuit.failed_probes += 1
        else:
            return False  # an attempt from before it opened: nothing new
        is_early = circuit.opening is None or now - circuit.opening.opened_at < policy.early_seconds
        longest = policy.longest_early_probe_seconds if is_early else policy.longest_probe_seconds
        wait = jittered(min(policy.first_probe_seconds * 2.0 ** min(circuit.failed_probes, 32), longest), self._chance)
        self._open(circuit, failure, max(wait, min(failure.retry_after_seconds or 0, longest * 1.25)))
        return True

    def _fails_too_often(self, circuit: _Circuit, now: float) -> bool:
        policy = self._policy
        recent = [succeeded for when, succeeded in circuit.recent if now - when <= policy.rate_window_seconds]
        return len(recent) >= policy.rate_evidence and recent.count(False) >= policy.rate_threshold * len(recent)

    def _open(self, circuit: _Circuit, failure: Failure, seconds: float) -> None:
        now = self._clock.monotonic()
        opened_at = circuit.opening.opened_at if circuit.opening else now
        circuit.opening = _Opening(failure.kind, failure.message_for_others, opened_at, now + seconds)

    def _widen(self, route: Route, circuit: _Circuit, failure: Failure) -> None:
        """Two models out, and nothing succeeded between: the provider's circuit opens, for as long as the later of them."""
        failing = self._failing.setdefault(route.provider, set())
        failing.add(route)
        if len(failing) < 2 or circuit.opening is None:
            return
        provider = self._providers.setdefault(route.provider, _Circuit())
        if provider.opening is None:
            self._open(provider, failure, circuit.opening.probe_at - self._clock.monotonic())

    # Readers, and what an operator does

    def outage_of(self, route: Route) -> Outage | None:
        """Why this route or its provider is out, the one that is tried again later; `None` while it is in rotation."""
        circuit = self._routes.get(route)
        own = circuit.opening if circuit else None
        provider = self._providers.get(route.provider)
        openings = [opening for opening in (own, provider.opening if provider else None) if opening is not None]
        if not openings:
            return None
        return max(openings, key=lambda opening: opening.probe_at).view(self._clock.monotonic())

    def provider_outage(self, provider: str) -> Outage | None:
        """Why the whole provider is out; `None` while it is not."""
        circuit = self._providers.get(provider)
        return circuit.opening.view(self._clock.monotonic()) if circuit and circuit.opening else None

    def route_outages(self, provider: str) -> list[tuple[Route, Outage]]:
        """The provider's routes whose own circuits are open."""
        now = self._clock.monotonic()
        return [
            (route, circuit.opening.view(now))
            for route, circuit in self._routes.items()
            if route.provider == provider and circuit.opening is not None
        ]

    def restore(self, provider: str, model: str | None = None) -> None:
        """Puts a provider, or one route of it, back into rotation by hand."""
        for route, circuit in self._routes.items():
            if route.provider == provider and model in (None, route.model):
                circuit.close()
                self._failing.get(provider, set()).discard(route)
        if model is None and provider in self._providers:
            self._providers[provider].close()

    def missing_models(self) -> list[Route]:
        """The routes that are out because their provider said that it does not have the model."""
        return [
            route
            for route, circuit in self._routes.items()
            if circuit.opening is not None and circuit.opening.reason is FailureClass.MODEL_NOT_FOUND
        ]
