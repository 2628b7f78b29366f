"""Builds every service once, and chooses which implementation stands behind each port."""

import random
import secrets
import sys
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from types import MappingProxyType
from typing import Any, TypeVar

from ai_engine.access.audit import AuditTrail
from ai_engine.access.first_key import ensure_admin_key
from ai_engine.access.guards import Guard
from ai_engine.access.issued_keys import IssuedKeys
from ai_engine.access.repository import AccessKeyRepository, SqlAuditStore, SqlSessionRepository
from ai_engine.access.sessions import Sessions
from ai_engine.autodecide.candidates import CandidateFinder
from ai_engine.autodecide.decision_log import DecisionLog, NotingPlanner
from ai_engine.autodecide.plan import Planner
from ai_engine.catalogue.discovery import Discovery, Pace
from ai_engine.catalogue.live import LiveCatalogue
from ai_engine.catalogue.repository import SqlListingRepository
from ai_engine.catalogue.snapshot import Catalogue
from ai_engine.client_api.endpoint import ClientFormat, RelayedEndpoint
from ai_engine.client_api.formats import relayed_formats
from ai_engine.client_api.responses.background import BackgroundResponses
from ai_engine.client_api.responses.requests import ResponsesRequests
from ai_engine.client_api.responses.response_store import KeptResponses
from ai_engine.clock import Clock, system_chance
from ai_engine.configuration import Configuration, LiveConfiguration
from ai_engine.database import Database, migrate, open_database
from ai_engine.health.breaker import Breaker, BreakerPolicy
from ai_engine.health.track_record import TrackRecord
from ai_engine.ledger.drainer import Drainer
from ai_engine.ledger.provider_history import ProviderHistories
from ai_engine.ledger.repository import SqlLedger
from ai_engine.ledger.retention import Retention
from ai_engine.ledger.spool import DEFAULT_LIMIT_BYTES, SpoolWriter
from ai_engine.ledger.statistics import LedgerStatistics, RollupRetention
from ai_engine.management_api.autodecide import Explainer
from ai_engine.management_api.config import Reloads
from ai_engine.management_api.ledger_queries import LedgerNames
from ai_engine.management_api.live.feed import LiveFeed, LivePace
from ai_engine.management_api.metrics import Exposition
from ai_engine.management_api.statistics import StatisticsReader
from ai_engine.management_api.status import Uptime, status_view
from ai_engine.management_api.trials import Trials
from ai_engine.management_api.views.models import ModelViews
from ai_engine.management_api.views.providers import ProviderViews
from ai_engine.preferences.preferences import LivePreferences, ProviderPreference
from ai_engine.preferences.repository import SqlPreferencesRepository
from ai_engine.provider_keys.cooldown import CooldownPolicy
from ai_engine.provider_keys.cooldown_queue import CooldownQueue
from ai_engine.provider_keys.pool import KeyPool
from ai_engine.provider_keys.recheck import KeyRecheck
from ai_engine.providers.adapter import Adapter
from ai_engine.providers.anthropic.adapter import AnthropicMessages
from ai_engine.providers.cohere.adapter import Cohere
from ai_engine.providers.gemini.adapter import Gemini
from ai_engine.providers.openai.adapter import OpenAICompatible
from ai_engine.providers.registry.definition import ProviderDefinition, ProviderKey, WireProtocol
from ai_engine.providers.sandbox.upstream import SandboxUpstream
from ai_engine.relay.relay import Relay
from ai_engine.relay.services import RelayServices
from ai_engine.relay.unsupported_formats import UnsupportedFormats
from ai_engine.settings import Settings
from ai_engine.telemetry.logs import Logs
from ai_engine.telemetry.metrics import Metrics
from ai_engine.telemetry.performance import Performance
from ai_engine.telemetry.traces import Traces
from ai_engine.upstream.by_scheme import UpstreamByScheme
from ai_engine.upstream.httpx_engine import HttpxEngine
from ai_engine.upstream.port import Upstream

ADAPTERS: Mapping[WireProtocol, Callable[[Clock], Adapter]] = MappingProxyType(
    {
        WireProtocol.OPENAI: lambda _: OpenAICompatible(),
        WireProtocol.ANTHROPIC: AnthropicMessages,
        WireProtocol.GEMINI: Gemini,
        WireProtocol.COHERE: Cohere,
    }
)
"""One for each protocol."""

OWN_VIA = f"ai-engine-{secrets.token_hex(4)}".encode()
"""How this process signs its requests (`via`). One that comes back with it went round in a circle."""


