import pytest

from ai_engine.health import breaker as room
from ai_engine.health.breaker import Breaker, BreakerPolicy, Outage
from ai_engine.names import Route
from ai_engine.providers.failures import FailureClass
from tests.builders import failure
from tests.fakes.clock import HandTurnedClock

TINY, LARGE, THIRD = Route("alpha", "tiny"), Route("alpha", "large"), Route("alpha", "third")
SERVER_ERROR, CONNECT, MISSING = FailureClass.SERVER_ERROR, FailureClass.CONNECTION_FAILED, FailureClass.MODEL_NOT_FOUND


class Line:
    """A breaker without jitter, and attempts in one word."""

    def __init__(self, policy: BreakerPolicy | None = None, chance: float = 0.5) -> None:
        self.clock = HandTurnedClock()
        self.breaker = Breaker(self.clock, policy, lambda: chance)

    def fail(
        self, route: Route = TINY, kind: FailureClass = SERVER_ERROR, *, times: int = 1, retry_after: float | None = None
    ) -> None:
        for _ in range(times):
            self.breaker.record_failure(self.breaker.acquire(route), failure(kind, retry_after=retry_after))

    def succeed(self, route: Route = TINY, *, times: int = 1) -> None:
        for _ in range(times):
            self.breaker.record_success(self.breaker.acquire(route))

    def admits(self, route: Route = TINY) -> bool:
        return self.breaker.allows(route)

    def wait_for_probe(self, route: Route = TINY) -> float:
        """Seconds until the next probe, which have then passed."""
        outage = self.breaker.outage_of(route)
        assert outage is not None
        self.clock.advance(outage.retry_in_seconds)
        return outage.retry_in_seconds


def test_a_route_nobody_knows_is_admitted() -> None:
    line = Line()
    assert line.admits()
    assert line.breaker.outage_of(TINY) is None


def test_three_failures_in_a_row_open_and_two_do_not() -> None:
    line = Line()
    line.fail(times=2)
    assert line.admits()
    line.fail()
    assert not line.admits()


def test_an_outage_does_not_repeat_what_the_provider_said() -> None:
    line = Line()
    for _ in range(3):
        refused = failure(SERVER_ERROR, status=500, is_quoted=True)
        line.breaker.record_failure(line.breaker.acquire(TINY), refused)
    outage = line.breaker.outage_of(TINY)
    assert outage is not None
    assert outage.message == "The provider answered with status 500."


def test_a_success_between_starts_the_count_anew() -> None:
    line = Line()
    for _ in range(4):
        line.fail(times=2)
        line.succeed()
        line.succeed()
    assert line.admits()


def test_half_of_ten_attempts_in_the_window_open() -> None:
    line = Line()
    for _ in range(4):
        line.succeed()
        line.fail()
    line.succeed()
    assert line.admits()
    line.fail()
    assert not line.admits()


def test_a_rate_without_evidence_opens_nothing() -> None:
    line = Line()
    for _ in range(4):
        line.fail()
        line.succeed()
        line.clock.advance(10)
    assert line.admits()


def test_what_is_older_than_the_window_is_no_evidence() -> None:
    line = Line()
    for _ in range(30):
        line.fail()
        line.succeed()
        line.clock.advance(8)
    assert line.admits()


def test_an_outage_says_why_for_how_long_and_when_it_is_tried_again() -> None:
    line = Line()
    line.fail(times=3)
    outage = line.breaker.outage_of(TINY)
    assert outage == Outage(SERVER_ERROR, "server_error happened", open_seconds=0, retry_in_seconds=2)
    assert line.breaker.route_outages("alpha") == [(TINY, outage)]
    line.clock.advance(2)
    line.fail()
    line.clock.advance(1)
    assert line.breaker.outage_of(TINY) == Outage(SERVER_ERROR, "server_error happened", open_seconds=3, retry_in_seconds=3)
    line.clock.advance(5)
    assert line.breaker.outage_of(TINY) == Outage(SERVER_ERROR, "server_error happened", open_seconds=8, retry_in_seconds=-2)


def test_probes_come_at_growing_intervals_of_at_most_twenty_seconds_in_the_first_five_minutes() -> None:
    line = Line(chance=0.999)
    line.fail(times=3)
    waits = []
    passed = 0.0
    while passed < 300:
        waits.append(line.wait_for_probe())
        passed += waits[-1]
        line.fail()
    assert waits[:4] == pytest.approx([2.5, 5, 10, 20], abs=0.02)
    assert all(wait <= 20 for wait in waits)
    assert line.wait_for_probe() > 20


