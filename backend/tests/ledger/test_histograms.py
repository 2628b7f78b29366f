import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ai_engine.ledger.histograms import BUCKETS, add_packed, histogram, merged, no_counts, pack, percentiles

durations = st.lists(st.floats(0.01, 600_000), min_size=1, max_size=200)
counts = st.lists(st.integers(0, 2**40), min_size=BUCKETS, max_size=BUCKETS)


def packed(values: list[float]) -> bytes:
    return pack(histogram(values))


def unpack(data: bytes) -> list[int]:
    buckets = no_counts()
    add_packed(buckets, data)
    return buckets


@given(counts)
def test_packing_keeps_every_count(buckets: list[int]) -> None:
    assert unpack(pack(buckets)) == buckets


@given(counts, counts, counts)
def test_merging_does_not_care_for_order_or_grouping(one: list[int], two: list[int], three: list[int]) -> None:
    first, second, third = pack(one), pack(two), pack(three)

    assert merged([merged([first, second]), third]) == merged([first, merged([second, third])]) == merged([third, first, second])


@given(durations, durations)
def test_a_merged_histogram_is_the_one_of_all_durations(one: list[float], two: list[float]) -> None:
    assert merged([packed(one), packed(two)]) == packed(one + two)


@given(durations, st.sampled_from([0.5, 0.95, 0.99, 1.0]))
def test_percentiles_are_within_ten_percent(values: list[float], rank: float) -> None:
    true = sorted(values)[math.ceil(rank * len(values)) - 1]

    (estimated,) = percentiles(unpack(packed(values)), rank)

    assert estimated == pytest.approx(true, rel=0.1001)


def test_no_durations_have_no_percentiles_and_take_no_bytes() -> None:
    assert percentiles(no_counts(), 0.5, 0.99) == (None, None)
    assert pack(no_counts()) == b""


@pytest.mark.parametrize(("duration", "bucket"), [(0.0, 0), (-1.0, 0), (0.0121, 0), (0.0122, 1), (1e9, 95), (math.inf, 95)])
def test_what_is_shorter_or_longer_than_all_buckets_is_in_the_first_or_the_last(duration: float, bucket: int) -> None:
    assert histogram([duration]) == [int(number == bucket) for number in range(BUCKETS)]


def test_a_minute_of_ordinary_traffic_is_packed_in_few_bytes() -> None:
    assert len(packed([20 * 1.1**step for step in range(60)])) < 40
