"""Where a change of configuration, preferences or catalogue takes effect."""

from ai_engine.access.guards import Guard
from ai_engine.catalogue.snapshot import Catalogue
from ai_engine.configuration import Configuration, LiveConfiguration
from ai_engine.preferences.preferences import ProviderPreference
from ai_engine.wiring.routing import Routing


def connect_changes(configuration: LiveConfiguration, routing: Routing, guard: Guard) -> None:
    """Applies the present state, and from now on every change."""
    keys, catalogue, discovery = routing.keys, routing.catalogue, routing.discovery

    def apply_configuration(current: Configuration) -> None:
        guard.apply(current.settings)
        keys.set_providers(current.providers)
        catalogue.set_configuration(current)
        routing.renewal.configuration_changed()
        discovery.targets_changed()

    def apply_preference(provider: str, preference: ProviderPreference) -> None:
        keys.set_preferred(provider, preference.preferred_key)
        discovery.targets_changed()

    def apply_catalogue(current: Catalogue) -> None:
        for route in routing.breaker.missing_models():
            if current.listed_at(route.provider) is not None and current.entry(route) is not None:
                routing.breaker.restore(*route)

    keys.set_providers(configuration.current.providers)
    for provider in configuration.current.providers:
        keys.set_preferred(provider, routing.preferences.of(provider).preferred_key)
    configuration.add_check(lambda loaded: guard.check(loaded.settings))
    configuration.on_change(apply_configuration)
    routing.preferences.on_change(apply_preference)
    catalogue.on_change(apply_catalogue)
