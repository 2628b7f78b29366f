"""The candidates for a request: every route of the model, and why those that cannot serve it now are excluded."""

from collections.abc import Callable, Iterator
from enum import StrEnum
from typing import NamedTuple

from ai_engine.catalogue.model_names import MatchKind, family_of, normalise
from ai_engine.catalogue.prices import SANDBOX_PRICE, configured_price
from ai_engine.catalogue.snapshot import Catalogue, CatalogueEntry
from ai_engine.configuration import Configuration
from ai_engine.errors import InvalidRequest
from ai_engine.health.breaker import Breaker
from ai_engine.names import Route
from ai_engine.preferences.preferences import LivePreferences, is_enabled
from ai_engine.provider_keys.pool import KeyPool
from ai_engine.providers.failures import FailureClass
from ai_engine.providers.registry.definition import ProviderDefinition
from ai_engine.providers.registry.readiness import obstacle

AUTO = "auto"
"""The model name for automatic choice: every provider's default model is a candidate."""

_BYTES_PER_TOKEN_AT_MOST = 8
"""Only requests that are certainly too long are excluded: real text has about four bytes per token."""

_MAX_CACHED_NAMES = 4096
"""A bound, since clients may send any number of names."""


class Needs(NamedTuple):
    """What a request needs of a model. Unknown capabilities do not exclude a route."""

    tools: bool = False
    images: bool = False
    json_schema: bool = False
    text_bytes: int = 0
    """The size of the request; 0 if images or files make it meaningless."""


class ProviderPreferences(NamedTuple):
    """The request's `provider` field."""

    order: tuple[str, ...] = ()
    only: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    sort: str | None = None
    """`price`, `latency` or `throughput`."""


NO_NEEDS = Needs()
NO_PREFERENCES = ProviderPreferences()


class RouteQuery(NamedTuple):
    """The parts of a request that determine its routes."""

    model: str
    needs: Needs = NO_NEEDS
    preferences: ProviderPreferences = NO_PREFERENCES
    autodecide: bool = True


class ExclusionReason(StrEnum):
    """Why a route is excluded."""

    DISABLED = "disabled"
    DRAINED = "drained"
    NO_KEY = "no_key"
    KEYS_IN_COOLDOWN = "keys_in_cooldown"
    FLAGGED = "flagged"
    EXCLUDED = "excluded_by_request"
    LACKS_TOOLS = "lacks_tools"
    LACKS_IMAGES = "lacks_images"
    LACKS_JSON_SCHEMA = "lacks_json_schema"
    CONTEXT_TOO_SHORT = "context_too_short"

    @property
    def is_capability(self) -> bool:
        return self in _CAPABILITIES


_CAPABILITIES = {
    ExclusionReason.LACKS_TOOLS,
    ExclusionReason.LACKS_IMAGES,
    ExclusionReason.LACKS_JSON_SCHEMA,
    ExclusionReason.CONTEXT_TOO_SHORT,
}


class Candidate(NamedTuple):
    """A route of the requested model."""

    definition: ProviderDefinition
    entry: CatalogueEntry
    match_kind: MatchKind

    @property
    def route(self) -> Route:
        return self.entry.route


class Exclusion(NamedTuple):
    """A route that cannot serve the request now."""

    candidate: Candidate
    reason: ExclusionReason
    detail: str
    returns_in_seconds: float | None = None
    """Seconds until it may serve again; `None` if unknown."""
    cause: FailureClass | None = None
    """The class of failure, for `KEYS_IN_COOLDOWN` and `FLAGGED`."""


class Matches(NamedTuple):
    """Every route that a name matches, before any is excluded."""

    candidates: tuple[Candidate, ...]
    family: str | None = None
    pinned_to: str | None = None
    is_in_given_order: bool = False
    """A configured model: its order applies instead of the score."""


