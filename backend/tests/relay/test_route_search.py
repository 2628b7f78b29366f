"""The search for a route keeps its place: it can be asked while attempts run, and after one of them gave an answer."""

from typing import Any

import pytest

from ai_engine.providers.failures import FailureClass
from ai_engine.relay.route_search import RouteSearch
from ai_engine.relay.steps import Send, Wait
from tests.builders import failure, provider
from tests.relay.relay_bench import RelayBench

FILE = {"fallbacks": {"tiny": ["large"]}}


def bench_of_two() -> RelayBench:
    rows = [provider("alpha", keys=2, priority=1), provider("beta", priority=2)]
    return RelayBench(*rows, file=FILE, listings={"alpha": ["tiny", "large"], "beta": ["tiny"]})


def next_send(search: RouteSearch) -> Send:
    step = search.next_step()
    assert isinstance(step, Send)
    return step


def route_of(step: Send) -> str:
    return str(step.exchange.route)


def test_another_route_is_given_while_the_first_attempt_still_runs() -> None:
    bench = bench_of_two()
    search = RouteSearch(bench.services, bench.request())
    first, second, third = (next_send(search) for _ in range(3))
    assert [route_of(step) for step in (first, second, third)] == ["alpha/tiny", "beta/tiny", "alpha/large"]
    search.record(second, failure(FailureClass.SERVER_ERROR))
    search.record(first, failure(FailureClass.INVALID_KEY))
    again = next_send(search)
    assert (route_of(again), again.trial.reason) == ("alpha/tiny", "next_key")
    assert again.key is not first.key


def test_the_search_goes_on_after_an_answer_whose_stream_broke() -> None:
    bench = bench_of_two()
    search = RouteSearch(bench.services, bench.request())
    first = next_send(search)
    search.note_answered(first)
    search.record(first, failure(FailureClass.INCOMPLETE_STREAM))
    assert route_of(next_send(search)) == "beta/tiny"


@pytest.mark.parametrize("fields", [{}, {"timeout_seconds": 5}])
def test_a_wait_comes_once_no_candidate_is_left_and_leads_back_to_the_route(fields: dict[str, Any]) -> None:
    bench = RelayBench(provider("alpha", models=("tiny",)))
    search = RouteSearch(bench.services, bench.request(**fields))
    search.record(next_send(search), failure(FailureClass.SERVER_ERROR, is_worth_repeating=True))
    wait = search.next_step()
    assert isinstance(wait, Wait)
    assert 0 < wait.until - bench.clock.monotonic() < 1
    assert search.next_step() is None, "one retry for each route"


def test_a_failure_of_an_earlier_model_ends_no_later_one() -> None:
    bench = bench_of_two()
    search = RouteSearch(bench.services, bench.request())
    first, _, fallback = (next_send(search) for _ in range(3))
    search.record(first, failure(FailureClass.CONTEXT_LENGTH))
    search.record(fallback, failure(FailureClass.RATE_LIMIT))
    assert route_of(next_send(search)) == "alpha/large"


def test_an_attempt_that_fails_after_nothing_else_was_left_still_gets_its_retry() -> None:
    bench = RelayBench(provider("alpha", models=("tiny",)))
    search = RouteSearch(bench.services, bench.request())
    running = next_send(search)
    assert search.next_step() is None
    search.record(running, failure(FailureClass.SERVER_ERROR, is_worth_repeating=True))
    wait = search.next_step()
    assert isinstance(wait, Wait)
    search.resume(wait)
    assert next_send(search).trial.reason == "retry"
