"""What the ledger needs of a database, as a port: what drainer, statistics and retention ask of the repository."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple, Protocol

from ai_engine.events import Ending, RequestFinished
from ai_engine.ledger.lines import Entry
from ai_engine.ledger.rollups import AttemptGroup, RequestGroup


class StoreUnavailable(Exception):
    """The database is unavailable. All of the entries are stored or none is, and storing them again is right in both cases."""


class EntriesRefused(Exception):
    """The database rejects one of these entries for its values. None of them is stored."""


class RequestFilter(NamedTuple):
    """Which requests; `None` means any."""

    provider: str | None = None
    """Of the attempt that answered, or of the last one."""
    model: str | None = None
    """The provider's own name for it."""
    client: str | None = None
    ending: Ending | None = None
    status_class: int | None = None
    """The status's first digit."""
    failure: str | None = None
    """The request's own `error_class`."""
    begins_at: datetime | None = None
    """Received then or later."""
    ends_at: datetime | None = None
    """Received before."""


class Position(NamedTuple):
    """A row's place in the order of requests."""

    received_at_us: int
    id: str


class StoredRequest(NamedTuple):
    """One request of a page: its record without the attempts, and how many there were."""

    record: RequestFinished
    attempts: int


Page = tuple[list[StoredRequest], Position | None]
"""Requests, newest first, and the position where the next page starts; `None` at the end."""


class Piece(NamedTuple):
    """A range of time at one resolution, in seconds since the epoch, the end excluded."""

    resolution_seconds: int
    begins_at_s: int
    ends_at_s: int


class EntryStore(Protocol):
    """Where the drainer puts entries."""

    async def store(self, entries: Sequence[Entry]) -> int:
        """Stores the entries that are not stored yet, and adds them to the rollups, in one transaction.

        Returns how many it left out, because they are as old as requests that retention has deleted: whether they are in the
        rollups already cannot be known. Raises `StoreUnavailable` or `EntriesRefused`.
        """


class RequestStore(Protocol):
    """Where pages of requests come from."""

    async def page(self, wanted: RequestFilter, after: Position | None, limit: int) -> Page:
        """Up to `limit` requests before `after`, an earlier page's end.

        A filter that hardly matches ends a page early: each looks at a bounded number of rows, and may be empty.
        """

    async def request(self, record_id: str) -> RequestFinished | None:
        """One request with its attempts, by its `RequestFinished.id`."""


class RollupStore(Protocol):
    """Where statistics come from."""

    async def request_rollups(
        self, piece: Piece, client: str | None, provider: str | None, model: str | None
    ) -> Sequence[tuple[RequestGroup, Sequence[object]]]:
        """The groups of that time and what is kept of each (`Totals.add_columns`); without any filter those of all together."""

    async def attempt_rollups(
        self, piece: Piece, provider: str | None, model: str | None
    ) -> Sequence[tuple[AttemptGroup, Sequence[object]]]:
        """The groups of that time and what is kept of each."""


class OldRows(Protocol):
    """What retention deletes."""

    async def delete_requests(self, before: datetime, at_most: int) -> int:
        """Deletes the oldest requests before then with their attempts, `at_most` rows of both together; says how many."""

    async def delete_rollups(self, resolution_seconds: int, before: datetime, at_most: int) -> int:
        """Deletes rollups of that resolution, `at_most` of each table; says how many of the fuller one."""
