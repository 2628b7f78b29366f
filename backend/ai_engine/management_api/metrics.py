"""`/metrics`: counters and gauges in the Prometheus text format."""

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
"""Label values with the metric's value."""


class Exposition(Collector):
    """Reads counters and state at the time of a scrape; between scrapes it costs nothing."""

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
        """All metrics in the text format."""
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
            "Finished client requests by ending and status class (2xx, 4xx, 5xx).",
            ("operation", "ending", "status_class"),
            _summed(
                ((operation.value, ending, f"{status // 100}xx"), count)
                for operation, counters in requests.items()
                for (ending, status), count in counters.by_end.items()
            ),
        )
        yield _gauge("ai_engine_requests_in_flight", "Client requests in flight.", self._performance.in_flight)
        yield _histogram(
            "ai_engine_request_duration_seconds",
            "Duration of answered client requests, failover included, in seconds.",
            ("operation",),
            (((operation.value,), counters.duration_ms) for operation, counters in requests.items()),
        )
        yield _histogram(
            "ai_engine_request_first_token_seconds",
            "Time from a client request to the first content of its stream, failover included, in seconds.",
            ("operation",),
            (((operation.value,), counters.first_token_ms) for operation, counters in requests.items()),
        )
        yield _histogram(
            "ai_engine_overhead_seconds",
            "Duration of answered client requests without the time spent waiting for providers, in seconds.",
            (),
            (((), self._metrics.overhead_ms),),
        )

    def _attempts(self) -> Iterator[Metric]:
        attempts = [((provider, operation.value), counters) for (provider, operation), counters in self._metrics.attempts.items()]
        yield _counter(
            "ai_engine_attempts",
            "Requests sent to providers by result: success, a class of failure, or cancelled.",
            ("provider", "operation", "result"),
            (((*labels, result), count) for labels, counters in attempts for result, count in counters.by_result.items()),
        )
        yield _histogram(
            "ai_engine_attempt_duration_seconds",
            "Duration of successful attempts, in seconds.",
            ("provider", "operation"),
            ((labels, counters.duration_ms) for labels, counters in attempts),
        )
        yield _histogram(
            "ai_engine_attempt_first_token_seconds",
            "Time from the start of an attempt to the first content of its stream, in seconds.",
            ("provider", "operation"),
            ((labels, counters.first_token_ms) for labels, counters in attempts),
        )
        yield _counter(
            "ai_engine_retries",
            "Attempts after a request's first one, by reason.",
            ("reason",),
            (((why,), count) for why, count in self._metrics.retries.items()),
        )
        yield _counter(
            "ai_engine_rescues", "Streams that broke and were continued by another provider.", (), [((), self._metrics.rescues)]
        )
        yield _counter(
            "ai_engine_hedges", "Attempts started while another one had not responded yet.", (), [((), self._metrics.hedges)]
        )

    def _usage(self) -> Iterator[Metric]:
        attempts = self._metrics.attempts.items()
        yield _counter(
            "ai_engine_tokens",
            "Tokens of all attempts in disjoint classes, reported by providers or estimated.",
            ("provider", "operation", "class"),
            (
                ((provider, operation.value, name), count)
                for (provider, operation), counters in attempts
                for name, count in zip(TokenCounts._fields, counters.tokens, strict=True)
            ),
        )
        yield _counter(
            "ai_engine_cost_usd",
            "Cost of all attempts at list price, in US dollars. Unknown prices add nothing.",
            ("provider", "operation"),
            (((provider, operation.value), float(counters.cost_usd)) for (provider, operation), counters in attempts),
        )

    def _providers(self) -> Iterator[Metric]:
        rows = self._rows()
        states = {row.name: self._views.state_of(row, self._views.flag_of(row)) for row in rows}
        breaker = self._views.breaker
        yield _gauge_of_providers(
            "ai_engine_provider_available",
            "1 if the provider is in rotation; 0 if it is flagged, drained or disabled.",
            ((name, state == "available") for name, state in states.items()),
        )
        yield _gauge_of_providers(
            "ai_engine_provider_breaker_open",
            "1 if the circuit breaker of the provider is open.",
            ((row.name, breaker.provider_outage(row.name) is not None) for row in rows),
        )
        yield _gauge_of_providers(
            "ai_engine_route_breakers_open",
            "Routes (models at a provider) whose own circuit breaker is open.",
            ((row.name, len(breaker.route_outages(row.name))) for row in rows),
        )

    def _provider_keys(self) -> Iterator[Metric]:
        pools = {row.name: self._views.keys.keys_of(row.name) for row in self._rows()}
        yield _gauge_of_providers(
            "ai_engine_attempts_in_flight",
            "Attempts in flight.",
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
        yield _gauge(
            "ai_engine_spool_bytes", "Size of the ledger records in the spool, not in the database yet, in bytes.", backlog.bytes
        )
        yield _gauge("ai_engine_spool_records", "Ledger records in the spool, not in the database yet.", backlog.records)
        yield _gauge(
            "ai_engine_spool_oldest_age_seconds",
            "Age of the oldest ledger record in the spool, in seconds; 0 if it is empty.",
            backlog.oldest_age_seconds,
        )
        yield _counter(
            "ai_engine_records_lost",
            "Ledger records lost: dropped (spool full or not writable), damaged on disk, or refused by the database.",
            ("reason",),
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
            "Models of the provider in the catalogue.",
            ((name, len(catalogue.entries_of(name))) for name in names),
        )
        yield _gauge_of_providers(
            "ai_engine_catalogue_age_seconds",
            "Time since the provider's model list was last read, in seconds. Only for providers whose list was ever read.",
            ((name, (now - at).total_seconds()) for name in names if (at := catalogue.listed_at(name)) is not None),
        )

    def _process(self) -> Iterator[Metric]:
        yield _gauge(
            "ai_engine_configuration_generation",
            "Generation of the configuration in force; every reload adds one.",
            self._views.configuration.current.generation,
        )
        yield _gauge(
            "ai_engine_build_info", "Always 1; the label is the version.", rows=(((__version__,), 1),), labels=("version",)
        )

    def _rows(self) -> list[ProviderDefinition]:
        """The configured providers, and the sandbox while it is active."""
        rows = self._views.configuration.current.providers.values()
        return [row for row in rows if (self._views.finder.is_usable(row) if row.is_sandbox else row.is_configured)]


def _summed(rows: Rows) -> Rows:
    """Rows with the same labels, summed."""
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
    """Converts milliseconds to seconds."""
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
    """Prometheus text format. `docs/operations.md` lists all metrics; no label is a model, a client or a key."""
    return Response(exposition.render(), media_type=CONTENT_TYPE)
