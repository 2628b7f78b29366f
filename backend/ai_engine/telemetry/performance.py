"""`performance` of `GET /api/status`: bounded counters in memory, aggregated on request."""

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from ai_engine.clock import Clock
from ai_engine.events import AttemptFinished, Ending, RequestFinished
from ai_engine.names import ABOUT_THE_REQUEST

RECENT_REQUESTS = 1024
RECENT_ATTEMPTS = 256


class RingBuffer:
    """The last `size` numbers."""

    __slots__ = ("_values", "add")

    def __init__(self, size: int) -> None:
        self._values: deque[float] = deque(maxlen=size)
        self.add = self._values.append
        """Appends a number; the oldest is dropped beyond `size`."""

    def percentiles(self, *ranks: float) -> Sequence[float | None]:
        """The nearest-rank percentiles, ranks in (0, 1]; all `None` without numbers."""
        ordered = sorted(self._values)
        if not ordered:
            return [None] * len(ranks)
        return [ordered[max(0, -int(-rank * len(ordered) // 1) - 1)] for rank in ranks]


@dataclass(frozen=True, slots=True)
class ProviderPerformance:
    """A provider's performance since the start."""

    attempts: int
    success_rate: float | None
    """0 to 1, without client errors; `None` before the first attempt."""
    latency_ms: float | None
    """The median of recent successful attempts."""
    last_error: str | None
    """The class of the last failure."""
    last_error_at: datetime | None
    last_used_at: datetime | None


@dataclass(frozen=True, slots=True)
class PerformanceSnapshot:
    """Of all providers. Counts are since the start, percentiles of the last 1,024 responses; `None` is unknown."""

    requests: int
    success_rate: float | None
    """0 to 1, without client errors and requests that the client cancelled."""
    latency_p50_ms: float | None
    latency_p95_ms: float | None
    latency_p99_ms: float | None
    first_token_p50_ms: float | None
    tokens_per_second: float | None
    """The median rate of output tokens."""
    overhead_p50_ms: float | None
    """The duration without the time spent waiting for providers."""
    overhead_p99_ms: float | None
    in_flight: int
    providers: Mapping[str, ProviderPerformance]


class _Provider:
    __slots__ = ("attempts", "failures", "last_error", "last_error_at", "last_used_at", "latencies", "successes")

    def __init__(self) -> None:
        self.attempts = 0
        self.successes = 0
        self.failures = 0
        self.latencies = RingBuffer(RECENT_ATTEMPTS)
        self.last_error: str | None = None
        self.last_error_at: datetime | None = None
        self.last_used_at: datetime | None = None

    def snapshot(self) -> ProviderPerformance:
        return ProviderPerformance(
            self.attempts,
            _rate(self.successes, self.failures),
            self.latencies.percentiles(0.5)[0],
            self.last_error,
            self.last_error_at,
            self.last_used_at,
        )


class Performance:
    """An observer of attempts and requests. `started()` begins a request; its `RequestFinished` ends it."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._requests = 0
        self._successes = 0
        self._failures = 0
        self._in_flight = 0
        self._latencies = RingBuffer(RECENT_REQUESTS)
        self._first_tokens = RingBuffer(RECENT_REQUESTS)
        self._token_rates = RingBuffer(RECENT_REQUESTS)
        self._overheads = RingBuffer(RECENT_REQUESTS)
        self._providers: dict[str, _Provider] = {}

    def started(self) -> None:
        """Counts a request as in flight."""
        self._in_flight += 1

    @property
    def in_flight(self) -> int:
        """Requests in flight."""
        return self._in_flight

    def attempt(self, event: AttemptFinished) -> None:
        """Counts it, as an `AttemptObserver`."""
        # One entry per configured provider, so it is bounded.
        provider = self._providers.get(event.route.provider)
        if provider is None:
            provider = self._providers[event.route.provider] = _Provider()
        provider.attempts += 1
        provider.last_used_at = self._clock.now()
        if event.succeeded:
            provider.successes += 1
            provider.latencies.add(event.duration_ms)
        elif event.blame not in ABOUT_THE_REQUEST:
            provider.failures += 1
            provider.last_error = event.failure
            provider.last_error_at = provider.last_used_at

    def request(self, event: RequestFinished) -> None:
        """Counts it, as a `RequestObserver`."""
        self._requests += 1
        self._in_flight = max(0, self._in_flight - 1)
        if event.ending in (Ending.COMPLETED, Ending.RESCUED):
            self._successes += 1
            self._answered(event)
        elif event.ending is not Ending.CLIENT_CANCELLED and _is_server_error(event):
            self._failures += 1

    def _answered(self, event: RequestFinished) -> None:
        self._latencies.add(event.duration_ms)
        self._overheads.add(event.overhead_ms)
        if event.first_token_ms is not None:
            self._first_tokens.add(event.first_token_ms)
        output_tokens = event.tokens.all_output
        if output_tokens:
            streaming_ms = event.duration_ms - (event.first_token_ms or 0.0)
            if streaming_ms > 0:
                self._token_rates.add(output_tokens * 1000 / streaming_ms)

    def snapshot(self) -> PerformanceSnapshot:
        """The current values. It sorts a thousand numbers a few times: not for the request path."""
        latency_p50, latency_p95, latency_p99 = self._latencies.percentiles(0.5, 0.95, 0.99)
        overhead_p50, overhead_p99 = self._overheads.percentiles(0.5, 0.99)
        return PerformanceSnapshot(
            requests=self._requests,
            success_rate=_rate(self._successes, self._failures),
            latency_p50_ms=latency_p50,
            latency_p95_ms=latency_p95,
            latency_p99_ms=latency_p99,
            first_token_p50_ms=self._first_tokens.percentiles(0.5)[0],
            tokens_per_second=self._token_rates.percentiles(0.5)[0],
            overhead_p50_ms=overhead_p50,
            overhead_p99_ms=overhead_p99,
            in_flight=self._in_flight,
            providers={name: provider.snapshot() for name, provider in self._providers.items()},
        )


def _is_server_error(event: RequestFinished) -> bool:
    """A failure that the client did not cause: a broken stream, a 5xx, or rate limits on all keys."""
    return event.ending is Ending.UPSTREAM_CUT or event.status >= 500 or event.status == 429


def _rate(successes: int, failures: int) -> float | None:
    return successes / (successes + failures) if successes + failures else None
