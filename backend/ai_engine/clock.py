"""Time and randomness as parameters, so that tests are fast and deterministic."""

import asyncio
import math
import random
import time
from collections.abc import Callable
from datetime import UTC, datetime
from types import TracebackType
from typing import Protocol, Self


class Clock(Protocol):
    """The source of time: `SystemClock`, or a manual clock in tests."""

    def monotonic(self) -> float:
        """Monotonic seconds; only differences are meaningful."""

    def now(self) -> datetime:
        """The current time in UTC."""

    async def sleep(self, seconds: float) -> None:
        """Sleeps at least that long, by `monotonic`. Zero or less only yields to other tasks."""


_SHORTEST_TIMER_SECONDS = 0.001
"""uvloop's timers have a resolution of 1 ms: a shorter one would fire at once, again and again."""


class SystemClock:
    """The system's clock."""

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
    """The UTC time in `seconds`, rounded to the second so that repeated calls agree. Negative seconds are in the past."""
    return datetime.fromtimestamp(round(clock.now().timestamp() + seconds), UTC)


class Interval:
    """Is over once per interval, and at once the first time: for what is done or logged at most that often."""

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
    return random.random()  # noqa: S311 - jitter; not used for secrets


def jittered(seconds: float, chance: Chance) -> float:
    """`seconds` multiplied by a random factor in [0.75, 1.25), so that simultaneous failures do not retry simultaneously."""
    return seconds * (0.75 + chance() / 2)


class Watchdog:
    """Cancels the running task when `expires_at` passes, and turns that cancellation into `TimeoutError`.

    Setting `expires_at` (loop time) is an attribute write, so a stream can extend its deadline with every event at no cost: when
    the one timer fires and the deadline was extended, it is rescheduled. `asyncio.timeout` creates a timer per reschedule. A
    deadline that is brought forward is noticed when the timer fires next, at most one period late; `restart` is exact.
    """

    __slots__ = ("_cancelling", "_loop", "_period", "_task", "_timer", "expired", "expires_at")

    _timer: asyncio.TimerHandle

    def __init__(self, seconds: float) -> None:
        self._loop = asyncio.get_running_loop()
        self._period = seconds
        self.expires_at = self._loop.time() + seconds
        self.expired = False

    def restart(self, seconds: float) -> None:
        """Sets the deadline to exactly `seconds` from now."""
        self._timer.cancel()
        self.expires_at = self._loop.time() + seconds
        self._timer = self._loop.call_at(self.expires_at, self._on_timer)

    def __enter__(self) -> Self:
        task = asyncio.current_task()
        assert task is not None
        self._task = task
        self._cancelling = task.cancelling()
        self._timer = self._loop.call_at(self.expires_at, self._on_timer)
        return self

    def _on_timer(self) -> None:
        now = self._loop.time()
        if now < self.expires_at:
            self._timer = self._loop.call_at(min(self.expires_at, now + self._period), self._on_timer)
            return
        self.expired = True
        self._task.cancel()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._timer.cancel()
        if self.expired and self._task.uncancel() <= self._cancelling and kind is asyncio.CancelledError:
            raise TimeoutError from error
