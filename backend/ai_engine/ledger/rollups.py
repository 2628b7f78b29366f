"""Sums over rows by minute, hour and day, stored with the rows, so that statistics never read those.

A request counts in three groups of `request_rollups`: that of its client and route, that of its route (`client` is `*`), and
that of all requests (all three are `*`). An attempt counts in one of `attempt_rollups`: that of its route and key.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from functools import partial
from itertools import compress
from operator import add
from typing import Any, NamedTuple, TypeVar

import orjson

from ai_engine.events import CANCELLED, Ending
from ai_engine.ledger.histograms import Counts, add_packed, histogram, no_counts, pack
from ai_engine.ledger.lines import AttemptRow, Entry, RequestRow
from ai_engine.names import ABOUT_THE_REQUEST

MINUTE, HOUR, DAY = 60, 3600, 86_400
RESOLUTIONS = (MINUTE, HOUR, DAY)
"""Seconds."""
_MINUTE_US = MINUTE * 1_000_000
_ANSWERED = frozenset({Ending.COMPLETED.value, Ending.RESCUED.value})
_BLAMES_THE_REQUEST = frozenset(blame.value for blame in ABOUT_THE_REQUEST)

LARGEST_SUM = 2**63 - 1
"""What a column holds. A larger sum is stored as this: one absurd price must not make the database refuse all requests."""

ALL = "*"
NONE = ""
"""In the place of a client, provider, model or key that a row does not have."""

TOKENS_AND_MONEY = (
    "input_tokens",
    "cached_input_tokens",
    "cache_write_tokens",
    "output_tokens",
    "reasoning_tokens",
    "unknown_usage",
    "estimated_usage",
    "cost_pico_usd",
    "absorbed_pico_usd",
    "unpriced",
)


class Kind(NamedTuple):
    """What a table of rollups keeps: the names of its numbers and its histograms, in the order of its columns."""

    numbers: tuple[str, ...]
    histograms: tuple[str, ...]


REQUESTS = Kind(
    (
        "requests",
        "completed",
        "rescued",
        "client_cancelled",
        "upstream_cut",
        "client_errors",
        "failed",
        "attempts",
        *TOKENS_AND_MONEY,
    ),
    ("latency", "first_token", "overhead"),
)
ATTEMPTS = Kind(
    ("attempts", "successes", "failed", "client_errors", "absorbed", *TOKENS_AND_MONEY),
    ("latency", "first_token"),
)


class RequestGroup(NamedTuple):
    """A primary key of `request_rollups`."""

    client: str
    resolution_seconds: int
    begins_at_s: int
    provider: str
    model: str


class AttemptGroup(NamedTuple):
    """A primary key of `attempt_rollups`."""

    resolution_seconds: int
    begins_at_s: int
    provider: str
    model: str
    key_fingerprint: str


_FAILURES_IN_ORDER = orjson.OPT_SORT_KEYS | orjson.OPT_NON_STR_KEYS
"""A failure's class is a member of an enum where it comes from this process's memory, which orjson takes for no text."""


class Totals:
    """The sums of one group. They are added to, in any order, and never taken from."""

    __slots__ = ("failures", "histograms", "kind", "numbers")

    def __init__(self, kind: Kind) -> None:
        self.kind = kind
        self.numbers = [0] * len(kind.numbers)
        self.failures: dict[str, int] = {}
        self.histograms: list[Counts] = [no_counts() for _ in kind.histograms]

    def add_columns(self, columns: Sequence[Any]) -> None:
        """Adds a row of the table, without its primary key."""
        count = len(self.numbers)
        self.numbers = list(map(add, self.numbers, columns))
        if columns[count]:
            self._add_failures(orjson.loads(columns[count]))
        for counts, packed in zip(self.histograms, columns[count + 1 :], strict=True):
            add_packed(counts, packed)

    def copy(self) -> "Totals":
        """The same sums, to be added to on their own."""
        copy = Totals.__new__(Totals)
        copy.kind = self.kind
        copy.numbers = list(self.numbers)
        copy.failures = dict(self.failures)
        copy.histograms = [list(counts) for counts in self.histograms]
        return copy

    def add(self, other: "Totals") -> None:
        """Adds another group's sums."""
        self.numbers = list(map(add, self.numbers, other.numbers))
        self._add_failures(other.failures)
        self.histograms = [list(map(add, *both)) for both in zip(self.histograms, other.histograms, strict=True)]

    def columns(self) -> tuple[Any, ...]:
        """The row of the table, without its primary key."""
        failures = orjson.dumps(self.failures, option=_FAILURES_IN_ORDER).decode() if self.failures else None
        numbers = self.numbers
        if max(numbers) > LARGEST_SUM:
            numbers = [min(number, LARGEST_SUM) for number in numbers]
        return (*numbers, failures, *map(pack, self.histograms))

    def number(self, name: str) -> int:
        """One of the sums."""
        return self.numbers[self.kind.numbers.index(name)]

    def by_name(self) -> dict[str, int]:
        """All the sums."""
        return dict(zip(self.kind.numbers, self.numbers, strict=True))

    def histogram(self, name: str) -> Counts:
        """One of the histograms."""
        return self.histograms[self.kind.histograms.index(name)]

    def _add_failures(self, failures: Mapping[str, int]) -> None:
        for name, count in failures.items():
            self.failures[name] = self.failures.get(name, 0) + count


