"""Time and chance as parameters, so that no test waits and no behaviour is a surprise."""

import asyncio
import math
import random
import time
from collections.abc import Callable
from datetime import UTC, datetime
from types import TracebackType
from typing import Protocol, Self


class Clock(Protocol):
    """Where the engine gets its time. `SystemClock` in production, a hand-turned one in tests."""

    def monotonic(self) -> float:
        """Seconds that never go backwards; only differences mean anything."""

    def now(self) -> datetime:
        """The time of day, in UTC."""

    async def sleep(self, seconds: float) -> None:
        """Wait at least that long, by `monotonic`. Zero or less only lets others run."""


_SHORTEST_TIMER_SECONDS = 0.001
"""uvloop counts whole milliseconds: a timer for less would fire at once, again and again."""


class SystemClock:
    """The machine's own clock."""

    monotonic = staticmethod(time.monotonic)

    def now(self) -> datetime:
        return datetime.now(UTC)

    async def sleep(self, seconds: float) -> None:
        ends_at = self.monotonic() + seconds
        await asyncio.sleep(max(seconds, 0))
        # A timer may fire early, with uvloop by a millisecond.
        while (left := ends_at - self.monotonic()) > 0:  # noqa: ASYNC110 - it waits for a time, and no event tells that
            await asyncio.sleep(max(left, _SHORTEST_TIMER_SECONDS))


def time_after(seconds: float, clock: Clock) -> datetime:
    """The time of day in `seconds`, to the second: the same for a moment at each read. Negative seconds are in the past."""
    return datetime.fromtimestamp(round(clock.now().timestamp() + seconds), UTC)


class Interval:
    """Is over once in so many seconds, and at once the first time: for what is done, or logged, no oftener."""

    def __init__(self, clock: Clock, seconds: float) -> None:
        self._clock = clock
        self._seconds = seconds
        self._ends_at = -math.inf

    def is_over(self) -> bool:
        """Whether it is over; if so, the next one begins."""
        now = self._clock.monotonic()
        if now < self._ends_at:
            return False
        self._ends_at = now + self._seconds
        return True

    def end(self) -> None:
        """Lets it be over now."""
        self._ends_at = -math.inf


Chance = Callable[[], float]
"""A number in [0, 1), as `random.random` gives it."""


def system_chance() -> float:
    return random.random()  # noqa: S311 - spreads retries in time; nothing secret depends on it


def jittered(seconds: float, chance: Chance) -> float:
    """`seconds` spread evenly over [0.75, 1.25) of itself, so that those who failed together do not return together."""
    return seconds * (0.75 + chance() / 2)


class Watchdog:
    """Cancels the running task when `expires_at` passes, and turns that cancellation into `TimeoutError`.

    Setting `expires_at` (loop time) is a plain attribute write, so a stream can push its deadline on with every event for
    nothing: the one timer looks at it when it rings and goes back to sleep if it was moved. `asyncio.timeout` makes a new
    timer each time it is rescheduled. The price: a deadline brought nearer is noticed when the timer rings next, at most the
    watchdog's own period late; `restart` makes it exact.
    """

    __slots__ = ("_cancelling", "_loop", "_period", "_task", "_timer", "expired", "expires_at")

    _timer: asyncio.TimerHandle

    def __init__(self, seconds: float) -> None:
        self._loop = asyncio.get_running_loop()
        self._period = seconds
        self.expires_at = self._loop.time() + seconds
        self.expired = False

    def restart(self, seconds: float) -> None:
        """Let `seconds` from now be the deadline, exactly."""
        self._timer.cancel()
        self.expires_at = self._loop.time() + seconds
        self._timer = self._loop.call_at(self.expires_at, self._ring)

    def __enter__(self) -> Self:
        task = asyncio.current_task()
        assert task is not None
        self._task = task
        self._cancelling = task.cancelling()
        self._timer = self._loop.call_at(self.expires_at, self._ring)
        return self

    def _ring(self) -> None:
        now = self._loop.time()
        if now < self.expires_at:
            self._timer = self._loop.call_at(min(self.expires_at, now + self._period), self._ring)
            return
        self.expired = True
        self._task.cancel()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._timer.cancel()
        if self.expired and self._task.uncancel() <= self._cancelling and kind is asyncio.CancelledError:
            raise TimeoutError from error
