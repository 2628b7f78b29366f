"""The spool's drainer: moves sealed segments into the database, and deletes them. `spool.py` writes them.

It needs the folder, the database and a clock, and nothing of the processes that write.
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
"""The largest transaction: a segment that grew beyond its size until it was sealed is one, and so are many small ones."""
LINES_AT_ONCE = 64
"""How many lines are decoded before others may run."""
LOG_EVERY_SECONDS = 60

_log = logging.getLogger("ai_engine")


@dataclass(frozen=True, slots=True)
class DrainPace:
    """How often the spool is drained. Seconds."""

    look_every: float = 0.05
    go_on_after: float = 0.005
    """Between two batches while more waits."""
    adopt_every: float = 1
    first_retry: float = 0.1
    """Doubled with every failure in a row, jittered."""
    last_retry: float = 5


class Batch(NamedTuple):
    """The oldest lines that wait."""

    lines: Sequence[bytes]
    segments: Sequence[tuple[str, int, bool]]
    """Those that they are from, how many bytes of each are stored with the batch, and whether that is all."""


class Drainer:
    """Drains what all processes write into the folder. Of several drainers of one folder, one works and the others stand by."""

    def __init__(self, folder: Path, store: EntryStore, clock: Clock, chance: Chance, *, pace: DrainPace = DrainPace()) -> None:
        self._folder = folder
        self._store = store
        self._clock = clock
        self._chance = chance
        self._pace = pace
        self.damaged = 0
        """Lines that could not be decoded, and were skipped."""
        self.refused = 0
        """Records that the database would not take, ever, or that are older than what is kept, and were skipped."""
        self._lock: int | None = None
        self._stored: dict[str, int] = {}
        """How many bytes of a segment that is not deleted yet. Every start begins at 0: what is stored twice counts once."""
        self._adopting = Interval(clock, pace.adopt_every)
        self._logging = Interval(clock, LOG_EVERY_SECONDS)

    async def run(self) -> None:
        """Drains until it is cancelled. A database that is away is waited for."""
        pace = self._pace
        failures = 0
        while True:
            wait = pace.look_every
            try:
                if await self._drain():
                    wait = pace.go_on_after
                    if failures:
                        _log.info("The ledger's database takes records again.")
                    failures = 0
            except StoreUnavailable as error:
                failures += 1
                if failures == 1:
                    _log.warning("The ledger's database takes no records (%s); they wait in the spool.", error)
                wait = jittered(min(pace.first_retry * 2 ** min(failures - 1, 16), pace.last_retry), self._chance)
            await self._clock.sleep(wait)

    async def flush(self) -> None:
        """Drains everything that is sealed or orphaned now. Raises `StoreUnavailable`."""
        self._adopting.end()
        while await self._drain():
            pass

    async def close(self, patience_seconds: float = 5) -> None:
        """Drains what it can in that time; what is left waits for the next start. `run` has ended before."""
        with suppress(StoreUnavailable, TimeoutError):
            async with asyncio.timeout(patience_seconds):
                await self.flush()
        self._release()

    async def _drain(self) -> bool:
        """Stores a batch in one transaction and deletes the segments that are stored whole. `False` where nothing waits."""
        try:
            if not self._has_folder():
                return False
            if self._adopting.is_over():
                self._adopt_orphans()
            batch = self._next_batch()
        except OSError as error:
            self._cannot_read(error)
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
        """As many segments as fit, or what fits of one that is larger. Raises `OSError` for the folder."""
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
        """Nothing if the segment cannot be read, which keeps no other from being drained."""
        try:
            with (self._folder / name).open("rb", buffering=0) as segment:
                segment.seek(begin)
                return segment.read(size)
        except OSError as error:
            self._cannot_read(error)
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
        """Stores all but those that the store refuses, which are found by halves. Gives the number of those left out."""
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
                self._cannot_read(error)

    def _delete(self, name: str) -> None:
        try:
            (self._folder / name).unlink(missing_ok=True)
            self._stored.pop(name, None)
        except OSError as error:
            if self._logging.is_over():
                _log.error("A segment of the spool is stored and cannot be deleted (%s).", error)

    def _has_folder(self) -> bool:
        """Whether this is the folder's one drainer, by the kernel's lock on the folder itself. Raises `OSError`."""
        if self._lock is None or not is_at(self._folder, self._lock):
            self._release()
            self._lock = lock(self._folder, os.O_RDONLY)
        return self._lock is not None

    def _release(self) -> None:
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def _cannot_read(self, error: OSError) -> None:
        if self._logging.is_over():
            _log.error("The spool cannot be read (%s); its records wait there.", error)
