"""The running engine: every service, built once."""

from collections.abc import Awaitable, Callable, Coroutine, Sequence
from dataclasses import dataclass
from typing import Any

from ai_engine.access.guards import Guard
from ai_engine.client_api.endpoint import RelayedEndpoint
from ai_engine.client_api.responses.background import BackgroundResponses
from ai_engine.client_api.responses.response_store import ResponseStore
from ai_engine.clock import Clock
from ai_engine.configuration import LiveConfiguration
from ai_engine.database import Database, migrate, open_database
from ai_engine.ledger.provider_history import ProviderHistories
from ai_engine.ledger.statistics import LedgerStatistics
from ai_engine.management_api.autodecide import Explainer
from ai_engine.management_api.config import Reloads
from ai_engine.management_api.ledger_queries import LedgerNames
from ai_engine.management_api.live.feed import LiveFeed
from ai_engine.management_api.metrics import Exposition
from ai_engine.management_api.statistics import StatisticsReader
from ai_engine.management_api.status import Uptime, status_view
from ai_engine.management_api.trials import Trials
from ai_engine.management_api.views.models import ModelViews
from ai_engine.management_api.views.providers import ProviderViews
from ai_engine.telemetry.logs import Logs
from ai_engine.wiring.access import build_access
from ai_engine.wiring.changes import connect_changes
from ai_engine.wiring.recording import build_recording
from ai_engine.wiring.relaying import build_endpoints, build_relay
from ai_engine.wiring.routing import build_routing
from ai_engine.wiring.tuning import Tuning


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
    access = await build_access(configuration.current.settings, clock, database)
    recording = build_recording(configuration, logs, clock, tuning, database)
    routing = await build_routing(configuration, clock, tuning, database, records_plans=recording.decision_log is not None)
    connect_changes(configuration, routing, access.guard)

    views = ProviderViews(
        configuration,
        routing.finder,
        routing.planner,
        routing.keys,
        routing.breaker,
        routing.preferences,
        routing.catalogue,
        recording.performance,
        clock,
    )
    uptime = Uptime(clock)
    live = LiveFeed(lambda: status_view(views, uptime, access.guard), views.all, clock, tuning.live)

    relay = build_relay(configuration, clock, routing, recording, live)
    response_store = ResponseStore(clock)
    background = BackgroundResponses(relay.answer, response_store, has_started=recording.performance.started)

    names = LedgerNames(configuration, routing.catalogue, access.keys, recording.ledger)
    services: Sequence[Any] = (
        *(configuration, database, uptime, live, views, response_store, background, names),
        *(access.guard, access.sessions, access.trail),
        *(routing.preferences, routing.keys, routing.breaker, routing.catalogue, routing.finder, routing.discovery),
        *(recording.spool, recording.ledger),
        Reloads(configuration, access.trail),
        StatisticsReader(LedgerStatistics(recording.ledger, clock, recording.kept), names),
        ProviderHistories(recording.ledger, clock),
        Explainer(routing.planner, routing.catalogue, configuration, views, clock),
        Trials(relay, recording.performance, clock),
        ModelViews(configuration, routing.finder, routing.preferences, routing.catalogue, views),
        Exposition(recording.metrics, recording.performance, views, recording.spool, recording.drainer),
    )
    loops = (
        *(routing.renewal, routing.discovery, routing.recheck, access.issued_keys, live, background),
        *(recording.spool, recording.drainer, recording.retention),
    )
    traces = (recording.traces,) if recording.traces is not None else ()
    return Wired(
        services={type(service): service for service in services},
        hot=build_endpoints(configuration, clock, tuning, access.guard, relay, recording.performance, response_store, background),
        guard=access.guard,
        background=tuple(loop.run for loop in (*loops, *traces)),
        closing=tuple(
            part.close for part in (routing.catalogue, routing.upstream, recording.spool, recording.drainer, *traces, database)
        ),
    )
