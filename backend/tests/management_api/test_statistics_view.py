from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from ai_engine.events import RequestFinished
from ai_engine.management_api.views.statistics import StatisticsView, statistics_view
from ai_engine.names import TokenCounts
from tests.ledger.builders import NOON, a_request, an_attempt
from tests.ledger.test_statistics import statistics

pytestmark = pytest.mark.anyio


async def shown(*records: RequestFinished) -> StatisticsView:
    return await statistics_view(await statistics(*records).statistics(NOON, NOON + timedelta(minutes=1)))


async def test_a_sum_that_is_unknown_for_all_is_null_and_not_zero() -> None:
    unknown = a_request(tokens=TokenCounts(), cost_usd=None, attempts=(an_attempt(tokens=TokenCounts(), cost_usd=None),))
    free = a_request(tokens=TokenCounts(3), cost_usd=Decimal(0), attempts=(an_attempt(cost_usd=Decimal(0)),))

    of_unknown, of_both = await shown(unknown), await shown(unknown, free)

    assert (of_unknown.summary.tokens, of_unknown.summary.cost_usd, of_unknown.summary.unpriced) == (None, None, 1)
    assert of_unknown.provider_stats is not None
    assert (of_unknown.provider_stats["openai"].tokens, of_unknown.provider_stats["openai"].cost_usd) == (None, None)
    assert of_both.summary.tokens is not None
    assert (tuple(of_both.summary.tokens.model_dump().values()), of_both.summary.cost_usd) == ((3, 0, 0, 0, 0), Decimal(0))
    assert (of_both.summary.unknown_usage, of_both.summary.unpriced) == (1, 1)


async def test_a_range_where_nothing_happened_has_zeros_and_unknowns() -> None:
    nothing = await statistics().statistics(datetime(2030, 1, 1, tzinfo=UTC), datetime(2030, 1, 2, tzinfo=UTC))
    found = await statistics_view(nothing)

    assert (found.summary.requests, found.summary.cost_usd) == (0, Decimal(0))
    assert found.summary.success_rate is None
    assert set(found.summary.latency_ms.model_dump().values()) == {None}
    assert found.provider_stats == {}
    assert found.series == []
