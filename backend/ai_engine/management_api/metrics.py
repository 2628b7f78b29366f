"""`/metrics`: what was counted and how everything stands, as Prometheus reads it."""

from collections.abc import Iterable, Iterator, Sequence
from math import inf
from typing import Annotated

from fastapi import APIRouter, Depends, Response
from prometheus_client import CollectorRegistry, ProcessCollector, generate_latest
from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

from ai_engine import __version__
from ai_engine.access.guards import GuardedRoute, requires
from ai_engine.ledger.drainer import Drainer
from ai_engine.ledger.spool import SpoolWriter
from ai_engine.management_api.views.providers import ProviderViews
from ai_engine.names import Role, TokenCounts
from ai_engine.provider_keys.key_record import KeyState
from ai_engine.providers.registry.definition import ProviderDefinition
from ai_engine.telemetry.metrics import Histogram, Metrics
from ai_engine.telemetry.performance import Performance
from ai_engine.web.provide import provided

router = APIRouter(prefix="/metrics", tags=["Status"], dependencies=[requires(Role.VIEWER)], route_class=GuardedRoute)

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

Rows = Iterable[tuple[Sequence[str], float]]
"""Label values, and the number that goes with them."""


class Exposition(Collector):
    """Reads the counters and the engine's state at the moment of a scrape; between scrapes it costs nothing."""

    def __init__(
        self, metrics: Metrics, performance: Performance, views: ProviderViews, spool: SpoolWriter, drainer: Drainer
    ) -> None:
        self._metrics = metrics
        self._performance = performance
        self._views = views
        self._spool = spool
        self._drainer = drainer
        self._registry = CollectorRegistry(auto_describe=False)
        self._registry.register(self)
        ProcessCollector(registry=self._registry)

    def render(self) -> bytes:
        """The whole page, in the text format."""
        return generate_latest(self._registry)

    def collect(self) -> Iterator[Metric]:
        yield from self._requests()
        yield from self._attempts()
        yield from self._usage()
        yield from self._providers()
        yield from self._provider_keys()
        yield from self._ledger()
        yield from self._catalogue()
        yield from self._process()

    def _requests(self) -> Iterator[Metric]:
        requests = self._metrics.requests
        yield _counter(
            "ai_engine_requests",
            "Client requests that have ended, by how (ending) and by the answer's status (2xx, 4xx, 5xx).",
            ("operation", "ending", "status_class"),
            _in_classes(
                ((operation.value, ending, f"{status // 100}xx"), count)
                for operation, counters in requests.items()
                for (ending, status), count in counters.by_end.items()
            ),
        )
        yield _gauge("ai_engine_requests_in_flight", "Client requests on their way now.", self._performance.in_flight)
        yield _histogram(
            "ai_engine_request_duration_seconds",
            "Time from a client request to the end of its answer, failovers included, in seconds. Answered requests only.",
            ("operation",),
            (((operation.value,), counters.duration_ms) for operation, counters in requests.items()),
        )
        yield _histogram(
            "ai_engine_request_first_token_seconds",
            "Time from a client request to the first content of its stream, failovers included, in seconds.",
            ("operation",),
            (((operation.value,), counters.first_token_ms) for operation, counters in requests.items()),
        )
        yield _histogram(
            "ai_engine_overhead_seconds",
            "The gateway's own share of a request's duration, providers and waits apart, in seconds. Answered requests only.",
            (),
            (((), self._metrics.overhead_ms),),
        )

    def _attempts(self) -> Iterator[Metric]:
        attempts = [((provider, operation.value), counters) for (provider, operation), counters in self._metrics.attempts.items()]
        yield _counter(
            "ai_engine_attempts",
            "Requests sent to providers, by what came of them: success, a class of failure, or abandoned.",
            ("provider", "operation", "result"),
            (((*labels, result), count) for labels, counters in attempts for result, count in counters.by_result.items()),
        )
        yield _histogram(
            "ai_engine_attempt_duration_seconds",
            "Time from a request to a provider to the end of its answer, in seconds. Successful attempts only.",
            ("provider", "operation"),
            ((labels, counters.duration_ms) for labels, counters in attempts),
        )
        yield _histogram(
            "ai_engine_attempt_first_token_seconds",
            "Time from a request to a provider to the first content of its stream, in seconds.",
            ("provider", "operation"),
            ((labels, counters.first_token_ms) for labels, counters in attempts),
        )
        yield _counter(
            "ai_engine_retries",
            "Attempts beyond a request's first, by why they were made.",
            ("why",),
            (((why,), count) for why, count in self._metrics.retries.items()),
        )
        yield _counter(
            "ai_engine_rescues", "Streams that broke off and went on at another provider.", (), [((), self._metrics.rescues)]
        )
        yield _counter("ai_engine_hedges", "Attempts made beside another one that was silent.", (), [((), self._metrics.hedges)])

    def _usage(self) -> Iterator[Metric]:
        attempts = self._metrics.attempts.items()
        yield _counter(
            "ai_engine_tokens",
            "Tokens of all attempts in disjoint classes, as far as providers told them or they could be estimated.",
            ("provider", "operation", "class"),
            (
                ((provider, operation.value, name), count)
                for (provider, operation), counters in attempts
                for name, count in zip(TokenCounts._fields, counters.tokens, strict=True)
            ),
        )
        yield _counter(
            "ai_engine_cost_usd",
            "What attempts cost at list price, in US dollars, absorbed ones included. Unknown prices add nothing.",
            ("provider", "operation"),
            (((provider, operation.value), float(counters.cost_usd)) for (provider, operation), counters in attempts),
        )

    def _providers(self) -> Iterator[Metric]:
        rows = self._rows()
        states = {row.name: self._views.state_of(row, self._views.flag_of(row)) for row in rows}
        breaker = self._views.breaker
        yield _gauge_of_providers(
            "ai_engine_provider_available",
            "1 while a provider is in rotation; 0 while it is flagged, drained or switched off.",
            ((name, state == "available") for name, state in states.items()),
        )
        yield _gauge_of_providers(
            "ai_engine_breaker_open",
            "1 while the breaker keeps a whole provider out of rotation.",
            ((row.name, breaker.provider_outage(row.name) is not None) for row in rows),
        )
        yield _gauge_of_providers(
            "ai_engine_routes_out",
            "Routes (models at a provider) that the breaker keeps out of rotation by their own fault.",
            ((row.name, len(breaker.routes_out(row.name))) for row in rows),
        )

    def _provider_keys(self) -> Iterator[Metric]:
        pools = {row.name: self._views.keys.keys_of(row.name) for row in self._rows()}
        yield _gauge_of_providers(
            "ai_engine_attempts_in_flight",
            "Requests that a provider is answering now.",
            ((name, sum(key.in_flight for key in pool)) for name, pool in pools.items()),
        )
        yield _gauge(
            "ai_engine_provider_keys",
            "Provider keys by state: usable, in cooldown for all models, or invalid because the provider does not accept them.",
            rows=(
                ((name, state.value), sum(key.state is state for key in pool))
                for name, pool in pools.items()
                for state in KeyState
            ),
            labels=("provider", "state"),
        )
        yield _gauge_of_providers(
            "ai_engine_key_model_cooldowns",
            "Pairs of provider key and model in cooldown, such as after a rate limit.",
            ((name, sum(len(key.model_cooldowns) for key in pool)) for name, pool in pools.items()),
        )

    def _ledger(self) -> Iterator[Metric]:
        backlog = self._spool.backlog()
        yield _gauge("ai_engine_spool_bytes", "Ledger records that wait in the spool for the database, in bytes.", backlog.bytes)
        yield _gauge("ai_engine_spool_records", "Ledger records that wait in the spool for the database.", backlog.records)
        yield _gauge(
            "ai_engine_spool_oldest_age_seconds",
            "Age of the ledger record that has waited longest, in seconds; 0 where none waits.",
            backlog.oldest_age_seconds,
        )
        yield _counter(
            "ai_engine_records_lost",
            "Ledger records that were lost: dropped (spool full or unwritable), damaged on disk, or refused by the database.",
            ("why",),
            (
                (("dropped",), self._spool.dropped),
                (("damaged",), self._drainer.damaged),
                (("refused",), self._drainer.refused),
            ),
        )

    def _catalogue(self) -> Iterator[Metric]:
        catalogue, now = self._views.catalogue.current, self._views.clock.now()
        names = [row.name for row in self._rows()]
        yield _gauge_of_providers(
            "ai_engine_catalogue_models",
            "Models that the catalogue has of a provider.",
            ((name, len(catalogue.entries_of(name))) for name in names),
        )
        yield _gauge_of_providers(
            "ai_engine_catalogue_age_seconds",
            "Time since a provider's models were last read from it, in seconds. Only of those whose listing was ever read.",
            ((name, (now - at).total_seconds()) for name in names if (at := catalogue.listed_at(name)) is not None),
        )

    def _process(self) -> Iterator[Metric]:
        yield _gauge(
            "ai_engine_configuration_generation",
            "Number of the configuration in force; every reload that takes effect adds one.",
            self._views.configuration.current.generation,
        )
        yield _gauge(
            "ai_engine_build_info", "Always 1; the label says the version.", rows=(((__version__,), 1),), labels=("version",)
        )

    def _rows(self) -> list[ProviderDefinition]:
        """The providers that somebody configured, and the sandbox while it answers."""
        rows = self._views.configuration.current.providers.values()
        return [row for row in rows if (self._views.finder.is_usable(row) if row.is_sandbox else row.is_configured)]