def test_probes_stay_within_two_and_a_half_minutes_however_long_the_outage() -> None:
    line = Line()
    line.fail(times=3)
    waits = []
    for _ in range(1100):
        waits.append(line.wait_for_probe())
        line.fail()
    assert max(waits) == waits[-1] == 120


def test_the_time_until_a_probe_is_jittered() -> None:
    for chance, seconds in ((0.0, 1.5), (0.999, 2.5)):
        line = Line(chance=chance)
        line.fail(times=3)
        assert line.wait_for_probe() == pytest.approx(seconds, abs=0.01)


def test_a_stated_return_is_respected_within_the_bound() -> None:
    line = Line()
    line.fail(times=3, retry_after=11)
    assert line.wait_for_probe() == 11
    line.fail(retry_after=86_400)
    assert line.wait_for_probe() == 20


def test_only_one_probe_is_let_through() -> None:
    line = Line()
    line.fail(times=3)
    line.wait_for_probe()
    assert line.admits()
    line.breaker.acquire(TINY)
    assert not line.admits()
    line.clock.advance(3600)
    assert not line.admits()


def test_a_success_closes_at_once_and_forgets_the_escalation() -> None:
    line = Line()
    line.fail(times=3)
    for _ in range(3):
        line.wait_for_probe()
        line.fail()
    line.wait_for_probe()
    line.succeed()
    assert line.admits()
    assert line.breaker.outage_of(TINY) is None
    line.fail(times=2)
    assert line.admits()
    line.fail()
    assert line.wait_for_probe() == 2


def test_a_recovered_route_is_not_taken_out_for_what_came_before_its_outage() -> None:
    line = Line()
    under_way = [line.breaker.acquire(TINY) for _ in range(20)]
    for permit in under_way:
        line.breaker.record_failure(permit, failure(SERVER_ERROR))
    line.wait_for_probe()
    line.succeed()
    line.fail()
    assert line.admits()


def test_an_abandoned_probe_lets_another_through_at_once() -> None:
    line = Line()
    line.fail(times=3)
    line.wait_for_probe()
    line.breaker.abandon(line.breaker.acquire(TINY))
    assert line.admits()


@pytest.mark.parametrize("kind", [FailureClass.RATE_LIMIT, FailureClass.BAD_REQUEST, FailureClass.CONTEXT_LENGTH])
def test_blames_of_key_request_and_model_count_for_nothing_and_release_the_probe(kind: FailureClass) -> None:
    line = Line()
    line.fail(kind=kind, times=50)
    assert line.admits()
    line.fail(times=3)
    line.wait_for_probe()
    line.fail(kind=kind)
    assert line.admits()


def test_an_attempt_from_before_the_outage_changes_nothing() -> None:
    line = Line()
    early = [line.breaker.acquire(TINY) for _ in range(5)]
    line.fail(times=3)
    opened = line.breaker.outage_of(TINY)
    line.breaker.record_failure(early[0], failure(SERVER_ERROR))
    assert line.breaker.outage_of(TINY) == opened
    line.wait_for_probe()
    due = line.breaker.outage_of(TINY)
    line.breaker.record_failure(early[1], failure(SERVER_ERROR))
    assert line.breaker.outage_of(TINY) == due
    line.breaker.acquire(TINY)
    line.breaker.record_failure(early[2], failure(SERVER_ERROR))
    line.breaker.record_failure(early[3], failure(FailureClass.RATE_LIMIT))
    line.breaker.abandon(early[4])
    assert not line.admits(), "the probe is still under way"


def test_an_early_attempt_that_succeeds_after_all_closes_the_circuit() -> None:
    line = Line()
    early = line.breaker.acquire(TINY)
    line.fail(times=3)
    line.breaker.record_success(early)
    assert line.admits()


def test_a_missing_model_takes_out_its_route_at_once_and_alone() -> None:
    line = Line()
    for route in (TINY, LARGE):
        line.fail(route, MISSING)
        assert not line.admits(route)
    assert line.admits(THIRD)
    assert line.breaker.provider_outage("alpha") is None
    assert line.breaker.missing_models() == [TINY, LARGE]
    assert line.wait_for_probe() == 600
    assert line.admits()


