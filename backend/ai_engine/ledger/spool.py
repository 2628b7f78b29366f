"""The spool's writer: a record is a line in a segment before its answer ends. The drainer moves it into the database."""

import errno
import logging
import os
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from ai_engine.clock import Clock, Interval
from ai_engine.events import RequestFinished
from ai_engine.ledger.lines import encode
from ai_engine.ledger.segments import OPEN, SEALED, SEGMENT_BYTES, OpenSegment, segments_in

DEFAULT_LIMIT_BYTES = 256 * 1024 * 1024
LOG_EVERY_SECONDS = 60
PROBE = b" " * 1023 + b"\n"
"""A blank line as long as a record, written to test whether a record could be."""

_log = logging.getLogger("ai_engine")


class SpoolFull(OSError):
    """The spool has reached its bound."""


@dataclass(frozen=True, slots=True)
class SealPace:
    """How often segments are sealed. Seconds."""

    poll_every: float = 0.05
    """The age at which the first record after a silence is sealed."""
    seal_every: float = 1
    """The largest age of a record in an open segment while the drainer keeps up. Small segments make dear transactions."""
    check_every: float = 1


class Backlog(NamedTuple):
    """What is in the spool, for metrics."""

    bytes: int
    """Of all processes."""
    records: int
    """Written by this process."""
    oldest_age_seconds: float
    """Since the last write to the oldest segment; 0 if all are empty."""


class SpoolHealth(NamedTuple):
    """Whether the next record would be written."""

    is_recording: bool
    reason: str | None


class SpoolWriter:
    """Writes records into segments and seals them. It knows the folder and nothing of a database."""

    def __init__(
        self,
        folder: Path,
        clock: Clock,
        *,
        limit_bytes: int = DEFAULT_LIMIT_BYTES,
        segment_bytes: int = SEGMENT_BYTES,
        pace: SealPace = SealPace(),
    ) -> None:
        """Opens the first segment. If that fails, `health` says so and `run` retries.

        `limit_bytes` bounds the segments of all processes together.
        """
        self._folder = folder
        self._clock = clock
        self._limit_bytes = limit_bytes
        self._segment_bytes = segment_bytes
        self._pace = pace
        self.dropped = 0
        """Records not written since the start: the spool was full or not writable."""
        self._error: str | None = None
        self._segment: OpenSegment | None = None
        self._created = 0
        self._sealed: dict[str, int] = {}
        """The records of each of this writer's sealed segments that is not drained yet, by name."""
        self._other_bytes = 0
        """The bytes of all segments but this writer's open one."""
        self._seal_at = 0.0
        self._checking = Interval(clock, pace.check_every)
        self._logging = Interval(clock, LOG_EVERY_SECONDS)
        self._check()

    def record(self, request: RequestFinished) -> None:
        """Writes the record with one `write(2)`. Raises nothing: a record that cannot be written is counted in `dropped`."""
        try:
            self._append(encode(request)).records += 1
        except Exception as error:  # noqa: BLE001 - whatever is wrong with a record, its request must not suffer
            self.dropped += 1
            self._fail(error)
            return
        self._error = None

    def health(self) -> SpoolHealth:
        """Whether records are being written, and if not, why."""
        return SpoolHealth(self._error is None, self._error and f"requests are not being recorded: {self._error}")

    def backlog(self) -> Backlog:
        """The current numbers. Lists the folder."""
        try:
            waiting = [found for found in self._measure() if found.st_size]
        except OSError:
            waiting = []
        now = self._clock.now().timestamp()
        oldest_at = min((found.st_mtime for found in waiting), default=now)
        records = sum(self._sealed.values()) + (self._segment.records if self._segment else 0)
        return Backlog(sum(found.st_size for found in waiting), records, max(0.0, now - oldest_at))

    async def run(self) -> None:
        """Seals segments by size and age, until it is cancelled."""
        while True:
            await self._clock.sleep(self._pace.poll_every)
            if self._checking.is_over():
                self._check()
            if self._is_due():
                self.seal()

    def seal(self) -> None:
        """Seals the open segment, unless it is empty, and opens the next. A segment that cannot be sealed stays open."""
        self._seal()
        self._check()

    async def close(self) -> None:
        """Seals the open segment, or deletes it if it is empty. `run` has ended before."""
        self._check()
        self._seal()
        if self._segment is not None:
            self._segment.close()
            self._segment = None

    def _seal(self) -> None:
        self._seal_at = self._clock.monotonic() + self._pace.seal_every
        if self._segment is None or not self._segment.size:
            return
        try:
            self._sealed[self._segment.seal()] = self._segment.records
            self._segment = None
        except OSError as error:
            if self._logging.is_over():
                _log.error("A segment of the spool cannot be sealed (%s); its records wait there.", error)

    def _append(self, line: bytes) -> OpenSegment:
        segment = self._segment
        if segment is None:
            raise OSError(errno.ENOENT, self._error or "the spool is closed")
        if self._other_bytes + segment.size + len(line) > self._limit_bytes:
            raise SpoolFull(errno.EDQUOT, "the spool is full")
        segment.append(line)
        return segment

    def _is_due(self) -> bool:
        segment = self._segment
        if segment is None or not segment.size:
            return False
        # While the drainer is behind, another small segment would not be drained any sooner.
        is_old = not self._sealed and self._clock.monotonic() >= self._seal_at
        return is_old or segment.size >= self._segment_bytes

    def _check(self) -> None:
        """Opens a segment if there is none, measures the spool, and after an error probes whether it can be written again."""
        try:
            if self._segment is None or self._segment.is_gone():
                self._open()
            self._measure()
            if self._error is not None:
                self._append(PROBE)
                self._error = None
        except OSError as error:
            self._fail(error)

    def _open(self) -> None:
        """Opens the next segment. If the last one was deleted from outside, its content is copied. Raises `OSError`."""
        self._folder.mkdir(parents=True, exist_ok=True)
        segment, removed = OpenSegment.create(self._folder, self._clock.now(), self._created), self._segment
        self._created += 1
        if removed is not None:
            try:
                segment.append(removed.content())
            except OSError:
                segment.close()
                raise
            segment.records = removed.records
            removed.close()
        self._segment = segment

    def _measure(self) -> Collection[os.stat_result]:
        """Updates what the bound and the backlog count. Returns all segments. Raises `OSError`."""
        found = dict(segments_in(self._folder, OPEN, SEALED))
        self._sealed = {name: records for name, records in self._sealed.items() if name in found}
        own = self._segment.path.name if self._segment is not None else None
        self._other_bytes = sum(segment.st_size for name, segment in found.items() if name != own)
        return found.values()

    def _fail(self, error: Exception) -> None:
        self._error = (isinstance(error, OSError) and error.strerror) or type(error).__name__
        if self._logging.is_over():
            _log.error("Requests are not being recorded (%s); %d are lost since the start.", self._error, self.dropped)
