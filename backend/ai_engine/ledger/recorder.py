"""The one way into the ledger: a record is a line in the spool before its answer ends, and rows in the database soon after."""

import asyncio
import logging
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from ai_engine.clock import Chance, Clock, jittered
from ai_engine.events import RequestFinished
from ai_engine.ledger.lines import Entry, at_microseconds, decode, encode
from ai_engine.ledger.spool import PROBE, Spool
from ai_engine.ledger.store import EntriesRefused, EntryStore, StoreUnavailable

DEFAULT_LIMIT_BYTES = 256 * 1024 * 1024
LINES_AT_ONCE = 64
"""How many lines are read before others may run."""
RECORDS_AT_ONCE = 2048
"""The largest transaction."""
ENOUGH_BYTES = 512 * 1024
"""Of lines, about a thousand records: more in one transaction would hardly make each cheaper."""
LOG_EVERY_SECONDS = 60

_log = logging.getLogger("ai_engine")


@dataclass(frozen=True, slots=True)
class DrainPace:
    """How often the spool is moved into the database. Seconds."""

    look_every: float = 0.05
    """So long a record waits that comes after a while without any."""
    transaction_every: float = 1
    """So long at most one waits while the database keeps up. Few records in a transaction are dear: each adds to many rollups."""
    go_on_after: float = 0.005
    """Between two transactions while enough for a large one is waiting."""
    tidy_every: float = 1
    first_retry: float = 0.1
    """Doubled with every failure in a row, jittered."""
    last_retry: float = 5


class Backlog(NamedTuple):
    """How the way into the database stands, for metrics."""

    bytes: int
    """Waiting in the files of this process and those that it adopted."""
    records: int
    """Written by this process and waiting."""
    oldest_age_seconds: float
    """Of the record that has waited longest; 0 where none waits."""
    dropped: int
    """Never written since the start: the spool was full, or could not be written to."""
    damaged: int
    """Lines that could not be read back, and were skipped."""
    refused: int
    """Records that the database would not take, ever, or that are older than what is kept, and were skipped."""


class RecorderHealth(NamedTuple):
    """Whether a record that came now would be kept."""

    is_recording: bool
    reason: str | None


