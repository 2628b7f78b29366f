import asyncio

import pytest

from ai_engine.names import Route
from ai_engine.provider_keys.cooldown import Cooldown
from ai_engine.provider_keys.cooldown_queue import CooldownQueue
from ai_engine.providers.failures import FailureClass
from tests.fakes.clock import HandTurnedClock, quiet

pytestmark = pytest.mark.anyio

ROUTE = Route("alpha", "tiny")
LONGEST = 60


class Line:
    """Requests that wait for a route whose keys have a cooldown of ten seconds, and when they went."""

    def __init__(self, clock: HandTurnedClock | None = None, cooldown_seconds: float = 10) -> None:
        self.clock = clock or HandTurnedClock()
        self.queue = CooldownQueue(self.clock)
        self.began_at = self.clock.monotonic()
        self.went: list[tuple[str, float]] = []
        self.tasks: dict[str, asyncio.Task[None]] = {}
        self.start_cooldown(cooldown_seconds)

    def start_cooldown(self, seconds: float) -> None:
        self._ends_at = self.clock.monotonic() + seconds

    def cooldown(self) -> Cooldown | None:
        seconds = self._ends_at - self.clock.monotonic()
        return Cooldown(seconds, FailureClass.RATE_LIMIT) if seconds > 0 else None

    async def join(self, *names: str) -> None:
        for name in names:
            self.tasks[name] = asyncio.create_task(self._wait(name))
        await quiet()

    async def _wait(self, name: str) -> None:
        await self.queue.wait(ROUTE, self.cooldown, LONGEST)
        self.went.append((name, round(self.clock.monotonic() - self.began_at, 3)))

    async def end(self) -> None:
        await asyncio.gather(*self.tasks.values(), return_exceptions=True)


async def test_one_request_waits_for_the_key_and_the_others_go_after_it_one_by_one_with_space_between() -> None:
    line = Line()
    await line.join("first", "second", "third")
    assert line.clock.sleepers == 1
    await line.clock.turn(20)
    assert line.went == [("first", 10), ("second", 10.05), ("third", 10.1)]
    await line.end()


async def test_a_usable_key_is_not_waited_for() -> None:
    line = Line(cooldown_seconds=0)
    await line.join("only")
    assert line.went == [("only", 0)]
    assert line.clock.slept == []


async def test_a_request_that_finds_the_key_in_cooldown_again_waits_on() -> None:
    line = Line()
    await line.join("first", "second")
    await line.clock.turn(10)
    line.start_cooldown(5)
    await line.clock.turn(20)
    assert line.went == [("first", 10), ("second", 15)]
    await line.end()


async def test_a_cooldown_that_has_become_longer_meanwhile_is_waited_for() -> None:
    line = Line()
    await line.join("only")
    await line.clock.turn(3)
    line.start_cooldown(20)
    await line.clock.turn(30)
    assert line.went == [("only", 23)]


async def test_a_cooldown_longer_than_the_longest_wait_is_not_waited_for() -> None:
    line = Line(cooldown_seconds=LONGEST + 1)
    await line.join("only")
    assert line.went == [("only", 0)]
    line.start_cooldown(10)
    await line.join("another")
    await line.clock.turn(3)
    line.start_cooldown(LONGEST + 10)
    await line.clock.turn(10)
    assert line.went == [("only", 0), ("another", 10)]
    await line.end()


class EarlyClock(HandTurnedClock):
    """Its sleeps end early, as timers may."""

    async def sleep(self, seconds: float) -> None:
        await super().sleep(seconds - 0.5 if seconds > 1 else seconds)


async def test_a_sleep_that_ends_early_does_not_end_the_wait() -> None:
    line = Line(EarlyClock())
    await line.join("only")
    await line.clock.turn(20)
    assert line.went == [("only", 10)]


async def test_the_line_of_a_route_is_bounded() -> None:
    line = Line()
    await line.join(*(f"number {number}" for number in range(64)))
    await line.join("too many")
    assert line.went == [("too many", 0)]
    another = asyncio.create_task(line.queue.wait(Route("alpha", "another"), line.cooldown, LONGEST))
    await quiet()
    assert not another.done(), "it has a line of its own"
    for task in (another, *line.tasks.values()):
        task.cancel()
    await line.end()
    await line.join("after them")
    await line.clock.turn(10)
    assert line.went[1:] == [("after them", 10)]


@pytest.mark.parametrize("leaving", ["first", "second", "third"])
async def test_a_request_that_leaves_does_not_hold_up_the_others(leaving: str) -> None:
    line = Line()
    await line.join("first", "second", "third")
    line.tasks[leaving].cancel()
    await line.clock.turn(60)
    await line.end()
    assert [name for name, _ in line.went] == [name for name in ("first", "second", "third") if name != leaving]


async def test_an_error_at_the_head_lets_the_next_one_on() -> None:
    def fails() -> Cooldown:
        raise ValueError("mine")

    line = Line()
    with pytest.raises(ValueError, match="mine"):
        await line.queue.wait(ROUTE, fails, LONGEST)
    await line.join("next")
    await line.clock.turn(10)
    assert line.went == [("next", 10)]
