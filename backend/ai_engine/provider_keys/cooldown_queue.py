"""Those who wait for a cooling key: bounded in number, and let go one at a time."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from ai_engine.clock import Clock
from ai_engine.names import Route

_MOST_WAITING = 64
_SPACING_SECONDS = 0.05


class CooldownQueueFull(Exception):
    """As many wait for this route already as can be let go in good time."""


@dataclass(slots=True)
class _Line:
    """Those who wait for one route."""

    head: asyncio.Lock = field(default_factory=asyncio.Lock)
    length: int = 0
    next_goes_at: float = 0
    """In monotonic seconds: not sooner than this after whoever went before."""


class CooldownQueue:
    """One line a route.

    Whoever is let go first finds out for the others whether the provider has calmed down: those behind look at the key again,
    and it rests again if it was refused.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lines: dict[Route, _Line] = {}

    @asynccontextmanager
    async def turn(self, route: Route) -> AsyncIterator[None]:
        """Holds the head of the line while the caller waits for the key. Raises `CooldownQueueFull`."""
        line = self._lines.setdefault(route, _Line())
        if line.length >= _MOST_WAITING:
            raise CooldownQueueFull
        line.length += 1
        try:
            async with line.head:
                wait = line.next_goes_at - self._clock.monotonic()
                if wait > 0:
                    await self._clock.sleep(wait)
                yield
                line.next_goes_at = self._clock.monotonic() + _SPACING_SECONDS
        finally:
            line.length -= 1
            if not line.length:
                del self._lines[route]