class CandidateFinder:
    """Finds candidates in the current snapshots. Without side effects."""

    def __init__(
        self,
        configuration: Callable[[], Configuration],
        catalogue: Callable[[], Catalogue],
        preferences: LivePreferences,
        keys: KeyPool,
        breaker: Breaker,
    ) -> None:
        self._configuration = configuration
        self._catalogue = catalogue
        self._preferences = preferences
        self._keys = keys
        self._breaker = breaker
        self._found_in: tuple[Configuration, Catalogue] | None = None
        self._known: dict[str, Matches] = {}

    def has_usable_provider(self) -> bool:
        """Whether any provider is configured and enabled, or the sandbox active."""
        return any(self.is_usable(definition) for definition in self._configuration().providers.values())

    def is_usable(self, definition: ProviderDefinition) -> bool:
        """Configured and enabled. It may still be flagged or drained."""
        if definition.is_sandbox:
            return self._active_sandbox() is not None
        return definition.is_configured and self.is_enabled(definition)

    def at_provider(self, definition: ProviderDefinition, model: str) -> Candidate:
        """The route of `model` at this provider, by the provider's name for it if it is in the catalogue."""
        match = self._catalogue().find_at(definition.name, model)
        return Candidate(definition, match.entry, match.kind) if match else self._unlisted(definition, model)

    def _unlisted(self, definition: ProviderDefinition, model: str) -> Candidate:
        """A route that is not in the catalogue; only its price may be configured."""
        sections = self._configuration().file.prices
        price = SANDBOX_PRICE if definition.is_sandbox else configured_price(sections, definition.name, model)
        return Candidate(definition, CatalogueEntry(Route(definition.name, model), price=price), MatchKind.EXACT)

    def is_enabled(self, definition: ProviderDefinition) -> bool:
        return is_enabled(definition, self._preferences.of(definition.name))

    def is_still_listing(self) -> bool:
        """Whether a usable provider's first listing is outstanding: an unknown name may be known in a moment."""
        catalogue = self._catalogue()
        return any(
            catalogue.is_pending(name) and self.is_usable(definition)
            for name, definition in self._configuration().providers.items()
        )

    def why_unknown(self, name: str) -> str | None:
        """For `provider/model` with a known provider that is not in use: why."""
        definition = self._configuration().providers.get(name.partition("/")[0])
        if definition is None or "/" not in name or definition.is_sandbox or self.is_usable(definition):
            return None
        missing = obstacle(definition) or "it is disabled"
        return f"{definition.display_name} is not in use: {missing}"

    def matches(self, name: str) -> Matches:
        """Every route that `name` matches, whether it can serve now or not."""
        configuration, catalogue = self._configuration(), self._catalogue()
        for model in configuration.file.models:
            if model.name == name:
                routes = (self._at(route.partition("/")) for route in model.candidates)
                return Matches(tuple(candidate for candidate in routes if candidate), is_in_given_order=True)
        if name == AUTO:
            found = Matches(tuple(self._defaults()))
        else:
            pinned = self._at(name.partition("/")) if "/" in name else None
            if pinned is not None:
                family = family_of(normalise(name.partition("/")[2])) if pinned.match_kind is MatchKind.FAMILY else None
                return Matches((pinned,), family, pinned_to=pinned.definition.name)
            found = self._found(name, configuration, catalogue)
        if not found.candidates and (sandbox := self._active_sandbox()) is not None:
            return Matches((self._unlisted(sandbox, name),))
        return found

    def _found(self, name: str, configuration: Configuration, catalogue: Catalogue) -> Matches:
        """Look-ups in the catalogue, cached while both snapshots are in force."""
        if self._found_in != (configuration, catalogue):
            self._found_in = configuration, catalogue
            self._known.clear()
        known = self._known.get(name)
        if known is None:
            found = catalogue.find(name)
            candidates = (Candidate(configuration.providers[match.entry.route.provider], *match) for match in found.matched)
            known = Matches(tuple(candidates), family=found.family)
            if len(self._known) >= _MAX_CACHED_NAMES:
                self._known.clear()
            if found.matched:
                self._known[name] = known
        return known

    def _at(self, name: tuple[str, str, str]) -> Candidate | None:
        """The route `provider/model`, if that provider is configured and has the model, or its models are unknown."""
        provider, _, model = name
        definition = self._configuration().providers.get(provider)
        if definition is None or not model:
            return None
        if definition.is_sandbox:
            return self._unlisted(definition, model) if self._active_sandbox() else None
        if not definition.is_configured:
            return None
        match = self._catalogue().find_at(provider, model)
        if match is not None:
            return Candidate(definition, match.entry, match.kind)
        are_models_unknown = self._catalogue().listed_at(provider) is None and not definition.models_are_complete
        return self._unlisted(definition, model) if are_models_unknown else None

    def _defaults(self) -> Iterator[Candidate]:
        for name, definition in self._configuration().providers.items():
            model = self._preferences.of(name).default_model or definition.default_model
            if model and self.is_usable(definition) and not definition.is_sandbox:
                yield self.at_provider(definition, model)

    def _active_sandbox(self) -> ProviderDefinition | None:
        """The sandbox if it is on, or unset and on loopback while no other provider is configured."""
        configuration = self._configuration()
        sandbox = next((row for row in configuration.providers.values() if row.is_sandbox), None)
        if sandbox is None or not self.is_enabled(sandbox):
            return None
        if configuration.settings.sandbox is not None:
            return sandbox if configuration.settings.sandbox else None
        is_needed = not any(row.is_configured for row in configuration.providers.values() if not row.is_sandbox)
        return sandbox if is_needed and configuration.settings.is_on_loopback else None

    def why_not(self, candidate: Candidate, query: RouteQuery) -> Exclusion | None:
        """Why the route is excluded (the first reason); `None` if it can serve the request now."""
        return self._why_not_provider(candidate, query) or _why_not_model(candidate, query.needs) or self._why_not_now(candidate)

    def _why_not_provider(self, candidate: Candidate, query: RouteQuery) -> Exclusion | None:
        definition, preferences = candidate.definition, query.preferences
        if preferences.only and definition.name not in preferences.only:
            return Exclusion(candidate, ExclusionReason.EXCLUDED, "not in the request's provider.only")
        if definition.name in preferences.ignore:
            return Exclusion(candidate, ExclusionReason.EXCLUDED, "in the request's provider.ignore")
        if not self.is_enabled(definition):
            return Exclusion(candidate, ExclusionReason.DISABLED, "disabled by an operator or by default")
        if not definition.is_configured and not definition.is_sandbox:
            return Exclusion(candidate, ExclusionReason.NO_KEY, f"not configured: {obstacle(definition)}")
        if self._preferences.of(definition.name).drained:
            return Exclusion(
                candidate,
                ExclusionReason.DRAINED,
                f"drained by an operator; POST /api/providers/{definition.name}/restore ends it",
            )
        return None

    def _why_not_now(self, candidate: Candidate) -> Exclusion | None:
        route = candidate.route
        if not self._breaker.allows(route) and (outage := self._breaker.outage_of(route)) is not None:
            detail = f"{outage.reason}: {outage.message}"
            return Exclusion(candidate, ExclusionReason.FLAGGED, detail, outage.retry_in_seconds, outage.reason)
        cooldown = self._keys.cooldown_of(route.provider, route.model)
        if cooldown is None:
            return None
        detail = f"all keys in cooldown: {cooldown.reason}"
        return Exclusion(candidate, ExclusionReason.KEYS_IN_COOLDOWN, detail, cooldown.seconds, cooldown.reason)

    def refuse_unknown_providers(self, preferences: ProviderPreferences) -> None:
        """Raises `InvalidRequest` for an unknown provider in the request's `provider` field."""
        known = self._configuration().providers
        for field, names in (("order", preferences.order), ("only", preferences.only), ("ignore", preferences.ignore)):
            for name in names:
                if name not in known:
                    raise InvalidRequest(f"provider.{field}: unknown provider {name!r}.", param=f"provider.{field}")


def _why_not_model(candidate: Candidate, needs: Needs) -> Exclusion | None:
    entry = candidate.entry
    if needs.tools and entry.takes_tools is False:
        return Exclusion(candidate, ExclusionReason.LACKS_TOOLS, "the model does not support tools")
    if needs.images and entry.takes_images is False:
        return Exclusion(candidate, ExclusionReason.LACKS_IMAGES, "the model does not support images")
    if needs.json_schema and entry.takes_json_schema is False:
        return Exclusion(candidate, ExclusionReason.LACKS_JSON_SCHEMA, "the model does not support JSON schemas")
    if entry.context_tokens is not None and needs.text_bytes > entry.context_tokens * _BYTES_PER_TOKEN_AT_MOST:
        return Exclusion(
            candidate,
            ExclusionReason.CONTEXT_TOO_SHORT,
            f"too long for its context of {entry.context_tokens} tokens",
        )
    return None
