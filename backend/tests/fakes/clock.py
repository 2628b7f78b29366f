"""A `Clock` that a test turns by hand."""

import asyncio
from datetime import UTC, datetime, timedelta

_STEPS_UNTIL_QUIET = 30
"""How often the loop goes round before everything that time woke has come to rest again."""


class HandTurnedClock:
    """Time stands still until `turn`. Whoever sleeps is woken in order of time; `slept` lists what was asked for.

    With `skips_sleep` a sleep turns the clock itself and is over at once: for tests of one request at a time.
    """

    def __init__(self, *, skips_sleep: bool = False) -> None:
        self.slept: list[float] = []
        self._skips_sleep = skips_sleep
        self._seconds = 1000.0
        self._sleepers: list[tuple[float, asyncio.Event]] = []

    def monotonic(self) -> float:
        return self._seconds

    def now(self) -> datetime:
        return datetime(2026, 11, 23, 12, tzinfo=UTC) + timedelta(seconds=self._seconds - 1000)

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        if self._skips_sleep or seconds <= 0:
            self._seconds += max(seconds, 0)
            await asyncio.sleep(0)
            return
        sleeper = (self._seconds + seconds, asyncio.Event())
        self._sleepers.append(sleeper)
        try:
            await sleeper[1].wait()
        finally:
            self._sleepers.remove(sleeper)

    @property
    def sleepers(self) -> int:
        """How many sleep now."""
        return len(self._sleepers)

    def advance(self, seconds: float) -> None:
        """Lets time pass where nobody sleeps."""
        assert not self._sleepers, "somebody sleeps: await turn() wakes them"
        self._seconds += seconds

    async def turn(self, seconds: float) -> None:
        """Lets time pass, and everybody do what they do when they wake, each at its own moment."""
        end = self._seconds + seconds
        await quiet()
        while due := [sleeper for sleeper in self._sleepers if sleeper[0] <= end]:
            wakes_at, bell = min(due, key=lambda sleeper: sleeper[0])
            self._seconds = max(self._seconds, wakes_at)
            bell.set()
            await quiet()
        self._seconds = end
        await quiet()


async def quiet() -> None:
    """Lets every task run until it waits for something that only the test can give."""
    for _ in range(_STEPS_UNTIL_QUIET):
        await asyncio.sleep(0)