def test_two_models_out_take_out_the_provider() -> None:
    line = Line()
    line.fail(TINY, times=3)
    assert line.admits(THIRD)
    line.fail(LARGE, times=3)
    assert not line.admits(THIRD)
    assert line.breaker.provider_outage("alpha") is not None
    assert line.admits(Route("beta", "tiny"))


def test_two_models_out_leave_the_provider_in_while_a_third_succeeds_between() -> None:
    line = Line()
    line.fail(TINY, times=3)
    line.succeed(THIRD)
    line.fail(LARGE, times=3)
    assert line.admits(THIRD)
    assert not line.admits(TINY)
    assert not line.admits(LARGE)


def test_a_provider_that_is_out_is_probed_once_whatever_the_model() -> None:
    line = Line()
    line.fail(TINY, times=3)
    line.fail(LARGE, times=3)
    line.wait_for_probe(THIRD)
    probe = line.breaker.acquire(THIRD)
    assert not line.admits(TINY)
    assert not line.admits(Route("alpha", "fourth"))
    line.breaker.record_failure(probe, failure(SERVER_ERROR))
    assert not line.admits(THIRD)
    assert line.wait_for_probe(THIRD) == 4


def test_a_success_with_any_model_brings_the_provider_back_but_not_its_broken_models() -> None:
    line = Line()
    line.fail(TINY, times=3)
    line.fail(LARGE, times=3)
    line.wait_for_probe(THIRD)
    line.succeed(THIRD)
    assert line.admits(THIRD)
    assert {route for route, _ in line.breaker.route_outages("alpha")} == {TINY, LARGE}
    line.fail(TINY)
    assert line.admits(THIRD)


def test_failures_of_the_connection_count_for_the_provider() -> None:
    line = Line()
    line.fail(TINY, CONNECT)
    line.fail(LARGE, CONNECT)
    assert line.admits(THIRD)
    line.fail(THIRD, CONNECT)
    outage = line.breaker.provider_outage("alpha")
    assert outage is not None
    assert outage.reason is CONNECT
    assert not any(line.admits(route) for route in (TINY, LARGE, THIRD, Route("alpha", "fourth")))
    assert line.breaker.route_outages("alpha") == []


def test_now_and_then_a_refused_connection_does_not_take_a_busy_provider_out() -> None:
    line = Line()
    for _ in range(12):
        line.fail(kind=CONNECT)
        line.succeed(times=9)
        line.clock.advance(1)
    assert line.admits()


def test_of_two_outages_the_later_return_is_shown() -> None:
    line = Line()
    line.fail(TINY, MISSING)
    line.fail(LARGE, CONNECT, times=3)
    outage = line.breaker.outage_of(TINY)
    assert outage is not None
    assert outage.reason is MISSING


def test_a_person_can_restore_a_provider_or_one_route() -> None:
    line = Line()
    for route in (TINY, LARGE):
        line.fail(route, times=3)
    line.breaker.restore("alpha", "tiny")
    assert line.breaker.provider_outage("alpha") is not None
    line.breaker.restore("alpha")
    assert line.admits(TINY)
    assert line.admits(LARGE)
    assert line.breaker.provider_outage("alpha") is None


def test_a_probe_under_way_during_a_restore_counts_as_any_attempt() -> None:
    line = Line()
    line.fail(times=3)
    line.wait_for_probe()
    probe = line.breaker.acquire(TINY)
    line.breaker.restore("alpha")
    line.breaker.record_failure(probe, failure(SERVER_ERROR))
    assert line.admits()


def test_names_that_clients_make_up_do_not_fill_the_memory() -> None:
    line = Line()
    for number in range(12_000):
        line.fail(Route("alpha", f"made up {number}"), MISSING)
    assert len(line.breaker.missing_models()) <= 10_000
    assert not line.admits(Route("alpha", "made up 11999"))
    for number in range(12_000):
        line.succeed(Route("beta", f"made up {number}"))
    assert len(line.breaker._routes) <= room._MOST_ROUTES  # the closed ones show nowhere else


def test_a_circuit_that_is_open_outlives_those_that_are_closed() -> None:
    line = Line()
    line.fail(times=3)
    for number in range(12_000):
        line.succeed(Route("beta", f"made up {number}"))
    assert not line.admits()
