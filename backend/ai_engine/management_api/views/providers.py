"""A provider as operators see it: definition, preference, keys, breaker and performance put together.

The flag is computed here and nowhere else: a provider is flagged when its breaker is open or none of its keys is left. One that
an operator drained says so in its flag too, and its state is of its own: nothing is wrong with it.
"""

from dataclasses import dataclass
from datetime import datetime

from ai_engine.autodecide.candidates import CandidateFinder
from ai_engine.autodecide.plan import Planner
from ai_engine.catalogue.live import LiveCatalogue
from ai_engine.clock import Clock, TimesOfDay
from ai_engine.configuration import LiveConfiguration
from ai_engine.health.breaker import Breaker
from ai_engine.management_api.schemas import Flag, ProviderKeyView, ProviderState, ProviderView, RouteView
from ai_engine.preferences.preferences import LivePreferences
from ai_engine.provider_keys.pool import KeyPool, PooledKey
from ai_engine.providers.registry.definition import ProviderDefinition
from ai_engine.telemetry.performance import Performance, PerformanceSnapshot

DRAINED = "drained"
"""The flag's reason, and the state."""


@dataclass(frozen=True, slots=True)
class ProviderViews:
    """Makes the views."""

    configuration: LiveConfiguration
    finder: CandidateFinder
    planner: Planner
    keys: KeyPool
    breaker: Breaker
    preferences: LivePreferences
    catalogue: LiveCatalogue
    performance: Performance
    clock: Clock
    times: TimesOfDay

    def all(self) -> list[ProviderView]:
        """Every provider that the engine knows, configured or not."""
        performance = self.performance.snapshot()
        return [self.view(definition, performance) for definition in self.configuration.current.providers.values()]

    def view(self, definition: ProviderDefinition, performance: PerformanceSnapshot | None = None) -> ProviderView:
        seen = (performance or self.performance.snapshot()).providers.get(definition.name)
        flag = self.flag_of(definition)
        active = self.keys.active(definition.name)
        return ProviderView(
            name=definition.name,
            display_name=definition.display_name,
            protocol=definition.protocol,
            base_url=definition.base_url,
            docs_url=definition.docs_url,
            enabled=self.finder.is_enabled(definition),
            status=self.state_of(definition, flag),
            flag=flag,
            priority=self.planner.priority(definition),
            keys=[self._key_view(pooled, active) for pooled in self.keys.keys_of(definition.name) if pooled.key],
            routes=[
                RouteView(model=route.model, reason=outage.reason, until=self.at(outage.until))
                for route, outage in self.breaker.routes_out(definition.name)
            ],
            default_model=self.preferences.of(definition.name).default_model or definition.default_model,
            models_count=len(self.catalogue.current.entries_of(definition.name)),
            success_rate=_rounded(seen.success_rate) if seen else None,
            latency_ms=_rounded(seen.latency_ms) if seen else None,
            last_error=seen.last_error if seen else None,
            last_used_at=seen.last_used_at if seen else None,
        )

    def state_of(self, definition: ProviderDefinition, flag: Flag | None) -> ProviderState:
        if not self.finder.is_enabled(definition):
            return "disabled"
        if definition.is_sandbox and not self.finder.is_usable(definition):
            return "disabled"
        if not definition.is_sandbox and not definition.is_configured:
            return "no_key"
        if flag is None:
            return "available"
        return "drained" if flag.reason == DRAINED else "flagged"

    def flag_of(self, definition: ProviderDefinition) -> Flag | None:
        """A drain, the breaker's outage, or the rest of the first key to come back; `None` while it is in rotation."""
        if self.preferences.of(definition.name).drained:
            return Flag(reason=DRAINED, message="An operator has drained it; restore puts it back.", until=None)
        outage = self.breaker.provider_outage(definition.name)
        if outage is not None:
            return Flag(reason=outage.reason, message=outage.message, until=self.at(outage.until))
        pool = self.keys.keys_of(definition.name)
        if not pool or self.keys.active(definition.name) is not None:
            return None
        cooldowns = [pooled.cooldown for pooled in pool if pooled.cooldown is not None]
        soonest = min(cooldowns, key=lambda cooldown: cooldown.until)
        return Flag(reason=soonest.reason, message="No provider key is usable.", until=self.at(soonest.until))

    def at(self, monotonic: float | None) -> datetime | None:
        """A moment of the monotonic clock as a time of day, the same each time, also once it has passed."""
        return None if monotonic is None else self.times.at(monotonic)

    def _key_view(self, pooled: PooledKey, active: PooledKey | None) -> ProviderKeyView:
        now = self.clock.monotonic()
        cooldown = pooled.cooldown if pooled.cooldown and (pooled.is_invalid or pooled.cooldown.until > now) else None
        return ProviderKeyView(
            fingerprint=pooled.fingerprint,
            last_four=pooled.key.last_four if pooled.key else None,
            active=pooled is active,
            state="set_aside" if pooled.is_invalid else "resting" if cooldown else "usable",
            until=self.at(cooldown.until) if cooldown else None,
            reason=cooldown.reason if cooldown else None,
            resting_models={
                model: at
                for model, cooldown in pooled.model_cooldowns.items()
                if cooldown.until > now and (at := self.at(cooldown.until)) is not None
            },
            requests=pooled.requests,
            failures=pooled.failures,
        )


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 3)