@dataclass(frozen=True, slots=True)
class Tuning:
    """Times and thresholds with the contract's defaults. A parameter, so that tests of hours take milliseconds."""

    cooldown: CooldownPolicy = field(default_factory=CooldownPolicy)
    breaker: BreakerPolicy = field(default_factory=BreakerPolicy)
    discovery: Pace = field(default_factory=Pace)
    http_engine: Callable[[], Upstream] = HttpxEngine
    """What stands behind `http://` and `https://`."""
    recheck_look_every_seconds: float = 1
    stream_silence_seconds: float = 15
    live: LivePace = field(default_factory=LivePace)
    spool_limit_bytes: int = DEFAULT_LIMIT_BYTES


@dataclass(frozen=True, slots=True)
class Wired:
    """The running engine's parts."""

    services: dict[type[Any], Any]
    """By type, for the routes (`web.provide`)."""
    hot: dict[tuple[str, str], RelayedEndpoint]
    """By method and path, for the dispatcher."""
    guard: Guard
    background: tuple[Callable[[], Coroutine[Any, Any, None]], ...]
    """Loops that run until they are cancelled."""
    closing: tuple[Callable[[], Awaitable[None]], ...]
    """What to end, in this order."""


async def wire(configuration: LiveConfiguration, logs: Logs, clock: Clock, tuning: Tuning) -> Wired:
    """Opens the database, brings it up to date, and builds every service on it. Raises `ConfigurationError`."""
    database = await open_database(configuration.current.settings.database_url.get_secret_value())
    try:
        await migrate(database)
        return await _build(configuration, logs, clock, tuning, database)
    except BaseException:
        await database.close()
        raise


async def _build(configuration: LiveConfiguration, logs: Logs, clock: Clock, tuning: Tuning, database: Database) -> Wired:
    sessions = Sessions(SqlSessionRepository(database), clock)
    guard = await _guard(configuration, clock, database, sessions)
    trail = AuditTrail(SqlAuditStore(database), clock)
    preferences = LivePreferences(SqlPreferencesRepository(database), clock)
    await preferences.load()
    keys, breaker, track_record = KeyPool(clock, tuning.cooldown), Breaker(clock, tuning.breaker), TrackRecord()
    performance, metrics = Performance(clock), Metrics()
    adapters = {protocol: make(clock) for protocol, make in ADAPTERS.items()}
    http = tuning.http_engine()
    upstream = UpstreamByScheme({"https": http, "http": http, "sandbox": SandboxUpstream(clock)})
    catalogue = LiveCatalogue(clock)
    finder = CandidateFinder(lambda: configuration.current, lambda: catalogue.current, preferences, keys, breaker)
    block_log = logs.block_log(clock)
    planner_of_choice = NotingPlanner if block_log else Planner
    planner = planner_of_choice(finder, preferences, keys, track_record, lambda: configuration.current.file.autodecide.weights)
    discovery = Discovery(
        upstream,
        adapters,
        lambda: _whom_to_list(configuration, finder, keys),
        catalogue,
        SqlListingRepository(database),
        clock,
        pace=tuning.discovery,
    )
    await discovery.restore()
    catalogue.set_configuration(configuration.current)
    views = ProviderViews(configuration, finder, planner, keys, breaker, preferences, catalogue, performance, clock)
    uptime = Uptime(clock)
    live = LiveFeed(lambda: status_view(views, uptime, guard), views.all, clock, tuning.live)
    settings = configuration.current.settings
    ledger = SqlLedger(database)
    spool = SpoolWriter(settings.spool_dir, clock, limit_bytes=tuning.spool_limit_bytes)
    drainer = Drainer(settings.spool_dir, ledger, clock, system_chance)
    kept = RollupRetention()
    decision_log = (DecisionLog(block_log),) if block_log else ()
    traces = _traces(settings, clock)
    event_log = logs.event_log(clock)
    relay = Relay(
        RelayServices(
            configuration=lambda: configuration.current,
            finder=finder,
            planner=planner,
            keys=keys,
            cooldown_queue=CooldownQueue(clock),
            breaker=breaker,
            track_record=track_record,
            upstream=upstream,
            adapters=adapters,
            own_headers=((b"via", b"1.1 " + OWN_VIA),),
            rediscover=discovery.request_soon,
            observe_attempt=_all_of(performance.attempt, event_log.attempt),
            observe_request=_all_of(spool.record, performance.request, metrics, event_log.request, live, *decision_log, *traces),
            clock=clock,
            chance=system_chance,
            random_bits=random.getrandbits,
            refuses_stream_options=set(),
            unsupported_formats=UnsupportedFormats(clock),
        )
    )
    issued_keys = IssuedKeys(AccessKeyRepository(database, clock), guard.replace_issued, clock)
    recheck = KeyRecheck(
        keys, upstream, adapters, lambda: configuration.current.providers, clock, tuning.recheck_look_every_seconds
    )
    _keep_in_step(configuration, preferences, keys, breaker, catalogue, discovery, guard)

    kept_responses = KeptResponses(clock)
    background = BackgroundResponses(relay.answer, kept_responses, has_started=performance.started)

    def hot(client_format: ClientFormat) -> RelayedEndpoint:
        return RelayedEndpoint(client_format, relay, guard, configuration, performance, OWN_VIA, tuning.stream_silence_seconds)

    names = LedgerNames(configuration, catalogue, AccessKeyRepository(database, clock), ledger)
    services: Sequence[Any] = (
        configuration,
        database,
        guard,
        sessions,
        preferences,
        keys,
        catalogue,
        finder,
        views,
        spool,
        ledger,
        names,
        StatisticsReader(LedgerStatistics(ledger, clock, kept), names),
        ProviderHistories(ledger, clock),
        Explainer(planner, catalogue, configuration, views, clock),
        Trials(relay, performance, clock),
        kept_responses,
        background,
        uptime,
        live,
        breaker,
        trail,
        Reloads(configuration, trail),
        discovery,
        ModelViews(configuration, finder, preferences, catalogue, views),
        Exposition(metrics, performance, views, spool, drainer),
    )
    return Wired(
        services={type(service): service for service in services},
        hot={
            ("POST", path): hot(client_format)
            for path, client_format in relayed_formats(ResponsesRequests(kept_responses, clock), background).items()
        },
        guard=guard,
        background=(
            discovery.run,
            recheck.run,
            issued_keys.run,
            spool.run,
            drainer.run,
            Retention(ledger, clock, lambda: timedelta(days=configuration.current.settings.retention_days), kept).run,
            live.run,
            background.run,
            *(each.run for each in traces),
        ),
        closing=(catalogue.close, upstream.close, spool.close, drainer.close, *(each.close for each in traces), database.close),
    )


