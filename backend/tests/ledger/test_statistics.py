from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ai_engine.errors import InvalidRequest
from ai_engine.events import RequestFinished
from ai_engine.ledger.rollups import DAY, HOUR, MINUTE, AttemptGroup, RequestGroup, attempt_totals, request_totals
from ai_engine.ledger.statistics import MOST_NAMES, OTHERS, Bucket, LedgerStatistics, RollupRetention, pieces
from ai_engine.ledger.store import Piece
from ai_engine.names import Route
from tests.fakes.clock import HandTurnedClock
from tests.ledger.builders import NOON, a_request, an_attempt, entries_of, random_records

pytestmark = pytest.mark.anyio


class FakeStore:
    """Rollups in memory; what is asked without any filter is all that tests ask here."""

    def __init__(self, records: Sequence[RequestFinished]) -> None:
        entries = entries_of(records)
        self._requests, self._attempts = request_totals(entries), attempt_totals(entries)
        self.rows_read = 0

    async def request_rollups(
        self, piece: Piece, client: str | None, provider: str | None, model: str | None
    ) -> Sequence[tuple[RequestGroup, Sequence[object]]]:
        return [
            (group, of.columns())
            for group, of in self._requests.items()
            if group.provider == "*" and is_in(piece, group.resolution_seconds, group.begins_at_s)
        ]

    async def attempt_rollups(
        self, piece: Piece, provider: str | None, model: str | None
    ) -> Sequence[tuple[AttemptGroup, Sequence[object]]]:
        return [
            (group, of.columns())
            for group, of in self._attempts.items()
            if is_in(piece, group.resolution_seconds, group.begins_at_s)
        ]


def is_in(piece: Piece, resolution_seconds: int, begins_at_s: int) -> bool:
    return resolution_seconds == piece.resolution_seconds and piece.begins_at_s <= begins_at_s < piece.ends_at_s


def statistics(*records: RequestFinished) -> LedgerStatistics:
    return LedgerStatistics(FakeStore(records or random_records(2, 50)), HandTurnedClock(), RollupRetention())


@given(st.integers(0, 10**6), st.integers(1, 10**6), st.sampled_from([MINUTE, HOUR, DAY]))
def test_the_pieces_of_a_range_cover_it_once_with_few_rollups(begins_at: int, length: int, edge: int) -> None:
    begin = begins_at * edge
    end = begin + length % 3000 * edge + edge
    covering = sorted(pieces(begin, end, edge), key=lambda piece: piece.begins_at_s)

    assert covering[0].begins_at_s == begin
    assert covering[-1].ends_at_s == end
    for earlier, later in pairwise(covering):
        assert earlier.ends_at_s == later.begins_at_s
    for piece in covering:
        assert piece.begins_at_s % piece.resolution_seconds == piece.ends_at_s % piece.resolution_seconds == 0
    rollups = [(piece.ends_at_s - piece.begins_at_s) // piece.resolution_seconds for piece in covering]
    assert sum(rollups) <= (end - begin) // DAY + 46 + 118 + 1


@pytest.mark.parametrize(
    ("span", "bucket"),
    [
        (timedelta(minutes=1), Bucket.MINUTE),
        (timedelta(minutes=200), Bucket.MINUTE),
        (timedelta(minutes=201), Bucket.HOUR),
        (timedelta(hours=200), Bucket.HOUR),
        (timedelta(hours=201), Bucket.DAY),
        (timedelta(days=3000), Bucket.DAY),
    ],
)
async def test_the_bucket_follows_the_range(span: timedelta, bucket: Bucket) -> None:
    if span > timedelta(days=1000):
        with pytest.raises(InvalidRequest):
            await statistics().statistics(NOON - span, NOON)
        return
    assert (await statistics().statistics(NOON - span, NOON)).bucket is bucket


async def test_of_times_whose_minutes_are_gone_hours_are_shown_and_then_days() -> None:
    of_last_week = await statistics().statistics(NOON - timedelta(days=7, minutes=9), NOON - timedelta(days=7))
    of_last_year = await statistics().statistics(NOON - timedelta(days=365, minutes=9), NOON - timedelta(days=365))

    assert of_last_week.bucket is Bucket.HOUR
    assert of_last_week.ends_at - of_last_week.begins_at == timedelta(hours=1)
    assert of_last_year.bucket is Bucket.DAY


async def test_without_a_range_the_last_day_is_told() -> None:
    found = await statistics().statistics()

    assert (found.begins_at, found.ends_at, found.bucket) == (NOON - timedelta(days=1), NOON, Bucket.HOUR)
    for same in (await statistics().statistics(ends_at=NOON), await statistics().statistics(NOON - timedelta(days=1))):
        assert (same.begins_at, same.ends_at, same.bucket) == (found.begins_at, found.ends_at, found.bucket)
        assert same.summary.columns() == found.summary.columns()


async def test_a_range_where_nothing_happened_has_empty_sums() -> None:
    found = await statistics().statistics(datetime(2030, 1, 1, tzinfo=UTC), datetime(2030, 1, 2, tzinfo=UTC))

    assert set(found.summary.numbers) == {0}
    assert found.provider_stats == {}
    assert found.series == []


@pytest.mark.parametrize(
    ("begins_at", "ends_at", "bucket", "param"),
    [
        (NOON, NOON, Bucket.AUTO, "from"),
        (NOON + timedelta(days=1), NOON, Bucket.AUTO, "from"),
        (NOON - timedelta(days=4000), NOON, Bucket.AUTO, "from"),
        (NOON - timedelta(minutes=1001), NOON, Bucket.MINUTE, "bucket"),
        (NOON - timedelta(hours=1001), NOON, Bucket.HOUR, "bucket"),
        (NOON - timedelta(days=1001), NOON, Bucket.DAY, "from"),
        (NOON - timedelta(days=3), NOON - timedelta(days=3, minutes=-5), Bucket.MINUTE, "bucket"),
        (NOON.replace(tzinfo=None), NOON, Bucket.AUTO, "from"),
        (NOON, NOON.replace(tzinfo=None), Bucket.AUTO, "to"),
    ],
)
async def test_what_cannot_be_asked_is_refused_by_name(
    begins_at: datetime, ends_at: datetime, bucket: Bucket, param: str
) -> None:
    with pytest.raises(InvalidRequest) as refusal:
        await statistics().statistics(begins_at, ends_at, bucket=bucket)

    assert refusal.value.param == param


async def test_of_very_many_models_the_rarest_are_told_together_and_none_is_lost() -> None:
    models = [f"made-up-{number}" for number in range(MOST_NAMES + 20)]
    tried = [an_attempt(number + 1, route=Route("openai", model)) for number, model in enumerate([*models, "busy", "busy"])]
    found = await statistics(a_request(attempts=tuple(tried))).statistics(NOON - timedelta(hours=1), NOON + timedelta(hours=1))

    assert found.model_stats is not None
    assert len(found.model_stats) == MOST_NAMES
    assert found.model_stats["busy"].number("attempts") == 2
    assert sum(of.number("attempts") for of in found.model_stats.values()) == len(tried)
    assert found.model_stats[OTHERS].number("attempts") == len(models) - (MOST_NAMES - 2)
