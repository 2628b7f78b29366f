"""Autodecide over real snapshots: a configuration, the catalogue of it, and the state of keys, breaker and preferences."""

from collections.abc import Mapping, Sequence
from typing import Any

from ai_engine.autodecide.candidates import CandidateFinder, Needs, ProviderPreferences, RouteQuery
from ai_engine.autodecide.plan import Plan, Planner
from ai_engine.health.breaker import Breaker
from ai_engine.health.track_record import TrackRecord
from ai_engine.names import Route
from ai_engine.preferences.preferences import LivePreferences
from ai_engine.provider_keys.pool import KeyPool
from ai_engine.providers.adapter import ListedModel
from ai_engine.providers.failures import FailureClass
from ai_engine.providers.registry.definition import ProviderDefinition
from tests.builders import KeptPreferences, catalogue, configuration, failure
from tests.fakes.clock import HandTurnedClock


class PlannerBench:
    def __init__(
        self,
        *providers: ProviderDefinition,
        listings: Mapping[str, Sequence[str | ListedModel]] | None = None,
        file: Mapping[str, Any] | None = None,
        clock: HandTurnedClock | None = None,
        **settings: Any,
    ) -> None:
        self.clock = clock or HandTurnedClock()
        self.configuration = configuration(*providers, file=file, **settings)
        self.catalogue = catalogue(self.configuration, listings)
        self.preferences = LivePreferences(KeptPreferences(), self.clock)
        self.keys = KeyPool(self.clock, chance=lambda: 0.5)
        self.keys.set_providers(self.configuration.providers)
        self.breaker = Breaker(self.clock, chance=lambda: 0.5)
        self.track_record = TrackRecord()
        self.finder = CandidateFinder(
            lambda: self.configuration, lambda: self.catalogue, self.preferences, self.keys, self.breaker
        )
        weights = self.configuration.file.autodecide.weights
        self.planner = Planner(self.finder, self.preferences, self.keys, self.track_record, lambda: weights)

    def plan(self, model: str, *, needs: Needs | None = None, autodecide: bool = True, **preferences: Any) -> Plan:
        """`preferences` are the request's `provider.…`."""
        return self.planner.plan(RouteQuery(model, needs or Needs(), ProviderPreferences(**preferences), autodecide))

    def order(self, model: str, **query: Any) -> list[str]:
        """The providers of the candidates, in order."""
        return [candidate.route.provider for candidate in self.plan(model, **query).candidates]

    def exclusions(self, model: str, **query: Any) -> dict[str, str]:
        """Why, by provider."""
        return {one.candidate.definition.name: one.reason for one in self.plan(model, **query).exclusions}

    def break_route(self, provider: str, model: str) -> None:
        for _ in range(3):
            self.breaker.record_failure(self.breaker.acquire(Route(provider, model)), failure(FailureClass.SERVER_ERROR))

    def cool(self, provider: str, model: str, kind: FailureClass, retry_after: float | None = None) -> None:
        """Every key of the provider."""
        while pooled := self.keys.acquire(provider, model):
            self.keys.release(pooled)
            self.keys.record_failure(pooled, model, failure(kind, retry_after=retry_after))
