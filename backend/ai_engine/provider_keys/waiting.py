"""Those who wait for a cooling key: bounded in number, and let go one at a time."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from ai_engine.clock import Clock
from ai_engine.names import Route

_MOST_WAITING = 64
_SPACING_SECONDS = 0.05


class WaitingRoomFull(Exception):
    """As many wait for this route already as can be let go in good time."""


class WaitingRoom:
    """One line a route.

    Whoever is let go first finds out for the others whether the provider has calmed down: those behind look at the key again,
    and it rests again if it was refused.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lines: dict[Route, asyncio.Lock] = {}
        self._waiting: dict[Route, int] = {}

    @asynccontextmanager
    async def turn(self, route: Route) -> AsyncIterator[None]:
        """Holds the head of the line while the caller waits for the key. Raises `WaitingRoomFull`."""
        waiting = self._waiting.get(route, 0)
        if waiting >= _MOST_WAITING:
            raise WaitingRoomFull
        self._waiting[route] = waiting + 1
        line = self._lines.setdefault(route, asyncio.Lock())
        try:
            async with line:
                yield
                if self._waiting[route] > 1:
                    await self._clock.sleep(_SPACING_SECONDS)
        finally:
            self._waiting[route] -= 1
            if not self._waiting[route]:
                del self._waiting[route], self._lines[route]