def _traces(settings: Settings, clock: Clock) -> tuple[Traces, ...]:
    """One where `AI_ENGINE_OTLP_ENDPOINT` says where to, else none. Raises `ConfigurationError`."""
    endpoint = settings.otlp_endpoint
    return (Traces.exported_to(endpoint.get_secret_value(), clock),) if endpoint else ()


async def _guard(configuration: LiveConfiguration, clock: Clock, database: Database, sessions: Sessions) -> Guard:
    """Knows the keys that callers have been given, a first admin key among them where one was needed, and who is signed in."""
    settings = configuration.current.settings
    repository = AccessKeyRepository(database, clock)
    data_folder = database.sqlite_file.parent if database.sqlite_file else settings.spool_dir.parent
    await ensure_admin_key(settings, repository, data_folder, sys.stderr)
    await sessions.load()
    return Guard(settings, await repository.all(), sessions)


def _keep_in_step(
    configuration: LiveConfiguration,
    preferences: LivePreferences,
    keys: KeyPool,
    breaker: Breaker,
    catalogue: LiveCatalogue,
    discovery: Discovery,
    guard: Guard,
) -> None:
    """Who hears of what: every change of configuration, preferences and catalogue takes effect where it is used."""

    def take_over_configuration(current: Configuration) -> None:
        guard.apply(current.settings)
        keys.set_providers(current.providers)
        catalogue.set_configuration(current)
        discovery.targets_changed()

    def take_over_preference(provider: str, preference: ProviderPreference) -> None:
        keys.set_preferred(provider, preference.preferred_key)
        discovery.targets_changed()

    def take_over_catalogue(current: Catalogue) -> None:
        for route in breaker.missing_models():
            if current.listed_at(route.provider) is not None and current.entry(route) is not None:
                breaker.restore(*route)

    keys.set_providers(configuration.current.providers)
    for provider in configuration.current.providers:
        keys.set_preferred(provider, preferences.of(provider).preferred_key)
    configuration.add_check(lambda loaded: guard.refuse_unsafe(loaded.settings))
    configuration.on_change(take_over_configuration)
    preferences.on_change(take_over_preference)
    catalogue.on_change(take_over_catalogue)


def _whom_to_list(
    configuration: LiveConfiguration, finder: CandidateFinder, keys: KeyPool
) -> list[tuple[ProviderDefinition, ProviderKey | None]]:
    """Every usable provider with the key that its next request would use; the sandbox has nothing to say."""
    targets: list[tuple[ProviderDefinition, ProviderKey | None]] = []
    for definition in configuration.current.providers.values():
        if finder.is_usable(definition) and not definition.is_sandbox:
            active = keys.active(definition.name)
            if active is not None:
                targets.append((definition, active.key))
    return targets


EventT = TypeVar("EventT")


def _all_of(*observers: Callable[[EventT], None]) -> Callable[[EventT], None]:
    def emit(event: EventT) -> None:
        for observer in observers:
            observer(event)

    return emit
