from datetime import timedelta
from typing import Any

import pytest

from ai_engine.events import AttemptFinished, Ending, RequestFinished
from ai_engine.names import UNKNOWN_TOKENS, Blame, Route, TokenCounts
from ai_engine.telemetry.performance import RECENT_REQUESTS, Performance, RingBuffer
from tests.fakes.clock import HandTurnedClock
from tests.ledger.builders import a_request, an_attempt


def finished(ending: Ending = Ending.COMPLETED, status: int = 200, duration_ms: float = 100, **more: Any) -> RequestFinished:
    fields = {"upstream_ms": duration_ms, "first_token_ms": None, "tokens": UNKNOWN_TOKENS} | more
    return a_request(ending=ending, status=status, duration_ms=duration_ms, is_stream=True, **fields)


def attempted(*, failure: str | None = None, blame: Blame | None = None, duration_ms: float = 100) -> AttemptFinished:
    return an_attempt(route=Route("groq", "m"), succeeded=failure is None, failure=failure, blame=blame, duration_ms=duration_ms)


def test_before_the_first_request_everything_is_unknown() -> None:
    snapshot = Performance(HandTurnedClock()).snapshot()
    assert (snapshot.requests, snapshot.in_flight, snapshot.providers) == (0, 0, {})
    assert snapshot.success_rate is None
    assert snapshot.latency_p50_ms is None
    assert snapshot.tokens_per_second is None
    assert snapshot.overhead_p99_ms is None


def test_the_success_rate_leaves_out_what_clients_caused() -> None:
    performance = Performance(HandTurnedClock())
    for event in (
        finished(),
        finished(),
        finished(Ending.RESCUED),
        finished(Ending.ERROR, 503),
        finished(Ending.ERROR, 429),
        finished(Ending.UPSTREAM_CUT),
        finished(Ending.ERROR, 400),
        finished(Ending.CLIENT_CANCELLED),
    ):
        performance.request(event)
    snapshot = performance.snapshot()
    assert snapshot.requests == 8
    assert snapshot.success_rate == 0.5


def test_a_rescued_answer_was_answered() -> None:
    performance = Performance(HandTurnedClock())
    performance.request(finished(Ending.RESCUED, duration_ms=70))
    assert performance.snapshot().latency_p50_ms == 70


def test_percentiles_are_of_the_answers() -> None:
    performance = Performance(HandTurnedClock())
    for duration in range(1, 101):
        performance.request(finished(duration_ms=duration))
    performance.request(finished(Ending.ERROR, 504, duration_ms=600_000))
    snapshot = performance.snapshot()
    assert (snapshot.latency_p50_ms, snapshot.latency_p95_ms, snapshot.latency_p99_ms) == (50, 95, 99)


def test_the_overhead_is_what_is_neither_upstream_nor_a_slow_client() -> None:
    performance = Performance(HandTurnedClock())
    performance.request(finished(duration_ms=140.5, upstream_ms=100, client_wait_ms=40))
    performance.request(finished(duration_ms=100, upstream_ms=100.1))
    snapshot = performance.snapshot()
    assert (snapshot.overhead_p50_ms, snapshot.overhead_p99_ms) == (0, 0.5)


def test_tokens_per_second_count_from_the_first_token() -> None:
    performance = Performance(HandTurnedClock())
    performance.request(finished(duration_ms=1500, first_token_ms=500, tokens=TokenCounts(input=7, output=60, reasoning=40)))
    snapshot = performance.snapshot()
    assert snapshot.tokens_per_second == 100
    assert snapshot.first_token_p50_ms == 500


def test_in_flight_are_those_that_started_and_did_not_finish() -> None:
    performance = Performance(HandTurnedClock())
    performance.started()
    performance.started()
    performance.request(finished())
    assert performance.snapshot().in_flight == performance.in_flight == 1


def test_memory_is_bounded_and_old_answers_are_forgotten() -> None:
    performance = Performance(HandTurnedClock())
    performance.request(finished(duration_ms=1_000_000))
    for _ in range(RECENT_REQUESTS):
        performance.request(finished(duration_ms=1))
    snapshot = performance.snapshot()
    assert snapshot.latency_p99_ms == 1
    assert snapshot.requests == RECENT_REQUESTS + 1


@pytest.mark.anyio
async def test_a_provider_is_known_by_its_attempts() -> None:
    clock = HandTurnedClock(skips_sleep=True)
    started_at = clock.now()
    performance = Performance(clock)
    performance.attempt(attempted(duration_ms=40))
    performance.attempt(attempted(failure="rate_limit", blame=Blame.KEY, duration_ms=9000))
    await clock.sleep(60)
    performance.attempt(attempted(duration_ms=60))
    performance.attempt(attempted(duration_ms=80))
    groq = performance.snapshot().providers["groq"]
    assert (groq.attempts, groq.success_rate, groq.latency_ms) == (4, 0.75, 60)
    assert (groq.last_error, groq.last_error_at) == ("rate_limit", started_at)
    assert groq.last_used_at == started_at + timedelta(seconds=60)


@pytest.mark.parametrize("blame", [Blame.REQUEST, Blame.MODEL])
def test_a_clients_own_fault_blames_no_provider(blame: Blame) -> None:
    performance = Performance(HandTurnedClock())
    performance.attempt(attempted(failure="bad_request", blame=blame))
    groq = performance.snapshot().providers["groq"]
    assert (groq.attempts, groq.success_rate, groq.last_error) == (1, None, None)


def test_percentiles_are_nearest_rank() -> None:
    ring = RingBuffer(3)
    for value in (9, 1, 2, 3):
        ring.add(value)
    assert ring.percentiles(0.01, 0.5, 1.0) == [1, 2, 3]
    assert RingBuffer(3).percentiles(0.5) == [None]
