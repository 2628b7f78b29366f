"""What rows add up to, by minute, hour and day: sums that are kept with the rows, so that nobody ever has to count those.

A request counts in three groups of `request_rollups`: its client's on its route, everybody's on its route (`client` is `*`), and
everybody's everywhere (all three are `*`). An attempt counts in one of `attempt_rollups`: that of its route and key.
"""

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from functools import partial
from operator import add
from typing import Any, NamedTuple, TypeVar

import orjson

from ai_engine.events import ABANDONED, Ending
from ai_engine.ledger.histograms import Counts, add_packed, bucket_of, no_counts, pack
from ai_engine.ledger.lines import AttemptRow, Entry, RequestRow
from ai_engine.names import Blame

MINUTE, HOUR, DAY = 60, 3600, 86_400
RESOLUTIONS = (MINUTE, HOUR, DAY)
"""Seconds."""

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
        "refused",
        "errors",
        "attempts",
        *TOKENS_AND_MONEY,
    ),
    ("latency", "first_token", "overhead"),
)
ATTEMPTS = Kind(
    ("attempts", "successes", "failed", "refused", "absorbed", *TOKENS_AND_MONEY),
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

    def add(self, other: "Totals") -> None:
        """Adds another group's sums."""
        self.numbers = list(map(add, self.numbers, other.numbers))
        self._add_failures(other.failures)
        self.histograms = [list(map(add, *both)) for both in zip(self.histograms, other.histograms, strict=True)]

    def columns(self) -> tuple[Any, ...]:
        """The row of the table, without its primary key."""
        failures = orjson.dumps(self.failures, option=orjson.OPT_SORT_KEYS).decode() if self.failures else None
        return (*self.numbers, failures, *map(pack, self.histograms))

    def number(self, name: str) -> int:
        """One of the sums."""
        return self.numbers[self.kind.numbers.index(name)]

    def histogram(self, name: str) -> Counts:
        """One of the histograms."""
        return self.histograms[self.kind.histograms.index(name)]

    def _add_failures(self, failures: Mapping[str, int]) -> None:
        for name, count in failures.items():
            self.failures[name] = self.failures.get(name, 0) + count


def request_totals(entries: Iterable[Entry]) -> dict[RequestGroup, Totals]:
    """What these requests add to `request_rollups`."""
    of_clients: dict[RequestGroup, Totals] = {}
    for request, _ in entries:
        begins_at = request.received_at_us // 1_000_000 // MINUTE * MINUTE
        group = RequestGroup(request.client or NONE, MINUTE, begins_at, request.provider or NONE, request.model or NONE)
        totals = of_clients.get(group)
        if totals is None:
            totals = of_clients[group] = Totals(REQUESTS)
        _count_request(totals, request)
    of_routes = _regrouped(of_clients, lambda group: group._replace(client=ALL))
    of_all = _regrouped(of_routes, lambda group: group._replace(provider=ALL, model=ALL))
    return _at_every_resolution(of_clients | of_routes | of_all)


def attempt_totals(entries: Iterable[Entry]) -> dict[AttemptGroup, Totals]:
    """What the attempts of these requests add to `attempt_rollups`. They count when their request was received."""
    of_keys: dict[AttemptGroup, Totals] = {}
    for request, attempts in entries:
        begins_at = request.received_at_us // 1_000_000 // MINUTE * MINUTE
        for attempt in attempts:
            group = AttemptGroup(MINUTE, begins_at, attempt.provider, attempt.model, attempt.key_fingerprint or NONE)
            totals = of_keys.get(group)
            if totals is None:
                totals = of_keys[group] = Totals(ATTEMPTS)
            _count_attempt(totals, attempt)
    return _at_every_resolution(of_keys)


def _count_request(totals: Totals, request: RequestRow) -> None:
    is_ours = request.status >= 500 or request.status == 429
    ending = request.ending
    is_answered = ending in (Ending.COMPLETED, Ending.RESCUED)
    totals.numbers = list(
        map(
            add,
            totals.numbers,
            (
                1,
                ending == Ending.COMPLETED,
                ending == Ending.RESCUED,
                ending == Ending.CLIENT_CANCELLED,
                ending == Ending.UPSTREAM_CUT,
                ending == Ending.ERROR and not is_ours,
                ending == Ending.ERROR and is_ours,
                request.attempts,
                *_tokens_and_money(request),
                request.cost_pico_usd or 0,
                request.absorbed_pico_usd or 0,
                request.cost_pico_usd is None,
            ),
        )
    )
    if request.error_class is not None:
        totals.failures[request.error_class] = totals.failures.get(request.error_class, 0) + 1
    latency, first_token, overhead = totals.histograms
    overhead[bucket_of(request.overhead_ms)] += 1
    if is_answered:
        latency[bucket_of(request.duration_ms)] += 1
        if request.first_token_ms is not None:
            first_token[bucket_of(request.first_token_ms)] += 1


def _count_attempt(totals: Totals, attempt: AttemptRow) -> None:
    # What was given up with its request is nobody's failure.
    failure = None if attempt.failure == ABANDONED else attempt.failure
    has_failed = failure is not None and not attempt.is_absorbed
    is_refused = attempt.blame in (Blame.REQUEST, Blame.MODEL)
    cost = attempt.cost_pico_usd
    totals.numbers = list(
        map(
            add,
            totals.numbers,
            (
                1,
                attempt.succeeded,
                has_failed and not is_refused,
                has_failed and is_refused,
                attempt.is_absorbed,
                *_tokens_and_money(attempt),
                0 if attempt.is_absorbed else cost or 0,
                cost or 0 if attempt.is_absorbed else 0,
                cost is None,
            ),
        )
    )
    if failure is not None:
        totals.failures[failure] = totals.failures.get(failure, 0) + 1
    latency, first_token = totals.histograms
    if attempt.succeeded:
        latency[bucket_of(attempt.duration_ms)] += 1
        if attempt.first_token_ms is not None:
            first_token[bucket_of(attempt.first_token_ms)] += 1


def _tokens_and_money(row: RequestRow | AttemptRow) -> tuple[int, ...]:
    """The token sums of `TOKENS_AND_MONEY`, up to `estimated_usage`."""
    is_unknown = row.input_tokens is None and row.output_tokens is None
    return (
        row.input_tokens or 0,
        row.cached_input_tokens or 0,
        row.cache_write_tokens or 0,
        row.output_tokens or 0,
        row.reasoning_tokens or 0,
        is_unknown,
        row.tokens_are_estimated,
    )


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
    """The sums by coarser groups. A group that comes from one alone shares its object: nobody adds to either afterwards."""
    members: dict[KeyT, list[Totals]] = {}
    for group, of_group in totals.items():
        members.setdefault(group_of(group), []).append(of_group)
    return {group: together[0] if len(together) == 1 else _sum(together) for group, together in members.items()}


def _sum(several: Sequence[Totals]) -> Totals:
    whole = Totals(several[0].kind)
    for one in several:
        whole.add(one)
    return whole
