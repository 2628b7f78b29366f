"""Statistics over any range of time, from rollups alone: as fast at ten million requests as at a thousand."""

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import NamedTuple, TypeVar

from ai_engine.clock import Clock
from ai_engine.errors import InvalidRequest
from ai_engine.ledger.rollups import ATTEMPTS, DAY, HOUR, MINUTE, REQUESTS, AttemptGroup, Kind, RequestGroup, Totals
from ai_engine.ledger.store import Piece, RollupStore

MOST_POINTS = 1000
"""How long a series may be."""
AUTOMATIC_POINTS = 200
"""How long a series is at most with `Bucket.AUTO`."""
DEFAULT_RANGE = timedelta(hours=24)
"""The range without `from`."""
MOST_NAMES = 500
"""How many models, or providers, have statistics of their own."""
OTHERS = "(others)"
"""The name of all others together, which are the rarest."""
GROUPS_AT_ONCE = 200
"""Rollups added up before the event loop gets its turn."""


class Bucket(StrEnum):
    """The distance between two points of a series."""

    AUTO = "auto"
    MINUTE = "minute"
    HOUR = "hour"
    DAY = "day"


SECONDS_OF = {Bucket.MINUTE: MINUTE, Bucket.HOUR: HOUR, Bucket.DAY: DAY}
BUCKET_OF = {seconds: bucket for bucket, seconds in SECONDS_OF.items()}


class RollupRetention(NamedTuple):
    """How long rollups are kept. Those of days are kept for ever."""

    minutes: timedelta = timedelta(days=2)
    hours: timedelta = timedelta(days=90)


class KeyStatistics(NamedTuple):
    """One provider key's attempts."""

    provider: str
    key_fingerprint: str
    """Empty for a provider that needs none."""
    attempts: Totals


class ErrorStatistics(NamedTuple):
    """Counts of one class of failure."""

    attempts: int | None
    """`None` with a client's filter: attempts are not kept by client."""
    requests: int
    """Requests that failed with it."""


class Point(NamedTuple):
    """One bucket of the series."""

    begins_at: datetime
    requests: Totals


@dataclass(frozen=True, slots=True)
class Statistics:
    """Sums over a range: `REQUESTS` in summary and series, `ATTEMPTS` in the others."""

    begins_at: datetime
    ends_at: datetime
    """The requested range, its ends moved outward to whole buckets. Exclusive."""
    bucket: Bucket
    summary: Totals
    provider_stats: Mapping[str, Totals] | None
    model_stats: Mapping[str, Totals] | None
    key_stats: Sequence[KeyStatistics] | None
    """These three are `None` with a client's filter: attempts are not kept by client."""
    error_stats: Mapping[str, ErrorStatistics]
    series: Sequence[Point]
    """Empty buckets are left out."""


class LedgerStatistics:
    """Computes statistics. The work grows with the days of the range times the routes and keys in use, with nothing else."""

    def __init__(self, store: RollupStore, clock: Clock, kept: RollupRetention) -> None:
        self._store = store
        self._clock = clock
        self._kept = kept

    async def statistics(
        self,
        begins_at: datetime | None = None,
        ends_at: datetime | None = None,
        *,
        bucket: Bucket = Bucket.AUTO,
        provider: str | None = None,
        model: str | None = None,
        client: str | None = None,
    ) -> Statistics:
        """Everything about the range. Raises `InvalidRequest` that names `from`, `to` or `bucket`.

        Without an end the range ends now, without a beginning it has 24 hours.
        The ends are moved outward to whole buckets. `Bucket.AUTO` is the minute in a range of up to 200 minutes, the hour in
        one of up to 200 hours, the day beyond, and never one whose rollups are deleted for that time.
        """
        ends_at = self._clock.now() if ends_at is None else ends_at
        begin, end = _checked(ends_at - DEFAULT_RANGE if begins_at is None else begins_at, ends_at)
        step = self._step(bucket, begin, end)
        begin, end = begin // step * step, -(-end // step) * step
        if (end - begin) // step > MOST_POINTS:
            if step == DAY:
                raise InvalidRequest(f"A range has at most {MOST_POINTS} days.", param="from")
            raise InvalidRequest(f"A series has at most {MOST_POINTS} points; ask for a coarser bucket.", param="bucket")
        whole: dict[None, Totals] = {None: Totals(REQUESTS)}
        by_key: dict[AttemptGroup, Totals] = {}
        for piece in pieces(begin, end, step):
            await _add_up(whole, REQUESTS, await self._store.request_rollups(piece, client, provider, model), _of_all)
            if client is None:
                await _add_up(by_key, ATTEMPTS, await self._store.attempt_rollups(piece, provider, model), _of_key)
        series: dict[int, Totals] = {}
        points = await self._store.request_rollups(Piece(step, begin, end), client, provider, model)
        await _add_up(series, REQUESTS, points, _of_time)
        return Statistics(
            begins_at=_time(begin),
            ends_at=_time(end),
            bucket=BUCKET_OF[step],
            summary=whole[None],
            provider_stats=await _by(by_key, lambda group: group.provider) if client is None else None,
            model_stats=await _by(by_key, lambda group: group.model) if client is None else None,
            key_stats=await _by_key(by_key) if client is None else None,
            error_stats=_errors(whole[None], by_key.values() if client is None else None),
            series=[Point(_time(at), totals) for at, totals in sorted(series.items())],
        )

    def _step(self, bucket: Bucket, begin: int, end: int) -> int:
        age_seconds = self._clock.now().timestamp() - begin
        kept_for = {MINUTE: self._kept.minutes, HOUR: self._kept.hours}
        kept = [seconds for seconds in (MINUTE, HOUR) if age_seconds < kept_for[seconds].total_seconds()] + [DAY]
        if bucket is Bucket.AUTO:
            return next((seconds for seconds in kept if end - begin <= AUTOMATIC_POINTS * seconds), DAY)
        step = SECONDS_OF[bucket]
        if step < kept[0]:
            finest = BUCKET_OF[kept[0]]
            raise InvalidRequest(
                f"Data per {bucket.value} has expired for this range; use the bucket `{finest.value}`.", param="bucket"
            )
        return step


