"""The spool's drainer: moves sealed segments into the database, and deletes them. `spool.py` writes them.

Its inputs are the folder, the database and a clock; it shares nothing else with the processes that write.
"""

import asyncio
import logging
import os
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from ai_engine.clock import Chance, Clock, Interval, jittered
from ai_engine.ledger.lines import Entry, decode
from ai_engine.ledger.segments import OPEN, SEALED, SEGMENT_BYTES, adopt, is_at, lock, segments_in
from ai_engine.ledger.store import EntriesRefused, EntryStore, StoreUnavailable

BATCH_BYTES = SEGMENT_BYTES * 3 // 2
"""The largest transaction. A segment that is sealed a little late still fits, and small segments share one."""
LINES_AT_ONCE = 64
"""Lines decoded before the event loop gets its turn."""
LOG_EVERY_SECONDS = 60

_log = logging.getLogger("ai_engine")


@dataclass(frozen=True, slots=True)
class DrainPace:
    """How often the spool is drained. Seconds."""

    poll_every: float = 0.05
    pause: float = 0.005
    """Between two batches."""
    adopt_every: float = 1
    min_backoff: float = 0.1
    """Doubled with every failure in a row, jittered."""
    max_backoff: float = 5


class Batch(NamedTuple):
    """The oldest lines in sealed segments."""

    lines: Sequence[bytes]
    segments: Sequence[tuple[str, int, bool]]
    """Their segments: the name, how many of its bytes are stored with this batch, and whether those are all."""


class Drainer:
    """Drains the segments of all processes. Of several drainers of one folder, one is active and the others stand by."""

    def __init__(self, folder: Path, store: EntryStore, clock: Clock, chance: Chance, *, pace: DrainPace = DrainPace()) -> None:
        self._folder = folder
        self._store = store
        self._clock = clock
        self._chance = chance
        self._pace = pace
        self.damaged = 0
        """Lines that could not be decoded; skipped."""
        self.refused = 0
        """Records that the database rejects, or that are older than what retention has deleted; skipped."""
        self._lock: int | None = None
        self._stored: dict[str, int] = {}
        """Bytes stored of each segment that is not deleted yet. A start begins at 0: storing an entry again changes nothing."""
        self._adopting = Interval(clock, pace.adopt_every)
        self._logging = Interval(clock, LOG_EVERY_SECONDS)

    async def run(self) -> None:
        """Drains until it is cancelled. While the database is unavailable, it retries with backoff."""
        pace = self._pace
        failures = 0
        while True:
            wait = pace.poll_every
            try:
                if await self._drain():
                    wait = pace.pause
                    if failures:
                        _log.info("The ledger's database takes records again.")
                    failures = 0
            except StoreUnavailable as error:
                failures += 1
                if failures == 1:
                    _log.warning("The ledger's database takes no records (%s); they wait in the spool.", error)
                wait = jittered(min(pace.min_backoff * 2 ** min(failures - 1, 16), pace.max_backoff), self._chance)
            await self._clock.sleep(wait)

    async def flush(self) -> None:
        """Drains everything that is sealed or orphaned now. Raises `StoreUnavailable`."""
        self._adopting.end()
        while await self._drain():
            pass

    async def close(self, timeout_seconds: float = 5) -> None:
        """Flushes for at most that long; the rest stays for the next start. `run` has ended before."""
        with suppress(StoreUnavailable, TimeoutError):
            async with asyncio.timeout(timeout_seconds):
                await self.flush()
        self._release()

    async def _drain(self) -> bool:
        """Stores a batch in one transaction and deletes the segments that are stored whole. `False` if there was none."""
        try:
            if not self._has_folder():
                return False
            if self._adopting.is_over():
                self._adopt_orphans()
            batch = self._next_batch()
        except OSError as error:
            self._log_unreadable(error)
            return False
        if not batch.segments:
            return False
        entries, damaged = await self._decode(batch.lines)
        self.refused += await self._store_accepted(entries)
        self.damaged += damaged
        for name, stored, is_whole in batch.segments:
            self._stored[name] = stored
            if is_whole:
                self._delete(name)
        return True

    def _next_batch(self) -> Batch:
        """As many segments as fit, or the part of a larger one that does. Raises `OSError` for the folder."""
        lines: list[bytes] = []
        segments: list[tuple[str, int, bool]] = []
        room = BATCH_BYTES
        for name, found in segments_in(self._folder, SEALED):
            begin = self._stored.get(name, 0)
            size = found.st_size - begin
            if not size:
                self._delete(name)
            elif size > room and segments:
                break
            elif data := self._read(name, begin, min(size, room)):
                if len(data) < size:
                    data = data[: data.rfind(b"\n") + 1] or data
                lines += data.split(b"\n")
                segments.append((name, begin + len(data), len(data) == size))
                room -= len(data)
        return Batch(lines, segments)

    def _read(self, name: str, begin: int, size: int) -> bytes:
        """Empty if the segment cannot be read: the others are drained all the same."""
        try:
            with (self._folder / name).open("rb", buffering=0) as segment:
                segment.seek(begin)
                return segment.read(size)
        except OSError as error:
            self._log_unreadable(error)
            return b""

    async def _decode(self, lines: Sequence[bytes]) -> tuple[list[Entry], int]:
        """The lines' entries, and how many lines are damaged."""
        entries: list[Entry] = []
        damaged = 0
        for at in range(0, len(lines), LINES_AT_ONCE):
            for line in lines[at : at + LINES_AT_ONCE]:
                entry = decode(line)
                if entry is not None:
                    entries.append(entry)
                elif line.strip():
                    damaged += 1
            await asyncio.sleep(0)
        return entries, damaged

    async def _store_accepted(self, entries: Sequence[Entry]) -> int:
        """Stores all entries but those that the store refuses, found by bisection. Returns how many were left out."""
        if not entries:
            return 0
        try:
            too_old = await self._store.store(entries)
        except EntriesRefused as error:
            if len(entries) == 1:
                _log.error("The database refuses the record of request %s (%s).", entries[0].request.request_id, error)
                return 1
            middle = len(entries) // 2
            return await self._store_accepted(entries[:middle]) + await self._store_accepted(entries[middle:])
        if too_old:
            _log.error("%d records are older than requests that retention has deleted; they are left out.", too_old)
        return too_old

    def _adopt_orphans(self) -> None:
        for name, _ in segments_in(self._folder, OPEN):
            try:
                adopt(self._folder / name)
            except OSError as error:
                self._log_unreadable(error)

    def _delete(self, name: str) -> None:
        try:
            (self._folder / name).unlink(missing_ok=True)
            self._stored.pop(name, None)
        except OSError as error:
            if self._logging.is_over():
                _log.error("A segment of the spool is stored and cannot be deleted (%s).", error)

    def _has_folder(self) -> bool:
        """Whether this is the folder's active drainer, by the kernel's lock on the folder itself. Raises `OSError`."""
        if self._lock is None or not is_at(self._folder, self._lock):
            self._release()
            self._lock = lock(self._folder, os.O_RDONLY)
        return self._lock is not None

    def _release(self) -> None:
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def _log_unreadable(self, error: OSError) -> None:
        if self._logging.is_over():
            _log.error("The spool cannot be read (%s); its records wait there.", error)