class Recorder:
    """Takes records on the request path, and moves them to the store in the background."""

    def __init__(
        self,
        store: EntryStore,
        folder: Path,
        clock: Clock,
        chance: Chance,
        *,
        limit_bytes: int = DEFAULT_LIMIT_BYTES,
        file_bytes: int = 8 * 1024 * 1024,
        pace: DrainPace = DrainPace(),
    ) -> None:
        """Begins a spool file, so that the first record has one; where it cannot, `health` says so and `run` tries again."""
        self._store = store
        self._clock = clock
        self._chance = chance
        self._pace = pace
        self._spool = Spool(folder, limit_bytes, file_bytes)
        self._one_drain_at_a_time = asyncio.Lock()
        self._waiting = 0
        self._oldest_at: datetime | None = None
        self._dropped = self._damaged = self._refused = 0
        self._trouble: str | None = None
        self._logged_at: float | None = None
        self._tidied_at = clock.monotonic()
        self._tidy()

    def record(self, request: RequestFinished) -> None:
        """Keeps the record: one `write(2)`, no waiting, and never an exception. One that cannot be kept is counted."""
        try:
            self._spool.append(encode(request))
        except Exception as error:  # noqa: BLE001 - whatever is wrong with a record, its request must not suffer
            self._dropped += 1
            self._has_trouble(error)
            return
        self._trouble = None
        self._waiting += 1
        if self._oldest_at is None:
            self._oldest_at = request.received_at

    def health(self) -> RecorderHealth:
        """Whether records are being kept, and if not, why."""
        return RecorderHealth(self._trouble is None, self._trouble)

    def backlog(self) -> Backlog:
        """The numbers as they stand."""
        age = (self._clock.now() - self._oldest_at).total_seconds() if self._oldest_at is not None else 0.0
        return Backlog(self._spool.bytes_waiting, self._waiting, max(0.0, age), self._dropped, self._damaged, self._refused)

    async def run(self) -> None:
        """Moves records to the store until it is cancelled, orphans of dead processes too. A store that is away is waited for."""
        pace = self._pace
        failures = 0
        due_at = 0.0
        self.adopt_orphans()
        while True:
            wait = pace.look_every
            try:
                is_enough = self._spool.bytes_waiting >= ENOUGH_BYTES
                if is_enough or (self._spool.bytes_waiting and self._clock.monotonic() >= due_at):
                    await self._store_a_portion()
                    due_at = self._clock.monotonic() + pace.transaction_every
                    if is_enough:
                        wait = pace.go_on_after
                    if failures:
                        _log.info("The ledger's database takes records again.")
                    failures = 0
            except StoreUnavailable as error:
                due_at = 0.0
                failures += 1
                if failures == 1:
                    _log.warning("The ledger's database takes no records (%s); they wait in the spool.", error)
                wait = jittered(min(pace.first_retry * 2 ** min(failures - 1, 16), pace.last_retry), self._chance)
            await self._clock.sleep(wait)
            if self._clock.monotonic() - self._tidied_at >= pace.tidy_every:
                self._tidy()
                self.adopt_orphans()

    async def flush(self) -> None:
        """Moves everything that waits now to the store. Raises `StoreUnavailable`."""
        while await self._store_a_portion():
            pass

    async def close(self, patience_seconds: float = 5) -> None:
        """Moves what it can in that time; what is left waits in the spool for the next start. `run` has ended before."""
        with suppress(StoreUnavailable, TimeoutError):
            async with asyncio.timeout(patience_seconds):
                await self.flush()
        self._spool.close()

    async def _store_a_portion(self) -> bool:
        """Stores the oldest records in one transaction; says whether more are waiting."""
        async with self._one_drain_at_a_time:
            file = next(iter(self._spool), None)
            if file is None:
                return False
            lines = file.portion().splitlines(keepends=True)[:RECORDS_AT_ONCE]
            entries = await self._read(lines)
            await self._store_those_it_takes(entries)
            if file.is_own:
                self._waiting -= sum(not line.isspace() for line in lines)
            self._spool.stored(file, file.read_up_to + sum(map(len, lines)))
            self._has_stored(entries)
            return next(iter(self._spool), None) is not None

    async def _read(self, lines: Sequence[bytes]) -> list[Entry]:
        entries: list[Entry] = []
        for at in range(0, len(lines), LINES_AT_ONCE):
            for line in lines[at : at + LINES_AT_ONCE]:
                entry = decode(line.rstrip(b"\n"))
                if entry is not None:
                    entries.append(entry)
                elif not line.isspace():
                    self._damaged += 1
            await asyncio.sleep(0)
        return entries

    async def _store_those_it_takes(self, entries: Sequence[Entry]) -> None:
        """Stores all but those that the store refuses, which are looked for by halves, counted and left out."""
        if not entries:
            return
        try:
            too_old = await self._store.store(entries)
            if too_old:
                self._refused += too_old
                _log.error("%d records are older than requests that retention has deleted; they are left out.", too_old)
        except EntriesRefused as error:
            if len(entries) == 1:
                self._refused += 1
                _log.error("The database refuses the record of request %s (%s).", entries[0].request.request_id, error)
                return
            middle = len(entries) // 2
            await self._store_those_it_takes(entries[:middle])
            await self._store_those_it_takes(entries[middle:])

    def _has_stored(self, entries: Sequence[Entry]) -> None:
        if not self._spool.bytes_waiting:
            self._oldest_at = None
        elif entries:
            # The next one is hardly younger, and its time is not read yet.
            self._oldest_at = at_microseconds(entries[-1].request.received_at_us)

    def _tidy(self) -> None:
        self._tidied_at = self._clock.monotonic()
        try:
            self._spool.tidy()
            if self._trouble is not None:
                self._spool.append(PROBE)
                self._trouble = None
        except OSError as error:
            self._has_trouble(error)

    def adopt_orphans(self) -> None:
        """Takes over what dead processes left; `run` does so by itself."""
        try:
            self._spool.adopt_orphans()
        except OSError as error:
            # What comes now is recorded all the same, and what is in there is not lost.
            if self._is_time_to_log():
                _log.error("Records that an earlier process left in the spool cannot be read (%s); they wait there.", error)

    def _has_trouble(self, error: Exception) -> None:
        reason = error.strerror if isinstance(error, OSError) else type(error).__name__
        self._trouble = f"requests are not being recorded: {reason}"
        if self._is_time_to_log():
            _log.error("The ledger cannot keep records (%s); %d are lost since the start.", self._trouble, self._dropped)

    def _is_time_to_log(self) -> bool:
        now = self._clock.monotonic()
        if self._logged_at is not None and now - self._logged_at < LOG_EVERY_SECONDS:
            return False
        self._logged_at = now
        return True