def request_totals(entries: Iterable[Entry]) -> dict[RequestGroup, Totals]:
    """What these requests add to `request_rollups`."""
    rows: defaultdict[tuple[str | None, int, str | None, str | None], list[RequestRow]] = defaultdict(list)
    for request, _ in entries:
        rows[request.client, request.received_at_us // _MINUTE_US, request.provider, request.model].append(request)
    of_clients = {
        RequestGroup(client or NONE, MINUTE, minute * MINUTE, provider or NONE, model or NONE): _count_requests(of_group)
        for (client, minute, provider, model), of_group in rows.items()
    }
    of_routes = _regrouped(of_clients, lambda group: RequestGroup(ALL, *group[1:]))
    of_all = _regrouped(of_routes, lambda group: RequestGroup(*group[:3], ALL, ALL))
    return _at_every_resolution(of_clients | of_routes | of_all)


def attempt_totals(entries: Iterable[Entry]) -> dict[AttemptGroup, Totals]:
    """What the attempts of these requests add to `attempt_rollups`. They count when their request was received."""
    rows: defaultdict[tuple[int, str, str, str | None], list[AttemptRow]] = defaultdict(list)
    for request, attempts in entries:
        minute = request.received_at_us // _MINUTE_US
        for attempt in attempts:
            rows[minute, attempt.provider, attempt.model, attempt.key_fingerprint].append(attempt)
    of_keys = {
        AttemptGroup(MINUTE, minute * MINUTE, provider, model, key_fingerprint or NONE): _count_attempts(of_group)
        for (minute, provider, model, key_fingerprint), of_group in rows.items()
    }
    return _at_every_resolution(of_keys)


# Both count column by column, since a sum over a column is the interpreter's own work: a fifth of counting row by row.


def _count_requests(rows: Sequence[RequestRow]) -> Totals:
    columns: Any = RequestRow._make(zip(*rows, strict=True))
    endings = columns.ending
    completed, rescued = endings.count(Ending.COMPLETED), endings.count(Ending.RESCUED)
    are_ours = [_is_ours(status) for status, ending in zip(columns.status, endings, strict=True) if ending == Ending.ERROR]
    totals = Totals(REQUESTS)
    totals.numbers = [
        len(rows),
        completed,
        rescued,
        endings.count(Ending.CLIENT_CANCELLED),
        endings.count(Ending.UPSTREAM_CUT),
        are_ours.count(False),
        are_ours.count(True),
        sum(columns.attempts),
        *_sums_of_tokens(columns),
        _sum(columns.cost_pico_usd),
        _sum(columns.absorbed_pico_usd),
        columns.cost_pico_usd.count(None),
    ]
    totals.failures = dict(Counter(name for name in columns.error_class if name is not None))
    answered = [ending in _ANSWERED for ending in endings]
    totals.histograms = [
        histogram(compress(columns.duration_ms, answered)),
        histogram(duration for duration in compress(columns.first_token_ms, answered) if duration is not None),
        histogram(columns.overhead_ms),
    ]
    return totals


def _is_ours(status: int) -> bool:
    return status >= 500 or status == 429


def _count_attempts(rows: Sequence[AttemptRow]) -> Totals:
    columns: Any = AttemptRow._make(zip(*rows, strict=True))
    # An attempt that was cancelled with its request did not fail.
    failures = [None if failure == CANCELLED else failure for failure in columns.failure]
    are_refused = [
        blame in _BLAMES_THE_REQUEST
        for failure, blame, is_absorbed in zip(failures, columns.blame, columns.is_absorbed, strict=True)
        if failure is not None and not is_absorbed
    ]
    absorbed = _sum(compress(columns.cost_pico_usd, columns.is_absorbed))
    totals = Totals(ATTEMPTS)
    totals.numbers = [
        len(rows),
        sum(columns.succeeded),
        are_refused.count(False),
        are_refused.count(True),
        sum(columns.is_absorbed),
        *_sums_of_tokens(columns),
        _sum(columns.cost_pico_usd) - absorbed,
        absorbed,
        columns.cost_pico_usd.count(None),
    ]
    totals.failures = dict(Counter(failure for failure in failures if failure is not None))
    totals.histograms = [
        histogram(compress(columns.duration_ms, columns.succeeded)),
        histogram(duration for duration in compress(columns.first_token_ms, columns.succeeded) if duration is not None),
    ]
    return totals


def _sums_of_tokens(columns: Any) -> tuple[int, ...]:
    """The token sums of `TOKENS_AND_MONEY`, up to `estimated_usage`."""
    return (
        _sum(columns.input_tokens),
        _sum(columns.cached_input_tokens),
        _sum(columns.cache_write_tokens),
        _sum(columns.output_tokens),
        _sum(columns.reasoning_tokens),
        list(zip(columns.input_tokens, columns.output_tokens, strict=True)).count((None, None)),
        sum(columns.tokens_are_estimated),
    )


def _sum(column: Iterable[int | None]) -> int:
    """Of what is known."""
    return sum(filter(None, column))


GroupT = TypeVar("GroupT", RequestGroup, AttemptGroup)
KeyT = TypeVar("KeyT", bound=Hashable)


def _at_every_resolution(of_minutes: Mapping[GroupT, Totals]) -> dict[GroupT, Totals]:
    every = dict(of_minutes)
    for seconds in (HOUR, DAY):
        every |= _regrouped(of_minutes, partial(_within, seconds))
    return every


def _within(resolution_seconds: int, group: GroupT) -> GroupT:
    begins_at_s = group.begins_at_s // resolution_seconds * resolution_seconds
    return group._replace(resolution_seconds=resolution_seconds, begins_at_s=begins_at_s)


def _regrouped(totals: Mapping[GroupT, Totals], group_of: Callable[[GroupT], KeyT]) -> dict[KeyT, Totals]:
    """The sums by coarser groups. A group of a single member shares its object, and neither changes afterwards."""
    members: dict[KeyT, list[Totals]] = {}
    for group, of_group in totals.items():
        members.setdefault(group_of(group), []).append(of_group)
    return {group: together[0] if len(together) == 1 else _whole(together) for group, together in members.items()}


def _whole(several: Sequence[Totals]) -> Totals:
    whole = several[0].copy()
    for one in several[1:]:
        whole.add(one)
    return whole