def pieces(begins_at_s: int, ends_at_s: int, edge_seconds: int) -> list[Piece]:
    """The range as few rollups: whole days inside, whole hours beside them, minutes at the ends, nothing twice.

    Both ends are multiples of `edge_seconds`, the finest resolution that is used.
    """
    coarser = {MINUTE: HOUR, HOUR: DAY}.get(edge_seconds)
    if begins_at_s >= ends_at_s:
        return []
    if coarser is None:
        return [Piece(edge_seconds, begins_at_s, ends_at_s)]
    first, last = -(-begins_at_s // coarser) * coarser, ends_at_s // coarser * coarser
    if first > last:
        return [Piece(edge_seconds, begins_at_s, ends_at_s)]
    ends = [Piece(edge_seconds, begins_at_s, first), Piece(edge_seconds, last, ends_at_s)]
    return [piece for piece in ends if piece.begins_at_s < piece.ends_at_s] + pieces(first, last, coarser)


def _checked(begins_at: datetime, ends_at: datetime) -> tuple[int, int]:
    """Both ends in seconds since the epoch, outward."""
    for name, at in (("from", begins_at), ("to", ends_at)):
        if at.tzinfo is None:
            raise InvalidRequest(f"`{name}` needs a time zone, such as Z.", param=name)
    if begins_at >= ends_at:
        raise InvalidRequest("`from` must be before `to`.", param="from")
    return int(begins_at.timestamp() // 1), -int(-ends_at.timestamp() // 1)


GroupT = TypeVar("GroupT", RequestGroup, AttemptGroup)
KeyT = TypeVar("KeyT")


async def _add_up(
    totals: dict[KeyT, Totals],
    kind: Kind,
    rows: Iterable[tuple[GroupT, Sequence[object]]],
    key_of: Callable[[GroupT], KeyT],
) -> None:
    """Adds the rows to `totals`, each under its key, a few at a time."""
    for number, (group, columns) in enumerate(rows):
        key = key_of(group)
        found = totals.get(key)
        if found is None:
            found = totals[key] = Totals(kind)
        found.add_columns(columns)
        if number % GROUPS_AT_ONCE == GROUPS_AT_ONCE - 1:
            await asyncio.sleep(0)


def _of_all(_group: RequestGroup) -> None:
    return None


def _of_key(group: AttemptGroup) -> AttemptGroup:
    return AttemptGroup(0, 0, *group[2:])


def _of_time(group: RequestGroup) -> int:
    return group.begins_at_s


def _time(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


async def _by(by_key: Mapping[AttemptGroup, Totals], name_of: Callable[[AttemptGroup], str]) -> dict[str, Totals]:
    """By name; the rarest of very many together, since clients can invent names of models."""
    summed = await _summed(by_key, name_of)
    if len(summed) > MOST_NAMES:
        busiest_first = sorted(summed, key=lambda name: summed[name].number("attempts"), reverse=True)
        others = Totals(ATTEMPTS)
        for name in busiest_first[MOST_NAMES - 1 :]:
            others.add(summed.pop(name))
        summed[OTHERS] = others
    return dict(sorted(summed.items()))


async def _by_key(by_key: Mapping[AttemptGroup, Totals]) -> list[KeyStatistics]:
    summed = await _summed(by_key, lambda group: (group.provider, group.key_fingerprint))
    return [KeyStatistics(*key, totals) for key, totals in sorted(summed.items())]


async def _summed(totals: Mapping[AttemptGroup, Totals], key_of: Callable[[AttemptGroup], KeyT]) -> dict[KeyT, Totals]:
    summed: dict[KeyT, Totals] = {}
    for number, (group, of_group) in enumerate(totals.items(), 1):
        summed.setdefault(key_of(group), Totals(ATTEMPTS)).add(of_group)
        if number % GROUPS_AT_ONCE == 0:
            await asyncio.sleep(0)
    return summed


def _errors(whole: Totals, attempts: Iterable[Totals] | None) -> dict[str, ErrorStatistics]:
    of_attempts: dict[str, int] = {}
    for totals in attempts or ():
        for name, count in totals.failures.items():
            of_attempts[name] = of_attempts.get(name, 0) + count
    names = sorted(of_attempts.keys() | whole.failures.keys())
    return {
        name: ErrorStatistics(None if attempts is None else of_attempts.get(name, 0), whole.failures.get(name, 0))
        for name in names
    }
