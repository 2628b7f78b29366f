"""The counters behind `/metrics`: plain numbers, incremented by every finished request at negligible cost.

Attempts are counted when their request has ended, so that the counters agree with the ledger.
No label is a model, a client or a key: their number is unbounded, and the ledger has statistics by each of them.
"""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Mapping, Sequence
from decimal import Decimal

from ai_engine.events import AttemptFinished, Ending, RequestFinished
from ai_engine.names import Operation

SUCCESS = "success"
"""The result of a successful attempt; any other result is a class of failure."""
HEDGE = "hedge"
"""The reason of an attempt that starts while another one has not responded yet."""

DURATION_BOUNDS_MS = (50, 100, 250, 500, 1000, 2500, 5000, 10_000, 20_000, 30_000, 60_000, 120_000, 300_000, 600_000)
FIRST_TOKEN_BOUNDS_MS = (50, 100, 200, 300, 500, 750, 1000, 1500, 2000, 3000, 5000, 10_000, 30_000, 60_000)
OVERHEAD_BOUNDS_MS = (0.1, 0.25, 0.5, 1, 2.5, 5, 10, 25, 100, 1000)

_COMPLETED, _RESCUED = Ending.COMPLETED, Ending.RESCUED


class Histogram:
    """A count for each bound, and the sum of all values."""

    __slots__ = ("_bounds", "_counts", "_sum")

    def __init__(self, bounds: Sequence[float]) -> None:
        self._bounds = [float(bound) for bound in bounds]  # comparing floats with floats is faster
        self._counts = [0] * (len(bounds) + 1)
        self._sum = 0.0

    def add(self, value: float) -> None:
        self._counts[bisect_left(self._bounds, value)] += 1
        self._sum += value

    @property
    def buckets(self) -> list[tuple[float, int]]:
        """Each bound with the cumulative count; the last bound is infinity."""
        cumulative = 0
        buckets: list[tuple[float, int]] = []
        for bound, count in zip((*self._bounds, float("inf")), self._counts, strict=True):
            cumulative += count
            buckets.append((bound, cumulative))
        return buckets

    @property
    def sum(self) -> float:
        return self._sum


class RequestCounters:
    """The requests of one operation."""

    __slots__ = ("by_end", "duration_ms", "first_token_ms")

    def __init__(self) -> None:
        self.by_end: dict[tuple[str, int], int] = defaultdict(int)
        """By ending and status."""
        self.duration_ms = Histogram(DURATION_BOUNDS_MS)
        """Of answered requests."""
        self.first_token_ms = Histogram(FIRST_TOKEN_BOUNDS_MS)


class AttemptCounters:
    """The attempts of one operation at one provider."""

    __slots__ = ("by_result", "cost_usd", "duration_ms", "first_token_ms", "tokens")

    def __init__(self) -> None:
        self.by_result: dict[str, int] = defaultdict(int)
        """`SUCCESS`, or the failure's class."""
        self.duration_ms = Histogram(DURATION_BOUNDS_MS)
        """Of successful attempts."""
        self.first_token_ms = Histogram(FIRST_TOKEN_BOUNDS_MS)
        self.tokens = [0, 0, 0, 0, 0]
        """In the order of `TokenCounts`; unknown counts add nothing."""
        self.cost_usd = Decimal(0)
        """Unknown costs add nothing."""


class Metrics:
    """A `RequestObserver` that counts."""

    def __init__(self) -> None:
        self._requests: dict[Operation, RequestCounters] = defaultdict(RequestCounters)
        self._attempts: dict[tuple[str, Operation], AttemptCounters] = defaultdict(AttemptCounters)
        self._retries: dict[str, int] = defaultdict(int)
        self.overhead_ms = Histogram(OVERHEAD_BOUNDS_MS)
        """The gateway's own part of the duration of answered requests."""

    @property
    def requests(self) -> Mapping[Operation, RequestCounters]:
        return self._requests

    @property
    def attempts(self) -> Mapping[tuple[str, Operation], AttemptCounters]:
        """By provider and operation; bounded by the configured providers."""
        return self._attempts

    @property
    def retries(self) -> Mapping[str, int]:
        """Attempts after a request's first one, by reason."""
        return self._retries

    @property
    def rescues(self) -> int:
        """Streams that broke and were continued by another provider."""
        return sum(
            count for counters in self._requests.values() for (end, _), count in counters.by_end.items() if end == _RESCUED
        )

    @property
    def hedges(self) -> int:
        """Attempts started while another one had not responded yet."""
        return self._retries.get(HEDGE, 0)

    def __call__(self, request: RequestFinished) -> None:
        self._request(request)
        for attempt in request.attempts:
            self._attempt(attempt, request.operation)

    def _request(self, event: RequestFinished) -> None:
        counters, ending = self._requests[event.operation], event.ending
        counters.by_end[ending._value_, event.status] += 1  # `value` is a Python function that returns `_value_`
        if ending is _COMPLETED or ending is _RESCUED:
            counters.duration_ms.add(event.duration_ms)
            self.overhead_ms.add(event.overhead_ms)
        if event.first_token_ms is not None:
            counters.first_token_ms.add(event.first_token_ms)

    def _attempt(self, attempt: AttemptFinished, operation: Operation) -> None:
        counters = self._attempts[attempt.route.provider, operation]
        if attempt.succeeded:
            counters.by_result[SUCCESS] += 1
            counters.duration_ms.add(attempt.duration_ms)
        else:
            counters.by_result[str(attempt.failure)] += 1
        if attempt.first_token_ms is not None:
            counters.first_token_ms.add(attempt.first_token_ms)
        if attempt.number > 1:
            self._retries[attempt.reason] += 1
        sums = counters.tokens
        # Unrolled: a loop over the five would cost as much as all the rest.
        fresh, cached, written, output, reasoning = attempt.tokens
        if fresh:
            sums[0] += fresh
        if cached:
            sums[1] += cached
        if written:
            sums[2] += written
        if output:
            sums[3] += output
        if reasoning:
            sums[4] += reasoning
        if attempt.cost_usd:
            counters.cost_usd += attempt.cost_usd
