"""What is too old goes, a few rows at a time, so that nobody waits for it."""

import logging
from collections.abc import Awaitable, Callable
from datetime import timedelta

from ai_engine.clock import Clock
from ai_engine.ledger.rollups import HOUR, MINUTE
from ai_engine.ledger.statistics import Kept
from ai_engine.ledger.store import EntriesRefused, OldRows, StoreUnavailable

ROWS_AT_ONCE = 500
"""The largest transaction."""
PAUSE_SECONDS = 0.05
"""Between two transactions, so that the drainer and the readers get their turn."""
LOOK_EVERY_SECONDS = 600

_log = logging.getLogger("ai_engine")


class Retention:
    """Deletes requests past their days, and minute and hour rollups past theirs. Rollups of days are kept for ever."""

    def __init__(self, rows: OldRows, clock: Clock, requests: Callable[[], timedelta], kept: Kept) -> None:
        """`requests` says for how long requests and attempts are kept; it is asked each time."""
        self._rows = rows
        self._clock = clock
        self._requests = requests
        self._kept = kept

    async def run(self) -> None:
        """Deletes what is too old, every ten minutes, until it is cancelled."""
        while True:
            try:
                await self.delete_what_is_too_old()
            except (StoreUnavailable, EntriesRefused) as error:
                _log.warning("Old rows of the ledger could not be deleted (%s); it is tried again later.", error)
            await self._clock.sleep(LOOK_EVERY_SECONDS)

    async def delete_what_is_too_old(self) -> int:
        """Deletes until nothing is too old; says how many rows there were. Raises `StoreUnavailable`."""
        now = self._clock.now()
        requests_before = now - self._requests()
        deleted = await self._in_small_pieces(lambda: self._rows.delete_requests(requests_before, ROWS_AT_ONCE))
        for seconds, kept in ((MINUTE, self._kept.minutes), (HOUR, self._kept.hours)):
            deleted += await self._rollups(seconds, kept)
        return deleted

    async def _rollups(self, resolution_seconds: int, kept: timedelta) -> int:
        # The first hour and the first minute that statistics may still ask for begin a little before.
        before = self._clock.now() - kept - timedelta(seconds=resolution_seconds)
        return await self._in_small_pieces(lambda: self._rows.delete_rollups(resolution_seconds, before, ROWS_AT_ONCE))

    async def _in_small_pieces(self, delete: Callable[[], Awaitable[int]]) -> int:
        deleted = 0
        while piece := await delete():
            deleted += piece
            await self._clock.sleep(PAUSE_SECONDS)
        return deleted
