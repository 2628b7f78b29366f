"""How long tests wait: for what must come, and for what must come at once.

rows = await eventually(lambda: all_rows(gateway), until=lambda rows: len(rows) == 3)
async with within(0.1):
    await request.closed()
"""

import asyncio
import contextlib
import inspect
import threading
from collections.abc import AsyncIterator, Callable
from typing import Any

PATIENCE_SECONDS = 120
"""For what must come. Far longer than a busy machine needs, since only a test that fails waits to its end."""

_LOOK_EVERY_SECONDS = 0.02
_TICKS = 50


async def eventually(look: Callable[[], Any], *, until: Callable[[Any], bool] = bool) -> Any:
    """What `look` gives, itself or awaited, once it is as wanted. For what is announced nowhere.

    Raises `TimeoutError`.
    """
    async with asyncio.timeout(PATIENCE_SECONDS):
        while True:
            seen = look()
            if inspect.isawaitable(seen):
                seen = await seen
            if until(seen):
                return seen
            await asyncio.sleep(_LOOK_EVERY_SECONDS)


def wait_until(is_so: Callable[[], Any], tell: Callable[[], str]) -> None:
    """The same for a test without a loop. Fails with what `tell` gives."""
    for _ in range(round(PATIENCE_SECONDS / _LOOK_EVERY_SECONDS)):
        if is_so():
            return
        threading.Event().wait(_LOOK_EVERY_SECONDS)
    raise AssertionError(tell())


@contextlib.asynccontextmanager
async def within(seconds: float) -> AsyncIterator[None]:
    """Raises `TimeoutError` where the block takes longer: a promise of speed of what runs in this loop.

    Time counts only while the loop is served: a pause that the machine makes counts as one tick, however long it is.
    """
    async with asyncio.timeout(None) as limit:
        counting = asyncio.create_task(_count(seconds, limit))
        try:
            yield
        finally:
            counting.cancel()


async def _count(seconds: float, limit: asyncio.Timeout) -> None:
    for _ in range(_TICKS):
        await asyncio.sleep(seconds / _TICKS)
    limit.reschedule(asyncio.get_running_loop().time())
