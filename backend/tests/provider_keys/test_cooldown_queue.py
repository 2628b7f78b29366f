import asyncio

import pytest

from ai_engine.names import Route
from ai_engine.provider_keys.cooldown_queue import CooldownQueue, CooldownQueueFull
from tests.fakes.clock import HandTurnedClock, quiet

pytestmark = pytest.mark.anyio

ROUTE = Route("alpha", "tiny")


class Line:
    """People who each wait ten seconds at the head, and when they went."""

    def __init__(self) -> None:
        self.clock = HandTurnedClock()
        self.queue = CooldownQueue(self.clock)
        self.began_at = self.clock.monotonic()
        self.went: list[tuple[str, float]] = []
        self.tasks: dict[str, asyncio.Task[None]] = {}

    async def join(self, *names: str, seconds: float = 10) -> None:
        for name in names:
            self.tasks[name] = asyncio.create_task(self._wait(name, seconds))
        await quiet()

    async def _wait(self, name: str, seconds: float) -> None:
        async with self.queue.turn(ROUTE):
            await self.clock.sleep(seconds)
        self.went.append((name, round(self.clock.monotonic() - self.began_at, 3)))

    async def end(self) -> None:
        await asyncio.gather(*self.tasks.values(), return_exceptions=True)


async def test_one_waits_at_the_head_and_the_others_behind() -> None:
    line = Line()
    await line.join("first", "second", "third")
    assert line.clock.sleepers == 1
    await line.clock.turn(10)
    assert [name for name, _ in line.went] == ["first"]
    await line.clock.turn(30)
    assert [name for name, _ in line.went] == ["first", "second", "third"]
    await line.end()


async def test_those_who_need_not_wait_any_more_go_one_by_one_with_space_between() -> None:
    line = Line()
    await line.join("first")
    await line.join("second", "third", seconds=0)
    await line.clock.turn(20)
    assert line.went == [("first", 10), ("second", 10.05), ("third", 10.1)]
    await line.end()


async def test_whoever_waits_alone_goes_without_delay() -> None:
    line = Line()
    await line.join("only", seconds=2)
    await line.clock.turn(2)
    assert line.went == [("only", 2)]
    await line.end()


async def test_the_room_is_bounded_a_route() -> None:
    line = Line()
    await line.join(*(f"number {number}" for number in range(64)))
    with pytest.raises(CooldownQueueFull):
        async with line.queue.turn(ROUTE):
            pass
    async with line.queue.turn(Route("alpha", "another")):
        pass
    for task in line.tasks.values():
        task.cancel()
    await line.end()
    async with line.queue.turn(ROUTE):
        pass


@pytest.mark.parametrize("leaving", ["first", "second", "third"])
async def test_whoever_leaves_does_not_hold_up_the_others(leaving: str) -> None:
    line = Line()
    await line.join("first", "second", "third")
    line.tasks[leaving].cancel()
    await line.clock.turn(60)
    await line.end()
    assert [name for name, _ in line.went] == [name for name in ("first", "second", "third") if name != leaving]


async def test_an_error_at_the_head_lets_the_next_one_on() -> None:
    line = Line()
    with pytest.raises(ValueError, match="mine"):
        async with line.queue.turn(ROUTE):
            raise ValueError("mine")
    await line.join("next", seconds=0)
    await line.clock.turn(1)
    assert [name for name, _ in line.went] == ["next"]
    await line.end()
