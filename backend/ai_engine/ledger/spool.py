"""The spool's writer: a record is a line in a segment before its answer ends. `drainer.py` moves it into the database."""

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
"""A blank line as long as a record, written to see whether a record could be."""

_log = logging.getLogger("ai_engine")


class SpoolFull(OSError):
    """The spool holds as much as it may."""


@dataclass(frozen=True, slots=True)
class SealPace:
    """How often segments are sealed. Seconds."""

    look_every: float = 0.05
    """So long a record waits that comes after a while without any."""
    seal_every: float = 1
    """So long at most one waits while the drainer keeps up. A segment is a transaction, and one of few records is dear."""
    tidy_every: float = 1


class Backlog(NamedTuple):
    """What waits in the spool, for metrics."""

    bytes: int
    """Of all processes."""
    records: int
    """Written by this process."""
    oldest_age_seconds: float
    """Since the last write to the segment that has waited longest; 0 where nothing waits."""


class SpoolHealth(NamedTuple):
    """Whether a record that came now would be kept."""

    is_recording: bool
    reason: str | None


class SpoolWriter:
    """Writes records into segments of its own and seals them. It knows the folder, and nothing of a database."""

    def __init__(
        self,
        folder: Path,
        clock: Clock,
        *,
        limit_bytes: int = DEFAULT_LIMIT_BYTES,
        segment_bytes: int = SEGMENT_BYTES,
        pace: SealPace = SealPace(),
    ) -> None:
        """Opens a segment, so that the first record has one; where it cannot, `health` says so and `run` tries again.

        `limit_bytes` bounds the segments of all processes together.
        """
        self._folder = folder
        self._clock = clock
        self._limit_bytes = limit_bytes
        self._segment_bytes = segment_bytes
        self._pace = pace
        self.dropped = 0
        """Records that were never written since the start: the spool was full, or could not be written to."""
        self._trouble: str | None = None
        self._segment: OpenSegment | None = None
        self._created = 0
        self._sealed: dict[str, int] = {}
        """This writer's sealed segments that are not drained yet, by name, and how many records each has."""
        self._other_bytes = 0
        """What the folder holds beside the open segment."""
        self._seal_at = 0.0
        self._tidying = Interval(clock, pace.tidy_every)
        self._logging = Interval(clock, LOG_EVERY_SECONDS)
        self._tidy()

    def record(self, request: RequestFinished) -> None:
        """Keeps the record: one `write(2)`, no waiting, and never an exception. One that cannot be kept is counted."""
        try:
            self._append(encode(request)).records += 1
        except Exception as error:  # noqa: BLE001 - whatever is wrong with a record, its request must not suffer
            self.dropped += 1
            self._has_trouble(error)
            return
        self._trouble = None

    def health(self) -> SpoolHealth:
        """Whether records are being kept, and if not, why."""
        return SpoolHealth(self._trouble is None, self._trouble and f"requests are not being recorded: {self._trouble}")

    def backlog(self) -> Backlog:
        """The numbers as they stand. Looks into the folder."""
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
            await self._clock.sleep(self._pace.look_every)
            if self._tidying.is_over():
                self._tidy()
            if self._is_due():
                self.seal()

    def seal(self) -> None:
        """Leaves what was recorded until now to the drainer, and opens the next segment. What cannot be sealed waits on."""
        self._seal()
        self._tidy()

    async def close(self) -> None:
        """Seals what was recorded, and leaves no empty segment. `run` has ended before."""
        self._tidy()
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
            raise OSError(errno.ENOENT, self._trouble or "the spool is closed")
        if self._other_bytes + segment.size + len(line) > self._limit_bytes:
            raise SpoolFull(errno.EDQUOT, "the spool is full")
        segment.append(line)
        return segment

    def _is_due(self) -> bool:
        segment = self._segment
        if segment is None or not segment.size:
            return False
        # While the drainer is behind, a small segment more would not be drained sooner.
        is_old = not self._sealed and self._clock.monotonic() >= self._seal_at
        return is_old or segment.size >= self._segment_bytes

    def _tidy(self) -> None:
        """Opens a segment where there is none or it is gone, measures the spool, and sees whether trouble is over."""
        try:
            if self._segment is None or self._segment.is_gone():
                self._open()
            self._measure()
            if self._trouble is not None:
                self._append(PROBE)
                self._trouble = None
        except OSError as error:
            self._has_trouble(error)

    def _open(self) -> None:
        """Opens the next segment, which takes over what was in one that somebody removed. Raises `OSError`."""
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
        """Sees what the drainer has deleted and what others have written: all segments. Raises `OSError`."""
        found = dict(segments_in(self._folder, OPEN, SEALED))
        self._sealed = {name: records for name, records in self._sealed.items() if name in found}
        own = self._segment.path.name if self._segment is not None else None
        self._other_bytes = sum(segment.st_size for name, segment in found.items() if name != own)
        return found.values()

    def _has_trouble(self, error: Exception) -> None:
        self._trouble = (isinstance(error, OSError) and error.strerror) or type(error).__name__
        if self._logging.is_over():
            _log.error("Requests are not being recorded (%s); %d are lost since the start.", self._trouble, self.dropped)
