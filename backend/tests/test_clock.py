import asyncio
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

import pytest

from ai_engine.clock import Interval, SystemClock, Watchdog, jittered, time_after
from tests.fakes.clock import HandTurnedClock
from tests.fakes.loops import EARLY_SECONDS, LOOPS

pytestmark = pytest.mark.anyio


@pytest.fixture(params=LOOPS)
def anyio_backend(request: pytest.FixtureRequest) -> Any:
    return request.param


async def forever() -> None:
    await asyncio.Event().wait()


def cancellations_of_this_task() -> int:
    task = asyncio.current_task()
    assert task is not None
    return task.cancelling()


@pytest.mark.parametrize("seconds", [0.0004, 0.0104, 0.0306])
async def test_a_sleep_is_never_over_early(seconds: float) -> None:
    clock = SystemClock()
    for _ in range(10):
        began_at = time.monotonic()
        await clock.sleep(seconds)
        assert time.monotonic() - began_at >= seconds


async def test_a_sleep_of_no_time_lets_others_run() -> None:
    ran = asyncio.Event()
    asyncio.get_running_loop().call_soon(ran.set)
    await SystemClock().sleep(-1)
    assert ran.is_set()


async def test_an_expired_watchdog_becomes_a_timeout_and_leaves_the_task_usable() -> None:
    with pytest.raises(TimeoutError), Watchdog(0.01) as watchdog:
        await forever()
    assert watchdog.expired
    assert cancellations_of_this_task() == 0
    await asyncio.sleep(0.01)


async def test_a_watchdog_of_no_time_at_all_rings_at_the_first_wait() -> None:
    with pytest.raises(TimeoutError), Watchdog(0):
        await forever()


async def test_a_watchdog_does_not_fire_after_its_block() -> None:
    with Watchdog(0.01) as watchdog:
        await asyncio.sleep(0)
    await asyncio.sleep(0.03)
    assert not watchdog.expired
    assert cancellations_of_this_task() == 0


async def test_a_watchdog_that_was_extended_does_not_fire_after_its_block() -> None:
    with Watchdog(0.01) as watchdog:
        watchdog.expires_at += 0.5
        await asyncio.sleep(0.03)
    await asyncio.sleep(0.6)
    assert not watchdog.expired


async def test_a_watchdog_that_is_moved_on_lets_the_old_deadline_pass() -> None:
    with Watchdog(0.02) as watchdog:
        watchdog.expires_at += 60
        await asyncio.sleep(0.05)
    assert not watchdog.expired


class Ring(NamedTuple):
    """The moment of a watchdog's `TimeoutError`, in loop time."""

    at: float
    due_at: float
    waited_seconds: float


async def ring(period: float, change: Callable[[Watchdog], None]) -> Ring:
    """Waits for a watchdog that is changed after it has begun."""
    loop = asyncio.get_running_loop()
    began_at = loop.time()
    watchdog = Watchdog(period)
    try:
        with watchdog:
            change(watchdog)
            await forever()
    except TimeoutError:
        pass
    return Ring(loop.time(), watchdog.expires_at, loop.time() - began_at)


def later(watchdog: Watchdog) -> None:
    watchdog.expires_at += 0.05


def now(watchdog: Watchdog) -> None:
    watchdog.expires_at = 0


async def test_a_watchdog_that_is_moved_on_rings_at_its_new_deadline() -> None:
    rang = await ring(0.01, later)
    assert rang.at >= rang.due_at


async def test_a_deadline_brought_nearer_is_noticed_when_the_old_one_rings() -> None:
    assert (await ring(0.1, now)).waited_seconds >= 0.099 - EARLY_SECONDS


async def test_a_deadline_brought_nearer_after_it_was_moved_on_is_noticed_within_a_period() -> None:
    def on_and_back(watchdog: Watchdog) -> None:
        watchdog.expires_at += 60
        asyncio.get_running_loop().call_later(0.03, now, watchdog)

    assert (await ring(0.02, on_and_back)).waited_seconds < 5


async def test_a_restarted_watchdog_rings_exactly_then() -> None:
    assert (await ring(60, lambda watchdog: watchdog.restart(0.01))).waited_seconds < 5
    rang = await ring(0.01, lambda watchdog: watchdog.restart(0.05))
    assert rang.at >= rang.due_at


async def test_a_cancellation_from_outside_stays_a_cancellation() -> None:
    async def work() -> None:
        with Watchdog(60):
            await forever()

    task = asyncio.ensure_future(work())
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.wait([task])
    assert task.cancelled()


async def test_a_cancellation_from_outside_wins_over_an_expiry_in_the_same_moment() -> None:
    watchdogs: list[Watchdog] = []

    async def work() -> None:
        with Watchdog(0) as watchdog:
            watchdogs.append(watchdog)
            asyncio.get_running_loop().call_soon(task.cancel)
            await forever()

    task = asyncio.ensure_future(work())
    await asyncio.wait([task])
    assert watchdogs[0].expired
    assert task.cancelled()


async def test_an_error_of_the_block_itself_is_not_replaced() -> None:
    async def fails_when_cancelled() -> None:
        try:
            await forever()
        except asyncio.CancelledError:
            raise ValueError("mine") from None

    with pytest.raises(ValueError, match="mine"), Watchdog(0.01):
        await fails_when_cancelled()
    assert cancellations_of_this_task() == 0


async def test_the_inner_of_two_watchdogs_rings_alone() -> None:
    with Watchdog(60) as outer:
        with pytest.raises(TimeoutError), Watchdog(0.01):
            await forever()
        await asyncio.sleep(0)
    assert not outer.expired


def test_a_jittered_time_stays_within_a_quarter_of_itself() -> None:
    assert jittered(8, lambda: 0) == 6
    assert jittered(8, lambda: 0.5) == 8
    assert jittered(8, lambda: 0.999) < 10


def test_a_moment_reads_the_same_at_every_time_before_and_after_it() -> None:
    clock = HandTurnedClock()
    ends_at = clock.monotonic() + 60.3
    seen = set()
    for _ in range(300):
        seen.add(time_after(ends_at - clock.monotonic(), clock))
        clock.advance(0.27)
    assert seen == {datetime(2026, 11, 23, 12, 1, tzinfo=UTC)}


def test_a_machine_whose_clock_was_set_tells_moments_anew() -> None:
    class Machine(SystemClock):
        set_forward = timedelta()

        def now(self) -> datetime:
            return super().now() + self.set_forward

    machine = Machine()
    before = time_after(60, machine)
    machine.set_forward = timedelta(hours=1)
    assert abs(time_after(60, machine) - before - timedelta(hours=1)) < timedelta(seconds=10)


def test_an_interval_is_over_at_first_once_in_its_seconds_and_when_it_is_ended() -> None:
    clock = HandTurnedClock()
    interval = Interval(clock, 60)

    assert [interval.is_over(), interval.is_over()] == [True, False]
    clock.advance(59)
    assert not interval.is_over()
    clock.advance(1)
    assert [interval.is_over(), interval.is_over()] == [True, False]
    interval.end()
    assert [interval.is_over(), interval.is_over()] == [True, False]
