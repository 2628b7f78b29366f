"""Deletes expired rows in small transactions, which keep no other waiting."""

import logging
from collections.abc import Awaitable, Callable
from datetime import timedelta

from ai_engine.clock import Clock
from ai_engine.ledger.rollups import HOUR, MINUTE
from ai_engine.ledger.statistics import RollupRetention
from ai_engine.ledger.store import EntriesRefused, OldRows, StoreUnavailable

ROWS_AT_ONCE = 500
"""The largest transaction."""
PAUSE_SECONDS = 0.05
"""Between two transactions, for the drainer and the readers."""
LOOK_EVERY_SECONDS = 600

_log = logging.getLogger("ai_engine")


class Retention:
    """Deletes requests past their days, and minute and hour rollups past theirs. Rollups of days are kept for ever."""

    def __init__(self, rows: OldRows, clock: Clock, requests: Callable[[], timedelta], kept: RollupRetention) -> None:
        """`requests` gives how long requests and attempts are kept; it is called for each run."""
        self._rows = rows
        self._clock = clock
        self._requests = requests
        self._kept = kept

    async def run(self) -> None:
        """Deletes expired rows every ten minutes, until it is cancelled."""
        while True:
            try:
                await self.delete_expired()
            except (StoreUnavailable, EntriesRefused) as error:
                _log.warning("Old rows of the ledger could not be deleted (%s); it is tried again later.", error)
            await self._clock.sleep(LOOK_EVERY_SECONDS)

    async def delete_expired(self) -> int:
        """Deletes all expired rows and returns how many there were. Raises `StoreUnavailable` or `EntriesRefused`."""
        now = self._clock.now()
        requests_before = now - self._requests()
        deleted = await self._in_batches(lambda: self._rows.delete_requests(requests_before, ROWS_AT_ONCE))
        for seconds, kept in ((MINUTE, self._kept.minutes), (HOUR, self._kept.hours)):
            deleted += await self._rollups(seconds, kept)
        return deleted

    async def _rollups(self, resolution_seconds: int, kept: timedelta) -> int:
        # The first hour and the first minute that statistics may still ask for begin a little before.
        before = self._clock.now() - kept - timedelta(seconds=resolution_seconds)
        return await self._in_batches(lambda: self._rows.delete_rollups(resolution_seconds, before, ROWS_AT_ONCE))

    async def _in_batches(self, delete: Callable[[], Awaitable[int]]) -> int:
        deleted = 0
        while batch := await delete():
            deleted += batch
            await self._clock.sleep(PAUSE_SECONDS)
        return deleted
