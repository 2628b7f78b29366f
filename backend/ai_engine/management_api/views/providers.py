"""The view of a provider: definition, preference, keys, breaker and performance.

The flag is computed only here: a provider is flagged when its circuit breaker is open or none of its keys is usable. A drained
provider has a flag too, and the state `drained`.
"""

from dataclasses import dataclass
from datetime import datetime

from ai_engine.autodecide.candidates import CandidateFinder
from ai_engine.autodecide.plan import Planner
from ai_engine.catalogue.live import LiveCatalogue
from ai_engine.clock import Clock, time_after
from ai_engine.configuration import LiveConfiguration
from ai_engine.health.breaker import Breaker
from ai_engine.management_api.schemas import Flag, FlagReason, ProviderKeyView, ProviderState, ProviderView, RouteView
from ai_engine.preferences.preferences import LivePreferences
from ai_engine.provider_keys.key_record import KeyState, KeyView
from ai_engine.provider_keys.pool import KeyPool
from ai_engine.providers.registry.definition import ProviderDefinition
from ai_engine.telemetry.performance import Performance, PerformanceSnapshot


@dataclass(frozen=True, slots=True)
class ProviderViews:
    """Creates the views."""

    configuration: LiveConfiguration
    finder: CandidateFinder
    planner: Planner
    keys: KeyPool
    breaker: Breaker
    preferences: LivePreferences
    catalogue: LiveCatalogue
    performance: Performance
    clock: Clock

    def all(self) -> list[ProviderView]:
        """Every known provider, configured or not."""
        performance = self.performance.snapshot()
        return [self.view(definition, performance) for definition in self.configuration.current.providers.values()]

    def view(self, definition: ProviderDefinition, performance: PerformanceSnapshot | None = None) -> ProviderView:
        seen = (performance or self.performance.snapshot()).providers.get(definition.name)
        flag = self.flag_of(definition)
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
            keys=[self._key_view(key) for key in self.keys.keys_of(definition.name) if key.fingerprint],
            routes=[
                RouteView(model=route.model, reason=FlagReason(outage.reason), until=self.until(outage.retry_in_seconds))
                for route, outage in self.breaker.route_outages(definition.name)
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
        return "drained" if flag.reason is FlagReason.DRAINED else "flagged"

    def flag_of(self, definition: ProviderDefinition) -> Flag | None:
        """A drain, an open circuit breaker, or the shortest cooldown of its keys; `None` while it is in rotation."""
        if self.preferences.of(definition.name).drained:
            return Flag(reason=FlagReason.DRAINED, message="Drained by an operator; restore it to end the drain.", until=None)
        outage = self.breaker.provider_outage(definition.name)
        if outage is not None:
            return Flag(reason=FlagReason(outage.reason), message=outage.message, until=self.until(outage.retry_in_seconds))
        keys = self.keys.keys_of(definition.name)
        if not keys or any(key.state is KeyState.USABLE for key in keys):
            return None
        seconds, reason = min((key.cooldown_seconds or 0, key.reason) for key in keys if key.reason)
        return Flag(reason=FlagReason(reason), message="No provider key is usable.", until=self.until(seconds))

    def until(self, seconds: float | None) -> datetime | None:
        """The UTC time in `seconds`, which may be negative."""
        return None if seconds is None else time_after(seconds, self.clock)

    def _key_view(self, key: KeyView) -> ProviderKeyView:
        return ProviderKeyView(
            fingerprint=key.fingerprint,
            last_four=key.last_four,
            active=key.is_active,
            state=key.state,
            until=self.until(key.cooldown_seconds),
            reason=FlagReason(key.reason) if key.reason else None,
            model_cooldowns={model: time_after(cooldown.seconds, self.clock) for model, cooldown in key.model_cooldowns.items()},
            requests=key.requests,
            failures=key.failures,
        )


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 3)
