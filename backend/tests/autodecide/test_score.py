from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ai_engine.autodecide.score import Facts, score
from ai_engine.settings.file import WeightsSection

EQUAL = WeightsSection(priority=1, health=1, latency=1, cost=1, load=1)
USUAL = Facts(priority=100, success_rate=1, first_token_seconds=None, usd_per_million=None, in_flight_per_key=0)

FACTS = st.builds(
    Facts,
    priority=st.integers(0, 10_000),
    success_rate=st.floats(0, 1),
    first_token_seconds=st.none() | st.floats(0, 1000),
    usd_per_million=st.none() | st.floats(0, 10_000),
    in_flight_per_key=st.floats(0, 10_000),
)
WEIGHT = st.floats(0, 1_000_000)
WEIGHTS = st.builds(WeightsSection, priority=WEIGHT, health=WEIGHT, latency=WEIGHT, cost=WEIGHT, load=WEIGHT)


@pytest.mark.parametrize(
    ("changed", "part", "expected"),
    [
        ({"priority": 1}, "priority", 100 / 101),
        ({"priority": 100}, "priority", 0.5),
        ({"priority": 1000}, "priority", 100 / 1100),
        ({"success_rate": 0.3}, "health", 0.3),
        ({"first_token_seconds": None}, "latency", 0.5),
        ({"first_token_seconds": 0}, "latency", 1),
        ({"first_token_seconds": 1}, "latency", 0.5),
        ({"first_token_seconds": 3}, "latency", 0.25),
        ({"usd_per_million": None}, "cost", 0.5),
        ({"usd_per_million": 0}, "cost", 1),
        ({"usd_per_million": 10}, "cost", 0.5),
        ({"usd_per_million": 30}, "cost", 0.25),
        ({"in_flight_per_key": 0}, "load", 1),
        ({"in_flight_per_key": 8}, "load", 0.5),
    ],
)
def test_each_part_is_what_the_formula_says(changed: dict[str, Any], part: str, expected: float) -> None:
    scored = score(USUAL._replace(**changed), EQUAL)
    assert getattr(scored, part) == pytest.approx(expected)


def test_the_total_is_the_weighted_mean_of_the_parts() -> None:
    assert score(USUAL, EQUAL).total == pytest.approx((0.5 + 1 + 0.5 + 0.5 + 1) / 5)
    assert score(USUAL, WeightsSection()).total == pytest.approx((0.5 + 1 + 0.25 + 0.25 + 0.25) / 3.25)


def test_without_any_weight_everybody_scores_nothing() -> None:
    assert score(USUAL, WeightsSection(priority=0, health=0, latency=0, cost=0, load=0)).total == 0


def test_an_unknown_price_is_not_a_free_one() -> None:
    unknown, free = score(USUAL, EQUAL), score(USUAL._replace(usd_per_million=0.0), EQUAL)
    assert unknown.total < free.total


@given(FACTS, WEIGHTS)
def test_the_total_and_every_part_lie_between_0_and_1(facts: Facts, weights: WeightsSection) -> None:
    scored = score(facts, weights)
    assert all(0 <= part <= 1 for part in (scored.priority, scored.health, scored.latency, scored.cost, scored.load))
    assert 0 <= scored.total <= 1 + 1e-9


@given(FACTS, WEIGHTS, st.floats(0, 1000), st.floats(0, 1000))
def test_no_fact_scores_better_by_being_worse(facts: Facts, weights: WeightsSection, one: float, other: float) -> None:
    better, worse = sorted((one, other))
    pairs = [
        (facts._replace(priority=int(better)), facts._replace(priority=int(worse))),
        (facts._replace(success_rate=1 - better / 1000), facts._replace(success_rate=1 - worse / 1000)),
        (facts._replace(first_token_seconds=better), facts._replace(first_token_seconds=worse)),
        (facts._replace(usd_per_million=better), facts._replace(usd_per_million=worse)),
        (facts._replace(in_flight_per_key=better), facts._replace(in_flight_per_key=worse)),
    ]
    for good, bad in pairs:
        assert score(good, weights).total >= score(bad, weights).total - 1e-9
