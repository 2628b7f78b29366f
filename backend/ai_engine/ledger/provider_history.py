"""The latest attempts of each provider by time, for a strip of its health."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple, cast

from ai_engine.clock import Clock
from ai_engine.ledger.rollups import ATTEMPTS
from ai_engine.ledger.statistics import SECONDS_OF, Bucket
from ai_engine.ledger.store import Piece, RollupStore

MOST_POINTS = 168
"""A week by the hour."""

_PLACES = tuple(ATTEMPTS.numbers.index(name) for name in ("attempts", "successes", "failed"))


class AttemptCounts(NamedTuple):
    """One provider's attempts in one bucket. The others were refused for the request's own fault, or cancelled."""

    begins_at: datetime
    attempts: int
    successes: int
    failed: int


class ProviderHistory(NamedTuple):
    """The latest buckets, of which the last is incomplete."""

    begins_at: datetime
    ends_at: datetime
    bucket: Bucket
    providers: Mapping[str, Sequence[AttemptCounts]]
    """By name, each by time; empty buckets are left out."""


class ProviderHistories:
    """Reads them at once. The work grows with the buckets times the routes and keys in use."""

    def __init__(self, store: RollupStore, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    async def latest(self, bucket: Bucket, points: int) -> ProviderHistory:
        """The last `points` buckets of every provider with attempts in them."""
        step = SECONDS_OF[bucket]
        end = (int(self._clock.now().timestamp()) // step + 1) * step
        begin = end - points * step
        counted: dict[tuple[str, int], list[int]] = {}
        for group, columns in await self._store.attempt_rollups(Piece(step, begin, end), None, None):
            counts = counted.setdefault((group.provider, group.begins_at_s), [0] * len(_PLACES))
            for index, place in enumerate(_PLACES):
                counts[index] += cast("Any", columns[place])
        providers: dict[str, list[AttemptCounts]] = {}
        for (name, at), counts in sorted(counted.items()):
            providers.setdefault(name, []).append(AttemptCounts(_time(at), *counts))
        return ProviderHistory(_time(begin), _time(end), bucket, providers)


def _time(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
