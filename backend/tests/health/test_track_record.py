import pytest

from ai_engine.health.track_record import TrackRecord
from ai_engine.names import Route

ROUTE = Route("alpha", "tiny")


def test_a_route_never_tried_is_trusted_and_nothing_else_is_known_of_it() -> None:
    record = TrackRecord().of(ROUTE)
    assert (record.attempts, record.success_rate, record.first_token_seconds, record.tokens_per_second) == (0, 1.0, None, None)


def test_the_success_rate_moves_a_tenth_of_the_way_with_every_attempt() -> None:
    records = TrackRecord()
    records.record(ROUTE, succeeded=False)
    assert records.of(ROUTE).success_rate == pytest.approx(0.9)
    records.record(ROUTE, succeeded=True)
    assert records.of(ROUTE).success_rate == pytest.approx(0.91)


def test_the_first_observation_of_speed_is_taken_as_it_is() -> None:
    records = TrackRecord()
    records.record(ROUTE, succeeded=True, first_token_seconds=2, tokens_per_second=50)
    records.record(ROUTE, succeeded=True, first_token_seconds=4)
    record = records.of(ROUTE)
    assert record.first_token_seconds == pytest.approx(2.2)
    assert record.tokens_per_second == 50


def test_names_that_clients_make_up_do_not_fill_the_memory() -> None:
    records = TrackRecord()
    for number in range(10_001):
        records.record(Route("alpha", f"made up {number}"), succeeded=False)
    assert records.of(Route("alpha", "made up 0")).attempts == 0
    assert records.of(Route("alpha", "made up 10000")).attempts == 1
