"""A clock that only a test turns."""

import asyncio
from datetime import datetime, timedelta


class HandTurnedClock:
    """Sleeping lets others run and moves the time on by as much."""

    def __init__(self, now: datetime) -> None:
        self._begin = now
        self._passed_seconds = 0.0

    def monotonic(self) -> float:
        return self._passed_seconds

    def now(self) -> datetime:
        return self._begin + timedelta(seconds=self._passed_seconds)

    async def sleep(self, seconds: float) -> None:
        self._passed_seconds += max(0.0, seconds)
        await asyncio.sleep(0)
