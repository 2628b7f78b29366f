"""How a route is found and reached: catalogue, planner, provider keys, circuit breaker, adapters and upstream."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from ai_engine.autodecide.candidates import CandidateFinder
from ai_engine.autodecide.decision_log import RecordingPlanner
from ai_engine.autodecide.plan import Planner
from ai_engine.catalogue.discovery import Discovery
from ai_engine.catalogue.live import LiveCatalogue
from ai_engine.catalogue.repository import SqlListingRepository
from ai_engine.clock import Clock
from ai_engine.configuration import LiveConfiguration
from ai_engine.database import Database
from ai_engine.health.breaker import Breaker
from ai_engine.health.track_record import TrackRecord
from ai_engine.names import Blame
from ai_engine.preferences.preferences import LivePreferences
from ai_engine.preferences.repository import SqlPreferencesRepository
from ai_engine.provider_keys.pool import KeyPool
from ai_engine.provider_keys.recheck import KeyRecheck
from ai_engine.providers.adapter import Adapter
from ai_engine.providers.anthropic.adapter import AnthropicMessages
from ai_engine.providers.bedrock.adapter import Bedrock
from ai_engine.providers.cloud_credentials import Cloud, CloudCredentials
from ai_engine.providers.cloud_sources import CredentialRenewal
from ai_engine.providers.cohere.adapter import Cohere
from ai_engine.providers.failures import Failure, FailureClass, KeyScope
from ai_engine.providers.gemini.adapter import Gemini
from ai_engine.providers.openai.adapter import OpenAICompatible
from ai_engine.providers.registry.definition import ProviderDefinition, ProviderKey, WireProtocol
from ai_engine.providers.sandbox.upstream import SandboxUpstream
from ai_engine.providers.vertex.adapter import VertexAI
from ai_engine.upstream.by_scheme import UpstreamByScheme
from ai_engine.upstream.port import Upstream
from ai_engine.wiring.tuning import Tuning

ADAPTERS: Mapping[WireProtocol, Callable[[Clock, CloudCredentials], Adapter]] = MappingProxyType(
    {
        WireProtocol.OPENAI: lambda _clock, _credentials: OpenAICompatible(),
        WireProtocol.ANTHROPIC: lambda clock, _credentials: AnthropicMessages(clock),
        WireProtocol.GEMINI: lambda clock, _credentials: Gemini(clock),
        WireProtocol.COHERE: lambda clock, _credentials: Cohere(clock),
        WireProtocol.BEDROCK: Bedrock,
        WireProtocol.VERTEX: VertexAI,
    }
)
"""One for each protocol."""

_NO_CREDENTIALS = Failure(
    FailureClass.INVALID_KEY, Blame.KEY, "The cloud's credentials have not been found.", key_scope=KeyScope.INVALID
)


@dataclass(frozen=True, slots=True)
class Routing:
    preferences: LivePreferences
    keys: KeyPool
    breaker: Breaker
    track_record: TrackRecord
    adapters: Mapping[WireProtocol, Adapter]
    upstream: Upstream
    catalogue: LiveCatalogue
    finder: CandidateFinder
    planner: Planner
    discovery: Discovery
    recheck: KeyRecheck
    renewal: CredentialRenewal


async def build_routing(
    configuration: LiveConfiguration, clock: Clock, tuning: Tuning, database: Database, *, records_plans: bool
) -> Routing:
    """With the preferences and listings that the database has. `records_plans`: the decision log reads them."""
    preferences = LivePreferences(SqlPreferencesRepository(database), clock)
    await preferences.load()
    keys, breaker, track_record = KeyPool(clock, tuning.cooldown), Breaker(clock, tuning.breaker), TrackRecord()
    credentials = CloudCredentials()
    adapters = {protocol: make(clock, credentials) for protocol, make in ADAPTERS.items()}
    http = tuning.http_engine()
    upstream = UpstreamByScheme({"https": http, "http": http, "sandbox": SandboxUpstream(clock)})
    catalogue = LiveCatalogue(clock)
    finder = CandidateFinder(lambda: configuration.current, lambda: catalogue.current, preferences, keys, breaker)
    planner = (RecordingPlanner if records_plans else Planner)(
        finder, preferences, keys, track_record, lambda: configuration.current.file.autodecide.weights
    )
    discovery = Discovery(
        upstream,
        adapters,
        lambda: _listing_targets(configuration, finder, keys),
        catalogue,
        SqlListingRepository(database),
        clock,
        intervals=tuning.discovery,
    )
    await discovery.restore()
    catalogue.set_configuration(configuration.current)
    recheck = KeyRecheck(
        keys, upstream, adapters, lambda: configuration.current.providers, clock, tuning.recheck_look_every_seconds
    )
    renewal = _renewal(configuration, credentials, keys, discovery, clock)
    return Routing(
        preferences, keys, breaker, track_record, adapters, upstream, catalogue, finder, planner, discovery, recheck, renewal
    )


def _renewal(
    configuration: LiveConfiguration, credentials: CloudCredentials, keys: KeyPool, discovery: Discovery, clock: Clock
) -> CredentialRenewal:
    """Cloud credentials are the single key of each provider that uses them: out of the pool while there are none."""

    def apply_credentials(cloud: Cloud, is_there: bool) -> None:
        for definition in configuration.current.providers.values():
            if definition.cloud is not cloud or definition.keys:
                continue
            for pooled in keys.pooled(definition.name):
                if is_there:
                    keys.accept(pooled)
                else:
                    keys.record_failure(pooled, "", _NO_CREDENTIALS)
        if is_there:
            discovery.targets_changed()

    return CredentialRenewal(credentials, lambda: configuration.current.clouds, apply_credentials, clock)


def _listing_targets(
    configuration: LiveConfiguration, finder: CandidateFinder, keys: KeyPool
) -> list[tuple[ProviderDefinition, ProviderKey | None]]:
    """Every usable provider with the key that its next request would use; the sandbox lists nothing."""
    targets: list[tuple[ProviderDefinition, ProviderKey | None]] = []
    for definition in configuration.current.providers.values():
        if finder.is_usable(definition) and not definition.is_sandbox:
            active = keys.active(definition.name)
            if active is not None:
                targets.append((definition, active.key))
    return targets
