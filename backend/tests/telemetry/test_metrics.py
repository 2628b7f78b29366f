import math
import time
import timeit
from collections import Counter
from decimal import Decimal

from ai_engine.events import CANCELLED, Ending
from ai_engine.names import Blame, Operation, Route, TokenCounts
from ai_engine.telemetry.metrics import HEDGE, SUCCESS, Histogram, Metrics
from tests.ledger.builders import a_failed_attempt, a_request, an_attempt, random_records

MOST_MICROSECONDS_A_REQUEST = 10
"""Measured: 1.7 for a plain answer, 2.0 for a stream. The rest is for slow machines with other things to do."""


def test_the_counters_are_what_a_slow_count_gives() -> None:
    metrics, records = Metrics(), random_records(seed=11, count=300)
    for record in records:
        metrics(record)

    ends = Counter((record.ending.value, record.status) for record in records)
    attempts = [attempt for record in records for attempt in record.attempts]
    results = Counter((attempt.route.provider, attempt.failure or SUCCESS) for attempt in attempts)
    assert dict(metrics.requests[Operation.CHAT].by_end) == ends
    assert {
        (provider, result): count
        for (provider, _), counters in metrics.attempts.items()
        for result, count in counters.by_result.items()
    } == results
    for (provider, _), counters in metrics.attempts.items():
        of_provider = [attempt for attempt in attempts if attempt.route.provider == provider]
        assert counters.tokens == [
            sum(count or 0 for count in counts) for counts in zip(*(a.tokens for a in of_provider), strict=True)
        ]
        assert counters.cost_usd == sum((a.cost_usd for a in of_provider if a.cost_usd), Decimal(0))
    assert sum(metrics.retries.values()) == sum(attempt.number > 1 for attempt in attempts)
    assert metrics.rescues == sum(record.ending is Ending.RESCUED for record in records)


def test_an_attempt_that_was_given_up_has_a_result_of_its_own() -> None:
    metrics = Metrics()
    given_up = a_failed_attempt(failure=CANCELLED, blame=Blame.REQUEST, status=None)
    metrics(a_request(attempts=(given_up,), ending=Ending.CLIENT_CANCELLED, status=499))

    counters = metrics.attempts["openai", Operation.CHAT]
    assert counters.by_result == {CANCELLED: 1}
    assert counters.duration_ms.buckets[-1] == (math.inf, 0), "only what succeeded took as long as an answer takes"


def test_only_answers_have_a_duration() -> None:
    metrics = Metrics()
    for ending, status in ((Ending.COMPLETED, 200), (Ending.RESCUED, 200), (Ending.ERROR, 503), (Ending.UPSTREAM_CUT, 200)):
        metrics(a_request(ending=ending, status=status, duration_ms=100.0, upstream_ms=90.0, client_wait_ms=9.0, attempts=()))

    duration = metrics.requests[Operation.CHAT].duration_ms
    assert duration.buckets[-1] == (math.inf, 2)
    assert duration.sum == 200
    assert metrics.overhead_ms.sum == 2


def test_a_hedge_and_a_rescue_are_counted() -> None:
    metrics = Metrics()
    hedge = an_attempt(2, reason=HEDGE, route=Route("groq", "m"))
    metrics(a_request(ending=Ending.RESCUED, attempts=(an_attempt(1), hedge)))

    assert (metrics.rescues, metrics.hedges) == (1, 1)


def test_what_is_unknown_adds_nothing() -> None:
    metrics = Metrics()
    metrics(a_request(attempts=(an_attempt(tokens=TokenCounts(input=3), cost_usd=None, first_token_ms=None),)))

    counters = metrics.attempts["openai", Operation.CHAT]
    assert (counters.tokens, counters.cost_usd) == ([3, 0, 0, 0, 0], Decimal(0))
    assert counters.first_token_ms.buckets[-1][1] == 0


def test_a_bucket_holds_what_is_at_most_its_bound() -> None:
    histogram = Histogram((1, 10))
    for value in (0.5, 1, 1.1, 10, 11):
        histogram.add(value)

    assert histogram.buckets == [(1, 2), (10, 4), (math.inf, 5)]
    assert histogram.sum == 23.6


def test_counting_costs_a_request_a_few_microseconds() -> None:
    metrics, request = Metrics(), a_request(attempts=(an_attempt(),))
    best_seconds = min(timeit.repeat(lambda: metrics(request), timer=time.process_time, number=500, repeat=20)) / 500
    assert best_seconds * 1e6 < MOST_MICROSECONDS_A_REQUEST