def _in_classes(rows: Rows) -> Rows:
    """Rows with the same labels added up."""
    sums: dict[Sequence[str], float] = {}
    for labels, count in rows:
        sums[labels] = sums.get(labels, 0) + count
    return sums.items()


def _counter(name: str, meaning: str, labels: Sequence[str], rows: Rows) -> Metric:
    family = CounterMetricFamily(name, meaning, labels=labels)
    for values, count in rows:
        family.add_metric(values, count)
    return family


def _gauge(name: str, meaning: str, value: float = 0, *, labels: Sequence[str] = (), rows: Rows | None = None) -> Metric:
    family = GaugeMetricFamily(name, meaning, labels=labels)
    for values, number in [((), value)] if rows is None else rows:
        family.add_metric(values, number)
    return family


def _gauge_of_providers(name: str, meaning: str, rows: Iterable[tuple[str, float]]) -> Metric:
    return _gauge(name, meaning, labels=("provider",), rows=(((provider,), number) for provider, number in rows))


def _histogram(name: str, meaning: str, labels: Sequence[str], rows: Iterable[tuple[Sequence[str], Histogram]]) -> Metric:
    """From milliseconds to seconds."""
    family = HistogramMetricFamily(name, meaning, labels=labels)
    for values, histogram in rows:
        buckets = [("+Inf" if bound == inf else f"{bound / 1000:g}", count) for bound, count in histogram.buckets]
        family.add_metric(values, buckets, histogram.sum / 1000)
    return family


@router.get(
    "",
    summary="Metrics for Prometheus",
    response_class=Response,
    responses={200: {"content": {"text/plain": {"schema": {"type": "string"}, "example": "ai_engine_requests_in_flight 2.0\n"}}}},
)
async def show_metrics(exposition: Annotated[Exposition, Depends(provided(Exposition))]) -> Response:
    """Prometheus text format. Every metric stands in `docs/operations.md`; no label is a model, a client or a key."""
    return Response(exposition.render(), media_type=CONTENT_TYPE)
